/* The common part of the suites of polls and sources. */
#ifndef MIO_TEST_QUEUE_UTIL_H
#define MIO_TEST_QUEUE_UTIL_H

#include "net.h"
#include "queue/channel.h"
#include "system.h"

#include <stdatomic.h>

bool queue_is_epoll(const struct mio_poll *poll);
bool queue_is_kqueue(const struct mio_poll *poll);
/* The kernel makes the edges, and may tell more than was promised; else the library makes them. */
bool queue_has_kernel_edges(const struct mio_poll *poll);
/* Changes during a wait have to end it for a moment; the system does not take them by itself. */
bool queue_needs_kicks(const struct mio_poll *poll);
/*
 * The part of that which is reported where each direction is an event of its own: the directions
 * that were asked for, and their ends. An error is told with the end of a direction only.
 */
uint32_t queue_as_reported(const struct mio_poll *poll, mio_interest interest, uint32_t expected);
/* Skips what needs an error of a datagram socket to be told as such: kqueue tells of readiness. */
void queue_need_datagram_errors(void);
/* Skips what needs a bit of interest that the backend does not have. */
void queue_need_feature(mio_interest interest);
/* Skips the case on every other backend. */
void queue_need_epoll(void);
/* Skips what interrupts a wait, where the system knows nothing of the kind. */
void queue_need_interrupts(void);
/* Skips what needs the end of a stream to be told before the data in front of it is read. */
void queue_need_end_behind_data(void);
/* Skips the case where polls have no descriptor. */
void queue_need_poll_fd(void);

/* A source over a new descriptor that is no socket; ready to be read from the start, or not. */
mio_fd queue_loop(struct mio_source *source, bool ready);

/* Nothing may be reported for a while, and the wait may not go round and round either. */
void queue_expect_sleep(struct mio_poll *poll);

/* ---- A thread that waits --------------------------------------------------------------------- */

struct waiter {
    struct mio_poll *poll;
    struct thread thread;
    int result; /* after waiter_join */
    struct mio_event events[4];
    atomic_bool stopping; /* an interrupt ends it too */
    atomic_bool done;
};

/* Returns once the thread is inside a wait without end. Nothing may be ready before. */
void waiter_start(struct waiter *waiter, struct mio_poll *poll);
/* Waits for the end of the wait; its result. */
int waiter_join(struct waiter *waiter);
/* Interrupts the wait, and joins; its result. The case needs interrupts. */
int waiter_interrupt(struct waiter *waiter);
/* Ends a wait that has nothing to report, and joins. */
void waiter_stop(struct waiter *waiter);

#endif
