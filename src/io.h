/*
 * Reading and writing on every type: the checks before the call, and the step after it. They take
 * the source inside the object, or NULL where the caller gave no object.
 */
#ifndef MIO_IO_H
#define MIO_IO_H

#include "internal.h"

#define MIO__SOURCE(object) ((object) ? &(object)->source : NULL)

/* The most that one call moves; the systems' own limits lie above. */
static inline size_t mio__io_at_most(size_t len)
{
    return len < MIO_IO_MAX ? len : MIO_IO_MAX;
}

/* 0, or why a read into a buffer is refused. On streams length 0 would look like the end. */
static inline int mio__io_check_read(const struct mio_source *source, const void *buf, size_t len)
{
    if (!source || !buf || len == 0)
        return -EINVAL;
    return source->state == MIO__CLOSED ? -EBADF : 0;
}

/* 0, or why a transfer that may be empty is refused: a write, or a datagram either way. */
static inline int mio__io_check_buffer(const struct mio_source *source, const void *buf, size_t len)
{
    if (!source || (!buf && len > 0))
        return -EINVAL;
    return source->state == MIO__CLOSED ? -EBADF : 0;
}

/* The same for lists of buffers; they tell the sum of the lengths, too. */
static inline int mio__io_check_readv(const struct mio_source *source, const struct mio_buf *bufs,
                                      size_t count, size_t *len)
{
    if (!source || !bufs || count > MIO_BUFS_MAX)
        return -EINVAL;
    *len = mio__io_at_most(mio_bufs_len(bufs, count));
    return mio__io_check_read(source, bufs, *len);
}

static inline int mio__io_check_writev(const struct mio_source *source, const struct mio_buf *bufs,
                                       size_t count, size_t *len)
{
    if (!source || (!bufs && count > 0) || count > MIO_BUFS_MAX)
        return -EINVAL;
    *len = mio__io_at_most(mio_bufs_len(bufs, count));
    return mio__io_check_buffer(source, bufs, *len);
}

/* The rare half of mio__io_done: for a source whose edges are emulated (MIO__REARM). */
void mio__io_rearm(struct mio_source *source, uint32_t direction, ptrdiff_t result, size_t asked);

/*
 * Every read and write ends with this: where edges are emulated, would-block, a short transfer and
 * a failed read may arm the direction again. asked is 0 for what is drained by would-block alone
 * (datagrams) or never ends short (peek).
 */
static inline ptrdiff_t mio__io_done(struct mio_source *source, uint32_t direction,
                                     ptrdiff_t result, size_t asked)
{
    if (source->flags & MIO__REARM)
        mio__io_rearm(source, direction, result, asked);
    return result;
}

#endif
