/* TCP listeners. */
#include "net/socket.h"

#include <string.h>

/* ---- Opening --------------------------------------------------------------------------------- */

static bool are_listen_options_valid(const struct mio_listen_options *options)
{
    return options->backlog >= 0 && mio__is_switch(options->reuse_port) &&
           mio__is_switch(options->only_v6) && mio__is_switch(options->nodelay) &&
           mio__is_zero(options->reserved, sizeof options->reserved / sizeof options->reserved[0]);
}

static int set_up(mio_fd fd, const struct mio_addr *addr, const struct mio_listen_options *options)
{
    int result = mio__option_set(fd, MIO__OPTION_REUSE_ADDR, 1);
    if (result == 0)
        result = mio__socket_switch(fd, MIO__OPTION_REUSE_PORT, options->reuse_port);
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
    static const struct mio_listen_options defaults;
    if (!listener)
        return -EINVAL;
    memset(listener, 0, sizeof *listener);
    if (!options)
        options = &defaults;
    if (!addr || !are_listen_options_valid(options))
        return -EINVAL;
    int result = mio__socket_create(&listener->source, addr);
    if (result < 0)
        return result;
    result = set_up(listener->source.fd, addr, options);
    if (result < 0)
        mio__socket_close(&listener->source);
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
    mio_fd fd;
    if (!stream)
        return -EINVAL;
    memset(stream, 0, sizeof *stream);
    int result = mio__source_check(MIO__SOURCE(listener));
    if (result < 0)
        return result;
    result = mio__socket_accept(listener->source.fd, &fd, peer);
    if (result == 0)
        mio__source_open(&stream->source, fd);
    return (int)mio__socket_done(&listener->source, MIO_READABLE, result, 0);
}

bool mio_accept_should_continue(int error)
{
    switch (error) {
    case -ECONNABORTED:
    case -EINTR:
    case -EPERM:
    /* What already happened to the connection is passed on by accept. */
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
    return mio__socket_close(MIO__SOURCE(listener));
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
    return mio__socket_from_fd(MIO__SOURCE(listener), fd, true);
}

mio_fd mio_tcp_listener_into_fd(struct mio_tcp_listener *listener)
{
    return mio__socket_into_fd(MIO__SOURCE(listener));
}
