/*
 * THE seam between the event queue and the systems: one constant table of functions per backend,
 * chosen per poll at run time. docs/design.md tells how to add one.
 *
 * On all functions:
 *     poll, source, waker and events are not NULL, poll is open (but for open, which opens it)
 *     the library has checked arguments and states: interest is not empty and within features,
 *         a source to add is an open descriptor that is not registered, one to change or remove is
 *         registered with this poll
 *     results are 0 or a count, or a negative code, and after an error of open, add, change and
 *         waker_open nothing has changed
 *     the library records states (before it asks) and counts users, the backend never does
 *     add and change do not touch a source once the system knows it: who is told of it may free it.
 *         Where neither a lock nor a call of libc shows that order to ThreadSanitizer, they say it
 *         with mio__told (sys/sanitizers.h), just before the system call
 *     no heap, except through the growth helper of backends with tables
 *
 * Threads: add, change, remove, waker_open and waker_close run on any thread, also during a wait;
 * blocked and abandon, too; wait on one thread at a time; wake anywhere, signal handlers included.
 */
#ifndef MIO_BACKEND_H
#define MIO_BACKEND_H

#include <mio.h>

struct mio__backend {
    const char *name;
    uint32_t id;           /* MIO_BACKEND_... */
    mio_interest features; /* interest bits and modes that it knows */

    /* Opens the queue. Sets poll->fd, or MIO_FD_NONE where there is no descriptor. The allocator
     * and the notifier of the poll are set. */
    int (*open)(struct mio_poll *poll);

    /* Releases what this process holds of the queue, without changing the queue itself. */
    int (*close)(struct mio_poll *poll);

    /* Starts to watch. A source that is ready already is reported. */
    int (*add)(struct mio_poll *poll, struct mio_source *source, mio_token token,
               mio_interest interest);

    /* Replaces token, interest and mode; arms everything and reports again what is ready. */
    int (*change)(struct mio_poll *poll, struct mio_source *source, mio_token token,
                  mio_interest interest);

    /* Stops to watch. The source counts as unregistered whatever this returns. */
    int (*remove)(struct mio_poll *poll, struct mio_source *source);

    /*
     * Arms directions of a source in edge mode again, after its I/O said that they are drained.
     * NULL where the kernel's edges need no help.
     */
    void (*blocked)(struct mio_poll *poll, struct mio_source *source, uint32_t direction);

    /*
     * Forgets a source without a system call and without a lock. NULL where the backend keeps
     * nothing of it.
     */
    void (*abandon)(struct mio_poll *poll, struct mio_source *source);

    /*
     * Waits: fetch, clear the pending wakers (mio__wakers_clear), translate, report.
     * capacity is at least 1, timeout_ns is not negative and MIO_FOREVER means no end. Never early.
     * Ends with return mio__wait_end(poll, n), where n is the number of events, at most capacity,
     * or -EINTR with no event lost.
     */
    int (*wait)(struct mio_poll *poll, struct mio_event *events, size_t capacity,
                int64_t timeout_ns);

    /* Makes what the waker needs and reports it under the token. waker->bit is set. */
    int (*waker_open)(struct mio_poll *poll, struct mio_waker *waker, mio_token token);

    /* Undoes waker_open: no wait that begins later reports the waker. */
    void (*waker_close)(struct mio_poll *poll, struct mio_waker *waker);

    /* As waker_close, without touching the queue. */
    void (*waker_abandon)(struct mio_poll *poll, struct mio_waker *waker);

    /* Makes the wait report the waker. Async-signal-safe, no cancellation point, keeps errno. */
    int (*wake)(struct mio_poll *poll, struct mio_waker *waker);
};

/*
 * The system's choice (src/sys/SYSTEM/platform.c). id: MIO_BACKEND_..., the default included.
 * Returns NULL where this build does not have it.
 */
const struct mio__backend *mio__backend_find(uint32_t id);

/* The last value of MIO_BACKEND_... and MIO_WAKER_... that means something on any system. */
#define MIO__BACKEND_LAST MIO_BACKEND_POLL
#define MIO__WAKER_LAST MIO_WAKER_PIPE

#endif
