/* Four mebibytes through full buffers in each direction, driven by events, in every mode. */
#define _GNU_SOURCE 1
#include "socket/bulk_util.h"
#include "unix/unix_util.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024 };

/* ---- The peer, on a thread of its own -------------------------------------------------------- */

/* Static, because a peer outlives the case if the case fails. */
static struct peer {
    mio_fd fd;
    size_t bytes;
    unsigned char buf[CHUNK];
} peer;

/* Pieces of all sizes, so that reads are short now and then. */
static void *send_bulk(void *arg)
{
    for (size_t done = 0, len; done < peer.bytes; done += len) {
        len = 1 + done % 40009 < peer.bytes - done ? 1 + done % 40009 : peer.bytes - done;
        bulk_fill(peer.buf, len, done);
        plain_send_all(peer.fd, peer.buf, len);
    }
    CHECK_EQ(plain_shutdown(peer.fd, PLAIN_WRITES), 0);
    return arg;
}

static void *receive_bulk(void *arg)
{
    for (size_t done = 0;;) {
        ssize_t n = plain_recv(peer.fd, peer.buf, 1 + done % CHUNK);
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
    struct mio_unix_stream stream;
    struct thread thread;
    mio_interest direction;
    uint32_t ready;
    bool until_blocked; /* drains by -EAGAIN alone, not by short transfers */
};

static void side_open(struct side *side, mio_interest direction, bool until_blocked,
                      void *(*run)(void *))
{
    side->direction = direction;
    side->ready = 0;
    side->until_blocked = until_blocked;
    peer.bytes = (size_t)test_scaled(4 * 1024) * 1024;
    test_poll_init(&side->poll);
    unix_stream_peer(&side->stream, &peer.fd);
    unix_register(&side->poll, &side->stream.source, direction);
    thread_start(&side->thread, run, NULL);
}

static void side_close(struct side *side)
{
    CHECK_EQ(mio_unix_stream_close(&side->stream), 0);
    thread_join(&side->thread);
    CHECK_EQ(plain_close(peer.fd), 0);
    CHECK_EQ(mio_poll_close(&side->poll), 0);
}

/* Waits for the direction; a oneshot source is armed again first, since it was drained. */
static void side_await(struct side *side, bool first)
{
    if (!first)
        unix_rearm(&side->poll, &side->stream.source, side->direction);
    if (test_config.mode == MIO_LEVEL)
        side->ready = 0;
    side->ready |= test_expect_readiness(&side->poll, UNIX_TOKEN, side->direction);
}

/* The draining rule, or the stricter one that holds everywhere. */
static void side_moved(struct side *side, ptrdiff_t n, size_t asked)
{
    if (!side->until_blocked)
        mio_ready_after(&side->ready, side->direction, n, asked);
    else if (n == -EAGAIN)
        side->ready &= ~side->direction;
}

typedef ptrdiff_t move_call(struct mio_unix_stream *stream, unsigned char *buf, size_t len);

static ptrdiff_t read_plain(struct mio_unix_stream *stream, unsigned char *buf, size_t len)
{
    return mio_unix_stream_read(stream, buf, len);
}

/* What a peek shows is what the read returns, at least; and a peek drains nothing. */
static ptrdiff_t peek_then_read(struct mio_unix_stream *stream, unsigned char *buf, size_t len)
{
    static unsigned char shown[CHUNK];
    ptrdiff_t peeked = mio_unix_stream_peek(stream, shown, len);
    if (peeked <= 0)
        return peeked;
    ptrdiff_t got = mio_unix_stream_read(stream, buf, len);
    CHECK(got >= peeked);
    CHECK_EQ(memcmp(shown, buf, (size_t)peeked), 0);
    return got;
}

static ptrdiff_t read_in_three(struct mio_unix_stream *stream, unsigned char *buf, size_t len)
{
    struct mio_buf bufs[3] = {{buf, 1}, {buf + 1, len / 3}, {buf + 1 + len / 3, len - 1 - len / 3}};
    return mio_unix_stream_readv(stream, bufs, 3);
}

static void check_reading(move_call *read_some, bool until_blocked)
{
    static unsigned char buf[CHUNK];
    struct side side;
    size_t done = 0;
    ptrdiff_t n = -EAGAIN;
    side_open(&side, MIO_READABLE, until_blocked, send_bulk);
    for (bool first = true; n != 0; first = false) {
        side_await(&side, first);
        while (n != 0 && (side.ready & MIO_READABLE)) {
            n = read_some(&side.stream, buf, sizeof buf);
            side_moved(&side, n, sizeof buf);
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

static void reads_until_short(void)
{
    check_reading(read_plain, false);
}

static void reads_until_eagain(void)
{
    check_reading(read_plain, true);
}

static void reads_with_peeks(void)
{
    check_reading(peek_then_read, false);
}

static void reads_into_lists(void)
{
    check_reading(read_in_three, false);
}

static ptrdiff_t write_plain(struct mio_unix_stream *stream, unsigned char *buf, size_t len)
{
    return mio_unix_stream_write(stream, buf, len);
}

static ptrdiff_t write_in_three(struct mio_unix_stream *stream, unsigned char *buf, size_t len)
{
    struct mio_buf bufs[3] = {{buf, len / 3}, {buf + len / 3, 0}, {buf + len / 3, len - len / 3}};
    return mio_unix_stream_writev(stream, bufs, 3);
}

static void check_writing(move_call *write_some, bool until_blocked)
{
    static unsigned char buf[CHUNK];
    struct side side;
    size_t done = 0;
    side_open(&side, MIO_WRITABLE, until_blocked, receive_bulk);
    for (bool first = true; done < peer.bytes; first = false) {
        side_await(&side, first);
        while (done < peer.bytes && (side.ready & MIO_WRITABLE)) {
            size_t len = peer.bytes - done < CHUNK ? peer.bytes - done : CHUNK;
            bulk_fill(buf, len, done);
            ptrdiff_t n = write_some(&side.stream, buf, len);
            side_moved(&side, n, len);
            CHECK(n > 0 || n == -EAGAIN);
            done += n > 0 ? (size_t)n : 0;
        }
    }
    CHECK_EQ(mio_unix_stream_shutdown(&side.stream, MIO_SHUTDOWN_WRITE), 0);
    side_close(&side);
}

static void writes_until_short(void)
{
    check_writing(write_plain, false);
}

static void writes_until_eagain(void)
{
    check_writing(write_plain, true);
}

static void writes_of_lists(void)
{
    check_writing(write_in_three, false);
}

/* ---- Step by step ---------------------------------------------------------------------------- */

/* Fills the buffers; the last transfer may be short, which drains as -EAGAIN does. */
static size_t fill_buffers(struct mio_unix_stream *stream, bool stop_when_short)
{
    static const char zeros[CHUNK];
    size_t done = 0;
    for (;;) {
        ptrdiff_t n = mio_unix_stream_write(stream, zeros, sizeof zeros);
        CHECK(n > 0 || n == -EAGAIN);
        done += n > 0 ? (size_t)n : 0;
        if (n == -EAGAIN || (stop_when_short && n < CHUNK))
            return done;
    }
}

static void empty_buffers(mio_fd fd, size_t len)
{
    static unsigned char buf[CHUNK];
    for (size_t step; len > 0; len -= step) {
        step = len < CHUNK ? len : CHUNK;
        plain_recv_all(fd, buf, step);
    }
}

/* Nothing while the buffers are full, and an event each time that the peer has read. */
static void full_buffers_are_quiet_until_the_peer_reads(void)
{
    struct mio_poll poll;
    struct mio_unix_stream stream;
    test_poll_init(&poll);
    unix_stream_peer(&stream, &peer.fd);
    unix_register(&poll, &stream.source, MIO_WRITABLE);
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(test_expect_event(&poll, UNIX_TOKEN), MIO_WRITABLE);
        size_t done = fill_buffers(&stream, i % 2 == 0);
        unix_rearm(&poll, &stream.source, MIO_WRITABLE);
        test_expect_no_event(&poll);
        empty_buffers(peer.fd, done);
    }
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(plain_close(peer.fd), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static const struct test_case cases[] = {
    {"reads_until_short", reads_until_short, TEST_ANY_MODE},
    {"reads_until_eagain", reads_until_eagain, TEST_ANY_MODE},
    {"reads_with_peeks", reads_with_peeks, TEST_ANY_MODE},
    {"reads_into_lists", reads_into_lists, TEST_ANY_MODE},
    {"writes_until_short", writes_until_short, TEST_ANY_MODE},
    {"writes_until_eagain", writes_until_eagain, TEST_ANY_MODE},
    {"writes_of_lists", writes_of_lists, TEST_ANY_MODE},
    {"full_buffers_are_quiet_until_the_peer_reads", full_buffers_are_quiet_until_the_peer_reads,
     TEST_ANY_MODE},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_bulk = {"unix_bulk", cases};
