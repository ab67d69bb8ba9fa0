/* Writes to pipes with and without RWF_NOSIGNAL: what they do, and by which system calls. */
#define _GNU_SOURCE 1
#include "sigpipe_util.h"

#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- Writes that succeed, and other errors --------------------------------------------------- */

static void write_one_byte_to_the_full_pipe(struct mio_pipe_sender *sender)
{
    struct mio_buf byte = {(char[]){"x"}, 1};
    CHECK_EQ(mio_pipe_sender_write(sender, byte.base, 1), -EAGAIN);
    CHECK_EQ(mio_pipe_sender_writev(sender, &byte, 1), -EAGAIN);
}

static void writes_arrive_here(void)
{
    static char block_of_zeroes[1 << 21];
    struct mio_buf bufs[2] = {{(char[]){"ab"}, 2}, {(char[]){"cde"}, 3}};
    struct mio_buf bad = {(void *)(uintptr_t)16, 4};
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    char buf[16] = "";
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    int reader = mio_source_fd(&receiver.source);
    for (int round = 0; round < 3; round++) {
        CHECK_EQ(mio_pipe_sender_write(&sender, "12345", 5), 5);
        CHECK_EQ(mio_pipe_sender_writev(&sender, bufs, 2), 5);
        CHECK_EQ(mio_pipe_sender_write(&sender, NULL, 0), 0);
        CHECK_EQ(read(reader, buf, sizeof buf), 10);
        CHECK_EQ(memcmp(buf, "12345abcde", 11), 0);
        if (!test_under_valgrind()) { /* it looks at the memory before the system does */
            CHECK_EQ(mio_pipe_sender_write(&sender, bad.base, bad.len), -EFAULT);
            CHECK_EQ(mio_pipe_sender_writev(&sender, &bad, 1), -EFAULT);
        }
        CHECK_EQ(read(reader, buf, sizeof buf), -1);
        ptrdiff_t n = mio_pipe_sender_write(&sender, block_of_zeroes, sizeof block_of_zeroes);
        CHECK(n > 0 && n < (ptrdiff_t)sizeof block_of_zeroes);
        write_one_byte_to_the_full_pipe(&sender);
        CHECK_EQ(read(reader, block_of_zeroes, sizeof block_of_zeroes), n);
    }
    CHECK(!sigpipe_is_pending());
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), -EPIPE);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
}
EVERYWHERE(writes_arrive)

/* Edges where the poll makes them itself, too: a refused call must not pass for would-block. */
static void room_is_told_here(void)
{
    static char block_of_zeroes[1 << 21];
    struct mio_poll poll;
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    test_poll_init(&poll);
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &sender.source, 7, MIO_WRITABLE), 0);
    for (int round = 0; round < 3; round++) {
        CHECK_EQ(test_expect_event(&poll, 7), MIO_WRITABLE);
        ptrdiff_t n = mio_pipe_sender_write(&sender, block_of_zeroes, sizeof block_of_zeroes);
        CHECK(n > 0 && n < (ptrdiff_t)sizeof block_of_zeroes);
        test_expect_no_event(&poll);
        CHECK_EQ(read(mio_source_fd(&receiver.source), block_of_zeroes, sizeof block_of_zeroes), n);
    }
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    test_expect_readiness(&poll, 7, MIO_WRITE_CLOSED);
    CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), -EPIPE);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}
EVERYWHERE(room_is_told)

static void *interrupt_and_make_room(void *arg)
{
    static char bytes[1 << 20];
    const struct timespec pause = {0, MIO_NS_PER_MS};
    const int *fd = arg;
    for (int i = 0; i < 20; i++) {
        kill(getpid(), SIGUSR1); /* this thread has it blocked */
        nanosleep(&pause, NULL);
    }
    CHECK(read(*fd, bytes, sizeof bytes) > 0);
    return NULL;
}

/* On an end that waits, which is where the call can be interrupted at all. */
static void interrupted_write_is_repeated_here(void)
{
    static char bytes[1 << 20];
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    pthread_t thread;
    sigset_t before = sigpipe_mask();
    struct sigaction how;
    memset(&how, 0, sizeof how);
    how.sa_handler = sigpipe_count;
    CHECK_EQ(sigaction(SIGUSR1, &how, NULL), 0);
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    int reader = mio_source_fd(&receiver.source);
    CHECK(mio_pipe_sender_write(&sender, bytes, sizeof bytes) > 0);
    CHECK_EQ(mio_pipe_sender_set_nonblocking(&sender, false), 0);
    sigpipe_block(SIGUSR1);
    CHECK_EQ(pthread_create(&thread, NULL, interrupt_and_make_room, &reader), 0);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), 1);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK(sigpipe_handled > 0);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
}
EVERYWHERE(interrupted_write_is_repeated)

static void *leave_midway(void *arg)
{
    const struct timespec pause = {0, 10 * MIO_NS_PER_MS};
    struct mio_pipe_receiver *receiver = arg;
    nanosleep(&pause, NULL);
    CHECK_EQ(mio_pipe_receiver_close(receiver), 0);
    return NULL;
}

/* A write that waits for room when its reader leaves has moved something, and is signalled too. */
static void reader_that_leaves_midway_is_no_signal_here(void)
{
    static char bytes[1 << 20];
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    pthread_t thread;
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    CHECK_EQ(mio_pipe_sender_set_nonblocking(&sender, false), 0);
    CHECK_EQ(pthread_create(&thread, NULL, leave_midway, &receiver), 0);
    ptrdiff_t n = mio_pipe_sender_write(&sender, bytes, sizeof bytes);
    CHECK(n == -EPIPE || (n > 0 && n < (ptrdiff_t)sizeof bytes));
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK(!sigpipe_is_pending());
    CHECK_EQ(mio_pipe_sender_write(&sender, bytes, 1), -EPIPE);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
}
EVERYWHERE(reader_that_leaves_midway_is_no_signal)

/* ---- Which system calls ---------------------------------------------------------------------- */

/* Every runtime of a sanitizer has it; the library makes other system calls then. */
extern void __sanitizer_print_stack_trace(void) __attribute__((weak));

static void skip_where_calls_are_others(void)
{
    if (test_under_valgrind())
        SKIP("valgrind makes its own system calls of the program's");
    if (__sanitizer_print_stack_trace)
        SKIP("under a sanitizer pipes are written to through libc");
}

static void write_after_a_refusal_and_then_deadly(void)
{
    struct mio_buf buf = {(char[]){"x"}, 1};
    struct mio_pipe_sender sender, moved;
    sigpipe_open_broken(&sender);
    CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), -EPIPE);
    sigpipe_kill_on(SYS_pwritev2);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), -EPIPE);
        CHECK_EQ(mio_pipe_sender_writev(&sender, &buf, 1), -EPIPE);
    }
    /* The memory is the end's: it goes where that goes. */
    memcpy(&moved, &sender, sizeof moved);
    memset(&sender, 0xa5, sizeof sender);
    CHECK_EQ(mio_pipe_sender_write(&moved, "x", 1), -EPIPE);
    CHECK_EQ(mio_pipe_sender_close(&moved), 0);
}

/* Through registrations, which change the flags of a source. */
static void register_after_a_refusal_and_then_deadly(void)
{
    struct mio_poll poll;
    struct mio_pipe_sender sender;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    sigpipe_open_broken(&sender);
    CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), -EPIPE);
    sigpipe_kill_on(SYS_pwritev2);
    CHECK_EQ(mio_register(registry, &sender.source, 7, MIO_WRITABLE), 0);
    CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), -EPIPE);
    CHECK_EQ(mio_reregister(registry, &sender.source, 7, MIO_WRITABLE | MIO_LEVEL), 0);
    CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), -EPIPE);
    CHECK_EQ(mio_deregister(registry, &sender.source), 0);
    CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), -EPIPE);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void write_under_the_deadly_filter(void)
{
    struct mio_pipe_sender sender;
    sigpipe_open_broken(&sender);
    sigpipe_kill_on(SYS_pwritev2);
    (void)mio_pipe_sender_write(&sender, "x", 1);
}

static void check_dies(void (*run)(void))
{
    int status = test_child_status(run);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        SKIP("the host takes no such filter");
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), SIGSYS);
}

static void refused_call_is_not_tried_again(void)
{
    skip_where_calls_are_others();
    /* The proof that the filter is deadly: an end that knows nothing yet tries. */
    check_dies(write_under_the_deadly_filter);
    sigpipe_run_refused(write_after_a_refusal_and_then_deadly);
    sigpipe_run_refused(register_after_a_refusal_and_then_deadly);
}

static void write_without_touching_signals(void)
{
    struct mio_buf buf = {(char[]){"x"}, 1};
    struct mio_pipe_sender sender, broken;
    struct mio_pipe_receiver receiver;
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    sigpipe_open_broken(&broken);
    /* The first write of an end finds out. */
    CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), 1);
    CHECK_EQ(mio_pipe_sender_write(&broken, "x", 1), -EPIPE);
    sigpipe_kill_on(SYS_rt_sigprocmask);
    sigpipe_kill_on(SYS_rt_sigpending);
    sigpipe_kill_on(SYS_rt_sigtimedwait);
    sigpipe_kill_on(SYS_writev);
    bool right = mio_pipe_sender_write(&sender, "x", 1) == 1 &&
                 mio_pipe_sender_writev(&sender, &buf, 1) == 1 &&
                 mio_pipe_sender_write(&broken, "x", 1) == -EPIPE &&
                 mio_pipe_sender_writev(&broken, &buf, 1) == -EPIPE;
    _exit(!right);
}

/* Where the kernel has the flag nothing else is needed. */
static void kernel_that_has_the_flag_needs_no_more(void)
{
    skip_where_calls_are_others();
    if (sigpipe_raw_pwritev2() != 0)
        SKIP("the kernel has no RWF_NOSIGNAL");
    test_in_child(write_without_touching_signals);
}

static const struct test_case cases[] = {
    {"writes_arrive", writes_arrive, 0},
    {"room_is_told", room_is_told, 0},
    {"interrupted_write_is_repeated", interrupted_write_is_repeated, 0},
    {"reader_that_leaves_midway_is_no_signal", reader_that_leaves_midway_is_no_signal, 0},
    {"refused_call_is_not_tried_again", refused_call_is_not_tried_again, 0},
    {"kernel_that_has_the_flag_needs_no_more", kernel_that_has_the_flag_needs_no_more, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_sigpipe_calls = {"sigpipe", cases};
