/* Descriptors that are passed in the Unix domain. */
#include "net/socket.h"

ptrdiff_t mio__rights_send(struct mio_source *source, const struct mio__socket_kind *kind,
                           const void *buf, size_t len, const struct mio_addr *to,
                           const mio_fd *fds, size_t count)
{
    if ((!fds && count > 0) || count > MIO_FDS_MAX || (len == 0 && kind->type == MIO__STREAM))
        return -EINVAL;
    int refused = mio__io_check_buffer(source, buf, len);
    if (refused == -EINVAL)
        return refused;
    if (to && mio__socket_fits(kind, to) < 0)
        return -EAFNOSUPPORT;
    if (refused < 0)
        return refused;
    len = mio__io_at_most(len);
    ptrdiff_t result = mio__socket_send_fds(source->fd, buf, len, to, fds, count);
    return mio__io_done(source, MIO_WRITABLE, result, kind->type == MIO__STREAM ? len : 0);
}

ptrdiff_t mio__rights_recv(struct mio_source *source, const struct mio__socket_kind *kind,
                           void *buf, size_t len, struct mio_addr *from, struct mio_fds *fds)
{
    if (!fds || (!fds->fds && fds->capacity > 0))
        return -EINVAL;
    int refused = kind->type == MIO__STREAM ? mio__io_check_read(source, buf, len)
                                            : mio__io_check_buffer(source, buf, len);
    if (refused < 0)
        return refused;
    fds->count = 0;
    fds->cut = false;
    ptrdiff_t result = mio__socket_recv_fds(source->fd, buf, mio__io_at_most(len), from, fds);
    if (result >= 0 && from)
        mio__socket_settle_unix(from);
    return mio__io_done(source, MIO_READABLE, result, 0);
}
