/* Socket calls, but for what makes sockets (new_socket.c) and moves data (transfer.c). */
#include "sys/sockaddr.h"
#include "sys/sys.h"
#include "sys/windows/ask.h"
#include "sys/windows/calls.h"
#include "sys/windows/mapped.h"
#include "sys/windows/new_socket.h"
#include "sys/windows/startup.h"

/* ---- Asking ---------------------------------------------------------------------------------- */

int mio__socket_check(mio_fd fd, enum mio__socket_type type, bool listens)
{
    int actual = 0, accepts = 0;
    int result = mio__startup(); /* else no descriptor is a socket yet */
    if (result == 0)
        result = mio__ask(fd, SO_TYPE, &actual);
    if (result == 0 && actual == SOCK_STREAM)
        result = mio__ask(fd, SO_ACCEPTCONN, &accepts);
    if (result < 0)
        return result;
    if (actual != (type == MIO__STREAM ? SOCK_STREAM : SOCK_DGRAM))
        return -EPROTOTYPE;
    return (accepts != 0) == listens ? 0 : -EINVAL;
}

/* A socket that was never bound has no address here; elsewhere it has the empty one. */
static int unbound_addr(mio_fd fd, struct mio_addr *addr)
{
    const int family = mio__ask_family(fd);
    if (family < 0)
        return family;
    if (family == AF_UNIX)
        return mio__sockaddr_set_unix(addr, MIO_UNIX_UNNAMED, NULL, 0);
    const struct mio__ip any = {.family = family == AF_INET6 ? MIO_ADDR_IPV6 : MIO_ADDR_IPV4};
    mio__sockaddr_set(addr, &any);
    return 0;
}

int mio__socket_local_addr(mio_fd fd, struct mio_addr *addr)
{
    int length = sizeof addr->storage;
    if (MIO__CALL(getsockname)(fd, mio__sockaddr(addr), &length) != 0)
        return WSAGetLastError() == WSAEINVAL ? unbound_addr(fd, addr) : mio__last_error();
    mio__sockaddr_received(addr, length);
    return 0;
}

int mio__socket_peer_addr(mio_fd fd, struct mio_addr *addr)
{
    int length = sizeof addr->storage;
    if (MIO__CALL(getpeername)(fd, mio__sockaddr(addr), &length) != 0)
        return mio__last_error();
    mio__sockaddr_received(addr, length);
    return 0;
}

/* 1 for a socket that has begun to connect, for that is bound; 0, or a code. */
static int is_bound(mio_fd fd)
{
    struct sockaddr_storage name;
    int length = sizeof name;
    if (MIO__CALL(getsockname)(fd, (struct sockaddr *)&name, &length) == 0)
        return 1;
    return WSAGetLastError() == WSAEINVAL ? 0 : mio__last_error();
}

/* A connection that failed is told as an exception, and nothing of one that never began. */
int mio__socket_writability(mio_fd fd)
{
    struct timeval none = {0, 0};
    fd_set writes = {.fd_count = 1, .fd_array = {fd}};
    fd_set failed = {.fd_count = 1, .fd_array = {fd}};
    if (MIO__CALL(select)(0, NULL, &writes, &failed, &none) < 0)
        return mio__last_error();
    if (failed.fd_count > 0)
        return (int)MIO_WRITE_CLOSED;
    if (writes.fd_count > 0)
        return (int)MIO_WRITABLE;
    const int bound = is_bound(fd);
    return bound < 0 ? bound : bound ? 0 : (int)MIO_WRITE_CLOSED;
}

/* ---- Names and ends -------------------------------------------------------------------------- */

int mio__socket_bind(mio_fd fd, const struct mio_addr *addr)
{
    int result = MIO__CALL(bind)(fd, mio__sockaddr(addr), (int)addr->length);
    return result != 0 ? mio__last_error() : 0;
}

int mio__socket_listen(mio_fd fd, int backlog)
{
    int result = MIO__CALL(listen)(fd, backlog > 0 ? backlog : SOMAXCONN);
    return result != 0 ? mio__last_error() : 0;
}

static int connect_to(mio_fd fd, const struct mio_addr *addr)
{
    const bool failed = MIO__CALL(connect)(fd, mio__sockaddr(addr), (int)addr->length) != 0;
    return failed && WSAGetLastError() != WSAEWOULDBLOCK ? mio__ask_error(fd) : 0;
}

static int connect_to_any(mio_fd fd, const struct mio_addr *addr)
{
    struct mio_addr mapped;
    int result = connect_to(fd, addr);
    if (result < 0 && mio__mapped_instead(fd, addr, &mapped, &result))
        result = connect_to(fd, &mapped);
    return result;
}

/* One that has a peer is told of refused datagrams; before it has, so that a refusal changes
 * nothing. */
static int connect_datagrams(mio_fd fd, const struct mio_addr *addr)
{
    struct mio_addr peer;
    int result = mio__new_tell_refusals(fd, true);
    if (result == 0)
        result = connect_to_any(fd, addr);
    if (result < 0 && mio__socket_peer_addr(fd, &peer) < 0)
        mio__new_tell_refusals(fd, false);
    return result;
}

int mio__socket_connect(mio_fd fd, const struct mio_addr *addr)
{
    return mio__ask_is_datagram(fd) ? connect_datagrams(fd, addr) : connect_to_any(fd, addr);
}

int mio__socket_shutdown(mio_fd fd, int how)
{
    int direction = how == MIO_SHUTDOWN_BOTH   ? SD_BOTH
                    : how == MIO_SHUTDOWN_READ ? SD_RECEIVE
                                               : SD_SEND;
    return MIO__CALL(shutdown)(fd, direction) != 0 ? mio__last_error() : 0;
}

/* A non-blocking socket that is to linger refuses to close: it is closed without. */
static int close_at_once(mio_fd fd)
{
    const struct linger none = {0};
    MIO__CALL(setsockopt)(fd, SOL_SOCKET, SO_LINGER, (const char *)&none, sizeof none);
    return MIO__CALL(closesocket)(fd) != 0 ? mio__last_error() : 0;
}

int mio__socket_close(mio_fd fd)
{
    if (MIO__CALL(closesocket)(fd) == 0)
        return 0;
    return WSAGetLastError() == WSAEWOULDBLOCK ? close_at_once(fd) : mio__ask_error(fd);
}
