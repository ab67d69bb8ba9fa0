/* The system calls of the BSDs beside those of every Unix (sys/unix/calls_list.h). */
#ifndef MIO_SYSTEM_CALLS_H
#define MIO_SYSTEM_CALLS_H

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/bsd/kqueue_abi.h"

/* clang-format off */
#define MIO__CALLS_OF_KQUEUE(X) \
    X(int, kqueue, (void), ()) \
    X(int, kevent, (int queue, const struct kevent *changes, mio__kevent_count count, \
      struct kevent *events, mio__kevent_count room, const struct timespec *timeout), \
      (queue, changes, count, events, room, timeout)) \
    X(ssize_t, write, (int fd, const void *buf, size_t len), (fd, buf, len))

/* Without flags, as on Apple's systems, or with them. */
#define MIO__CALLS_THAT_FLAG_LATER(X) \
    X(int, accept, (int fd, struct sockaddr *addr, socklen_t *length), (fd, addr, length)) \
    X(int, pipe, (int fds[2]), (fds))
#define MIO__CALLS_THAT_FLAG(X) \
    X(int, accept4, (int fd, struct sockaddr *addr, socklen_t *length, int flags), \
      (fd, addr, length, flags)) \
    X(int, pipe2, (int fds[2], int flags), (fds, flags))

#define MIO__CALL_OF_POLL(X, name) \
    X(int, name, (struct pollfd *entries, nfds_t count, const struct timespec *timeout, \
      const sigset_t *mask), (entries, count, timeout, mask))

#define MIO__CALL_OF_SIGNALS(X) \
    X(int, sigtimedwait, (const sigset_t *set, siginfo_t *info, const struct timespec *timeout), \
      (set, info, timeout))
#define MIO__CALL_BELOW_SIGWAIT(X) \
    X(int, __thrsigdivert, (sigset_t set, siginfo_t *info, const struct timespec *timeout), \
      (set, info, timeout))

/* As rows of messages. */
#define MIO__CALLS_OF_MESSAGES(X) \
    X(int, recvmmsg, (int fd, struct mmsghdr *messages, unsigned count, int flags, \
      struct timespec *timeout), (fd, messages, count, flags, timeout)) \
    X(int, sendmmsg, (int fd, struct mmsghdr *messages, unsigned count, int flags), \
      (fd, messages, count, flags))

#if defined(MIO_SIMULATED_KQUEUE) /* those of all that can be built there */
#define MIO__CALLS_OF_SYSTEM(X) \
    MIO__CALLS_OF_KQUEUE(X) MIO__CALLS_THAT_FLAG_LATER(X) MIO__CALLS_THAT_FLAG(X) \
    MIO__CALL_OF_POLL(X, ppoll) MIO__CALL_OF_SIGNALS(X)
#elif defined(__APPLE__)
#define MIO__CALLS_OF_SYSTEM(X) MIO__CALLS_OF_KQUEUE(X) MIO__CALLS_THAT_FLAG_LATER(X)
#elif defined(__NetBSD__)
#define MIO__CALLS_OF_SYSTEM(X) \
    MIO__CALLS_OF_KQUEUE(X) MIO__CALLS_THAT_FLAG(X) MIO__CALL_OF_POLL(X, pollts) \
    MIO__CALLS_OF_MESSAGES(X)
#elif defined(__OpenBSD__)
#define MIO__CALLS_OF_SYSTEM(X) \
    MIO__CALLS_OF_KQUEUE(X) MIO__CALLS_THAT_FLAG(X) MIO__CALL_OF_POLL(X, ppoll) \
    MIO__CALL_BELOW_SIGWAIT(X) MIO__CALLS_OF_MESSAGES(X)
#else
#define MIO__CALLS_OF_SYSTEM(X) \
    MIO__CALLS_OF_KQUEUE(X) MIO__CALLS_THAT_FLAG(X) MIO__CALL_OF_POLL(X, ppoll) \
    MIO__CALL_OF_SIGNALS(X)
#endif
/* clang-format on */

#endif
