/* The timer slack of a thread that waits on a poll that spins: lowered for a timed sleep. */
#define _GNU_SOURCE 1
#include "queue/queue_util.h"

#include <stdio.h>
#include <sys/prctl.h>

enum { OWN_SLACK = 123456, SPIN_NS = 50000 };

static void open_spinning(struct mio_poll *poll)
{
    struct mio_poll_options options = test_config.poll;
    options.spin_ns = SPIN_NS;
    queue_need_feature(MIO_CAN_SPIN);
    if (prctl(PR_SET_TIMERSLACK, OWN_SLACK, 0, 0, 0) != 0 ||
        prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0) != OWN_SLACK)
        SKIP("this thread has no timer slack");
    CHECK_EQ(mio_poll_init_with(poll, &options), 0);
}

static void close_and_check(struct mio_poll *poll)
{
    CHECK_EQ(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), OWN_SLACK);
    CHECK_EQ(prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0), 0); /* that of the start again */
    CHECK_EQ(mio_poll_close(poll), 0);
}

static void slack_is_restored_when_the_time_is_over(void)
{
    struct mio_poll poll;
    struct mio_event event;
    open_spinning(&poll);
    CHECK_EQ(mio_poll_wait(&poll, &event, 1, 2 * MIO_NS_PER_MS), 0);
    CHECK_EQ(mio_poll_wait(&poll, &event, 1, SPIN_NS), 0);
    CHECK_EQ(mio_poll_wait(&poll, &event, 1, MIO_NS_PER_MS - 1), 0);
    close_and_check(&poll);
}

static void *send_later(void *channel)
{
    thread_sleep(5 * MIO_NS_PER_MS);
    channel_send(channel, "data", 4);
    return NULL;
}

static void slack_is_restored_after_an_event(void)
{
    struct mio_poll poll;
    struct channel channel;
    struct thread thread;
    open_spinning(&poll);
    channel_open(&channel, CHANNEL_LOOP);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel.source, 1, MIO_READABLE), 0);
    thread_start(&thread, send_later, &channel);
    CHECK_EQ(test_expect_event(&poll, 1), MIO_READABLE);
    thread_join(&thread);
    channel_close(&channel, mio_poll_registry(&poll));
    close_and_check(&poll);
}

static void *interrupt_later(void *waiter)
{
    thread_sleep(5 * MIO_NS_PER_MS);
    thread_interrupt(waiter);
    return NULL;
}

static void slack_is_restored_after_an_interruption(void)
{
    struct mio_poll poll;
    struct mio_event event;
    struct thread thread, self = thread_self();
    queue_need_interrupts();
    open_spinning(&poll);
    thread_on_interrupt(NULL);
    int n = 0;
    for (int tries = 0; n != -EINTR; tries++) {
        CHECK(tries < 1000);
        thread_start(&thread, interrupt_later, &self);
        n = mio_poll_wait(&poll, &event, 1, 100 * MIO_NS_PER_MS);
        CHECK_EQ(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), OWN_SLACK);
        thread_join(&thread);
    }
    close_and_check(&poll);
}

/* That of the main thread of this process, by the system's files; -1 where they do not tell. */
static long slack_of_the_main_thread(void)
{
    long slack = -1;
    FILE *file = fopen("/proc/self/timerslack_ns", "re");
    if (!file)
        return -1;
    if (fscanf(file, "%ld", &slack) != 1)
        slack = -1;
    fclose(file);
    return slack;
}

static void *look_for_the_lowest(void *arg)
{
    struct mio_waker *waker = arg;
    static long lowest;
    int64_t deadline = mio_now_ns() + TEST_SOON;
    lowest = OWN_SLACK;
    while (lowest > 1 && mio_now_ns() < deadline) {
        long slack = slack_of_the_main_thread();
        lowest = slack < lowest ? slack : lowest;
    }
    CHECK_EQ(mio_waker_wake(waker), 0);
    return &lowest;
}

static void slack_is_lowered_during_a_timed_sleep(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    struct thread thread;
    if (slack_of_the_main_thread() < 0)
        SKIP("the system does not tell the slack of a thread");
    open_spinning(&poll);
    CHECK_EQ(mio_waker_init(&waker, mio_poll_registry(&poll), 1), 0);
    CHECK_EQ(slack_of_the_main_thread(), OWN_SLACK);
    thread_start(&thread, look_for_the_lowest, &waker);
    test_expect_event(&poll, 1);
    CHECK_EQ(*(long *)thread_join(&thread), 1);
    CHECK_EQ(slack_of_the_main_thread(), OWN_SLACK);
    CHECK_EQ(mio_waker_close(&waker), 0);
    close_and_check(&poll);
}

static const struct test_case cases[] = {
    {"slack_is_restored_when_the_time_is_over", slack_is_restored_when_the_time_is_over, 0},
    {"slack_is_restored_after_an_event", slack_is_restored_after_an_event, 0},
    {"slack_is_restored_after_an_interruption", slack_is_restored_after_an_interruption, 0},
    {"slack_is_lowered_during_a_timed_sleep", slack_is_lowered_during_a_timed_sleep, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_timer_slack = {"timer_slack", cases};
