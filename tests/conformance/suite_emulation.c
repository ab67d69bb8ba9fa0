/*
 * What a backend that makes edges itself could get wrong, and what every other one does right
 * anyway: who has a turn, what is told of a connection that closes, kicks, closed descriptors.
 */
#define _GNU_SOURCE 1
#include "suites.h"
#include "support.h"

#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TOKEN = 7 };

static int64_t cpu_time(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * MIO_NS_PER_S + time.tv_nsec;
}

/* Nothing may be reported, and the wait may not go round and round either. */
static void expect_sleep(struct mio_poll *poll)
{
    struct mio_event event;
    int64_t before = cpu_time();
    CHECK_EQ(mio_poll_wait(poll, &event, 1, 200 * MIO_NS_PER_MS), 0);
    CHECK(cpu_time() - before < 50 * MIO_NS_PER_MS);
}

static uint64_t kicks(const struct mio_poll *poll)
{
    struct mio_counters counters;
    CHECK_EQ(mio_poll_counters(poll, &counters), 0);
    return counters.kicks;
}

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
        support_eventfd(&sources[i], 1);
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
        int fd = mio_source_fd(&sources[i]);
        CHECK_EQ(seen[i], 1);
        CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &sources[i]), 0);
        CHECK_EQ(close(fd), 0);
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
    int fd = support_eventfd(&source, 1);
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
    CHECK_EQ(close(fd), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

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
    expect_sleep(&poll);
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_STREAM_CASES(end_is_told_undrained)

static void hang_up_is_told_once(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE), 0);
    channel_close_peer(&channel);
    CHECK(test_expect_readiness(&poll, TOKEN, MIO_READ_CLOSED) & MIO_READABLE);
    expect_sleep(&poll);
    /* End of file arms nothing: else a closed connection would be told of for ever. */
    char byte;
    CHECK_EQ(channel_read(&channel, &byte, 1), 0);
    expect_sleep(&poll);
    CHECK_EQ(mio_reregister(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE), 0);
    CHECK(test_expect_event(&poll, TOKEN) & MIO_READ_CLOSED);
    expect_sleep(&poll);
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_STREAM_CASES(hang_up_is_told_once)

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
        int64_t before = cpu_time();
        int n = mio_poll_wait(poll, &event, 1, 200 * MIO_NS_PER_MS);
        CHECK(cpu_time() - before < 50 * MIO_NS_PER_MS);
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
DEFINE_CASE(half_closed_connection_sleeps_between_writes, CHANNEL_UNIX, unix)
DEFINE_TCP_CASE(half_closed_connection_sleeps_between_writes)

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
             support_is_epoll(&poll) ? MIO_READABLE | MIO_WRITABLE : MIO_READABLE);
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
DEFINE_CASE(event_has_the_directions_that_are_armed, CHANNEL_UNIX, unix)
DEFINE_TCP_CASE(event_has_the_directions_that_are_armed)

/* ---- Kicks ----------------------------------------------------------------------------------- */

static void registration_without_a_waiter_kicks_nothing(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    int fd = support_eventfd(&source, 1);
    for (int i = 0; i < 1000; i++) {
        CHECK_EQ(mio_register(mio_poll_registry(&poll), &source, TOKEN, MIO_READABLE), 0);
        CHECK_EQ(mio_reregister(mio_poll_registry(&poll), &source, TOKEN, MIO_READABLE), 0);
        if (i % 100 == 0)
            test_expect_event(&poll, TOKEN);
        CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &source), 0);
    }
    CHECK_EQ(kicks(&poll), 0);
    CHECK_EQ(close(fd), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void waiter_takes_up_changes_and_sleeps_on(void)
{
    struct mio_poll poll;
    struct mio_source quiet, loud;
    struct waiter waiter;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    int quiet_fd = support_eventfd(&quiet, 0);
    int loud_fd = support_eventfd(&loud, 0);
    waiter_start(&waiter, &poll);
    for (int i = 0; i < 100; i++) {
        CHECK_EQ(mio_register(registry, &quiet, 1, MIO_READABLE), 0);
        CHECK_EQ(mio_reregister(registry, &quiet, 2, MIO_READABLE), 0);
        CHECK_EQ(mio_deregister(registry, &quiet), 0);
    }
    CHECK(!atomic_load(&waiter.done));
    CHECK_EQ(mio_register(registry, &loud, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(write(loud_fd, &(uint64_t){1}, 8), 8);
    CHECK_EQ(waiter_join(&waiter), 1);
    CHECK_EQ(waiter.events[0].token, TOKEN);
    CHECK(support_is_epoll(&poll) ? kicks(&poll) == 0 : kicks(&poll) > 0);
    CHECK_EQ(mio_deregister(registry, &loud), 0);
    CHECK_EQ(close(quiet_fd), 0);
    CHECK_EQ(close(loud_fd), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* A kick and a wake use one descriptor on some backends: the kick may not swallow the wake. */
static void wake_among_kicks_is_reported(void)
{
    struct mio_poll poll;
    struct mio_source source;
    struct mio_waker waker;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    int fd = support_eventfd(&source, 0);
    CHECK_EQ(mio_waker_init(&waker, registry, TOKEN), 0);
    for (long i = 0; i < test_scaled(300); i++) {
        struct waiter waiter;
        waiter_start(&waiter, &poll);
        CHECK_EQ(mio_register(registry, &source, 1, MIO_READABLE), 0);
        CHECK_EQ(mio_waker_wake(&waker), 0);
        CHECK_EQ(mio_deregister(registry, &source), 0);
        CHECK_EQ(waiter_join(&waiter), 1);
        CHECK_EQ(waiter.events[0].token, TOKEN);
    }
    CHECK_EQ(mio_waker_close(&waker), 0);
    CHECK_EQ(close(fd), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* Two wakes, room for one report: the other waker is closed before its turn. */
static void waker_closed_before_its_report_is_silent(void)
{
    struct mio_poll poll;
    struct mio_waker wakers[2], next;
    struct mio_event event;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    for (mio_token i = 0; i < 2; i++) {
        CHECK_EQ(mio_waker_init(&wakers[i], registry, i), 0);
        CHECK_EQ(mio_waker_wake(&wakers[i]), 0);
    }
    CHECK_EQ(mio_poll_wait(&poll, &event, 1, TEST_SOON), 1);
    CHECK(event.token < 2);
    CHECK_EQ(mio_waker_close(&wakers[1 - event.token]), 0);
    CHECK_EQ(mio_waker_init(&next, registry, TOKEN), 0);
    test_expect_no_event(&poll);
    CHECK_EQ(mio_waker_wake(&next), 0);
    test_expect_event(&poll, TOKEN);
    CHECK_EQ(mio_waker_close(&wakers[event.token]), 0);
    CHECK_EQ(mio_waker_close(&next), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static atomic_bool closer_goes;

static void *close_both_soon(void *arg)
{
    struct mio_waker *wakers = arg;
    while (!atomic_load(&closer_goes))
        continue;
    for (int i = 0; i < 2; i++)
        CHECK_EQ(mio_waker_close(&wakers[i]), 0);
    return NULL;
}

/* A wait that looks for them at once, because they are due, may not end when they are closed. */
static void wait_for_wakers_that_close_is_not_early(void)
{
    enum { QUIET = 200 }; /* sources that make the look take its time */
    static struct mio_source quiet[QUIET];
    struct mio_poll poll;
    struct mio_event event;
    test_poll_init(&poll);
    for (int i = 0; i < QUIET; i++) {
        support_eventfd(&quiet[i], 0);
        CHECK_EQ(mio_register(mio_poll_registry(&poll), &quiet[i], TOKEN, MIO_READABLE), 0);
    }
    for (long round = 0; round < test_scaled(1000); round++) {
        struct mio_waker wakers[2];
        pthread_t closer;
        const int64_t timeout = MIO_NS_PER_MS / 2;
        for (mio_token i = 0; i < 2; i++) {
            CHECK_EQ(mio_waker_init(&wakers[i], mio_poll_registry(&poll), i), 0);
            CHECK_EQ(mio_waker_wake(&wakers[i]), 0);
        }
        atomic_store(&closer_goes, false);
        CHECK_EQ(pthread_create(&closer, NULL, close_both_soon, wakers), 0);
        CHECK_EQ(mio_poll_wait(&poll, &event, 1, TEST_SOON), 1);
        atomic_store(&closer_goes, true);
        int64_t begin = mio_now_ns();
        int n = mio_poll_wait(&poll, &event, 1, timeout);
        CHECK(n == 1 || (n == 0 && mio_now_ns() - begin >= timeout));
        CHECK_EQ(pthread_join(closer, NULL), 0);
    }
    for (int i = 0; i < QUIET; i++) {
        int fd = mio_source_fd(&quiet[i]);
        CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &quiet[i]), 0);
        CHECK_EQ(close(fd), 0);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
}

#ifndef MIO_NO_NET
static void peek_that_succeeds_arms_nothing(void)
{
    struct mio_poll poll;
    struct mio_tcp_stream stream;
    char buf[16];
    int peer;
    test_poll_init(&poll);
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &stream.source, TOKEN, MIO_READABLE), 0);
    test_send_all(peer, "data", 4);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    CHECK_EQ(mio_tcp_stream_peek(&stream, buf, sizeof buf), 4);
    test_expect_no_event(&poll);
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    CHECK_EQ(close(peer), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* Reads drain urgent data, too. */
static void urgent_data_is_told_again(void)
{
    struct mio_poll poll;
    struct mio_tcp_stream stream;
    char buf[16];
    int peer;
    test_poll_init(&poll);
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(
        mio_register(mio_poll_registry(&poll), &stream.source, TOKEN, MIO_READABLE | MIO_PRIORITY),
        0);
    for (int round = 0; round < 3; round++) {
        CHECK_EQ(send(peer, "!", 1, MSG_OOB), 1);
        CHECK(test_expect_readiness(&poll, TOKEN, MIO_PRIORITY) & MIO_READABLE);
        CHECK_EQ(recv(mio_source_fd(&stream.source), buf, 1, MSG_OOB), 1);
        CHECK_EQ(mio_tcp_stream_read(&stream, buf, sizeof buf), -EAGAIN);
        test_expect_no_event(&poll);
    }
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    CHECK_EQ(close(peer), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}
#endif

/* ---- Closed descriptors ---------------------------------------------------------------------- */

static void closed_descriptor_is_dropped_and_its_number_serves_again(void)
{
    struct mio_poll poll;
    struct mio_source old, new;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    int fd = support_eventfd(&old, 0);
    CHECK_EQ(mio_register(registry, &old, 1, MIO_READABLE), 0);
    test_expect_no_event(&poll);
    CHECK_EQ(close(fd), 0);
    expect_sleep(&poll);
    CHECK_EQ(mio_source_abandon(&old), 0);
    CHECK_EQ(support_eventfd(&new, 1), fd);
    CHECK_EQ(mio_register(registry, &new, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    CHECK_EQ(mio_deregister(registry, &new), 0);
    CHECK_EQ(close(fd), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void deregister_of_a_dropped_descriptor_unregisters(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    int fd = support_eventfd(&source, 0);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &source, 1, MIO_READABLE), 0);
    CHECK_EQ(close(fd), 0);
    test_expect_no_event(&poll);
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &source), -EBADF);
    CHECK(!mio_source_is_registered(&source));
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* clang-format off */
static const struct test_case cases[] = {
    {"every_ready_source_has_its_turn", every_ready_source_has_its_turn, TEST_ANY_MODE},
    {"wakers_and_sources_take_turns", wakers_and_sources_take_turns, 0},
    STREAM_CASES(end_is_told_undrained, 0)
    STREAM_CASES(hang_up_is_told_once, 0)
    {"half_closed_connection_sleeps_between_writes_unix",
     half_closed_connection_sleeps_between_writes_unix, 0},
    TCP_CASE(half_closed_connection_sleeps_between_writes, 0)
    {"event_has_the_directions_that_are_armed_unix",
     event_has_the_directions_that_are_armed_unix, 0},
    TCP_CASE(event_has_the_directions_that_are_armed, 0)
    {"registration_without_a_waiter_kicks_nothing", registration_without_a_waiter_kicks_nothing, 0},
    {"waiter_takes_up_changes_and_sleeps_on", waiter_takes_up_changes_and_sleeps_on, 0},
    {"wake_among_kicks_is_reported", wake_among_kicks_is_reported, 0},
    {"waker_closed_before_its_report_is_silent", waker_closed_before_its_report_is_silent, 0},
    {"wait_for_wakers_that_close_is_not_early", wait_for_wakers_that_close_is_not_early, 0},
#ifndef MIO_NO_NET
    {"peek_that_succeeds_arms_nothing", peek_that_succeeds_arms_nothing, 0},
    {"urgent_data_is_told_again", urgent_data_is_told_again, 0},
#endif
    {"closed_descriptor_is_dropped_and_its_number_serves_again",
     closed_descriptor_is_dropped_and_its_number_serves_again, 0},
    {"deregister_of_a_dropped_descriptor_unregisters",
     deregister_of_a_dropped_descriptor_unregisters, 0},
    {NULL, NULL, 0},
};
/* clang-format on */

const struct test_suite suite_emulation = {"emulation", cases};
