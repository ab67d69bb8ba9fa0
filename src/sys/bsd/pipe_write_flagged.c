/*
 * Writing to a pipe without SIGPIPE on Apple's systems and NetBSD: F_SETNOSIGPIPE (fcntl.h) belongs
 * to the open file, so it is set once, before the first write of the end. It stays when the program
 * takes its descriptor back, and holds for who shares the file.
 */
#include "internal.h"
#include "sys/sys.h"
#include "sys/unix/calls.h"
#include "sys/unix/iovec.h"

#include <fcntl.h>

/* The bits that are learned about an end that writes (mio__pipe_writev). */
enum { SILENCED = 0x01 };

ptrdiff_t mio__pipe_writev(mio_fd fd, const struct mio_buf *bufs, size_t count, uint8_t *learned)
{
    ptrdiff_t n;
    if (!mio__bit_is_set(learned, SILENCED)) {
        if (MIO__CALL(fcntl)(fd, F_SETNOSIGPIPE, 1) < 0)
            return mio__last_error();
        mio__bit_set(learned, SILENCED);
    }
    do
        n = MIO__CALL(writev)(fd, mio__iovec(bufs), (int)count);
    while (n < 0 && errno == EINTR);
    return n < 0 ? mio__last_error() : n;
}
