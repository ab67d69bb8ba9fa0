/*
 * UDP sockets in networks that tests do not have by themselves: one in which datagrams wait to be
 * sent, and one in which IPv6 sockets are for IPv6 alone unless somebody says otherwise.
 */
#define _GNU_SOURCE 1
#include "netns.h"

#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum { TOKEN = 7 };

static struct mio_addr parse(const char *text)
{
    struct mio_addr addr;
    CHECK_EQ(mio_addr_parse(&addr, text), 0);
    return addr;
}

static int small_send_buffer(mio_fd fd, void *arg)
{
    int size = 4096;
    (void)arg;
    return setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size) < 0 ? mio_socket_error() : 0;
}

/* Sends until -EAGAIN, which is right: there is no room. */
static void fill(struct mio_udp_socket *socket, const struct mio_addr *to, bool connected)
{
    static const char block[1000];
    struct pollfd entry = {.fd = mio_source_fd(&socket->source), .events = POLLOUT};
    ptrdiff_t result = 0;
    for (int i = 0; i < 1000 && result >= 0; i++) {
        result = connected ? mio_udp_socket_send(socket, block, sizeof block)
                           : mio_udp_socket_send_to(socket, block, sizeof block, to);
        CHECK(result == (ptrdiff_t)sizeof block || result == -EAGAIN);
    }
    CHECK_EQ(result, -EAGAIN);
    CHECK_EQ(poll(&entry, 1, 0), 0);
}

/*
 * To a neighbour that does not answer: datagrams wait until its address is known, and count against
 * the send buffer. They are dropped when the device goes down.
 */
static void check_full(bool connected)
{
    const struct mio_datagram_options options = {.prepare = small_send_buffer};
    struct mio_poll poll;
    struct mio_udp_socket socket;
    struct mio_addr any = parse("198.51.100.1:0"), to = parse("198.51.100.2:9");
    char byte;
    netns_enter();
    netns_lay_cable();
    netns_add_address(NETNS_NEAR, "198.51.100.1:0", 24);
    /* They give up after three seconds, which is enough unless the host is very busy. */
    netns_set("/proc/sys/net/ipv4/neigh/" NETNS_NEAR "/mcast_solicit", "100");
    test_poll_init(&poll);
    CHECK_EQ(mio_udp_socket_bind_with(&socket, &any, &options), 0);
    if (connected)
        CHECK_EQ(mio_udp_socket_connect(&socket, &to), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &socket.source, TOKEN,
                          MIO_READABLE | MIO_WRITABLE | test_config.mode),
             0);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_WRITABLE);
    fill(&socket, &to, connected);
    CHECK_EQ(mio_udp_socket_recv(&socket, &byte, 1), -EAGAIN);
    if (test_config.mode & MIO_ONESHOT)
        CHECK_EQ(mio_reregister(mio_poll_registry(&poll), &socket.source, TOKEN,
                                MIO_READABLE | MIO_WRITABLE | test_config.mode),
                 0);
    test_expect_no_event(&poll);
    netns_down(NETNS_NEAR);
    CHECK(test_expect_readiness(&poll, TOKEN, MIO_WRITABLE) & MIO_WRITABLE);
    CHECK(plain_wait(mio_source_fd(&socket.source), PLAIN_OUT) & PLAIN_OUT);
    CHECK_EQ(mio_udp_socket_close(&socket), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void fill_by_send_to(void)
{
    check_full(false);
}

static void fill_by_send(void)
{
    check_full(true);
}

static void room_after_would_block_is_an_event(void)
{
    test_in_child(fill_by_send_to);
    test_in_child(fill_by_send);
}

static void open_with_the_other_default(void)
{
    static const int switches[] = {MIO_DEFAULT, MIO_ON, MIO_OFF};
    netns_enter();
    if (!netns_set("/proc/sys/net/ipv6/bindv6only", "1"))
        SKIP("the default of the namespace cannot be changed");
    for (int i = 0; i < 3; i++) {
        const struct mio_datagram_options options = {.only_v6 = switches[i]};
        struct mio_udp_socket socket;
        struct mio_addr any = parse("[::]:0");
        int value = -1, wanted = switches[i] != MIO_OFF;
        socklen_t length = sizeof value;
        CHECK_EQ(mio_udp_socket_bind_with(&socket, &any, &options), 0);
        CHECK_EQ(
            getsockopt(mio_source_fd(&socket.source), IPPROTO_IPV6, IPV6_V6ONLY, &value, &length),
            0);
        CHECK_EQ(value, wanted);
        CHECK_EQ(mio_udp_socket_only_v6(&socket), wanted);
        CHECK_EQ(mio_udp_socket_close(&socket), 0);
    }
}

static void only_v6_off_is_set_whatever_the_default_is(void)
{
    test_in_child(open_with_the_other_default);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"room_after_would_block_is_an_event", room_after_would_block_is_an_event, TEST_ANY_MODE},
        {"only_v6_off_is_set_whatever_the_default_is", only_v6_off_is_set_whatever_the_default_is,
         0},
        {NULL, NULL, 0},
    };
    static const struct test_suite udp_namespace = {"udp_namespace", cases};
    static const struct test_suite *const suites[] = {&udp_namespace, NULL};
    return test_main(argc, argv, suites);
}
