/* Rows of messages: one call of the system, or a loop over sendmsg(2) and recvmsg(2). */
#ifndef MIO_MESSAGE_CALLS_H
#define MIO_MESSAGE_CALLS_H

#include "sys/sys.h"
#include "system.h"

#include <sys/socket.h>

enum { MIO__MESSAGES = MIO_DATAGRAMS_MAX };

#if MIO__HAS_MESSAGE_CALLS
typedef struct mmsghdr mio__message;
#else
typedef struct {
    struct msghdr msg_hdr;
    unsigned msg_len;
} mio__message;
#endif

/*
 * The number of messages that were sent or received up to the first error; a code where that is the
 * first. The length of each that was received is in msg_len.
 */
int mio__send_messages(mio_fd fd, mio__message *messages, unsigned count);
int mio__recv_messages(mio_fd fd, mio__message *messages, unsigned count);

#endif
