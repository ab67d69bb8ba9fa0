/*
 * How events are fetched from an epoll. The letters are those of epoll.c.
 */
#ifndef MIO_EPOLL_FETCH_H
#define MIO_EPOLL_FETCH_H

#include "atomic.h"
#include "sys/linux/syscall.h"
#include "sys/unix/poll_bits.h"

#include <mio.h>

#include <limits.h>
#include <string.h>
#include <sys/epoll.h>

_Static_assert(sizeof(struct epoll_event) <= sizeof(struct mio_event),
               "the kernel's events fit into the caller's array");

enum { EPOLL_EVENTS_MAX = INT_MAX / (int)sizeof(struct mio_event) }; /* H */

/* poll->flags */
enum { EPOLL_PWAIT2_REFUSED = 1 };

/* Results are those of the kernel: a count or -errno. */
static inline int epoll_fetch_ms(mio_fd queue, void *events, int room, int timeout_ms)
{
#if defined(SYS_epoll_wait) && !defined(__ANDROID__) /* I */
    return (int)mio__syscall4(SYS_epoll_wait, queue, (long)events, room, timeout_ms);
#else
    return (int)mio__syscall6(SYS_epoll_pwait, queue, (long)events, room, timeout_ms, 0, 0);
#endif
}

/* Goes on where the kernel's longest wait ends (B). timeout_ms: -1 for ever. */
static inline int epoll_fetch_long(mio_fd queue, void *events, int room, int64_t timeout_ms)
{
    while (timeout_ms > INT_MAX) {
        int n = epoll_fetch_ms(queue, events, room, INT_MAX);
        if (n != 0)
            return n;
        timeout_ms -= INT_MAX;
    }
    return epoll_fetch_ms(queue, events, room, (int)timeout_ms);
}

/* Old headers lack the name. The number is the same but on these, which round up instead. */
#if !defined(SYS_epoll_pwait2) && !defined(__alpha__) && !defined(__mips__) && !defined(__ILP32__)
#define SYS_epoll_pwait2 441
#endif

#if defined(__ANDROID__) || !defined(SYS_epoll_pwait2)
static inline int epoll_fetch_ns(struct mio_poll *poll, void *events, int room, int64_t timeout_ns)
{
    return epoll_fetch_long(poll->fd, events, room, timeout_ns / MIO_NS_PER_MS + 1);
}
#else
/* For a timeout that is no whole number of milliseconds (C). */
static inline int epoll_fetch_ns(struct mio_poll *poll, void *events, int room, int64_t timeout_ns)
{
    struct {
        int64_t seconds;
        int64_t nanoseconds;
    } timeout = {timeout_ns / MIO_NS_PER_S, timeout_ns % MIO_NS_PER_S};

    if (!(mio__load_relaxed(&poll->flags) & EPOLL_PWAIT2_REFUSED)) {
        int n = (int)mio__syscall6(SYS_epoll_pwait2, poll->fd, (long)events, room, (long)&timeout,
                                   0, 0);
        if (n != -ENOSYS && n != -EPERM && n != -EACCES && n != -EINVAL && n != -EOPNOTSUPP)
            return n; /* of the others the call that replaces it says what is wrong */
        mio__store_relaxed(&poll->flags, EPOLL_PWAIT2_REFUSED);
    }
    return epoll_fetch_long(poll->fd, events, room, timeout_ns / MIO_NS_PER_MS + 1);
}
#endif

/* Widens the kernel's events to ours in place, from the end, for ours may be longer (A). */
static inline void epoll_translate(struct mio_event *events, int n)
{
    const unsigned char *fetched = (const unsigned char *)events;
    while (n-- > 0) {
        struct epoll_event event;
        memcpy(&event, fetched + (size_t)n * sizeof event, sizeof event);
        events[n].token = (mio_token)event.data.ptr;
        events[n].readiness = mio__readiness_of(event.events);
    }
}

/* A part of each wait, however many there are: a frame would cost more than it does. */
__attribute__((always_inline)) static inline int epoll_fetch(struct mio_poll *poll, void *events,
                                                             size_t capacity, int64_t timeout_ns)
{
    int room = capacity < EPOLL_EVENTS_MAX ? (int)capacity : EPOLL_EVENTS_MAX;
    if (timeout_ns == 0)
        return epoll_fetch_ms(poll->fd, events, room, 0);
    if (timeout_ns == MIO_FOREVER)
        return epoll_fetch_ms(poll->fd, events, room, -1);
    if (timeout_ns % MIO_NS_PER_MS == 0)
        return epoll_fetch_long(poll->fd, events, room, timeout_ns / MIO_NS_PER_MS);
    return epoll_fetch_ns(poll, events, room, timeout_ns);
}

#endif
