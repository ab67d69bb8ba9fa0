/*
 * Processes: what a child does with the objects that it has after fork, and what a program that is
 * started later does not inherit.
 */
#define _GNU_SOURCE 1
#include "net.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* argv[1] when the program executes itself to count what it has inherited. */
#define COUNT_ARGUMENT "--count-inherited"

static char *program;

/* ---- Everything that a program can hold ------------------------------------------------------ */

enum { WAKERS = 3 };
enum {
    TOKEN_RAW = 10,
    TOKEN_CUSTOM,
    TOKEN_RECEIVER,
    TOKEN_WAKER = 20,
    TOKEN_LISTENER = 30,
    TOKEN_STREAM,
    TOKEN_UDP,
    TOKEN_UNIX_LISTENER,
    TOKEN_UNIX_STREAM,
    TOKEN_UNIX_DATAGRAM
};

/* One of each kind, open and registered. Static, so that a child finds it where it was. */
static struct {
    int descriptors; /* how many open_all opened */
    struct mio_poll poll;
    struct mio_registry clone;
    struct mio_waker wakers[WAKERS];
    struct mio_source raw; /* over ends[0] */
    struct mio_source custom;
    int ends[2];
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
#ifndef MIO_NO_NET
    struct mio_tcp_listener listener;
    struct mio_tcp_stream stream, accepted;
    struct mio_addr addr;
    struct mio_udp_socket udp;
    struct mio_unix_listener unix_listener;
    struct mio_unix_stream unix_stream, unix_accepted;
    struct mio_unix_datagram unix_datagram, unix_peer;
#endif
} all;

static int custom_add(struct mio_registry *registry, struct mio_source *source, mio_token token,
                      mio_interest interest)
{
    (void)registry, (void)source, (void)token, (void)interest;
    return 0;
}

static int custom_remove(struct mio_registry *registry, struct mio_source *source)
{
    (void)registry, (void)source;
    test_fail(__FILE__, __LINE__, "a custom source was asked about its abandonment");
}

/* Registered but without anything in the queue: abandoning it must not call it. */
static const struct mio_source_ops custom_ops = {custom_add, custom_add, custom_remove};

#ifndef MIO_NO_NET
static void open_tcp(struct mio_registry *registry)
{
    test_listen(&all.listener, &all.addr);
    CHECK_EQ(mio_register(registry, &all.listener.source, TOKEN_LISTENER, MIO_READABLE), 0);
    CHECK_EQ(mio_tcp_stream_connect(&all.stream, &all.addr), 0);
    plain_wait(mio_source_fd(&all.listener.source), PLAIN_IN);
    CHECK_EQ(mio_tcp_listener_accept(&all.listener, &all.accepted, NULL), 0);
    CHECK_EQ(mio_register(&all.clone, &all.stream.source, TOKEN_STREAM, MIO_READABLE), 0);
}

/* The UDP socket is connected with itself: what it sends it gets. */
static void open_datagrams(struct mio_registry *registry)
{
    struct mio_addr addr;
    CHECK_EQ(mio_addr_parse(&addr, "127.0.0.1:0"), 0);
    CHECK_EQ(mio_udp_socket_bind(&all.udp, &addr), 0);
    CHECK_EQ(mio_udp_socket_local_addr(&all.udp, &addr), 0);
    CHECK_EQ(mio_udp_socket_connect(&all.udp, &addr), 0);
    CHECK_EQ(mio_register(registry, &all.udp.source, TOKEN_UDP, MIO_READABLE), 0);
    CHECK_EQ(mio_unix_datagram_pair(&all.unix_datagram, &all.unix_peer), 0);
    CHECK_EQ(mio_register(registry, &all.unix_datagram.source, TOKEN_UNIX_DATAGRAM, MIO_READABLE),
             0);
}

static void open_unix(struct mio_registry *registry)
{
    struct mio_addr addr;
    CHECK_EQ(mio_addr_unix_unnamed(&addr), 0);
    CHECK_EQ(mio_unix_listener_bind(&all.unix_listener, &addr), 0);
    CHECK_EQ(mio_unix_listener_local_addr(&all.unix_listener, &addr), 0);
    CHECK_EQ(mio_register(registry, &all.unix_listener.source, TOKEN_UNIX_LISTENER, MIO_READABLE),
             0);
    CHECK_EQ(mio_unix_stream_connect(&all.unix_stream, &addr), 0);
    CHECK_EQ(mio_unix_listener_accept(&all.unix_listener, &all.unix_accepted, NULL), 0);
    CHECK_EQ(mio_register(registry, &all.unix_stream.source, TOKEN_UNIX_STREAM, MIO_READABLE), 0);
}
#endif

static void open_all(void)
{
    int before = test_open_descriptors();
    memset(&all, 0, sizeof all);
    test_poll_init(&all.poll);
    struct mio_registry *registry = mio_poll_registry(&all.poll);
    CHECK_EQ(mio_registry_clone(registry, &all.clone), 0);
    for (int i = 0; i < WAKERS; i++)
        CHECK_EQ(mio_waker_init(&all.wakers[i], registry, (mio_token)(TOKEN_WAKER + i)), 0);
    CHECK_EQ(pipe2(all.ends, O_NONBLOCK | O_CLOEXEC), 0);
    CHECK_EQ(mio_source_init_fd(&all.raw, all.ends[0]), 0);
    CHECK_EQ(mio_register(registry, &all.raw, TOKEN_RAW, MIO_READABLE), 0);
    CHECK_EQ(mio_source_init_custom(&all.custom, &custom_ops), 0);
    CHECK_EQ(mio_register(&all.clone, &all.custom, TOKEN_CUSTOM, MIO_READABLE), 0);
    CHECK_EQ(mio_pipe_pair(&all.sender, &all.receiver), 0);
    CHECK_EQ(mio_register(registry, &all.receiver.source, TOKEN_RECEIVER, MIO_READABLE), 0);
#ifndef MIO_NO_NET
    open_tcp(registry);
    open_datagrams(registry);
    open_unix(registry);
#endif
    all.descriptors = test_open_descriptors() - before;
}

/* Gives everything up, in the order that the header asks for. Nothing here may reach the queue. */
static void abandon_all(void)
{
    CHECK_EQ(mio_source_abandon(&all.raw), 0);
    CHECK_EQ(mio_source_abandon(&all.custom), 0);
    CHECK_EQ(mio_source_abandon(&all.receiver.source), 0);
    CHECK(!mio_source_is_registered(&all.raw));
    CHECK(!mio_source_is_registered(&all.receiver.source));
#ifndef MIO_NO_NET
    CHECK_EQ(mio_source_abandon(&all.udp.source), 0);
    CHECK_EQ(mio_source_abandon(&all.unix_datagram.source), 0);
    CHECK_EQ(mio_source_abandon(&all.unix_listener.source), 0);
    CHECK_EQ(mio_source_abandon(&all.unix_stream.source), 0);
    CHECK_EQ(mio_source_abandon(&all.listener.source), 0);
    CHECK_EQ(mio_source_abandon(&all.stream.source), 0);
#endif
    for (int i = 0; i < WAKERS; i++)
        CHECK_EQ(mio_waker_abandon(&all.wakers[i]), 0);
    CHECK_EQ(mio_registry_abandon(&all.clone), 0);
    CHECK_EQ(mio_poll_abandon(&all.poll), 0);
    CHECK_EQ(mio_poll_abandon(&all.poll), 0);
    CHECK_EQ(mio_waker_wake(&all.wakers[0]), -EBADF);
    CHECK(mio_poll_fd(&all.poll) == MIO_FD_NONE);
}

static void close_descriptors(void)
{
    CHECK_EQ(close(all.ends[0]), 0);
    CHECK_EQ(close(all.ends[1]), 0);
    CHECK_EQ(mio_pipe_sender_close(&all.sender), 0);
    CHECK_EQ(mio_pipe_receiver_close(&all.receiver), 0);
#ifndef MIO_NO_NET
    CHECK_EQ(mio_udp_socket_close(&all.udp), 0);
    CHECK_EQ(mio_unix_datagram_close(&all.unix_datagram), 0);
    CHECK_EQ(mio_unix_datagram_close(&all.unix_peer), 0);
    CHECK_EQ(mio_unix_listener_close(&all.unix_listener), 0);
    CHECK_EQ(mio_unix_stream_close(&all.unix_stream), 0);
    CHECK_EQ(mio_unix_stream_close(&all.unix_accepted), 0);
    CHECK_EQ(mio_tcp_listener_close(&all.listener), 0);
    CHECK_EQ(mio_tcp_stream_close(&all.stream), 0);
    CHECK_EQ(mio_tcp_stream_close(&all.accepted), 0);
#endif
}

static void close_all(void)
{
    CHECK_EQ(mio_poll_close(&all.poll), -EBUSY);
    CHECK_EQ(mio_source_abandon(&all.custom), 0);
    CHECK_EQ(mio_deregister(mio_poll_registry(&all.poll), &all.raw), 0);
    close_descriptors();
    for (int i = 0; i < WAKERS; i++)
        CHECK_EQ(mio_waker_close(&all.wakers[i]), 0);
    CHECK_EQ(mio_registry_close(&all.clone), 0);
    CHECK_EQ(mio_poll_close(&all.poll), 0);
}

/* Waits for the token and lets others pass: a child that uses a shared descriptor makes events. */
static void await_token(struct mio_poll *poll, mio_token token)
{
    struct mio_event events[8];
    for (int tries = 0; tries < 16; tries++) {
        int n = mio_poll_wait(poll, events, 8, TEST_SOON);
        CHECK(n > 0);
        for (int i = 0; i < n; i++)
            if (events[i].token == token)
                return;
    }
    test_fail(__FILE__, __LINE__, "token %ju never came", (uintmax_t)token);
}

#ifndef MIO_NO_NET
static void check_tcp_works(void)
{
    struct mio_tcp_stream accepted;
    char buf[2];
    CHECK_EQ(mio_tcp_stream_write(&all.accepted, "x", 1), 1);
    await_token(&all.poll, TOKEN_STREAM);
    CHECK_EQ(mio_tcp_stream_read(&all.stream, buf, sizeof buf), 1);
    int client = test_client(&all.addr);
    await_token(&all.poll, TOKEN_LISTENER);
    CHECK_EQ(mio_tcp_listener_accept(&all.listener, &accepted, NULL), 0);
    CHECK_EQ(mio_tcp_stream_close(&accepted), 0);
    CHECK_EQ(mio_tcp_listener_accept(&all.listener, &accepted, NULL), -EAGAIN);
    CHECK_EQ(close(client), 0);
}

static void check_datagrams_work(void)
{
    char buf[2];
    CHECK_EQ(mio_udp_socket_send(&all.udp, "x", 1), 1);
    await_token(&all.poll, TOKEN_UDP);
    CHECK_EQ(mio_udp_socket_recv(&all.udp, buf, sizeof buf), 1);
    CHECK_EQ(mio_udp_socket_recv(&all.udp, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(mio_unix_datagram_send(&all.unix_peer, "x", 1), 1);
    await_token(&all.poll, TOKEN_UNIX_DATAGRAM);
    CHECK_EQ(mio_unix_datagram_recv(&all.unix_datagram, buf, sizeof buf), 1);
    CHECK_EQ(mio_unix_datagram_recv(&all.unix_datagram, buf, sizeof buf), -EAGAIN);
}

static void check_unix_works(void)
{
    struct mio_unix_stream client, accepted;
    struct mio_addr addr;
    char buf[2];
    CHECK_EQ(mio_unix_stream_write(&all.unix_accepted, "x", 1), 1);
    await_token(&all.poll, TOKEN_UNIX_STREAM);
    CHECK_EQ(mio_unix_stream_read(&all.unix_stream, buf, sizeof buf), 1);
    CHECK_EQ(mio_unix_listener_local_addr(&all.unix_listener, &addr), 0);
    CHECK_EQ(mio_unix_stream_connect(&client, &addr), 0);
    await_token(&all.poll, TOKEN_UNIX_LISTENER);
    CHECK_EQ(mio_unix_listener_accept(&all.unix_listener, &accepted, NULL), 0);
    CHECK_EQ(mio_unix_stream_close(&accepted), 0);
    CHECK_EQ(mio_unix_listener_accept(&all.unix_listener, &accepted, NULL), -EAGAIN);
    CHECK_EQ(mio_unix_stream_close(&client), 0);
}
#endif

/* Every source and waker of the parent still reports. Leaves nothing unread. */
static void check_all_work(void)
{
    char byte[2];
    for (int i = 0; i < WAKERS; i++) {
        CHECK_EQ(mio_waker_wake(&all.wakers[i]), 0);
        await_token(&all.poll, (mio_token)(TOKEN_WAKER + i));
    }
    CHECK_EQ(write(all.ends[1], "x", 1), 1);
    await_token(&all.poll, TOKEN_RAW);
    test_drain(&all.raw);
    CHECK_EQ(mio_pipe_sender_write(&all.sender, "x", 1), 1);
    await_token(&all.poll, TOKEN_RECEIVER);
    CHECK_EQ(mio_pipe_receiver_read(&all.receiver, byte, sizeof byte), 1);
#ifndef MIO_NO_NET
    check_tcp_works();
    check_datagrams_work();
    check_unix_works();
#endif
}

/* ---- Fork ------------------------------------------------------------------------------------ */

static void child_gives_everything_up(void)
{
    int before = test_open_descriptors();
    abandon_all();
    close_descriptors();
    CHECK_EQ(test_open_descriptors(), before - all.descriptors);
}

static void parent_works_on_after_a_child_gave_everything_up(void)
{
    open_all();
    test_in_child(child_gives_everything_up);
    check_all_work();
    close_all();
}

/* A wake-up that is on its way at the fork still arrives, at the parent. */
static void wake_before_the_fork_arrives_at_the_parent(void)
{
    open_all();
    CHECK_EQ(mio_waker_wake(&all.wakers[1]), 0);
    test_in_child(child_gives_everything_up);
    await_token(&all.poll, TOKEN_WAKER + 1);
    check_all_work();
    close_all();
}

static void child_exits_without_a_word(void)
{
}

static void parent_works_on_after_a_child_that_just_ended(void)
{
    open_all();
    test_in_child(child_exits_without_a_word);
    check_all_work();
    close_all();
}

/* In the child: an abandoned source goes into a poll of the child's own, with its own waker. */
static void child_makes_its_own_poll(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    abandon_all();
    test_poll_init(&poll);
    CHECK_EQ(mio_waker_init(&waker, mio_poll_registry(&poll), TOKEN_WAKER), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &all.raw, TOKEN_RAW, MIO_READABLE), 0);
    test_expect_no_event(&poll);
    CHECK_EQ(mio_waker_wake(&waker), 0);
    test_expect_event(&poll, TOKEN_WAKER);
    CHECK_EQ(write(all.ends[1], "x", 1), 1);
    test_expect_event(&poll, TOKEN_RAW);
    test_drain(&all.raw);
    char byte;
    CHECK_EQ(
        mio_register(mio_poll_registry(&poll), &all.receiver.source, TOKEN_RECEIVER, MIO_READABLE),
        0);
    CHECK_EQ(mio_pipe_sender_write(&all.sender, "x", 1), 1);
    test_expect_event(&poll, TOKEN_RECEIVER);
    CHECK_EQ(mio_pipe_receiver_read(&all.receiver, &byte, 1), 1);
#ifndef MIO_NO_NET
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &all.stream.source, TOKEN_STREAM, MIO_READABLE),
             0);
    CHECK_EQ(mio_tcp_stream_write(&all.accepted, "x", 1), 1);
    test_expect_event(&poll, TOKEN_STREAM);
    CHECK_EQ(mio_tcp_stream_read(&all.stream, &byte, 1), 1);
#endif
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &all.raw), 0);
    close_descriptors();
    CHECK_EQ(mio_waker_close(&waker), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void child_can_make_its_own_poll(void)
{
    open_all();
    test_in_child(child_makes_its_own_poll);
    check_all_work();
    close_all();
}

/* Two generations and several children, each with the same objects. */
static void child_has_children_itself(void)
{
    test_in_child(child_makes_its_own_poll);
    test_in_child(child_gives_everything_up);
    child_gives_everything_up();
}

static void generations_do_not_disturb_each_other(void)
{
    open_all();
    for (int i = 0; i < 3; i++) {
        test_in_child(child_has_children_itself);
        check_all_work();
    }
    close_all();
}

/* Without a fork: the same calls free a poll whose waiting thread is gone. */
static void abandoned_poll_can_be_opened_again(void)
{
    open_all();
    child_gives_everything_up();
    CHECK_EQ(mio_poll_init(&all.poll), 0);
    CHECK_EQ(mio_poll_close(&all.poll), 0);
}

/* ---- Exec ------------------------------------------------------------------------------------ */

/* The number of descriptors that an executed program finds open. */
static int inherited(void)
{
    char *const argv[] = {program, (char[]){COUNT_ARGUMENT}, NULL};
    int status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        execvp(program, argv);
        _exit(0);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) > 0);
    return WEXITSTATUS(status);
}

static void executed_programs_inherit_nothing(void)
{
    int ends[2];
    int before = inherited();
    /* That the count would see a descriptor that is inherited. */
    CHECK_EQ(pipe(ends), 0);
    CHECK_EQ(inherited(), before + 2);
    CHECK_EQ(close(ends[0]), 0);
    CHECK_EQ(close(ends[1]), 0);
    open_all();
    CHECK(all.descriptors >= 2);
    CHECK_EQ(inherited(), before);
    close_all();
}

static const struct test_case cases[] = {
    {"parent_works_on_after_a_child_gave_everything_up",
     parent_works_on_after_a_child_gave_everything_up, 0},
    {"wake_before_the_fork_arrives_at_the_parent", wake_before_the_fork_arrives_at_the_parent, 0},
    {"parent_works_on_after_a_child_that_just_ended", parent_works_on_after_a_child_that_just_ended,
     0},
    {"child_can_make_its_own_poll", child_can_make_its_own_poll, 0},
    {"generations_do_not_disturb_each_other", generations_do_not_disturb_each_other, 0},
    {"abandoned_poll_can_be_opened_again", abandoned_poll_can_be_opened_again, 0},
    {"executed_programs_inherit_nothing", executed_programs_inherit_nothing, 0},
    {NULL, NULL, 0},
};

int main(int argc, char **argv)
{
    static const struct test_suite fork_exec = {"fork_exec", cases};
    static const struct test_suite *const suites[] = {&fork_exec, NULL};
    program = argv[0];
    if (argc > 1 && strcmp(argv[1], COUNT_ARGUMENT) == 0)
        return test_open_descriptors();
    return test_main(argc, argv, suites);
}
