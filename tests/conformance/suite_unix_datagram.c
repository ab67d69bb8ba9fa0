/* Datagram sockets in the Unix domain. */
#include "suites.h"

static void unbound_senders_are_unnamed(void)
{
    struct mio_unix_datagram receiver, sender;
    struct mio_addr addr, from;
    char buf[8];
    CHECK_EQ(mio_addr_unix_unnamed(&addr), 0);
    CHECK_EQ(mio_unix_datagram_bind(&receiver, &addr), 0);
    CHECK_EQ(mio_unix_datagram_local_addr(&receiver, &addr), 0);
    CHECK_EQ(mio_unix_datagram_open(&sender), 0);
    CHECK_EQ(mio_unix_datagram_send_to(&sender, "abc", 3, &addr), 3);
    CHECK_EQ(mio_unix_datagram_recv_from(&receiver, buf, sizeof buf, &from), 3);
    CHECK_EQ(mio_addr_unix_kind(&from), MIO_UNIX_UNNAMED);
    CHECK_EQ(mio_unix_datagram_close(&sender), 0);
    CHECK_EQ(mio_unix_datagram_close(&receiver), 0);
}

static const struct test_case cases[] = {
    {"unbound_senders_are_unnamed", unbound_senders_are_unnamed, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_datagram = {"unix_datagram", cases};
