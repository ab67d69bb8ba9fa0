/* The prepare hook of listeners and streams: when it runs, on what, and what its result does. */
#include "tcp/tcp_util.h"

#include <string.h>

/* A hook's sight of the descriptor it was given, and what it is to answer. */
struct sight {
    int runs;
    mio_fd fd;
    int result;
    int type;
    int port;
    int listening;
    int retake_port;
    int reuse_port;
    int nodelay;
    int only_v6;
    bool nonblocking;
    bool cloexec;
    bool has_peer;
};

static int look(mio_fd fd, void *arg)
{
    struct sight *sight = arg;
    struct mio_addr addr = plain_name(fd), peer;
    sight->runs++;
    sight->fd = fd;
    sight->type = plain_option(fd, PLAIN_TYPE);
    sight->listening = plain_option(fd, PLAIN_IS_LISTENING);
    sight->retake_port = plain_option(fd, PLAIN_RETAKE_PORT);
    sight->reuse_port = plain_option(fd, PLAIN_REUSE_PORT);
    sight->nodelay = plain_option(fd, PLAIN_NODELAY);
    sight->nonblocking = test_is_nonblocking(fd);
    sight->cloexec = test_is_cloexec(fd);
    sight->port = mio_addr_port(&addr);
    if (mio_addr_family(&addr) == MIO_ADDR_IPV6)
        sight->only_v6 = plain_option(fd, PLAIN_ONLY_V6);
    sight->has_peer = plain_peer_name(fd, &peer) == 0;
    return sight->result;
}

static void check_fresh_socket(const struct sight *sight)
{
    CHECK_EQ(sight->runs, 1);
    CHECK_EQ(sight->type, PLAIN_STREAM);
    CHECK_EQ(sight->port, 0);
    CHECK_EQ(sight->listening, 0);
    CHECK(!sight->has_peer);
    CHECK(sight->nonblocking);
    CHECK(sight->cloexec);
}

static void check_descriptor_is_gone(mio_fd fd)
{
    CHECK(!plain_is_open(fd));
}

/* ---- Listeners ------------------------------------------------------------------------------- */

static void bind_runs_the_hook_once_before_bind(void)
{
    struct sight sight = {0};
    const struct mio_listen_options options = {.prepare = look, .prepare_arg = &sight};
    struct mio_tcp_listener listener;
    struct mio_addr addr = tcp_addr("127.0.0.1:0");
    CHECK_EQ(mio_tcp_listener_bind_with(&listener, &addr, &options), 0);
    check_fresh_socket(&sight);
    CHECK_EQ(sight.fd, mio_source_fd(&listener.source));
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

static void bind_sets_the_librarys_options_before_the_hook(void)
{
    struct sight sight = {0};
    const bool has_port = tcp_has_reuse_port();
    const struct mio_listen_options options = {.prepare = look,
                                               .prepare_arg = &sight,
                                               .reuse_port = has_port ? MIO_ON : MIO_DEFAULT,
                                               .only_v6 = MIO_ON,
                                               .nodelay = MIO_ON};
    struct mio_tcp_listener listener;
    struct mio_addr addr = tcp_addr(test_has_ipv6() ? "[::1]:0" : "127.0.0.1:0");
    sight.only_v6 = 1;
    CHECK_EQ(mio_tcp_listener_bind_with(&listener, &addr, &options), 0);
    CHECK(sight.retake_port > 0);
    CHECK(sight.reuse_port > 0 || !has_port);
    CHECK(sight.nodelay != 0);
    CHECK_EQ(sight.only_v6, 1);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

static int small_receive_buffer(mio_fd fd, void *arg)
{
    return plain_set_option(fd, PLAIN_RECEIVE_BUFFER, *(int *)arg);
}

static void bind_keeps_what_the_hook_set(void)
{
    int size = 8192;
    const struct mio_listen_options options = {.prepare = small_receive_buffer,
                                               .prepare_arg = &size};
    struct mio_tcp_listener listener;
    struct mio_addr addr = tcp_addr("127.0.0.1:0");
    CHECK_EQ(mio_tcp_listener_bind_with(&listener, &addr, &options), 0);
    /* Linux doubles the number that it is given. */
    int got = plain_option(mio_source_fd(&listener.source), PLAIN_RECEIVE_BUFFER);
    CHECK(got >= size && got <= 2 * size);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

/* Binds with a hook that fails; the harness would find a descriptor that stays behind. */
static void check_bind_fails(int hook_result, int error)
{
    struct sight sight = {.result = hook_result};
    const struct mio_listen_options options = {.prepare = look, .prepare_arg = &sight};
    struct mio_tcp_listener listener;
    struct mio_addr addr = tcp_addr("127.0.0.1:0");
    memset(&listener, 0xa5, sizeof listener);
    CHECK_EQ(mio_tcp_listener_bind_with(&listener, &addr, &options), error);
    CHECK_EQ(sight.runs, 1);
    check_descriptor_is_gone(sight.fd);
    CHECK_EQ(mio_tcp_listener_take_error(&listener), -EBADF);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

static void bind_passes_the_hooks_error_through(void)
{
    check_bind_fails(-EPERM, -EPERM);
    check_bind_fails(-12345, -12345);
    /* Codes that mean something to the library itself are passed through like any other. */
    check_bind_fails(-EINTR, -EINTR);
    check_bind_fails(-EINPROGRESS, -EINPROGRESS);
}

static void bind_takes_a_positive_hook_result_as_invalid(void)
{
    check_bind_fails(1, -EINVAL);
    check_bind_fails(EPERM, -EINVAL);
}

static int set_unknown_option(mio_fd fd, void *arg)
{
    *(int *)arg = plain_set_option(fd, PLAIN_UNKNOWN, 1);
    return mio_socket_error();
}

static void socket_error_is_that_of_the_last_socket_call(void)
{
    int seen = 0;
    const struct mio_listen_options options = {.prepare = set_unknown_option, .prepare_arg = &seen};
    struct mio_tcp_listener listener;
    struct mio_addr addr = tcp_addr("127.0.0.1:0");
    int result = mio_tcp_listener_bind_with(&listener, &addr, &options);
    CHECK_EQ(seen, -ENOPROTOOPT);
    CHECK(result == seen || result == -ENOTSUP); /* Windows says the same of all that is missing */
}

/* ---- Streams --------------------------------------------------------------------------------- */

static void connect_runs_the_hook_once_before_connect(void)
{
    struct sight sight = {0};
    const struct mio_connect_options options = {.prepare = look, .prepare_arg = &sight};
    struct mio_tcp_listener listener;
    struct mio_tcp_stream client, server;
    struct mio_addr addr;
    test_listen(&listener, &addr);
    CHECK_EQ(mio_tcp_stream_connect_with(&client, &addr, &options), 0);
    check_fresh_socket(&sight);
    CHECK_EQ(sight.fd, tcp_fd(&client));
    tcp_accept(&listener, &server, NULL);
    tcp_close(&client);
    tcp_close(&server);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

static void connect_sets_the_librarys_options_before_the_hook(void)
{
    static const int switches[] = {MIO_DEFAULT, MIO_ON, MIO_OFF};
    struct mio_tcp_listener listener;
    struct mio_tcp_stream client;
    struct mio_addr addr;
    test_listen(&listener, &addr);
    for (int i = 0; i < 3; i++) {
        struct sight sight = {0};
        const struct mio_connect_options options = {
            .prepare = look, .prepare_arg = &sight, .nodelay = switches[i]};
        CHECK_EQ(mio_tcp_stream_connect_with(&client, &addr, &options), 0);
        CHECK_EQ(sight.nodelay != 0, switches[i] == MIO_ON);
        CHECK_EQ(mio_tcp_stream_nodelay(&client), switches[i] == MIO_ON);
        tcp_close(&client);
    }
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

static int bind_to_second_loopback(mio_fd fd, void *arg)
{
    struct mio_addr name = tcp_addr("127.0.0.2:0");
    (void)arg;
    return plain_bind(fd, &name);
}

static void connect_hook_can_choose_the_local_address(void)
{
    const struct mio_connect_options options = {.prepare = bind_to_second_loopback};
    static const uint8_t second[4] = {127, 0, 0, 2};
    struct mio_tcp_listener listener;
    struct mio_tcp_stream client, server;
    struct mio_addr addr, peer, local;
    uint8_t ip[16];
    test_listen(&listener, &addr);
    CHECK_EQ(mio_tcp_stream_connect_with(&client, &addr, &options), 0);
    tcp_accept(&listener, &server, &peer);
    CHECK_EQ(mio_addr_ip(&peer, ip, NULL), 4);
    CHECK_EQ(memcmp(ip, second, sizeof second), 0);
    CHECK_EQ(mio_tcp_stream_local_addr(&client, &local), 0);
    CHECK(mio_addr_equal(&local, &peer));
    tcp_close(&client);
    tcp_close(&server);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

static void check_connect_fails(int hook_result, int error)
{
    struct sight sight = {.result = hook_result};
    const struct mio_connect_options options = {.prepare = look, .prepare_arg = &sight};
    struct mio_tcp_listener listener;
    struct mio_tcp_stream client;
    struct mio_addr addr;
    test_listen(&listener, &addr);
    memset(&client, 0xa5, sizeof client);
    CHECK_EQ(mio_tcp_stream_connect_with(&client, &addr, &options), error);
    CHECK_EQ(sight.runs, 1);
    check_descriptor_is_gone(sight.fd);
    CHECK_EQ(mio_tcp_stream_take_error(&client), -EBADF);
    CHECK_EQ(mio_tcp_stream_close(&client), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

/* -EINPROGRESS from a hook is the hook's error and not a connect under way. */
static void connect_passes_the_hooks_error_through(void)
{
    check_connect_fails(-EPERM, -EPERM);
    check_connect_fails(-12345, -12345);
    check_connect_fails(-EINTR, -EINTR);
    check_connect_fails(-EINPROGRESS, -EINPROGRESS);
}

static void connect_takes_a_positive_hook_result_as_invalid(void)
{
    check_connect_fails(1, -EINVAL);
    check_connect_fails(EPERM, -EINVAL);
}

static void options_without_a_hook_are_the_default(void)
{
    const struct mio_connect_options options = {0};
    struct mio_tcp_listener listener;
    struct mio_tcp_stream client, server;
    struct mio_addr addr;
    test_listen(&listener, &addr);
    CHECK_EQ(mio_tcp_stream_connect_with(&client, &addr, &options), 0);
    tcp_accept(&listener, &server, NULL);
    tcp_close(&client);
    tcp_close(&server);
    CHECK_EQ(mio_tcp_stream_connect_with(&client, &addr, NULL), 0);
    tcp_accept(&listener, &server, NULL);
    tcp_close(&client);
    tcp_close(&server);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

static void check_options_refused(const struct mio_connect_options *options,
                                  const struct mio_addr *addr)
{
    struct mio_tcp_stream client;
    memset(&client, 0xa5, sizeof client);
    CHECK_EQ(mio_tcp_stream_connect_with(&client, addr, options), -EINVAL);
    CHECK_EQ(mio_tcp_stream_take_error(&client), -EBADF);
    CHECK_EQ(mio_tcp_stream_close(&client), 0);
}

static void bad_connect_options_are_refused_before_anything_happens(void)
{
    static const int bad_switches[] = {-1, 3, 1000, INT32_MIN, INT32_MAX};
    struct sight sight = {0};
    const struct mio_connect_options good = {.prepare = look, .prepare_arg = &sight};
    struct mio_tcp_listener listener;
    struct mio_connect_options options;
    struct mio_addr addr;
    test_listen(&listener, &addr);
    for (size_t i = 0; i < sizeof bad_switches / sizeof bad_switches[0]; i++) {
        options = good;
        options.nodelay = bad_switches[i];
        check_options_refused(&options, &addr);
    }
    options = good;
    options.reserved0 = 1;
    check_options_refused(&options, &addr);
    for (size_t i = 0; i < sizeof good.reserved / sizeof good.reserved[0]; i++) {
        options = good;
        options.reserved[i] = 1;
        check_options_refused(&options, &addr);
    }
    CHECK_EQ(sight.runs, 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

static const struct test_case cases[] = {
    {"bind_runs_the_hook_once_before_bind", bind_runs_the_hook_once_before_bind, 0},
    {"bind_sets_the_librarys_options_before_the_hook",
     bind_sets_the_librarys_options_before_the_hook, 0},
    {"bind_keeps_what_the_hook_set", bind_keeps_what_the_hook_set, 0},
    {"bind_passes_the_hooks_error_through", bind_passes_the_hooks_error_through, 0},
    {"bind_takes_a_positive_hook_result_as_invalid", bind_takes_a_positive_hook_result_as_invalid,
     0},
    {"socket_error_is_that_of_the_last_socket_call", socket_error_is_that_of_the_last_socket_call,
     0},
    {"connect_runs_the_hook_once_before_connect", connect_runs_the_hook_once_before_connect, 0},
    {"connect_sets_the_librarys_options_before_the_hook",
     connect_sets_the_librarys_options_before_the_hook, 0},
    {"connect_hook_can_choose_the_local_address", connect_hook_can_choose_the_local_address, 0},
    {"connect_passes_the_hooks_error_through", connect_passes_the_hooks_error_through, 0},
    {"connect_takes_a_positive_hook_result_as_invalid",
     connect_takes_a_positive_hook_result_as_invalid, 0},
    {"options_without_a_hook_are_the_default", options_without_a_hook_are_the_default, 0},
    {"bad_connect_options_are_refused_before_anything_happens",
     bad_connect_options_are_refused_before_anything_happens, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_tcp_prepare = {"tcp_prepare", cases};
