#include "queue/queue_util.h"

#include <string.h>

bool queue_is_epoll(const struct mio_poll *poll)
{
    return strcmp(mio_poll_backend_name(poll), "epoll") == 0;
}

bool queue_is_kqueue(const struct mio_poll *poll)
{
    return strcmp(mio_poll_backend_name(poll), "kqueue") == 0;
}

bool queue_has_kernel_edges(const struct mio_poll *poll)
{
    return queue_is_epoll(poll) || queue_is_kqueue(poll);
}

bool queue_needs_kicks(const struct mio_poll *poll)
{
    return strcmp(mio_poll_backend_name(poll), "poll") == 0;
}

uint32_t queue_as_reported(const struct mio_poll *poll, mio_interest interest, uint32_t expected)
{
    uint32_t mask = 0;
    if (!queue_is_kqueue(poll))
        return expected;
    if (interest & (MIO_READABLE | MIO_READ_CLOSED))
        mask |= MIO_READABLE | MIO_READ_CLOSED;
    if (interest & MIO_WRITABLE)
        mask |= MIO_WRITABLE | MIO_WRITE_CLOSED;
    if (expected & mask & (MIO_READ_CLOSED | MIO_WRITE_CLOSED))
        mask |= MIO_ERROR;
    return expected & mask;
}

void queue_need_datagram_errors(void)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    bool is_kqueue = queue_is_kqueue(&poll);
    CHECK_EQ(mio_poll_close(&poll), 0);
    if (is_kqueue)
        SKIP("a kqueue tells of an error of a datagram socket as readiness alone");
    test_need_refusals();
}

void queue_need_feature(mio_interest interest)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    bool is_there = (mio_poll_features(&poll) & interest) == interest;
    CHECK_EQ(mio_poll_close(&poll), 0);
    if (!is_there)
        SKIP("this backend lacks the interest");
}

void queue_need_epoll(void)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    bool is_epoll = queue_is_epoll(&poll);
    CHECK_EQ(mio_poll_close(&poll), 0);
    if (!is_epoll)
        SKIP("only epoll does this");
}

void queue_need_end_behind_data(void)
{
    if (!plain_tells_end_behind_data())
        SKIP("the system tells no end before the data in front of it is read");
}

void queue_need_interrupts(void)
{
    if (!thread_can_interrupt())
        SKIP("no signal interrupts a system call here");
}

void queue_need_poll_fd(void)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    bool has_fd = mio_poll_fd(&poll) != MIO_FD_NONE;
    CHECK_EQ(mio_poll_close(&poll), 0);
    if (!has_fd)
        SKIP("this backend has no descriptor");
}

mio_fd queue_loop(struct mio_source *source, bool ready)
{
    mio_fd fd = plain_loop(ready);
    CHECK_EQ(mio_source_init_fd(source, fd), 0);
    return fd;
}

void queue_expect_sleep(struct mio_poll *poll)
{
    struct mio_event event;
    int64_t before = thread_cpu_time();
    CHECK_EQ(mio_poll_wait(poll, &event, 1, 40 * MIO_NS_PER_MS), 0);
    CHECK(thread_cpu_time() - before < 12 * MIO_NS_PER_MS);
}

/* ---- A thread that waits --------------------------------------------------------------------- */

/* A wait that nobody can interrupt comes back by itself now and then, to see whether it is over. */
static void *wait_for_an_event(void *arg)
{
    struct waiter *waiter = arg;
    const int64_t time = thread_can_interrupt() ? MIO_FOREVER : MIO_NS_PER_S;
    do
        waiter->result = mio_poll_wait(waiter->poll, waiter->events, 4, time);
    while (waiter->result == -EBUSY ||
           ((waiter->result == -EINTR || waiter->result == 0) && !atomic_load(&waiter->stopping)));
    atomic_store(&waiter->done, true);
    return NULL;
}

void waiter_start(struct waiter *waiter, struct mio_poll *poll)
{
    struct mio_event event;
    memset(waiter, 0, sizeof *waiter);
    waiter->poll = poll;
    thread_on_interrupt(NULL);
    thread_start(&waiter->thread, wait_for_an_event, waiter);
    /*
     * A refused second wait shows that the first one runs. The refusal is best effort: should both
     * threads enter at once, ours takes the mark of the other with it when it leaves, so now and
     * then the other one is made to enter again.
     */
    for (int tries = 1; tries <= 10000; tries++) {
        int n = mio_poll_wait(poll, &event, 1, 0);
        if (n == -EBUSY)
            return;
        CHECK_EQ(n, 0);
        thread_sleep(MIO_NS_PER_MS);
        if (tries % 100 == 0)
            thread_interrupt(&waiter->thread);
    }
    test_fail(__FILE__, __LINE__, "the thread does not wait");
}

int waiter_join(struct waiter *waiter)
{
    thread_join(&waiter->thread);
    return waiter->result;
}

int waiter_interrupt(struct waiter *waiter)
{
    atomic_store(&waiter->stopping, true);
    /* An interrupt just before the system call is not seen by it, hence the repetition. */
    while (!atomic_load(&waiter->done)) {
        thread_interrupt(&waiter->thread);
        thread_sleep(MIO_NS_PER_MS);
    }
    return waiter_join(waiter);
}

void waiter_stop(struct waiter *waiter)
{
    CHECK_EQ(waiter_interrupt(waiter), thread_can_interrupt() ? -EINTR : 0);
}
