/*
 * A wait and the threads beside it: changes and wakes that end it or do not, wakers and descriptors
 * that are closed meanwhile.
 */
#include "queue/queue_util.h"

enum { TOKEN = 7 };

static uint64_t kicks(const struct mio_poll *poll)
{
    struct mio_counters counters;
    CHECK_EQ(mio_poll_counters(poll, &counters), 0);
    return counters.kicks;
}

/* ---- Kicks ----------------------------------------------------------------------------------- */

static void registration_without_a_waiter_kicks_nothing(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    mio_fd fd = queue_loop(&source, true);
    for (int i = 0; i < 1000; i++) {
        CHECK_EQ(mio_register(mio_poll_registry(&poll), &source, TOKEN, MIO_READABLE), 0);
        CHECK_EQ(mio_reregister(mio_poll_registry(&poll), &source, TOKEN, MIO_READABLE), 0);
        if (i % 100 == 0)
            test_expect_event(&poll, TOKEN);
        CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &source), 0);
    }
    CHECK_EQ(kicks(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void waiter_takes_up_changes_and_sleeps_on(void)
{
    struct mio_poll poll;
    struct mio_source quiet, loud;
    struct waiter waiter;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd quiet_fd = queue_loop(&quiet, false);
    mio_fd loud_fd = queue_loop(&loud, false);
    waiter_start(&waiter, &poll);
    for (int i = 0; i < 100; i++) {
        CHECK_EQ(mio_register(registry, &quiet, 1, MIO_READABLE), 0);
        CHECK_EQ(mio_reregister(registry, &quiet, 2, MIO_READABLE), 0);
        CHECK_EQ(mio_deregister(registry, &quiet), 0);
    }
    CHECK(!atomic_load(&waiter.done));
    CHECK_EQ(mio_register(registry, &loud, TOKEN, MIO_READABLE), 0);
    CHECK(plain_loop_make_ready(loud_fd));
    CHECK_EQ(waiter_join(&waiter), 1);
    CHECK_EQ(waiter.events[0].token, TOKEN);
    CHECK(queue_needs_kicks(&poll) ? kicks(&poll) > 0 : kicks(&poll) == 0);
    CHECK_EQ(mio_deregister(registry, &loud), 0);
    CHECK_EQ(plain_close(quiet_fd), 0);
    CHECK_EQ(plain_close(loud_fd), 0);
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
    mio_fd fd = queue_loop(&source, false);
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
    CHECK_EQ(plain_close(fd), 0);
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
        queue_loop(&quiet[i], false);
        CHECK_EQ(mio_register(mio_poll_registry(&poll), &quiet[i], TOKEN, MIO_READABLE), 0);
    }
    for (long round = 0; round < test_scaled(1000); round++) {
        struct mio_waker wakers[2];
        struct thread closer;
        const int64_t timeout = MIO_NS_PER_MS / 2;
        for (mio_token i = 0; i < 2; i++) {
            CHECK_EQ(mio_waker_init(&wakers[i], mio_poll_registry(&poll), i), 0);
            CHECK_EQ(mio_waker_wake(&wakers[i]), 0);
        }
        atomic_store(&closer_goes, false);
        thread_start(&closer, close_both_soon, wakers);
        CHECK_EQ(mio_poll_wait(&poll, &event, 1, TEST_SOON), 1);
        atomic_store(&closer_goes, true);
        int64_t begin = mio_now_ns();
        int n = mio_poll_wait(&poll, &event, 1, timeout);
        CHECK(n == 1 || (n == 0 && mio_now_ns() - begin >= timeout));
        thread_join(&closer);
    }
    for (int i = 0; i < QUIET; i++) {
        mio_fd fd = mio_source_fd(&quiet[i]);
        CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &quiet[i]), 0);
        CHECK_EQ(plain_close(fd), 0);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* ---- Closed descriptors ---------------------------------------------------------------------- */

static void closed_descriptor_is_dropped_and_its_number_serves_again(void)
{
    struct mio_poll poll;
    struct mio_source old, new;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&old, false);
    CHECK_EQ(mio_register(registry, &old, 1, MIO_READABLE), 0);
    test_expect_no_event(&poll);
    CHECK_EQ(plain_close(fd), 0);
    queue_expect_sleep(&poll);
    CHECK_EQ(mio_source_abandon(&old), 0);
    CHECK_EQ(queue_loop(&new, true), fd);
    CHECK_EQ(mio_register(registry, &new, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    CHECK_EQ(mio_deregister(registry, &new), 0);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void deregister_of_a_dropped_descriptor_unregisters(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    mio_fd fd = queue_loop(&source, false);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &source, 1, MIO_READABLE), 0);
    CHECK_EQ(plain_close(fd), 0);
    test_expect_no_event(&poll);
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &source), -EBADF);
    CHECK(!mio_source_is_registered(&source));
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void await_writable(struct mio_poll *poll, int sources)
{
    struct mio_event events[8];
    uint32_t seen = 0;
    while (seen != (UINT32_C(1) << sources) - 1) {
        int n = mio_poll_wait(poll, events, 8, TEST_SOON);
        CHECK(n > 0);
        for (int i = 0; i < n; i++)
            seen |= UINT32_C(1) << events[i].token;
    }
}

/* The sources before and behind it are told, in this wait and in the next ones. */
static void defect_09_bad_socket_disturbs_no_other(void)
{
    enum { SOURCES = 3, BAD = 1 };
    struct mio_poll poll;
    struct channel channels[SOURCES];
    char buf[8];
    test_poll_init(&poll);
    for (int i = 0; i < SOURCES; i++) {
        channel_open(&channels[i], CHANNEL_UNIX);
        CHECK_EQ(mio_register(mio_poll_registry(&poll), channels[i].source, (mio_token)i,
                              MIO_READABLE | MIO_WRITABLE),
                 0);
    }
    await_writable(&poll, SOURCES); /* so each is to be looked at again, by the next wait */
    CHECK_EQ(plain_close(channels[BAD].fd), 0);
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < SOURCES; i += 2) {
            channel_send(&channels[i], "data", 4);
            test_expect_readiness(&poll, (mio_token)i, MIO_READABLE);
            CHECK_EQ(channel_read(&channels[i], buf, sizeof buf), 4);
        }
    CHECK_EQ(mio_source_abandon(channels[BAD].source), 0);
    channel_close_peer(&channels[BAD]);
    for (int i = 0; i < SOURCES; i += 2)
        channel_close(&channels[i], mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/*
 * A source ends while the system is about to tell of it, and the next one takes its place in the
 * table of the backend, where there is one: it is told nothing of its predecessor's.
 */
static void next_source_is_told_nothing_of_the_one_before(void)
{
    struct mio_poll poll;
    struct channel gone, next;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    channel_open(&gone, CHANNEL_UNIX);
    channel_open(&next, CHANNEL_UNIX);
    for (int round = 0; round < 2; round++) {
        CHECK_EQ(mio_register(registry, gone.source, 1, MIO_READABLE), 0);
        if (round == 0) {
            channel_send(&gone, "data", 4);
            channel_await_bytes(&gone, 4);
        } else {
            channel_reset(&gone);
            channel_await_end(&gone);
        }
        CHECK_EQ(mio_deregister(registry, gone.source), 0);
        CHECK_EQ(mio_register(registry, next.source, TOKEN, MIO_READABLE), 0);
        queue_expect_sleep(&poll);
        CHECK_EQ(mio_deregister(registry, next.source), 0);
    }
    channel_close(&gone, registry);
    channel_close(&next, registry);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* clang-format off */
static const struct test_case cases[] = {
    {"registration_without_a_waiter_kicks_nothing", registration_without_a_waiter_kicks_nothing, 0},
    {"waiter_takes_up_changes_and_sleeps_on", waiter_takes_up_changes_and_sleeps_on, 0},
    {"wake_among_kicks_is_reported", wake_among_kicks_is_reported, 0},
    {"waker_closed_before_its_report_is_silent", waker_closed_before_its_report_is_silent, 0},
    {"wait_for_wakers_that_close_is_not_early", wait_for_wakers_that_close_is_not_early, 0},
    {"closed_descriptor_is_dropped_and_its_number_serves_again",
     closed_descriptor_is_dropped_and_its_number_serves_again, 0},
    {"deregister_of_a_dropped_descriptor_unregisters",
     deregister_of_a_dropped_descriptor_unregisters, 0},
    {"next_source_is_told_nothing_of_the_one_before",
     next_source_is_told_nothing_of_the_one_before, 0},
    {"defect_09_bad_socket_disturbs_no_other", defect_09_bad_socket_disturbs_no_other, 0},
    {NULL, NULL, 0},
};
/* clang-format on */

const struct test_suite suite_kicks = {"kicks", cases};
