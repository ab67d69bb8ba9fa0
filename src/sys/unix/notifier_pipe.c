/* Wakers of a pipe, for systems and builds without eventfd. */
#include "sys/sys.h"
#include "sys/unix/notifier.h"
#include "sys/unix/raw_io.h"

static void pipe_drain(mio_fd read_fd)
{
    char bytes[64];
    ptrdiff_t n;
    do
        n = mio__raw_read(read_fd, bytes, sizeof bytes);
    while (n > 0 || n == -EINTR);
}

/*
 * Empties the pipe, then writes one byte. Some kernels raise an edge only on an empty pipe, and one
 * that nobody empties is full after 65,536 signals. The wait never reads it: it cannot tell which
 * waker an event is for.
 */
static int pipe_raise(mio_fd read_fd, mio_fd write_fd)
{
    for (;;) {
        pipe_drain(read_fd);
        ptrdiff_t result = mio__raw_write(write_fd, "", 1);
        if (result >= 0)
            return 0;
        if (result != -EAGAIN && result != -EINTR)
            return (int)result;
    }
}

extern const struct mio__notifier mio__notifier_pipe;
const struct mio__notifier mio__notifier_pipe = {
    .kind = MIO_WAKER_PIPE,
    .open = mio__pipe_open,
    .raise = pipe_raise,
    .drain = pipe_drain,
};
