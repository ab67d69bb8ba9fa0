/*
 * Rows of messages by sendmmsg(2) and recvmmsg(2). Flags are an int or unsigned, by the system;
 * constants are both.
 */
#include "sys/unix/fd.h"
#include "sys/unix/hot_calls.h"
#include "sys/unix/message_calls.h"

#include <errno.h>

MIO__LIBC_CALL mio__libc_sendmmsg(int fd, mio__message *messages, unsigned count)
{
    return mio__libc_result(MIO__CALL(sendmmsg)(fd, messages, count, MIO__SEND_FLAGS));
}

int mio__send_messages(mio_fd fd, mio__message *messages, unsigned count)
{
    long n;
    do
        n = MIO__HOT(sendmmsg, (fd, messages, count), sendmmsg, fd, (long)messages, (long)count,
                     MIO__SEND_FLAGS, 0, 0);
    while (n == -EINTR);
    return n < 0 ? mio__error_of((int)-n) : (int)n;
}

MIO__LIBC_CALL mio__libc_recvmmsg(int fd, mio__message *messages, unsigned count)
{
    return mio__libc_result(MIO__CALL(recvmmsg)(fd, messages, count, 0, NULL));
}

int mio__recv_messages(mio_fd fd, mio__message *messages, unsigned count)
{
    long n;
    do
        n = MIO__HOT(recvmmsg, (fd, messages, count), recvmmsg, fd, (long)messages, (long)count, 0,
                     0, 0);
    while (n == -EINTR);
    return n < 0 ? mio__error_of((int)-n) : (int)n;
}
