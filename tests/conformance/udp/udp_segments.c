/*
 * Segments: one entry that is many datagrams. The same cases hold where the system cuts and
 * coalesces, and where the library sends one by one.
 */
#include "udp/udp_util.h"

#include <string.h>

static char block[65536], got[65536];

struct pair {
    struct mio_udp_socket socket;
    struct mio_addr addr, name; /* of the peer, of the socket */
    mio_fd peer;
};

static void pair_open(struct pair *pair, const char *text, uint32_t report)
{
    const struct mio_datagram_options options = {.report = report};
    udp_need_control();
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (char)(i * 7 + i / 256);
    pair->peer = udp_peer(text, &pair->addr);
    udp_open(&pair->socket, text, &options);
    pair->name = plain_name(udp_fd(&pair->socket));
}

static void pair_close(struct pair *pair)
{
    udp_close(&pair->socket);
    CHECK_EQ(plain_close(pair->peer), 0);
}

static bool has_feature(struct pair *pair, uint32_t feature)
{
    int features = mio_udp_socket_features(&pair->socket);
    CHECK(features >= 0);
    return ((uint32_t)features & feature) != 0;
}

static struct mio_datagram segments(struct pair *pair, size_t len, uint32_t size)
{
    return (struct mio_datagram){
        .buf = block, .len = len, .addr = &pair->addr, .segment_size = size};
}

/* The peer gets the bytes from start on, cut; nothing follows. */
static void expect_segments(mio_fd peer, size_t start, size_t len, size_t size)
{
    while (start < len) {
        size_t part = len - start < size ? len - start : size;
        udp_peer_expect(peer, block + start, part);
        start += part;
    }
    udp_expect_nothing(peer);
}

/* ---- Sending --------------------------------------------------------------------------------- */

static void check_segments(struct pair *pair, size_t len, uint32_t size)
{
    struct mio_datagram one = segments(pair, len, size);
    CHECK_EQ(mio_udp_socket_send_batch(&pair->socket, &one, 1), 1);
    CHECK_EQ(one.done, len);
    expect_segments(pair->peer, 0, len, size);
}

static void check_lengths(const char *text)
{
    struct pair pair;
    pair_open(&pair, text, 0);
    check_segments(&pair, 1000, 100);
    check_segments(&pair, 1001, 100);
    check_segments(&pair, 999, 100);
    check_segments(&pair, 64, 1);
    check_segments(&pair, 1, 1);
    check_segments(&pair, 500, 500);
    check_segments(&pair, 64 * 100, 100);
    pair_close(&pair);
}

static void segments_are_datagrams_ipv4(void)
{
    check_lengths("127.0.0.1:0");
}

static void segments_are_datagrams_ipv6(void)
{
    tcp_need_ipv6();
    check_lengths("[::1]:0");
}

/* As much as an entry can have; a receive buffer of the usual size takes it. */
static void longest_entry_passes(void)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0", 0);
    plain_set_option(pair.peer, PLAIN_RECEIVE_BUFFER, 1 << 20);
    check_segments(&pair, MIO_DATAGRAM_MAX, 32768);
    check_segments(&pair, MIO_DATAGRAM_MAX, 1200);
    check_segments(&pair, MIO_DATAGRAM_MAX, MIO_DATAGRAM_MAX);
    pair_close(&pair);
}

static void entries_with_and_without_segments_keep_their_order(void)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0", 0);
    struct mio_datagram batch[4] = {segments(&pair, 10, 0), segments(&pair, 25, 10),
                                    segments(&pair, 0, 0), segments(&pair, 30, 15)};
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch, 4), 4);
    udp_peer_expect(pair.peer, block, 10);
    udp_peer_expect(pair.peer, block, 10);
    udp_peer_expect(pair.peer, block + 10, 10);
    udp_peer_expect(pair.peer, block + 20, 5);
    udp_peer_expect(pair.peer, block, 0);
    udp_peer_expect(pair.peer, block, 15);
    udp_peer_expect(pair.peer, block + 15, 15);
    udp_expect_nothing(pair.peer);
    pair_close(&pair);
}

/* More datagrams than a row of the system's call has. */
static void many_segments_of_many_entries(void)
{
    enum { ENTRIES = 5, SIZE = 20, LEN = 64 * SIZE };
    struct mio_datagram batch[ENTRIES];
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0", 0);
    plain_set_option(pair.peer, PLAIN_RECEIVE_BUFFER, 1 << 20);
    for (int i = 0; i < ENTRIES; i++)
        batch[i] = segments(&pair, LEN, SIZE);
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch, ENTRIES), ENTRIES);
    for (int i = 0; i < ENTRIES * 64; i++)
        udp_peer_expect(pair.peer, block + i % 64 * SIZE, SIZE);
    udp_expect_nothing(pair.peer);
    pair_close(&pair);
}

static void entry_goes_on_where_it_stopped(void)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0", 0);
    for (size_t done = 100; done <= 900; done += 400) {
        struct mio_datagram one = segments(&pair, 950, 100);
        one.done = done;
        CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), 1);
        CHECK_EQ(one.done, 950);
        expect_segments(pair.peer, done, 950, 100);
    }
    pair_close(&pair);
}

static void segments_carry_their_header(void)
{
    struct mio_addr own = tcp_addr("127.0.0.1:0");
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0", 0);
    if (!has_feature(&pair, MIO_DATAGRAM_SENDS_ECN) || !plain_want_class(pair.peer, false)) {
        pair_close(&pair);
        SKIP("the system does not send the bits of ECN");
    }
    struct mio_datagram one = segments(&pair, 300, 100);
    one.ecn = 2;
    if (has_feature(&pair, MIO_DATAGRAM_SENDS_LOCAL))
        one.local = &own;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), 1);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(plain_recv_class(pair.peer), 2);
    udp_expect_nothing(pair.peer);
    pair_close(&pair);
}

static void refused_segments_are_not_sent_twice(void)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0", 0);
    struct mio_datagram one = segments(&pair, 300, 100);
    struct mio_addr everybody = tcp_addr("255.255.255.255:9");
    one.addr = &everybody;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), -EACCES);
    CHECK_EQ(one.done, 0);
    one.addr = &pair.addr;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), 1);
    expect_segments(pair.peer, 0, 300, 100);
    pair_close(&pair);
}

/* ---- Receiving ------------------------------------------------------------------------------- */

/* Receives until all bytes are there, and compares them; how many datagrams they came in. */
static int receive_all(struct pair *pair, size_t len, uint32_t size, int *entries)
{
    int datagrams = 0;
    size_t done = 0;
    for (*entries = 0; done < len; ++*entries) {
        struct mio_datagram one = {.buf = got, .capacity = sizeof got};
        CHECK(plain_wait(udp_fd(&pair->socket), PLAIN_IN) & PLAIN_IN);
        CHECK_EQ(mio_udp_socket_recv_batch(&pair->socket, &one, 1), 1);
        CHECK_EQ(memcmp(got, block + done, one.len), 0);
        CHECK_EQ((one.flags & MIO_DATAGRAM_SEGMENTS) != 0, one.segment_size != 0);
        CHECK(one.segment_size == 0 || one.segment_size == size);
        datagrams += one.segment_size == 0 ? 1 : (int)((one.len + size - 1) / size);
        done += one.len;
    }
    CHECK_EQ(done, len);
    return datagrams;
}

static void check_coalesced(const char *text)
{
    struct pair pair;
    struct mio_udp_socket sender;
    int entries;
    pair_open(&pair, text, MIO_DATAGRAM_SEGMENTS);
    udp_open(&sender, text, NULL);
    struct mio_datagram one = segments(&pair, 950, 100);
    one.addr = &pair.name;
    CHECK_EQ(mio_udp_socket_send_batch(&sender, &one, 1), 1);
    CHECK_EQ(receive_all(&pair, 950, 100, &entries), 10);
    /* The loopback device coalesces whatever it has cut. */
    uint32_t both = MIO_DATAGRAM_CUTS | MIO_DATAGRAM_SEGMENTS;
    if (((uint32_t)mio_udp_socket_features(&pair.socket) & both) == both)
        CHECK_EQ(entries, 1);
    else
        CHECK_EQ(entries, 10);
    udp_close(&sender);
    pair_close(&pair);
}

static void segments_may_come_coalesced_ipv4(void)
{
    check_coalesced("127.0.0.1:0");
}

static void segments_may_come_coalesced_ipv6(void)
{
    tcp_need_ipv6();
    check_coalesced("[::1]:0");
}

static void segments_of_a_plain_sender_may_come_coalesced(void)
{
    struct pair pair;
    int entries;
    pair_open(&pair, "127.0.0.1:0", MIO_DATAGRAM_SEGMENTS);
    if (plain_set_option(pair.peer, PLAIN_SEGMENTS, 100) < 0) {
        pair_close(&pair);
        SKIP("the system does not cut segments");
    }
    udp_peer_send(pair.peer, block, 1000, &pair.name);
    CHECK_EQ(receive_all(&pair, 1000, 100, &entries), 10);
    CHECK_EQ(entries, has_feature(&pair, MIO_DATAGRAM_SEGMENTS) ? 1 : 10);
    pair_close(&pair);
}

/* With room for the first segment or a part of it there is nothing to take apart. */
static void coalesced_entry_that_is_cut_to_a_segment_has_none(void)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0", MIO_DATAGRAM_SEGMENTS);
    for (size_t room = 50; room <= 150; room += 50) {
        struct mio_datagram one = segments(&pair, 950, 100);
        one.addr = &pair.name;
        struct mio_datagram cut = {.buf = got, .capacity = room};
        CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), 1);
        CHECK_EQ(mio_udp_socket_recv_batch(&pair.socket, &cut, 1), 1);
        CHECK(cut.len == room || cut.len == 100);
        CHECK_EQ(cut.segment_size, cut.len > 100 ? 100 : 0);
        CHECK_EQ((cut.flags & MIO_DATAGRAM_SEGMENTS) != 0, cut.segment_size != 0);
        udp_drain(&pair.socket);
    }
    pair_close(&pair);
}

static void segments_come_one_by_one_unasked(void)
{
    struct pair pair;
    struct mio_udp_socket sender;
    int entries;
    pair_open(&pair, "127.0.0.1:0", 0);
    udp_open(&sender, "127.0.0.1:0", NULL);
    for (int round = 0; round < 2; round++) {
        struct mio_datagram one = segments(&pair, 950, 100);
        one.addr = &pair.name;
        CHECK_EQ(mio_udp_socket_send_batch(&sender, &one, 1), 1);
        CHECK_EQ(receive_all(&pair, 950, 100, &entries), 10);
        CHECK_EQ(entries, 10);
        CHECK_EQ(mio_udp_socket_set_report(&pair.socket, MIO_DATAGRAM_SEGMENTS), 0);
        CHECK_EQ(mio_udp_socket_set_report(&pair.socket, 0), 0);
    }
    udp_close(&sender);
    pair_close(&pair);
}

/* The entry is passed on as it came. */
static void coalesced_entry_is_sent_on_as_segments(void)
{
    struct pair pair;
    struct mio_udp_socket sender;
    struct mio_addr target_addr;
    mio_fd target = udp_peer("127.0.0.1:0", &target_addr);
    size_t done = 0;
    pair_open(&pair, "127.0.0.1:0", MIO_DATAGRAM_SEGMENTS);
    udp_open(&sender, "127.0.0.1:0", NULL);
    struct mio_datagram one = segments(&pair, 950, 100);
    one.addr = &pair.name;
    CHECK_EQ(mio_udp_socket_send_batch(&sender, &one, 1), 1);
    while (done < 950) {
        struct mio_datagram relayed = {.buf = got, .capacity = sizeof got};
        CHECK(plain_wait(udp_fd(&pair.socket), PLAIN_IN) & PLAIN_IN);
        CHECK_EQ(mio_udp_socket_recv_batch(&pair.socket, &relayed, 1), 1);
        relayed.addr = &target_addr;
        CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &relayed, 1), 1);
        done += relayed.len;
    }
    expect_segments(target, 0, 950, 100);
    udp_close(&sender);
    pair_close(&pair);
    CHECK_EQ(plain_close(target), 0);
}

static const struct test_case cases[] = {
    {"segments_are_datagrams_ipv4", segments_are_datagrams_ipv4, 0},
    {"segments_are_datagrams_ipv6", segments_are_datagrams_ipv6, 0},
    {"longest_entry_passes", longest_entry_passes, 0},
    {"entries_with_and_without_segments_keep_their_order",
     entries_with_and_without_segments_keep_their_order, 0},
    {"many_segments_of_many_entries", many_segments_of_many_entries, 0},
    {"entry_goes_on_where_it_stopped", entry_goes_on_where_it_stopped, 0},
    {"segments_carry_their_header", segments_carry_their_header, 0},
    {"refused_segments_are_not_sent_twice", refused_segments_are_not_sent_twice, 0},
    {"segments_may_come_coalesced_ipv4", segments_may_come_coalesced_ipv4, 0},
    {"segments_may_come_coalesced_ipv6", segments_may_come_coalesced_ipv6, 0},
    {"segments_of_a_plain_sender_may_come_coalesced", segments_of_a_plain_sender_may_come_coalesced,
     0},
    {"coalesced_entry_that_is_cut_to_a_segment_has_none",
     coalesced_entry_that_is_cut_to_a_segment_has_none, 0},
    {"segments_come_one_by_one_unasked", segments_come_one_by_one_unasked, 0},
    {"coalesced_entry_is_sent_on_as_segments", coalesced_entry_is_sent_on_as_segments, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_udp_segments = {"udp_segments", cases};
