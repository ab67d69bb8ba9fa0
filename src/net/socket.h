/*
 * What all socket types have in common. Each of their functions is one line over these, which take
 * the source inside the object, or NULL where the caller gave no object.
 */
#ifndef MIO_SOCKET_H
#define MIO_SOCKET_H

#include "internal.h"
#include "sys/sys.h"

#define MIO__SOURCE(object) ((object) ? &(object)->source : NULL)

/*
 * Every read and write ends with this: where edges are emulated, would-block and a short transfer
 * arm the direction again. asked is 0 for what has no length (accept), or never ends short (peek).
 */
static inline ptrdiff_t mio__socket_done(struct mio_source *source, uint32_t direction,
                                         ptrdiff_t result, size_t asked)
{
    if ((source->flags & MIO__REARM) &&
        (result == -EAGAIN || (result > 0 && (size_t)result < asked)))
        mio__source_drained(source, direction);
    return result;
}

/* Opens a stream socket for the address, within its own options. The source starts closed. */
int mio__socket_create(struct mio_source *source, const struct mio_addr *addr);

/* Switches of the options structs: whether it is one, and setting the option that it stands for. */
static inline bool mio__is_switch(int value)
{
    return value == MIO_DEFAULT || value == MIO_ON || value == MIO_OFF;
}

static inline int mio__socket_switch(mio_fd fd, enum mio__option option, int value)
{
    return value == MIO_DEFAULT ? 0 : mio__option_set(fd, option, value == MIO_ON);
}

/* Runs the user's hook, if there is one. */
int mio__socket_prepare(mio_fd fd, mio_prepare *prepare, void *arg);

int mio__socket_close(struct mio_source *source);

/* listens: what kind of stream socket it has to be. */
int mio__socket_from_fd(struct mio_source *source, mio_fd fd, bool listens);
mio_fd mio__socket_into_fd(struct mio_source *source);

int mio__socket_take_error(struct mio_source *source);
int mio__socket_name(const struct mio_source *source, struct mio_addr *addr,
                     int (*ask)(mio_fd fd, struct mio_addr *addr));
int mio__socket_ttl(const struct mio_source *source);
int mio__socket_set_ttl(struct mio_source *source, int ttl);

#endif
