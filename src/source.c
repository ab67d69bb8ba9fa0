/* Sources: making them and asking them. */
#include "io.h"
#include "sys/sys.h"

#include <string.h>

void mio__source_open(struct mio_source *source, mio_fd fd)
{
    memset(source, 0, sizeof *source);
    source->fd = fd;
    source->state = MIO__OPEN;
}

int mio_source_init_fd(struct mio_source *source, mio_fd fd)
{
    if (!source)
        return -EINVAL;
    memset(source, 0, sizeof *source);
    if (!mio__fd_is_valid(fd))
        return -EBADF;
    mio__source_open(source, fd);
    source->flags = MIO__RAW;
    return 0;
}

int mio_source_init_custom(struct mio_source *source, const struct mio_source_ops *ops)
{
    if (!source)
        return -EINVAL;
    memset(source, 0, sizeof *source);
    if (!ops || !ops->add || !ops->change || !ops->remove)
        return -EINVAL;
    mio__source_open(source, MIO_FD_NONE);
    source->ops = ops;
    return 0;
}

int mio_source_blocked(struct mio_source *source, uint32_t direction)
{
    if (!source || direction == 0 || (direction & ~(MIO_READABLE | MIO_WRITABLE)) != 0)
        return -EINVAL;
    if (source->state == MIO__CLOSED)
        return -EBADF;
    if (source->ops)
        return -EINVAL;
    mio__io_done(source, direction, -EAGAIN, 0);
    return 0;
}

int mio_source_after(struct mio_source *source, uint32_t *ready, uint32_t direction,
                     ptrdiff_t result, size_t asked)
{
    if (!source || !ready || (direction != MIO_READABLE && direction != MIO_WRITABLE))
        return -EINVAL;
    if (source->state == MIO__CLOSED)
        return -EBADF;
    if (source->ops)
        return -EINVAL;
    if (result == -EINPROGRESS) /* of a first write that connects, as in the typed calls */
        result = -EAGAIN;
    mio_ready_after(ready, direction, result, asked);
    mio__io_done(source, direction, result, mio__io_at_most(asked));
    return 0;
}

/* An accept that failed fails again. Of a descriptor of the caller's own the system has to say. */
static bool source_is_accept(const struct mio_source *source, size_t asked)
{
    return asked == 0 && (source->flags & MIO__RAW) && mio__fd_listens(source->fd);
}

void mio__source_rearm(struct mio_source *source, uint32_t direction, ptrdiff_t result,
                       size_t asked)
{
    enum mio__rearm reason;
    if (result == -EAGAIN)
        reason = MIO__BLOCKED;
    else if (result > 0 && (size_t)result < asked)
        reason = MIO__SHORT;
    else if (result < 0 && direction == MIO_READABLE && !source_is_accept(source, asked))
        reason = MIO__FAILED;
    else
        return;
    source->poll->backend->rearm(source->poll, source, direction, reason);
}

bool mio_source_is_registered(const struct mio_source *source)
{
    return source && source->state == MIO__REGISTERED;
}

mio_fd mio_source_fd(const struct mio_source *source)
{
    return source && source->state != MIO__CLOSED ? source->fd : MIO_FD_NONE;
}

/* ---- Types that own their descriptor --------------------------------------------------------- */

mio_fd mio__source_into_fd(struct mio_source *source)
{
    if (mio__source_check(source) < 0)
        return MIO_FD_NONE;
    mio_fd fd = source->fd;
    mio__source_detach(source);
    memset(source, 0, sizeof *source);
    return fd;
}
