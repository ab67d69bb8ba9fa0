/* Datagram sockets in the Unix domain. */
#include "net/socket.h"

#include <string.h>

static const struct mio__socket_kind unix_datagram = {.is_unix = true, .type = MIO__DATAGRAM};

/* ---- Opening --------------------------------------------------------------------------------- */

int mio_unix_datagram_open(struct mio_unix_datagram *socket)
{
    struct mio_addr unnamed;
    if (!socket)
        return -EINVAL;
    memset(socket, 0, sizeof *socket);
    mio_addr_unix_unnamed(&unnamed);
    return mio__socket_create(&socket->source, &unix_datagram, &unnamed);
}

int mio_unix_datagram_bind_with(struct mio_unix_datagram *socket, const struct mio_addr *addr,
                                const struct mio_datagram_options *options)
{
    if (!socket)
        return -EINVAL;
    memset(socket, 0, sizeof *socket);
    options = mio__datagram_options(options);
    if (!addr || !options)
        return -EINVAL;
    int result = mio__datagram_options_unix(options);
    if (result == 0)
        result = mio__socket_create(&socket->source, &unix_datagram, addr);
    if (result < 0)
        return result;
    result = mio__socket_prepare(socket->source.fd, options->prepare, options->prepare_arg);
    if (result == 0)
        result = mio__socket_bind(socket->source.fd, addr);
    if (result < 0)
        mio__socket_close_source(&socket->source);
    return result;
}

int mio_unix_datagram_bind(struct mio_unix_datagram *socket, const struct mio_addr *addr)
{
    return mio_unix_datagram_bind_with(socket, addr, NULL);
}

int mio_unix_datagram_pair(struct mio_unix_datagram *a, struct mio_unix_datagram *b)
{
    return mio__socket_create_pair(MIO__SOURCE(a), MIO__SOURCE(b), &unix_datagram);
}

int mio_unix_datagram_connect(struct mio_unix_datagram *socket, const struct mio_addr *addr)
{
    return mio__datagram_connect(MIO__SOURCE(socket), &unix_datagram, addr);
}

/* ---- Moving datagrams ------------------------------------------------------------------------ */

ptrdiff_t mio_unix_datagram_send(struct mio_unix_datagram *socket, const void *buf, size_t len)
{
    return mio__datagram_send(MIO__SOURCE(socket), buf, len);
}

ptrdiff_t mio_unix_datagram_send_to(struct mio_unix_datagram *socket, const void *buf, size_t len,
                                    const struct mio_addr *to)
{
    return mio__datagram_send_to(MIO__SOURCE(socket), &unix_datagram, buf, len, to);
}

static ptrdiff_t receive_from(struct mio_unix_datagram *socket, void *buf, size_t len,
                              struct mio_addr *from, bool peek)
{
    ptrdiff_t result = mio__datagram_recv(MIO__SOURCE(socket), buf, len, from, peek);
    if (result >= 0 && from)
        mio__socket_settle_unix(from);
    return result;
}

ptrdiff_t mio_unix_datagram_recv(struct mio_unix_datagram *socket, void *buf, size_t len)
{
    return mio__datagram_recv(MIO__SOURCE(socket), buf, len, NULL, false);
}

ptrdiff_t mio_unix_datagram_recv_from(struct mio_unix_datagram *socket, void *buf, size_t len,
                                      struct mio_addr *from)
{
    return receive_from(socket, buf, len, from, false);
}

ptrdiff_t mio_unix_datagram_peek(struct mio_unix_datagram *socket, void *buf, size_t len)
{
    return mio__datagram_recv(MIO__SOURCE(socket), buf, len, NULL, true);
}

ptrdiff_t mio_unix_datagram_peek_from(struct mio_unix_datagram *socket, void *buf, size_t len,
                                      struct mio_addr *from)
{
    return receive_from(socket, buf, len, from, true);
}

/* ---- Batches and descriptors ----------------------------------------------------------------- */

int mio_unix_datagram_send_batch(struct mio_unix_datagram *socket, struct mio_datagram *datagrams,
                                 size_t count)
{
    return mio__datagram_send_batch(MIO__SOURCE(socket), &unix_datagram, datagrams, count);
}

int mio_unix_datagram_recv_batch(struct mio_unix_datagram *socket, struct mio_datagram *datagrams,
                                 size_t count)
{
    return mio__datagram_recv_batch(MIO__SOURCE(socket), &unix_datagram, datagrams, count);
}

ptrdiff_t mio_unix_datagram_send_fds(struct mio_unix_datagram *socket, const void *buf, size_t len,
                                     const struct mio_addr *to, const mio_fd *fds, size_t count)
{
    return mio__rights_send(MIO__SOURCE(socket), &unix_datagram, buf, len, to, fds, count);
}

ptrdiff_t mio_unix_datagram_recv_fds(struct mio_unix_datagram *socket, void *buf, size_t len,
                                     struct mio_addr *from, struct mio_fds *fds)
{
    return mio__rights_recv(MIO__SOURCE(socket), &unix_datagram, buf, len, from, fds);
}

int mio_unix_datagram_shutdown(struct mio_unix_datagram *socket, int how)
{
    return mio__socket_end(MIO__SOURCE(socket), how);
}

/* ---- As every socket ------------------------------------------------------------------------- */

int mio_unix_datagram_local_addr(const struct mio_unix_datagram *socket, struct mio_addr *addr)
{
    return mio__socket_name(MIO__SOURCE(socket), addr, mio__socket_local_addr);
}

int mio_unix_datagram_peer_addr(const struct mio_unix_datagram *socket, struct mio_addr *addr)
{
    return mio__socket_name(MIO__SOURCE(socket), addr, mio__socket_peer_addr);
}

int mio_unix_datagram_take_error(struct mio_unix_datagram *socket)
{
    return mio__socket_take_error(MIO__SOURCE(socket));
}

int mio_unix_datagram_close(struct mio_unix_datagram *socket)
{
    return mio__socket_close_source(MIO__SOURCE(socket));
}

int mio_unix_datagram_from_fd(struct mio_unix_datagram *socket, mio_fd fd)
{
    return mio__socket_from_fd(MIO__SOURCE(socket), &unix_datagram, fd);
}

mio_fd mio_unix_datagram_into_fd(struct mio_unix_datagram *socket)
{
    return mio__source_into_fd(MIO__SOURCE(socket));
}
