/* Named pipes of messages: no message is lost, cut or joined with another one. */
#include "named_pipe/named_pipe_util.h"

static void open_messages(struct pair *pair, uint32_t read_buffer, uint32_t write_buffer)
{
    const struct mio_named_pipe_options options = {
        .flags = MIO_NAMED_PIPE_MESSAGES, .read_buffer = read_buffer, .write_buffer = write_buffer};
    pair_open(pair, &options);
}

/* A client of the system, whose writes wait: it sends several before anybody reads. */
static mio_fd open_beside_client(struct pair *pair, uint32_t read_buffer)
{
    const struct mio_named_pipe_options options = {.flags = MIO_NAMED_PIPE_MESSAGES,
                                                   .read_buffer = read_buffer};
    pair_serve(pair, &options);
    mio_fd client = plain_pipe_client(pair->name);
    CHECK_EQ(mio_named_pipe_connect(&pair->server), 0);
    CHECK_EQ(mio_register(pair->registry, &pair->server.source, SERVER, MIO_READABLE), 0);
    return client;
}

static ptrdiff_t read_part(struct pair *pair, char *buf, size_t len, uint32_t *part)
{
    ptrdiff_t n;
    while ((n = mio_named_pipe_read_message(&pair->server, buf, len, part)) == -EAGAIN)
        pair_await(pair, SERVER, MIO_READABLE);
    return n;
}

static void reads_stop_at_the_end_of_a_message(void)
{
    struct pair pair;
    char buf[64];
    mio_fd client = open_beside_client(&pair, 0);
    CHECK_EQ(plain_write(client, "one", 3), 3);
    CHECK_EQ(plain_write(client, "three", 5), 5);
    pair_await(&pair, SERVER, MIO_READABLE);
    CHECK_EQ(mio_named_pipe_read(&pair.server, buf, sizeof buf), 3);
    CHECK_EQ(mio_named_pipe_read(&pair.server, buf, sizeof buf), 5);
    CHECK(memcmp(buf, "three", 5) == 0);
    CHECK_EQ(mio_named_pipe_read(&pair.server, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(plain_close(client), 0);
    pair_close(&pair);
}

/* A client whose writes do not wait, so that two messages are there whatever the buffers are. */
static HANDLE open_overlapped_client(struct pair *pair, uint32_t read_buffer)
{
    CHECK_EQ(plain_close(open_beside_client(pair, read_buffer)), 0);
    CHECK_EQ(mio_named_pipe_disconnect(&pair->server), 0);
    CHECK_EQ(mio_named_pipe_connect(&pair->server), -EAGAIN);
    HANDLE client = CreateFileA(pair->name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                                FILE_FLAG_OVERLAPPED, NULL);
    CHECK(client != INVALID_HANDLE_VALUE);
    CHECK_EQ(mio_named_pipe_connect(&pair->server), 0);
    return client;
}

static void send_soon(HANDLE client, OVERLAPPED *overlapped, const char *text)
{
    memset(overlapped, 0, sizeof *overlapped);
    CHECK(WriteFile(client, text, (DWORD)strlen(text), NULL, overlapped) ||
          GetLastError() == ERROR_IO_PENDING);
}

/* By a buffer that is smaller than the message, and one that is smaller than that of the pipe. */
static void parts_of_a_message_say_so(void)
{
    static const uint32_t read_buffers[] = {0, 1, 3, 4, 8, 9};
    for (size_t i = 0; i < sizeof read_buffers / sizeof read_buffers[0]; i++) {
        struct pair pair;
        uint32_t part = 7;
        char buf[64];
        OVERLAPPED first, second;
        HANDLE client = open_overlapped_client(&pair, read_buffers[i]);
        send_soon(client, &first, "12345678");
        send_soon(client, &second, "abc");
        CHECK_EQ(read_part(&pair, buf, 3, &part), 3);
        CHECK_EQ(part, MIO_MESSAGE_MORE);
        CHECK_EQ(read_part(&pair, buf + 3, 3, &part), 3);
        CHECK_EQ(part, MIO_MESSAGE_MORE);
        CHECK_EQ(read_part(&pair, buf + 6, 3, &part), 2);
        CHECK_EQ(part, 0);
        CHECK(memcmp(buf, "12345678", 8) == 0);
        CHECK_EQ(read_part(&pair, buf, 3, &part), 3);
        CHECK_EQ(part, 0);
        CHECK(memcmp(buf, "abc", 3) == 0);
        CHECK(CloseHandle(client));
        CHECK_EQ(read_part(&pair, buf, 3, &part), 0);
        CHECK_EQ(part, MIO_MESSAGE_END);
        pair_close(&pair);
    }
}

/* An empty message is one, unlike the end; a plain read leaves it out. */
static void empty_messages_are_told_from_the_end(void)
{
    struct pair pair;
    uint32_t part = 7;
    char buf[8];
    mio_fd client = open_beside_client(&pair, 0);
    DWORD count;
    CHECK(WriteFile((HANDLE)client, "", 0, &count, NULL));
    CHECK(WriteFile((HANDLE)client, "", 0, &count, NULL));
    CHECK_EQ(plain_write(client, "abc", 3), 3);
    CHECK_EQ(read_part(&pair, buf, sizeof buf, &part), 0);
    CHECK_EQ(part, 0);
    while (mio_named_pipe_read(&pair.server, buf, sizeof buf) == -EAGAIN)
        pair_await(&pair, SERVER, MIO_READABLE);
    CHECK(memcmp(buf, "abc", 3) == 0);
    CHECK_EQ(mio_named_pipe_read(&pair.server, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(read_part(&pair, buf, sizeof buf, &part), 0);
    CHECK_EQ(part, MIO_MESSAGE_END);
    pair_close(&pair);
}

/* A write is one message, be it of several pieces; one that is too long is refused whole. */
static void each_write_is_one_message(void)
{
    struct pair pair;
    char buf[64];
    uint32_t part;
    struct mio_buf pieces[] = {{"ab", 2}, {"cde", 3}};
    open_messages(&pair, 0, 16);
    CHECK_EQ(mio_named_pipe_writev(&pair.client, pieces, 2), 5);
    while (mio_named_pipe_write(&pair.client, "fgh", 3) == -EAGAIN)
        pair_await(&pair, CLIENT, MIO_WRITABLE);
    CHECK_EQ(mio_named_pipe_write(&pair.client, buf, 17), -EMSGSIZE);
    CHECK_EQ(read_part(&pair, buf, sizeof buf, &part), 5);
    CHECK(memcmp(buf, "abcde", 5) == 0);
    CHECK_EQ(read_part(&pair, buf, sizeof buf, &part), 3);
    CHECK_EQ(mio_named_pipe_read(&pair.server, buf, sizeof buf), -EAGAIN);
    pair_close(&pair);
}

/* Many messages of many lengths, each with its length and its number in it. */
static void many_messages_arrive_as_they_are(void)
{
    enum { MESSAGES = 500, LONGEST = 700 };
    static unsigned char out[LONGEST], in[LONGEST];
    struct pair pair;
    struct mio_event events[4];
    int sent = 0, got = 0;
    size_t at = 0;
    open_messages(&pair, 100, LONGEST);
    while (got < MESSAGES) {
        uint32_t part;
        ptrdiff_t n;
        CHECK(mio_poll_wait(&pair.poll, events, 4, TEST_SOON) > 0);
        while (sent < MESSAGES) {
            const size_t len = 1 + (size_t)sent * 13 % LONGEST;
            pattern_fill(out, len, (size_t)sent);
            n = mio_named_pipe_write(&pair.client, out, len);
            if (n == -EAGAIN)
                break;
            CHECK_EQ(n, len);
            sent++;
        }
        while ((n = mio_named_pipe_read_message(&pair.server, in + at, 64, &part)) > 0) {
            at += (size_t)n;
            if (part == MIO_MESSAGE_MORE)
                continue;
            CHECK_EQ(at, 1 + (size_t)got * 13 % LONGEST);
            CHECK(pattern_is(in, at, (size_t)got));
            at = 0;
            got++;
        }
        CHECK_EQ(n, -EAGAIN);
    }
    pair_close(&pair);
}

/* A client may read a server's messages as bytes; a server that sends bytes has none. */
static void modes_of_both_ends(void)
{
    const struct mio_named_pipe_options messages = {.flags = MIO_NAMED_PIPE_MESSAGES};
    struct pair pair;
    uint32_t part;
    char buf[8];
    pair_serve(&pair, NULL);
    CHECK_EQ(mio_named_pipe_open(&pair.client, pair.name, &messages), -EINVAL);
    pair_close(&pair);
    pair_serve(&pair, &messages);
    CHECK_EQ(mio_named_pipe_open(&pair.client, pair.name, NULL), 0);
    CHECK_EQ(mio_named_pipe_connect(&pair.server), 0);
    CHECK_EQ(mio_register(pair.registry, &pair.server.source, SERVER, MIO_READABLE), 0);
    CHECK_EQ(mio_register(pair.registry, &pair.client.source, CLIENT, MIO_READABLE), 0);
    pair_write_all(&pair, &pair.server, SERVER, "1234", 4);
    pair_run(&pair, MIO_NS_PER_MS);
    pair_write_all(&pair, &pair.server, SERVER, "5678", 4);
    pair_read_all(&pair, &pair.client, CLIENT, buf, 8);
    CHECK(memcmp(buf, "12345678", 8) == 0);
    CHECK_EQ(mio_named_pipe_read_message(&pair.client, buf, 8, &part), -EINVAL);
    pair_write_all(&pair, &pair.client, CLIENT, "ab", 2);
    CHECK_EQ(read_part(&pair, buf, sizeof buf, &part), 2);
    pair_close(&pair);
}

static const struct test_case cases[] = {
    {"reads_stop_at_the_end_of_a_message", reads_stop_at_the_end_of_a_message, 0},
    {"parts_of_a_message_say_so", parts_of_a_message_say_so, 0},
    {"empty_messages_are_told_from_the_end", empty_messages_are_told_from_the_end, 0},
    {"each_write_is_one_message", each_write_is_one_message, 0},
    {"many_messages_arrive_as_they_are", many_messages_arrive_as_they_are, 0},
    {"modes_of_both_ends", modes_of_both_ends, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_named_pipe_messages = {"named_pipe_messages", cases};
