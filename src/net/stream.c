/* What TCP and the Unix domain share: accepting connections, moving bytes. */
#include "net/socket.h"

#include <string.h>

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
        mio__source_open(stream, fd);
    return (int)mio__io_done(listener, MIO_READABLE, result, 0);
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
