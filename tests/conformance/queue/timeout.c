/* Timeouts: never early, whatever their size. Nothing here asks for a wait to be short. */
#include "queue/queue_util.h"

#include <string.h>

enum { TOKEN = 7 };

#define NS_PER_US INT64_C(1000)
#define LONG_MS ((INT64_C(1) << 31) * MIO_NS_PER_MS)

/* ---- Timeouts that run out ------------------------------------------------------------------- */

static void check_not_early(struct mio_poll *poll, int64_t timeout)
{
    struct mio_event event;
    int64_t start = mio_now_ns();
    CHECK_EQ(mio_poll_wait(poll, &event, 1, timeout), 0);
    int64_t elapsed = mio_now_ns() - start;
    if (elapsed < timeout)
        test_fail(__FILE__, __LINE__, "asked for %lld ns, waited %lld", (long long)timeout,
                  (long long)elapsed);
}

static void wait_never_ends_early(void)
{
    static const int64_t timeouts[] = {0,
                                       1,
                                       999,
                                       20 * NS_PER_US,
                                       100 * NS_PER_US,
                                       900 * NS_PER_US,
                                       MIO_NS_PER_MS - 1,
                                       MIO_NS_PER_MS,
                                       MIO_NS_PER_MS + 1,
                                       3 * MIO_NS_PER_MS / 2,
                                       2 * MIO_NS_PER_MS - 1,
                                       5 * MIO_NS_PER_MS,
                                       11 * MIO_NS_PER_MS + 1};
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    for (int registered = 0; registered < 2; registered++) {
        for (long round = test_scaled(10); round > 0; round--)
            for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++)
                check_not_early(&poll, timeouts[i]);
        /* Once more with something to watch. */
        if (!registered) {
            queue_loop(&source, false);
            CHECK_EQ(mio_register(mio_poll_registry(&poll), &source, TOKEN,
                                  MIO_READABLE | test_config.mode),
                     0);
        }
    }
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &source), 0);
    CHECK_EQ(plain_close(mio_source_fd(&source)), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* A deadline that has passed; taken for "without end" it would hang. */
static void zero_and_less_ask_without_waiting(void)
{
    static const int64_t timeouts[] = {
        0,        -1,           -999999,       -MIO_NS_PER_MS, -MIO_NS_PER_S,
        -LONG_MS, -2 * LONG_MS, INT64_MIN + 1, INT64_MIN};
    struct mio_poll poll;
    struct mio_source source;
    struct mio_event event;
    test_poll_init(&poll);
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++)
        CHECK_EQ(mio_poll_wait(&poll, &event, 1, timeouts[i]), 0);
    mio_fd fd = queue_loop(&source, true);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &source, TOKEN, MIO_READABLE), 0);
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        CHECK_EQ(mio_poll_wait(&poll, &event, 1, timeouts[i]), 1);
        CHECK_EQ(mio_reregister(mio_poll_registry(&poll), &source, TOKEN, MIO_READABLE), 0);
    }
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &source), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

/* ---- Timeouts that another thread ends ------------------------------------------------------- */

static void *wake_later(void *arg)
{
    thread_sleep(30 * MIO_NS_PER_MS);
    CHECK_EQ(mio_waker_wake(arg), 0);
    return NULL;
}

static void *send_later(void *arg)
{
    thread_sleep(30 * MIO_NS_PER_MS);
    channel_send(arg, "data", 4);
    return NULL;
}

static const int64_t long_timeouts[] = {
    MIO_FOREVER,
    MIO_FOREVER - 1,
    MIO_FOREVER - MIO_NS_PER_MS,
    60 * MIO_NS_PER_S,
    60 * MIO_NS_PER_S + 1,
    LONG_MS - MIO_NS_PER_MS, /* INT_MAX milliseconds */
    LONG_MS - MIO_NS_PER_MS + 1,
    LONG_MS - 1,
    LONG_MS,
    LONG_MS + 1,
    2 * LONG_MS - MIO_NS_PER_MS, /* UINT_MAX milliseconds */
    2 * LONG_MS - 1,
    2 * LONG_MS,
    2 * LONG_MS + 1,
    2 * LONG_MS + 5 * MIO_NS_PER_MS, /* 5 ms when it is cut to 32 bits */
    (INT64_C(1) << 31) * MIO_NS_PER_S,
    (INT64_C(1) << 32) * MIO_NS_PER_S + 1,
};

static void check_long_waits(struct mio_poll *poll, void *(*act)(void *), void *arg)
{
    struct mio_event event;
    for (size_t i = 0; i < sizeof long_timeouts / sizeof long_timeouts[0]; i++) {
        struct thread thread;
        thread_start(&thread, act, arg);
        int n = mio_poll_wait(poll, &event, 1, long_timeouts[i]);
        thread_join(&thread);
        if (n != 1)
            test_note("the timeout was %lld ns", (long long)long_timeouts[i]);
        CHECK_EQ(n, 1);
        CHECK_EQ(event.token, TOKEN);
        CHECK(event.readiness & MIO_READABLE);
    }
}

static void long_wait_lasts_until_a_wake(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    test_poll_init(&poll);
    CHECK_EQ(mio_waker_init(&waker, mio_poll_registry(&poll), TOKEN), 0);
    check_long_waits(&poll, wake_later, &waker);
    CHECK_EQ(mio_waker_close(&waker), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void long_wait_lasts_until_data_arrives(void)
{
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    channel_open(&channel, CHANNEL_UNIX);
    CHECK_EQ(
        mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE | MIO_LEVEL), 0);
    for (int round = 0; round < 2; round++) {
        struct thread thread;
        struct mio_event event;
        thread_start(&thread, send_later, &channel);
        int n = mio_poll_wait(&poll, &event, 1, round ? LONG_MS + 1 : MIO_FOREVER);
        thread_join(&thread);
        CHECK_EQ(n, 1);
        CHECK_EQ(event.token, TOKEN);
        CHECK_EQ(channel_drain(&channel), 4);
    }
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* ---- What happens during a wait -------------------------------------------------------------- */

struct disturber {
    struct mio_poll *poll;
    struct mio_source source;
    atomic_bool stop;
    atomic_int rounds;
};

/* Registers and deregisters something that is never ready, as long as the wait lasts. */
static void *disturb(void *arg)
{
    struct disturber *disturber = arg;
    struct mio_registry *registry = mio_poll_registry(disturber->poll);
    while (!atomic_load(&disturber->stop)) {
        CHECK_EQ(mio_register(registry, &disturber->source, TOKEN, MIO_READABLE), 0);
        CHECK_EQ(mio_reregister(registry, &disturber->source, TOKEN, MIO_READABLE | MIO_LEVEL), 0);
        CHECK_EQ(mio_source_blocked(&disturber->source, MIO_READABLE), 0);
        CHECK_EQ(mio_deregister(registry, &disturber->source), 0);
        atomic_fetch_add(&disturber->rounds, 1);
        thread_sleep(MIO_NS_PER_MS);
    }
    return NULL;
}

/*
 * Registrations in other threads make some backends wake the waiter inside. If that ended the wait,
 * it would be early; if it restarted the time, the wait would never end, since they do not stop.
 */
static void defect_07_timeout_is_not_restarted(void)
{
    struct mio_poll poll;
    struct disturber disturber;
    struct thread thread;
    test_poll_init(&poll);
    memset(&disturber, 0, sizeof disturber);
    disturber.poll = &poll;
    mio_fd fd = queue_loop(&disturber.source, false);
    thread_start(&thread, disturb, &disturber);
    while (atomic_load(&disturber.rounds) == 0)
        thread_sleep(NS_PER_US);
    check_not_early(&poll, 100 * MIO_NS_PER_MS);
    check_not_early(&poll, 50 * MIO_NS_PER_MS + 1);
    atomic_store(&disturber.stop, true);
    thread_join(&thread);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

/* A wake is an event; it does not shorten the waits that come after it. */
static void wait_after_a_wake_is_not_early(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    struct mio_event event;
    test_poll_init(&poll);
    CHECK_EQ(mio_waker_init(&waker, mio_poll_registry(&poll), TOKEN), 0);
    for (int round = 0; round < 10; round++) {
        for (int wakes = 0; wakes <= round; wakes++)
            CHECK_EQ(mio_waker_wake(&waker), 0);
        CHECK_EQ(mio_poll_wait(&poll, &event, 1, TEST_SOON), 1);
        check_not_early(&poll, 3 * MIO_NS_PER_MS / 2);
        check_not_early(&poll, 2 * MIO_NS_PER_MS);
    }
    CHECK_EQ(mio_waker_close(&waker), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* Nobody is left who would be told: of a source that is gone, of a waker that is. */
static void leave_stale_answers(struct mio_poll *poll, struct mio_source *source)
{
    struct mio_registry *registry = mio_poll_registry(poll);
    struct mio_waker waker;
    CHECK_EQ(mio_register(registry, source, TOKEN, MIO_READABLE | test_config.mode), 0);
    CHECK_EQ(mio_deregister(registry, source), 0);
    CHECK_EQ(mio_waker_init(&waker, registry, TOKEN), 0);
    CHECK_EQ(mio_waker_wake(&waker), 0);
    CHECK_EQ(mio_waker_close(&waker), 0);
}

/* Their answers come late and end a wait in the library: it goes on with the rest of its time. */
static void defect_12_stale_answers_end_no_wait(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    mio_fd fd = queue_loop(&source, false);
    for (int round = 0; round < 10; round++) {
        leave_stale_answers(&poll, &source);
        check_not_early(&poll, 5 * MIO_NS_PER_MS + 1);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

static const struct test_case cases[] = {
    {"wait_never_ends_early", wait_never_ends_early, TEST_ANY_MODE},
    {"zero_and_less_ask_without_waiting", zero_and_less_ask_without_waiting, 0},
    {"long_wait_lasts_until_a_wake", long_wait_lasts_until_a_wake, 0},
    {"long_wait_lasts_until_data_arrives", long_wait_lasts_until_data_arrives, 0},
    {"defect_07_timeout_is_not_restarted", defect_07_timeout_is_not_restarted, 0},
    {"defect_12_stale_answers_end_no_wait", defect_12_stale_answers_end_no_wait, TEST_ANY_MODE},
    {"wait_after_a_wake_is_not_early", wait_after_a_wake_is_not_early, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_timeout = {"timeout", cases};
