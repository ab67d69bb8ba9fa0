/* Scenarios: UDP. */
#include "sockets.h"

static struct mio_poll poll_;
static struct mio_udp_socket left, right;
static struct mio_addr left_addr, right_addr;
static mio_fd fd = MIO_FD_NONE;

enum { LEFT = 1, RIGHT = 2 };

static char text[] = "a datagram";
enum { LEN = sizeof text - 1 };

static void binds(void)
{
    const struct mio_datagram_options options = {
        .reuse_addr = MIO_ON,
        .reuse_port = SWEEP_HAS_UNIX ? MIO_ON : MIO_DEFAULT, /* Windows has no such option */
    };
    struct mio_registry *registry = mio_poll_registry(&poll_);
    left_addr = right_addr = sweep_addr("127.0.0.1:0");
    sweep_knows(RIGHT, &right.source);
    OPEN_POLL(&poll_);
    STEP(mio_udp_socket_bind(&left, &left_addr), 0, sweep_is_closed(&left.source));
    STEP(mio_udp_socket_bind_with(&right, &right_addr, &options), 0,
         sweep_is_closed(&right.source));
    STEP(mio_udp_socket_local_addr(&left, &left_addr), 0, true);
    STEP(mio_udp_socket_local_addr(&right, &right_addr), 0, true);
    STEP(mio_register(registry, &right.source, RIGHT, MIO_READABLE), 0,
         !mio_source_is_registered(&right.source));
}

static void clean_both(void)
{
    CLEAN(mio_udp_socket_close(&left));
    CLEAN(mio_udp_socket_close(&right));
    CLEAN(mio_poll_close(&poll_));
    sweep_close_fd(&fd);
}

static void moves(void)
{
    struct mio_addr from;
    char buf[64];
    binds();
    OVER_YET;
    STEP(mio_udp_socket_send_to(&left, text, LEN, &right_addr), LEN, true);
    EVENT(&poll_, RIGHT, MIO_READABLE);
    STEP(mio_udp_socket_peek_from(&right, buf, sizeof buf, &from), LEN, true);
    STEP(mio_udp_socket_peek(&right, buf, sizeof buf), LEN, true);
    STEP(mio_udp_socket_recv_from(&right, buf, sizeof buf, &from), LEN, true);
    HOLDS(memcmp(buf, text, LEN) == 0 && mio_addr_equal(&from, &left_addr));
    STEP(mio_udp_socket_recv_from(&right, buf, sizeof buf, &from), -EAGAIN, true);
    STEP(mio_udp_socket_connect(&left, &right_addr), 0, true);
    STEP(mio_udp_socket_send(&left, text, LEN), LEN, true);
    EVENT(&poll_, RIGHT, MIO_READABLE);
    STEP(mio_udp_socket_recv(&right, buf, sizeof buf), LEN, true);
    STEP(mio_udp_socket_recv(&right, buf, sizeof buf), -EAGAIN, true);
    STEP(mio_udp_socket_peer_addr(&left, &from), 0, true);
    HOLDS(mio_addr_equal(&from, &right_addr));
}

/* On a connected socket that was told in edge mode. */
static void goes_on(void)
{
    char buf[64];
    binds();
    OVER_YET;
    STEP(mio_udp_socket_connect(&right, &left_addr), 0, true);
    STEP(mio_reregister(mio_poll_registry(&poll_), &right.source, RIGHT,
                        MIO_READABLE | MIO_WRITABLE),
         0, sweep_is_kept(&poll_, &right.source, RIGHT, MIO_READABLE));
    EVENT(&poll_, RIGHT, MIO_WRITABLE);
    STEP(mio_udp_socket_send(&right, text, LEN), LEN, sweep_write_is_told_again(&poll_, RIGHT));
    STEP(mio_udp_socket_send_to(&left, text, LEN, &right_addr), LEN, true);
    EVENT(&poll_, RIGHT, MIO_READABLE);
    STEP(mio_udp_socket_peek(&right, buf, sizeof buf), LEN,
         sweep_read_is_told_again(&poll_, RIGHT));
    STEP(mio_udp_socket_recv(&right, buf, sizeof buf), LEN,
         sweep_read_is_told_again(&poll_, RIGHT));
    STEP(mio_udp_socket_recv(&right, buf, sizeof buf), -EAGAIN, true);
    STEP(mio_udp_socket_send_to(&left, text, LEN, &right_addr), LEN, true);
    EVENT(&poll_, RIGHT, MIO_READABLE);
}

static void asks(void)
{
    binds();
    OVER_YET;
    STEP(mio_udp_socket_set_broadcast(&left, true), 0, true);
    STEP(mio_udp_socket_broadcast(&left), 1, true);
    STEP(mio_udp_socket_set_ttl(&left, 33), 0, true);
    STEP(mio_udp_socket_ttl(&left), 33, true);
    STEP(mio_udp_socket_set_multicast_ttl(&left, 3), 0, true);
    STEP(mio_udp_socket_multicast_ttl(&left), 3, true);
    STEP(mio_udp_socket_set_multicast_loop(&left, false), 0, true);
    STEP(mio_udp_socket_multicast_loop(&left), 0, true);
    STEP(mio_udp_socket_take_error(&left), 0, true);
}

/* ---- Multicast ------------------------------------------------------------------------------- */

static const char *lacks_loopback(void)
{
    struct mio_addr group = sweep_addr("239.64.1.2:0");
    fd = plain_socket(PLAIN_IPV4, PLAIN_DATAGRAM);
    int result = plain_join_on_loopback(fd, &group);
    sweep_close_fd(&fd);
    return result < 0 ? "no group can be joined on the loopback device by its index" : NULL;
}

static void joins(void)
{
    struct mio_addr group = sweep_addr("239.64.1.2:0"), local = sweep_addr("127.0.0.1:0");
    uint32_t index = plain_loopback_index();
    binds();
    OVER_YET;
    /* A second join is refused: a refused call has neither joined nor left. */
    STEP(mio_udp_socket_join_multicast(&right, &group, index), 0, true);
    STEP(mio_udp_socket_join_multicast(&right, &group, index), -EADDRINUSE, true);
    STEP(mio_udp_socket_leave_multicast(&right, &group, index), 0, true);
    STEP(mio_udp_socket_join_multicast_at(&right, &group, &local), 0, true);
    STEP(mio_udp_socket_leave_multicast_at(&right, &group, &local), 0, true);
}

static struct mio_udp_socket v6;

static void asks_ipv6(void)
{
    const struct mio_datagram_options options = {.only_v6 = MIO_OFF};
    left_addr = sweep_addr("[::]:0");
    STEP(mio_udp_socket_bind_with(&v6, &left_addr, &options), 0, sweep_is_closed(&v6.source));
    STEP(mio_udp_socket_only_v6(&v6), 0, true);
    STEP(mio_udp_socket_set_ttl(&v6, 35), 0, true);
    STEP(mio_udp_socket_ttl(&v6), 35, true);
    STEP(mio_udp_socket_set_multicast_ttl(&v6, 4), 0, true);
    STEP(mio_udp_socket_multicast_ttl(&v6), 4, true);
    STEP(mio_udp_socket_set_multicast_loop(&v6, false), 0, true);
    STEP(mio_udp_socket_multicast_loop(&v6), 0, true);
}

static void clean_v6(void)
{
    CLEAN(mio_udp_socket_close(&v6));
}

/* ---- Batches --------------------------------------------------------------------------------- */

/* As many entries as are one system call. */
#if defined(MIO_KQUEUE_ABI_H) || !SWEEP_HAS_UNIX
enum { ROW = 1 };
#else
enum { ROW = 3 };
#endif

static struct mio_datagram row[ROW], cut;
static struct mio_addr senders[ROW], at;
static char bufs[ROW][64];

static uint32_t features; /* of the system */

static struct mio_datagram *outgoing(struct mio_addr *to)
{
    for (int i = 0; i < ROW; i++)
        row[i] = (struct mio_datagram){.buf = text, .len = LEN, .addr = to};
    return row;
}

/* The first with a field of the header that the system sends. */
static struct mio_datagram *outgoing_with_header(struct mio_addr *to)
{
    outgoing(to);
    if (features & MIO_DATAGRAM_SENDS_ECN)
        row[0].ecn = 1;
    else
        row[0].local = &left_addr;
    return row;
}

static struct mio_datagram *incoming(void)
{
    for (int i = 0; i < ROW; i++)
        row[i] = (struct mio_datagram){
            .buf = bufs[i], .capacity = sizeof bufs[i], .addr = &senders[i], .local = &at};
    return row;
}

/* Three segments, the last one shorter. */
static struct mio_datagram *segments(void)
{
    cut = (struct mio_datagram){.buf = text, .len = LEN, .addr = &right_addr, .segment_size = 4};
    return &cut;
}

enum {
    HEADER = MIO_DATAGRAM_ECN | MIO_DATAGRAM_LOCAL | MIO_DATAGRAM_TTL,
    REPORT = HEADER | MIO_DATAGRAM_TIME,
    SENDS = MIO_DATAGRAM_SENDS_ECN | MIO_DATAGRAM_SENDS_LOCAL,
};

static const char *lacks_report(void)
{
    const struct mio_addr any = sweep_addr("127.0.0.1:0");
    HOLDS(mio_udp_socket_bind(&right, &any) == 0);
    features = (uint32_t)mio_udp_socket_features(&right);
    HOLDS(mio_udp_socket_close(&right) == 0);
    if ((features & HEADER) != HEADER)
        return "the system does not tell of the IP header";
    return features & SENDS ? NULL : "the system does not send the IP header";
}

static void batches(void)
{
    char buf[64];
    binds();
    OVER_YET;
    STEP(mio_udp_socket_set_report(&right, features & REPORT), 0, true);
    outgoing(&right_addr);
    STEP(mio_udp_socket_send_batch(&left, row, ROW), ROW, row[0].done == 0);
    HOLDS(row[ROW - 1].done == LEN);
    EVENT(&poll_, RIGHT, MIO_READABLE);
    incoming();
    STEP(mio_udp_socket_recv_batch(&right, row, ROW), ROW, row[0].len == 0 && row[0].flags == 0);
    HOLDS(row[ROW - 1].len == LEN && memcmp(bufs[ROW - 1], text, LEN) == 0);
    HOLDS(mio_addr_equal(&senders[0], &left_addr) && (row[0].flags & MIO_DATAGRAM_ECN));
    STEP(mio_udp_socket_recv_batch(&right, row, ROW), -EAGAIN, row[0].len == LEN);
    /* To the connected peer, whose family has to be asked for. */
    STEP(mio_udp_socket_connect(&left, &right_addr), 0, true);
    outgoing_with_header(NULL);
    STEP(mio_udp_socket_send_batch(&left, row, 1), 1, row[0].done == 0);
    EVENT(&poll_, RIGHT, MIO_READABLE);
    incoming();
    STEP(mio_udp_socket_recv_batch(&right, row, 1), 1, row[0].len == 0);
    HOLDS(row[0].ecn == (features & MIO_DATAGRAM_SENDS_ECN ? 1 : 0));
    STEP(mio_udp_socket_recv_batch(&right, row, 1), -EAGAIN, true);
    STEP(mio_udp_socket_set_report(&right, 0), 0, true);
    segments(); /* on Windows each is a call that can fail */
    STEP(mio_udp_socket_send_batch(&left, &cut, 1), 1,
         cut.done == 0 || sweep_error_stays() || (!SWEEP_HAS_UNIX && cut.done % 4 == 0));
    HOLDS(cut.done == LEN);
    EVENT(&poll_, RIGHT, MIO_READABLE);
    for (int done = 0; done < LEN; done += 4) {
        const int part = LEN - done < 4 ? LEN - done : 4;
        STEP(mio_udp_socket_recv(&right, buf, sizeof buf), part, true);
        HOLDS(memcmp(buf, text + done, (size_t)part) == 0);
    }
    STEP(mio_udp_socket_recv(&right, buf, sizeof buf), -EAGAIN, true);
    STEP(mio_udp_socket_features(&right), SWEEP_SOME, true);
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

static void takes_over(void)
{
    fd = sweep_foreign_socket(PLAIN_IPV4, PLAIN_DATAGRAM);
    STEP(mio_udp_socket_from_fd(&left, fd), 0, sweep_is_untouched(&left.source, fd));
    fd = MIO_FD_NONE;
    HOLDS(sweep_has_flags(mio_source_fd(&left.source)));
}

static void gives_up(void)
{
    binds();
    OVER_YET;
    sweep_begin("mio_udp_socket_into_fd(&right)", __LINE__);
    fd = mio_udp_socket_into_fd(&right);
    sweep_end(fd != MIO_FD_NONE, SWEEP_SOME);
    OVER_YET;
    HOLDS(sweep_is_closed(&right.source));
}

const struct scenario udp_scenarios[] = {
    {"udp_moves", moves, clean_both, NULL, NULL},
    {"udp_batches", batches, clean_both, lacks_report, NULL},
    {"udp_goes_on", goes_on, clean_both, NULL, NULL},
    {"udp_asks", asks, clean_both, NULL, NULL},
    {"udp_asks_ipv6", asks_ipv6, clean_v6, sweep_lacks_ipv6, NULL},
    {"udp_joins", joins, clean_both, lacks_loopback, NULL},
    {"udp_takes_over", takes_over, clean_both, NULL, NULL},
    {"udp_gives_up", gives_up, clean_both, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
