/* UDP sockets: the options struct, its hook, and options that can be changed later. */
#include "udp/udp_util.h"

#include <stdio.h>
#include <string.h>

/* ---- The hook -------------------------------------------------------------------------------- */

/* A hook's sight of the descriptor it was given, and what it is to answer. */
struct sight {
    int runs;
    mio_fd fd;
    int result;
    int port;
    int reuse_addr;
    int reuse_port;
    int only_v6;
};

static int look(mio_fd fd, void *arg)
{
    struct sight *sight = arg;
    struct mio_addr name = plain_name(fd);
    sight->runs++;
    sight->fd = fd;
    sight->port = mio_addr_port(&name);
    sight->reuse_addr = plain_option(fd, PLAIN_REUSE_ADDR);
    sight->reuse_port = plain_option(fd, PLAIN_REUSE_PORT);
    if (mio_addr_family(&name) == MIO_ADDR_IPV6)
        sight->only_v6 = plain_option(fd, PLAIN_ONLY_V6);
    CHECK(test_is_nonblocking(fd) && test_is_cloexec(fd));
    return sight->result;
}

static void hook_runs_once_before_bind(void)
{
    struct sight sight = {.port = -1};
    const struct mio_datagram_options options = {.prepare = look, .prepare_arg = &sight};
    struct mio_udp_socket socket;
    udp_open(&socket, "127.0.0.1:0", &options);
    CHECK_EQ(sight.runs, 1);
    CHECK_EQ(sight.port, 0);
    CHECK_EQ(sight.fd, udp_fd(&socket));
    udp_close(&socket);
}

static void check_hook_fails(int hook_result, int error)
{
    struct sight sight = {.result = hook_result};
    const struct mio_datagram_options options = {.prepare = look, .prepare_arg = &sight};
    struct mio_udp_socket socket;
    struct mio_addr addr = tcp_addr("127.0.0.1:0");
    memset(&socket, 0xa5, sizeof socket);
    CHECK_EQ(mio_udp_socket_bind_with(&socket, &addr, &options), error);
    CHECK_EQ(sight.runs, 1);
    CHECK(!plain_is_open(sight.fd));
    CHECK_EQ(mio_udp_socket_take_error(&socket), -EBADF);
    CHECK_EQ(mio_udp_socket_close(&socket), 0);
}

static void hooks_error_is_passed_through(void)
{
    check_hook_fails(-EPERM, -EPERM);
    check_hook_fails(-12345, -12345);
    check_hook_fails(-EINTR, -EINTR);
    /* A positive result is none that a hook may have. */
    check_hook_fails(1, -EINVAL);
    check_hook_fails(EPERM, -EINVAL);
}

static int small_receive_buffer(mio_fd fd, void *arg)
{
    return plain_set_option(fd, PLAIN_RECEIVE_BUFFER, *(int *)arg);
}

static void what_the_hook_set_stays(void)
{
    int size = 8192;
    const struct mio_datagram_options options = {.prepare = small_receive_buffer,
                                                 .prepare_arg = &size};
    struct mio_udp_socket socket;
    udp_open(&socket, "127.0.0.1:0", &options);
    /* Linux doubles the number that it is given. */
    int got = plain_option(udp_fd(&socket), PLAIN_RECEIVE_BUFFER);
    CHECK(got >= size && got <= 2 * size);
    udp_close(&socket);
}

/* ---- Switches -------------------------------------------------------------------------------- */

static const int switches[] = {MIO_DEFAULT, MIO_ON, MIO_OFF};

static void switches_are_set_before_the_hook(void)
{
    struct mio_udp_socket socket;
    for (int i = 0; i < (tcp_has_reuse_port() ? 9 : 3); i++) {
        struct sight sight = {0};
        const struct mio_datagram_options options = {.reuse_addr = switches[i % 3],
                                                     .reuse_port = switches[i / 3],
                                                     .only_v6 = switches[i % 3], /* no meaning */
                                                     .prepare = look,
                                                     .prepare_arg = &sight};
        udp_open(&socket, "127.0.0.1:0", &options);
        CHECK_EQ(sight.reuse_addr, options.reuse_addr == MIO_ON);
        if (tcp_has_reuse_port())
            CHECK_EQ(sight.reuse_port, options.reuse_port == MIO_ON);
        CHECK_EQ(plain_option(udp_fd(&socket), PLAIN_REUSE_ADDR), sight.reuse_addr);
        CHECK_EQ(plain_option(udp_fd(&socket), PLAIN_REUSE_PORT), sight.reuse_port);
        udp_close(&socket);
    }
}

/* The choices of the system. */
static int only_v6_of_a_new_socket(void)
{
    mio_fd fd = plain_socket(PLAIN_IPV6, PLAIN_DATAGRAM);
    int value = plain_option(fd, PLAIN_ONLY_V6);
    CHECK_EQ(plain_close(fd), 0);
    return value;
}

static void only_v6_switch_is_what_the_system_says(void)
{
    struct mio_udp_socket socket;
    tcp_need_ipv6();
    int plain = only_v6_of_a_new_socket();
    for (int i = 0; i < 3; i++) {
        struct sight sight = {0};
        const struct mio_datagram_options options = {
            .only_v6 = switches[i], .prepare = look, .prepare_arg = &sight};
        int wanted = switches[i] == MIO_DEFAULT ? plain : switches[i] == MIO_ON;
        udp_open(&socket, "[::]:0", &options);
        CHECK_EQ(sight.only_v6, wanted);
        CHECK_EQ(plain_option(udp_fd(&socket), PLAIN_ONLY_V6), wanted);
        CHECK_EQ(mio_udp_socket_only_v6(&socket), wanted);
        udp_close(&socket);
    }
    udp_open(&socket, "127.0.0.1:0", NULL);
    CHECK_EQ(mio_udp_socket_only_v6(&socket), -ENOTSUP);
    udp_close(&socket);
}

/* The port on the side of IPv4 is free or taken, and datagrams of IPv4 come or do not. */
static void only_v6_decides_whether_ipv4_arrives(void)
{
    struct mio_datagram_options options = {.only_v6 = MIO_OFF};
    struct mio_udp_socket socket, second;
    struct mio_addr addr, to = tcp_addr("127.0.0.1:0");
    tcp_need_ipv6();
    mio_fd peer = udp_peer("127.0.0.1:0", &addr);
    for (int i = 0; i < 2; i++) {
        udp_open(&socket, "[::]:0", &options);
        addr = plain_name(udp_fd(&socket));
        CHECK_EQ(mio_addr_set_port(&to, (uint16_t)mio_addr_port(&addr)), 0);
        int result = mio_udp_socket_bind(&second, &to);
        if (options.only_v6 == MIO_OFF) {
            CHECK_EQ(result, -EADDRINUSE);
            udp_peer_send(peer, "ping", 4, &to);
            udp_expect(&socket, "ping", 4);
        } else if (result == 0) {
            udp_deliver(peer, &second, "ping", 4);
            udp_expect_nothing(udp_fd(&socket));
        } else {
            CHECK_EQ(result, -EADDRINUSE); /* somebody else's, by chance */
        }
        udp_close(&second);
        udp_close(&socket);
        options.only_v6 = MIO_ON;
    }
    CHECK_EQ(plain_close(peer), 0);
}

static void check_shared(const struct mio_datagram_options *options)
{
    struct mio_udp_socket first, second;
    udp_open(&first, "127.0.0.1:0", options);
    struct mio_addr addr = plain_name(udp_fd(&first));
    CHECK_EQ(mio_udp_socket_bind_with(&second, &addr, NULL), -EADDRINUSE);
    CHECK_EQ(mio_udp_socket_bind_with(&second, &addr, options), 0);
    struct mio_addr name = plain_name(udp_fd(&second));
    CHECK(mio_addr_equal(&name, &addr));
    udp_close(&first);
    udp_close(&second);
}

static void sockets_share_a_port_that_all_of_them_share(void)
{
    const struct mio_datagram_options addr = {.reuse_addr = MIO_ON}, port = {.reuse_port = MIO_ON};
    check_shared(&addr);
    if (tcp_has_reuse_port())
        check_shared(&port);
}

static void check_options_refused(const struct mio_datagram_options *options)
{
    struct mio_udp_socket socket;
    struct mio_addr addr = tcp_addr("127.0.0.1:0");
    memset(&socket, 0xa5, sizeof socket);
    CHECK_EQ(mio_udp_socket_bind_with(&socket, &addr, options), -EINVAL);
    CHECK_EQ(mio_udp_socket_take_error(&socket), -EBADF);
    CHECK_EQ(mio_udp_socket_close(&socket), 0);
}

static void bad_options_are_refused_before_anything_happens(void)
{
    static const int bad_switches[] = {-1, 3, 1000, INT32_MIN, INT32_MAX};
    struct sight sight = {0};
    const struct mio_datagram_options good = {.prepare = look, .prepare_arg = &sight};
    for (size_t i = 0; i < sizeof bad_switches / sizeof bad_switches[0]; i++) {
        struct mio_datagram_options options[3] = {good, good, good};
        options[0].reuse_addr = bad_switches[i];
        options[1].reuse_port = bad_switches[i];
        options[2].only_v6 = bad_switches[i];
        for (int j = 0; j < 3; j++)
            check_options_refused(&options[j]);
    }
    struct mio_datagram_options options = good;
    options.report = 0x80000000u;
    check_options_refused(&options);
    for (size_t i = 0; i < sizeof good.reserved / sizeof good.reserved[0]; i++) {
        options = good;
        options.reserved[i] = 1;
        check_options_refused(&options);
    }
    CHECK_EQ(sight.runs, 0);
}

/* ---- Broadcast ------------------------------------------------------------------------------- */

static void broadcast_is_off_at_first_and_can_be_switched(void)
{
    struct mio_udp_socket socket;
    udp_open(&socket, "127.0.0.1:0", NULL);
    CHECK_EQ(mio_udp_socket_broadcast(&socket), 0);
    CHECK_EQ(plain_option(udp_fd(&socket), PLAIN_BROADCAST), 0);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(mio_udp_socket_set_broadcast(&socket, true), 0);
        CHECK_EQ(mio_udp_socket_broadcast(&socket), 1);
        CHECK(plain_option(udp_fd(&socket), PLAIN_BROADCAST) != 0);
        CHECK_EQ(mio_udp_socket_set_broadcast(&socket, false), 0);
        CHECK_EQ(mio_udp_socket_broadcast(&socket), 0);
        CHECK_EQ(plain_option(udp_fd(&socket), PLAIN_BROADCAST), 0);
    }
    udp_close(&socket);
}

static void broadcast_needs_the_switch(void)
{
    struct mio_udp_socket socket;
    struct mio_addr everywhere = tcp_addr("255.255.255.255:9"),
                    here = tcp_addr("127.255.255.255:9");
    struct mio_addr addr;
    mio_fd peer = udp_peer("0.0.0.0:0", &addr);
    CHECK_EQ(mio_addr_set_port(&here, (uint16_t)mio_addr_port(&addr)), 0);
    udp_open(&socket, "127.0.0.1:0", NULL);
    CHECK_EQ(mio_udp_socket_send_to(&socket, "x", 1, &everywhere), -EACCES);
    CHECK_EQ(mio_udp_socket_connect(&socket, &everywhere), -EACCES);
    CHECK_EQ(mio_udp_socket_send_to(&socket, "x", 1, &here), -EACCES);
    CHECK_EQ(mio_udp_socket_set_broadcast(&socket, true), 0);
    /* On the loopback device alone: no test sends to the network of its host. */
    CHECK_EQ(mio_udp_socket_send_to(&socket, "y", 1, &here), 1);
    udp_peer_expect(peer, "y", 1);
    udp_close(&socket);
    CHECK_EQ(plain_close(peer), 0);
}

/* ---- Time to live ---------------------------------------------------------------------------- */

static void check_bad_ttls(struct mio_udp_socket *socket)
{
    static const int bad[] = {0, -1, 256, 1000, INT32_MIN, INT32_MAX};
    int before = mio_udp_socket_ttl(socket);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_EQ(mio_udp_socket_set_ttl(socket, bad[i]), -EINVAL);
        CHECK_EQ(mio_udp_socket_ttl(socket), before);
    }
}

/* The datagrams of the socket really have it. */
static void check_arrives_with(struct mio_udp_socket *socket, const char *peer_text, int ttl)
{
    struct mio_addr addr;
    mio_fd peer = udp_peer(peer_text, &addr);
    if (!plain_want_hops(peer, mio_addr_family(&addr) == MIO_ADDR_IPV6))
        SKIP("the system does not tell the hop limit of datagrams");
    CHECK_EQ(mio_udp_socket_send_to(socket, "x", 1, &addr), 1);
    CHECK_EQ(plain_recv_hops(peer), ttl);
    CHECK_EQ(plain_close(peer), 0);
}

static void ttl_is_that_of_the_datagrams(void)
{
    struct mio_udp_socket socket;
    udp_open(&socket, "127.0.0.1:0", NULL);
    mio_fd fd = udp_fd(&socket);
    CHECK_EQ(mio_udp_socket_ttl(&socket), plain_option(fd, PLAIN_TTL));
    for (int ttl = 1; ttl <= 255; ttl += 127) {
        CHECK_EQ(mio_udp_socket_set_ttl(&socket, ttl), 0);
        CHECK_EQ(mio_udp_socket_ttl(&socket), ttl);
        CHECK_EQ(plain_option(fd, PLAIN_TTL), ttl);
        check_arrives_with(&socket, "127.0.0.1:0", ttl);
    }
    check_bad_ttls(&socket);
    udp_close(&socket);
}

/* IP_TTL is accepted on IPv6 sockets and changes nothing for IPv6. */
static void defect_25_udp_hop_limit(void)
{
    struct mio_udp_socket socket;
    tcp_need_ipv6();
    udp_open(&socket, "[::1]:0", NULL);
    mio_fd fd = udp_fd(&socket);
    CHECK_EQ(mio_udp_socket_ttl(&socket), plain_option(fd, PLAIN_HOPS));
    for (int ttl = 1; ttl <= 255; ttl += 127) {
        CHECK_EQ(mio_udp_socket_set_ttl(&socket, ttl), 0);
        CHECK_EQ(mio_udp_socket_ttl(&socket), ttl);
        CHECK_EQ(plain_option(fd, PLAIN_HOPS), ttl);
        check_arrives_with(&socket, "[::1]:0", ttl);
    }
    check_bad_ttls(&socket);
    udp_close(&socket);
}

static void ttl_of_a_socket_for_both_families_counts_for_both(void)
{
    const struct mio_datagram_options both = {.only_v6 = MIO_OFF};
    struct mio_udp_socket socket;
    tcp_need_ipv6();
    udp_open(&socket, "[::]:0", &both);
    CHECK_EQ(mio_udp_socket_set_ttl(&socket, 77), 0);
    CHECK_EQ(mio_udp_socket_ttl(&socket), 77);
    CHECK_EQ(plain_option(udp_fd(&socket), PLAIN_TTL), 77);
    CHECK_EQ(plain_option(udp_fd(&socket), PLAIN_HOPS), 77);
    check_arrives_with(&socket, "127.0.0.1:0", 77);
    check_arrives_with(&socket, "[::1]:0", 77);
    udp_close(&socket);
}

/* A socket that is bound to a mapped address sends IPv4 alone, whatever it is. */
static void ttl_of_a_socket_of_a_mapped_address_is_that_of_ipv4(void)
{
    const struct mio_datagram_options both = {.only_v6 = MIO_OFF};
    struct mio_udp_socket socket;
    int other = 66;
    tcp_need_ipv6();
    udp_open(&socket, "[::ffff:127.0.0.1]:0", &both);
    CHECK_EQ(mio_udp_socket_set_ttl(&socket, 77), 0);
    check_arrives_with(&socket, "127.0.0.1:0", 77);
    CHECK_EQ(plain_set_option(udp_fd(&socket), PLAIN_TTL, other), 0);
    CHECK_EQ(mio_udp_socket_ttl(&socket), other);
    udp_close(&socket);
}

static const struct test_case cases[] = {
    {"hook_runs_once_before_bind", hook_runs_once_before_bind, 0},
    {"hooks_error_is_passed_through", hooks_error_is_passed_through, 0},
    {"what_the_hook_set_stays", what_the_hook_set_stays, 0},
    {"switches_are_set_before_the_hook", switches_are_set_before_the_hook, 0},
    {"only_v6_switch_is_what_the_system_says", only_v6_switch_is_what_the_system_says, 0},
    {"only_v6_decides_whether_ipv4_arrives", only_v6_decides_whether_ipv4_arrives, 0},
    {"sockets_share_a_port_that_all_of_them_share", sockets_share_a_port_that_all_of_them_share, 0},
    {"bad_options_are_refused_before_anything_happens",
     bad_options_are_refused_before_anything_happens, 0},
    {"broadcast_is_off_at_first_and_can_be_switched", broadcast_is_off_at_first_and_can_be_switched,
     0},
    {"broadcast_needs_the_switch", broadcast_needs_the_switch, 0},
    {"ttl_is_that_of_the_datagrams", ttl_is_that_of_the_datagrams, 0},
    {"defect_25_udp_hop_limit", defect_25_udp_hop_limit, 0},
    {"ttl_of_a_socket_for_both_families_counts_for_both",
     ttl_of_a_socket_for_both_families_counts_for_both, 0},
    {"ttl_of_a_socket_of_a_mapped_address_is_that_of_ipv4",
     ttl_of_a_socket_of_a_mapped_address_is_that_of_ipv4, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_udp_options = {"udp_options", cases};
