/* Questions about a socket that several files have. */
#ifndef MIO_ASK_H
#define MIO_ASK_H

#include <mio.h>
#include <stdbool.h>

/*
 * The code of the call that has just failed: -EBADF where the descriptor is nothing at all, which
 * Winsock does not tell from what is no socket; -ENOTSUP for an option that it has not.
 */
int mio__ask_error(mio_fd fd);

/* An option of the level SOL_SOCKET that is an int: 0 or a code. */
int mio__ask(mio_fd fd, int name, int *value);

bool mio__ask_is_datagram(mio_fd fd);

/* AF_..., or a code. */
int mio__ask_family(mio_fd fd);

#endif
