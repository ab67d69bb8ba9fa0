/* The socket that the AFD device knows. */
#ifndef MIO_BASE_SOCKET_H
#define MIO_BASE_SOCKET_H

#include <mio.h>

/*
 * Layered providers (LSP) hand out sockets of their own, with the system's below. 0, or -EPERM for
 * what is open and no socket, as for files elsewhere; -EBADF for nothing at all.
 */
int mio__base_socket(mio_fd fd, mio_fd *base);

#endif
