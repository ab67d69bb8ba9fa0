/* The table of the poll backend. */
#include "sys/unix/poll_set.h"

#include "grow.h"
#include "sys/unix/poll_bits.h"

#include <string.h>

enum { ENTRIES_FIRST = 64 };

static void set_mark_dirty(struct mio__poll_set *set, uint32_t index)
{
    struct mio__poll_slot *slot = mio__slots_at(&set->slots, index);
    if (slot->next_dirty != 0)
        return;
    slot->next_dirty = set->first_dirty;
    set->first_dirty = index + 1;
}

/* ---- Entries --------------------------------------------------------------------------------- */

static size_t set_block_bytes(uint32_t room)
{
    return sizeof(struct mio__poll_block) + room * (sizeof(struct pollfd) + sizeof(uint32_t));
}

static void set_free_block(struct mio__poll_set *set, struct mio__poll_block *block)
{
    if (block)
        mio__grow_free(set->slots.allocator, block, 1, set_block_bytes(block->room));
}

/*
 * Blocks are published before the old one is freed. So a child that another thread forks in the
 * midst of it finds every block in one place at most.
 */
static int set_make_successor(struct mio__poll_set *set, uint32_t room)
{
    struct mio__poll_block *fresh = mio__grow_new(set->slots.allocator, 1, set_block_bytes(room));
    struct mio__poll_block *old = set->successor;
    if (!fresh)
        return -ENOMEM;
    fresh->room = room;
    mio__publish(&set->successor, fresh);
    set_free_block(set, old);
    return 0;
}

static void set_move_to_successor(struct mio__poll_set *set)
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
    set_free_block(set, old);
}

/* The bits that the kernel looks for. A negative descriptor takes an entry out of its sight. */
static struct pollfd set_entry_of(const struct mio__poll_slot *slot)
{
    const struct mio__edge *edge = &slot->edge;
    return (struct pollfd){
        .fd = mio__edge_is_watched(edge) ? slot->fd : ~slot->fd,
        .events = (short)mio__poll_bits_of(edge->armed),
    };
}

static void set_place(struct mio__poll_set *set, uint32_t index, struct mio__poll_slot *slot)
{
    if (slot->position == 0) {
        slot->position = set->count++;
        mio__poll_owners(set->block)[slot->position] = index;
    }
    set->block->entries[slot->position] = set_entry_of(slot);
}

static void set_unplace(struct mio__poll_set *set, struct mio__poll_slot *slot)
{
    uint32_t position = slot->position;
    uint32_t *owners = mio__poll_owners(set->block);
    if (position == 0)
        return;
    uint32_t last = --set->count;
    set->block->entries[position] = set->block->entries[last];
    owners[position] = owners[last];
    if (position != last)
        ((struct mio__poll_slot *)mio__slots_at(&set->slots, owners[position]))->position =
            position;
    slot->position = 0;
}

static void set_collect_abandoned(struct mio__poll_set *set)
{
    for (;;) {
        uint32_t index = mio__slots_collect(&set->slots);
        if (index == MIO__NO_SLOT)
            return;
        set_mark_dirty(set, index);
    }
}

void mio__poll_set_apply(struct mio__poll_set *set)
{
    set_move_to_successor(set);
    set_collect_abandoned(set);
    while (set->first_dirty != MIO__DIRTY_END) {
        uint32_t index = set->first_dirty - 1;
        struct mio__poll_slot *slot = mio__slots_at(&set->slots, index);
        set->first_dirty = slot->next_dirty;
        slot->next_dirty = 0;
        if (mio__load_relaxed(&slot->slot.ticket) != 0)
            set_place(set, index, slot);
        else
            set_unplace(set, slot);
    }
}

/* ---- Registration ---------------------------------------------------------------------------- */

/* Room for one more slot, and for the entries of all. */
static int set_reserve(struct mio__poll_set *set)
{
    uint32_t room = set->successor ? set->successor->room : set->block->room;
    set_collect_abandoned(set);
    if (set->slots.used + 2 > room && set_make_successor(set, room * 2) < 0)
        return -ENOMEM;
    return mio__slots_reserve(&set->slots);
}

bool mio__poll_set_has(const struct mio__poll_set *set, const struct mio_source *source)
{
    return mio__slots_has(&set->slots, source);
}

int mio__poll_set_add(struct mio__poll_set *set, struct mio_source *source, mio_token token,
                      mio_interest interest)
{
    int result = set_reserve(set);
    if (result < 0)
        return result;
    struct mio__poll_slot *slot = mio__slots_take(&set->slots, source);
    slot->fd = source->fd;
    mio__poll_set_change(set, source->slot, token, interest);
    return 0;
}

void mio__poll_set_change(struct mio__poll_set *set, uint32_t index, mio_token token,
                          mio_interest interest)
{
    struct mio__poll_slot *slot = mio__slots_at(&set->slots, index);
    slot->token = token;
    mio__edge_start(&slot->edge, interest);
    set_mark_dirty(set, index);
}

void mio__poll_set_remove(struct mio__poll_set *set, uint32_t index)
{
    if (mio__slots_release(&set->slots, index))
        set_mark_dirty(set, index);
}

bool mio__poll_set_rearm(struct mio__poll_set *set, uint32_t index, uint32_t direction,
                         enum mio__rearm reason)
{
    struct mio__poll_slot *slot = mio__slots_at(&set->slots, index);
    if (!mio__edge_rearm(&slot->edge, direction, reason))
        return false;
    set_mark_dirty(set, index);
    return true;
}

void mio__poll_set_abandon(struct mio__poll_set *set, const struct mio_source *source)
{
    mio__slots_abandon(&set->slots, source);
}

/* ---- Reporting ------------------------------------------------------------------------------- */

bool mio__poll_set_take(struct mio__poll_set *set, uint32_t position, struct mio_event *event)
{
    uint32_t index = mio__poll_owners(set->block)[position];
    struct mio__poll_slot *slot = mio__slots_at(&set->slots, index);
    struct pollfd *entry = &set->block->entries[position];
    uint32_t bits = (uint16_t)entry->revents;
    if (slot->next_dirty != 0 || bits == 0)
        return false;
    if (bits & POLLNVAL) { /* closed behind our back */
        mio__poll_set_remove(set, index);
        return false;
    }
    if (mio__load_relaxed(&slot->slot.ticket) == 0) /* abandoned; collected by the next apply */
        return false;
    event->token = slot->token;
    event->readiness = mio__readiness_of(bits);
    if (!mio__edge_is_level(&slot->edge)) {
        mio__edge_report(&slot->edge, event->readiness);
        *entry = set_entry_of(slot);
    }
    return true;
}

/* ---- Making and ending ----------------------------------------------------------------------- */

int mio__poll_set_init(struct mio__poll_set *set, const struct mio_allocator *allocator,
                       mio_fd notifier)
{
    memset(set, 0, sizeof *set);
    mio__slots_init(&set->slots, allocator, sizeof(struct mio__poll_slot));
    set->first_dirty = MIO__DIRTY_END;
    if (set_make_successor(set, ENTRIES_FIRST) < 0)
        return -ENOMEM;
    set_move_to_successor(set);
    set->block->entries[0] = (struct pollfd){.fd = notifier, .events = POLLIN};
    set->count = 1;
    return 0;
}

void mio__poll_set_free(struct mio__poll_set *set)
{
    mio__slots_free(&set->slots);
    set_free_block(set, set->block);
    set_free_block(set, set->successor);
}
