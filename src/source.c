/* Sources: making them and asking them. */
#include "source.h"

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

bool mio_source_is_registered(const struct mio_source *source)
{
    return source && source->state == MIO__REGISTERED;
}

mio_fd mio_source_fd(const struct mio_source *source)
{
    return source && source->state != MIO__CLOSED ? source->fd : MIO_FD_NONE;
}

/* ---- Ending a registration ------------------------------------------------------------------- */

void mio__source_forget(struct mio_source *source)
{
    struct mio_poll *poll = source->poll;
    source->poll = NULL;
    source->generation = 0;
    source->interest = 0;
    source->state = MIO__OPEN;
    source->flags &= (uint8_t) ~(MIO__MODE | MIO__REARM);
    mio__poll_release(poll);
}

int mio__source_detach(struct mio_source *source)
{
    if (source->state != MIO__REGISTERED)
        return 0;
    int result = source->poll->backend->remove(source->poll, source);
    mio__source_forget(source);
    return result;
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
