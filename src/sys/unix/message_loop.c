/* Rows of messages where the system has no call for them. */
#include "sys/unix/calls.h"
#include "sys/unix/fd.h"
#include "sys/unix/message_calls.h"

#include <errno.h>

int mio__send_messages(mio_fd fd, mio__message *messages, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        ssize_t n;
        do
            n = MIO__CALL(sendmsg)(fd, &messages[i].msg_hdr, MIO__SEND_FLAGS);
        while (n < 0 && errno == EINTR);
        if (n < 0)
            return i > 0 ? (int)i : mio__last_error();
    }
    return (int)count;
}

int mio__recv_messages(mio_fd fd, mio__message *messages, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        ssize_t n;
        do
            n = MIO__CALL(recvmsg)(fd, &messages[i].msg_hdr, 0);
        while (n < 0 && errno == EINTR);
        if (n < 0)
            return i > 0 ? (int)i : mio__last_error();
        messages[i].msg_len = (unsigned)n;
    }
    return (int)count;
}
