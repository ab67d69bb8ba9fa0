/* Datagrams of UDP and of the Unix domain. They are drained by would-block alone. */
#include "net/socket.h"

int mio__datagram_connect(struct mio_source *source, const struct mio__socket_kind *kind,
                          const struct mio_addr *addr)
{
    if (!source || !addr)
        return -EINVAL;
    int result = mio__socket_fits(kind, addr);
    if (result == 0)
        result = mio__source_check(source);
    return result < 0 ? result : mio__socket_connect(source->fd, addr);
}

ptrdiff_t mio__datagram_recv(struct mio_source *source, void *buf, size_t len,
                             struct mio_addr *from, bool peek)
{
    int refused = mio__io_check_buffer(source, buf, len);
    if (refused < 0)
        return refused;
    len = mio__io_at_most(len);
    ptrdiff_t result = from ? mio__socket_recv_from(source->fd, buf, len, from, peek)
                            : mio__socket_recv(source->fd, buf, len, peek);
    return mio__io_done(source, MIO_READABLE, result, 0);
}

ptrdiff_t mio__datagram_send(struct mio_source *source, const void *buf, size_t len)
{
    int refused = mio__io_check_buffer(source, buf, len);
    if (refused < 0)
        return refused;
    len = mio__io_at_most(len);
    return mio__io_done(source, MIO_WRITABLE, mio__socket_send(source->fd, buf, len), 0);
}

ptrdiff_t mio__datagram_send_to(struct mio_source *source, const struct mio__socket_kind *kind,
                                const void *buf, size_t len, const struct mio_addr *to)
{
    if (!source || !to || (!buf && len > 0))
        return -EINVAL;
    int refused = mio__socket_fits(kind, to);
    if (refused == 0)
        refused = mio__source_check(source);
    if (refused < 0)
        return refused;
    len = mio__io_at_most(len);
    return mio__io_done(source, MIO_WRITABLE, mio__socket_send_to(source->fd, buf, len, to), 0);
}
