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
    {ERROR_CALL_NOT_IMPLEMENTED, ENOSYS},
    {ERROR_FILE_NOT_FOUND, ENOENT},
    {ERROR_INVALID_HANDLE, EBADF},
    {ERROR_INVALID_PARAMETER, EINVAL},
    {ERROR_NOACCESS, EFAULT},
    {ERROR_NOT_ENOUGH_MEMORY, ENOMEM},
    {ERROR_NOT_SUPPORTED, ENOTSUP},
    {ERROR_NO_DATA, EPIPE},
    {ERROR_PATH_NOT_FOUND, ENOENT},
    {ERROR_TOO_MANY_OPEN_FILES, EMFILE},
    {WSAEACCES, EACCES},
    {WSAEADDRINUSE, EADDRINUSE},
    {WSAEADDRNOTAVAIL, EADDRNOTAVAIL},
    {WSAEAFNOSUPPORT, EAFNOSUPPORT},
    {WSAECONNABORTED, ECONNABORTED},
    {WSAECONNREFUSED, ECONNREFUSED},
    {WSAECONNRESET, ECONNRESET},
    {WSAEBADF, EBADF},
    {WSAEDESTADDRREQ, EDESTADDRREQ},
    {WSAEFAULT, EFAULT},
    {WSAEHOSTUNREACH, EHOSTUNREACH},
    {WSAEINPROGRESS, EINPROGRESS},
    {WSAEINVAL, EINVAL},
    {WSAEISCONN, EISCONN},
    {WSAEMFILE, EMFILE},
    {WSAEMSGSIZE, EMSGSIZE},
    {WSAENETDOWN, ENETDOWN},
    {WSAENETRESET, ENETRESET},
    {WSAENETUNREACH, ENETUNREACH},
    {WSAENOBUFS, ENOBUFS},
    {WSAENOPROTOOPT, ENOPROTOOPT},
    {WSAENOTCONN, ENOTCONN},
    {WSAENOTSOCK, ENOTSOCK},
    {WSAEOPNOTSUPP, EOPNOTSUPP},
    {WSAEPROTOTYPE, EPROTOTYPE},
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

unsigned long windows_error(int code, bool of_socket)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].code == -code && of_socket == (codes[i].error >= WSABASEERR))
            return codes[i].error;
    return 0;
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
