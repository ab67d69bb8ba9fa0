/* Opening a listener: addresses, options, the prepare hook, and what a failure leaves behind. */
#include "tcp/tcp_util.h"

#include <string.h>

static mio_fd listener_fd(const struct mio_tcp_listener *listener)
{
    return mio_source_fd(&listener->source);
}

/* Closed is a state of its own: close does nothing, everything else is -EBADF. */
static void check_closed(struct mio_tcp_listener *listener)
{
    struct mio_addr addr;
    CHECK_EQ(mio_tcp_listener_local_addr(listener, &addr), -EBADF);
    CHECK(listener_fd(listener) == MIO_FD_NONE);
    CHECK_EQ(mio_tcp_listener_close(listener), 0);
}

/* Binds over an object full of rubbish: what it held must not matter. */
static int bind_over_rubbish(struct mio_tcp_listener *listener, const char *text,
                             const struct mio_listen_options *options)
{
    struct mio_addr addr = tcp_addr(text);
    memset(listener, 0xa5, sizeof *listener);
    return mio_tcp_listener_bind_with(listener, &addr, options);
}

static void check_refused(const char *text, const struct mio_listen_options *options, int error)
{
    struct mio_tcp_listener listener;
    CHECK_EQ(bind_over_rubbish(&listener, text, options), error);
    check_closed(&listener);
}

/* ---- Addresses ------------------------------------------------------------------------------- */

static void check_bound_to_loopback(const char *text, int family)
{
    struct mio_tcp_listener listener;
    struct mio_addr wanted = tcp_addr(text), addr;
    CHECK_EQ(bind_over_rubbish(&listener, text, NULL), 0);
    CHECK_EQ(mio_tcp_listener_local_addr(&listener, &addr), 0);
    CHECK_EQ(mio_addr_family(&addr), family);
    CHECK(mio_addr_port(&addr) > 0);
    CHECK_EQ(mio_addr_set_port(&addr, 0), 0);
    CHECK(mio_addr_equal(&addr, &wanted));
    CHECK(test_is_nonblocking(listener_fd(&listener)));
    CHECK(test_is_cloexec(listener_fd(&listener)));
    CHECK_EQ(plain_option(listener_fd(&listener), PLAIN_IS_LISTENING), 1);
    CHECK_EQ(mio_tcp_listener_take_error(&listener), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    check_closed(&listener);
}

static void binds_ipv4_to_a_port_of_the_systems_choice(void)
{
    check_bound_to_loopback("127.0.0.1:0", MIO_ADDR_IPV4);
}

static void binds_ipv6_to_a_port_of_the_systems_choice(void)
{
    tcp_need_ipv6();
    check_bound_to_loopback("[::1]:0", MIO_ADDR_IPV6);
}

/* The port is kept from others by a socket that shares it, as SO_REUSEADDR allows. */
static void binds_the_port_that_was_asked_for(void)
{
    struct mio_tcp_listener listener;
    struct mio_addr addr = tcp_addr("127.0.0.1:0"), bound;
    mio_fd holder = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
    CHECK_EQ(plain_set_option(holder, PLAIN_REUSE_ADDR, 1), 0);
    CHECK_EQ(plain_bind(holder, &addr), 0);
    addr = plain_name(holder);
    if (!plain_ports_are_shared()) {
        CHECK_EQ(plain_close(holder), 0);
        holder = MIO_FD_NONE;
    }
    CHECK_EQ(mio_tcp_listener_bind(&listener, &addr), 0);
    CHECK_EQ(mio_tcp_listener_local_addr(&listener, &bound), 0);
    CHECK(mio_addr_equal(&addr, &bound));
    if (holder != MIO_FD_NONE)
        CHECK_EQ(plain_close(holder), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

static void second_bind_of_a_port_is_in_use(void)
{
    struct mio_tcp_listener first, second;
    struct mio_addr addr;
    test_listen(&first, &addr);
    memset(&second, 0xa5, sizeof second);
    CHECK_EQ(mio_tcp_listener_bind(&second, &addr), -EADDRINUSE);
    check_closed(&second);
    CHECK_EQ(mio_tcp_listener_close(&first), 0);
}

/* The side that closes first keeps the connection in TIME_WAIT, which holds the port. */
static void restarted_server_gets_its_port_back(void)
{
    struct mio_tcp_listener listener;
    struct mio_tcp_stream stream;
    struct mio_addr addr;
    char byte;
    test_listen(&listener, &addr);
    mio_fd client = test_client(&addr);
    tcp_accept(&listener, &stream, NULL);
    tcp_close(&stream);
    CHECK_EQ(plain_recv(client, &byte, 1), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(mio_tcp_listener_bind(&listener, &addr), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

static void address_of_another_host_is_not_available(void)
{
    struct mio_tcp_listener listener;
    /* TEST-NET-1, which no host has (RFC 5737). */
    int result = bind_over_rubbish(&listener, "192.0.2.1:0", NULL);
    if (result == 0) {
        CHECK_EQ(mio_tcp_listener_close(&listener), 0);
        SKIP("the host binds to foreign addresses (net.ipv4.ip_nonlocal_bind)");
    }
    CHECK_EQ(result, -EADDRNOTAVAIL);
    check_closed(&listener);
}

static void address_without_family_is_refused(void)
{
    struct mio_tcp_listener listener;
    struct mio_listen_options options = {0};
    struct mio_addr none = {0};
    memset(&listener, 0xa5, sizeof listener);
    CHECK_EQ(mio_tcp_listener_bind(&listener, &none), -EAFNOSUPPORT);
    check_closed(&listener);
    CHECK_EQ(mio_tcp_listener_bind_with(&listener, &none, &options), -EAFNOSUPPORT);
    check_closed(&listener);
}

static void null_arguments_are_invalid(void)
{
    struct mio_tcp_listener listener = {0};
    struct mio_tcp_stream stream = {0};
    struct mio_listen_options options = {0};
    struct mio_addr addr = tcp_addr("127.0.0.1:0");
    CHECK_EQ(mio_tcp_listener_bind(NULL, &addr), -EINVAL);
    CHECK_EQ(mio_tcp_listener_bind(&listener, NULL), -EINVAL);
    CHECK_EQ(mio_tcp_listener_bind_with(NULL, &addr, &options), -EINVAL);
    CHECK_EQ(mio_tcp_listener_bind_with(&listener, NULL, &options), -EINVAL);
    CHECK_EQ(mio_tcp_listener_accept(NULL, &stream, &addr), -EINVAL);
    CHECK_EQ(mio_tcp_listener_accept(&listener, NULL, &addr), -EINVAL);
    CHECK_EQ(mio_tcp_listener_close(NULL), -EINVAL);
    CHECK_EQ(mio_tcp_listener_local_addr(NULL, &addr), -EINVAL);
    CHECK_EQ(mio_tcp_listener_local_addr(&listener, NULL), -EINVAL);
    CHECK_EQ(mio_tcp_listener_ttl(NULL), -EINVAL);
    CHECK_EQ(mio_tcp_listener_set_ttl(NULL, 64), -EINVAL);
    CHECK_EQ(mio_tcp_listener_take_error(NULL), -EINVAL);
    CHECK_EQ(mio_tcp_listener_from_fd(NULL, 0), -EINVAL);
    CHECK(mio_tcp_listener_into_fd(NULL) == MIO_FD_NONE);
}

/* ---- Options --------------------------------------------------------------------------------- */

static void zeroed_options_are_the_default(void)
{
    const struct mio_listen_options options = {0};
    struct mio_tcp_listener with, without;
    CHECK_EQ(bind_over_rubbish(&with, "127.0.0.1:0", &options), 0);
    CHECK_EQ(bind_over_rubbish(&without, "127.0.0.1:0", NULL), 0);
    static const enum plain_option names[] = {PLAIN_REUSE_ADDR, PLAIN_RETAKE_PORT, PLAIN_REUSE_PORT,
                                              PLAIN_IS_LISTENING};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        CHECK_EQ(plain_option(listener_fd(&with), names[i]),
                 plain_option(listener_fd(&without), names[i]));
    CHECK(plain_option(listener_fd(&with), PLAIN_RETAKE_PORT) > 0);
    CHECK(plain_option(listener_fd(&with), PLAIN_REUSE_PORT) <= 0);
    CHECK_EQ(mio_tcp_listener_close(&with), 0);
    CHECK_EQ(mio_tcp_listener_close(&without), 0);
}

static int hook_must_not_run(mio_fd fd, void *arg)
{
    (void)fd;
    *(bool *)arg = true;
    return 0;
}

static void bad_options_are_refused_before_anything_happens(void)
{
    bool ran = false;
    const struct mio_listen_options good = {.prepare = hook_must_not_run, .prepare_arg = &ran};
    static const int bad_switches[] = {-1, 3, 1000, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof bad_switches / sizeof bad_switches[0]; i++) {
        struct mio_listen_options port = good, v6 = good, nodelay = good;
        nodelay.nodelay = bad_switches[i];
        check_refused("127.0.0.1:0", &nodelay, -EINVAL);
        port.reuse_port = bad_switches[i];
        check_refused("127.0.0.1:0", &port, -EINVAL);
        v6.only_v6 = bad_switches[i];
        check_refused("127.0.0.1:0", &v6, -EINVAL);
        check_refused("[::1]:0", &v6, -EINVAL);
    }
    struct mio_listen_options backlog = good;
    backlog.backlog = -1;
    check_refused("127.0.0.1:0", &backlog, -EINVAL);
    backlog.backlog = INT32_MIN;
    check_refused("127.0.0.1:0", &backlog, -EINVAL);
    CHECK(!ran);
}

static void reserved_words_must_be_zero(void)
{
    bool ran = false;
    const struct mio_listen_options good = {.prepare = hook_must_not_run, .prepare_arg = &ran};
    struct mio_listen_options options;
    for (size_t i = 0; i < sizeof good.reserved / sizeof good.reserved[0]; i++) {
        options = good;
        options.reserved[i] = 1;
        check_refused("127.0.0.1:0", &options, -EINVAL);
    }
    CHECK(!ran);
}

static void reuse_port_shares_a_port(void)
{
    enum { CLIENTS = 16 };
    const struct mio_listen_options options = {.reuse_port = MIO_ON};
    const struct mio_listen_options off = {.reuse_port = MIO_OFF};
    struct mio_tcp_listener listeners[2], third;
    struct mio_tcp_stream stream;
    struct mio_addr addr = tcp_addr("127.0.0.1:0");
    mio_fd clients[CLIENTS];
    int accepted = 0;
    if (!tcp_has_reuse_port()) {
        CHECK_EQ(mio_tcp_listener_bind_with(&listeners[0], &addr, &options), -ENOTSUP);
        SKIP("the system does not spread connections over the listeners of a port");
    }
    CHECK_EQ(mio_tcp_listener_bind_with(&listeners[0], &addr, &options), 0);
    CHECK_EQ(mio_tcp_listener_local_addr(&listeners[0], &addr), 0);
    CHECK_EQ(mio_tcp_listener_bind_with(&listeners[1], &addr, &options), 0);
    CHECK_EQ(mio_tcp_listener_bind_with(&third, &addr, &off), -EADDRINUSE);
    CHECK_EQ(mio_tcp_listener_bind(&third, &addr), -EADDRINUSE);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = test_client(&addr);
    /* Each connection waits in one of the two, and none is lost. */
    int64_t end = mio_now_ns() + TEST_SOON;
    while (accepted < CLIENTS && mio_now_ns() < end) {
        int result = mio_tcp_listener_accept(&listeners[accepted % 2], &stream, NULL);
        if (result == -EAGAIN)
            result = mio_tcp_listener_accept(&listeners[(accepted + 1) % 2], &stream, NULL);
        if (result == -EAGAIN)
            continue;
        CHECK_EQ(result, 0);
        tcp_close(&stream);
        accepted++;
    }
    CHECK_EQ(accepted, CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        CHECK_EQ(plain_close(clients[i]), 0);
    CHECK_EQ(mio_tcp_listener_close(&listeners[0]), 0);
    CHECK_EQ(mio_tcp_listener_close(&listeners[1]), 0);
}

/* The loopback address of IPv4, with the port of a listener on [::]. */
static struct mio_addr ipv4_beside(const struct mio_tcp_listener *listener)
{
    struct mio_addr addr, beside = tcp_addr("127.0.0.1:0");
    CHECK_EQ(mio_tcp_listener_local_addr(listener, &addr), 0);
    CHECK_EQ(mio_addr_set_port(&beside, (uint16_t)mio_addr_port(&addr)), 0);
    return beside;
}

static void only_v6_off_takes_ipv4_clients(void)
{
    const struct mio_listen_options options = {.only_v6 = MIO_OFF};
    struct mio_tcp_listener listener;
    struct mio_tcp_stream stream;
    struct mio_addr peer;
    uint8_t ip[16];
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    tcp_need_ipv6();
    CHECK_EQ(bind_over_rubbish(&listener, "[::]:0", &options), 0);
    struct mio_addr addr = ipv4_beside(&listener);
    mio_fd client = test_client(&addr);
    tcp_accept(&listener, &stream, &peer);
    CHECK_EQ(mio_addr_ip(&peer, ip, NULL), 16);
    CHECK_EQ(memcmp(ip, mapped, sizeof mapped), 0);
    CHECK_EQ(ip[12], 127);
    tcp_close(&stream);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

static void only_v6_on_refuses_ipv4_clients(void)
{
    const struct mio_listen_options options = {.only_v6 = MIO_ON};
    struct mio_tcp_listener listener;
    tcp_need_ipv6();
    /* Somebody else may have the IPv4 port of the same number: then take another one. */
    for (int tries = 0; tries < 16; tries++) {
        CHECK_EQ(bind_over_rubbish(&listener, "[::]:0", &options), 0);
        struct mio_addr addr = ipv4_beside(&listener);
        mio_fd holder = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
        mio_fd client = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
        bool mine = plain_bind(holder, &addr) == 0;
        if (mine)
            CHECK_EQ(plain_connect(client, &addr), -ECONNREFUSED);
        CHECK_EQ(plain_close(client), 0);
        CHECK_EQ(plain_close(holder), 0);
        CHECK_EQ(mio_tcp_listener_close(&listener), 0);
        if (mine)
            return;
    }
    test_fail(__FILE__, __LINE__, "no IPv4 port beside the one of the listener");
}

static void only_v6_default_keeps_the_systems_choice(void)
{
    struct mio_tcp_listener listener;
    const struct mio_listen_options options = {.only_v6 = MIO_DEFAULT};
    tcp_need_ipv6();
    mio_fd fresh = plain_socket(PLAIN_IPV6, PLAIN_STREAM);
    int standard = plain_option(fresh, PLAIN_ONLY_V6);
    CHECK_EQ(plain_close(fresh), 0);
    CHECK_EQ(bind_over_rubbish(&listener, "[::]:0", &options), 0);
    CHECK_EQ(plain_option(listener_fd(&listener), PLAIN_ONLY_V6), standard);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

static void only_v6_means_nothing_on_ipv4(void)
{
    const struct mio_listen_options on = {.only_v6 = MIO_ON};
    const struct mio_listen_options off = {.only_v6 = MIO_OFF};
    struct mio_tcp_listener listener;
    CHECK_EQ(bind_over_rubbish(&listener, "127.0.0.1:0", &on), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    CHECK_EQ(bind_over_rubbish(&listener, "127.0.0.1:0", &off), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

static const struct test_case cases[] = {
    {"binds_ipv4_to_a_port_of_the_systems_choice", binds_ipv4_to_a_port_of_the_systems_choice, 0},
    {"binds_ipv6_to_a_port_of_the_systems_choice", binds_ipv6_to_a_port_of_the_systems_choice, 0},
    {"binds_the_port_that_was_asked_for", binds_the_port_that_was_asked_for, 0},
    {"second_bind_of_a_port_is_in_use", second_bind_of_a_port_is_in_use, 0},
    {"restarted_server_gets_its_port_back", restarted_server_gets_its_port_back, 0},
    {"address_of_another_host_is_not_available", address_of_another_host_is_not_available, 0},
    {"address_without_family_is_refused", address_without_family_is_refused, 0},
    {"null_arguments_are_invalid", null_arguments_are_invalid, 0},
    {"zeroed_options_are_the_default", zeroed_options_are_the_default, 0},
    {"bad_options_are_refused_before_anything_happens",
     bad_options_are_refused_before_anything_happens, 0},
    {"reserved_words_must_be_zero", reserved_words_must_be_zero, 0},
    {"reuse_port_shares_a_port", reuse_port_shares_a_port, 0},
    {"only_v6_off_takes_ipv4_clients", only_v6_off_takes_ipv4_clients, 0},
    {"only_v6_on_refuses_ipv4_clients", only_v6_on_refuses_ipv4_clients, 0},
    {"only_v6_default_keeps_the_systems_choice", only_v6_default_keeps_the_systems_choice, 0},
    {"only_v6_means_nothing_on_ipv4", only_v6_means_nothing_on_ipv4, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_tcp_listener = {"tcp_listener", cases};
