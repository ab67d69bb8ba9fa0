/* Addresses in the form of the system, for the files that call it. */
#ifndef MIO_SOCKADDR_H
#define MIO_SOCKADDR_H

#include <mio.h>

#include "system.h"

/* Completes an address that the system has written into the storage: length as it returned it. */
void mio__sockaddr_received(struct mio_addr *addr, socklen_t length);

static inline struct sockaddr *mio__sockaddr(const struct mio_addr *addr)
{
    return (struct sockaddr *)addr->storage;
}

#endif
