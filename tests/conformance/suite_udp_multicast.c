/* UDP sockets: multicast groups. */
#include "suites.h"

static void joined_twice_is_in_use(void)
{
    struct mio_udp_socket socket;
    struct mio_addr any, group, loopback;
    CHECK_EQ(mio_addr_parse(&any, "0.0.0.0:0"), 0);
    CHECK_EQ(mio_addr_parse(&group, "239.255.77.1:0"), 0);
    CHECK_EQ(mio_addr_parse(&loopback, "127.0.0.1:0"), 0);
    CHECK_EQ(mio_udp_socket_bind(&socket, &any), 0);
    CHECK_EQ(mio_udp_socket_join_multicast_at(&socket, &group, &loopback), 0);
    CHECK_EQ(mio_udp_socket_join_multicast_at(&socket, &group, &loopback), -EADDRINUSE);
    CHECK_EQ(mio_udp_socket_leave_multicast_at(&socket, &group, &loopback), 0);
    CHECK_EQ(mio_udp_socket_close(&socket), 0);
}

static const struct test_case cases[] = {
    {"joined_twice_is_in_use", joined_twice_is_in_use, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_udp_multicast = {"udp_multicast", cases};
