#define _GNU_SOURCE 1
#define __APPLE_USE_RFC_3542 1 /* what asks for hop limits there */
#include "net.h"
#include "plain.h"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

static ptrdiff_t result_of(ptrdiff_t result)
{
    return result < 0 ? -errno : result;
}

static const int families[] = {
    [PLAIN_IPV4] = AF_INET, [PLAIN_IPV6] = AF_INET6, [PLAIN_UNIX] = AF_UNIX};
static const int types[] = {
    [PLAIN_STREAM] = SOCK_STREAM, [PLAIN_DATAGRAM] = SOCK_DGRAM, [PLAIN_PACKETS] = SOCK_SEQPACKET};

/* ---- Opening --------------------------------------------------------------------------------- */

/* Not everywhere can socket(2) do this at once; nothing forks and executes beside. */
static void prepare(mio_fd fd)
{
    const struct timeval patience = {.tv_sec = 3 * TEST_SOON / MIO_NS_PER_S};
    CHECK(fd >= 0);
    CHECK_EQ(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), 0);
}

mio_fd plain_socket(enum plain_family family, enum plain_type type)
{
    int fd = socket(families[family], types[type], 0);
    prepare(fd);
    return fd;
}

bool plain_has_socket(enum plain_family family, enum plain_type type)
{
    int fd = socket(families[family], types[type], 0);
    return fd >= 0 && close(fd) == 0;
}

bool plain_has_pair(enum plain_family family, enum plain_type type)
{
    int fds[2];
    if (socketpair(families[family], types[type], 0, fds) < 0)
        return false;
    return close(fds[0]) == 0 && close(fds[1]) == 0;
}

void plain_pair(enum plain_type type, mio_fd fds[2])
{
    CHECK_EQ(socketpair(AF_UNIX, types[type], 0, fds), 0);
    prepare(fds[0]);
    prepare(fds[1]);
}

void plain_udp_pair(mio_fd fds[2])
{
    struct sockaddr_in names[2];
    socklen_t length = sizeof names[0];
    memset(names, 0, sizeof names);
    for (int i = 0; i < 2; i++) {
        names[i].sin_family = AF_INET;
        names[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        fds[i] = plain_socket(PLAIN_IPV4, PLAIN_DATAGRAM);
        CHECK_EQ(bind(fds[i], (struct sockaddr *)&names[i], length), 0);
        CHECK_EQ(getsockname(fds[i], (struct sockaddr *)&names[i], &length), 0);
    }
    for (int i = 0; i < 2; i++)
        CHECK_EQ(connect(fds[i], (struct sockaddr *)&names[1 - i], length), 0);
}

int plain_listen(mio_fd fd, int backlog)
{
    return (int)result_of(listen(fd, backlog));
}

int plain_accept(mio_fd fd, mio_fd *accepted)
{
    *accepted = accept(fd, NULL, NULL);
    if (*accepted < 0)
        return -errno;
    prepare(*accepted);
    return 0;
}

int plain_shutdown(mio_fd fd, int directions)
{
    static const int ways[] = {[PLAIN_READS] = SHUT_RD,
                               [PLAIN_WRITES] = SHUT_WR,
                               [PLAIN_READS | PLAIN_WRITES] = SHUT_RDWR};
    return (int)result_of(shutdown(fd, ways[directions]));
}

/* ---- Addresses ------------------------------------------------------------------------------- */

#ifndef MIO_NO_NET
/* The system's form of an address. */
struct name {
    struct sockaddr_storage storage;
    socklen_t length;
};

static struct name to_system(const struct mio_addr *addr)
{
    struct name name;
    memset(&name, 0, sizeof name); /* valgrind looks for a NUL, even behind the length */
    int length = mio_addr_to_sockaddr(addr, (struct sockaddr *)&name.storage, sizeof name.storage);
    CHECK(length > 0);
    name.length = (socklen_t)length;
    return name;
}

static void from_system(struct mio_addr *addr, const struct name *name)
{
    CHECK_EQ(mio_addr_from_sockaddr(addr, (const struct sockaddr *)&name->storage, name->length),
             0);
}

mio_fd plain_socket_for(const struct mio_addr *addr, enum plain_type type)
{
    switch (mio_addr_family(addr)) {
    case MIO_ADDR_IPV4:
        return plain_socket(PLAIN_IPV4, type);
    case MIO_ADDR_IPV6:
        return plain_socket(PLAIN_IPV6, type);
    default:
        return plain_socket(PLAIN_UNIX, type);
    }
}

int plain_bind(mio_fd fd, const struct mio_addr *addr)
{
    struct name name = to_system(addr);
    return (int)result_of(bind(fd, (struct sockaddr *)&name.storage, name.length));
}

int plain_connect(mio_fd fd, const struct mio_addr *addr)
{
    struct name name = to_system(addr);
    return (int)result_of(connect(fd, (struct sockaddr *)&name.storage, name.length));
}

struct mio_addr plain_name(mio_fd fd)
{
    struct name name = {.length = sizeof name.storage};
    struct mio_addr addr;
    memset(&addr, 0, sizeof addr);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&name.storage, &name.length), 0);
    from_system(&addr, &name);
    return addr;
}

int plain_peer_name(mio_fd fd, struct mio_addr *addr)
{
    struct name name = {.length = sizeof name.storage};
    if (getpeername(fd, (struct sockaddr *)&name.storage, &name.length) < 0)
        return -errno;
    from_system(addr, &name);
    return 0;
}

ptrdiff_t plain_send_to(mio_fd fd, const void *buf, size_t len, const struct mio_addr *to)
{
    struct name name = to_system(to);
    return result_of(
        sendto(fd, buf, len, MSG_NOSIGNAL, (struct sockaddr *)&name.storage, name.length));
}

ptrdiff_t plain_recv_from(mio_fd fd, void *buf, size_t len, struct mio_addr *from)
{
    struct name name = {.length = sizeof name.storage};
    ptrdiff_t got =
        result_of(recvfrom(fd, buf, len, 0, (struct sockaddr *)&name.storage, &name.length));
    if (got >= 0)
        from_system(from, &name);
    return got;
}
#endif

/* ---- Transfers ------------------------------------------------------------------------------- */

ptrdiff_t plain_send(mio_fd fd, const void *buf, size_t len)
{
    return result_of(send(fd, buf, len, MSG_NOSIGNAL));
}

ptrdiff_t plain_recv(mio_fd fd, void *buf, size_t len)
{
    return result_of(recv(fd, buf, len, 0));
}

ptrdiff_t plain_send_urgent(mio_fd fd, char byte)
{
    return result_of(send(fd, &byte, 1, MSG_OOB | MSG_NOSIGNAL));
}

ptrdiff_t plain_recv_urgent(mio_fd fd, char *byte)
{
    return result_of(recv(fd, byte, 1, MSG_OOB));
}

void plain_send_all(mio_fd fd, const void *buf, size_t len)
{
    for (size_t done = 0; done < len;) {
        ptrdiff_t n = plain_send(fd, (const char *)buf + done, len - done);
        CHECK(n > 0);
        done += (size_t)n;
    }
}

void plain_recv_all(mio_fd fd, void *buf, size_t len)
{
    for (size_t done = 0; done < len;) {
        ptrdiff_t n = plain_recv(fd, (char *)buf + done, len - done);
        CHECK(n > 0);
        done += (size_t)n;
    }
}

int plain_unread(mio_fd fd)
{
    int unread = 0;
    CHECK_EQ(ioctl(fd, FIONREAD, &unread), 0);
    return unread;
}

int plain_take_error(mio_fd fd)
{
    int error;
    socklen_t length = sizeof error;
    CHECK_EQ(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length), 0);
    return -error;
}

bool plain_tells_end_behind_data(void)
{
    return true;
}

bool plain_tells_own_shutdown(void)
{
    return true;
}

/* ---- Options --------------------------------------------------------------------------------- */

#ifndef IPV6_MINHOPCOUNT
#ifdef __linux__
#define IPV6_MINHOPCOUNT 73 /* linux/in6.h */
#else
#define IPV6_MINHOPCOUNT (-1)
#endif
#endif
#ifdef __linux__
#undef UDP_SEGMENT
#define UDP_SEGMENT 103 /* linux/udp.h */
#else
#define UDP_SEGMENT (-1)
#endif
#ifndef IP_RECVTOS
#define IP_RECVTOS (-1)
#endif
#ifdef SO_TIMESTAMPNS
#define ARRIVAL SO_TIMESTAMPNS
#else
#define ARRIVAL SO_TIMESTAMP
#endif
#ifndef IP_MINTTL
#define IP_MINTTL (-1)
#endif
#ifndef SO_PROTOCOL
#define SO_PROTOCOL (-1)
#endif

static const struct {
    int level, name;
} options[] = {
    [PLAIN_TYPE] = {SOL_SOCKET, SO_TYPE},
    [PLAIN_IS_LISTENING] = {SOL_SOCKET, SO_ACCEPTCONN},
    [PLAIN_REUSE_ADDR] = {SOL_SOCKET, SO_REUSEADDR},
    [PLAIN_RETAKE_PORT] = {SOL_SOCKET, SO_REUSEADDR},
    [PLAIN_REUSE_PORT] = {SOL_SOCKET, SO_REUSEPORT},
    [PLAIN_BROADCAST] = {SOL_SOCKET, SO_BROADCAST},
    [PLAIN_RECEIVE_BUFFER] = {SOL_SOCKET, SO_RCVBUF},
    [PLAIN_SEND_BUFFER] = {SOL_SOCKET, SO_SNDBUF},
    [PLAIN_NODELAY] = {IPPROTO_TCP, TCP_NODELAY},
    [PLAIN_ONLY_V6] = {IPPROTO_IPV6, IPV6_V6ONLY},
    [PLAIN_TTL] = {IPPROTO_IP, IP_TTL},
    [PLAIN_TTL_LEAST] = {IPPROTO_IP, IP_MINTTL},
    [PLAIN_HOPS] = {IPPROTO_IPV6, IPV6_UNICAST_HOPS},
    [PLAIN_HOPS_LEAST] = {IPPROTO_IPV6, IPV6_MINHOPCOUNT},
    [PLAIN_MULTICAST_TTL] = {IPPROTO_IP, IP_MULTICAST_TTL},
    [PLAIN_MULTICAST_HOPS] = {IPPROTO_IPV6, IPV6_MULTICAST_HOPS},
    [PLAIN_MULTICAST_LOOP] = {IPPROTO_IP, IP_MULTICAST_LOOP},
    [PLAIN_MULTICAST_LOOP_V6] = {IPPROTO_IPV6, IPV6_MULTICAST_LOOP},
    [PLAIN_CLASS] = {IPPROTO_IP, IP_TOS},
    [PLAIN_CLASS_V6] = {IPPROTO_IPV6, IPV6_TCLASS},
    [PLAIN_SEGMENTS] = {IPPROTO_UDP, UDP_SEGMENT},
    [PLAIN_ARRIVAL] = {SOL_SOCKET, ARRIVAL},
    [PLAIN_PROTOCOL] = {SOL_SOCKET, SO_PROTOCOL},
    [PLAIN_UNKNOWN] = {SOL_SOCKET, 0x7777},
};

/* These two are bytes on some systems, which others take, too. */
static bool is_byte(enum plain_option option)
{
    return option == PLAIN_MULTICAST_TTL || option == PLAIN_MULTICAST_LOOP;
}

int plain_option(mio_fd fd, enum plain_option option)
{
    unsigned char bytes[sizeof(int)] = {0};
    socklen_t length = sizeof bytes;
    int value;
    if (options[option].name < 0)
        return -ENOTSUP;
    if (getsockopt(fd, options[option].level, options[option].name, bytes, &length) < 0)
        return -errno;
    if (length == 1) /* OpenBSD and NetBSD answer so for some */
        return bytes[0];
    memcpy(&value, bytes, sizeof value);
    if (option != PLAIN_TYPE)
        return value;
    for (int i = PLAIN_STREAM; i <= PLAIN_PACKETS; i++)
        if (types[i] == value)
            return i;
    return -EPROTOTYPE;
}

int plain_set_option(mio_fd fd, enum plain_option option, int value)
{
    unsigned char byte = (unsigned char)value;
    if (options[option].name < 0)
        return -ENOTSUP;
    return (int)result_of(setsockopt(fd, options[option].level, options[option].name,
                                     is_byte(option) ? (void *)&byte : &value,
                                     is_byte(option) ? sizeof byte : sizeof value));
}

bool plain_ports_are_shared(void)
{
    return true;
}

void plain_reset_on_close(mio_fd fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), 0);
}

/* ---- Groups ---------------------------------------------------------------------------------- */

int plain_multicast_on_loopback(mio_fd fd)
{
    struct in_addr local = {htonl(INADDR_LOOPBACK)};
    return (int)result_of(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &local, sizeof local));
}

#ifndef MIO_NO_NET
int plain_join_on_loopback(mio_fd fd, const struct mio_addr *group)
{
#if defined(__linux__)
    struct ip_mreqn member = {.imr_ifindex = (int)plain_loopback_index()};
#else
    struct ip_mreq member = {.imr_interface = {htonl(INADDR_LOOPBACK)}};
#endif
    uint8_t ip[16];
    CHECK_EQ(mio_addr_ip(group, ip, NULL), 4);
    memcpy(&member.imr_multiaddr, ip, sizeof member.imr_multiaddr);
    return (int)result_of(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &member, sizeof member));
}

int plain_leave_v6(mio_fd fd, const struct mio_addr *group, uint32_t index)
{
    struct ipv6_mreq member = {.ipv6mr_interface = index};
    uint8_t ip[16];
    CHECK_EQ(mio_addr_ip(group, ip, NULL), 16);
    memcpy(&member.ipv6mr_multiaddr, ip, sizeof ip);
    return (int)result_of(setsockopt(fd, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &member, sizeof member));
}
#endif

uint32_t plain_loopback_index(void)
{
    uint32_t index = if_nametoindex("lo");
    return index > 0 ? index : if_nametoindex("lo0");
}

#ifndef MIO_NO_NET
bool plain_sends_from(const struct mio_addr *addr)
{
    mio_fd fd = plain_socket_for(addr, PLAIN_DATAGRAM);
    const int result = plain_bind(fd, addr);
    CHECK_EQ(plain_close(fd), 0);
    return result == 0;
}
#endif

bool plain_sends_congestion(void)
{
    return true;
}

/* ---- Hops ------------------------------------------------------------------------------------ */

bool plain_want_hops(mio_fd fd, bool ipv6)
{
    int on = 1;
    return setsockopt(fd, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, ipv6 ? IPV6_RECVHOPLIMIT : IP_RECVTTL,
                      &on, sizeof on) == 0;
}

/* Receives a datagram with one control message, a number of one of these types. */
static int recv_number(mio_fd fd, int type_v6, int type_v4, int other_type_v4)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    char byte;
    int number = -1;
    struct iovec iov = {&byte, 1};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    CHECK(recvmsg(fd, &message, 0) >= 0);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    CHECK(header);
    if (header->cmsg_level == IPPROTO_IPV6)
        CHECK_EQ(header->cmsg_type, type_v6);
    else if (header->cmsg_type != type_v4)
        CHECK_EQ(header->cmsg_type, other_type_v4);
    if (header->cmsg_len == CMSG_LEN(1))
        return *(unsigned char *)CMSG_DATA(header);
    memcpy(&number, CMSG_DATA(header), sizeof number);
    return number;
}

/* Linux says of IPv4 which field it is, others which option asked for it. */
int plain_recv_hops(mio_fd fd)
{
    return recv_number(fd, IPV6_HOPLIMIT, IP_TTL, IP_RECVTTL);
}

bool plain_want_class(mio_fd fd, bool ipv6)
{
    int on = 1;
    return setsockopt(fd, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, ipv6 ? IPV6_RECVTCLASS : IP_RECVTOS,
                      &on, sizeof on) == 0;
}

int plain_recv_class(mio_fd fd)
{
    return recv_number(fd, IPV6_TCLASS, IP_TOS, IP_RECVTOS);
}
