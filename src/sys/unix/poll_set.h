/*
 * The table of the poll backend: who is registered (slots), and the array that poll(2) gets
 * (entries). Who calls holds the lock of the poll; there are no system calls here.
 *
 * While the kernel has the entries nobody may touch them. So a change marks its slot dirty, and is
 * applied to the entries later: by the waiter before its next poll(2), or at once when nobody is in
 * one. A dirty slot is not reported: what the kernel said of it is about an old state.
 */
#ifndef MIO_POLL_SET_H
#define MIO_POLL_SET_H

#include "atomic.h"

#include <mio.h>

#include <poll.h>

/* No slot, no entry. */
#define MIO__NONE UINT32_MAX

/* Chunk k holds 64 << k slots, so that 24 of them hold a billion. Slots never move. */
enum { MIO__SLOTS_FIRST = 64, MIO__CHUNKS = 24 };

struct mio__slot {
    mio_token token;
    mio_fd fd;
    uint32_t ticket;   /* source->generation while registered, else 0; see mio__poll_set_abandon */
    uint32_t position; /* of its entry, or MIO__NONE */
    uint32_t next;     /* in the list of free or of dirty slots */
    uint16_t untold;   /* of POLLRDHUP, POLLHUP, POLLERR: what edge mode has yet to report */
    uint8_t interest;
    uint8_t armed; /* of the interest: what edge and oneshot mode may report */
    uint8_t mode;  /* as in struct mio_source */
    bool dirty;
};

/* The entries, and behind them the slot of each (mio__poll_owners). The first is the notifier's. */
struct mio__poll_block {
    uint32_t room;
    struct pollfd entries[];
};

struct mio__poll_set {
    struct mio_allocator allocator;
    struct mio__slot *chunks[MIO__CHUNKS];
    uint32_t chunk_count;
    uint32_t used; /* slots that are not free */
    uint32_t first_free;
    uint32_t first_dirty;
    uint32_t last_ticket;
    uint32_t abandoned; /* whether slots may be whose ticket was taken away without the lock */
    uint32_t count;     /* entries */
    struct mio__poll_block *block;
    struct mio__poll_block *successor; /* a larger one, made by a registration for the waiter */
};

static inline uint32_t *mio__poll_owners(struct mio__poll_block *block)
{
    return (uint32_t *)(block->entries + block->room);
}

/* Makes a set with one entry, the notifier. 0 or -ENOMEM. */
int mio__poll_set_init(struct mio__poll_set *set, const struct mio_allocator *allocator,
                       mio_fd notifier);
void mio__poll_set_free(struct mio__poll_set *set);

/* Whether a registered source has its slot still; it is gone when its descriptor was closed. */
bool mio__poll_set_has(const struct mio__poll_set *set, const struct mio_source *source);

/* Takes a slot and tells the source which; marks it dirty. 0 or -ENOMEM, and nothing changed. */
int mio__poll_set_add(struct mio__poll_set *set, struct mio_source *source, mio_token token,
                      mio_interest interest);

/* Replaces what a slot is registered for and arms everything; marks it dirty. */
void mio__poll_set_change(struct mio__poll_set *set, uint32_t index, mio_token token,
                          mio_interest interest);

/* Ends a registration; marks the slot dirty. */
void mio__poll_set_remove(struct mio__poll_set *set, uint32_t index);

/* Arms directions again, within the interest; marks the slot dirty. Whether anything changed. */
bool mio__poll_set_rearm(struct mio__poll_set *set, uint32_t index, uint32_t direction);

/*
 * Ends a registration without the lock, from any thread: it is not reported any more, and the slot
 * is freed the next time that the entries are brought up to date.
 */
void mio__poll_set_abandon(struct mio__poll_set *set, const struct mio_source *source);

/* Brings the entries up to date. Not while the kernel has them. */
void mio__poll_set_apply(struct mio__poll_set *set);

/*
 * Turns what the kernel said of an entry into an event, and disarms what is reported. Returns false
 * when there is nothing to report. Not while the kernel has the entries.
 */
bool mio__poll_set_take(struct mio__poll_set *set, uint32_t position, struct mio_event *event);

#endif
