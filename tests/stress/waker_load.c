/*
 * How wakers are put under load.
 *
 * Each waking thread has a lane: it publishes a number there, by plain relaxed stores that nothing
 * but the wake orders, and wakes. When the waker's token is reported the waiter notes what it sees.
 * All proceeds in rounds: a thread wakes a few times, each time for a higher number, then it only
 * looks whether the waiter has seen the last one. The next round begins when all threads are
 * satisfied, so that no later wake comes to the rescue of one that was lost: it shows as a thread
 * that waits in vain. Other sources of the poll go on all the time, for a lost wake must not hide
 * behind them, nor be caused by them.
 */
#include "waker_load.h"

#include "net.h"
#include "plain.h"
#include "stress.h"
#include "system.h"

#include <limits.h>
#include <stdatomic.h>

enum { THREADS_MAX = 6, NOISES = 3, NOISE_TOKEN = 100, LINES = 12, LIFE_MAX = 64 };

/* ThreadSanitizer runs a handler late, at the next call that it intercepts: look again at times. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define LONG_WAIT (5 * MIO_NS_PER_MS)
#else
#define LONG_WAIT MIO_FOREVER
#endif

/* The words that a thread publishes lie on cache lines that the waiter takes away from it at every
 * look. So the stores stay in the processor's buffer for a while, and a wake that does not order
 * them is found out. */
struct line {
    _Alignas(64) atomic_ulong published;
    atomic_ulong taken;
};

struct lane {
    struct line lines[LINES];
    atomic_ulong by_handler;
    _Alignas(128) atomic_ulong seen;
    atomic_ulong seen_by_handler;
    _Alignas(128) struct mio_waker *waker;
    mio_token token;
    atomic_bool locked;   /* keeps the thread there while it is signalled */
    bool alive;           /* under the lock */
    struct thread thread; /* under the lock where threads come and go */
    struct thread keeper; /* starts the threads of the lane where they do */
    long round;           /* the next one */
    unsigned long number; /* published last */
    uint32_t random;
};

static struct {
    struct load_plan plan;
    struct mio_poll poll;
    struct mio_waker wakers[THREADS_MAX];
    struct lane lanes[THREADS_MAX + 1]; /* the last one is the waiter's, for its handler alone */
    struct mio_source noises[NOISES + 1];
    mio_fd fds[NOISES + 1];
    atomic_long rounds, round, lives;
    atomic_uint arrived;
    atomic_ulong handled;
    atomic_bool done;
} s;

/* Waits until what was seen reaches what was published. */
static void await_seen(atomic_ulong *seen, unsigned long published, const char *complaint)
{
    struct stress_patience patience = {.spins = s.plan.threads > 1 ? 200 : 4000};
    while (atomic_load_explicit(seen, memory_order_relaxed) < published &&
           stress_go_on(&patience, complaint))
        continue;
}

static uint64_t wakes_so_far(void)
{
    struct mio_counters counters;
    stress_require(mio_poll_counters(&s.poll, &counters) == 0, "there are no counters");
    return counters.wakes + counters.wakes_coalesced;
}

/* All threads of the plan, and the signalling one, meet here at the end of a round. */
static void meet(long round)
{
    struct stress_patience patience = {.spins = 200};
    if (atomic_fetch_add(&s.arrived, 1) + 1 == s.plan.threads + s.plan.signals) {
        atomic_store(&s.arrived, 0);
        if (s.plan.wakes ? wakes_so_far() >= s.plan.wakes : stress_is_enough())
            atomic_store(&s.rounds, round + 1);
        atomic_store(&s.round, round + 1);
    }
    while (atomic_load(&s.round) == round && stress_go_on(&patience, NULL))
        continue;
}

/* ---- The threads ----------------------------------------------------------------------------- */

/* Differs from time to time, so that threads meet at every point of each other's way. */
static void dawdle(uint32_t *random)
{
    uint32_t turns = stress_random(random, stress_random(random, 16) == 0 ? 10000 : 1000);
    while (turns-- > 0)
        atomic_signal_fence(memory_order_seq_cst);
}

static void publish_and_wake(struct lane *lane, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        lane->number++;
        for (int k = 0; k < LINES; k++)
            atomic_store_explicit(&lane->lines[k].published, lane->number, memory_order_relaxed);
        stress_require(mio_waker_wake(lane->waker) == 0, "a wake failed");
    }
}

/* With a wake on its way that nobody waits for. */
static void renew_waker(struct lane *lane)
{
    publish_and_wake(lane, 1);
    stress_require(mio_waker_close(lane->waker) == 0, "a waker does not close");
    stress_require(mio_waker_init(lane->waker, mio_poll_registry(&s.poll), lane->token) == 0,
                   "a waker does not open");
}

/* Most often a few wakes, for a wake can be lost at the end of a burst alone; many at times. */
static unsigned choose_burst(uint32_t *random)
{
    unsigned most = s.plan.burst;
    if (s.plan.skewed)
        most >>= stress_random(random, 13);
    return 1 + (most > 1 ? stress_random(random, most) : 0);
}

static void run_rounds(struct lane *lane, long end)
{
    for (; lane->round < end && lane->round < atomic_load(&s.rounds) && !stress_has_failed();
         lane->round++) {
        dawdle(&lane->random);
        publish_and_wake(lane, choose_burst(&lane->random));
        await_seen(&lane->seen, lane->number, "a wake was lost");
        if (s.plan.renewed && lane->round % 2 != 0)
            renew_waker(lane);
        meet(lane->round);
    }
}

/* Takes a lane's lock without sleeping in it, so that handlers run here under every sanitizer. */
static bool lock_lane(struct lane *lane)
{
    struct stress_patience patience = {.spins = 200};
    while (atomic_exchange(&lane->locked, true))
        if (!stress_go_on(&patience, "a lock is not given back"))
            return false;
    return true;
}

static void unlock_lane(struct lane *lane)
{
    atomic_store(&lane->locked, false);
}

static void *run_lane(void *arg)
{
    struct lane *lane = arg;
    if (s.plan.signals)
        thread_set_own(lane);
    long life = 1 + (long)stress_random(&lane->random, LIFE_MAX);
    run_rounds(lane, s.plan.come_and_go ? lane->round + life : LONG_MAX);
    if (lock_lane(lane)) {
        lane->alive = false;
        unlock_lane(lane);
    }
    thread_set_own(NULL);
    return NULL;
}

static void start_lane(struct lane *lane)
{
    lane->alive = true;
    thread_start(&lane->thread, run_lane, lane);
    atomic_fetch_add(&s.lives, 1);
}

/* One thread after the other, each for a few rounds. */
static void *keep_lane(void *arg)
{
    struct lane *lane = arg;
    while (lane->round < atomic_load(&s.rounds) && !stress_has_failed()) {
        if (!lock_lane(lane))
            break;
        start_lane(lane);
        unlock_lane(lane);
        thread_join(&lane->thread);
    }
    return NULL;
}

static void wake_in_handler(int signal)
{
    struct lane *self = thread_own();
    (void)signal;
    if (self) {
        atomic_fetch_add_explicit(&self->by_handler, 1, memory_order_relaxed);
        stress_require(mio_waker_wake(self->waker) == 0, "a wake in a handler failed");
    }
    atomic_fetch_add(&s.handled, 1);
}

/* Signals one at a time, then makes sure that all that the handlers published was seen. */
static void *run_signals(void *arg)
{
    uint32_t random = 1;
    unsigned long sent = 0;
    (void)arg;
    for (long round = 0; round < atomic_load(&s.rounds) && !stress_has_failed(); round++) {
        for (uint32_t left = 1 + stress_random(&random, 3); left > 0; left--) {
            struct lane *lane = &s.lanes[stress_random(&random, s.plan.threads + 1)];
            if (!lock_lane(lane))
                break;
            if (lane->alive) {
                thread_interrupt(&lane->thread);
                await_seen(&s.handled, ++sent, "a handler did not run");
            }
            unlock_lane(lane);
            await_seen(&lane->seen_by_handler,
                       atomic_load_explicit(&lane->by_handler, memory_order_relaxed),
                       "a wake of a handler was lost");
        }
        meet(round);
    }
    return NULL;
}

static void *run_noise(void *arg)
{
    uint32_t random = 2;
    (void)arg;
    while (!atomic_load(&s.done)) {
        for (uint32_t left = stress_random(&random, 8); left > 0; left--)
            stress_require(plain_loop_make_ready(s.fds[stress_random(&random, NOISES)]),
                           "a source of noise takes no more");
        if (stress_random(&random, 4) == 0)
            stress_pause_us(stress_random(&random, 100));
    }
    return NULL;
}

static void look(struct lane *lane)
{
    unsigned long seen = ULONG_MAX;
    for (int k = LINES - 1; k >= 0; k--) {
        unsigned long one = atomic_load_explicit(&lane->lines[k].published, memory_order_relaxed);
        seen = one < seen ? one : seen;
    }
    unsigned long by_handler = atomic_load_explicit(&lane->by_handler, memory_order_relaxed);
    atomic_store_explicit(&lane->seen, seen, memory_order_relaxed);
    atomic_store_explicit(&lane->seen_by_handler, by_handler, memory_order_relaxed);
    for (int k = 0; k < LINES; k++)
        atomic_store_explicit(&lane->lines[k].taken, seen, memory_order_relaxed);
}

static void *run_waiter(void *arg)
{
    struct mio_event events[LOAD_CAPACITY_MAX];
    struct lane *lane = arg;
    if (s.plan.signals)
        thread_set_own(lane);
    while (!atomic_load(&s.done)) {
        int n = mio_poll_wait(&s.poll, events, s.plan.capacity, LONG_WAIT);
        stress_require(n >= 0 || n == -EINTR, "a wait failed");
        for (int i = 0; i < n; i++) {
            stress_require((events[i].readiness & MIO_READABLE) != 0, "an event is not readable");
            for (unsigned k = 0; k <= s.plan.threads; k++)
                if (s.lanes[k].token == events[i].token)
                    look(&s.lanes[k]);
            if (events[i].token >= NOISE_TOKEN && events[i].token < NOISE_TOKEN + NOISES)
                test_drain(&s.noises[events[i].token - NOISE_TOKEN]);
        }
        dawdle(&lane->random);
    }
    thread_set_own(NULL);
    return NULL;
}

/* ---- A plan from begin to end ---------------------------------------------------------------- */

static void open_noise(unsigned i, bool ready, mio_interest mode)
{
    s.fds[i] = plain_loop(ready);
    CHECK_EQ(mio_source_init_fd(&s.noises[i], s.fds[i]), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&s.poll), &s.noises[i], NOISE_TOKEN + i,
                          MIO_READABLE | mode),
             0);
}

static void set_up(const struct load_plan *plan)
{
    s.plan = *plan;
    atomic_store(&s.rounds, plan->wakes ? LONG_MAX : test_scaled(plan->rounds));
    atomic_store(&s.round, 0);
    atomic_store(&s.lives, 0);
    atomic_store(&s.arrived, 0);
    atomic_store(&s.handled, 0);
    atomic_store(&s.done, false);
    test_poll_init(&s.poll);
    for (unsigned i = 0; i < NOISES; i++)
        open_noise(i, false, MIO_EDGE);
    if (plan->busy)
        open_noise(NOISES, true, MIO_LEVEL);
    for (unsigned i = 0; i < plan->wakers; i++)
        CHECK_EQ(mio_waker_init(&s.wakers[i], mio_poll_registry(&s.poll), i), 0);
    for (unsigned i = 0; i <= plan->threads; i++) {
        struct lane *lane = &s.lanes[i];
        *lane = (struct lane){.random = i + 1, .token = i % plan->wakers};
        lane->waker = &s.wakers[lane->token];
    }
}

static void tear_down(void)
{
    for (unsigned i = 0; i < s.plan.wakers; i++)
        CHECK_EQ(mio_waker_close(&s.wakers[i]), 0);
    for (int i = 0; i < NOISES + s.plan.busy; i++) {
        CHECK_EQ(mio_deregister(mio_poll_registry(&s.poll), &s.noises[i]), 0);
        CHECK_EQ(plain_close(s.fds[i]), 0);
    }
    CHECK_EQ(mio_poll_close(&s.poll), 0);
}

static void report_counters(double seconds)
{
    struct mio_counters counters;
    CHECK_EQ(mio_poll_counters(&s.poll, &counters), 0);
    test_note("%ld rounds by %ld threads in %.2f s, %ju wakes sent, %ju merged, %ju waits, "
              "%lu signals",
              atomic_load(&s.round), atomic_load(&s.lives), seconds, (uintmax_t)counters.wakes,
              (uintmax_t)counters.wakes_coalesced, (uintmax_t)counters.waits,
              atomic_load(&s.handled));
}

static void start_and_join(void)
{
    struct thread noise, signals;
    const struct load_plan *plan = &s.plan;
    struct lane *waiter = &s.lanes[plan->threads];
    waiter->alive = true;
    thread_start(&waiter->thread, run_waiter, waiter);
    for (unsigned i = 0; i < plan->threads; i++)
        if (plan->come_and_go)
            thread_start(&s.lanes[i].keeper, keep_lane, &s.lanes[i]);
        else
            start_lane(&s.lanes[i]);
    if (plan->noise)
        thread_start(&noise, run_noise, NULL);
    if (plan->signals)
        thread_start(&signals, run_signals, NULL);

    for (unsigned i = 0; i < plan->threads; i++)
        thread_join(plan->come_and_go ? &s.lanes[i].keeper : &s.lanes[i].thread);
    if (plan->signals)
        thread_join(&signals);
    atomic_store(&s.done, true);
    if (plan->noise)
        thread_join(&noise);
    /* A waiter that sleeps although a waker was lost is got out by a source instead. */
    CHECK(plain_loop_make_ready(s.fds[0]));
    thread_join(&waiter->thread);
}

void load_run(const struct load_plan *plan)
{
    set_up(plan);
    stress_begin();
    thread_on_interrupt(wake_in_handler);
    const int64_t begin = mio_now_ns();
    start_and_join();
    thread_on_interrupt(NULL);
    report_counters((double)(mio_now_ns() - begin) / 1e9);
    tear_down();
    stress_end();
}
