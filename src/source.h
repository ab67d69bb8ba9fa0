/* Sources, for the types that are made of one. */
#ifndef MIO_SOURCE_H
#define MIO_SOURCE_H

#include "internal.h"

/* Makes an open descriptor source. */
void mio__source_open(struct mio_source *source, mio_fd fd);

/* Records that a registered source is so no more. */
void mio__source_forget(struct mio_source *source);

/* Ends the registration of a descriptor source, if there is one, whatever the system says. */
int mio__source_detach(struct mio_source *source);

/* How every type that owns its descriptor ends; source may be NULL. See the contracts. */
mio_fd mio__source_into_fd(struct mio_source *source);

static inline int mio__source_close(struct mio_source *source, int (*close_fd)(mio_fd fd))
{
    if (!source)
        return -EINVAL;
    if (source->state == MIO__CLOSED)
        return 0;
    return close_fd(mio__source_into_fd(source));
}

#endif
