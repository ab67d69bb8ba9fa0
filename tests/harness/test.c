#include "test.h"

#include "system.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test_config test_config;

enum { CASE_PASSED = 1, CASE_SKIPPED, CASE_FAILED };
enum { EXIT_ALL_SKIPPED = 77 };

/* A case that hangs is ended after this time; nothing depends on a case being faster. */
enum { CASE_SECONDS = 120 };

/* So long that spins find what comes soon, so short that some waits sleep. */
enum { SPIN_NS = 50000 };

static jmp_buf case_end;
static struct thread case_thread;
static const char *case_reason;
static volatile sig_atomic_t thread_failed;

static const struct {
    const char *name;
    mio_interest mode;
    unsigned bit;
} modes[] = {
    {"edge", MIO_EDGE, TEST_EDGE},
    {"level", MIO_LEVEL, TEST_LEVEL},
    {"oneshot", MIO_EDGE | MIO_ONESHOT, TEST_ONESHOT},
};
static unsigned mode_bit = TEST_EDGE;

static const struct {
    const char *name;
    uint32_t value;
} backends[] = {{"default", MIO_BACKEND_DEFAULT},
                {"epoll", MIO_BACKEND_EPOLL},
                {"kqueue", MIO_BACKEND_KQUEUE},
                {"iocp", MIO_BACKEND_IOCP},
                {"poll", MIO_BACKEND_POLL}},
  wakers[] = {{"default", MIO_WAKER_DEFAULT},
              {"eventfd", MIO_WAKER_EVENTFD},
              {"pipe", MIO_WAKER_PIPE},
              {"user", MIO_WAKER_USER}};

/* ---- Outcomes of a case ---------------------------------------------------------------------- */

static void print_comment(const char *format, va_list args)
{
    char text[512];
    vsnprintf(text, sizeof text, format, args);
    printf("# %s\n", text);
    fflush(stdout);
}

void test_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_comment(format, args);
    va_end(args);
}

void test_fail(const char *file, int line, const char *format, ...)
{
    va_list args;
    printf("# %s:%d:\n", file, line);
    va_start(args, format);
    print_comment(format, args);
    va_end(args);
    if (!thread_is_self(&case_thread)) {
        thread_failed = 1;
        thread_exit();
    }
    longjmp(case_end, CASE_FAILED);
}

void test_check_eq(intmax_t actual, intmax_t expected, const char *what, const char *file, int line)
{
    if (actual == expected)
        return;
    if (actual < 0 || expected < 0)
        test_fail(file, line, "%s is %jd (%s), expected %jd (%s)", what, actual,
                  mio_error_name((int)actual), expected, mio_error_name((int)expected));
    test_fail(file, line, "%s is %jd, expected %jd", what, actual, expected);
}

void test_skip(const char *reason)
{
    case_reason = reason;
    longjmp(case_end, CASE_SKIPPED);
}

/* ---- What cases ask for ---------------------------------------------------------------------- */

void test_poll_init(struct mio_poll *poll)
{
    CHECK_EQ(mio_poll_init_with(poll, &test_config.poll), 0);
}

long test_scaled(long count)
{
    const char *text = getenv("MIO_TEST_SCALE");
    long percent = text ? strtol(text, NULL, 10) : 100;
    long scaled = percent > 0 ? count / 100 * percent + count % 100 * percent / 100 : count;
    return scaled > 0 ? scaled : 1;
}

int test_open_descriptors(void)
{
    return descriptors_open();
}

/* ---- Running --------------------------------------------------------------------------------- */

int (*test_also_counted)(void);

static int count_more(void)
{
    return test_also_counted ? test_also_counted() : 0;
}

static void run_counted(const struct test_case *test)
{
    int before = test_open_descriptors(), more_before = count_more();
    test->run();
    int after = test_open_descriptors(), more_after = count_more();
    if (more_after != more_before)
        test_fail(test->name, 0, "%d open by the count before, %d after", more_before, more_after);
    if (after != before)
        test_fail(test->name, 0, "%d descriptors open before, %d after", before, after);
}

static int run_case(const struct test_case *test, void (*run)(const struct test_case *test))
{
    case_thread = thread_self();
    thread_failed = 0;
    deadline_set(CASE_SECONDS, "# the case took too long\nBail out! time limit\n");
    int outcome = setjmp(case_end);
    if (outcome == 0) {
        run(test);
        outcome = thread_failed ? CASE_FAILED : CASE_PASSED;
    }
    deadline_set(0, NULL);
    return outcome;
}

static void run_uncounted(const struct test_case *test)
{
    test->run();
}

static void (*child_case)(void);

static int run_in_child(const char **reason)
{
    const struct test_case child = {"in the child process", child_case, 0};
    int outcome = run_case(&child, run_uncounted);
    *reason = case_reason;
    return outcome == CASE_SKIPPED ? EXIT_ALL_SKIPPED : outcome == CASE_FAILED;
}

int test_child_status(void (*run)(void))
{
    if (!child_is_possible())
        SKIP("no process can be copied here");
    child_case = run;
    int status = child_run(run_in_child, &case_reason);
    if (!case_reason)
        case_reason = "";
    return status;
}

void test_in_child(void (*run)(void))
{
    int status = test_child_status(run);
    if (child_signal(status))
        test_fail(__FILE__, __LINE__, "the child died of signal %d", child_signal(status));
    if (child_result(status) == EXIT_ALL_SKIPPED)
        longjmp(case_end, CASE_SKIPPED);
    CHECK_EQ(child_result(status), 0);
}

bool test_under_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");
    return preload && strstr(preload, "vgpreload");
}

static bool is_wanted(const char *name, int argc, char **argv)
{
    bool filtered = false;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0)
            continue;
        filtered = true;
        if (strstr(name, argv[i]))
            return true;
    }
    return !filtered;
}

static void usage(const char *argument)
{
    printf("Bail out! unknown argument %s\n", argument);
    exit(1);
}

static bool parse_option(const char *argument)
{
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strncmp(argument, "--mode=", 7) == 0 && strcmp(argument + 7, modes[i].name) == 0) {
            test_config.mode = modes[i].mode;
            mode_bit = modes[i].bit;
            return true;
        }
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++)
        if (strncmp(argument, "--backend=", 10) == 0 &&
            strcmp(argument + 10, backends[i].name) == 0) {
            test_config.poll.backend = backends[i].value;
            return true;
        }
    for (size_t i = 0; i < sizeof wakers / sizeof wakers[0]; i++)
        if (strncmp(argument, "--waker=", 8) == 0 && strcmp(argument + 8, wakers[i].name) == 0) {
            test_config.poll.waker = wakers[i].value;
            return true;
        }
    if (strcmp(argument, "--spin") == 0) {
        test_config.poll.spin_ns = SPIN_NS;
        return true;
    }
    return strcmp(argument, "--list") == 0 || strcmp(argument, "--times") == 0;
}

int test_main(int argc, char **argv, const struct test_suite *const *suites)
{
    int ran = 0, failed = 0, skipped = 0;
    bool list = false, times = false;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0 && !parse_option(argv[i]))
            usage(argv[i]);
        list = list || strcmp(argv[i], "--list") == 0;
        times = times || strcmp(argv[i], "--times") == 0;
    }
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    /* SIGPIPE keeps its default action on purpose: a library that lets one through ends the run. */
    printf("TAP version 13\n");
    for (; *suites; suites++)
        for (const struct test_case *test = (*suites)->cases; test->name; test++) {
            char name[160];
            snprintf(name, sizeof name, "%s.%s", (*suites)->name, test->name);
            if (!((test->modes ? test->modes : TEST_EDGE) & mode_bit) ||
                !is_wanted(name, argc, argv))
                continue;
            if (list) {
                printf("# %s\n", name);
                continue;
            }
            int64_t begin = mio_now_ns();
            int outcome = run_case(test, run_counted);
            ran++;
            failed += outcome == CASE_FAILED;
            skipped += outcome == CASE_SKIPPED;
            printf("%sok %d - %s%s%s\n", outcome == CASE_FAILED ? "not " : "", ran, name,
                   outcome == CASE_SKIPPED ? " # SKIP " : "",
                   outcome == CASE_SKIPPED ? case_reason : "");
            fflush(stdout); /* not every system has lines that are written at their ends */
            if (times)
                test_note("%.1f ms", (double)(mio_now_ns() - begin) / (double)MIO_NS_PER_MS);
        }
    printf("1..%d\n", ran);
    printf("# %d passed, %d failed, %d skipped\n", ran - failed - skipped, failed, skipped);
    if (list)
        return 0;
    if (failed > 0 || ran == 0)
        return 1;
    return skipped == ran ? EXIT_ALL_SKIPPED : 0;
}
