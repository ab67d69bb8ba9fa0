/*
 * The waker.
 *   pending   wakes of a loop that does not wait and was woken already: what each costs
 *   busy      wakes, one after the other, of a loop that works 5 us between two turns
 *   sleeping  a wake of a loop that sleeps: from before the wake until after the wait
 *   soon      the same 10 us after the wait began: a loop that spins has not fallen asleep yet
 *   idle      the CPU time of a loop that is woken every so many ns and has nothing else to do, for
 *             each of its waits: on a machine that others use, too, there are fewer than wakes
 */
#define _GNU_SOURCE 1 /* CLOCK_THREAD_CPUTIME_ID */
#include "harness.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum {
    WAKES_A_BLOCK = 256,
    SAMPLES_MAX = 65536,
    WORK_NS = 5000,
    FALL_ASLEEP_NS = 100000,
    SOON_NS = 10000
};

struct waking {
    void *loop;
    bool sleeping, idle;
    int64_t pause_ns;           /* between the begin of a wait and the wake */
    int64_t waits_done, cpu_ns; /* of the loop, at the end */
    atomic_bool stop, waits;
    _Atomic int64_t woken_at; /* by the loop's clock; 0 until then */
    int error;
};

static int wake_block(struct waking *w)
{
    for (int i = 0; i < WAKES_A_BLOCK; i++)
        if (contestant.wake(w->loop) != 0)
            return fail("wake");
    return 0;
}

/* Wakes until the time is over. A mean, so that the few wakes that cost more than others count. */
static int measure_blocks(struct waking *w)
{
    int64_t start = now_ns(), now = start, blocks = 0;
    for (int64_t end = start + argument_seconds_ns(); now < end; now = now_ns(), blocks++)
        if (wake_block(w) != 0)
            return 1;
    print_result("ns", (double)(now - start) / (double)(blocks * WAKES_A_BLOCK));
    return 0;
}

static int measure_sleeping(struct waking *w)
{
    static double samples[SAMPLES_MAX];
    size_t n = 0;
    for (int64_t end = now_ns() + argument_seconds_ns(); n < SAMPLES_MAX && now_ns() < end; n++) {
        while (!atomic_exchange(&w->waits, false))
            continue;
        spin_ns(w->pause_ns);
        int64_t woken_at, start = now_ns();
        if (contestant.wake(w->loop) != 0)
            return fail("wake");
        while ((woken_at = atomic_exchange(&w->woken_at, 0)) == 0)
            continue;
        samples[n] = (double)(woken_at - start);
    }
    print_result("ns", median_of(samples, n));
    return 0;
}

static int64_t thread_cpu_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec;
}

/* Wakes at regular times, and asks nothing else. */
static int wake_idle(struct waking *w)
{
    int64_t every = argument_number("every", NS_PER_MS), next = now_ns();
    for (int64_t end = next + argument_seconds_ns(); next < end;) {
        next += every;
        while (now_ns() < next)
            continue;
        if (contestant.wake(w->loop) != 0)
            return fail("wake");
    }
    return 0;
}

/* The thread of the loop. */
static void *run_loop(void *arg)
{
    struct waking *w = arg;
    w->error = pin_to_cpu(argument_number("cpu", -1));
    while (w->error == 0 && !atomic_load(&w->stop)) {
        if (w->sleeping) {
            atomic_store(&w->waits, true);
            w->error = contestant.wait(w->loop, -1);
            atomic_store(&w->woken_at, now_ns());
        } else if (w->idle) {
            w->error = contestant.wait(w->loop, -1);
            w->waits_done++;
        } else {
            contestant.turn(w->loop);
            spin_ns(WORK_NS);
        }
    }
    w->cpu_ns = thread_cpu_ns();
    return NULL;
}

static int measure_with_loop(struct waking *w)
{
    pthread_t thread;
    if (pin_to_cpu(argument_number("peer_cpu", -1)) != 0)
        return fail("peer_cpu");
    if (pthread_create(&thread, NULL, run_loop, w) != 0)
        return fail("pthread_create");
    int result = w->idle ? wake_idle(w) : w->sleeping ? measure_sleeping(w) : measure_blocks(w);
    atomic_store(&w->stop, true);
    if (contestant.wake(w->loop) != 0)
        return fail("wake");
    pthread_join(thread, NULL);
    if (w->idle && result == 0)
        print_result("ns", (double)w->cpu_ns / (double)w->waits_done);
    return result != 0 ? result : w->error;
}

int case_waker(void)
{
    struct waking w = {.loop = contestant.open(0, true)};
    const char *kind = argument("kind", "pending");
    int result;

    if (!w.loop)
        return fail("open");
    bool soon = strcmp(kind, "soon") == 0;
    w.sleeping = soon || strcmp(kind, "sleeping") == 0;
    w.pause_ns = soon ? SOON_NS : FALL_ASLEEP_NS;
    w.idle = strcmp(kind, "idle") == 0;
    if (!w.sleeping && !w.idle && strcmp(kind, "pending") != 0 && strcmp(kind, "busy") != 0) {
        errno = EINVAL;
        return fail("kind");
    }
    if (strcmp(kind, "pending") == 0)
        result = wake_block(&w) != 0 || measure_blocks(&w) != 0;
    else
        result = measure_with_loop(&w);
    contestant.close(w.loop);
    return result;
}
