/* Socket calls. */
#include "sys/sockaddr.h"
#include "sys/sys.h"
#include "sys/unix/calls.h"
#include "sys/unix/fd.h"
#include "sys/unix/hot_calls.h"
#include "sys/unix/iovec.h"
#include "sys/unix/new_socket.h"
#include "sys/unix/option.h"
#include "system.h"

#include <poll.h>

/* ---- Opening --------------------------------------------------------------------------------- */

static int type_of(enum mio__socket_type type)
{
    return type == MIO__STREAM ? SOCK_STREAM : SOCK_DGRAM;
}

int mio__socket_open(int family, enum mio__socket_type type, mio_fd *fd)
{
    int domain = family == MIO_ADDR_UNIX ? AF_UNIX : family == MIO_ADDR_IPV6 ? AF_INET6 : AF_INET;
    *fd = mio__new_socket(domain, type_of(type));
    return *fd < 0 ? mio__last_error() : 0;
}

int mio__socket_pair(enum mio__socket_type type, mio_fd fds[2])
{
    return mio__new_pair(type_of(type), fds) < 0 ? mio__last_error() : 0;
}

int mio__socket_check(mio_fd fd, enum mio__socket_type type, bool listens)
{
    int actual = 0, accepts = 0;
    int result = mio__option_ask(fd, SOL_SOCKET, SO_TYPE, &actual);
    if (result == 0)
        result = mio__option_ask(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts);
    if (result < 0)
        return result;
    if (actual != type_of(type))
        return -EPROTOTYPE;
    return (accepts != 0) == listens ? 0 : -EINVAL;
}

int mio__socket_bind(mio_fd fd, const struct mio_addr *addr)
{
    int result;
    do /* a path may be looked up in a file system that other processes serve */
        result = MIO__CALL(bind)(fd, mio__sockaddr(addr), addr->length);
    while (result < 0 && errno == EINTR);
    return result < 0 ? mio__last_error() : 0;
}

int mio__socket_listen(mio_fd fd, int backlog)
{
    return MIO__CALL(listen)(fd, backlog > 0 ? backlog : SOMAXCONN) < 0 ? mio__last_error() : 0;
}

int mio__socket_connect(mio_fd fd, const struct mio_addr *addr)
{
    bool interrupted = false;
    while (MIO__CALL(connect)(fd, mio__sockaddr(addr), addr->length) < 0) {
        if (errno == EINPROGRESS)
            return 0;
        /* After an interruption it goes on by itself, or it never began: the next call tells. */
        if (interrupted && (errno == EALREADY || errno == EISCONN))
            return 0;
        if (errno != EINTR)
            return mio__last_error();
        interrupted = true;
    }
    return 0;
}

int mio__socket_accept(mio_fd fd, mio_fd *accepted, struct mio_addr *peer)
{
    /* cppcheck-suppress ctunullpointer ; sizeof looks at the type alone */
    socklen_t length = sizeof peer->storage;
    do
        *accepted = mio__new_accepted(fd, peer ? mio__sockaddr(peer) : NULL, peer ? &length : NULL);
    while (*accepted == -EINTR);
    if (*accepted < 0)
        return mio__error_of(-*accepted);
    if (peer)
        mio__sockaddr_received(peer, length);
    return 0;
}

/* ---- Asking and ending ----------------------------------------------------------------------- */

static int ask_name(int (*ask)(int fd, struct sockaddr *name, socklen_t *length), mio_fd fd,
                    struct mio_addr *addr)
{
    socklen_t length = sizeof addr->storage;
    if (ask(fd, mio__sockaddr(addr), &length) < 0)
        return mio__last_error();
    mio__sockaddr_received(addr, length);
    return 0;
}

int mio__socket_local_addr(mio_fd fd, struct mio_addr *addr)
{
    return ask_name(MIO__CALL(getsockname), fd, addr);
}

int mio__socket_peer_addr(mio_fd fd, struct mio_addr *addr)
{
    return ask_name(MIO__CALL(getpeername), fd, addr);
}

int mio__socket_adopt(mio_fd fd)
{
    return mio__new_adopted(fd);
}

int mio__socket_close(mio_fd fd)
{
    return mio__fd_close(fd);
}

int mio__socket_shutdown(mio_fd fd, int how, uint8_t *learned)
{
    (void)learned; /* the queues of Unix tell of it by themselves */
    int direction = how == MIO_SHUTDOWN_BOTH   ? SHUT_RDWR
                    : how == MIO_SHUTDOWN_READ ? SHUT_RD
                                               : SHUT_WR;
    return MIO__CALL(shutdown)(fd, direction) < 0 ? mio__last_error() : 0;
}

int mio__socket_writability(mio_fd fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLOUT};
    int n;
    do
        n = MIO__CALL(poll)(&entry, 1, 0);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return n < 0 ? mio__last_error() : 0;
    return entry.revents & (POLLHUP | POLLERR) ? (int)MIO_WRITE_CLOSED : (int)MIO_WRITABLE;
}

/* ---- Moving bytes ---------------------------------------------------------------------------- */

ptrdiff_t mio__socket_recv(mio_fd fd, void *buf, size_t len, bool peek)
{
    long n;
    do
        n = mio__hot_recv(fd, buf, len, peek ? MSG_PEEK : 0);
    while (n == -EINTR);
    return n < 0 ? mio__error_of((int)-n) : n;
}

/* A first write that opens the connection as well (TCP_FASTOPEN_CONNECT) waits for room, too. */
static ptrdiff_t send_error(int system_error)
{
    return system_error == EINPROGRESS ? -EAGAIN : mio__error_of(system_error);
}

ptrdiff_t mio__socket_send(mio_fd fd, const void *buf, size_t len)
{
    long n;
    do
        n = mio__hot_send(fd, buf, len, MIO__SEND_FLAGS);
    while (n == -EINTR);
    return n < 0 ? send_error((int)-n) : n;
}

ptrdiff_t mio__socket_recv_from(mio_fd fd, void *buf, size_t len, struct mio_addr *from, bool peek)
{
    socklen_t length;
    long n;
    do {
        length = sizeof from->storage;
        n = mio__hot_recvfrom(fd, buf, len, peek ? MSG_PEEK : 0, mio__sockaddr(from), &length);
    } while (n == -EINTR);
    if (n < 0)
        return mio__error_of((int)-n);
    mio__sockaddr_received(from, length);
    return n;
}

ptrdiff_t mio__socket_send_to(mio_fd fd, const void *buf, size_t len, const struct mio_addr *to)
{
    long n;
    do
        n = mio__hot_sendto(fd, buf, len, MIO__SEND_FLAGS, mio__sockaddr(to), to->length);
    while (n == -EINTR);
    return n < 0 ? mio__error_of((int)-n) : n;
}

static struct msghdr message_of(const struct mio_buf *bufs, size_t count)
{
    struct msghdr message = {.msg_iov = mio__iovec(bufs)};
    message.msg_iovlen = (__typeof__(message.msg_iovlen))count; /* int or size_t, by the system */
    return message;
}

/* recvmsg and sendmsg, for writev has no way to keep SIGPIPE away. */
ptrdiff_t mio__socket_recvv(mio_fd fd, const struct mio_buf *bufs, size_t count)
{
    struct msghdr message = message_of(bufs, count);
    ssize_t n;
    do
        n = MIO__CALL(recvmsg)(fd, &message, 0);
    while (n < 0 && errno == EINTR);
    return n < 0 ? mio__last_error() : n;
}

ptrdiff_t mio__socket_sendv(mio_fd fd, const struct mio_buf *bufs, size_t count)
{
    struct msghdr message = message_of(bufs, count);
    ssize_t n;
    do
        n = MIO__CALL(sendmsg)(fd, &message, MIO__SEND_FLAGS);
    while (n < 0 && errno == EINTR);
    return n < 0 ? send_error(errno) : n;
}
