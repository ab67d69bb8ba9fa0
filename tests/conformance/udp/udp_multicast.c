/*
 * UDP sockets: multicast of IPv4 on the loopback device, and errors of both families. IPv6 does not
 * send to groups there: see tests/process/multicast_v6.c.
 */
#include "udp/udp_util.h"

#include <stdio.h>
#include <string.h>

enum { TOKEN = 7 };

/* Groups that no other test of this host uses at the same time. */
static struct mio_addr group_of(int number)
{
    int pid = (int)process_id();
    char text[32];
    snprintf(text, sizeof text, "239.%d.%d.%d:0", 64 + number, pid >> 8 & 255, pid & 255);
    return tcp_addr(text);
}

static uint32_t loopback(void)
{
    uint32_t index = plain_loopback_index();
    if (index == 0)
        SKIP("no device is named lo");
    return index;
}

/* These ask the system itself, past the library. Emulators of another processor's Linux lack it. */
static void need_multicast_v4(void)
{
    mio_fd fd = plain_socket(PLAIN_IPV4, PLAIN_DATAGRAM);
    bool sends = plain_multicast_on_loopback(fd) != -ENOPROTOOPT;
    CHECK_EQ(plain_close(fd), 0);
    if (!sends)
        SKIP("the system has no IP_MULTICAST_IF, which an emulator lacks");
}

/* Emulators and Wine find no device by its number. */
static void need_multicast_v4_by_index(void)
{
    struct mio_addr group = group_of(9);
    mio_fd fd = plain_socket(PLAIN_IPV4, PLAIN_DATAGRAM);
    int joined = plain_join_on_loopback(fd, &group);
    CHECK_EQ(plain_close(fd), 0);
    if (joined == -ENODEV || joined == -EINVAL)
        SKIP("the system does not find the loopback device by its number");
}

/* ---- Sending to a group ---------------------------------------------------------------------- */

static int send_on_loopback(mio_fd fd, void *arg)
{
    (void)arg;
    return plain_multicast_on_loopback(fd);
}

struct group {
    struct mio_udp_socket sender, receiver;
    struct mio_addr addr;  /* without a port, for joining */
    struct mio_addr to;    /* with that of the receiver */
    struct mio_addr local; /* 127.0.0.1 */
};

static void group_open(struct group *group, const char *receiver)
{
    const struct mio_datagram_options sends = {.prepare = send_on_loopback};
    const struct mio_datagram_options both = {.only_v6 = MIO_OFF, .reuse_addr = MIO_ON};
    need_multicast_v4();
    udp_open(&group->sender, "0.0.0.0:0", &sends);
    udp_open(&group->receiver, receiver, &both);
    group->addr = group_of(0);
    group->local = tcp_addr("127.0.0.1:0");
    struct mio_addr name = plain_name(udp_fd(&group->receiver));
    group->to = group->addr;
    CHECK_EQ(mio_addr_set_port(&group->to, (uint16_t)mio_addr_port(&name)), 0);
}

static void group_close(struct group *group)
{
    udp_close(&group->sender);
    udp_close(&group->receiver);
}

static void group_send(struct group *group, const char *text)
{
    ptrdiff_t length = (ptrdiff_t)strlen(text);
    CHECK_EQ(mio_udp_socket_send_to(&group->sender, text, (size_t)length, &group->to), length);
}

/* A datagram that was sent to the group before does not come; one that is sent after it does. */
static void group_expect_nothing(struct group *group)
{
    struct mio_addr to = tcp_addr("127.0.0.1:0");
    CHECK_EQ(mio_addr_set_port(&to, (uint16_t)mio_addr_port(&group->to)), 0);
    CHECK_EQ(mio_udp_socket_send_to(&group->sender, "marker", 6, &to), 6);
    udp_expect(&group->receiver, "marker", 6);
    CHECK_EQ(udp_drain(&group->receiver), 0);
}

static void check_join_and_leave(struct group *group, int index)
{
    struct mio_udp_socket *receiver = &group->receiver;
    for (int round = 0; round < 2; round++) {
        group_send(group, "before");
        group_expect_nothing(group);
        if (index > 0)
            CHECK_EQ(mio_udp_socket_join_multicast(receiver, &group->addr, (uint32_t)index), 0);
        else
            CHECK_EQ(mio_udp_socket_join_multicast_at(receiver, &group->addr, &group->local), 0);
        group_send(group, "inside");
        udp_expect(receiver, "inside", 6);
        if (index > 0)
            CHECK_EQ(mio_udp_socket_leave_multicast(receiver, &group->addr, (uint32_t)index), 0);
        else
            CHECK_EQ(mio_udp_socket_leave_multicast_at(receiver, &group->addr, &group->local), 0);
        group_send(group, "after");
        group_expect_nothing(group);
    }
}

static void member_by_address_receives_until_it_leaves(void)
{
    struct group group;
    group_open(&group, "0.0.0.0:0");
    check_join_and_leave(&group, 0);
    group_close(&group);
}

static void member_by_index_receives_until_it_leaves(void)
{
    struct group group;
    int index = (int)loopback();
    need_multicast_v4_by_index();
    group_open(&group, "0.0.0.0:0");
    check_join_and_leave(&group, index);
    group_close(&group);
}

static void socket_for_both_families_joins_groups_of_ipv4(void)
{
    struct group group;
    int index = (int)loopback();
    tcp_need_ipv6();
    need_multicast_v4_by_index();
    group_open(&group, "[::]:0");
    check_join_and_leave(&group, 0);
    check_join_and_leave(&group, index);
    group_close(&group);
}

/* The port and the other group do not matter; two groups are two memberships. */
static void groups_are_joined_and_left_one_by_one(void)
{
    struct group group;
    struct mio_addr second = group_of(1), with_port = group_of(0);
    group_open(&group, "0.0.0.0:0");
    struct mio_udp_socket *receiver = &group.receiver;
    CHECK_EQ(mio_addr_set_port(&with_port, 4711), 0);
    CHECK_EQ(mio_udp_socket_join_multicast_at(receiver, &with_port, &group.local), 0);
    CHECK_EQ(mio_udp_socket_join_multicast_at(receiver, &second, &group.local), 0);
    group_send(&group, "first");
    udp_expect(receiver, "first", 5);
    CHECK_EQ(mio_udp_socket_leave_multicast_at(receiver, &group.addr, &group.local), 0);
    group_send(&group, "first");
    group_expect_nothing(&group);
    CHECK_EQ(mio_addr_set_port(&second, (uint16_t)mio_addr_port(&group.to)), 0);
    group.to = second;
    group_send(&group, "second");
    udp_expect(receiver, "second", 6);
    group_close(&group);
}

static void all_members_that_share_the_port_receive(void)
{
    const struct mio_datagram_options shares = {.reuse_addr = MIO_ON};
    struct group group;
    struct mio_udp_socket second;
    struct mio_poll poll;
    group_open(&group, "0.0.0.0:0");
    struct mio_addr name = plain_name(udp_fd(&group.receiver));
    CHECK_EQ(mio_udp_socket_bind_with(&second, &name, &shares), 0);
    CHECK_EQ(mio_udp_socket_join_multicast_at(&group.receiver, &group.addr, &group.local), 0);
    CHECK_EQ(mio_udp_socket_join_multicast_at(&second, &group.addr, &group.local), 0);
    test_poll_init(&poll);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &second.source, TOKEN,
                          MIO_READABLE | test_config.mode),
             0);
    test_expect_no_event(&poll);
    group_send(&group, "all");
    udp_expect(&group.receiver, "all", 3);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    udp_expect(&second, "all", 3);
    udp_close(&second);
    group_close(&group);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* ---- Limit and loop -------------------------------------------------------------------------- */

static void check_multicast_options(const char *text, bool v4, bool v6)
{
    static const int bad[] = {-1, 256, 1000, INT32_MIN, INT32_MAX};
    const struct mio_datagram_options options = {.only_v6 = v4 ? MIO_OFF : MIO_ON};
    struct mio_udp_socket socket;
    udp_open(&socket, text, &options);
    mio_fd fd = udp_fd(&socket);
    CHECK_EQ(mio_udp_socket_multicast_ttl(&socket), 1);
    CHECK_EQ(mio_udp_socket_multicast_loop(&socket), 1);
    for (int ttl = 0; ttl <= 255; ttl++) {
        CHECK_EQ(mio_udp_socket_set_multicast_ttl(&socket, ttl), 0);
        CHECK_EQ(mio_udp_socket_multicast_ttl(&socket), ttl);
        CHECK(!v4 || plain_option(fd, PLAIN_MULTICAST_TTL) == ttl);
        CHECK(!v6 || plain_option(fd, PLAIN_MULTICAST_HOPS) == ttl);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_EQ(mio_udp_socket_set_multicast_ttl(&socket, bad[i]), -EINVAL);
        CHECK_EQ(mio_udp_socket_multicast_ttl(&socket), 255);
    }
    for (int i = 1; i <= 4; i++) {
        int on = i % 2 == 0;
        CHECK_EQ(mio_udp_socket_set_multicast_loop(&socket, on), 0);
        CHECK_EQ(mio_udp_socket_multicast_loop(&socket), on);
        CHECK(!v4 || plain_option(fd, PLAIN_MULTICAST_LOOP) == on);
        CHECK(!v6 || plain_option(fd, PLAIN_MULTICAST_LOOP_V6) == on);
    }
    /* The limit of datagrams to one receiver is another one. */
    CHECK(mio_udp_socket_ttl(&socket) != 255);
    udp_close(&socket);
}

static void limit_and_loop_ipv4(void)
{
    check_multicast_options("0.0.0.0:0", true, false);
}

static void limit_and_loop_ipv6(void)
{
    tcp_need_ipv6();
    check_multicast_options("[::]:0", false, true);
    check_multicast_options("[::1]:0", false, true);
}

static void limit_and_loop_of_a_socket_for_both_families(void)
{
    tcp_need_ipv6();
    check_multicast_options("[::]:0", true, true);
}

static void datagrams_to_groups_have_their_own_ttl(void)
{
    struct group group;
    int limits[] = {0, 1, 99, 255};
    group_open(&group, "0.0.0.0:0");
    CHECK_EQ(mio_udp_socket_join_multicast_at(&group.receiver, &group.addr, &group.local), 0);
    mio_fd fd = udp_fd(&group.receiver);
    if (!plain_want_hops(fd, false))
        SKIP("the system does not tell the time to live of datagrams");
    CHECK_EQ(mio_udp_socket_set_ttl(&group.sender, 77), 0);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        CHECK_EQ(mio_udp_socket_set_multicast_ttl(&group.sender, limits[i]), 0);
        group_send(&group, "x");
        CHECK(plain_wait(fd, PLAIN_IN) & PLAIN_IN);
        CHECK_EQ(plain_recv_hops(fd), limits[i]);
    }
    group_close(&group);
}

/* ---- Errors ---------------------------------------------------------------------------------- */

#define BAD_INDEX 0x7ffffff0u

static void wrong_groups_and_places_are_refused_ipv4(void)
{
    struct mio_udp_socket socket;
    struct mio_addr group = group_of(0), local = tcp_addr("127.0.0.1:0");
    struct mio_addr nowhere = tcp_addr("203.0.113.77:0"), one = tcp_addr("192.0.2.1:0");
    uint32_t index = loopback();
    need_multicast_v4_by_index();
    udp_open(&socket, "0.0.0.0:0", NULL);
    CHECK_EQ(mio_udp_socket_leave_multicast(&socket, &group, index), -EADDRNOTAVAIL);
    CHECK_EQ(mio_udp_socket_leave_multicast_at(&socket, &group, &local), -EADDRNOTAVAIL);
    CHECK_EQ(mio_udp_socket_join_multicast(&socket, &group, index), 0);
    CHECK_EQ(mio_udp_socket_join_multicast(&socket, &group, index), -EADDRINUSE);
    CHECK_EQ(mio_udp_socket_join_multicast_at(&socket, &group, &local), -EADDRINUSE);
    CHECK_EQ(mio_udp_socket_leave_multicast(&socket, &group, BAD_INDEX), -EADDRNOTAVAIL);
    CHECK_EQ(mio_udp_socket_leave_multicast(&socket, &group, index), 0);
    CHECK_EQ(mio_udp_socket_leave_multicast(&socket, &group, index), -EADDRNOTAVAIL);
    CHECK_EQ(mio_udp_socket_join_multicast(&socket, &group, BAD_INDEX), -ENODEV);
    CHECK_EQ(mio_udp_socket_join_multicast(&socket, &group, UINT32_MAX), -ENODEV);
    CHECK_EQ(mio_udp_socket_join_multicast_at(&socket, &group, &nowhere), -ENODEV);
    /* No multicast address. */
    CHECK_EQ(mio_udp_socket_join_multicast(&socket, &one, index), -EINVAL);
    CHECK_EQ(mio_udp_socket_join_multicast_at(&socket, &one, &local), -EINVAL);
    CHECK_EQ(mio_udp_socket_leave_multicast(&socket, &one, index), -EADDRNOTAVAIL);
    CHECK_EQ(mio_udp_socket_leave_multicast_at(&socket, &one, &local), -EADDRNOTAVAIL);
    udp_close(&socket);
}

static void wrong_groups_and_places_are_refused_ipv6(void)
{
    struct mio_udp_socket socket;
    struct mio_addr group = tcp_addr("[ff02::4d10%9]:4711"), one = tcp_addr("[::1]:0");
    struct mio_addr mapped = tcp_addr("[::ffff:239.1.2.3]:0");
    tcp_need_ipv6();
    uint32_t index = loopback();
    udp_open(&socket, "[::]:0", NULL);
    if (plain_leave_v6(udp_fd(&socket), &group, index) != -EADDRNOTAVAIL) {
        udp_close(&socket);
        SKIP("the system does not tell why it refuses a membership");
    }
    CHECK_EQ(mio_udp_socket_leave_multicast(&socket, &group, index), -EADDRNOTAVAIL);
    CHECK_EQ(mio_udp_socket_join_multicast(&socket, &group, index), 0);
    CHECK_EQ(mio_udp_socket_join_multicast(&socket, &group, index), -EADDRINUSE);
    CHECK_EQ(mio_udp_socket_leave_multicast(&socket, &group, BAD_INDEX), -EADDRNOTAVAIL);
    CHECK_EQ(mio_udp_socket_leave_multicast(&socket, &group, index), 0);
    CHECK_EQ(mio_udp_socket_leave_multicast(&socket, &group, index), -EADDRNOTAVAIL);
    CHECK_EQ(mio_udp_socket_join_multicast(&socket, &group, BAD_INDEX), -ENODEV);
    CHECK_EQ(mio_udp_socket_join_multicast(&socket, &group, UINT32_MAX), -ENODEV);
    CHECK_EQ(mio_udp_socket_join_multicast(&socket, &one, index), -EINVAL);
    CHECK_EQ(mio_udp_socket_leave_multicast(&socket, &one, index), -EINVAL);
    CHECK_EQ(mio_udp_socket_join_multicast(&socket, &mapped, index), -EINVAL);
    udp_close(&socket);
    udp_open(&socket, "0.0.0.0:0", NULL);
    CHECK_EQ(mio_udp_socket_join_multicast(&socket, &group, index), -ENOTSUP);
    CHECK_EQ(mio_udp_socket_leave_multicast(&socket, &group, index), -ENOTSUP);
    udp_close(&socket);
}

static void memberships_have_a_limit(void)
{
    struct mio_udp_socket socket;
    struct mio_addr local = tcp_addr("127.0.0.1:0");
    char text[32];
    int result = 0, joined = 0;
    need_multicast_v4();
    udp_open(&socket, "0.0.0.0:0", NULL);
    while (joined < 250) {
        snprintf(text, sizeof text, "239.77.1.%d:0", joined);
        struct mio_addr group = tcp_addr(text);
        result = mio_udp_socket_join_multicast_at(&socket, &group, &local);
        if (result < 0)
            break;
        joined++;
    }
    udp_close(&socket);
    if (result == 0)
        SKIP("this host allows more memberships than the test asks for");
    CHECK(joined > 0);
    if (result == -EINVAL)
        need_multicast_v4_by_index(); /* Wine has one code for all that it refuses */
    CHECK_EQ(result, -ENOBUFS);
}

static const struct test_case cases[] = {
    {"member_by_address_receives_until_it_leaves", member_by_address_receives_until_it_leaves, 0},
    {"member_by_index_receives_until_it_leaves", member_by_index_receives_until_it_leaves, 0},
    {"socket_for_both_families_joins_groups_of_ipv4", socket_for_both_families_joins_groups_of_ipv4,
     0},
    {"groups_are_joined_and_left_one_by_one", groups_are_joined_and_left_one_by_one, 0},
    {"all_members_that_share_the_port_receive", all_members_that_share_the_port_receive,
     TEST_ANY_MODE},
    {"limit_and_loop_ipv4", limit_and_loop_ipv4, 0},
    {"limit_and_loop_ipv6", limit_and_loop_ipv6, 0},
    {"limit_and_loop_of_a_socket_for_both_families", limit_and_loop_of_a_socket_for_both_families,
     0},
    {"datagrams_to_groups_have_their_own_ttl", datagrams_to_groups_have_their_own_ttl, 0},
    {"wrong_groups_and_places_are_refused_ipv4", wrong_groups_and_places_are_refused_ipv4, 0},
    {"wrong_groups_and_places_are_refused_ipv6", wrong_groups_and_places_are_refused_ipv6, 0},
    {"memberships_have_a_limit", memberships_have_a_limit, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_udp_multicast = {"udp_multicast", cases};
