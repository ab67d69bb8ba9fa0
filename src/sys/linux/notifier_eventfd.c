/* Wakers of an eventfd: one descriptor, one write a signal, never read while it works. */
#include "sys/sys.h"
#include "sys/unix/calls.h"
#include "sys/unix/notifier.h"
#include "sys/unix/raw_io.h"

#include <sys/eventfd.h>

static int eventfd_open(mio_fd *read_fd, mio_fd *write_fd)
{
    int fd = MIO__CALL(eventfd)(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return mio__last_error();
    *read_fd = *write_fd = fd;
    return 0;
}

static void eventfd_drain(mio_fd read_fd)
{
    uint64_t count;
    while (mio__raw_read(read_fd, &count, sizeof count) == -EINTR)
        continue;
}

static int eventfd_raise(mio_fd read_fd, mio_fd write_fd)
{
    uint64_t count = 1;
    for (;;) {
        ptrdiff_t result = mio__raw_write(write_fd, &count, sizeof count);
        if (result >= 0)
            return 0;
        if (result == -EAGAIN) /* the counter is full, after 2^64 - 2 signals */
            eventfd_drain(read_fd);
        else if (result != -EINTR)
            return (int)result;
    }
}

extern const struct mio__notifier mio__notifier_eventfd;
const struct mio__notifier mio__notifier_eventfd = {
    .kind = MIO_WAKER_EVENTFD,
    .open = eventfd_open,
    .raise = eventfd_raise,
    .drain = eventfd_drain,
};
