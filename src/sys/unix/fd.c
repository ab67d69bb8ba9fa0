/* Descriptors: errors, closing, flags. */
#include "sys/unix/fd.h"
#include "sys/sanitizers.h"
#include "sys/unix/calls.h"
#include "sys/unix/hot_calls.h"
#include "sys/unix/notifier.h"
#include "sys/unix/path_only.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

bool mio__fd_is_valid(mio_fd fd)
{
    return fd >= 0;
}

int mio__error_of(int system_error)
{
    switch (system_error) {
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
        return -EAGAIN;
#endif
#if EOPNOTSUPP != ENOTSUP
    case EOPNOTSUPP:
        return -ENOTSUP;
#endif
    default:
        return -system_error;
    }
}

int mio__last_error(void)
{
    return mio__error_of(errno);
}

int mio__fd_close(mio_fd fd)
{
    /* Never repeated: the number may be another thread's by then. */
    long result = mio__hot_close(fd);
    return result == 0 || result == -EINTR || result == -EINPROGRESS ? 0
                                                                     : mio__error_of((int)-result);
}

int mio__fd_check_pollable(mio_fd fd)
{
    struct stat status;
    int flags = MIO__CALL(fcntl)(fd, F_GETFL, 0);
    if (flags < 0 || MIO__CALL(fstat)(fd, &status) < 0)
        return mio__last_error();
    MIO__KERNEL_WROTE(&status, sizeof status);
    if (mio__is_path_only(flags))
        return -EBADF;
    return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) ? -EPERM : 0;
}

bool mio__fd_listens(mio_fd fd)
{
    int listens = 0;
    socklen_t size = sizeof listens;
    return MIO__CALL(getsockopt)(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 &&
           listens != 0;
}

int mio__fd_adopt(mio_fd fd)
{
    int status = MIO__CALL(fcntl)(fd, F_GETFL, 0);
    int flags = MIO__CALL(fcntl)(fd, F_GETFD, 0);
    if (status < 0 || flags < 0)
        return mio__last_error();
    if (!(status & O_NONBLOCK) && MIO__CALL(fcntl)(fd, F_SETFL, status | O_NONBLOCK) < 0)
        return mio__last_error();
    if (!(flags & FD_CLOEXEC) && MIO__CALL(fcntl)(fd, F_SETFD, flags | FD_CLOEXEC) < 0) {
        int error = mio__last_error();
        MIO__CALL(fcntl)(fd, F_SETFL, status);
        return error;
    }
    return 0;
}

void mio__notifier_close(mio_fd read_fd, mio_fd write_fd)
{
    mio__fd_close(read_fd);
    if (write_fd != read_fd)
        mio__fd_close(write_fd);
}
