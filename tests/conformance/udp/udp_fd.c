/* UDP sockets: owning the descriptor, closing, moving, and what a closed object says. */
#define _GNU_SOURCE 1
#include "udp/udp_util.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- Taking over ----------------------------------------------------------------------------- */

static void check_taken_over(const char *text)
{
    struct mio_udp_socket socket;
    struct mio_addr addr, from;
    char buf[8];
    mio_fd fd = udp_peer(text, &addr), peer = udp_peer(text, &from);
    CHECK_EQ(fcntl(fd, F_SETFD, 0), 0);
    CHECK(!test_is_nonblocking(fd) && !test_is_cloexec(fd));
    memset(&socket, 0xa5, sizeof socket);
    CHECK_EQ(mio_udp_socket_from_fd(&socket, fd), 0);
    CHECK_EQ(udp_fd(&socket), fd);
    CHECK(test_is_nonblocking(fd));
    CHECK(test_is_cloexec(fd));
    CHECK(!mio_source_is_registered(&socket.source));
    CHECK_EQ(mio_udp_socket_recv(&socket, buf, sizeof buf), -EAGAIN);
    udp_deliver(peer, &socket, "ping", 4);
    CHECK_EQ(mio_udp_socket_recv_from(&socket, buf, sizeof buf, &from), 4);
    CHECK_EQ(mio_udp_socket_send_to(&socket, "pong", 4, &from), 4);
    udp_peer_expect(peer, "pong", 4);
    udp_close(&socket);
    CHECK_EQ(fcntl(fd, F_GETFD), -1);
    CHECK_EQ(plain_close(peer), 0);
}

static void from_fd_is_nonblocking_and_not_inherited(void)
{
    check_taken_over("127.0.0.1:0");
}

static void from_fd_is_nonblocking_and_not_inherited_ipv6(void)
{
    tcp_need_ipv6();
    check_taken_over("[::1]:0");
}

static void from_fd_keeps_other_status_flags_and_the_peer(void)
{
    struct mio_udp_socket socket;
    struct mio_addr addr, to, peer_addr;
    mio_fd fd = udp_peer("127.0.0.1:0", &addr), peer = udp_peer("127.0.0.1:0", &to);
    udp_peer_connect(fd, &to);
    CHECK_EQ(fcntl(fd, F_SETFL, O_APPEND | O_ASYNC), 0);
    int before = fcntl(fd, F_GETFL);
    CHECK((before & O_APPEND) && (before & O_ASYNC));
    CHECK_EQ(mio_udp_socket_from_fd(&socket, fd), 0);
    CHECK_EQ(fcntl(fd, F_GETFL), before | O_NONBLOCK);
    CHECK_EQ(mio_udp_socket_peer_addr(&socket, &peer_addr), 0);
    CHECK(mio_addr_equal(&peer_addr, &to));
    CHECK_EQ(mio_udp_socket_send(&socket, "ping", 4), 4);
    udp_peer_expect(peer, "ping", 4);
    udp_close(&socket);
    CHECK_EQ(plain_close(peer), 0);
}

static void check_not_taken(mio_fd fd, int error)
{
    struct mio_udp_socket socket;
    int flags = plain_flags(fd);
    memset(&socket, 0xa5, sizeof socket);
    CHECK_EQ(mio_udp_socket_from_fd(&socket, fd), error);
    CHECK(mio_source_fd(&socket.source) == MIO_FD_NONE);
    CHECK_EQ(mio_udp_socket_take_error(&socket), -EBADF);
    CHECK_EQ(mio_udp_socket_close(&socket), 0);
    CHECK_EQ(mio_udp_socket_from_fd(NULL, fd), -EINVAL);
    CHECK_EQ(plain_flags(fd), flags);
}

static void check_socket_not_taken(int domain, int type, int error)
{
    int fd = socket(domain, type, 0);
    CHECK(fd >= 0);
    check_not_taken(fd, error);
    CHECK_EQ(plain_close(fd), 0);
}

static void from_fd_refuses_what_is_no_udp_socket(void)
{
    int ends[2];
    CHECK_EQ(pipe(ends), 0);
    check_not_taken(ends[0], -ENOTSOCK);
    check_not_taken(ends[1], -ENOTSOCK);
    CHECK_EQ(plain_close(ends[0]), 0);
    CHECK_EQ(plain_close(ends[1]), 0);
    check_not_taken(ends[0], -EBADF);
    check_not_taken(MIO_FD_NONE, -EBADF);
    check_not_taken(INT32_MIN, -EBADF);
    check_socket_not_taken(AF_INET, SOCK_STREAM, -EPROTOTYPE);
    check_socket_not_taken(AF_UNIX, SOCK_STREAM, -EPROTOTYPE);
    check_socket_not_taken(AF_UNIX, SOCK_SEQPACKET, -EPROTOTYPE);
    check_socket_not_taken(AF_UNIX, SOCK_DGRAM, -EAFNOSUPPORT);
}

/* ---- Giving back ----------------------------------------------------------------------------- */

static void into_fd_deregisters_and_leaves_an_open_descriptor(void)
{
    struct mio_poll poll;
    struct mio_udp_socket socket;
    struct mio_addr addr;
    char byte;
    mio_fd peer = udp_peer("127.0.0.1:0", &addr);
    test_poll_init(&poll);
    udp_open(&socket, "127.0.0.1:0", NULL);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &socket.source, 7,
                          MIO_READABLE | MIO_WRITABLE | test_config.mode),
             0);
    mio_fd wanted = udp_fd(&socket);
    udp_deliver(peer, &socket, "x", 1);
    mio_fd fd = mio_udp_socket_into_fd(&socket);
    CHECK_EQ(fd, wanted);
    CHECK(test_is_nonblocking(fd));
    test_expect_no_event(&poll);
    CHECK_EQ(plain_recv(fd, &byte, 1), 1);
    CHECK_EQ(mio_udp_socket_recv(&socket, &byte, 1), -EBADF);
    CHECK(mio_udp_socket_into_fd(&socket) == MIO_FD_NONE);
    udp_close(&socket);
    CHECK(fcntl(fd, F_GETFD) >= 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static void close_frees_the_port(void)
{
    struct mio_udp_socket socket;
    udp_open(&socket, "127.0.0.1:0", NULL);
    struct mio_addr addr = plain_name(udp_fd(&socket));
    udp_close(&socket);
    CHECK_EQ(mio_udp_socket_bind(&socket, &addr), 0);
    udp_close(&socket);
    udp_close(&socket);
}

static void registered_socket_can_be_moved(void)
{
    const mio_interest interest = MIO_READABLE | test_config.mode;
    struct mio_poll poll;
    struct mio_udp_socket old, moved;
    struct mio_addr addr;
    mio_fd peer = udp_peer("127.0.0.1:0", &addr);
    test_poll_init(&poll);
    udp_open(&old, "127.0.0.1:0", NULL);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &old.source, 7, interest), 0);
    memcpy(&moved, &old, sizeof moved);
    memset(&old, 0xa5, sizeof old);
    udp_deliver(peer, &moved, "x", 1);
    CHECK_EQ(test_expect_event(&poll, 7), MIO_READABLE);
    CHECK_EQ(udp_drain(&moved), 1);
    CHECK(mio_source_is_registered(&moved.source));
    CHECK_EQ(mio_reregister(mio_poll_registry(&poll), &moved.source, 8, interest), 0);
    udp_deliver(peer, &moved, "y", 1);
    CHECK_EQ(test_expect_event(&poll, 8), MIO_READABLE);
    udp_close(&moved);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* ---- NULL and closed objects ----------------------------------------------------------------- */

/* Every call that may fail, with arguments that are right; the result it has on the object. */
static void check_all(struct mio_udp_socket *socket, int error)
{
    struct mio_addr addr = tcp_addr("127.0.0.1:9"), group = tcp_addr("239.1.2.3:0");
    char byte = 'x';
    CHECK_EQ(mio_udp_socket_connect(socket, &addr), error);
    CHECK_EQ(mio_udp_socket_send(socket, &byte, 1), error);
    CHECK_EQ(mio_udp_socket_send(socket, NULL, 0), error);
    CHECK_EQ(mio_udp_socket_send_to(socket, &byte, 1, &addr), error);
    CHECK_EQ(mio_udp_socket_send_to(socket, NULL, 0, &addr), error);
    CHECK_EQ(mio_udp_socket_recv(socket, &byte, 1), error);
    CHECK_EQ(mio_udp_socket_recv(socket, NULL, 0), error);
    CHECK_EQ(mio_udp_socket_recv_from(socket, &byte, 1, &addr), error);
    CHECK_EQ(mio_udp_socket_recv_from(socket, &byte, 1, NULL), error);
    CHECK_EQ(mio_udp_socket_peek(socket, &byte, 1), error);
    CHECK_EQ(mio_udp_socket_peek_from(socket, &byte, 1, &addr), error);
    CHECK_EQ(mio_udp_socket_peek_from(socket, &byte, 1, NULL), error);
    CHECK_EQ(mio_udp_socket_local_addr(socket, &addr), error);
    CHECK_EQ(mio_udp_socket_peer_addr(socket, &addr), error);
    CHECK_EQ(mio_udp_socket_broadcast(socket), error);
    CHECK_EQ(mio_udp_socket_set_broadcast(socket, true), error);
    CHECK_EQ(mio_udp_socket_only_v6(socket), error);
    CHECK_EQ(mio_udp_socket_ttl(socket), error);
    CHECK_EQ(mio_udp_socket_set_ttl(socket, 64), error);
    CHECK_EQ(mio_udp_socket_multicast_ttl(socket), error);
    CHECK_EQ(mio_udp_socket_set_multicast_ttl(socket, 1), error);
    CHECK_EQ(mio_udp_socket_multicast_loop(socket), error);
    CHECK_EQ(mio_udp_socket_set_multicast_loop(socket, true), error);
    CHECK_EQ(mio_udp_socket_join_multicast(socket, &group, 0), error);
    CHECK_EQ(mio_udp_socket_leave_multicast(socket, &group, 0), error);
    CHECK_EQ(mio_udp_socket_join_multicast_at(socket, &group, &addr), error);
    CHECK_EQ(mio_udp_socket_leave_multicast_at(socket, &group, &addr), error);
    CHECK_EQ(mio_udp_socket_take_error(socket), error);
    CHECK(mio_udp_socket_into_fd(socket) == MIO_FD_NONE);
}

/* The other arguments are looked at before the state: the same on open and closed sockets. */
static void check_bad_arguments(struct mio_udp_socket *socket)
{
    struct mio_addr addr = tcp_addr("127.0.0.1:9"), path = tcp_addr("unix:x");
    struct mio_addr group = tcp_addr("239.1.2.3:0"), group_v6 = tcp_addr("[ff02::1]:0");
    struct mio_addr v6 = tcp_addr("[::1]:0");
    CHECK_EQ(mio_udp_socket_connect(socket, NULL), -EINVAL);
    CHECK_EQ(mio_udp_socket_connect(socket, &path), -EAFNOSUPPORT);
    CHECK_EQ(mio_udp_socket_send(socket, NULL, 1), -EINVAL);
    CHECK_EQ(mio_udp_socket_send_to(socket, NULL, 1, &addr), -EINVAL);
    CHECK_EQ(mio_udp_socket_send_to(socket, "x", 1, NULL), -EINVAL);
    CHECK_EQ(mio_udp_socket_send_to(socket, "x", 1, &path), -EAFNOSUPPORT);
    CHECK_EQ(mio_udp_socket_recv(socket, NULL, 1), -EINVAL);
    CHECK_EQ(mio_udp_socket_recv_from(socket, NULL, 1, &addr), -EINVAL);
    CHECK_EQ(mio_udp_socket_peek(socket, NULL, 1), -EINVAL);
    CHECK_EQ(mio_udp_socket_peek_from(socket, NULL, 1, &addr), -EINVAL);
    CHECK_EQ(mio_udp_socket_local_addr(socket, NULL), -EINVAL);
    CHECK_EQ(mio_udp_socket_peer_addr(socket, NULL), -EINVAL);
    CHECK_EQ(mio_udp_socket_set_ttl(socket, 0), -EINVAL);
    CHECK_EQ(mio_udp_socket_set_ttl(socket, 256), -EINVAL);
    CHECK_EQ(mio_udp_socket_set_multicast_ttl(socket, -1), -EINVAL);
    CHECK_EQ(mio_udp_socket_set_multicast_ttl(socket, 256), -EINVAL);
    CHECK_EQ(mio_udp_socket_join_multicast(socket, NULL, 0), -EINVAL);
    CHECK_EQ(mio_udp_socket_leave_multicast(socket, NULL, 0), -EINVAL);
    CHECK_EQ(mio_udp_socket_join_multicast(socket, &path, 0), -EAFNOSUPPORT);
    CHECK_EQ(mio_udp_socket_leave_multicast(socket, &path, 0), -EAFNOSUPPORT);
    CHECK_EQ(mio_udp_socket_join_multicast_at(socket, NULL, &addr), -EINVAL);
    CHECK_EQ(mio_udp_socket_join_multicast_at(socket, &group, NULL), -EINVAL);
    CHECK_EQ(mio_udp_socket_join_multicast_at(socket, &group, &v6), -EAFNOSUPPORT);
    CHECK_EQ(mio_udp_socket_join_multicast_at(socket, &group, &path), -EAFNOSUPPORT);
    CHECK_EQ(mio_udp_socket_join_multicast_at(socket, &group_v6, &addr), -EAFNOSUPPORT);
    CHECK_EQ(mio_udp_socket_join_multicast_at(socket, &group_v6, &v6), -EAFNOSUPPORT);
    CHECK_EQ(mio_udp_socket_join_multicast_at(socket, &path, &addr), -EAFNOSUPPORT);
    CHECK_EQ(mio_udp_socket_leave_multicast_at(socket, NULL, &addr), -EINVAL);
    CHECK_EQ(mio_udp_socket_leave_multicast_at(socket, &group, NULL), -EINVAL);
    CHECK_EQ(mio_udp_socket_leave_multicast_at(socket, &group, &v6), -EAFNOSUPPORT);
    CHECK_EQ(mio_udp_socket_leave_multicast_at(socket, &group_v6, &addr), -EAFNOSUPPORT);
    CHECK_EQ(mio_udp_socket_leave_multicast_at(socket, &path, &addr), -EAFNOSUPPORT);
}

static void check_closed(struct mio_udp_socket *socket)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    check_all(socket, -EBADF);
    check_bad_arguments(socket);
    CHECK(mio_source_fd(&socket->source) == MIO_FD_NONE);
    CHECK_EQ(mio_register(registry, &socket->source, 7, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_reregister(registry, &socket->source, 7, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_deregister(registry, &socket->source), -EBADF);
    CHECK_EQ(mio_udp_socket_close(socket), 0);
    CHECK_EQ(mio_udp_socket_close(socket), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void closed_sockets_refuse_every_call(void)
{
    struct mio_udp_socket socket = {0};
    check_closed(&socket);
    udp_open(&socket, "127.0.0.1:0", NULL);
    check_bad_arguments(&socket);
    udp_close(&socket);
    check_closed(&socket);
}

static void null_is_refused_by_every_call(void)
{
    check_all(NULL, -EINVAL);
    CHECK_EQ(mio_udp_socket_close(NULL), -EINVAL);
}

static void sizes_for_bindings_are_those_of_the_structs(void)
{
    CHECK_EQ(mio_sizeof_udp_socket(), sizeof(struct mio_udp_socket));
    CHECK_EQ(mio_sizeof_datagram_options(), sizeof(struct mio_datagram_options));
}

static const struct test_case cases[] = {
    {"from_fd_is_nonblocking_and_not_inherited", from_fd_is_nonblocking_and_not_inherited, 0},
    {"from_fd_is_nonblocking_and_not_inherited_ipv6", from_fd_is_nonblocking_and_not_inherited_ipv6,
     0},
    {"from_fd_keeps_other_status_flags_and_the_peer", from_fd_keeps_other_status_flags_and_the_peer,
     0},
    {"from_fd_refuses_what_is_no_udp_socket", from_fd_refuses_what_is_no_udp_socket, 0},
    {"into_fd_deregisters_and_leaves_an_open_descriptor",
     into_fd_deregisters_and_leaves_an_open_descriptor, TEST_ANY_MODE},
    {"close_frees_the_port", close_frees_the_port, 0},
    {"registered_socket_can_be_moved", registered_socket_can_be_moved, TEST_ANY_MODE},
    {"closed_sockets_refuse_every_call", closed_sockets_refuse_every_call, 0},
    {"null_is_refused_by_every_call", null_is_refused_by_every_call, 0},
    {"sizes_for_bindings_are_those_of_the_structs", sizes_for_bindings_are_those_of_the_structs, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_udp_fd = {"udp_fd", cases};
