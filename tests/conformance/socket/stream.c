/* mio_stream_...: the calls for streams of either kind, and which sources they take. */
#include "queue/queue_util.h"
#include "tcp/tcp_util.h"
#include "udp/udp_util.h"

#include <string.h>

static void check_refused(struct mio_source *source, int expected)
{
    char byte;
    const struct mio_buf list = {&byte, 1};
    CHECK_EQ(mio_stream_read(source, &byte, 1), expected);
    CHECK_EQ(mio_stream_readv(source, &list, 1), expected);
    CHECK_EQ(mio_stream_peek(source, &byte, 1), expected);
    CHECK_EQ(mio_stream_write(source, "x", 1), expected);
    CHECK_EQ(mio_stream_writev(source, &list, 1), expected);
    CHECK_EQ(mio_stream_shutdown(source, MIO_SHUTDOWN_WRITE), expected);
    CHECK_EQ(mio_stream_take_error(source), expected);
}

static void check_is_no_stream(struct mio_source *source)
{
    check_refused(source, -EINVAL);
    CHECK_EQ(mio_stream_close(source), -EINVAL);
    CHECK(mio_source_fd(source) != MIO_FD_NONE || source->ops);
}

/* Every call, on two ends that are connected with each other. */
static void use(struct mio_source *a, struct mio_source *b)
{
    char buf[8];
    const struct mio_buf out[] = {{(void *)"ab", 2}, {(void *)"cd", 2}};
    const struct mio_buf in[] = {{buf, 1}, {buf + 1, 7}};
    CHECK_EQ(mio_stream_write(a, "1234", 4), 4);
    CHECK(plain_wait(mio_source_fd(b), PLAIN_IN));
    CHECK_EQ(mio_stream_peek(b, buf, 1), 1);
    CHECK_EQ(mio_stream_read(b, buf, sizeof buf), 4);
    CHECK(memcmp(buf, "1234", 4) == 0);
    CHECK_EQ(mio_stream_read(b, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(mio_stream_writev(b, out, 2), 4);
    CHECK(plain_wait(mio_source_fd(a), PLAIN_IN));
    CHECK_EQ(mio_stream_readv(a, in, 2), 4);
    CHECK(memcmp(buf, "abcd", 4) == 0);
    CHECK_EQ(mio_stream_take_error(a), 0);
    /* These calls refuse what the typed calls refuse. */
    CHECK_EQ(mio_stream_read(a, buf, 0), -EINVAL);
    CHECK_EQ(mio_stream_write(a, NULL, 1), -EINVAL);
    CHECK_EQ(mio_stream_readv(a, in, 0), -EINVAL);
    CHECK_EQ(mio_stream_shutdown(a, 0), -EINVAL);
    CHECK_EQ(mio_stream_shutdown(a, MIO_SHUTDOWN_WRITE), 0);
    CHECK_EQ(mio_stream_write(a, "x", 1), -EPIPE);
    CHECK(plain_wait(mio_source_fd(b), PLAIN_IN));
    CHECK_EQ(mio_stream_read(b, buf, sizeof buf), 0);
    CHECK_EQ(mio_stream_close(a), 0);
    CHECK_EQ(mio_stream_close(b), 0);
    CHECK_EQ(mio_stream_close(a), 0);
    check_refused(a, -EBADF);
}

static void tcp_streams_are_streams(void)
{
    struct mio_tcp_stream client, server, taken;
    tcp_pair("127.0.0.1:0", &client, &server); /* one connected, one accepted */
    use(&client.source, &server.source);
    tcp_pair("127.0.0.1:0", &client, &server);
    CHECK_EQ(mio_tcp_stream_from_fd(&taken, mio_tcp_stream_into_fd(&client)), 0);
    use(&taken.source, &server.source);
}

static void unix_streams_are_streams(void)
{
    struct mio_unix_stream client, server, taken;
    struct mio_unix_listener listener;
    test_need_unix_pair(PLAIN_STREAM);
    struct mio_addr addr = plain_fresh_name();
    CHECK_EQ(mio_unix_stream_pair(&client, &server), 0);
    use(&client.source, &server.source);
    CHECK_EQ(mio_unix_listener_bind(&listener, &addr), 0);
    CHECK_EQ(mio_unix_stream_connect(&client, &addr), 0);
    CHECK_EQ(mio_unix_listener_accept(&listener, &server, NULL), 0);
    CHECK_EQ(mio_unix_stream_from_fd(&taken, mio_unix_stream_into_fd(&client)), 0);
    use(&taken.source, &server.source);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
}

static void unix_datagrams_are_no_streams(void)
{
    struct mio_unix_datagram a, b;
    test_need_unix_pair(PLAIN_DATAGRAM);
    CHECK_EQ(mio_unix_datagram_pair(&a, &b), 0);
    check_is_no_stream(&a.source);
    CHECK_EQ(mio_unix_datagram_close(&a), 0);
    CHECK_EQ(mio_unix_datagram_close(&b), 0);
}

#if MIO_HAS_PIPES
static void pipes_are_no_streams(void)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    check_is_no_stream(&sender.source);
    check_is_no_stream(&receiver.source);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
}
#endif

static void other_sources_are_no_streams(void)
{
    struct mio_tcp_listener listener;
    struct mio_udp_socket udp;
    struct mio_addr addr;
    struct mio_source raw;
    test_listen(&listener, &addr);
    check_is_no_stream(&listener.source);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    udp_open(&udp, "127.0.0.1:0", NULL);
    check_is_no_stream(&udp.source);
    udp_close(&udp);
    mio_fd fd = queue_loop(&raw, false);
    check_is_no_stream(&raw);
    CHECK_EQ(plain_close(fd), 0);
    check_refused(NULL, -EINVAL);
    CHECK_EQ(mio_stream_close(NULL), -EINVAL);
}

/* Being a stream lasts through registrations and their end. */
static void registration_changes_no_kind(void)
{
    struct mio_poll poll;
    struct mio_unix_stream a, b;
    test_need_unix_pair(PLAIN_STREAM);
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK_EQ(mio_unix_stream_pair(&a, &b), 0);
    CHECK_EQ(mio_register(registry, &a.source, 1, MIO_READABLE | test_config.mode), 0);
    CHECK_EQ(mio_stream_write(&a.source, "x", 1), 1);
    CHECK_EQ(mio_deregister(registry, &a.source), 0);
    CHECK_EQ(mio_register(registry, &b.source, 2, MIO_READABLE | test_config.mode), 0);
    test_expect_readiness(&poll, 2, MIO_READABLE);
    char byte;
    CHECK_EQ(mio_stream_read(&b.source, &byte, 1), 1);
    use(&a.source, &b.source); /* closes both, the registered one too */
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static const struct test_case cases[] = {
    {"tcp_streams_are_streams", tcp_streams_are_streams, 0},
    {"unix_streams_are_streams", unix_streams_are_streams, 0},
    {"unix_datagrams_are_no_streams", unix_datagrams_are_no_streams, 0},
#if MIO_HAS_PIPES
    {"pipes_are_no_streams", pipes_are_no_streams, 0},
#endif
    {"other_sources_are_no_streams", other_sources_are_no_streams, 0},
    {"registration_changes_no_kind", registration_changes_no_kind, TEST_ANY_MODE},
    {NULL, NULL, 0},
};

const struct test_suite suite_stream = {"stream", cases};
