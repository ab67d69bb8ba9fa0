/*
 * Polls that spin: waits that look for a while without sleeping before they sleep. Here is what of
 * it is of no system: how a wake is seen from user space, and when a spin is worth while.
 *
 * poll->wakers_pending has a bit for each waker, as in wakers.h, and MIO__AWAKE: set as long as the
 * poll does not sleep, so from the start, and between waits, too.
 *
 *     wake:   old = fetch_or(pending, bit)         if bit or AWAKE was set: done
 *             signal the descriptor                as in wakers.h
 *     look:   for each waker whose bit is set: if fetch_and(pending, ~bit) had it: report its token
 *             ask the system without waiting       or first this, then the wakers
 *     sleep:  CAS(pending, AWAKE -> 0)             fails where a bit is set: look again
 *             fetch the events, for as long as it takes
 *             exchange(pending, AWAKE)             the bits that were set are dropped
 *             report                               the user's handlers run after the exchange
 *
 * Why no wake is lost. All of these are read-modify-writes of one word, so they have one order. A
 * fetch_or before the CAS makes it fail, and the look that follows reports the bit. One after the
 * CAS finds no AWAKE: the first of its waker signals, and the others are covered by that signal
 * until the exchange. A bit that the exchange drops has a signal, which is an event that was
 * fetched, or is queued, or is still to come; whoever set the bit published before that exchange,
 * so every one of these events will do. A fetch_or after the exchange finds AWAKE, and the next
 * look reports the bit.
 *     A load and a store in place of the CAS would be wrong: a wake between them finds AWAKE, sends
 * no signal, and the poll sleeps. So would an exchange before the sleep's fetch, for then nobody
 * signals, and one after the report, where it drops bits whose event was reported already. A look
 * that clears a bit after its report drops a wake in the same way. To keep the bits in the exchange
 * would lose nothing, but report wakes twice.
 *     A token is read after its bit was cleared: then it is that of the wake which set the bit, or
 * of a waker that was opened since and has its number.
 *
 * Checked exhaustively with SPIN, the mutants included (tools/models), and under load by
 * tests/stress.
 *
 * Turns. A wait that has no room for more than wakers is followed by one that asks the system
 * first, so that neither keeps the other from being reported.
 */
#ifndef MIO_SPIN_H
#define MIO_SPIN_H

#include "wakers.h"

#define MIO__AWAKE (UINT32_C(1) << (MIO_WAKERS_MAX - 1))
_Static_assert(sizeof((struct mio_poll *)0)->waker_tokens == MIO_WAKERS_MAX * sizeof(mio_token),
               "each waker has a place for its token");

/* After this many spins in a row that found nothing, one of 256 sleeps begins with a spin. */
enum { MIO__SPIN_FAILURES_MAX = 4 };

/* ---- The word -------------------------------------------------------------------------------- */

/* The poll is awake from its start, and the bit that says so is no waker's. */
static inline void mio__spin_open(struct mio_poll *poll)
{
    poll->wakers_pending = MIO__AWAKE;
    poll->wakers_taken = MIO__AWAKE;
}

/* Before the waker can be woken. Its number may have been another one's, which a look may report at
 * this moment. */
static inline void mio__spin_waker_open(struct mio_poll *poll, const struct mio_waker *waker)
{
    mio__publish(&poll->waker_tokens[mio__waker_number(waker)], waker->token);
}

/* As mio__wake_is_covered; a poll that is awake looks at the word by itself. */
static inline bool mio__spin_wake_is_covered(struct mio_poll *poll, const struct mio_waker *waker)
{
    if ((mio__fetch_or(&poll->wakers_pending, waker->bit) & (waker->bit | MIO__AWAKE)) != 0) {
        mio__counter_add_shared(&poll->wakes_coalesced, 1);
        return true;
    }
    mio__counter_add_shared(&poll->wakes, 1);
    return false;
}

/* Whether a waker has woken the poll, while it is awake. */
static inline bool mio__spin_sees_wake(const struct mio_poll *poll)
{
    return mio__load_relaxed(&poll->wakers_pending) != MIO__AWAKE;
}

/* Reports the wakers whose bits are set, each once and in turn, as many as there is room for. */
static inline int mio__spin_take_wakes(struct mio_poll *poll, struct mio_event *events, int room)
{
    uint32_t set = mio__load_relaxed(&poll->wakers_pending) & ~MIO__AWAKE;
    int n = 0;
    while (set != 0 && n < room) {
        uint32_t later = set & ~(poll->next_waker - 1);
        uint32_t bit = later ? later & (~later + 1) : set & (~set + 1); /* the lowest one */
        set &= ~bit;
        poll->next_waker = bit << 1;
        if (!(mio__fetch_and(&poll->wakers_pending, ~bit) & bit))
            continue; /* its waker was closed meanwhile */
        events[n].token = mio__counter_read(&poll->waker_tokens[mio__bit_number(bit)]);
        events[n++].readiness = MIO_READABLE;
    }
    return n;
}

/* Before a sleep: from now on wakes signal. False where a wake has come already. */
static inline bool mio__spin_fall_asleep(struct mio_poll *poll)
{
    uint32_t awake = MIO__AWAKE;
    return mio__compare_exchange(&poll->wakers_pending, &awake, 0);
}

/* After a sleep, whatever ended it, and before its report. */
static inline void mio__spin_wake_up(struct mio_poll *poll)
{
    mio__exchange(&poll->wakers_pending, MIO__AWAKE);
}

/* ---- The back-off ---------------------------------------------------------------------------- */

/* Whether the next sleep is to begin with a spin. */
static inline bool mio__spin_is_due(struct mio_poll *poll)
{
    if (poll->spin_skips == 0)
        return true;
    poll->spin_skips--;
    return false;
}

/* A spin has found something. */
static inline void mio__spin_pays(struct mio_poll *poll)
{
    poll->spin_failures = 0;
    poll->spin_skips = 0;
}

/*
 * A sleep has ended; is_short: by an event, and so soon that a spin would have found it. Where the
 * one before was short, too, then the next spin comes soon: three in a row bring it at once. A
 * single one may be short by chance, as it is after a thread was preempted.
 */
static inline void mio__spin_sleep_ends(struct mio_poll *poll, bool is_short)
{
    if (is_short && poll->spin_short)
        poll->spin_skips /= 16;
    poll->spin_short = is_short;
}

/* A spin has found nothing. That counts also where it is one that is never left out. */
static inline void mio__spin_fails(struct mio_poll *poll)
{
    if (poll->spin_failures < MIO__SPIN_FAILURES_MAX)
        poll->spin_failures++;
    poll->spin_skips = (UINT32_C(1) << 2 * poll->spin_failures) - 1;
}

#endif
