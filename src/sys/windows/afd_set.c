/* The table of registered sources and their polls. */
#include "sys/windows/afd_set.h"

#include <string.h>

#define DIRTY_END UINT32_MAX

static struct mio__afd_slot *set_at(const struct mio__afd_set *set, uint32_t index)
{
    return mio__slots_at(&set->slots, index);
}

/* ---- The list of slots to ask for ------------------------------------------------------------ */

/* First in, first out: with little room in the events each source has its turn. */
static void set_list(struct mio__afd_set *set, struct mio__afd_slot *slot)
{
    if (slot->next_dirty != 0)
        return;
    slot->next_dirty = DIRTY_END;
    if (set->first_dirty == DIRTY_END)
        set->first_dirty = slot->index + 1;
    else
        set_at(set, set->last_dirty)->next_dirty = slot->index + 1;
    set->last_dirty = slot->index;
}

static struct mio__afd_slot *set_first_listed(const struct mio__afd_set *set)
{
    return set->first_dirty == DIRTY_END ? NULL : set_at(set, set->first_dirty - 1);
}

static void set_unlist_first(struct mio__afd_set *set)
{
    struct mio__afd_slot *slot = set_first_listed(set);
    set->first_dirty = slot->next_dirty;
    slot->next_dirty = 0;
}

/* ---- Asking the device ----------------------------------------------------------------------- */

static HANDLE *set_device(const struct mio__afd_set *set, uint32_t index)
{
    return &set_at(set, index - index % MIO__AFD_SOCKETS)->device;
}

static bool set_answer(struct mio__operation *operation, struct mio_poll *poll,
                       struct mio_event *event);

static int set_submit(struct mio__afd_set *set, struct mio__afd_slot *slot, uint32_t ticket,
                      uint16_t wanted, bool at_once)
{
    slot->operation.done = set_answer;
    int result = mio__afd_submit(*set_device(set, slot->index), &slot->operation, &slot->request,
                                 slot->socket, wanted, at_once);
    if (result < 0)
        return result;
    slot->poll = (struct mio__afd_poll){ticket, wanted, MIO__AFD_PENDING, false, at_once};
    set->in_flight++;
    return 0;
}

static int set_cancel_poll(struct mio__afd_set *set, struct mio__afd_slot *slot)
{
    int result = mio__afd_cancel(*set_device(set, slot->index), &slot->operation);
    if (result == 0)
        slot->poll.phase = MIO__AFD_CANCELLED;
    return result;
}

/* Brings the poll of a slot in line with its registration: 0 or a code. */
static int set_update(struct mio__afd_set *set, struct mio__afd_slot *slot)
{
    uint32_t ticket = mio__load_relaxed(&slot->slot.ticket);
    uint16_t wanted = mio__afd_wanted(&slot->edge, slot->ended);
    bool at_once = mio__afd_own_ends(&slot->edge, slot->ended) != 0;
    switch (mio__afd_next(&slot->poll, ticket, wanted, at_once)) {
    case MIO__AFD_SUBMIT:
        return set_submit(set, slot, ticket, wanted, at_once);
    case MIO__AFD_CANCEL:
        return set_cancel_poll(set, slot);
    default:
        return 0;
    }
}

static void set_list_abandoned(struct mio__afd_set *set)
{
    for (;;) {
        uint32_t index = mio__slots_collect(&set->slots);
        if (index == MIO__NO_SLOT)
            return;
        set_list(set, set_at(set, index));
    }
}

/* After an update that was refused, which the next wait makes again: whether to tell something. */
static bool set_guess(struct mio__afd_set *set, struct mio__afd_slot *slot, struct mio_event *event)
{
    set_list(set, slot);
    event->token = slot->token;
    event->readiness = slot->edge.armed & (MIO_READABLE | MIO_WRITABLE);
    if (event->readiness == 0)
        return false;
    mio__edge_report(&slot->edge, event->readiness);
    return true;
}

int mio__afd_set_apply(struct mio__afd_set *set, struct mio_event *events, size_t capacity)
{
    struct mio__afd_slot *slot;
    bool more = true; /* what is listed meanwhile is for the next wait */
    size_t n = 0;
    set_list_abandoned(set);
    const uint32_t last = set->last_dirty;
    while (more && n < capacity && (slot = set_first_listed(set)) != NULL) {
        more = slot->index != last;
        set_unlist_first(set);
        int result = set_update(set, slot);
        if (result == -EBADF) /* closed behind our back */
            mio__slots_release(&set->slots, slot->index);
        else if (result < 0)
            n += set_guess(set, slot, &events[n]);
    }
    return (int)n;
}

/* ---- Registration ---------------------------------------------------------------------------- */

bool mio__afd_set_has(const struct mio__afd_set *set, const struct mio_source *source)
{
    return mio__slots_has(&set->slots, source);
}

int mio__afd_set_reserve(struct mio__afd_set *set)
{
    set_list_abandoned(set);
    int result = mio__slots_reserve(&set->slots);
    if (result < 0)
        return result;
    HANDLE *device = set_device(set, set->slots.first_free);
    return *device ? 0 : mio__afd_open(set->port, device);
}

static uint8_t set_ends_of(const struct mio_source *source)
{
    return (uint8_t)(mio__learned_bits(&source->learned) & MIO__ENDED);
}

int mio__afd_set_add(struct mio__afd_set *set, struct mio_source *source, mio_fd socket,
                     mio_token token, mio_interest interest)
{
    int result = mio__afd_set_reserve(set);
    if (result < 0)
        return result;
    struct mio__afd_slot *slot = mio__slots_take(&set->slots, source);
    slot->index = source->slot;
    slot->socket = socket;
    slot->ended = set_ends_of(source);
    slot->token = token;
    mio__edge_start(&slot->edge, interest);
    result = set_update(set, slot);
    if (result < 0)
        mio__slots_release(&set->slots, slot->index);
    return result;
}

int mio__afd_set_change(struct mio__afd_set *set, uint32_t index, mio_fd socket, mio_token token,
                        mio_interest interest)
{
    struct mio__afd_slot *slot = set_at(set, index);
    const struct mio__edge before = slot->edge;
    mio__edge_start(&slot->edge, interest);
    if (slot->socket != socket) /* its number is another socket's now */
        slot->poll.asked = 0;
    slot->poll.changed = true;
    const mio_fd socket_before = slot->socket;
    slot->socket = socket;
    int result = set_update(set, slot);
    if (result < 0) {
        slot->edge = before;
        slot->socket = socket_before;
        return result;
    }
    slot->token = token;
    return 0;
}

void mio__afd_set_remove(struct mio__afd_set *set, uint32_t index)
{
    if (mio__slots_release(&set->slots, index))
        set_update(set, set_at(set, index));
}

void mio__afd_set_abandon(struct mio__afd_set *set, const struct mio_source *source)
{
    mio__slots_abandon(&set->slots, source);
}

/* Now, or by the next wait. Whether the wait has to be kicked. */
static bool set_ask(struct mio__afd_set *set, struct mio__afd_slot *slot, bool now)
{
    if (now && set_update(set, slot) == 0)
        return false;
    set_list(set, slot);
    return now;
}

bool mio__afd_set_rearm(struct mio__afd_set *set, uint32_t index, uint32_t direction,
                        enum mio__rearm reason, bool now)
{
    struct mio__afd_slot *slot = set_at(set, index);
    return mio__edge_rearm(&slot->edge, direction, reason) && set_ask(set, slot, now);
}

bool mio__afd_set_ended(struct mio__afd_set *set, const struct mio_source *source, bool now)
{
    struct mio__afd_slot *slot = set_at(set, source->slot);
    slot->ended = set_ends_of(source);
    return set_ask(set, slot, now);
}

bool mio__afd_set_stir(struct mio__afd_set *set)
{
    const uint32_t count = mio__slots_count(&set->slots);
    for (uint32_t i = 0; i < count; i++) {
        struct mio__afd_slot *slot = set_at(set, i);
        if (slot->poll.phase == MIO__AFD_PENDING && set_cancel_poll(set, slot) == 0)
            return true;
    }
    return false;
}

/* ---- Answers --------------------------------------------------------------------------------- */

/* The part of an answer that is about the registration of its slot; false for nothing to report. */
static bool set_report(struct mio__afd_set *set, struct mio__afd_slot *slot, uint32_t ticket,
                       struct mio_event *event)
{
    if (slot->poll.ticket != ticket) /* it is about one that has ended */
        return false;
    uint32_t events = mio__afd_answer(&slot->operation, &slot->request);
    if (mio__afd_is_over(&slot->poll, events)) {
        mio__slots_release(&set->slots, slot->index);
        return false;
    }
    if (events == 0 && !slot->poll.at_once) /* cancelled: the next answer tells all at once */
        return false;
    event->readiness = mio__afd_readiness(&slot->edge, slot->ended, events);
    event->token = slot->token;
    if (event->readiness == 0)
        return false;
    mio__edge_report(&slot->edge, event->readiness);
    return true;
}

/* So that the wait that has taken an answer which told nothing can tell the next one. */
static bool set_ask_anew(struct mio__afd_set *set, struct mio__afd_slot *slot)
{
    if (set_update(set, slot) < 0)
        return false;
    set->is_behind = true;
    return true;
}

static bool set_answer(struct mio__operation *operation, struct mio_poll *poll,
                       struct mio_event *event)
{
    const size_t place = offsetof(struct mio__afd_slot, operation);
    struct mio__afd_slot *slot = (void *)((char *)operation - place);
    struct mio__afd_set *set = mio__afd_set_of(poll);
    uint32_t ticket = mio__load_relaxed(&slot->slot.ticket);
    bool reported = ticket != 0 && set_report(set, slot, ticket, event);
    slot->poll.phase = MIO__AFD_IDLE;
    set->in_flight--;
    if (ticket == 0 || reported || !set_ask_anew(set, slot))
        set_list(set, slot);
    return reported;
}

/* ---- Making and ending ----------------------------------------------------------------------- */

void mio__afd_set_init(struct mio__afd_set *set, const struct mio_allocator *allocator, HANDLE port)
{
    memset(set, 0, sizeof *set);
    mio__slots_init(&set->slots, allocator, sizeof(struct mio__afd_slot));
    set->port = port;
    set->first_dirty = DIRTY_END;
}

int mio__afd_set_end(struct mio__afd_set *set)
{
    const uint32_t count = mio__slots_count(&set->slots);
    int result = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct mio__afd_slot *slot = set_at(set, i);
        if (slot->poll.phase == MIO__AFD_PENDING)
            set_cancel_poll(set, slot);
    }
    for (uint32_t i = 0; i < count; i += MIO__AFD_SOCKETS) {
        HANDLE *device = set_device(set, i);
        int closed = *device ? mio__afd_close(*device) : 0;
        *device = NULL;
        if (result == 0)
            result = closed;
    }
    return result;
}

uint32_t mio__afd_set_settle(struct mio__afd_set *set)
{
    for (uint32_t i = 0; i < mio__slots_count(&set->slots) && set->in_flight > 0; i++) {
        struct mio__afd_slot *slot = set_at(set, i);
        if (slot->poll.phase != MIO__AFD_IDLE && mio__afd_is_done(&slot->operation)) {
            slot->poll.phase = MIO__AFD_IDLE;
            set->in_flight--;
        }
    }
    return set->in_flight;
}

void mio__afd_set_free(struct mio__afd_set *set)
{
    mio__slots_free(&set->slots);
}
