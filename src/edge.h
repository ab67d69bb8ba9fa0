/*
 * An emulated edge: what a backend keeps of a source where the system knows levels alone. All of it
 * is in our own bits, so that every such backend follows the same rule.
 *
 * armed   what may be reported: directions of the interest, and READ_CLOSED, which comes with
 *         READABLE as on epoll
 * told    which of READ_CLOSED, WRITE_CLOSED and ERROR were reported since the registration
 * spent   a hang-up or an error was reported, and the program has not met would-block or taken the
 *         error since. The system cannot mask these two: an entry that asks for them once more
 *         would be reported without end
 *
 * what happens                         | armed                           | told  | spent
 * -------------------------------------+---------------------------------+-------+------
 * register, reregister                 | all of the interest             | none  | no
 * a report in level mode               |                                 |       |
 * a report in oneshot mode             | nothing                         | grows |
 * a report in edge mode                | loses what was reported         | grows |
 *   ... with ERROR or WRITE_CLOSED     | keeps READ_CLOSED, if untold    | grows | yes
 * would-block                          | gains the direction             |       | no
 * a short transfer, no closing told    | gains the direction             |       | no
 * a failed read, no hang-up told       | gains READABLE                  |       | no
 * take_error took one                  |                                 |       | no
 * another short transfer, another      |                                 |       |
 * failed read, a failed write or       |                                 |       |
 * accept, the end, a peek, a full      |                                 |       |
 * transfer                             |                                 |       |
 *
 * An empty place: it stays as it was. Only directions of the interest are gained. PRIORITY is
 * gained with READABLE, for reads drain urgent data.
 *
 * Why each row is so. The end arms nothing, or the closed half of a connection would be reported
 * without end. After a closing was told, a short transfer is no sign of an empty buffer: the next
 * read finds the end, and an event in between would be one too many. A failed read took an error
 * off the socket (a refused datagram), and data may stand behind it; after a hang-up none does. A
 * write or an accept that failed once fails again: an event would make the program spin.
 * Would-block ends "spent" also where the direction is not in the interest: a program that watches
 * the peer's end alone, or writes alone, empties an error queue and is to learn of the next error.
 *
 * An entry stays in the set with nothing armed, for closing is reported even where nothing was
 * drained. It leaves when it is spent; in oneshot mode when it was reported.
 */
#ifndef MIO_EDGE_H
#define MIO_EDGE_H

#include "internal.h"

struct mio__edge {
    uint8_t interest;
    uint8_t armed;
    uint8_t told;
    uint8_t flags; /* the mode, as in struct mio_source, and MIO__SPENT */
};

enum { MIO__SPENT = 0x80 };

#define MIO__CLOSINGS (MIO_READ_CLOSED | MIO_WRITE_CLOSED | MIO_ERROR)
#define MIO__HANG_UP (MIO_READ_CLOSED | MIO_WRITE_CLOSED)

static inline bool mio__edge_has_mode(const struct mio__edge *edge, mio_interest mode)
{
    return (edge->flags & mode >> MIO__MODE_SHIFT) != 0;
}

/* Whether reports change nothing. */
static inline bool mio__edge_is_level(const struct mio__edge *edge)
{
    return mio__edge_has_mode(edge, MIO_LEVEL) && !mio__edge_has_mode(edge, MIO_ONESHOT);
}

/* For register and reregister. */
static inline void mio__edge_start(struct mio__edge *edge, mio_interest interest)
{
    edge->interest = (uint8_t)(interest & MIO__INTEREST_BITS);
    edge->armed = (uint8_t)mio__interest_asks(interest);
    edge->told = 0;
    edge->flags = (uint8_t)((interest & MIO__MODE_BITS) >> MIO__MODE_SHIFT);
}

/* Whether the system is to look at the source at all, be it for a hang-up alone. */
static inline bool mio__edge_is_watched(const struct mio__edge *edge)
{
    if (mio__edge_is_level(edge))
        return true;
    if (mio__edge_has_mode(edge, MIO_ONESHOT))
        return edge->armed != 0;
    return (edge->armed & ~MIO_READ_CLOSED) != 0 || !(edge->flags & MIO__SPENT);
}

/* After a report of that readiness. */
static inline void mio__edge_report(struct mio__edge *edge, uint32_t readiness)
{
    if (mio__edge_is_level(edge))
        return;
    edge->told |= (uint8_t)(readiness & MIO__CLOSINGS);
    edge->armed &= (uint8_t)~readiness;
    if (mio__edge_has_mode(edge, MIO_ONESHOT)) {
        edge->armed = 0;
    } else if (readiness & (MIO_ERROR | MIO_WRITE_CLOSED)) {
        edge->armed &= (uint8_t)MIO_READ_CLOSED;
        edge->flags |= MIO__SPENT;
    }
}

/* After I/O; for edge mode. direction: READABLE, WRITABLE, both, none. Whether anything changed. */
static inline bool mio__edge_rearm(struct mio__edge *edge, uint32_t direction,
                                   enum mio__rearm reason)
{
    if (reason == MIO__SHORT && edge->told != 0)
        return false;
    if (reason == MIO__FAILED && (edge->told & MIO__HANG_UP) == MIO__HANG_UP)
        return false;
    if (direction & MIO_READABLE)
        direction |= MIO_PRIORITY;
    uint32_t fresh = direction & edge->interest & ~(uint32_t)edge->armed;
    bool was_spent = (edge->flags & MIO__SPENT) != 0;
    if (fresh == 0 && (!was_spent || reason != MIO__BLOCKED))
        return false;
    edge->armed |= (uint8_t)fresh;
    edge->flags &= (uint8_t)~MIO__SPENT;
    return true;
}

#endif
