/*
 * The draining rule in edge mode: a loop that follows it misses neither data nor the end, whenever
 * the peer acts. And what a backend that makes edges itself could get wrong, while every other one
 * does it right anyway: what is armed again, what is told of a connection that closes.
 */
#include "queue/queue_util.h"

#include <string.h>

enum { TOKEN = 7 };

enum act { SENDS, FINISHES, SENDS_AND_FINISHES, RESETS, ACTS };
enum moment { BEFORE_THE_WAIT, BEFORE_THE_READ, BETWEEN_TWO_READS, AFTER_THE_LAST_READ, MOMENTS };

static const char *const act_names[] = {"sends", "finishes", "sends and finishes", "resets"};
static const char *const moment_names[] = {"before the wait", "between wait and read",
                                           "between two reads", "after the last read"};

/* A program that reads one stream by the rule. */
struct reader {
    struct mio_poll poll;
    struct channel channel;
    uint32_t ready;
    size_t asked; /* by each read */
    size_t sent, got;
    bool finished, ended; /* by the peer, and seen by us */
    const char *act, *moment;
};

static void reader_open(struct reader *reader, enum channel_kind kind, size_t asked)
{
    memset(reader, 0, sizeof *reader);
    reader->asked = asked;
    reader->act = "acted";
    reader->moment = "";
    test_poll_init(&reader->poll);
    channel_open(&reader->channel, kind);
    CHECK_EQ(
        mio_register(mio_poll_registry(&reader->poll), reader->channel.source, TOKEN, MIO_READABLE),
        0);
}

static void reader_close(struct reader *reader)
{
    channel_close(&reader->channel, mio_poll_registry(&reader->poll));
    CHECK_EQ(mio_poll_close(&reader->poll), 0);
}

static void reader_await(struct reader *reader)
{
    struct mio_event event;
    int n = mio_poll_wait(&reader->poll, &event, 1, TEST_SOON);
    if (n == 0)
        test_fail(__FILE__, __LINE__, "no event: the peer %s %s, reads of %zu bytes", reader->act,
                  reader->moment, reader->asked);
    CHECK_EQ(n, 1);
    CHECK_EQ(event.token, TOKEN);
    reader->ready |= event.readiness;
}

static void reader_read(struct reader *reader, size_t asked)
{
    char buf[64];
    ptrdiff_t got = channel_read(&reader->channel, buf, asked);
    mio_ready_after(&reader->ready, MIO_READABLE, got, asked);
    if (got > 0)
        reader->got += (size_t)got;
    else if (got != -EAGAIN)
        reader->ended = true;
    if (got < 0 && got != -EAGAIN)
        CHECK_EQ(got, -ECONNRESET);
}

/* Reads and waits until all that the peer did was seen; a lost event makes a wait run out. */
static void reader_catch_up(struct reader *reader)
{
    for (int turns = 0; turns < 1000; turns++) {
        while ((reader->ready & MIO_READABLE) && !reader->ended)
            reader_read(reader, reader->asked);
        if (reader->ended == reader->finished && (reader->got == reader->sent || reader->ended))
            return;
        reader_await(reader);
    }
    test_fail(__FILE__, __LINE__, "%zu of %zu bytes, ended %d", reader->got, reader->sent,
              reader->ended);
}

static void peer_sends(struct reader *reader, size_t len)
{
    channel_send(&reader->channel, "0123456789", len);
    reader->sent += len;
    channel_await_bytes(&reader->channel, (int)(reader->sent - reader->got));
}

static void peer_acts(struct reader *reader, enum act act)
{
    if (act == SENDS || act == SENDS_AND_FINISHES)
        peer_sends(reader, 5);
    if (act == FINISHES || act == SENDS_AND_FINISHES)
        channel_finish(&reader->channel);
    if (act == RESETS)
        channel_reset(&reader->channel);
    reader->finished = act != SENDS;
    if (reader->finished)
        channel_await_end(&reader->channel);
}

static void run(enum channel_kind kind, enum act act, enum moment moment, size_t asked)
{
    struct reader reader;
    reader_open(&reader, kind, asked);
    reader.act = act_names[act];
    reader.moment = moment_names[moment];
    if (moment == BEFORE_THE_WAIT) {
        peer_acts(&reader, act);
    } else {
        peer_sends(&reader, 4);
        reader_await(&reader);
        if (moment == BETWEEN_TWO_READS)
            reader_read(&reader, 4); /* all there is, but not a short read */
        if (moment == AFTER_THE_LAST_READ)
            reader_catch_up(&reader);
        peer_acts(&reader, act);
    }
    reader_catch_up(&reader);
    /* After a reset the system may drop what was not read. */
    CHECK(act == RESETS || reader.got == reader.sent);
    if (!reader.finished) {
        peer_sends(&reader, 3);
        reader_catch_up(&reader);
        peer_acts(&reader, FINISHES);
        reader_catch_up(&reader);
    }
    reader_close(&reader);
}

/* asked 4 meets full reads, 64 short ones, 1 many. */
static void whatever_the_peer_does_is_seen(enum channel_kind kind)
{
    static const size_t asked[] = {1, 4, 64};
    const bool is_pipe = channel_kind_is_pipe(kind);
    for (int act = SENDS; act < ACTS; act++)
        for (int moment = BEFORE_THE_WAIT; moment < MOMENTS; moment++)
            for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
                if (act == RESETS && is_pipe)
                    continue; /* pipes know no reset */
                run(kind, (enum act)act, (enum moment)moment, asked[i]);
            }
}
DEFINE_CASES(EACH_STREAM, whatever_the_peer_does_is_seen)

static void end_is_no_endless_event(enum channel_kind kind)
{
    struct mio_event event;
    struct reader reader;
    reader_open(&reader, kind, 64);
    peer_acts(&reader, SENDS_AND_FINISHES);
    reader_catch_up(&reader);
    int events = 0;
    while (events < 8 && mio_poll_wait(&reader.poll, &event, 1, TEST_QUIET) > 0) {
        reader.ready |= event.readiness;
        reader_catch_up(&reader);
        events++;
    }
    CHECK(events < 8);
    reader_close(&reader);
}
DEFINE_CASES(EACH_STREAM, end_is_no_endless_event)

/* Closing is told although the data before it was left unread. */
static void end_is_told_undrained(enum channel_kind kind)
{
    struct reader reader;
    queue_need_end_behind_data();
    reader_open(&reader, kind, 64);
    peer_sends(&reader, 4);
    reader_await(&reader);
    CHECK_EQ(reader.ready, MIO_READABLE);
    /* Nothing is read: the direction stays disarmed where edges are emulated. */
    peer_acts(&reader, FINISHES);
    reader_await(&reader);
    CHECK(reader.ready & MIO_READ_CLOSED);
    queue_expect_sleep(&reader.poll);
    reader_catch_up(&reader);
    CHECK_EQ(reader.got, 4);
    reader_close(&reader);
}
DEFINE_CASES(EACH_FD_STREAM, end_is_told_undrained)

static void defect_08_data_after_a_short_read_is_told(enum channel_kind kind)
{
    struct reader reader;
    reader_open(&reader, kind, 64);
    for (int round = 0; round < 20; round++) {
        peer_sends(&reader, 5);
        reader_await(&reader);
        reader_read(&reader, 64);
        CHECK_EQ(reader.ready & MIO_READABLE, 0);
        CHECK_EQ(reader.got, reader.sent);
    }
    reader_close(&reader);
}
DEFINE_CASES(EACH_STREAM, defect_08_data_after_a_short_read_is_told)

/* A program that reads exactly what is there cannot know that; the poll must not know better. */
static void full_read_drains_nothing(enum channel_kind kind)
{
    struct reader reader;
    reader_open(&reader, kind, 64);
    peer_sends(&reader, 4);
    reader_await(&reader);
    reader_read(&reader, 4);
    CHECK(reader.ready & MIO_READABLE);
    peer_sends(&reader, 3);
    if (!queue_has_kernel_edges(&reader.poll)) /* which tells more than was promised */
        test_expect_no_event(&reader.poll);
    reader_catch_up(&reader);
    CHECK_EQ(reader.got, 7);
    peer_sends(&reader, 1);
    reader_catch_up(&reader);
    reader_close(&reader);
}
DEFINE_CASES(EACH_STREAM, full_read_drains_nothing)

/* ---- Writing --------------------------------------------------------------------------------- */

/* Writes by the rule, or until would-block, until the direction is drained; the bytes written. */
static size_t fill(struct channel *channel, bool until_eagain)
{
    static const char buf[48 * 1024]; /* no divisor of usual buffer sizes: the last one is short */
    uint32_t ready = MIO_WRITABLE;
    size_t total = 0;
    while (ready & MIO_WRITABLE) {
        ptrdiff_t put = channel_write(channel, buf, sizeof buf);
        if (put > 0)
            total += (size_t)put;
        else
            CHECK_EQ(put, -EAGAIN);
        if (!until_eagain || put < 0)
            mio_ready_after(&ready, MIO_WRITABLE, put, sizeof buf);
    }
    return total;
}

static void full_stream_is_told_when_there_is_room(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_WRITABLE), 0);
    test_expect_readiness(&poll, TOKEN, MIO_WRITABLE);
    for (int round = 0; round < 4; round++) {
        size_t written = fill(&channel, round % 2 != 0);
        CHECK(written > 0);
        channel_receive(&channel, written);
        test_expect_readiness(&poll, TOKEN, MIO_WRITABLE);
    }
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_STREAM_WRITER, full_stream_is_told_when_there_is_room)

static void full_write_drains_nothing(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_WRITABLE), 0);
    test_expect_readiness(&poll, TOKEN, MIO_WRITABLE);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(channel_write(&channel, "data", 4), 4);
    if (!queue_has_kernel_edges(&poll)) /* there the peer's reading is an edge */
        test_expect_no_event(&poll);
    CHECK_EQ(mio_reregister(mio_poll_registry(&poll), channel.source, TOKEN, MIO_WRITABLE), 0);
    test_expect_readiness(&poll, TOKEN, MIO_WRITABLE);
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_STREAM_WRITER, full_write_drains_nothing)

/* Both directions are ready and reported; would-block is met in one of them. */
static void defect_05_would_block_arms_one_direction(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(
        mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE | MIO_WRITABLE),
        0);
    channel_send(&channel, "data", 4);
    test_expect_readiness(&poll, TOKEN, MIO_READABLE | MIO_WRITABLE);
    CHECK_EQ(channel_drain(&channel), 4);
    test_expect_no_event(&poll);
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_SOCKET, defect_05_would_block_arms_one_direction)

/* ---- Arming again ---------------------------------------------------------------------------- */

static void defect_04_raw_descriptor_is_told_again(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE), 0);
    for (int round = 0; round < 3; round++) {
        channel_send(&channel, "data", 4);
        CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
        test_drain(channel.source);
        test_expect_no_event(&poll);
    }
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_RAW_READER, defect_04_raw_descriptor_is_told_again)

/* Reads as mio_source_init_fd says; saying blocked at the end, too, would be told for ever. */
static void end_by_the_rule_for_raw_descriptors_is_told_once(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    struct mio_event event;
    char buf[16];
    uint32_t ready = 0;
    int events = 0;
    queue_need_end_behind_data();
    test_poll_init(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE), 0);
    channel_send(&channel, "data", 4);
    channel_finish(&channel);
    for (int i = 0; i < 8; i++) {
        if (mio_poll_wait(&poll, &event, 1, i == 0 ? TEST_SOON : 0) != 1)
            continue;
        events++;
        ready |= event.readiness;
        while (ready & MIO_READABLE) {
            ptrdiff_t n = plain_read(mio_source_fd(channel.source), buf, sizeof buf);
            CHECK_EQ(mio_source_after(channel.source, &ready, MIO_READABLE, n, sizeof buf), 0);
        }
    }
    /* A kqueue may tell of the end again after the read that took the data. */
    CHECK(events == 1 || (events == 2 && queue_is_kqueue(&poll)));
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_RAW_READER, end_by_the_rule_for_raw_descriptors_is_told_once)

#ifndef MIO_NO_NET
static void peek_that_succeeds_arms_nothing(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    char buf[16];
    test_poll_init(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE), 0);
    channel_send(&channel, "data", 4);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    CHECK_EQ(mio_stream_peek(channel.source, buf, sizeof buf), 4);
    test_expect_no_event(&poll);
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_OWN_STREAM, peek_that_succeeds_arms_nothing)

/* Reads drain urgent data, too. */
static void urgent_data_is_told_again(void)
{
    struct mio_poll poll;
    struct mio_tcp_stream stream;
    char buf[16];
    mio_fd peer;
    queue_need_feature(MIO_PRIORITY);
    test_poll_init(&poll);
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(
        mio_register(mio_poll_registry(&poll), &stream.source, TOKEN, MIO_READABLE | MIO_PRIORITY),
        0);
    for (int round = 0; round < 3; round++) {
        CHECK_EQ(plain_send_urgent(peer, '!'), 1);
        CHECK(test_expect_readiness(&poll, TOKEN, MIO_PRIORITY) & MIO_READABLE);
        CHECK_EQ(plain_recv_urgent(mio_source_fd(&stream.source), buf), 1);
        CHECK_EQ(mio_tcp_stream_read(&stream, buf, sizeof buf), -EAGAIN);
        test_expect_no_event(&poll);
    }
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}
#endif

/* ---- Closing --------------------------------------------------------------------------------- */

static void hang_up_is_told_once(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE), 0);
    channel_close_peer(&channel);
    CHECK(test_expect_readiness(&poll, TOKEN, MIO_READ_CLOSED) & MIO_READABLE);
    queue_expect_sleep(&poll);
    /* End of file arms nothing: else a closed connection would be told of for ever. */
    char byte;
    CHECK_EQ(channel_read(&channel, &byte, 1), 0);
    queue_expect_sleep(&poll);
    CHECK_EQ(mio_reregister(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE), 0);
    CHECK(test_expect_event(&poll, TOKEN) & MIO_READ_CLOSED);
    queue_expect_sleep(&poll);
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_STREAM, hang_up_is_told_once)

/*
 * Writes until nothing more is wanted for a while: what was sent moves on to the peer's buffer for
 * some time, so the connection becomes writable again by itself, but not for ever. The bytes.
 */
static size_t fill_for_good(struct mio_poll *poll, struct channel *channel, uint32_t ready)
{
    static char block[1 << 16];
    struct mio_event event;
    size_t written = 0;
    for (int tries = 0; tries < 200; tries++) {
        while (ready & MIO_WRITABLE) {
            ptrdiff_t n = channel_write(channel, block, sizeof block);
            mio_ready_after(&ready, MIO_WRITABLE, n, sizeof block);
            CHECK(n > 0 || n == -EAGAIN);
            written += n > 0 ? (size_t)n : 0;
        }
        int64_t before = thread_cpu_time();
        int n = mio_poll_wait(poll, &event, 1, 200 * MIO_NS_PER_MS);
        CHECK(thread_cpu_time() - before < 50 * MIO_NS_PER_MS);
        if (n == 0)
            return written;
        CHECK_EQ(n, 1);
        ready |= event.readiness;
    }
    test_fail(__FILE__, __LINE__, "it goes on to be reported");
}

/* The peer has shut down and reads slowly: only the direction that is written to is watched. */
static void half_closed_connection_sleeps_between_writes(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    char byte;
    test_poll_init(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(
        mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE | MIO_WRITABLE),
        0);
    channel_finish(&channel);
    uint32_t ready = test_expect_readiness(&poll, TOKEN, MIO_READ_CLOSED | MIO_WRITABLE);
    CHECK_EQ(channel_read(&channel, &byte, 1), 0);
    for (int round = 0; round < 3; round++) {
        channel_receive(&channel, fill_for_good(&poll, &channel, ready));
        ready |= test_expect_readiness(&poll, TOKEN, MIO_WRITABLE);
    }
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_STREAM_SOCKET, half_closed_connection_sleeps_between_writes)

/* The one difference in what an event says: see docs/design.md. */
static void event_has_the_directions_that_are_armed(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(
        mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE | MIO_WRITABLE),
        0);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_WRITABLE);
    channel_send(&channel, "data", 4);
    CHECK_EQ(test_expect_event(&poll, TOKEN),
             queue_is_epoll(&poll) ? MIO_READABLE | MIO_WRITABLE : MIO_READABLE);
    channel_drain(&channel);
    channel_send(&channel, "data", 4);
    CHECK(test_expect_event(&poll, TOKEN) & MIO_READABLE);
    CHECK_EQ(mio_reregister(mio_poll_registry(&poll), channel.source, TOKEN,
                            MIO_READABLE | MIO_WRITABLE),
             0);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE | MIO_WRITABLE);
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_SOCKET, event_has_the_directions_that_are_armed)

static const struct test_case cases[] = {
    /* clang-format off */
    CASES(EACH_STREAM, whatever_the_peer_does_is_seen, TEST_EDGE)
    CASES(EACH_STREAM, end_is_no_endless_event, TEST_EDGE)
    CASES(EACH_FD_STREAM, end_is_told_undrained, TEST_EDGE)
    CASES(EACH_STREAM, defect_08_data_after_a_short_read_is_told, TEST_EDGE)
    CASES(EACH_STREAM, full_read_drains_nothing, TEST_EDGE)
    CASES(EACH_STREAM_WRITER, full_stream_is_told_when_there_is_room, TEST_EDGE)
    CASES(EACH_STREAM_WRITER, full_write_drains_nothing, TEST_EDGE)
    CASES(EACH_SOCKET, defect_05_would_block_arms_one_direction, TEST_EDGE)
    CASES(EACH_RAW_READER, defect_04_raw_descriptor_is_told_again, TEST_EDGE)
    CASES(EACH_RAW_READER, end_by_the_rule_for_raw_descriptors_is_told_once, TEST_EDGE)
#ifndef MIO_NO_NET
    CASES(EACH_OWN_STREAM, peek_that_succeeds_arms_nothing, TEST_EDGE)
    {"urgent_data_is_told_again", urgent_data_is_told_again, 0},
#endif
    CASES(EACH_STREAM, hang_up_is_told_once, TEST_EDGE)
    CASES(EACH_STREAM_SOCKET, half_closed_connection_sleeps_between_writes, TEST_EDGE)
    CASES(EACH_SOCKET, event_has_the_directions_that_are_armed, TEST_EDGE)
    {NULL, NULL, 0},
    /* clang-format on */
};

const struct test_suite suite_drain = {"drain", cases};
