/* The table of the poll backend. */
#define _GNU_SOURCE 1 /* POLLRDHUP */
#include "sys/unix/poll_set.h"

#include "grow.h"
#include "sys/unix/poll_bits.h"

#include <string.h>

enum { ENTRIES_FIRST = 64 };

#define CLOSINGS ((uint16_t)(POLLRDHUP | POLLHUP | POLLERR))

static bool has_mode(const struct mio__slot *slot, mio_interest mode)
{
    return ((mio_interest)slot->mode << 8 & mode) != 0;
}

/* ---- Slots ----------------------------------------------------------------------------------- */

static struct mio__slot *slot_at(const struct mio__poll_set *set, uint32_t index)
{
    uint32_t chunk = 0;
    uint32_t size = MIO__SLOTS_FIRST;
    while (index >= size) {
        index -= size;
        size *= 2;
        chunk++;
    }
    return &set->chunks[chunk][index];
}

static size_t chunk_size(uint32_t chunk)
{
    return (size_t)MIO__SLOTS_FIRST << chunk;
}

static int add_chunk(struct mio__poll_set *set)
{
    if (set->chunk_count == MIO__CHUNKS)
        return -ENOMEM;
    uint32_t size = (uint32_t)chunk_size(set->chunk_count);
    struct mio__slot *slots = mio__grow_new(&set->allocator, size, sizeof *slots);
    if (!slots)
        return -ENOMEM;
    uint32_t first = size - MIO__SLOTS_FIRST; /* the sum of the chunks before */
    for (uint32_t i = 0; i < size; i++)
        slots[i].next = i + 1 < size ? first + i + 1 : set->first_free;
    set->chunks[set->chunk_count++] = slots;
    set->first_free = first;
    return 0;
}

static void mark_dirty(struct mio__poll_set *set, uint32_t index)
{
    struct mio__slot *slot = slot_at(set, index);
    if (slot->dirty)
        return;
    slot->dirty = true;
    slot->next = set->first_dirty;
    set->first_dirty = index;
}

static void free_slot(struct mio__poll_set *set, uint32_t index)
{
    struct mio__slot *slot = slot_at(set, index);
    mio__store_relaxed(&slot->ticket, 0);
    slot->next = set->first_free;
    set->first_free = index;
    set->used--;
}

/* ---- Entries --------------------------------------------------------------------------------- */

static size_t block_bytes(uint32_t room)
{
    return sizeof(struct mio__poll_block) + room * (sizeof(struct pollfd) + sizeof(uint32_t));
}

static void free_block(struct mio__poll_set *set, struct mio__poll_block *block)
{
    if (block)
        mio__grow_free(&set->allocator, block, 1, block_bytes(block->room));
}

/*
 * Blocks are published before the old one is freed. So a child that another thread forks in the
 * midst of it finds every block in one place at most.
 */
static int make_successor(struct mio__poll_set *set, uint32_t room)
{
    struct mio__poll_block *fresh = mio__grow_new(&set->allocator, 1, block_bytes(room));
    struct mio__poll_block *old = set->successor;
    if (!fresh)
        return -ENOMEM;
    fresh->room = room;
    mio__publish(&set->successor, fresh);
    free_block(set, old);
    return 0;
}

static void move_to_successor(struct mio__poll_set *set)
{
    struct mio__poll_block *fresh = set->successor;
    struct mio__poll_block *old = set->block;
    if (!fresh)
        return;
    for (uint32_t i = 0; i < set->count; i++) {
        fresh->entries[i] = old->entries[i];
        mio__poll_owners(fresh)[i] = mio__poll_owners(old)[i];
    }
    mio__publish(&set->successor, NULL);
    mio__publish(&set->block, fresh);
    free_block(set, old);
}

/*
 * What the kernel is to look for. HUP and ERR cannot be masked: once one was told, an entry with
 * nothing armed would fire for ever, so a negative descriptor takes it out of sight. Before that
 * it stays, for closing is told even undrained. Oneshot leaves at once.
 */
static struct pollfd entry_of(const struct mio__slot *slot)
{
    struct pollfd entry = {.fd = slot->fd};
    if (has_mode(slot, MIO_LEVEL) && !has_mode(slot, MIO_ONESHOT)) {
        entry.events = (short)mio__poll_bits_of(slot->interest);
        return entry;
    }
    bool all_untold = (slot->untold & (POLLHUP | POLLERR)) == (POLLHUP | POLLERR);
    bool out_of_sight = slot->armed == 0 && (has_mode(slot, MIO_ONESHOT) || !all_untold);
    uint32_t bits = mio__poll_bits_of(slot->armed);
    if (slot->interest & MIO_READABLE)
        bits |= slot->untold & POLLRDHUP;
    entry.events = (short)bits;
    if (out_of_sight)
        entry.fd = ~slot->fd;
    return entry;
}

static void unplace(struct mio__poll_set *set, struct mio__slot *slot)
{
    uint32_t position = slot->position;
    uint32_t *owners = mio__poll_owners(set->block);
    if (position == MIO__NONE)
        return;
    uint32_t last = --set->count;
    set->block->entries[position] = set->block->entries[last];
    owners[position] = owners[last];
    if (position != last)
        slot_at(set, owners[position])->position = position;
    slot->position = MIO__NONE;
}

/* Nobody listed them: it was done without the lock. */
static void find_abandoned(struct mio__poll_set *set)
{
    if (mio__load_relaxed(&set->abandoned) == 0)
        return;
    mio__exchange(&set->abandoned, 0);
    for (uint32_t i = 1; i < set->count; i++) {
        uint32_t index = mio__poll_owners(set->block)[i];
        if (mio__load_relaxed(&slot_at(set, index)->ticket) == 0)
            mark_dirty(set, index);
    }
}

void mio__poll_set_apply(struct mio__poll_set *set)
{
    move_to_successor(set);
    find_abandoned(set);
    while (set->first_dirty != MIO__NONE) {
        uint32_t index = set->first_dirty;
        struct mio__slot *slot = slot_at(set, index);
        set->first_dirty = slot->next;
        slot->dirty = false;
        if (mio__load_relaxed(&slot->ticket) == 0) {
            unplace(set, slot);
            free_slot(set, index);
            continue;
        }
        if (slot->position == MIO__NONE) {
            slot->position = set->count++;
            mio__poll_owners(set->block)[slot->position] = index;
        }
        set->block->entries[slot->position] = entry_of(slot);
    }
}

/* ---- Registration ---------------------------------------------------------------------------- */

static void arm(struct mio__slot *slot, mio_token token, mio_interest interest)
{
    slot->token = token;
    slot->interest = (uint8_t)interest;
    slot->mode = (uint8_t)(interest >> 8);
    slot->armed = slot->interest;
    slot->untold = CLOSINGS;
}

/* Room for one more slot, and for the entries of all. */
static int reserve(struct mio__poll_set *set)
{
    uint32_t room = set->successor ? set->successor->room : set->block->room;
    if (set->used + 2 > room && make_successor(set, room * 2) < 0)
        return -ENOMEM;
    return set->first_free == MIO__NONE ? add_chunk(set) : 0;
}

bool mio__poll_set_has(const struct mio__poll_set *set, const struct mio_source *source)
{
    return mio__load_relaxed(&slot_at(set, source->slot)->ticket) == source->generation;
}

int mio__poll_set_add(struct mio__poll_set *set, struct mio_source *source, mio_token token,
                      mio_interest interest)
{
    int result = reserve(set);
    if (result < 0)
        return result;
    uint32_t index = set->first_free;
    struct mio__slot *slot = slot_at(set, index);
    set->first_free = slot->next;
    set->used++;
    if (++set->last_ticket == 0) /* 0 stands for nobody */
        set->last_ticket = 1;
    slot->fd = source->fd;
    slot->position = MIO__NONE;
    mio__store_relaxed(&slot->ticket, set->last_ticket);
    arm(slot, token, interest);
    mark_dirty(set, index);
    source->slot = index;
    source->generation = set->last_ticket;
    return 0;
}

void mio__poll_set_change(struct mio__poll_set *set, uint32_t index, mio_token token,
                          mio_interest interest)
{
    arm(slot_at(set, index), token, interest);
    mark_dirty(set, index);
}

void mio__poll_set_remove(struct mio__poll_set *set, uint32_t index)
{
    mio__store_relaxed(&slot_at(set, index)->ticket, 0);
    mark_dirty(set, index);
}

bool mio__poll_set_rearm(struct mio__poll_set *set, uint32_t index, uint32_t direction)
{
    struct mio__slot *slot = slot_at(set, index);
    if (direction & MIO_READABLE)
        direction |= MIO_PRIORITY; /* reads drain urgent data */
    uint32_t fresh = direction & slot->interest & ~(uint32_t)slot->armed;
    if (fresh == 0)
        return false;
    slot->armed |= (uint8_t)fresh;
    /* They cannot be masked any longer, so they are told again. */
    slot->untold |= POLLHUP | POLLERR;
    mark_dirty(set, index);
    return true;
}

void mio__poll_set_abandon(struct mio__poll_set *set, const struct mio_source *source)
{
    uint32_t ticket = source->generation;
    if (mio__compare_exchange(&slot_at(set, source->slot)->ticket, &ticket, 0))
        mio__fetch_or(&set->abandoned, 1);
}

/* ---- Reporting ------------------------------------------------------------------------------- */

static void disarm(struct mio__slot *slot, uint32_t bits, uint32_t readiness)
{
    slot->untold &= (uint16_t)~bits;
    slot->armed &= (uint8_t)~readiness;
    if ((bits & (POLLHUP | POLLERR)) || has_mode(slot, MIO_ONESHOT))
        slot->armed = 0;
}

bool mio__poll_set_take(struct mio__poll_set *set, uint32_t position, struct mio_event *event)
{
    uint32_t index = mio__poll_owners(set->block)[position];
    struct mio__slot *slot = slot_at(set, index);
    struct pollfd *entry = &set->block->entries[position];
    uint32_t bits = (uint16_t)entry->revents;
    if (slot->dirty || bits == 0)
        return false;
    if ((bits & POLLNVAL) || mio__load_relaxed(&slot->ticket) == 0) {
        /* Closed behind our back, or abandoned. */
        mio__poll_set_remove(set, index);
        return false;
    }
    event->token = slot->token;
    event->readiness = mio__readiness_of(bits);
    if (!has_mode(slot, MIO_LEVEL) || has_mode(slot, MIO_ONESHOT)) {
        disarm(slot, bits, event->readiness);
        *entry = entry_of(slot);
    }
    return true;
}

/* ---- Making and ending ----------------------------------------------------------------------- */

int mio__poll_set_init(struct mio__poll_set *set, const struct mio_allocator *allocator,
                       mio_fd notifier)
{
    memset(set, 0, sizeof *set);
    set->allocator = *allocator;
    set->first_free = MIO__NONE;
    set->first_dirty = MIO__NONE;
    if (make_successor(set, ENTRIES_FIRST) < 0)
        return -ENOMEM;
    move_to_successor(set);
    set->block->entries[0] = (struct pollfd){.fd = notifier, .events = POLLIN};
    mio__poll_owners(set->block)[0] = MIO__NONE;
    set->count = 1;
    return 0;
}

void mio__poll_set_free(struct mio__poll_set *set)
{
    for (uint32_t i = 0; i < set->chunk_count; i++)
        mio__grow_free(&set->allocator, set->chunks[i], chunk_size(i), sizeof(struct mio__slot));
    free_block(set, set->block);
    free_block(set, set->successor);
}
