/* Streams in the Unix domain. */
#include "net/socket.h"

#include <string.h>

static const struct mio__socket_kind unix_stream = {.is_unix = true, .type = MIO__STREAM};

/* ---- Connecting ------------------------------------------------------------------------------ */

int mio_unix_stream_connect_with(struct mio_unix_stream *stream, const struct mio_addr *addr,
                                 const struct mio_connect_options *options)
{
    if (!stream)
        return -EINVAL;
    memset(stream, 0, sizeof *stream);
    options = mio__connect_options(options);
    if (!addr || !options)
        return -EINVAL;
    int result = mio__connect_options_unix(options);
    if (result == 0)
        result = mio__socket_create(&stream->source, &unix_stream, addr);
    if (result < 0)
        return result;
    result = mio__socket_prepare(stream->source.fd, options->prepare, options->prepare_arg);
    if (result == 0)
        result = mio__socket_connect(stream->source.fd, addr);
    if (result < 0)
        mio__socket_close_source(&stream->source);
    return result;
}

int mio_unix_stream_connect(struct mio_unix_stream *stream, const struct mio_addr *addr)
{
    return mio_unix_stream_connect_with(stream, addr, NULL);
}

int mio_unix_stream_pair(struct mio_unix_stream *a, struct mio_unix_stream *b)
{
    return mio__socket_create_pair(MIO__SOURCE(a), MIO__SOURCE(b), &unix_stream);
}

/* ---- Moving bytes ---------------------------------------------------------------------------- */

ptrdiff_t mio_unix_stream_read(struct mio_unix_stream *stream, void *buf, size_t len)
{
    return mio__stream_read(MIO__SOURCE(stream), buf, len, false);
}

ptrdiff_t mio_unix_stream_readv(struct mio_unix_stream *stream, const struct mio_buf *bufs,
                                size_t count)
{
    return mio__stream_readv(MIO__SOURCE(stream), bufs, count);
}

ptrdiff_t mio_unix_stream_peek(struct mio_unix_stream *stream, void *buf, size_t len)
{
    return mio__stream_read(MIO__SOURCE(stream), buf, len, true);
}

ptrdiff_t mio_unix_stream_write(struct mio_unix_stream *stream, const void *buf, size_t len)
{
    return mio__stream_write(MIO__SOURCE(stream), buf, len);
}

ptrdiff_t mio_unix_stream_writev(struct mio_unix_stream *stream, const struct mio_buf *bufs,
                                 size_t count)
{
    return mio__stream_writev(MIO__SOURCE(stream), bufs, count);
}

ptrdiff_t mio_unix_stream_send_fds(struct mio_unix_stream *stream, const void *buf, size_t len,
                                   const mio_fd *fds, size_t count)
{
    return mio__rights_send(MIO__SOURCE(stream), &unix_stream, buf, len, NULL, fds, count);
}

ptrdiff_t mio_unix_stream_recv_fds(struct mio_unix_stream *stream, void *buf, size_t len,
                                   struct mio_fds *fds)
{
    return mio__rights_recv(MIO__SOURCE(stream), &unix_stream, buf, len, NULL, fds);
}

int mio_unix_stream_shutdown(struct mio_unix_stream *stream, int how)
{
    return mio__socket_end(MIO__SOURCE(stream), how);
}

/* ---- As every socket ------------------------------------------------------------------------- */

int mio_unix_stream_local_addr(const struct mio_unix_stream *stream, struct mio_addr *addr)
{
    return mio__socket_name(MIO__SOURCE(stream), addr, mio__socket_local_addr);
}

int mio_unix_stream_peer_addr(const struct mio_unix_stream *stream, struct mio_addr *addr)
{
    return mio__socket_name(MIO__SOURCE(stream), addr, mio__socket_peer_addr);
}

int mio_unix_stream_take_error(struct mio_unix_stream *stream)
{
    return mio__socket_take_error(MIO__SOURCE(stream));
}

int mio_unix_stream_close(struct mio_unix_stream *stream)
{
    return mio__socket_close_source(MIO__SOURCE(stream));
}

int mio_unix_stream_from_fd(struct mio_unix_stream *stream, mio_fd fd)
{
    return mio__socket_from_fd(MIO__SOURCE(stream), &unix_stream, fd);
}

mio_fd mio_unix_stream_into_fd(struct mio_unix_stream *stream)
{
    return mio__source_into_fd(MIO__SOURCE(stream));
}
