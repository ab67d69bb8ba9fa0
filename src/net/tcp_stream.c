/* TCP streams. */
#include "net/socket.h"

#include <string.h>

/* ---- Connecting ------------------------------------------------------------------------------ */

static bool are_connect_options_valid(const struct mio_connect_options *options)
{
    return mio__is_switch(options->nodelay) && options->reserved0 == 0 &&
           mio__is_zero(options->reserved, sizeof options->reserved / sizeof options->reserved[0]);
}

int mio_tcp_stream_connect_with(struct mio_tcp_stream *stream, const struct mio_addr *addr,
                                const struct mio_connect_options *options)
{
    static const struct mio_connect_options defaults;
    if (!stream)
        return -EINVAL;
    memset(stream, 0, sizeof *stream);
    if (!options)
        options = &defaults;
    if (!addr || !are_connect_options_valid(options))
        return -EINVAL;
    int result = mio__socket_create(&stream->source, addr);
    if (result < 0)
        return result;
    mio_fd fd = stream->source.fd;
    result = mio__socket_switch(fd, MIO__OPTION_NODELAY, options->nodelay);
    if (result == 0)
        result = mio__socket_prepare(fd, options->prepare, options->prepare_arg);
    if (result == 0)
        result = mio__socket_connect(fd, addr);
    if (result < 0)
        mio__socket_close(&stream->source);
    return result;
}

int mio_tcp_stream_connect(struct mio_tcp_stream *stream, const struct mio_addr *addr)
{
    return mio_tcp_stream_connect_with(stream, addr, NULL);
}

int mio_tcp_stream_connect_result(struct mio_tcp_stream *stream)
{
    struct mio_addr peer;
    int result = mio_tcp_stream_take_error(stream);
    if (result < 0)
        return result;
    result = mio__socket_peer_addr(stream->source.fd, &peer);
    if (result != -ENOTCONN)
        return result;
    /* No error and no peer. A socket that is connecting is neither writable nor hung up. */
    switch (mio__socket_writability(stream->source.fd)) {
    case 0:
        return -EINPROGRESS;
    case MIO_WRITABLE: /* just now, or by the first write (TCP_FASTOPEN_CONNECT) */
        return 0;
    default: /* failed just now, or the error was taken before */
        result = mio_tcp_stream_take_error(stream);
        return result < 0 ? result : -ENOTCONN;
    }
}

/* ---- Moving bytes ---------------------------------------------------------------------------- */

static size_t at_most(size_t len)
{
    return len < MIO_IO_MAX ? len : MIO_IO_MAX;
}

static ptrdiff_t receive(struct mio_tcp_stream *stream, void *buf, size_t len, bool peek)
{
    if (!stream || !buf || len == 0)
        return -EINVAL;
    if (stream->source.state == MIO__CLOSED)
        return -EBADF;
    len = at_most(len);
    ptrdiff_t result = mio__socket_recv(stream->source.fd, buf, len, peek);
    return mio__socket_done(&stream->source, MIO_READABLE, result, peek ? 0 : len);
}

ptrdiff_t mio_tcp_stream_read(struct mio_tcp_stream *stream, void *buf, size_t len)
{
    return receive(stream, buf, len, false);
}

ptrdiff_t mio_tcp_stream_peek(struct mio_tcp_stream *stream, void *buf, size_t len)
{
    return receive(stream, buf, len, true);
}

ptrdiff_t mio_tcp_stream_readv(struct mio_tcp_stream *stream, const struct mio_buf *bufs,
                               size_t count)
{
    if (!stream || !bufs || count > MIO_BUFS_MAX)
        return -EINVAL;
    size_t len = at_most(mio_bufs_len(bufs, count));
    if (len == 0)
        return -EINVAL;
    if (stream->source.state == MIO__CLOSED)
        return -EBADF;
    ptrdiff_t result = mio__socket_recvv(stream->source.fd, bufs, count);
    return mio__socket_done(&stream->source, MIO_READABLE, result, len);
}

ptrdiff_t mio_tcp_stream_write(struct mio_tcp_stream *stream, const void *buf, size_t len)
{
    if (!stream || (!buf && len > 0))
        return -EINVAL;
    if (stream->source.state == MIO__CLOSED)
        return -EBADF;
    if (len == 0)
        return 0;
    len = at_most(len);
    ptrdiff_t result = mio__socket_send(stream->source.fd, buf, len);
    return mio__socket_done(&stream->source, MIO_WRITABLE, result, len);
}

ptrdiff_t mio_tcp_stream_writev(struct mio_tcp_stream *stream, const struct mio_buf *bufs,
                                size_t count)
{
    if (!stream || (!bufs && count > 0) || count > MIO_BUFS_MAX)
        return -EINVAL;
    if (stream->source.state == MIO__CLOSED)
        return -EBADF;
    size_t len = at_most(mio_bufs_len(bufs, count));
    if (len == 0)
        return 0;
    ptrdiff_t result = mio__socket_sendv(stream->source.fd, bufs, count);
    return mio__socket_done(&stream->source, MIO_WRITABLE, result, len);
}

int mio_tcp_stream_shutdown(struct mio_tcp_stream *stream, int how)
{
    if (!stream || how < MIO_SHUTDOWN_READ || how > MIO_SHUTDOWN_BOTH)
        return -EINVAL;
    if (stream->source.state == MIO__CLOSED)
        return -EBADF;
    return mio__socket_shutdown(stream->source.fd, how);
}

/* ---- Options --------------------------------------------------------------------------------- */

int mio_tcp_stream_nodelay(const struct mio_tcp_stream *stream)
{
    int value;
    int result = mio__source_check(MIO__SOURCE(stream));
    if (result == 0)
        result = mio__option_get(stream->source.fd, MIO__OPTION_NODELAY, &value);
    return result < 0 ? result : value != 0;
}

int mio_tcp_stream_set_nodelay(struct mio_tcp_stream *stream, bool nodelay)
{
    int result = mio__source_check(MIO__SOURCE(stream));
    return result < 0 ? result : mio__option_set(stream->source.fd, MIO__OPTION_NODELAY, nodelay);
}

/* ---- As every socket ------------------------------------------------------------------------- */

int mio_tcp_stream_close(struct mio_tcp_stream *stream)
{
    return mio__socket_close(MIO__SOURCE(stream));
}

int mio_tcp_stream_local_addr(const struct mio_tcp_stream *stream, struct mio_addr *addr)
{
    return mio__socket_name(MIO__SOURCE(stream), addr, mio__socket_local_addr);
}

int mio_tcp_stream_peer_addr(const struct mio_tcp_stream *stream, struct mio_addr *addr)
{
    return mio__socket_name(MIO__SOURCE(stream), addr, mio__socket_peer_addr);
}

int mio_tcp_stream_ttl(const struct mio_tcp_stream *stream)
{
    return mio__socket_ttl(MIO__SOURCE(stream));
}

int mio_tcp_stream_set_ttl(struct mio_tcp_stream *stream, int ttl)
{
    return mio__socket_set_ttl(MIO__SOURCE(stream), ttl);
}

int mio_tcp_stream_take_error(struct mio_tcp_stream *stream)
{
    return mio__socket_take_error(MIO__SOURCE(stream));
}

int mio_tcp_stream_from_fd(struct mio_tcp_stream *stream, mio_fd fd)
{
    return mio__socket_from_fd(MIO__SOURCE(stream), fd, false);
}

mio_fd mio_tcp_stream_into_fd(struct mio_tcp_stream *stream)
{
    return mio__socket_into_fd(MIO__SOURCE(stream));
}
