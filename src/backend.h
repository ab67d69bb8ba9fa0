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
 * A backend writes these fields alone: of a poll fd, wakers, state, flags, features (to take out),
 * and the words of wakers.h and spin.h; of a source slot and generation; of a waker read_fd and
 * write_fd.
 *
 * Threads: add, change, remove, waker_open and waker_close run on any thread, also during a wait;
 * rearm, ended and abandon, too; wait on one thread at a time; wake anywhere, signal handlers
 * included.
 */
#ifndef MIO_BACKEND_H
#define MIO_BACKEND_H

#include <mio.h>

/* See change. Below every code. */
#define MIO__GONE 0x100000

/* See change. */
#define MIO__ANEW 1

/* Why a direction may be armed again, where edges are emulated (edge.h). */
enum mio__rearm {
    MIO__BLOCKED, /* an operation would have blocked */
    MIO__SHORT,   /* a transfer on a stream moved less than it was asked to */
    MIO__FAILED,  /* a read failed otherwise */
};

struct mio__backend {
    const char *name;
    uint32_t id;           /* MIO_BACKEND_... */
    mio_interest features; /* interest bits and modes that it can know */

    /*
     * The same queue with waits that spin: a table that differs in open, wait, waker_open and wake.
     * NULL where there is none. Polls that do not spin pay nothing for it.
     */
    const struct mio__backend *spinning;

    /*
     * Opens the queue, with wakers of a kind (MIO_WAKER_..., the default included): -ENOTSUP for
     * one that it does not have. Sets poll->fd, or MIO_FD_NONE where there is no descriptor.
     * Allocator and features of the poll are set; it takes out features that the running system
     * lacks.
     */
    int (*open)(struct mio_poll *poll, uint32_t waker_kind);

    /*
     * Releases what this process holds of the queue, without changing the queue itself. It may run
     * in a child after fork, as waker_abandon may: where queues are not inherited (kqueue) the
     * numbers in poll and waker may be a stranger's by then. Such a backend remembers the process
     * that opened the queue, and touches them in no other.
     */
    int (*close)(struct mio_poll *poll);

    /* Starts to watch. A source that is ready already is reported. */
    int (*add)(struct mio_poll *poll, struct mio_source *source, mio_token token,
               mio_interest interest);

    /*
     * Replaces token, interest and mode; arms everything and reports again what is ready.
     * before: the old interest and mode. An error that is a code less MIO__GONE says that the
     * source is not registered any more, for the system had made half of the change. MIO__ANEW says
     * that the system had forgotten the descriptor, and has made what was asked for anew.
     */
    int (*change)(struct mio_poll *poll, struct mio_source *source, mio_token token,
                  mio_interest interest, mio_interest before);

    /* Stops watching. The source counts as unregistered whatever this returns. */
    int (*remove)(struct mio_poll *poll, struct mio_source *source);

    /*
     * Arms directions of a source in edge mode again after I/O, by the rule in edge.h. NULL where
     * the kernel's edges need no help.
     */
    void (*rearm)(struct mio_poll *poll, struct mio_source *source, uint32_t direction,
                  enum mio__rearm reason);

    /*
     * This side has shut down a direction of a registered source: reports what that makes ready.
     * NULL where the system tells of it.
     */
    void (*ended)(struct mio_poll *poll, struct mio_source *source);

    /*
     * Forgets a source without a system call and without a lock. NULL where the backend keeps
     * nothing of it.
     */
    void (*abandon)(struct mio_poll *poll, struct mio_source *source);

    /*
     * Waits: fetch, clear the pending wakers (wakers.h), translate, report.
     * capacity is at least 1, timeout_ns is not negative and MIO_FOREVER means no end. Never early.
     * Ends with return mio__wait_end(poll, n), where n is the number of events, at most capacity,
     * or -EINTR with no event lost.
     */
    int (*wait)(struct mio_poll *poll, struct mio_event *events, size_t capacity,
                int64_t timeout_ns);

    /* Makes what the waker needs and reports it under its token. Its bit and token are set. */
    int (*waker_open)(struct mio_poll *poll, struct mio_waker *waker);

    /* Undoes waker_open: no wait that begins later reports the waker. */
    void (*waker_close)(struct mio_poll *poll, struct mio_waker *waker);

    /* As waker_close, without touching the queue. */
    void (*waker_abandon)(struct mio_poll *poll, struct mio_waker *waker);

    /*
     * Makes the wait report the waker, unless one on its way covers it (wakers.h).
     * Async-signal-safe, no cancellation point, keeps errno.
     */
    int (*wake)(struct mio_poll *poll, struct mio_waker *waker);
};

/*
 * The system's choice (src/sys/SYSTEM/platform.c). id: MIO_BACKEND_..., the default included.
 * Returns NULL where this build does not have it.
 */
const struct mio__backend *mio__backend_find(uint32_t id);

/* The last value of MIO_BACKEND_... and MIO_WAKER_... that means something on any system. */
#define MIO__BACKEND_LAST MIO_BACKEND_IOCP
#define MIO__WAKER_LAST MIO_WAKER_USER

#endif
