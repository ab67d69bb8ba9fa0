/* UDP sockets: sending, receiving and looking at datagrams. */
#include "udp/udp_util.h"

#include <stdio.h>
#include <string.h>

/* ---- Addresses ------------------------------------------------------------------------------- */

/* The peer sends and is answered; both see the exact address of the other. */
static void check_exchange(const char *socket_text, const char *peer_text, const char *seen_as)
{
    const struct mio_datagram_options both = {.only_v6 = MIO_OFF};
    struct mio_udp_socket socket;
    struct mio_addr addr, seen = tcp_addr(seen_as), from, to;
    char buf[16];
    mio_fd peer = udp_peer(peer_text, &addr);
    udp_open(&socket, socket_text, &both);
    to = tcp_addr(peer_text);
    struct mio_addr name = plain_name(udp_fd(&socket));
    CHECK_EQ(mio_addr_set_port(&to, (uint16_t)mio_addr_port(&name)), 0);
    CHECK_EQ(mio_addr_set_port(&seen, (uint16_t)mio_addr_port(&addr)), 0);
    udp_peer_send(peer, "ping", 4, &to);
    CHECK(plain_wait(udp_fd(&socket), PLAIN_IN) & PLAIN_IN);
    memset(&from, 0xa5, sizeof from);
    CHECK_EQ(mio_udp_socket_peek_from(&socket, buf, sizeof buf, &from), 4);
    CHECK(mio_addr_equal(&from, &seen));
    memset(&from, 0xa5, sizeof from);
    CHECK_EQ(mio_udp_socket_recv_from(&socket, buf, sizeof buf, &from), 4);
    CHECK_EQ(memcmp(buf, "ping", 4), 0);
    CHECK(mio_addr_equal(&from, &seen));
    /* To the address as it was seen, and to the one that the peer has. */
    CHECK_EQ(mio_udp_socket_send_to(&socket, "pong", 4, &from), 4);
    from = udp_peer_expect(peer, "pong", 4);
    CHECK(mio_addr_equal(&from, &to));
    CHECK_EQ(mio_udp_socket_send_to(&socket, "again", 5, &addr), 5);
    from = udp_peer_expect(peer, "again", 5);
    CHECK(mio_addr_equal(&from, &to));
    udp_close(&socket);
    CHECK_EQ(plain_close(peer), 0);
}

static void addresses_are_exact_ipv4(void)
{
    check_exchange("127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0");
}

static void addresses_are_exact_ipv6(void)
{
    tcp_need_ipv6();
    check_exchange("[::1]:0", "[::1]:0", "[::1]:0");
}

static void addresses_of_ipv4_are_mapped_on_a_socket_for_both(void)
{
    tcp_need_ipv6();
    check_exchange("[::]:0", "127.0.0.1:0", "[::ffff:127.0.0.1]:0");
}

static void check_send_to_refused(struct mio_udp_socket *socket, const char *text, int error)
{
    struct mio_addr to = tcp_addr(text);
    CHECK_EQ(mio_udp_socket_send_to(socket, "x", 1, &to), error);
}

static void send_to_refuses_addresses_of_another_family(void)
{
    struct mio_udp_socket socket;
    struct mio_addr none = {0};
    udp_open(&socket, "127.0.0.1:0", NULL);
    CHECK_EQ(mio_udp_socket_send_to(&socket, "x", 1, &none), -EAFNOSUPPORT);
    check_send_to_refused(&socket, "unix:/nonexistent/x", -EAFNOSUPPORT);
    check_send_to_refused(&socket, "[::1]:9", -EAFNOSUPPORT);
    udp_close(&socket);
}

/* Linux answers to IPv4 as if no route led there; to others it is the wrong family. */
static void send_to_ipv4_from_a_socket_for_ipv6_alone_fails(void)
{
    struct mio_addr v4 = tcp_addr("127.0.0.1:9"), mapped = tcp_addr("[::ffff:127.0.0.1]:9");
    const struct mio_datagram_options only_v6 = {.only_v6 = MIO_ON};
    struct mio_udp_socket socket;
    tcp_need_ipv6();
    udp_open(&socket, "[::]:0", &only_v6);
    ptrdiff_t result = mio_udp_socket_send_to(&socket, "x", 1, &v4);
    CHECK(result == -ENETUNREACH || result == -EAFNOSUPPORT);
    result = mio_udp_socket_send_to(&socket, "x", 1, &mapped);
    CHECK(result == -ENETUNREACH || result == -EAFNOSUPPORT);
    udp_close(&socket);
}

static void send_to_port_0_is_invalid(void)
{
    struct mio_udp_socket socket;
    udp_open(&socket, "127.0.0.1:0", NULL);
    check_send_to_refused(&socket, "127.0.0.1:0", -EINVAL);
    udp_close(&socket);
    tcp_need_ipv6();
    udp_open(&socket, "[::1]:0", NULL);
    check_send_to_refused(&socket, "[::1]:0", -EINVAL);
    udp_close(&socket);
}

/* So it is on Linux; other systems refuse it. */
static void send_to_on_a_connected_socket_goes_to_the_address(void)
{
    struct mio_udp_socket socket;
    struct mio_addr addr, other_addr;
    mio_fd peer = udp_peer("127.0.0.1:0", &addr), other = udp_peer("127.0.0.1:0", &other_addr);
    udp_open(&socket, "127.0.0.1:0", NULL);
    CHECK_EQ(mio_udp_socket_connect(&socket, &addr), 0);
    CHECK_EQ(mio_udp_socket_send_to(&socket, "other", 5, &other_addr), 5);
    udp_peer_expect(other, "other", 5);
    CHECK_EQ(mio_udp_socket_send(&socket, "peer", 4), 4);
    udp_peer_expect(peer, "peer", 4);
    udp_close(&socket);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(plain_close(other), 0);
}

/* ---- Whole datagrams ------------------------------------------------------------------------- */

struct exchange {
    struct mio_udp_socket socket;
    struct mio_addr addr, name;
    mio_fd peer;
};

/* A socket that is connected to a peer, which is connected to nobody. */
static void exchange_open(struct exchange *exchange)
{
    exchange->peer = udp_peer("127.0.0.1:0", &exchange->addr);
    udp_open(&exchange->socket, "127.0.0.1:0", NULL);
    exchange->name = plain_name(udp_fd(&exchange->socket));
    CHECK_EQ(mio_udp_socket_connect(&exchange->socket, &exchange->addr), 0);
}

static void exchange_close(struct exchange *exchange)
{
    udp_close(&exchange->socket);
    CHECK_EQ(plain_close(exchange->peer), 0);
}

static void datagrams_keep_their_borders(void)
{
    struct exchange exchange;
    char text[8];
    exchange_open(&exchange);
    for (int i = 0; i < 20; i++) {
        int length = snprintf(text, sizeof text, "%.*s", 1 + i % 5, "abcde");
        udp_peer_send(exchange.peer, text, (size_t)length, &exchange.name);
        CHECK_EQ(mio_udp_socket_send(&exchange.socket, text, (size_t)length), length);
    }
    for (int i = 0; i < 20; i++) {
        udp_expect(&exchange.socket, "abcde", (size_t)(1 + i % 5));
        udp_peer_expect(exchange.peer, "abcde", (size_t)(1 + i % 5));
    }
    CHECK_EQ(mio_udp_socket_recv(&exchange.socket, text, sizeof text), -EAGAIN);
    exchange_close(&exchange);
}

static void empty_datagrams_are_datagrams(void)
{
    struct exchange exchange;
    struct mio_addr from;
    char byte;
    exchange_open(&exchange);
    CHECK_EQ(mio_udp_socket_send(&exchange.socket, NULL, 0), 0);
    udp_peer_expect(exchange.peer, "", 0);
    CHECK_EQ(mio_udp_socket_send_to(&exchange.socket, NULL, 0, &exchange.addr), 0);
    udp_peer_expect(exchange.peer, "", 0);
    CHECK_EQ(mio_udp_socket_send(&exchange.socket, "x", 0), 0);
    udp_peer_expect(exchange.peer, "", 0);
    udp_deliver(exchange.peer, &exchange.socket, NULL, 0);
    udp_peer_send(exchange.peer, NULL, 0, &exchange.name);
    udp_peer_send(exchange.peer, "x", 1, &exchange.name);
    CHECK_EQ(mio_udp_socket_peek(&exchange.socket, &byte, 1), 0);
    CHECK_EQ(mio_udp_socket_recv(&exchange.socket, &byte, 1), 0);
    memset(&from, 0, sizeof from);
    CHECK_EQ(mio_udp_socket_recv_from(&exchange.socket, &byte, 1, &from), 0);
    CHECK(mio_addr_equal(&from, &exchange.addr));
    udp_expect(&exchange.socket, "x", 1);
    CHECK_EQ(mio_udp_socket_recv(&exchange.socket, &byte, 1), -EAGAIN);
    exchange_close(&exchange);
}

static void receive_without_room_drops_the_datagram(void)
{
    struct exchange exchange;
    struct mio_addr from = {0};
    exchange_open(&exchange);
    CHECK_EQ(mio_udp_socket_recv(&exchange.socket, NULL, 0), -EAGAIN);
    udp_deliver(exchange.peer, &exchange.socket, "first", 5);
    udp_peer_send(exchange.peer, "second", 6, &exchange.name);
    udp_peer_send(exchange.peer, "third", 5, &exchange.name);
    CHECK_EQ(mio_udp_socket_peek(&exchange.socket, NULL, 0), 0);
    CHECK_EQ(mio_udp_socket_peek_from(&exchange.socket, NULL, 0, &from), 0);
    CHECK(mio_addr_equal(&from, &exchange.addr));
    CHECK_EQ(mio_udp_socket_recv(&exchange.socket, NULL, 0), 0);
    memset(&from, 0, sizeof from);
    CHECK_EQ(mio_udp_socket_recv_from(&exchange.socket, NULL, 0, &from), 0);
    CHECK(mio_addr_equal(&from, &exchange.addr));
    udp_expect(&exchange.socket, "third", 5);
    exchange_close(&exchange);
}

static void peek_leaves_the_datagram(void)
{
    struct exchange exchange;
    char buf[8];
    exchange_open(&exchange);
    CHECK_EQ(mio_udp_socket_peek(&exchange.socket, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(mio_udp_socket_peek_from(&exchange.socket, buf, sizeof buf, NULL), -EAGAIN);
    udp_deliver(exchange.peer, &exchange.socket, "first", 5);
    udp_peer_send(exchange.peer, "second", 6, &exchange.name);
    for (int i = 0; i < 3; i++) {
        memset(buf, 0, sizeof buf);
        CHECK_EQ(mio_udp_socket_peek(&exchange.socket, buf, sizeof buf), 5);
        CHECK_EQ(memcmp(buf, "first", 6), 0);
        CHECK_EQ(mio_udp_socket_peek_from(&exchange.socket, buf, sizeof buf, NULL), 5);
        CHECK_EQ(mio_udp_socket_peek(&exchange.socket, buf, 2), 2);
    }
    udp_expect(&exchange.socket, "first", 5);
    udp_expect(&exchange.socket, "second", 6);
    exchange_close(&exchange);
}

/* ---- Too long -------------------------------------------------------------------------------- */

static void long_datagram_is_cut_and_the_rest_is_lost(void)
{
    struct exchange exchange;
    struct mio_addr from = {0};
    char buf[8];
    exchange_open(&exchange);
    udp_deliver(exchange.peer, &exchange.socket, "abcdefgh", 8);
    udp_peer_send(exchange.peer, "ABCDEFGH", 8, &exchange.name);
    udp_peer_send(exchange.peer, "next", 4, &exchange.name);
    memset(buf, '-', sizeof buf);
    CHECK_EQ(mio_udp_socket_recv(&exchange.socket, buf, 3), 3);
    CHECK_EQ(memcmp(buf, "abc-----", 8), 0);
    CHECK_EQ(mio_udp_socket_recv_from(&exchange.socket, buf, 5, &from), 5);
    CHECK_EQ(memcmp(buf, "ABCDE---", 8), 0);
    CHECK(mio_addr_equal(&from, &exchange.addr));
    CHECK_EQ(mio_udp_socket_take_error(&exchange.socket), 0);
    udp_expect(&exchange.socket, "next", 4);
    exchange_close(&exchange);
}

/* A limit of 7 bytes: who asks for 8 sees that there were more. */
static void one_byte_more_shows_that_a_datagram_is_too_long(void)
{
    struct exchange exchange;
    char buf[8];
    exchange_open(&exchange);
    udp_deliver(exchange.peer, &exchange.socket, "1234567", 7);
    udp_peer_send(exchange.peer, "12345678", 8, &exchange.name);
    udp_peer_send(exchange.peer, "123456789", 9, &exchange.name);
    CHECK_EQ(mio_udp_socket_recv(&exchange.socket, buf, sizeof buf), 7);
    CHECK_EQ(mio_udp_socket_recv(&exchange.socket, buf, sizeof buf), 8);
    CHECK_EQ(mio_udp_socket_recv(&exchange.socket, buf, sizeof buf), 8);
    CHECK_EQ(mio_udp_socket_recv(&exchange.socket, buf, sizeof buf), -EAGAIN);
    exchange_close(&exchange);
}

static void longest_datagram_passes_and_a_longer_one_is_refused(void)
{
    static char block[70000];
    struct exchange exchange;
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (char)(i * 7);
    exchange_open(&exchange);
    CHECK_EQ(mio_udp_socket_send(&exchange.socket, block, 65508), -EMSGSIZE);
    CHECK_EQ(mio_udp_socket_send(&exchange.socket, block, sizeof block), -EMSGSIZE);
    CHECK_EQ(mio_udp_socket_send_to(&exchange.socket, block, 65508, &exchange.addr), -EMSGSIZE);
    CHECK_EQ(mio_udp_socket_send(&exchange.socket, block, 65507), 65507);
    udp_peer_expect(exchange.peer, block, 65507);
    CHECK_EQ(mio_udp_socket_send_to(&exchange.socket, block, 65507, &exchange.addr), 65507);
    udp_peer_expect(exchange.peer, block, 65507);
    udp_expect_nothing(exchange.peer);
    exchange_close(&exchange);
}

static void longest_datagram_is_received_whole(void)
{
    static char block[65507], got[65536];
    struct exchange exchange;
    memset(block, 'x', sizeof block);
    exchange_open(&exchange);
    udp_deliver(exchange.peer, &exchange.socket, block, sizeof block);
    CHECK_EQ(mio_udp_socket_peek(&exchange.socket, got, sizeof got), 65507);
    memset(got, 0, sizeof got);
    CHECK_EQ(mio_udp_socket_recv(&exchange.socket, got, sizeof got), 65507);
    CHECK_EQ(memcmp(got, block, sizeof block), 0);
    exchange_close(&exchange);
}

/* Linux would take it, and lose what is sent. */
static void connect_to_port_0_is_invalid(void)
{
    struct mio_udp_socket socket;
    struct mio_addr nobody = tcp_addr("127.0.0.1:0"), peer;
    udp_open(&socket, "127.0.0.1:0", NULL);
    CHECK_EQ(mio_udp_socket_connect(&socket, &nobody), -EINVAL);
    CHECK_EQ(mio_udp_socket_peer_addr(&socket, &peer), -ENOTCONN);
    CHECK_EQ(mio_udp_socket_send(&socket, "x", 1), -EDESTADDRREQ);
    udp_close(&socket);
}

static const struct test_case cases[] = {
    {"addresses_are_exact_ipv4", addresses_are_exact_ipv4, 0},
    {"addresses_are_exact_ipv6", addresses_are_exact_ipv6, 0},
    {"addresses_of_ipv4_are_mapped_on_a_socket_for_both",
     addresses_of_ipv4_are_mapped_on_a_socket_for_both, 0},
    {"send_to_refuses_addresses_of_another_family", send_to_refuses_addresses_of_another_family, 0},
    {"send_to_ipv4_from_a_socket_for_ipv6_alone_fails",
     send_to_ipv4_from_a_socket_for_ipv6_alone_fails, 0},
    {"connect_to_port_0_is_invalid", connect_to_port_0_is_invalid, 0},
    {"send_to_port_0_is_invalid", send_to_port_0_is_invalid, 0},
    {"send_to_on_a_connected_socket_goes_to_the_address",
     send_to_on_a_connected_socket_goes_to_the_address, 0},
    {"datagrams_keep_their_borders", datagrams_keep_their_borders, 0},
    {"empty_datagrams_are_datagrams", empty_datagrams_are_datagrams, 0},
    {"receive_without_room_drops_the_datagram", receive_without_room_drops_the_datagram, 0},
    {"peek_leaves_the_datagram", peek_leaves_the_datagram, 0},
    {"long_datagram_is_cut_and_the_rest_is_lost", long_datagram_is_cut_and_the_rest_is_lost, 0},
    {"one_byte_more_shows_that_a_datagram_is_too_long",
     one_byte_more_shows_that_a_datagram_is_too_long, 0},
    {"longest_datagram_passes_and_a_longer_one_is_refused",
     longest_datagram_passes_and_a_longer_one_is_refused, 0},
    {"longest_datagram_is_received_whole", longest_datagram_is_received_whole, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_udp_io = {"udp_io", cases};
