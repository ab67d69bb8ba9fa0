/* New sockets: non-blocking and not inherited. */
#ifndef MIO_NEW_SOCKET_H
#define MIO_NEW_SOCKET_H

#include <mio.h>
#include <stdbool.h>

/* Makes a socket that is there already so, or closes it: 0 or a code. */
int mio__new_settled(mio_fd fd);

/* Whether a datagram socket is to say that a datagram of its own was refused. */
int mio__new_tell_refusals(mio_fd fd, bool tells);

#endif
