#define _GNU_SOURCE 1
#include "net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

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
    ssize_t n;
    do
        n = read(mio_source_fd(source), buf, sizeof buf);
    while (n > 0 || (n < 0 && errno == EINTR));
    CHECK(n < 0 && errno == EAGAIN);
    CHECK_EQ(mio_source_blocked(source, MIO_READABLE), 0);
}

bool test_is_nonblocking(int fd)
{
    return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
}

bool test_is_cloexec(int fd)
{
    return (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}

bool test_has_ipv6(void)
{
    struct sockaddr_in6 addr = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool has = bind(fd, (struct sockaddr *)&addr, sizeof addr) == 0;
    close(fd);
    return has;
}

short test_wait_fd(int fd, short events)
{
    struct pollfd entry = {.fd = fd, .events = events};
    CHECK_EQ(poll(&entry, 1, (int)(TEST_SOON / MIO_NS_PER_MS)), 1);
    return entry.revents;
}

void test_send_all(int fd, const void *buf, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = send(fd, (const char *)buf + done, len - done, MSG_NOSIGNAL);
        CHECK(n > 0);
        done += (size_t)n;
    }
}

void test_recv_all(int fd, void *buf, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = recv(fd, (char *)buf + done, len - done, 0);
        CHECK(n > 0);
        done += (size_t)n;
    }
}

#ifndef MIO_NO_NET

void test_listen(struct mio_tcp_listener *listener, struct mio_addr *addr)
{
    CHECK_EQ(mio_addr_parse(addr, "127.0.0.1:0"), 0);
    CHECK_EQ(mio_tcp_listener_bind(listener, addr), 0);
    CHECK_EQ(mio_tcp_listener_local_addr(listener, addr), 0);
}

int test_client(const struct mio_addr *addr)
{
    /* A peer that waits in vain fails its case instead of hanging the run. */
    const struct timeval patience = {.tv_sec = 3 * TEST_SOON / MIO_NS_PER_S};
    struct sockaddr_storage storage;
    int length = mio_addr_to_sockaddr(addr, (struct sockaddr *)&storage, sizeof storage);
    CHECK(length > 0);
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), 0);
    CHECK_EQ(connect(fd, (struct sockaddr *)&storage, (socklen_t)length), 0);
    return fd;
}

void test_tcp_pair(struct mio_tcp_stream *stream, int *peer)
{
    struct mio_tcp_listener listener;
    struct mio_addr addr;
    test_listen(&listener, &addr);
    *peer = test_client(&addr);
    test_wait_fd(mio_source_fd(&listener.source), POLLIN);
    CHECK_EQ(mio_tcp_listener_accept(&listener, stream, NULL), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

void test_linger_zero(int fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), 0);
}

#endif
