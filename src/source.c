/* Sources: making them and asking them. */
#include "internal.h"
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
    if (fd < 0)
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
    mio__source_drained(source, direction);
    return 0;
}

void mio__source_drained(struct mio_source *source, uint32_t direction)
{
    if (source->flags & MIO__REARM)
        source->poll->backend->blocked(source->poll, source, direction);
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

int mio__source_close(struct mio_source *source)
{
    if (!source)
        return -EINVAL;
    if (source->state == MIO__CLOSED)
        return 0;
    return mio__fd_close(mio__source_into_fd(source));
}
