/*
 * Something that a thread or a signal handler can raise and a queue can watch: what wakers are made
 * of where the queue has no events of its own for that.
 */
#ifndef MIO_NOTIFIER_H
#define MIO_NOTIFIER_H

#include <mio.h>

struct mio__notifier {
    uint32_t kind; /* MIO_WAKER_... */

    /* Opens it. Both descriptors may be the same. */
    int (*open)(mio_fd *read_fd, mio_fd *write_fd);

    /*
     * Makes read_fd raise an edge, whether or not it is readable already. Async-signal-safe, no
     * cancellation point, keeps errno.
     */
    int (*raise)(mio_fd read_fd, mio_fd write_fd);

    /* Makes read_fd unreadable until the next raise. */
    void (*drain)(mio_fd read_fd);
};

void mio__notifier_close(mio_fd read_fd, mio_fd write_fd);

/*
 * The system's choice (platform.c). kind: MIO_WAKER_..., the default included. Returns NULL where
 * this build does not have it.
 */
const struct mio__notifier *mio__notifier_find(uint32_t kind);

#endif
