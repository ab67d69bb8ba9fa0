#define _GNU_SOURCE 1
#include "tcp/tcp_util.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

struct mio_addr tcp_addr(const char *text)
{
    struct mio_addr addr = {0};
    CHECK_EQ(mio_addr_parse(&addr, text), 0);
    return addr;
}

void tcp_accept(struct mio_tcp_listener *listener, struct mio_tcp_stream *stream,
                struct mio_addr *peer)
{
    CHECK(test_wait_fd(mio_source_fd(&listener->source), POLLIN) & POLLIN);
    CHECK_EQ(mio_tcp_listener_accept(listener, stream, peer), 0);
}

void tcp_pair(const char *text, struct mio_tcp_stream *client, struct mio_tcp_stream *server)
{
    struct mio_tcp_listener listener;
    struct mio_addr addr = tcp_addr(text);
    CHECK_EQ(mio_tcp_listener_bind(&listener, &addr), 0);
    CHECK_EQ(mio_tcp_listener_local_addr(&listener, &addr), 0);
    CHECK_EQ(mio_tcp_stream_connect(client, &addr), 0);
    tcp_accept(&listener, server, NULL);
    CHECK(test_wait_fd(tcp_fd(client), POLLOUT) & POLLOUT);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

int tcp_refusing(struct mio_addr *addr)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    CHECK_EQ(bind(fd, (struct sockaddr *)&name, length), 0);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&name, &length), 0);
    CHECK_EQ(mio_addr_from_sockaddr(addr, (struct sockaddr *)&name, length), 0);
    return fd;
}

void tcp_connect_refused(struct mio_tcp_stream *stream)
{
    struct mio_addr addr;
    int holder = tcp_refusing(&addr);
    int result = mio_tcp_stream_connect(stream, &addr);
    if (result == -ECONNREFUSED) {
        CHECK_EQ(close(holder), 0);
        SKIP("this host refuses within connect(2)");
    }
    CHECK_EQ(result, 0);
    CHECK(test_wait_fd(tcp_fd(stream), POLLOUT) & POLLHUP);
    CHECK_EQ(close(holder), 0);
}

void tcp_reset_by_peer(struct mio_tcp_stream *stream)
{
    int peer;
    test_tcp_pair(stream, &peer);
    test_linger_zero(peer);
    CHECK_EQ(close(peer), 0);
    CHECK(test_wait_fd(tcp_fd(stream), POLLIN) & POLLHUP);
}

void tcp_need_ipv6(void)
{
    if (!test_has_ipv6())
        SKIP("the host has no IPv6");
}

int tcp_option(int fd, int level, int name)
{
    int value = -1;
    socklen_t length = sizeof value;
    CHECK_EQ(getsockopt(fd, level, name, &value, &length), 0);
    return value;
}

int tcp_fd(const struct mio_tcp_stream *stream)
{
    return mio_source_fd(&stream->source);
}

void tcp_close(struct mio_tcp_stream *stream)
{
    CHECK_EQ(mio_tcp_stream_close(stream), 0);
}
