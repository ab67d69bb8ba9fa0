/* Writes to pipes while the thread blocks SIGPIPE. */
#ifndef MIO_PIPE_GUARDED_H
#define MIO_PIPE_GUARDED_H

#include <mio.h>

/* The bits that are learned about an end that writes (mio__pipe_writev). */
enum {
    MIO__GUARDED = 0x01,   /* the system has no write without SIGPIPE, */
    MIO__UNGUARDED = 0x02, /* or has proved to have one */
};

/* A write to a pipe, as mio__pipe_writev, that may raise SIGPIPE. */
typedef ptrdiff_t mio__raising_write(mio_fd fd, const struct mio_buf *bufs, size_t count,
                                     uint8_t *learned);

/* By writev(2). */
mio__raising_write mio__pipe_writev_raising;

/* Makes the write, and takes back the signal that it has left. */
ptrdiff_t mio__pipe_guard(mio__raising_write *write, mio_fd fd, const struct mio_buf *bufs,
                          size_t count, uint8_t *learned);

#endif
