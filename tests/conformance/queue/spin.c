/*
 * Polls that spin, with times of their own. The contract of every poll is theirs as well: for that
 * all suites run once more with --spin.
 */
#include "queue/waker_util.h"

#include <signal.h>

/* More wakers than a poll that spins can have. */
enum { SPINNING_WAKERS = MIO_WAKERS_MAX - 1 };

static struct mio_poll_options options_with(int64_t spin_ns)
{
    struct mio_poll_options options = test_config.poll;
    options.spin_ns = spin_ns;
    return options;
}

static bool can_spin(void)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    bool can = (mio_poll_features(&poll) & MIO_CAN_SPIN) != 0;
    CHECK_EQ(mio_poll_close(&poll), 0);
    return can;
}

/* Opens one that spins, or skips the case. */
static void open_spinning(struct mio_poll *poll, int64_t spin_ns)
{
    struct mio_poll_options options = options_with(spin_ns);
    if (!can_spin())
        SKIP("this backend does not spin");
    CHECK_EQ(mio_poll_init_with(poll, &options), 0);
}

static struct mio_counters counters_of(const struct mio_poll *poll)
{
    struct mio_counters counters;
    CHECK_EQ(mio_poll_counters(poll, &counters), 0);
    return counters;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static void poll_spins_where_the_feature_says_so(void)
{
    static const int64_t times[] = {1, 50000, MIO_FOREVER};
    struct mio_poll poll;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct mio_poll_options options = options_with(times[i]);
        CHECK_EQ(mio_poll_init_with(&poll, &options), can_spin() ? 0 : -ENOTSUP);
        CHECK((mio_poll_features(&poll) != 0) == can_spin());
        CHECK_EQ(mio_poll_close(&poll), 0);
    }
}

static void negative_spin_is_invalid(void)
{
    static const int64_t times[] = {-1, -50000, INT64_MIN};
    struct mio_poll poll;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct mio_poll_options options = options_with(times[i]);
        CHECK_EQ(mio_poll_init_with(&poll, &options), -EINVAL);
        CHECK_EQ(mio_poll_features(&poll), 0);
    }
}

static void feature_is_no_interest(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    mio_fd fd = queue_loop(&source, true);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_CAN_SPIN), -EINVAL);
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE | MIO_CAN_SPIN), -EINVAL);
    CHECK(!mio_source_is_registered(&source));
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void poll_that_spins_has_no_descriptor(void)
{
    struct mio_poll poll;
    open_spinning(&poll, 50000);
    CHECK_EQ(mio_poll_fd(&poll), MIO_FD_NONE);
    CHECK_EQ(mio_registry_fd(mio_poll_registry(&poll)), MIO_FD_NONE);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void waker_32_is_refused_and_all_others_work(void)
{
    struct mio_poll poll;
    struct mio_waker wakers[MIO_WAKERS_MAX];
    struct mio_event events[MIO_WAKERS_MAX];
    open_spinning(&poll, 50000);
    for (mio_token i = 0; i < SPINNING_WAKERS; i++)
        CHECK_EQ(mio_waker_init(&wakers[i], mio_poll_registry(&poll), i), 0);
    CHECK_EQ(mio_waker_init(&wakers[SPINNING_WAKERS], mio_poll_registry(&poll), 0), -ENOSPC);
    for (int round = 0; round < 3; round++) {
        uint64_t seen = 0;
        for (int i = 0; i < SPINNING_WAKERS; i++)
            CHECK_EQ(mio_waker_wake(&wakers[i]), 0);
        CHECK_EQ(mio_poll_wait(&poll, events, MIO_WAKERS_MAX, 0), SPINNING_WAKERS);
        for (int i = 0; i < SPINNING_WAKERS; i++)
            seen |= UINT64_C(1) << events[i].token;
        CHECK_EQ(seen, (UINT64_C(1) << SPINNING_WAKERS) - 1);
        CHECK_EQ(mio_poll_wait(&poll, events, MIO_WAKERS_MAX, 0), 0);
    }
    for (int i = 0; i < SPINNING_WAKERS; i++)
        CHECK_EQ(mio_waker_close(&wakers[i]), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* ---- Wakes ----------------------------------------------------------------------------------- */

static void *wake_ten_times(void *waker)
{
    for (int i = 0; i < 10; i++) {
        thread_sleep(MIO_NS_PER_MS);
        CHECK_EQ(mio_waker_wake(waker), 0);
    }
    return NULL;
}

static void wake_of_a_poll_that_is_awake_costs_no_system_call(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    struct mio_event event;
    struct thread thread;
    unsigned rounds = 0;
    open_spinning(&poll, MIO_FOREVER);
    CHECK_EQ(mio_waker_init(&waker, mio_poll_registry(&poll), TOKEN), 0);
    CHECK_EQ(mio_waker_wake(&waker), 0);
    test_expect_event(&poll, TOKEN);
    /* On a busy machine a wait may begin when its wake is there already: that is no hit. */
    while (counters_of(&poll).spins_hit == 0) {
        CHECK(++rounds <= 100);
        thread_start(&thread, wake_ten_times, &waker);
        /* One of them comes alone, for the thread that waits never sleeps. */
        CHECK_EQ(mio_poll_wait(&poll, &event, 1, MIO_FOREVER), 1);
        CHECK_EQ(event.token, TOKEN);
        thread_join(&thread);
        CHECK_EQ(counters_of(&poll).wakes, 0);
        CHECK_EQ(counters_of(&poll).wakes_coalesced, 1 + 10 * rounds);
        while (mio_poll_wait(&poll, &event, 1, 0) == 1)
            continue;
    }
    waker_close(&poll, &waker);
}

/* Until a wake has met the thread asleep. */
static void wake_of_a_poll_that_sleeps_is_sent(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    struct waiter waiter;
    open_spinning(&poll, 1);
    CHECK_EQ(mio_waker_init(&waker, mio_poll_registry(&poll), TOKEN), 0);
    for (int tries = 0; counters_of(&poll).wakes == 0; tries++) {
        CHECK(tries < 1000);
        waiter_start(&waiter, &poll);
        thread_sleep(MIO_NS_PER_MS);
        CHECK_EQ(mio_waker_wake(&waker), 0);
        CHECK_EQ(waiter_join(&waiter), 1);
        CHECK_EQ(waiter.events[0].token, TOKEN);
    }
    waker_close(&poll, &waker);
}

static struct mio_waker *handler_waker;
static atomic_int handler_runs;

static void run_in_handler(int signal)
{
    (void)signal;
    if (handler_waker)
        mio_waker_wake(handler_waker);
    atomic_fetch_add(&handler_runs, 1);
}

static void *interrupt_three_times(void *waiter)
{
    for (int runs = 0; runs < 3; runs++) {
        thread_sleep(MIO_NS_PER_MS);
        thread_interrupt(waiter);
        while (atomic_load(&handler_runs) == runs)
            thread_sleep(MIO_NS_PER_MS);
    }
    return NULL;
}

/* It leaves no trace: only a wake of its own ends the wait. */
static void handler_ends_a_spin_by_a_wake_alone(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    struct mio_event event;
    struct thread self = thread_self();
    queue_need_interrupts();
    open_spinning(&poll, MIO_FOREVER);
    CHECK_EQ(mio_waker_init(&waker, mio_poll_registry(&poll), TOKEN), 0);
    thread_on_interrupt(run_in_handler);
    for (int wakes = 0; wakes < 2; wakes++) {
        struct thread thread;
        atomic_store(&handler_runs, 0);
        handler_waker = wakes ? &waker : NULL;
        thread_start(&thread, interrupt_three_times, &self);
        int n = mio_poll_wait(&poll, &event, 1, wakes ? MIO_FOREVER : 50 * MIO_NS_PER_MS);
        CHECK_EQ(n, wakes);
        thread_join(&thread);
        while (mio_poll_wait(&poll, &event, 1, 0) == 1)
            CHECK(wakes);
    }
    CHECK_EQ(counters_of(&poll).wakes, 0);
    thread_on_interrupt(NULL);
    waker_close(&poll, &waker);
}

/* ---- The back-off ---------------------------------------------------------------------------- */

/* A spin of 1 ns finds nothing, and the sleep ends too late for a second one. */
static void spins_that_find_nothing_are_left_out(void)
{
    static const int with_spin[] = {1, 5, 21, 85, 341, 597};
    struct mio_poll poll;
    struct mio_event event;
    uint64_t spins = 0;
    open_spinning(&poll, 1);
    for (int wait = 1; wait <= 600; wait++) {
        spins += spins < sizeof with_spin / sizeof with_spin[0] && wait == with_spin[spins];
        CHECK_EQ(mio_poll_wait(&poll, &event, 1, MIO_NS_PER_MS / 10), 0);
        CHECK_EQ(counters_of(&poll).spins_missed, spins);
    }
    CHECK_EQ(counters_of(&poll).spins_hit, 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* Whether a sleep can end within a millisecond. */
static bool sleeps_are_fine(void)
{
    struct mio_poll poll;
    struct mio_event event;
    bool fine = false;
    test_poll_init(&poll);
    for (int i = 0; i < 5 && !fine; i++) {
        const int64_t begin = clock_now_ns();
        CHECK_EQ(mio_poll_wait(&poll, &event, 1, MIO_NS_PER_MS * 3 / 10), 0);
        fine = clock_now_ns() - begin < MIO_NS_PER_MS * 9 / 10;
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
    return fine;
}

/* Though the kernel ends long sleeps late. One of the first four waits begins with a spin. */
static void long_wait_ends_with_a_spin(void)
{
    struct mio_poll poll;
    struct mio_event event;
    if (!sleeps_are_fine())
        SKIP("sleeps end at whole milliseconds here");
    open_spinning(&poll, MIO_NS_PER_MS / 10);
    for (int wait = 0; wait < 4; wait++)
        CHECK_EQ(mio_poll_wait(&poll, &event, 1, 200 * MIO_NS_PER_MS), 0);
    CHECK(counters_of(&poll).spins_missed > 1);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

struct later {
    struct channel *channel;
    int64_t pause;
};

static void *send_later(void *arg)
{
    const struct later *later = arg;
    thread_sleep(later->pause);
    channel_send(later->channel, "data", 4);
    return NULL;
}

/* Waits for data that another thread sends after a while. */
static void get_data(struct mio_poll *poll, struct channel *channel, int64_t pause)
{
    struct later later = {channel, pause};
    struct thread thread;
    struct mio_event event;
    thread_start(&thread, send_later, &later);
    CHECK_EQ(mio_poll_wait(poll, &event, 1, MIO_FOREVER), 1);
    CHECK_EQ(event.token, TOKEN);
    thread_join(&thread);
    CHECK_EQ(channel_drain(channel), 4);
}

/* One after the other, so that they have to count as failures: nothing else is heard of them. */
static void waits_that_never_sleep_count(void)
{
    const int64_t spin = MIO_NS_PER_MS;
    struct mio_poll poll;
    struct channel channel;
    struct mio_event event;
    open_spinning(&poll, spin);
    channel_open(&channel, CHANNEL_UNIX);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE), 0);
    for (uint64_t wait = 1; wait <= 6; wait++) {
        CHECK_EQ(mio_poll_wait(&poll, &event, 1, spin), 0);
        CHECK_EQ(counters_of(&poll).spins_missed, wait);
    }
    /* A spin before the sleep would be one more. */
    get_data(&poll, &channel, 20 * spin);
    CHECK_EQ(counters_of(&poll).spins_missed, 6);
    CHECK_EQ(counters_of(&poll).spins_hit, 0);
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* Idle, then busy: sleeps in a row that a spin would have spared bring the spins back. */
static void spins_come_back_with_events(void)
{
    const int64_t spin = 20 * MIO_NS_PER_MS;
    struct mio_poll poll;
    struct channel channel;
    struct mio_event event;
    open_spinning(&poll, spin);
    channel_open(&channel, CHANNEL_UNIX);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE), 0);
    for (int phase = 0; phase < 2; phase++) {
        uint64_t hits = counters_of(&poll).spins_hit;
        for (int idle = 0; idle < 8; idle++)
            CHECK_EQ(mio_poll_wait(&poll, &event, 1, spin), 0);
        /* 255 sleeps are to come without a spin: with a few of them short, the spins are back. */
        int busy = 0;
        for (; counters_of(&poll).spins_hit == hits; busy++)
            get_data(&poll, &channel, MIO_NS_PER_MS);
        CHECK(busy < 50); /* 3, but for those that a busy machine makes long */
    }
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static const struct test_case cases[] = {
    {"poll_spins_where_the_feature_says_so", poll_spins_where_the_feature_says_so, 0},
    {"negative_spin_is_invalid", negative_spin_is_invalid, 0},
    {"feature_is_no_interest", feature_is_no_interest, 0},
    {"poll_that_spins_has_no_descriptor", poll_that_spins_has_no_descriptor, 0},
    {"waker_32_is_refused_and_all_others_work", waker_32_is_refused_and_all_others_work, 0},
    {"wake_of_a_poll_that_is_awake_costs_no_system_call",
     wake_of_a_poll_that_is_awake_costs_no_system_call, 0},
    {"wake_of_a_poll_that_sleeps_is_sent", wake_of_a_poll_that_sleeps_is_sent, 0},
    {"handler_ends_a_spin_by_a_wake_alone", handler_ends_a_spin_by_a_wake_alone, 0},
    {"spins_that_find_nothing_are_left_out", spins_that_find_nothing_are_left_out, 0},
    {"long_wait_ends_with_a_spin", long_wait_ends_with_a_spin, 0},
    {"waits_that_never_sleep_count", waits_that_never_sleep_count, 0},
    {"spins_come_back_with_events", spins_come_back_with_events, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_spin = {"spin", cases};
