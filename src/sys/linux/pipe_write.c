/*
 * Writing to a pipe without SIGPIPE: RWF_NOSIGNAL (linux/fs.h), since Linux 6.18. Before, the flag
 * is unknown (-EOPNOTSUPP; -EINVAL in 4.6), or the call is (-ENOSYS); system call filters may say
 * -EPERM, and that of Android kills who tries it.
 */
#define _GNU_SOURCE 1 /* syscall */
#include "sys/linux/syscall.h"
#include "sys/sys.h"

#if defined(SYS_pwritev2) && !defined(__ANDROID__)

ptrdiff_t mio__pipe_writev(mio_fd fd, const struct mio_buf *bufs, size_t count)
{
    const long nosignal = 0x100;
    const long no_offset = -1; /* as writev(2); on 32-bit systems it takes two arguments */
    long n;
    do
        n = mio__syscall6(SYS_pwritev2, fd, (long)bufs, (long)count, no_offset, no_offset,
                          nosignal);
    while (n == -EINTR);
    return n == -EOPNOTSUPP || n == -ENOSYS || n == -EINVAL || n == -EPERM ? -ENOTSUP : n;
}

#else

ptrdiff_t mio__pipe_writev(mio_fd fd, const struct mio_buf *bufs, size_t count)
{
    (void)fd, (void)bufs, (void)count;
    return -ENOTSUP;
}

#endif
