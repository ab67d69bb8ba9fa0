/*
 * Which bits a wait reports in which situation, bit for bit, as the contract maps what epoll says:
 * each situation with interest in both directions, in reading alone and in writing alone.
 */
#include "queue/queue_util.h"

#include <errno.h>
#include <string.h>

enum { TOKEN = 7 };

#define R MIO_READABLE
#define W MIO_WRITABLE
#define P MIO_PRIORITY
#define E MIO_ERROR
#define RC MIO_READ_CLOSED
#define WC MIO_WRITE_CLOSED

/* Registers in a new poll and checks what is reported, nothing being 0. */
static void check_readiness(struct mio_source *source, mio_interest interest, uint32_t expected)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    int result = mio_register(mio_poll_registry(&poll), source, TOKEN, interest | test_config.mode);
    if (result == -EPIPE && interest == W && (expected & WC)) {
        CHECK(queue_is_kqueue(&poll)); /* which may refuse to tell of what cannot come */
        CHECK_EQ(mio_poll_close(&poll), 0);
        return;
    }
    CHECK_EQ(result, 0);
    expected = queue_as_reported(&poll, interest, expected);
    if (expected == 0)
        test_expect_no_event(&poll);
    else
        CHECK_EQ(test_expect_readiness(&poll, TOKEN, expected), expected);
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), source), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void check_interests(struct channel *channel, uint32_t both, uint32_t reading,
                            uint32_t writing)
{
    check_readiness(channel->source, R | W, both);
    check_readiness(channel->source, R, reading);
    check_readiness(channel->source, W, writing);
    channel_close(channel, NULL);
}

static bool is_kqueue(void)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    bool is = queue_is_kqueue(&poll);
    CHECK_EQ(mio_poll_close(&poll), 0);
    return is;
}

/* ---- Streams --------------------------------------------------------------------------------- */

static void connected(enum channel_kind kind)
{
    struct channel channel;
    channel_open(&channel, kind);
    check_interests(&channel, W, 0, W);
}
DEFINE_CASES(EACH_SOCKET, connected)

static void data_arrived(enum channel_kind kind)
{
    struct channel channel;
    channel_open(&channel, kind);
    channel_send(&channel, "data", 4);
    channel_await_bytes(&channel, 4);
    check_interests(&channel, R | W, R, W);
}
DEFINE_CASES(EACH_SOCKET, data_arrived)

static void peer_shut_down_writing(enum channel_kind kind)
{
    struct channel channel;
    channel_open(&channel, kind);
    channel_finish(&channel);
    channel_await_end(&channel);
    check_interests(&channel, R | W | RC, R | RC, W);
}
DEFINE_CASES(EACH_STREAM_SOCKET, peer_shut_down_writing)

static void both_sides_shut_down_writing(enum channel_kind kind)
{
    struct channel channel;
    channel_need_told_shutdown(kind);
    channel_open(&channel, kind);
    channel_finish(&channel);
    channel_await_end(&channel);
    channel_shutdown(&channel, PLAIN_WRITES);
    check_interests(&channel, R | W | RC | WC, R | W | RC | WC, R | W | RC | WC);
}
DEFINE_CASES(EACH_STREAM_SOCKET, both_sides_shut_down_writing)

static void own_side_shut_down_reading(enum channel_kind kind)
{
    struct channel channel;
    channel_need_told_shutdown(kind);
    channel_open(&channel, kind);
    channel_shutdown(&channel, PLAIN_READS);
    check_interests(&channel, R | W | RC, R | RC, W);
}
DEFINE_CASES(EACH_STREAM_SOCKET, own_side_shut_down_reading)

static void peer_reset(enum channel_kind kind)
{
    struct channel channel;
    channel_open(&channel, kind);
    channel_reset(&channel);
    channel_await_end(&channel);
    uint32_t all = R | W | E | RC | WC;
    bool is_tcp = false;
#ifndef MIO_NO_NET
    is_tcp = kind == CHANNEL_TCP;
#endif
    if (!is_tcp && is_kqueue())
        all &= ~(uint32_t)E; /* on a BSD a Unix socket is not reset: there it ends */
    check_interests(&channel, all, all, all);
}
DEFINE_CASES(EACH_STREAM_SOCKET, peer_reset)

static void peer_closed(enum channel_kind kind)
{
    struct channel channel;
    test_need_unix_pair(PLAIN_STREAM); /* else the raw one is of TCP, and may still write */
    channel_open(&channel, kind);
    channel_close_peer(&channel);
    check_interests(&channel, R | W | RC | WC, R | W | RC | WC, R | W | RC | WC);
}
DEFINE_CASES(EACH_UNIX_STREAM, peer_closed)

#if MIO_HAS_PIPES
/*
 * A pipe whose other end is closed. A kqueue says so of both directions, without an error, and may
 * know of one alone.
 */
static void check_broken(struct channel *channel, uint32_t all)
{
    if (!is_kqueue()) {
        check_interests(channel, all, all, all);
        return;
    }
    struct mio_poll poll;
    test_poll_init(&poll);
    CHECK_EQ(
        mio_register(mio_poll_registry(&poll), channel->source, TOKEN, R | W | test_config.mode),
        0);
    uint32_t told = test_expect_event(&poll, TOKEN);
    CHECK(told & (R | W));
    CHECK(told & (RC | WC));
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), channel->source), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    check_readiness(channel->source, R, R | RC);
    check_readiness(channel->source, W, W | WC);
    channel_close(channel, NULL);
}

/* A pipe says HUP alone, without IN: the original does not call that readable. */
static void writer_closed(enum channel_kind kind)
{
    struct channel channel;
    channel_open(&channel, kind);
    channel_close_peer(&channel);
    check_broken(&channel, R | W | RC | WC);
}
DEFINE_CASES(EACH_PIPE_READER, writer_closed)

static void reader_closed(enum channel_kind kind)
{
    struct channel channel;
    channel_open(&channel, kind);
    channel_close_peer(&channel);
    check_broken(&channel, R | W | E | WC);
}
DEFINE_CASES(EACH_PIPE_WRITER, reader_closed)

static void reader_closed_while_it_was_full(enum channel_kind kind)
{
    static const char buf[4096];
    struct channel channel;
    channel_open(&channel, kind);
    while (plain_write(channel.fd, buf, sizeof buf) > 0)
        ;
    check_readiness(channel.source, R | W, 0);
    channel_close_peer(&channel);
    check_broken(&channel, R | W | E | WC);
}
DEFINE_CASES(EACH_PIPE_WRITER, reader_closed_while_it_was_full)
#endif

/* ---- Errors that close nothing --------------------------------------------------------------- */

/* A datagram socket whose last datagram found nobody. */
static void open_refused_datagram_socket(struct channel *channel, bool with_data)
{
    mio_fd fds[2];
    test_need_refusals();
    plain_udp_pair(fds);
    plain_set_blocking(fds[0], false);
    memset(channel, 0, sizeof *channel);
    channel->kind = CHANNEL_UNIX; /* a raw descriptor */
    channel->source = &channel->raw;
    channel->fd = fds[0];
    channel->peer = fds[1];
    CHECK_EQ(mio_source_init_fd(&channel->raw, channel->fd), 0);
    if (with_data) {
        CHECK_EQ(plain_send(channel->peer, "x", 1), 1);
        channel_await_bytes(channel, 1);
    }
    channel_close_peer(channel);
    CHECK_EQ(plain_send(channel->fd, "x", 1), 1);
    channel_await_end(channel);
}

/* An error beside data does not close writing; with interest in writing it may. */
static void error_beside_data(void)
{
    struct channel channel;
    open_refused_datagram_socket(&channel, true);
    if (is_kqueue()) {
        check_interests(&channel, R | W, R, W);
        return;
    }
    check_interests(&channel, R | W | E | WC, R | W | E, R | W | E | WC);
}

static void error_alone(void)
{
    struct channel channel;
    open_refused_datagram_socket(&channel, false);
    if (is_kqueue()) {
        check_interests(&channel, R | W, R, W);
        return;
    }
    check_interests(&channel, R | W | E | WC, R | W | E | WC, R | W | E | WC);
}

#ifndef MIO_NO_NET

/* ---- Connecting ------------------------------------------------------------------------------ */

/* A bound socket that does not listen refuses, and nobody else can take its port meanwhile. */
static void connect_refused(void)
{
    struct mio_addr nobody;
    struct channel channel;
    memset(&channel, 0, sizeof channel);
    channel.kind = CHANNEL_TCP;
    channel.source = &channel.stream.source;
    channel.peer = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
    CHECK_EQ(mio_addr_parse(&nobody, "127.0.0.1:0"), 0);
    CHECK_EQ(plain_bind(channel.peer, &nobody), 0);
    nobody = plain_name(channel.peer);
    CHECK_EQ(mio_tcp_stream_connect(&channel.stream, &nobody), 0);
    channel.fd = mio_source_fd(channel.source);
    channel_await_end(&channel);
    check_interests(&channel, R | W | E | RC | WC, R | W | E | RC | WC, R | W | E | RC | WC);
}

/* ---- Urgent data ----------------------------------------------------------------------------- */

static void open_with_urgent_data(struct channel *channel, const char *before)
{
    queue_need_feature(P);
    channel_open(channel, CHANNEL_TCP);
    channel_send(channel, before, strlen(before));
    CHECK_EQ(plain_send_urgent(channel->peer, '!'), 1);
    struct mio_poll poll;
    test_poll_init(&poll);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel->source, TOKEN, P), 0);
    CHECK_EQ(test_expect_readiness(&poll, TOKEN, P), P | R);
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), channel->source), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void urgent_data_alone(void)
{
    struct channel channel;
    open_with_urgent_data(&channel, "");
    check_readiness(channel.source, P, P | R);
    check_readiness(channel.source, P | R, P | R);
    check_readiness(channel.source, P | W, P | R | W);
    /* A source that did not ask for it hears nothing. */
    check_readiness(channel.source, R, 0);
    check_readiness(channel.source, W, W);
    char urgent;
    CHECK_EQ(plain_recv_urgent(channel.fd, &urgent), 1);
    CHECK_EQ(urgent, '!');
    check_readiness(channel.source, P, 0);
    channel_close(&channel, NULL);
}

static void urgent_data_after_data(void)
{
    struct channel channel;
    open_with_urgent_data(&channel, "data");
    check_readiness(channel.source, P, P | R);
    check_readiness(channel.source, R, R);
    check_readiness(channel.source, P | R | W, P | R | W);
    channel_close(&channel, NULL);
}

/*
 * A read stops before urgent data although more has arrived: a short transfer that drains nothing,
 * so that such streams are read until would-block.
 */
static void urgent_data_stops_a_read(void)
{
    struct channel channel;
    char buf[64];
    open_with_urgent_data(&channel, "abc");
    channel_send(&channel, "def", 3);
    channel_await_bytes(&channel, 3);
    CHECK_EQ(channel_read(&channel, buf, sizeof buf), 3);
    CHECK(memcmp(buf, "abc", 3) == 0);
    CHECK_EQ(channel_read(&channel, buf, sizeof buf), 3);
    CHECK(memcmp(buf, "def", 3) == 0);
    CHECK_EQ(channel_read(&channel, buf, sizeof buf), -EAGAIN);
    channel_close(&channel, NULL);
}

#endif

static const struct test_case cases[] = {
    /* clang-format off */
    CASES(EACH_SOCKET, connected, TEST_ANY_MODE)
    CASES(EACH_SOCKET, data_arrived, TEST_ANY_MODE)
    CASES(EACH_STREAM_SOCKET, peer_shut_down_writing, TEST_ANY_MODE)
    CASES(EACH_STREAM_SOCKET, both_sides_shut_down_writing, TEST_ANY_MODE)
    CASES(EACH_STREAM_SOCKET, own_side_shut_down_reading, TEST_ANY_MODE)
    CASES(EACH_STREAM_SOCKET, peer_reset, TEST_ANY_MODE)
    CASES(EACH_UNIX_STREAM, peer_closed, TEST_ANY_MODE)
    CASES(EACH_PIPE_READER, writer_closed, TEST_ANY_MODE)
    CASES(EACH_PIPE_WRITER, reader_closed, TEST_ANY_MODE)
    CASES(EACH_PIPE_WRITER, reader_closed_while_it_was_full, TEST_ANY_MODE)
    {"error_beside_data", error_beside_data, TEST_ANY_MODE},
    {"error_alone", error_alone, TEST_ANY_MODE},
#ifndef MIO_NO_NET
    {"connect_refused", connect_refused, TEST_ANY_MODE},
    {"urgent_data_alone", urgent_data_alone, TEST_ANY_MODE},
    {"urgent_data_after_data", urgent_data_after_data, TEST_ANY_MODE},
    {"urgent_data_stops_a_read", urgent_data_stops_a_read, 0},
#endif
    {NULL, NULL, 0},
    /* clang-format on */
};

const struct test_suite suite_readiness = {"readiness", cases};
