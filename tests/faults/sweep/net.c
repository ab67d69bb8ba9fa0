/* The common part of the scenarios of sockets. */
#define _GNU_SOURCE 1
#include "sockets.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

int sweep_flags(int fd)
{
    return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 || (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}

bool sweep_is_untouched(const struct mio_source *source, int fd)
{
    return sweep_is_closed(source) && (!sweep_flags(fd) || sweep_error_stays());
}

void sweep_linger(const struct mio_source *source)
{
    const struct linger linger = {.l_onoff = 1, .l_linger = 0};
    if (mio_source_fd(source) >= 0)
        setsockopt(mio_source_fd(source), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

void sweep_close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

struct mio_addr sweep_addr(const char *text)
{
    struct mio_addr addr = {0};
    HOLDS(mio_addr_parse(&addr, text) == 0);
    return addr;
}

const char *sweep_lacks_ipv6(void)
{
    return test_has_ipv6() ? NULL : "the host has no IPv6";
}
