/*
 * The draining rule for datagram sockets in edge mode: would-block alone ends the drain, and a loop
 * that follows that misses no datagram, whenever the peer sends.
 */
#include "queue/queue_util.h"

enum { TOKEN = 7 };

struct fixture {
    struct mio_poll poll;
    struct channel channel;
    int sent, got;
};

static void fixture_open(struct fixture *fixture, enum channel_kind kind, mio_interest interest)
{
    fixture->sent = fixture->got = 0;
    test_poll_init(&fixture->poll);
    channel_open(&fixture->channel, kind);
    CHECK_EQ(
        mio_register(mio_poll_registry(&fixture->poll), fixture->channel.source, TOKEN, interest),
        0);
}

static void fixture_close(struct fixture *fixture)
{
    channel_close(&fixture->channel, mio_poll_registry(&fixture->poll));
    CHECK_EQ(mio_poll_close(&fixture->poll), 0);
}

static void peer_sends(struct fixture *fixture, int count)
{
    for (int i = 0; i < count; i++)
        CHECK_EQ(plain_send(fixture->channel.peer, "datagram", 8), 8);
    fixture->sent += count;
    CHECK(plain_wait(fixture->channel.fd, PLAIN_IN) & PLAIN_IN);
}

/* Receives one into a buffer of this size; false is would-block. */
static bool receive(struct fixture *fixture, size_t asked)
{
    char buf[64];
    ptrdiff_t got = channel_read(&fixture->channel, buf, asked);
    if (got == -EAGAIN)
        return false;
    CHECK_EQ(got, asked < 8 ? asked : 8);
    fixture->got++;
    return true;
}

static void receive_all(struct fixture *fixture, size_t asked)
{
    while (fixture->got < fixture->sent) {
        CHECK_EQ(test_expect_event(&fixture->poll, TOKEN), MIO_READABLE);
        while (receive(fixture, asked))
            ;
    }
    CHECK_EQ(fixture->got, fixture->sent);
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* The sizes cut a datagram off, fit it, and are larger: none of them says anything of the next. */
static const size_t sizes[] = {1, 8, 64};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static void whenever_the_peer_sends_it_is_seen(enum channel_kind kind)
{
    enum { BEFORE_THE_WAIT, BEFORE_THE_READ, BETWEEN_TWO_READS, AFTER_THE_LAST_READ, MOMENTS };
    for (int i = 0; i < SIZES; i++)
        for (int moment = BEFORE_THE_WAIT; moment < MOMENTS; moment++) {
            struct fixture fixture;
            fixture_open(&fixture, kind, MIO_READABLE);
            peer_sends(&fixture, 2);
            if (moment == BEFORE_THE_WAIT)
                peer_sends(&fixture, 2);
            CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
            if (moment == BEFORE_THE_READ)
                peer_sends(&fixture, 2);
            CHECK(receive(&fixture, sizes[i]));
            if (moment == BETWEEN_TWO_READS)
                peer_sends(&fixture, 2);
            while (receive(&fixture, sizes[i]))
                ;
            if (moment == AFTER_THE_LAST_READ)
                peer_sends(&fixture, 2);
            receive_all(&fixture, sizes[i]);
            peer_sends(&fixture, 1);
            receive_all(&fixture, sizes[i]);
            fixture_close(&fixture);
        }
}
DEFINE_CASES(EACH_DATAGRAM, whenever_the_peer_sends_it_is_seen)

static void received_datagram_drains_nothing(enum channel_kind kind)
{
    for (int i = 0; i < SIZES; i++) {
        struct fixture fixture;
        fixture_open(&fixture, kind, MIO_READABLE);
        peer_sends(&fixture, 2);
        CHECK(test_expect_event(&fixture.poll, TOKEN) & MIO_READABLE);
        /* On Linux each datagram is an edge of its own; the second one may still be told. */
        while (mio_poll_wait(&fixture.poll, &(struct mio_event){0}, 1, 4 * TEST_QUIET) > 0)
            ;
        CHECK(receive(&fixture, sizes[i]));
        test_expect_no_event(&fixture.poll);
        CHECK(receive(&fixture, sizes[i]));
        test_expect_no_event(&fixture.poll);
        CHECK(!receive(&fixture, sizes[i]));
        peer_sends(&fixture, 1);
        receive_all(&fixture, sizes[i]);
        fixture_close(&fixture);
    }
}
DEFINE_CASES(EACH_DATAGRAM, received_datagram_drains_nothing)

/* Zero bytes are a datagram like others, neither an end nor a drain. */
static void empty_datagram_is_told(enum channel_kind kind)
{
    struct fixture fixture;
    char buf[8];
    fixture_open(&fixture, kind, MIO_READABLE);
    for (int round = 0; round < 3; round++) {
        CHECK_EQ(plain_send(fixture.channel.peer, "", 0), 0);
        CHECK(plain_wait(fixture.channel.fd, PLAIN_IN) & PLAIN_IN);
        CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
        CHECK_EQ(channel_read(&fixture.channel, buf, sizeof buf), 0);
        test_expect_no_event(&fixture.poll);
        CHECK_EQ(channel_read(&fixture.channel, buf, sizeof buf), -EAGAIN);
    }
    fixture_close(&fixture);
}
DEFINE_CASES(EACH_DATAGRAM, empty_datagram_is_told)

/* ---- Writing --------------------------------------------------------------------------------- */

static void sent_datagram_drains_nothing(enum channel_kind kind)
{
    struct fixture fixture;
    char buf[8];
    fixture_open(&fixture, kind, MIO_WRITABLE);
    CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_WRITABLE);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(channel_write(&fixture.channel, "datagram", 8), 8);
        CHECK_EQ(plain_recv(fixture.channel.peer, buf, sizeof buf), 8);
    }
    if (!queue_is_epoll(&fixture.poll)) /* there each sent datagram is an edge */
        test_expect_no_event(&fixture.poll);
    CHECK_EQ(
        mio_reregister(mio_poll_registry(&fixture.poll), fixture.channel.source, 1, MIO_WRITABLE),
        0);
    CHECK_EQ(test_expect_event(&fixture.poll, 1), MIO_WRITABLE);
    fixture_close(&fixture);
}
DEFINE_CASES(EACH_DATAGRAM, sent_datagram_drains_nothing)

/* On UDP datagrams are lost instead. */
static void full_queue_of_the_peer_is_told_when_there_is_room(void)
{
    struct fixture fixture;
    char buf[8];
    fixture_open(&fixture, CHANNEL_UNIX_DATAGRAM, MIO_WRITABLE);
    CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_WRITABLE);
    for (int round = 0; round < 3; round++) {
        int count = 0;
        ptrdiff_t put;
        while ((put = channel_write(&fixture.channel, "datagram", 8)) == 8)
            count++;
        CHECK_EQ(put, -EAGAIN);
        CHECK(count > 0);
        if (!queue_is_epoll(&fixture.poll))
            test_expect_no_event(&fixture.poll);
        for (int i = 0; i < count; i++)
            CHECK_EQ(plain_recv(fixture.channel.peer, buf, sizeof buf), 8);
        CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_WRITABLE);
    }
    fixture_close(&fixture);
}

/* clang-format off */
static const struct test_case cases[] = {
    CASES(EACH_DATAGRAM, whenever_the_peer_sends_it_is_seen, TEST_EDGE)
    CASES(EACH_DATAGRAM, received_datagram_drains_nothing, TEST_EDGE)
    CASES(EACH_DATAGRAM, empty_datagram_is_told, TEST_EDGE)
    CASES(EACH_DATAGRAM, sent_datagram_drains_nothing, TEST_EDGE)
    {"full_queue_of_the_peer_is_told_when_there_is_room",
     full_queue_of_the_peer_is_told_when_there_is_room, TEST_EDGE},
    {NULL, NULL, 0},
};
/* clang-format on */

const struct test_suite suite_drain_datagram = {"drain_datagram", cases};
