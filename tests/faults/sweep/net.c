/* The common part of the scenarios of sockets. */
#include "sockets.h"

bool sweep_has_flags(mio_fd fd)
{
    return !plain_is_inherited(fd) || plain_blocking(fd) == PLAIN_BLOCKS_NOT;
}

mio_fd sweep_foreign_socket(enum plain_family family, enum plain_type type)
{
    mio_fd fd = plain_socket(family, type);
    plain_set_inherited(fd);
    return fd;
}

bool sweep_is_untouched(const struct mio_source *source, mio_fd fd)
{
    return sweep_is_closed(source) && (!sweep_has_flags(fd) || sweep_error_stays());
}

void sweep_linger(const struct mio_source *source)
{
    if (mio_source_fd(source) != MIO_FD_NONE)
        plain_reset_on_close(mio_source_fd(source));
}

void sweep_close_fd(mio_fd *fd)
{
    if (*fd != MIO_FD_NONE)
        plain_close(*fd);
    *fd = MIO_FD_NONE;
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
