/* Wakers of an eventfd: one descriptor, one write a signal, never read while it works. */
#define _GNU_SOURCE 1 /* syscall */
#include "sys/sys.h"

#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

static int eventfd_open(mio_fd *read_fd, mio_fd *write_fd)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return mio__last_error();
    *read_fd = *write_fd = fd;
    return 0;
}

/*
 * Raw system calls: a thread that is cancelled inside libc's write has set its pending bit and
 * never signals, which leaves the waker deaf.
 */
static int eventfd_raise(mio_fd read_fd, mio_fd write_fd)
{
    uint64_t count = 1;
    for (;;) {
        if (syscall(SYS_write, write_fd, &count, sizeof count) >= 0)
            return 0;
        int error = mio__last_error();
        if (error == -EAGAIN) /* the counter is full, after 2^64 - 2 signals */
            syscall(SYS_read, read_fd, &(uint64_t){0}, sizeof(uint64_t));
        else if (error != -EINTR)
            return error;
    }
}

extern const struct mio__notifier mio__notifier_eventfd;
const struct mio__notifier mio__notifier_eventfd = {
    .kind = MIO_WAKER_EVENTFD,
    .open = eventfd_open,
    .raise = eventfd_raise,
};
