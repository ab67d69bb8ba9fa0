#include "tcp/tcp_util.h"

struct mio_addr tcp_addr(const char *text)
{
    struct mio_addr addr = {0};
    CHECK_EQ(mio_addr_parse(&addr, text), 0);
    return addr;
}

void tcp_accept(struct mio_tcp_listener *listener, struct mio_tcp_stream *stream,
                struct mio_addr *peer)
{
    CHECK(plain_wait(mio_source_fd(&listener->source), PLAIN_IN) & PLAIN_IN);
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
    CHECK(plain_wait(tcp_fd(client), PLAIN_OUT) & PLAIN_OUT);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

mio_fd tcp_refusing(struct mio_addr *addr)
{
    mio_fd fd = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
    *addr = tcp_addr("127.0.0.1:0");
    CHECK_EQ(plain_bind(fd, addr), 0);
    *addr = plain_name(fd);
    return fd;
}

void tcp_connect_refused(struct mio_tcp_stream *stream)
{
    struct mio_addr addr;
    mio_fd holder = tcp_refusing(&addr);
    int result = mio_tcp_stream_connect(stream, &addr);
    if (result == -ECONNREFUSED) {
        CHECK_EQ(plain_close(holder), 0);
        SKIP("this host refuses within connect(2)");
    }
    CHECK_EQ(result, 0);
    CHECK(plain_wait(tcp_fd(stream), PLAIN_OUT) & (PLAIN_HANGUP | PLAIN_ERROR));
    CHECK_EQ(plain_close(holder), 0);
}

void tcp_reset_by_peer(struct mio_tcp_stream *stream)
{
    mio_fd peer;
    test_tcp_pair(stream, &peer);
    plain_reset_on_close(peer);
    CHECK_EQ(plain_close(peer), 0);
    CHECK(plain_wait(tcp_fd(stream), PLAIN_IN) & PLAIN_HANGUP);
}

static mio_fd plain_reset(void)
{
    mio_fd fds[2];
    struct mio_addr addr = tcp_addr("127.0.0.1:0");
    mio_fd listener = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
    CHECK_EQ(plain_bind(listener, &addr), 0);
    CHECK_EQ(plain_listen(listener, 1), 0);
    addr = plain_name(listener);
    fds[1] = test_client(&addr);
    CHECK_EQ(plain_accept(listener, &fds[0]), 0);
    CHECK_EQ(plain_close(listener), 0);
    plain_reset_on_close(fds[1]);
    CHECK_EQ(plain_close(fds[1]), 0);
    CHECK(plain_wait(fds[0], PLAIN_IN) & PLAIN_HANGUP);
    return fds[0];
}

void tcp_plain_reset_reads(ptrdiff_t results[2])
{
    char byte;
    mio_fd fd = plain_reset();
    for (int i = 0; i < 2; i++)
        results[i] = plain_recv(fd, &byte, 1);
    CHECK_EQ(plain_close(fd), 0);
}

void tcp_need_errors_of_reads(void)
{
    ptrdiff_t results[2];
    tcp_plain_reset_reads(results);
    if (results[0] != -ECONNRESET)
        SKIP("the system loses the error of a reset when somebody looks");
}

void tcp_need_pending_errors(void)
{
    mio_fd fd = plain_reset();
    int error = plain_take_error(fd);
    CHECK_EQ(plain_close(fd), 0);
    if (error != -ECONNRESET)
        SKIP("the system keeps no error of a reset for who asks");
}

bool tcp_is_broken(ptrdiff_t result)
{
    return result == -EPIPE || result == -ECONNRESET || result == -ECONNABORTED;
}

bool tcp_has_reuse_port(void)
{
    mio_fd fd = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
    bool has = plain_option(fd, PLAIN_REUSE_PORT) != -ENOTSUP;
    CHECK_EQ(plain_close(fd), 0);
    return has;
}

void tcp_need_ipv6(void)
{
    if (!test_has_ipv6())
        SKIP("the host has no IPv6");
}

mio_fd tcp_fd(const struct mio_tcp_stream *stream)
{
    return mio_source_fd(&stream->source);
}

void tcp_close(struct mio_tcp_stream *stream)
{
    CHECK_EQ(mio_tcp_stream_close(stream), 0);
}
