/* Base sockets. */
#include "sys/windows/base_socket.h"

#include "sys/sys.h"
#include "sys/windows/ask.h"
#include "sys/windows/calls.h"

/* Older headers lack these. */
#ifndef SIO_BSP_HANDLE
#define SIO_BSP_HANDLE 0x4800001b
#define SIO_BSP_HANDLE_SELECT 0x4800001c
#define SIO_BSP_HANDLE_POLL 0x4800001d
#endif

static bool base_ask(mio_fd fd, DWORD code, mio_fd *base)
{
    SOCKET found = INVALID_SOCKET;
    DWORD length;
    if (MIO__CALL(WSAIoctl)(fd, code, NULL, 0, &found, sizeof found, &length, NULL, NULL) != 0)
        return false;
    *base = found;
    return found != INVALID_SOCKET;
}

int mio__base_socket(mio_fd fd, mio_fd *base)
{
    /* Some providers refuse the first, against its contract; then another one helps, which gives
     * the socket itself where nothing is below. */
    static const DWORD fallbacks[] = {SIO_BSP_HANDLE_SELECT, SIO_BSP_HANDLE_POLL, SIO_BSP_HANDLE};
    int type;
    /* Wine answers the question below for whatever handle. */
    int error = mio__ask(fd, SO_TYPE, &type);
    if (error < 0)
        return error == -ENOTSOCK ? -EPERM : error;
    if (base_ask(fd, SIO_BASE_HANDLE, base))
        return 0;
    error = mio__last_error();
    for (size_t i = 0; i < sizeof fallbacks / sizeof fallbacks[0]; i++)
        if (base_ask(fd, fallbacks[i], base) && *base != fd)
            return 0;
    return error < 0 ? error : -ENOTSOCK;
}
