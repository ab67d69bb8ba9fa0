/* The socket that the AFD device knows. */
#ifndef MIO_BASE_SOCKET_H
#define MIO_BASE_SOCKET_H

#include <mio.h>

/*
 * Layered providers (LSP) hand out sockets of their own, with the system's below. 0, or -EPERM
 * for what is no socket and cannot be watched, -EBADF for nothing at all.
 */
int mio__base_socket(mio_fd fd, mio_fd *base);

/* Winsock says "no socket" of what was closed, too: then -EBADF. */
int mio__socket_error_of(mio_fd fd, int error);

/* The code of a call with an address that has just failed. */
int mio__socket_refusal(mio_fd fd, const struct mio_addr *addr);

#endif
