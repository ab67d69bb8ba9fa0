/*
 * The cost of registration on the poll(2) backend when no thread waits: no system call for socket
 * types, one fcntl and one fstat for a raw descriptor. In a child process under a filter that kills
 * at any other.
 */
#define _GNU_SOURCE 1
#include "net.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOAD_NUMBER BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define ALLOW(number)                                                                              \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1),                                           \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define KILL BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

static void filter(const struct sock_filter *program, unsigned short length)
{
    struct sock_fprog prog = {.len = length, .filter = (struct sock_filter *)program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) != 0)
        SKIP("no filter of system calls here");
}

/* libc's fcntl and fstat are among these. */
static void allow_only_questions(void)
{
    static const struct sock_filter program[] = {
        LOAD_NUMBER,
        ALLOW(SYS_exit_group),
        ALLOW(SYS_fcntl),
#ifdef SYS_fcntl64
        ALLOW(SYS_fcntl64),
#endif
#ifdef SYS_fstat
        ALLOW(SYS_fstat),
#endif
#ifdef SYS_fstat64
        ALLOW(SYS_fstat64),
#endif
#ifdef SYS_newfstatat
        ALLOW(SYS_newfstatat),
#endif
#ifdef SYS_statx
        ALLOW(SYS_statx),
#endif
        KILL,
    };
    filter(program, sizeof program / sizeof program[0]);
}

static void allow_nothing(void)
{
    static const struct sock_filter program[] = {LOAD_NUMBER, ALLOW(SYS_exit_group), KILL};
    filter(program, sizeof program / sizeof program[0]);
}

/* Under the filter a case can say no more than whether all went well. */
static int register_and_back(struct mio_poll *poll, struct mio_source *source)
{
    struct mio_registry *registry = mio_poll_registry(poll);
    for (int i = 0; i < 100; i++) {
        if (mio_register(registry, source, 1, MIO_READABLE) != 0 ||
            mio_reregister(registry, source, 2, MIO_READABLE | MIO_WRITABLE) != 0 ||
            mio_source_blocked(source, MIO_READABLE) != 0 || mio_deregister(registry, source) != 0)
            return 1;
    }
    return 0;
}

static void raw_under_filter(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    CHECK_EQ(mio_source_init_fd(&source, eventfd(0, EFD_CLOEXEC)), 0);
    CHECK_EQ(register_and_back(&poll, &source), 0); /* the table has grown */
    allow_only_questions();
    _exit(register_and_back(&poll, &source));
}

static void raw_under_the_strictest_filter(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    CHECK_EQ(mio_source_init_fd(&source, eventfd(0, EFD_CLOEXEC)), 0);
    CHECK_EQ(register_and_back(&poll, &source), 0);
    allow_nothing();
    _exit(register_and_back(&poll, &source));
}

static void need_plain_process(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    SKIP("sanitizers make system calls of their own");
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
    SKIP("sanitizers make system calls of their own");
#endif
#endif
    if (test_under_valgrind())
        SKIP("valgrind makes system calls of its own");
}

static void raw_descriptor_costs_an_fcntl_and_an_fstat(void)
{
    need_plain_process();
    test_in_child(raw_under_filter);
    /* And it does cost one: without it the filter kills. */
    int status = test_child_status(raw_under_the_strictest_filter);
    CHECK(WIFSIGNALED(status));
}

/* ---- The types of the library ---------------------------------------------------------------- */

/* Takes each object through the registry, first without the filter and then under it. */
static void check_all_under_filter(struct mio_source *const *sources, size_t count)
{
    struct mio_poll poll;
    int result = 0;
    test_poll_init(&poll);
    for (size_t i = 0; i < count; i++)
        CHECK_EQ(register_and_back(&poll, sources[i]), 0); /* the table has grown */
    allow_nothing();
    for (size_t i = 0; i < count; i++)
        result |= register_and_back(&poll, sources[i]);
    _exit(result);
}

static void pipes_under_filter(void)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    struct mio_source *const sources[] = {&sender.source, &receiver.source};
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    check_all_under_filter(sources, 2);
}

/* Taken over from outside they are known to be pipes, too. */
static void adopted_pipes_under_filter(void)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    struct mio_source *const sources[] = {&sender.source, &receiver.source};
    int ends[2];
    CHECK_EQ(pipe(ends), 0);
    CHECK_EQ(mio_pipe_receiver_from_fd(&receiver, ends[0]), 0);
    CHECK_EQ(mio_pipe_sender_from_fd(&sender, ends[1]), 0);
    check_all_under_filter(sources, 2);
}

static void pipe_costs_no_system_call(void)
{
    need_plain_process();
    test_in_child(pipes_under_filter);
    test_in_child(adopted_pipes_under_filter);
}

#ifndef MIO_NO_NET
static void sockets_under_filter(void)
{
    struct mio_tcp_listener listener;
    struct mio_tcp_stream stream;
    struct mio_udp_socket udp;
    struct mio_unix_listener unix_listener;
    struct mio_unix_stream unix_streams[2];
    struct mio_unix_datagram unix_datagrams[2];
    struct mio_source *const sources[] = {
        &listener.source,      &stream.source,          &udp.source,
        &unix_listener.source, &unix_streams[0].source, &unix_datagrams[0].source,
    };
    struct mio_addr addr, any, unnamed;
    CHECK_EQ(mio_addr_parse(&any, "127.0.0.1:0"), 0);
    CHECK_EQ(mio_addr_unix_unnamed(&unnamed), 0);
    test_listen(&listener, &addr);
    CHECK_EQ(mio_tcp_stream_connect(&stream, &addr), 0);
    CHECK_EQ(mio_udp_socket_bind(&udp, &any), 0);
    CHECK_EQ(mio_unix_listener_bind(&unix_listener, &unnamed), 0);
    CHECK_EQ(mio_unix_stream_pair(&unix_streams[0], &unix_streams[1]), 0);
    CHECK_EQ(mio_unix_datagram_pair(&unix_datagrams[0], &unix_datagrams[1]), 0);
    check_all_under_filter(sources, sizeof sources / sizeof sources[0]);
}

static void socket_costs_no_system_call(void)
{
    need_plain_process();
    test_in_child(sockets_under_filter);
}
#endif

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"raw_descriptor_costs_an_fcntl_and_an_fstat", raw_descriptor_costs_an_fcntl_and_an_fstat,
         0},
        {"pipe_costs_no_system_call", pipe_costs_no_system_call, 0},
#ifndef MIO_NO_NET
        {"socket_costs_no_system_call", socket_costs_no_system_call, 0},
#endif
        {NULL, NULL, 0},
    };
    static const struct test_suite poll_syscalls = {"poll_syscalls", cases};
    static const struct test_suite *const suites[] = {&poll_syscalls, NULL};
    return test_main(argc, argv, suites);
}
