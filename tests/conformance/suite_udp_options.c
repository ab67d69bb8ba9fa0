/* UDP sockets: options, and the options struct. */
#include "suites.h"

static void broadcast_is_off_at_first(void)
{
    struct mio_udp_socket socket;
    struct mio_addr any;
    CHECK_EQ(mio_addr_parse(&any, "127.0.0.1:0"), 0);
    CHECK_EQ(mio_udp_socket_bind(&socket, &any), 0);
    CHECK_EQ(mio_udp_socket_broadcast(&socket), 0);
    CHECK_EQ(mio_udp_socket_set_broadcast(&socket, true), 0);
    CHECK_EQ(mio_udp_socket_broadcast(&socket), 1);
    CHECK_EQ(mio_udp_socket_close(&socket), 0);
}

static const struct test_case cases[] = {
    {"broadcast_is_off_at_first", broadcast_is_off_at_first, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_udp_options = {"udp_options", cases};
