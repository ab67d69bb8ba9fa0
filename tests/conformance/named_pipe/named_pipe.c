/*
 * Named pipes: how they are connected, and the behaviours of the original's own tests, by their
 * names there.
 */
#include "named_pipe/named_pipe_util.h"

/* ---- The behaviours of the original ---------------------------------------------------------- */

static void writable_after_register(void)
{
    struct pair pair;
    const mio_interest interest = MIO_READABLE | MIO_WRITABLE;
    pair_serve(&pair, NULL);
    CHECK_EQ(mio_named_pipe_open(&pair.client, pair.name, NULL), 0);
    CHECK_EQ(mio_register(pair.registry, &pair.server.source, SERVER, interest), 0);
    CHECK_EQ(test_expect_event(&pair.poll, SERVER), MIO_WRITABLE);
    CHECK_EQ(mio_register(pair.registry, &pair.client.source, CLIENT, interest), 0);
    CHECK_EQ(test_expect_event(&pair.poll, CLIENT), MIO_WRITABLE);
    test_expect_no_event(&pair.poll);
    pair_close(&pair);
}

static void write_then_read(void)
{
    struct pair pair;
    char buf[16];
    pair_open(&pair, NULL);
    CHECK_EQ(mio_named_pipe_write(&pair.server, "1234", 4), 4);
    CHECK_EQ(pair_await(&pair, CLIENT, MIO_READABLE) & ~MIO_WRITABLE, MIO_READABLE);
    CHECK_EQ(mio_named_pipe_read(&pair.client, buf, sizeof buf), 4);
    CHECK(memcmp(buf, "1234", 4) == 0);
    CHECK_EQ(mio_named_pipe_read(&pair.client, buf, sizeof buf), -EAGAIN);
    pair_close(&pair);
}

static void connect_before_client(void)
{
    struct pair pair;
    pair_serve(&pair, NULL);
    CHECK_EQ(mio_register(pair.registry, &pair.server.source, SERVER, MIO_READABLE | MIO_WRITABLE),
             0);
    test_expect_no_event(&pair.poll);
    CHECK_EQ(mio_named_pipe_connect(&pair.server), -EAGAIN);
    CHECK_EQ(mio_named_pipe_connect(&pair.server), -EAGAIN);
    test_expect_no_event(&pair.poll);
    CHECK_EQ(mio_named_pipe_open(&pair.client, pair.name, NULL), 0);
    CHECK_EQ(test_expect_event(&pair.poll, SERVER), MIO_WRITABLE);
    CHECK_EQ(mio_named_pipe_connect(&pair.server), 0);
    pair_close(&pair);
}

static void connect_after_client(void)
{
    struct pair pair;
    pair_serve(&pair, NULL);
    CHECK_EQ(mio_register(pair.registry, &pair.server.source, SERVER, MIO_READABLE | MIO_WRITABLE),
             0);
    test_expect_no_event(&pair.poll);
    CHECK_EQ(mio_named_pipe_open(&pair.client, pair.name, NULL), 0);
    CHECK_EQ(mio_named_pipe_connect(&pair.server), 0);
    CHECK_EQ(test_expect_event(&pair.poll, SERVER), MIO_WRITABLE);
    pair_close(&pair);
}

static void write_disconnected(void)
{
    struct pair pair;
    ptrdiff_t result = 0;
    pair_open(&pair, NULL);
    CHECK_EQ(mio_named_pipe_close(&pair.client), 0);
    for (int tries = 0; tries < 16 && result >= 0; tries++) {
        result = mio_named_pipe_write(&pair.server, "1234", 4);
        pair_run(&pair, MIO_NS_PER_MS);
    }
    CHECK_EQ(result, -EPIPE);
    CHECK_EQ(mio_named_pipe_write(&pair.server, "1234", 4), -EPIPE);
    pair_close(&pair);
}

static void write_then_drop(void)
{
    struct pair pair;
    char buf[16];
    pair_open(&pair, NULL);
    CHECK_EQ(mio_named_pipe_write(&pair.client, "1234", 4), 4);
    CHECK_EQ(mio_named_pipe_close(&pair.client), 0);
    pair_read_all(&pair, &pair.server, SERVER, buf, 4);
    CHECK(memcmp(buf, "1234", 4) == 0);
    pair_close(&pair);
}

static void connect_twice(void)
{
    struct pair pair;
    char buf[16];
    pair_open(&pair, NULL);
    for (int round = 0; round < 3; round++) {
        CHECK_EQ(mio_named_pipe_write(&pair.client, "1234", 4), 4);
        pair_read_all(&pair, &pair.server, SERVER, buf, 4);
        CHECK_EQ(mio_named_pipe_close(&pair.client), 0);
        CHECK(pair_await(&pair, SERVER, MIO_READ_CLOSED) & MIO_READABLE);
        CHECK_EQ(mio_named_pipe_read(&pair.server, buf, sizeof buf), 0);
        CHECK_EQ(mio_named_pipe_disconnect(&pair.server), 0);
        CHECK_EQ(mio_named_pipe_connect(&pair.server), -EAGAIN);
        CHECK_EQ(mio_named_pipe_open(&pair.client, pair.name, NULL), 0);
        CHECK_EQ(test_expect_event(&pair.poll, SERVER), MIO_WRITABLE);
        CHECK_EQ(mio_named_pipe_connect(&pair.server), 0);
        CHECK_EQ(mio_register(pair.registry, &pair.client.source, CLIENT, MIO_READABLE), 0);
    }
    pair_close(&pair);
}

static void reregister_deregister_before_register(void)
{
    struct pair pair;
    pair_serve(&pair, NULL);
    CHECK_EQ(mio_reregister(pair.registry, &pair.server.source, SERVER, MIO_READABLE), -ENOENT);
    CHECK_EQ(mio_deregister(pair.registry, &pair.server.source), -ENOENT);
    pair_close(&pair);
}

static void reregister_deregister_different_poll(void)
{
    struct pair pair;
    struct mio_poll other;
    test_poll_init(&other);
    struct mio_registry *wrong = mio_poll_registry(&other);
    pair_serve(&pair, NULL);
    CHECK_EQ(mio_register(pair.registry, &pair.server.source, SERVER, MIO_READABLE), 0);
    CHECK_EQ(mio_register(wrong, &pair.server.source, SERVER, MIO_READABLE), -EEXIST);
    CHECK_EQ(mio_reregister(wrong, &pair.server.source, SERVER, MIO_READABLE), -EINVAL);
    CHECK_EQ(mio_deregister(wrong, &pair.server.source), -EINVAL);
    CHECK_EQ(mio_deregister(pair.registry, &pair.server.source), 0);
    /* The system has bound the handle to the first one. */
    CHECK_EQ(mio_register(wrong, &pair.server.source, SERVER, MIO_READABLE), -EINVAL);
    CHECK_EQ(mio_watch(wrong, &pair.server.source, SERVER, MIO_READABLE), -EINVAL);
    CHECK(!mio_source_is_registered(&pair.server.source));
    CHECK_EQ(mio_poll_close(&other), 0);
    for (int round = 0; round < 3; round++) {
        CHECK_EQ(mio_register(pair.registry, &pair.server.source, SERVER, MIO_READABLE), 0);
        CHECK_EQ(mio_deregister(pair.registry, &pair.server.source), 0);
    }
    /* It belongs to its poll until it is closed. */
    CHECK_EQ(mio_poll_close(&pair.poll), -EBUSY);
    pair_close(&pair);
}

/* A read takes as much as the caller's buffer holds, however small that of the library is. */
static void read_larger_than_the_buffer(size_t read_buffer, size_t len, bool messages)
{
    static unsigned char sent[10000], got[10000];
    struct mio_named_pipe_options options = {
        .read_buffer = (uint32_t)read_buffer,
        .write_buffer = sizeof sent,
        .flags = messages ? MIO_NAMED_PIPE_MESSAGES : 0,
    };
    struct pair pair;
    pair_open(&pair, &options);
    pattern_fill(sent, len, 0);
    memset(got, 0, sizeof got);
    CHECK_EQ(mio_named_pipe_write(&pair.server, sent, len), len);
    pair_await(&pair, CLIENT, MIO_READABLE);
    CHECK_EQ(mio_named_pipe_read(&pair.client, got, len), len);
    CHECK(pattern_is(got, len, 0));
    pair_close(&pair);
}

static void read_message_larger_than_internal_buffer(void)
{
    read_larger_than_the_buffer(4096, 8192, true);
    read_larger_than_the_buffer(4096, 8192, false);
}

static void read_with_small_buffer_provided(void)
{
    static unsigned char sent[10000], got[10000];
    struct mio_named_pipe_options options = {.write_buffer = sizeof sent};
    struct pair pair;
    read_larger_than_the_buffer(1000, sizeof sent, false);
    pair_open(&pair, &options);
    pattern_fill(sent, sizeof sent, 0);
    CHECK_EQ(mio_named_pipe_write(&pair.server, sent, sizeof sent), sizeof sent);
    for (size_t at = 0; at < sizeof got; at += 100)
        pair_read_all(&pair, &pair.client, CLIENT, got + at, 100);
    CHECK(pattern_is(got, sizeof got, 0));
    pair_close(&pair);
}

/* ---- Connecting ------------------------------------------------------------------------------ */

static void connect_before_register_goes_on_with_it(void)
{
    struct pair pair;
    pair_serve(&pair, NULL);
    CHECK_EQ(mio_named_pipe_connect(&pair.server), -EAGAIN);
    CHECK_EQ(mio_register(pair.registry, &pair.server.source, SERVER, MIO_WRITABLE), 0);
    test_expect_no_event(&pair.poll);
    CHECK_EQ(mio_named_pipe_open(&pair.client, pair.name, NULL), 0);
    CHECK_EQ(test_expect_event(&pair.poll, SERVER), MIO_WRITABLE);
    pair_close(&pair);
}

static void client_that_came_before_register_is_found(void)
{
    struct pair pair;
    pair_serve(&pair, NULL);
    CHECK_EQ(mio_named_pipe_open(&pair.client, pair.name, NULL), 0);
    CHECK_EQ(mio_named_pipe_connect(&pair.server), 0);
    CHECK_EQ(mio_named_pipe_read(&pair.server, pair.name, 1), -EAGAIN);
    CHECK_EQ(mio_register(pair.registry, &pair.server.source, SERVER, MIO_WRITABLE), 0);
    CHECK_EQ(test_expect_event(&pair.poll, SERVER), MIO_WRITABLE);
    pair_close(&pair);
}

/* Its bytes are there, and its end. */
static void client_that_has_left_again_is_read(void)
{
    struct pair pair;
    char buf[8];
    DWORD count;
    pair_serve(&pair, NULL);
    CHECK_EQ(mio_register(pair.registry, &pair.server.source, SERVER, MIO_READABLE), 0);
    HANDLE client = (HANDLE)plain_pipe_client(pair.name);
    CHECK(WriteFile(client, "1234", 4, &count, NULL));
    CHECK(CloseHandle(client));
    CHECK_EQ(mio_named_pipe_connect(&pair.server), 0);
    pair_read_all(&pair, &pair.server, SERVER, buf, 4);
    CHECK_EQ(mio_named_pipe_read(&pair.server, buf, 4), 0);
    CHECK_EQ(mio_named_pipe_write(&pair.server, buf, 4), -EPIPE);
    pair_close(&pair);
}

static void use_before_connect_is_refused(void)
{
    struct pair pair;
    char byte;
    pair_serve(&pair, NULL);
    CHECK_EQ(mio_named_pipe_read(&pair.server, &byte, 1), -EAGAIN); /* not registered yet */
    CHECK_EQ(mio_named_pipe_write(&pair.server, &byte, 1), -EAGAIN);
    CHECK_EQ(mio_named_pipe_disconnect(&pair.server), -ENOTCONN);
    CHECK_EQ(mio_register(pair.registry, &pair.server.source, SERVER, MIO_READABLE | MIO_WRITABLE),
             0);
    CHECK_EQ(mio_named_pipe_read(&pair.server, &byte, 1), -ENOTCONN);
    CHECK_EQ(mio_named_pipe_write(&pair.server, &byte, 1), -ENOTCONN);
    CHECK_EQ(mio_named_pipe_disconnect(&pair.server), -ENOTCONN);
    test_expect_no_event(&pair.poll);
    CHECK_EQ(mio_named_pipe_connect(&pair.server), -EAGAIN);
    CHECK_EQ(mio_named_pipe_read(&pair.server, &byte, 1), -EAGAIN);
    CHECK_EQ(mio_named_pipe_write(&pair.server, &byte, 1), -EAGAIN);
    pair_close(&pair);
}

/* The client hears of the end; bytes that were not read are gone. */
static void disconnect_throws_the_client_out(void)
{
    struct pair pair;
    char buf[8];
    pair_open(&pair, NULL);
    CHECK_EQ(mio_named_pipe_write(&pair.client, "lost", 4), 4);
    CHECK_EQ(mio_named_pipe_disconnect(&pair.server), 0);
    CHECK(pair_await(&pair, CLIENT, MIO_READ_CLOSED) & MIO_READABLE);
    CHECK_EQ(mio_named_pipe_read(&pair.client, buf, sizeof buf), 0);
    CHECK_EQ(mio_named_pipe_write(&pair.client, "more", 4), -EPIPE);
    CHECK_EQ(mio_named_pipe_read(&pair.server, buf, sizeof buf), -ENOTCONN);
    CHECK_EQ(mio_named_pipe_write(&pair.server, "more", 4), -ENOTCONN);
    CHECK_EQ(mio_named_pipe_disconnect(&pair.server), -ENOTCONN);
    CHECK_EQ(mio_named_pipe_connect(&pair.server), -EAGAIN);
    CHECK_EQ(mio_named_pipe_disconnect(&pair.server), 0); /* gives up waiting */
    CHECK_EQ(mio_named_pipe_connect(&pair.server), -EAGAIN);
    pair_close(&pair);
}

/* Bytes that were accepted for the client before are not given to the next one. */
static void nothing_of_a_connection_reaches_the_next(void)
{
    static char old[4096], buf[8192];
    struct pair pair;
    struct mio_named_pipe_options options = {.write_buffer = sizeof old, .read_buffer = 512};
    memset(old, 'x', sizeof old);
    pair_open(&pair, &options);
    while (mio_named_pipe_write(&pair.server, old, sizeof old) != -EAGAIN)
        ;
    while (mio_named_pipe_write(&pair.client, old, sizeof old) != -EAGAIN)
        ;
    CHECK_EQ(mio_named_pipe_disconnect(&pair.server), 0);
    CHECK_EQ(mio_named_pipe_close(&pair.client), 0);
    mio_named_pipe_connect(&pair.server);
    CHECK_EQ(mio_named_pipe_open(&pair.client, pair.name, &options), 0);
    CHECK_EQ(mio_register(pair.registry, &pair.client.source, CLIENT, MIO_READABLE | MIO_WRITABLE),
             0);
    pair_await(&pair, SERVER, MIO_WRITABLE);
    CHECK_EQ(mio_named_pipe_connect(&pair.server), 0);
    pair_write_all(&pair, &pair.server, SERVER, "new1", 4);
    pair_write_all(&pair, &pair.client, CLIENT, "new2", 4);
    pair_read_all(&pair, &pair.client, CLIENT, buf, 4);
    CHECK(memcmp(buf, "new1", 4) == 0);
    pair_read_all(&pair, &pair.server, SERVER, buf, 4);
    CHECK(memcmp(buf, "new2", 4) == 0);
    CHECK_EQ(mio_named_pipe_read(&pair.server, buf, sizeof buf), -EAGAIN);
    pair_close(&pair);
}

/* ---- I/O ------------------------------------------------------------------------------------- */

static void vectors_are_moved_in_order(void)
{
    struct pair pair;
    char a[3], b[5], c[8];
    struct mio_buf out[] = {{"ab", 2}, {NULL, 0}, {"cde", 3}, {"f", 1}};
    struct mio_buf in[] = {{a, sizeof a}, {b, 0}, {b, 1}, {c, sizeof c}};
    pair_open(&pair, NULL);
    CHECK_EQ(mio_named_pipe_writev(&pair.server, out, 4), 6);
    pair_await(&pair, CLIENT, MIO_READABLE);
    CHECK_EQ(mio_named_pipe_readv(&pair.client, in, 4), 6);
    CHECK(memcmp(a, "abc", 3) == 0 && b[0] == 'd' && memcmp(c, "ef", 2) == 0);
    pair_close(&pair);
}

/* More than all buffers hold, both ways at once. */
static void much_is_moved_both_ways(void)
{
    enum { TOTAL = 1 << 20 };
    static unsigned char out[TOTAL], in[7000];
    struct pair pair;
    struct mio_named_pipe *pipes[2] = {&pair.server, &pair.client};
    size_t sent[2] = {0, 0}, got[2] = {0, 0};
    struct mio_event events[4];
    pair_open(&pair, NULL);
    pattern_fill(out, sizeof out, 0);
    while (got[0] < TOTAL || got[1] < TOTAL) {
        CHECK(mio_poll_wait(&pair.poll, events, 4, TEST_SOON) > 0);
        for (int i = 0; i < 2; i++) {
            ptrdiff_t n;
            while (sent[i] < TOTAL &&
                   (n = mio_named_pipe_write(pipes[i], out + sent[i], TOTAL - sent[i])) > 0)
                sent[i] += (size_t)n;
            while ((n = mio_named_pipe_read(pipes[i], in, sizeof in)) > 0) {
                CHECK(pattern_is(in, (size_t)n, got[i]));
                got[i] += (size_t)n;
            }
            CHECK_EQ(n, -EAGAIN);
        }
    }
    CHECK(got[0] == TOTAL && got[1] == TOTAL);
    pair_close(&pair);
}

/* As on a socket: the interest says what is told, not what can be done. */
static void reading_works_without_an_interest_in_it(void)
{
    struct pair pair;
    char buf[8];
    pair_open(&pair, NULL);
    CHECK_EQ(mio_reregister(pair.registry, &pair.server.source, SERVER, MIO_WRITABLE), 0);
    CHECK_EQ(mio_named_pipe_read(&pair.server, buf, sizeof buf), -EAGAIN);
    pair_run(&pair, MIO_NS_PER_MS);
    CHECK_EQ(mio_named_pipe_write(&pair.client, "1234", 4), 4);
    CHECK_EQ(mio_named_pipe_read(&pair.server, buf, sizeof buf), 4);
    CHECK_EQ(mio_deregister(pair.registry, &pair.server.source), 0);
    CHECK_EQ(mio_named_pipe_write(&pair.client, "5678", 4), 4);
    CHECK_EQ(mio_named_pipe_read(&pair.server, buf, sizeof buf), 4);
    CHECK(memcmp(buf, "5678", 4) == 0);
    CHECK_EQ(mio_named_pipe_write(&pair.server, "90", 2), 2);
    pair_read_all(&pair, &pair.client, CLIENT, buf, 2);
    pair_close(&pair);
}

static const struct test_case cases[] = {
    {"writable_after_register", writable_after_register, 0},
    {"write_then_read", write_then_read, TEST_ANY_MODE},
    {"connect_before_client", connect_before_client, 0},
    {"connect_after_client", connect_after_client, 0},
    {"write_disconnected", write_disconnected, 0},
    {"write_then_drop", write_then_drop, 0},
    {"connect_twice", connect_twice, 0},
    {"reregister_deregister_before_register", reregister_deregister_before_register, 0},
    {"reregister_deregister_different_poll", reregister_deregister_different_poll, 0},
    {"read_message_larger_than_internal_buffer", read_message_larger_than_internal_buffer, 0},
    {"read_with_small_buffer_provided", read_with_small_buffer_provided, 0},
    {"connect_before_register_goes_on_with_it", connect_before_register_goes_on_with_it, 0},
    {"client_that_came_before_register_is_found", client_that_came_before_register_is_found, 0},
    {"client_that_has_left_again_is_read", client_that_has_left_again_is_read, 0},
    {"use_before_connect_is_refused", use_before_connect_is_refused, 0},
    {"disconnect_throws_the_client_out", disconnect_throws_the_client_out, 0},
    {"nothing_of_a_connection_reaches_the_next", nothing_of_a_connection_reaches_the_next, 0},
    {"vectors_are_moved_in_order", vectors_are_moved_in_order, 0},
    {"much_is_moved_both_ways", much_is_moved_both_ways, 0},
    {"reading_works_without_an_interest_in_it", reading_works_without_an_interest_in_it, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_named_pipe = {"named_pipe", cases};
