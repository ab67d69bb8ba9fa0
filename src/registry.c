/* Registration: the checks come first, the backend or the custom source does the work, and only
 * what succeeded is recorded. */
#include "internal.h"

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

static int check_registration(const struct mio_registry *registry, const struct mio_source *source,
                              mio_interest interest)
{
    if (!registry || !source)
        return -EINVAL;
    if ((interest & ~(MIO__INTEREST_BITS | MIO__MODE_BITS)) != 0 ||
        (interest & MIO__INTEREST_BITS) == 0)
        return -EINVAL;
    const struct mio_poll *poll = mio__registry_poll(registry);
    if (!poll)
        return -EBADF;
    return (interest & ~poll->features) != 0 ? -ENOTSUP : 0;
}

static int check_registered(const struct mio_registry *registry, const struct mio_source *source)
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
static void record(struct mio_source *source, struct mio_poll *poll, mio_interest interest)
{
    source->poll = poll;
    uint32_t flags = source->flags & ~(uint32_t)(MIO__MODE | MIO__REARM);
    flags |= (interest & MIO__MODE_BITS) >> MIO__MODE_SHIFT;
    if (!source->ops && poll->backend->rearm && (interest & MIO__MODE_BITS) == MIO_EDGE)
        flags |= MIO__REARM;
    source->interest = (uint8_t)(interest & MIO__INTEREST_BITS);
    source->flags = (uint8_t)flags;
    source->state = MIO__REGISTERED;
}

static void forget(struct mio_source *source)
{
    struct mio_poll *poll = source->poll;
    source->poll = NULL;
    source->interest = 0;
    source->state = MIO__OPEN;
    source->flags &= (uint8_t) ~(MIO__MODE | MIO__REARM);
    mio__poll_release(poll);
}

typedef int ask_backend(struct mio_poll *poll, struct mio_source *source, mio_token token,
                        mio_interest interest);

MIO__COLD static int tell_and_ask(struct mio_poll *poll, struct mio_source *source, mio_token token,
                                  mio_interest interest, ask_backend *ask)
{
    mio__told(poll);
    return ask(poll, source, token, interest);
}

static inline int ask_of(struct mio_poll *poll, struct mio_source *source, mio_token token,
                         mio_interest interest, ask_backend *ask)
{
    return MIO__IS_WATCHED ? tell_and_ask(poll, source, token, interest, ask)
                           : ask(poll, source, token, interest);
}

/* Registers an open source that is not registered. ask: how the backend gets a descriptor. */
static int enter(struct mio_registry *registry, struct mio_source *source, mio_token token,
                 mio_interest interest, ask_backend *ask)
{
    int result;
    struct mio_poll *poll = registry->poll;
    mio__fetch_add(&poll->users, 1);
    record(source, poll, interest);
    if (source->ops)
        result = mio__user_result(source->ops->add(registry, source, token, interest));
    else
        result = ask_of(poll, source, token, interest, ask);
    if (result < 0)
        forget(source);
    return result;
}

int mio_register(struct mio_registry *registry, struct mio_source *source, mio_token token,
                 mio_interest interest)
{
    int result = check_registration(registry, source, interest);
    if (result < 0)
        return result;
    if (source->state != MIO__OPEN)
        return source->state == MIO__CLOSED ? -EBADF : -EEXIST;
    return enter(registry, source, token, interest, registry->poll->backend->add);
}

static int reregister_custom(struct mio_registry *registry, struct mio_source *source,
                             mio_token token, mio_interest interest)
{
    int result = mio__user_result(source->ops->change(registry, source, token, interest));
    if (result < 0) {
        source->ops->remove(registry, source);
        forget(source);
    }
    return result;
}

int mio_reregister(struct mio_registry *registry, struct mio_source *source, mio_token token,
                   mio_interest interest)
{
    int result = check_registration(registry, source, interest);
    if (result == 0)
        result = check_registered(registry, source);
    if (result < 0)
        return result;
    struct mio_poll *poll = registry->poll;
    const struct mio_source before = *source;
    record(source, poll, interest);
    if (source->ops)
        return reregister_custom(registry, source, token, interest);
    result = ask_of(poll, source, token, interest, poll->backend->change);
    if (result < 0) {
        source->interest = before.interest;
        source->flags = before.flags;
    }
    return result;
}

int mio_deregister(struct mio_registry *registry, struct mio_source *source)
{
    if (!registry || !source)
        return -EINVAL;
    if (!mio__registry_poll(registry))
        return -EBADF;
    int result = check_registered(registry, source);
    if (result < 0)
        return result;
    if (!source->ops)
        return mio__source_detach(source);
    result = mio__user_result(source->ops->remove(registry, source));
    forget(source);
    return result;
}

int mio__source_detach(struct mio_source *source)
{
    if (source->state != MIO__REGISTERED)
        return 0;
    int result = source->poll->backend->remove(source->poll, source);
    forget(source);
    return result;
}

/* ---- Setting the interest -------------------------------------------------------------------- */

/* Whether the backend says that the descriptor is closed, or that its number is another file's. */
static bool is_forgotten(int error)
{
    return error == -ENOENT || error == -EBADF || error == -EPERM;
}

static int watch_nothing(struct mio_registry *registry, struct mio_source *source)
{
    if (source->state != MIO__REGISTERED)
        return 0;
    int result = mio_deregister(registry, source);
    return !source->ops && is_forgotten(result) ? 0 : result;
}

/* An entry that the system holds still, for a duplicate of the descriptor, is taken over. */
static int watch_anew(struct mio_registry *registry, struct mio_source *source, mio_token token,
                      mio_interest interest)
{
    const struct mio__backend *backend = registry->poll->backend;
    int result = enter(registry, source, token, interest, backend->add);
    if (result == -EEXIST && !source->ops)
        result = enter(registry, source, token, interest, backend->change);
    return result;
}

int mio_watch(struct mio_registry *registry, struct mio_source *source, mio_token token,
              mio_interest interest)
{
    /* Nothing is as good as anything for the checks that come before it. */
    int result = check_registration(registry, source, interest == 0 ? MIO_READABLE : interest);
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
    result = mio_reregister(registry, source, token, interest);
    if (!is_forgotten(result) || source->ops)
        return result;
    mio_source_abandon(source);
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
    forget(source);
    return 0;
}
