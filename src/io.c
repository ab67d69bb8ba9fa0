/* After I/O: where edges are emulated, directions are armed again by the rule in edge.h. */
#include "io.h"

#include "sys/sys.h"

/* An accept that failed fails again. Of a descriptor of the caller's own the system has to say. */
static bool io_is_accept(const struct mio_source *source, size_t asked)
{
    return asked == 0 && (source->flags & MIO__RAW) && mio__fd_listens(source->fd);
}

void mio__io_rearm(struct mio_source *source, uint32_t direction, ptrdiff_t result, size_t asked)
{
    enum mio__rearm reason;
    if (result == -EAGAIN)
        reason = MIO__BLOCKED;
    else if (result > 0 && (size_t)result < asked)
        reason = MIO__SHORT;
    else if (result < 0 && direction == MIO_READABLE && !io_is_accept(source, asked))
        reason = MIO__FAILED;
    else
        return;
    source->poll->backend->rearm(source->poll, source, direction, reason);
}

/* ---- I/O of the caller's own ----------------------------------------------------------------- */

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
