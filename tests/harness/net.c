#include "net.h"

uint32_t test_expect_readiness(struct mio_poll *poll, mio_token token, uint32_t wanted)
{
    struct mio_event events[8];
    char text[MIO_EVENT_TEXT];
    uint32_t seen = 0;
    for (int tries = 0; tries < 8; tries++) {
        int n = mio_poll_wait(poll, events, 8, TEST_SOON);
        CHECK(n > 0);
        for (int i = 0; i < n; i++) {
            if (events[i].token != token) {
                mio_event_format(&events[i], text, sizeof text);
                test_note("unexpected event: %s", text);
            }
            CHECK(events[i].token == token);
            seen |= events[i].readiness;
        }
        if ((seen & wanted) == wanted)
            return seen;
    }
    test_fail(__FILE__, __LINE__, "wanted readiness %#x, saw %#x", wanted, seen);
}

uint32_t test_expect_event(struct mio_poll *poll, mio_token token)
{
    return test_expect_readiness(poll, token, 0);
}

void test_expect_no_event(struct mio_poll *poll)
{
    struct mio_event events[8];
    char text[MIO_EVENT_TEXT];
    int n = mio_poll_wait(poll, events, 8, TEST_QUIET);
    if (n > 0) {
        mio_event_format(&events[0], text, sizeof text);
        test_note("unexpected event: %s", text);
    }
    CHECK_EQ(n, 0);
}

void test_drain(struct mio_source *source)
{
    char buf[256];
    ptrdiff_t n;
    do
        n = plain_read(mio_source_fd(source), buf, sizeof buf);
    while (n > 0 || n == -EINTR);
    CHECK_EQ(n, -EAGAIN);
    CHECK_EQ(mio_source_blocked(source, MIO_READABLE), 0);
}

bool test_is_nonblocking(mio_fd fd)
{
    return plain_blocking(fd) != PLAIN_BLOCKS;
}

bool test_is_cloexec(mio_fd fd)
{
    return !plain_is_inherited(fd);
}

void test_need_unix(enum plain_type type)
{
    if (!plain_has_socket(PLAIN_UNIX, type))
        SKIP("no such sockets in the Unix domain here");
}

void test_need_unix_pair(enum plain_type type)
{
    if (!plain_has_pair(PLAIN_UNIX, type))
        SKIP("no such pairs in the Unix domain here");
}

bool test_tells_refusals(void)
{
    mio_fd fds[2];
    plain_udp_pair(fds);
    CHECK_EQ(plain_close(fds[1]), 0);
    CHECK_EQ(plain_send(fds[0], "x", 1), 1);
    bool told = plain_look(fds[0], 0, MIO_NS_PER_S) != 0;
    CHECK_EQ(plain_close(fds[0]), 0);
    return told;
}

void test_need_refusals(void)
{
    if (!test_tells_refusals())
        SKIP("the system tells nothing of a refused datagram");
}

#ifndef MIO_NO_NET

bool test_has_ipv6(void)
{
    struct mio_addr addr;
    if (!plain_has_socket(PLAIN_IPV6, PLAIN_STREAM))
        return false;
    CHECK_EQ(mio_addr_parse(&addr, "[::1]:0"), 0);
    mio_fd fd = plain_socket(PLAIN_IPV6, PLAIN_STREAM);
    bool has = plain_bind(fd, &addr) == 0;
    CHECK_EQ(plain_close(fd), 0);
    return has;
}

void test_listen(struct mio_tcp_listener *listener, struct mio_addr *addr)
{
    CHECK_EQ(mio_addr_parse(addr, "127.0.0.1:0"), 0);
    CHECK_EQ(mio_tcp_listener_bind(listener, addr), 0);
    CHECK_EQ(mio_tcp_listener_local_addr(listener, addr), 0);
}

mio_fd test_client(const struct mio_addr *addr)
{
    mio_fd fd = plain_socket_for(addr, PLAIN_STREAM);
    CHECK_EQ(plain_connect(fd, addr), 0);
    return fd;
}

void test_tcp_pair(struct mio_tcp_stream *stream, mio_fd *peer)
{
    struct mio_tcp_listener listener;
    struct mio_addr addr;
    test_listen(&listener, &addr);
    *peer = test_client(&addr);
    plain_wait(mio_source_fd(&listener.source), PLAIN_IN);
    CHECK_EQ(mio_tcp_listener_accept(&listener, stream, NULL), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

#endif
