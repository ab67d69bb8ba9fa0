/*
 * The poll(2) backend: the portable one, and the model for systems whose kernel keeps no edges.
 *
 * Facts about the kernel, and the letters by which the code refers to them:
 *   A  poll(2) is level-triggered and forgets: edges and oneshot are made here, by asking only for
 *      what is armed (edge.h).
 *   B  HUP and ERR come unasked and cannot be masked; a negative descriptor is ignored.
 *   C  The array belongs to the kernel during the call: a change from another thread is put on a
 *      list, and the wait is kicked to take it up.
 *   D  A descriptor that is closed during the call stays watched; at the next call it is NVAL, or,
 *      where its number was given out again, somebody else's.
 *   E  More entries than the limit of open descriptors are EINVAL.
 *
 * One descriptor, the notifier, ends a running wait for all wakers and kicks. Level-triggered as it
 * is, it is drained first, and the pending bits are taken after that: a wake between the two leaves
 * it readable, one before is taken along. A wait that was ended by a kick alone goes on with the
 * time that remains.
 */
#include "grow.h"
#include "internal.h"
#include "sys/sys.h"
#include "sys/unix/calls.h"
#include "sys/unix/fd.h"
#include "sys/unix/notifier.h"
#include "sys/unix/poll_bits.h"
#include "sys/unix/poll_set.h"
#include "sys/unix/raw_io.h"
#include "wakers.h"

#include <pthread.h>

/* The holder of the entries: nobody; the kernel for a look, or for a wait that can be kicked. */
enum phase { AT_REST, LOOKING, SLEEPING };

struct poll_state {
    pthread_mutex_t lock; /* guards all of this but notifier and due */
    struct mio__poll_set set;
    const struct mio__notifier *notifier;
    mio_fd notifier_read;
    mio_fd notifier_write;
    enum phase phase;
    bool kicked;         /* the notifier was raised for a change, and nobody drained it yet */
    uint32_t due;        /* wakers to report; atomic, for waker_abandon takes no lock */
    uint32_t next_waker; /* whose turn it is when there is room for one */
    uint32_t cursor;     /* whose turn it is among the entries */
    mio_token waker_tokens[MIO_WAKERS_MAX];
};

/* ---- Opening and closing --------------------------------------------------------------------- */

static int poll_open(struct mio_poll *poll, uint32_t waker_kind)
{
    const struct mio__notifier *notifier = mio__notifier_find(waker_kind);
    if (!notifier)
        return -ENOTSUP;
    struct poll_state *state = mio__grow_new(&poll->allocator, 1, sizeof *state);
    if (!state)
        return -ENOMEM;
    state->notifier = notifier;
    int result = notifier->open(&state->notifier_read, &state->notifier_write);
    if (result < 0)
        goto free_state;
    result = mio__poll_set_init(&state->set, &poll->allocator, state->notifier_read);
    if (result < 0)
        goto close_notifier;
    result = -MIO__CALL(pthread_mutex_init)(&state->lock, NULL);
    if (result < 0)
        goto free_set;
    poll->state = state;
    poll->fd = MIO_FD_NONE;
    return 0;

free_set:
    mio__poll_set_free(&state->set);
close_notifier:
    mio__notifier_close(state->notifier_read, state->notifier_write);
free_state:
    mio__grow_free(&poll->allocator, state, 1, sizeof *state);
    return result;
}

static int poll_close(struct mio_poll *poll)
{
    struct poll_state *state = poll->state;
    mio__notifier_close(state->notifier_read, state->notifier_write);
    mio__poll_set_free(&state->set);
    /* In a child after fork another thread's lock may be held for ever; then it is left alone. */
    if (pthread_mutex_trylock(&state->lock) == 0) {
        pthread_mutex_unlock(&state->lock);
        pthread_mutex_destroy(&state->lock);
    }
    mio__grow_free(&poll->allocator, state, 1, sizeof *state);
    return 0;
}

/* ---- Registration ---------------------------------------------------------------------------- */

static struct poll_state *poll_lock(struct mio_poll *poll)
{
    struct poll_state *state = poll->state;
    pthread_mutex_lock(&state->lock);
    return state;
}

static void poll_unlock(struct poll_state *state)
{
    pthread_mutex_unlock(&state->lock);
}

/* Brings a change to the kernel: now, or by the wait that runs (C). */
static void poll_changed(struct mio_poll *poll, struct poll_state *state)
{
    if (state->phase == AT_REST) {
        mio__poll_set_apply(&state->set);
    } else if (state->phase == SLEEPING && !state->kicked) {
        state->kicked = true;
        mio__counter_add(&poll->kicks, 1);
        state->notifier->raise(state->notifier_read, state->notifier_write);
    }
}

/* Epoll finds these in the kernel; here they would be ready for ever, or silently nothing (D). */
static int poll_check_raw(const struct mio_source *source)
{
    return source->flags & MIO__RAW ? mio__fd_check_pollable(source->fd) : 0;
}

static int poll_add(struct mio_poll *poll, struct mio_source *source, mio_token token,
                    mio_interest interest)
{
    int result = poll_check_raw(source);
    if (result < 0)
        return result;
    struct poll_state *state = poll_lock(poll);
    result = mio__poll_set_add(&state->set, source, token, interest);
    if (result == 0)
        poll_changed(poll, state);
    poll_unlock(state);
    return result;
}

static int poll_change(struct mio_poll *poll, struct mio_source *source, mio_token token,
                       mio_interest interest, mio_interest before)
{
    (void)before;
    int result = poll_check_raw(source);
    if (result < 0)
        return result;
    struct poll_state *state = poll_lock(poll);
    bool found = mio__poll_set_has(&state->set, source);
    if (found) {
        mio__poll_set_change(&state->set, source->slot, token, interest);
        poll_changed(poll, state);
    }
    poll_unlock(state);
    return found ? 0 : -EBADF;
}

static int poll_remove(struct mio_poll *poll, struct mio_source *source)
{
    struct poll_state *state = poll_lock(poll);
    bool found = mio__poll_set_has(&state->set, source);
    if (found) {
        mio__poll_set_remove(&state->set, source->slot);
        poll_changed(poll, state);
    }
    poll_unlock(state);
    return found ? 0 : -EBADF;
}

static void poll_rearm(struct mio_poll *poll, struct mio_source *source, uint32_t direction,
                       enum mio__rearm reason)
{
    struct poll_state *state = poll_lock(poll);
    if (mio__poll_set_has(&state->set, source) &&
        mio__poll_set_rearm(&state->set, source->slot, direction, reason))
        poll_changed(poll, state);
    poll_unlock(state);
}

static void poll_abandon(struct mio_poll *poll, struct mio_source *source)
{
    struct poll_state *state = poll->state;
    mio__poll_set_abandon(&state->set, source);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

/* Hands the entries to the kernel. Returns how long it may keep them. */
static int64_t poll_begin(struct poll_state *state, int64_t timeout_ns)
{
    pthread_mutex_lock(&state->lock);
    mio__poll_set_apply(&state->set);
    if (mio__load_relaxed(&state->due) != 0)
        timeout_ns = 0;
    state->phase = timeout_ns == 0 ? LOOKING : SLEEPING;
    poll_unlock(state);
    return timeout_ns;
}

/* Drains the notifier first, then takes the bits: see the head of this file. */
static void poll_take_wakes(struct mio_poll *poll, struct poll_state *state)
{
    if (state->set.block->entries[0].revents == 0)
        return;
    state->notifier->drain(state->notifier_read);
    state->kicked = false;
    mio__fetch_or(&state->due, mio__wakers_clear_all(poll));
}

/* Reports the next waker that is due. */
static bool poll_report_waker(struct poll_state *state, struct mio_event *event)
{
    uint32_t due = mio__load_relaxed(&state->due);
    if (due == 0)
        return false;
    uint32_t waker = state->next_waker;
    while (!(due >> waker & 1))
        waker = (waker + 1) % MIO_WAKERS_MAX;
    mio__fetch_and(&state->due, ~(UINT32_C(1) << waker));
    state->next_waker = (waker + 1) % MIO_WAKERS_MAX;
    event->token = state->waker_tokens[waker];
    event->readiness = MIO_READABLE;
    return true;
}

/*
 * One round over the entries, which starts where the last one ended: a source that found no room is
 * the first now. The notifier's entry stands for all wakers.
 */
static int poll_report(struct poll_state *state, struct mio_event *events, size_t capacity)
{
    struct mio__poll_set *set = &state->set;
    size_t n = 0;
    for (uint32_t i = 0; i < set->count && n < capacity; i++) {
        uint32_t position = state->cursor < set->count ? state->cursor : 0;
        state->cursor = position + 1;
        if (position != 0)
            n += mio__poll_set_take(set, position, &events[n]);
        else
            while (n < capacity && poll_report_waker(state, &events[n]))
                n++;
    }
    return (int)n;
}

static int poll_finish(struct mio_poll *poll, int fired, struct mio_event *events, size_t capacity)
{
    struct poll_state *state = poll_lock(poll);
    state->phase = AT_REST;
    int n = fired;
    if (fired > 0 && (state->set.block->entries[0].revents & POLLNVAL))
        n = -EBADF; /* somebody has closed the notifier, and would be told so for ever */
    else if (fired > 0)
        poll_take_wakes(poll, state);
    if (n >= 0)
        n = poll_report(state, events, capacity);
    poll_unlock(state);
    return n;
}

static int poll_wait_events(struct mio_poll *poll, struct mio_event *events, size_t capacity,
                            int64_t timeout_ns)
{
    struct poll_state *state = poll->state;
    int64_t deadline = mio__deadline_after(timeout_ns);
    for (;;) {
        int64_t rest = poll_begin(state, timeout_ns);
        int fired = mio__raw_poll(state->set.block->entries, state->set.count, rest);
        int n = poll_finish(poll, fired, events, capacity);
        if (n != 0 || timeout_ns == 0 || (fired == 0 && rest != 0))
            return mio__wait_end(poll, n);
        /* A kick, what had changed by the time it was seen, or a look for a waker that was closed
         * before its report: go round with what remains. */
        timeout_ns = mio__deadline_rest(deadline);
    }
}

/* ---- Wakers ---------------------------------------------------------------------------------- */

static int poll_waker_open(struct mio_poll *poll, struct mio_waker *waker)
{
    struct poll_state *state = poll_lock(poll);
    state->waker_tokens[mio__waker_number(waker)] = waker->token;
    poll_unlock(state);
    return 0;
}

static void poll_waker_abandon(struct mio_poll *poll, struct mio_waker *waker)
{
    struct poll_state *state = poll->state;
    mio__wakers_clear(poll, waker->bit);
    mio__fetch_and(&state->due, ~waker->bit);
}

static void poll_waker_close(struct mio_poll *poll, struct mio_waker *waker)
{
    /* Under the lock: a wait moves the bits from pending to due. */
    struct poll_state *state = poll_lock(poll);
    poll_waker_abandon(poll, waker);
    poll_unlock(state);
}

static int poll_wake(struct mio_poll *poll, struct mio_waker *waker)
{
    struct poll_state *state = poll->state;
    if (mio__wake_is_covered(poll, waker))
        return 0;
    return mio__wake_sent(poll, waker,
                          state->notifier->raise(state->notifier_read, state->notifier_write));
}

extern const struct mio__backend mio__backend_poll;
const struct mio__backend mio__backend_poll = {
    .name = "poll",
    .id = MIO_BACKEND_POLL,
    .features = MIO__POLL_FEATURES,
    .open = poll_open,
    .close = poll_close,
    .add = poll_add,
    .change = poll_change,
    .remove = poll_remove,
    .rearm = poll_rearm,
    .abandon = poll_abandon,
    .wait = poll_wait_events,
    .waker_open = poll_waker_open,
    .waker_close = poll_waker_close,
    .waker_abandon = poll_waker_abandon,
    .wake = poll_wake,
};
