/* Socket options and addresses of listeners and streams, seen from the system's side too. */
#include "tcp/tcp_util.h"

#include <string.h>

static const int bad_ttls[] = {0, -1, 256, 1000, INT32_MIN, INT32_MAX};
enum { BAD_TTLS = sizeof bad_ttls / sizeof bad_ttls[0] };

/* The time to live that packets of this socket really have: by the family of its packets. */
static int real_ttl(mio_fd fd, bool packets_are_ipv6)
{
    return packets_are_ipv6 ? plain_option(fd, PLAIN_HOPS) : plain_option(fd, PLAIN_TTL);
}

/* ---- Time to live of streams ----------------------------------------------------------------- */

/* The second stream refuses packets that have fewer than 150 hops left; the first one sends 200. */
static void check_ttl_reaches_packets(struct mio_tcp_stream *sender, struct mio_tcp_stream *taker,
                                      bool ipv6)
{
    const int least = 150;
    char byte;
    if (plain_set_option(tcp_fd(taker), ipv6 ? PLAIN_HOPS_LEAST : PLAIN_TTL_LEAST, least) < 0) {
        test_note("the system has no least time to live; only the option was compared");
        return;
    }
    CHECK_EQ(mio_tcp_stream_set_ttl(sender, 200), 0);
    CHECK_EQ(mio_tcp_stream_write(sender, "x", 1), 1);
    CHECK(plain_wait(tcp_fd(taker), PLAIN_IN) & PLAIN_IN);
    CHECK_EQ(mio_tcp_stream_read(taker, &byte, 1), 1);
}

static void check_stream_ttl(const char *text, bool ipv6)
{
    struct mio_tcp_stream client, server;
    tcp_pair(text, &client, &server);
    int standard = mio_tcp_stream_ttl(&client);
    CHECK(standard >= 1 && standard <= 255);
    CHECK_EQ(standard, real_ttl(tcp_fd(&client), ipv6));
    for (int ttl = 1; ttl <= 255; ttl += 127) {
        CHECK_EQ(mio_tcp_stream_set_ttl(&client, ttl), 0);
        CHECK_EQ(mio_tcp_stream_ttl(&client), ttl);
        CHECK_EQ(real_ttl(tcp_fd(&client), ipv6), ttl);
    }
    CHECK_EQ(mio_tcp_stream_set_ttl(&client, 99), 0);
    for (size_t i = 0; i < BAD_TTLS; i++) {
        CHECK_EQ(mio_tcp_stream_set_ttl(&client, bad_ttls[i]), -EINVAL);
        CHECK_EQ(mio_tcp_stream_ttl(&client), 99);
    }
    check_ttl_reaches_packets(&client, &server, ipv6);
    tcp_close(&client);
    tcp_close(&server);
}

static void stream_ttl_ipv4(void)
{
    check_stream_ttl("127.0.0.1:0", false);
}

/* IP_TTL is accepted on IPv6 sockets and changes nothing there. */
static void defect_25_stream_hop_limit_ipv6(void)
{
    tcp_need_ipv6();
    check_stream_ttl("[::1]:0", true);
}

/* An IPv4 client of an IPv6 listener: its packets are IPv4, whatever the socket is. */
struct mapped {
    struct mio_tcp_listener listener;
    struct mio_tcp_stream client, server;
};

static void mapped_open(struct mapped *mapped, int listener_ttl)
{
    const struct mio_listen_options options = {.only_v6 = MIO_OFF};
    static const uint8_t loopback[4] = {127, 0, 0, 1};
    struct mio_addr addr = tcp_addr("[::]:0"), target;
    tcp_need_ipv6();
    CHECK_EQ(mio_tcp_listener_bind_with(&mapped->listener, &addr, &options), 0);
    if (listener_ttl > 0)
        CHECK_EQ(mio_tcp_listener_set_ttl(&mapped->listener, listener_ttl), 0);
    CHECK_EQ(mio_tcp_listener_local_addr(&mapped->listener, &addr), 0);
    CHECK_EQ(mio_addr_ipv4(&target, loopback, (uint16_t)mio_addr_port(&addr)), 0);
    CHECK_EQ(mio_tcp_stream_connect(&mapped->client, &target), 0);
    tcp_accept(&mapped->listener, &mapped->server, NULL);
}

static void mapped_close(struct mapped *mapped)
{
    tcp_close(&mapped->client);
    tcp_close(&mapped->server);
    CHECK_EQ(mio_tcp_listener_close(&mapped->listener), 0);
}

static void stream_ttl_of_a_mapped_connection(void)
{
    struct mapped mapped;
    int other = 66;
    mapped_open(&mapped, 0);
    CHECK_EQ(mio_tcp_stream_set_ttl(&mapped.server, 77), 0);
    CHECK_EQ(mio_tcp_stream_ttl(&mapped.server), 77);
    CHECK_EQ(real_ttl(tcp_fd(&mapped.server), false), 77);
    /* The one that is asked for is IPv4's, too. */
    CHECK_EQ(plain_set_option(tcp_fd(&mapped.server), PLAIN_TTL, other), 0);
    CHECK_EQ(mio_tcp_stream_ttl(&mapped.server), other);
    check_ttl_reaches_packets(&mapped.server, &mapped.client, false);
    mapped_close(&mapped);
}

static void listener_ttl_is_inherited_by_mapped_connections(void)
{
    struct mapped mapped;
    mapped_open(&mapped, 33);
    CHECK_EQ(mio_tcp_stream_ttl(&mapped.server), 33);
    CHECK_EQ(real_ttl(tcp_fd(&mapped.server), false), 33);
    mapped_close(&mapped);
}

/* ---- Time to live of listeners --------------------------------------------------------------- */

static void check_listener_ttl(const char *text, bool ipv6)
{
    struct mio_tcp_listener listener;
    struct mio_tcp_stream stream;
    struct mio_addr addr = tcp_addr(text);
    CHECK_EQ(mio_tcp_listener_bind(&listener, &addr), 0);
    mio_fd fd = mio_source_fd(&listener.source);
    CHECK_EQ(mio_tcp_listener_ttl(&listener), real_ttl(fd, ipv6));
    CHECK_EQ(mio_tcp_listener_set_ttl(&listener, 33), 0);
    CHECK_EQ(mio_tcp_listener_ttl(&listener), 33);
    CHECK_EQ(real_ttl(fd, ipv6), 33);
    for (size_t i = 0; i < BAD_TTLS; i++) {
        CHECK_EQ(mio_tcp_listener_set_ttl(&listener, bad_ttls[i]), -EINVAL);
        CHECK_EQ(mio_tcp_listener_ttl(&listener), 33);
    }
    CHECK_EQ(mio_tcp_listener_local_addr(&listener, &addr), 0);
    mio_fd client = test_client(&addr);
    tcp_accept(&listener, &stream, NULL);
    CHECK_EQ(mio_tcp_stream_ttl(&stream), 33);
    CHECK_EQ(real_ttl(tcp_fd(&stream), ipv6), 33);
    tcp_close(&stream);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

static void listener_ttl_is_inherited_ipv4(void)
{
    check_listener_ttl("127.0.0.1:0", false);
}

static void defect_25_listener_hop_limit_is_inherited_ipv6(void)
{
    tcp_need_ipv6();
    check_listener_ttl("[::1]:0", true);
}

/* ---- Nagle's algorithm ----------------------------------------------------------------------- */

static void check_nodelay(const char *text)
{
    struct mio_tcp_stream client, server;
    tcp_pair(text, &client, &server);
    CHECK_EQ(mio_tcp_stream_nodelay(&client), 0);
    CHECK_EQ(mio_tcp_stream_nodelay(&server), 0);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(mio_tcp_stream_set_nodelay(&client, true), 0);
        CHECK_EQ(mio_tcp_stream_nodelay(&client), 1);
        CHECK(plain_option(tcp_fd(&client), PLAIN_NODELAY) != 0);
        CHECK_EQ(mio_tcp_stream_nodelay(&server), 0);
        CHECK_EQ(mio_tcp_stream_set_nodelay(&client, false), 0);
        CHECK_EQ(mio_tcp_stream_nodelay(&client), 0);
        CHECK_EQ(plain_option(tcp_fd(&client), PLAIN_NODELAY), 0);
    }
    tcp_close(&client);
    tcp_close(&server);
}

static void nodelay_ipv4(void)
{
    check_nodelay("127.0.0.1:0");
}

static void nodelay_ipv6(void)
{
    tcp_need_ipv6();
    check_nodelay("[::1]:0");
}

/* The switch of the listener is that of the accepted streams, the other side has its own. */
static void nodelay_of_the_options_is_there_from_the_start(void)
{
    static const int switches[] = {MIO_DEFAULT, MIO_ON, MIO_OFF};
    struct mio_tcp_listener listener;
    struct mio_tcp_stream client, server;
    for (int i = 0; i < 9; i++) {
        const struct mio_listen_options listen = {.nodelay = switches[i / 3]};
        const struct mio_connect_options connect = {.nodelay = switches[i % 3]};
        struct mio_addr addr = tcp_addr("127.0.0.1:0");
        CHECK_EQ(mio_tcp_listener_bind_with(&listener, &addr, &listen), 0);
        CHECK_EQ(mio_tcp_listener_local_addr(&listener, &addr), 0);
        CHECK_EQ(mio_tcp_stream_connect_with(&client, &addr, &connect), 0);
        tcp_accept(&listener, &server, NULL);
        CHECK_EQ(mio_tcp_stream_nodelay(&server), switches[i / 3] == MIO_ON);
        CHECK_EQ(mio_tcp_stream_nodelay(&client), switches[i % 3] == MIO_ON);
        tcp_close(&client);
        tcp_close(&server);
        CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    }
}

/* ---- Addresses ------------------------------------------------------------------------------- */

static void check_addresses(const char *text)
{
    struct mio_tcp_stream client, server;
    struct mio_addr here, there;
    tcp_pair(text, &client, &server);
    CHECK_EQ(mio_tcp_stream_local_addr(&client, &here), 0);
    CHECK_EQ(mio_tcp_stream_peer_addr(&server, &there), 0);
    CHECK(mio_addr_equal(&here, &there));
    CHECK_EQ(mio_tcp_stream_peer_addr(&client, &here), 0);
    CHECK_EQ(mio_tcp_stream_local_addr(&server, &there), 0);
    CHECK(mio_addr_equal(&here, &there));
    CHECK_EQ(mio_addr_set_port(&here, 0), 0);
    struct mio_addr wanted = tcp_addr(text);
    CHECK(mio_addr_equal(&here, &wanted));
    tcp_close(&client);
    tcp_close(&server);
}

static void addresses_of_both_ends_ipv4(void)
{
    check_addresses("127.0.0.1:0");
}

static void addresses_of_both_ends_ipv6(void)
{
    tcp_need_ipv6();
    check_addresses("[::1]:0");
}

static void unconnected_stream_has_no_peer(void)
{
    struct mio_tcp_stream stream;
    struct mio_addr addr;
    mio_fd fd = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
    CHECK_EQ(mio_tcp_stream_from_fd(&stream, fd), 0);
    CHECK_EQ(mio_tcp_stream_peer_addr(&stream, &addr), -ENOTCONN);
    CHECK_EQ(mio_tcp_stream_local_addr(&stream, &addr), 0);
    CHECK_EQ(mio_addr_family(&addr), MIO_ADDR_IPV4);
    CHECK_EQ(mio_addr_port(&addr), 0);
    tcp_close(&stream);
}

static const struct test_case cases[] = {
    {"stream_ttl_ipv4", stream_ttl_ipv4, 0},
    {"defect_25_stream_hop_limit_ipv6", defect_25_stream_hop_limit_ipv6, 0},
    {"stream_ttl_of_a_mapped_connection", stream_ttl_of_a_mapped_connection, 0},
    {"listener_ttl_is_inherited_by_mapped_connections",
     listener_ttl_is_inherited_by_mapped_connections, 0},
    {"listener_ttl_is_inherited_ipv4", listener_ttl_is_inherited_ipv4, 0},
    {"defect_25_listener_hop_limit_is_inherited_ipv6",
     defect_25_listener_hop_limit_is_inherited_ipv6, 0},
    {"nodelay_ipv4", nodelay_ipv4, 0},
    {"nodelay_ipv6", nodelay_ipv6, 0},
    {"nodelay_of_the_options_is_there_from_the_start",
     nodelay_of_the_options_is_there_from_the_start, 0},
    {"addresses_of_both_ends_ipv4", addresses_of_both_ends_ipv4, 0},
    {"addresses_of_both_ends_ipv6", addresses_of_both_ends_ipv6, 0},
    {"unconnected_stream_has_no_peer", unconnected_stream_has_no_peer, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_tcp_options = {"tcp_options", cases};
