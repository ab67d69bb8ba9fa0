/*
 * After an operation that failed: errors drain nothing, so a program goes on or gives up by
 * itself. Where edges are emulated a failed read is told again, and what fails again at once is
 * not, or a program would spin.
 */
#include "queue/queue_util.h"
#include "udp/udp_util.h"

#include <signal.h>
#include <string.h>

enum { TOKEN = 7 };

/* Waits as a program does that repeats one operation at each event, which fails. Few come. */
static void check_few_events(struct mio_poll *poll, ptrdiff_t (*operate)(void *arg), void *arg,
                             ptrdiff_t error)
{
    struct mio_event event;
    int events = 0;
    while (events < 100 && mio_poll_wait(poll, &event, 1, TEST_QUIET) == 1) {
        events++;
        CHECK_EQ(operate(arg), error);
    }
    if (events > 4)
        test_fail(__FILE__, __LINE__, "%d events, each for a %s", events, mio_error_name(error));
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* The writes of a raw descriptor raise SIGPIPE, which a program like this ignores. */
static ptrdiff_t write_byte(void *channel)
{
    broken_pipes_kill(false);
    ptrdiff_t result = channel_write(channel, "x", 1);
    broken_pipes_kill(true);
    return result;
}

static void write_after_own_shutdown_brings_no_event_without_end(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(
        mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE | MIO_WRITABLE),
        0);
    channel_shutdown(&channel, PLAIN_WRITES);
    CHECK_EQ(write_byte(&channel), -EPIPE);
    check_few_events(&poll, write_byte, &channel, -EPIPE);
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_STREAM_SOCKET, write_after_own_shutdown_brings_no_event_without_end)

#if MIO_HAS_PIPES
static void write_without_a_reader_brings_no_event_without_end(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_WRITABLE), 0);
    channel_close_peer(&channel);
    check_few_events(&poll, write_byte, &channel, -EPIPE);
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_PIPE_WRITER, write_without_a_reader_brings_no_event_without_end)
#endif

/* ---- Reading --------------------------------------------------------------------------------- */

static ptrdiff_t read_byte(void *channel)
{
    char byte;
    return channel_read(channel, &byte, 1);
}

/* After a hang-up was told nothing more is: not for the read that fails, nor for the end. */
static void reset_is_told_and_ends(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    struct mio_event event;
    tcp_need_errors_of_reads();
    test_poll_init(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(
        mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE | MIO_WRITABLE),
        0);
    channel_reset(&channel);
    test_expect_readiness(&poll, TOKEN, MIO_READ_CLOSED);
    for (int i = 0; i < 10 && mio_poll_wait(&poll, &event, 1, TEST_QUIET) == 1; i++)
        continue; /* the kernel's edges may come in several events */
    CHECK_EQ(read_byte(&channel), -ECONNRESET);
    test_expect_no_event(&poll);
    const ptrdiff_t again = read_byte(&channel);
    CHECK(again == 0 || again == -ECONNRESET); /* which Windows may repeat */
    test_expect_no_event(&poll);
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_STREAM_SOCKET, reset_is_told_and_ends)

struct refused {
    struct mio_poll poll;
    struct mio_udp_socket socket;
    struct mio_source raw; /* over the same descriptor */
    mio_fd holder;         /* of the port that refuses */
};

static void refused_open(struct refused *refused, bool raw)
{
    struct mio_addr addr;
    test_poll_init(&refused->poll);
    refused->holder = udp_refusing("127.0.0.1:0", &addr);
    udp_open(&refused->socket, "127.0.0.1:0", NULL);
    CHECK_EQ(mio_udp_socket_connect(&refused->socket, &addr), 0);
    CHECK_EQ(mio_source_init_fd(&refused->raw, udp_fd(&refused->socket)), 0);
    struct mio_source *source = raw ? &refused->raw : &refused->socket.source;
    CHECK_EQ(mio_register(mio_poll_registry(&refused->poll), source, TOKEN, MIO_READABLE), 0);
    udp_be_refused(&refused->socket);
    test_expect_readiness(&refused->poll, TOKEN,
                          queue_is_kqueue(&refused->poll) ? MIO_READABLE : MIO_ERROR);
}

/* The port takes datagrams from now on, and sends one. */
static void refused_receives(struct refused *refused)
{
    struct mio_addr name = plain_name(udp_fd(&refused->socket));
    udp_peer_connect(refused->holder, &name);
    CHECK_EQ(plain_send(refused->holder, "data", 4), 4);
    CHECK_EQ(test_expect_event(&refused->poll, TOKEN), MIO_READABLE);
    udp_expect(&refused->socket, "data", 4);
}

static void refused_close(struct refused *refused)
{
    if (mio_source_is_registered(&refused->raw))
        CHECK_EQ(mio_deregister(mio_poll_registry(&refused->poll), &refused->raw), 0);
    udp_close(&refused->socket);
    CHECK_EQ(plain_close(refused->holder), 0);
    CHECK_EQ(mio_poll_close(&refused->poll), 0);
}

/* A program that takes the one error and waits on: the next datagram is told. */
static void failed_read_leaves_no_silence(void)
{
    struct refused refused;
    char byte;
    refused_open(&refused, false);
    CHECK_EQ(mio_udp_socket_recv(&refused.socket, &byte, 1), -ECONNREFUSED);
    refused_receives(&refused);
    refused_close(&refused);
}

static void failed_peek_leaves_no_silence(void)
{
    struct refused refused;
    char byte;
    refused_open(&refused, false);
    CHECK_EQ(mio_udp_socket_peek(&refused.socket, &byte, 1), -ECONNREFUSED);
    refused_receives(&refused);
    refused_close(&refused);
}

static void failed_read_of_ones_own_leaves_no_silence(void)
{
    struct refused refused;
    uint32_t ready = MIO_READABLE | MIO_ERROR;
    char byte;
    refused_open(&refused, true);
    CHECK_EQ(plain_recv(udp_fd(&refused.socket), &byte, 1), -ECONNREFUSED);
    CHECK_EQ(mio_source_after(&refused.raw, &ready, MIO_READABLE, -ECONNREFUSED, 0), 0);
    CHECK_EQ(ready, MIO_READABLE | MIO_ERROR);
    refused_receives(&refused);
    refused_close(&refused);
}

/* Every error of a read, be it of a full queue: what it says is behind it is told. */
static void failed_read_is_told_again_whatever_the_error(void)
{
    static const int errors[] = {ENOBUFS, ENOMEM, EPERM, ENETDOWN};
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    channel_open(&channel, CHANNEL_UNIX);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE), 0);
    channel_send(&channel, "data", 4);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        uint32_t ready = MIO_READABLE;
        CHECK_EQ(mio_source_after(channel.source, &ready, MIO_READABLE, -errors[i], 0), 0);
        CHECK_EQ(ready, MIO_READABLE);
        if (!queue_has_kernel_edges(&poll))
            CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
        test_expect_no_event(&poll);
    }
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* A short read that follows the word of the end: the next event would be one too many. */
static void short_read_after_the_end_was_told_brings_no_event(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    struct mio_event event;
    char buf[64];
    queue_need_end_behind_data();
    test_poll_init(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE), 0);
    channel_send(&channel, "data", 4);
    channel_finish(&channel);
    channel_await_end(&channel);
    test_expect_readiness(&poll, TOKEN, MIO_READABLE | MIO_READ_CLOSED);
    CHECK_EQ(channel_read(&channel, buf, sizeof buf), 4);
    /* A kqueue may tell of what is left in a pipe after each read. */
    if (queue_is_kqueue(&poll) && channel_is_pipe(&channel))
        mio_poll_wait(&poll, &event, 1, TEST_QUIET);
    else
        test_expect_no_event(&poll);
    CHECK_EQ(channel_read(&channel, buf, sizeof buf), 0);
    test_expect_no_event(&poll);
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_FD_STREAM, short_read_after_the_end_was_told_brings_no_event)

/* ---- Accepting on a descriptor of one's own -------------------------------------------------- */

struct own_listener {
    struct mio_tcp_listener listener;
    struct mio_source raw;
    uint32_t ready;
};

static ptrdiff_t accept_one(void *arg)
{
    struct own_listener *own = arg;
    mio_fd accepted;
    ptrdiff_t result = plain_accept(mio_source_fd(&own->raw), &accepted);
    own->ready = MIO_READABLE;
    CHECK_EQ(mio_source_after(&own->raw, &own->ready, MIO_READABLE, result, 0), 0);
    CHECK_EQ(own->ready, MIO_READABLE);
    return result;
}

static void accept_at_the_limit(void)
{
    struct mio_poll poll;
    struct own_listener own;
    struct mio_addr addr;
    test_poll_init(&poll);
    test_listen(&own.listener, &addr);
    test_client(&addr);
    mio_fd fd = mio_source_fd(&own.listener.source);
    CHECK(plain_wait(fd, PLAIN_IN));
    CHECK_EQ(mio_source_init_fd(&own.raw, fd), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &own.raw, TOKEN, MIO_READABLE), 0);
    descriptors_leave(0);
    check_few_events(&poll, accept_one, &own, -EMFILE);
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &own.raw), 0);
}

static void failed_accept_brings_no_event_without_end(void)
{
    if (test_under_valgrind())
        SKIP("valgrind accepts first, looks at the limit then, and drops the connection");
    test_in_child(accept_at_the_limit);
}

/* ---- I/O of one's own ------------------------------------------------------------------------ */

static void after_refuses_bad_arguments(void)
{
    static struct mio_source closed;
    static const uint32_t directions[] = {0, MIO_READABLE | MIO_WRITABLE, MIO_ERROR, MIO_PRIORITY};
    struct mio_source source;
    uint32_t ready = MIO_READABLE;
    mio_fd fd = queue_loop(&source, false);
    CHECK_EQ(mio_source_after(NULL, &ready, MIO_READABLE, -EAGAIN, 1), -EINVAL);
    CHECK_EQ(mio_source_after(&source, NULL, MIO_READABLE, -EAGAIN, 1), -EINVAL);
    for (size_t i = 0; i < sizeof directions / sizeof directions[0]; i++)
        CHECK_EQ(mio_source_after(&source, &ready, directions[i], -EAGAIN, 1), -EINVAL);
    CHECK_EQ(mio_source_after(&closed, &ready, MIO_READABLE, -EAGAIN, 1), -EBADF);
    CHECK_EQ(ready, MIO_READABLE);
    CHECK_EQ(mio_source_after(&source, &ready, MIO_READABLE, -EAGAIN, 1), 0); /* unregistered */
    CHECK_EQ(ready, 0);
    ready = MIO_WRITABLE; /* a first write that connects */
    CHECK_EQ(mio_source_after(&source, &ready, MIO_WRITABLE, -EINPROGRESS, 1), 0);
    CHECK_EQ(ready, 0);
    CHECK_EQ(plain_close(fd), 0);
}

/* The recipe of the header, on a raw descriptor: what is drained is told again, without a copy. */
static void after_says_what_is_drained(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    uint32_t ready = 0;
    char buf[16];
    test_poll_init(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_READABLE), 0);
    for (int round = 0; round < 6; round++) {
        size_t asked = round % 2 != 0 ? 4 : sizeof buf; /* a full read, or a short one */
        channel_send(&channel, "data", 4);
        channel_await_bytes(&channel, 4);
        ready |= test_expect_readiness(&poll, TOKEN, MIO_READABLE);
        for (int i = 0; i < 3 && (ready & MIO_READABLE); i++) {
            ptrdiff_t n = plain_read(channel.fd, buf, asked);
            CHECK_EQ(mio_source_after(channel.source, &ready, MIO_READABLE, n, asked), 0);
        }
        CHECK_EQ(ready, 0);
    }
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_FD_STREAM, after_says_what_is_drained)

static const struct test_case cases[] = {
    /* clang-format off */
    CASES(EACH_STREAM_SOCKET, write_after_own_shutdown_brings_no_event_without_end, TEST_EDGE)
    CASES(EACH_PIPE_WRITER, write_without_a_reader_brings_no_event_without_end, TEST_EDGE)
    CASES(EACH_STREAM_SOCKET, reset_is_told_and_ends, TEST_EDGE)
    {"failed_read_leaves_no_silence", failed_read_leaves_no_silence, TEST_EDGE},
    {"failed_peek_leaves_no_silence", failed_peek_leaves_no_silence, TEST_EDGE},
    {"failed_read_of_ones_own_leaves_no_silence", failed_read_of_ones_own_leaves_no_silence,
     TEST_EDGE},
    {"failed_read_is_told_again_whatever_the_error", failed_read_is_told_again_whatever_the_error,
     TEST_EDGE},
    CASES(EACH_FD_STREAM, short_read_after_the_end_was_told_brings_no_event, TEST_EDGE)
    {"failed_accept_brings_no_event_without_end", failed_accept_brings_no_event_without_end,
     TEST_EDGE},
    {"after_refuses_bad_arguments", after_refuses_bad_arguments, 0},
    CASES(EACH_FD_STREAM, after_says_what_is_drained, TEST_EDGE)
    {NULL, NULL, 0},
    /* clang-format on */
};

const struct test_suite suite_errors = {"errors", cases};
