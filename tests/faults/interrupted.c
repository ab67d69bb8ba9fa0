/*
 * Sockets whose bind and connect are interrupted, as on a file system that lets itself be, or under
 * a supervisor of system calls: the call was not made, and has to be made again.
 */
#define _GNU_SOURCE 1
#include "faults.h"
#include "net.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void interrupt(enum fault_call call)
{
    const struct fault_plan plan = {call, 1, false, EINTR};
    fault_set(&plan);
}

static struct mio_addr name_of(const char *text)
{
    char name[64];
    struct mio_addr addr;
    snprintf(name, sizeof name, "unix:@mio-interrupted-%d-%s", (int)getpid(), text);
    CHECK_EQ(mio_addr_parse(&addr, name), 0);
    return addr;
}

static void bind_is_repeated(void)
{
    struct mio_addr addr = name_of("bind"), actual;
    struct mio_unix_listener listener;
    interrupt(FAULT_bind);
    CHECK_EQ(mio_unix_listener_bind(&listener, &addr), 0);
    CHECK(fault_happened());
    CHECK_EQ(mio_unix_listener_local_addr(&listener, &actual), 0);
    CHECK(mio_addr_equal(&addr, &actual));
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
}

static void connect_in_the_unix_domain_is_repeated(void)
{
    struct mio_addr addr = name_of("stream");
    struct mio_unix_listener listener;
    struct mio_unix_stream client, server;
    CHECK_EQ(mio_unix_listener_bind(&listener, &addr), 0);
    interrupt(FAULT_connect);
    CHECK_EQ(mio_unix_stream_connect(&client, &addr), 0);
    CHECK(fault_happened());
    CHECK_EQ(mio_unix_listener_accept(&listener, &server, NULL), 0);
    CHECK_EQ(mio_unix_stream_close(&client), 0);
    CHECK_EQ(mio_unix_stream_close(&server), 0);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
}

static void connect_of_datagrams_is_repeated(void)
{
    struct mio_addr addr, peer;
    struct mio_udp_socket a, b;
    CHECK_EQ(mio_addr_parse(&addr, "127.0.0.1:0"), 0);
    CHECK_EQ(mio_udp_socket_bind(&a, &addr), 0);
    CHECK_EQ(mio_udp_socket_bind(&b, &addr), 0);
    CHECK_EQ(mio_udp_socket_local_addr(&a, &addr), 0);
    interrupt(FAULT_connect);
    CHECK_EQ(mio_udp_socket_connect(&b, &addr), 0);
    CHECK(fault_happened());
    CHECK_EQ(mio_udp_socket_peer_addr(&b, &peer), 0);
    CHECK(mio_addr_equal(&addr, &peer));
    CHECK_EQ(mio_udp_socket_close(&a), 0);
    CHECK_EQ(mio_udp_socket_close(&b), 0);
}

/* An event that tells more is not to come, so "under way" would be for ever. */
static void connect_result_tells_that_poll_failed(void)
{
    const struct fault_plan plan = {FAULT_poll, 1, false, ENOMEM};
    struct mio_tcp_stream stream;
    CHECK_EQ(mio_tcp_stream_from_fd(&stream, socket(AF_INET, SOCK_STREAM, 0)), 0);
    fault_set(&plan);
    CHECK_EQ(mio_tcp_stream_connect_result(&stream), -ENOMEM);
    CHECK_EQ(mio_tcp_stream_connect_result(&stream), -ENOTCONN);
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
}

static const struct test_case cases[] = {
    {"bind_is_repeated", bind_is_repeated, 0},
    {"connect_in_the_unix_domain_is_repeated", connect_in_the_unix_domain_is_repeated, 0},
    {"connect_of_datagrams_is_repeated", connect_of_datagrams_is_repeated, 0},
    {"connect_result_tells_that_poll_failed", connect_result_tells_that_poll_failed, 0},
    {NULL, NULL, 0},
};

int main(int argc, char **argv)
{
    static const struct test_suite interrupted = {"interrupted", cases};
    static const struct test_suite *const suites[] = {&interrupted, NULL};
    return test_main(argc, argv, suites);
}
