/* What all socket types have in common. */
#include "net/socket.h"

#include <string.h>

int mio_socket_error(void)
{
    return mio__last_error();
}

/* ---- Making and ending ----------------------------------------------------------------------- */

int mio__socket_create(struct mio_source *source, const struct mio_addr *addr)
{
    mio_fd fd;
    int family = mio_addr_family(addr);
    if (family == MIO_ADDR_NONE)
        return -EAFNOSUPPORT;
    int result = mio__socket_open_stream(family, &fd);
    if (result == 0)
        mio__source_open(source, fd);
    return result;
}

int mio__socket_prepare(mio_fd fd, mio_prepare *prepare, void *arg)
{
    return prepare ? mio__user_result(prepare(fd, arg)) : 0;
}

int mio__socket_close(struct mio_source *source)
{
    if (!source)
        return -EINVAL;
    if (source->state == MIO__CLOSED)
        return 0;
    return mio__fd_close(mio__socket_into_fd(source));
}

int mio__socket_from_fd(struct mio_source *source, mio_fd fd, bool listens)
{
    struct mio_addr addr;
    if (!source)
        return -EINVAL;
    memset(source, 0, sizeof *source);
    int result = mio__socket_check_stream(fd, listens);
    if (result == 0)
        result = mio__socket_local_addr(fd, &addr);
    if (result == 0 && mio_addr_family(&addr) == MIO_ADDR_NONE)
        result = -EAFNOSUPPORT;
    if (result == 0)
        result = mio__fd_adopt(fd);
    if (result == 0)
        mio__source_open(source, fd);
    return result;
}

mio_fd mio__socket_into_fd(struct mio_source *source)
{
    if (mio__source_check(source) < 0)
        return MIO_FD_NONE;
    mio_fd fd = source->fd;
    mio__source_detach(source);
    memset(source, 0, sizeof *source);
    return fd;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

int mio__socket_take_error(struct mio_source *source)
{
    int error;
    int result = mio__source_check(source);
    if (result == 0)
        result = mio__option_get(source->fd, MIO__OPTION_ERROR, &error);
    return result < 0 ? result : error;
}

int mio__socket_name(const struct mio_source *source, struct mio_addr *addr,
                     int (*ask)(mio_fd fd, struct mio_addr *addr))
{
    if (!source || !addr)
        return -EINVAL;
    return source->state == MIO__CLOSED ? -EBADF : ask(source->fd, addr);
}

/* 4 or 6: whose limit counts for what the socket sends. An IPv6 socket may be one of IPv4. */
static int hops_family(const struct mio_source *source)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct mio_addr addr;
    uint8_t ip[16];
    int result = mio__source_check(source);
    if (result == 0)
        result = mio__socket_local_addr(source->fd, &addr);
    if (result == 0)
        result = mio_addr_ip(&addr, ip, NULL);
    if (result < 0)
        return result;
    return result == 16 && memcmp(ip, mapped, sizeof mapped) != 0 ? MIO_ADDR_IPV6 : MIO_ADDR_IPV4;
}

int mio__socket_ttl(const struct mio_source *source)
{
    int ttl;
    int result = hops_family(source);
    if (result > 0)
        result = mio__option_get(
            source->fd, result == MIO_ADDR_IPV6 ? MIO__OPTION_HOPS_V6 : MIO__OPTION_HOPS_V4, &ttl);
    return result < 0 ? result : ttl;
}

int mio__socket_set_ttl(struct mio_source *source, int ttl)
{
    if (!source || ttl < 1 || ttl > 255)
        return -EINVAL;
    int family = hops_family(source);
    if (family < 0)
        return family;
    if (family == MIO_ADDR_IPV4)
        return mio__option_set(source->fd, MIO__OPTION_HOPS_V4, ttl);
    int result = mio__option_set(source->fd, MIO__OPTION_HOPS_V6, ttl);
    /* A listener of both families hands both limits down; one of IPv6 alone may refuse this one. */
    if (result == 0)
        mio__option_set(source->fd, MIO__OPTION_HOPS_V4, ttl);
    return result;
}
