/*
 * Between our bits and those of poll(2), which are also epoll's on the systems that have both.
 */
#ifndef MIO_POLL_BITS_H
#define MIO_POLL_BITS_H

#include <mio.h>

#include <poll.h>

/* Where it is missing, the peer's end is told by what a read finds. */
#ifndef POLLRDHUP
#define POLLRDHUP 0
#endif

#define MIO__POLL_FEATURES                                                                         \
    (MIO_READABLE | MIO_WRITABLE | MIO_PRIORITY | MIO_LEVEL | MIO_ONESHOT |                        \
     (POLLRDHUP ? MIO_READ_CLOSED : 0u))

_Static_assert(POLLIN == MIO_READABLE && POLLPRI == MIO_PRIORITY && POLLOUT == MIO_WRITABLE &&
                   POLLERR == MIO_ERROR,
               "the common bits need no translation");

/* The bits to ask for. POLLERR and POLLHUP come unasked. */
static inline uint32_t mio__poll_bits_of(uint32_t asked)
{
    uint32_t bits = asked & (MIO_READABLE | MIO_WRITABLE | MIO_PRIORITY);
    return asked & MIO_READ_CLOSED ? bits | POLLRDHUP : bits;
}

/*
 * The report beside readable and writable. The end of a pipe without data is HUP alone, not IN. A
 * pipe whose reader is gone is ERR, with OUT while it has room.
 */
static inline uint32_t mio__rare_readiness(uint32_t bits)
{
    uint32_t readiness = bits & (POLLIN | POLLPRI | POLLOUT | POLLERR);
    if (bits & POLLPRI)
        readiness |= MIO_READABLE;
    if (bits & POLLRDHUP)
        readiness |= MIO_READABLE | MIO_READ_CLOSED;
    if (bits & POLLHUP)
        readiness |= MIO_READABLE | MIO_WRITABLE | MIO_READ_CLOSED | MIO_WRITE_CLOSED;
    if (bits & POLLERR) {
        readiness |= MIO_READABLE | MIO_WRITABLE;
        if ((bits & POLLOUT) || bits == POLLERR)
            readiness |= MIO_WRITE_CLOSED;
    }
    return readiness;
}

static inline uint32_t mio__readiness_of(uint32_t bits)
{
    return (bits & ~(uint32_t)(POLLIN | POLLOUT)) == 0 ? bits : mio__rare_readiness(bits);
}

#endif
