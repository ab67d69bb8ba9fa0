/* UDP sockets: when they are reported. */
#include "queue/queue_util.h"
#include "udp/udp_util.h"

#include <string.h>

enum { TOKEN = 7 };

/* A registered socket and a peer that sends to it. */
struct watched {
    struct mio_poll poll;
    struct mio_udp_socket socket;
    struct mio_addr addr;
    mio_fd peer;
};

static void watched_open(struct watched *watched, mio_interest interest)
{
    test_poll_init(&watched->poll);
    watched->peer = udp_peer("127.0.0.1:0", &watched->addr);
    udp_open(&watched->socket, "127.0.0.1:0", NULL);
    CHECK_EQ(
        mio_register(mio_poll_registry(&watched->poll), &watched->socket.source, TOKEN, interest),
        0);
}

static void watched_close(struct watched *watched)
{
    udp_close(&watched->socket);
    CHECK_EQ(plain_close(watched->peer), 0);
    CHECK_EQ(mio_poll_close(&watched->poll), 0);
}

static void watched_again(struct watched *watched, mio_interest interest)
{
    CHECK_EQ(
        mio_reregister(mio_poll_registry(&watched->poll), &watched->socket.source, TOKEN, interest),
        0);
}

/* ---- In every mode --------------------------------------------------------------------------- */

static void datagram_is_an_event(void)
{
    struct watched watched;
    watched_open(&watched, MIO_READABLE | test_config.mode);
    test_expect_no_event(&watched.poll);
    udp_deliver(watched.peer, &watched.socket, "ping", 4);
    CHECK_EQ(test_expect_event(&watched.poll, TOKEN), MIO_READABLE);
    udp_expect(&watched.socket, "ping", 4);
    CHECK_EQ(udp_drain(&watched.socket), 0);
    test_expect_no_event(&watched.poll);
    watched_close(&watched);
}

static void empty_datagram_is_an_event(void)
{
    struct watched watched;
    char byte;
    watched_open(&watched, MIO_READABLE | test_config.mode);
    udp_deliver(watched.peer, &watched.socket, NULL, 0);
    CHECK_EQ(test_expect_event(&watched.poll, TOKEN), MIO_READABLE);
    CHECK_EQ(mio_udp_socket_recv(&watched.socket, &byte, 1), 0);
    CHECK_EQ(mio_udp_socket_recv(&watched.socket, &byte, 1), -EAGAIN);
    test_expect_no_event(&watched.poll);
    watched_close(&watched);
}

static void datagram_that_came_before_is_reported(void)
{
    struct watched watched;
    watched_open(&watched, MIO_READABLE | test_config.mode);
    CHECK_EQ(mio_deregister(mio_poll_registry(&watched.poll), &watched.socket.source), 0);
    udp_deliver(watched.peer, &watched.socket, "ping", 4);
    test_expect_no_event(&watched.poll);
    CHECK_EQ(mio_register(mio_poll_registry(&watched.poll), &watched.socket.source, TOKEN + 1,
                          MIO_READABLE | test_config.mode),
             0);
    CHECK_EQ(test_expect_event(&watched.poll, TOKEN + 1), MIO_READABLE);
    watched_close(&watched);
}

static void socket_is_writable_from_the_start(void)
{
    struct watched watched;
    struct mio_addr name;
    watched_open(&watched, MIO_WRITABLE | test_config.mode);
    name = plain_name(udp_fd(&watched.socket));
    udp_peer_send(watched.peer, "x", 1, &name);
    CHECK(plain_wait(udp_fd(&watched.socket), PLAIN_IN) & PLAIN_IN);
    /* A wait does not report what nobody asked for. */
    CHECK_EQ(test_expect_event(&watched.poll, TOKEN), MIO_WRITABLE);
    watched_close(&watched);
}

static void datagrams_of_others_are_no_event_for_a_connected_socket(void)
{
    struct watched watched;
    struct mio_addr addr;
    watched_open(&watched, MIO_READABLE | test_config.mode);
    mio_fd other = udp_peer("127.0.0.1:0", &addr);
    struct mio_addr name = plain_name(udp_fd(&watched.socket));
    CHECK_EQ(mio_udp_socket_connect(&watched.socket, &watched.addr), 0);
    udp_peer_send(other, "late", 4, &name);
    test_expect_no_event(&watched.poll);
    udp_deliver(watched.peer, &watched.socket, "mine", 4);
    CHECK_EQ(test_expect_event(&watched.poll, TOKEN), MIO_READABLE);
    udp_expect(&watched.socket, "mine", 4);
    watched_close(&watched);
    CHECK_EQ(plain_close(other), 0);
}

static void reregister_changes_token_and_interest(void)
{
    struct watched watched;
    watched_open(&watched, MIO_READABLE | test_config.mode);
    struct mio_registry *registry = mio_poll_registry(&watched.poll);
    udp_deliver(watched.peer, &watched.socket, "ping", 4);
    CHECK_EQ(mio_reregister(registry, &watched.socket.source, TOKEN + 1,
                            MIO_WRITABLE | test_config.mode),
             0);
    CHECK_EQ(test_expect_event(&watched.poll, TOKEN + 1), MIO_WRITABLE);
    CHECK_EQ(mio_reregister(registry, &watched.socket.source, TOKEN + 2,
                            MIO_READABLE | test_config.mode),
             0);
    CHECK_EQ(test_expect_event(&watched.poll, TOKEN + 2), MIO_READABLE);
    udp_expect(&watched.socket, "ping", 4);
    watched_close(&watched);
}

static void deregistered_socket_is_silent_and_works(void)
{
    struct watched watched;
    watched_open(&watched, MIO_READABLE | MIO_WRITABLE | test_config.mode);
    udp_deliver(watched.peer, &watched.socket, "ping", 4);
    CHECK_EQ(mio_deregister(mio_poll_registry(&watched.poll), &watched.socket.source), 0);
    CHECK(!mio_source_is_registered(&watched.socket.source));
    test_expect_no_event(&watched.poll);
    CHECK_EQ(mio_deregister(mio_poll_registry(&watched.poll), &watched.socket.source), -ENOENT);
    udp_expect(&watched.socket, "ping", 4);
    CHECK_EQ(mio_udp_socket_send_to(&watched.socket, "pong", 4, &watched.addr), 4);
    udp_peer_expect(watched.peer, "pong", 4);
    watched_close(&watched);
}

/* A duplicate keeps the socket alive, so the system alone would go on to report it. */
static void close_deregisters_even_beside_a_duplicate(void)
{
    struct watched watched;
    watched_open(&watched, MIO_READABLE | test_config.mode);
    mio_fd duplicate = plain_duplicate(udp_fd(&watched.socket));
    udp_deliver(watched.peer, &watched.socket, "ping", 4);
    udp_close(&watched.socket);
    CHECK(!mio_source_is_registered(&watched.socket.source));
    test_expect_no_event(&watched.poll);
    CHECK_EQ(plain_close(duplicate), 0);
    watched_close(&watched);
}

static void second_poll_is_refused(void)
{
    struct watched watched;
    struct mio_poll second;
    watched_open(&watched, MIO_READABLE);
    test_poll_init(&second);
    CHECK_EQ(mio_register(mio_poll_registry(&second), &watched.socket.source, 8, MIO_READABLE),
             -EEXIST);
    CHECK_EQ(mio_poll_close(&second), 0);
    udp_deliver(watched.peer, &watched.socket, "ping", 4);
    CHECK_EQ(test_expect_event(&watched.poll, TOKEN), MIO_READABLE);
    watched_close(&watched);
}

/* ---- Edge mode ------------------------------------------------------------------------------- */

static void one_datagram_of_two_does_not_drain(void)
{
    struct watched watched;
    watched_open(&watched, MIO_READABLE);
    struct mio_addr name = plain_name(udp_fd(&watched.socket));
    udp_deliver(watched.peer, &watched.socket, "one", 3);
    udp_peer_send(watched.peer, "two", 3, &name);
    CHECK_EQ(test_expect_event(&watched.poll, TOKEN), MIO_READABLE);
    udp_expect(&watched.socket, "one", 3);
    /* The second one may have raised an edge of its own; once that was told there is nothing. */
    CHECK(plain_wait(udp_fd(&watched.socket), PLAIN_IN) & PLAIN_IN);
    struct mio_event event;
    if (mio_poll_wait(&watched.poll, &event, 1, 0) == 1)
        CHECK(queue_has_kernel_edges(&watched.poll));
    test_expect_no_event(&watched.poll);
    udp_expect(&watched.socket, "two", 3);
    CHECK_EQ(udp_drain(&watched.socket), 0);
    udp_deliver(watched.peer, &watched.socket, "three", 5);
    CHECK_EQ(test_expect_event(&watched.poll, TOKEN), MIO_READABLE);
    watched_close(&watched);
}

static ptrdiff_t receive_by(struct mio_udp_socket *socket, int way, void *buf, size_t len)
{
    struct mio_addr from;
    switch (way) {
    case 0:
        return mio_udp_socket_recv(socket, buf, len);
    case 1:
        return mio_udp_socket_recv_from(socket, buf, len, &from);
    case 2:
        return mio_udp_socket_peek(socket, buf, len);
    default:
        return mio_udp_socket_peek_from(socket, buf, len, &from);
    }
}

/* A receive that succeeds arms nothing, neither whole nor cut nor as a look. */
static void would_block_of_every_receive_arms_again(void)
{
    struct watched watched;
    char buf[8];
    watched_open(&watched, MIO_READABLE);
    for (int round = 0; round < 8; round++) {
        udp_deliver(watched.peer, &watched.socket, "data", 4);
        CHECK_EQ(test_expect_event(&watched.poll, TOKEN), MIO_READABLE);
        CHECK_EQ(receive_by(&watched.socket, 2, buf, sizeof buf), 4);
        CHECK_EQ(receive_by(&watched.socket, 3, buf, 2), 2);
        test_expect_no_event(&watched.poll);
        /* The last one needs no event, and takes what the looks left. */
        CHECK_EQ(receive_by(&watched.socket, round % 2, buf, sizeof buf), 4);
        CHECK_EQ(receive_by(&watched.socket, round % 4, buf, sizeof buf), -EAGAIN);
        test_expect_no_event(&watched.poll);
    }
    watched_close(&watched);
}

/* Until would-block nothing more is told where edges are emulated: that is the contract. */
static void success_does_not_arm(void)
{
    struct watched watched;
    char buf[8];
    watched_open(&watched, MIO_READABLE);
    if (queue_has_kernel_edges(&watched.poll)) {
        watched_close(&watched);
        SKIP("the kernel tells of each datagram that arrives");
    }
    for (int way = 0; way < 4; way++) {
        udp_deliver(watched.peer, &watched.socket, "data", 4);
        CHECK_EQ(test_expect_event(&watched.poll, TOKEN), MIO_READABLE);
        CHECK(receive_by(&watched.socket, way, buf, 2) == 2);
        udp_deliver(watched.peer, &watched.socket, "more", 4);
        test_expect_no_event(&watched.poll);
        udp_drain(&watched.socket);
    }
    watched_close(&watched);
}

/* Where the original armed both. */
static void defect_05_would_block_arms_its_direction_alone(void)
{
    struct watched watched;
    char buf[8];
    watched_open(&watched, MIO_READABLE | MIO_WRITABLE);
    CHECK_EQ(test_expect_event(&watched.poll, TOKEN), MIO_WRITABLE);
    for (int way = 0; way < 4; way++) {
        CHECK_EQ(receive_by(&watched.socket, way, buf, sizeof buf), -EAGAIN);
        test_expect_no_event(&watched.poll);
        udp_deliver(watched.peer, &watched.socket, "data", 4);
        CHECK_EQ(test_expect_event(&watched.poll, TOKEN),
                 queue_is_epoll(&watched.poll) ? MIO_READABLE | MIO_WRITABLE : MIO_READABLE);
        CHECK_EQ(udp_drain(&watched.socket), 1);
        test_expect_no_event(&watched.poll);
    }
    watched_close(&watched);
}

/* Sending does not touch what is armed for reading. */
static void sending_leaves_reading_alone(void)
{
    struct watched watched;
    watched_open(&watched, MIO_READABLE | MIO_WRITABLE);
    CHECK_EQ(test_expect_event(&watched.poll, TOKEN), MIO_WRITABLE);
    CHECK_EQ(udp_drain(&watched.socket), 0);
    udp_deliver(watched.peer, &watched.socket, "data", 4);
    CHECK(test_expect_event(&watched.poll, TOKEN) & MIO_READABLE);
    CHECK_EQ(mio_udp_socket_send_to(&watched.socket, "x", 1, &watched.addr), 1);
    CHECK_EQ(mio_udp_socket_send_to(&watched.socket, NULL, 0, &watched.addr), 0);
    /* Epoll may tell that there is room again, and of all that is ready with it. */
    if (!queue_has_kernel_edges(&watched.poll))
        test_expect_no_event(&watched.poll);
    watched_again(&watched, MIO_READABLE | MIO_WRITABLE);
    CHECK_EQ(test_expect_event(&watched.poll, TOKEN), MIO_READABLE | MIO_WRITABLE);
    watched_close(&watched);
}

/* A system call of one's own on the descriptor, and the report that it blocked. */
static void own_receive_is_reported_by_source_blocked(void)
{
    struct watched watched;
    char buf[8];
    watched_open(&watched, MIO_READABLE);
    for (int round = 0; round < 2; round++) {
        udp_deliver(watched.peer, &watched.socket, "long one", 8);
        CHECK_EQ(test_expect_event(&watched.poll, TOKEN), MIO_READABLE);
        CHECK_EQ(plain_recv(udp_fd(&watched.socket), buf, sizeof buf), 8);
        CHECK_EQ(plain_recv(udp_fd(&watched.socket), buf, sizeof buf), -EAGAIN);
        CHECK_EQ(mio_source_blocked(&watched.socket.source, MIO_READABLE), 0);
        test_expect_no_event(&watched.poll);
    }
    watched_close(&watched);
}

/* ---- Level and oneshot mode ------------------------------------------------------------------ */

static void level_reports_until_it_is_drained(void)
{
    struct watched watched;
    watched_open(&watched, MIO_READABLE | MIO_LEVEL);
    struct mio_addr name = plain_name(udp_fd(&watched.socket));
    udp_peer_send(watched.peer, "one", 3, &name);
    udp_peer_send(watched.peer, "two", 3, &name);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(test_expect_event(&watched.poll, TOKEN), MIO_READABLE);
    udp_expect(&watched.socket, "one", 3);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(test_expect_event(&watched.poll, TOKEN), MIO_READABLE);
    udp_expect(&watched.socket, "two", 3);
    test_expect_no_event(&watched.poll);
    watched_again(&watched, MIO_READABLE | MIO_WRITABLE | MIO_LEVEL);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(test_expect_event(&watched.poll, TOKEN), MIO_WRITABLE);
    watched_close(&watched);
}

static void oneshot_is_silent_until_it_is_registered_again(void)
{
    struct watched watched;
    watched_open(&watched, MIO_READABLE | MIO_ONESHOT);
    for (int round = 0; round < 3; round++) {
        udp_deliver(watched.peer, &watched.socket, "data", 4);
        CHECK_EQ(test_expect_event(&watched.poll, TOKEN), MIO_READABLE);
        CHECK_EQ(udp_drain(&watched.socket), 1);
        udp_deliver(watched.peer, &watched.socket, "more", 4);
        test_expect_no_event(&watched.poll);
        watched_again(&watched, MIO_READABLE | MIO_ONESHOT);
        CHECK_EQ(test_expect_event(&watched.poll, TOKEN), MIO_READABLE);
        CHECK_EQ(udp_drain(&watched.socket), 1);
        watched_again(&watched, MIO_READABLE | MIO_ONESHOT);
        test_expect_no_event(&watched.poll);
    }
    watched_close(&watched);
}

static const struct test_case cases[] = {
    {"datagram_is_an_event", datagram_is_an_event, TEST_ANY_MODE},
    {"empty_datagram_is_an_event", empty_datagram_is_an_event, TEST_ANY_MODE},
    {"datagram_that_came_before_is_reported", datagram_that_came_before_is_reported, TEST_ANY_MODE},
    {"socket_is_writable_from_the_start", socket_is_writable_from_the_start, TEST_ANY_MODE},
    {"datagrams_of_others_are_no_event_for_a_connected_socket",
     datagrams_of_others_are_no_event_for_a_connected_socket, TEST_ANY_MODE},
    {"reregister_changes_token_and_interest", reregister_changes_token_and_interest, TEST_ANY_MODE},
    {"deregistered_socket_is_silent_and_works", deregistered_socket_is_silent_and_works,
     TEST_ANY_MODE},
    {"close_deregisters_even_beside_a_duplicate", close_deregisters_even_beside_a_duplicate,
     TEST_ANY_MODE},
    {"second_poll_is_refused", second_poll_is_refused, 0},
    {"one_datagram_of_two_does_not_drain", one_datagram_of_two_does_not_drain, 0},
    {"would_block_of_every_receive_arms_again", would_block_of_every_receive_arms_again, 0},
    {"success_does_not_arm", success_does_not_arm, 0},
    {"defect_05_would_block_arms_its_direction_alone",
     defect_05_would_block_arms_its_direction_alone, 0},
    {"sending_leaves_reading_alone", sending_leaves_reading_alone, 0},
    {"own_receive_is_reported_by_source_blocked", own_receive_is_reported_by_source_blocked, 0},
    {"level_reports_until_it_is_drained", level_reports_until_it_is_drained, TEST_LEVEL},
    {"oneshot_is_silent_until_it_is_registered_again",
     oneshot_is_silent_until_it_is_registered_again, TEST_ONESHOT},
    {NULL, NULL, 0},
};

const struct test_suite suite_udp_events = {"udp_events", cases};
