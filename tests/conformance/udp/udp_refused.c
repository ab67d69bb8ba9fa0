/*
 * UDP sockets that are connected to a port where nobody is: the network says so some time after the
 * datagram was sent, and the socket has an error until somebody takes it.
 */
#include "queue/queue_util.h"
#include "udp/udp_util.h"

#include <string.h>

enum { TOKEN = 7 };

struct refused {
    struct mio_poll poll;
    struct mio_udp_socket socket;
    struct mio_addr addr;
    mio_fd holder; /* of the port that refuses */
    mio_interest interest;
};

static void refused_open(struct refused *refused, const char *text, mio_interest interest)
{
    queue_need_datagram_errors();
    test_poll_init(&refused->poll);
    refused->interest = interest;
    refused->holder = udp_refusing(text, &refused->addr);
    udp_open(&refused->socket, text, NULL);
    CHECK_EQ(mio_udp_socket_connect(&refused->socket, &refused->addr), 0);
    CHECK_EQ(
        mio_register(mio_poll_registry(&refused->poll), &refused->socket.source, TOKEN, interest),
        0);
}

static void refused_close(struct refused *refused)
{
    udp_close(&refused->socket);
    CHECK_EQ(plain_close(refused->holder), 0);
    CHECK_EQ(mio_poll_close(&refused->poll), 0);
}

static void refused_again(struct refused *refused)
{
    CHECK_EQ(mio_reregister(mio_poll_registry(&refused->poll), &refused->socket.source, TOKEN,
                            refused->interest),
             0);
}

/* From now on the port takes what the socket sends. */
static void refused_accept(struct refused *refused)
{
    struct mio_addr name = plain_name(udp_fd(&refused->socket));
    udp_peer_connect(refused->holder, &name);
}

/* No error is left, as the system sees it. */
static void check_no_error(struct refused *refused)
{
    CHECK_EQ(plain_look(udp_fd(&refused->socket), 0, 0), 0);
    CHECK_EQ(mio_udp_socket_take_error(&refused->socket), 0);
}

static ptrdiff_t take_by(struct refused *refused, int way)
{
    struct mio_addr from;
    char byte;
    switch (way) {
    case 0:
        return mio_udp_socket_recv(&refused->socket, &byte, 1);
    case 1:
        return mio_udp_socket_recv_from(&refused->socket, &byte, 1, &from);
    case 2:
        return mio_udp_socket_peek(&refused->socket, &byte, 1);
    case 3:
        return mio_udp_socket_peek_from(&refused->socket, &byte, 1, &from);
    case 4:
        return mio_udp_socket_send(&refused->socket, "y", 1);
    case 5:
        return mio_udp_socket_send_to(&refused->socket, "y", 1, &refused->addr);
    default:
        return mio_udp_socket_take_error(&refused->socket);
    }
}
enum { WAYS = 7 };

/* Each round is a refusal that is told of, whoever takes the error of the one before. */
static void check_told_every_time(const char *text)
{
    struct refused refused;
    char byte;
    refused_open(&refused, text, MIO_READABLE | test_config.mode);
    test_expect_no_event(&refused.poll);
    for (int round = 0; round < 2 * WAYS; round++) {
        udp_be_refused(&refused.socket);
        uint32_t seen = test_expect_readiness(&refused.poll, TOKEN, MIO_ERROR);
        CHECK(seen & MIO_READABLE);
        CHECK_EQ(take_by(&refused, round % WAYS), -ECONNREFUSED);
        check_no_error(&refused);
        CHECK_EQ(mio_udp_socket_recv(&refused.socket, &byte, 1), -EAGAIN);
        if (refused.interest & MIO_ONESHOT)
            refused_again(&refused);
        test_expect_no_event(&refused.poll);
    }
    refused_close(&refused);
}

static void refusal_is_told_every_time(void)
{
    check_told_every_time("127.0.0.1:0");
}

static void refusal_is_told_every_time_ipv6(void)
{
    tcp_need_ipv6();
    check_told_every_time("[::1]:0");
}

static void refusal_is_told_to_who_writes(void)
{
    struct refused refused;
    refused_open(&refused, "127.0.0.1:0", MIO_WRITABLE | test_config.mode);
    CHECK_EQ(test_expect_event(&refused.poll, TOKEN), MIO_WRITABLE);
    if (refused.interest & MIO_ONESHOT)
        refused_again(&refused);
    udp_be_refused(&refused.socket);
    CHECK(test_expect_readiness(&refused.poll, TOKEN, MIO_ERROR) & MIO_WRITABLE);
    CHECK_EQ(mio_udp_socket_send(&refused.socket, "y", 1), -ECONNREFUSED);
    check_no_error(&refused);
    refused_close(&refused);
}

/* Errors are told even undrained, also when one was told before. */
static void refusal_is_told_beside_unread_datagrams(void)
{
    struct refused refused;
    refused_open(&refused, "127.0.0.1:0", MIO_READABLE | test_config.mode);
    for (int round = 0; round < 3; round++) {
        refused_accept(&refused);
        CHECK_EQ(plain_send(refused.holder, "data", 4), 4);
        CHECK_EQ(test_expect_event(&refused.poll, TOKEN), MIO_READABLE);
        if (refused.interest & MIO_ONESHOT)
            refused_again(&refused);
        udp_peer_connect(refused.holder, &refused.addr);
        udp_be_refused(&refused.socket);
        test_expect_readiness(&refused.poll, TOKEN, MIO_ERROR);
        /* The error comes first. It drains nothing: what was received is still there, and where
         * edges are emulated it is told again. */
        CHECK_EQ(take_by(&refused, 0), -ECONNREFUSED);
        if (test_config.mode == MIO_EDGE && !queue_is_epoll(&refused.poll))
            CHECK_EQ(test_expect_event(&refused.poll, TOKEN), MIO_READABLE);
        else if (!(refused.interest & MIO_LEVEL))
            test_expect_no_event(&refused.poll);
        udp_expect(&refused.socket, "data", 4);
        CHECK_EQ(udp_drain(&refused.socket), 0);
        if (refused.interest & MIO_ONESHOT)
            refused_again(&refused);
    }
    refused_close(&refused);
}

static void level_reports_the_error_until_it_is_taken(void)
{
    struct refused refused;
    refused_open(&refused, "127.0.0.1:0", MIO_READABLE | MIO_LEVEL);
    udp_be_refused(&refused.socket);
    for (int i = 0; i < 3; i++)
        CHECK(test_expect_event(&refused.poll, TOKEN) & MIO_ERROR);
    CHECK_EQ(mio_udp_socket_take_error(&refused.socket), -ECONNREFUSED);
    test_expect_no_event(&refused.poll);
    refused_close(&refused);
}

static void send_that_takes_the_error_sends_nothing(void)
{
    struct refused refused;
    for (int way = 4; way <= 5; way++) {
        refused_open(&refused, "127.0.0.1:0", MIO_READABLE);
        udp_be_refused(&refused.socket);
        refused_accept(&refused);
        CHECK_EQ(take_by(&refused, way), -ECONNREFUSED);
        CHECK_EQ(mio_udp_socket_send(&refused.socket, "next", 4), 4);
        udp_peer_expect(refused.holder, "next", 4);
        udp_expect_nothing(refused.holder);
        refused_close(&refused);
    }
}

static void refusal_of_an_unconnected_socket_is_not_told(void)
{
    struct mio_poll poll;
    struct mio_udp_socket socket;
    struct mio_addr addr;
    mio_fd holder = udp_refusing("127.0.0.1:0", &addr);
    test_poll_init(&poll);
    udp_open(&socket, "127.0.0.1:0", NULL);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &socket.source, TOKEN,
                          MIO_READABLE | test_config.mode),
             0);
    CHECK_EQ(mio_udp_socket_send_to(&socket, "x", 1, &addr), 1);
    test_expect_no_event(&poll);
    CHECK_EQ(mio_udp_socket_take_error(&socket), 0);
    CHECK_EQ(mio_udp_socket_send_to(&socket, "x", 1, &addr), 1);
    udp_close(&socket);
    CHECK_EQ(plain_close(holder), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static const struct test_case cases[] = {
    {"refusal_is_told_every_time", refusal_is_told_every_time, TEST_ANY_MODE},
    {"refusal_is_told_every_time_ipv6", refusal_is_told_every_time_ipv6, TEST_ANY_MODE},
    {"refusal_is_told_to_who_writes", refusal_is_told_to_who_writes, TEST_ANY_MODE},
    {"refusal_is_told_beside_unread_datagrams", refusal_is_told_beside_unread_datagrams,
     TEST_ANY_MODE},
    {"level_reports_the_error_until_it_is_taken", level_reports_the_error_until_it_is_taken,
     TEST_LEVEL},
    {"send_that_takes_the_error_sends_nothing", send_that_takes_the_error_sends_nothing, 0},
    {"refusal_of_an_unconnected_socket_is_not_told", refusal_of_an_unconnected_socket_is_not_told,
     TEST_ANY_MODE},
    {NULL, NULL, 0},
};

const struct test_suite suite_udp_refused = {"udp_refused", cases};
