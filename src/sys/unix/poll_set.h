/*
 * The table of the poll backend: the sources that are registered (slots), and the array that
 * poll(2) gets (entries). A caller holds the lock of the poll, but for mio__poll_set_abandon; there
 * are no system calls here.
 *
 * While the kernel has the entries nobody may touch them. So a change marks its slot dirty, and is
 * applied to the entries later: by the waiter before its next poll(2), or at once when nobody is in
 * one. A dirty slot is not reported: what the kernel said of it is about an old state.
 *
 * A slot keeps its entry when its registration ends, until that is applied. It may go to another
 * source before: the entry then becomes that source's. So neither slots nor entries grow beyond the
 * number of sources that were registered at once, however long the kernel has the entries.
 */
#ifndef MIO_POLL_SET_H
#define MIO_POLL_SET_H

#include "edge.h"
#include "slots.h"

#include <poll.h>

struct mio__poll_slot {
    struct mio__slot slot;
    mio_token token;
    mio_fd fd;
    uint32_t position;   /* of its entry; 0, which is the notifier's, stands for none */
    uint32_t next_dirty; /* its number + 1, or MIO__DIRTY_END; 0 where this slot is clean */
    struct mio__edge edge;
};

#define MIO__DIRTY_END UINT32_MAX

/* The entries, and behind them the slot of each (mio__poll_owners). The first is the notifier's. */
struct mio__poll_block {
    uint32_t room;
    struct pollfd entries[];
};

struct mio__poll_set {
    struct mio__slots slots;
    uint32_t first_dirty; /* as next_dirty */
    uint32_t count;       /* entries */
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

/* Arms directions again (edge.h); marks the slot dirty. Whether anything changed. */
bool mio__poll_set_rearm(struct mio__poll_set *set, uint32_t index, uint32_t direction,
                         enum mio__rearm reason);

/* Ends a registration without the lock, from any thread: it is not reported any more. */
void mio__poll_set_abandon(struct mio__poll_set *set, const struct mio_source *source);

/* Brings the entries up to date. Not while the kernel has them. */
void mio__poll_set_apply(struct mio__poll_set *set);

/*
 * Turns what the kernel said of an entry into an event, and disarms what is reported. Returns false
 * when there is nothing to report. Not while the kernel has the entries.
 */
bool mio__poll_set_take(struct mio__poll_set *set, uint32_t position, struct mio_event *event);

#endif
