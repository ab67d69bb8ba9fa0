/* The backends and wakers of Linux: the first of each list is the default. */
#include "backend.h"
#include "sys/sys.h"
#include "sys/unix/notifier.h"

extern const struct mio__backend mio__backend_epoll;
extern const struct mio__backend mio__backend_poll;
extern const struct mio__notifier mio__notifier_eventfd;
extern const struct mio__notifier mio__notifier_pipe;

static const struct mio__backend *const backends[] = {
#ifndef MIO_FORCE_POLL
    &mio__backend_epoll,
#endif
    &mio__backend_poll,
};

static const struct mio__notifier *const notifiers[] = {
#ifndef MIO_FORCE_WAKER_PIPE
    &mio__notifier_eventfd,
#endif
    &mio__notifier_pipe,
};

const struct mio__backend *mio__backend_find(uint32_t id)
{
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++)
        if (id == MIO_BACKEND_DEFAULT || id == backends[i]->id)
            return backends[i];
    return NULL;
}

const struct mio__notifier *mio__notifier_find(uint32_t kind)
{
    for (size_t i = 0; i < sizeof notifiers / sizeof notifiers[0]; i++)
        if (kind == MIO_WAKER_DEFAULT || kind == notifiers[i]->kind)
            return notifiers[i];
    return NULL;
}
