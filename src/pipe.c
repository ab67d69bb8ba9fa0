/* Pipes: a type for each end. */
#include "io.h"
#include "source.h"
#include "sys/sys.h"

#include <string.h>

int mio_pipe_pair(struct mio_pipe_sender *sender, struct mio_pipe_receiver *receiver)
{
    mio_fd read_fd = MIO_FD_NONE, write_fd = MIO_FD_NONE;
    if (sender)
        memset(sender, 0, sizeof *sender);
    if (receiver)
        memset(receiver, 0, sizeof *receiver);
    if (!sender || !receiver)
        return -EINVAL;
    int result = mio__pipe_open(&read_fd, &write_fd);
    if (result < 0)
        return result;
    mio__source_open(&receiver->source, read_fd);
    mio__source_open(&sender->source, write_fd);
    return 0;
}

/* ---- Writing --------------------------------------------------------------------------------- */

ptrdiff_t mio_pipe_sender_write(struct mio_pipe_sender *sender, const void *buf, size_t len)
{
    struct mio_source *source = MIO__SOURCE(sender);
    int refused = mio__io_check_buffer(source, buf, len);
    if (refused < 0 || len == 0)
        return refused;
    const struct mio_buf list = {(void *)buf, mio__io_at_most(len)};
    ptrdiff_t n = mio__pipe_writev(source->fd, &list, 1, &source->learned);
    return mio__io_done(source, MIO_WRITABLE, n, list.len);
}

ptrdiff_t mio_pipe_sender_writev(struct mio_pipe_sender *sender, const struct mio_buf *bufs,
                                 size_t count)
{
    size_t len;
    struct mio_source *source = MIO__SOURCE(sender);
    int refused = mio__io_check_writev(source, bufs, count, &len);
    if (refused < 0 || len == 0)
        return refused;
    ptrdiff_t n = mio__pipe_writev(source->fd, bufs, count, &source->learned);
    return mio__io_done(source, MIO_WRITABLE, n, len);
}

/* ---- Reading --------------------------------------------------------------------------------- */

ptrdiff_t mio_pipe_receiver_read(struct mio_pipe_receiver *receiver, void *buf, size_t len)
{
    struct mio_source *source = MIO__SOURCE(receiver);
    int refused = mio__io_check_read(source, buf, len);
    if (refused < 0)
        return refused;
    const struct mio_buf list = {buf, mio__io_at_most(len)};
    return mio__io_done(source, MIO_READABLE, mio__pipe_readv(source->fd, &list, 1), list.len);
}

ptrdiff_t mio_pipe_receiver_readv(struct mio_pipe_receiver *receiver, const struct mio_buf *bufs,
                                  size_t count)
{
    size_t len;
    struct mio_source *source = MIO__SOURCE(receiver);
    int refused = mio__io_check_readv(source, bufs, count, &len);
    if (refused < 0)
        return refused;
    return mio__io_done(source, MIO_READABLE, mio__pipe_readv(source->fd, bufs, count), len);
}

/* ---- Both ends ------------------------------------------------------------------------------- */

static int pipe_set_blocking_mode(const struct mio_source *source, bool nonblocking)
{
    int result = mio__source_check(source);
    return result < 0 ? result : mio__pipe_set_nonblocking(source->fd, nonblocking);
}

int mio_pipe_sender_set_nonblocking(struct mio_pipe_sender *sender, bool nonblocking)
{
    return pipe_set_blocking_mode(MIO__SOURCE(sender), nonblocking);
}

int mio_pipe_receiver_set_nonblocking(struct mio_pipe_receiver *receiver, bool nonblocking)
{
    return pipe_set_blocking_mode(MIO__SOURCE(receiver), nonblocking);
}

static int pipe_take_over(struct mio_source *source, mio_fd fd, bool writes)
{
    if (!source)
        return -EINVAL;
    memset(source, 0, sizeof *source);
    int result = mio__pipe_check(fd, writes);
    if (result == 0)
        result = mio__pipe_adopt(fd);
    if (result == 0)
        mio__source_open(source, fd);
    return result;
}

int mio_pipe_sender_from_fd(struct mio_pipe_sender *sender, mio_fd fd)
{
    return pipe_take_over(MIO__SOURCE(sender), fd, true);
}

int mio_pipe_receiver_from_fd(struct mio_pipe_receiver *receiver, mio_fd fd)
{
    return pipe_take_over(MIO__SOURCE(receiver), fd, false);
}

mio_fd mio_pipe_sender_into_fd(struct mio_pipe_sender *sender)
{
    return mio__source_into_fd(MIO__SOURCE(sender));
}

mio_fd mio_pipe_receiver_into_fd(struct mio_pipe_receiver *receiver)
{
    return mio__source_into_fd(MIO__SOURCE(receiver));
}

int mio_pipe_sender_close(struct mio_pipe_sender *sender)
{
    return mio__source_close(MIO__SOURCE(sender), mio__pipe_close);
}

int mio_pipe_receiver_close(struct mio_pipe_receiver *receiver)
{
    return mio__source_close(MIO__SOURCE(receiver), mio__pipe_close);
}
