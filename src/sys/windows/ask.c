/* Questions about a socket. */
#include "sys/windows/ask.h"

#include "sys/sys.h"
#include "sys/windows/calls.h"

int mio__ask_error(mio_fd fd)
{
    DWORD flags;
    const int error = mio__last_error();
    if (error == -ENOPROTOOPT)
        return -ENOTSUP;
    if (error != -ENOTSOCK)
        return error;
    const bool is_open =
        mio__fd_is_valid(fd) && MIO__CALL(GetHandleInformation)((HANDLE)fd, &flags);
    return is_open ? -ENOTSOCK : -EBADF;
}

int mio__ask(mio_fd fd, int name, int *value)
{
    int length = sizeof *value;
    *value = 0;
    return MIO__CALL(getsockopt)(fd, SOL_SOCKET, name, (char *)value, &length) != 0
               ? mio__ask_error(fd)
               : 0;
}

bool mio__ask_is_datagram(mio_fd fd)
{
    int type;
    return mio__ask(fd, SO_TYPE, &type) == 0 && type == SOCK_DGRAM;
}

int mio__ask_family(mio_fd fd)
{
    WSAPROTOCOL_INFOW info;
    int length = sizeof info;
    return MIO__CALL(getsockopt)(fd, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&info, &length) != 0
               ? mio__ask_error(fd)
               : info.iAddressFamily;
}
