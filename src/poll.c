/* The poll: opening, waiting, closing. */
#include "grow.h"
#include "internal.h"
#include "sys/sanitizers.h"
#include "sys/sys.h"

#include <string.h>

static int poll_open_with(struct mio_poll *poll, const struct mio_poll_options *options)
{
    static const struct mio_poll_options defaults;
    if (!options)
        options = &defaults;
    if (options->backend > MIO__BACKEND_LAST || options->waker > MIO__WAKER_LAST)
        return -EINVAL;
    if (!mio__is_zero(options->reserved, sizeof options->reserved / sizeof options->reserved[0]))
        return -EINVAL;
    if (!mio__allocator_is_valid(&options->allocator) || options->spin_ns < 0)
        return -EINVAL;
    poll->allocator = options->allocator;
    poll->backend = mio__backend_find(options->backend);
    if (poll->backend && options->spin_ns > 0)
        poll->backend = poll->backend->spinning;
    if (!poll->backend)
        return -ENOTSUP;
    poll->spin_ns = options->spin_ns;
    poll->features = poll->backend->features;
    return poll->backend->open(poll, options->waker);
}

int mio_poll_init_with(struct mio_poll *poll, const struct mio_poll_options *options)
{
    if (!poll)
        return -EINVAL;
    memset(poll, 0, sizeof *poll);
    int result = poll_open_with(poll, options);
    if (result < 0) {
        memset(poll, 0, sizeof *poll);
        return result;
    }
    poll->registry.poll = poll;
    return 0;
}

int mio_poll_init(struct mio_poll *poll)
{
    return mio_poll_init_with(poll, NULL);
}

static int poll_end(struct mio_poll *poll)
{
    int result = poll->backend->close(poll);
    memset(poll, 0, sizeof *poll);
    return result;
}

int mio_poll_close(struct mio_poll *poll)
{
    if (!poll)
        return -EINVAL;
    if (!poll->backend)
        return 0;
    if (mio__load_acquire(&poll->waiting) != 0 || mio__load_acquire(&poll->users) != 0)
        return -EBUSY;
    return poll_end(poll);
}

int mio_poll_abandon(struct mio_poll *poll)
{
    if (!poll)
        return -EINVAL;
    return poll->backend ? poll_end(poll) : 0;
}

/* After the backend has cleared the wakers: what covers a wake also ordered what came before it. */
MIO__COLD static int poll_wait_and_tell(struct mio_poll *poll, struct mio_event *events,
                                        size_t capacity, int64_t timeout_ns)
{
    int n = poll->backend->wait(poll, events, capacity, timeout_ns);
    if (n > 0)
        mio__tells(poll);
    return n;
}

int mio_poll_wait(struct mio_poll *poll, struct mio_event *events, size_t capacity,
                  int64_t timeout_ns)
{
    if (!poll || !events || capacity == 0)
        return -EINVAL;
    if (!poll->backend)
        return -EBADF;
    /* A load and a store are no lock: this finds a program's mistake, it does not make it safe. */
    if (mio__load_relaxed(&poll->waiting) != 0)
        return -EBUSY;
    mio__store_relaxed(&poll->waiting, 1);
    /* The last act, so that it becomes a jump: frames are what a wait costs beside the system call.
     * The backend calls mio__wait_end. */
    if (timeout_ns < 0)
        timeout_ns = 0;
    return MIO__IS_WATCHED ? poll_wait_and_tell(poll, events, capacity, timeout_ns)
                           : poll->backend->wait(poll, events, capacity, timeout_ns);
}

struct mio_registry *mio_poll_registry(struct mio_poll *poll)
{
    return poll ? &poll->registry : NULL;
}

mio_fd mio_poll_fd(const struct mio_poll *poll)
{
    /* A wake of a poll that spins makes no descriptor readable while it is awake (spin.h). */
    return poll && poll->backend && poll->spin_ns == 0 ? poll->fd : MIO_FD_NONE;
}

const char *mio_poll_backend_name(const struct mio_poll *poll)
{
    return poll && poll->backend ? poll->backend->name : "closed";
}

mio_interest mio_poll_features(const struct mio_poll *poll)
{
    if (!poll || !poll->backend)
        return 0;
    return poll->features | (poll->backend->spinning ? MIO_CAN_SPIN : 0);
}

int mio_poll_counters(const struct mio_poll *poll, struct mio_counters *out)
{
    if (!poll || !out)
        return -EINVAL;
    if (!poll->backend)
        return -EBADF;
    out->waits = mio__counter_read(&poll->waits);
    out->events = mio__counter_read(&poll->events);
    out->wakes = mio__counter_read(&poll->wakes);
    out->wakes_coalesced = mio__counter_read(&poll->wakes_coalesced);
    out->kicks = mio__counter_read(&poll->kicks);
    out->spins_hit = mio__counter_read(&poll->spins_hit);
    out->spins_missed = mio__counter_read(&poll->spins_missed);
    return 0;
}
