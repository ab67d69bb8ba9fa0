/* Making, adopting and closing sockets, and options. */
#include "answers.h"

/* ---- Failures in the middle ------------------------------------------------------------------ */

static int WINAPI refuse_command(SOCKET fd, long command, u_long *value)
{
    (void)fd, (void)command, (void)value;
    WSASetLastError(WSAENOBUFS);
    return SOCKET_ERROR;
}

static BOOL WINAPI refuse_flags(HANDLE handle, DWORD mask, DWORD flags)
{
    (void)handle, (void)mask, (void)flags;
    SetLastError(ERROR_ACCESS_DENIED);
    return FALSE;
}

static void socket_that_cannot_be_settled_is_closed(void)
{
    struct mio_udp_socket udp;
    struct mio_tcp_listener listener;
    struct mio_tcp_stream stream;
    struct mio_addr any = answers_addr("127.0.0.1:0"), addr;
    answers_count_closes();
    mio__calls.ioctlsocket = refuse_command;
    CHECK_EQ(mio_udp_socket_bind(&udp, &any), -ENOBUFS);
    CHECK_EQ(answers_closes, 1);
    answers_of_system();

    test_listen(&listener, &addr);
    for (int step = 0; step < 2; step++) {
        mio_fd client = test_client(&addr);
        plain_wait(mio_source_fd(&listener.source), PLAIN_IN);
        answers_count_closes();
        if (step == 0)
            mio__calls.ioctlsocket = refuse_command;
        else
            mio__calls.SetHandleInformation = refuse_flags;
        CHECK_EQ(mio_tcp_listener_accept(&listener, &stream, NULL), step == 0 ? -ENOBUFS : -EACCES);
        CHECK_EQ(answers_closes, 1);
        answers_of_system();
        CHECK_EQ(plain_close(client), 0);
    }
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

static void adopting_that_fails_changes_nothing(void)
{
    struct mio_tcp_stream stream;
    mio_fd fd = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
    plain_set_inherited(fd);
    mio__calls.ioctlsocket = refuse_command;
    CHECK_EQ(mio_tcp_stream_from_fd(&stream, fd), -ENOBUFS);
    answers_of_system();
    CHECK(plain_is_inherited(fd));
    CHECK_EQ(mio_tcp_stream_from_fd(&stream, fd), 0);
    CHECK(!plain_is_inherited(fd));
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
}

static SOCKET WINAPI accept_nobody(SOCKET fd, struct sockaddr *addr, int *length)
{
    (void)fd, (void)addr, (void)length;
    WSASetLastError(WSAECONNRESET);
    return INVALID_SOCKET;
}

static void peer_that_was_gone_may_be_passed_over(void)
{
    struct mio_tcp_listener listener;
    struct mio_tcp_stream stream;
    struct mio_addr addr;
    test_listen(&listener, &addr);
    mio__calls.accept = accept_nobody;
    CHECK_EQ(mio_tcp_listener_accept(&listener, &stream, NULL), -ECONNABORTED);
    answers_of_system();
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

/* ---- The Unix domain ------------------------------------------------------------------------- */

static SOCKET WINAPI lack_family(int family, int type, int protocol, WSAPROTOCOL_INFOW *info,
                                 GROUP group, DWORD flags)
{
    (void)family, (void)type, (void)protocol, (void)info, (void)group;
    CHECK_EQ(flags, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    WSASetLastError(WSAEAFNOSUPPORT);
    return INVALID_SOCKET;
}

static void family_that_the_system_lacks(void)
{
    struct mio_unix_stream a, b;
    struct mio_unix_datagram datagram;
    struct mio_udp_socket udp;
    struct mio_addr path = answers_addr("unix:x.sock"), v6 = answers_addr("[::1]:0"), abstract;
    mio__calls.WSASocketW = lack_family;
    CHECK_EQ(mio_unix_stream_connect(&a, &path), -ENOTSUP);
    CHECK_EQ(mio_udp_socket_bind(&udp, &v6), -EAFNOSUPPORT);
    answers_of_system();
    /* In no release. */
    CHECK_EQ(mio_unix_stream_pair(&a, &b), -ENOTSUP);
    CHECK_EQ(mio_unix_datagram_open(&datagram), -ENOTSUP);
    CHECK_EQ(mio_unix_datagram_bind(&datagram, &path), -ENOTSUP);
    CHECK_EQ(mio_addr_unix_abstract(&abstract, "x", 1), -ENOTSUP);
}

/* ---- Closing --------------------------------------------------------------------------------- */

static int WINAPI close_later(SOCKET fd)
{
    struct linger linger;
    int length = sizeof linger;
    answers_closes++;
    CHECK_EQ(getsockopt(fd, SOL_SOCKET, SO_LINGER, (char *)&linger, &length), 0);
    if (linger.l_onoff == 0)
        return closesocket(fd);
    WSASetLastError(WSAEWOULDBLOCK);
    return SOCKET_ERROR;
}

/* A close that would have to wait, as the system tells, leaves the socket open. */
static void socket_that_lingers_is_closed(void)
{
    const struct linger linger = {1, 10};
    struct mio_tcp_stream stream;
    mio_fd peer;
    char byte;
    test_tcp_pair(&stream, &peer);
    mio_fd fd = mio_source_fd(&stream.source);
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_LINGER, (const char *)&linger, sizeof linger), 0);
    answers_closes = 0;
    mio__calls.closesocket = close_later;
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    answers_of_system();
    CHECK_EQ(answers_closes, 2);
    CHECK(!plain_is_open(fd));
    CHECK_EQ(plain_recv(peer, &byte, 1), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static void socket_that_was_closed_is_told(void)
{
    struct mio_udp_socket udp;
    answers_udp(&udp, "127.0.0.1:0");
    CHECK_EQ(plain_close(mio_source_fd(&udp.source)), 0);
    CHECK_EQ(mio_udp_socket_close(&udp), -EBADF);
}

/* ---- Options --------------------------------------------------------------------------------- */

static int refused_level;

static int WINAPI refuse_option(SOCKET fd, int level, int name, char *value, int *length)
{
    if (level != refused_level)
        return getsockopt(fd, level, name, value, length);
    WSASetLastError(WSAEINVAL);
    return SOCKET_ERROR;
}

/* Winsock says "invalid" of an option that the family of the socket does not have. */
static void option_of_another_family_is_unsupported(void)
{
    struct mio_udp_socket udp;
    refused_level = IPPROTO_IPV6;
    answers_udp(&udp, "127.0.0.1:0");
    mio__calls.getsockopt = refuse_option;
    CHECK_EQ(mio_udp_socket_only_v6(&udp), -ENOTSUP);
    answers_of_system();
    CHECK_EQ(mio_udp_socket_close(&udp), 0);
    if (!test_has_ipv6())
        SKIP("no IPv6");
    answers_udp(&udp, "[::1]:0");
    mio__calls.getsockopt = refuse_option;
    CHECK_EQ(mio_udp_socket_only_v6(&udp), -EINVAL);
    answers_of_system();
    CHECK_EQ(mio_udp_socket_close(&udp), 0);
}

static int WINAPI invalid_membership(SOCKET fd, int level, int name, const char *value, int length)
{
    (void)fd, (void)level, (void)name, (void)value, (void)length;
    WSASetLastError(WSAEINVAL);
    return SOCKET_ERROR;
}

/* One answer of the system stands for several that the contract tells apart. */
static void memberships_have_the_codes_of_the_contract(void)
{
    struct mio_udp_socket udp;
    struct mio_addr group = answers_addr("239.1.2.3:0"), one = answers_addr("127.0.0.1:0");
    struct mio_addr group_v6 = answers_addr("[ff02::123]:0");
    answers_udp(&udp, "127.0.0.1:0");
    mio__calls.setsockopt = invalid_membership;
    CHECK_EQ(mio_udp_socket_leave_multicast(&udp, &group, 0), -EADDRNOTAVAIL);
    CHECK_EQ(mio_udp_socket_leave_multicast(&udp, &one, 0), -EADDRNOTAVAIL);
    CHECK_EQ(mio_udp_socket_join_multicast(&udp, &one, 0), -EINVAL);
    CHECK_EQ(mio_udp_socket_join_multicast(&udp, &group_v6, 0), -ENOTSUP);
    CHECK_EQ(mio_udp_socket_leave_multicast(&udp, &group_v6, 0), -ENOTSUP);
    /* Such an index would be taken for an address. */
    CHECK_EQ(mio_udp_socket_join_multicast(&udp, &group, 0x1000000), -ENODEV);
    CHECK_EQ(mio_udp_socket_leave_multicast(&udp, &group, 0x1000000), -EADDRNOTAVAIL);
    answers_of_system();
    CHECK_EQ(mio_udp_socket_close(&udp), 0);
}

static void listener_has_its_port_alone(void)
{
    const struct mio_listen_options spread = {.reuse_port = MIO_ON};
    struct mio_tcp_listener listener, other;
    struct mio_addr addr;
    int value = 0, length = sizeof value, on = 1;
    test_listen(&listener, &addr);
    CHECK_EQ(getsockopt(mio_source_fd(&listener.source), SOL_SOCKET, SO_EXCLUSIVEADDRUSE,
                        (char *)&value, &length),
             0);
    CHECK(value != 0);
    CHECK_EQ(mio_tcp_listener_bind_with(&other, &addr, &spread), -ENOTSUP);
    mio_fd thief = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
    CHECK_EQ(setsockopt(thief, SOL_SOCKET, SO_REUSEADDR, (const char *)&on, sizeof on), 0);
    CHECK(plain_bind(thief, &addr) < 0);
    CHECK_EQ(plain_close(thief), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

static const struct test_case cases[] = {
    {"socket_that_cannot_be_settled_is_closed", socket_that_cannot_be_settled_is_closed, 0},
    {"adopting_that_fails_changes_nothing", adopting_that_fails_changes_nothing, 0},
    {"peer_that_was_gone_may_be_passed_over", peer_that_was_gone_may_be_passed_over, 0},
    {"family_that_the_system_lacks", family_that_the_system_lacks, 0},
    {"socket_that_lingers_is_closed", socket_that_lingers_is_closed, 0},
    {"socket_that_was_closed_is_told", socket_that_was_closed_is_told, 0},
    {"option_of_another_family_is_unsupported", option_of_another_family_is_unsupported, 0},
    {"memberships_have_the_codes_of_the_contract", memberships_have_the_codes_of_the_contract, 0},
    {"listener_has_its_port_alone", listener_has_its_port_alone, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_sockets = {"sockets", cases};
