/* Mebibytes through full buffers in each direction, driven by events, in every mode. */
#include "queue/queue_util.h"

#include <string.h>

enum { TOKEN = 7, CHUNK = 64 * 1024, MEBIBYTE = 1024 * 1024 };

/* ---- What is sent ---------------------------------------------------------------------------- */

static size_t bulk_bytes(enum channel_kind kind)
{
    long mebibytes = kind == CHANNEL_TCP ? 16 : 4;
    return (size_t)test_scaled(mebibytes * 1024) * 1024;
}

/* A byte of the transfer by its place: a prime period, so that lost chunks are seen. */
static unsigned char pattern(size_t place)
{
    return (unsigned char)(place % 251 + place / 65537 % 3);
}

static void fill_in(unsigned char *buf, size_t len, size_t place)
{
    for (size_t i = 0; i < len; i++)
        buf[i] = pattern(place + i);
}

static bool matches(const unsigned char *buf, size_t len, size_t place)
{
    for (size_t i = 0; i < len; i++)
        if (buf[i] != pattern(place + i))
            return false;
    return true;
}

/* ---- The peer, on a thread of its own -------------------------------------------------------- */

/* Static, because a peer outlives the case if the case fails. */
static struct peer {
    mio_fd fd;
    size_t bytes;
    unsigned char buf[CHUNK];
} peer;

/* Whole chunks, and in every other mebibyte pieces of all sizes, so that transfers are short. */
static size_t piece_at(size_t place)
{
    return place / MEBIBYTE % 2 == 0 ? CHUNK : 1 + place % 40009;
}

static void *send_bulk(void *arg)
{
    for (size_t done = 0, len; done < peer.bytes; done += len) {
        len = piece_at(done) < peer.bytes - done ? piece_at(done) : peer.bytes - done;
        fill_in(peer.buf, len, done);
        plain_send_all(peer.fd, peer.buf, len);
    }
    CHECK_EQ(plain_shutdown(peer.fd, PLAIN_WRITES), 0);
    return arg;
}

static void *receive_bulk(void *arg)
{
    for (size_t done = 0;;) {
        ptrdiff_t n = plain_recv(peer.fd, peer.buf, piece_at(done));
        CHECK(n >= 0);
        if (n == 0) {
            CHECK_EQ(done, peer.bytes);
            return arg;
        }
        CHECK(matches(peer.buf, (size_t)n, done));
        done += (size_t)n;
    }
}

/* ---- Our side -------------------------------------------------------------------------------- */

struct side {
    struct mio_poll poll;
    struct channel channel;
    struct thread thread;
    mio_interest direction;
    uint32_t ready;
    bool until_blocked; /* drains by -EAGAIN alone, not by short transfers */
};

static void side_open(struct side *side, enum channel_kind kind, mio_interest direction,
                      bool until_blocked, void *(*run)(void *))
{
    side->direction = direction;
    side->ready = 0;
    side->until_blocked = until_blocked;
    test_poll_init(&side->poll);
    channel_open(&side->channel, kind);
    peer.fd = side->channel.peer;
    peer.bytes = bulk_bytes(kind);
    CHECK_EQ(mio_register(mio_poll_registry(&side->poll), side->channel.source, TOKEN,
                          direction | test_config.mode),
             0);
    thread_start(&side->thread, run, NULL);
}

static void side_close(struct side *side)
{
    channel_close_own(&side->channel, mio_poll_registry(&side->poll));
    thread_join(&side->thread);
    channel_close_peer(&side->channel);
    CHECK_EQ(mio_poll_close(&side->poll), 0);
}

static void side_rearm(struct side *side)
{
    if (test_config.mode & MIO_ONESHOT)
        CHECK_EQ(mio_reregister(mio_poll_registry(&side->poll), side->channel.source, TOKEN,
                                side->direction | test_config.mode),
                 0);
}

/* Waits for the direction; a oneshot source is armed again first, since it was drained. */
static void side_await(struct side *side, bool first)
{
    if (!first)
        side_rearm(side);
    if (test_config.mode == MIO_LEVEL)
        side->ready = 0;
    side->ready |= test_expect_readiness(&side->poll, TOKEN, side->direction);
}

/* The draining rule, or the stricter one that holds everywhere. */
static void side_moved(struct side *side, ptrdiff_t n, size_t asked)
{
    if (!side->until_blocked)
        mio_ready_after(&side->ready, side->direction, n, asked);
    else if (n == -EAGAIN)
        side->ready &= ~side->direction;
}

typedef ptrdiff_t move_call(struct channel *channel, void *buf, size_t len);

/* ---- Reading --------------------------------------------------------------------------------- */

/* The read returns what a peek showed, at least; and a peek drains nothing. */
static ptrdiff_t peek_then_read(struct channel *channel, void *buf, size_t len)
{
    static unsigned char shown[CHUNK];
    ptrdiff_t peeked = channel->kind == CHANNEL_TCP
                           ? mio_tcp_stream_peek(&channel->stream, shown, len)
                           : mio_unix_stream_peek(&channel->unix_stream, shown, len);
    if (peeked <= 0)
        return peeked;
    ptrdiff_t got = channel_read(channel, buf, len);
    CHECK(got >= peeked);
    CHECK_EQ(memcmp(shown, buf, (size_t)peeked), 0);
    return got;
}

static ptrdiff_t read_in_three(struct channel *channel, void *buf, size_t len)
{
    char *at = buf;
    struct mio_buf bufs[3] = {{at, 1}, {at + 1, len / 3}, {at + 1 + len / 3, len - 1 - len / 3}};
    CHECK_EQ(mio_bufs_len(bufs, 3), len);
    return channel->kind == CHANNEL_TCP ? mio_tcp_stream_readv(&channel->stream, bufs, 3)
                                        : mio_unix_stream_readv(&channel->unix_stream, bufs, 3);
}

static void check_reading(enum channel_kind kind, move_call *read_some, bool until_blocked)
{
    static unsigned char buf[CHUNK];
    struct side side;
    size_t done = 0;
    ptrdiff_t n = -EAGAIN;
    side_open(&side, kind, MIO_READABLE, until_blocked, send_bulk);
    for (bool first = true; n != 0; first = false) {
        side_await(&side, first);
        while (n != 0 && (side.ready & MIO_READABLE)) {
            n = read_some(&side.channel, buf, sizeof buf);
            side_moved(&side, n, sizeof buf);
            CHECK(n >= 0 || n == -EAGAIN);
            if (n > 0) {
                CHECK(matches(buf, (size_t)n, done));
                done += (size_t)n;
            }
        }
    }
    CHECK_EQ(done, peer.bytes);
    side_close(&side);
}

static void reads_until_short(enum channel_kind kind)
{
    check_reading(kind, channel_read, false);
}
DEFINE_CASES(EACH_OWN_STREAM, reads_until_short)

static void reads_until_eagain(enum channel_kind kind)
{
    check_reading(kind, channel_read, true);
}
DEFINE_CASES(EACH_OWN_STREAM, reads_until_eagain)

static void reads_with_peeks(enum channel_kind kind)
{
    check_reading(kind, peek_then_read, false);
}
DEFINE_CASES(EACH_OWN_STREAM, reads_with_peeks)

static void reads_into_lists(enum channel_kind kind)
{
    check_reading(kind, read_in_three, false);
}
DEFINE_CASES(EACH_OWN_STREAM, reads_into_lists)

/* ---- Writing --------------------------------------------------------------------------------- */

static ptrdiff_t write_plain(struct channel *channel, void *buf, size_t len)
{
    return channel_write(channel, buf, len);
}

static ptrdiff_t write_in_three(struct channel *channel, void *buf, size_t len)
{
    char *at = buf;
    struct mio_buf bufs[3] = {{at, len / 3}, {at + len / 3, 0}, {at + len / 3, len - len / 3}};
    return channel->kind == CHANNEL_TCP ? mio_tcp_stream_writev(&channel->stream, bufs, 3)
                                        : mio_unix_stream_writev(&channel->unix_stream, bufs, 3);
}

static void check_writing(enum channel_kind kind, move_call *write_some, bool until_blocked)
{
    static unsigned char buf[CHUNK];
    struct side side;
    size_t done = 0;
    side_open(&side, kind, MIO_WRITABLE, until_blocked, receive_bulk);
    for (bool first = true; done < peer.bytes; first = false) {
        side_await(&side, first);
        while (done < peer.bytes && (side.ready & MIO_WRITABLE)) {
            size_t len = peer.bytes - done < CHUNK ? peer.bytes - done : CHUNK;
            fill_in(buf, len, done);
            ptrdiff_t n = write_some(&side.channel, buf, len);
            side_moved(&side, n, len);
            CHECK(n > 0 || n == -EAGAIN);
            done += n > 0 ? (size_t)n : 0;
        }
    }
    CHECK_EQ(kind == CHANNEL_TCP
                 ? mio_tcp_stream_shutdown(&side.channel.stream, MIO_SHUTDOWN_WRITE)
                 : mio_unix_stream_shutdown(&side.channel.unix_stream, MIO_SHUTDOWN_WRITE),
             0);
    side_close(&side);
}

static void writes_until_short(enum channel_kind kind)
{
    check_writing(kind, write_plain, false);
}
DEFINE_CASES(EACH_OWN_STREAM, writes_until_short)

static void writes_until_eagain(enum channel_kind kind)
{
    check_writing(kind, write_plain, true);
}
DEFINE_CASES(EACH_OWN_STREAM, writes_until_eagain)

static void writes_of_lists(enum channel_kind kind)
{
    check_writing(kind, write_in_three, false);
}
DEFINE_CASES(EACH_OWN_STREAM, writes_of_lists)

/* ---- Step by step ---------------------------------------------------------------------------- */

/* Fills the buffers; the last transfer may be short, which drains as -EAGAIN does. */
static size_t fill_buffers(struct channel *channel, bool stop_when_short)
{
    static const char zeros[CHUNK];
    size_t done = 0;
    for (;;) {
        ptrdiff_t n = channel_write(channel, zeros, sizeof zeros);
        CHECK(n > 0 || n == -EAGAIN);
        done += n > 0 ? (size_t)n : 0;
        if (n == -EAGAIN || (stop_when_short && n < CHUNK))
            return done;
    }
}

/*
 * Nothing while the buffers are full, and an event each time that the peer has read. On TCP what is
 * sent moves on from buffer to buffer for a while.
 */
static void full_buffers_are_quiet_until_the_peer_reads(void)
{
    const mio_interest interest = MIO_WRITABLE | test_config.mode;
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    channel_open(&channel, CHANNEL_UNIX_STREAM);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel.source, TOKEN, interest), 0);
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_WRITABLE);
        size_t done = fill_buffers(&channel, i % 2 == 0);
        if (test_config.mode & MIO_ONESHOT)
            CHECK_EQ(mio_reregister(mio_poll_registry(&poll), channel.source, TOKEN, interest), 0);
        test_expect_no_event(&poll);
        channel_receive(&channel, done);
    }
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static const struct test_case cases[] = {
    /* clang-format off */
    CASES(EACH_OWN_STREAM, reads_until_short, TEST_ANY_MODE)
    CASES(EACH_OWN_STREAM, reads_until_eagain, TEST_ANY_MODE)
    CASES(EACH_OWN_STREAM, reads_with_peeks, TEST_ANY_MODE)
    CASES(EACH_OWN_STREAM, reads_into_lists, TEST_ANY_MODE)
    CASES(EACH_OWN_STREAM, writes_until_short, TEST_ANY_MODE)
    CASES(EACH_OWN_STREAM, writes_until_eagain, TEST_ANY_MODE)
    CASES(EACH_OWN_STREAM, writes_of_lists, TEST_ANY_MODE)
    {"full_buffers_are_quiet_until_the_peer_reads", full_buffers_are_quiet_until_the_peer_reads,
     TEST_ANY_MODE},
    {NULL, NULL, 0},
    /* clang-format on */
};

const struct test_suite suite_bulk = {"bulk", cases};
