/* The common part of all socket types. */
#include "net/socket.h"

#include <string.h>

int mio_socket_error(void)
{
    return mio__last_error();
}

/* ---- Making and ending ----------------------------------------------------------------------- */

static bool is_of_kind(const struct mio__socket_kind *kind, int family)
{
    return family != MIO_ADDR_NONE && kind->is_unix == (family == MIO_ADDR_UNIX);
}

int mio__socket_fits(const struct mio__socket_kind *kind, const struct mio_addr *addr)
{
    return is_of_kind(kind, mio_addr_family(addr)) ? 0 : -EAFNOSUPPORT;
}

void mio__socket_open_source(struct mio_source *source, const struct mio__socket_kind *kind,
                             mio_fd fd)
{
    mio__source_open(source, fd);
    if (kind->type == MIO__STREAM && !kind->listens)
        source->flags |= MIO__IS_STREAM;
}

int mio__socket_create(struct mio_source *source, const struct mio__socket_kind *kind,
                       const struct mio_addr *addr)
{
    mio_fd fd;
    int result = mio__socket_fits(kind, addr);
    if (result == 0)
        result = mio__socket_open(mio_addr_family(addr), kind->type, &fd);
    if (result == 0)
        mio__socket_open_source(source, kind, fd);
    return result;
}

int mio__socket_create_pair(struct mio_source *a, struct mio_source *b,
                            const struct mio__socket_kind *kind)
{
    mio_fd fds[2];
    if (a)
        memset(a, 0, sizeof *a);
    if (b)
        memset(b, 0, sizeof *b);
    if (!a || !b || a == b)
        return -EINVAL;
    int result = mio__socket_pair(kind->type, fds);
    if (result < 0)
        return result;
    mio__socket_open_source(a, kind, fds[0]);
    mio__socket_open_source(b, kind, fds[1]);
    return 0;
}

int mio__socket_prepare(mio_fd fd, mio_prepare *prepare, void *arg)
{
    return prepare ? mio__user_result(prepare(fd, arg)) : 0;
}

int mio__socket_from_fd(struct mio_source *source, const struct mio__socket_kind *kind, mio_fd fd)
{
    struct mio_addr addr;
    if (!source)
        return -EINVAL;
    memset(source, 0, sizeof *source);
    int result = mio__socket_check(fd, kind->type, kind->listens);
    if (result < 0)
        return result;
    result = mio__socket_local_addr(fd, &addr);
    if (result == -ENOTSUP) /* a family that has no names */
        result = -EAFNOSUPPORT;
    if (result == 0)
        result = mio__socket_fits(kind, &addr);
    if (result == 0)
        result = mio__socket_adopt(fd);
    if (result == 0)
        mio__socket_open_source(source, kind, fd);
    return result;
}

int mio__socket_close_source(struct mio_source *source)
{
    return mio__source_close(source, mio__socket_close);
}

int mio__socket_end(struct mio_source *source, int how)
{
    if (!source || how < MIO_SHUTDOWN_READ || how > MIO_SHUTDOWN_BOTH)
        return -EINVAL;
    if (source->state == MIO__CLOSED)
        return -EBADF;
    int result = mio__socket_shutdown(source->fd, how, &source->learned);
    if (result == 0 && source->state == MIO__REGISTERED && source->poll->backend->ended)
        source->poll->backend->ended(source->poll, source);
    return result;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

int mio__socket_take_error(struct mio_source *source)
{
    int error;
    int result = mio__source_check(source);
    if (result == 0)
        result = mio__socket_pending(source->fd, &source->learned, &error);
    if (result < 0)
        return result;
    if (error < 0 && (source->flags & MIO__REARM)) /* the next one is to be told */
        source->poll->backend->rearm(source->poll, source, 0, MIO__BLOCKED);
    return error;
}

int mio__socket_name(const struct mio_source *source, struct mio_addr *addr,
                     int (*ask)(mio_fd fd, struct mio_addr *addr))
{
    if (!source || !addr)
        return -EINVAL;
    return source->state == MIO__CLOSED ? -EBADF : ask(source->fd, addr);
}

void mio__socket_settle_unix(struct mio_addr *peer)
{
    if (mio_addr_family(peer) == MIO_ADDR_NONE)
        mio_addr_unix_unnamed(peer);
}

/* ---- Options --------------------------------------------------------------------------------- */

int mio__socket_flag(const struct mio_source *source, enum mio__option option)
{
    int value = 0;
    int result = mio__source_check(source);
    if (result == 0)
        result = mio__option_get(source->fd, option, &value);
    return result < 0 ? result : value != 0;
}

int mio__socket_set_flag(struct mio_source *source, enum mio__option option, bool value)
{
    int result = mio__source_check(source);
    return result < 0 ? result : mio__option_set(source->fd, option, value);
}

/* The family whose option counts for what is sent, or a code. An IPv6 socket may be one of IPv4. */
static int sending_family(const struct mio_source *source)
{
    struct mio_addr addr;
    int result = mio__source_check(source);
    if (result == 0)
        result = mio__socket_local_addr(source->fd, &addr);
    if (result < 0)
        return result;
    result = mio__sockaddr_network(&addr);
    return result == MIO_ADDR_NONE ? -EINVAL : result;
}

int mio__socket_by_family(const struct mio_source *source, const struct mio__family_option *option)
{
    int value = 0;
    int result = sending_family(source);
    if (result > 0)
        result =
            mio__option_get(source->fd, result == MIO_ADDR_IPV6 ? option->v6 : option->v4, &value);
    return result < 0 ? result : value;
}

int mio__socket_set_by_family(struct mio_source *source, const struct mio__family_option *option,
                              int value)
{
    int family = sending_family(source);
    if (family < 0)
        return family;
    if (family == MIO_ADDR_IPV4)
        return mio__option_set(source->fd, option->v4, value);
    int result = mio__option_set(source->fd, option->v6, value);
    /* A socket of both families needs both, and hands them down; one of IPv6 alone may refuse. */
    if (result == 0)
        mio__option_set(source->fd, option->v4, value);
    return result;
}

static const struct mio__family_option hops = {MIO__OPTION_HOPS_V4, MIO__OPTION_HOPS_V6};

int mio__socket_ttl(const struct mio_source *source)
{
    return mio__socket_by_family(source, &hops);
}

int mio__socket_set_ttl(struct mio_source *source, int ttl)
{
    if (!source || ttl < 1 || ttl > 255)
        return -EINVAL;
    return mio__socket_set_by_family(source, &hops, ttl);
}
