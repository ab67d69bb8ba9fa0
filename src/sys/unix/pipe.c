/* Pipes. How they are written to without SIGPIPE: see pipe_guarded.c and the system's own file. */
#define _GNU_SOURCE 1 /* pipe2 */
#include "sys/sys.h"
#include "sys/unix/calls.h"
#include "sys/unix/iovec.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int mio__pipe_open(mio_fd *read_fd, mio_fd *write_fd)
{
    int fds[2];
    if (MIO__CALL(pipe2)(fds, O_CLOEXEC | O_NONBLOCK) < 0)
        return mio__last_error();
    *read_fd = fds[0];
    *write_fd = fds[1];
    return 0;
}

int mio__pipe_check(mio_fd fd, bool writes)
{
    struct stat status;
    int flags = MIO__CALL(fcntl)(fd, F_GETFL, 0);
    if (flags < 0 || MIO__CALL(fstat)(fd, &status) < 0)
        return mio__last_error();
    int mode = flags & O_ACCMODE;
    bool fits = mode == O_RDWR || mode == (writes ? O_WRONLY : O_RDONLY);
    return S_ISFIFO(status.st_mode) && fits ? 0 : -EINVAL;
}

ptrdiff_t mio__pipe_readv(mio_fd fd, const struct mio_buf *bufs, size_t count)
{
    ssize_t n;
    do
        n = count == 1 ? MIO__CALL(read)(fd, bufs->base, bufs->len)
                       : MIO__CALL(readv)(fd, mio__iovec(bufs), (int)count);
    while (n < 0 && errno == EINTR);
    return n < 0 ? mio__last_error() : n;
}
