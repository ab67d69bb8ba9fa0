/* Sockets as Linux alone has them. */
#define _GNU_SOURCE 1
#include "tcp/tcp_util.h"
#include "udp/udp_util.h"
#include "unix/unix_util.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/wait.h>
#include <unistd.h>

/* On a listening socket Linux keeps the limit of the accept queue in tcpi_sacked. */
static uint32_t backlog_of(mio_fd fd)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    CHECK_EQ(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
    return info.tcpi_sacked;
}

/* Whether the system tells a backlog at all: asked of a socket that is not the library's. */
static bool system_tells_backlogs(void)
{
    struct mio_addr addr = tcp_addr("127.0.0.1:0");
    mio_fd fd = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
    CHECK_EQ(plain_bind(fd, &addr), 0);
    CHECK_EQ(plain_listen(fd, 7), 0);
    bool tells = backlog_of(fd) == 7;
    CHECK_EQ(plain_close(fd), 0);
    return tells;
}

static void backlog_reaches_the_system(void)
{
    if (!system_tells_backlogs())
        SKIP("the system does not tell the backlog of a socket");
    for (int backlog = 0; backlog <= 8; backlog++) {
        const struct mio_listen_options options = {.backlog = backlog};
        struct mio_tcp_listener listener;
        struct mio_addr addr = tcp_addr("127.0.0.1:0");
        CHECK_EQ(mio_tcp_listener_bind_with(&listener, &addr, &options), 0);
        uint32_t got = backlog_of(mio_source_fd(&listener.source));
        if (backlog == 0)
            CHECK(got >= 128); /* the default, SOMAXCONN */
        else
            CHECK_EQ(got, backlog);
        CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    }
}

/* By system calls on the descriptor: the true length, and a flag. */
static void true_length_is_told_by_the_descriptor(void)
{
    struct mio_udp_socket socket;
    struct mio_addr addr;
    char buf[4];
    struct iovec iov = {buf, sizeof buf};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
    mio_fd peer = udp_peer("127.0.0.1:0", &addr);
    udp_open(&socket, "127.0.0.1:0", NULL);
    mio_fd fd = udp_fd(&socket);
    udp_deliver(peer, &socket, "abcdefgh", 8);
    CHECK_EQ(recv(fd, buf, sizeof buf, MSG_TRUNC), 8);
    udp_deliver(peer, &socket, "ABCDEFGH", 8);
    CHECK_EQ(recvmsg(fd, &message, 0), 4);
    CHECK(message.msg_flags & MSG_TRUNC);
    CHECK_EQ(mio_source_blocked(&socket.source, MIO_READABLE), 0);
    udp_close(&socket);
    CHECK_EQ(plain_close(peer), 0);
}

/* With credentials asked for, Linux joins no bytes of different processes. */
static void reads_stop_between_senders(void)
{
    struct mio_unix_stream stream;
    char buf[16];
    int on = 1, status;
    mio_fd peer;
    unix_stream_peer(&stream, &peer);
    CHECK_EQ(setsockopt(mio_source_fd(&stream.source), SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0);
    CHECK_EQ(plain_send(peer, "ours", 4), 4);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(plain_send(peer, "theirs", 6) == 6 ? 0 : 1);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    /* Short, and yet not drained: the contract asks to read on until would-block. */
    CHECK_EQ(mio_unix_stream_read(&stream, buf, sizeof buf), 4);
    CHECK_EQ(mio_unix_stream_read(&stream, buf, sizeof buf), 6);
    CHECK_EQ(mio_unix_stream_read(&stream, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static const struct test_case cases[] = {
    {"backlog_reaches_the_system", backlog_reaches_the_system, 0},
    {"true_length_is_told_by_the_descriptor", true_length_is_told_by_the_descriptor, 0},
    {"reads_stop_between_senders", reads_stop_between_senders, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_linux_sockets = {"linux_sockets", cases};
