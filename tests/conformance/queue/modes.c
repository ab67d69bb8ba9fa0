/* Edge, level and oneshot over every kind of source. */
#include "queue/queue_util.h"

enum { TOKEN = 7 };

struct fixture {
    struct mio_poll poll;
    struct mio_registry *registry;
    struct channel channel;
    mio_interest interest;
};

static void fixture_open(struct fixture *fixture, enum channel_kind kind)
{
    test_poll_init(&fixture->poll);
    fixture->registry = mio_poll_registry(&fixture->poll);
    fixture->interest = MIO_READABLE | test_config.mode;
    channel_open(&fixture->channel, kind);
}

static void fixture_register(struct fixture *fixture)
{
    CHECK_EQ(mio_register(fixture->registry, fixture->channel.source, TOKEN, fixture->interest), 0);
}

static void fixture_reregister(struct fixture *fixture)
{
    CHECK_EQ(mio_reregister(fixture->registry, fixture->channel.source, TOKEN, fixture->interest),
             0);
}

static void fixture_close(struct fixture *fixture)
{
    channel_close(&fixture->channel, fixture->registry);
    CHECK_EQ(mio_poll_close(&fixture->poll), 0);
}

static void send_some(struct fixture *fixture)
{
    channel_send(&fixture->channel, "some", 4);
    channel_await_bytes(&fixture->channel, 4);
}

/* A source that stays ready and is left alone after its first event. */
static void expect_as_the_mode_says(struct mio_poll *poll, mio_interest interest)
{
    if ((interest & (MIO_LEVEL | MIO_ONESHOT)) != MIO_LEVEL) {
        test_expect_no_event(poll);
        return;
    }
    for (int i = 0; i < 3; i++)
        CHECK_EQ(test_expect_event(poll, TOKEN), MIO_READABLE);
}

/* ---- Cases ----------------------------------------------------------------------------------- */

static void ready_source_is_told_as_often_as_the_mode_says(enum channel_kind kind)
{
    struct fixture fixture;
    fixture_open(&fixture, kind);
    fixture_register(&fixture);
    test_expect_no_event(&fixture.poll);
    send_some(&fixture);
    CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
    expect_as_the_mode_says(&fixture.poll, fixture.interest);
    /* reregister arms again, in all modes. */
    fixture_reregister(&fixture);
    CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
    expect_as_the_mode_says(&fixture.poll, fixture.interest);
    channel_drain(&fixture.channel);
    test_expect_no_event(&fixture.poll);
    fixture_close(&fixture);
}
DEFINE_CASES(EACH_READER, ready_source_is_told_as_often_as_the_mode_says)

static void source_ready_before_register_is_told(enum channel_kind kind)
{
    struct fixture fixture;
    fixture_open(&fixture, kind);
    send_some(&fixture);
    fixture_register(&fixture);
    CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
    expect_as_the_mode_says(&fixture.poll, fixture.interest);
    fixture_close(&fixture);
}
DEFINE_CASES(EACH_READER, source_ready_before_register_is_told)

/* For raw descriptors this is defect 4: they were never armed again. */
static void drained_source_is_told_again(enum channel_kind kind)
{
    struct fixture fixture;
    fixture_open(&fixture, kind);
    fixture_register(&fixture);
    for (int round = 0; round < 3; round++) {
        send_some(&fixture);
        if (round > 0 && (fixture.interest & MIO_ONESHOT)) {
            test_expect_no_event(&fixture.poll);
            fixture_reregister(&fixture);
        }
        CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
        CHECK(channel_drain(&fixture.channel) > 0);
        test_expect_no_event(&fixture.poll);
    }
    fixture_close(&fixture);
}
DEFINE_CASES(EACH_READER, drained_source_is_told_again)

static void drained_and_reregistered_source_is_silent(enum channel_kind kind)
{
    struct fixture fixture;
    fixture_open(&fixture, kind);
    fixture_register(&fixture);
    send_some(&fixture);
    CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
    channel_drain(&fixture.channel);
    fixture_reregister(&fixture);
    test_expect_no_event(&fixture.poll);
    send_some(&fixture);
    CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
    fixture_close(&fixture);
}
DEFINE_CASES(EACH_READER, drained_and_reregistered_source_is_silent)

/* More than the contract promises, and what epoll's users know. */
static void more_data_is_told_undrained_on_epoll(enum channel_kind kind)
{
    struct fixture fixture;
    queue_need_epoll();
    fixture_open(&fixture, kind);
    fixture_register(&fixture);
    for (int i = 0; i < 3; i++) {
        channel_send(&fixture.channel, "more", 4);
        if (i > 0 && (fixture.interest & MIO_ONESHOT))
            test_expect_no_event(&fixture.poll);
        else
            CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
    }
    fixture_close(&fixture);
}
/* Not on pipes: Linux 5.5 to 5.13 did not tell. */
DEFINE_CASES(EACH_SOCKET, more_data_is_told_undrained_on_epoll)
DEFINE_CASES(EACH_LOOP, more_data_is_told_undrained_on_epoll)

static void reregister_switches_between_all_modes(enum channel_kind kind)
{
    static const mio_interest modes[] = {MIO_EDGE, MIO_LEVEL, MIO_ONESHOT, MIO_LEVEL | MIO_ONESHOT};
    enum { MODES = sizeof modes / sizeof modes[0] };
    struct fixture fixture;
    fixture_open(&fixture, kind);
    send_some(&fixture);
    fixture_register(&fixture);
    for (int from = 0; from < MODES; from++)
        for (int to = 0; to < MODES; to++) {
            fixture.interest = MIO_READABLE | modes[from];
            fixture_reregister(&fixture);
            CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
            fixture.interest = MIO_READABLE | modes[to];
            fixture_reregister(&fixture);
            CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
            expect_as_the_mode_says(&fixture.poll, fixture.interest);
        }
    fixture_close(&fixture);
}
DEFINE_CASES(EACH_READER, reregister_switches_between_all_modes)

static void writable_source_is_told_as_often_as_the_mode_says(enum channel_kind kind)
{
    struct fixture fixture;
    fixture_open(&fixture, kind);
    fixture.interest = MIO_WRITABLE | test_config.mode;
    fixture_register(&fixture);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_WRITABLE);
        if (test_config.mode == MIO_LEVEL)
            CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_WRITABLE);
        else
            test_expect_no_event(&fixture.poll);
        fixture_reregister(&fixture);
    }
    fixture_close(&fixture);
}
DEFINE_CASES(EACH_WRITER, writable_source_is_told_as_often_as_the_mode_says)

/* No direction that was reported is reported again before reregister; the other one may be. */
static void oneshot_reports_no_direction_twice(enum channel_kind kind)
{
    struct fixture fixture;
    struct mio_event event;
    uint32_t seen = 0;
    fixture_open(&fixture, kind);
    fixture.interest = MIO_READABLE | MIO_WRITABLE | MIO_ONESHOT;
    fixture_register(&fixture);
    CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_WRITABLE);
    seen |= MIO_WRITABLE;
    send_some(&fixture);
    while (mio_poll_wait(&fixture.poll, &event, 1, TEST_QUIET) > 0) {
        CHECK_EQ(event.readiness & seen, 0);
        CHECK(event.readiness != 0);
        seen |= event.readiness;
    }
    fixture_reregister(&fixture);
    test_expect_readiness(&fixture.poll, TOKEN, MIO_READABLE | MIO_WRITABLE);
    fixture_close(&fixture);
}
DEFINE_CASES(EACH_SOCKET, oneshot_reports_no_direction_twice)

/* Closing is told to a oneshot source only after reregister. */
static void end_is_told_in_every_mode(enum channel_kind kind)
{
    struct fixture fixture;
    char byte;
    fixture_open(&fixture, kind);
    fixture_register(&fixture);
    send_some(&fixture);
    CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
    channel_drain(&fixture.channel);
    channel_finish(&fixture.channel);
    channel_await_end(&fixture.channel);
    if (fixture.interest & MIO_ONESHOT) {
        test_expect_no_event(&fixture.poll);
        fixture_reregister(&fixture);
    }
    CHECK(test_expect_event(&fixture.poll, TOKEN) & MIO_READABLE);
    CHECK_EQ(channel_read(&fixture.channel, &byte, 1), 0);
    if (test_config.mode == MIO_LEVEL)
        CHECK(test_expect_event(&fixture.poll, TOKEN) & MIO_READABLE);
    else
        test_expect_no_event(&fixture.poll);
    fixture_close(&fixture);
}
DEFINE_CASES(EACH_STREAM, end_is_told_in_every_mode)

static const struct test_case cases[] = {
    /* clang-format off */
    CASES(EACH_READER, ready_source_is_told_as_often_as_the_mode_says, TEST_ANY_MODE)
    CASES(EACH_READER, source_ready_before_register_is_told, TEST_ANY_MODE)
    CASES(EACH_READER, drained_source_is_told_again, TEST_ANY_MODE)
    CASES(EACH_READER, drained_and_reregistered_source_is_silent, TEST_ANY_MODE)
    CASES(EACH_SOCKET, more_data_is_told_undrained_on_epoll, TEST_ANY_MODE)
    CASES(EACH_LOOP, more_data_is_told_undrained_on_epoll, TEST_ANY_MODE)
    CASES(EACH_READER, reregister_switches_between_all_modes, TEST_EDGE)
    CASES(EACH_WRITER, writable_source_is_told_as_often_as_the_mode_says, TEST_ANY_MODE)
    CASES(EACH_SOCKET, oneshot_reports_no_direction_twice, TEST_ONESHOT)
    CASES(EACH_STREAM, end_is_told_in_every_mode, TEST_ANY_MODE)
    {NULL, NULL, 0},
    /* clang-format on */
};

const struct test_suite suite_modes = {"modes", cases};
