/* Sixteen mebibytes in each direction, driven by events, in every mode. */
#include "socket/bulk_util.h"
#include "tcp/tcp_util.h"

#include <string.h>

enum { CHUNK = 64 * 1024 };

static size_t bulk_bytes(void)
{
    return (size_t)test_scaled(16 * 1024) * 1024;
}

/* ---- The peer, on a thread of its own -------------------------------------------------------- */

/* Static, because a peer outlives the case if the case fails. */
static struct peer {
    mio_fd fd;
    size_t bytes;
    unsigned char buf[CHUNK];
} peer;

static void *send_bulk(void *arg)
{
    for (size_t done = 0, len; done < peer.bytes; done += len) {
        len = peer.bytes - done < CHUNK ? peer.bytes - done : CHUNK;
        bulk_fill(peer.buf, len, done);
        plain_send_all(peer.fd, peer.buf, len);
    }
    CHECK_EQ(plain_shutdown(peer.fd, PLAIN_WRITES), 0);
    return arg;
}

static void *receive_bulk(void *arg)
{
    for (size_t done = 0;;) {
        ptrdiff_t n = plain_recv(peer.fd, peer.buf, CHUNK);
        CHECK(n >= 0);
        if (n == 0) {
            CHECK_EQ(done, peer.bytes);
            return arg;
        }
        CHECK(bulk_matches(peer.buf, (size_t)n, done));
        done += (size_t)n;
    }
}

/* ---- Our side -------------------------------------------------------------------------------- */

struct side {
    struct mio_poll poll;
    struct mio_tcp_stream stream;
    struct thread thread;
    mio_interest interest;
    uint32_t ready;
};

static void side_open(struct side *side, mio_interest direction, void *(*run)(void *))
{
    side->interest = direction | test_config.mode;
    side->ready = 0;
    peer.bytes = bulk_bytes();
    test_poll_init(&side->poll);
    test_tcp_pair(&side->stream, &peer.fd);
    CHECK_EQ(mio_register(mio_poll_registry(&side->poll), &side->stream.source, 7, side->interest),
             0);
    thread_start(&side->thread, run, NULL);
}

static void side_close(struct side *side)
{
    tcp_close(&side->stream);
    thread_join(&side->thread);
    CHECK_EQ(plain_close(peer.fd), 0);
    CHECK_EQ(mio_poll_close(&side->poll), 0);
}

/* Waits for the direction; a oneshot source is armed again first, since it was drained. */
static void side_await(struct side *side, mio_interest direction, bool first)
{
    if (!first && (test_config.mode & MIO_ONESHOT))
        CHECK_EQ(
            mio_reregister(mio_poll_registry(&side->poll), &side->stream.source, 7, side->interest),
            0);
    if (test_config.mode == MIO_LEVEL)
        side->ready = 0;
    side->ready |= test_expect_readiness(&side->poll, 7, direction);
}

typedef ptrdiff_t move_call(struct mio_tcp_stream *stream, unsigned char *buf, size_t len);

static ptrdiff_t read_plain(struct mio_tcp_stream *stream, unsigned char *buf, size_t len)
{
    return mio_tcp_stream_read(stream, buf, len);
}

/* What a peek shows is what the read returns, at least; and a peek drains nothing. */
static ptrdiff_t peek_then_read(struct mio_tcp_stream *stream, unsigned char *buf, size_t len)
{
    static unsigned char shown[CHUNK];
    ptrdiff_t peeked = mio_tcp_stream_peek(stream, shown, len);
    if (peeked <= 0)
        return peeked;
    ptrdiff_t got = mio_tcp_stream_read(stream, buf, len);
    CHECK(got >= peeked);
    CHECK_EQ(memcmp(shown, buf, (size_t)peeked), 0);
    return got;
}

static ptrdiff_t read_in_three(struct mio_tcp_stream *stream, unsigned char *buf, size_t len)
{
    struct mio_buf bufs[3] = {{buf, 1}, {buf + 1, len / 3}, {buf + 1 + len / 3, len - 1 - len / 3}};
    CHECK_EQ(mio_bufs_len(bufs, 3), len);
    return mio_tcp_stream_readv(stream, bufs, 3);
}

static void check_reading(move_call *read_some)
{
    static unsigned char buf[CHUNK];
    struct side side;
    size_t done = 0;
    ptrdiff_t n = -EAGAIN;
    side_open(&side, MIO_READABLE, send_bulk);
    for (bool first = true; n != 0; first = false) {
        side_await(&side, MIO_READABLE, first);
        while (n != 0 && (side.ready & MIO_READABLE)) {
            n = read_some(&side.stream, buf, sizeof buf);
            mio_ready_after(&side.ready, MIO_READABLE, n, sizeof buf);
            CHECK(n >= 0 || n == -EAGAIN);
            if (n > 0) {
                CHECK(bulk_matches(buf, (size_t)n, done));
                done += (size_t)n;
            }
        }
    }
    CHECK_EQ(done, peer.bytes);
    side_close(&side);
}

static void reads_sixteen_mebibytes(void)
{
    check_reading(read_plain);
}

static void reads_sixteen_mebibytes_with_peeks(void)
{
    check_reading(peek_then_read);
}

static void reads_sixteen_mebibytes_into_lists(void)
{
    check_reading(read_in_three);
}

static ptrdiff_t write_plain(struct mio_tcp_stream *stream, unsigned char *buf, size_t len)
{
    return mio_tcp_stream_write(stream, buf, len);
}

static ptrdiff_t write_in_three(struct mio_tcp_stream *stream, unsigned char *buf, size_t len)
{
    struct mio_buf bufs[3] = {{buf, len / 3}, {buf + len / 3, 0}, {buf + len / 3, len - len / 3}};
    return mio_tcp_stream_writev(stream, bufs, 3);
}

static void check_writing(move_call *write_some)
{
    static unsigned char buf[CHUNK];
    struct side side;
    size_t done = 0;
    side_open(&side, MIO_WRITABLE, receive_bulk);
    for (bool first = true; done < peer.bytes; first = false) {
        side_await(&side, MIO_WRITABLE, first);
        while (done < peer.bytes && (side.ready & MIO_WRITABLE)) {
            size_t len = peer.bytes - done < CHUNK ? peer.bytes - done : CHUNK;
            bulk_fill(buf, len, done);
            ptrdiff_t n = write_some(&side.stream, buf, len);
            mio_ready_after(&side.ready, MIO_WRITABLE, n, len);
            CHECK(n > 0 || n == -EAGAIN);
            done += n > 0 ? (size_t)n : 0;
        }
    }
    CHECK_EQ(mio_tcp_stream_shutdown(&side.stream, MIO_SHUTDOWN_WRITE), 0);
    side_close(&side);
}

static void writes_sixteen_mebibytes(void)
{
    check_writing(write_plain);
}

static void writes_sixteen_mebibytes_of_lists(void)
{
    check_writing(write_in_three);
}

static const struct test_case cases[] = {
    {"reads_sixteen_mebibytes", reads_sixteen_mebibytes, TEST_ANY_MODE},
    {"reads_sixteen_mebibytes_with_peeks", reads_sixteen_mebibytes_with_peeks, TEST_ANY_MODE},
    {"reads_sixteen_mebibytes_into_lists", reads_sixteen_mebibytes_into_lists, TEST_ANY_MODE},
    {"writes_sixteen_mebibytes", writes_sixteen_mebibytes, TEST_ANY_MODE},
    {"writes_sixteen_mebibytes_of_lists", writes_sixteen_mebibytes_of_lists, TEST_ANY_MODE},
    {NULL, NULL, 0},
};

const struct test_suite suite_tcp_bulk = {"tcp_bulk", cases};
