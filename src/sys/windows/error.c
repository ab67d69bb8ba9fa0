/*
 * One table for the codes of Winsock, of kernel32 and of ntdll. A code without a row is -EIO: it
 * says that something failed of which the library knows nothing.
 */
#include "sys/windows/error.h"

#include "sys/sys.h"
#include "system.h"

static const struct {
    unsigned long system_error;
    int code;
} error_rows[] = {
    {0, 0},
    /* Winsock. */
    {WSAEACCES, -EACCES},
    {WSAEADDRINUSE, -EADDRINUSE},
    {WSAEADDRNOTAVAIL, -EADDRNOTAVAIL},
    {WSAEAFNOSUPPORT, -EAFNOSUPPORT},
    {WSAEALREADY, -EALREADY},
    {WSAEBADF, -EBADF},
    {WSAECONNABORTED, -ECONNABORTED},
    {WSAECONNREFUSED, -ECONNREFUSED},
    {WSAECONNRESET, -ECONNRESET},
    {WSAEDESTADDRREQ, -EDESTADDRREQ},
    {WSAEFAULT, -EFAULT},
    {WSAEHOSTDOWN, -EHOSTUNREACH},
    {WSAEHOSTUNREACH, -EHOSTUNREACH},
    {WSAEINPROGRESS, -EINPROGRESS},
    {WSAEINTR, -EINTR},
    {WSAEINVAL, -EINVAL},
    {WSAEISCONN, -EISCONN},
    {WSAEMFILE, -EMFILE},
    {WSAEMSGSIZE, -EMSGSIZE},
    {WSAENETDOWN, -ENETDOWN},
    {WSAENETRESET, -ENETRESET},
    {WSAENETUNREACH, -ENETUNREACH},
    {WSAENOBUFS, -ENOBUFS},
    {WSAENOPROTOOPT, -ENOTSUP},
    {WSAENOTCONN, -ENOTCONN},
    {WSAENOTSOCK, -ENOTSOCK},
    {WSAEOPNOTSUPP, -ENOTSUP},
    {WSAEPFNOSUPPORT, -EAFNOSUPPORT},
    {WSAEPROTONOSUPPORT, -EPROTONOSUPPORT},
    {WSAEPROTOTYPE, -EPROTOTYPE},
    {WSAEPROVIDERFAILEDINIT, -ENOBUFS},
    {WSAESHUTDOWN, -EPIPE},
    {WSAESOCKTNOSUPPORT, -EPROTOTYPE},
    {WSAETIMEDOUT, -ETIMEDOUT},
    {WSAEWOULDBLOCK, -EAGAIN},
    {WSANOTINITIALISED, -ENOSYS},
    {WSASYSNOTREADY, -ENETDOWN},
    {WSAVERNOTSUPPORTED, -ENOSYS},
    {WSAEPROCLIM, -EMFILE},
    /* kernel32. */
    {ERROR_ABANDONED_WAIT_0, -EBADF},
    {ERROR_ACCESS_DENIED, -EACCES},
    {ERROR_ALREADY_EXISTS, -EEXIST},
    {ERROR_BAD_PATHNAME, -EINVAL},
    {ERROR_BROKEN_PIPE, -EPIPE},
    {ERROR_BUSY, -EBUSY},
    {ERROR_CALL_NOT_IMPLEMENTED, -ENOSYS},
    {ERROR_CONNECTION_ABORTED, -ECONNABORTED},
    {ERROR_CONNECTION_REFUSED, -ECONNREFUSED},
    {ERROR_FILE_NOT_FOUND, -ENOENT},
    {ERROR_HOST_UNREACHABLE, -EHOSTUNREACH},
    {ERROR_INVALID_FUNCTION, -ENOTSUP},
    {ERROR_INVALID_HANDLE, -EBADF},
    {ERROR_INVALID_NAME, -EINVAL},
    {ERROR_INVALID_PARAMETER, -EINVAL},
    {ERROR_INVALID_USER_BUFFER, -ENOMEM},
    {ERROR_NETNAME_DELETED, -ECONNRESET},
    {ERROR_NETWORK_UNREACHABLE, -ENETUNREACH},
    {ERROR_NOT_ENOUGH_MEMORY, -ENOMEM},
    {ERROR_NOT_ENOUGH_QUOTA, -ENOMEM},
    {ERROR_NOT_SUPPORTED, -ENOTSUP},
    {ERROR_NO_DATA, -EPIPE},
    {ERROR_NO_SYSTEM_RESOURCES, -ENOMEM},
    {ERROR_OPERATION_ABORTED, -ECANCELED},
    {ERROR_OUTOFMEMORY, -ENOMEM},
    {ERROR_PATH_NOT_FOUND, -ENOENT},
    {ERROR_PIPE_BUSY, -EBUSY},
    {ERROR_PORT_UNREACHABLE, -ECONNREFUSED},
    {ERROR_PROC_NOT_FOUND, -ENOSYS},
    {ERROR_SEM_TIMEOUT, -ETIMEDOUT},
    {ERROR_TOO_MANY_OPEN_FILES, -EMFILE},
};

static const struct {
    unsigned long status;
    int code;
} status_rows[] = {
    {0xc0000002, -ENOSYS},      /* STATUS_NOT_IMPLEMENTED */
    {0xc0000005, -EFAULT},      /* STATUS_ACCESS_VIOLATION */
    {0xc0000008, -EBADF},       /* STATUS_INVALID_HANDLE */
    {0xc000000d, -EINVAL},      /* STATUS_INVALID_PARAMETER */
    {0xc000000e, -ENODEV},      /* STATUS_NO_SUCH_DEVICE */
    {0xc000000f, -ENOENT},      /* STATUS_NO_SUCH_FILE */
    {0xc0000010, -ENOTSUP},     /* STATUS_INVALID_DEVICE_REQUEST */
    {0xc0000017, -ENOMEM},      /* STATUS_NO_MEMORY */
    {0xc0000022, -EACCES},      /* STATUS_ACCESS_DENIED */
    {0xc0000024, -ENOTSOCK},    /* STATUS_OBJECT_TYPE_MISMATCH */
    {0xc0000034, -ENODEV},      /* STATUS_OBJECT_NAME_NOT_FOUND */
    {0xc000003a, -ENODEV},      /* STATUS_OBJECT_PATH_NOT_FOUND */
    {0xc0000044, -ENOMEM},      /* STATUS_QUOTA_EXCEEDED */
    {0xc000009a, -ENOMEM},      /* STATUS_INSUFFICIENT_RESOURCES */
    {0xc00000bb, -ENOTSUP},     /* STATUS_NOT_SUPPORTED */
    {0xc000011f, -EMFILE},      /* STATUS_TOO_MANY_OPENED_FILES */
    {0xc0000120, -ECANCELED},   /* STATUS_CANCELLED */
    {0xc0000201, -ENETUNREACH}, /* STATUS_NETWORK_OPEN_RESTRICTION */
    {0xc0000225, -ENOENT},      /* STATUS_NOT_FOUND */
};

int mio__error_of(unsigned long system_error)
{
    for (size_t i = 0; i < sizeof error_rows / sizeof error_rows[0]; i++)
        if (error_rows[i].system_error == system_error)
            return error_rows[i].code;
    return -EIO;
}

int mio__error_of_status(long status)
{
    for (size_t i = 0; i < sizeof status_rows / sizeof status_rows[0]; i++)
        if (status_rows[i].status == (unsigned long)status)
            return status_rows[i].code;
    return -EIO;
}

int mio__last_error(void)
{
    return mio__error_of((unsigned long)WSAGetLastError());
}
