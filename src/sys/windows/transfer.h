/* Receiving a datagram, for batches of them. */
#ifndef MIO_TRANSFER_H
#define MIO_TRANSFER_H

#include <mio.h>

/* As mio__socket_recv_from, with flags; *cut: whether the rest of it was lost. */
ptrdiff_t mio__transfer_from(mio_fd fd, void *buf, size_t len, struct mio_addr *from, int flags,
                             bool *cut);

#endif
