/* Batches of datagrams in the Unix domain. */
#include "unix/unix_util.h"

#include <string.h>

enum { MOST = MIO_DATAGRAMS_MAX, ROOM = 64 };

static char memory[MOST][ROOM];
static struct mio_addr addrs[MOST];
static struct mio_datagram batch[MOST];

static void make_room(size_t count)
{
    memset(batch, 0, sizeof batch);
    memset(addrs, 0, sizeof addrs);
    for (size_t i = 0; i < count; i++)
        batch[i] =
            (struct mio_datagram){.buf = memory[i], .capacity = ROOM, .addr = &addrs[i], .ecn = 3};
}

/* Each has its number as text. */
static void make_datagrams(size_t count)
{
    memset(batch, 0, sizeof batch);
    for (size_t i = 0; i < count; i++) {
        snprintf(memory[i], ROOM, "datagram %zu", i);
        batch[i].buf = memory[i];
        batch[i].len = strlen(memory[i]);
    }
}

static void expect_numbers(mio_fd peer, size_t first, size_t count)
{
    char text[ROOM], wanted[ROOM];
    for (size_t i = first; i < first + count; i++) {
        snprintf(wanted, sizeof wanted, "datagram %zu", i);
        CHECK_EQ(plain_recv(peer, text, sizeof text), (ptrdiff_t)strlen(wanted));
        CHECK_EQ(memcmp(text, wanted, strlen(wanted)), 0);
    }
}

static void batch_goes_out_and_comes_in_in_order(void)
{
    struct mio_unix_datagram socket;
    mio_fd peer;
    unix_datagram_peer(&socket, &peer);
    make_datagrams(5);
    batch[3].len = 0;
    batch[3].buf = NULL;
    CHECK_EQ(mio_unix_datagram_send_batch(&socket, batch, 5), 5);
    expect_numbers(peer, 0, 3);
    CHECK_EQ(plain_recv(peer, memory[3], 1), 0);
    expect_numbers(peer, 4, 1);
    CHECK_EQ(plain_send(peer, "one", 3), 3);
    CHECK_EQ(plain_send(peer, "twenty", 6), 6);
    make_room(MOST);
    batch[1].capacity = 3;
    CHECK_EQ(mio_unix_datagram_recv_batch(&socket, batch, MOST), 2);
    CHECK_EQ(batch[0].len, 3);
    CHECK_EQ(batch[0].flags, 0);
    CHECK_EQ(batch[0].ecn, 0);
    CHECK_EQ(memcmp(memory[0], "one", 3), 0);
    CHECK_EQ(mio_addr_unix_kind(&addrs[0]), MIO_UNIX_UNNAMED);
    CHECK_EQ(batch[1].len, 3);
    CHECK_EQ(batch[1].flags, MIO_DATAGRAM_CUT);
    CHECK_EQ(memcmp(memory[1], "twe", 3), 0);
    CHECK_EQ(mio_unix_datagram_recv_batch(&socket, batch, MOST), -EAGAIN);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static void entries_go_to_names_and_come_from_names(void)
{
    struct mio_unix_datagram socket, other;
    struct mio_addr name = plain_fresh_name(), other_name = plain_fresh_name();
    test_need_unix(PLAIN_DATAGRAM);
    CHECK_EQ(mio_unix_datagram_bind(&socket, &name), 0);
    CHECK_EQ(mio_unix_datagram_bind(&other, &other_name), 0);
    make_datagrams(2);
    batch[0].addr = &other_name;
    batch[1].addr = &name;
    CHECK_EQ(mio_unix_datagram_send_batch(&socket, batch, 2), 2);
    make_room(2);
    CHECK_EQ(mio_unix_datagram_recv_batch(&other, batch, 2), 1);
    CHECK(mio_addr_equal(&addrs[0], &name));
    CHECK_EQ(mio_unix_datagram_recv_batch(&socket, batch, 2), 1);
    CHECK(mio_addr_equal(&addrs[0], &name));
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(mio_unix_datagram_close(&other), 0);
}

/* The queue of the receiver takes some: the rest goes out when there is room, each once. */
static void full_queue_stops_a_batch_in_the_middle(void)
{
    enum { ROUNDS = 40 };
    struct mio_unix_datagram socket;
    mio_fd peer;
    size_t waiting = 0, next = 0;
    bool stopped = false;
    unix_datagram_peer(&socket, &peer);
    for (int round = 0; round < ROUNDS; round++) {
        make_datagrams(MOST);
        for (size_t done = 0; done < MOST;) {
            int n = mio_unix_datagram_send_batch(&socket, batch + done, MOST - done);
            CHECK(n > 0 || n == -EAGAIN);
            stopped |= n > 0 && done + (size_t)n < MOST;
            if (n > 0) {
                done += (size_t)n;
                waiting += (size_t)n;
                continue;
            }
            CHECK_EQ(batch[done].done, 0);
            for (; waiting > 0; waiting--, next = (next + 1) % MOST)
                expect_numbers(peer, next, 1);
        }
    }
    for (; waiting > 0; waiting--, next = (next + 1) % MOST)
        expect_numbers(peer, next, 1);
    CHECK_EQ(plain_look(peer, PLAIN_IN, TEST_QUIET), 0);
    CHECK(stopped);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(plain_close(peer), 0);
}

/* A datagram may be as long as the system lets it. */
static void length_has_no_limit_of_udp(void)
{
    static char block[70000], copy[70000];
    struct mio_unix_datagram socket;
    mio_fd peer;
    unix_datagram_peer(&socket, &peer);
    memset(block, 'x', sizeof block);
    struct mio_datagram one = {.buf = block, .len = sizeof block};
    int result = mio_unix_datagram_send_batch(&socket, &one, 1);
    CHECK(result == 1 || result == -EMSGSIZE);
    if (result == 1)
        CHECK_EQ(plain_recv(peer, copy, sizeof copy), sizeof copy);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static void check_refused(struct mio_unix_datagram *socket, struct mio_datagram wrong, int error)
{
    make_datagrams(1);
    batch[1] = wrong;
    CHECK_EQ(mio_unix_datagram_send_batch(socket, batch, 2), error);
    CHECK_EQ(batch[0].done, 0);
}

static void fields_of_ip_are_not_supported(void)
{
    struct mio_unix_datagram socket, closed = {0};
    struct mio_addr name = unix_text("unix:/x"), ip = unix_text("127.0.0.1:9"), none = {0};
    mio_fd peer;
    unix_datagram_peer(&socket, &peer);
    const struct mio_datagram good = {.buf = memory[1], .len = 4};
    struct mio_datagram wrong = good;
    wrong.segment_size = 2;
    check_refused(&socket, wrong, -ENOTSUP);
    wrong = good;
    wrong.ecn = 1;
    check_refused(&socket, wrong, -ENOTSUP);
    wrong = good;
    wrong.interface_index = 1;
    check_refused(&socket, wrong, -ENOTSUP);
    wrong = good;
    wrong.local = &name;
    check_refused(&socket, wrong, -ENOTSUP);
    wrong = good;
    wrong.addr = &ip;
    check_refused(&socket, wrong, -EAFNOSUPPORT);
    wrong = good;
    wrong.ecn = 4;
    check_refused(&socket, wrong, -EINVAL);
    CHECK_EQ(mio_unix_datagram_send_batch(&closed, batch, 1), -EBADF);
    CHECK_EQ(mio_unix_datagram_recv_batch(&closed, batch, 1), -EBADF);
    CHECK_EQ(mio_unix_datagram_send_batch(NULL, batch, 1), -EINVAL);
    CHECK_EQ(mio_unix_datagram_recv_batch(&socket, batch, 0), -EINVAL);
    CHECK_EQ(plain_look(peer, PLAIN_IN, TEST_QUIET), 0);
    make_datagrams(1);
    batch[0].local = &none; /* no address is none */
    CHECK_EQ(mio_unix_datagram_send_batch(&socket, batch, 1), 1);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static const struct test_case cases[] = {
    {"batch_goes_out_and_comes_in_in_order", batch_goes_out_and_comes_in_in_order, 0},
    {"entries_go_to_names_and_come_from_names", entries_go_to_names_and_come_from_names, 0},
    {"full_queue_stops_a_batch_in_the_middle", full_queue_stops_a_batch_in_the_middle, 0},
    {"length_has_no_limit_of_udp", length_has_no_limit_of_udp, 0},
    {"fields_of_ip_are_not_supported", fields_of_ip_are_not_supported, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_batch = {"unix_batch", cases};
