/*
 * Multicast over a real link, which the loopback device is not: groups of IPv6, and whether members
 * on this machine get a copy of what it sends. One cable with both ends in a namespace of the
 * test's own; the interface that a datagram came in by is the scope of its sender.
 */
#define _GNU_SOURCE 1
#include "netns.h"

#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

enum { TOKEN = 7 };

struct cable {
    uint32_t near, far;
    struct mio_addr group;  /* what the tests join */
    struct mio_addr marker; /* a group that the receiver is in all the time, at the far end */
    struct mio_addr to, to_marker;
    struct mio_addr from; /* the sender, as the far end sees it */
    struct mio_udp_socket sender, marker_sender, receiver;
};

static struct mio_addr parse(const char *text)
{
    struct mio_addr addr;
    CHECK_EQ(mio_addr_parse(&addr, text), 0);
    return addr;
}

/* The address with this port and this scope. */
static struct mio_addr at(const struct mio_addr *addr, int port, uint32_t scope)
{
    struct mio_addr result;
    uint8_t ip[16];
    CHECK_EQ(mio_addr_ip(addr, ip, NULL), 16);
    CHECK_EQ(mio_addr_ipv6(&result, ip, (uint16_t)port, scope), 0);
    return result;
}

static int port_of(const struct mio_udp_socket *socket)
{
    struct sockaddr_in6 name;
    socklen_t length = sizeof name;
    int fd = mio_source_fd(&socket->source);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&name, &length), 0);
    return ntohs(name.sin6_port);
}

static void cable_open(struct cable *cable)
{
    struct mio_addr any = parse("[::]:0"), near = parse("[fe80::a]:0");
    netns_enter();
    netns_lay_cable();
    netns_add_address(NETNS_NEAR, "[fe80::a]:0", 64);
    netns_add_address(NETNS_FAR, "[fe80::b]:0", 64);
    cable->near = netns_index(NETNS_NEAR);
    cable->far = netns_index(NETNS_FAR);
    cable->group = parse("[ff02::4d10]:0");
    cable->marker = parse("[ff02::4d11]:0");
    near = at(&near, 0, cable->near);
    CHECK_EQ(mio_udp_socket_bind(&cable->sender, &near), 0);
    CHECK_EQ(mio_udp_socket_bind(&cable->marker_sender, &near), 0);
    CHECK_EQ(mio_udp_socket_bind(&cable->receiver, &any), 0);
    cable->from = at(&near, port_of(&cable->sender), cable->far);
    int port = port_of(&cable->receiver);
    cable->to = at(&cable->group, port, cable->near);
    cable->to_marker = at(&cable->marker, port, cable->near);
    CHECK_EQ(mio_udp_socket_join_multicast(&cable->receiver, &cable->marker, cable->far), 0);
}

static void cable_close(struct cable *cable)
{
    CHECK_EQ(mio_udp_socket_close(&cable->sender), 0);
    CHECK_EQ(mio_udp_socket_close(&cable->marker_sender), 0);
    CHECK_EQ(mio_udp_socket_close(&cable->receiver), 0);
}

static void cable_send(struct cable *cable, const char *text)
{
    ptrdiff_t length = (ptrdiff_t)strlen(text);
    CHECK_EQ(mio_udp_socket_send_to(&cable->sender, text, (size_t)length, &cable->to), length);
}

static ptrdiff_t cable_receive(struct cable *cable, char *buf, size_t len, struct mio_addr *from)
{
    CHECK(plain_wait(mio_source_fd(&cable->receiver.source), PLAIN_IN) & PLAIN_IN);
    return mio_udp_socket_recv_from(&cable->receiver, buf, len, from);
}

/* The datagram to the group before did not come: the marker is next, and the only one. */
static void cable_expect_nothing(struct cable *cable)
{
    char buf[16];
    CHECK_EQ(mio_udp_socket_send_to(&cable->marker_sender, "marker", 6, &cable->to_marker), 6);
    CHECK_EQ(cable_receive(cable, buf, sizeof buf, NULL), 6);
    CHECK_EQ(memcmp(buf, "marker", 6), 0);
    CHECK_EQ(mio_udp_socket_recv(&cable->receiver, buf, sizeof buf), -EAGAIN);
}

/* Sends one datagram, of which these copies come: by the near end, that is looped, and the far. */
static void check_copies(struct cable *cable, int near, int far)
{
    struct mio_addr looped = at(&cable->from, mio_addr_port(&cable->from), cable->near), from;
    char buf[16];
    cable_send(cable, "copy");
    while (near + far > 0) {
        CHECK_EQ(cable_receive(cable, buf, sizeof buf, &from), 4);
        CHECK_EQ(memcmp(buf, "copy", 4), 0);
        CHECK(mio_addr_equal(&from, &looped) || mio_addr_equal(&from, &cable->from));
        int *count = mio_addr_equal(&from, &looped) ? &near : &far;
        CHECK(--*count >= 0);
    }
    cable_expect_nothing(cable);
}

static int join(struct cable *cable, uint32_t index)
{
    return mio_udp_socket_join_multicast(&cable->receiver, &cable->group, index);
}

static int leave(struct cable *cable, uint32_t index)
{
    return mio_udp_socket_leave_multicast(&cable->receiver, &cable->group, index);
}

/* ---- Members --------------------------------------------------------------------------------- */

static void receive_until_leaving(void)
{
    struct cable cable;
    struct mio_poll poll;
    struct mio_addr from;
    char buf[16];
    cable_open(&cable);
    test_poll_init(&poll);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &cable.receiver.source, TOKEN, MIO_READABLE),
             0);
    for (int round = 0; round < 3; round++) {
        check_copies(&cable, 0, 0);
        CHECK_EQ(leave(&cable, cable.far), -EADDRNOTAVAIL);
        CHECK_EQ(join(&cable, cable.far), 0);
        CHECK_EQ(join(&cable, cable.far), -EADDRINUSE);
        while (mio_poll_wait(&poll, (struct mio_event[1]){{0}}, 1, 0) > 0)
            continue; /* the markers */
        cable_send(&cable, "inside");
        CHECK(test_expect_event(&poll, TOKEN) & MIO_READABLE);
        CHECK_EQ(mio_udp_socket_recv_from(&cable.receiver, buf, sizeof buf, &from), 6);
        CHECK_EQ(memcmp(buf, "inside", 6), 0);
        CHECK(mio_addr_equal(&from, &cable.from));
        CHECK_EQ(mio_udp_socket_recv(&cable.receiver, buf, sizeof buf), -EAGAIN);
        CHECK_EQ(leave(&cable, cable.far), 0);
        cable_send(&cable, "after");
        test_expect_no_event(&poll);
    }
    cable_close(&cable);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void member_receives_until_it_leaves(void)
{
    test_in_child(receive_until_leaving);
}

static void join_at_both_ends(void)
{
    struct cable cable;
    cable_open(&cable);
    CHECK_EQ(join(&cable, cable.near), 0);
    check_copies(&cable, 1, 0);
    CHECK_EQ(leave(&cable, cable.far), -EADDRNOTAVAIL);
    CHECK_EQ(join(&cable, cable.far), 0);
    check_copies(&cable, 1, 1);
    CHECK_EQ(leave(&cable, cable.near), 0);
    check_copies(&cable, 0, 1);
    CHECK_EQ(leave(&cable, cable.far), 0);
    check_copies(&cable, 0, 0);
    cable_close(&cable);
}

static void membership_is_that_of_one_interface(void)
{
    test_in_child(join_at_both_ends);
}

static void join_where_the_system_chooses(void)
{
    struct mio_udp_socket v4, v6;
    struct mio_addr any4 = parse("0.0.0.0:0"), any6 = parse("[::]:0");
    struct mio_addr group4 = parse("239.1.2.3:0"), group6 = parse("[ff02::4d10]:0");
    netns_enter();
    if (!test_has_ipv6())
        SKIP("no IPv6 in the namespace");
    CHECK_EQ(mio_udp_socket_bind(&v4, &any4), 0);
    CHECK_EQ(mio_udp_socket_bind(&v6, &any6), 0);
    CHECK_EQ(mio_udp_socket_join_multicast(&v4, &group4, 0), -ENODEV);
    CHECK_EQ(mio_udp_socket_join_multicast_at(&v4, &group4, &any4), -ENODEV);
    CHECK_EQ(mio_udp_socket_join_multicast(&v6, &group6, 0), -ENODEV);
    netns_lay_cable();
    netns_add_address(NETNS_NEAR, "[fe80::a]:0", 64);
    CHECK_EQ(mio_udp_socket_join_multicast(&v6, &group6, 0), 0);
    CHECK_EQ(mio_udp_socket_join_multicast(&v6, &group6, 0), -EADDRINUSE);
    CHECK_EQ(mio_udp_socket_leave_multicast(&v6, &group6, 0), 0);
    CHECK_EQ(mio_udp_socket_close(&v4), 0);
    CHECK_EQ(mio_udp_socket_close(&v6), 0);
}

static void system_chooses_an_interface_where_it_has_one(void)
{
    test_in_child(join_where_the_system_chooses);
}

/* ---- What the sender says -------------------------------------------------------------------- */

static void switch_loop_and_limit(void)
{
    struct cable cable;
    cable_open(&cable);
    CHECK_EQ(join(&cable, cable.near), 0);
    CHECK_EQ(join(&cable, cable.far), 0);
    check_copies(&cable, 1, 1);
    CHECK_EQ(mio_udp_socket_set_multicast_loop(&cable.sender, false), 0);
    check_copies(&cable, 0, 1);
    CHECK_EQ(mio_udp_socket_set_multicast_loop(&cable.sender, true), 0);
    /* A limit of 0 keeps datagrams on this machine, as long as they have a receiver there. */
    CHECK_EQ(mio_udp_socket_set_multicast_ttl(&cable.sender, 0), 0);
    check_copies(&cable, 1, 0);
    CHECK_EQ(mio_udp_socket_set_multicast_ttl(&cable.sender, 1), 0);
    check_copies(&cable, 1, 1);
    cable_close(&cable);
}

static void loop_and_limit_decide_who_gets_a_copy(void)
{
    test_in_child(switch_loop_and_limit);
}

static int received_hop_limit(struct cable *cable)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    char byte;
    int limit;
    struct iovec iov = {&byte, 1};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    int fd = mio_source_fd(&cable->receiver.source);
    CHECK(plain_wait(fd, PLAIN_IN) & PLAIN_IN);
    CHECK_EQ(recvmsg(fd, &message, 0), 1);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    CHECK(header && header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_HOPLIMIT);
    memcpy(&limit, CMSG_DATA(header), sizeof limit);
    return limit;
}

static void send_with_hop_limits(void)
{
    struct cable cable;
    int on = 1;
    cable_open(&cable);
    int fd = mio_source_fd(&cable.receiver.source);
    CHECK_EQ(setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof on), 0);
    CHECK_EQ(join(&cable, cable.far), 0);
    CHECK_EQ(mio_udp_socket_set_ttl(&cable.sender, 77), 0);
    cable_send(&cable, "x");
    CHECK_EQ(received_hop_limit(&cable), 1);
    for (int limit = 1; limit <= 255; limit += 127) {
        CHECK_EQ(mio_udp_socket_set_multicast_ttl(&cable.sender, limit), 0);
        cable_send(&cable, "x");
        CHECK_EQ(received_hop_limit(&cable), limit);
    }
    CHECK_EQ(mio_udp_socket_ttl(&cable.sender), 77);
    cable_close(&cable);
}

static void hop_limit_of_multicast_is_that_of_the_datagrams(void)
{
    test_in_child(send_with_hop_limits);
}

/* ---- IPv4 ------------------------------------------------------------------------------------ */

/* From one socket to a group that the other is in; whether it came. */
static void check_looped_v4(struct mio_udp_socket *sender, struct mio_udp_socket *receiver,
                            const struct mio_addr *to, bool comes)
{
    struct mio_addr marker = parse("198.51.100.1:0");
    char buf[16];
    int fd = mio_source_fd(&receiver->source);
    CHECK_EQ(mio_addr_set_port(&marker, (uint16_t)mio_addr_port(to)), 0);
    CHECK_EQ(mio_udp_socket_send_to(sender, "copy", 4, to), 4);
    if (comes) {
        CHECK(plain_wait(fd, PLAIN_IN) & PLAIN_IN);
        CHECK_EQ(mio_udp_socket_recv(receiver, buf, sizeof buf), 4);
    }
    CHECK_EQ(mio_udp_socket_send_to(sender, "marker", 6, &marker), 6);
    CHECK(plain_wait(fd, PLAIN_IN) & PLAIN_IN);
    CHECK_EQ(mio_udp_socket_recv(receiver, buf, sizeof buf), 6);
    CHECK_EQ(mio_udp_socket_recv(receiver, buf, sizeof buf), -EAGAIN);
}

static int send_at_the_near_end(mio_fd fd, void *arg)
{
    const struct ip_mreqn request = {.imr_ifindex = (int)netns_index(NETNS_NEAR)};
    (void)arg;
    if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request) < 0)
        return mio_socket_error();
    return 0;
}

/* Two kinds of senders: one of IPv4, and one of both families. */
static void check_loop_v4(const char *sender_text)
{
    const struct mio_datagram_options options = {.only_v6 = MIO_OFF,
                                                 .prepare = send_at_the_near_end};
    struct mio_udp_socket sender, receiver;
    struct mio_addr any = parse("0.0.0.0:0"), group = parse("239.1.2.3:0");
    struct mio_addr from = parse(sender_text), local = parse("198.51.100.1:0");
    CHECK_EQ(mio_udp_socket_bind_with(&sender, &from, &options), 0);
    CHECK_EQ(mio_udp_socket_bind(&receiver, &any), 0);
    CHECK_EQ(mio_udp_socket_join_multicast_at(&receiver, &group, &local), 0);
    CHECK_EQ(mio_udp_socket_local_addr(&receiver, &any), 0);
    CHECK_EQ(mio_addr_set_port(&group, (uint16_t)mio_addr_port(&any)), 0);
    for (int i = 0; i < 2; i++) {
        check_looped_v4(&sender, &receiver, &group, true);
        CHECK_EQ(mio_udp_socket_set_multicast_loop(&sender, false), 0);
        check_looped_v4(&sender, &receiver, &group, false);
        CHECK_EQ(mio_udp_socket_set_multicast_loop(&sender, true), 0);
    }
    CHECK_EQ(mio_udp_socket_close(&sender), 0);
    CHECK_EQ(mio_udp_socket_close(&receiver), 0);
}

static void switch_loop_v4(void)
{
    netns_enter();
    netns_lay_cable();
    netns_add_address(NETNS_NEAR, "198.51.100.1:0", 24);
    check_loop_v4("0.0.0.0:0");
    if (test_has_ipv6())
        check_loop_v4("[::]:0");
}

static void loop_decides_who_gets_a_copy_ipv4(void)
{
    test_in_child(switch_loop_v4);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"member_receives_until_it_leaves", member_receives_until_it_leaves, 0},
        {"membership_is_that_of_one_interface", membership_is_that_of_one_interface, 0},
        {"system_chooses_an_interface_where_it_has_one",
         system_chooses_an_interface_where_it_has_one, 0},
        {"loop_and_limit_decide_who_gets_a_copy", loop_and_limit_decide_who_gets_a_copy, 0},
        {"hop_limit_of_multicast_is_that_of_the_datagrams",
         hop_limit_of_multicast_is_that_of_the_datagrams, 0},
        {"loop_decides_who_gets_a_copy_ipv4", loop_decides_who_gets_a_copy_ipv4, 0},
        {NULL, NULL, 0},
    };
    static const struct test_suite multicast_v6 = {"multicast_v6", cases};
    static const struct test_suite *const suites[] = {&multicast_v6, NULL};
    return test_main(argc, argv, suites);
}
