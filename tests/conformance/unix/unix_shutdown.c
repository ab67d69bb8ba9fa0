/* Shutting down in the Unix domain: what each side can still do, and what events say. */
#define _GNU_SOURCE 1
#include "queue/queue_util.h"
#include "unix/unix_util.h"

#include <string.h>
#include <unistd.h>

#define R MIO_READABLE
#define W MIO_WRITABLE
#define RC MIO_READ_CLOSED
#define WC MIO_WRITE_CLOSED

/* The readiness that a new poll reports about it, nothing being 0. */
static void check_readiness(struct mio_source *source, mio_interest interest, uint32_t expected)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    unix_register(&poll, source, interest);
    expected = queue_as_reported(&poll, interest, expected);
    if (expected == 0)
        test_expect_no_event(&poll);
    else
        CHECK_EQ(test_expect_readiness(&poll, UNIX_TOKEN, expected), expected);
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), source), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* Writing was shut down, here or by the peer that reads no more: kqueue says so, epoll not. */
static uint32_t writing_ended(void)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    uint32_t ended = queue_is_kqueue(&poll) ? W | WC : W;
    CHECK_EQ(mio_poll_close(&poll), 0);
    return ended;
}

static void check_all(struct mio_source *source, uint32_t both, uint32_t reading, uint32_t writing)
{
    check_readiness(source, R | W, both);
    check_readiness(source, R, reading);
    check_readiness(source, W, writing);
}

/* ---- Streams --------------------------------------------------------------------------------- */

struct ends {
    struct mio_unix_stream near, far;
};

static void open_ends(struct ends *ends)
{
    CHECK_EQ(mio_unix_stream_pair(&ends->near, &ends->far), 0);
    check_all(&ends->near.source, W, 0, W);
}

static void close_ends(struct ends *ends)
{
    CHECK_EQ(mio_unix_stream_close(&ends->near), 0);
    CHECK_EQ(mio_unix_stream_close(&ends->far), 0);
}

static void stream_that_writes_no_more(void)
{
    struct ends ends;
    char byte;
    open_ends(&ends);
    CHECK_EQ(mio_unix_stream_write(&ends.near, "x", 1), 1);
    CHECK_EQ(mio_unix_stream_shutdown(&ends.near, MIO_SHUTDOWN_WRITE), 0);
    CHECK_EQ(mio_unix_stream_write(&ends.near, "y", 1), -EPIPE);
    CHECK_EQ(mio_unix_stream_read(&ends.near, &byte, 1), -EAGAIN);
    check_all(&ends.near.source, writing_ended(), 0, writing_ended());
    check_all(&ends.far.source, R | W | RC, R | RC, W);
    int far = mio_source_fd(&ends.far.source);
    CHECK_EQ(plain_recv(far, &byte, 1), 1);
    CHECK_EQ(plain_recv(far, &byte, 1), 0);
    CHECK_EQ(plain_send(far, "z", 1), 1);
    CHECK_EQ(mio_unix_stream_read(&ends.near, &byte, 1), 1);
    CHECK_EQ(byte, 'z');
    close_ends(&ends);
}

static void stream_that_reads_no_more(void)
{
    struct ends ends;
    char byte;
    open_ends(&ends);
    int far = mio_source_fd(&ends.far.source);
    CHECK_EQ(plain_send(far, "x", 1), 1);
    CHECK_EQ(mio_unix_stream_shutdown(&ends.near, MIO_SHUTDOWN_READ), 0);
    check_all(&ends.near.source, R | W | RC, R | RC, W);
    check_all(&ends.far.source, writing_ended(), 0, writing_ended());
    CHECK_EQ(mio_unix_stream_read(&ends.near, &byte, 1), 1);
    CHECK_EQ(mio_unix_stream_read(&ends.near, &byte, 1), 0);
    CHECK_EQ(plain_send(far, "y", 1), -EPIPE);
    CHECK_EQ(mio_unix_stream_write(&ends.near, "z", 1), 1);
    CHECK_EQ(plain_recv(far, &byte, 1), 1);
    CHECK_EQ(byte, 'z');
    close_ends(&ends);
}

static void check_dead(struct mio_unix_stream *stream)
{
    char byte;
    check_all(&stream->source, R | W | RC | WC, R | W | RC | WC, R | W | RC | WC);
    CHECK_EQ(mio_unix_stream_read(stream, &byte, 1), 0);
    CHECK_EQ(mio_unix_stream_write(stream, "x", 1), -EPIPE);
}

static void stream_that_is_shut_down_in_both_directions(void)
{
    struct ends ends;
    open_ends(&ends);
    CHECK_EQ(mio_unix_stream_shutdown(&ends.near, MIO_SHUTDOWN_BOTH), 0);
    check_dead(&ends.near);
    check_dead(&ends.far);
    close_ends(&ends);
    open_ends(&ends);
    CHECK_EQ(mio_unix_stream_shutdown(&ends.near, MIO_SHUTDOWN_WRITE), 0);
    CHECK_EQ(mio_unix_stream_shutdown(&ends.far, MIO_SHUTDOWN_WRITE), 0);
    check_dead(&ends.near);
    check_dead(&ends.far);
    close_ends(&ends);
}

static void directions_that_are_none(void)
{
    static const int values[] = {0, -1, 4, 7, INT32_MIN, INT32_MAX};
    struct ends ends;
    struct mio_unix_datagram socket;
    open_ends(&ends);
    CHECK_EQ(mio_unix_datagram_open(&socket), 0);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        CHECK_EQ(mio_unix_stream_shutdown(&ends.near, values[i]), -EINVAL);
        CHECK_EQ(mio_unix_datagram_shutdown(&socket, values[i]), -EINVAL);
    }
    check_all(&ends.near.source, W, 0, W);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    close_ends(&ends);
}

/* A registered stream is told of each step of the other side, in every mode. */
static void steps_of_the_peer_are_events(void)
{
    struct mio_poll poll;
    struct mio_unix_stream stream;
    char byte;
    mio_fd peer;
    test_poll_init(&poll);
    unix_stream_peer(&stream, &peer);
    unix_register(&poll, &stream.source, R);
    test_expect_no_event(&poll);
    plain_send_all(peer, "x", 1);
    CHECK_EQ(test_expect_event(&poll, UNIX_TOKEN), R);
    CHECK_EQ(mio_unix_stream_read(&stream, &byte, 1), 1);
    CHECK_EQ(mio_unix_stream_read(&stream, &byte, 1), -EAGAIN);
    unix_rearm(&poll, &stream.source, R);
    CHECK_EQ(plain_shutdown(peer, PLAIN_WRITES), 0);
    CHECK_EQ(test_expect_event(&poll, UNIX_TOKEN), R | RC);
    CHECK_EQ(mio_unix_stream_read(&stream, &byte, 1), 0);
    unix_rearm(&poll, &stream.source, R);
    CHECK_EQ(plain_close(peer), 0);
    uint32_t hang_up = queue_as_reported(&poll, R, R | RC | WC);
    CHECK_EQ(test_expect_readiness(&poll, UNIX_TOKEN, hang_up) & (R | RC | WC), hang_up);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* ---- Datagram sockets ------------------------------------------------------------------------ */

struct datagram_ends {
    struct mio_unix_datagram near;
    mio_fd far;
};

static void open_datagrams(struct datagram_ends *ends)
{
    unix_datagram_peer(&ends->near, &ends->far);
    check_all(&ends->near.source, W, 0, W);
}

static void close_datagrams(struct datagram_ends *ends)
{
    CHECK_EQ(mio_unix_datagram_close(&ends->near), 0);
    CHECK_EQ(plain_close(ends->far), 0);
}

/* SIGPIPE has its default action here; the crate's send is a plain write. */
static void defect_20_unix_datagram_send(void)
{
    struct datagram_ends ends;
    struct mio_addr name = plain_fresh_name();
    char buf[4];
    mio_fd other = unix_socket(SOCK_DGRAM, &name);
    open_datagrams(&ends);
    CHECK_EQ(mio_unix_datagram_shutdown(&ends.near, MIO_SHUTDOWN_WRITE), 0);
    CHECK_EQ(mio_unix_datagram_send(&ends.near, "x", 1), -EPIPE);
    CHECK_EQ(mio_unix_datagram_send(&ends.near, "", 0), -EPIPE);
    CHECK_EQ(mio_unix_datagram_send_to(&ends.near, "x", 1, &name), -EPIPE);
    check_all(&ends.near.source, W, 0, W);
    CHECK_EQ(recv(ends.far, buf, sizeof buf, MSG_DONTWAIT), -1);
    CHECK_EQ(plain_send(ends.far, "yz", 2), 2);
    CHECK_EQ(mio_unix_datagram_recv(&ends.near, buf, sizeof buf), 2);
    CHECK_EQ(plain_close(other), 0);
    close_datagrams(&ends);
}

static void datagram_socket_that_receives_no_more(void)
{
    struct datagram_ends ends;
    char buf[4];
    open_datagrams(&ends);
    CHECK_EQ(plain_send(ends.far, "abc", 3), 3);
    CHECK_EQ(mio_unix_datagram_shutdown(&ends.near, MIO_SHUTDOWN_READ), 0);
    check_all(&ends.near.source, R | W | RC, R | RC, W);
    CHECK_EQ(mio_unix_datagram_recv(&ends.near, buf, sizeof buf), 3);
    CHECK_EQ(mio_unix_datagram_recv(&ends.near, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(plain_send(ends.far, "x", 1), -EPIPE);
    CHECK_EQ(mio_unix_datagram_send(&ends.near, "de", 2), 2);
    CHECK_EQ(plain_recv(ends.far, buf, sizeof buf), 2);
    close_datagrams(&ends);
}

static void receiver_that_receives_no_more_is_epipe(void)
{
    struct datagram_ends ends;
    struct mio_addr name = plain_fresh_name();
    mio_fd other = unix_socket(SOCK_DGRAM, &name);
    open_datagrams(&ends);
    CHECK_EQ(plain_shutdown(ends.far, PLAIN_READS), 0);
    CHECK_EQ(plain_shutdown(other, PLAIN_READS), 0);
    CHECK_EQ(mio_unix_datagram_send(&ends.near, "x", 1), -EPIPE);
    CHECK_EQ(mio_unix_datagram_send_to(&ends.near, "x", 1, &name), -EPIPE);
    CHECK_EQ(plain_close(other), 0);
    close_datagrams(&ends);
}

static void datagram_socket_that_is_shut_down_in_both_directions(void)
{
    struct datagram_ends ends;
    struct mio_unix_datagram alone;
    open_datagrams(&ends);
    CHECK_EQ(mio_unix_datagram_shutdown(&ends.near, MIO_SHUTDOWN_BOTH), 0);
    check_all(&ends.near.source, R | W | RC | WC, R | W | RC | WC, R | W | RC | WC);
    CHECK_EQ(mio_unix_datagram_send(&ends.near, "x", 1), -EPIPE);
    close_datagrams(&ends);
    /* The system does not ask for a connection. */
    CHECK_EQ(mio_unix_datagram_open(&alone), 0);
    CHECK_EQ(mio_unix_datagram_shutdown(&alone, MIO_SHUTDOWN_READ), 0);
    CHECK_EQ(mio_unix_datagram_shutdown(&alone, MIO_SHUTDOWN_WRITE), 0);
    check_readiness(&alone.source, R, R | W | RC | WC);
    CHECK_EQ(mio_unix_datagram_close(&alone), 0);
}

static const struct test_case cases[] = {
    {"stream_that_writes_no_more", stream_that_writes_no_more, TEST_ANY_MODE},
    {"stream_that_reads_no_more", stream_that_reads_no_more, TEST_ANY_MODE},
    {"stream_that_is_shut_down_in_both_directions", stream_that_is_shut_down_in_both_directions,
     TEST_ANY_MODE},
    {"directions_that_are_none", directions_that_are_none, 0},
    {"steps_of_the_peer_are_events", steps_of_the_peer_are_events, TEST_ANY_MODE},
    {"defect_20_unix_datagram_send", defect_20_unix_datagram_send, TEST_ANY_MODE},
    {"datagram_socket_that_receives_no_more", datagram_socket_that_receives_no_more, TEST_ANY_MODE},
    {"receiver_that_receives_no_more_is_epipe", receiver_that_receives_no_more_is_epipe, 0},
    {"datagram_socket_that_is_shut_down_in_both_directions",
     datagram_socket_that_is_shut_down_in_both_directions, TEST_ANY_MODE},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_shutdown = {"unix_shutdown", cases};
