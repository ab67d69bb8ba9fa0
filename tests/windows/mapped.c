/* Addresses of IPv4 on sockets of both families, of which Winsock takes the mapped ones alone. */
#include "answers.h"

static int refused;

/* Whether the address is of another family than the socket; then the call fails. */
static bool is_strange(SOCKET fd, const struct sockaddr *addr)
{
    WSAPROTOCOL_INFOW info;
    int length = sizeof info;
    CHECK_EQ(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&info, &length), 0);
    bool strange = info.iAddressFamily != addr->sa_family;
    refused += strange;
    if (strange)
        WSASetLastError(WSAEFAULT);
    return strange;
}

static int WINAPI connect_strictly(SOCKET fd, const struct sockaddr *addr, int length)
{
    return is_strange(fd, addr) ? SOCKET_ERROR : connect(fd, addr, length);
}

static int WINAPI send_strictly(SOCKET fd, const char *buf, int len, int flags,
                                const struct sockaddr *addr, int length)
{
    return is_strange(fd, addr) ? SOCKET_ERROR : sendto(fd, buf, len, flags, addr, length);
}

static void be_strict(void)
{
    refused = 0;
    mio__calls.connect = connect_strictly;
    mio__calls.sendto = send_strictly;
}

static void open_for(struct mio_udp_socket *socket, int only_v6)
{
    const struct mio_datagram_options options = {.only_v6 = only_v6};
    struct mio_addr any = answers_addr("[::]:0");
    if (!test_has_ipv6())
        SKIP("no IPv6");
    CHECK_EQ(mio_udp_socket_bind_with(socket, &any, &options), 0);
}

static void expect(mio_fd peer, char byte)
{
    char got = 0;
    CHECK_EQ(plain_recv(peer, &got, 1), 1);
    CHECK_EQ(got, byte);
}

static void socket_for_both_families_takes_ipv4(void)
{
    struct mio_udp_socket socket;
    struct mio_addr addr = answers_addr("127.0.0.1:0"), peer_addr;
    char text[MIO_ADDR_TEXT], wanted[64];
    open_for(&socket, MIO_OFF);
    mio_fd peer = plain_socket(PLAIN_IPV4, PLAIN_DATAGRAM);
    CHECK_EQ(plain_bind(peer, &addr), 0);
    addr = plain_name(peer);
    be_strict();
    CHECK_EQ(mio_udp_socket_send_to(&socket, "a", 1, &addr), 1);
    CHECK_EQ(refused, 1);
    expect(peer, 'a');
    CHECK_EQ(mio_udp_socket_connect(&socket, &addr), 0);
    CHECK_EQ(refused, 2);
    CHECK_EQ(mio_udp_socket_send(&socket, "b", 1), 1);
    expect(peer, 'b');
    answers_of_system();
    CHECK_EQ(mio_udp_socket_peer_addr(&socket, &peer_addr), 0);
    CHECK(mio_addr_format(&peer_addr, text, sizeof text) > 0);
    snprintf(wanted, sizeof wanted, "[::ffff:127.0.0.1]:%d", mio_addr_port(&addr));
    peer_addr = answers_addr(wanted);
    struct mio_addr again = answers_addr(text);
    CHECK(mio_addr_equal(&again, &peer_addr));
    CHECK_EQ(mio_udp_socket_close(&socket), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static void addresses_of_another_family_are_refused(void)
{
    struct mio_udp_socket socket;
    struct mio_addr v4 = answers_addr("127.0.0.1:9"), v6 = answers_addr("[::1]:9");
    open_for(&socket, MIO_ON);
    be_strict();
    CHECK_EQ(mio_udp_socket_send_to(&socket, "a", 1, &v4), -EAFNOSUPPORT);
    CHECK_EQ(mio_udp_socket_connect(&socket, &v4), -EAFNOSUPPORT);
    CHECK_EQ(mio_udp_socket_close(&socket), 0);
    answers_udp(&socket, "127.0.0.1:0");
    CHECK_EQ(mio_udp_socket_send_to(&socket, "a", 1, &v6), -EAFNOSUPPORT);
    CHECK_EQ(mio_udp_socket_connect(&socket, &v6), -EAFNOSUPPORT);
    CHECK_EQ(refused, 4);
    answers_of_system();
    CHECK_EQ(mio_udp_socket_close(&socket), 0);
}

static const struct test_case cases[] = {
    {"socket_for_both_families_takes_ipv4", socket_for_both_families_takes_ipv4, 0},
    {"addresses_of_another_family_are_refused", addresses_of_another_family_are_refused, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_mapped = {"mapped", cases};
