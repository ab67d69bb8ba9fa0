/* Backends and wakers of the BSDs and of Apple's systems. The first of each list is the default. */
#include "backend.h"
#include "sys/sys.h"
#include "sys/unix/notifier.h"

extern const struct mio__backend mio__backend_kqueue;
extern const struct mio__backend mio__backend_poll;
extern const struct mio__notifier mio__notifier_pipe;

static const struct mio__backend *const bsd_backends[] = {
#ifndef MIO_FORCE_POLL
    &mio__backend_kqueue,
#endif
    &mio__backend_poll,
};

const struct mio__backend *mio__backend_find(uint32_t id)
{
    for (size_t i = 0; i < sizeof bsd_backends / sizeof bsd_backends[0]; i++)
        if (id == MIO_BACKEND_DEFAULT || id == bsd_backends[i]->id)
            return bsd_backends[i];
    return NULL;
}

/* Where the queue has events of its own (MIO_WAKER_USER) its backend takes those before it asks. */
const struct mio__notifier *mio__notifier_find(uint32_t kind)
{
    return kind == MIO_WAKER_DEFAULT || kind == MIO_WAKER_PIPE ? &mio__notifier_pipe : NULL;
}
