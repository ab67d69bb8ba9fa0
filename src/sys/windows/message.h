/* Datagrams with control messages: WSASendMsg, and WSARecvMsg, which no library exports. */
#ifndef MIO_MESSAGE_H
#define MIO_MESSAGE_H

#include "sys/windows/calls.h"

#include <mio.h>

/* Looks WSARecvMsg up once, by a socket of any kind. NULL: *error is a code of Winsock. */
LPFN_WSARECVMSG mio__message_find(mio_fd fd, int *error);

/* Receives one: 0 or a code of Winsock. */
int mio__message_recv(mio_fd fd, WSAMSG *message, DWORD *len);

/* Sends one, to the address, or to the peer where that is NULL: 0 or a code of the library. */
int mio__message_send(mio_fd fd, WSAMSG *message, const struct mio_addr *to);

#endif
