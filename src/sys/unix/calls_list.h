/*
 * The system calls that every Unix has and the files of this folder make. The calls that a system
 * has beside them are in its own list, system_calls.h.
 *
 * X(result, name, (parameters), (arguments))
 */
#ifndef MIO_CALLS_LIST_H
#define MIO_CALLS_LIST_H

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

/* clang-format off */
#define MIO__CALLS_OF_UNIX(X) \
    X(int, bind, (int fd, const struct sockaddr *addr, socklen_t length), (fd, addr, length)) \
    X(int, clock_gettime, (clockid_t clock, struct timespec *now), (clock, now)) \
    X(int, close, (int fd), (fd)) \
    X(int, connect, (int fd, const struct sockaddr *addr, socklen_t length), (fd, addr, length)) \
    X(int, fcntl, (int fd, int command, int value), (fd, command, value)) \
    X(int, fstat, (int fd, struct stat *status), (fd, status)) \
    X(int, getpeername, (int fd, struct sockaddr *addr, socklen_t *length), (fd, addr, length)) \
    X(int, getsockname, (int fd, struct sockaddr *addr, socklen_t *length), (fd, addr, length)) \
    X(int, getsockopt, (int fd, int level, int name, void *value, socklen_t *size), \
      (fd, level, name, value, size)) \
    X(int, listen, (int fd, int backlog), (fd, backlog)) \
    X(int, poll, (struct pollfd *entries, nfds_t count, int timeout), (entries, count, timeout)) \
    X(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t size), \
      (fd, level, name, value, size)) \
    X(int, shutdown, (int fd, int how), (fd, how)) \
    X(int, sigpending, (sigset_t *set), (set)) \
    X(int, socket, (int family, int type, int protocol), (family, type, protocol)) \
    X(int, socketpair, (int family, int type, int protocol, int fds[2]), \
      (family, type, protocol, fds))

/* These move data, and may move less than they were asked to. */
#define MIO__CALLS_THAT_MOVE(X) \
    X(ssize_t, read, (int fd, void *buf, size_t len), (fd, buf, len)) \
    X(ssize_t, readv, (int fd, const struct iovec *bufs, int count), (fd, bufs, count)) \
    X(ssize_t, recv, (int fd, void *buf, size_t len, int flags), (fd, buf, len, flags)) \
    X(ssize_t, recvfrom, (int fd, void *buf, size_t len, int flags, struct sockaddr *addr, \
      socklen_t *length), (fd, buf, len, flags, addr, length)) \
    X(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags)) \
    X(ssize_t, send, (int fd, const void *buf, size_t len, int flags), (fd, buf, len, flags)) \
    X(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags)) \
    X(ssize_t, sendto, (int fd, const void *buf, size_t len, int flags, \
      const struct sockaddr *addr, socklen_t length), (fd, buf, len, flags, addr, length)) \
    X(ssize_t, writev, (int fd, const struct iovec *bufs, int count), (fd, bufs, count))

/* These return the error, and leave errno alone. */
#define MIO__CALLS_OF_THREADS(X) \
    X(int, pthread_kill, (pthread_t thread, int number), (thread, number)) \
    X(int, pthread_mutex_init, (pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes), \
      (mutex, attributes)) \
    X(int, pthread_sigmask, (int how, const sigset_t *set, sigset_t *before), (how, set, before))
/* clang-format on */

#endif
