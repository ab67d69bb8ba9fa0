/*
 * Timeouts with and without epoll_pwait2(2): filters of system calls (seccomp) take it away, each
 * in a child process, since a filter lasts as long as the process.
 */
#define _GNU_SOURCE 1
#include "net.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The same number on every system; headers before Linux 5.11 do not have it. */
enum { EPOLL_PWAIT2 = 441 };

static int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MIO_NS_PER_S + now.tv_nsec;
}

/* From now on the call gets this answer, in this process and for good. The harshest filter wins. */
static void answer_pwait2(uint32_t answer)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, EPOLL_PWAIT2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, answer),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {sizeof code / sizeof code[0], code};
    /* Children that are killed leave no core files. */
    const struct rlimit no_core = {0, 0};
    CHECK_EQ(setrlimit(RLIMIT_CORE, &no_core), 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
        SKIP("the host takes no filters of system calls");
}

/* Calls it without a descriptor: -EBADF where the kernel has it and lets it through. */
static int raw_pwait2(void)
{
    return syscall(EPOLL_PWAIT2, -1, NULL, 1, NULL, NULL, 0) < 0 ? -errno : 0;
}

static void refuse_pwait2(int error)
{
    answer_pwait2(SECCOMP_RET_ERRNO | (uint32_t)error);
    if (test_under_valgrind())
        SKIP("valgrind makes its own system calls of the program's");
    CHECK_EQ(raw_pwait2(), -error);
}

static void kill_on_pwait2(void)
{
    if (test_under_valgrind())
        SKIP("valgrind makes its own system calls of the program's");
    answer_pwait2(SECCOMP_RET_KILL_PROCESS);
}

/* ---- Waits ----------------------------------------------------------------------------------- */

/* Around the borders of milliseconds, where rounding goes wrong. */
static const int64_t fractions[] = {1,       1000,    300000,  999999,  1000001,
                                    1500000, 1999999, 2000001, 2999999, 10000001};
enum { FRACTIONS = sizeof fractions / sizeof fractions[0] };

static void check_never_early(struct mio_poll *poll, int64_t timeout)
{
    struct mio_event event;
    int64_t start = clock_ns();
    CHECK_EQ(mio_poll_wait(poll, &event, 1, timeout), 0);
    int64_t took = clock_ns() - start;
    if (took < timeout)
        test_fail(__FILE__, __LINE__, "a wait of %jd ns took %jd", (intmax_t)timeout,
                  (intmax_t)took);
}

static void check_event_arrives(struct mio_poll *poll, struct mio_waker *waker, int64_t timeout)
{
    struct mio_event events[2];
    CHECK_EQ(mio_waker_wake(waker), 0);
    CHECK_EQ(mio_poll_wait(poll, events, 2, timeout), 1);
    CHECK(events[0].token == 7);
    CHECK_EQ(events[0].readiness, MIO_READABLE);
}

static void check_fractions(struct mio_poll *poll, struct mio_waker *waker)
{
    for (int i = 0; i < FRACTIONS; i++)
        check_never_early(poll, fractions[i]);
    for (int i = 0; i < FRACTIONS; i++)
        check_event_arrives(poll, waker, fractions[i]);
    /* A long wait that is no whole millisecond, ended by an event. */
    check_event_arrives(poll, waker, 3600 * MIO_NS_PER_S + 1);
    check_event_arrives(poll, waker, MIO_FOREVER - 1);
}

static void open_poll(struct mio_poll *poll, struct mio_waker *waker)
{
    test_poll_init(poll);
    CHECK_EQ(mio_waker_init(waker, mio_poll_registry(poll), 7), 0);
}

static void close_poll(struct mio_poll *poll, struct mio_waker *waker)
{
    CHECK_EQ(mio_waker_close(waker), 0);
    CHECK_EQ(mio_poll_close(poll), 0);
}

/* ---- Refused --------------------------------------------------------------------------------- */

/* Twice on one poll and once on another: the first refusal, what follows it, and a fresh start. */
static void check_refused(int error)
{
    struct mio_poll poll;
    struct mio_waker waker;
    refuse_pwait2(error);
    open_poll(&poll, &waker);
    check_fractions(&poll, &waker);
    check_fractions(&poll, &waker);
    close_poll(&poll, &waker);
    open_poll(&poll, &waker);
    check_fractions(&poll, &waker);
    close_poll(&poll, &waker);
}

static void refused_as_unknown(void)
{
    check_refused(ENOSYS);
}

static void refused_as_forbidden(void)
{
    check_refused(EPERM);
}

static void unknown_call_is_replaced(void)
{
    test_in_child(refused_as_unknown);
}

static void forbidden_call_is_replaced(void)
{
    test_in_child(refused_as_forbidden);
}

/* The first refusal is an event's: it must not be lost on the way to the fallback. */
static void first_wait_with_an_event(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    refuse_pwait2(ENOSYS);
    open_poll(&poll, &waker);
    check_event_arrives(&poll, &waker, 300000);
    check_never_early(&poll, 300000);
    close_poll(&poll, &waker);
}

static void event_of_the_first_refused_wait_arrives(void)
{
    test_in_child(first_wait_with_an_event);
}

/* After the first refusal a second filter kills whoever tries again. */
static void refused_and_then_deadly(int error)
{
    struct mio_poll poll;
    struct mio_waker waker;
    refuse_pwait2(error);
    open_poll(&poll, &waker);
    check_never_early(&poll, 300000);
    kill_on_pwait2();
    check_fractions(&poll, &waker);
    close_poll(&poll, &waker);
}

static void unknown_and_then_deadly(void)
{
    refused_and_then_deadly(ENOSYS);
}

static void forbidden_and_then_deadly(void)
{
    refused_and_then_deadly(EPERM);
}

static void refused_call_is_not_tried_again(void)
{
    test_in_child(unknown_and_then_deadly);
    test_in_child(forbidden_and_then_deadly);
}

/* ---- Which waits use it ---------------------------------------------------------------------- */

static void wait_in_whole_milliseconds(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    kill_on_pwait2();
    open_poll(&poll, &waker);
    for (int64_t ms = 0; ms <= 5; ms++)
        check_never_early(&poll, ms * MIO_NS_PER_MS);
    check_never_early(&poll, -1);
    check_never_early(&poll, -1500000);
    check_never_early(&poll, INT64_MIN);
    check_event_arrives(&poll, &waker, 0);
    check_event_arrives(&poll, &waker, -1);
    check_event_arrives(&poll, &waker, MIO_NS_PER_MS);
    check_event_arrives(&poll, &waker, 3600 * MIO_NS_PER_S);
    check_event_arrives(&poll, &waker, MIO_FOREVER / MIO_NS_PER_MS * MIO_NS_PER_MS);
    check_event_arrives(&poll, &waker, MIO_FOREVER);
    close_poll(&poll, &waker);
}

static void whole_milliseconds_never_use_it(void)
{
    test_in_child(wait_in_whole_milliseconds);
}

static void call_the_deadly_one(void)
{
    kill_on_pwait2();
    raw_pwait2();
}

static void wait_for_a_fraction(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    kill_on_pwait2();
    open_poll(&poll, &waker);
    check_never_early(&poll, 300000);
    close_poll(&poll, &waker);
}

static void check_dies(void (*run)(void))
{
    int status = test_child_status(run);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        SKIP("the host takes no such filter, or valgrind runs the program");
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), SIGSYS);
}

/* Also the proof that the filter of the other cases is deadly. */
static void fractions_use_it(void)
{
    if (raw_pwait2() == -ENOSYS)
        SKIP("the kernel has no epoll_pwait2");
    check_dies(call_the_deadly_one);
    check_dies(wait_for_a_fraction);
}

/* Without any filter, for comparison: the same waits keep the same promises. */
static void fractions_with_the_call_itself(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    open_poll(&poll, &waker);
    check_fractions(&poll, &waker);
    close_poll(&poll, &waker);
}

static const struct test_case cases[] = {
    {"fractions_with_the_call_itself", fractions_with_the_call_itself, 0},
    {"unknown_call_is_replaced", unknown_call_is_replaced, 0},
    {"forbidden_call_is_replaced", forbidden_call_is_replaced, 0},
    {"event_of_the_first_refused_wait_arrives", event_of_the_first_refused_wait_arrives, 0},
    {"refused_call_is_not_tried_again", refused_call_is_not_tried_again, 0},
    {"whole_milliseconds_never_use_it", whole_milliseconds_never_use_it, 0},
    {"fractions_use_it", fractions_use_it, 0},
    {NULL, NULL, 0},
};

int main(int argc, char **argv)
{
    static const struct test_suite pwait2 = {"pwait2", cases};
    static const struct test_suite *const suites[] = {&pwait2, NULL};
    return test_main(argc, argv, suites);
}
