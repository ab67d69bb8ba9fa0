/* TCP streams. */
#include "net/socket.h"

#include <string.h>

static const struct mio__socket_kind tcp_stream = {.type = MIO__STREAM};

/* ---- Connecting ------------------------------------------------------------------------------ */

int mio_tcp_stream_connect_with(struct mio_tcp_stream *stream, const struct mio_addr *addr,
                                const struct mio_connect_options *options)
{
    if (!stream)
        return -EINVAL;
    memset(stream, 0, sizeof *stream);
    options = mio__connect_options(options);
    if (!addr || !options)
        return -EINVAL;
    int result = mio__socket_create(&stream->source, &tcp_stream, addr);
    if (result < 0)
        return result;
    mio_fd fd = stream->source.fd;
    result = mio__socket_switch(fd, MIO__OPTION_NODELAY, options->nodelay);
    if (result == 0)
        result = mio__socket_prepare(fd, options->prepare, options->prepare_arg);
    if (result == 0)
        result = mio__socket_connect(fd, addr);
    if (result < 0)
        mio__socket_close_source(&stream->source);
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
    result = mio__socket_writability(stream->source.fd);
    if (result < 0)
        return result;
    if (result == 0)
        return -EINPROGRESS;
    if (result == MIO_WRITABLE) /* just now, or by the first write (TCP_FASTOPEN_CONNECT) */
        return 0;
    /* Failed just now, or the error was taken before. */
    result = mio_tcp_stream_take_error(stream);
    return result < 0 ? result : -ENOTCONN;
}

/* ---- Moving bytes ---------------------------------------------------------------------------- */

ptrdiff_t mio_tcp_stream_read(struct mio_tcp_stream *stream, void *buf, size_t len)
{
    return mio__stream_read(MIO__SOURCE(stream), buf, len, false);
}

ptrdiff_t mio_tcp_stream_readv(struct mio_tcp_stream *stream, const struct mio_buf *bufs,
                               size_t count)
{
    return mio__stream_readv(MIO__SOURCE(stream), bufs, count);
}

ptrdiff_t mio_tcp_stream_peek(struct mio_tcp_stream *stream, void *buf, size_t len)
{
    return mio__stream_read(MIO__SOURCE(stream), buf, len, true);
}

ptrdiff_t mio_tcp_stream_write(struct mio_tcp_stream *stream, const void *buf, size_t len)
{
    return mio__stream_write(MIO__SOURCE(stream), buf, len);
}

ptrdiff_t mio_tcp_stream_writev(struct mio_tcp_stream *stream, const struct mio_buf *bufs,
                                size_t count)
{
    return mio__stream_writev(MIO__SOURCE(stream), bufs, count);
}

int mio_tcp_stream_shutdown(struct mio_tcp_stream *stream, int how)
{
    return mio__socket_end(MIO__SOURCE(stream), how);
}

/* ---- Options --------------------------------------------------------------------------------- */

int mio_tcp_stream_nodelay(const struct mio_tcp_stream *stream)
{
    return mio__socket_flag(MIO__SOURCE(stream), MIO__OPTION_NODELAY);
}

int mio_tcp_stream_set_nodelay(struct mio_tcp_stream *stream, bool nodelay)
{
    return mio__socket_set_flag(MIO__SOURCE(stream), MIO__OPTION_NODELAY, nodelay);
}

/* ---- As every socket ------------------------------------------------------------------------- */

int mio_tcp_stream_close(struct mio_tcp_stream *stream)
{
    return mio__socket_close_source(MIO__SOURCE(stream));
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
    return mio__socket_from_fd(MIO__SOURCE(stream), &tcp_stream, fd);
}

mio_fd mio_tcp_stream_into_fd(struct mio_tcp_stream *stream)
{
    return mio__source_into_fd(MIO__SOURCE(stream));
}
