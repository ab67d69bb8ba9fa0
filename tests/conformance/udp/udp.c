/* UDP sockets: opening, and whom they are connected to. */
#include "udp/udp_util.h"

#include <stdio.h>
#include <string.h>

/* ---- Opening --------------------------------------------------------------------------------- */

static void check_opens(const char *text)
{
    struct mio_udp_socket socket;
    struct mio_addr addr = tcp_addr(text), name;
    memset(&socket, 0xa5, sizeof socket);
    CHECK_EQ(mio_udp_socket_bind(&socket, &addr), 0);
    mio_fd fd = udp_fd(&socket);
    CHECK_EQ(plain_option(fd, PLAIN_TYPE), PLAIN_DATAGRAM);
    int protocol = plain_option(fd, PLAIN_PROTOCOL);
    CHECK(protocol == 17 || protocol == -ENOTSUP);
    CHECK(test_is_nonblocking(fd));
    CHECK(test_is_cloexec(fd));
    CHECK(!mio_source_is_registered(&socket.source));
    name = plain_name(fd);
    int port = mio_addr_port(&name);
    CHECK(port > 0);
    CHECK_EQ(mio_addr_set_port(&addr, (uint16_t)port), 0);
    CHECK(mio_addr_equal(&name, &addr));
    memset(&name, 0, sizeof name);
    CHECK_EQ(mio_udp_socket_local_addr(&socket, &name), 0);
    CHECK(mio_addr_equal(&name, &addr));
    udp_close(&socket);
}

static void bind_opens_a_nonblocking_socket_that_is_not_inherited(void)
{
    check_opens("127.0.0.1:0");
    check_opens("0.0.0.0:0");
}

static void bind_opens_an_ipv6_socket(void)
{
    tcp_need_ipv6();
    check_opens("[::1]:0");
    check_opens("[::]:0");
}

static bool can_bind(const struct mio_addr *addr)
{
    mio_fd fd = plain_socket_for(addr, PLAIN_DATAGRAM);
    bool can = plain_bind(fd, addr) == 0;
    CHECK_EQ(plain_close(fd), 0);
    return can;
}

static void bind_takes_the_port_that_it_is_given(void)
{
    struct mio_udp_socket socket;
    struct mio_addr addr, wanted = tcp_addr("127.0.0.2:0");
    mio_fd peer = udp_peer("127.0.0.1:0", &addr);
    CHECK_EQ(mio_addr_set_port(&wanted, (uint16_t)mio_addr_port(&addr)), 0);
    if (!can_bind(&wanted)) {
        CHECK_EQ(plain_close(peer), 0);
        SKIP("a port of one address is taken on all of them here");
    }
    CHECK_EQ(mio_udp_socket_bind(&socket, &wanted), 0);
    addr = plain_name(udp_fd(&socket));
    CHECK(mio_addr_equal(&addr, &wanted));
    udp_close(&socket);
    CHECK_EQ(plain_close(peer), 0);
}

/* The object was not looked at before and is closed after it; the harness counts descriptors. */
static void check_bind_fails(const struct mio_addr *addr,
                             const struct mio_datagram_options *options, int error)
{
    struct mio_udp_socket socket;
    memset(&socket, 0xa5, sizeof socket);
    CHECK_EQ(mio_udp_socket_bind_with(&socket, addr, options), error);
    CHECK(mio_source_fd(&socket.source) == MIO_FD_NONE);
    CHECK_EQ(mio_udp_socket_take_error(&socket), -EBADF);
    CHECK_EQ(mio_udp_socket_close(&socket), 0);
    if (options)
        return;
    memset(&socket, 0xa5, sizeof socket);
    CHECK_EQ(mio_udp_socket_bind(&socket, addr), error);
    CHECK_EQ(mio_udp_socket_take_error(&socket), -EBADF);
    CHECK_EQ(mio_udp_socket_close(&socket), 0);
}

static void bind_of_an_address_in_use_fails(void)
{
    struct mio_addr addr;
    mio_fd peer = udp_peer("127.0.0.1:0", &addr);
    check_bind_fails(&addr, NULL, -EADDRINUSE);
    CHECK_EQ(plain_close(peer), 0);
    tcp_need_ipv6();
    peer = udp_peer("[::1]:0", &addr);
    check_bind_fails(&addr, NULL, -EADDRINUSE);
    CHECK_EQ(plain_close(peer), 0);
}

static void bind_refuses_what_is_no_ip_address(void)
{
    struct mio_addr addr = {0};
    check_bind_fails(&addr, NULL, -EAFNOSUPPORT);
    addr = tcp_addr("unix:/nonexistent/x");
    check_bind_fails(&addr, NULL, -EAFNOSUPPORT);
    addr = tcp_addr("unix:");
    check_bind_fails(&addr, NULL, -EAFNOSUPPORT);
    check_bind_fails(NULL, NULL, -EINVAL);
    addr = tcp_addr("127.0.0.1:0");
    CHECK_EQ(mio_udp_socket_bind(NULL, &addr), -EINVAL);
    CHECK_EQ(mio_udp_socket_bind_with(NULL, &addr, NULL), -EINVAL);
}

static void bind_refuses_link_local_addresses_without_their_interface(void)
{
    tcp_need_ipv6();
    struct mio_addr addr = tcp_addr("[fe80::1]:0");
    check_bind_fails(&addr, NULL, -EINVAL);
    addr = tcp_addr("[fe80::1%2147483647]:0");
    mio_fd plain = plain_socket_for(&addr, PLAIN_DATAGRAM);
    int error = plain_bind(plain, &addr);
    CHECK_EQ(plain_close(plain), 0);
    CHECK(error == -ENODEV || error == -EADDRNOTAVAIL);
    check_bind_fails(&addr, NULL, error);
}

/* Of a network for documentation, which no host is in. */
static void bind_passes_the_systems_error_through(void)
{
    struct mio_addr addr = tcp_addr("203.0.113.77:0");
    if (can_bind(&addr))
        SKIP("this host binds to addresses that it does not have");
    check_bind_fails(&addr, NULL, -EADDRNOTAVAIL);
}

static void bind_without_descriptors(void)
{
    struct mio_addr addr = tcp_addr("127.0.0.1:0");
    descriptors_leave(0);
    check_bind_fails(&addr, NULL, -EMFILE);
}

static void bind_fails_where_no_descriptor_is_left(void)
{
    if (test_under_valgrind())
        SKIP("valgrind has a limit of its own");
    test_in_child(bind_without_descriptors);
}

/* ---- Being connected ------------------------------------------------------------------------- */

static void check_connected(const char *text)
{
    struct mio_udp_socket socket;
    struct mio_addr addr, peer_addr;
    mio_fd peer = udp_peer(text, &addr);
    udp_open(&socket, text, NULL);
    CHECK_EQ(mio_udp_socket_peer_addr(&socket, &peer_addr), -ENOTCONN);
    CHECK_EQ(mio_udp_socket_send(&socket, "x", 1), -EDESTADDRREQ);
    CHECK_EQ(mio_udp_socket_connect(&socket, &addr), 0);
    CHECK_EQ(mio_udp_socket_peer_addr(&socket, &peer_addr), 0);
    CHECK(mio_addr_equal(&peer_addr, &addr));
    CHECK_EQ(mio_udp_socket_send(&socket, "ping", 4), 4);
    struct mio_addr from = udp_peer_expect(peer, "ping", 4);
    struct mio_addr name = plain_name(udp_fd(&socket));
    CHECK(mio_addr_equal(&from, &name));
    udp_deliver(peer, &socket, "pong", 4);
    udp_expect(&socket, "pong", 4);
    udp_close(&socket);
    CHECK_EQ(plain_close(peer), 0);
}

static void connected_socket_sends_to_its_peer(void)
{
    check_connected("127.0.0.1:0");
}

static void connected_socket_sends_to_its_peer_ipv6(void)
{
    tcp_need_ipv6();
    check_connected("[::1]:0");
}

static void connect_again_chooses_another_peer(void)
{
    struct mio_udp_socket socket;
    struct mio_addr addrs[2], peer_addr;
    mio_fd peers[2];
    udp_open(&socket, "127.0.0.1:0", NULL);
    for (int i = 0; i < 2; i++)
        peers[i] = udp_peer("127.0.0.1:0", &addrs[i]);
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(mio_udp_socket_connect(&socket, &addrs[i % 2]), 0);
        CHECK_EQ(mio_udp_socket_peer_addr(&socket, &peer_addr), 0);
        CHECK(mio_addr_equal(&peer_addr, &addrs[i % 2]));
        CHECK_EQ(mio_udp_socket_send(&socket, "ping", 4), 4);
        udp_peer_expect(peers[i % 2], "ping", 4);
        udp_deliver(peers[i % 2], &socket, "pong", 4);
        udp_expect(&socket, "pong", 4);
    }
    udp_expect_nothing(peers[0]);
    udp_expect_nothing(peers[1]);
    udp_close(&socket);
    CHECK_EQ(plain_close(peers[0]), 0);
    CHECK_EQ(plain_close(peers[1]), 0);
}

static void connected_socket_drops_datagrams_of_others(void)
{
    struct mio_udp_socket socket;
    struct mio_addr addr, other_addr;
    mio_fd peer = udp_peer("127.0.0.1:0", &addr), other = udp_peer("127.0.0.1:0", &other_addr);
    udp_open(&socket, "127.0.0.1:0", NULL);
    struct mio_addr name = plain_name(udp_fd(&socket));
    /* Datagrams that came before stay in the queue. */
    udp_deliver(other, &socket, "early", 5);
    CHECK_EQ(mio_udp_socket_connect(&socket, &addr), 0);
    udp_peer_send(other, "late", 4, &name);
    udp_peer_send(peer, "mine", 4, &name);
    udp_expect(&socket, "early", 5);
    udp_expect(&socket, "mine", 4);
    udp_expect_nothing(udp_fd(&socket));
    udp_close(&socket);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(plain_close(other), 0);
}

/* A connect that is refused leaves the socket with the peer that it had. */
static void check_connect_refused(struct mio_udp_socket *socket, const struct mio_addr *peer,
                                  const char *text, int error)
{
    struct mio_addr addr = tcp_addr(text), still;
    CHECK_EQ(mio_udp_socket_connect(socket, &addr), error);
    CHECK_EQ(mio_udp_socket_peer_addr(socket, &still), 0);
    CHECK(mio_addr_equal(&still, peer));
}

static void connect_refuses_addresses_of_another_family(void)
{
    const struct mio_datagram_options only_v6 = {.only_v6 = MIO_ON};
    struct mio_udp_socket socket;
    struct mio_addr addr, none = {0};
    mio_fd peer = udp_peer("127.0.0.1:0", &addr);
    udp_open(&socket, "127.0.0.1:0", NULL);
    CHECK_EQ(mio_udp_socket_connect(&socket, &addr), 0);
    check_connect_refused(&socket, &addr, "unix:/nonexistent/x", -EAFNOSUPPORT);
    check_connect_refused(&socket, &addr, "unix:", -EAFNOSUPPORT);
    check_connect_refused(&socket, &addr, "[::1]:9", -EAFNOSUPPORT);
    /* Refused as well: the system would take it as a call to disconnect. */
    CHECK_EQ(mio_udp_socket_connect(&socket, &none), -EAFNOSUPPORT);
    CHECK_EQ(mio_udp_socket_send(&socket, "ping", 4), 4);
    udp_peer_expect(peer, "ping", 4);
    udp_close(&socket);
    CHECK_EQ(plain_close(peer), 0);
    tcp_need_ipv6();
    peer = udp_peer("[::1]:0", &addr);
    udp_open(&socket, "[::]:0", &only_v6);
    CHECK_EQ(mio_udp_socket_connect(&socket, &addr), 0);
    check_connect_refused(&socket, &addr, "127.0.0.1:9", -EAFNOSUPPORT);
    check_connect_refused(&socket, &addr, "[fe80::1]:9", -EINVAL);
    udp_close(&socket);
    CHECK_EQ(plain_close(peer), 0);
}

static void connect_of_a_socket_for_both_families_takes_ipv4(void)
{
    const struct mio_datagram_options both = {.only_v6 = MIO_OFF};
    struct mio_udp_socket socket;
    struct mio_addr addr, mapped, peer_addr;
    char text[64];
    tcp_need_ipv6();
    mio_fd peer = udp_peer("127.0.0.1:0", &addr);
    udp_open(&socket, "[::]:0", &both);
    CHECK_EQ(mio_udp_socket_connect(&socket, &addr), 0);
    CHECK_EQ(mio_udp_socket_send(&socket, "ping", 4), 4);
    udp_peer_expect(peer, "ping", 4);
    snprintf(text, sizeof text, "[::ffff:127.0.0.1]:%d", mio_addr_port(&addr));
    mapped = tcp_addr(text);
    CHECK_EQ(mio_udp_socket_peer_addr(&socket, &peer_addr), 0);
    CHECK(mio_addr_equal(&peer_addr, &mapped));
    CHECK_EQ(mio_udp_socket_connect(&socket, &mapped), 0);
    CHECK_EQ(mio_udp_socket_send(&socket, "pong", 4), 4);
    udp_peer_expect(peer, "pong", 4);
    udp_close(&socket);
    CHECK_EQ(plain_close(peer), 0);
}

static const struct test_case cases[] = {
    {"bind_opens_a_nonblocking_socket_that_is_not_inherited",
     bind_opens_a_nonblocking_socket_that_is_not_inherited, 0},
    {"bind_opens_an_ipv6_socket", bind_opens_an_ipv6_socket, 0},
    {"bind_takes_the_port_that_it_is_given", bind_takes_the_port_that_it_is_given, 0},
    {"bind_of_an_address_in_use_fails", bind_of_an_address_in_use_fails, 0},
    {"bind_refuses_what_is_no_ip_address", bind_refuses_what_is_no_ip_address, 0},
    {"bind_refuses_link_local_addresses_without_their_interface",
     bind_refuses_link_local_addresses_without_their_interface, 0},
    {"bind_passes_the_systems_error_through", bind_passes_the_systems_error_through, 0},
    {"bind_fails_where_no_descriptor_is_left", bind_fails_where_no_descriptor_is_left, 0},
    {"connected_socket_sends_to_its_peer", connected_socket_sends_to_its_peer, 0},
    {"connected_socket_sends_to_its_peer_ipv6", connected_socket_sends_to_its_peer_ipv6, 0},
    {"connect_again_chooses_another_peer", connect_again_chooses_another_peer, 0},
    {"connected_socket_drops_datagrams_of_others", connected_socket_drops_datagrams_of_others, 0},
    {"connect_refuses_addresses_of_another_family", connect_refuses_addresses_of_another_family, 0},
    {"connect_of_a_socket_for_both_families_takes_ipv4",
     connect_of_a_socket_for_both_families_takes_ipv4, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_udp = {"udp", cases};
