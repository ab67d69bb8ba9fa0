/* Closing, what it is for the peer, and what closed objects say. */
#include "tcp/tcp_util.h"

/* ---- Closing --------------------------------------------------------------------------------- */

static void close_of_a_listener_deregisters_and_refuses(void)
{
    struct mio_poll poll;
    struct mio_tcp_listener listener;
    struct mio_addr addr;
    test_poll_init(&poll);
    test_listen(&listener, &addr);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &listener.source, 7,
                          MIO_READABLE | test_config.mode),
             0);
    mio_fd client = test_client(&addr);
    plain_wait(mio_source_fd(&listener.source), PLAIN_IN);
    mio_fd duplicate = plain_duplicate(mio_source_fd(&listener.source));
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    test_expect_no_event(&poll);
    CHECK_EQ(plain_close(duplicate), 0);
    CHECK(plain_wait(client, PLAIN_IN) & PLAIN_HANGUP);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void close_is_the_end_for_the_peer(void)
{
    struct mio_poll poll;
    struct mio_tcp_stream stream;
    char byte;
    mio_fd peer;
    test_poll_init(&poll);
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(
        mio_register(mio_poll_registry(&poll), &stream.source, 7, MIO_WRITABLE | test_config.mode),
        0);
    CHECK_EQ(mio_tcp_stream_write(&stream, "x", 1), 1);
    tcp_close(&stream);
    CHECK_EQ(plain_recv(peer, &byte, 1), 1);
    CHECK_EQ(plain_recv(peer, &byte, 1), 0);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void close_with_unread_data_resets(void)
{
    struct mio_tcp_stream stream;
    char byte;
    mio_fd peer;
    tcp_need_errors_of_reads();
    test_tcp_pair(&stream, &peer);
    plain_send_all(peer, "x", 1);
    plain_wait(tcp_fd(&stream), PLAIN_IN);
    tcp_close(&stream);
    CHECK_EQ(plain_recv(peer, &byte, 1), -ECONNRESET);
    CHECK_EQ(plain_close(peer), 0);
}

/* ---- Closed objects -------------------------------------------------------------------------- */

static void check_closed_stream(struct mio_tcp_stream *stream)
{
    struct mio_addr addr;
    char byte = 'x';
    struct mio_buf buf = {&byte, 1};
    CHECK_EQ(mio_tcp_stream_connect_result(stream), -EBADF);
    CHECK_EQ(mio_tcp_stream_read(stream, &byte, 1), -EBADF);
    CHECK_EQ(mio_tcp_stream_readv(stream, &buf, 1), -EBADF);
    CHECK_EQ(mio_tcp_stream_peek(stream, &byte, 1), -EBADF);
    CHECK_EQ(mio_tcp_stream_write(stream, &byte, 1), -EBADF);
    CHECK_EQ(mio_tcp_stream_writev(stream, &buf, 1), -EBADF);
    CHECK_EQ(mio_tcp_stream_shutdown(stream, MIO_SHUTDOWN_BOTH), -EBADF);
    CHECK_EQ(mio_tcp_stream_local_addr(stream, &addr), -EBADF);
    CHECK_EQ(mio_tcp_stream_peer_addr(stream, &addr), -EBADF);
    CHECK_EQ(mio_tcp_stream_nodelay(stream), -EBADF);
    CHECK_EQ(mio_tcp_stream_set_nodelay(stream, true), -EBADF);
    CHECK_EQ(mio_tcp_stream_ttl(stream), -EBADF);
    CHECK_EQ(mio_tcp_stream_set_ttl(stream, 64), -EBADF);
    CHECK_EQ(mio_tcp_stream_take_error(stream), -EBADF);
    CHECK(mio_tcp_stream_into_fd(stream) == MIO_FD_NONE);
    CHECK(mio_source_fd(&stream->source) == MIO_FD_NONE);
    CHECK(!mio_source_is_registered(&stream->source));
    CHECK_EQ(mio_tcp_stream_close(stream), 0);
    CHECK_EQ(mio_tcp_stream_close(stream), 0);
}

static void check_closed_listener(struct mio_tcp_listener *listener)
{
    struct mio_tcp_stream stream;
    struct mio_addr addr;
    CHECK_EQ(mio_tcp_listener_accept(listener, &stream, &addr), -EBADF);
    CHECK_EQ(mio_tcp_listener_local_addr(listener, &addr), -EBADF);
    CHECK_EQ(mio_tcp_listener_ttl(listener), -EBADF);
    CHECK_EQ(mio_tcp_listener_set_ttl(listener, 64), -EBADF);
    CHECK_EQ(mio_tcp_listener_take_error(listener), -EBADF);
    CHECK(mio_tcp_listener_into_fd(listener) == MIO_FD_NONE);
    CHECK(mio_source_fd(&listener->source) == MIO_FD_NONE);
    CHECK(!mio_source_is_registered(&listener->source));
    CHECK_EQ(mio_tcp_listener_close(listener), 0);
    CHECK_EQ(mio_tcp_listener_close(listener), 0);
}

static void check_closed_in_a_poll(struct mio_source *source)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK_EQ(mio_register(registry, source, 7, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_reregister(registry, source, 7, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_deregister(registry, source), -EBADF);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void zeroed_objects_are_closed(void)
{
    struct mio_tcp_stream stream = {0};
    struct mio_tcp_listener listener = {0};
    check_closed_stream(&stream);
    check_closed_in_a_poll(&stream.source);
    check_closed_listener(&listener);
    check_closed_in_a_poll(&listener.source);
}

static void closed_objects_stay_closed(void)
{
    struct mio_tcp_stream stream;
    struct mio_tcp_listener listener;
    struct mio_addr addr;
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    tcp_close(&stream);
    check_closed_stream(&stream);
    check_closed_in_a_poll(&stream.source);
    CHECK_EQ(plain_close(peer), 0);
    test_listen(&listener, &addr);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    check_closed_listener(&listener);
    check_closed_in_a_poll(&listener.source);
}

static const struct test_case cases[] = {
    {"close_of_a_listener_deregisters_and_refuses", close_of_a_listener_deregisters_and_refuses,
     TEST_ANY_MODE},
    {"close_is_the_end_for_the_peer", close_is_the_end_for_the_peer, TEST_ANY_MODE},
    {"close_with_unread_data_resets", close_with_unread_data_resets, 0},
    {"zeroed_objects_are_closed", zeroed_objects_are_closed, 0},
    {"closed_objects_stay_closed", closed_objects_stay_closed, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_tcp_closed = {"tcp_closed", cases};
