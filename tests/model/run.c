#include "run.h"

#include "system.h"

#include <string.h>

/* Shrinking gives up after so many runs; what is left then is still a failing list. */
enum { SHRINK_RUNS_MAX = 20000, AFTERWARDS = 64 };

static struct world world;

static struct outcome outcome_of(size_t at)
{
    struct outcome outcome = {.failed = atomic_load(&world.failed), .at = at};
    if (outcome.failed)
        memcpy(outcome.complaint, world.complaint, sizeof outcome.complaint);
    return outcome;
}

static size_t apply_all(const struct operation *operations, size_t count)
{
    size_t done = 0;
    while (done < count && !atomic_load(&world.failed))
        world_apply(&world, operations[done++]);
    return done;
}

struct outcome run_alone(const struct mio_poll_options *options, const struct operation *operations,
                         size_t count)
{
    world_open(&world, options, false);
    size_t done = apply_all(operations, count);
    world_close(&world);
    return outcome_of(done);
}

/* ---- Two threads ----------------------------------------------------------------------------- */

static struct {
    atomic_bool done;
    uint64_t random;
} waiter;

static void *wait_on(void *unused)
{
    while (!atomic_load(&waiter.done) && !atomic_load(&world.failed))
        world_wait_loosely(&world, (uint32_t)operation_random(&waiter.random));
    return unused;
}

/* Lets the other thread in now and then, where two threads share a processor. */
static void apply_beside(const struct operation *operations, size_t count)
{
    for (size_t i = 0; i < count && !atomic_load(&world.failed); i++) {
        world_apply(&world, operations[i]);
        if (operations[i].arg % 16 == 0)
            thread_yield();
        if (operations[i].arg % 32 == 1)
            world_follow(&world);
    }
    world_follow(&world);
}

struct outcome run_with_waiter(const struct mio_poll_options *options,
                               const struct operation *operations, size_t count, uint64_t seed)
{
    struct thread thread;
    struct mio_waker bell;
    world_open(&world, options, true);
    struct queue *queue = &world.queues[0];
    struct model_registration *ring = world_issue(&world, 0, WAKER_PLACE + WAKERS, MIO_READABLE);
    device_require(
        mio_waker_init(&bell, mio_poll_registry(&queue->poll), world_token(&world, ring)) == 0,
        "mio_waker_init");
    queue->users++;
    waiter.random = seed | 1;
    atomic_store(&waiter.done, false);
    thread_start(&thread, wait_on, NULL);
    apply_beside(operations, count);
    atomic_store(&waiter.done, true);
    mio_waker_wake(&bell);
    queue->wakes++;
    thread_join(&thread);
    world_join(&world);
    mio_waker_close(&bell);
    queue->users--;
    size_t again = count < AFTERWARDS ? count : AFTERWARDS;
    apply_all(operations + count - again, again);
    world_close(&world);
    return outcome_of(count);
}

/* ---- Shrinking ------------------------------------------------------------------------------- */

static struct operation trial[OPERATIONS_MAX];

static size_t without(const struct operation *operations, size_t count, size_t from, size_t len)
{
    if (len > count - from)
        len = count - from;
    memcpy(trial, operations, from * sizeof *trial);
    memcpy(trial + from, operations + from + len, (count - from - len) * sizeof *trial);
    return count - len;
}

size_t run_shrink(const struct mio_poll_options *options, struct operation *operations,
                  size_t count)
{
    unsigned runs = 0;
    for (size_t len = count / 2 + 1; len > 0; len = len == 1 ? 0 : (len + 1) / 2) {
        bool again = false;
        for (size_t from = 0; from < count && runs < SHRINK_RUNS_MAX; runs++) {
            size_t rest = without(operations, count, from, len);
            struct outcome outcome = run_alone(options, trial, rest);
            if (!outcome.failed) {
                from += len;
                continue;
            }
            count = outcome.at;
            memcpy(operations, trial, count * sizeof *operations);
            again = true;
        }
        if (len == 1 && again)
            len = 2; /* one that went may have made room for others */
    }
    return count;
}
