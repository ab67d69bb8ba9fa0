/* Connecting, what became of it, and the ends of a connection. */
#include "tcp/tcp_util.h"

#include <string.h>

/* ---- Connecting ------------------------------------------------------------------------------ */

static void check_established(const char *text, int family)
{
    const mio_interest interest = MIO_WRITABLE | test_config.mode;
    struct mio_poll poll;
    struct mio_tcp_listener listener;
    struct mio_tcp_stream client, server;
    struct mio_addr addr = tcp_addr(text), peer, seen;
    test_poll_init(&poll);
    CHECK_EQ(mio_tcp_listener_bind(&listener, &addr), 0);
    CHECK_EQ(mio_tcp_listener_local_addr(&listener, &addr), 0);
    memset(&client, 0xa5, sizeof client);
    CHECK_EQ(mio_tcp_stream_connect(&client, &addr), 0);
    CHECK(test_is_nonblocking(tcp_fd(&client)));
    CHECK(test_is_cloexec(tcp_fd(&client)));
    CHECK(!mio_source_is_registered(&client.source));
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &client.source, 7, interest), 0);
    CHECK(test_expect_event(&poll, 7) & MIO_WRITABLE);
    CHECK_EQ(mio_tcp_stream_connect_result(&client), 0);
    CHECK_EQ(mio_tcp_stream_connect_result(&client), 0);
    tcp_accept(&listener, &server, &peer);
    CHECK_EQ(mio_tcp_stream_peer_addr(&client, &seen), 0);
    CHECK(mio_addr_equal(&seen, &addr));
    CHECK_EQ(mio_tcp_stream_local_addr(&client, &seen), 0);
    CHECK(mio_addr_equal(&seen, &peer));
    CHECK_EQ(mio_addr_family(&seen), family);
    CHECK_EQ(mio_tcp_stream_take_error(&client), 0);
    tcp_close(&server);
    tcp_close(&client);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void connect_is_established_ipv4(void)
{
    check_established("127.0.0.1:0", MIO_ADDR_IPV4);
}

static void connect_is_established_ipv6(void)
{
    tcp_need_ipv6();
    check_established("[::1]:0", MIO_ADDR_IPV6);
}

static void refused_connect_is_reported_and_then_not_connected(void)
{
    const mio_interest interest = MIO_WRITABLE | test_config.mode;
    struct mio_poll poll;
    struct mio_tcp_stream stream;
    struct mio_addr addr;
    char byte = 'x';
    tcp_connect_refused(&stream);
    test_poll_init(&poll);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &stream.source, 7, interest), 0);
    uint32_t ready = test_expect_event(&poll, 7);
    CHECK(ready & (MIO_WRITABLE | MIO_ERROR));
    CHECK(ready & MIO_WRITE_CLOSED);
    CHECK_EQ(mio_tcp_stream_connect_result(&stream), -ECONNREFUSED);
    /* The error was taken: this is no connect under way, and not to be waited for. */
    CHECK_EQ(mio_tcp_stream_connect_result(&stream), -ENOTCONN);
    CHECK_EQ(mio_tcp_stream_connect_result(&stream), -ENOTCONN);
    CHECK_EQ(mio_tcp_stream_take_error(&stream), 0);
    CHECK_EQ(mio_tcp_stream_peer_addr(&stream, &addr), -ENOTCONN);
    CHECK(mio_tcp_stream_write(&stream, &byte, 1) < 0);
    tcp_close(&stream);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void refused_connect_gives_its_error_once(void)
{
    struct mio_tcp_stream stream;
    tcp_connect_refused(&stream);
    CHECK_EQ(mio_tcp_stream_take_error(&stream), -ECONNREFUSED);
    CHECK_EQ(mio_tcp_stream_take_error(&stream), 0);
    CHECK_EQ(mio_tcp_stream_connect_result(&stream), -ENOTCONN);
    tcp_close(&stream);
}

/* A listening descriptor that lets hardly anyone wait: further connects hang in the handshake. */
static mio_fd listen_for_one(struct mio_addr *addr)
{
    mio_fd fd = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
    *addr = tcp_addr("127.0.0.1:0");
    CHECK_EQ(plain_bind(fd, addr), 0);
    CHECK_EQ(plain_listen(fd, 0), 0);
    *addr = plain_name(fd);
    return fd;
}

/* Both answers are right, so a busy machine has time to come to the first one. */
static bool is_established(const struct mio_tcp_stream *stream)
{
    return plain_look(tcp_fd(stream), PLAIN_OUT, 200 * MIO_NS_PER_MS) != 0;
}

static void check_under_way(struct mio_tcp_stream *stream)
{
    struct mio_addr addr;
    char byte = 'x';
    CHECK_EQ(mio_tcp_stream_connect_result(stream), -EINPROGRESS);
    CHECK_EQ(mio_tcp_stream_connect_result(stream), -EINPROGRESS);
    CHECK_EQ(mio_tcp_stream_peer_addr(stream, &addr), -ENOTCONN);
    CHECK_EQ(mio_tcp_stream_local_addr(stream, &addr), 0);
    CHECK_EQ(mio_tcp_stream_read(stream, &byte, 1), -EAGAIN);
    ptrdiff_t wrote = mio_tcp_stream_write(stream, &byte, 1);
    CHECK(wrote == -EAGAIN || wrote == -ENOTCONN);
    CHECK_EQ(mio_tcp_stream_take_error(stream), 0);
    CHECK_EQ(mio_tcp_stream_connect_result(stream), -EINPROGRESS);
}

/* Once there is room in the queue, the retransmitted SYN completes the connect: a real wait. */
static void connect_under_way_is_in_progress(void)
{
    enum { STREAMS = 8 };
    struct mio_poll poll;
    struct mio_tcp_stream streams[STREAMS];
    struct mio_addr addr;
    int count = 0, waiting = -1, accepts = 0;
    mio_fd accepted[STREAMS], listener = listen_for_one(&addr);
    test_poll_init(&poll);
    /* The first one fills the queue of Linux for certain; others may let in a few more. */
    CHECK_EQ(mio_tcp_stream_connect(&streams[count++], &addr), 0);
    plain_wait(tcp_fd(&streams[0]), PLAIN_OUT);
    plain_wait(listener, PLAIN_IN);
    while (count < STREAMS && waiting < 0) {
        CHECK_EQ(mio_tcp_stream_connect(&streams[count], &addr), 0);
        if (!is_established(&streams[count]))
            waiting = count;
        count++;
    }
    if (waiting >= 0) {
        struct mio_tcp_stream *stream = &streams[waiting];
        CHECK_EQ(mio_register(mio_poll_registry(&poll), &stream->source, 7, MIO_WRITABLE), 0);
        check_under_way(stream);
        test_expect_no_event(&poll);
        while (accepts < waiting) {
            CHECK_EQ(plain_accept(listener, &accepted[accepts]), 0);
            accepts++;
        }
        CHECK(test_expect_event(&poll, 7) & MIO_WRITABLE);
        CHECK_EQ(mio_tcp_stream_connect_result(stream), 0);
    }
    for (int i = 0; i < count; i++)
        tcp_close(&streams[i]);
    for (int i = 0; i < accepts; i++)
        CHECK_EQ(plain_close(accepted[i]), 0);
    CHECK_EQ(plain_close(listener), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    if (waiting < 0)
        SKIP("this host establishes connections beyond the backlog");
}

/* ---- What connect_result says later ---------------------------------------------------------- */

static void result_is_success_after_the_peer_has_closed(void)
{
    struct mio_tcp_stream stream;
    char byte;
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(mio_tcp_stream_connect_result(&stream), 0);
    CHECK_EQ(plain_close(peer), 0);
    CHECK(plain_wait(tcp_fd(&stream), PLAIN_IN) & PLAIN_IN);
    CHECK_EQ(mio_tcp_stream_connect_result(&stream), 0);
    CHECK_EQ(mio_tcp_stream_read(&stream, &byte, 1), 0);
    CHECK_EQ(mio_tcp_stream_connect_result(&stream), 0);
    tcp_close(&stream);
}

static void result_is_the_reset_and_then_not_connected(void)
{
    struct mio_tcp_stream stream;
    tcp_need_pending_errors();
    tcp_reset_by_peer(&stream);
    CHECK_EQ(mio_tcp_stream_connect_result(&stream), -ECONNRESET);
    CHECK_EQ(mio_tcp_stream_connect_result(&stream), -ENOTCONN);
    tcp_close(&stream);
}

static void result_of_a_socket_that_never_connected(void)
{
    struct mio_tcp_stream stream;
    mio_fd fd = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
    CHECK_EQ(mio_tcp_stream_from_fd(&stream, fd), 0);
    CHECK_EQ(mio_tcp_stream_connect_result(&stream), -ENOTCONN);
    tcp_close(&stream);
}

static void pending_error_is_taken_once(void)
{
    struct mio_tcp_stream stream;
    tcp_need_pending_errors();
    tcp_reset_by_peer(&stream);
    CHECK_EQ(mio_tcp_stream_take_error(&stream), -ECONNRESET);
    CHECK_EQ(mio_tcp_stream_take_error(&stream), 0);
    tcp_close(&stream);
}

/* ---- Refusals -------------------------------------------------------------------------------- */

static void address_without_family_is_refused(void)
{
    struct mio_tcp_stream stream;
    struct mio_connect_options options = {0};
    struct mio_addr none = {0};
    memset(&stream, 0xa5, sizeof stream);
    CHECK_EQ(mio_tcp_stream_connect(&stream, &none), -EAFNOSUPPORT);
    CHECK_EQ(mio_tcp_stream_take_error(&stream), -EBADF);
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    memset(&stream, 0xa5, sizeof stream);
    CHECK_EQ(mio_tcp_stream_connect_with(&stream, &none, &options), -EAFNOSUPPORT);
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
}

/* A limited broadcast needs SO_BROADCAST, and TCP has none: the system refuses within the call. */
static void error_of_the_system_leaves_a_closed_stream(void)
{
    struct mio_tcp_stream stream;
    struct mio_addr addr = tcp_addr("255.255.255.255:9");
    memset(&stream, 0xa5, sizeof stream);
    int result = mio_tcp_stream_connect(&stream, &addr);
    CHECK(result == -ENETUNREACH || result == -EACCES || result == -EADDRNOTAVAIL);
    CHECK_EQ(mio_tcp_stream_take_error(&stream), -EBADF);
    CHECK(mio_source_fd(&stream.source) == MIO_FD_NONE);
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
}

static void null_arguments_are_invalid(void)
{
    struct mio_tcp_stream stream = {0};
    struct mio_connect_options options = {0};
    struct mio_addr addr = tcp_addr("127.0.0.1:1");
    struct mio_buf buf = {&addr, sizeof addr};
    CHECK_EQ(mio_tcp_stream_connect(NULL, &addr), -EINVAL);
    CHECK_EQ(mio_tcp_stream_connect(&stream, NULL), -EINVAL);
    CHECK_EQ(mio_tcp_stream_connect_with(NULL, &addr, &options), -EINVAL);
    CHECK_EQ(mio_tcp_stream_connect_with(&stream, NULL, &options), -EINVAL);
    CHECK_EQ(mio_tcp_stream_connect_result(NULL), -EINVAL);
    CHECK_EQ(mio_tcp_stream_close(NULL), -EINVAL);
    CHECK_EQ(mio_tcp_stream_read(NULL, &addr, sizeof addr), -EINVAL);
    CHECK_EQ(mio_tcp_stream_readv(NULL, &buf, 1), -EINVAL);
    CHECK_EQ(mio_tcp_stream_peek(NULL, &addr, sizeof addr), -EINVAL);
    CHECK_EQ(mio_tcp_stream_write(NULL, &addr, sizeof addr), -EINVAL);
    CHECK_EQ(mio_tcp_stream_writev(NULL, &buf, 1), -EINVAL);
    CHECK_EQ(mio_tcp_stream_shutdown(NULL, MIO_SHUTDOWN_BOTH), -EINVAL);
    CHECK_EQ(mio_tcp_stream_local_addr(NULL, &addr), -EINVAL);
    CHECK_EQ(mio_tcp_stream_local_addr(&stream, NULL), -EINVAL);
    CHECK_EQ(mio_tcp_stream_peer_addr(NULL, &addr), -EINVAL);
    CHECK_EQ(mio_tcp_stream_peer_addr(&stream, NULL), -EINVAL);
    CHECK_EQ(mio_tcp_stream_nodelay(NULL), -EINVAL);
    CHECK_EQ(mio_tcp_stream_set_nodelay(NULL, true), -EINVAL);
    CHECK_EQ(mio_tcp_stream_ttl(NULL), -EINVAL);
    CHECK_EQ(mio_tcp_stream_set_ttl(NULL, 64), -EINVAL);
    CHECK_EQ(mio_tcp_stream_take_error(NULL), -EINVAL);
    CHECK_EQ(mio_tcp_stream_from_fd(NULL, 0), -EINVAL);
    CHECK(mio_tcp_stream_into_fd(NULL) == MIO_FD_NONE);
}

/* ---- Shutting down --------------------------------------------------------------------------- */

static void shutdown_of_writing_is_the_end_for_the_peer(void)
{
    struct mio_tcp_stream stream;
    char byte = 'x';
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(mio_tcp_stream_shutdown(&stream, MIO_SHUTDOWN_WRITE), 0);
    CHECK_EQ(plain_recv(peer, &byte, 1), 0);
    CHECK_EQ(mio_tcp_stream_write(&stream, &byte, 1), -EPIPE);
    plain_send_all(peer, "y", 1);
    plain_wait(tcp_fd(&stream), PLAIN_IN);
    CHECK_EQ(mio_tcp_stream_read(&stream, &byte, 1), 1);
    CHECK_EQ(byte, 'y');
    CHECK_EQ(plain_close(peer), 0);
    tcp_close(&stream);
}

static void shutdown_of_reading_ends_reads_alone(void)
{
    struct mio_tcp_stream stream;
    char byte;
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(mio_tcp_stream_read(&stream, &byte, 1), -EAGAIN);
    CHECK_EQ(mio_tcp_stream_shutdown(&stream, MIO_SHUTDOWN_READ), 0);
    CHECK_EQ(mio_tcp_stream_read(&stream, &byte, 1), 0);
    CHECK_EQ(mio_tcp_stream_write(&stream, "x", 1), 1);
    plain_recv_all(peer, &byte, 1);
    CHECK_EQ(byte, 'x');
    CHECK_EQ(plain_close(peer), 0);
    tcp_close(&stream);
}

static void shutdown_of_both_ends_both(void)
{
    struct mio_tcp_stream stream;
    char byte = 'x';
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(mio_tcp_stream_shutdown(&stream, MIO_SHUTDOWN_BOTH), 0);
    CHECK_EQ(plain_recv(peer, &byte, 1), 0);
    CHECK_EQ(mio_tcp_stream_read(&stream, &byte, 1), 0);
    CHECK_EQ(mio_tcp_stream_write(&stream, &byte, 1), -EPIPE);
    CHECK(tcp_fd(&stream) != MIO_FD_NONE);
    CHECK_EQ(plain_close(peer), 0);
    tcp_close(&stream);
}

static void shutdown_of_something_else_is_invalid(void)
{
    static const int bad[] = {0, 4, -1, 5, INT32_MAX, INT32_MIN};
    struct mio_tcp_stream stream;
    char byte;
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_EQ(mio_tcp_stream_shutdown(&stream, bad[i]), -EINVAL);
    CHECK_EQ(mio_tcp_stream_write(&stream, "x", 1), 1);
    plain_recv_all(peer, &byte, 1);
    CHECK_EQ(mio_tcp_stream_read(&stream, &byte, 1), -EAGAIN);
    CHECK_EQ(plain_close(peer), 0);
    tcp_close(&stream);
}

static void shutdown_without_a_connection(void)
{
    static const int all[] = {MIO_SHUTDOWN_READ, MIO_SHUTDOWN_WRITE, MIO_SHUTDOWN_BOTH};
    struct mio_tcp_stream stream;
    mio_fd fd = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
    CHECK_EQ(mio_tcp_stream_from_fd(&stream, fd), 0);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        CHECK_EQ(mio_tcp_stream_shutdown(&stream, all[i]), -ENOTCONN);
    tcp_close(&stream);
}

static const struct test_case cases[] = {
    {"connect_is_established_ipv4", connect_is_established_ipv4, TEST_ANY_MODE},
    {"connect_is_established_ipv6", connect_is_established_ipv6, TEST_ANY_MODE},
    {"refused_connect_is_reported_and_then_not_connected",
     refused_connect_is_reported_and_then_not_connected, TEST_ANY_MODE},
    {"refused_connect_gives_its_error_once", refused_connect_gives_its_error_once, 0},
    {"connect_under_way_is_in_progress", connect_under_way_is_in_progress, 0},
    {"result_is_success_after_the_peer_has_closed", result_is_success_after_the_peer_has_closed, 0},
    {"result_is_the_reset_and_then_not_connected", result_is_the_reset_and_then_not_connected, 0},
    {"result_of_a_socket_that_never_connected", result_of_a_socket_that_never_connected, 0},
    {"pending_error_is_taken_once", pending_error_is_taken_once, 0},
    {"address_without_family_is_refused", address_without_family_is_refused, 0},
    {"error_of_the_system_leaves_a_closed_stream", error_of_the_system_leaves_a_closed_stream, 0},
    {"null_arguments_are_invalid", null_arguments_are_invalid, 0},
    {"shutdown_of_writing_is_the_end_for_the_peer", shutdown_of_writing_is_the_end_for_the_peer, 0},
    {"shutdown_of_reading_ends_reads_alone", shutdown_of_reading_ends_reads_alone, 0},
    {"shutdown_of_both_ends_both", shutdown_of_both_ends_both, 0},
    {"shutdown_of_something_else_is_invalid", shutdown_of_something_else_is_invalid, 0},
    {"shutdown_without_a_connection", shutdown_without_a_connection, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_tcp_stream = {"tcp_stream", cases};
