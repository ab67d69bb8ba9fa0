/*
 * Wakers under load. Is a wake ever lost?
 *
 *     waker_stress [--wakes=N] [--patience=MS] ...
 *
 * --wakes makes the last case go on until so many wakes were made: run that case alone then.
 * --patience is how long a wake may take before it counts as lost; for runs with a library that is
 * known to lose wakes (mutants/).
 */
#include "stress.h"
#include "system.h"
#include "waker_load.h"

#include <stdlib.h>
#include <string.h>

static uint64_t wakes_by_hand;

/* One event a wait, and several. */
static void run_both(struct load_plan plan)
{
    plan.capacity = 1;
    load_run(&plan);
    plan.capacity = LOAD_CAPACITY_MAX;
    load_run(&plan);
}

static void ping_pong_with_a_waiter_that_sleeps(void)
{
    run_both((struct load_plan){.rounds = 15000, .threads = 1, .wakers = 1, .burst = 1});
}

static void merging_wakes_and_a_waiter_that_never_sleeps(void)
{
    run_both(
        (struct load_plan){.rounds = 200000, .threads = 1, .wakers = 1, .burst = 4, .busy = true});
}

static void threads_that_share_wakers_amid_noise(void)
{
    run_both(
        (struct load_plan){.rounds = 4000, .threads = 4, .wakers = 3, .burst = 8, .noise = true});
}

static void threads_that_wake_as_fast_as_they_can(void)
{
    run_both(
        (struct load_plan){.rounds = 40, .threads = 3, .wakers = 2, .burst = 50000, .noise = true});
}

static void need_handlers(void)
{
    if (!thread_can_interrupt())
        SKIP("no signal interrupts a thread here");
}

static void handlers_that_wake_amid_wakes_and_waits(void)
{
    need_handlers();
    struct load_plan plan = {.rounds = 2000, .threads = 3, .wakers = 2, .burst = 64};
    plan.noise = plan.signals = true;
    run_both(plan);
}

static void wakers_that_are_opened_and_closed_during_waits(void)
{
    struct load_plan plan = {.rounds = 4000, .threads = 4, .wakers = 4, .burst = 3};
    plan.noise = plan.renewed = true;
    run_both(plan);
}

static void threads_that_come_and_go_amid_noise(void)
{
    struct load_plan plan = {.rounds = 500, .threads = 3, .wakers = 2, .burst = 4096};
    plan.skewed = plan.noise = plan.come_and_go = true;
    run_both(plan);
}

/* All of it at once. With --wakes=N the number of wakes ends it, for runs of hours by hand. */
static void threads_that_come_and_go_amid_handlers_and_noise(void)
{
    need_handlers();
    struct load_plan plan = {.rounds = 500, .threads = 3, .wakers = 2, .burst = 4096};
    plan.skewed = plan.noise = plan.signals = plan.come_and_go = true;
    plan.wakes = (wakes_by_hand + 1) / 2;
    if (plan.wakes)
        deadline_set(0, NULL); /* the harness's limit is for runs that end by themselves */
    run_both(plan);
}

/* Takes --wakes=N and --patience=MS out of the arguments. Returns how many are left. */
static int take_options(int argc, char **argv)
{
    int left = 0;
    for (int i = 0; i < argc; i++)
        if (strncmp(argv[i], "--wakes=", 8) == 0)
            wakes_by_hand = strtoull(argv[i] + 8, NULL, 10);
        else if (strncmp(argv[i], "--patience=", 11) == 0)
            stress_set_patience(strtol(argv[i] + 11, NULL, 10) * MIO_NS_PER_MS);
        else
            argv[left++] = argv[i];
    argv[left] = NULL;
    return left;
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"ping_pong_with_a_waiter_that_sleeps", ping_pong_with_a_waiter_that_sleeps, 0},
        {"merging_wakes_and_a_waiter_that_never_sleeps",
         merging_wakes_and_a_waiter_that_never_sleeps, 0},
        {"threads_that_share_wakers_amid_noise", threads_that_share_wakers_amid_noise, 0},
        {"threads_that_wake_as_fast_as_they_can", threads_that_wake_as_fast_as_they_can, 0},
        {"handlers_that_wake_amid_wakes_and_waits", handlers_that_wake_amid_wakes_and_waits, 0},
        {"wakers_that_are_opened_and_closed_during_waits",
         wakers_that_are_opened_and_closed_during_waits, 0},
        {"threads_that_come_and_go_amid_noise", threads_that_come_and_go_amid_noise, 0},
        {"threads_that_come_and_go_amid_handlers_and_noise",
         threads_that_come_and_go_amid_handlers_and_noise, 0},
        {NULL, NULL, 0},
    };
    static const struct test_suite suite = {"waker", cases};
    argc = take_options(argc, argv);
    return test_main(argc, argv, (const struct test_suite *const[]){&suite, NULL});
}
