/* Several wakers: of one poll, of two, and of a poll in a poll. */
#include "queue/waker_util.h"

enum { OTHER = 8, SOURCE = 9 };

/* One that spins can have one less. */
static int most_wakers(void)
{
    return test_config.poll.spin_ns ? MIO_WAKERS_MAX - 1 : MIO_WAKERS_MAX;
}

/* Opens as many as a poll can have; waker i has token i. */
static void open_all(struct mio_poll *poll, struct mio_waker *wakers)
{
    test_poll_init(poll);
    for (mio_token i = 0; i < (mio_token)most_wakers(); i++)
        CHECK_EQ(mio_waker_init(&wakers[i], mio_poll_registry(poll), i), 0);
}

static void close_all(struct mio_poll *poll, struct mio_waker *wakers)
{
    for (int i = 0; i < most_wakers(); i++)
        CHECK_EQ(mio_waker_close(&wakers[i]), 0);
    CHECK_EQ(mio_poll_close(poll), 0);
}

/* Waits until each of the wakers first to last was reported, each of them once. */
static void expect_wakers(struct mio_poll *poll, size_t capacity, mio_token first, mio_token last)
{
    struct mio_event events[MIO_WAKERS_MAX];
    uint64_t seen = 0;
    for (mio_token left = last - first + 1; left > 0;) {
        int n = mio_poll_wait(poll, events, capacity, TEST_SOON);
        CHECK(n > 0 && (size_t)n <= capacity);
        for (int i = 0; i < n; i++, left--) {
            CHECK(events[i].token >= first && events[i].token <= last);
            CHECK((seen >> events[i].token & 1) == 0);
            seen |= UINT64_C(1) << events[i].token;
        }
    }
    test_expect_no_event(poll);
}

static void every_waker_reports_its_own_token(void)
{
    struct mio_poll poll;
    struct mio_waker wakers[MIO_WAKERS_MAX];
    open_all(&poll, wakers);
    for (mio_token i = 0; i < (mio_token)most_wakers(); i++)
        waker_wake_and_expect(&poll, &wakers[i], i);
    for (int i = 0; i < most_wakers(); i++)
        CHECK_EQ(mio_waker_wake(&wakers[i]), 0);
    expect_wakers(&poll, MIO_WAKERS_MAX, 0, (mio_token)most_wakers() - 1);
    close_all(&poll, wakers);
}

static void waker_beyond_the_most_is_refused_until_another_one_is_closed(void)
{
    struct mio_poll poll;
    struct mio_waker wakers[MIO_WAKERS_MAX], extra;
    open_all(&poll, wakers);
    struct mio_registry *registry = mio_poll_registry(&poll);
    for (int i = 0; i < most_wakers(); i += 5) {
        CHECK_EQ(mio_waker_init(&extra, registry, OTHER), -ENOSPC);
        CHECK_EQ(mio_waker_wake(&extra), -EBADF);
        CHECK_EQ(mio_waker_close(&wakers[i]), 0);
        CHECK_EQ(mio_waker_init(&extra, registry, OTHER), 0);
        waker_wake_and_expect(&poll, &extra, OTHER);
        CHECK_EQ(mio_waker_close(&extra), 0);
        CHECK_EQ(mio_waker_init(&wakers[i], registry, (mio_token)i), 0);
    }
    for (int i = 0; i < most_wakers(); i++)
        CHECK_EQ(mio_waker_wake(&wakers[i]), 0);
    expect_wakers(&poll, MIO_WAKERS_MAX, 0, (mio_token)most_wakers() - 1);
    close_all(&poll, wakers);
}

/* A wait that reports one waker forgets nothing of the others, woken again or not. */
static void several_wakers_are_reported_through_capacity_one(void)
{
    struct mio_poll poll;
    struct mio_waker wakers[MIO_WAKERS_MAX];
    struct mio_event event;
    open_all(&poll, wakers);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 5; i++)
            CHECK_EQ(mio_waker_wake(&wakers[i]), 0);
        expect_wakers(&poll, 1, 0, 4);
    }
    for (int i = 0; i < 5; i++)
        CHECK_EQ(mio_waker_wake(&wakers[i]), 0);
    CHECK_EQ(mio_poll_wait(&poll, &event, 1, TEST_SOON), 1);
    for (int i = 0; i < 5; i++)
        CHECK_EQ(mio_waker_wake(&wakers[i]), 0);
    expect_wakers(&poll, 1, 0, 4);
    close_all(&poll, wakers);
}

static void every_token_value_is_the_callers(void)
{
    static const mio_token tokens[] = {0, 1, UINTPTR_MAX, UINTPTR_MAX / 2 + 1, (uint32_t)-1};
    struct mio_poll poll;
    struct mio_waker waker;
    test_poll_init(&poll);
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        CHECK_EQ(mio_waker_init(&waker, mio_poll_registry(&poll), tokens[i]), 0);
        waker_wake_and_expect(&poll, &waker, tokens[i]);
        CHECK_EQ(mio_waker_close(&waker), 0);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void wake_reaches_the_poll_of_the_waker_alone(void)
{
    struct mio_poll polls[2];
    struct mio_waker wakers[2];
    for (int i = 0; i < 2; i++)
        waker_open(&polls[i], &wakers[i]);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(mio_waker_wake(&wakers[i]), 0);
        test_expect_no_event(&polls[1 - i]);
        test_expect_event(&polls[i], TOKEN);
    }
    for (int i = 0; i < 2; i++)
        waker_close(&polls[i], &wakers[i]);
}

static void waker_of_a_nested_poll_makes_the_outer_one_readable(void)
{
    struct mio_poll inner, outer;
    struct mio_waker waker;
    struct mio_source source;
    waker_open(&inner, &waker);
    test_poll_init(&outer);
    if (mio_poll_fd(&inner) == MIO_FD_NONE) {
        waker_close(&inner, &waker);
        CHECK_EQ(mio_poll_close(&outer), 0);
        SKIP("this backend has no descriptor");
    }
    CHECK_EQ(mio_source_init_fd(&source, mio_poll_fd(&inner)), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&outer), &source, SOURCE, MIO_READABLE), 0);
    test_expect_no_event(&outer);
    for (int round = 0; round < 10; round++) {
        CHECK_EQ(mio_waker_wake(&waker), 0);
        CHECK(test_expect_event(&outer, SOURCE) & MIO_READABLE);
        test_expect_event(&inner, TOKEN);
    }
    test_expect_no_event(&inner);
    CHECK_EQ(mio_deregister(mio_poll_registry(&outer), &source), 0);
    CHECK_EQ(mio_poll_close(&outer), 0);
    waker_close(&inner, &waker);
}

static const struct test_case cases[] = {
    {"every_waker_reports_its_own_token", every_waker_reports_its_own_token, 0},
    {"waker_beyond_the_most_is_refused_until_another_one_is_closed",
     waker_beyond_the_most_is_refused_until_another_one_is_closed, 0},
    {"several_wakers_are_reported_through_capacity_one",
     several_wakers_are_reported_through_capacity_one, 0},
    {"every_token_value_is_the_callers", every_token_value_is_the_callers, 0},
    {"wake_reaches_the_poll_of_the_waker_alone", wake_reaches_the_poll_of_the_waker_alone, 0},
    {"waker_of_a_nested_poll_makes_the_outer_one_readable",
     waker_of_a_nested_poll_makes_the_outer_one_readable, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_waker_many = {"waker_many", cases};
