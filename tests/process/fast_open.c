/*
 * TCP_FASTOPEN_CONNECT, set by a hook, puts the handshake off to the first write. The connect has a
 * result all the same: else a program that waits for it before it writes would wait for ever.
 * In a network namespace of the test's own, where servers may be told to take part.
 */
#define _GNU_SOURCE 1
#include "net.h"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef TCP_FASTOPEN_CONNECT
#define TCP_FASTOPEN_CONNECT 30
#endif

static void enter_namespace(void)
{
    struct ifreq request = {.ifr_flags = IFF_UP | IFF_RUNNING};
    memcpy(request.ifr_name, "lo", 3);
    if (unshare(CLONE_NEWNET) != 0)
        SKIP("no network namespace of our own");
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) != 0)
        SKIP("no loopback device in the namespace");
    close(fd);
    fd = open("/proc/sys/net/ipv4/tcp_fastopen", O_WRONLY);
    if (fd < 0 || write(fd, "3", 1) != 1)
        SKIP("fast open cannot be switched on");
    close(fd);
}

static int take_fast_opens(mio_fd fd, void *arg)
{
    int length = 8;
    (void)arg;
    if (setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &length, sizeof length) != 0)
        return mio_socket_error();
    return 0;
}

static int open_fast(mio_fd fd, void *arg)
{
    int on = 1;
    (void)arg;
    if (setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on) != 0)
        return mio_socket_error();
    return 0;
}

static bool is_deferred(const struct mio_tcp_stream *stream)
{
    struct mio_addr peer;
    return mio_tcp_stream_peer_addr(stream, &peer) == -ENOTCONN;
}

static void connect_and_exchange(struct mio_tcp_listener *listener, const struct mio_addr *addr,
                                 bool *deferred)
{
    const struct mio_connect_options options = {.prepare = open_fast};
    struct mio_poll poll;
    struct mio_tcp_stream client, server;
    char byte = 'x';
    test_poll_init(&poll);
    CHECK_EQ(mio_tcp_stream_connect_with(&client, addr, &options), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &client.source, 7, MIO_WRITABLE), 0);
    test_expect_readiness(&poll, 7, MIO_WRITABLE);
    *deferred = is_deferred(&client);
    CHECK_EQ(mio_tcp_stream_connect_result(&client), 0);
    CHECK_EQ(mio_tcp_stream_write(&client, &byte, 1), 1);
    CHECK(plain_wait(mio_source_fd(&listener->source), PLAIN_IN));
    CHECK_EQ(mio_tcp_listener_accept(listener, &server, NULL), 0);
    CHECK(plain_wait(mio_source_fd(&server.source), PLAIN_IN));
    CHECK_EQ(mio_tcp_stream_read(&server, &byte, 1), 1);
    CHECK_EQ(mio_tcp_stream_close(&server), 0);
    CHECK_EQ(mio_tcp_stream_close(&client), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void connect_in_the_namespace(void)
{
    const struct mio_listen_options options = {.prepare = take_fast_opens};
    struct mio_tcp_listener listener;
    struct mio_addr addr;
    bool deferred = false;
    enter_namespace();
    CHECK_EQ(mio_addr_parse(&addr, "127.0.0.1:0"), 0);
    CHECK_EQ(mio_tcp_listener_bind_with(&listener, &addr, &options), 0);
    CHECK_EQ(mio_tcp_listener_local_addr(&listener, &addr), 0);
    /* The first connection brings the cookie that the later ones are put off with. */
    for (int i = 0; i < 4; i++)
        connect_and_exchange(&listener, &addr, &deferred);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    if (!deferred)
        SKIP("this kernel does not put the handshake off");
}

static void deferred_connect_has_a_result(void)
{
    test_in_child(connect_in_the_namespace);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"deferred_connect_has_a_result", deferred_connect_has_a_result, 0},
        {NULL, NULL, 0},
    };
    static const struct test_suite fast_open = {"fast_open", cases};
    static const struct test_suite *const suites[] = {&fast_open, NULL};
    return test_main(argc, argv, suites);
}
