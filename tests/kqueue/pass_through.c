/*
 * Entries that a program adds to the queue itself, through mio_registry_fd: they come out of the
 * wait with their udata as the token, beside sources and wakers.
 */
#include "net.h"
#include "simulated_event.h"
#include "test.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TOKEN = 0x1234, TIMER = 0, SIGNAL, PROCESS, SOURCE, WAKER, ALL };

static void add_as(struct mio_poll *poll, mio_token token, uintptr_t ident, int filter,
                   uint32_t flags, uint32_t fflags, int64_t data)
{
    struct kevent change;
    mio_fd queue = mio_registry_fd(mio_poll_registry(poll));
    EV_SET(&change, ident, filter, EV_ADD | flags, fflags, data, token);
    CHECK_EQ(kevent(queue, &change, 1, NULL, 0, NULL), 0);
}

static void add_own(struct mio_poll *poll, uintptr_t ident, int filter, uint32_t flags,
                    uint32_t fflags, int64_t data)
{
    add_as(poll, TOKEN, ident, filter, flags, fflags, data);
}

static void timer_is_readable(void)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    add_own(&poll, 7, EVFILT_TIMER, 0, 0, 1);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE); /* each period */
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void signal_is_readable(void)
{
    struct mio_poll poll;
    sigset_t only, before;
    sigemptyset(&only);
    sigaddset(&only, SIGUSR2);
    test_poll_init(&poll);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &only, &before), 0);
    add_own(&poll, SIGUSR2, EVFILT_SIGNAL, 0, 0, 0);
    test_expect_no_event(&poll);
    CHECK_EQ(pthread_kill(pthread_self(), SIGUSR2), 0);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    test_expect_no_event(&poll);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* Its flags and fflags look like the end of a stream with an error, and are none. */
static void exit_of_a_process_is_readable_and_no_error(void)
{
    struct mio_poll poll;
    int ends[2];
    char byte;
    test_poll_init(&poll);
    CHECK_EQ(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        _exit((int)read(ends[0], &byte, 1)); /* until the parent closes */
    }
    CHECK(child > 0);
    add_own(&poll, (uintptr_t)child, EVFILT_PROC, 0, NOTE_EXIT, 0);
    test_expect_no_event(&poll);
    CHECK_EQ(close(ends[0]), 0);
    CHECK_EQ(close(ends[1]), 0);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    CHECK_EQ(waitpid(child, NULL, 0), child);
    test_expect_no_event(&poll);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* Waits until each of them was reported, which is once. */
static void expect_all(struct mio_poll *poll)
{
    unsigned told[ALL] = {0}, missing = ALL;
    while (missing > 0) {
        struct mio_event events[8];
        int n = mio_poll_wait(poll, events, 8, TEST_SOON);
        CHECK(n > 0);
        for (int i = 0; i < n; i++) {
            CHECK_EQ(events[i].readiness, MIO_READABLE);
            CHECK(events[i].token < ALL);
            CHECK_EQ(told[events[i].token]++, 0);
            missing--;
        }
    }
}

static void they_come_beside_sources_and_wakers(void)
{
    struct mio_poll poll;
    struct mio_waker own_waker;
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    sigset_t only, before;
    sigemptyset(&only);
    sigaddset(&only, SIGUSR2);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &only, &before), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    CHECK(child > 0);
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    CHECK_EQ(mio_register(registry, &receiver.source, SOURCE, MIO_READABLE), 0);
    CHECK_EQ(mio_waker_init(&own_waker, registry, WAKER), 0);
    add_as(&poll, TIMER, 9, EVFILT_TIMER, EV_ONESHOT, 0, 1);
    add_as(&poll, SIGNAL, SIGUSR2, EVFILT_SIGNAL, 0, 0, 0);
    add_as(&poll, PROCESS, (uintptr_t)child, EVFILT_PROC, 0, NOTE_EXIT, 0);
    CHECK_EQ(pthread_kill(pthread_self(), SIGUSR2), 0);
    CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), 1);
    CHECK_EQ(mio_waker_wake(&own_waker), 0);
    expect_all(&poll);
    test_expect_no_event(&poll); /* the timer was for once */
    CHECK_EQ(waitpid(child, NULL, 0), child);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    CHECK_EQ(mio_waker_close(&own_waker), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* ---- Completions: a source of the program's own hands the queue to an operation -------------- */

struct operation {
    struct mio_source source;
    mio_fd queue;
    mio_token token;
};

static int operation_add(struct mio_registry *registry, struct mio_source *source, mio_token token,
                         mio_interest interest)
{
    struct operation *operation = (struct operation *)source;
    CHECK((interest & (MIO_AIO | MIO_LIO)) != 0);
    operation->queue = mio_registry_fd(registry);
    operation->token = token;
    return 0;
}

static int operation_remove(struct mio_registry *registry, struct mio_source *source)
{
    (void)registry;
    ((struct operation *)source)->queue = MIO_FD_NONE;
    return 0;
}

static const struct mio_source_ops operation_ops = {operation_add, operation_add, operation_remove};

/* Its address is the ident, as that of a struct aiocb. */
static void complete(struct operation *operation, int filter, uint32_t flags)
{
    simulated_kqueue_complete(operation->queue, filter, (uintptr_t)operation, flags,
                              (void *)operation->token);
}

static void check_completion(int filter, uint32_t readiness)
{
    struct mio_poll poll;
    struct operation operation = {.queue = MIO_FD_NONE};
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_source_init_custom(&operation.source, &operation_ops);
    CHECK(mio_poll_features(&poll) & readiness);
    CHECK_EQ(mio_register(registry, &operation.source, TOKEN, readiness), 0);
    test_expect_no_event(&poll);
    complete(&operation, filter, 0);
    CHECK_EQ(test_expect_event(&poll, TOKEN), readiness);
    CHECK_EQ(test_expect_event(&poll, TOKEN), readiness); /* the result was not taken */
    simulated_kqueue_take_result(operation.queue, filter, (uintptr_t)&operation);
    test_expect_no_event(&poll);
    complete(&operation, filter, EV_ONESHOT);
    CHECK_EQ(test_expect_event(&poll, TOKEN), readiness);
    test_expect_no_event(&poll);
    CHECK_EQ(mio_deregister(registry, &operation.source), 0);
    CHECK_EQ(operation.queue, MIO_FD_NONE);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void completions_say_which_they_are(void)
{
    check_completion(EVFILT_AIO, MIO_AIO);
    check_completion(EVFILT_LIO, MIO_LIO);
}

static const struct test_case cases[] = {
    {"timer_is_readable", timer_is_readable, 0},
    {"signal_is_readable", signal_is_readable, 0},
    {"exit_of_a_process_is_readable_and_no_error", exit_of_a_process_is_readable_and_no_error, 0},
    {"they_come_beside_sources_and_wakers", they_come_beside_sources_and_wakers, 0},
    {"completions_say_which_they_are", completions_say_which_they_are, 0},
    {NULL, NULL, 0},
};

extern const struct test_suite suite_pass_through;
const struct test_suite suite_pass_through = {"pass_through", cases};
