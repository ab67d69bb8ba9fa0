/* Batches that are received: control messages of Windows, and what does not fit. */
#include "messages.h"

#include "sys/windows/udp_values.h"

#include <string.h>

static char memory[4][64];
static struct mio_addr senders[4], locals[4];
static struct mio_datagram batch[4];

static struct mio_datagram *make_room(size_t capacity)
{
    memset(memory, '-', sizeof memory);
    for (int i = 0; i < 4; i++) {
        batch[i] = (struct mio_datagram){.buf = memory[i], .capacity = capacity};
        batch[i].addr = &senders[i];
        batch[i].local = &locals[i];
        batch[i].len = batch[i].done = 777;
        batch[i].segment_size = batch[i].interface_index = batch[i].flags = 77;
        batch[i].ecn = batch[i].ttl = 77;
        senders[i] = locals[i] = answers_addr("192.0.2.1:7");
    }
    return batch;
}

/* ---- The system ------------------------------------------------------------------------------ */

/* One datagram of a system; a case adds the control messages. */
struct datagram {
    const char *from;
    size_t len;
    DWORD told_len;
    int error; /* of Winsock */
    DWORD flags;
    void (*tell)(WSAMSG *message);
};

static const struct datagram *plan; /* one after the other */
static int receives;

static INT WINAPI recv_planned(SOCKET fd, WSAMSG *message, DWORD *done, WSAOVERLAPPED *overlapped,
                               LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
    const struct datagram *one = &plan[receives++];
    (void)fd;
    CHECK(!overlapped && !routine);
    CHECK_EQ(message->dwFlags, 0);
    CHECK(message->namelen >= (INT)sizeof(struct sockaddr_in6));
    CHECK_EQ(message->dwBufferCount, 1);
    CHECK(message->lpBuffers->buf);
    CHECK_EQ((uintptr_t)message->Control.buf % sizeof(SIZE_T), 0);
    CHECK(message->Control.len >= 256);
    if (one->from) {
        const struct mio_addr from = answers_addr(one->from);
        const ULONG room = message->lpBuffers->len;
        memcpy(message->name, from.storage, from.length);
        message->namelen = (INT)from.length;
        memset(message->lpBuffers->buf, 'x', one->len < room ? one->len : room);
        *done = one->told_len;
        message->Control.len = 0;
        message->dwFlags = one->flags;
        if (one->tell)
            one->tell(message);
    }
    WSASetLastError(one->error);
    return one->error != 0 ? SOCKET_ERROR : 0;
}

static int receive(const struct datagram *datagrams, size_t count)
{
    struct mio_udp_socket socket;
    answers_udp(&socket, "127.0.0.1:0");
    plan = datagrams;
    receives = 0;
    mio__calls.WSARecvMsg = recv_planned;
    const int result = mio_udp_socket_recv_batch(&socket, batch, count);
    answers_of_system();
    CHECK_EQ(mio_udp_socket_close(&socket), 0);
    return result;
}

/* One datagram of five bytes with such control messages. */
static struct mio_datagram *told(const char *from, void (*tell)(WSAMSG *message))
{
    const struct datagram one = {.from = from, .len = 5, .told_len = 5, .tell = tell};
    make_room(64);
    CHECK_EQ(receive(&one, 1), 1);
    CHECK_EQ(batch[0].len, 5);
    CHECK_EQ(batch[0].done, 0);
    CHECK_EQ(memcmp(memory[0], "xxxxx-", 6), 0);
    const struct mio_addr wanted = answers_addr(from);
    CHECK(mio_addr_equal(&senders[0], &wanted));
    return batch;
}

static void expect_local(const char *text, uint32_t index)
{
    const struct mio_addr wanted = answers_addr(text);
    CHECK(mio_addr_equal(&locals[0], &wanted));
    CHECK_EQ(batch[0].interface_index, index);
}

/* ---- Finding the call ------------------------------------------------------------------------ */

#define EXTENSION 0xc8000006u /* SIO_GET_EXTENSION_FUNCTION_POINTER */

static int lookups, lookup_error;

static int WINAPI count_lookups(SOCKET fd, DWORD code, void *in, DWORD in_length, void *out,
                                DWORD out_length, DWORD *done, WSAOVERLAPPED *overlapped,
                                LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
    lookups += code == EXTENSION;
    if (code != EXTENSION || lookup_error == 0)
        return WSAIoctl(fd, code, in, in_length, out, out_length, done, overlapped, routine);
    WSASetLastError(lookup_error);
    return SOCKET_ERROR;
}

/* The first case that receives. */
static void receiver_is_looked_up_once(void)
{
    struct mio_udp_socket socket;
    answers_udp(&socket, "127.0.0.1:0");
    mio__calls.WSAIoctl = count_lookups;
    make_room(64);
    lookup_error = WSAENOBUFS;
    CHECK_EQ(mio_udp_socket_recv_batch(&socket, batch, 2), -ENOBUFS);
    lookup_error = WSAEOPNOTSUPP;
    CHECK_EQ(mio_udp_socket_recv_batch(&socket, batch, 2), -ENOTSUP);
    CHECK_EQ(batch[0].len, 777);
    lookup_error = 0;
    for (int i = 0; i < 3; i++)
        CHECK_EQ(mio_udp_socket_recv_batch(&socket, batch, 2), -EAGAIN);
    CHECK_EQ(lookups, 3);
    answers_of_system();
    CHECK_EQ(mio_udp_socket_close(&socket), 0);
}

/* ---- Control messages ------------------------------------------------------------------------ */

static void tell_all_v4(WSAMSG *message)
{
    const struct in_pktinfo info = {.ipi_addr.s_addr = htonl(0x0a010203), .ipi_ifindex = 7};
    messages_tell_number(message, IPPROTO_IP, MIO__CMSG_HOPS_V4, 64);
    messages_tell(message, IPPROTO_IP, MIO__PKTINFO, &info, sizeof info);
    messages_tell_number(message, IPPROTO_IP, MIO__CMSG_ECN, 3);
}

/* The same by other types, as systems without the two bits by themselves tell it. */
static void tell_class_v4(WSAMSG *message)
{
    messages_tell_number(message, IPPROTO_IP, MIO__CMSG_TOS, 0xba);
    messages_tell_number(message, IPPROTO_IP, MIO__CMSG_HOPS, 255);
}

static void header_is_told_ipv4(void)
{
    told("127.0.0.1:9", tell_all_v4);
    CHECK_EQ(batch[0].flags, MIO_DATAGRAM_ECN | MIO_DATAGRAM_LOCAL | MIO_DATAGRAM_TTL);
    CHECK_EQ(batch[0].ecn, 3);
    CHECK_EQ(batch[0].ttl, 64);
    expect_local("10.1.2.3:0", 7);
    told("127.0.0.1:9", tell_class_v4);
    CHECK_EQ(batch[0].flags, MIO_DATAGRAM_ECN | MIO_DATAGRAM_TTL);
    CHECK_EQ(batch[0].ecn, 2);
    CHECK_EQ(batch[0].ttl, 255);
    CHECK_EQ(batch[0].interface_index, 0);
    CHECK_EQ(mio_addr_family(&locals[0]), MIO_ADDR_NONE);
}

static void tell_all_v6(WSAMSG *message)
{
    const struct in6_pktinfo info = {.ipi6_addr.s6_addr = {0xfe, 0x80, [15] = 5},
                                     .ipi6_ifindex = 9};
    messages_tell_number(message, IPPROTO_IPV6, MIO__CMSG_ECN, 1);
    messages_tell(message, IPPROTO_IPV6, MIO__PKTINFO, &info, sizeof info);
    messages_tell_number(message, IPPROTO_IPV6, MIO__CMSG_HOPS, 12);
}

static void tell_class_v6(WSAMSG *message)
{
    const struct in6_pktinfo info = {.ipi6_addr.s6_addr = {0x20, 0x01, [15] = 5},
                                     .ipi6_ifindex = 9};
    messages_tell(message, IPPROTO_IPV6, MIO__PKTINFO, &info, sizeof info);
    messages_tell_number(message, IPPROTO_IPV6, MIO__CMSG_CLASS, 0x22);
}

static void header_is_told_ipv6(void)
{
    told("[::1]:9", tell_all_v6);
    CHECK_EQ(batch[0].flags, MIO_DATAGRAM_ECN | MIO_DATAGRAM_LOCAL | MIO_DATAGRAM_TTL);
    CHECK_EQ(batch[0].ecn, 1);
    CHECK_EQ(batch[0].ttl, 12);
    expect_local("[fe80::5%9]:0", 9);
    told("[::1]:9", tell_class_v6);
    CHECK_EQ(batch[0].flags, MIO_DATAGRAM_ECN | MIO_DATAGRAM_LOCAL);
    CHECK_EQ(batch[0].ecn, 2);
    expect_local("[2001::5]:0", 9);
}

/* On a socket for both families the local address has the form of the sender's. */
static void header_is_told_of_ipv4_on_ipv6(void)
{
    told("[::ffff:127.0.0.1]:9", tell_all_v4);
    CHECK_EQ(batch[0].flags, MIO_DATAGRAM_ECN | MIO_DATAGRAM_LOCAL | MIO_DATAGRAM_TTL);
    expect_local("[::ffff:10.1.2.3]:0", 7);
}

static void tell_strange(WSAMSG *message)
{
    const char bytes[2] = {1, 2};
    messages_tell_number(message, IPPROTO_IPV6, MIO__CMSG_HOPS_V4, 1); /* of the other level */
    messages_tell_number(message, IPPROTO_IPV6, MIO__CMSG_TOS, 1);
    messages_tell_number(message, IPPROTO_IP, 999, 1);
    messages_tell_number(message, SOL_SOCKET, MIO__CMSG_ECN, 1);
    messages_tell_number(message, IPPROTO_UDP, MIO__UDP_SEND_MSG_SIZE, 1);
    messages_tell(message, IPPROTO_IP, MIO__PKTINFO, bytes, sizeof bytes);
    messages_tell(message, IPPROTO_IPV6, MIO__PKTINFO, bytes, sizeof bytes);
    messages_tell(message, IPPROTO_IP, MIO__CMSG_ECN, bytes, sizeof bytes);
    messages_tell(message, IPPROTO_UDP, MIO__UDP_COALESCED_INFO, bytes, sizeof bytes);
    messages_tell(message, IPPROTO_IP, MIO__CMSG_ECN, NULL, 0);
    messages_tell_number(message, IPPROTO_IP, MIO__CMSG_HOPS_V4, 9); /* known at last */
}

static void tell_no_length(WSAMSG *message)
{
    messages_tell_number(message, IPPROTO_IP, MIO__CMSG_HOPS_V4, 9);
    memset(message->Control.buf, 0, sizeof(SIZE_T));
}

static void tell_too_long(WSAMSG *message)
{
    const SIZE_T lengths[] = {WSA_CMSG_LEN(sizeof(INT)) + 5, (SIZE_T)-1};
    static int which;
    messages_tell_number(message, IPPROTO_IP, MIO__CMSG_HOPS_V4, 9);
    memcpy(message->Control.buf, &lengths[which++ % 2], sizeof(SIZE_T));
}

static void tell_half_a_header(WSAMSG *message)
{
    messages_tell_number(message, IPPROTO_IP, MIO__CMSG_HOPS_V4, 9);
    message->Control.len = sizeof(SIZE_T);
}

static void strange_control_messages_are_passed_over(void)
{
    told("127.0.0.1:9", tell_strange);
    CHECK_EQ(batch[0].flags, MIO_DATAGRAM_TTL);
    CHECK_EQ(batch[0].ttl, 9);
    told("127.0.0.1:9", tell_no_length);
    CHECK_EQ(batch[0].flags, 0);
    for (int i = 0; i < 2; i++) {
        told("127.0.0.1:9", tell_too_long);
        CHECK_EQ(batch[0].flags, 0);
    }
    told("127.0.0.1:9", tell_half_a_header);
    CHECK_EQ(batch[0].flags, 0);
}

/* ---- Segments -------------------------------------------------------------------------------- */

static INT segment_size;

static void tell_segments(WSAMSG *message)
{
    messages_tell_number(message, IPPROTO_UDP, MIO__UDP_COALESCED_INFO, segment_size);
}

static void coalesced_datagrams_are_told(void)
{
    static const struct {
        INT told;
        uint32_t size;
    } rows[] = {{2, 2}, {4, 4}, {5, 0}, {1200, 0}, {0, 0}, {-1, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        segment_size = rows[i].told;
        told("127.0.0.1:9", tell_segments);
        CHECK_EQ(batch[0].segment_size, rows[i].size);
        CHECK_EQ(batch[0].flags, rows[i].size != 0 ? MIO_DATAGRAM_SEGMENTS : 0);
    }
}

/* ---- Too little room ------------------------------------------------------------------------- */

static void tell_hops(WSAMSG *message)
{
    messages_tell_number(message, IPPROTO_IP, MIO__CMSG_HOPS_V4, 9);
}

static void lost_bytes_and_lost_control_messages_are_told_apart(void)
{
    enum { UNTOLD_LEN = -1 }; /* the system leaves the length as it is */
    static const struct {
        int error;
        DWORD flags;
        size_t len;
        DWORD told_len;
        size_t got;
        uint32_t result;
    } rows[] = {
        {0, 0, 5, 5, 5, 0},
        {0, MSG_BCAST | MSG_MCAST, 5, 5, 5, 0},
        {0, MSG_CTRUNC, 5, 5, 5, MIO_DATAGRAM_UNTOLD},
        {WSAEMSGSIZE, MSG_TRUNC, 9, 8, 8, MIO_DATAGRAM_CUT},
        {WSAEMSGSIZE, MSG_TRUNC, 9, (DWORD)UNTOLD_LEN, 8, MIO_DATAGRAM_CUT},
        {WSAEMSGSIZE, 0, 9, (DWORD)UNTOLD_LEN, 8, MIO_DATAGRAM_CUT}, /* Wine */
        {WSAEMSGSIZE, MSG_CTRUNC, 5, 5, 5, MIO_DATAGRAM_UNTOLD},
        {WSAEMSGSIZE, MSG_CTRUNC, 0, 0, 0, MIO_DATAGRAM_UNTOLD},
        {WSAEMSGSIZE, MSG_TRUNC | MSG_CTRUNC, 9, 8, 8, MIO_DATAGRAM_CUT | MIO_DATAGRAM_UNTOLD},
        /* Wine: the length is lost as well, so all of the buffer is unsafe. */
        {WSAEMSGSIZE, MSG_CTRUNC, 5, (DWORD)UNTOLD_LEN, 8, MIO_DATAGRAM_CUT | MIO_DATAGRAM_UNTOLD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct datagram one = {.from = "127.0.0.1:9",
                                     .len = rows[i].len,
                                     .told_len = rows[i].told_len,
                                     .error = rows[i].error,
                                     .flags = rows[i].flags,
                                     .tell = tell_hops};
        make_room(8);
        CHECK_EQ(receive(&one, 1), 1);
        CHECK_EQ(batch[0].len, rows[i].got);
        CHECK_EQ(batch[0].flags, rows[i].result | MIO_DATAGRAM_TTL);
        CHECK_EQ(memory[0][8], '-');
    }
}

static void entry_without_room_drops_a_datagram(void)
{
    const struct datagram one = {
        .from = "127.0.0.1:9", .len = 5, .error = WSAEMSGSIZE, .flags = MSG_TRUNC};
    make_room(0);
    batch[0].buf = NULL;
    batch[0].addr = NULL;
    batch[0].local = NULL;
    CHECK_EQ(receive(&one, 1), 1);
    CHECK_EQ(batch[0].len, 0);
    CHECK_EQ(batch[0].flags, MIO_DATAGRAM_CUT);
}

/* ---- Errors ---------------------------------------------------------------------------------- */

static void check_error(int error, int code)
{
    const struct datagram datagrams[] = {
        {.from = "127.0.0.1:9", .len = 5, .told_len = 5}, {.error = error}, {.error = error}};
    make_room(64);
    CHECK_EQ(receive(datagrams, 4), 1);
    CHECK_EQ(batch[0].len, 5);
    CHECK_EQ(batch[1].len, 777);
    CHECK_EQ(receives, 2);
    make_room(64);
    CHECK_EQ(receive(datagrams + 1, 4), code);
    CHECK_EQ(batch[0].len, 777);
    CHECK_EQ(batch[0].flags, 77);
}

static void error_between_entries_stops_the_batch(void)
{
    check_error(WSAEWOULDBLOCK, -EAGAIN);
    check_error(WSAECONNRESET, -ECONNREFUSED);
    check_error(WSAENETRESET, -EHOSTUNREACH);
    check_error(WSAENOBUFS, -ENOBUFS);
    check_error(WSAEFAULT, -EFAULT);
}

static void reading_that_was_shut_down_is_empty(void)
{
    const struct datagram one = {.error = WSAESHUTDOWN};
    make_room(64);
    CHECK_EQ(receive(&one, 1), 1);
    CHECK_EQ(batch[0].len, 0);
    CHECK_EQ(batch[0].flags, 0);
    CHECK_EQ(mio_addr_family(&senders[0]), MIO_ADDR_NONE);
    CHECK_EQ(mio_addr_family(&locals[0]), MIO_ADDR_NONE);
}

static const struct test_case cases[] = {
    {"receiver_is_looked_up_once", receiver_is_looked_up_once, 0},
    {"header_is_told_ipv4", header_is_told_ipv4, 0},
    {"header_is_told_ipv6", header_is_told_ipv6, 0},
    {"header_is_told_of_ipv4_on_ipv6", header_is_told_of_ipv4_on_ipv6, 0},
    {"strange_control_messages_are_passed_over", strange_control_messages_are_passed_over, 0},
    {"coalesced_datagrams_are_told", coalesced_datagrams_are_told, 0},
    {"lost_bytes_and_lost_control_messages_are_told_apart",
     lost_bytes_and_lost_control_messages_are_told_apart, 0},
    {"entry_without_room_drops_a_datagram", entry_without_room_drops_a_datagram, 0},
    {"error_between_entries_stops_the_batch", error_between_entries_stops_the_batch, 0},
    {"reading_that_was_shut_down_is_empty", reading_that_was_shut_down_is_empty, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_batch_recv = {"batch_recv", cases};
