/* A list of buffers is passed to the system as it is. */
#ifndef MIO_IOVEC_H
#define MIO_IOVEC_H

#include <mio.h>

#include <sys/uio.h>

_Static_assert(sizeof(struct mio_buf) == sizeof(struct iovec) &&
                   offsetof(struct mio_buf, base) == offsetof(struct iovec, iov_base) &&
                   offsetof(struct mio_buf, len) == offsetof(struct iovec, iov_len),
               "the two have the same layout");

static inline struct iovec *mio__iovec(const struct mio_buf *bufs)
{
    return (struct iovec *)bufs;
}

#endif
