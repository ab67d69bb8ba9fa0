/*
 * New pipes on Apple's systems, which have no pipe2(2): the flags follow in further calls, and a
 * process that another thread starts in between inherits the ends.
 */
#include "sys/unix/calls.h"
#include "sys/unix/fd.h"
#include "sys/unix/new_pipe.h"

#include <unistd.h>

int mio__new_pipe(int fds[2])
{
    if (MIO__CALL(pipe)(fds) < 0)
        return -1;
    int result = mio__fd_adopt(fds[0]);
    if (result == 0)
        result = mio__fd_adopt(fds[1]);
    if (result == 0)
        return 0;
    MIO__CALL(close)(fds[0]);
    MIO__CALL(close)(fds[1]);
    errno = -result;
    return -1;
}
