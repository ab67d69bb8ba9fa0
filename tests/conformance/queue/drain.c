/*
 * The draining rule in edge mode: a loop that follows it misses neither data nor the end, whenever
 * the peer acts.
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
    const bool is_pipe = kind == CHANNEL_PIPE || kind == CHANNEL_PIPE_RECEIVER;
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
    reader_open(&reader, kind, 64);
    peer_sends(&reader, 4);
    reader_await(&reader);
    CHECK_EQ(reader.ready, MIO_READABLE);
    peer_acts(&reader, FINISHES);
    reader_await(&reader);
    CHECK(reader.ready & MIO_READ_CLOSED);
    reader_catch_up(&reader);
    CHECK_EQ(reader.got, 4);
    reader_close(&reader);
}
DEFINE_CASES(EACH_STREAM, end_is_told_undrained)

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

/* Whoever reads exactly what is there cannot know that; the poll must not know better. */
static void full_read_drains_nothing(enum channel_kind kind)
{
    struct reader reader;
    reader_open(&reader, kind, 64);
    peer_sends(&reader, 4);
    reader_await(&reader);
    reader_read(&reader, 4);
    CHECK(reader.ready & MIO_READABLE);
    peer_sends(&reader, 3);
    if (!queue_is_epoll(&reader.poll)) /* which tells more than was promised */
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
    if (!queue_is_epoll(&poll)) /* there the peer's reading is an edge */
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

/* ---- The predicate --------------------------------------------------------------------------- */

static const struct {
    uint32_t seen;
    ptrdiff_t result;
    size_t asked;
    bool drained;
} rows[] = {
    {MIO_READABLE, -EAGAIN, 8, true},
    {MIO_READABLE, 0, 8, true},
    {MIO_READABLE, 1, 8, true},
    /* Other errors leave the direction as it is. */
    {MIO_READABLE, -ECONNRESET, 8, false},
    {MIO_READABLE, -EPIPE, 8, false},
    {MIO_READABLE, -EHOSTUNREACH, 8, false},
    {MIO_READABLE, -ENOBUFS, 8, false},
    {MIO_READABLE, -EMFILE, 0, false},
    {MIO_READABLE, -EINTR, 8, false},
    {MIO_READABLE, 7, 8, true},
    {MIO_READABLE, 8, 8, false},
    {MIO_READABLE, 1, 1, false},
    {0, 7, 8, true},
    {MIO_READABLE | MIO_WRITABLE | MIO_PRIORITY, 7, 8, true},
    /* Where a length says nothing, would-block alone drains. */
    {MIO_READABLE, 0, 0, false},
    {MIO_READABLE, 7, 0, false},
    {MIO_READABLE, -EAGAIN, 0, true},
    {MIO_READABLE | MIO_READ_CLOSED, -EAGAIN, 0, true},
    {MIO_READABLE, -ECONNRESET, 0, false},
    /* Once something was closed a short transfer says nothing, all else as before. */
    {MIO_READ_CLOSED, 7, 8, false},
    {MIO_WRITE_CLOSED, 7, 8, false},
    {MIO_ERROR, 7, 8, false},
    {MIO_READABLE | MIO_READ_CLOSED, 8, 8, false},
    {MIO_READABLE | MIO_READ_CLOSED, 0, 8, true},
    {MIO_READABLE | MIO_ERROR, -EAGAIN, 8, true},
    {MIO_READABLE | MIO_WRITE_CLOSED, -ECONNRESET, 8, false},
    {MIO_READABLE | MIO_READ_CLOSED, -EINTR, 8, false},
    /* A system stops at about MIO_IO_MAX by itself. */
    {MIO_READABLE, (ptrdiff_t)MIO_IO_MAX, MIO_IO_MAX + 1, false},
    {MIO_READABLE, (ptrdiff_t)MIO_IO_MAX, SIZE_MAX, false},
    {MIO_READABLE, (ptrdiff_t)MIO_IO_MAX, MIO_IO_MAX, false},
    {MIO_READABLE, (ptrdiff_t)MIO_IO_MAX + 1, SIZE_MAX, false},
    {MIO_READABLE, (ptrdiff_t)MIO_IO_MAX - 1, MIO_IO_MAX, true},
    {MIO_READABLE, (ptrdiff_t)MIO_IO_MAX - 1, SIZE_MAX, true},
};

static void rule_is_the_documented_one(void)
{
    /* Through pointers, so that the exported definitions are run as well. */
    bool (*volatile drained)(uint32_t, ptrdiff_t, size_t) = mio_drained;
    void (*volatile ready_after)(uint32_t *, uint32_t, ptrdiff_t, size_t) = mio_ready_after;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint32_t before = rows[i].seen | MIO_READABLE | MIO_WRITABLE;
        uint32_t ready = before;
        CHECK_EQ(mio_drained(rows[i].seen, rows[i].result, rows[i].asked), rows[i].drained);
        CHECK_EQ(drained(rows[i].seen, rows[i].result, rows[i].asked), rows[i].drained);
        mio_ready_after(&ready, MIO_READABLE, rows[i].result, rows[i].asked);
        CHECK_EQ(ready, rows[i].drained ? before & ~MIO_READABLE : before);
        ready = before;
        ready_after(&ready, MIO_WRITABLE, rows[i].result, rows[i].asked);
        CHECK_EQ(ready, rows[i].drained ? before & ~MIO_WRITABLE : before);
    }
}

static const struct test_case cases[] = {
    /* clang-format off */
    CASES(EACH_STREAM, whatever_the_peer_does_is_seen, TEST_EDGE)
    CASES(EACH_STREAM, end_is_no_endless_event, TEST_EDGE)
    CASES(EACH_STREAM, end_is_told_undrained, TEST_EDGE)
    CASES(EACH_STREAM, defect_08_data_after_a_short_read_is_told, TEST_EDGE)
    CASES(EACH_STREAM, full_read_drains_nothing, TEST_EDGE)
    CASES(EACH_STREAM_WRITER, full_stream_is_told_when_there_is_room, TEST_EDGE)
    CASES(EACH_STREAM_WRITER, full_write_drains_nothing, TEST_EDGE)
    CASES(EACH_SOCKET, defect_05_would_block_arms_one_direction, TEST_EDGE)
    {"rule_is_the_documented_one", rule_is_the_documented_one, TEST_EDGE},
    {NULL, NULL, 0},
    /* clang-format on */
};

const struct test_suite suite_drain = {"drain", cases};
