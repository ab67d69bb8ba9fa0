/*
 * The test harness: named cases, run in order, printed as TAP lines. Small and our own, because the
 * same programs are built for systems for which no test library is packaged.
 *
 * A program ends with 0 (all passed), 1 (a case failed, or none ran) or 77 (all were skipped).
 * Around each case the harness counts the open descriptors: a case that leaks one fails.
 */
#ifndef MIO_TEST_H
#define MIO_TEST_H

#include <mio.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* In which modes a case means something; the program runs it only there. */
#define TEST_EDGE 1u
#define TEST_LEVEL 2u
#define TEST_ONESHOT 4u
#define TEST_ANY_MODE (TEST_EDGE | TEST_LEVEL | TEST_ONESHOT)

struct test_case {
    const char *name;
    void (*run)(void);
    unsigned modes; /* 0 stands for TEST_EDGE: cases that the mode does not touch run once */
};

/* A list of cases ends with an empty one; the list of suites ends with NULL. */
struct test_suite {
    const char *name;
    const struct test_case *cases;
};

/*
 * Runs the cases whose names ("suite.case") contain one of the arguments, all without arguments.
 * Options: --backend=NAME --waker=NAME --mode=NAME (edge, level, oneshot), --spin (polls spin
 * before they sleep), --list, and --times, which says of each case how long it took.
 */
int test_main(int argc, char **argv, const struct test_suite *const *suites);

/* The choice of the options. */
struct test_config {
    struct mio_poll_options poll; /* backend, waker, and whether it spins */
    mio_interest mode;            /* MIO_EDGE, MIO_LEVEL, or MIO_EDGE | MIO_ONESHOT */
};
extern struct test_config test_config;

/* Opens a poll with the backend and the waker of the options; the case fails when that fails. */
void test_poll_init(struct mio_poll *poll);

/* A loop count scaled by the environment variable MIO_TEST_SCALE (per cent), at least 1. */
long test_scaled(long count);

/* The number of open descriptors of this process. */
int test_open_descriptors(void);

/* A count that each case leaves as it was, beside that one; may be NULL. */
extern int (*test_also_counted)(void);

/*
 * Runs a function in a child process, where it can spoil what the parent needs: limits, filters,
 * inherited objects. CHECK and SKIP work in it, its descriptors are not counted, and its outcome
 * becomes that of the case. The second one returns what waitpid(2) said (exit status 0 passed, 1
 * failed, 77 skipped), for children that are to die.
 */
void test_in_child(void (*run)(void));
int test_child_status(void (*run)(void));

/* Whether valgrind runs the program: it has limits and system calls of its own. */
bool test_under_valgrind(void);

/*
 * Ends the case (on a thread of its own: that thread) when the condition does not hold. The second
 * one compares integers and prints both. Errors are printed by their names.
 */
#define CHECK(condition) ((condition) ? (void)0 : test_fail(__FILE__, __LINE__, "%s", #condition))
#define CHECK_EQ(actual, expected)                                                                 \
    test_check_eq((intmax_t)(actual), (intmax_t)(expected), #actual, __FILE__, __LINE__)

/* Ends the case as skipped. Only on the thread that runs the case. */
#define SKIP(reason) test_skip(reason)

#if defined(__MINGW_PRINTF_FORMAT)
#define TEST_PRINTF(text, first) __attribute__((format(__MINGW_PRINTF_FORMAT, text, first)))
#define TEST_NORETURN __attribute__((noreturn))
#elif defined(__GNUC__)
#define TEST_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define TEST_NORETURN __attribute__((noreturn))
#else
#define TEST_PRINTF(text, first)
#define TEST_NORETURN
#endif

TEST_NORETURN void test_fail(const char *file, int line, const char *format, ...) TEST_PRINTF(3, 4);
TEST_NORETURN void test_skip(const char *reason);
void test_check_eq(intmax_t actual, intmax_t expected, const char *what, const char *file,
                   int line);

/* A line for the reader of the log, as a TAP comment. */
void test_note(const char *format, ...) TEST_PRINTF(1, 2);

#endif
