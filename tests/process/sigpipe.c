/*
 * Nothing raises SIGPIPE: neither the system's own way of writing to pipes without it, nor what
 * replaces that where the system refuses it (filters of system calls make it refuse), nor sockets.
 * Each case runs in child processes, since a filter lasts as long as the process, and since a
 * signal that comes through ends it.
 */
#define _GNU_SOURCE 1
#include "net.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- Filters --------------------------------------------------------------------------------- */

/* From now on the call gets this answer, in this process and for good. The harshest filter wins. */
static void answer(long call, uint32_t with)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, with),
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

static void kill_on(long call)
{
    answer(call, SECCOMP_RET_KILL_PROCESS);
}

/* What pwritev2 with RWF_NOSIGNAL (0x100) says of a write of one byte. */
static int raw_pwritev2(void)
{
    int ends[2];
    CHECK_EQ(pipe(ends), 0);
    struct iovec byte = {(char[]){"x"}, 1};
    long n = syscall(SYS_pwritev2, ends[1], &byte, 1, -1L, -1L, 0x100);
    int result = n < 0 ? -errno : 0;
    close(ends[0]);
    close(ends[1]);
    return result;
}

/* ---- Each case on every kind of system ------------------------------------------------------- */

/* 0 is the system as it is, else what it answers to pwritev2 instead. */
static const int refusals[] = {0, EOPNOTSUPP, ENOSYS, EPERM, EINVAL};
static int refusal;
static void (*scenario)(void);

static void refuse_and_run(void)
{
    if (refusal != 0) {
        answer(SYS_pwritev2, SECCOMP_RET_ERRNO | (uint32_t)refusal);
        CHECK_EQ(raw_pwritev2(), -refusal);
    }
    scenario();
}

static void run_everywhere(void (*run)(void))
{
    scenario = run;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        refusal = refusals[i];
        if (refusal != 0 && test_under_valgrind())
            return; /* it makes its own system calls of the program's */
        test_in_child(refuse_and_run);
    }
}

#define EVERYWHERE(behaviour)                                                                      \
    static void behaviour(void)                                                                    \
    {                                                                                              \
        run_everywhere(behaviour##_here);                                                          \
    }

/* ---- Observing signals ----------------------------------------------------------------------- */

static bool is_pending(void)
{
    sigset_t set;
    CHECK_EQ(sigpending(&set), 0);
    return sigismember(&set, SIGPIPE) == 1;
}

static sigset_t mask_of_this_thread(void)
{
    sigset_t set;
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, NULL, &set), 0);
    return set;
}

static void check_mask(const sigset_t *expected)
{
    sigset_t set = mask_of_this_thread();
    for (int signal = 1; signal <= SIGRTMAX; signal++)
        CHECK_EQ(sigismember(&set, signal), sigismember(expected, signal));
}

static void block(int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
}

/* Takes one pending SIGPIPE; false when there is none. */
static bool take_pending(void)
{
    const struct timespec now = {0, 0};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return sigtimedwait(&set, NULL, &now) == SIGPIPE;
}

static volatile sig_atomic_t handled;

static void count_signal(int signal)
{
    (void)signal;
    handled++;
}

static void set_action(void (*action)(int))
{
    struct sigaction how;
    memset(&how, 0, sizeof how);
    how.sa_handler = action;
    CHECK_EQ(sigaction(SIGPIPE, &how, NULL), 0);
}

static void check_action(void (*action)(int))
{
    struct sigaction how;
    CHECK_EQ(sigaction(SIGPIPE, NULL, &how), 0);
    CHECK(how.sa_handler == action);
}

/* ---- Broken pipes ---------------------------------------------------------------------------- */

static void open_broken(struct mio_pipe_sender *sender)
{
    struct mio_pipe_receiver receiver;
    CHECK_EQ(mio_pipe_pair(sender, &receiver), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
}

/* Several writes by each call, on a fresh end each: the first one differs from those after it. */
static void write_to_broken_pipes(void)
{
    static const int leftovers[] = {0, EINTR, EAGAIN};
    struct mio_buf bufs[2] = {{(char[]){"ab"}, 2}, {(char[]){"c"}, 1}};
    const sigset_t before = mask_of_this_thread();
    for (int vectored = 0; vectored < 2; vectored++) {
        struct mio_pipe_sender sender;
        open_broken(&sender);
        for (int i = 0; i < 3; i++) {
            errno = leftovers[i]; /* means nothing to the library */
            CHECK_EQ(vectored ? mio_pipe_sender_writev(&sender, bufs, 2)
                              : mio_pipe_sender_write(&sender, "abc", 3),
                     -EPIPE);
            check_mask(&before);
        }
        CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    }
}

static void default_action_does_not_end_the_program_here(void)
{
    set_action(SIG_DFL);
    write_to_broken_pipes();
    CHECK(!is_pending());
    check_action(SIG_DFL);
}
EVERYWHERE(default_action_does_not_end_the_program)

static void handler_never_runs_here(void)
{
    set_action(count_signal);
    write_to_broken_pipes();
    CHECK(!is_pending());
    CHECK_EQ(handled, 0);
    check_action(count_signal);
    CHECK_EQ(raise(SIGPIPE), 0);
    CHECK_EQ(handled, 1);
}
EVERYWHERE(handler_never_runs)

static void ignored_signal_stays_ignored_here(void)
{
    set_action(SIG_IGN);
    write_to_broken_pipes();
    CHECK(!is_pending());
    check_action(SIG_IGN);
    block(SIGPIPE);
    write_to_broken_pipes();
    CHECK(!is_pending());
    check_action(SIG_IGN);
}
EVERYWHERE(ignored_signal_stays_ignored)

static void blocked_signal_is_not_left_pending_here(void)
{
    block(SIGPIPE);
    write_to_broken_pipes();
    CHECK(!is_pending());
    set_action(count_signal);
    write_to_broken_pipes();
    CHECK(!is_pending());
    sigset_t none;
    sigemptyset(&none);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &none, NULL), 0);
    CHECK_EQ(handled, 0);
}
EVERYWHERE(blocked_signal_is_not_left_pending)

/* The caller's own signal is neither taken away nor doubled. */
static void signal_of_the_thread_stays_pending_here(void)
{
    block(SIGPIPE);
    for (int round = 0; round < 2; round++) {
        CHECK_EQ(pthread_kill(pthread_self(), SIGPIPE), 0);
        CHECK(is_pending());
        write_to_broken_pipes();
        CHECK(take_pending());
        CHECK(!is_pending());
        /* And none is invented after it. */
        write_to_broken_pipes();
        CHECK(!is_pending());
    }
}
EVERYWHERE(signal_of_the_thread_stays_pending)

/* The write's own would be the thread's, beside it: there must be one in all. */
static void signal_of_the_process_stays_pending_here(void)
{
    block(SIGPIPE);
    CHECK_EQ(kill(getpid(), SIGPIPE), 0);
    CHECK(is_pending());
    write_to_broken_pipes();
    CHECK(take_pending());
    CHECK(!is_pending());
}
EVERYWHERE(signal_of_the_process_stays_pending)

static void mask_is_as_it_was_here(void)
{
    static const int others[] = {SIGUSR1, SIGUSR2, SIGTERM, SIGCHLD};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        block(others[i]);
        write_to_broken_pipes(); /* which compares */
        const sigset_t mask = mask_of_this_thread();
        CHECK_EQ(sigismember(&mask, SIGPIPE), 0);
    }
    block(SIGPIPE);
    write_to_broken_pipes();
    const sigset_t mask = mask_of_this_thread();
    CHECK_EQ(sigismember(&mask, SIGPIPE), 1);
}
EVERYWHERE(mask_is_as_it_was)

/* ---- Other threads --------------------------------------------------------------------------- */

static void *wait_for_a_signal(void *arg)
{
    sigset_t set;
    int *got = arg;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigaddset(&set, SIGUSR1);
    if (sigwait(&set, got) != 0)
        *got = -1;
    return NULL;
}

/* It waits for SIGPIPE itself, and would get one that is sent to the process. */
static void thread_that_waits_for_the_signal_gets_none_here(void)
{
    pthread_t thread;
    int got = 0;
    block(SIGPIPE);
    block(SIGUSR1);
    CHECK_EQ(pthread_create(&thread, NULL, wait_for_a_signal, &got), 0);
    for (int i = 0; i < 20; i++)
        write_to_broken_pipes();
    CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_EQ(got, SIGUSR1);
    CHECK(!is_pending());
}
EVERYWHERE(thread_that_waits_for_the_signal_gets_none)

static void *write_with_the_signal_blocked(void *arg)
{
    (void)arg;
    block(SIGPIPE);
    for (int i = 0; i < 20; i++) {
        write_to_broken_pipes();
        CHECK(!is_pending());
    }
    return NULL;
}

/* Each thread has a mask and pending signals of its own. */
static void threads_write_beside_each_other_here(void)
{
    pthread_t thread;
    set_action(count_signal);
    CHECK_EQ(pthread_create(&thread, NULL, write_with_the_signal_blocked, NULL), 0);
    for (int i = 0; i < 20; i++)
        write_to_broken_pipes();
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_EQ(handled, 0);
    CHECK(!is_pending());
}
EVERYWHERE(threads_write_beside_each_other)

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
        CHECK_EQ(mio_pipe_sender_write(&sender, bad.base, bad.len), -EFAULT);
        CHECK_EQ(mio_pipe_sender_writev(&sender, &bad, 1), -EFAULT);
        CHECK_EQ(read(reader, buf, sizeof buf), -1);
        ptrdiff_t n = mio_pipe_sender_write(&sender, block_of_zeroes, sizeof block_of_zeroes);
        CHECK(n > 0 && n < (ptrdiff_t)sizeof block_of_zeroes);
        write_one_byte_to_the_full_pipe(&sender);
        CHECK_EQ(read(reader, block_of_zeroes, sizeof block_of_zeroes), n);
    }
    CHECK(!is_pending());
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
    sigset_t before = mask_of_this_thread();
    struct sigaction how;
    memset(&how, 0, sizeof how);
    how.sa_handler = count_signal;
    CHECK_EQ(sigaction(SIGUSR1, &how, NULL), 0);
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    int reader = mio_source_fd(&receiver.source);
    CHECK(mio_pipe_sender_write(&sender, bytes, sizeof bytes) > 0);
    CHECK_EQ(mio_pipe_sender_set_nonblocking(&sender, false), 0);
    block(SIGUSR1);
    CHECK_EQ(pthread_create(&thread, NULL, interrupt_and_make_room, &reader), 0);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), 1);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK(handled > 0);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
}
EVERYWHERE(interrupted_write_is_repeated)

/* ---- Which system calls ---------------------------------------------------------------------- */

static void skip_under_valgrind(void)
{
    if (test_under_valgrind())
        SKIP("valgrind makes its own system calls of the program's");
}

static void write_after_a_refusal_and_then_deadly(void)
{
    struct mio_buf buf = {(char[]){"x"}, 1};
    struct mio_pipe_sender sender, moved;
    open_broken(&sender);
    CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), -EPIPE);
    kill_on(SYS_pwritev2);
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
    open_broken(&sender);
    CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), -EPIPE);
    kill_on(SYS_pwritev2);
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
    open_broken(&sender);
    kill_on(SYS_pwritev2);
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
    skip_under_valgrind();
    /* The proof that the filter is deadly: an end that knows nothing yet tries. */
    check_dies(write_under_the_deadly_filter);
    for (size_t i = 1; i < sizeof refusals / sizeof refusals[0]; i++) {
        refusal = refusals[i];
        scenario = write_after_a_refusal_and_then_deadly;
        test_in_child(refuse_and_run);
        scenario = register_after_a_refusal_and_then_deadly;
        test_in_child(refuse_and_run);
    }
}

static void write_without_touching_signals(void)
{
    struct mio_buf buf = {(char[]){"x"}, 1};
    struct mio_pipe_sender sender, broken;
    struct mio_pipe_receiver receiver;
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    open_broken(&broken);
    kill_on(SYS_rt_sigprocmask);
    kill_on(SYS_rt_sigpending);
    kill_on(SYS_rt_sigtimedwait);
    kill_on(SYS_writev);
    bool right = mio_pipe_sender_write(&sender, "x", 1) == 1 &&
                 mio_pipe_sender_writev(&sender, &buf, 1) == 1 &&
                 mio_pipe_sender_write(&broken, "x", 1) == -EPIPE &&
                 mio_pipe_sender_writev(&broken, &buf, 1) == -EPIPE;
    _exit(!right);
}

/* Where the kernel has the flag nothing else is needed. */
static void kernel_that_has_the_flag_needs_no_more(void)
{
    skip_under_valgrind();
    if (raw_pwritev2() != 0)
        SKIP("the kernel has no RWF_NOSIGNAL");
    test_in_child(write_without_touching_signals);
}

/* ---- Sockets --------------------------------------------------------------------------------- */

#ifndef MIO_NO_NET
static struct mio_buf socket_bufs[2] = {{(char[]){"ab"}, 2}, {(char[]){"c"}, 1}};

static void write_to_broken_tcp_streams(void)
{
    struct mio_tcp_stream stream;
    int peer;
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(mio_tcp_stream_shutdown(&stream, MIO_SHUTDOWN_WRITE), 0);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(mio_tcp_stream_write(&stream, "abc", 3), -EPIPE);
        CHECK_EQ(mio_tcp_stream_writev(&stream, socket_bufs, 2), -EPIPE);
    }
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    CHECK_EQ(close(peer), 0);
}

static void write_to_broken_unix_streams(void)
{
    struct mio_unix_stream a, b;
    for (int peer_closes = 0; peer_closes < 2; peer_closes++) {
        CHECK_EQ(mio_unix_stream_pair(&a, &b), 0);
        if (!peer_closes)
            CHECK_EQ(mio_unix_stream_shutdown(&a, MIO_SHUTDOWN_WRITE), 0);
        else
            CHECK_EQ(mio_unix_stream_close(&b), 0);
        for (int i = 0; i < 3; i++) {
            CHECK_EQ(mio_unix_stream_write(&a, "abc", 3), -EPIPE);
            CHECK_EQ(mio_unix_stream_writev(&a, socket_bufs, 2), -EPIPE);
        }
        CHECK_EQ(mio_unix_stream_close(&a), 0);
        CHECK_EQ(mio_unix_stream_close(&b), 0);
    }
}

static void send_on_broken_unix_datagrams(void)
{
    struct mio_unix_datagram a, b, named;
    struct mio_addr addr;
    CHECK_EQ(mio_addr_unix_unnamed(&addr), 0);
    CHECK_EQ(mio_unix_datagram_bind(&named, &addr), 0);
    CHECK_EQ(mio_unix_datagram_local_addr(&named, &addr), 0);
    CHECK_EQ(mio_unix_datagram_pair(&a, &b), 0);
    CHECK_EQ(mio_unix_datagram_shutdown(&a, MIO_SHUTDOWN_WRITE), 0);
    CHECK_EQ(mio_unix_datagram_close(&b), 0);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(mio_unix_datagram_send(&a, "abc", 3), -EPIPE);
        CHECK_EQ(mio_unix_datagram_send_to(&a, "abc", 3, &addr), -EPIPE);
    }
    CHECK_EQ(mio_unix_datagram_close(&a), 0);
    CHECK_EQ(mio_unix_datagram_pair(&a, &b), 0);
    CHECK_EQ(mio_unix_datagram_close(&b), 0);
    CHECK_EQ(mio_unix_datagram_send(&a, "abc", 3), -ECONNREFUSED);
    CHECK_EQ(mio_unix_datagram_close(&a), 0);
    CHECK_EQ(mio_unix_datagram_close(&named), 0);
}

static void send_on_broken_udp_sockets(void)
{
    struct mio_udp_socket socket, other;
    struct mio_addr addr, any;
    CHECK_EQ(mio_addr_parse(&any, "127.0.0.1:0"), 0);
    CHECK_EQ(mio_udp_socket_bind(&socket, &any), 0);
    CHECK_EQ(mio_udp_socket_bind(&other, &any), 0);
    CHECK_EQ(mio_udp_socket_local_addr(&other, &addr), 0);
    CHECK_EQ(mio_udp_socket_connect(&socket, &addr), 0);
    CHECK_EQ(shutdown(mio_source_fd(&socket.source), SHUT_WR), 0);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(mio_udp_socket_send(&socket, "abc", 3), -EPIPE);
        CHECK_EQ(mio_udp_socket_send_to(&socket, "abc", 3, &addr), -EPIPE);
    }
    CHECK_EQ(mio_udp_socket_close(&socket), 0);
    CHECK_EQ(mio_udp_socket_close(&other), 0);
}

static void write_to_every_broken_socket(void)
{
    write_to_broken_tcp_streams();
    write_to_broken_unix_streams();
    send_on_broken_unix_datagrams();
    send_on_broken_udp_sockets();
}

static void use_sockets_with_the_default_action(void)
{
    set_action(SIG_DFL);
    write_to_every_broken_socket();
}

static void use_sockets_with_a_handler_and_blocked(void)
{
    set_action(count_signal);
    write_to_every_broken_socket();
    CHECK_EQ(handled, 0);
    block(SIGPIPE);
    write_to_every_broken_socket();
    CHECK(!is_pending());
}

static void defect_20_no_socket_raises_it(void)
{
    test_in_child(use_sockets_with_the_default_action);
    test_in_child(use_sockets_with_a_handler_and_blocked);
}
#endif

static const struct test_case cases[] = {
    {"default_action_does_not_end_the_program", default_action_does_not_end_the_program, 0},
    {"handler_never_runs", handler_never_runs, 0},
    {"ignored_signal_stays_ignored", ignored_signal_stays_ignored, 0},
    {"blocked_signal_is_not_left_pending", blocked_signal_is_not_left_pending, 0},
    {"signal_of_the_thread_stays_pending", signal_of_the_thread_stays_pending, 0},
    {"signal_of_the_process_stays_pending", signal_of_the_process_stays_pending, 0},
    {"mask_is_as_it_was", mask_is_as_it_was, 0},
    {"thread_that_waits_for_the_signal_gets_none", thread_that_waits_for_the_signal_gets_none, 0},
    {"threads_write_beside_each_other", threads_write_beside_each_other, 0},
    {"writes_arrive", writes_arrive, 0},
    {"room_is_told", room_is_told, 0},
    {"interrupted_write_is_repeated", interrupted_write_is_repeated, 0},
    {"refused_call_is_not_tried_again", refused_call_is_not_tried_again, 0},
    {"kernel_that_has_the_flag_needs_no_more", kernel_that_has_the_flag_needs_no_more, 0},
#ifndef MIO_NO_NET
    {"defect_20_no_socket_raises_it", defect_20_no_socket_raises_it, 0},
#endif
    {NULL, NULL, 0},
};

int main(int argc, char **argv)
{
    static const struct test_suite sigpipe = {"sigpipe", cases};
    static const struct test_suite *const suites[] = {&sigpipe, NULL};
    return test_main(argc, argv, suites);
}
