/*
 * The system calls of this folder and its neighbours, all of them written MIO__CALL(name). In the
 * library that is the call itself. A build for tests (MIO_CALL_TABLE) takes each from a table that
 * the test program provides: there the third close can fail, or a whole system can stand behind it.
 * A test compares this list with what the library really calls.
 *
 * X(result, name, (parameters), (arguments))
 */
#ifndef MIO_CALLS_H
#define MIO_CALLS_H

#ifndef MIO_CALL_TABLE

#define MIO__CALL(name) name

#else

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
    X(int, pipe2, (int fds[2], int flags), (fds, flags)) \
    X(int, poll, (struct pollfd *entries, nfds_t count, int timeout), (entries, count, timeout)) \
    X(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t size), \
      (fd, level, name, value, size)) \
    X(int, shutdown, (int fd, int how), (fd, how)) \
    X(int, sigpending, (sigset_t *set), (set)) \
    X(int, socket, (int family, int type, int protocol), (family, type, protocol)) \
    X(int, socketpair, (int family, int type, int protocol, int fds[2]), \
      (family, type, protocol, fds))

#define MIO__CALLS_OF_LINUX(X) \
    X(int, accept4, (int fd, struct sockaddr *addr, socklen_t *length, int flags), \
      (fd, addr, length, flags)) \
    X(int, epoll_create1, (int flags), (flags)) \
    X(int, eventfd, (unsigned count, int flags), (count, flags))

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

#define MIO__CALLS(X)                                                                              \
    MIO__CALLS_OF_UNIX(X)                                                                          \
    MIO__CALLS_OF_LINUX(X) MIO__CALLS_THAT_MOVE(X) MIO__CALLS_OF_THREADS(X)

/* syscall stands for the calls that bypass libc: its result is a value or -errno. */
struct mio__calls {
    long (*syscall)(long number, long a, long b, long c, long d, long e, long f);
#define MIO__MEMBER(result, name, parameters, arguments) result(*name) parameters;
    MIO__CALLS(MIO__MEMBER)
#undef MIO__MEMBER
};
extern struct mio__calls mio__calls;

#define MIO__CALL(name) mio__calls.name

#endif

#endif
