/*
 * That a call of the library itself is killed: this is linked to the library for Linux, which waits
 * by epoll_wait(2) and epoll_pwait2(2), and writes to pipes by pwritev2(2).
 */
#define _GNU_SOURCE 1
#include "test.h"

#include <signal.h>
#include <sys/wait.h>

static int64_t timeout;

static void wait_for_it(void)
{
    struct mio_poll poll;
    struct mio_event event;
    test_poll_init(&poll);
    CHECK_EQ(mio_poll_wait(&poll, &event, 1, timeout), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void write_to_a_pipe(void)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), 1);
}

static void check_killed(void (*run)(void))
{
    int status = test_child_status(run);
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), SIGSYS);
}

static void wait_of_linux_is_killed(void)
{
    timeout = MIO_NS_PER_MS;
    check_killed(wait_for_it);
}

static void wait_of_a_fraction_is_killed(void)
{
    timeout = 300000;
    check_killed(wait_for_it);
}

static void write_without_signal_is_killed(void)
{
    check_killed(write_to_a_pipe);
}

static const struct test_case cases[] = {
    {"wait_of_linux_is_killed", wait_of_linux_is_killed, 0},
    {"wait_of_a_fraction_is_killed", wait_of_a_fraction_is_killed, 0},
    {"write_without_signal_is_killed", write_without_signal_is_killed, 0},
    {NULL, NULL, 0},
};

int main(int argc, char **argv)
{
    static const struct test_suite filter = {"filter_linux", cases};
    static const struct test_suite *const suites[] = {&filter, NULL};
    return test_main(argc, argv, suites);
}
