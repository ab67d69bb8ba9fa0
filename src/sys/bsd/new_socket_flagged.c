/*
 * New sockets on Apple's systems, which set nothing from birth: the flags follow in further calls,
 * and a process that another thread starts in between inherits the descriptor. SO_NOSIGPIPE keeps
 * SIGPIPE away, whoever writes.
 */
#include "sys/unix/calls.h"
#include "sys/unix/fd.h"
#include "sys/unix/new_socket.h"

#include <unistd.h>

static int silence(int fd)
{
#ifdef SO_NOSIGPIPE
    int on = 1;
    if (MIO__CALL(setsockopt)(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on) < 0)
        return mio__last_error();
#else
    (void)fd;
#endif
    return 0;
}

/* As mio__new_adopted, and closes what it cannot adopt. */
static int adopt_or_close(int fd)
{
    int result = mio__new_adopted(fd);
    if (result < 0)
        MIO__CALL(close)(fd);
    return result;
}

/* Returns -1 with errno, after an error that is a negative errno value. */
static int fail_with(int result)
{
    errno = -result;
    return -1;
}

int mio__new_socket(int family, int type)
{
    int fd = MIO__CALL(socket)(family, type, 0);
    int result = fd < 0 ? 0 : adopt_or_close(fd);
    return result < 0 ? fail_with(result) : fd;
}

int mio__new_pair(int type, int fds[2])
{
    if (MIO__CALL(socketpair)(AF_UNIX, type, 0, fds) < 0)
        return -1;
    int result = adopt_or_close(fds[0]);
    if (result < 0) {
        MIO__CALL(close)(fds[1]);
        return fail_with(result);
    }
    result = adopt_or_close(fds[1]);
    if (result < 0) {
        MIO__CALL(close)(fds[0]);
        return fail_with(result);
    }
    return 0;
}

int mio__new_accepted(int fd, struct sockaddr *peer, socklen_t *length)
{
    int accepted = MIO__CALL(accept)(fd, peer, length);
    if (accepted < 0)
        return -errno;
    int result = adopt_or_close(accepted);
    /* A connection that was closed on both sides meanwhile takes no options any more. */
    if (result == -EINVAL)
        return -ECONNABORTED;
    return result < 0 ? result : accepted;
}

int mio__new_adopted(int fd)
{
    int result = silence(fd);
    return result < 0 ? result : mio__fd_adopt(fd);
}
