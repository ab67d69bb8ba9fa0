/*
 * When pipes are reported, beyond what the cases over all types say (suites drain, modes,
 * readiness): vectored calls, both ends in one poll, FIFOs.
 */
#define _GNU_SOURCE 1
#include "pipe/pipe_util.h"
#include "queue/queue_util.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TOKEN_SENDER = 1, TOKEN_RECEIVER };

/* ---- The draining rule of vectored calls ----------------------------------------------------- */

static void short_readv_drains_and_a_full_one_does_not(void)
{
    struct mio_poll poll;
    struct mio_pipe_receiver receiver;
    char buf[8];
    struct mio_buf bufs[2] = {{buf, 3}, {buf + 3, 5}};
    test_poll_init(&poll);
    mio_fd writer = pipe_receiver(&receiver);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &receiver.source, TOKEN_RECEIVER, MIO_READABLE),
             0);
    for (int round = 0; round < 3; round++) {
        CHECK_EQ(write(writer, "short", 5), 5);
        CHECK_EQ(test_expect_event(&poll, TOKEN_RECEIVER), MIO_READABLE);
        CHECK_EQ(mio_pipe_receiver_readv(&receiver, bufs, 2), 5);
    }
    CHECK_EQ(write(writer, "complete", 8), 8);
    CHECK_EQ(test_expect_event(&poll, TOKEN_RECEIVER), MIO_READABLE);
    CHECK_EQ(mio_pipe_receiver_readv(&receiver, bufs, 2), 8);
    CHECK_EQ(write(writer, "unasked", 7), 7);
    /* Only kernels that make the edges themselves tell more than was promised. */
    if (!queue_has_kernel_edges(&poll))
        test_expect_no_event(&poll);
    CHECK_EQ(mio_pipe_receiver_readv(&receiver, bufs, 1), 3);
    CHECK_EQ(mio_pipe_receiver_readv(&receiver, bufs, 2), 4);
    CHECK_EQ(write(writer, "x", 1), 1);
    CHECK_EQ(test_expect_event(&poll, TOKEN_RECEIVER), MIO_READABLE);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    CHECK_EQ(plain_close(writer), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void short_writev_drains_and_a_full_one_does_not(void)
{
    static char block[1 << 21];
    struct mio_poll poll;
    struct mio_pipe_sender sender;
    struct mio_buf bufs[2] = {{block, sizeof block / 2}, {block, sizeof block / 2}};
    test_poll_init(&poll);
    mio_fd reader = pipe_sender(&sender);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &sender.source, TOKEN_SENDER, MIO_WRITABLE), 0);
    CHECK_EQ(test_expect_event(&poll, TOKEN_SENDER), MIO_WRITABLE);
    for (int round = 0; round < 3; round++) {
        ptrdiff_t n = mio_pipe_sender_writev(&sender, bufs, 2);
        CHECK(n > 0 && n < (ptrdiff_t)sizeof block);
        test_expect_no_event(&poll);
        CHECK_EQ(pipe_empty(reader), n);
        CHECK_EQ(test_expect_event(&poll, TOKEN_SENDER), MIO_WRITABLE);
    }
    struct mio_buf small = {block, 8};
    CHECK_EQ(mio_pipe_sender_writev(&sender, &small, 1), 8);
    CHECK_EQ(mio_pipe_sender_write(&sender, block, 8), 8);
    if (!queue_is_kqueue(&poll)) /* there each transfer on a pipe may be an edge of both ends */
        test_expect_no_event(&poll);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(plain_close(reader), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* ---- Both ends ------------------------------------------------------------------------------- */

struct both {
    struct mio_poll poll;
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    uint32_t can_write, can_read;
};

static void both_open(struct both *both)
{
    memset(both, 0, sizeof *both);
    test_poll_init(&both->poll);
    struct mio_registry *registry = mio_poll_registry(&both->poll);
    CHECK_EQ(mio_pipe_pair(&both->sender, &both->receiver), 0);
    CHECK_EQ(
        mio_register(registry, &both->sender.source, TOKEN_SENDER, MIO_WRITABLE | test_config.mode),
        0);
    CHECK_EQ(mio_register(registry, &both->receiver.source, TOKEN_RECEIVER,
                          MIO_READABLE | test_config.mode),
             0);
}

static void both_wait(struct both *both)
{
    struct mio_event events[4];
    int n = mio_poll_wait(&both->poll, events, 4, TEST_SOON);
    CHECK(n > 0);
    for (int i = 0; i < n; i++) {
        CHECK(events[i].token == TOKEN_SENDER || events[i].token == TOKEN_RECEIVER);
        if (events[i].token == TOKEN_SENDER)
            both->can_write |= events[i].readiness;
        else
            both->can_read |= events[i].readiness;
    }
}

static void both_arm(struct both *both)
{
    struct mio_registry *registry = mio_poll_registry(&both->poll);
    if (!(test_config.mode & MIO_ONESHOT))
        return;
    if (!(both->can_write & MIO_WRITABLE) && mio_source_is_registered(&both->sender.source))
        CHECK_EQ(mio_reregister(registry, &both->sender.source, TOKEN_SENDER,
                                MIO_WRITABLE | test_config.mode),
                 0);
    if (!(both->can_read & MIO_READABLE))
        CHECK_EQ(mio_reregister(registry, &both->receiver.source, TOKEN_RECEIVER,
                                MIO_READABLE | test_config.mode),
                 0);
}

/* A megabyte from one end to the other by one loop, with the draining rule in its short form. */
static void bytes_flow_through_one_loop(void)
{
    enum { TOTAL = 1000000 };
    static unsigned char out[30000], in[7000];
    struct both both;
    size_t sent = 0, got = 0;
    both_open(&both);
    for (bool ended = false; !ended;) {
        both_wait(&both);
        while (sent < TOTAL && (both.can_write & MIO_WRITABLE)) {
            size_t asked = TOTAL - sent < sizeof out ? TOTAL - sent : sizeof out;
            for (size_t i = 0; i < asked; i++)
                out[i] = (unsigned char)((sent + i) % 251);
            ptrdiff_t n = mio_pipe_sender_write(&both.sender, out, asked);
            mio_ready_after(&both.can_write, MIO_WRITABLE, n, asked);
            CHECK(n > 0 || n == -EAGAIN);
            sent += n > 0 ? (size_t)n : 0;
            if (sent == TOTAL)
                CHECK_EQ(mio_pipe_sender_close(&both.sender), 0);
        }
        while (both.can_read & MIO_READABLE) {
            ptrdiff_t n = mio_pipe_receiver_read(&both.receiver, in, sizeof in);
            mio_ready_after(&both.can_read, MIO_READABLE, n, sizeof in);
            CHECK(n >= 0 || n == -EAGAIN);
            for (ptrdiff_t i = 0; i < n; i++)
                CHECK_EQ(in[i], (got + (size_t)i) % 251);
            got += n > 0 ? (size_t)n : 0;
            ended = n == 0;
        }
        if (!ended)
            both_arm(&both);
    }
    CHECK_EQ(sent, TOTAL);
    CHECK_EQ(got, TOTAL);
    CHECK_EQ(mio_pipe_receiver_close(&both.receiver), 0);
    CHECK_EQ(mio_poll_close(&both.poll), 0);
}

static void closed_sender_is_told_to_the_receiver(void)
{
    struct both both;
    char byte;
    both_open(&both);
    CHECK_EQ(test_expect_event(&both.poll, TOKEN_SENDER), MIO_WRITABLE);
    CHECK_EQ(mio_pipe_sender_close(&both.sender), 0);
    /* The end alone, without bytes, is readable as well. */
    uint32_t seen = test_expect_readiness(&both.poll, TOKEN_RECEIVER, MIO_READ_CLOSED);
    CHECK(seen & MIO_READABLE);
    CHECK_EQ(mio_pipe_receiver_read(&both.receiver, &byte, 1), 0);
    if (test_config.mode != MIO_LEVEL)
        test_expect_no_event(&both.poll);
    CHECK_EQ(mio_pipe_receiver_close(&both.receiver), 0);
    CHECK_EQ(mio_poll_close(&both.poll), 0);
}

static void closed_receiver_is_told_to_the_sender(void)
{
    struct both both;
    both_open(&both);
    pipe_fill(pipe_sender_fd(&both.sender));
    CHECK_EQ(mio_reregister(mio_poll_registry(&both.poll), &both.sender.source, TOKEN_SENDER,
                            MIO_WRITABLE | test_config.mode),
             0);
    CHECK_EQ(mio_pipe_receiver_close(&both.receiver), 0);
    uint32_t seen = test_expect_readiness(&both.poll, TOKEN_SENDER, MIO_WRITE_CLOSED);
    CHECK(seen & MIO_WRITABLE);
    CHECK_EQ(mio_pipe_sender_write(&both.sender, "x", 1), -EPIPE);
    if (test_config.mode != MIO_LEVEL)
        test_expect_no_event(&both.poll);
    CHECK_EQ(mio_pipe_sender_close(&both.sender), 0);
    CHECK_EQ(mio_poll_close(&both.poll), 0);
}

/* ---- FIFOs ----------------------------------------------------------------------------------- */

/* After an end edges say no more, but in level mode the next writer of a FIFO is heard. */
static void fifo_is_read_on_in_level_mode(void)
{
    char folder[] = "/tmp/mio-fifo-XXXXXX", path[64];
    struct mio_poll poll;
    struct mio_pipe_receiver receiver;
    char buf[8];
    test_poll_init(&poll);
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/fifo", folder);
    CHECK_EQ(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    CHECK(fd >= 0);
    CHECK_EQ(mio_pipe_receiver_from_fd(&receiver, fd), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &receiver.source, TOKEN_RECEIVER,
                          MIO_READABLE | MIO_LEVEL),
             0);
    for (int writers = 0; writers < 3; writers++) {
        int writer = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        CHECK(writer >= 0);
        CHECK_EQ(mio_pipe_receiver_read(&receiver, buf, sizeof buf), -EAGAIN);
        test_expect_no_event(&poll);
        CHECK_EQ(write(writer, "data", 4), 4);
        CHECK(test_expect_event(&poll, TOKEN_RECEIVER) & MIO_READABLE);
        CHECK_EQ(mio_pipe_receiver_read(&receiver, buf, sizeof buf), 4);
        CHECK_EQ(plain_close(writer), 0);
        CHECK(test_expect_readiness(&poll, TOKEN_RECEIVER, MIO_READ_CLOSED) & MIO_READABLE);
        CHECK_EQ(mio_pipe_receiver_read(&receiver, buf, sizeof buf), 0);
    }
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    CHECK_EQ(unlink(path), 0);
    CHECK_EQ(rmdir(folder), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static const struct test_case cases[] = {
    {"short_readv_drains_and_a_full_one_does_not", short_readv_drains_and_a_full_one_does_not,
     TEST_EDGE},
    {"short_writev_drains_and_a_full_one_does_not", short_writev_drains_and_a_full_one_does_not,
     TEST_EDGE},
    {"bytes_flow_through_one_loop", bytes_flow_through_one_loop, TEST_ANY_MODE},
    {"closed_sender_is_told_to_the_receiver", closed_sender_is_told_to_the_receiver, TEST_ANY_MODE},
    {"closed_receiver_is_told_to_the_sender", closed_receiver_is_told_to_the_sender, TEST_ANY_MODE},
    {"fifo_is_read_on_in_level_mode", fifo_is_read_on_in_level_mode, TEST_LEVEL},
    {NULL, NULL, 0},
};

const struct test_suite suite_pipe_events = {"pipe_events", cases};
