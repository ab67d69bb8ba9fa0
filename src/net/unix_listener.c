/* Listeners in the Unix domain. */
#include "net/socket.h"

#include <string.h>

static const struct mio__socket_kind unix_listener = {
    .is_unix = true, .type = MIO__STREAM, .listens = true};

static int set_up_unix_listener(mio_fd fd, const struct mio_addr *addr,
                                const struct mio_listen_options *options)
{
    int result = mio__socket_prepare(fd, options->prepare, options->prepare_arg);
    if (result == 0)
        result = mio__socket_bind(fd, addr);
    return result < 0 ? result : mio__socket_listen(fd, options->backlog);
}

int mio_unix_listener_bind_with(struct mio_unix_listener *listener, const struct mio_addr *addr,
                                const struct mio_listen_options *options)
{
    if (!listener)
        return -EINVAL;
    memset(listener, 0, sizeof *listener);
    options = mio__listen_options(options);
    if (!addr || !options)
        return -EINVAL;
    int result = mio__listen_options_unix(options);
    if (result == 0)
        result = mio__socket_create(&listener->source, &unix_listener, addr);
    if (result < 0)
        return result;
    result = set_up_unix_listener(listener->source.fd, addr, options);
    if (result < 0)
        mio__socket_close_source(&listener->source);
    return result;
}

int mio_unix_listener_bind(struct mio_unix_listener *listener, const struct mio_addr *addr)
{
    return mio_unix_listener_bind_with(listener, addr, NULL);
}

int mio_unix_listener_accept(struct mio_unix_listener *listener, struct mio_unix_stream *stream,
                             struct mio_addr *peer)
{
    int result = mio__stream_accept(MIO__SOURCE(listener), MIO__SOURCE(stream), peer);
    if (result == 0 && peer)
        mio__socket_settle_unix(peer);
    return result;
}

/* ---- As every socket ------------------------------------------------------------------------- */

int mio_unix_listener_local_addr(const struct mio_unix_listener *listener, struct mio_addr *addr)
{
    return mio__socket_name(MIO__SOURCE(listener), addr, mio__socket_local_addr);
}

int mio_unix_listener_take_error(struct mio_unix_listener *listener)
{
    return mio__socket_take_error(MIO__SOURCE(listener));
}

int mio_unix_listener_close(struct mio_unix_listener *listener)
{
    return mio__socket_close_source(MIO__SOURCE(listener));
}

int mio_unix_listener_from_fd(struct mio_unix_listener *listener, mio_fd fd)
{
    return mio__socket_from_fd(MIO__SOURCE(listener), &unix_listener, fd);
}

mio_fd mio_unix_listener_into_fd(struct mio_unix_listener *listener)
{
    return mio__source_into_fd(MIO__SOURCE(listener));
}
