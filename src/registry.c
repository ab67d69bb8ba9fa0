/*
 * Registration. The checks come first, then the state is recorded, then the backend or the custom
 * source is asked. A refusal takes back what was recorded.
 */
#include "source.h"

#include <string.h>

/* ---- Clones ---------------------------------------------------------------------------------- */

int mio_registry_clone(const struct mio_registry *registry, struct mio_registry *clone)
{
    if (!clone || clone == registry)
        return -EINVAL;
    memset(clone, 0, sizeof *clone);
    if (!registry)
        return -EINVAL;
    struct mio_poll *poll = mio__registry_poll(registry);
    if (!poll)
        return -EBADF;
    mio__fetch_add(&poll->users, 1);
    clone->poll = poll;
    return 0;
}

int mio_registry_close(struct mio_registry *registry)
{
    if (!registry)
        return -EINVAL;
    struct mio_poll *poll = registry->poll;
    if (!poll)
        return 0;
    if (registry == &poll->registry)
        return -EINVAL;
    registry->poll = NULL;
    mio__poll_release(poll);
    return 0;
}

int mio_registry_abandon(struct mio_registry *registry)
{
    /* A clone holds nothing of the system, so there is nothing to leave alone. */
    return mio_registry_close(registry);
}

mio_fd mio_registry_fd(const struct mio_registry *registry)
{
    return registry ? mio_poll_fd(registry->poll) : MIO_FD_NONE;
}

/* ---- Checks ---------------------------------------------------------------------------------- */

/* The code for an interest that is invalid, or that the poll does not take. */
static int registry_refusal(const struct mio_poll *poll, mio_interest interest)
{
    if ((interest & ~(MIO__INTEREST_BITS | MIO__MODE_BITS)) != 0 ||
        (interest & MIO__INTEREST_BITS) == 0)
        return -EINVAL;
    return poll ? -ENOTSUP : -EBADF;
}

static int registry_check(const struct mio_registry *registry, const struct mio_source *source,
                          mio_interest interest)
{
    if (!registry || !source)
        return -EINVAL;
    const struct mio_poll *poll = mio__registry_poll(registry);
    if (poll && (interest & ~poll->features) == 0 && (interest & MIO__INTEREST_BITS) != 0)
        return 0;
    return registry_refusal(poll, interest);
}

static int registry_check_source(const struct mio_registry *registry,
                                 const struct mio_source *source)
{
    if (source->state == MIO__CLOSED)
        return -EBADF;
    if (source->state != MIO__REGISTERED)
        return -ENOENT;
    return source->poll == registry->poll ? 0 : -EINVAL;
}

/* ---- Registration ---------------------------------------------------------------------------- */

/*
 * State is written before the system is asked, and taken back if it refuses: once it knows the
 * source, another thread may be told of it, and close or free it, before this call returns.
 */
static void registry_record(struct mio_source *source, struct mio_poll *poll, mio_interest interest)
{
    source->poll = poll;
    uint32_t flags = source->flags & ~(uint32_t)(MIO__MODE | MIO__REARM);
    flags |= (interest & MIO__MODE_BITS) >> MIO__MODE_SHIFT;
    if (poll->backend->rearm && (interest & MIO__MODE_BITS) == MIO_EDGE)
        flags |= MIO__REARM;
    source->interest = (uint8_t)(interest & MIO__INTEREST_BITS);
    source->flags = (uint8_t)flags;
    source->state = MIO__REGISTERED;
}

/* The interest and mode of a registered source. */
static mio_interest registry_recorded(const struct mio_source *source)
{
    return source->interest | (mio_interest)(source->flags & MIO__MODE) << MIO__MODE_SHIFT;
}

int mio_register(struct mio_registry *registry, struct mio_source *source, mio_token token,
                 mio_interest interest)
{
    int result = registry_check(registry, source, interest);
    if (result < 0)
        return result;
    if (source->state != MIO__OPEN)
        return source->state == MIO__CLOSED ? -EBADF : -EEXIST;
    struct mio_poll *poll = registry->poll;
    mio__fetch_add(&poll->users, 1);
    registry_record(source, poll, interest);
    if (source->ops)
        result = mio__user_result(source->ops->add(registry, source, token, interest));
    else
        result = poll->backend->add(poll, source, token, interest);
    if (result < 0)
        mio__source_forget(source);
    return result;
}

/* The system is asked to change what it has; here what was recorded before is recorded again. */
static int registry_change_failed(struct mio_source *source, int result, mio_interest before)
{
    bool is_gone = result <= -MIO__GONE;
    if (result == MIO__ANEW) { /* the number is another descriptor's by now */
        source->poll->backend->remove(source->poll, source);
        result = -ENOENT;
    }
    if (is_gone)
        mio__source_forget(source);
    else
        registry_record(source, source->poll, before);
    return is_gone ? result + MIO__GONE : result;
}

static int registry_change_custom(struct mio_registry *registry, struct mio_source *source,
                                  mio_token token, mio_interest interest)
{
    int result = mio__user_result(source->ops->change(registry, source, token, interest));
    if (result < 0) {
        source->ops->remove(registry, source);
        mio__source_forget(source);
    }
    return result;
}

int mio_reregister(struct mio_registry *registry, struct mio_source *source, mio_token token,
                   mio_interest interest)
{
    int result = registry_check(registry, source, interest);
    if (result == 0)
        result = registry_check_source(registry, source);
    if (result < 0)
        return result;
    struct mio_poll *poll = registry->poll;
    const mio_interest before = registry_recorded(source);
    registry_record(source, poll, interest);
    if (source->ops)
        return registry_change_custom(registry, source, token, interest);
    result = poll->backend->change(poll, source, token, interest, before);
    return result != 0 ? registry_change_failed(source, result, before) : result;
}

int mio_deregister(struct mio_registry *registry, struct mio_source *source)
{
    if (!registry || !source)
        return -EINVAL;
    if (!mio__registry_poll(registry))
        return -EBADF;
    int result = registry_check_source(registry, source);
    if (result < 0)
        return result;
    if (!source->ops)
        return mio__source_detach(source);
    result = mio__user_result(source->ops->remove(registry, source));
    mio__source_forget(source);
    return result;
}

/* ---- Setting the interest -------------------------------------------------------------------- */

/* Whether the backend says that the descriptor is closed, or that its number is another file's. */
static bool watch_is_forgotten(int error)
{
    return error == -ENOENT || error == -EBADF || error == -EPERM || error == -ENOTSOCK;
}

static int watch_nothing(struct mio_registry *registry, struct mio_source *source)
{
    if (source->state != MIO__REGISTERED)
        return 0;
    int result = mio_deregister(registry, source);
    return !source->ops && watch_is_forgotten(result) ? 0 : result;
}

/* The system holds an entry still, for a duplicate of the descriptor: it becomes that of source. */
static int watch_over(struct mio_poll *poll, struct mio_source *source, mio_token token,
                      mio_interest interest)
{
    mio__fetch_add(&poll->users, 1);
    registry_record(source, poll, interest);
    int result = poll->backend->change(poll, source, token, interest, interest);
    if (result < 0)
        mio__source_forget(source);
    return result;
}

static int watch_anew(struct mio_registry *registry, struct mio_source *source, mio_token token,
                      mio_interest interest)
{
    int result = mio_register(registry, source, token, interest);
    if (result != -EEXIST || source->ops)
        return result;
    result = watch_over(registry->poll, source, token, interest);
    if (result == -ENOENT) /* it went in between */
        result = mio_register(registry, source, token, interest);
    return result;
}

/* As mio_reregister, for checked arguments, but what the system has made anew is kept. */
static int watch_changed(struct mio_registry *registry, struct mio_source *source, mio_token token,
                         mio_interest interest)
{
    struct mio_poll *poll = registry->poll;
    const mio_interest before = registry_recorded(source);
    registry_record(source, poll, interest);
    if (source->ops)
        return registry_change_custom(registry, source, token, interest);
    int result = poll->backend->change(poll, source, token, interest, before);
    if (result == 0 || result == MIO__ANEW)
        return 0;
    return registry_change_failed(source, result, before);
}

int mio_watch(struct mio_registry *registry, struct mio_source *source, mio_token token,
              mio_interest interest)
{
    /* Nothing is as good as anything for the checks that come before it. */
    int result = registry_check(registry, source, interest == 0 ? MIO_READABLE : interest);
    if (result < 0)
        return result;
    if (source->state == MIO__CLOSED)
        return -EBADF;
    if (source->state == MIO__REGISTERED && source->poll != registry->poll)
        return -EEXIST;
    if (interest == 0)
        return watch_nothing(registry, source);
    if (source->state == MIO__OPEN)
        return watch_anew(registry, source, token, interest);
    result = watch_changed(registry, source, token, interest);
    if (!watch_is_forgotten(result) || source->ops)
        return result;
    mio_source_abandon(source);
    /* Somebody else closes the descriptor: it is looked at from now on. */
    source->flags |= MIO__RAW;
    return watch_anew(registry, source, token, interest);
}

int mio_source_abandon(struct mio_source *source)
{
    int result = mio__source_check(source);
    if (result < 0 || source->state != MIO__REGISTERED)
        return result;
    struct mio_poll *poll = source->poll;
    if (!source->ops && poll->backend->abandon)
        poll->backend->abandon(poll, source);
    mio__source_forget(source);
    return 0;
}
