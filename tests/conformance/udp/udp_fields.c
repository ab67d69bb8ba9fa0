/* The fields of a datagram beside its bytes, both ways. The peers are plain descriptors. */
#include "udp/udp_util.h"

#include <string.h>

static char memory[256];
static struct mio_addr from, local;

struct fields {
    const char *bound, *peer; /* texts of addresses */
    bool peer_is_v6;
    const char *local; /* the one that the peer sends to, as the socket sees it */
};

static const struct fields v4 = {"0.0.0.0:0", "127.0.0.1:0", false, "127.0.0.1:0"};
static const struct fields v6 = {"[::]:0", "[::1]:0", true, "[::1]:0"};
static const struct fields mapped = {"[::]:0", "127.0.0.1:0", false, "[::ffff:127.0.0.1]:0"};

struct pair {
    struct mio_udp_socket socket;
    struct mio_addr addr, name; /* where the socket sends to, where the peer does */
    mio_fd peer;
};

static void pair_open(struct pair *pair, const struct fields *fields, uint32_t report)
{
    const struct mio_datagram_options options = {.only_v6 = MIO_OFF, .report = report};
    struct mio_addr bound = tcp_addr(fields->bound);
    udp_need_control();
    if (fields != &v4)
        tcp_need_ipv6();
    int result = mio_udp_socket_bind_with(&pair->socket, &bound, &options);
    if (result == -ENOTSUP)
        SKIP("the system does not tell this");
    CHECK_EQ(result, 0);
    pair->peer = udp_peer(fields->peer, &pair->addr);
    pair->name = tcp_addr(fields->peer);
    bound = plain_name(udp_fd(&pair->socket));
    CHECK_EQ(mio_addr_set_port(&pair->name, (uint16_t)mio_addr_port(&bound)), 0);
}

static void pair_close(struct pair *pair)
{
    udp_close(&pair->socket);
    CHECK_EQ(plain_close(pair->peer), 0);
}

/* An emulator may know an option when it is asked for, and refuse to set it. */
static uint32_t features_of(struct pair *pair)
{
    int features = mio_udp_socket_features(&pair->socket);
    CHECK(features >= 0);
    if (plain_set_option(pair->peer, PLAIN_ARRIVAL, 0) < 0)
        return (uint32_t)features & ~(uint32_t)MIO_DATAGRAM_TIME;
    return (uint32_t)features;
}

static void need_feature(struct pair *pair, uint32_t feature, const char *why)
{
    if ((features_of(pair) & feature) == 0) {
        pair_close(pair);
        SKIP(why);
    }
}

/* The next datagram; what the call has to write holds something else before. */
static struct mio_datagram receive(struct pair *pair)
{
    struct mio_datagram got = {.buf = memory, .capacity = sizeof memory, .addr = &from};
    got.local = &local;
    got.time_ns = 1;
    got.segment_size = got.interface_index = got.flags = 77;
    got.ecn = got.ttl = 77;
    local = tcp_addr("192.0.2.1:7");
    CHECK(plain_wait(udp_fd(&pair->socket), PLAIN_IN) & PLAIN_IN);
    CHECK_EQ(mio_udp_socket_recv_batch(&pair->socket, &got, 1), 1);
    CHECK_EQ(got.len, 4);
    CHECK_EQ(memcmp(memory, "ping", 4), 0);
    return got;
}

static struct mio_datagram ping(struct pair *pair)
{
    udp_peer_send(pair->peer, "ping", 4, &pair->name);
    return receive(pair);
}

/* An entry to the peer. */
static struct mio_datagram pong(struct pair *pair)
{
    return (struct mio_datagram){.buf = "pong", .len = 4, .addr = &pair->addr};
}

/* ---- Unasked --------------------------------------------------------------------------------- */

static void nothing_is_told_unasked(void)
{
    struct pair pair;
    pair_open(&pair, &v4, 0);
    for (int i = 0; i < 2; i++) {
        struct mio_datagram got = ping(&pair);
        CHECK_EQ(got.flags, 0);
        CHECK_EQ(got.time_ns, 0);
        CHECK_EQ(got.segment_size, 0);
        CHECK_EQ(got.interface_index, 0);
        CHECK_EQ(got.ecn, 0);
        CHECK_EQ(got.ttl, 0);
        CHECK_EQ(mio_addr_family(&local), MIO_ADDR_NONE);
        /* On and off again. */
        const uint32_t all = MIO_DATAGRAM_ECN | MIO_DATAGRAM_LOCAL | MIO_DATAGRAM_TTL |
                             MIO_DATAGRAM_TIME | MIO_DATAGRAM_SEGMENTS;
        CHECK_EQ(mio_udp_socket_set_report(&pair.socket, features_of(&pair) & all), 0);
        CHECK_EQ(mio_udp_socket_set_report(&pair.socket, 0), 0);
    }
    pair_close(&pair);
}

/* ---- ECN ------------------------------------------------------------------------------------- */

static int set_class(mio_fd fd, bool is_v6, int value)
{
    return plain_set_option(fd, is_v6 ? PLAIN_CLASS_V6 : PLAIN_CLASS, value);
}

/* Whether a program can set the class: Windows takes the option, and no notice of it. */
static bool class_goes_out(const struct fields *fields)
{
    return udp_class_that_arrives(fields->peer, fields->peer_is_v6, 0x22) == 0x22;
}

static void check_ecn_received(const struct fields *fields)
{
    struct pair pair;
    pair_open(&pair, fields, MIO_DATAGRAM_ECN);
    if (!class_goes_out(fields)) {
        pair_close(&pair);
        SKIP("the system does not set the class");
    }
    for (int ecn = 3; ecn >= 0; ecn--) {
        CHECK_EQ(set_class(pair.peer, fields->peer_is_v6, 0x20 | ecn), 0);
        struct mio_datagram got = ping(&pair);
        CHECK_EQ(got.flags, MIO_DATAGRAM_ECN);
        CHECK_EQ(got.ecn, ecn);
    }
    pair_close(&pair);
}

static void ecn_is_told_ipv4(void)
{
    check_ecn_received(&v4);
}

static void ecn_is_told_ipv6(void)
{
    check_ecn_received(&v6);
}

static void ecn_is_told_of_ipv4_on_ipv6(void)
{
    check_ecn_received(&mapped);
}

/* The other six bits of the class are those of the socket. */
static void check_ecn_sent(const struct fields *fields, bool connected)
{
    const bool is_v6 = fields->peer_is_v6;
    const int most = plain_sends_congestion() ? 4 : 3;
    struct pair pair;
    pair_open(&pair, fields, 0);
    need_feature(&pair, MIO_DATAGRAM_SENDS_ECN, "the system does not send the bits of ECN");
    if (!plain_want_class(pair.peer, is_v6)) {
        pair_close(&pair);
        SKIP("the system does not tell the class");
    }
    if (connected)
        CHECK_EQ(mio_udp_socket_connect(&pair.socket, &pair.addr), 0);
    const int last_class = class_goes_out(fields) ? 0xb8 : 0;
    for (int class_bits = 0; class_bits <= last_class; class_bits += 0xb8) {
        if (last_class != 0)
            CHECK_EQ(set_class(udp_fd(&pair.socket), is_v6, class_bits), 0);
        struct mio_datagram batch[4];
        for (uint8_t ecn = 0; ecn < 4; ecn++) {
            batch[ecn] = pong(&pair);
            batch[ecn].ecn = ecn;
            if (connected)
                batch[ecn].addr = NULL;
        }
        CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch, 4), most);
        if (most < 4)
            CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch + most, 1), -EINVAL);
        for (int ecn = 0; ecn < most; ecn++)
            CHECK_EQ(plain_recv_class(pair.peer), class_bits | ecn);
    }
    pair_close(&pair);
}

static void ecn_is_sent_ipv4(void)
{
    check_ecn_sent(&v4, false);
}

static void ecn_is_sent_ipv6(void)
{
    check_ecn_sent(&v6, false);
}

static void ecn_is_sent_of_ipv4_on_ipv6(void)
{
    check_ecn_sent(&mapped, false);
}

/* The same address by its mapped form, which goes by IPv4 as well. */
static void ecn_is_sent_to_a_mapped_address(void)
{
    struct pair pair;
    pair_open(&pair, &mapped, 0);
    need_feature(&pair, MIO_DATAGRAM_SENDS_ECN, "the system does not send the bits of ECN");
    struct mio_addr to = tcp_addr("[::ffff:127.0.0.1]:0");
    CHECK_EQ(mio_addr_set_port(&to, (uint16_t)mio_addr_port(&pair.addr)), 0);
    CHECK(plain_want_class(pair.peer, false));
    struct mio_datagram one = pong(&pair);
    one.addr = &to;
    one.ecn = 1;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), 1);
    CHECK_EQ(plain_recv_class(pair.peer), 1);
    pair_close(&pair);
}

static void ecn_is_sent_to_the_peer_ipv4(void)
{
    check_ecn_sent(&v4, true);
}

static void ecn_is_sent_to_the_peer_ipv6(void)
{
    check_ecn_sent(&v6, true);
}

static void ecn_is_sent_to_the_peer_of_ipv4_on_ipv6(void)
{
    check_ecn_sent(&mapped, true);
}

/* ---- Local address and interface ------------------------------------------------------------- */

static void check_local_received(const struct fields *fields)
{
    struct pair pair;
    struct mio_addr wanted = tcp_addr(fields->local);
    pair_open(&pair, fields, MIO_DATAGRAM_LOCAL);
    struct mio_datagram got = ping(&pair);
    CHECK_EQ(got.flags, MIO_DATAGRAM_LOCAL);
    CHECK(mio_addr_equal(&local, &wanted));
    CHECK_EQ(got.interface_index, plain_loopback_index());
    /* Without a place for the address the interface is told even so. */
    got.local = NULL;
    udp_peer_send(pair.peer, "ping", 4, &pair.name);
    CHECK(plain_wait(udp_fd(&pair.socket), PLAIN_IN) & PLAIN_IN);
    got.interface_index = 0;
    CHECK_EQ(mio_udp_socket_recv_batch(&pair.socket, &got, 1), 1);
    CHECK_EQ(got.interface_index, plain_loopback_index());
    pair_close(&pair);
}

static void local_address_is_told_ipv4(void)
{
    check_local_received(&v4);
}

static void local_address_is_told_ipv6(void)
{
    check_local_received(&v6);
}

static void local_address_is_told_of_ipv4_on_ipv6(void)
{
    check_local_received(&mapped);
}

static const char *second_address = "127.0.0.5:0";

/* The loopback network of Linux is this machine as a whole. */
static void need_second_address(void)
{
    struct mio_addr addr = tcp_addr(second_address);
    if (!plain_sends_from(&addr))
        SKIP("the loopback device has one address");
}

static void check_local_sent(const struct fields *fields, const char *text, bool connected)
{
    struct mio_addr chosen = tcp_addr(text), wanted = tcp_addr(second_address);
    struct pair pair;
    need_second_address();
    pair_open(&pair, fields, 0);
    need_feature(&pair, MIO_DATAGRAM_SENDS_LOCAL, "the system does not choose the address");
    CHECK_EQ(mio_addr_set_port(&wanted, (uint16_t)mio_addr_port(&pair.name)), 0);
    if (connected)
        CHECK_EQ(mio_udp_socket_connect(&pair.socket, &pair.addr), 0);
    struct mio_datagram batch[2] = {pong(&pair), pong(&pair)};
    batch[0].local = &chosen;
    if (connected)
        batch[0].addr = NULL;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch, 2), 2);
    struct mio_addr seen = udp_peer_expect(pair.peer, "pong", 4);
    CHECK(mio_addr_equal(&seen, &wanted));
    seen = udp_peer_expect(pair.peer, "pong", 4);
    CHECK(mio_addr_equal(&seen, &pair.name));
    pair_close(&pair);
}

static void local_address_is_chosen_ipv4(void)
{
    check_local_sent(&v4, "127.0.0.5:0", false);
}

static void local_address_is_chosen_of_ipv4_on_ipv6(void)
{
    check_local_sent(&mapped, "[::ffff:127.0.0.5]:0", false);
    check_local_sent(&mapped, "127.0.0.5:0", false);
}

static void local_address_is_chosen_to_the_peer(void)
{
    check_local_sent(&v4, "127.0.0.5:0", true);
}

/* The only one of IPv6 on the loopback device; a stranger's shows that it counts. */
static void local_address_is_chosen_ipv6(void)
{
    struct mio_addr own = tcp_addr("[::1]:0"), strange = tcp_addr("[2001:db8::77]:0");
    struct pair pair;
    pair_open(&pair, &v6, 0);
    need_feature(&pair, MIO_DATAGRAM_SENDS_LOCAL, "the system does not choose the address");
    struct mio_datagram one = pong(&pair);
    one.local = &own;
    one.interface_index = plain_loopback_index();
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), 1);
    struct mio_addr seen = udp_peer_expect(pair.peer, "pong", 4);
    CHECK(mio_addr_equal(&seen, &pair.name));
    one = pong(&pair);
    one.local = &strange;
    int result = mio_udp_socket_send_batch(&pair.socket, &one, 1);
    CHECK(result == -EINVAL || result == -EADDRNOTAVAIL);
    one = pong(&pair);
    one.interface_index = 0x7ffffff;
    result = mio_udp_socket_send_batch(&pair.socket, &one, 1);
    CHECK(result < 0 && result != -ENOTSUP && result != -EAGAIN);
    udp_expect_nothing(pair.peer);
    pair_close(&pair);
}

static void strange_addresses_and_interfaces_are_refused(void)
{
    struct mio_addr strange = tcp_addr("192.0.2.77:0");
    struct pair pair;
    pair_open(&pair, &v4, 0);
    need_feature(&pair, MIO_DATAGRAM_SENDS_LOCAL, "the system does not choose the address");
    struct mio_datagram one = pong(&pair);
    one.local = &strange;
    int result = mio_udp_socket_send_batch(&pair.socket, &one, 1);
    CHECK(result == -EINVAL || result == -EADDRNOTAVAIL || result == -ENETUNREACH);
    one = pong(&pair);
    one.interface_index = 0x7ffffff;
    result = mio_udp_socket_send_batch(&pair.socket, &one, 1);
    CHECK(result == -ENODEV || result == -ENOTSUP || result == -ENXIO || result == -EADDRNOTAVAIL);
    udp_expect_nothing(pair.peer);
    pair_close(&pair);
}

static void systems_without_control_messages_say_so(void)
{
    struct mio_addr own = tcp_addr("127.0.0.1:0");
    struct pair pair;
    pair_open(&pair, &v4, 0);
    const uint32_t features = features_of(&pair);
    struct mio_datagram one = pong(&pair);
    one.ecn = 1;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1),
             features & MIO_DATAGRAM_SENDS_ECN ? 1 : -ENOTSUP);
    one = pong(&pair);
    one.local = &own;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1),
             features & MIO_DATAGRAM_SENDS_LOCAL ? 1 : -ENOTSUP);
    for (uint32_t bit = MIO_DATAGRAM_ECN; bit <= MIO_DATAGRAM_TIME; bit <<= 1)
        CHECK_EQ(mio_udp_socket_set_report(&pair.socket, bit), features & bit ? 0 : -ENOTSUP);
    CHECK_EQ(mio_udp_socket_set_report(&pair.socket, MIO_DATAGRAM_SEGMENTS), 0);
    pair_close(&pair);
}

/* A server with several addresses answers from the one that it was asked at. */
static void answer_goes_out_as_the_question_came(void)
{
    struct mio_addr asked = tcp_addr(second_address);
    struct pair pair;
    need_second_address();
    pair_open(&pair, &v4, MIO_DATAGRAM_LOCAL | MIO_DATAGRAM_ECN);
    need_feature(&pair, MIO_DATAGRAM_SENDS_LOCAL, "the system does not choose the address");
    CHECK_EQ(mio_addr_set_port(&asked, (uint16_t)mio_addr_port(&pair.name)), 0);
    udp_peer_send(pair.peer, "ping", 4, &asked);
    struct mio_datagram got = receive(&pair);
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &got, 1), 1);
    struct mio_addr seen = udp_peer_expect(pair.peer, "ping", 4);
    CHECK(mio_addr_equal(&seen, &asked));
    pair_close(&pair);
}

/* ---- Hops and time --------------------------------------------------------------------------- */

static void check_hops(const struct fields *fields)
{
    struct pair pair;
    pair_open(&pair, fields, MIO_DATAGRAM_TTL);
    for (int hops = 1; hops <= 255; hops += 127) {
        CHECK_EQ(plain_set_option(pair.peer, fields->peer_is_v6 ? PLAIN_HOPS : PLAIN_TTL, hops), 0);
        struct mio_datagram got = ping(&pair);
        CHECK_EQ(got.flags, MIO_DATAGRAM_TTL);
        CHECK_EQ(got.ttl, hops);
    }
    pair_close(&pair);
}

static void hops_are_told_ipv4(void)
{
    check_hops(&v4);
}

static void hops_are_told_ipv6(void)
{
    check_hops(&v6);
}

static void hops_are_told_of_ipv4_on_ipv6(void)
{
    check_hops(&mapped);
}

/* A system may tell microseconds. */
static void check_time(const struct fields *fields)
{
    struct pair pair;
    pair_open(&pair, fields, MIO_DATAGRAM_TIME);
    int64_t before = clock_time_of_day_ns();
    struct mio_datagram got = ping(&pair);
    int64_t after = clock_time_of_day_ns();
    /* Elsewhere in the system somebody may be the first to ask for times of arrival. */
    CHECK_EQ(got.flags, MIO_DATAGRAM_TIME);
    CHECK(got.time_ns >= before - 1000 && got.time_ns <= after);
    pair_close(&pair);
}

static void time_is_told_ipv4(void)
{
    check_time(&v4);
}

static void time_is_told_ipv6(void)
{
    check_time(&v6);
}

static void all_is_told_at_once(const struct fields *fields)
{
    const uint32_t all =
        MIO_DATAGRAM_ECN | MIO_DATAGRAM_LOCAL | MIO_DATAGRAM_TTL | MIO_DATAGRAM_TIME;
    struct pair pair;
    pair_open(&pair, fields, 0);
    need_feature(&pair, MIO_DATAGRAM_ECN, "the system does not tell the bits of ECN");
    const uint32_t wanted = features_of(&pair) & all;
    CHECK_EQ(mio_udp_socket_set_report(&pair.socket, wanted | MIO_DATAGRAM_SEGMENTS), 0);
    const bool has_class = class_goes_out(fields);
    if (has_class)
        CHECK_EQ(set_class(pair.peer, fields->peer_is_v6, 2), 0);
    struct mio_datagram got = ping(&pair);
    CHECK_EQ(got.flags, wanted);
    CHECK_EQ(got.ecn, has_class ? 2 : 0);
    CHECK(got.ttl > 0);
    pair_close(&pair);
}

static void all_is_told_at_once_ipv4(void)
{
    all_is_told_at_once(&v4);
}

static void all_is_told_at_once_ipv6(void)
{
    all_is_told_at_once(&v6);
}

static void all_is_told_at_once_of_ipv4_on_ipv6(void)
{
    all_is_told_at_once(&mapped);
}

static const struct test_case cases[] = {
    {"nothing_is_told_unasked", nothing_is_told_unasked, 0},
    {"ecn_is_told_ipv4", ecn_is_told_ipv4, 0},
    {"ecn_is_told_ipv6", ecn_is_told_ipv6, 0},
    {"ecn_is_told_of_ipv4_on_ipv6", ecn_is_told_of_ipv4_on_ipv6, 0},
    {"ecn_is_sent_ipv4", ecn_is_sent_ipv4, 0},
    {"ecn_is_sent_ipv6", ecn_is_sent_ipv6, 0},
    {"ecn_is_sent_of_ipv4_on_ipv6", ecn_is_sent_of_ipv4_on_ipv6, 0},
    {"ecn_is_sent_to_a_mapped_address", ecn_is_sent_to_a_mapped_address, 0},
    {"ecn_is_sent_to_the_peer_ipv4", ecn_is_sent_to_the_peer_ipv4, 0},
    {"ecn_is_sent_to_the_peer_ipv6", ecn_is_sent_to_the_peer_ipv6, 0},
    {"ecn_is_sent_to_the_peer_of_ipv4_on_ipv6", ecn_is_sent_to_the_peer_of_ipv4_on_ipv6, 0},
    {"local_address_is_told_ipv4", local_address_is_told_ipv4, 0},
    {"local_address_is_told_ipv6", local_address_is_told_ipv6, 0},
    {"local_address_is_told_of_ipv4_on_ipv6", local_address_is_told_of_ipv4_on_ipv6, 0},
    {"local_address_is_chosen_ipv4", local_address_is_chosen_ipv4, 0},
    {"local_address_is_chosen_of_ipv4_on_ipv6", local_address_is_chosen_of_ipv4_on_ipv6, 0},
    {"local_address_is_chosen_to_the_peer", local_address_is_chosen_to_the_peer, 0},
    {"local_address_is_chosen_ipv6", local_address_is_chosen_ipv6, 0},
    {"strange_addresses_and_interfaces_are_refused", strange_addresses_and_interfaces_are_refused,
     0},
    {"systems_without_control_messages_say_so", systems_without_control_messages_say_so, 0},
    {"answer_goes_out_as_the_question_came", answer_goes_out_as_the_question_came, 0},
    {"hops_are_told_ipv4", hops_are_told_ipv4, 0},
    {"hops_are_told_ipv6", hops_are_told_ipv6, 0},
    {"hops_are_told_of_ipv4_on_ipv6", hops_are_told_of_ipv4_on_ipv6, 0},
    {"time_is_told_ipv4", time_is_told_ipv4, 0},
    {"time_is_told_ipv6", time_is_told_ipv6, 0},
    {"all_is_told_at_once_ipv4", all_is_told_at_once_ipv4, 0},
    {"all_is_told_at_once_ipv6", all_is_told_at_once_ipv6, 0},
    {"all_is_told_at_once_of_ipv4_on_ipv6", all_is_told_at_once_of_ipv4_on_ipv6, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_udp_fields = {"udp_fields", cases};
