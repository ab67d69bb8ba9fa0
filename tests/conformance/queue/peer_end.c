/*
 * MIO_READ_CLOSED as an interest by itself: a program that has stopped reading learns that its peer
 * is gone, unread data or not.
 */
#include "queue/queue_util.h"
#ifndef MIO_NO_NET
#include "udp/udp_util.h"
#endif

enum { TOKEN = 7 };

struct watched {
    struct mio_poll poll;
    struct channel channel;
};

/* A kqueue can keep data from being told again and again on sockets only, and on some systems. */
static void need_end_of_pipes(struct watched *watched)
{
    struct mio_registry *registry = mio_poll_registry(&watched->poll);
    int result =
        mio_register(registry, watched->channel.source, TOKEN, MIO_READ_CLOSED | test_config.mode);
    if (result == 0) {
        CHECK_EQ(mio_deregister(registry, watched->channel.source), 0);
        return;
    }
    CHECK_EQ(result, -ENOTSUP);
    CHECK(queue_is_kqueue(&watched->poll));
    CHECK(test_config.mode != MIO_EDGE);
    channel_close(&watched->channel, registry);
    CHECK_EQ(mio_poll_close(&watched->poll), 0);
    SKIP("this kqueue cannot watch the end of such a source alone in this mode");
}

/* The channel has unread data from the start, which is not reported. */
static void watched_open(struct watched *watched, enum channel_kind kind, mio_interest interest)
{
    test_poll_init(&watched->poll);
    if (!(mio_poll_features(&watched->poll) & MIO_READ_CLOSED)) {
        mio_poll_close(&watched->poll);
        SKIP("this backend cannot watch the peer's end alone");
    }
    channel_open(&watched->channel, kind);
    channel_send(&watched->channel, "data", 4);
    channel_await_bytes(&watched->channel, 4);
    need_end_of_pipes(watched);
    CHECK_EQ(mio_register(mio_poll_registry(&watched->poll), watched->channel.source, TOKEN,
                          interest | test_config.mode),
             0);
}

static void watched_close(struct watched *watched)
{
    channel_close(&watched->channel, mio_poll_registry(&watched->poll));
    CHECK_EQ(mio_poll_close(&watched->poll), 0);
}

static void again(struct watched *watched, mio_interest interest)
{
    CHECK_EQ(mio_reregister(mio_poll_registry(&watched->poll), watched->channel.source, TOKEN,
                            interest | test_config.mode),
             0);
}

/* Level mode reports it in every wait, the others once. */
static void check_told_as_the_mode_says(struct watched *watched)
{
    for (int i = 0; i < 3; i++) {
        if (i == 0 || test_config.mode == MIO_LEVEL)
            CHECK(test_expect_event(&watched->poll, TOKEN) & MIO_READ_CLOSED);
        else
            queue_expect_sleep(&watched->poll);
    }
}

static void end_alone_is_told_beside_unread_data(enum channel_kind kind)
{
    struct watched watched;
    watched_open(&watched, kind, MIO_READ_CLOSED);
    queue_expect_sleep(&watched.poll);
    channel_send(&watched.channel, "more", 4);
    channel_await_bytes(&watched.channel, 8);
    test_expect_no_event(&watched.poll);
    channel_finish(&watched.channel);
    check_told_as_the_mode_says(&watched);
    /* It changes nothing for reading: all the data is there, and can be asked for. */
    again(&watched, MIO_READABLE);
    CHECK(test_expect_event(&watched.poll, TOKEN) & MIO_READABLE);
    char buf[16];
    CHECK_EQ(channel_read(&watched.channel, buf, sizeof buf), 8);
    CHECK_EQ(channel_read(&watched.channel, buf, sizeof buf), 0);
    watched_close(&watched);
}
DEFINE_CASES(EACH_FD_STREAM, end_alone_is_told_beside_unread_data)

static void end_before_registration_is_told(enum channel_kind kind)
{
    struct watched watched;
    watched_open(&watched, kind, MIO_READABLE);
    channel_finish(&watched.channel);
    channel_await_end(&watched.channel);
    for (int i = 0; i < 2; i++) {
        again(&watched, MIO_READ_CLOSED);
        check_told_as_the_mode_says(&watched);
    }
    watched_close(&watched);
}
DEFINE_CASES(EACH_FD_STREAM, end_before_registration_is_told)

static void hang_up_sets_the_end(enum channel_kind kind)
{
    struct watched watched;
    watched_open(&watched, kind, MIO_READ_CLOSED);
    channel_reset(&watched.channel);
    check_told_as_the_mode_says(&watched);
    watched_close(&watched);
}
DEFINE_CASES(EACH_STREAM_SOCKET, hang_up_sets_the_end)

/* In edge mode the end is told once, and a hang-up after it once more. */
static void hang_up_after_the_end_is_told(enum channel_kind kind)
{
    struct watched watched;
    channel_need_told_shutdown(kind);
    watched_open(&watched, kind, MIO_READ_CLOSED);
    channel_finish(&watched.channel);
    CHECK(test_expect_event(&watched.poll, TOKEN) & MIO_READ_CLOSED);
    channel_shutdown(&watched.channel, PLAIN_WRITES);
    CHECK(test_expect_event(&watched.poll, TOKEN) &
          (queue_is_kqueue(&watched.poll) ? MIO_READ_CLOSED : MIO_WRITE_CLOSED));
    queue_expect_sleep(&watched.poll);
    watched_close(&watched);
}
DEFINE_CASES(EACH_STREAM_SOCKET, hang_up_after_the_end_is_told)

static void end_goes_beside_writable(enum channel_kind kind)
{
    struct watched watched;
    watched_open(&watched, kind, MIO_READ_CLOSED | MIO_WRITABLE);
    CHECK_EQ(test_expect_event(&watched.poll, TOKEN), MIO_WRITABLE);
    if (test_config.mode & MIO_ONESHOT)
        again(&watched, MIO_READ_CLOSED | MIO_WRITABLE);
    channel_finish(&watched.channel);
    test_expect_readiness(&watched.poll, TOKEN, MIO_READ_CLOSED);
    watched_close(&watched);
}
DEFINE_CASES(EACH_STREAM_SOCKET, end_goes_beside_writable)

#ifndef MIO_NO_NET
static void error_alone_is_no_end(void)
{
    struct mio_poll poll;
    struct mio_udp_socket socket;
    struct mio_addr addr;
    queue_need_feature(MIO_READ_CLOSED);
    queue_need_datagram_errors();
    test_poll_init(&poll);
    mio_fd holder = udp_refusing("127.0.0.1:0", &addr);
    udp_open(&socket, "127.0.0.1:0", NULL);
    CHECK_EQ(mio_udp_socket_connect(&socket, &addr), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &socket.source, TOKEN,
                          MIO_READ_CLOSED | test_config.mode),
             0);
    test_expect_no_event(&poll);
    udp_be_refused(&socket);
    uint32_t told = test_expect_event(&poll, TOKEN);
    CHECK(told & MIO_ERROR);
    CHECK(!(told & MIO_READ_CLOSED));
    udp_close(&socket);
    CHECK_EQ(plain_close(holder), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* Where edges are emulated as well: an error that was taken makes room for the next one. */
static void next_error_is_told_after_take_error(void)
{
    struct mio_poll poll;
    struct mio_udp_socket socket;
    struct mio_addr addr;
    queue_need_datagram_errors();
    test_poll_init(&poll);
    mio_fd holder = udp_refusing("127.0.0.1:0", &addr);
    udp_open(&socket, "127.0.0.1:0", NULL);
    CHECK_EQ(mio_udp_socket_connect(&socket, &addr), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &socket.source, TOKEN, MIO_WRITABLE), 0);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_WRITABLE);
    for (int i = 0; i < 3; i++) {
        udp_be_refused(&socket);
        test_expect_readiness(&poll, TOKEN, MIO_ERROR);
        CHECK_EQ(mio_udp_socket_take_error(&socket), -ECONNREFUSED);
        CHECK_EQ(mio_udp_socket_take_error(&socket), 0);
        queue_expect_sleep(&poll);
    }
    udp_close(&socket);
    CHECK_EQ(plain_close(holder), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}
#endif

static const struct test_case cases[] = {
    /* clang-format off */
    CASES(EACH_FD_STREAM, end_alone_is_told_beside_unread_data, TEST_ANY_MODE)
    CASES(EACH_FD_STREAM, end_before_registration_is_told, TEST_ANY_MODE)
    CASES(EACH_STREAM_SOCKET, hang_up_sets_the_end, TEST_ANY_MODE)
    CASES(EACH_STREAM_SOCKET, hang_up_after_the_end_is_told, TEST_EDGE)
    CASES(EACH_STREAM_SOCKET, end_goes_beside_writable, TEST_ANY_MODE)
#ifndef MIO_NO_NET
    {"error_alone_is_no_end", error_alone_is_no_end, TEST_ANY_MODE},
    {"next_error_is_told_after_take_error", next_error_is_told_after_take_error, TEST_EDGE},
#endif
    {NULL, NULL, 0},
    /* clang-format on */
};

const struct test_suite suite_peer_end = {"peer_end", cases};
