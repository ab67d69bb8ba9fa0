/* TCP listeners. */
#include "net/socket.h"

#include <string.h>

static const struct mio__socket_kind tcp_listener = {.type = MIO__STREAM, .listens = true};

/* ---- Opening --------------------------------------------------------------------------------- */

static int set_up_listener(mio_fd fd, const struct mio_addr *addr,
                           const struct mio_listen_options *options)
{
    int result = mio__option_set(fd, MIO__OPTION_RETAKE_PORT, 1);
    if (result == 0)
        result = mio__socket_switch(fd, MIO__OPTION_SPREAD_PORT, options->reuse_port);
    if (result == 0 && mio_addr_family(addr) == MIO_ADDR_IPV6)
        result = mio__socket_switch(fd, MIO__OPTION_ONLY_V6, options->only_v6);
    if (result == 0) /* accepted connections inherit it */
        result = mio__socket_switch(fd, MIO__OPTION_NODELAY, options->nodelay);
    if (result == 0)
        result = mio__socket_prepare(fd, options->prepare, options->prepare_arg);
    if (result == 0)
        result = mio__socket_bind(fd, addr);
    if (result == 0)
        result = mio__socket_listen(fd, options->backlog);
    return result;
}

int mio_tcp_listener_bind_with(struct mio_tcp_listener *listener, const struct mio_addr *addr,
                               const struct mio_listen_options *options)
{
    if (!listener)
        return -EINVAL;
    memset(listener, 0, sizeof *listener);
    options = mio__listen_options(options);
    if (!addr || !options)
        return -EINVAL;
    int result = mio__socket_create(&listener->source, &tcp_listener, addr);
    if (result < 0)
        return result;
    result = set_up_listener(listener->source.fd, addr, options);
    if (result < 0)
        mio__socket_close_source(&listener->source);
    return result;
}

int mio_tcp_listener_bind(struct mio_tcp_listener *listener, const struct mio_addr *addr)
{
    return mio_tcp_listener_bind_with(listener, addr, NULL);
}

/* ---- Accepting ------------------------------------------------------------------------------- */

int mio_tcp_listener_accept(struct mio_tcp_listener *listener, struct mio_tcp_stream *stream,
                            struct mio_addr *peer)
{
    return mio__stream_accept(MIO__SOURCE(listener), MIO__SOURCE(stream), peer);
}

bool mio_accept_should_continue(int error)
{
    switch (error) {
    case -ECONNABORTED:
    case -EINTR:
    /* Accept passes on what already happened to the connection. */
    case -EPROTO:
    case -ENOPROTOOPT:
    case -ECONNRESET:
    case -ETIMEDOUT:
    case -ENETDOWN:
    case -ENETUNREACH:
    case -EHOSTUNREACH:
#ifdef EHOSTDOWN
    case -EHOSTDOWN:
#endif
#ifdef ENONET
    case -ENONET:
#endif
        return true;
    /* accept(2) lists EOPNOTSUPP, too. Here that is -ENOTSUP: a socket that never accepts. */
    default:
        return false;
    }
}

/* ---- As every socket ------------------------------------------------------------------------- */

int mio_tcp_listener_close(struct mio_tcp_listener *listener)
{
    return mio__socket_close_source(MIO__SOURCE(listener));
}

int mio_tcp_listener_local_addr(const struct mio_tcp_listener *listener, struct mio_addr *addr)
{
    return mio__socket_name(MIO__SOURCE(listener), addr, mio__socket_local_addr);
}

int mio_tcp_listener_ttl(const struct mio_tcp_listener *listener)
{
    return mio__socket_ttl(MIO__SOURCE(listener));
}

int mio_tcp_listener_set_ttl(struct mio_tcp_listener *listener, int ttl)
{
    return mio__socket_set_ttl(MIO__SOURCE(listener), ttl);
}

int mio_tcp_listener_take_error(struct mio_tcp_listener *listener)
{
    return mio__socket_take_error(MIO__SOURCE(listener));
}

int mio_tcp_listener_from_fd(struct mio_tcp_listener *listener, mio_fd fd)
{
    return mio__socket_from_fd(MIO__SOURCE(listener), &tcp_listener, fd);
}

mio_fd mio_tcp_listener_into_fd(struct mio_tcp_listener *listener)
{
    return mio__source_into_fd(MIO__SOURCE(listener));
}
