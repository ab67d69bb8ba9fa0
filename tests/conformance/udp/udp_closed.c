/* UDP sockets: what closing frees, and what closed objects say. */
#include "udp/udp_util.h"

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
    {"close_frees_the_port", close_frees_the_port, 0},
    {"closed_sockets_refuse_every_call", closed_sockets_refuse_every_call, 0},
    {"null_is_refused_by_every_call", null_is_refused_by_every_call, 0},
    {"sizes_for_bindings_are_those_of_the_structs", sizes_for_bindings_are_those_of_the_structs, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_udp_closed = {"udp_closed", cases};
