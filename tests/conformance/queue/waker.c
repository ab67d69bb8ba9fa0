/* Wakers: what one wake does, what many do, and what is left of them after a close. */
#include "queue/waker_util.h"

#include <string.h>

enum { OTHER = 8, SOURCE = 9 };

/* ---- What a wake does ------------------------------------------------------------------------ */

static void wake_before_a_wait_is_reported_once(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    waker_open(&poll, &waker);
    test_expect_no_event(&poll);
    waker_wake_and_expect(&poll, &waker, TOKEN);
    test_expect_no_event(&poll);
    waker_close(&poll, &waker);
}

static void many_wakes_merge_into_one_event(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    struct mio_event events[8];
    waker_open(&poll, &waker);
    for (int i = 0; i < 100; i++)
        CHECK_EQ(mio_waker_wake(&waker), 0);
    CHECK_EQ(mio_poll_wait(&poll, events, 8, TEST_SOON), 1);
    CHECK_EQ(events[0].token, TOKEN);
    test_expect_no_event(&poll);
    waker_close(&poll, &waker);
}

/* More often than a pipe has bytes: nothing fills up, though nobody drains anything. */
static void every_wake_after_a_report_is_a_new_event(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    struct mio_event events[8];
    waker_open(&poll, &waker);
    for (long i = 0, rounds = 1000 + test_scaled(80000); i < rounds; i++) {
        CHECK_EQ(mio_waker_wake(&waker), 0);
        CHECK_EQ(mio_poll_wait(&poll, events, 8, TEST_SOON), 1);
        CHECK_EQ(events[0].token, TOKEN);
        if (i < 1000)
            CHECK_EQ(mio_poll_wait(&poll, events, 8, 0), 0);
    }
    waker_close(&poll, &waker);
}

static void defect_01b_waker_event_is_readable(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    waker_open(&poll, &waker);
    for (int round = 0; round < 3; round++) {
        CHECK_EQ(mio_waker_wake(&waker), 0);
        uint32_t readiness = test_expect_event(&poll, TOKEN);
        CHECK(readiness & MIO_READABLE);
        CHECK((readiness & (MIO_ERROR | MIO_READ_CLOSED | MIO_WRITE_CLOSED)) == 0);
    }
    waker_close(&poll, &waker);
}

static void defect_01_lost_wake(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    struct mio_source source;
    waker_open(&poll, &waker);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = plain_loop(false);
    CHECK_EQ(mio_source_init_fd(&source, fd), 0);
    for (int round = 0; round < 3; round++) {
        CHECK_EQ(mio_waker_wake(&waker), 0);
        CHECK_EQ(mio_register(registry, &source, SOURCE, MIO_READABLE), 0);
        test_expect_event(&poll, TOKEN);
        CHECK_EQ(mio_waker_wake(&waker), 0);
        CHECK_EQ(mio_reregister(registry, &source, SOURCE, MIO_READABLE | MIO_LEVEL), 0);
        test_expect_event(&poll, TOKEN);
        CHECK_EQ(mio_waker_wake(&waker), 0);
        CHECK_EQ(mio_source_blocked(&source, MIO_READABLE), 0);
        test_expect_event(&poll, TOKEN);
        CHECK_EQ(mio_waker_wake(&waker), 0);
        CHECK_EQ(mio_deregister(registry, &source), 0);
        test_expect_event(&poll, TOKEN);
        test_expect_no_event(&poll);
    }
    plain_close(fd);
    waker_close(&poll, &waker);
}

static void wakes_are_counted(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    struct mio_counters counters;
    waker_open(&poll, &waker);
    for (uint64_t round = 1; round <= 3; round++) {
        for (int i = 0; i < 5; i++)
            CHECK_EQ(mio_waker_wake(&waker), 0);
        test_expect_event(&poll, TOKEN);
        CHECK_EQ(mio_poll_counters(&poll, &counters), 0);
        /* One that spins is awake between waits. */
        CHECK_EQ(counters.wakes, test_config.poll.spin_ns ? 0 : round);
        CHECK_EQ(counters.wakes_coalesced, (test_config.poll.spin_ns ? 5 : 4) * round);
        CHECK_EQ(counters.events, round);
        CHECK_EQ(counters.kicks, 0);
    }
    waker_close(&poll, &waker);
}

static void wake_keeps_errno(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    waker_open(&poll, &waker);
    for (int i = 0; i < 3; i++) { /* the first is sent, the others are covered by it */
        errno = EDOM;
        int result = mio_waker_wake(&waker);
        CHECK_EQ(errno, EDOM);
        CHECK_EQ(result, 0);
    }
    test_expect_event(&poll, TOKEN);
    waker_close(&poll, &waker);
    errno = EDOM;
    CHECK_EQ(mio_waker_wake(&waker), -EBADF);
    CHECK_EQ(errno, EDOM);
}

/* ---- Opening and closing --------------------------------------------------------------------- */

static void closed_wakers_and_null_are_refused(void)
{
    struct mio_poll poll;
    struct mio_waker waker = {0};
    CHECK_EQ(mio_waker_wake(&waker), -EBADF);
    CHECK_EQ(mio_waker_close(&waker), 0);
    CHECK_EQ(mio_waker_abandon(&waker), 0);
    CHECK_EQ(mio_waker_wake(NULL), -EINVAL);
    CHECK_EQ(mio_waker_close(NULL), -EINVAL);
    CHECK_EQ(mio_waker_abandon(NULL), -EINVAL);
    CHECK_EQ(mio_waker_init(&waker, NULL, TOKEN), -EINVAL);
    CHECK_EQ(mio_waker_init(NULL, NULL, TOKEN), -EINVAL);
    waker_open(&poll, &waker);
    CHECK_EQ(mio_waker_init(NULL, mio_poll_registry(&poll), TOKEN), -EINVAL);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(mio_waker_close(&waker), 0);
        CHECK_EQ(mio_waker_wake(&waker), -EBADF);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void init_on_a_closed_registry_leaves_the_waker_closed(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    struct mio_registry clone, zero = {0};
    test_poll_init(&poll);
    CHECK_EQ(mio_registry_clone(mio_poll_registry(&poll), &clone), 0);
    CHECK_EQ(mio_registry_close(&clone), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    struct mio_registry *closed[] = {&zero, &clone, mio_poll_registry(&poll)};
    for (int i = 0; i < 3; i++) {
        memset(&waker, 0xa5, sizeof waker); /* init does not look at what was there */
        CHECK_EQ(mio_waker_init(&waker, closed[i], TOKEN), -EBADF);
        CHECK_EQ(mio_waker_wake(&waker), -EBADF);
        CHECK_EQ(mio_waker_close(&waker), 0);
    }
}

static void waker_outlives_the_registry_clone_it_was_opened_with(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    struct mio_registry clone;
    test_poll_init(&poll);
    CHECK_EQ(mio_registry_clone(mio_poll_registry(&poll), &clone), 0);
    CHECK_EQ(mio_waker_init(&waker, &clone, TOKEN), 0);
    waker_wake_and_expect(&poll, &waker, TOKEN);
    CHECK_EQ(mio_registry_close(&clone), 0);
    waker_wake_and_expect(&poll, &waker, TOKEN);
    waker_close(&poll, &waker);
}

static void poll_with_an_open_waker_cannot_be_closed(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    waker_open(&poll, &waker);
    CHECK_EQ(mio_poll_close(&poll), -EBUSY);
    waker_wake_and_expect(&poll, &waker, TOKEN);
    CHECK_EQ(mio_waker_wake(&waker), 0);
    CHECK_EQ(mio_poll_close(&poll), -EBUSY);
    test_expect_event(&poll, TOKEN);
    waker_close(&poll, &waker);
}

static void defect_16_second_waker_after_the_first_was_closed(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    test_poll_init(&poll);
    for (int round = 0; round < MIO_WAKERS_MAX + 8; round++) {
        CHECK_EQ(mio_waker_init(&waker, mio_poll_registry(&poll), TOKEN), 0);
        waker_wake_and_expect(&poll, &waker, TOKEN);
        CHECK_EQ(mio_waker_close(&waker), 0);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* The end of a waker: its wake is not reported, and the next one in its place is not deaf. */
static void check_pending_wake_is_dropped(int (*end)(struct mio_waker *waker))
{
    struct mio_poll poll;
    struct mio_waker waker;
    waker_open(&poll, &waker);
    for (int round = 0; round < 3; round++) {
        CHECK_EQ(mio_waker_wake(&waker), 0);
        CHECK_EQ(end(&waker), 0);
        if (round == 1)
            test_expect_no_event(&poll);
        CHECK_EQ(mio_waker_init(&waker, mio_poll_registry(&poll), OTHER), 0);
        if (round == 2)
            test_expect_no_event(&poll);
        waker_wake_and_expect(&poll, &waker, OTHER);
    }
    CHECK_EQ(mio_waker_wake(&waker), 0);
    waker_close(&poll, &waker);
}

static void defect_27_close_drops_a_pending_wake(void)
{
    check_pending_wake_is_dropped(mio_waker_close);
}

static void abandon_drops_a_pending_wake(void)
{
    check_pending_wake_is_dropped(mio_waker_abandon);
}

static void descriptors_are_nonblocking_and_not_inherited(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    bool before[256];
    test_poll_init(&poll);
    for (mio_fd fd = 0; fd < 256; fd++)
        before[fd] = plain_is_open(fd);
    CHECK_EQ(mio_waker_init(&waker, mio_poll_registry(&poll), TOKEN), 0);
    int opened = 0;
    for (mio_fd fd = 0; fd < 256; fd++)
        if (!before[fd] && plain_is_open(fd)) {
            opened++;
            CHECK(test_is_cloexec(fd));
            CHECK(test_is_nonblocking(fd));
        }
    CHECK(opened <= 2);
    waker_close(&poll, &waker);
}

/* Tries often, so that a failed init that keeps its place among the 32 would be seen. */
static void running_out_of_descriptors_leaves_nothing_behind(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    test_poll_init(&poll);
    for (int i = 0; i < 2 * (MIO_WAKERS_MAX + 1); i++) {
        /* Room for none, for one where two are needed. */
        if (!descriptors_leave(i % 2))
            SKIP("the system has no limit of descriptors");
        int result = mio_waker_init(&waker, mio_poll_registry(&poll), TOKEN);
        descriptors_give_back();
        CHECK(result == -EMFILE || result == 0);
        CHECK_EQ(mio_waker_wake(&waker), result == 0 ? 0 : -EBADF);
        CHECK_EQ(mio_waker_close(&waker), 0);
    }
    CHECK_EQ(mio_waker_init(&waker, mio_poll_registry(&poll), TOKEN), 0);
    waker_wake_and_expect(&poll, &waker, TOKEN);
    waker_close(&poll, &waker);
}

static const struct test_case cases[] = {
    {"wake_before_a_wait_is_reported_once", wake_before_a_wait_is_reported_once, 0},
    {"many_wakes_merge_into_one_event", many_wakes_merge_into_one_event, 0},
    {"every_wake_after_a_report_is_a_new_event", every_wake_after_a_report_is_a_new_event, 0},
    {"defect_01b_waker_event_is_readable", defect_01b_waker_event_is_readable, 0},
    {"defect_01_lost_wake", defect_01_lost_wake, 0},
    {"wakes_are_counted", wakes_are_counted, 0},
    {"wake_keeps_errno", wake_keeps_errno, 0},
    {"closed_wakers_and_null_are_refused", closed_wakers_and_null_are_refused, 0},
    {"init_on_a_closed_registry_leaves_the_waker_closed",
     init_on_a_closed_registry_leaves_the_waker_closed, 0},
    {"waker_outlives_the_registry_clone_it_was_opened_with",
     waker_outlives_the_registry_clone_it_was_opened_with, 0},
    {"poll_with_an_open_waker_cannot_be_closed", poll_with_an_open_waker_cannot_be_closed, 0},
    {"defect_16_second_waker_after_the_first_was_closed",
     defect_16_second_waker_after_the_first_was_closed, 0},
    {"defect_27_close_drops_a_pending_wake", defect_27_close_drops_a_pending_wake, 0},
    {"abandon_drops_a_pending_wake", abandon_drops_a_pending_wake, 0},
    {"descriptors_are_nonblocking_and_not_inherited", descriptors_are_nonblocking_and_not_inherited,
     0},
    {"running_out_of_descriptors_leaves_nothing_behind",
     running_out_of_descriptors_leaves_nothing_behind, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_waker = {"waker", cases};
