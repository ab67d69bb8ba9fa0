/* Moving data: answers of Winsock that are made like those of Unix. */
#include "answers.h"

#include <string.h>

static int failure;

static int WINAPI fail_recv(SOCKET fd, char *buf, int len, int flags)
{
    (void)fd, (void)buf, (void)len, (void)flags;
    WSASetLastError(failure);
    return SOCKET_ERROR;
}

static int WINAPI fail_send(SOCKET fd, const char *buf, int len, int flags)
{
    (void)fd, (void)buf, (void)len, (void)flags;
    WSASetLastError(failure);
    return SOCKET_ERROR;
}

/* ---- Datagrams ------------------------------------------------------------------------------- */

static void datagram_that_is_too_long_is_cut(void)
{
    static const char *const places[] = {"127.0.0.1:0", "[::1]:0"};
    for (int i = 0; i < (test_has_ipv6() ? 2 : 1); i++) {
        struct mio_udp_socket a, b;
        struct mio_addr addr, sender, from;
        char buf[4];
        answers_udp(&a, places[i]);
        answers_udp(&b, places[i]);
        CHECK_EQ(mio_udp_socket_local_addr(&a, &sender), 0);
        CHECK_EQ(mio_udp_socket_local_addr(&b, &addr), 0);
        for (int k = 0; k < 3; k++)
            CHECK_EQ(mio_udp_socket_send_to(&a, "abcdefgh", 8, &addr), 8);
        plain_wait(mio_source_fd(&b.source), PLAIN_IN);
        memset(&from, 0xa5, sizeof from);
        CHECK_EQ(mio_udp_socket_peek_from(&b, buf, 3, &from), 3);
        CHECK(memcmp(buf, "abc", 3) == 0 && mio_addr_equal(&from, &sender));
        memset(&from, 0xa5, sizeof from);
        CHECK_EQ(mio_udp_socket_recv_from(&b, buf, 4, &from), 4);
        CHECK(memcmp(buf, "abcd", 4) == 0 && mio_addr_equal(&from, &sender));
        CHECK_EQ(mio_udp_socket_recv(&b, buf, 1), 1);
        CHECK_EQ(mio_udp_socket_recv(&b, NULL, 0), 0);
        CHECK_EQ(mio_udp_socket_recv(&b, buf, 1), -EAGAIN);
        CHECK_EQ(mio_udp_socket_close(&a), 0);
        CHECK_EQ(mio_udp_socket_close(&b), 0);
    }
}

static void check_receive(int error, ptrdiff_t datagram, ptrdiff_t connection)
{
    struct mio_udp_socket udp;
    struct mio_tcp_stream stream;
    mio_fd peer;
    char byte;
    answers_udp(&udp, "127.0.0.1:0");
    test_tcp_pair(&stream, &peer);
    failure = error;
    mio__calls.recv = fail_recv;
    CHECK_EQ(mio_udp_socket_recv(&udp, &byte, 1), datagram);
    CHECK_EQ(mio_tcp_stream_read(&stream, &byte, 1), connection);
    answers_of_system();
    CHECK_EQ(mio_udp_socket_close(&udp), 0);
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static void network_tells_of_earlier_datagrams(void)
{
    check_receive(WSAECONNRESET, -ECONNREFUSED, -ECONNRESET);
    check_receive(WSAENETRESET, -EHOSTUNREACH, -ENETRESET);
    check_receive(WSAESHUTDOWN, 0, 0);
    check_receive(WSAEWOULDBLOCK, -EAGAIN, -EAGAIN);
}

static void check_send(struct mio_udp_socket *udp, int error, ptrdiff_t result)
{
    failure = error;
    mio__calls.send = fail_send;
    CHECK_EQ(mio_udp_socket_send(udp, "x", 1), result);
    answers_of_system();
}

static void send_without_a_peer_needs_a_destination(void)
{
    struct mio_udp_socket udp;
    struct mio_addr addr = answers_addr("127.0.0.1:9");
    answers_udp(&udp, "127.0.0.1:0");
    CHECK_EQ(mio_udp_socket_send(&udp, "x", 1), -EDESTADDRREQ);
    check_send(&udp, WSAENOTCONN, -EDESTADDRREQ);
    check_send(&udp, WSAEINVAL, -EDESTADDRREQ);
    check_send(&udp, WSAENOBUFS, -ENOBUFS);
    CHECK_EQ(mio_udp_socket_connect(&udp, &addr), 0);
    check_send(&udp, WSAEINVAL, -EINVAL);
    check_send(&udp, WSAECONNRESET, -ECONNREFUSED);
    CHECK_EQ(mio_udp_socket_close(&udp), 0);
}

/* ---- Whether refusals are told --------------------------------------------------------------- */

/* The codes of the system, from mswsock.h of Windows. */
#define CONNRESET 0x9800000cu
#define NETRESET 0x9800000fu

static int connreset, netreset, refuse; /* -1: nothing was said */

static int WINAPI note_switch(SOCKET fd, DWORD code, void *in, DWORD in_length, void *out,
                              DWORD out_length, DWORD *done, WSAOVERLAPPED *overlapped,
                              LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
    (void)fd, (void)out, (void)out_length, (void)done, (void)overlapped, (void)routine;
    CHECK_EQ(in_length, 4);
    CHECK(code == CONNRESET || code == NETRESET);
    *(code == CONNRESET ? &connreset : &netreset) = *(BOOL *)in;
    WSASetLastError(refuse);
    return refuse != 0 ? SOCKET_ERROR : 0;
}

static void expect_switches(int value)
{
    CHECK_EQ(connreset, value);
    CHECK_EQ(netreset, value);
    connreset = netreset = -1;
}

static void refusals_are_told_to_connected_sockets_alone(void)
{
    struct mio_udp_socket udp;
    struct mio_addr addr = answers_addr("127.0.0.1:9");
    connreset = netreset = -1;
    refuse = 0;
    mio__calls.WSAIoctl = note_switch;
    answers_udp(&udp, "127.0.0.1:0");
    expect_switches(0);
    CHECK_EQ(mio_udp_socket_connect(&udp, &addr), 0);
    expect_switches(1);
    mio_fd fd = mio_udp_socket_into_fd(&udp);
    CHECK_EQ(mio_udp_socket_from_fd(&udp, fd), 0);
    expect_switches(1);
    CHECK_EQ(mio_udp_socket_close(&udp), 0);
    CHECK_EQ(mio_udp_socket_from_fd(&udp, plain_socket(PLAIN_IPV4, PLAIN_DATAGRAM)), 0);
    expect_switches(0);
    CHECK_EQ(mio_udp_socket_close(&udp), 0);
    /* A system without the switch has sockets all the same. */
    refuse = WSAEOPNOTSUPP;
    answers_udp(&udp, "127.0.0.1:0");
    CHECK_EQ(mio_udp_socket_close(&udp), 0);
    answers_of_system();
}

/* ---- Streams --------------------------------------------------------------------------------- */

static void lists_are_moved_in_order(void)
{
    struct mio_tcp_stream stream;
    struct mio_buf bufs[MIO_BUFS_MAX];
    char bytes[MIO_BUFS_MAX], got[MIO_BUFS_MAX] = {0};
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    for (int i = 0; i < MIO_BUFS_MAX; i++) {
        bytes[i] = (char)(i * 7);
        bufs[i] = (struct mio_buf){&bytes[i], i % 3 != 0};
    }
    const size_t len = mio_bufs_len(bufs, MIO_BUFS_MAX);
    CHECK_EQ(mio_tcp_stream_writev(&stream, bufs, MIO_BUFS_MAX), len);
    plain_recv_all(peer, got, len);
    for (size_t i = 0, k = 0; i < MIO_BUFS_MAX; i++)
        if (bufs[i].len > 0)
            CHECK_EQ(got[k++], bytes[i]);
    plain_send_all(peer, got, len);
    plain_wait(mio_source_fd(&stream.source), PLAIN_IN);
    memset(bytes, 0, sizeof bytes);
    CHECK_EQ(mio_tcp_stream_readv(&stream, bufs, MIO_BUFS_MAX), len);
    for (size_t i = 0, k = 0; i < MIO_BUFS_MAX; i++)
        if (bufs[i].len > 0)
            CHECK_EQ(bytes[i], got[k++]);
    CHECK_EQ(mio_tcp_stream_writev(&stream, NULL, 0), 0);
    CHECK_EQ(mio_tcp_stream_write(&stream, NULL, 0), 0);
    CHECK_EQ(mio_tcp_stream_readv(&stream, bufs, MIO_BUFS_MAX), -EAGAIN);
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static void ends_are_those_of_unix(void)
{
    struct mio_tcp_stream stream;
    char byte = 'x';
    struct mio_buf buf = {&byte, 1};
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(mio_tcp_stream_shutdown(&stream, MIO_SHUTDOWN_WRITE), 0);
    CHECK_EQ(mio_tcp_stream_write(&stream, &byte, 1), -EPIPE);
    CHECK_EQ(mio_tcp_stream_writev(&stream, &buf, 1), -EPIPE);
    CHECK_EQ(plain_recv(peer, &byte, 1), 0);
    CHECK_EQ(mio_tcp_stream_shutdown(&stream, MIO_SHUTDOWN_READ), 0);
    CHECK_EQ(mio_tcp_stream_read(&stream, &byte, 1), 0);
    CHECK_EQ(mio_tcp_stream_readv(&stream, &buf, 1), 0);
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static const struct test_case cases[] = {
    {"datagram_that_is_too_long_is_cut", datagram_that_is_too_long_is_cut, 0},
    {"network_tells_of_earlier_datagrams", network_tells_of_earlier_datagrams, 0},
    {"send_without_a_peer_needs_a_destination", send_without_a_peer_needs_a_destination, 0},
    {"refusals_are_told_to_connected_sockets_alone", refusals_are_told_to_connected_sockets_alone,
     0},
    {"lists_are_moved_in_order", lists_are_moved_in_order, 0},
    {"ends_are_those_of_unix", ends_are_those_of_unix, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_transfers = {"transfers", cases};
