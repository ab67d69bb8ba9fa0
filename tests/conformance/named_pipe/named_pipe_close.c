/*
 * Named pipes: the end of a pipe, and of its memory. The object is gone with the close; what the
 * system still has to do with it belongs to the library.
 */
#include "named_pipe/named_pipe_util.h"

/* A server with a plain client, and so much accepted that the system does not take it all. */
static mio_fd fill(struct pair *pair, const struct mio_named_pipe_options *options, size_t *total)
{
    pair_serve(pair, options);
    mio_fd client = plain_pipe_client(pair->name);
    CHECK_EQ(mio_register(pair->registry, &pair->server.source, SERVER, MIO_WRITABLE), 0);
    *total = pair_fill(&pair->server);
    return client;
}

static struct mio_named_pipe_options kept(struct keeper *keeper, int64_t flush_ns)
{
    struct mio_named_pipe_options options = keeper_options(keeper);
    options.flush_ns = flush_ns;
    return options;
}

/* The client reads more than the system had: the rest comes while waits run. */
static void close_writes_what_was_accepted(void)
{
    static unsigned char got[1 << 16];
    struct keeper keeper;
    struct mio_named_pipe_options options = kept(&keeper, 0);
    struct pair pair;
    size_t total;
    DWORD count;
    mio_fd client = fill(&pair, &options, &total);
    CHECK_EQ(mio_named_pipe_close(&pair.server), 0);
    CHECK_EQ(mio_named_pipe_close(&pair.server), 0);
    for (size_t at = 0; at < total; at += count) {
        pair_run(&pair, MIO_NS_PER_MS);
        CHECK(ReadFile((HANDLE)client, got, sizeof got, &count, NULL));
        CHECK(pattern_is(got, count, at));
    }
    test_expect_no_event(&pair.poll);
    CHECK_EQ(keeper_held(&keeper), 0);
    CHECK(!ReadFile((HANDLE)client, got, sizeof got, &count, NULL));
    CHECK_EQ(GetLastError(), ERROR_BROKEN_PIPE);
    CHECK_EQ(plain_close(client), 0);
    pair_close(&pair);
    keeper_check(&keeper);
}

/* A peer that reads nothing keeps the handle no longer than the options say. */
static void flush_ends_when_its_time_is_over(void)
{
    struct keeper keeper;
    struct mio_named_pipe_options options = kept(&keeper, 50 * MIO_NS_PER_MS);
    struct pair pair;
    size_t total;
    mio_fd client = fill(&pair, &options, &total);
    const int64_t begin = mio_now_ns();
    CHECK_EQ(mio_named_pipe_close(&pair.server), 0);
    while (keeper_held(&keeper) > 0) {
        CHECK(mio_now_ns() - begin < TEST_SOON);
        pair_run(&pair, 5 * MIO_NS_PER_MS);
    }
    CHECK(mio_now_ns() - begin >= options.flush_ns);
    CHECK_EQ(plain_close(client), 0);
    pair_close(&pair);
    keeper_check(&keeper);
}

/* A wait without events ends the flush in its sleep, and sleeps on. */
static void flush_ends_within_a_wait(void)
{
    struct keeper keeper;
    struct mio_named_pipe_options options = kept(&keeper, 20 * MIO_NS_PER_MS);
    struct pair pair;
    size_t total;
    struct mio_event event;
    mio_fd client = fill(&pair, &options, &total);
    CHECK_EQ(mio_named_pipe_close(&pair.server), 0);
    const int64_t begin = mio_now_ns();
    CHECK_EQ(mio_poll_wait(&pair.poll, &event, 1, 200 * MIO_NS_PER_MS), 0);
    CHECK(mio_now_ns() - begin >= 200 * MIO_NS_PER_MS);
    CHECK_EQ(keeper_held(&keeper), 0);
    CHECK_EQ(plain_close(client), 0);
    pair_close(&pair);
    keeper_check(&keeper);
}

static void flush_ends_with_the_peer(void)
{
    struct keeper keeper;
    struct mio_named_pipe_options options = kept(&keeper, MIO_FOREVER);
    struct pair pair;
    size_t total;
    mio_fd client = fill(&pair, &options, &total);
    CHECK_EQ(mio_named_pipe_close(&pair.server), 0);
    CHECK_EQ(plain_close(client), 0);
    test_expect_no_event(&pair.poll);
    CHECK_EQ(keeper_held(&keeper), 0);
    pair_close(&pair);
    keeper_check(&keeper);
}

static void flush_ends_with_the_poll(void)
{
    struct keeper keeper;
    struct mio_named_pipe_options options = kept(&keeper, MIO_FOREVER);
    struct pair pair;
    size_t total;
    mio_fd client = fill(&pair, &options, &total);
    pair_close(&pair);
    CHECK_EQ(keeper_held(&keeper), 0);
    CHECK_EQ(plain_close(client), 0);
    keeper_check(&keeper);
}

/* Nothing is to be written: the handle goes at once, and with it the name. */
static void idle_pipe_is_gone_at_once(void)
{
    struct pair pair;
    struct mio_named_pipe again = {0};
    pair_serve(&pair, NULL);
    CHECK_EQ(mio_register(pair.registry, &pair.server.source, SERVER, MIO_READABLE), 0);
    CHECK_EQ(mio_named_pipe_connect(&pair.server), -EAGAIN);
    const int before = test_open_descriptors();
    CHECK_EQ(mio_named_pipe_close(&pair.server), 0);
    CHECK_EQ(test_open_descriptors(), before - 1);
    CHECK_EQ(mio_named_pipe_create(&again, pair.name, NULL), 0);
    CHECK_EQ(mio_named_pipe_close(&again), 0);
    pair_close(&pair);
}

/* Operations of the other end, which is in the same process, go on. */
static void close_touches_no_other_handle(void)
{
    struct pair pair;
    struct mio_named_pipe_options options = {.flags = MIO_NAMED_PIPE_SHARED};
    struct mio_named_pipe other;
    char buf[8];
    pair_open(&pair, &options);
    CHECK_EQ(mio_named_pipe_create(&other, pair.name, &options), 0);
    CHECK_EQ(mio_register(pair.registry, &other.source, OTHER, MIO_WRITABLE), 0);
    CHECK_EQ(mio_named_pipe_connect(&other), -EAGAIN);
    CHECK_EQ(mio_named_pipe_close(&pair.client), 0);
    CHECK_EQ(mio_named_pipe_close(&pair.server), 0);
    pair_run(&pair, MIO_NS_PER_MS);
    CHECK_EQ(mio_named_pipe_open(&pair.client, pair.name, NULL), 0);
    pair_await(&pair, OTHER, MIO_WRITABLE);
    CHECK_EQ(mio_register(pair.registry, &pair.client.source, CLIENT, MIO_READABLE), 0);
    pair_write_all(&pair, &other, OTHER, "1234", 4);
    pair_read_all(&pair, &pair.client, CLIENT, buf, 4);
    CHECK_EQ(mio_named_pipe_close(&other), 0);
    pair_close(&pair);
}

/* An object may be freed, or used anew, right after its close. */
static void object_is_free_after_the_close(void)
{
    struct pair pair;
    struct keeper keeper;
    struct mio_named_pipe_options options = keeper_options(&keeper);
    pair_serve(&pair, &options);
    for (int round = 0; round < 10; round++) {
        char name[PLAIN_PIPE_NAME];
        CHECK_EQ(mio_register(pair.registry, &pair.server.source, SERVER, MIO_READABLE), 0);
        CHECK_EQ(mio_named_pipe_connect(&pair.server), -EAGAIN);
        mio_fd client = round % 2 ? plain_pipe_client(pair.name) : MIO_FD_NONE;
        CHECK_EQ(mio_named_pipe_close(&pair.server), 0);
        memset(&pair.server, 0xa5, sizeof pair.server);
        if (client != MIO_FD_NONE)
            CHECK_EQ(plain_close(client), 0);
        plain_pipe_name(name);
        CHECK_EQ(mio_named_pipe_create(&pair.server, name, &options), 0);
        memcpy(pair.name, name, sizeof name);
    }
    pair_close(&pair);
    keeper_check(&keeper);
}

static void moved_object_is_the_same_pipe(void)
{
    struct pair pair;
    struct mio_named_pipe moved;
    char buf[8];
    pair_open(&pair, NULL);
    moved = pair.server;
    memset(&pair.server, 0xa5, sizeof pair.server);
    CHECK_EQ(mio_named_pipe_write(&pair.client, "1234", 4), 4);
    pair_read_all(&pair, &moved, SERVER, buf, 4);
    CHECK_EQ(mio_reregister(pair.registry, &moved.source, OTHER, MIO_READABLE), 0);
    CHECK_EQ(mio_named_pipe_close(&moved), 0);
    memset(&pair.server, 0, sizeof pair.server);
    pair_close(&pair);
}

/* The pipe outlives a poll that was given up, and is good for a close. */
static void abandoned_poll_leaves_a_pipe_to_close(void)
{
    struct pair pair;
    struct keeper keeper;
    struct mio_named_pipe_options options = keeper_options(&keeper);
    struct mio_poll other;
    char byte;
    pair_open(&pair, &options);
    CHECK_EQ(mio_source_abandon(&pair.server.source), 0);
    CHECK_EQ(mio_named_pipe_write(&pair.client, "1234", 4), 4);
    pair_run(&pair, MIO_NS_PER_MS);
    CHECK_EQ(mio_source_abandon(&pair.client.source), 0); /* its read is under way */
    test_expect_no_event(&pair.poll);
    CHECK_EQ(mio_poll_abandon(&pair.poll), 0);
    CHECK_EQ(mio_named_pipe_read(&pair.server, &byte, 1), -EBADF);
    CHECK_EQ(mio_named_pipe_write(&pair.server, &byte, 1), -EBADF);
    CHECK_EQ(mio_named_pipe_connect(&pair.server), -EBADF);
    CHECK_EQ(mio_named_pipe_disconnect(&pair.server), -EBADF);
    CHECK_EQ(mio_named_pipe_take_error(&pair.server), -EBADF);
    test_poll_init(&other);
    CHECK_EQ(mio_register(mio_poll_registry(&other), &pair.server.source, 1, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_poll_close(&other), 0);
    pair_close(&pair);
    keeper_check(&keeper);
}

static void abandoned_source_registers_again(void)
{
    struct pair pair;
    char byte;
    pair_open(&pair, NULL);
    CHECK_EQ(mio_source_abandon(&pair.server.source), 0);
    CHECK_EQ(mio_named_pipe_write(&pair.client, "1", 1), 1);
    pair_run(&pair, MIO_NS_PER_MS);
    CHECK_EQ(mio_register(pair.registry, &pair.server.source, OTHER, MIO_READABLE), 0);
    pair_read_all(&pair, &pair.server, OTHER, &byte, 1);
    pair_close(&pair);
}

static const struct test_case cases[] = {
    {"close_writes_what_was_accepted", close_writes_what_was_accepted, 0},
    {"flush_ends_when_its_time_is_over", flush_ends_when_its_time_is_over, 0},
    {"flush_ends_within_a_wait", flush_ends_within_a_wait, 0},
    {"flush_ends_with_the_peer", flush_ends_with_the_peer, 0},
    {"flush_ends_with_the_poll", flush_ends_with_the_poll, 0},
    {"idle_pipe_is_gone_at_once", idle_pipe_is_gone_at_once, 0},
    {"close_touches_no_other_handle", close_touches_no_other_handle, 0},
    {"object_is_free_after_the_close", object_is_free_after_the_close, 0},
    {"moved_object_is_the_same_pipe", moved_object_is_the_same_pipe, 0},
    {"abandoned_poll_leaves_a_pipe_to_close", abandoned_poll_leaves_a_pipe_to_close, 0},
    {"abandoned_source_registers_again", abandoned_source_registers_again, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_named_pipe_close = {"named_pipe_close", cases};
