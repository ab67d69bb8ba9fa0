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
 * So a wait that fetched anything clears the bits of all wakers.
 *
 * Why no wake is lost. A set bit means one of three things: the thread that set it has still to
 * signal; or the descriptor's event is queued; or the event was fetched and this wait has not
 * cleared yet. In each of them a wait that reports the event is still to come, and clears before
 * it reports. Who finds the bit clear signals. Who finds it set has ordered what it published
 * before its fetch_or, and the clear that follows reads from the same chain of read-modify-writes
 * (a release sequence), so the handler of the covering event sees it.
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

/* Called by a wait after its last fetch and before its report, when it fetched anything. */
static inline void mio__wakers_clear(struct mio_poll *poll)
{
    if (mio__load_acquire(&poll->wakers_pending) != 0)
        mio__exchange(&poll->wakers_pending, 0);
}

#endif
