/*
 * A program shuts down a side of its own: reading, then there is an end to read; writing, after its
 * peer has, then both are over. The poll tells of it as of the acts of a peer.
 */
#include "queue/queue_util.h"

enum { TOKEN = 7 };

#define R MIO_READABLE
#define W MIO_WRITABLE
#define RC MIO_READ_CLOSED
#define WC MIO_WRITE_CLOSED

struct watched {
    struct mio_poll poll;
    struct channel channel;
};

static void watched_open(struct watched *watched, enum channel_kind kind, mio_interest interest)
{
    channel_need_told_shutdown(kind);
    test_poll_init(&watched->poll);
    channel_open(&watched->channel, kind);
    CHECK_EQ(mio_register(mio_poll_registry(&watched->poll), watched->channel.source, TOKEN,
                          interest | test_config.mode),
             0);
}

static void watched_close(struct watched *watched)
{
    channel_close(&watched->channel, mio_poll_registry(&watched->poll));
    CHECK_EQ(mio_poll_close(&watched->poll), 0);
}

static void again(struct watched *watched, mio_interest interest)
{
    CHECK_EQ(mio_reregister(mio_poll_registry(&watched->poll), watched->channel.source, TOKEN,
                            interest | test_config.mode),
             0);
}

/* Level mode reports it in every wait, the others once. */
static void check_told_as_the_mode_says(struct watched *watched, uint32_t wanted)
{
    test_expect_readiness(&watched->poll, TOKEN, wanted);
    if (test_config.mode == MIO_LEVEL)
        test_expect_readiness(&watched->poll, TOKEN, wanted);
    else
        queue_expect_sleep(&watched->poll);
}

static void reading_shut_down_is_told(enum channel_kind kind)
{
    struct watched watched;
    char buf[4];
    watched_open(&watched, kind, R);
    test_expect_no_event(&watched.poll);
    channel_shutdown(&watched.channel, PLAIN_READS);
    check_told_as_the_mode_says(&watched, R | RC);
    CHECK_EQ(channel_read(&watched.channel, buf, sizeof buf), 0);
    again(&watched, R);
    check_told_as_the_mode_says(&watched, R | RC);
    watched_close(&watched);
}
DEFINE_CASES(EACH_STREAM_SOCKET, reading_shut_down_is_told)

/* The direction that goes on is told as ever. */
static void reading_shut_down_leaves_writing_alone(enum channel_kind kind)
{
    struct watched watched;
    watched_open(&watched, kind, R | W);
    channel_shutdown(&watched.channel, PLAIN_READS);
    uint32_t told = test_expect_readiness(&watched.poll, TOKEN, R | W | RC);
    CHECK(!(told & WC));
    CHECK_EQ(channel_write(&watched.channel, "data", 4), 4);
    watched_close(&watched);
}
DEFINE_CASES(EACH_STREAM_SOCKET, reading_shut_down_leaves_writing_alone)

static void reading_shut_down_ends_a_wait(enum channel_kind kind)
{
    struct watched watched;
    struct waiter waiter;
    watched_open(&watched, kind, R);
    waiter_start(&waiter, &watched.poll);
    channel_shutdown(&watched.channel, PLAIN_READS);
    CHECK_EQ(waiter_join(&waiter), 1);
    CHECK_EQ(waiter.events[0].token, TOKEN);
    CHECK_EQ(waiter.events[0].readiness & (R | RC), R | RC);
    watched_close(&watched);
}
DEFINE_CASES(EACH_STREAM_SOCKET, reading_shut_down_ends_a_wait)

static void writing_shut_down_after_the_peer_is_a_hang_up(enum channel_kind kind)
{
    struct watched watched;
    watched_open(&watched, kind, R | W);
    test_expect_readiness(&watched.poll, TOKEN, W);
    channel_finish(&watched.channel);
    channel_await_end(&watched.channel);
    if (test_config.mode & MIO_ONESHOT)
        again(&watched, R | W);
    test_expect_readiness(&watched.poll, TOKEN, RC);
    channel_shutdown(&watched.channel, PLAIN_WRITES);
    if (test_config.mode & MIO_ONESHOT)
        again(&watched, R | W);
    test_expect_readiness(&watched.poll, TOKEN, WC);
    watched_close(&watched);
}
DEFINE_CASES(EACH_STREAM_SOCKET, writing_shut_down_after_the_peer_is_a_hang_up)

static void writing_shut_down_before_the_peer_is_a_hang_up(enum channel_kind kind)
{
    struct watched watched;
    watched_open(&watched, kind, W);
    test_expect_readiness(&watched.poll, TOKEN, W);
    channel_shutdown(&watched.channel, PLAIN_WRITES);
    channel_finish(&watched.channel);
    channel_await_end(&watched.channel);
    if (test_config.mode & MIO_ONESHOT)
        again(&watched, W);
    test_expect_readiness(&watched.poll, TOKEN, WC);
    watched_close(&watched);
}
DEFINE_CASES(EACH_STREAM_SOCKET, writing_shut_down_before_the_peer_is_a_hang_up)

static void shutdown_of_both_is_a_hang_up(enum channel_kind kind)
{
    struct watched watched;
    watched_open(&watched, kind, R);
    channel_shutdown(&watched.channel, PLAIN_READS | PLAIN_WRITES);
    test_expect_readiness(&watched.poll, TOKEN, R | RC);
    again(&watched, R | W);
    test_expect_readiness(&watched.poll, TOKEN, R | W | RC | WC);
    watched_close(&watched);
}
DEFINE_CASES(EACH_STREAM_SOCKET, shutdown_of_both_is_a_hang_up)

static const struct test_case cases[] = {
    /* clang-format off */
    CASES(EACH_STREAM_SOCKET, reading_shut_down_is_told, TEST_ANY_MODE)
    CASES(EACH_STREAM_SOCKET, reading_shut_down_leaves_writing_alone, TEST_ANY_MODE)
    CASES(EACH_STREAM_SOCKET, reading_shut_down_ends_a_wait, TEST_ANY_MODE)
    CASES(EACH_STREAM_SOCKET, writing_shut_down_after_the_peer_is_a_hang_up, TEST_ANY_MODE)
    CASES(EACH_STREAM_SOCKET, writing_shut_down_before_the_peer_is_a_hang_up, TEST_ANY_MODE)
    CASES(EACH_STREAM_SOCKET, shutdown_of_both_is_a_hang_up, TEST_ANY_MODE)
    {NULL, NULL, 0},
    /* clang-format on */
};

const struct test_suite suite_own_end = {"own_end", cases};
