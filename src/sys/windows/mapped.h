/* Addresses of IPv4 on a socket of IPv6. */
#ifndef MIO_MAPPED_H
#define MIO_MAPPED_H

#include <mio.h>

/*
 * After a call with that address was refused (*error): whether it is to be made again with the
 * mapped one. Winsock takes addresses of the socket's own family alone, and says of others this or
 * that: *error becomes -EAFNOSUPPORT.
 */
bool mio__mapped_instead(mio_fd fd, const struct mio_addr *addr, struct mio_addr *mapped,
                         int *error);

#endif
