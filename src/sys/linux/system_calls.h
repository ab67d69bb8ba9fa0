/* The system calls of Linux beside those of every Unix (sys/unix/calls_list.h). */
#ifndef MIO_SYSTEM_CALLS_H
#define MIO_SYSTEM_CALLS_H

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whoever does not make these calls may not see it. */
struct mmsghdr;

/* The flags of recvmmsg and sendmmsg; musl has them unsigned. */
#if defined(__GLIBC__) || defined(__BIONIC__)
typedef int mio__message_flags;
#else
typedef unsigned mio__message_flags;
#endif

/* clang-format off */
#define MIO__CALLS_OF_SYSTEM(X) \
    X(int, accept4, (int fd, struct sockaddr *addr, socklen_t *length, int flags), \
      (fd, addr, length, flags)) \
    X(int, epoll_create1, (int flags), (flags)) \
    X(int, eventfd, (unsigned count, int flags), (count, flags)) \
    X(int, pipe2, (int fds[2], int flags), (fds, flags)) \
    X(int, recvmmsg, (int fd, struct mmsghdr *messages, unsigned count, \
      mio__message_flags flags, struct timespec *timeout), \
      (fd, messages, count, flags, timeout)) \
    X(int, sendmmsg, (int fd, struct mmsghdr *messages, unsigned count, \
      mio__message_flags flags), (fd, messages, count, flags))
/* clang-format on */

/* Those that are made past libc (syscall.h). */
#define MIO__CALLS_PAST_LIBC(X)                                                                    \
    X(read)                                                                                        \
    X(write)                                                                                       \
    X(epoll_ctl)                                                                                   \
    X(epoll_wait)                                                                                  \
    X(epoll_pwait)                                                                                 \
    X(epoll_pwait2) X(ppoll) X(ppoll_time64) X(prctl) X(pwritev2) X(rt_sigtimedwait)

#endif
