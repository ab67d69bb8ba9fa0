/*
 * The table of the sources that are registered, for backends that keep one. A source knows its slot
 * by number and by ticket, which is its generation and 0 while it has none. So it may move, and a
 * slot that has gone to another source is noticed.
 *
 * A slot is free again as soon as its registration ends, and the one that was freed last is taken
 * first. So the table never touches more slots than sources were registered at once.
 *
 * A caller holds the lock of its poll, but for mio__slots_abandon.
 */
#ifndef MIO_SLOTS_H
#define MIO_SLOTS_H

#include "internal.h"

/* No slot. */
#define MIO__NO_SLOT UINT32_MAX

/* Chunk k holds 64 << k slots, so that 24 of them hold a billion. Slots never move. */
enum { MIO__SLOTS_FIRST = 64, MIO__SLOT_CHUNKS = 24 };

/* The first member of what a backend keeps of a source. */
struct mio__slot {
    uint32_t ticket; /* source->generation while it is registered, else 0 */
    uint32_t next;   /* in the list of free or of abandoned slots */
};

struct mio__slots {
    const struct mio_allocator *allocator;
    size_t size; /* of what a backend keeps of a source */
    unsigned char *chunks[MIO__SLOT_CHUNKS];
    uint32_t chunk_count;
    uint32_t used; /* slots that are not free */
    uint32_t first_free;
    uint32_t last_ticket;
    uint32_t first_abandoned; /* pushed without the lock, popped under it */
};

/* size: of the struct that begins with a struct mio__slot. New slots are 0 behind that. */
void mio__slots_init(struct mio__slots *slots, const struct mio_allocator *allocator, size_t size);
void mio__slots_free(struct mio__slots *slots);

/* How many slots there are, free ones included. */
static inline uint32_t mio__slots_count(const struct mio__slots *slots)
{
    return (uint32_t)((UINT64_C(1) << slots->chunk_count) - 1) * MIO__SLOTS_FIRST;
}

void *mio__slots_at(const struct mio__slots *slots, uint32_t index);

/* Whether a registered source has its slot still. */
bool mio__slots_has(const struct mio__slots *slots, const struct mio_source *source);

/* Makes sure that there is a free slot: 0 or -ENOMEM. Then takes it, and tells the source which. */
int mio__slots_reserve(struct mio__slots *slots);
void *mio__slots_take(struct mio__slots *slots, struct mio_source *source);

/* Frees a slot. False when it is free already, or abandoned. */
bool mio__slots_release(struct mio__slots *slots, uint32_t index);

/* Ends a registration without the lock, from any thread. The slot is freed by collect. */
void mio__slots_abandon(struct mio__slots *slots, const struct mio_source *source);

/* Frees one abandoned slot and says which it is; MIO__NO_SLOT when there is none. */
uint32_t mio__slots_collect(struct mio__slots *slots);

#endif
