/* Socket calls, but for what makes sockets (new_socket.c) and moves data (transfer.c). */
#include "sys/sockaddr.h"
#include "sys/sys.h"
#include "sys/windows/base_socket.h"
#include "sys/windows/calls.h"
#include "sys/windows/new_socket.h"

/* ---- Asking ---------------------------------------------------------------------------------- */

/* Handles are small; those of the process and the like are negative, and no sockets. */
bool mio__fd_is_valid(mio_fd fd)
{
    return (intptr_t)fd >= 0;
}

int mio__socket_error_of(mio_fd fd, int error)
{
    DWORD flags;
    if (error != -ENOTSOCK)
        return error;
    return mio__fd_is_valid(fd) && GetHandleInformation((HANDLE)fd, &flags) ? error : -EBADF;
}

static int ask(mio_fd fd, int name, int *value)
{
    int length = sizeof *value;
    *value = 0;
    return MIO__CALL(getsockopt)(fd, SOL_SOCKET, name, (char *)value, &length) != 0
               ? mio__last_error()
               : 0;
}

bool mio__fd_listens(mio_fd fd)
{
    int listens;
    return ask(fd, SO_ACCEPTCONN, &listens) == 0 && listens != 0;
}

int mio__socket_check(mio_fd fd, enum mio__socket_type type, bool listens)
{
    int actual, accepts = 0;
    int result = mio__socket_error_of(fd, ask(fd, SO_TYPE, &actual));
    if (result == 0 && actual == SOCK_STREAM)
        result = ask(fd, SO_ACCEPTCONN, &accepts);
    if (result < 0)
        return result;
    if (actual != (type == MIO__STREAM ? SOCK_STREAM : SOCK_DGRAM))
        return -EPROTOTYPE;
    return (accepts != 0) == listens ? 0 : -EINVAL;
}

/* A socket that was never bound has no address here; elsewhere it has the empty one. */
static int unbound_addr(mio_fd fd, struct mio_addr *addr)
{
    WSAPROTOCOL_INFOW info;
    int length = sizeof info;
    if (MIO__CALL(getsockopt)(fd, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&info, &length) != 0)
        return mio__last_error();
    if (info.iAddressFamily == AF_UNIX)
        return mio__sockaddr_set_unix(addr, MIO_UNIX_UNNAMED, NULL, 0);
    const struct mio__ip any = {.family = info.iAddressFamily == AF_INET6 ? MIO_ADDR_IPV6
                                                                          : MIO_ADDR_IPV4};
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

/*
 * A connection that failed is told as an exception. One that was never begun is told as one under
 * way, but a socket that connects has a name.
 */
int mio__socket_writability(mio_fd fd)
{
    struct sockaddr_storage name;
    int length = sizeof name;
    struct timeval none = {0, 0};
    fd_set writes = {.fd_count = 1, .fd_array = {fd}};
    fd_set failed = {.fd_count = 1, .fd_array = {fd}};
    if (MIO__CALL(select)(0, NULL, &writes, &failed, &none) < 0)
        return mio__last_error();
    if (failed.fd_count > 0)
        return (int)MIO_WRITE_CLOSED;
    if (writes.fd_count > 0)
        return (int)MIO_WRITABLE;
    const bool has_name = MIO__CALL(getsockname)(fd, (struct sockaddr *)&name, &length) == 0;
    return has_name || WSAGetLastError() != WSAEINVAL ? 0 : (int)MIO_WRITE_CLOSED;
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

/* A socket says in many ways that an address is of another family. */
int mio__socket_refusal(mio_fd fd, const struct mio_addr *addr)
{
    WSAPROTOCOL_INFOW info;
    int length = sizeof info;
    const int error = mio__last_error();
    if (MIO__CALL(getsockopt)(fd, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&info, &length) == 0 &&
        info.iAddressFamily != mio__sockaddr(addr)->sa_family)
        return -EAFNOSUPPORT;
    return error;
}

int mio__socket_connect(mio_fd fd, const struct mio_addr *addr)
{
    int type;
    if (MIO__CALL(connect)(fd, mio__sockaddr(addr), (int)addr->length) != 0)
        return WSAGetLastError() == WSAEWOULDBLOCK ? 0 : mio__socket_refusal(fd, addr);
    /* Connected at once: a datagram socket, which from now on is told of refused datagrams. */
    if (ask(fd, SO_TYPE, &type) == 0 && type == SOCK_DGRAM)
        return mio__new_tell_refusals(fd, true);
    return 0;
}

int mio__socket_shutdown(mio_fd fd, int how)
{
    int direction = how == MIO_SHUTDOWN_BOTH   ? SD_BOTH
                    : how == MIO_SHUTDOWN_READ ? SD_RECEIVE
                                               : SD_SEND;
    return MIO__CALL(shutdown)(fd, direction) != 0 ? mio__last_error() : 0;
}

int mio__socket_close(mio_fd fd)
{
    return MIO__CALL(closesocket)(fd) != 0 ? mio__last_error() : 0;
}
