/*
 * That the filter does what it is for: it kills at what is forbidden, answers what it says, and
 * lets the rest through. The library that this is linked to is the one for Android.
 */
#define _GNU_SOURCE 1
#include "filter.h"
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static long forbidden;

static void make_forbidden_call(void)
{
    syscall(forbidden, -1L, 0L, 0L, 0L, 0L, 0L);
}

static void every_forbidden_call_kills(void)
{
    int killed = 0;
    for (int i = 0; i < android_call_count; i++) {
        if (android_calls[i].answer != ANSWER_KILL)
            continue;
        forbidden = android_calls[i].number;
        if (i == android_call_count - 1)
            forbidden += 1000; /* the number itself may be a call that no filter sees: uretprobe */
        int status = test_child_status(make_forbidden_call);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            test_fail(__FILE__, __LINE__, "%s did not kill: status %#x", android_calls[i].name,
                      (unsigned)status);
        killed++;
    }
    CHECK(killed > 50);
}

static void other_answers_are_enosys(void)
{
    int answered = 0;
    for (int i = 0; i < android_call_count; i++) {
        if (android_calls[i].answer != ANSWER_ENOSYS)
            continue;
        CHECK_EQ(syscall(android_calls[i].number, -1L, 0L, 0L, 0L, 0L, 0L), -1);
        CHECK_EQ(errno, ENOSYS);
        answered++;
    }
    CHECK(answered > 0);
}

static void calls_of_the_hot_path_are_allowed(void)
{
    CHECK_EQ(syscall(SYS_epoll_pwait, -1, NULL, 1, 0, NULL, 0), -1);
    CHECK_EQ(errno, EBADF);
    CHECK_EQ(syscall(SYS_accept4, -1, NULL, NULL, 0), -1);
    CHECK_EQ(errno, EBADF);
}

static const struct test_case cases[] = {
    {"every_forbidden_call_kills", every_forbidden_call_kills, 0},
    {"other_answers_are_enosys", other_answers_are_enosys, 0},
    {"calls_of_the_hot_path_are_allowed", calls_of_the_hot_path_are_allowed, 0},
    {NULL, NULL, 0},
};

int main(int argc, char **argv)
{
    static const struct test_suite filter = {"filter", cases};
    static const struct test_suite *const suites[] = {&filter, NULL};
    return test_main(argc, argv, suites);
}
