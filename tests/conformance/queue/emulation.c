/*
 * What a backend that makes edges itself could get wrong, and what every other one does right
 * anyway: who has a turn, what is armed again, what is told of a connection that closes.
 */
#include "queue/queue_util.h"

enum { TOKEN = 7 };

/* ---- Turns ----------------------------------------------------------------------------------- */

enum { MANY = 50 };

static void every_ready_source_has_its_turn(void)
{
    struct mio_poll poll;
    struct mio_source sources[MANY];
    int seen[MANY] = {0};
    struct mio_event event;
    test_poll_init(&poll);
    for (int i = 0; i < MANY; i++) {
        queue_loop(&sources[i], true);
        CHECK_EQ(mio_register(mio_poll_registry(&poll), &sources[i], (mio_token)i,
                              MIO_READABLE | test_config.mode),
                 0);
    }
    for (int i = 0; i < MANY; i++) {
        CHECK_EQ(mio_poll_wait(&poll, &event, 1, TEST_SOON), 1);
        CHECK(event.token < MANY);
        seen[event.token]++;
    }
    for (int i = 0; i < MANY; i++) {
        mio_fd fd = mio_source_fd(&sources[i]);
        CHECK_EQ(seen[i], 1);
        CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &sources[i]), 0);
        CHECK_EQ(plain_close(fd), 0);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* Wakers that are woken all the time leave room for sources, and the other way round. */
static void wakers_and_sources_take_turns(void)
{
    struct mio_poll poll;
    struct mio_source source;
    struct mio_waker wakers[3];
    struct mio_event event;
    int seen[4] = {0};
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, true);
    CHECK_EQ(mio_register(registry, &source, 3, MIO_READABLE | MIO_LEVEL), 0);
    for (mio_token i = 0; i < 3; i++)
        CHECK_EQ(mio_waker_init(&wakers[i], registry, i), 0);
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < 3; i++)
            CHECK_EQ(mio_waker_wake(&wakers[i]), 0);
        CHECK_EQ(mio_poll_wait(&poll, &event, 1, TEST_SOON), 1);
        CHECK(event.token < 4);
        seen[event.token]++;
    }
    for (int i = 0; i < 4; i++)
        CHECK(seen[i] >= 5);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(mio_waker_close(&wakers[i]), 0);
    CHECK_EQ(mio_deregister(registry, &source), 0);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* ---- Arming again ---------------------------------------------------------------------------- */

static void defect_04_raw_descriptor_is_told_again(void)
{
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    channel_open(&channel, CHANNEL_PIPE);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE), 0);
    for (int round = 0; round < 3; round++) {
        channel_send(&channel, "data", 4);
        CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
        test_drain(channel.source);
        test_expect_no_event(&poll);
    }
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* Reads as mio_source_init_fd says; saying blocked at the end, too, would be told for ever. */
static void end_by_the_rule_for_raw_descriptors_is_told_once(void)
{
    struct mio_poll poll;
    struct channel channel;
    struct mio_event event;
    char buf[16];
    uint32_t ready = 0;
    int events = 0;
    test_poll_init(&poll);
    channel_open(&channel, CHANNEL_PIPE);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE), 0);
    channel_send(&channel, "data", 4);
    channel_finish(&channel);
    for (int i = 0; i < 8; i++) {
        if (mio_poll_wait(&poll, &event, 1, i == 0 ? TEST_SOON : 0) != 1)
            continue;
        events++;
        ready |= event.readiness;
        while (ready & MIO_READABLE) {
            ptrdiff_t n = plain_read(mio_source_fd(channel.source), buf, sizeof buf);
            CHECK_EQ(mio_source_after(channel.source, &ready, MIO_READABLE, n, sizeof buf), 0);
        }
    }
    CHECK_EQ(events, 1);
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}

#ifndef MIO_NO_NET
static void peek_that_succeeds_arms_nothing(void)
{
    struct mio_poll poll;
    struct mio_tcp_stream stream;
    char buf[16];
    mio_fd peer;
    test_poll_init(&poll);
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &stream.source, TOKEN, MIO_READABLE), 0);
    plain_send_all(peer, "data", 4);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    CHECK_EQ(mio_tcp_stream_peek(&stream, buf, sizeof buf), 4);
    test_expect_no_event(&poll);
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* Reads drain urgent data, too. */
static void urgent_data_is_told_again(void)
{
    struct mio_poll poll;
    struct mio_tcp_stream stream;
    char buf[16];
    mio_fd peer;
    test_poll_init(&poll);
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(
        mio_register(mio_poll_registry(&poll), &stream.source, TOKEN, MIO_READABLE | MIO_PRIORITY),
        0);
    for (int round = 0; round < 3; round++) {
        CHECK_EQ(plain_send_urgent(peer, '!'), 1);
        CHECK(test_expect_readiness(&poll, TOKEN, MIO_PRIORITY) & MIO_READABLE);
        CHECK_EQ(plain_recv_urgent(mio_source_fd(&stream.source), buf), 1);
        CHECK_EQ(mio_tcp_stream_read(&stream, buf, sizeof buf), -EAGAIN);
        test_expect_no_event(&poll);
    }
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}
#endif

/* ---- Closing --------------------------------------------------------------------------------- */

static void end_is_told_undrained(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE), 0);
    channel_send(&channel, "data", 4);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    /* Nothing is read: the direction stays disarmed where edges are emulated. */
    channel_finish(&channel);
    CHECK(test_expect_event(&poll, TOKEN) & MIO_READ_CLOSED);
    queue_expect_sleep(&poll);
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_STREAM, end_is_told_undrained)

static void hang_up_is_told_once(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE), 0);
    channel_close_peer(&channel);
    CHECK(test_expect_readiness(&poll, TOKEN, MIO_READ_CLOSED) & MIO_READABLE);
    queue_expect_sleep(&poll);
    /* End of file arms nothing: else a closed connection would be told of for ever. */
    char byte;
    CHECK_EQ(channel_read(&channel, &byte, 1), 0);
    queue_expect_sleep(&poll);
    CHECK_EQ(mio_reregister(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE), 0);
    CHECK(test_expect_event(&poll, TOKEN) & MIO_READ_CLOSED);
    queue_expect_sleep(&poll);
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_STREAM, hang_up_is_told_once)

/*
 * Writes until nothing more is wanted for a while: what was sent moves on to the peer's buffer for
 * some time, so the connection becomes writable again by itself, but not for ever. The bytes.
 */
static size_t fill(struct mio_poll *poll, struct channel *channel, uint32_t ready)
{
    static char block[1 << 16];
    struct mio_event event;
    size_t written = 0;
    for (int tries = 0; tries < 200; tries++) {
        while (ready & MIO_WRITABLE) {
            ptrdiff_t n = channel_write(channel, block, sizeof block);
            mio_ready_after(&ready, MIO_WRITABLE, n, sizeof block);
            CHECK(n > 0 || n == -EAGAIN);
            written += n > 0 ? (size_t)n : 0;
        }
        int64_t before = thread_cpu_time();
        int n = mio_poll_wait(poll, &event, 1, 200 * MIO_NS_PER_MS);
        CHECK(thread_cpu_time() - before < 50 * MIO_NS_PER_MS);
        if (n == 0)
            return written;
        CHECK_EQ(n, 1);
        ready |= event.readiness;
    }
    test_fail(__FILE__, __LINE__, "it goes on to be reported");
}

/* The peer has shut down and reads slowly: only the direction that is written to is watched. */
static void half_closed_connection_sleeps_between_writes(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    char byte;
    test_poll_init(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(
        mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE | MIO_WRITABLE),
        0);
    channel_finish(&channel);
    uint32_t ready = test_expect_readiness(&poll, TOKEN, MIO_READ_CLOSED | MIO_WRITABLE);
    CHECK_EQ(channel_read(&channel, &byte, 1), 0);
    for (int round = 0; round < 3; round++) {
        channel_receive(&channel, fill(&poll, &channel, ready));
        ready |= test_expect_readiness(&poll, TOKEN, MIO_WRITABLE);
    }
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_STREAM_SOCKET, half_closed_connection_sleeps_between_writes)

/* The one difference in what an event says: see docs/design.md. */
static void event_has_the_directions_that_are_armed(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(
        mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE | MIO_WRITABLE),
        0);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_WRITABLE);
    channel_send(&channel, "data", 4);
    CHECK_EQ(test_expect_event(&poll, TOKEN),
             queue_is_epoll(&poll) ? MIO_READABLE | MIO_WRITABLE : MIO_READABLE);
    channel_drain(&channel);
    channel_send(&channel, "data", 4);
    CHECK(test_expect_event(&poll, TOKEN) & MIO_READABLE);
    CHECK_EQ(mio_reregister(mio_poll_registry(&poll), channel.source, TOKEN,
                            MIO_READABLE | MIO_WRITABLE),
             0);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE | MIO_WRITABLE);
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_SOCKET, event_has_the_directions_that_are_armed)

/* clang-format off */
static const struct test_case cases[] = {
    {"every_ready_source_has_its_turn", every_ready_source_has_its_turn, TEST_ANY_MODE},
    {"wakers_and_sources_take_turns", wakers_and_sources_take_turns, 0},
    {"defect_04_raw_descriptor_is_told_again", defect_04_raw_descriptor_is_told_again, 0},
    {"end_by_the_rule_for_raw_descriptors_is_told_once",
     end_by_the_rule_for_raw_descriptors_is_told_once, 0},
#ifndef MIO_NO_NET
    {"peek_that_succeeds_arms_nothing", peek_that_succeeds_arms_nothing, 0},
    {"urgent_data_is_told_again", urgent_data_is_told_again, 0},
#endif
    CASES(EACH_STREAM, end_is_told_undrained, 0)
    CASES(EACH_STREAM, hang_up_is_told_once, 0)
    CASES(EACH_STREAM_SOCKET, half_closed_connection_sleeps_between_writes, 0)
    CASES(EACH_SOCKET, event_has_the_directions_that_are_armed, 0)
    {NULL, NULL, 0},
};
/* clang-format on */

const struct test_suite suite_emulation = {"emulation", cases};
