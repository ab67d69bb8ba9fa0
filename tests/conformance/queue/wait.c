/* Waiting: capacity, a second waiter, signals, polls inside polls, counters. */
#include "queue/queue_util.h"

#include <limits.h>
#include <signal.h>
#include <string.h>

enum { TOKEN = 7 };

/* ---- Capacity -------------------------------------------------------------------------------- */

static void invalid_arguments_are_refused(void)
{
    struct mio_poll poll;
    struct mio_event event;
    test_poll_init(&poll);
    CHECK_EQ(mio_poll_wait(NULL, &event, 1, 0), -EINVAL);
    CHECK_EQ(mio_poll_wait(&poll, NULL, 1, 0), -EINVAL);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(mio_poll_wait(&poll, NULL, 1, 0), -EINVAL);
    CHECK_EQ(mio_poll_wait(&poll, &event, 0, 0), -EINVAL);
}

static void defect_24_capacity_zero_is_invalid(void)
{
    struct mio_poll poll;
    struct mio_source source;
    struct mio_event event;
    test_poll_init(&poll);
    mio_fd fd = queue_loop(&source, true);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &source, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(mio_poll_wait(&poll, &event, 0, MIO_FOREVER), -EINVAL);
    /* The refused wait took nothing and left no mark. */
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &source), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

static void defect_06_never_more_than_capacity(void)
{
    enum { SOURCES = 6, CAPACITY = 2 };
    struct mio_poll poll;
    struct mio_source sources[SOURCES];
    struct mio_event events[CAPACITY + 1];
    mio_fd fds[SOURCES];
    unsigned seen = 0;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    for (unsigned i = 0; i < SOURCES; i++) {
        fds[i] = queue_loop(&sources[i], true);
        CHECK_EQ(mio_register(registry, &sources[i], i, MIO_READABLE | test_config.mode), 0);
    }
    for (int waits = 0; waits < SOURCES / CAPACITY; waits++) {
        memset(events, 0x5a, sizeof events);
        CHECK_EQ(mio_poll_wait(&poll, events, CAPACITY, TEST_SOON), CAPACITY);
        CHECK_EQ(events[CAPACITY].readiness, 0x5a5a5a5a);
        for (int i = 0; i < CAPACITY; i++) {
            CHECK(events[i].token < SOURCES);
            CHECK_EQ(events[i].readiness, MIO_READABLE);
            seen |= 1u << events[i].token;
        }
    }
    CHECK_EQ(seen, (1u << SOURCES) - 1);
    for (int i = 0; i < SOURCES; i++) {
        CHECK_EQ(mio_deregister(registry, &sources[i]), 0);
        CHECK_EQ(plain_close(fds[i]), 0);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* A wait may return fewer events than are ready. */
static void wait_for_all(struct mio_poll *poll, struct mio_event *events, size_t count)
{
    for (size_t got = 0; got < count;) {
        int n = mio_poll_wait(poll, events + got, count - got, TEST_SOON);
        CHECK(n > 0);
        got += (size_t)n;
    }
    test_expect_no_event(poll);
}

/* Every size of batch, because a backend may rewrite the system's entries in place. */
static void every_event_keeps_its_token(void)
{
    enum { SOURCES = 100 };
    static struct mio_source sources[SOURCES];
    static struct mio_event events[SOURCES];
    struct mio_poll poll;
    mio_fd fds[SOURCES];
    const mio_token base = (mio_token)-1 - SOURCES;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    for (unsigned i = 0; i < SOURCES; i++) {
        fds[i] = queue_loop(&sources[i], true);
        bool seen[SOURCES] = {false};
        for (unsigned j = 0; j <= i; j++)
            CHECK_EQ((j < i ? mio_reregister : mio_register)(registry, &sources[j], base + j,
                                                             MIO_READABLE),
                     0);
        wait_for_all(&poll, events, i + 1);
        for (unsigned j = 0; j <= i; j++) {
            CHECK(events[j].token >= base && events[j].token - base <= i);
            CHECK(!seen[events[j].token - base]);
            CHECK_EQ(events[j].readiness, MIO_READABLE);
            seen[events[j].token - base] = true;
        }
    }
    for (int i = 0; i < SOURCES; i++) {
        CHECK_EQ(mio_deregister(registry, &sources[i]), 0);
        CHECK_EQ(plain_close(fds[i]), 0);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* epoll_wait(2) refuses more than INT_MAX bytes of events. */
static void capacity_beyond_the_system_is_no_error(void)
{
    const uint64_t capacity = (uint64_t)INT_MAX / 12 + 1;
    const uint64_t size = capacity * sizeof(struct mio_event);
    if (size > SIZE_MAX / 2)
        SKIP("the address space is too small");
    struct mio_event *events = memory_reserve(size);
    if (!events)
        SKIP("not enough memory");
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    mio_fd fd = queue_loop(&source, true);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &source, TOKEN, MIO_READABLE), 0);
    const size_t capacities[] = {(size_t)capacity, INT_MAX, (size_t)INT_MAX + 1, SIZE_MAX};
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(mio_poll_wait(&poll, events, capacities[i], TEST_SOON), 1);
        CHECK_EQ(events[0].token, TOKEN);
        CHECK_EQ(mio_reregister(mio_poll_registry(&poll), &source, TOKEN, MIO_READABLE), 0);
    }
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &source), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
    memory_free(events, size);
}

/* ---- Other threads and signals --------------------------------------------------------------- */

static void second_waiter_is_refused(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    struct mio_event event;
    struct waiter waiter;
    test_poll_init(&poll);
    CHECK_EQ(mio_waker_init(&waker, mio_poll_registry(&poll), TOKEN), 0);
    waiter_start(&waiter, &poll);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(mio_poll_wait(&poll, &event, 1, MIO_FOREVER), -EBUSY);
    /* The first one is not disturbed, and after it the poll is free again. */
    CHECK_EQ(mio_waker_wake(&waker), 0);
    CHECK_EQ(waiter_join(&waiter), 1);
    CHECK_EQ(waiter.events[0].token, TOKEN);
    test_expect_no_event(&poll);
    CHECK_EQ(mio_waker_close(&waker), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void registration_during_a_wait_is_reported(void)
{
    struct mio_poll poll;
    struct mio_source source;
    struct waiter waiter;
    test_poll_init(&poll);
    mio_fd fd = queue_loop(&source, true);
    waiter_start(&waiter, &poll);
    CHECK_EQ(
        mio_register(mio_poll_registry(&poll), &source, TOKEN, MIO_READABLE | test_config.mode), 0);
    CHECK_EQ(waiter_join(&waiter), 1);
    CHECK_EQ(waiter.events[0].token, TOKEN);
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &source), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

static void signal_is_reported(void)
{
    struct mio_poll poll;
    struct waiter waiter;
    queue_need_interrupts();
    test_poll_init(&poll);
    waiter_start(&waiter, &poll);
    CHECK_EQ(waiter_interrupt(&waiter), -EINTR);
    /* The interrupted wait left no mark. */
    test_expect_no_event(&poll);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static mio_fd handler_fd;
static volatile sig_atomic_t handler_failed;

static void make_ready(int signal)
{
    int saved = errno;
    (void)signal;
    if (!plain_loop_make_ready(handler_fd))
        handler_failed = 1;
    errno = saved;
}

/* The handler makes a source ready in the very wait that it interrupts. */
static void interrupted_wait_loses_no_event(void)
{
    struct mio_poll poll;
    struct mio_source source;
    struct waiter waiter;
    uint64_t count;
    int interrupted = 0;
    queue_need_interrupts();
    test_poll_init(&poll);
    mio_fd fd = queue_loop(&source, false);
    handler_fd = fd;
    CHECK_EQ(
        mio_register(mio_poll_registry(&poll), &source, TOKEN, MIO_READABLE | test_config.mode), 0);
    for (int round = 0; round < 50; round++) {
        waiter_start(&waiter, &poll);
        thread_on_interrupt(make_ready);
        int result = waiter_interrupt(&waiter);
        if (result == -EINTR) {
            interrupted++;
            CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
        } else {
            CHECK_EQ(result, 1);
            CHECK_EQ(waiter.events[0].token, TOKEN);
        }
        CHECK_EQ(plain_read(fd, &count, sizeof count), sizeof count);
        CHECK_EQ(mio_source_blocked(&source, MIO_READABLE), 0);
        CHECK_EQ(mio_reregister(mio_poll_registry(&poll), &source, TOKEN,
                                MIO_READABLE | test_config.mode),
                 0);
    }
    CHECK(!handler_failed);
    CHECK(interrupted > 0);
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &source), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

/* ---- Polls inside polls ---------------------------------------------------------------------- */

static bool is_readable_to_the_system(const struct mio_poll *queue)
{
    return plain_look(mio_poll_fd(queue), PLAIN_IN, 0) != 0;
}

static void nested_poll_is_readable_while_events_are_pending(void)
{
    const mio_interest interest = MIO_READABLE | test_config.mode;
    struct mio_poll outer, inner;
    struct mio_source queue;
    struct channel channel;
    queue_need_poll_fd();
    test_poll_init(&outer);
    test_poll_init(&inner);
    channel_open(&channel, CHANNEL_LOOP);
    CHECK_EQ(mio_register(mio_poll_registry(&inner), channel.source, 1, MIO_READABLE), 0);
    CHECK_EQ(mio_source_init_fd(&queue, mio_poll_fd(&inner)), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&outer), &queue, 2, interest), 0);
    test_expect_no_event(&outer);
    for (int round = 0; round < 3; round++) {
        CHECK(!is_readable_to_the_system(&inner));
        channel_send(&channel, "", 0);
        CHECK(test_expect_event(&outer, 2) & MIO_READABLE);
        CHECK(is_readable_to_the_system(&inner));
        if (test_config.mode == MIO_LEVEL)
            CHECK(test_expect_event(&outer, 2) & MIO_READABLE);
        else
            test_expect_no_event(&outer);
        CHECK_EQ(test_expect_event(&inner, 1), MIO_READABLE);
        channel_drain(&channel);
        test_expect_no_event(&inner);
        test_expect_no_event(&outer);
    }
    CHECK_EQ(mio_deregister(mio_poll_registry(&outer), &queue), 0);
    channel_close(&channel, mio_poll_registry(&inner));
    CHECK_EQ(mio_poll_close(&inner), 0);
    CHECK_EQ(mio_poll_close(&outer), 0);
}

static void queue_in_itself_is_refused(void)
{
    struct mio_poll poll;
    struct mio_source queue;
    test_poll_init(&poll);
    if (mio_poll_fd(&poll) == MIO_FD_NONE) {
        CHECK_EQ(mio_poll_close(&poll), 0);
        SKIP("this backend has no descriptor");
    }
    CHECK_EQ(mio_source_init_fd(&queue, mio_poll_fd(&poll)), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &queue, 1, MIO_READABLE), -EINVAL);
    CHECK(!mio_source_is_registered(&queue));
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void queues_nest_up_to_a_depth(void)
{
    enum { DEPTH = 6 };
    struct mio_poll polls[DEPTH];
    struct mio_source queues[DEPTH];
    int result = 0;
    queue_need_poll_fd();
    for (int i = 0; i < DEPTH; i++) {
        test_poll_init(&polls[i]);
        CHECK_EQ(mio_source_init_fd(&queues[i], mio_poll_fd(&polls[i])), 0);
    }
    int nested = 0;
    for (; nested < DEPTH - 1 && result == 0; nested += result == 0)
        result =
            mio_register(mio_poll_registry(&polls[nested + 1]), &queues[nested], 1, MIO_READABLE);
    CHECK_EQ(result, -ELOOP);
    CHECK(nested >= 3);
    while (nested-- > 0)
        CHECK_EQ(mio_deregister(mio_poll_registry(&polls[nested + 1]), &queues[nested]), 0);
    for (int i = 0; i < DEPTH; i++)
        CHECK_EQ(mio_poll_close(&polls[i]), 0);
}

static void memory_that_cannot_be_written_is_a_fault(void)
{
    struct mio_poll poll;
    struct mio_source source;
    if (test_under_valgrind())
        SKIP("valgrind looks at the memory first");
    test_poll_init(&poll);
    if (!queue_is_epoll(&poll)) {
        CHECK_EQ(mio_poll_close(&poll), 0);
        SKIP("only the kernel finds this, where it writes the events");
    }
    mio_fd fd = queue_loop(&source, true);
    void *page = memory_forbidden(4096);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &source, 1, MIO_READABLE), 0);
    CHECK_EQ(mio_poll_wait(&poll, page, 8, TEST_SOON), -EFAULT);
    CHECK_EQ(test_expect_event(&poll, 1), MIO_READABLE);
    memory_free(page, 4096);
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &source), 0);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void poll_inside_itself_is_refused(void)
{
    struct mio_poll outer, inner;
    struct mio_source outer_queue, inner_queue;
    queue_need_poll_fd();
    test_poll_init(&outer);
    test_poll_init(&inner);
    CHECK_EQ(mio_source_init_fd(&outer_queue, mio_poll_fd(&outer)), 0);
    CHECK_EQ(mio_source_init_fd(&inner_queue, mio_poll_fd(&inner)), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&outer), &outer_queue, 1, MIO_READABLE), -EINVAL);
    CHECK_EQ(mio_register(mio_poll_registry(&outer), &inner_queue, 1, MIO_READABLE), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&inner), &outer_queue, 1, MIO_READABLE), -ELOOP);
    CHECK(!mio_source_is_registered(&outer_queue));
    CHECK_EQ(mio_deregister(mio_poll_registry(&outer), &inner_queue), 0);
    CHECK_EQ(mio_poll_close(&inner), 0);
    CHECK_EQ(mio_poll_close(&outer), 0);
}

/* ---- Counters -------------------------------------------------------------------------------- */

static void counters_count(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    struct mio_event event;
    struct mio_counters counters;
    test_poll_init(&poll);
    CHECK_EQ(mio_waker_init(&waker, mio_poll_registry(&poll), TOKEN), 0);
    memset(&counters, 0xa5, sizeof counters);
    CHECK_EQ(mio_poll_counters(&poll, &counters), 0);
    CHECK_EQ(counters.waits, 0);
    CHECK_EQ(counters.events, 0);
    CHECK_EQ(counters.wakes, 0);
    CHECK_EQ(counters.wakes_coalesced, 0);
    CHECK_EQ(counters.kicks, 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(mio_waker_wake(&waker), 0);
    CHECK_EQ(mio_poll_wait(&poll, &event, 1, TEST_SOON), 1);
    CHECK_EQ(mio_poll_wait(&poll, &event, 1, 0), 0);
    CHECK_EQ(mio_waker_wake(&waker), 0);
    CHECK_EQ(mio_poll_wait(&poll, &event, 1, TEST_SOON), 1);
    CHECK_EQ(mio_poll_wait(&poll, &event, 0, 0), -EINVAL);
    CHECK_EQ(mio_poll_counters(&poll, &counters), 0);
    CHECK_EQ(counters.waits, 3);
    CHECK_EQ(counters.events, 2);
    /* One that spins is awake between waits. */
    CHECK_EQ(counters.wakes, test_config.poll.spin_ns ? 0 : 2);
    CHECK_EQ(counters.wakes_coalesced, test_config.poll.spin_ns ? 4 : 2);
    CHECK_EQ(counters.spins_hit, 0);
    CHECK_EQ(counters.spins_missed, 0);
    if (queue_is_epoll(&poll))
        CHECK_EQ(counters.kicks, 0);
    CHECK_EQ(mio_waker_close(&waker), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    /* They begin anew with every init. */
    test_poll_init(&poll);
    CHECK_EQ(mio_poll_counters(&poll, &counters), 0);
    CHECK_EQ(counters.waits + counters.events + counters.wakes + counters.wakes_coalesced, 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* As daemons do at their start, here without knowing of the poll. */
static void wait_without_descriptors(void)
{
    struct mio_poll poll;
    struct mio_event event;
    bool was_open[64];
    for (int i = 0; i < 64; i++)
        was_open[i] = plain_is_open((mio_fd)i);
    test_poll_init(&poll);
    for (int i = 0; i < 64; i++)
        if (!was_open[i])
            plain_close((mio_fd)i);
    CHECK_EQ(mio_poll_wait(&poll, &event, 1, MIO_FOREVER), -EBADF);
    CHECK_EQ(mio_poll_wait(&poll, &event, 1, 0), -EBADF);
    mio_poll_close(&poll);
    CHECK_EQ(mio_poll_wait(&poll, &event, 1, 0), -EBADF);
}

static void wait_ends_when_somebody_closed_the_queue(void)
{
    test_in_child(wait_without_descriptors);
}

static const struct test_case cases[] = {
    {"invalid_arguments_are_refused", invalid_arguments_are_refused, 0},
    {"defect_24_capacity_zero_is_invalid", defect_24_capacity_zero_is_invalid, 0},
    {"defect_06_never_more_than_capacity", defect_06_never_more_than_capacity, TEST_ANY_MODE},
    {"every_event_keeps_its_token", every_event_keeps_its_token, 0},
    {"capacity_beyond_the_system_is_no_error", capacity_beyond_the_system_is_no_error, 0},
    {"second_waiter_is_refused", second_waiter_is_refused, 0},
    {"registration_during_a_wait_is_reported", registration_during_a_wait_is_reported,
     TEST_ANY_MODE},
    {"signal_is_reported", signal_is_reported, 0},
    {"interrupted_wait_loses_no_event", interrupted_wait_loses_no_event, TEST_ANY_MODE},
    {"nested_poll_is_readable_while_events_are_pending",
     nested_poll_is_readable_while_events_are_pending, TEST_EDGE | TEST_LEVEL},
    {"poll_inside_itself_is_refused", poll_inside_itself_is_refused, 0},
    {"queue_in_itself_is_refused", queue_in_itself_is_refused, 0},
    {"queues_nest_up_to_a_depth", queues_nest_up_to_a_depth, 0},
    {"memory_that_cannot_be_written_is_a_fault", memory_that_cannot_be_written_is_a_fault, 0},
    {"counters_count", counters_count, 0},
    {"wait_ends_when_somebody_closed_the_queue", wait_ends_when_somebody_closed_the_queue, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_wait = {"wait", cases};
