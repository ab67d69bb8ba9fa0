/* The common part of the scenarios of sockets. */
#ifndef MIO_SWEEP_SOCKETS_H
#define MIO_SWEEP_SOCKETS_H

#include "sweep.h"

/* Whether a refused from_fd has left the object closed and the (blocking) descriptor as it was. */
bool sweep_is_untouched(const struct mio_source *source, mio_fd fd);

/* Whether a descriptor is non-blocking or close-on-exec; one that is neither. */
bool sweep_has_flags(mio_fd fd);
mio_fd sweep_foreign_socket(enum plain_family family, enum plain_type type);

/* The close of the connection resets it, so that thousands of them leave nothing behind. */
void sweep_linger(const struct mio_source *source);

void sweep_close_fd(mio_fd *fd);

struct mio_addr sweep_addr(const char *text);

const char *sweep_lacks_ipv6(void);

#endif
