/* The parts of a run of a scenario: steps, their results, and what they have left behind. */
#include "run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct sweep_run sweep_run;
struct sweep_site sweep_trace[FAULT_CALLS + 1][SWEEP_SITES];

/* ---- The allocator --------------------------------------------------------------------------- */

static unsigned long allocations; /* so far in this run */
static size_t allocated;          /* bytes */

static bool is_due(unsigned long number)
{
    const struct fault_plan *plan = &sweep_run.plan;
    return plan->nth != 0 && sweep_run.number == FAULT_CALLS &&
           (plan->all_after ? number >= plan->nth : number == plan->nth);
}

static void *allocate(void *arg, size_t size)
{
    (void)arg;
    if (is_due(++allocations))
        return NULL;
    allocated += size;
    return malloc(size);
}

static void release(void *arg, void *memory, size_t size)
{
    (void)arg;
    allocated -= size;
    free(memory);
}

const struct mio_poll_options *sweep_options(void)
{
    static struct mio_poll_options options;
    options = test_config.poll;
    options.allocator = (struct mio_allocator){allocate, release, NULL};
    return &options;
}

const char *sweep_backend(void)
{
    const uint32_t backend = test_config.poll.backend;
    return backend == MIO_BACKEND_POLL     ? "poll"
           : backend == MIO_BACKEND_KQUEUE ? "kqueue"
           : backend == MIO_BACKEND_IOCP   ? "iocp"
                                           : "epoll";
}

/* ---- Problems -------------------------------------------------------------------------------- */

void sweep_problem(const char *format, ...)
{
    va_list args;
    if (sweep_run.wrong)
        return;
    sweep_run.wrong = true;
    va_start(args, format);
    vsnprintf(sweep_run.problem, sizeof sweep_run.problem, format, args);
    va_end(args);
}

void sweep_holds(bool condition, const char *what, int line)
{
    if (!condition)
        sweep_problem("line %d: does not hold: %s", line, what);
}

int sweep_report_child(void)
{
    if (sweep_run.wrong)
        test_note("in the child: %s", sweep_run.problem);
    return sweep_run.wrong;
}

bool sweep_is_over(void)
{
    return sweep_run.wrong || sweep_run.stopped;
}

bool sweep_error_stays(void)
{
    return sweep_run.plan.all_after;
}

/* ---- A step ---------------------------------------------------------------------------------- */

static unsigned long count_of(int number)
{
    return number == FAULT_CALLS ? allocations : fault_count((enum fault_call)number);
}

void sweep_begin(const char *call, int line)
{
    sweep_run.call = call;
    sweep_run.line = line;
    for (int i = 0; i <= FAULT_CALLS; i++) {
        if (sweep_run.seen[i] != count_of(i))
            sweep_problem("line %d: a system call before it was outside of the steps", line);
        sweep_run.before[i] = count_of(i);
    }
}

static void trace(void)
{
    for (int i = 0; i <= FAULT_CALLS; i++)
        for (unsigned long n = sweep_run.before[i]; n < count_of(i); n++) {
            if (n >= SWEEP_SITES) {
                sweep_problem("line %d: too many calls", sweep_run.line);
                return;
            }
            sweep_trace[i][n].call = sweep_run.call;
            sweep_trace[i][n].ordinal = (int)(n - sweep_run.before[i]) + 1;
        }
}

/* Which of the calls of this step, from 1, was the first that the plan was for; 0: none. */
static int struck(void)
{
    unsigned long before = sweep_run.before[sweep_run.number];
    unsigned long after = count_of(sweep_run.number);
    unsigned long nth = sweep_run.plan.nth;
    if (nth == 0 || after < nth || after == before || (before >= nth && !sweep_run.plan.all_after))
        return 0;
    return before < nth ? (int)(nth - before) : 1;
}

const struct rule *sweep_rule_of(const char *call, int number, int ordinal, int error)
{
    const struct rule *rule = NULL;
    while ((rule = sweep_next_rule(rule, call, number, ordinal)))
        for (int i = 0; i < RULE_ERRORS && rule->errors[i] != 0; i++)
            if (rule->errors[i] == error)
                return rule;
    /* An error that stays meets calls that do not have it: the first rule says what they do. */
    return sweep_next_rule(NULL, call, number, ordinal);
}

int sweep_code_of(const struct rule *rule, int error)
{
    return -(rule->becomes != 0 ? rule->becomes : error);
}

static void compare(ptrdiff_t result, ptrdiff_t wanted)
{
    bool fits = wanted == SWEEP_SOME ? result > 0 : result == wanted;
    if (!fits && wanted == SWEEP_SOME)
        sweep_problem("line %d: %.60s is %td (%s), expected some", sweep_run.line, sweep_run.call,
                      result, mio_error_name(result));
    else if (!fits)
        sweep_problem("line %d: %.60s is %td (%s), expected %td (%s)", sweep_run.line,
                      sweep_run.call, result, result < 0 ? mio_error_name(result) : "", wanted,
                      wanted < 0 ? mio_error_name(wanted) : "");
}

/* The result that the step has to return. */
static ptrdiff_t expected(ptrdiff_t result, ptrdiff_t wanted, bool *refused)
{
    int ordinal = struck();
    *refused = false;
    if (ordinal == 0)
        return wanted;
    sweep_run.strikes++;
    sweep_run.ordinal = ordinal;
    sweep_run.has_more = count_of(sweep_run.number) > sweep_run.before[sweep_run.number] + 1;
    const struct rule *rule =
        sweep_rule_of(sweep_run.call, sweep_run.number, ordinal, sweep_run.plan.error);
    if (!rule) {
        sweep_problem("line %d: no rule for %s in %.60s", sweep_run.line,
                      sweep_name(sweep_run.number), sweep_run.call);
        return wanted;
    }
    if (rule->outcome == IS_SHORT && wanted > 1)
        return 1;
    /* In edge mode what was told and not drained is not told again. */
    if (rule->outcome == IS_TOLD && (wanted != 0 || result > 0)) {
        sweep_run.told = *refused = true;
        return wanted == 0 ? 1 : wanted;
    }
    *refused = rule->outcome == COMES_BACK || (rule->outcome == IS_LATE && result <= 0);
    return *refused ? sweep_code_of(rule, sweep_run.plan.error) : wanted;
}

static bool end_step(ptrdiff_t result, ptrdiff_t wanted)
{
    bool refused;
    sweep_run.told = false;
    wanted = expected(result, wanted, &refused);
    compare(result, wanted);
    if (sweep_run.plan.nth == 0)
        trace();
    for (int i = 0; i <= FAULT_CALLS; i++)
        sweep_run.seen[i] = count_of(i);
    if (refused && sweep_run.plan.all_after)
        sweep_run.stopped = true;
    return refused && !sweep_run.wrong;
}

bool sweep_end(ptrdiff_t result, ptrdiff_t wanted)
{
    return end_step(result, wanted);
}

size_t sweep_moved(ptrdiff_t result, size_t wanted)
{
    end_step(result, (ptrdiff_t)wanted);
    return result > 0 && !sweep_run.wrong ? (size_t)result : 0;
}

/* ---- Waiting --------------------------------------------------------------------------------- */

enum { KNOWN_MAX = 8 };
static struct mio_source *known[KNOWN_MAX];

void sweep_knows(mio_token token, struct mio_source *source)
{
    HOLDS(token < KNOWN_MAX);
    if (token < KNOWN_MAX)
        known[token] = source;
}

static struct mio_source *source_of(const struct mio_event *event)
{
    return event->token < KNOWN_MAX ? known[event->token] : NULL;
}

/* Whether an event says nothing, for nobody has looked; then the program tries, and is to wait. */
static bool is_guess(const struct mio_event *event)
{
    struct mio_source *source = source_of(event);
    if (!sweep_run.told || !source)
        return false;
    const uint32_t directions = event->readiness & (MIO_READABLE | MIO_WRITABLE);
    HOLDS(mio_source_is_registered(source));
    HOLDS(mio_source_blocked(source, directions) == 0);
    return true;
}

bool sweep_is_tried(struct mio_source *source)
{
    return !sweep_run.told || mio_source_blocked(source, MIO_READABLE) == 0;
}

/* Has an event got lost, or was there none? */
static void tell_silence(mio_token token, int line)
{
    const struct mio_source *source = token < KNOWN_MAX ? known[token] : NULL;
    const unsigned now = source ? plain_look(mio_source_fd(source), PLAIN_IN | PLAIN_OUT, 0) : 0;
    sweep_run.lost = source && (now & PLAIN_IN) == 0;
    sweep_problem("line %d: nothing is told of token %ju, and the system says %#x of it", line,
                  (uintmax_t)token, now);
}

void sweep_event(struct mio_poll *poll, mio_token token, uint32_t wanted, int line)
{
    uint32_t seen = 0;
    for (int tries = 0; tries < 8 && !sweep_is_over(); tries++) {
        struct mio_event events[8];
        sweep_begin("mio_poll_wait(poll, events, 8, TEST_SOON)", line);
        int n = mio_poll_wait(poll, events, 8, TEST_SOON);
        if (n == 0)
            tell_silence(token, line);
        sweep_end(n, SWEEP_SOME);
        for (int i = 0; i < n; i++) {
            if (is_guess(&events[i]) ||
                (events[i].token != token && events[i].token == SWEEP_IGNORED))
                continue;
            if (events[i].token != token)
                sweep_problem("token %ju was reported, not %ju", (uintmax_t)events[i].token,
                              (uintmax_t)token);
            seen |= events[i].readiness;
        }
        if (seen != 0 && (seen & wanted) == wanted)
            return;
    }
    if (!sweep_is_over())
        sweep_problem("token %ju was not reported with %#x", (uintmax_t)token, wanted);
}

bool sweep_emulates_edges(void)
{
    return strcmp(sweep_backend(), "poll") == 0 || strcmp(sweep_backend(), "iocp") == 0;
}

static bool is_told_again(struct mio_poll *poll, mio_token token, uint32_t direction, bool wanted)
{
    struct mio_event events[8];
    if (sweep_is_over() || !sweep_emulates_edges())
        return true;
    if (wanted) {
        sweep_event(poll, token, direction, __LINE__);
        return true;
    }
    sweep_begin("mio_poll_wait(poll, events, 8, 0)", __LINE__);
    int n = mio_poll_wait(poll, events, 8, 0);
    sweep_end(n, 0);
    return n == 0;
}

bool sweep_left_half(void)
{
    if (!sweep_makes_parts(sweep_run.number))
        return false;
    return sweep_run.plan.all_after ? sweep_run.ordinal > 1 : sweep_run.has_more;
}

bool sweep_is_kept(struct mio_poll *poll, struct mio_source *source, mio_token token,
                   mio_interest interest)
{
    if (!sweep_left_half())
        return mio_source_is_registered(source);
    if (mio_source_is_registered(source))
        return false;
    if (!sweep_error_stays()) {
        sweep_begin("mio_register(registry, source, token, interest)", __LINE__);
        sweep_end(mio_register(mio_poll_registry(poll), source, token, interest), 0);
    }
    return true;
}

bool sweep_read_is_told_again(struct mio_poll *poll, mio_token token)
{
    return is_told_again(poll, token, MIO_READABLE, true);
}

bool sweep_write_is_told_again(struct mio_poll *poll, mio_token token)
{
    int error = sweep_run.plan.error;
    return is_told_again(poll, token, MIO_WRITABLE, error == EAGAIN || error == EINPROGRESS);
}

/* ---- What scenarios use ---------------------------------------------------------------------- */

bool sweep_is_closed(const struct mio_source *source)
{
    struct mio_source copy = *source;
    return mio_source_fd(source) == MIO_FD_NONE && !mio_source_is_registered(source) &&
           mio_source_blocked(&copy, MIO_READABLE) == -EBADF;
}

void sweep_wait_bytes(mio_fd fd, size_t count)
{
    for (int tries = 0; tries < 10000; tries++) {
        if (count == 0 && plain_look(fd, PLAIN_IN, 0) != 0)
            return;
        if (count > 0 && (size_t)plain_unread(fd) >= count)
            return;
        thread_sleep(MIO_NS_PER_MS);
    }
    sweep_problem("%zu bytes did not arrive", count);
}

size_t sweep_pieces(struct mio_buf list[2], void *buf, size_t len)
{
    list[0] = (struct mio_buf){buf, len / 2};
    list[1] = (struct mio_buf){(char *)buf + len / 2, len - len / 2};
    return 2;
}

/* ---- A run ----------------------------------------------------------------------------------- */

const char *sweep_name(int number)
{
    return number == FAULT_CALLS ? "allocate" : fault_name((enum fault_call)number);
}

bool sweep_once(const struct scenario *scenario, int number, const struct fault_plan *plan)
{
    memset(&sweep_run, 0, sizeof sweep_run);
    sweep_run.number = number;
    if (plan)
        sweep_run.plan = *plan;
    memset(known, 0, sizeof known);
    allocations = 0;
    allocated = 0;
    int before = test_open_descriptors();
    fault_set_standing(scenario->standing);
    fault_set(number < FAULT_CALLS ? plan : NULL);
    scenario->steps();
    scenario->clean();
    for (int i = 0; i <= FAULT_CALLS; i++)
        sweep_run.counts[i] = count_of(i);
    fault_set(NULL);
    fault_set_standing(NULL);
    int after = test_open_descriptors();
    if (after != before)
        sweep_problem("%d descriptors open before, %d after", before, after);
    const char *wrong = sweep_wrong_handles();
    if (wrong)
        sweep_problem("%s", wrong);
    if (allocated != 0)
        sweep_problem("%zu bytes of memory are still allocated", allocated);
    sweep_run.missed = plan && sweep_run.strikes == 0;
    if (sweep_run.missed)
        sweep_problem("the call was not made");
    return !sweep_run.wrong;
}
