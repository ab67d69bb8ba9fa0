/* Errors of moving data, for messages (message.h). */
#ifndef MIO_TRANSFER_H
#define MIO_TRANSFER_H

#include <mio.h>

/* The code of an error of Winsock: on a datagram socket some tell of an earlier datagram. */
int mio__transfer_error(mio_fd fd, int error);

/* The code of the send without an address that has just failed. */
int mio__transfer_peer_error(mio_fd fd);

#endif
