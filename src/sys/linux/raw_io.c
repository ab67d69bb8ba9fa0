/* Reads and writes of wakers. */
#define _GNU_SOURCE 1 /* syscall */
#include "sys/unix/raw_io.h"
#include "sys/linux/syscall.h"

ptrdiff_t mio__raw_read(mio_fd fd, void *buf, size_t len)
{
    return mio__syscall4(SYS_read, fd, (long)buf, (long)len, 0);
}

ptrdiff_t mio__raw_write(mio_fd fd, const void *buf, size_t len)
{
    return mio__syscall4(SYS_write, fd, (long)buf, (long)len, 0);
}
