/*
 * Writing to a pipe without SIGPIPE on FreeBSD, DragonFly and OpenBSD, which have no flag for it:
 * the signal goes to the thread that writes, which has it blocked meanwhile.
 */
#include "sys/sys.h"
#include "sys/unix/pipe_guarded.h"

ptrdiff_t mio__pipe_writev(mio_fd fd, const struct mio_buf *bufs, size_t count, uint8_t *learned)
{
    return mio__pipe_guard(mio__pipe_writev_raising, fd, bufs, count, learned);
}
