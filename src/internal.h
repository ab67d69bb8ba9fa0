/* The portable files share these. */
#ifndef MIO_INTERNAL_H
#define MIO_INTERNAL_H

#include "atomic.h"
#include "backend.h"

/* The states of a source. Zero-initialised is closed. */
enum { MIO__CLOSED = 0, MIO__OPEN = 1, MIO__REGISTERED = 2 };

/* Flags of a source: its mode while it is registered, and its kind. */
enum {
    MIO__MODE = 0x03,       /* MIO_LEVEL and MIO_ONESHOT, 8 bits lower */
    MIO__REARM = 0x04,      /* registered where edges are emulated: I/O reports what it drained */
    MIO__RAW = 0x08,        /* a descriptor of the user's, which may be of any kind, or closed */
    MIO__IS_STREAM = 0x10,  /* a connected stream socket, TCP or Unix */
    MIO__NAMED_PIPE = 0x20, /* the source is in a struct mio_named_pipe */
};

#define MIO__INTEREST_BITS                                                                         \
    (MIO_READABLE | MIO_WRITABLE | MIO_READ_CLOSED | MIO_PRIORITY | MIO_AIO | MIO_LIO)
#define MIO__MODE_BITS (MIO_LEVEL | MIO_ONESHOT)
#define MIO__MODE_SHIFT 8
_Static_assert(MIO__MODE_BITS >> MIO__MODE_SHIFT == MIO__MODE, "the modes fit into the flags");

/* Readable comes with the peer's end on every backend. */
static inline uint32_t mio__interest_asks(mio_interest interest)
{
    _Static_assert(MIO_READABLE << 4 == MIO_READ_CLOSED, "one bit becomes the other");
    uint32_t bits = interest & MIO__INTEREST_BITS;
    return bits | (bits & MIO_READABLE) << 4;
}

/* 0, or what every call on a source answers first. */
static inline int mio__source_check(const struct mio_source *source)
{
    if (!source)
        return -EINVAL;
    return source->state == MIO__CLOSED ? -EBADF : 0;
}

/* The poll that the registry stands for, NULL where it or the poll is closed. */
static inline struct mio_poll *mio__registry_poll(const struct mio_registry *registry)
{
    struct mio_poll *poll = registry->poll;
    return poll && poll->backend ? poll : NULL;
}

/* The result of a function of the user's: 0 or a negative code, whatever else it was. */
static inline int mio__user_result(int result)
{
    return result > 0 ? -EINVAL : result;
}

/* Records that a registered source, a waker or a clone is gone. */
static inline void mio__poll_release(struct mio_poll *poll)
{
    mio__fetch_sub(&poll->users, 1);
}

/* When a wait of that length ends, by mio_now_ns; 0 and MIO_FOREVER stay what they are. */
static inline int64_t mio__deadline_after(int64_t timeout_ns)
{
    if (timeout_ns == 0 || timeout_ns == MIO_FOREVER)
        return timeout_ns;
    int64_t now = mio_now_ns();
    return timeout_ns < MIO_FOREVER - now ? now + timeout_ns : MIO_FOREVER;
}

/* The time that is left until such a deadline. */
static inline int64_t mio__deadline_rest(int64_t deadline)
{
    if (deadline == 0 || deadline == MIO_FOREVER)
        return deadline;
    int64_t rest = deadline - mio_now_ns();
    return rest > 0 ? rest : 0;
}

/* How each backend ends a wait: n is its result. */
static inline int mio__wait_end(struct mio_poll *poll, int n)
{
    mio__counter_add(&poll->waits, 1);
    if (n > 0)
        mio__counter_add(&poll->events, (uintptr_t)n);
    mio__store_release(&poll->waiting, 0);
    return n;
}

/* Whether the reserved words of an options struct are all 0. */
static inline bool mio__is_zero(const uintptr_t *words, size_t count)
{
    uintptr_t any = 0;
    for (size_t i = 0; i < count; i++)
        any |= words[i];
    return any == 0;
}

#endif
