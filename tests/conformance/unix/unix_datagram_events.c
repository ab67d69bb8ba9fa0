/* Datagrams in the Unix domain as events: arriving, full queues, and what ends the waiting. */
#define _GNU_SOURCE 1
#include "queue/queue_util.h"
#include "unix/unix_util.h"

#include <string.h>
#include <unistd.h>

/* A registered socket and its peer, a blocking descriptor. */
struct link {
    struct mio_poll poll;
    struct mio_unix_datagram socket;
    mio_interest directions;
    mio_fd peer;
};

static void link_open(struct link *link, mio_interest directions)
{
    test_poll_init(&link->poll);
    unix_datagram_peer(&link->socket, &link->peer);
    link->directions = directions;
    unix_register(&link->poll, &link->socket.source, directions);
}

/* Connected with the peer, which is not connected with the socket and so has a queue of its own. */
static void link_open_one_way(struct link *link, struct mio_addr *name)
{
    *name = plain_fresh_name();
    test_poll_init(&link->poll);
    link->peer = unix_socket(SOCK_DGRAM, name);
    CHECK_EQ(mio_unix_datagram_open(&link->socket), 0);
    CHECK_EQ(mio_unix_datagram_connect(&link->socket, name), 0);
    link->directions = MIO_WRITABLE;
    unix_register(&link->poll, &link->socket.source, MIO_WRITABLE);
}

static void link_rearm(struct link *link)
{
    unix_rearm(&link->poll, &link->socket.source, link->directions);
}

static void link_close(struct link *link)
{
    CHECK_EQ(mio_unix_datagram_close(&link->socket), 0);
    CHECK_EQ(plain_close(link->peer), 0);
    CHECK_EQ(mio_poll_close(&link->poll), 0);
}

/* ---- Arriving -------------------------------------------------------------------------------- */

typedef ptrdiff_t receive_call(struct mio_unix_datagram *socket, char *buf, size_t len);

static ptrdiff_t receive(struct mio_unix_datagram *socket, char *buf, size_t len)
{
    return mio_unix_datagram_recv(socket, buf, len);
}

static ptrdiff_t receive_from(struct mio_unix_datagram *socket, char *buf, size_t len)
{
    struct mio_addr from;
    return mio_unix_datagram_recv_from(socket, buf, len, &from);
}

/* A peek that finds nothing counts as a receive that does. */
static ptrdiff_t receive_after_peek(struct mio_unix_datagram *socket, char *buf, size_t len)
{
    ptrdiff_t n = mio_unix_datagram_peek(socket, buf, len);
    return n == -EAGAIN ? n : mio_unix_datagram_recv(socket, buf, len);
}

static ptrdiff_t receive_after_peek_from(struct mio_unix_datagram *socket, char *buf, size_t len)
{
    struct mio_addr from;
    ptrdiff_t n = mio_unix_datagram_peek_from(socket, buf, len, &from);
    return n == -EAGAIN ? n : mio_unix_datagram_recv_from(socket, buf, len, &from);
}

/* Two at a time, the second one empty: only -EAGAIN ends the drain. */
static void each_arrival_after_a_drain_is_reported(void)
{
    static receive_call *const calls[] = {receive, receive_from, receive_after_peek,
                                          receive_after_peek_from, receive};
    struct link link;
    char buf[16];
    link_open(&link, MIO_READABLE);
    test_expect_no_event(&link.poll);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        plain_send_all(link.peer, "abc", 3);
        CHECK_EQ(plain_send(link.peer, "", 0), 0);
        CHECK_EQ(test_expect_event(&link.poll, UNIX_TOKEN), MIO_READABLE);
        CHECK_EQ(calls[i](&link.socket, buf, sizeof buf), 3);
        CHECK_EQ(calls[i](&link.socket, buf, sizeof buf), 0);
        CHECK_EQ(calls[i](&link.socket, buf, sizeof buf), -EAGAIN);
        link_rearm(&link);
        test_expect_no_event(&link.poll);
    }
    link_close(&link);
}

static void datagram_that_waits_is_reported_by_reregister(void)
{
    struct link link;
    link_open(&link, MIO_READABLE);
    plain_send_all(link.peer, "abc", 3);
    for (mio_token token = 20; token < 23; token++) {
        CHECK_EQ(mio_reregister(mio_poll_registry(&link.poll), &link.socket.source, token,
                                MIO_READABLE | test_config.mode),
                 0);
        CHECK_EQ(test_expect_event(&link.poll, token), MIO_READABLE);
        if (test_config.mode == MIO_LEVEL)
            CHECK_EQ(test_expect_event(&link.poll, token), MIO_READABLE);
        else
            test_expect_no_event(&link.poll);
    }
    /* With interest in writing alone the datagram is no event. */
    CHECK_EQ(mio_reregister(mio_poll_registry(&link.poll), &link.socket.source, 30,
                            MIO_WRITABLE | test_config.mode),
             0);
    CHECK_EQ(test_expect_event(&link.poll, 30), MIO_WRITABLE);
    CHECK_EQ(mio_deregister(mio_poll_registry(&link.poll), &link.socket.source), 0);
    test_expect_no_event(&link.poll);
    link_close(&link);
}

/* The peer of a pair turns to somebody else and loses what it had not read. */
static void reset_is_an_event(void)
{
    struct mio_addr name = plain_fresh_name();
    struct link link;
    char byte;
    queue_need_datagram_errors();
    mio_fd other = unix_socket(SOCK_DGRAM, &name);
    link_open(&link, MIO_READABLE);
    CHECK_EQ(mio_unix_datagram_send(&link.socket, "x", 1), 1);
    test_expect_no_event(&link.poll);
    CHECK_EQ(unix_connect(link.peer, &name), 0);
    CHECK_EQ(test_expect_readiness(&link.poll, UNIX_TOKEN, MIO_READABLE | MIO_ERROR) &
                 (MIO_READABLE | MIO_ERROR | MIO_READ_CLOSED),
             MIO_READABLE | MIO_ERROR);
    CHECK_EQ(mio_unix_datagram_recv(&link.socket, &byte, 1), -ECONNRESET);
    CHECK_EQ(plain_close(other), 0);
    link_close(&link);
}

/* ---- Full queues ----------------------------------------------------------------------------- */

/* Sends until there is no room; how many it took. */
static int fill_queue(struct mio_unix_datagram *socket, size_t len)
{
    static const char zeros[8192];
    ptrdiff_t result;
    for (int count = 0;; count++) {
        result = mio_unix_datagram_send(socket, zeros, len);
        if (result == -EAGAIN)
            return count;
        CHECK_EQ(result, (ptrdiff_t)len);
        CHECK(count < 100000);
    }
}

static void empty_queue(mio_fd fd, int count)
{
    static char buf[8192];
    for (int i = 0; i < count; i++)
        CHECK(plain_recv(fd, buf, sizeof buf) >= 0);
}

/* None is lost: what was taken arrives, and in order. */
static void full_queue_of_the_receiver_is_eagain(void)
{
    struct mio_addr name;
    struct link link;
    char sent = 0, got;
    link_open_one_way(&link, &name);
    while (mio_unix_datagram_send(&link.socket, &sent, 1) == 1)
        sent++;
    CHECK(sent > 0 && sent < 100);
    CHECK_EQ(mio_unix_datagram_send(&link.socket, "x", 1), -EAGAIN);
    CHECK_EQ(mio_unix_datagram_send_to(&link.socket, "x", 1, &name), -EAGAIN);
    for (char i = 0; i < sent; i++) {
        CHECK_EQ(recv(link.peer, &got, 1, MSG_DONTWAIT), 1);
        CHECK_EQ(got, i);
    }
    CHECK_EQ(recv(link.peer, &got, 1, MSG_DONTWAIT), -1);
    link_close(&link);
}

/* One read makes room for one, which is an event. */
static void connected_peer_that_reads_is_an_event(void)
{
    struct mio_addr name;
    struct link link;
    link_open_one_way(&link, &name);
    CHECK_EQ(test_expect_event(&link.poll, UNIX_TOKEN), MIO_WRITABLE);
    int count = fill_queue(&link.socket, 1);
    for (int i = 0; i < 5; i++) {
        link_rearm(&link);
        test_expect_no_event(&link.poll);
        int some = i == 4 ? count : 1;
        empty_queue(link.peer, some);
        CHECK_EQ(test_expect_event(&link.poll, UNIX_TOKEN), MIO_WRITABLE);
        CHECK_EQ(fill_queue(&link.socket, 1), some);
    }
    link_close(&link);
}

/* The queue is full of what others sent: their places count, too. */
static void places_of_others_are_events_for_the_connected(void)
{
    struct mio_addr name;
    struct link link;
    link_open_one_way(&link, &name);
    CHECK_EQ(test_expect_event(&link.poll, UNIX_TOKEN), MIO_WRITABLE);
    mio_fd other = unix_nonblocking(SOCK_DGRAM, NULL);
    while (unix_send_to(other, "x", 1, &name) == 1)
        continue;
    CHECK_EQ(errno, EAGAIN);
    CHECK_EQ(fill_queue(&link.socket, 1), 0);
    link_rearm(&link);
    test_expect_no_event(&link.poll);
    empty_queue(link.peer, 1);
    CHECK_EQ(test_expect_event(&link.poll, UNIX_TOKEN), MIO_WRITABLE);
    CHECK_EQ(fill_queue(&link.socket, 1), 1);
    CHECK_EQ(plain_close(other), 0);
    link_close(&link);
}

/* In a pair it is the send buffer that is full. */
static void full_send_buffer_is_eagain_until_the_peer_reads(void)
{
    struct link link;
    link_open(&link, MIO_WRITABLE);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(test_expect_event(&link.poll, UNIX_TOKEN), MIO_WRITABLE);
        int count = fill_queue(&link.socket, 8192);
        CHECK(count > 0);
        link_rearm(&link);
        test_expect_no_event(&link.poll);
        empty_queue(link.peer, count);
    }
    link_close(&link);
}

static void receiver_that_closes_ends_the_waiting(void)
{
    struct mio_addr name;
    struct link link;
    link_open_one_way(&link, &name);
    CHECK_EQ(test_expect_event(&link.poll, UNIX_TOKEN), MIO_WRITABLE);
    fill_queue(&link.socket, 1);
    link_rearm(&link);
    test_expect_no_event(&link.poll);
    CHECK_EQ(plain_close(link.peer), 0);
    CHECK(test_expect_event(&link.poll, UNIX_TOKEN) & MIO_WRITABLE);
    CHECK_EQ(mio_unix_datagram_send(&link.socket, "x", 1), -ECONNREFUSED);
    link.peer = unix_socket(SOCK_DGRAM, NULL);
    link_close(&link);
}

/*
 * About the queues of others events tell nothing: Linux reports writable although they are full.
 * This holds: a sender that retries is not stuck once they have been read.
 */
static void queues_of_others_have_no_events_of_their_own(void)
{
    struct mio_addr name = plain_fresh_name();
    struct mio_poll poll;
    struct mio_unix_datagram socket;
    mio_fd peer = unix_socket(SOCK_DGRAM, &name), count = 0;
    test_poll_init(&poll);
    CHECK_EQ(mio_unix_datagram_open(&socket), 0);
    unix_register(&poll, &socket.source, MIO_WRITABLE);
    while (mio_unix_datagram_send_to(&socket, "x", 1, &name) == 1)
        count++;
    CHECK(count > 0);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(test_expect_event(&poll, UNIX_TOKEN), MIO_WRITABLE);
        CHECK_EQ(mio_unix_datagram_send_to(&socket, "x", 1, &name), -EAGAIN);
        unix_rearm(&poll, &socket.source, MIO_WRITABLE);
    }
    empty_queue(peer, count);
    CHECK_EQ(test_expect_event(&poll, UNIX_TOKEN), MIO_WRITABLE);
    CHECK_EQ(mio_unix_datagram_send_to(&socket, "x", 1, &name), 1);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static const struct test_case cases[] = {
    {"each_arrival_after_a_drain_is_reported", each_arrival_after_a_drain_is_reported,
     TEST_ANY_MODE},
    {"datagram_that_waits_is_reported_by_reregister", datagram_that_waits_is_reported_by_reregister,
     TEST_ANY_MODE},
    {"reset_is_an_event", reset_is_an_event, TEST_ANY_MODE},
    {"full_queue_of_the_receiver_is_eagain", full_queue_of_the_receiver_is_eagain, 0},
    {"connected_peer_that_reads_is_an_event", connected_peer_that_reads_is_an_event, TEST_ANY_MODE},
    {"places_of_others_are_events_for_the_connected", places_of_others_are_events_for_the_connected,
     TEST_ANY_MODE},
    {"full_send_buffer_is_eagain_until_the_peer_reads",
     full_send_buffer_is_eagain_until_the_peer_reads, TEST_ANY_MODE},
    {"receiver_that_closes_ends_the_waiting", receiver_that_closes_ends_the_waiting, TEST_ANY_MODE},
    {"queues_of_others_have_no_events_of_their_own", queues_of_others_have_no_events_of_their_own,
     TEST_ANY_MODE},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_datagram_events = {"unix_datagram_events", cases};
