/* UDP sockets: opening, connecting, moving datagrams. */
#define _POSIX_C_SOURCE 200809L
#include "net.h"
#include "suites.h"

#include <poll.h>

static void datagrams_go_there_and_back(void)
{
    struct mio_udp_socket a, b;
    struct mio_addr any, addr, from;
    char buf[16];
    CHECK_EQ(mio_addr_parse(&any, "127.0.0.1:0"), 0);
    CHECK_EQ(mio_udp_socket_bind(&a, &any), 0);
    CHECK_EQ(mio_udp_socket_bind(&b, &any), 0);
    CHECK_EQ(mio_udp_socket_local_addr(&b, &addr), 0);
    CHECK_EQ(mio_udp_socket_send_to(&a, "ping", 4, &addr), 4);
    test_wait_fd(mio_source_fd(&b.source), POLLIN);
    CHECK_EQ(mio_udp_socket_recv_from(&b, buf, sizeof buf, &from), 4);
    CHECK_EQ(mio_udp_socket_connect(&b, &from), 0);
    CHECK_EQ(mio_udp_socket_send(&b, "pong", 4), 4);
    test_wait_fd(mio_source_fd(&a.source), POLLIN);
    CHECK_EQ(mio_udp_socket_recv(&a, buf, sizeof buf), 4);
    CHECK_EQ(mio_udp_socket_recv(&a, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(mio_udp_socket_close(&a), 0);
    CHECK_EQ(mio_udp_socket_close(&b), 0);
}

static const struct test_case cases[] = {
    {"datagrams_go_there_and_back", datagrams_go_there_and_back, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_udp = {"udp", cases};
