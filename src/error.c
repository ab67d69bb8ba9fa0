/*
 * Names and texts of errors. The texts are ours: strerror(3) is neither thread-safe nor stable.
 * A code that a system lacks is left out there.
 */
#include <mio.h>

static const struct {
    int code;
    const char *name;
    const char *text;
} errors[] = {
    {0, "OK", "no error"},
    {E2BIG, "E2BIG", "argument list too long"},
    {EACCES, "EACCES", "permission denied"},
    {EADDRINUSE, "EADDRINUSE", "address already in use"},
    {EADDRNOTAVAIL, "EADDRNOTAVAIL", "address not available on this host"},
    {EAFNOSUPPORT, "EAFNOSUPPORT", "address family not supported"},
    {EAGAIN, "EAGAIN", "not ready, try again after the next event"},
    {EALREADY, "EALREADY", "operation already under way"},
    {EBADF, "EBADF", "bad descriptor or closed object"},
    {EBADMSG, "EBADMSG", "bad message"},
    {EBUSY, "EBUSY", "object in use"},
    {ECANCELED, "ECANCELED", "operation cancelled"},
    {ECHILD, "ECHILD", "no child process"},
    {ECONNABORTED, "ECONNABORTED", "connection aborted"},
    {ECONNREFUSED, "ECONNREFUSED", "connection refused"},
    {ECONNRESET, "ECONNRESET", "connection reset by peer"},
    {EDEADLK, "EDEADLK", "would deadlock"},
    {EDESTADDRREQ, "EDESTADDRREQ", "destination address required"},
    {EDOM, "EDOM", "argument out of domain"},
    {EEXIST, "EEXIST", "already registered or present"},
    {EFAULT, "EFAULT", "bad memory address"},
    {EFBIG, "EFBIG", "file too large"},
    {EHOSTUNREACH, "EHOSTUNREACH", "host unreachable"},
    {EILSEQ, "EILSEQ", "illegal byte sequence"},
    {EINPROGRESS, "EINPROGRESS", "connection under way"},
    {EINTR, "EINTR", "interrupted by a signal"},
    {EINVAL, "EINVAL", "invalid argument"},
    {EIO, "EIO", "input/output error"},
    {EISCONN, "EISCONN", "socket already connected"},
    {EISDIR, "EISDIR", "is a directory"},
    {ELOOP, "ELOOP", "loop of polls or links"},
    {EMFILE, "EMFILE", "too many open descriptors in this process"},
    {EMLINK, "EMLINK", "too many links"},
    {EMSGSIZE, "EMSGSIZE", "message too long"},
    {ENAMETOOLONG, "ENAMETOOLONG", "name too long"},
    {ENETDOWN, "ENETDOWN", "network is down"},
    {ENETRESET, "ENETRESET", "connection dropped by the network"},
    {ENETUNREACH, "ENETUNREACH", "network unreachable"},
    {ENFILE, "ENFILE", "too many open descriptors in the system"},
    {ENOBUFS, "ENOBUFS", "no buffer space"},
    {ENODEV, "ENODEV", "no such device"},
    {ENOENT, "ENOENT", "not registered or not found"},
    {ENOEXEC, "ENOEXEC", "not executable"},
    {ENOLCK, "ENOLCK", "no locks"},
    {ENOMEM, "ENOMEM", "out of memory"},
    {ENOPROTOOPT, "ENOPROTOOPT", "protocol option not available"},
    {ENOSPC, "ENOSPC", "no space or too many objects"},
    {ENOSYS, "ENOSYS", "function not implemented"},
    {ENOTCONN, "ENOTCONN", "socket not connected"},
    {ENOTDIR, "ENOTDIR", "not a directory"},
    {ENOTEMPTY, "ENOTEMPTY", "directory not empty"},
    {ENOTSOCK, "ENOTSOCK", "not a socket"},
    {ENOTSUP, "ENOTSUP", "not supported here"},
    {ENOTTY, "ENOTTY", "operation does not fit the descriptor"},
    {ENXIO, "ENXIO", "no such device or address"},
    {EOVERFLOW, "EOVERFLOW", "value too large"},
    {EPERM, "EPERM", "operation not permitted"},
    {EPIPE, "EPIPE", "peer has closed"},
    {EPROTO, "EPROTO", "protocol error"},
    {EPROTONOSUPPORT, "EPROTONOSUPPORT", "protocol not supported"},
    {EPROTOTYPE, "EPROTOTYPE", "wrong type of socket"},
    {ERANGE, "ERANGE", "result out of range"},
    {EROFS, "EROFS", "read-only file system"},
    {ESPIPE, "ESPIPE", "descriptor cannot seek"},
    {ESRCH, "ESRCH", "no such process"},
    {ETIMEDOUT, "ETIMEDOUT", "timed out"},
    {ETXTBSY, "ETXTBSY", "file is being executed"},
    {EXDEV, "EXDEV", "on different file systems"},
#if EOPNOTSUPP != ENOTSUP
    {EOPNOTSUPP, "EOPNOTSUPP", "not supported here"},
#endif
#if EWOULDBLOCK != EAGAIN
    {EWOULDBLOCK, "EWOULDBLOCK", "not ready, try again after the next event"},
#endif
#ifdef EDQUOT
    {EDQUOT, "EDQUOT", "quota exceeded"},
#endif
#ifdef ESTALE
    {ESTALE, "ESTALE", "stale handle"},
#endif
#ifdef ESHUTDOWN
    {ESHUTDOWN, "ESHUTDOWN", "socket was shut down"},
#endif
#ifdef EPFNOSUPPORT
    {EPFNOSUPPORT, "EPFNOSUPPORT", "protocol family not supported"},
#endif
#ifdef ESOCKTNOSUPPORT
    {ESOCKTNOSUPPORT, "ESOCKTNOSUPPORT", "type of socket not supported"},
#endif
#ifdef ETOOMANYREFS
    {ETOOMANYREFS, "ETOOMANYREFS", "too many descriptors on their way"},
#endif
#ifdef EUSERS
    {EUSERS, "EUSERS", "too many users"},
#endif
#ifdef EREMOTEIO
    {EREMOTEIO, "EREMOTEIO", "remote input/output error"},
#endif
#ifdef EHOSTDOWN
    {EHOSTDOWN, "EHOSTDOWN", "host is down"},
#endif
#ifdef ENONET
    {ENONET, "ENONET", "host not on the network"},
#endif
};

static size_t find(ptrdiff_t code)
{
    size_t count = sizeof errors / sizeof errors[0];
    size_t i = 0;
    while (i < count && errors[i].code != code && -errors[i].code != code)
        i++;
    return i < count ? i : SIZE_MAX;
}

const char *mio_error_name(ptrdiff_t code)
{
    size_t i = find(code);
    return i != SIZE_MAX ? errors[i].name : "UNKNOWN";
}

const char *mio_strerror(ptrdiff_t code)
{
    size_t i = find(code);
    return i != SIZE_MAX ? errors[i].text : "unknown error";
}
