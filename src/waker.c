/* Wakers. The protocol and why no wake is lost: wakers.h. */
#include "internal.h"
#include "sys/sanitizers.h"

#include <string.h>

/* Takes a bit that no other waker has. Returns 0 when all are taken. */
static uint32_t waker_take_bit(struct mio_poll *poll)
{
    uint32_t taken = mio__load_relaxed(&poll->wakers_taken);
    while (taken != UINT32_MAX) {
        uint32_t bit = ~taken & (taken + 1); /* the lowest bit that is clear */
        if (mio__compare_exchange(&poll->wakers_taken, &taken, taken | bit))
            return bit;
    }
    return 0;
}

/* A wake that was not reported goes with its waker, the next one with this bit starts clean. */
static void waker_give_bit(struct mio_poll *poll, uint32_t bit)
{
    mio__fetch_and(&poll->wakers_pending, ~bit);
    mio__fetch_and(&poll->wakers_taken, ~bit);
}

int mio_waker_init(struct mio_waker *waker, struct mio_registry *registry, mio_token token)
{
    if (!waker)
        return -EINVAL;
    memset(waker, 0, sizeof *waker);
    if (!registry)
        return -EINVAL;
    struct mio_poll *poll = mio__registry_poll(registry);
    if (!poll)
        return -EBADF;
    uint32_t bit = waker_take_bit(poll);
    if (bit == 0)
        return -ENOSPC;
    waker->bit = bit;
    waker->token = token;
    int result = poll->backend->waker_open(poll, waker);
    if (result < 0) {
        waker_give_bit(poll, bit);
        memset(waker, 0, sizeof *waker);
        return result;
    }
    mio__fetch_add(&poll->users, 1);
    waker->poll = poll;
    return 0;
}

/* Before the bit is set: a wake that finds it set is reported by another one's event. */
MIO__COLD static int waker_tell_and_wake(struct mio_poll *poll, struct mio_waker *waker)
{
    mio__told(poll);
    return poll->backend->wake(poll, waker);
}

int mio_waker_wake(struct mio_waker *waker)
{
    if (!waker)
        return -EINVAL;
    struct mio_poll *poll = waker->poll;
    if (!poll)
        return -EBADF;
    return MIO__IS_WATCHED ? waker_tell_and_wake(poll, waker) : poll->backend->wake(poll, waker);
}

static int waker_end(struct mio_waker *waker,
                     void (*release)(struct mio_poll *poll, struct mio_waker *waker))
{
    struct mio_poll *poll = waker->poll;
    release(poll, waker);
    waker_give_bit(poll, waker->bit);
    memset(waker, 0, sizeof *waker);
    mio__poll_release(poll);
    return 0;
}

int mio_waker_close(struct mio_waker *waker)
{
    if (!waker)
        return -EINVAL;
    return waker->poll ? waker_end(waker, waker->poll->backend->waker_close) : 0;
}

int mio_waker_abandon(struct mio_waker *waker)
{
    if (!waker)
        return -EINVAL;
    return waker->poll ? waker_end(waker, waker->poll->backend->waker_abandon) : 0;
}
