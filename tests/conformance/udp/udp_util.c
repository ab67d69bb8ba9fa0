#include "udp/udp_util.h"

#include <string.h>

/* ---- Our side -------------------------------------------------------------------------------- */

void udp_open(struct mio_udp_socket *socket, const char *text,
              const struct mio_datagram_options *options)
{
    struct mio_addr addr = tcp_addr(text);
    CHECK_EQ(mio_udp_socket_bind_with(socket, &addr, options), 0);
}

void udp_close(struct mio_udp_socket *socket)
{
    CHECK_EQ(mio_udp_socket_close(socket), 0);
}

mio_fd udp_fd(const struct mio_udp_socket *socket)
{
    return mio_source_fd(&socket->source);
}

void udp_expect(struct mio_udp_socket *socket, const void *wanted, size_t len)
{
    char buf[256];
    CHECK(len <= sizeof buf);
    CHECK(plain_wait(udp_fd(socket), PLAIN_IN) & PLAIN_IN);
    CHECK_EQ(mio_udp_socket_recv(socket, buf, sizeof buf), (ptrdiff_t)len);
    CHECK_EQ(memcmp(buf, wanted, len), 0);
}

int udp_drain(struct mio_udp_socket *socket)
{
    char buf[256];
    int count = 0;
    ptrdiff_t result;
    while ((result = mio_udp_socket_recv(socket, buf, sizeof buf)) >= 0)
        count++;
    CHECK_EQ(result, -EAGAIN);
    return count;
}

/* ---- Peers ----------------------------------------------------------------------------------- */

mio_fd udp_peer(const char *text, struct mio_addr *addr)
{
    *addr = tcp_addr(text);
    mio_fd fd = plain_socket_for(addr, PLAIN_DATAGRAM);
    CHECK_EQ(plain_bind(fd, addr), 0);
    *addr = plain_name(fd);
    return fd;
}

void udp_peer_connect(mio_fd fd, const struct mio_addr *to)
{
    CHECK_EQ(plain_connect(fd, to), 0);
}

void udp_peer_send(mio_fd fd, const void *buf, size_t len, const struct mio_addr *to)
{
    CHECK_EQ(plain_send_to(fd, buf, len, to), (ptrdiff_t)len);
}

struct mio_addr udp_peer_expect(mio_fd fd, const void *wanted, size_t len)
{
    static char buf[1 << 16];
    struct mio_addr from;
    CHECK_EQ(plain_recv_from(fd, buf, sizeof buf, &from), (ptrdiff_t)len);
    CHECK_EQ(memcmp(buf, wanted, len), 0);
    return from;
}

void udp_expect_nothing(mio_fd fd)
{
    CHECK_EQ(plain_look(fd, PLAIN_IN, TEST_QUIET), 0);
}

void udp_deliver(mio_fd peer, const struct mio_udp_socket *socket, const void *buf, size_t len)
{
    struct mio_addr to = plain_name(udp_fd(socket));
    udp_peer_send(peer, buf, len, &to);
    CHECK(plain_wait(udp_fd(socket), PLAIN_IN) & PLAIN_IN);
}

/* ---- Control messages ------------------------------------------------------------------------ */

int udp_class_that_arrives(const char *text, bool is_v6, int value)
{
    struct mio_addr addr;
    mio_fd sender = udp_peer(text, &addr), receiver = udp_peer(text, &addr);
    int result = -ENOTSUP;
    if (plain_want_class(receiver, is_v6) &&
        plain_set_option(sender, is_v6 ? PLAIN_CLASS_V6 : PLAIN_CLASS, value) == 0) {
        udp_peer_send(sender, "ping", 4, &addr);
        result = plain_recv_class(receiver);
    }
    CHECK_EQ(plain_close(sender), 0);
    CHECK_EQ(plain_close(receiver), 0);
    return result;
}

/* A class of 0 arrives where the system takes no notice of the option. */
static bool control_is_understood(void)
{
    enum { CLASS = 0x28 };
    const int arrives = udp_class_that_arrives("[::1]:0", true, CLASS);
    return arrives == CLASS || arrives <= 0;
}

void udp_need_control(void)
{
    static enum { UNKNOWN, YES, NO } answer = UNKNOWN;
    if (answer == UNKNOWN)
        answer = !test_has_ipv6() || control_is_understood() ? YES : NO;
    if (answer == NO)
        SKIP("control messages come in another byte order here");
}

/* ---- Refusals -------------------------------------------------------------------------------- */

mio_fd udp_refusing(const char *text, struct mio_addr *addr)
{
    mio_fd fd = udp_peer(text, addr);
    udp_peer_connect(fd, addr); /* to itself */
    return fd;
}

void udp_be_refused(struct mio_udp_socket *socket)
{
    test_need_refusals();
    CHECK_EQ(plain_send(udp_fd(socket), "x", 1), 1);
    CHECK(plain_wait(udp_fd(socket), 0) & PLAIN_ERROR);
}
