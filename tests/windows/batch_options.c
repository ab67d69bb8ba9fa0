/* Reports and features of datagrams, by the options that a system has. */
#include "messages.h"

#include "sys/windows/udp_values.h"

enum {
    HEADER = MIO_DATAGRAM_ECN | MIO_DATAGRAM_LOCAL | MIO_DATAGRAM_TTL,
    ALL = HEADER | MIO_DATAGRAM_SEGMENTS,
    SENDS = MIO_DATAGRAM_SENDS_ECN | MIO_DATAGRAM_SENDS_LOCAL | MIO_DATAGRAM_CUTS,
};

static struct mio_udp_socket udp;

static void begin(const char *text)
{
    answers_udp(&udp, text);
    messages_begin();
}

static void end(void)
{
    answers_of_system();
    CHECK_EQ(mio_udp_socket_close(&udp), 0);
}

static void expect_header(const struct messages_option options[OPTIONS], DWORD value)
{
    CHECK_EQ(options[MIO__RECEIVE_ECN].value, value);
    CHECK_EQ(options[MIO__RECEIVE_HOPS].value, value);
    CHECK_EQ(options[MIO__PKTINFO].value, value);
    CHECK_EQ(options[MIO__RECEIVE_CLASS].set, 0);
}

static void report_sets_the_options_of_the_family(void)
{
    begin("127.0.0.1:0");
    CHECK_EQ(mio_udp_socket_set_report(&udp, ALL), 0);
    expect_header(messages.ip, 1);
    CHECK_EQ(messages.ipv6[MIO__PKTINFO].set, 0);
    CHECK_EQ(messages.udp[MIO__UDP_RECV_MAX_COALESCED_SIZE].value, 65527);
    CHECK_EQ(mio_udp_socket_set_report(&udp, 0), 0);
    expect_header(messages.ip, 0);
    CHECK_EQ(messages.udp[MIO__UDP_RECV_MAX_COALESCED_SIZE].value, 0);
    CHECK_EQ(mio_udp_socket_set_report(&udp, MIO_DATAGRAM_TTL), 0);
    CHECK_EQ(messages.ip[MIO__RECEIVE_HOPS].value, 1);
    CHECK_EQ(messages.ip[MIO__RECEIVE_ECN].value + messages.ip[MIO__PKTINFO].value, 0);
    end();
    if (!test_has_ipv6())
        SKIP("no IPv6");
    begin("[::1]:0");
    messages.ip[MIO__PKTINFO].error = WSAEINVAL; /* it may be for IPv6 alone */
    CHECK_EQ(mio_udp_socket_set_report(&udp, ALL), 0);
    expect_header(messages.ipv6, 1);
    CHECK_EQ(messages.ip[MIO__RECEIVE_ECN].value, 1);
    CHECK_EQ(messages.ip[MIO__RECEIVE_HOPS].value, 1);
    CHECK_EQ(messages.ip[MIO__PKTINFO].set, 1);
    end();
}

static void check_lacking_option(struct messages_option *option, uint32_t bit, int error)
{
    option->error = error;
    CHECK_EQ(mio_udp_socket_set_report(&udp, bit), -ENOTSUP);
    CHECK_EQ(mio_udp_socket_set_report(&udp, ALL & ~bit), 0);
    CHECK_EQ(mio_udp_socket_set_report(&udp, 0), 0);
    const int features = mio_udp_socket_features(&udp);
    CHECK_EQ((uint32_t)features & ALL, ALL & ~bit);
    option->error = WSAENOBUFS;
    CHECK_EQ(mio_udp_socket_set_report(&udp, bit), -ENOBUFS);
    option->error = 0;
}

static void option_that_the_system_lacks_is_unsupported(void)
{
    static const int errors[] = {WSAENOPROTOOPT, WSAEINVAL, WSAEOPNOTSUPP};
    begin("127.0.0.1:0");
    CHECK_EQ(mio_udp_socket_features(&udp), ALL | SENDS);
    for (int i = 0; i < 3; i++) {
        check_lacking_option(&messages.ip[MIO__PKTINFO], MIO_DATAGRAM_LOCAL, errors[i]);
        check_lacking_option(&messages.ip[MIO__RECEIVE_HOPS], MIO_DATAGRAM_TTL, errors[i]);
    }
    /* The whole class stands in for the two bits. */
    for (int i = 0; i < 3; i++) {
        messages.ip[MIO__RECEIVE_ECN].error = errors[i];
        messages.ip[MIO__RECEIVE_CLASS].value = 0;
        CHECK_EQ(mio_udp_socket_set_report(&udp, MIO_DATAGRAM_ECN), 0);
        CHECK_EQ(messages.ip[MIO__RECEIVE_CLASS].value, 1);
        CHECK((uint32_t)mio_udp_socket_features(&udp) & MIO_DATAGRAM_ECN);
        CHECK_EQ(mio_udp_socket_set_report(&udp, 0), 0);
        CHECK_EQ(messages.ip[MIO__RECEIVE_CLASS].value, 0);
        check_lacking_option(&messages.ip[MIO__RECEIVE_CLASS], MIO_DATAGRAM_ECN, errors[i]);
    }
    end();
}

static void datagrams_come_one_by_one_where_none_are_coalesced(void)
{
    struct messages_option *option = &messages.udp[MIO__UDP_RECV_MAX_COALESCED_SIZE];
    begin("127.0.0.1:0");
    option->error = WSAEINVAL;
    CHECK_EQ(mio_udp_socket_set_report(&udp, ALL), 0);
    CHECK_EQ(mio_udp_socket_features(&udp) & ALL, HEADER);
    option->error = WSAENOBUFS;
    CHECK_EQ(mio_udp_socket_set_report(&udp, ALL), -ENOBUFS);
    end();
}

static void times_are_not_told(void)
{
    begin("127.0.0.1:0");
    CHECK_EQ(mio_udp_socket_set_report(&udp, ALL | MIO_DATAGRAM_TIME), -ENOTSUP);
    CHECK_EQ(messages.ip[MIO__PKTINFO].set, 0);
    end();
}

static const struct test_case cases[] = {
    {"report_sets_the_options_of_the_family", report_sets_the_options_of_the_family, 0},
    {"option_that_the_system_lacks_is_unsupported", option_that_the_system_lacks_is_unsupported, 0},
    {"datagrams_come_one_by_one_where_none_are_coalesced",
     datagrams_come_one_by_one_where_none_are_coalesced, 0},
    {"times_are_not_told", times_are_not_told, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_batch_options = {"batch_options", cases};
