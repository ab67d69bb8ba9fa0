/* Pipes as Linux alone has them: packet mode and splice(2); and eventfds, which are none. */
#define _GNU_SOURCE 1
#include "pipe/pipe_util.h"
#include "queue/queue_util.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TOKEN = 7 };

/* Neither end takes the descriptor unless the error is 0, for which it is not asked. */
static void check_refused(mio_fd fd, int sender_error, int receiver_error)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    int flags = plain_flags(fd);
    memset(&sender, 0xa5, sizeof sender);
    memset(&receiver, 0xa5, sizeof receiver);
    if (sender_error != 0) {
        CHECK_EQ(mio_pipe_sender_from_fd(&sender, fd), sender_error);
        CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    }
    if (receiver_error != 0) {
        CHECK_EQ(mio_pipe_receiver_from_fd(&receiver, fd), receiver_error);
        CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    }
    CHECK_EQ(plain_flags(fd), flags);
}

static void eventfd_is_no_pipe(void)
{
    mio_fd fd = eventfd(0, EFD_CLOEXEC);
    CHECK(fd >= 0);
    check_refused(fd, -EINVAL, -EINVAL);
    CHECK_EQ(plain_close(fd), 0);
}

/* Linux shows the mode on the end that writes; a FIFO open for both has one descriptor for that. */
static void receiver_in_packet_mode_is_refused(void)
{
    struct mio_pipe_sender sender;
    int ends[2];
    plain_pipe(ends);
    if (fcntl(ends[0], F_SETFL, O_DIRECT) != 0) {
        CHECK_EQ(plain_close(ends[0]), 0);
        CHECK_EQ(plain_close(ends[1]), 0);
        SKIP("the system has no packet mode");
    }
    check_refused(ends[0], -EINVAL, -EINVAL);
    CHECK_EQ(fcntl(ends[1], F_SETFL, O_DIRECT), 0);
    CHECK_EQ(mio_pipe_sender_from_fd(&sender, ends[1]), 0);
    CHECK_EQ(mio_pipe_sender_write(&sender, "abc", 3), 3);
    pipe_expect(ends[0], "abc", 3);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(plain_close(ends[0]), 0);
    char path[64];
    snprintf(path, sizeof path, "/tmp/mio-packets-%ld", process_id());
    CHECK_EQ(mkfifo(path, 0600), 0);
    int both = open(path, O_RDWR | O_CLOEXEC);
    CHECK(both >= 0);
    CHECK_EQ(fcntl(both, F_SETFL, O_DIRECT), 0);
    check_refused(both, 0, -EINVAL);
    CHECK_EQ(plain_close(both), 0);
    CHECK_EQ(unlink(path), 0);
}

/* The other end may switch unseen: what the contract says then, a read to -EAGAIN, gets it all. */
static void packets_are_read_until_would_block(void)
{
    struct mio_pipe_receiver receiver;
    char buf[16];
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_DIRECT) != 0)
        SKIP("the system has no packet mode");
    CHECK_EQ(mio_pipe_receiver_from_fd(&receiver, ends[0]), 0);
    CHECK_EQ(write(ends[1], "abc", 3), 3);
    CHECK_EQ(write(ends[1], "de", 2), 2);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, buf, sizeof buf), 3);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, buf, sizeof buf), 2);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    CHECK_EQ(plain_close(ends[1]), 0);
}

/* A short count of splice is about the pipe: the socket has room, and no event would follow. */
static void short_splice_drains_nothing(void)
{
    struct mio_poll poll;
    struct channel channel;
    uint32_t ready;
    int pipe_fds[2];
    test_poll_init(&poll);
    plain_pipe(pipe_fds);
    channel_open(&channel, CHANNEL_UNIX);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), channel.source, TOKEN, MIO_WRITABLE), 0);
    ready = test_expect_readiness(&poll, TOKEN, MIO_WRITABLE);
    CHECK_EQ(write(pipe_fds[1], "data", 4), 4);
    ptrdiff_t n = splice(pipe_fds[0], NULL, channel.fd, NULL, 4096, SPLICE_F_NONBLOCK);
    CHECK_EQ(n, 4);
    CHECK_EQ(mio_source_after(channel.source, &ready, MIO_WRITABLE, n, 0), 0);
    CHECK_EQ(ready & MIO_WRITABLE, MIO_WRITABLE);
    test_expect_no_event(&poll);
    channel_receive(&channel, 4);
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(plain_close(pipe_fds[0]), 0);
    CHECK_EQ(plain_close(pipe_fds[1]), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static const struct test_case cases[] = {
    {"eventfd_is_no_pipe", eventfd_is_no_pipe, 0},
    {"receiver_in_packet_mode_is_refused", receiver_in_packet_mode_is_refused, 0},
    {"packets_are_read_until_would_block", packets_are_read_until_would_block, 0},
    {"short_splice_drains_nothing", short_splice_drains_nothing, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_linux_pipes = {"linux_pipes", cases};
