/* New sockets. */
#ifndef MIO_NEW_SOCKET_H
#define MIO_NEW_SOCKET_H

#include <mio.h>
#include <stdbool.h>

/* Whether a datagram socket is to say that a datagram of its own was refused: 0 or a code. */
int mio__new_tell_refusals(mio_fd fd, bool tells);

#endif
