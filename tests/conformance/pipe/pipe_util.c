#define _GNU_SOURCE 1
#include "pipe/pipe_util.h"

#include <string.h>
#include <unistd.h>

mio_fd pipe_sender(struct mio_pipe_sender *sender)
{
    struct mio_pipe_receiver receiver;
    CHECK_EQ(mio_pipe_pair(sender, &receiver), 0);
    mio_fd fd = mio_pipe_receiver_into_fd(&receiver);
    CHECK(fd >= 0);
    return fd;
}

mio_fd pipe_receiver(struct mio_pipe_receiver *receiver)
{
    struct mio_pipe_sender sender;
    CHECK_EQ(mio_pipe_pair(&sender, receiver), 0);
    mio_fd fd = mio_pipe_sender_into_fd(&sender);
    CHECK(fd >= 0);
    return fd;
}

mio_fd pipe_sender_fd(const struct mio_pipe_sender *sender)
{
    return mio_source_fd(&sender->source);
}

mio_fd pipe_receiver_fd(const struct mio_pipe_receiver *receiver)
{
    return mio_source_fd(&receiver->source);
}

void pipe_expect(mio_fd fd, const void *bytes, size_t len)
{
    char buf[512];
    CHECK(len <= sizeof buf);
    CHECK_EQ(read(fd, buf, len), len);
    CHECK_EQ(memcmp(buf, bytes, len), 0);
}

void pipe_expect_nothing(mio_fd fd)
{
    char byte;
    CHECK_EQ(read(fd, &byte, 1), -1);
    CHECK_EQ(errno, EAGAIN);
}

void pipe_expect_end(mio_fd fd)
{
    char byte;
    CHECK_EQ(read(fd, &byte, 1), 0);
}

void pipe_fill(mio_fd fd)
{
    static const char block[4096];
    while (write(fd, block, sizeof block) > 0)
        ;
    CHECK_EQ(errno, EAGAIN);
    while (write(fd, block, 1) > 0)
        ;
    CHECK_EQ(errno, EAGAIN);
}

size_t pipe_empty(mio_fd fd)
{
    static char block[65536];
    size_t total = 0;
    ssize_t n;
    while ((n = read(fd, block, sizeof block)) > 0)
        total += (size_t)n;
    CHECK(n < 0 && errno == EAGAIN);
    return total;
}

static void check_closed_source(struct mio_source *source)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK_EQ(mio_register(registry, source, 7, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_reregister(registry, source, 7, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_deregister(registry, source), -EBADF);
    CHECK(mio_source_fd(source) == MIO_FD_NONE);
    CHECK(!mio_source_is_registered(source));
    CHECK_EQ(mio_poll_close(&poll), 0);
}

void pipe_check_closed_sender(struct mio_pipe_sender *sender)
{
    char byte = 'x';
    struct mio_buf buf = {&byte, 1};
    CHECK_EQ(mio_pipe_sender_write(sender, &byte, 1), -EBADF);
    CHECK_EQ(mio_pipe_sender_write(sender, NULL, 0), -EBADF);
    CHECK_EQ(mio_pipe_sender_writev(sender, &buf, 1), -EBADF);
    CHECK_EQ(mio_pipe_sender_writev(sender, NULL, 0), -EBADF);
    CHECK_EQ(mio_pipe_sender_set_nonblocking(sender, true), -EBADF);
    CHECK_EQ(mio_pipe_sender_set_nonblocking(sender, false), -EBADF);
    CHECK(mio_pipe_sender_into_fd(sender) == MIO_FD_NONE);
    check_closed_source(&sender->source);
    CHECK_EQ(mio_pipe_sender_close(sender), 0);
    CHECK_EQ(mio_pipe_sender_close(sender), 0);
}

void pipe_check_closed_receiver(struct mio_pipe_receiver *receiver)
{
    char byte;
    struct mio_buf buf = {&byte, 1};
    CHECK_EQ(mio_pipe_receiver_read(receiver, &byte, 1), -EBADF);
    CHECK_EQ(mio_pipe_receiver_readv(receiver, &buf, 1), -EBADF);
    CHECK_EQ(mio_pipe_receiver_set_nonblocking(receiver, true), -EBADF);
    CHECK_EQ(mio_pipe_receiver_set_nonblocking(receiver, false), -EBADF);
    CHECK(mio_pipe_receiver_into_fd(receiver) == MIO_FD_NONE);
    check_closed_source(&receiver->source);
    CHECK_EQ(mio_pipe_receiver_close(receiver), 0);
    CHECK_EQ(mio_pipe_receiver_close(receiver), 0);
}
