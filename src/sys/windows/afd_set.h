/*
 * The sources that are registered with a completion port, and the poll of the AFD device that each
 * has in flight. A caller holds the lock of the poll, but for mio__afd_set_abandon.
 *
 * A slot is free as soon as its registration ends, also while the system may still write to it. The
 * next source takes it over, and is watched once the old answer has come. So slots, which nobody
 * frees before the poll is closed, never become more than sources were registered at once; the
 * program may free its source at any time; and an answer that comes late is known by its ticket.
 *
 * The device is asked at once where a registration wants to know of an error, or a wait runs; else
 * the slot is put on a list, and the next wait asks. So an edge that was told and drained costs one
 * request, however often it was armed in between.
 */
#ifndef MIO_AFD_SET_H
#define MIO_AFD_SET_H

#include "slots.h"
#include "sys/windows/afd.h"
#include "sys/windows/afd_rule.h"

struct mio__afd_slot {
    struct mio__slot slot;
    mio_token token;
    mio_fd socket;       /* the base socket */
    uint32_t index;      /* its own */
    uint32_t next_dirty; /* its index + 1, or MIO__DIRTY_END; 0 where this slot is not listed */
    struct mio__edge edge;
    uint8_t ended; /* by this side: MIO__READ_ENDED, MIO__WRITE_ENDED */
    struct mio__afd_poll poll;
    struct mio__operation operation;
    struct mio__afd_request request;
    HANDLE device; /* in each first of 32 slots: what asks for all of them */
};

/* More sockets over one handle make it slow, as wepoll found. */
enum { MIO__AFD_SOCKETS = 32 };

struct mio__afd_set {
    struct mio__slots slots;
    HANDLE port;
    uint32_t first_dirty; /* as next_dirty */
    uint32_t last_dirty;  /* an index */
    uint32_t in_flight;   /* polls whose answer has not come */
    bool is_behind;       /* an answer told nothing, and the device was asked anew */
};

/* The set is the first member of the state of a poll. */
static inline struct mio__afd_set *mio__afd_set_of(const struct mio_poll *poll)
{
    return poll->state;
}

void mio__afd_set_init(struct mio__afd_set *set, const struct mio_allocator *allocator,
                       HANDLE port);

/*
 * The end of a set. First all polls in flight are made to end, and the devices are closed, which
 * ends those that could not be cancelled; the answers come through the port. 0, or the code of a
 * handle that could not be closed.
 */
int mio__afd_set_end(struct mio__afd_set *set);
/* Where the port does not give them: forgets those that the system has ended. How many are left. */
uint32_t mio__afd_set_settle(struct mio__afd_set *set);
/* Then its memory, once nothing is in flight. */
void mio__afd_set_free(struct mio__afd_set *set);

/* Makes sure that there is a free slot and a device for it: 0 or a code. */
int mio__afd_set_reserve(struct mio__afd_set *set);

/* Whether a registered source has its slot still; it is gone when its socket was closed. */
bool mio__afd_set_has(const struct mio__afd_set *set, const struct mio_source *source);

/* Results of these two are 0 or a code, and after a code nothing has changed. */
int mio__afd_set_add(struct mio__afd_set *set, struct mio_source *source, mio_fd socket,
                     mio_token token, mio_interest interest);
int mio__afd_set_change(struct mio__afd_set *set, uint32_t index, mio_fd socket, mio_token token,
                        mio_interest interest);

void mio__afd_set_remove(struct mio__afd_set *set, uint32_t index);
void mio__afd_set_abandon(struct mio__afd_set *set, const struct mio_source *source);

/*
 * Arms directions again (edge.h). now: a wait sleeps, so the device is asked at once; else the slot
 * is listed. Whether the wait has to be kicked: the device has refused, and the slot is listed.
 */
bool mio__afd_set_rearm(struct mio__afd_set *set, uint32_t index, uint32_t direction,
                        enum mio__rearm reason, bool now);

/* Takes over what this side has shut down of a source. Result and now as above. */
bool mio__afd_set_ended(struct mio__afd_set *set, const struct mio_source *source, bool now);

/*
 * Where a wait that sleeps cannot be kicked: cancels a poll in flight, whose answer needs no memory
 * of the system and ends the sleep. That poll is asked anew then. False where none is in flight.
 */
bool mio__afd_set_stir(struct mio__afd_set *set);

/*
 * Asks the device for what is listed. A slot that it refuses for want of memory or the like stays
 * listed for the next wait, and is reported in the directions that are armed: so the program tries,
 * and meets would-block. Returns the number of such events; slots that find no room stay listed.
 */
int mio__afd_set_apply(struct mio__afd_set *set, struct mio_event *events, size_t capacity);

#endif
