/* Pipes. How they are written to without SIGPIPE: see pipe_guarded.c and the system's own file. */
#include "sys/sanitizers.h"
#include "sys/sys.h"
#include "sys/unix/calls.h"
#include "sys/unix/fd.h"
#include "sys/unix/iovec.h"
#include "sys/unix/new_pipe.h"
#include "sys/unix/path_only.h"
#include "system.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int mio__pipe_open(mio_fd *read_fd, mio_fd *write_fd)
{
    int fds[2];
    if (mio__new_pipe(fds) < 0)
        return mio__last_error();
    *read_fd = fds[0];
    *write_fd = fds[1];
    return 0;
}

/*
 * Packet mode (pipe2(2) O_DIRECT): a read returns one packet, so a short one proves nothing. The
 * flag of the end that writes decides, which this end does not see if it is another descriptor.
 */
static bool shows_packets(int status_flags)
{
    return (status_flags & MIO__PACKET_MODE) != 0;
}

int mio__pipe_check(mio_fd fd, bool writes)
{
    struct stat status;
    int flags = MIO__CALL(fcntl)(fd, F_GETFL, 0);
    if (flags < 0 || MIO__CALL(fstat)(fd, &status) < 0)
        return mio__last_error();
    MIO__KERNEL_WROTE(&status, sizeof status);
    if (mio__is_path_only(flags))
        return -EBADF;
    if (!S_ISFIFO(status.st_mode) || (!writes && shows_packets(flags)))
        return -EINVAL;
    int mode = flags & (O_RDONLY | O_WRONLY | O_RDWR); /* O_ACCMODE of musl has O_PATH in it */
    return mode == O_RDWR || mode == (writes ? O_WRONLY : O_RDONLY) ? 0 : -EINVAL;
}

int mio__pipe_set_nonblocking(mio_fd fd, bool nonblocking)
{
    int before = MIO__CALL(fcntl)(fd, F_GETFL, 0);
    int after = nonblocking ? before | O_NONBLOCK : before & ~O_NONBLOCK;
    if (before < 0 || (after != before && MIO__CALL(fcntl)(fd, F_SETFL, after) < 0))
        return mio__last_error();
    return 0;
}

int mio__pipe_adopt(mio_fd fd)
{
    return mio__fd_adopt(fd);
}

int mio__pipe_close(mio_fd fd)
{
    return mio__fd_close(fd);
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
