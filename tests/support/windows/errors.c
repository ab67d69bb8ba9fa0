/* The codes of errors; a table of its own, so that the library's is not its own witness. */
#include "windows_system.h"

#include "test.h"

static const struct {
    unsigned long error;
    int code;
} codes[] = {
    {ERROR_SUCCESS, 0},
    {ERROR_ACCESS_DENIED, EACCES},
    {ERROR_BROKEN_PIPE, EPIPE},
    {ERROR_FILE_NOT_FOUND, ENOENT},
    {ERROR_INVALID_HANDLE, EBADF},
    {ERROR_INVALID_PARAMETER, EINVAL},
    {ERROR_NO_DATA, EPIPE},
    {ERROR_PATH_NOT_FOUND, ENOENT},
    {WSAEACCES, EACCES},
    {WSAEADDRINUSE, EADDRINUSE},
    {WSAEADDRNOTAVAIL, EADDRNOTAVAIL},
    {WSAEAFNOSUPPORT, EAFNOSUPPORT},
    {WSAECONNABORTED, ECONNABORTED},
    {WSAECONNREFUSED, ECONNREFUSED},
    {WSAECONNRESET, ECONNRESET},
    {WSAEDESTADDRREQ, EDESTADDRREQ},
    {WSAEFAULT, EFAULT},
    {WSAEHOSTUNREACH, EHOSTUNREACH},
    {WSAEINPROGRESS, EINPROGRESS},
    {WSAEINVAL, EINVAL},
    {WSAEISCONN, EISCONN},
    {WSAEMFILE, EMFILE},
    {WSAEMSGSIZE, EMSGSIZE},
    {WSAENETRESET, ENETRESET},
    {WSAENETUNREACH, ENETUNREACH},
    {WSAENOBUFS, ENOBUFS},
    {WSAENOPROTOOPT, ENOPROTOOPT},
    {WSAENOTCONN, ENOTCONN},
    {WSAENOTSOCK, ENOTSOCK},
    {WSAEOPNOTSUPP, EOPNOTSUPP},
    {WSAESHUTDOWN, EPIPE},
    {WSAETIMEDOUT, ETIMEDOUT},
    {WSAEWOULDBLOCK, EAGAIN},
};

int windows_code(unsigned long error)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].error == error)
            return -codes[i].code;
    test_note("error %lu of the system has no code", error);
    return -EIO;
}

int windows_socket_code(void)
{
    return windows_code((unsigned long)WSAGetLastError());
}

void windows_start_sockets(void)
{
    static LONG started;
    WSADATA data;
    if (InterlockedCompareExchange(&started, 1, 0) == 0)
        CHECK_EQ(WSAStartup(MAKEWORD(2, 2), &data), 0);
}
