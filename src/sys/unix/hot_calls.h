/*
 * The calls that a server makes for each request and each connection. Where the system's own header
 * (system_hot.h) knows a way past libc they take it, which saves a frame. Elsewhere they are those
 * of libc, also in builds that take calls from a table.
 *
 * Results: a value, or a negative errno value of the system, -EINTR included. errno may change.
 */
#ifndef MIO_HOT_CALLS_H
#define MIO_HOT_CALLS_H

#include "sys/unix/calls.h"
#include "system_hot.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef MIO__HOT /* the system has no way past libc */
#define MIO__LIBC_CALL static inline long
#define MIO__HOT(name, arguments, number, ...) mio__libc_##name arguments
#endif

static inline long mio__libc_result(long result)
{
    return result < 0 ? -errno : result;
}

MIO__LIBC_CALL mio__libc_recv(int fd, void *buf, size_t len, int flags)
{
    return mio__libc_result(MIO__CALL(recv)(fd, buf, len, flags));
}

static inline long mio__hot_recv(int fd, void *buf, size_t len, int flags)
{
    return MIO__HOT(recv, (fd, buf, len, flags), recvfrom, fd, (long)buf, (long)len, flags, 0, 0);
}

MIO__LIBC_CALL mio__libc_recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *from,
                                  socklen_t *length)
{
    return mio__libc_result(MIO__CALL(recvfrom)(fd, buf, len, flags, from, length));
}

static inline long mio__hot_recvfrom(int fd, void *buf, size_t len, int flags,
                                     struct sockaddr *from, socklen_t *length)
{
    return MIO__HOT(recvfrom, (fd, buf, len, flags, from, length), recvfrom, fd, (long)buf,
                    (long)len, flags, (long)from, (long)length);
}

MIO__LIBC_CALL mio__libc_send(int fd, const void *buf, size_t len, int flags)
{
    return mio__libc_result(MIO__CALL(send)(fd, buf, len, flags));
}

static inline long mio__hot_send(int fd, const void *buf, size_t len, int flags)
{
    return MIO__HOT(send, (fd, buf, len, flags), sendto, fd, (long)buf, (long)len, flags, 0, 0);
}

MIO__LIBC_CALL mio__libc_sendto(int fd, const void *buf, size_t len, int flags,
                                const struct sockaddr *to, socklen_t length)
{
    return mio__libc_result(MIO__CALL(sendto)(fd, buf, len, flags, to, length));
}

static inline long mio__hot_sendto(int fd, const void *buf, size_t len, int flags,
                                   const struct sockaddr *to, socklen_t length)
{
    return MIO__HOT(sendto, (fd, buf, len, flags, to, length), sendto, fd, (long)buf, (long)len,
                    flags, (long)to, (long)length);
}

MIO__LIBC_CALL mio__libc_close(int fd)
{
    return mio__libc_result(MIO__CALL(close)(fd));
}

static inline long mio__hot_close(int fd)
{
    return MIO__HOT(close, (fd), close, fd, 0, 0, 0, 0, 0);
}

#endif
