/* New sockets. SIGPIPE needs nothing here: each send carries MSG_NOSIGNAL. */
#include "sys/unix/new_socket.h"
#include "sys/unix/calls.h"
#include "sys/unix/fd.h"
#include "sys/unix/hot_calls.h"

#include <unistd.h>

int mio__new_socket(int family, int type)
{
    return MIO__CALL(socket)(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int mio__new_pair(int type, int fds[2])
{
    return MIO__CALL(socketpair)(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds);
}

#if defined(__ANDROID__) && defined(__i386__)
/* The system call filter of Android on x86 kills the process at accept4. */
int mio__new_accepted(int fd, struct sockaddr *peer, socklen_t *length)
{
    int accepted = accept(fd, peer, length);
    if (accepted < 0)
        return -errno;
    int result = mio__fd_adopt(accepted);
    if (result < 0)
        MIO__CALL(close)(accepted);
    return result < 0 ? result : accepted;
}
#else
MIO__LIBC_CALL mio__libc_accept4(int fd, struct sockaddr *peer, socklen_t *length, int flags)
{
    return mio__libc_result(MIO__CALL(accept4)(fd, peer, length, flags));
}

int mio__new_accepted(int fd, struct sockaddr *peer, socklen_t *length)
{
    enum { FLAGS = SOCK_NONBLOCK | SOCK_CLOEXEC };
    return (int)MIO__HOT(accept4, (fd, peer, length, FLAGS), accept4, fd, (long)peer, (long)length,
                         FLAGS, 0, 0);
}
#endif

int mio__new_adopted(int fd)
{
    return mio__fd_adopt(fd);
}
