/*
 * Coalescing wakers: the protocol between mio_waker_wake (waker.c) and the wait of a backend.
 *
 * poll->wakers_pending has a bit for each waker whose wake-up is on its way.
 *
 *     wake:  old = fetch_or(pending, bit)        if the bit was set: done, somebody covers us
 *            signal the descriptor               if that fails: fetch_and(pending, ~bit)
 *     wait:  fetch the events                    the last fetch of this wait included
 *            if any event and pending != 0: exchange(pending, 0)
 *            report                              the user's handlers run after the clear
 *
 * Epoll cannot say which event is a waker's, all 64 bits of user data being the caller's token.
 * So a wait that fetched anything clears the bits of all wakers. Where an event names its waker
 * (kqueue, a completion port), a wait clears the bits that it fetched.
 *
 * The word belongs to the backend: it tests and clears the bits, through the functions below.
 *
 * Why no wake is lost. A set bit means one of three things: the thread that set it has still to
 * signal; or the descriptor's event is queued; or the event was fetched and this wait has not
 * cleared yet. In each of them a wait that reports the event is still to come, and clears before it
 * reports. A thread that finds the bit clear sends the signal. A thread that finds it set has
 * ordered what it published before its fetch_or, and the clear that follows reads from the same
 * chain of read-modify-writes (a release sequence), so the handler of the covering event sees it.
 *     Clearing too often costs a signal that merges with one in the queue. Clearing before the
 * fetch would be wrong: a wake could set its bit anew between clear and fetch, its event be
 * fetched, and the bit stay set with nothing queued, for ever deaf. So would clearing after the
 * report: a wake that found the bit set in between would be covered by no event. A plain load in
 * place of the fetch_or would be wrong too: it may read the bit before the waker's own stores are
 * visible to the waiter that clears it.
 *
 * Checked exhaustively with SPIN, the mutants included (tools/models), and under load by
 * tests/stress. The one hole is a system that refuses a signal: wakes that relied on it have
 * returned 0 by then.
 */
#ifndef MIO_WAKERS_H
#define MIO_WAKERS_H

#include "atomic.h"

#include <mio.h>

/* The number of the bit of a waker, below MIO_WAKERS_MAX. */
static inline uint32_t mio__bit_number(uint32_t bit)
{
    uint32_t number = 0;
    while (bit >> number != 1)
        number++;
    return number;
}

static inline uint32_t mio__waker_number(const struct mio_waker *waker)
{
    return mio__bit_number(waker->bit);
}

/* ---- The wake of a backend: test, signal, and what became of it ---- */

/* Sets the bit of a waker. Whether it was set before: then a signal on its way covers this wake. */
static inline bool mio__wake_is_covered(struct mio_poll *poll, const struct mio_waker *waker)
{
    if ((mio__fetch_or(&poll->wakers_pending, waker->bit) & waker->bit) != 0) {
        mio__counter_add_shared(&poll->wakes_coalesced, 1);
        return true;
    }
    mio__counter_add_shared(&poll->wakes, 1);
    return false;
}

/* After a signal that was sent (0), or refused. */
static inline int mio__wake_sent(struct mio_poll *poll, const struct mio_waker *waker, int result)
{
    if (result == 0) /* and no look at either any more: the thread that was woken may end them */
        return 0;
    mio__counter_add_shared(&poll->wakes, (uintptr_t)-1);
    mio__fetch_and(&poll->wakers_pending, ~waker->bit);
    return result;
}

/* ---- The wait of a backend: after its last fetch and before its report ---- */

/* Clears all bits, where an event does not say whose it is. Returns those that were set. */
static inline uint32_t mio__wakers_clear_all(struct mio_poll *poll)
{
    if (mio__load_acquire(&poll->wakers_pending) == 0)
        return 0;
    return mio__exchange(&poll->wakers_pending, 0);
}

/* Clears the bits of the wakers whose events were fetched, where an event says whose it is. */
static inline void mio__wakers_clear(struct mio_poll *poll, uint32_t bits)
{
    mio__fetch_and(&poll->wakers_pending, ~bits);
}

#endif
