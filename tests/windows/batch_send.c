/* Batches that are sent: control messages, segments that the system cuts, and how it refuses. */
#include "messages.h"

#include "sys/windows/control.h"
#include "sys/windows/udp_values.h"

#include <string.h>

static char block[1024];

struct pair {
    struct mio_udp_socket socket;
    struct mio_addr addr; /* of the peer */
    mio_fd peer;
};

static void pair_open(struct pair *pair, const char *text)
{
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (char)(i * 7 + i / 256);
    pair->addr = answers_addr(text);
    pair->peer = plain_socket_for(&pair->addr, PLAIN_DATAGRAM);
    CHECK_EQ(plain_bind(pair->peer, &pair->addr), 0);
    pair->addr = plain_name(pair->peer);
    answers_udp(&pair->socket, text);
}

static void pair_close(struct pair *pair)
{
    answers_of_system();
    CHECK_EQ(mio_udp_socket_close(&pair->socket), 0);
    CHECK_EQ(plain_close(pair->peer), 0);
}

/* The peer gets these bytes of the block as datagrams of that size, and nothing more. */
static void expect_pieces(struct pair *pair, size_t start, size_t len, size_t size)
{
    char got[sizeof block];
    while (start < len) {
        const size_t part = len - start < size ? len - start : size;
        CHECK_EQ(plain_recv(pair->peer, got, sizeof got), part);
        CHECK_EQ(memcmp(got, block + start, part), 0);
        start += part;
    }
    CHECK_EQ(plain_look(pair->peer, PLAIN_IN, TEST_QUIET), 0);
}

static struct mio_datagram entry(struct pair *pair, size_t len, uint32_t size)
{
    return (struct mio_datagram){
        .buf = block, .len = len, .addr = &pair->addr, .segment_size = size};
}

static bool has_feature(struct pair *pair, uint32_t feature)
{
    const int features = mio_udp_socket_features(&pair->socket);
    CHECK(features >= 0);
    return ((uint32_t)features & feature) != 0;
}

/* ---- Whether control messages count ---------------------------------------------------------- */

static int probe_error, probes;
static mio_fd other = MIO_FD_NONE; /* the datagram comes from there */

static int WINAPI fail_probe(SOCKET fd, WSAMSG *message, DWORD flags, DWORD *done,
                             WSAOVERLAPPED *overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
    (void)fd, (void)message, (void)flags, (void)done, (void)overlapped, (void)routine;
    probes++;
    WSASetLastError(probe_error);
    return probe_error != 0 ? SOCKET_ERROR : 0;
}

static int WINAPI pass_over_control(SOCKET fd, WSAMSG *message, DWORD flags, DWORD *done,
                                    WSAOVERLAPPED *overlapped,
                                    LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
    (void)done, (void)flags, (void)overlapped, (void)routine;
    return sendto(other != MIO_FD_NONE ? other : fd, "", 0, 0, message->name, message->namelen);
}

static void check_probe(int error, int result)
{
    answers_count_closes();
    mio__calls.WSASendMsg = fail_probe;
    probe_error = error;
    CHECK_EQ(mio__control_probe(), result);
    CHECK_EQ(answers_closes, 1);
    answers_of_system();
}

static SOCKET WINAPI lack_sockets(int family, int type, int protocol, WSAPROTOCOL_INFOW *info,
                                  GROUP group, DWORD flags)
{
    (void)family, (void)type, (void)protocol, (void)info, (void)group, (void)flags;
    WSASetLastError(WSAEMFILE);
    return INVALID_SOCKET;
}

static void system_is_asked_by_an_address_of_nobody(void)
{
    check_probe(WSAEINVAL, 1);
    check_probe(WSAEADDRNOTAVAIL, 1);
    check_probe(0, 1); /* the datagram is dropped */
    check_probe(WSAENOBUFS, -ENOBUFS);
    check_probe(WSAEWOULDBLOCK, -ENOBUFS);
    check_probe(WSAEOPNOTSUPP, 0);
    mio__calls.WSASendMsg = pass_over_control;
    CHECK_EQ(mio__control_probe(), 0);
    other = plain_socket(PLAIN_IPV4, PLAIN_DATAGRAM);
    CHECK_EQ(mio__control_probe(), 1); /* it comes, but from elsewhere */
    CHECK_EQ(plain_close(other), 0);
    other = MIO_FD_NONE;
    mio__calls.WSASocketW = lack_sockets;
    CHECK_EQ(mio__control_probe(), -EMFILE);
    answers_of_system();
}

/* The first case that sends: an answer is kept for all that follow. */
static void answer_is_kept_and_a_failure_is_not(void)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0");
    struct mio_datagram one = entry(&pair, 10, 0);
    one.interface_index = 1;
    mio__calls.WSASendMsg = fail_probe;
    probe_error = WSAENOBUFS;
    probes = 0;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), -ENOBUFS);
    CHECK(!has_feature(&pair, MIO_DATAGRAM_SENDS_LOCAL | MIO_DATAGRAM_CUTS));
    CHECK(probes >= 2);
    answers_of_system();
    messages_begin();
    messages.ip[MIO__RECEIVE_ECN].error = WSAENOPROTOOPT; /* for the next case */
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), 1);
    CHECK(has_feature(&pair, MIO_DATAGRAM_SENDS_LOCAL));
    CHECK_EQ(messages.probes, 1);
    expect_pieces(&pair, 0, 10, 10);
    pair_close(&pair);
}

/* ---- The header ------------------------------------------------------------------------------ */

static void check_no_ecn(struct pair *pair, int error, int code)
{
    struct mio_datagram one = entry(pair, 10, 0);
    one.ecn = 1;
    messages.ip[MIO__RECEIVE_ECN].error = error;
    CHECK_EQ(mio_udp_socket_send_batch(&pair->socket, &one, 1), code);
    CHECK_EQ(one.done, 0);
    CHECK(!has_feature(pair, MIO_DATAGRAM_SENDS_ECN));
}

/* Before a case that sends them: that the system does is kept. */
static void system_without_ecn_says_so(void)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0");
    messages_begin();
    check_no_ecn(&pair, WSAENOPROTOOPT, -ENOTSUP);
    check_no_ecn(&pair, WSAEINVAL, -ENOTSUP);
    check_no_ecn(&pair, WSAENOBUFS, -ENOBUFS);
    CHECK_EQ(messages.sends, 0);
    messages.ip[MIO__RECEIVE_ECN].error = 0;
    CHECK(has_feature(&pair, MIO_DATAGRAM_SENDS_ECN));
    pair_close(&pair);
}

static void header_goes_along_ipv4(void)
{
    struct mio_addr local = answers_addr("10.1.2.3:0");
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0");
    messages_begin();
    struct mio_datagram one = entry(&pair, 10, 0);
    one.ecn = 2;
    one.local = &local;
    one.interface_index = 7;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), 1);
    CHECK_EQ(one.done, 10);
    CHECK_EQ(messages.sent.len, 10);
    CHECK_EQ(messages_number(IPPROTO_IP, MIO__CMSG_ECN), 2);
    const struct in_pktinfo *info = messages_data(IPPROTO_IP, MIO__PKTINFO, sizeof *info);
    CHECK(info && info->ipi_addr.s_addr == htonl(0x0a010203) && info->ipi_ifindex == 7);
    /* Each takes whole words. */
    CHECK_EQ(messages.sent.control_len, 2 * sizeof(WSACMSGHDR) + sizeof(SIZE_T) + sizeof *info);
    /* The interface alone: the system chooses the address. */
    one = entry(&pair, 10, 0);
    one.interface_index = 7;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), 1);
    info = messages_data(IPPROTO_IP, MIO__PKTINFO, sizeof *info);
    CHECK(info && info->ipi_addr.s_addr == 0 && info->ipi_ifindex == 7);
    /* Nothing to say: the simpler call. */
    one = entry(&pair, 10, 0);
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), 1);
    CHECK_EQ(messages.sends, 2);
    pair_close(&pair);
}

static void header_goes_along_ipv6(void)
{
    struct mio_addr local = answers_addr("[fe80::5%9]:0");
    struct pair pair;
    if (!test_has_ipv6())
        SKIP("no IPv6");
    pair_open(&pair, "[::1]:0");
    messages_begin();
    struct mio_datagram one = entry(&pair, 10, 0);
    one.ecn = 1;
    one.local = &local;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), 1);
    CHECK_EQ(messages_number(IPPROTO_IPV6, MIO__CMSG_ECN), 1);
    const struct in6_pktinfo *info = messages_data(IPPROTO_IPV6, MIO__PKTINFO, sizeof *info);
    static const uint8_t wanted[16] = {0xfe, 0x80, [15] = 5};
    CHECK(info && memcmp(&info->ipi6_addr, wanted, 16) == 0 && info->ipi6_ifindex == 9);
    one.done = 0;
    one.interface_index = 7;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), 1);
    info = messages_data(IPPROTO_IPV6, MIO__PKTINFO, sizeof *info);
    CHECK(info && info->ipi6_ifindex == 7);
    pair_close(&pair);
}

static int(WINAPI *send_any)(SOCKET, WSAMSG *, DWORD, DWORD *, WSAOVERLAPPED *,
                             LPWSAOVERLAPPED_COMPLETION_ROUTINE);
static int strange;

static int WINAPI take_ipv6_alone(SOCKET fd, WSAMSG *message, DWORD flags, DWORD *done,
                                  WSAOVERLAPPED *overlapped,
                                  LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
    if (message->name->sa_family == AF_INET6)
        return send_any(fd, message, flags, done, overlapped, routine);
    strange++;
    WSASetLastError(WSAEFAULT);
    return SOCKET_ERROR;
}

/* Datagrams of IPv4 have control messages of IPv4, also where the address has its mapped form. */
static void socket_for_both_families_sends_headers_of_ipv4(void)
{
    const struct mio_datagram_options options = {.only_v6 = MIO_OFF};
    struct mio_addr any = answers_addr("[::]:0"), local = answers_addr("[::ffff:127.0.0.1]:0");
    struct mio_udp_socket socket;
    struct pair pair;
    if (!test_has_ipv6())
        SKIP("no IPv6");
    pair_open(&pair, "127.0.0.1:0");
    CHECK_EQ(mio_udp_socket_bind_with(&socket, &any, &options), 0);
    messages_begin();
    send_any = mio__calls.WSASendMsg;
    mio__calls.WSASendMsg = take_ipv6_alone;
    strange = 0;
    struct mio_datagram one = entry(&pair, 10, 0);
    one.ecn = 1;
    one.local = &local;
    CHECK_EQ(mio_udp_socket_send_batch(&socket, &one, 1), 1);
    CHECK_EQ(strange, 1);
    CHECK_EQ(messages.sent.to.ss_family, AF_INET6);
    CHECK_EQ(messages_number(IPPROTO_IP, MIO__CMSG_ECN), 1);
    const struct in_pktinfo *info = messages_data(IPPROTO_IP, MIO__PKTINFO, sizeof *info);
    CHECK(info && info->ipi_addr.s_addr == htonl(INADDR_LOOPBACK));
    expect_pieces(&pair, 0, 10, 10);
    pair_close(&pair);
    CHECK_EQ(mio_udp_socket_close(&socket), 0);
}

/* ---- Segments -------------------------------------------------------------------------------- */

static void segments_are_cut_by_the_system(void)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0");
    messages_begin();
    struct mio_datagram batch[2] = {entry(&pair, 950, 100), entry(&pair, 950, 100)};
    batch[1].ecn = 1;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch, 2), 2);
    CHECK_EQ(messages.sends, 2);
    CHECK_EQ(messages.cuts, 2);
    CHECK_EQ(messages_number(IPPROTO_UDP, MIO__UDP_SEND_MSG_SIZE), 100);
    CHECK_EQ(messages_number(IPPROTO_IP, MIO__CMSG_ECN), 1);
    CHECK_EQ(batch[0].done, 950);
    CHECK_EQ(messages.udp[MIO__UDP_SEND_MSG_SIZE].asked, 1);
    CHECK(has_feature(&pair, MIO_DATAGRAM_CUTS));
    char got[sizeof block];
    for (int i = 0; i < 10; i++)
        CHECK_EQ(plain_recv(pair.peer, got, sizeof got), i < 9 ? 100 : 50);
    expect_pieces(&pair, 0, 950, 100);
    /* One datagram is no segment, and the rest of an entry goes one by one. */
    struct mio_datagram one = entry(&pair, 100, 100);
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), 1);
    one = entry(&pair, 250, 100);
    one.done = 100;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), 1);
    CHECK_EQ(messages.sends, 2);
    pair_close(&pair);
}

static void check_lacking(int error, bool is_kept)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0");
    messages_begin();
    struct messages_option *option = &messages.udp[MIO__UDP_SEND_MSG_SIZE];
    option->error = error;
    for (int i = 1; i <= 2; i++) {
        struct mio_datagram one = entry(&pair, 250, 100);
        CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), 1);
        CHECK_EQ(option->asked, is_kept ? 1 : i);
        expect_pieces(&pair, 0, 250, 100);
    }
    CHECK_EQ(messages.sends, 0);
    CHECK(!has_feature(&pair, MIO_DATAGRAM_CUTS));
    pair_close(&pair);
}

static void segments_go_one_by_one_where_the_system_cuts_none(void)
{
    check_lacking(WSAEINVAL, true);
    check_lacking(WSAENOPROTOOPT, true);
    check_lacking(WSAENOBUFS, false);
}

static void check_refused(int error, bool is_kept)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0");
    messages_begin();
    messages.refused_cuts = true;
    messages.error = error;
    for (int i = 1; i <= 2; i++) {
        struct mio_datagram batch[2] = {entry(&pair, 250, 100), entry(&pair, 60, 20)};
        CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch, 2), 2);
        CHECK_EQ(batch[0].done, 250);
        CHECK_EQ(messages.cuts, is_kept ? 1 : i);
        char got[sizeof block];
        for (int k = 0; k < 3; k++)
            CHECK_EQ(plain_recv(pair.peer, got, sizeof got), k < 2 ? 100 : 50);
        expect_pieces(&pair, 0, 60, 20);
    }
    CHECK_EQ(has_feature(&pair, MIO_DATAGRAM_CUTS), !is_kept);
    pair_close(&pair);
}

/* Segments that are too long for the path say nothing of others. */
static void refused_segments_go_one_by_one(void)
{
    check_refused(WSAEINVAL, true);
    check_refused(WSAEOPNOTSUPP, true);
    check_refused(WSAENOPROTOOPT, true);
    check_refused(WSAEMSGSIZE, false);
}

static void header_goes_along_with_each_segment(void)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0");
    messages_begin();
    messages.refused_cuts = true;
    messages.error = WSAEINVAL;
    struct mio_datagram one = entry(&pair, 250, 100);
    one.ecn = 2;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), 1);
    CHECK_EQ(messages.sends, 4);
    CHECK_EQ(messages.sent.len, 50);
    CHECK_EQ(messages_number(IPPROTO_IP, MIO__CMSG_ECN), 2);
    CHECK_EQ(messages_number(IPPROTO_UDP, MIO__UDP_SEND_MSG_SIZE), -1);
    expect_pieces(&pair, 0, 250, 100);
    pair_close(&pair);
}

/* The entry itself is refused, cut or not: that says nothing of cutting. */
static void other_refusals_come_back(void)
{
    static const struct {
        int error, code;
    } rows[] = {{WSAEACCES, -EACCES},
                {WSAEWOULDBLOCK, -EAGAIN},
                {WSAENOBUFS, -ENOBUFS},
                {WSAECONNRESET, -ECONNREFUSED},
                {WSAEHOSTUNREACH, -EHOSTUNREACH}};
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0");
    messages_begin();
    messages.refused_cuts = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mio_datagram one = entry(&pair, 250, 100);
        messages.error = rows[i].error;
        CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), rows[i].code);
        CHECK_EQ(one.done, 0);
    }
    expect_pieces(&pair, 0, 0, 1);
    CHECK(has_feature(&pair, MIO_DATAGRAM_CUTS));
    pair_close(&pair);
}

/* A message that is invalid as a whole is refused in every form, and nothing is learned from it. */
static void invalid_header_is_no_refusal_to_cut(void)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0");
    messages_begin();
    messages.refused_cuts = true;
    messages.refused_send = 2;
    messages.error = WSAEINVAL;
    struct mio_datagram one = entry(&pair, 250, 100);
    one.ecn = 3;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), -EINVAL);
    CHECK_EQ(one.done, 0);
    CHECK(has_feature(&pair, MIO_DATAGRAM_CUTS));
    pair_close(&pair);
}

static void entry_goes_on_behind_the_segments_that_are_out(void)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0");
    messages_begin();
    messages.udp[MIO__UDP_SEND_MSG_SIZE].error = WSAEINVAL;
    messages.refused_send = 3;
    messages.error = WSAEWOULDBLOCK;
    struct mio_datagram one = entry(&pair, 450, 100);
    one.ecn = 1;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), -EAGAIN);
    CHECK_EQ(one.done, 200);
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), 1);
    CHECK_EQ(one.done, 450);
    expect_pieces(&pair, 0, 450, 100);
    pair_close(&pair);
}

/* ---- Errors ---------------------------------------------------------------------------------- */

static void reset_between_entries_stops_the_batch(void)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0");
    messages_begin();
    messages.refused_send = 2;
    messages.error = WSAECONNRESET;
    struct mio_datagram batch[3] = {entry(&pair, 10, 0), entry(&pair, 20, 0), entry(&pair, 30, 0)};
    for (int i = 0; i < 3; i++)
        batch[i].ecn = 1;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch, 3), 1);
    CHECK_EQ(batch[1].done, 0);
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch + 1, 2), 2);
    messages.refused_send = messages.sends + 1;
    batch[0].done = 0;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, batch, 1), -ECONNREFUSED);
    char got[sizeof block];
    for (int i = 1; i <= 3; i++)
        CHECK_EQ(plain_recv(pair.peer, got, sizeof got), i * 10);
    expect_pieces(&pair, 0, 0, 1);
    pair_close(&pair);
}

static void segments_need_a_peer_or_an_address(void)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1:0");
    messages_begin();
    messages.refused_cuts = true;
    struct mio_datagram one = entry(&pair, 250, 100);
    one.addr = NULL;
    messages.error = WSAENOTCONN;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), -EDESTADDRREQ);
    messages.error = WSAEINVAL;
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), -EDESTADDRREQ);
    CHECK(!messages.sent.has_name && messages.sent.to_len == 0);
    messages.refused_cuts = false;
    CHECK_EQ(mio_udp_socket_connect(&pair.socket, &pair.addr), 0);
    CHECK_EQ(mio_udp_socket_send_batch(&pair.socket, &one, 1), 1);
    expect_pieces(&pair, 0, 250, 100);
    pair_close(&pair);
}

static const struct test_case cases[] = {
    {"system_is_asked_by_an_address_of_nobody", system_is_asked_by_an_address_of_nobody, 0},
    {"answer_is_kept_and_a_failure_is_not", answer_is_kept_and_a_failure_is_not, 0},
    {"system_without_ecn_says_so", system_without_ecn_says_so, 0},
    {"header_goes_along_ipv4", header_goes_along_ipv4, 0},
    {"header_goes_along_ipv6", header_goes_along_ipv6, 0},
    {"socket_for_both_families_sends_headers_of_ipv4",
     socket_for_both_families_sends_headers_of_ipv4, 0},
    {"segments_are_cut_by_the_system", segments_are_cut_by_the_system, 0},
    {"segments_go_one_by_one_where_the_system_cuts_none",
     segments_go_one_by_one_where_the_system_cuts_none, 0},
    {"refused_segments_go_one_by_one", refused_segments_go_one_by_one, 0},
    {"header_goes_along_with_each_segment", header_goes_along_with_each_segment, 0},
    {"other_refusals_come_back", other_refusals_come_back, 0},
    {"invalid_header_is_no_refusal_to_cut", invalid_header_is_no_refusal_to_cut, 0},
    {"entry_goes_on_behind_the_segments_that_are_out",
     entry_goes_on_behind_the_segments_that_are_out, 0},
    {"reset_between_entries_stops_the_batch", reset_between_entries_stops_the_batch, 0},
    {"segments_need_a_peer_or_an_address", segments_need_a_peer_or_an_address, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_batch_send = {"batch_send", cases};
