/* Descriptors of any kind. */
#include "sys/sys.h"
#include "sys/windows/ask.h"
#include "sys/windows/calls.h"

/* Handles are small; those of the process and the like are negative, and no sockets. */
bool mio__fd_is_valid(mio_fd fd)
{
    return (intptr_t)fd >= 0;
}

bool mio__fd_listens(mio_fd fd)
{
    int listens;
    return mio__ask(fd, SO_ACCEPTCONN, &listens) == 0 && listens != 0;
}
