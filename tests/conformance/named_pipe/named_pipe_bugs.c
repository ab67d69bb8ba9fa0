/*
 * Named pipes: the bugs of the original. Those that have a number there have it in their names; 13
 * and 14 are rows of the table in docs/design.md.
 */
#include "named_pipe/named_pipe_util.h"

/* #1855: writable was reported though readable alone was asked for. */
static void bug_1855_interest_is_honoured(void)
{
    struct pair pair;
    pair_serve(&pair, NULL);
    CHECK_EQ(mio_named_pipe_open(&pair.client, pair.name, NULL), 0);
    CHECK_EQ(
        mio_register(pair.registry, &pair.server.source, SERVER, MIO_READABLE | test_config.mode),
        0);
    CHECK_EQ(mio_named_pipe_connect(&pair.server), 0);
    test_expect_no_event(&pair.poll);
    CHECK_EQ(mio_named_pipe_write(&pair.server, "1234", 4), 4);
    test_expect_no_event(&pair.poll);
    CHECK_EQ(
        mio_register(pair.registry, &pair.client.source, CLIENT, MIO_WRITABLE | test_config.mode),
        0);
    CHECK_EQ(test_expect_event(&pair.poll, CLIENT), MIO_WRITABLE);
    CHECK_EQ(mio_named_pipe_close(&pair.client), 0);
    uint32_t seen = test_expect_readiness(&pair.poll, SERVER, MIO_READ_CLOSED);
    CHECK_EQ(seen & (MIO_READABLE | MIO_WRITABLE), MIO_READABLE);
    pair_close(&pair);
}

/* The system has no read of a pipe for which nobody has asked: what is sent stays where it is. */
static void bug_1855_nothing_is_read_ahead_without_interest(void)
{
    struct pair pair;
    DWORD there = 0;
    pair_serve(&pair, NULL);
    CHECK_EQ(mio_named_pipe_open(&pair.client, pair.name, NULL), 0);
    CHECK_EQ(mio_register(pair.registry, &pair.server.source, SERVER, MIO_READABLE | MIO_WRITABLE),
             0);
    CHECK_EQ(mio_register(pair.registry, &pair.client.source, CLIENT, MIO_WRITABLE), 0);
    CHECK_EQ(mio_reregister(pair.registry, &pair.server.source, SERVER, MIO_WRITABLE), 0);
    pair_run(&pair, 2 * MIO_NS_PER_MS);
    CHECK_EQ(mio_named_pipe_write(&pair.client, "1234", 4), 4);
    pair_run(&pair, 2 * MIO_NS_PER_MS);
    HANDLE handle = (HANDLE)mio_named_pipe_handle(&pair.server);
    CHECK(PeekNamedPipe(handle, NULL, 0, NULL, &there, NULL));
    CHECK_EQ(there, 4);
    CHECK_EQ(mio_reregister(pair.registry, &pair.server.source, SERVER, MIO_READABLE), 0);
    pair_await(&pair, SERVER, MIO_READABLE);
    CHECK(PeekNamedPipe(handle, NULL, 0, NULL, &there, NULL));
    CHECK_EQ(there, 0);
    char buf[8];
    CHECK_EQ(mio_named_pipe_read(&pair.server, buf, sizeof buf), 4);
    CHECK_EQ(mio_deregister(pair.registry, &pair.server.source), 0);
    CHECK_EQ(mio_named_pipe_write(&pair.client, "5678", 4), 4);
    CHECK(PeekNamedPipe(handle, NULL, 0, NULL, &there, NULL));
    CHECK_EQ(there, 4);
    CHECK_EQ(mio_named_pipe_read(&pair.server, buf, sizeof buf), 4);
    pair_close(&pair);
}

/*
 * #1944: handles and memory stayed for ever where the poll went before it had taken the packets.
 * The harness counts the handles, the keeper the memory.
 */
static void leave_under_way(int step)
{
    struct keeper keeper;
    struct mio_named_pipe_options options = keeper_options(&keeper);
    struct pair pair;
    options.flush_ns = MIO_FOREVER;
    pair_serve(&pair, &options);
    CHECK_EQ(mio_register(pair.registry, &pair.server.source, SERVER, MIO_READABLE | MIO_WRITABLE),
             0);
    if (step > 0)
        CHECK_EQ(mio_named_pipe_connect(&pair.server), -EAGAIN);
    if (step > 1) {
        CHECK_EQ(mio_named_pipe_open(&pair.client, pair.name, &options), 0);
        CHECK_EQ(mio_register(pair.registry, &pair.client.source, CLIENT, MIO_READABLE), 0);
    }
    if (step > 2)
        pair_fill(&pair.server);
    if (step > 3)
        pair_run(&pair, MIO_NS_PER_MS);
    pair_close(&pair);
    keeper_check(&keeper);
}

static void bug_1944_nothing_is_left_behind(void)
{
    for (int step = 0; step <= 4; step++)
        leave_under_way(step);
}

/*
 * #1984: a device that is unplugged ends all operations, whatever they were. Here somebody cancels
 * them: reading goes on, and lost bytes are told as an error.
 */
static void bug_1984_operations_that_others_end(void)
{
    char buf[64];
    struct pair pair;
    pair_open(&pair, NULL);
    pair_fill(&pair.server);
    pair_run(&pair, MIO_NS_PER_MS);
    CHECK(CancelIoEx((HANDLE)mio_named_pipe_handle(&pair.server), NULL));
    CHECK(pair_await(&pair, SERVER, MIO_ERROR) & MIO_WRITABLE);
    CHECK_EQ(mio_named_pipe_write(&pair.server, "x", 1), -ECANCELED);
    CHECK_EQ(mio_named_pipe_write(&pair.server, "x", 1), -ECANCELED);
    CHECK_EQ(mio_named_pipe_write(&pair.client, "1234", 4), 4);
    pair_read_all(&pair, &pair.server, SERVER, buf, 4);
    /* Another connection has nothing of it. */
    CHECK_EQ(mio_named_pipe_disconnect(&pair.server), 0);
    CHECK_EQ(mio_named_pipe_close(&pair.client), 0);
    CHECK_EQ(mio_named_pipe_connect(&pair.server), -EAGAIN);
    CHECK(CancelIoEx((HANDLE)mio_named_pipe_handle(&pair.server), NULL));
    pair_run(&pair, MIO_NS_PER_MS);
    CHECK_EQ(mio_named_pipe_open(&pair.client, pair.name, NULL), 0);
    pair_await(&pair, SERVER, MIO_WRITABLE);
    CHECK_EQ(mio_named_pipe_connect(&pair.server), 0);
    pair_write_all(&pair, &pair.server, SERVER, "1234", 4);
    pair_close(&pair);
}

/* #2014: memory was used after it was freed where an operation failed as it was begun. */
static void bug_2014_operations_that_fail_at_once(void)
{
    struct keeper keeper;
    struct mio_named_pipe_options options = keeper_options(&keeper);
    for (int round = 0; round < 8; round++) {
        struct pair pair;
        char byte = 'x';
        pair_serve(&pair, &options);
        CHECK_EQ(mio_named_pipe_open(&pair.client, pair.name, NULL), 0);
        CHECK_EQ(mio_named_pipe_close(&pair.client), 0);
        CHECK_EQ(
            mio_register(pair.registry, &pair.server.source, SERVER, MIO_READABLE | MIO_WRITABLE),
            0);
        if (round & 1)
            CHECK_EQ(mio_named_pipe_read(&pair.server, &byte, 1), 0);
        if (round & 2)
            CHECK_EQ(mio_named_pipe_write(&pair.server, &byte, 1), -EPIPE);
        if (round & 4)
            pair_await(&pair, SERVER, MIO_READ_CLOSED);
        CHECK_EQ(mio_named_pipe_close(&pair.server), 0);
        pair_run(&pair, MIO_NS_PER_MS);
        pair_close(&pair);
    }
    keeper_check(&keeper);
}

/* RUSTSEC-2024-0019: tokens were reported after deregister or close. */
static void bug_rustsec_2024_0019_no_token_comes_late(void)
{
    for (int round = 0; round < 2; round++) {
        struct pair pair;
        pair_open(&pair, NULL);
        CHECK_EQ(mio_named_pipe_write(&pair.client, "1234", 4), 4);
        CHECK_EQ(mio_named_pipe_write(&pair.server, "1234", 4), 4);
        if (round == 0) {
            CHECK_EQ(mio_deregister(pair.registry, &pair.server.source), 0);
            CHECK_EQ(mio_deregister(pair.registry, &pair.client.source), 0);
        } else {
            CHECK_EQ(mio_named_pipe_close(&pair.server), 0);
            CHECK_EQ(mio_named_pipe_close(&pair.client), 0);
        }
        test_expect_no_event(&pair.poll);
        test_expect_no_event(&pair.poll);
        pair_close(&pair);
    }
}

/* 13: a part of a message was lost, and the read said end of file. */
static void defect_13_long_messages_are_whole(void)
{
    static unsigned char message[5000], got[5000];
    struct mio_named_pipe_options options = {
        .flags = MIO_NAMED_PIPE_MESSAGES, .read_buffer = 64, .write_buffer = sizeof message};
    struct pair pair;
    pair_open(&pair, &options);
    pattern_fill(message, sizeof message, 0);
    for (size_t len = 1; len < sizeof message; len = len * 3 + 1) {
        size_t at = 0;
        pair_write_all(&pair, &pair.server, SERVER, message, len);
        while (at < len) {
            ptrdiff_t n = mio_named_pipe_read(&pair.client, got + at, 100);
            if (n == -EAGAIN) {
                pair_await(&pair, CLIENT, MIO_READABLE);
                continue;
            }
            CHECK(n > 0);
            at += (size_t)n;
        }
        CHECK(at == len && pattern_is(got, len, 0));
        CHECK_EQ(mio_named_pipe_read(&pair.client, got, 100), -EAGAIN);
    }
    pair_close(&pair);
}

/* 14: the first bit of a token was lost, and a write copied however much it was given. */
static void defect_14_tokens_are_whole_and_memory_bounded(void)
{
    static char block[100000];
    struct keeper keeper;
    struct mio_named_pipe_options options = keeper_options(&keeper);
    const mio_token token = ~(mio_token)0 / 2 + 2; /* the first bit, and one more */
    struct pair pair;
    options.write_buffer = 5000;
    pair_serve(&pair, &options);
    CHECK_EQ(mio_named_pipe_open(&pair.client, pair.name, NULL), 0);
    CHECK_EQ(mio_register(pair.registry, &pair.server.source, token, MIO_WRITABLE), 0);
    CHECK_EQ(test_expect_event(&pair.poll, token), MIO_WRITABLE);
    size_t taken = 0;
    ptrdiff_t n;
    while ((n = mio_named_pipe_write(&pair.server, block, sizeof block)) > 0)
        taken += (size_t)n;
    CHECK_EQ(n, -EAGAIN);
    CHECK(taken >= 5000 && taken < sizeof block); /* and what the system has room for */
    CHECK_EQ(keeper.count, 1);
    CHECK_EQ(mio_deregister(pair.registry, &pair.server.source), 0);
    pair_close(&pair);
    keeper_check(&keeper);
}

static const struct test_case cases[] = {
    {"bug_1855_interest_is_honoured", bug_1855_interest_is_honoured, TEST_ANY_MODE},
    {"bug_1855_nothing_is_read_ahead_without_interest",
     bug_1855_nothing_is_read_ahead_without_interest, 0},
    {"bug_1944_nothing_is_left_behind", bug_1944_nothing_is_left_behind, 0},
    {"bug_1984_operations_that_others_end", bug_1984_operations_that_others_end, 0},
    {"bug_2014_operations_that_fail_at_once", bug_2014_operations_that_fail_at_once, 0},
    {"bug_rustsec_2024_0019_no_token_comes_late", bug_rustsec_2024_0019_no_token_comes_late, 0},
    {"defect_13_long_messages_are_whole", defect_13_long_messages_are_whole, 0},
    {"defect_14_tokens_are_whole_and_memory_bounded", defect_14_tokens_are_whole_and_memory_bounded,
     0},
    {NULL, NULL, 0},
};

const struct test_suite suite_named_pipe_bugs = {"named_pipe_bugs", cases};
