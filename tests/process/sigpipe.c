/*
 * Nothing raises SIGPIPE: neither the system's own way of writing to pipes without it, nor what
 * replaces that where the system refuses it (filters of system calls make it refuse), nor sockets.
 * Each case runs in child processes, since a filter lasts as long as the process, and since a
 * signal that comes through ends it.
 */
#define _GNU_SOURCE 1
#include "sigpipe_util.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- Broken pipes ---------------------------------------------------------------------------- */

static void default_action_does_not_end_the_program_here(void)
{
    sigpipe_set_action(SIG_DFL);
    sigpipe_write_to_broken_pipes();
    CHECK(!sigpipe_is_pending());
    sigpipe_check_action(SIG_DFL);
}
EVERYWHERE(default_action_does_not_end_the_program)

static void handler_never_runs_here(void)
{
    sigpipe_set_action(sigpipe_count);
    sigpipe_write_to_broken_pipes();
    CHECK(!sigpipe_is_pending());
    CHECK_EQ(sigpipe_handled, 0);
    sigpipe_check_action(sigpipe_count);
    CHECK_EQ(raise(SIGPIPE), 0);
    CHECK_EQ(sigpipe_handled, 1);
}
EVERYWHERE(handler_never_runs)

static void ignored_signal_stays_ignored_here(void)
{
    sigpipe_set_action(SIG_IGN);
    sigpipe_write_to_broken_pipes();
    CHECK(!sigpipe_is_pending());
    sigpipe_check_action(SIG_IGN);
    sigpipe_block(SIGPIPE);
    sigpipe_write_to_broken_pipes();
    CHECK(!sigpipe_is_pending());
    sigpipe_check_action(SIG_IGN);
}
EVERYWHERE(ignored_signal_stays_ignored)

static void blocked_signal_is_not_left_pending_here(void)
{
    sigpipe_block(SIGPIPE);
    sigpipe_write_to_broken_pipes();
    CHECK(!sigpipe_is_pending());
    sigpipe_set_action(sigpipe_count);
    sigpipe_write_to_broken_pipes();
    CHECK(!sigpipe_is_pending());
    sigset_t none;
    sigemptyset(&none);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &none, NULL), 0);
    CHECK_EQ(sigpipe_handled, 0);
}
EVERYWHERE(blocked_signal_is_not_left_pending)

/* The caller's own signal is neither taken away nor doubled. */
static void signal_of_the_thread_stays_pending_here(void)
{
    sigpipe_block(SIGPIPE);
    for (int round = 0; round < 2; round++) {
        CHECK_EQ(pthread_kill(pthread_self(), SIGPIPE), 0);
        CHECK(sigpipe_is_pending());
        sigpipe_write_to_broken_pipes();
        CHECK(sigpipe_take_pending());
        CHECK(!sigpipe_is_pending());
        /* And none is invented after it. */
        sigpipe_write_to_broken_pipes();
        CHECK(!sigpipe_is_pending());
    }
}
EVERYWHERE(signal_of_the_thread_stays_pending)

/* The write's own would be the thread's, beside it: there must be one in all. */
static void signal_of_the_process_stays_pending_here(void)
{
    sigpipe_block(SIGPIPE);
    CHECK_EQ(kill(getpid(), SIGPIPE), 0);
    CHECK(sigpipe_is_pending());
    sigpipe_write_to_broken_pipes();
    CHECK(sigpipe_take_pending());
    CHECK(!sigpipe_is_pending());
}
EVERYWHERE(signal_of_the_process_stays_pending)

static void mask_is_as_it_was_here(void)
{
    static const int others[] = {SIGUSR1, SIGUSR2, SIGTERM, SIGCHLD};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        sigpipe_block(others[i]);
        sigpipe_write_to_broken_pipes(); /* which compares */
        const sigset_t mask = sigpipe_mask();
        CHECK_EQ(sigismember(&mask, SIGPIPE), 0);
    }
    sigpipe_block(SIGPIPE);
    sigpipe_write_to_broken_pipes();
    const sigset_t mask = sigpipe_mask();
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
    sigpipe_block(SIGPIPE);
    sigpipe_block(SIGUSR1);
    CHECK_EQ(pthread_create(&thread, NULL, wait_for_a_signal, &got), 0);
    for (int i = 0; i < 20; i++)
        sigpipe_write_to_broken_pipes();
    CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_EQ(got, SIGUSR1);
    CHECK(!sigpipe_is_pending());
}
EVERYWHERE(thread_that_waits_for_the_signal_gets_none)

static void *write_with_the_signal_blocked(void *arg)
{
    (void)arg;
    sigpipe_block(SIGPIPE);
    for (int i = 0; i < 20; i++) {
        sigpipe_write_to_broken_pipes();
        CHECK(!sigpipe_is_pending());
    }
    return NULL;
}

/* Each thread has a mask and pending signals of its own. */
static void threads_write_beside_each_other_here(void)
{
    pthread_t thread;
    sigpipe_set_action(sigpipe_count);
    CHECK_EQ(pthread_create(&thread, NULL, write_with_the_signal_blocked, NULL), 0);
    for (int i = 0; i < 20; i++)
        sigpipe_write_to_broken_pipes();
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_EQ(sigpipe_handled, 0);
    CHECK(!sigpipe_is_pending());
}
EVERYWHERE(threads_write_beside_each_other)

static atomic_bool over;

static void *ignore_and_handle(void *arg)
{
    while (!atomic_load(&over)) {
        sigpipe_set_action(SIG_IGN);
        sigpipe_set_action(sigpipe_count);
    }
    return arg;
}

/* A pending signal is discarded each time, whoever it is pending for: nobody may wait for it. */
static void thread_that_ignores_the_signal_hangs_nobody_here(void)
{
    pthread_t thread;
    struct mio_pipe_sender sender;
    sigpipe_open_broken(&sender);
    alarm(20); /* the alarm of the case is not the child's */
    CHECK_EQ(pthread_create(&thread, NULL, ignore_and_handle, NULL), 0);
    for (long i = test_scaled(30000); i > 0; i--)
        CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), -EPIPE);
    atomic_store(&over, true);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_EQ(sigpipe_handled, 0);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
}
EVERYWHERE(thread_that_ignores_the_signal_hangs_nobody)

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
    sigpipe_set_action(SIG_DFL);
    write_to_every_broken_socket();
}

static void use_sockets_with_a_handler_and_blocked(void)
{
    sigpipe_set_action(sigpipe_count);
    write_to_every_broken_socket();
    CHECK_EQ(sigpipe_handled, 0);
    sigpipe_block(SIGPIPE);
    write_to_every_broken_socket();
    CHECK(!sigpipe_is_pending());
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
    {"thread_that_ignores_the_signal_hangs_nobody", thread_that_ignores_the_signal_hangs_nobody, 0},
#ifndef MIO_NO_NET
    {"defect_20_no_socket_raises_it", defect_20_no_socket_raises_it, 0},
#endif
    {NULL, NULL, 0},
};

int main(int argc, char **argv)
{
    static const struct test_suite sigpipe = {"sigpipe", cases};
    static const struct test_suite *const suites[] = {&sigpipe, &suite_sigpipe_calls, NULL};
    return test_main(argc, argv, suites);
}
