/* Streams of TCP and of the Unix domain: accepting connections, moving bytes. */
#include "net/socket.h"

#include <string.h>

static const struct mio__socket_kind accepted_stream = {.type = MIO__STREAM};

int mio__stream_accept(struct mio_source *listener, struct mio_source *stream,
                       struct mio_addr *peer)
{
    mio_fd fd;
    if (!stream)
        return -EINVAL;
    memset(stream, 0, sizeof *stream);
    int result = mio__source_check(listener);
    if (result < 0)
        return result;
    result = mio__socket_accept(listener->fd, &fd, peer);
    if (result == 0)
        mio__socket_open_source(stream, &accepted_stream, fd);
    /* Any other error of an accept comes again at the next one, or is gone: neither drains. */
    mio__io_done(listener, MIO_READABLE, result == -EAGAIN ? result : 0, 0);
    return result;
}

ptrdiff_t mio__stream_read(struct mio_source *source, void *buf, size_t len, bool peek)
{
    int refused = mio__io_check_read(source, buf, len);
    if (refused < 0)
        return refused;
    len = mio__io_at_most(len);
    ptrdiff_t result = mio__socket_recv(source->fd, buf, len, peek);
    return mio__io_done(source, MIO_READABLE, result, peek ? 0 : len);
}

ptrdiff_t mio__stream_readv(struct mio_source *source, const struct mio_buf *bufs, size_t count)
{
    size_t len;
    int refused = mio__io_check_readv(source, bufs, count, &len);
    if (refused < 0)
        return refused;
    return mio__io_done(source, MIO_READABLE, mio__socket_recvv(source->fd, bufs, count), len);
}

ptrdiff_t mio__stream_write(struct mio_source *source, const void *buf, size_t len)
{
    int refused = mio__io_check_buffer(source, buf, len);
    if (refused < 0 || len == 0)
        return refused;
    len = mio__io_at_most(len);
    return mio__io_done(source, MIO_WRITABLE, mio__socket_send(source->fd, buf, len), len);
}

ptrdiff_t mio__stream_writev(struct mio_source *source, const struct mio_buf *bufs, size_t count)
{
    size_t len;
    int refused = mio__io_check_writev(source, bufs, count, &len);
    if (refused < 0 || len == 0)
        return refused;
    return mio__io_done(source, MIO_WRITABLE, mio__socket_sendv(source->fd, bufs, count), len);
}

/* ---- Streams of either kind ------------------------------------------------------------------ */

/* 0 also where there is no object: what else is wrong is found by what follows. */
static int check_is_stream(const struct mio_source *source)
{
    bool is_other = source && source->state != MIO__CLOSED && !(source->flags & MIO__IS_STREAM);
    return is_other ? -EINVAL : 0;
}

ptrdiff_t mio_stream_read(struct mio_source *stream, void *buf, size_t len)
{
    int refused = check_is_stream(stream);
    return refused < 0 ? refused : mio__stream_read(stream, buf, len, false);
}

ptrdiff_t mio_stream_readv(struct mio_source *stream, const struct mio_buf *bufs, size_t count)
{
    int refused = check_is_stream(stream);
    return refused < 0 ? refused : mio__stream_readv(stream, bufs, count);
}

ptrdiff_t mio_stream_peek(struct mio_source *stream, void *buf, size_t len)
{
    int refused = check_is_stream(stream);
    return refused < 0 ? refused : mio__stream_read(stream, buf, len, true);
}

ptrdiff_t mio_stream_write(struct mio_source *stream, const void *buf, size_t len)
{
    int refused = check_is_stream(stream);
    return refused < 0 ? refused : mio__stream_write(stream, buf, len);
}

ptrdiff_t mio_stream_writev(struct mio_source *stream, const struct mio_buf *bufs, size_t count)
{
    int refused = check_is_stream(stream);
    return refused < 0 ? refused : mio__stream_writev(stream, bufs, count);
}

int mio_stream_shutdown(struct mio_source *stream, int how)
{
    int refused = check_is_stream(stream);
    return refused < 0 ? refused : mio__socket_end(stream, how);
}

int mio_stream_take_error(struct mio_source *stream)
{
    int refused = check_is_stream(stream);
    return refused < 0 ? refused : mio__socket_take_error(stream);
}

int mio_stream_close(struct mio_source *stream)
{
    int refused = check_is_stream(stream);
    return refused < 0 ? refused : mio__socket_close_source(stream);
}
