/* A descriptor that is its own other end: an eventfd. */
#include "plain.h"
#include "test.h"

#include <sys/eventfd.h>
#include <unistd.h>

mio_fd plain_loop(bool ready)
{
    int fd = eventfd(ready, EFD_CLOEXEC | EFD_NONBLOCK);
    CHECK(fd >= 0);
    return fd;
}

bool plain_loop_make_ready(mio_fd fd)
{
    const uint64_t one = 1;
    return write(fd, &one, sizeof one) == sizeof one;
}
