/*
 * MIO_READ_CLOSED as an interest by itself: a program that has stopped reading learns that its peer
 * is gone, unread data or not.
 */
#define _GNU_SOURCE 1
#include "suites.h"
#include "support.h"
#ifndef MIO_NO_NET
#include "udp_util.h"
#endif

#include <linux/net_tstamp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

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
    CHECK(support_is_kqueue(&watched->poll));
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
            support_expect_sleep(&watched->poll);
    }
}

static void end_alone_is_told_beside_unread_data(enum channel_kind kind)
{
    struct watched watched;
    watched_open(&watched, kind, MIO_READ_CLOSED);
    support_expect_sleep(&watched.poll);
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
DEFINE_CASES(EACH_STREAM, end_alone_is_told_beside_unread_data)

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
DEFINE_CASES(EACH_STREAM, end_before_registration_is_told)

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
    watched_open(&watched, kind, MIO_READ_CLOSED);
    channel_finish(&watched.channel);
    CHECK(test_expect_event(&watched.poll, TOKEN) & MIO_READ_CLOSED);
    CHECK_EQ(shutdown(watched.channel.fd, SHUT_WR), 0);
    CHECK(test_expect_event(&watched.poll, TOKEN) &
          (support_is_kqueue(&watched.poll) ? MIO_READ_CLOSED : MIO_WRITE_CLOSED));
    support_expect_sleep(&watched.poll);
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
    support_need_datagram_errors();
    test_poll_init(&poll);
    int holder = udp_refusing("127.0.0.1:0", &addr);
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
    CHECK_EQ(close(holder), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* Time stamps of what is sent come by the error queue, which reports an error while it has one. */
static void empty_error_queue(int fd)
{
    char control[512], byte;
    struct iovec part = {&byte, 1};
    for (;;) {
        struct msghdr message = {.msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = control,
                                 .msg_controllen = sizeof control};
        if (recvmsg(fd, &message, MSG_ERRQUEUE) < 0)
            break;
    }
    CHECK_EQ(errno, EAGAIN);
}

/* An error was told and taken: the peer's end is told even so, whatever the interest. */
static void check_end_after_an_error(mio_interest interest, bool resets)
{
    const int stamps = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
    struct mio_poll poll;
    struct mio_tcp_stream stream;
    struct mio_event event;
    uint32_t ready = 0;
    int peer;
    test_poll_init(&poll);
    test_tcp_pair(&stream, &peer);
    int fd = mio_source_fd(&stream.source);
    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof stamps) != 0) {
        CHECK_EQ(mio_tcp_stream_close(&stream), 0);
        CHECK_EQ(close(peer), 0);
        CHECK_EQ(mio_poll_close(&poll), 0);
        SKIP("this kernel has no time stamps");
    }
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &stream.source, TOKEN, interest), 0);
    CHECK_EQ(mio_tcp_stream_write(&stream, "x", 1), 1);
    CHECK(test_wait_fd(fd, POLLERR));
    test_expect_readiness(&poll, TOKEN, MIO_ERROR);
    empty_error_queue(fd);
    CHECK_EQ(mio_source_after(&stream.source, &ready, MIO_READABLE, -EAGAIN, 0), 0);
    while (mio_poll_wait(&poll, &event, 1, TEST_QUIET) == 1) /* writable, told again on poll */
        CHECK(!(event.readiness & MIO_READ_CLOSED));
    if (resets)
        test_linger_zero(peer);
    CHECK_EQ(close(peer), 0);
    test_expect_readiness(&poll, TOKEN, MIO_READ_CLOSED);
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void end_is_told_after_an_error_that_was_taken(void)
{
    support_need_datagram_errors(); /* nor is there an error queue */
    for (int resets = 0; resets < 2; resets++) {
        check_end_after_an_error(MIO_READ_CLOSED, resets);
        check_end_after_an_error(MIO_READ_CLOSED | MIO_WRITABLE, resets);
        check_end_after_an_error(MIO_READABLE, resets);
    }
    check_end_after_an_error(MIO_WRITABLE, true);
}

/* The same with an error of the socket itself, which take_error takes. */
static void next_error_is_told_after_take_error(void)
{
    struct mio_poll poll;
    struct mio_udp_socket socket;
    struct mio_addr addr;
    support_need_datagram_errors();
    test_poll_init(&poll);
    int holder = udp_refusing("127.0.0.1:0", &addr);
    udp_open(&socket, "127.0.0.1:0", NULL);
    CHECK_EQ(mio_udp_socket_connect(&socket, &addr), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &socket.source, TOKEN, MIO_WRITABLE), 0);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_WRITABLE);
    for (int i = 0; i < 3; i++) {
        udp_be_refused(&socket);
        test_expect_readiness(&poll, TOKEN, MIO_ERROR);
        CHECK_EQ(mio_udp_socket_take_error(&socket), -ECONNREFUSED);
        CHECK_EQ(mio_udp_socket_take_error(&socket), 0);
        support_expect_sleep(&poll);
    }
    udp_close(&socket);
    CHECK_EQ(close(holder), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}
#endif

static const struct test_case cases[] = {
    /* clang-format off */
    CASES(EACH_STREAM, end_alone_is_told_beside_unread_data, TEST_ANY_MODE)
    CASES(EACH_STREAM, end_before_registration_is_told, TEST_ANY_MODE)
    CASES(EACH_STREAM_SOCKET, hang_up_sets_the_end, TEST_ANY_MODE)
    CASES(EACH_STREAM_SOCKET, hang_up_after_the_end_is_told, TEST_EDGE)
    CASES(EACH_STREAM_SOCKET, end_goes_beside_writable, TEST_ANY_MODE)
#ifndef MIO_NO_NET
    {"error_alone_is_no_end", error_alone_is_no_end, TEST_ANY_MODE},
    {"end_is_told_after_an_error_that_was_taken", end_is_told_after_an_error_that_was_taken,
     TEST_EDGE},
    {"next_error_is_told_after_take_error", next_error_is_told_after_take_error, TEST_EDGE},
#endif
    {NULL, NULL, 0},
    /* clang-format on */
};

const struct test_suite suite_peer_end = {"peer_end", cases};
