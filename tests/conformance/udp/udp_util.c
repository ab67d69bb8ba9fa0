#define _GNU_SOURCE 1
#include "udp/udp_util.h"

#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

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

int udp_fd(const struct mio_udp_socket *socket)
{
    return mio_source_fd(&socket->source);
}

struct mio_addr udp_name(int fd)
{
    struct sockaddr_storage name = {0};
    socklen_t length = sizeof name;
    struct mio_addr addr;
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&name, &length), 0);
    CHECK_EQ(mio_addr_from_sockaddr(&addr, (struct sockaddr *)&name, length), 0);
    return addr;
}

void udp_expect(struct mio_udp_socket *socket, const void *wanted, size_t len)
{
    char buf[256];
    CHECK(len <= sizeof buf);
    CHECK(test_wait_fd(udp_fd(socket), POLLIN) & POLLIN);
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

static socklen_t to_system(const struct mio_addr *addr, struct sockaddr_storage *storage)
{
    int length = mio_addr_to_sockaddr(addr, (struct sockaddr *)storage, sizeof *storage);
    CHECK(length > 0);
    return (socklen_t)length;
}

int udp_peer(const char *text, struct mio_addr *addr)
{
    const struct timeval patience = {.tv_sec = TEST_SOON / MIO_NS_PER_S};
    struct sockaddr_storage name;
    struct mio_addr wanted = tcp_addr(text);
    socklen_t length = to_system(&wanted, &name);
    int fd = socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    CHECK_EQ(bind(fd, (struct sockaddr *)&name, length), 0);
    *addr = udp_name(fd);
    return fd;
}

void udp_peer_connect(int fd, const struct mio_addr *to)
{
    struct sockaddr_storage name;
    socklen_t length = to_system(to, &name);
    CHECK_EQ(connect(fd, (struct sockaddr *)&name, length), 0);
}

void udp_peer_send(int fd, const void *buf, size_t len, const struct mio_addr *to)
{
    struct sockaddr_storage name;
    socklen_t length = to_system(to, &name);
    CHECK_EQ(sendto(fd, buf, len, 0, (struct sockaddr *)&name, length), (ssize_t)len);
}

struct mio_addr udp_peer_expect(int fd, const void *wanted, size_t len)
{
    static char buf[1 << 16];
    struct sockaddr_storage name = {0};
    socklen_t length = sizeof name;
    struct mio_addr from;
    CHECK_EQ(recvfrom(fd, buf, sizeof buf, 0, (struct sockaddr *)&name, &length), (ssize_t)len);
    CHECK_EQ(memcmp(buf, wanted, len), 0);
    CHECK_EQ(mio_addr_from_sockaddr(&from, (struct sockaddr *)&name, length), 0);
    return from;
}

void udp_expect_nothing(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    CHECK_EQ(poll(&entry, 1, (int)(TEST_QUIET / MIO_NS_PER_MS)), 0);
}

void udp_deliver(int peer, const struct mio_udp_socket *socket, const void *buf, size_t len)
{
    struct mio_addr to = udp_name(udp_fd(socket));
    udp_peer_send(peer, buf, len, &to);
    CHECK(test_wait_fd(udp_fd(socket), POLLIN) & POLLIN);
}

/* ---- Refusals -------------------------------------------------------------------------------- */

int udp_refusing(const char *text, struct mio_addr *addr)
{
    int fd = udp_peer(text, addr);
    udp_peer_connect(fd, addr); /* to itself */
    return fd;
}

void udp_be_refused(struct mio_udp_socket *socket)
{
    CHECK_EQ(send(udp_fd(socket), "x", 1, MSG_NOSIGNAL), 1);
    CHECK(test_wait_fd(udp_fd(socket), 0) & POLLERR);
}

/* ---- Hops ------------------------------------------------------------------------------------ */

void udp_peer_want_ttl(int fd, bool ipv6)
{
    int on = 1;
    if (ipv6)
        CHECK_EQ(setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof on), 0);
    else
        CHECK_EQ(setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof on), 0);
}

int udp_peer_ttl(int fd)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    char byte;
    int ttl = -1;
    struct iovec iov = {&byte, 1};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    CHECK(recvmsg(fd, &message, 0) >= 0);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    CHECK(header);
    CHECK((header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_TTL) ||
          (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_HOPLIMIT));
    memcpy(&ttl, CMSG_DATA(header), sizeof ttl);
    return ttl;
}
