/*
 * New sockets on FreeBSD, DragonFly, NetBSD and OpenBSD. SIGPIPE needs nothing here: each send
 * carries MSG_NOSIGNAL.
 */
#include "sys/unix/new_socket.h"
#include "sys/unix/calls.h"
#include "sys/unix/fd.h"
#include "sys/unix/hot_calls.h"

int mio__new_socket(int family, int type)
{
    return MIO__CALL(socket)(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int mio__new_pair(int type, int fds[2])
{
    return MIO__CALL(socketpair)(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds);
}

int mio__new_accepted(int fd, struct sockaddr *peer, socklen_t *length)
{
    return (int)mio__libc_result(
        MIO__CALL(accept4)(fd, peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

int mio__new_adopted(int fd)
{
    return mio__fd_adopt(fd);
}
