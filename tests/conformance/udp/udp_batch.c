/* Batches of datagrams: order, addresses, what is refused. The peers are plain descriptors. */
#include "udp/udp_util.h"

#include <string.h>

enum { MOST = MIO_DATAGRAMS_MAX, ROOM = 256 };

static char memory[MOST][ROOM];
static struct mio_addr addrs[MOST];
static struct mio_datagram batch[MOST];

/* Entries for receiving, which hold what no call has written. */
static void make_room(size_t count)
{
    memset(memory, '-', sizeof memory);
    memset(addrs, 0, sizeof addrs);
    memset(batch, 0, sizeof batch);
    for (size_t i = 0; i < count; i++) {
        batch[i].buf = memory[i];
        batch[i].capacity = ROOM;
        batch[i].addr = &addrs[i];
        batch[i].len = batch[i].done = 12345;
        batch[i].flags = MIO_DATAGRAM_CUT;
    }
}

/* An entry for sending, of a length that the number tells: every eighth is empty. */
static size_t length_of(size_t i)
{
    return i % 8 == 7 ? 0 : 1 + i * 3;
}

static void make_datagrams(size_t count, const struct mio_addr *to)
{
    memset(batch, 0, sizeof batch);
    for (size_t i = 0; i < count; i++) {
        memset(memory[i], (int)('A' + i % 26), ROOM);
        addrs[i] = to ? *to : (struct mio_addr){0};
        batch[i].buf = length_of(i) > 0 ? memory[i] : NULL;
        batch[i].len = length_of(i);
        batch[i].addr = to ? &addrs[i] : NULL;
    }
}

static void expect_datagrams(mio_fd peer, size_t first, size_t count)
{
    char text[ROOM];
    for (size_t i = first; i < first + count; i++) {
        memset(text, (int)('A' + i % 26), sizeof text);
        udp_peer_expect(peer, text, length_of(i));
    }
}

struct pair {
    struct mio_udp_socket socket;
    struct mio_addr addr, name; /* of the peer, of the socket */
    mio_fd peer;
};

static void pair_open(struct pair *pair, const char *text)
{
    pair->peer = udp_peer(text, &pair->addr);
    udp_open(&pair->socket, text, NULL);
    pair->name = plain_name(udp_fd(&pair->socket));
}

static void pair_close(struct pair *pair)
{
    udp_close(&pair->socket);
    CHECK_EQ(plain_close(pair->peer), 0);
}

/* ---- Sending --------------------------------------------------------------------------------- */

static void check_sending(const char *text)
{
    struct pair pair;
    pair_open(&pair, text);
    make_datagrams(MOST, &pair.addr);
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch, MOST), MOST);
    expect_datagrams(pair.peer, 0, MOST);
    udp_expect_nothing(pair.peer);
    for (size_t i = 0; i < MOST; i++) {
        CHECK_EQ(batch[i].done, length_of(i));
        CHECK_EQ(batch[i].len, length_of(i));
    }
    pair_close(&pair);
}

static void batch_goes_out_in_order_ipv4(void)
{
    check_sending("127.0.0.1:0");
}

static void batch_goes_out_in_order_ipv6(void)
{
    tcp_need_ipv6();
    check_sending("[::1]:0");
}

static void connected_socket_sends_to_its_peer(void)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0");
    make_datagrams(3, NULL);
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch, 3), -EDESTADDRREQ);
    CHECK_EQ(batch[0].done, 0);
    CHECK_EQ(mio_udp_socket_connect(&pair.socket, &pair.addr), 0);
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch, 3), 3);
    expect_datagrams(pair.peer, 0, 3);
    pair_close(&pair);
}

static void entries_go_to_addresses_of_their_own(void)
{
    struct pair pair;
    struct mio_addr other_addr;
    mio_fd other = udp_peer("127.0.0.1:0", &other_addr);
    pair_open(&pair, "127.0.0.1:0");
    make_datagrams(4, &pair.addr);
    addrs[1] = addrs[2] = other_addr;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch, 4), 4);
    expect_datagrams(pair.peer, 0, 1);
    expect_datagrams(pair.peer, 3, 1);
    expect_datagrams(other, 1, 2);
    pair_close(&pair);
    CHECK_EQ(plain_close(other), 0);
}

static void entries_that_are_sent_are_passed_over(void)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0");
    make_datagrams(5, &pair.addr);
    batch[0].done = batch[0].len;
    batch[3].done = batch[3].len;
    batch[4].done = batch[4].len;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch, 5), 5);
    expect_datagrams(pair.peer, 1, 2);
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch, 5), 5);
    udp_expect_nothing(pair.peer);
    pair_close(&pair);
}

/* Broadcasts are refused while the switch is off. */
static void batch_stops_at_an_entry_that_is_refused(void)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0");
    make_datagrams(4, &pair.addr);
    addrs[2] = tcp_addr("255.255.255.255:9");
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch, 4), 2);
    CHECK_EQ(batch[1].done, batch[1].len);
    CHECK_EQ(batch[2].done, 0);
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch + 2, 2), -EACCES);
    /* Those that are sent count, also when the call begins with them. */
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch, 4), 2);
    expect_datagrams(pair.peer, 0, 2);
    udp_expect_nothing(pair.peer);
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch + 3, 1), 1);
    expect_datagrams(pair.peer, 3, 1);
    pair_close(&pair);
}

static void refusal_of_an_earlier_datagram_is_told(void)
{
    struct mio_udp_socket socket;
    struct mio_addr addr;
    mio_fd refusing = udp_refusing("127.0.0.1:0", &addr);
    udp_open(&socket, "127.0.0.1:0", NULL);
    CHECK_EQ(mio_udp_socket_connect(&socket, &addr), 0);
    udp_be_refused(&socket);
    make_datagrams(2, NULL);
    CHECK_EQ(mio_udp_socket_send_batch(&socket, batch, 2), -ECONNREFUSED);
    udp_be_refused(&socket);
    make_room(2);
    CHECK_EQ(mio_udp_socket_recv_batch(&socket, batch, 2), -ECONNREFUSED);
    CHECK_EQ(mio_udp_socket_recv_batch(&socket, batch, 2), -EAGAIN);
    udp_close(&socket);
    CHECK_EQ(plain_close(refusing), 0);
}

/* ---- Receiving ------------------------------------------------------------------------------- */

static void check_receiving(const char *text)
{
    struct pair pair;
    char wanted[ROOM];
    pair_open(&pair, text);
    for (int round = 0; round < 2; round++) { /* the array is used again as it is */
        if (round == 0)
            make_room(MOST);
        for (size_t i = 0; i < MOST / 2; i++) {
            memset(wanted, (int)('a' + i % 26), sizeof wanted);
            udp_peer_send(pair.peer, wanted, length_of(i), &pair.name);
        }
        for (int got = 0, n; got < MOST / 2; got += n) {
            CHECK(plain_wait(udp_fd(&pair.socket), PLAIN_IN) & PLAIN_IN);
            n = mio_udp_socket_recv_batch(&pair.socket, batch + got, (size_t)(MOST - got));
            CHECK(n > 0);
        }
        for (size_t i = 0; i < MOST / 2; i++) {
            memset(wanted, (int)('a' + i % 26), sizeof wanted);
            CHECK_EQ(batch[i].len, length_of(i));
            CHECK_EQ(memcmp(memory[i], wanted, length_of(i)), 0);
            CHECK_EQ(batch[i].done, 0);
            CHECK_EQ(batch[i].capacity, ROOM);
            CHECK_EQ(batch[i].flags, 0);
            CHECK_EQ(batch[i].segment_size, 0);
            CHECK(mio_addr_equal(&addrs[i], &pair.addr));
        }
        CHECK_EQ(mio_udp_socket_recv_batch(&pair.socket, batch, MOST), -EAGAIN);
    }
    CHECK_EQ(batch[MOST - 1].len, 12345);
    pair_close(&pair);
}

static void batch_comes_in_in_order_ipv4(void)
{
    check_receiving("127.0.0.1:0");
}

static void batch_comes_in_in_order_ipv6(void)
{
    tcp_need_ipv6();
    check_receiving("[::1]:0");
}

static void nothing_to_receive_changes_nothing(void)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0");
    make_room(2);
    CHECK_EQ(mio_udp_socket_recv_batch(&pair.socket, batch, 2), -EAGAIN);
    CHECK_EQ(batch[0].len, 12345);
    CHECK_EQ(batch[0].flags, MIO_DATAGRAM_CUT);
    CHECK_EQ(mio_addr_family(&addrs[0]), MIO_ADDR_NONE);
    CHECK_EQ(memory[0][0], '-');
    pair_close(&pair);
}

static void long_datagrams_are_cut_and_said_to_be(void)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0");
    make_room(4);
    batch[0].capacity = 3;
    batch[1].capacity = 5;
    batch[2].capacity = 0;
    batch[2].buf = NULL;
    batch[2].addr = NULL;
    udp_peer_send(pair.peer, "abcde", 5, &pair.name);
    udp_peer_send(pair.peer, "fghij", 5, &pair.name);
    udp_peer_send(pair.peer, "klm", 3, &pair.name);
    udp_peer_send(pair.peer, "next", 4, &pair.name);
    CHECK_EQ(mio_udp_socket_recv_batch(&pair.socket, batch, 4), 4);
    CHECK_EQ(batch[0].len, 3);
    CHECK_EQ(batch[0].flags, MIO_DATAGRAM_CUT);
    CHECK_EQ(memcmp(memory[0], "abc-", 4), 0);
    CHECK_EQ(batch[1].len, 5);
    CHECK_EQ(batch[1].flags, 0);
    CHECK_EQ(batch[2].len, 0);
    CHECK_EQ(batch[2].flags, MIO_DATAGRAM_CUT);
    CHECK_EQ(batch[3].len, 4);
    CHECK_EQ(memcmp(memory[3], "next-", 5), 0);
    pair_close(&pair);
}

/* Fields of the sender's header are not in the way either. */
static void entry_that_was_received_can_be_sent_on(void)
{
    struct pair pair;
    struct mio_addr target_addr;
    mio_fd target = udp_peer("127.0.0.1:0", &target_addr);
    pair_open(&pair, "127.0.0.1:0");
    make_room(2);
    udp_peer_send(pair.peer, "one", 3, &pair.name);
    udp_peer_send(pair.peer, "", 0, &pair.name);
    CHECK(plain_wait(udp_fd(&pair.socket), PLAIN_IN) & PLAIN_IN);
    CHECK_EQ(mio_udp_socket_recv_batch(&pair.socket, batch, 2), 2);
    batch[0].addr = batch[1].addr = &target_addr;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch, 2), 2);
    udp_peer_expect(target, "one", 3);
    udp_peer_expect(target, "", 0);
    pair_close(&pair);
    CHECK_EQ(plain_close(target), 0);
}

static void batches_follow_events(void)
{
    struct mio_poll poll;
    struct pair pair;
    test_poll_init(&poll);
    pair_open(&pair, "127.0.0.1:0");
    make_room(4);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &pair.socket.source, 7, MIO_READABLE), 0);
    for (int i = 0; i < 3; i++) {
        udp_peer_send(pair.peer, "one", 3, &pair.name);
        udp_peer_send(pair.peer, "two", 3, &pair.name);
        test_expect_readiness(&poll, 7, MIO_READABLE);
        CHECK_EQ(mio_udp_socket_recv_batch(&pair.socket, batch, 4), 2);
        CHECK_EQ(mio_udp_socket_recv_batch(&pair.socket, batch, 4), -EAGAIN);
        test_expect_no_event(&poll);
    }
    pair_close(&pair);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* ---- Refused arguments ----------------------------------------------------------------------- */

/* The second entry of two is wrong: neither goes out. */
static void check_refused(struct pair *pair, const struct mio_datagram *wrong, int error)
{
    make_datagrams(1, &pair->addr);
    batch[1] = *wrong;
    CHECK_EQ(mio_udp_socket_send_batch(&pair->socket, batch, 2), error);
    CHECK_EQ(batch[0].done, 0);
    udp_expect_nothing(pair->peer);
}

static void wrong_entries_are_refused_before_anything_is_sent(void)
{
    static char block[70000];
    struct pair pair;
    struct mio_addr none = {0}, unix_addr = tcp_addr("unix:/x"), nobody = tcp_addr("127.0.0.1:0");
    struct mio_addr v6 = tcp_addr("[::1]:0"), v4 = tcp_addr("127.0.0.1:0");
    pair_open(&pair, "127.0.0.1:0");
    const struct mio_datagram good = {.buf = block, .len = 1000, .addr = &pair.addr};
    struct mio_datagram wrong;
#define WRONG(error, change)                                                                       \
    do {                                                                                           \
        wrong = good;                                                                              \
        change;                                                                                    \
        check_refused(&pair, &wrong, error);                                                       \
    } while (0)
    WRONG(-EINVAL, wrong.buf = NULL);
    WRONG(-EINVAL, wrong.ecn = 4);
    WRONG(-EINVAL, wrong.reserved0 = 1);
    WRONG(-EINVAL, wrong.reserved[0] = 1);
    WRONG(-EINVAL, wrong.reserved[1] = 1);
    WRONG(-EINVAL, wrong.segment_size = 1001);
    WRONG(-EINVAL, (wrong.len = 65507, wrong.segment_size = 65508));
    WRONG(-EINVAL, wrong.segment_size = 15); /* 67 of them */
    WRONG(-EINVAL, wrong.done = 1001);
    WRONG(-EINVAL, wrong.done = 500);
    WRONG(-EINVAL, (wrong.segment_size = 400, wrong.done = 500));
    WRONG(-EINVAL, wrong.addr = &nobody);
    WRONG(-EMSGSIZE, wrong.len = MIO_DATAGRAM_MAX + 1);
    WRONG(-EMSGSIZE, (wrong.len = MIO_DATAGRAM_MAX + 1, wrong.segment_size = 1200));
    WRONG(-EAFNOSUPPORT, wrong.addr = &none);
    WRONG(-EAFNOSUPPORT, wrong.addr = &unix_addr);
    WRONG(-EAFNOSUPPORT, wrong.local = &unix_addr);
    WRONG(-EAFNOSUPPORT, wrong.local = &v6);
    CHECK_EQ(mio_udp_socket_connect(&pair.socket, &pair.addr), 0);
    WRONG(-EAFNOSUPPORT, (wrong.addr = NULL, wrong.local = &v6));
    (void)v4;
#undef WRONG
    pair_close(&pair);
}

static void wrong_arrays_are_refused(void)
{
    struct mio_udp_socket closed = {0};
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0");
    udp_deliver(pair.peer, &pair.socket, "x", 1);
    make_room(MOST);
    CHECK_EQ(mio_udp_socket_recv_batch(NULL, batch, 1), -EINVAL);
    CHECK_EQ(mio_udp_socket_recv_batch(&pair.socket, NULL, 1), -EINVAL);
    CHECK_EQ(mio_udp_socket_recv_batch(&pair.socket, NULL, 0), -EINVAL);
    CHECK_EQ(mio_udp_socket_recv_batch(&pair.socket, batch, 0), -EINVAL);
    CHECK_EQ(mio_udp_socket_recv_batch(&pair.socket, batch, MOST + 1), -EINVAL);
    CHECK_EQ(mio_udp_socket_recv_batch(&closed, batch, 1), -EBADF);
    batch[1].buf = NULL;
    CHECK_EQ(mio_udp_socket_recv_batch(&pair.socket, batch, 2), -EINVAL);
    batch[1].buf = memory[1];
    batch[1].reserved[1] = 1;
    CHECK_EQ(mio_udp_socket_recv_batch(&pair.socket, batch, 2), -EINVAL);
    udp_expect(&pair.socket, "x", 1);
    make_datagrams(MOST, &pair.addr);
    CHECK_EQ(mio_udp_socket_send_batch(NULL, batch, 1), -EINVAL);
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, NULL, 1), -EINVAL);
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, NULL, 0), -EINVAL);
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch, 0), -EINVAL);
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch, MOST + 1), -EINVAL);
    CHECK_EQ(mio_udp_socket_send_batch(&closed, batch, 1), -EBADF);
    CHECK_EQ(mio_udp_socket_set_report(NULL, 0), -EINVAL);
    CHECK_EQ(mio_udp_socket_set_report(&closed, 0), -EBADF);
    CHECK_EQ(mio_udp_socket_set_report(&pair.socket, MIO_DATAGRAM_CUT), -EINVAL);
    CHECK_EQ(mio_udp_socket_features(NULL), -EINVAL);
    CHECK_EQ(mio_udp_socket_features(&closed), -EBADF);
    CHECK_EQ(mio_sizeof_datagram(), sizeof batch[0]);
    pair_close(&pair);
}

static const struct test_case cases[] = {
    {"batch_goes_out_in_order_ipv4", batch_goes_out_in_order_ipv4, 0},
    {"batch_goes_out_in_order_ipv6", batch_goes_out_in_order_ipv6, 0},
    {"connected_socket_sends_to_its_peer", connected_socket_sends_to_its_peer, 0},
    {"entries_go_to_addresses_of_their_own", entries_go_to_addresses_of_their_own, 0},
    {"entries_that_are_sent_are_passed_over", entries_that_are_sent_are_passed_over, 0},
    {"batch_stops_at_an_entry_that_is_refused", batch_stops_at_an_entry_that_is_refused, 0},
    {"refusal_of_an_earlier_datagram_is_told", refusal_of_an_earlier_datagram_is_told, 0},
    {"batch_comes_in_in_order_ipv4", batch_comes_in_in_order_ipv4, 0},
    {"batch_comes_in_in_order_ipv6", batch_comes_in_in_order_ipv6, 0},
    {"nothing_to_receive_changes_nothing", nothing_to_receive_changes_nothing, 0},
    {"long_datagrams_are_cut_and_said_to_be", long_datagrams_are_cut_and_said_to_be, 0},
    {"entry_that_was_received_can_be_sent_on", entry_that_was_received_can_be_sent_on, 0},
    {"batches_follow_events", batches_follow_events, TEST_EDGE | TEST_LEVEL},
    {"wrong_entries_are_refused_before_anything_is_sent",
     wrong_entries_are_refused_before_anything_is_sent, 0},
    {"wrong_arrays_are_refused", wrong_arrays_are_refused, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_udp_batch = {"udp_batch", cases};
