/*
 * Scale: a process at its limit of open descriptors, with a source on nearly every one of them.
 *
 *     scale_stress [--limit=N] ...
 *
 * By hand the limit can be up to 20,000; the tests run with some 2,000.
 */
#define _GNU_SOURCE 1
#include "net.h"
#include "scale.h"
#include "stress.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { TOKEN_WAKER = SCALE_MAX }; /* no cell has it */

static atomic_bool done;

static void trigger_in_groups(void)
{
    static const size_t capacities[] = {1, 7, 64, SCALE_CAPACITY_MAX};
    for (unsigned i = 0; i < scale.count; i++)
        scale_trigger(i);
    scale_collect(64);
    for (long left = test_scaled(60); left > 0; left--) {
        uint32_t sizes = scale_below(3);
        uint32_t size = sizes == 0 ? 1 : sizes == 1 ? scale_below(16) : scale_below(400);
        while (size-- > 0)
            scale_trigger(scale_below(scale.count));
        scale_collect(scale.expected > 16 ? capacities[1 + scale_below(3)]
                                          : capacities[scale_below(4)]);
    }
    /* The first and the last places of the table, one at a time. */
    for (unsigned i = 0; i < 70; i++) {
        scale_trigger(i);
        scale_collect(1);
        scale_trigger(scale.count - 1 - i);
        scale_collect(1);
    }
}

static void in_mode(mio_interest mode)
{
    scale_begin();
    scale.mode = mode;
    scale_fill();
    trigger_in_groups();
    test_note("%u sources, %ld blocks of memory", scale.count, scale.blocks);
    scale_end();
}

static void every_source_of_a_full_process_is_told_once_for_each_trigger(void)
{
    in_mode(MIO_EDGE);
    in_mode(MIO_LEVEL);
    in_mode(MIO_EDGE | MIO_ONESHOT);
}

/* The new descriptor has the number of the old one, for no other is free. */
static void replace(unsigned i)
{
    struct scale_cell *cell = &scale.cells[i];
    int number = cell->fd;
    scale.expected -= cell->triggered; /* it goes untold */
    cell->triggered = false;
    CHECK_EQ(mio_deregister(mio_poll_registry(&scale.poll), &cell->source), 0);
    CHECK_EQ(close(number), 0);
    cell->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    CHECK_EQ(cell->fd, number);
    cell->generation++;
    scale_watch(i);
}

static void replacing_sources_at_the_limit_confuses_nobody_and_needs_no_memory(void)
{
    scale_begin();
    scale_fill();
    CHECK(eventfd(0, EFD_CLOEXEC) < 0);
    long asked = scale.asked;
    for (long left = test_scaled(20000); left > 0; left--) {
        unsigned i = scale_below(scale.count);
        if (scale_below(3) == 0)
            scale_trigger(i);
        else if (!scale.cells[i].is_stream)
            replace(i);
        if (scale_below(64) == 0)
            scale_collect(64);
    }
    scale_collect(64);
    CHECK_EQ(scale.asked, asked);
    for (unsigned i = 0; i < scale.count; i++)
        scale_trigger(i);
    scale_collect(SCALE_CAPACITY_MAX);
    scale_end();
}

static void *run_waiter(void *arg)
{
    struct mio_event events[64];
    (void)arg;
    while (!atomic_load(&done) && !stress_has_failed()) {
        int n = mio_poll_wait(&scale.poll, events, 64, MIO_FOREVER);
        stress_require(n > 0 || n == -EINTR, "a wait failed");
        for (int i = 0; i < n; i++) {
            if (events[i].token == TOKEN_WAKER)
                continue;
            struct scale_cell *cell = scale_cell_of(events[i].token);
            test_drain(&cell->source);
            atomic_fetch_add(&cell->told, 1);
        }
    }
    return NULL;
}

static void await_told(struct scale_cell *cell)
{
    struct stress_patience patience = {.spins = 200};
    while (atomic_load(&cell->told) < cell->due && stress_go_on(&patience, "a source is not told"))
        continue;
    stress_require(atomic_load(&cell->told) <= cell->due, "a source was told twice");
}

/* The table of the poll backend is replaced by larger ones while the kernel has it. */
static void table_that_grows_during_waits_loses_nothing(void)
{
    pthread_t waiter;
    struct mio_waker waker;
    scale_begin();
    stress_begin();
    atomic_store(&done, false);
    CHECK_EQ(mio_waker_init(&waker, mio_poll_registry(&scale.poll), TOKEN_WAKER), 0);
    CHECK_EQ(pthread_create(&waiter, NULL, run_waiter, NULL), 0);
    for (int fd; (fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC)) >= 0 && !stress_has_failed();) {
        scale.cells[scale.count].due = 0; /* scale_add watches a source that is ready */
        scale_add(fd, false);
        scale.cells[scale.count - 1].due = 1;
        struct scale_cell *old = &scale.cells[scale_below(scale.count)];
        if (atomic_load(&old->told) == old->due) {
            const uint64_t one = 1;
            old->due++;
            stress_require(write(old->fd, &one, sizeof one) > 0, "an eventfd takes no more");
        }
    }
    for (unsigned i = 0; i < scale.count; i++)
        await_told(&scale.cells[i]);
    atomic_store(&done, true);
    CHECK_EQ(mio_waker_wake(&waker), 0);
    pthread_join(waiter, NULL);
    stress_end();
    CHECK_EQ(mio_waker_close(&waker), 0);
    test_note("%u sources, %ld blocks of memory, asked for %ld times", scale.count, scale.blocks,
              scale.asked);
    scale_end();
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"every_source_of_a_full_process_is_told_once_for_each_trigger",
         every_source_of_a_full_process_is_told_once_for_each_trigger, 0},
        {"replacing_sources_at_the_limit_confuses_nobody_and_needs_no_memory",
         replacing_sources_at_the_limit_confuses_nobody_and_needs_no_memory, 0},
        {"table_that_grows_during_waits_loses_nothing", table_that_grows_during_waits_loses_nothing,
         0},
#ifndef MIO_NO_NET
        {"accepting_at_the_limit_fails_and_goes_on_when_there_is_room",
         accepting_at_the_limit_fails_and_goes_on_when_there_is_room, 0},
#endif
        {NULL, NULL, 0},
    };
    static const struct test_suite suite = {"scale", cases};
    int left = 0;
    for (int i = 0; i < argc; i++)
        if (strncmp(argv[i], "--limit=", 8) == 0)
            scale_limit = strtol(argv[i] + 8, NULL, 10);
        else
            argv[left++] = argv[i];
    return test_main(left, argv, (const struct test_suite *const[]){&suite, NULL});
}
