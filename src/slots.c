/* The table of registered sources. */
#include "slots.h"

#include "grow.h"

#include <string.h>

static size_t slots_in_chunk(uint32_t chunk)
{
    return (size_t)MIO__SLOTS_FIRST << chunk;
}

void mio__slots_init(struct mio__slots *slots, const struct mio_allocator *allocator, size_t size)
{
    memset(slots, 0, sizeof *slots);
    slots->allocator = allocator;
    slots->size = size;
    slots->first_free = MIO__NO_SLOT;
    slots->first_abandoned = MIO__NO_SLOT;
}

void mio__slots_free(struct mio__slots *slots)
{
    for (uint32_t i = 0; i < slots->chunk_count; i++)
        mio__grow_free(slots->allocator, slots->chunks[i], slots_in_chunk(i), slots->size);
}

void *mio__slots_at(const struct mio__slots *slots, uint32_t index)
{
    uint32_t chunk = 0;
    uint32_t count = MIO__SLOTS_FIRST;
    while (index >= count) {
        index -= count;
        count *= 2;
        chunk++;
    }
    return slots->chunks[chunk] + index * slots->size;
}

static void slots_push_free(struct mio__slots *slots, uint32_t index)
{
    struct mio__slot *slot = mio__slots_at(slots, index);
    mio__store_relaxed(&slot->next, slots->first_free);
    slots->first_free = index;
}

int mio__slots_reserve(struct mio__slots *slots)
{
    if (slots->first_free != MIO__NO_SLOT)
        return 0;
    if (slots->chunk_count == MIO__SLOT_CHUNKS)
        return -ENOMEM;
    uint32_t count = (uint32_t)slots_in_chunk(slots->chunk_count);
    unsigned char *chunk = mio__grow_new(slots->allocator, count, slots->size);
    if (!chunk)
        return -ENOMEM;
    mio__publish(&slots->chunks[slots->chunk_count], chunk);
    slots->chunk_count++;
    uint32_t first = count - MIO__SLOTS_FIRST; /* the sum of the chunks before */
    for (uint32_t i = count; i-- > 0;)
        slots_push_free(slots, first + i);
    return 0;
}

void *mio__slots_take(struct mio__slots *slots, struct mio_source *source)
{
    uint32_t index = slots->first_free;
    struct mio__slot *slot = mio__slots_at(slots, index);
    slots->first_free = slot->next;
    slots->used++;
    if (++slots->last_ticket == 0) /* 0 stands for nobody */
        slots->last_ticket = 1;
    source->slot = index;
    mio__store_relaxed(&slot->ticket, slots->last_ticket);
    /* The last: a child that is forked in the midst of this has a source without a slot. */
    mio__store_release(&source->generation, slots->last_ticket);
    return slot;
}

bool mio__slots_has(const struct mio__slots *slots, const struct mio_source *source)
{
    const struct mio__slot *slot = mio__slots_at(slots, source->slot);
    return mio__load_relaxed(&slot->ticket) == source->generation;
}

bool mio__slots_release(struct mio__slots *slots, uint32_t index)
{
    struct mio__slot *slot = mio__slots_at(slots, index);
    uint32_t ticket = mio__load_relaxed(&slot->ticket);
    if (ticket == 0 || !mio__compare_exchange(&slot->ticket, &ticket, 0))
        return false;
    slots_push_free(slots, index);
    slots->used--;
    return true;
}

void mio__slots_abandon(struct mio__slots *slots, const struct mio_source *source)
{
    uint32_t ticket = source->generation;
    if (ticket == 0)
        return;
    struct mio__slot *slot = mio__slots_at(slots, source->slot);
    if (!mio__compare_exchange(&slot->ticket, &ticket, 0))
        return;
    uint32_t first = mio__load_relaxed(&slots->first_abandoned);
    do
        mio__store_relaxed(&slot->next, first);
    while (!mio__compare_exchange(&slots->first_abandoned, &first, source->slot));
}

uint32_t mio__slots_collect(struct mio__slots *slots)
{
    uint32_t index = mio__load_acquire(&slots->first_abandoned);
    struct mio__slot *slot;
    do { /* others push at any time; nobody else pops */
        if (index == MIO__NO_SLOT)
            return index;
        slot = mio__slots_at(slots, index);
    } while (
        !mio__compare_exchange(&slots->first_abandoned, &index, mio__load_relaxed(&slot->next)));
    slots_push_free(slots, index);
    slots->used--;
    return index;
}
