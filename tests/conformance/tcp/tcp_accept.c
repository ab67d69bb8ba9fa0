/* Accepting: what comes out, what an empty queue says, and running out of descriptors. */
#include "tcp/tcp_util.h"

#include <string.h>

/* ---- What comes out -------------------------------------------------------------------------- */

static void check_accepted(const char *text)
{
    struct mio_tcp_listener listener;
    struct mio_tcp_stream stream;
    struct mio_addr addr = tcp_addr(text), peer = {0}, wanted, seen;
    CHECK_EQ(mio_tcp_listener_bind(&listener, &addr), 0);
    CHECK_EQ(mio_tcp_listener_local_addr(&listener, &addr), 0);
    mio_fd client = test_client(&addr);
    memset(&stream, 0xa5, sizeof stream);
    tcp_accept(&listener, &stream, &peer);
    wanted = plain_name(client);
    CHECK(mio_addr_equal(&peer, &wanted));
    CHECK_EQ(mio_tcp_stream_peer_addr(&stream, &seen), 0);
    CHECK(mio_addr_equal(&seen, &wanted));
    CHECK_EQ(mio_tcp_stream_local_addr(&stream, &seen), 0);
    CHECK(mio_addr_equal(&seen, &addr));
    CHECK(test_is_nonblocking(tcp_fd(&stream)));
    CHECK(test_is_cloexec(tcp_fd(&stream)));
    CHECK_EQ(mio_tcp_stream_connect_result(&stream), 0);
    CHECK_EQ(mio_tcp_stream_take_error(&stream), 0);
    CHECK(!mio_source_is_registered(&stream.source));
    tcp_close(&stream);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

static void accepted_stream_is_complete_ipv4(void)
{
    check_accepted("127.0.0.1:0");
}

static void accepted_stream_is_complete_ipv6(void)
{
    tcp_need_ipv6();
    check_accepted("[::1]:0");
}

static void peer_address_is_optional(void)
{
    struct mio_tcp_listener listener;
    struct mio_tcp_stream stream;
    struct mio_addr addr;
    test_listen(&listener, &addr);
    mio_fd client = test_client(&addr);
    tcp_accept(&listener, &stream, NULL);
    tcp_close(&stream);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

static void empty_queue_is_eagain(void)
{
    struct mio_tcp_listener listener;
    struct mio_tcp_stream stream;
    struct mio_addr addr;
    test_listen(&listener, &addr);
    memset(&stream, 0xa5, sizeof stream);
    CHECK_EQ(mio_tcp_listener_accept(&listener, &stream, NULL), -EAGAIN);
    CHECK_EQ(mio_tcp_stream_take_error(&stream), -EBADF);
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    mio_fd client = test_client(&addr);
    tcp_accept(&listener, &stream, NULL);
    tcp_close(&stream);
    memset(&stream, 0xa5, sizeof stream);
    CHECK_EQ(mio_tcp_listener_accept(&listener, &stream, NULL), -EAGAIN);
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

static void accept_on_a_closed_listener_closes_the_stream_too(void)
{
    struct mio_tcp_listener listener = {0};
    struct mio_tcp_stream stream;
    memset(&stream, 0xa5, sizeof stream);
    CHECK_EQ(mio_tcp_listener_accept(&listener, &stream, NULL), -EBADF);
    CHECK_EQ(mio_tcp_stream_take_error(&stream), -EBADF);
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
}

/* Both connections are there before the first accept; each client is told by what it sends. */
static void two_waiting_connections_are_both_accepted(void)
{
    struct mio_tcp_listener listener;
    struct mio_tcp_stream streams[2];
    struct mio_addr addr, peers[2], name;
    mio_fd clients[2];
    char byte;
    test_listen(&listener, &addr);
    for (int i = 0; i < 2; i++) {
        clients[i] = test_client(&addr);
        plain_send_all(clients[i], i == 0 ? "a" : "b", 1);
    }
    for (int i = 0; i < 2; i++)
        tcp_accept(&listener, &streams[i], &peers[i]);
    for (int i = 0; i < 2; i++) {
        plain_wait(tcp_fd(&streams[i]), PLAIN_IN);
        CHECK_EQ(mio_tcp_stream_read(&streams[i], &byte, 1), 1);
        CHECK(byte == 'a' || byte == 'b');
        name = plain_name(clients[byte - 'a']);
        CHECK(mio_addr_equal(&peers[i], &name));
    }
    CHECK(!mio_addr_equal(&peers[0], &peers[1]));
    struct mio_tcp_stream none;
    CHECK_EQ(mio_tcp_listener_accept(&listener, &none, NULL), -EAGAIN);
    for (int i = 0; i < 2; i++) {
        tcp_close(&streams[i]);
        CHECK_EQ(plain_close(clients[i]), 0);
    }
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

/* A client that is gone before the accept is an accepted stream at its end, or no connection. */
static void connection_that_was_reset_while_waiting(void)
{
    struct mio_tcp_listener listener;
    struct mio_tcp_stream stream;
    struct mio_addr addr;
    char byte;
    tcp_need_errors_of_reads();
    test_listen(&listener, &addr);
    mio_fd client = test_client(&addr);
    plain_wait(mio_source_fd(&listener.source), PLAIN_IN);
    plain_reset_on_close(client);
    CHECK_EQ(plain_close(client), 0);
    int result = mio_tcp_listener_accept(&listener, &stream, NULL);
    if (result == 0) {
        plain_wait(tcp_fd(&stream), PLAIN_IN);
        CHECK_EQ(mio_tcp_stream_read(&stream, &byte, 1), -ECONNRESET);
        tcp_close(&stream);
    } else {
        CHECK(result == -EAGAIN || mio_accept_should_continue(result));
    }
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

/* ---- Events ---------------------------------------------------------------------------------- */

static void rearm(struct mio_poll *poll, struct mio_source *source, mio_interest interest)
{
    if (test_config.mode & MIO_ONESHOT)
        CHECK_EQ(mio_reregister(mio_poll_registry(poll), source, 7, interest), 0);
}

static void each_connection_after_a_drain_is_reported(void)
{
    const mio_interest interest = MIO_READABLE | test_config.mode;
    struct mio_poll poll;
    struct mio_tcp_listener listener;
    struct mio_tcp_stream stream;
    struct mio_addr addr;
    test_poll_init(&poll);
    test_listen(&listener, &addr);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &listener.source, 7, interest), 0);
    test_expect_no_event(&poll);
    for (int i = 0; i < 3; i++) {
        mio_fd client = test_client(&addr);
        CHECK(test_expect_event(&poll, 7) & MIO_READABLE);
        CHECK_EQ(mio_tcp_listener_accept(&listener, &stream, NULL), 0);
        tcp_close(&stream);
        CHECK_EQ(mio_tcp_listener_accept(&listener, &stream, NULL), -EAGAIN);
        CHECK_EQ(plain_close(client), 0);
        rearm(&poll, &listener.source, interest);
        test_expect_no_event(&poll);
    }
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void accept_works_after_deregister_without_events(void)
{
    struct mio_poll poll;
    struct mio_tcp_listener listener;
    struct mio_tcp_stream stream;
    struct mio_addr addr;
    test_poll_init(&poll);
    test_listen(&listener, &addr);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &listener.source, 7,
                          MIO_READABLE | test_config.mode),
             0);
    mio_fd client = test_client(&addr);
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &listener.source), 0);
    test_expect_no_event(&poll);
    tcp_accept(&listener, &stream, NULL);
    tcp_close(&stream);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* ---- Running out ----------------------------------------------------------------------------- */

static void accept_without_descriptors(void)
{
    int open_before = test_open_descriptors();
    const mio_interest interest = MIO_READABLE | test_config.mode;
    struct mio_poll poll;
    struct mio_tcp_listener listener;
    struct mio_tcp_stream stream;
    struct mio_addr addr, peer;
    test_poll_init(&poll);
    test_listen(&listener, &addr);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &listener.source, 7, interest), 0);
    mio_fd client = test_client(&addr);
    CHECK(test_expect_event(&poll, 7) & MIO_READABLE);

    descriptors_leave(0);
    for (int i = 0; i < 3; i++) {
        memset(&stream, 0xa5, sizeof stream);
        int error = mio_tcp_listener_accept(&listener, &stream, &peer);
        CHECK_EQ(error, -EMFILE);
        CHECK(!mio_accept_should_continue(error));
        CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    }
    /* The connection still waits. Edges are silent about it; reregister brings the event back. */
    if (test_config.mode != MIO_LEVEL)
        test_expect_no_event(&poll);
    CHECK_EQ(mio_reregister(mio_poll_registry(&poll), &listener.source, 7, interest), 0);
    CHECK(test_expect_event(&poll, 7) & MIO_READABLE);
    CHECK_EQ(mio_tcp_listener_accept(&listener, &stream, &peer), -EMFILE);
    descriptors_give_back();

    CHECK_EQ(mio_tcp_listener_accept(&listener, &stream, &peer), 0);
    tcp_close(&stream);
    CHECK_EQ(mio_tcp_listener_accept(&listener, &stream, &peer), -EAGAIN);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(test_open_descriptors(), open_before);
}

static void accept_without_descriptors_keeps_the_listener_usable(void)
{
    if (test_under_valgrind())
        SKIP("valgrind accepts first, looks at the limit then, and drops the connection");
    test_in_child(accept_without_descriptors);
}

static void open_without_descriptors(void)
{
    int open_before = test_open_descriptors();
    struct mio_tcp_listener listener, second;
    struct mio_tcp_stream stream;
    struct mio_addr any = tcp_addr("127.0.0.1:0"), addr;
    test_listen(&listener, &addr);
    descriptors_leave(0);
    memset(&second, 0xa5, sizeof second);
    memset(&stream, 0xa5, sizeof stream);
    CHECK_EQ(mio_tcp_listener_bind(&second, &any), -EMFILE);
    CHECK_EQ(mio_tcp_stream_connect(&stream, &addr), -EMFILE);
    CHECK_EQ(mio_tcp_listener_close(&second), 0);
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    descriptors_give_back();
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    CHECK_EQ(test_open_descriptors(), open_before);
}

static void bind_and_connect_without_descriptors(void)
{
    test_in_child(open_without_descriptors);
}

/* ---- Which errors concern one connection ----------------------------------------------------- */

static void should_continue_table(void)
{
    static const int go_on[] = {ECONNABORTED,
                                EINTR,
                                EPROTO,
                                ETIMEDOUT,
                                ENETDOWN,
                                ENETUNREACH,
                                EHOSTUNREACH
#ifdef EHOSTDOWN
                                ,
                                EHOSTDOWN
#endif
    };
    static const int stop[] = {0,      EAGAIN, EMFILE,   ENFILE, ENOBUFS, ENOMEM, EBADF,
                               EINVAL, EFAULT, ENOTSOCK, EIO,    EACCES,  EPERM,  12345};
    for (size_t i = 0; i < sizeof go_on / sizeof go_on[0]; i++)
        if (!mio_accept_should_continue(-go_on[i]))
            test_fail(__FILE__, __LINE__, "stops at %s", mio_error_name(go_on[i]));
    for (size_t i = 0; i < sizeof stop / sizeof stop[0]; i++)
        if (mio_accept_should_continue(-stop[i]))
            test_fail(__FILE__, __LINE__, "goes on after %s", mio_error_name(stop[i]));
    CHECK(!mio_accept_should_continue(INT32_MIN));
}

static const struct test_case cases[] = {
    {"accepted_stream_is_complete_ipv4", accepted_stream_is_complete_ipv4, 0},
    {"accepted_stream_is_complete_ipv6", accepted_stream_is_complete_ipv6, 0},
    {"peer_address_is_optional", peer_address_is_optional, 0},
    {"empty_queue_is_eagain", empty_queue_is_eagain, 0},
    {"accept_on_a_closed_listener_closes_the_stream_too",
     accept_on_a_closed_listener_closes_the_stream_too, 0},
    {"two_waiting_connections_are_both_accepted", two_waiting_connections_are_both_accepted, 0},
    {"connection_that_was_reset_while_waiting", connection_that_was_reset_while_waiting, 0},
    {"each_connection_after_a_drain_is_reported", each_connection_after_a_drain_is_reported,
     TEST_ANY_MODE},
    {"accept_works_after_deregister_without_events", accept_works_after_deregister_without_events,
     TEST_ANY_MODE},
    {"accept_without_descriptors_keeps_the_listener_usable",
     accept_without_descriptors_keeps_the_listener_usable, TEST_ANY_MODE},
    {"bind_and_connect_without_descriptors", bind_and_connect_without_descriptors, 0},
    {"should_continue_table", should_continue_table, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_tcp_accept = {"tcp_accept", cases};
