/* The driver of the sweep. */
#include "run.h"

#include <errno.h>
#include <stdio.h>

/* Of the calls that one step makes, or the same step in another place, so many are swept. */
enum { CALLS_MAX = 12, PROBLEMS_SHOWN = 200 };

/* A scenario that hangs is ended after this time. An emulator is slow. */
enum { SCENARIO_SECONDS = 300 };

static struct {
    unsigned long scenarios, sites, faults, left_out, problems;
} total;

static const char *name_of_error(int error)
{
    return error == FAULT_ONE_BYTE       ? "short"
           : error == FAULT_ANSWERS_LOST ? "made and interrupted"
                                         : mio_error_name(error);
}

static void tell(const struct scenario *scenario, const struct fault_plan *plan)
{
    if (++total.problems > PROBLEMS_SHOWN)
        return;
    if (!plan)
        test_note("%s, without a fault: %s", scenario->name, sweep_run.problem);
    else
        test_note("%s, %s number %lu is %s%s: %s", scenario->name, sweep_name(sweep_run.number),
                  plan->nth, name_of_error(plan->error), plan->all_after ? " from then on" : "",
                  sweep_run.problem);
}

/*
 * Events may come in parts, so that not each run makes as many calls. Another run makes the call
 * that was not made. And the system may lose datagrams, with other tests beside: twice in some
 * hundred thousand runs it did. A loss by the library comes in each run.
 */
static void run(const struct scenario *scenario, int number, const struct fault_plan *plan)
{
    enum { TRIES = 5 };
    bool fits = false;
    total.faults += plan != NULL;
    for (int tries = 0; !fits && tries < TRIES; tries++) {
        fits = sweep_once(scenario, number, plan);
        if (!sweep_run.missed && !sweep_run.lost)
            break;
    }
    if (!fits)
        tell(scenario, plan);
}

/*
 * Whether the library would repeat the call for ever, or wait busily: an error that stays is then
 * not a case of it.
 */
static bool may_stay(const struct rule *rule, int error)
{
    if (rule->outcome == IS_ABSORBED && (error == EINTR || error == EAGAIN))
        return false;
    return rule->outcome != IS_MENDED && !sweep_is_repeated(rule->call, error);
}

static void sweep_site(const struct scenario *scenario, int number, unsigned long nth,
                       const char *call, int ordinal)
{
    const struct rule *rule = NULL;
    int rules = 0;
    while ((rule = sweep_next_rule(rule, call, number, ordinal))) {
        rules++;
        for (int i = 0; i < RULE_ERRORS && rule->errors[i] != 0; i++) {
            int error = rule->errors[i];
            struct fault_plan plan = {number < FAULT_CALLS ? (enum fault_call)number : 0, nth,
                                      false, error};
            if (sweep_rule_of(call, number, ordinal, error) != rule ||
                sweep_contradicts(scenario->standing, number, error))
                continue;
            run(scenario, number, &plan);
            plan.all_after = true;
            if (may_stay(rule, error))
                run(scenario, number, &plan);
        }
    }
    run(scenario, number, NULL);
    if (rules == 0) {
        total.problems++;
        test_note("%s: there is no rule for %s in %s", scenario->name, sweep_name(number), call);
    }
}

/* Runs without faults: the calls that each run makes, and which steps make them. */
static bool count_calls(const struct scenario *scenario, unsigned long counts[FAULT_CALLS + 1])
{
    enum { RUNS = 2 };
    for (int i = 0; i < RUNS; i++) {
        run(scenario, 0, NULL);
        if (sweep_run.wrong)
            return false;
        for (int number = 0; number <= FAULT_CALLS; number++)
            if (i == 0 || sweep_run.counts[number] < counts[number])
                counts[number] = sweep_run.counts[number];
    }
    return true;
}

static void sweep_scenario(const struct scenario *scenario)
{
    const char *lacks = scenario->lacks ? scenario->lacks() : NULL;
    unsigned long counts[FAULT_CALLS + 1];
    if (lacks) {
        test_note("%s: left out, %s", scenario->name, lacks);
        return;
    }
    total.scenarios++;
    deadline_set(SCENARIO_SECONDS, "# the scenario took too long\nBail out! time limit\n");
    if (!count_calls(scenario, counts))
        return;
    for (int number = 0; number <= FAULT_CALLS; number++)
        for (unsigned long n = 0; n < counts[number]; n++) {
            int same = 0;
            for (unsigned long i = 0; i < n; i++)
                same += sweep_trace[number][i].call == sweep_trace[number][n].call;
            if (same >= CALLS_MAX) {
                total.left_out++;
                continue;
            }
            total.sites++;
            sweep_site(scenario, number, n + 1, sweep_trace[number][n].call,
                       sweep_trace[number][n].ordinal);
        }
}

static void sweep_all(const struct scenario *scenarios)
{
    unsigned long before = total.problems;
    for (; scenarios->name; scenarios++)
        sweep_scenario(scenarios);
    CHECK_EQ(total.problems - before, 0);
}

#define GROUP(name)                                                                                \
    static void sweep_##name(void)                                                                 \
    {                                                                                              \
        sweep_all(name##_scenarios);                                                               \
    }
GROUP(queue)
GROUP(source)
GROUP(system)
#if MIO_HAS_PIPES
GROUP(pipe)
#endif
#if MIO_HAS_NAMED_PIPES
GROUP(named_pipe)
#endif
#ifndef MIO_NO_NET
GROUP(tcp)
GROUP(udp)
#endif
#if SWEEP_HAS_UNIX
GROUP(unix)
#endif

static const struct test_case cases[] = {
    {"queue", sweep_queue, 0},
    {"source", sweep_source, 0},
    {"system", sweep_system, 0},
#if MIO_HAS_PIPES
    {"pipe", sweep_pipe, 0},
#endif
#if MIO_HAS_NAMED_PIPES
    {"named_pipe", sweep_named_pipe, 0},
#endif
#ifndef MIO_NO_NET
    {"tcp", sweep_tcp, 0},
    {"udp", sweep_udp, 0},
#endif
#if SWEEP_HAS_UNIX
    {"unix", sweep_unix, 0},
#endif
    {NULL, NULL, 0},
};

/* ---- Which codes the sweep provokes ---------------------------------------------------------- */

static void list_codes(const struct scenario *scenarios)
{
    for (; scenarios->name; scenarios++) {
        if ((scenarios->lacks && scenarios->lacks()) || !sweep_once(scenarios, 0, NULL))
            continue;
        for (int number = 0; number <= FAULT_CALLS; number++)
            for (unsigned long n = 0; n < sweep_run.counts[number]; n++) {
                const char *call = sweep_trace[number][n].call;
                const struct rule *rule = NULL;
                while ((rule = sweep_next_rule(rule, call, number, sweep_trace[number][n].ordinal)))
                    for (int i = 0;
                         rule->outcome == COMES_BACK && i < RULE_ERRORS && rule->errors[i] != 0;
                         i++)
                        printf("%.*s %s\n", (int)strcspn(call, "("), call,
                               mio_error_name(sweep_code_of(rule, rule->errors[i])));
            }
    }
}

static int list_all_codes(void)
{
    static const uint32_t backends[] = {MIO_BACKEND_EPOLL, MIO_BACKEND_POLL};
    for (int i = 0; i < 2; i++) {
        test_config.poll.backend = backends[i];
        list_codes(queue_scenarios);
        list_codes(source_scenarios);
        list_codes(system_scenarios);
#if MIO_HAS_PIPES
        list_codes(pipe_scenarios);
#endif
#ifndef MIO_NO_NET
        list_codes(tcp_scenarios);
        list_codes(udp_scenarios);
#endif
#if SWEEP_HAS_UNIX
        list_codes(unix_scenarios);
#endif
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct test_suite sweep = {"sweep", cases};
    static const struct test_suite *const suites[] = {&sweep, NULL};
    sweep_prepare();
    if (argc == 2 && strcmp(argv[1], "--codes") == 0)
        return list_all_codes();
    int result = test_main(argc, argv, suites);
    test_note("%lu scenarios, %lu places of system calls, %lu faults swept, %lu places like "
              "others left out, %lu problems",
              total.scenarios, total.sites, total.faults, total.left_out, total.problems);
    return result;
}
