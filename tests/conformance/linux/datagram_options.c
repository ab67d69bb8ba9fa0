/* Batches beside options that only Linux has. */
#define _GNU_SOURCE 1
#include "udp/udp_util.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static void set_option(const struct mio_udp_socket *socket, int level, int name, int value)
{
    if (setsockopt(udp_fd(socket), level, name, &value, sizeof value) < 0)
        SKIP("the kernel has no such option");
}

/* The program asks for more than the library has room for. */
static void what_is_not_told_is_said_to_be(void)
{
    const uint32_t report =
        MIO_DATAGRAM_LOCAL | MIO_DATAGRAM_ECN | MIO_DATAGRAM_TTL | MIO_DATAGRAM_TIME;
    enum { SOFTWARE = 1 << 3 | 1 << 4 }; /* SOF_TIMESTAMPING_RX_SOFTWARE, _SOFTWARE */
    struct mio_udp_socket socket;
    struct mio_addr addr, local;
    char buf[8];
    if (sizeof(size_t) < 8)
        SKIP("control messages are so short here that there is room for all");
    mio_fd peer = udp_peer("127.0.0.1:0", &addr);
    udp_open(&socket, "127.0.0.1:0", NULL);
    if (mio_udp_socket_set_report(&socket, report) == -ENOTSUP)
        SKIP("the system does not tell all of this");
    set_option(&socket, SOL_SOCKET, SO_TIMESTAMPING, SOFTWARE);
    set_option(&socket, IPPROTO_IP, IP_RECVORIGDSTADDR, 1);
    udp_deliver(peer, &socket, "ping", 4);
    struct mio_datagram got = {.buf = buf, .capacity = sizeof buf, .local = &local};
    CHECK_EQ(mio_udp_socket_recv_batch(&socket, &got, 1), 1);
    CHECK_EQ(got.len, 4);
    CHECK(got.flags & MIO_DATAGRAM_UNTOLD);
    udp_close(&socket);
    CHECK_EQ(plain_close(peer), 0);
}

/* The kernel cuts nothing for a socket without checksums: each goes out once, by itself. */
static void segments_that_the_kernel_refuses_go_out_one_by_one(void)
{
    static char block[1000];
    struct mio_udp_socket socket;
    struct mio_addr addr;
    mio_fd peer = udp_peer("127.0.0.1:0", &addr);
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (char)i;
    udp_open(&socket, "127.0.0.1:0", NULL);
    if ((mio_udp_socket_features(&socket) & (int)MIO_DATAGRAM_CUTS) == 0) {
        udp_close(&socket);
        CHECK_EQ(plain_close(peer), 0);
        SKIP("the kernel cuts no segments");
    }
    set_option(&socket, SOL_SOCKET, SO_NO_CHECK, 1);
    for (int round = 0; round < 2; round++) {
        struct mio_datagram batch[2] = {{.buf = block, .len = 950, .addr = &addr},
                                        {.buf = block, .len = 300, .addr = &addr}};
        batch[0].segment_size = batch[1].segment_size = 100;
        CHECK_EQ(mio_udp_socket_send_batch(&socket, batch, 2), 2);
        for (size_t start = 0; start < 950; start += 100)
            udp_peer_expect(peer, block + start, 950 - start < 100 ? 950 - start : 100);
        for (size_t start = 0; start < 300; start += 100)
            udp_peer_expect(peer, block + start, 100);
        udp_expect_nothing(peer);
        /* That is remembered, also where checksums are back. */
        CHECK_EQ(mio_udp_socket_features(&socket) & (int)MIO_DATAGRAM_CUTS, 0);
        set_option(&socket, SOL_SOCKET, SO_NO_CHECK, 0);
    }
    udp_close(&socket);
    CHECK_EQ(plain_close(peer), 0);
}

static const struct test_case cases[] = {
    {"what_is_not_told_is_said_to_be", what_is_not_told_is_said_to_be, 0},
    {"segments_that_the_kernel_refuses_go_out_one_by_one",
     segments_that_the_kernel_refuses_go_out_one_by_one, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_datagram_options = {"datagram_options", cases};
