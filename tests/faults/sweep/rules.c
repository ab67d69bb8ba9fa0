/*
 * The result of an error: for each system call that a function makes, the errors that it may have
 * and what the contract (mio.h) says of them. The first rule that fits and has the error counts; a
 * system call without a rule fails the sweep. Those of calls that one system has come first, from a
 * file of its own.
 */
#include "sweep.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

static const struct rule rules[] = {
    /* Opening. */
    {"*", FAULT_CALLS, 0, COMES_BACK, 0, {ENOMEM}},
    {"*", FAULT_pipe2, 0, COMES_BACK, 0, {EMFILE, ENFILE}},
    {"*", FAULT_pthread_mutex_init, 0, COMES_BACK, 0, {ENOMEM}},
    {"*",
     FAULT_socket,
     0,
     COMES_BACK,
     0,
     {EMFILE, ENFILE, ENOBUFS, ENOMEM, EACCES, EPERM, EAFNOSUPPORT}},
    {"*", FAULT_socketpair, 0, COMES_BACK, 0, {EMFILE, ENFILE, ENOMEM}},

    /* Registering. */
    /* A source that the system has forgotten is added again; it had not, so this is a takeover. */
    {"mio_watch(*OTHER*", FAULT_fstat, 1, IS_MENDED, 0, {EBADF}},
    {"mio_watch(*OTHER*", FAULT_fcntl, 1, IS_MENDED, 0, {EBADF}},
    {"mio_watch", FAULT_fstat, 1, COMES_BACK, 0, {EBADF, ENOMEM}},
    {"mio_watch", FAULT_fcntl, 1, COMES_BACK, 0, {EBADF}},
    {"mio_register", FAULT_fcntl, 0, COMES_BACK, 0, {EBADF}},
    {"mio_reregister", FAULT_fcntl, 0, COMES_BACK, 0, {EBADF}},
    {"mio_register", FAULT_fstat, 0, COMES_BACK, 0, {EBADF, ENOMEM}},
    {"mio_reregister", FAULT_fstat, 0, COMES_BACK, 0, {EBADF, ENOMEM}},

    /* Waiting. */
    {"mio_poll_wait", FAULT_clock_gettime, 0, CANNOT_FAIL, 0, {0}},

    /* Descriptors that find no room are closed as well as that goes. */
    {"*_recv_fds", FAULT_close, 0, IS_ABSORBED, 0, {EINTR, EIO, ENOSPC, EDQUOT}},

    /* Closing. An interrupted close closes even so. */
    {"mio_waker_*", FAULT_close, 0, IS_ABSORBED, 0, {EINTR, EIO, ENOSPC, EDQUOT}},
    {"poll:mio_poll_*", FAULT_close, 0, IS_ABSORBED, 0, {EINTR, EIO, ENOSPC, EDQUOT}},
    {"*", FAULT_close, 0, IS_ABSORBED, 0, {EINTR, EINPROGRESS}},
    {"*", FAULT_close, 0, COMES_BACK, 0, {EIO, ENOSPC, EDQUOT}},

    /* Taking over. */
    {"*_from_fd", FAULT_fstat, 0, COMES_BACK, 0, {EBADF, ENOMEM}},
    {"*_from_fd", FAULT_fcntl, 0, COMES_BACK, 0, {EBADF, EPERM}},
    {"*_from_fd", FAULT_getsockopt, 0, COMES_BACK, 0, {EBADF, ENOTSOCK, ENOBUFS}},
    {"*_from_fd", FAULT_getsockname, 0, COMES_BACK, 0, {EBADF, ENOBUFS}},
    {"*_set_nonblocking", FAULT_fcntl, 0, COMES_BACK, 0, {EBADF, EPERM}},

    /* Naming and connecting. */
    {"mio_unix_*",
     FAULT_bind,
     0,
     COMES_BACK,
     0,
     {EACCES, EADDRINUSE, ENOENT, ENOTDIR, EROFS, ENOMEM}},
    {"*", FAULT_bind, 0, COMES_BACK, 0, {EACCES, EADDRINUSE, EADDRNOTAVAIL, ENODEV, ENOBUFS}},
    {"*", FAULT_bind, 0, IS_ABSORBED, 0, {EINTR}},
    {"*", FAULT_listen, 0, COMES_BACK, 0, {EADDRINUSE, ENOBUFS}},
    {"mio_unix_stream_*",
     FAULT_connect,
     0,
     COMES_BACK,
     0,
     {EAGAIN, ECONNREFUSED, ENOENT, EACCES, EPROTOTYPE, ENOMEM}},
    {"mio_unix_datagram_*",
     FAULT_connect,
     0,
     COMES_BACK,
     0,
     {ECONNREFUSED, EPERM, ENOENT, EACCES, EPROTOTYPE}},
    {"mio_tcp_*",
     FAULT_connect,
     0,
     COMES_BACK,
     0,
     {ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL, EADDRINUSE, EACCES, EPERM, ENOBUFS,
      ENOMEM}},
    {"mio_udp_*",
     FAULT_connect,
     0,
     COMES_BACK,
     0,
     {ENETUNREACH, EHOSTUNREACH, EACCES, EADDRNOTAVAIL, EAGAIN}},
    {"*", FAULT_connect, 0, IS_ABSORBED, 0, {EINTR}},
    {"*",
     FAULT_accept4,
     0,
     COMES_BACK,
     0,
     {EAGAIN, ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM, EPROTO, ENETDOWN}},
    {"*", FAULT_accept4, 0, IS_ABSORBED, 0, {EINTR}},

    /* Asking. An unconnected socket is asked further, and found to be writable. */
    {"mio_tcp_stream_connect_result", FAULT_getpeername, 0, IS_ABSORBED, 0, {ENOTCONN}},
    {"mio_tcp_stream_connect_result", FAULT_poll, 0, IS_ABSORBED, 0, {EINTR}},
    {"mio_tcp_stream_connect_result", FAULT_poll, 0, COMES_BACK, 0, {EINVAL, ENOMEM}},
    {"*_peer_addr", FAULT_getpeername, 0, COMES_BACK, 0, {ENOTCONN, ENOBUFS}},
    {"*", FAULT_getpeername, 0, COMES_BACK, 0, {ENOBUFS}},
    {"*", FAULT_getsockname, 0, COMES_BACK, 0, {ENOBUFS}},
    /* Whether the system can cut or coalesce segments: if that cannot be found out, it cannot. */
    {"mio_udp_socket_features",
     FAULT_getsockopt,
     0,
     IS_ABSORBED,
     0,
     {ENOBUFS, ENOMEM, EACCES, ENOPROTOOPT}},
    {"mio_udp_socket_send_batch(*cut*",
     FAULT_getsockopt,
     0,
     IS_ABSORBED,
     0,
     {ENOBUFS, ENOMEM, EACCES, ENOPROTOOPT}},
    {"*", FAULT_getsockopt, 0, COMES_BACK, 0, {ENOBUFS, ENOMEM, EACCES}},
    {"*", FAULT_getsockopt, 0, COMES_BACK, ENOTSUP, {ENOPROTOOPT}},
    /* An option that the system lacks is off. Without the fifth no datagrams are coalesced. */
    {"mio_udp_socket_set_report(*, 0)", FAULT_setsockopt, 0, IS_ABSORBED, 0, {ENOPROTOOPT}},
    {"mio_udp_socket_set_report", FAULT_setsockopt, 5, IS_ABSORBED, 0, {ENOPROTOOPT}},
    /* Of an IPv6 socket the option of IPv4 is set for the case that it serves that, too. */
    {"*_set_*(&v6,*",
     FAULT_setsockopt,
     2,
     IS_ABSORBED,
     0,
     {ENOPROTOOPT, EINVAL, EPERM, ENOBUFS, ENOMEM}},
    {"*_multicast*(*group*",
     FAULT_setsockopt,
     0,
     COMES_BACK,
     0,
     {EADDRINUSE, EADDRNOTAVAIL, ENODEV, ENOBUFS, ENOMEM}},
    {"*", FAULT_setsockopt, 0, COMES_BACK, 0, {ENOBUFS, ENOMEM, EPERM}},
    {"*", FAULT_setsockopt, 0, COMES_BACK, ENOTSUP, {ENOPROTOOPT}},
    {"*", FAULT_shutdown, 0, COMES_BACK, 0, {ENOTCONN, ENOBUFS}},

    /* Moving bytes. */
    {"*stream_*", FAULT_recv, 0, IS_SHORT, 0, {FAULT_ONE_BYTE}},
    {"*stream_*", FAULT_send, 0, IS_SHORT, 0, {FAULT_ONE_BYTE}},
    {"*stream_*", FAULT_recvmsg, 0, IS_SHORT, 0, {FAULT_ONE_BYTE}},
    {"*stream_*", FAULT_sendmsg, 0, IS_SHORT, 0, {FAULT_ONE_BYTE}},
    {"mio_pipe_*", FAULT_read, 0, IS_SHORT, 0, {FAULT_ONE_BYTE}},
    {"mio_pipe_*", FAULT_readv, 0, IS_SHORT, 0, {FAULT_ONE_BYTE}},
    {"mio_pipe_*", FAULT_writev, 0, IS_SHORT, 0, {FAULT_ONE_BYTE}},
    {"*", FAULT_recv, 0, IS_ABSORBED, 0, {EINTR}},
    {"*", FAULT_send, 0, IS_ABSORBED, 0, {EINTR}},
    {"*", FAULT_recvmsg, 0, IS_ABSORBED, 0, {EINTR}},
    {"*", FAULT_sendmsg, 0, IS_ABSORBED, 0, {EINTR}},
    {"*", FAULT_recvfrom, 0, IS_ABSORBED, 0, {EINTR}},
    {"*", FAULT_sendto, 0, IS_ABSORBED, 0, {EINTR}},
    {"*", FAULT_read, 0, IS_ABSORBED, 0, {EINTR}},
    {"*", FAULT_readv, 0, IS_ABSORBED, 0, {EINTR}},
    {"*", FAULT_writev, 0, IS_ABSORBED, 0, {EINTR}},
    {"*stream_*",
     FAULT_recv,
     0,
     COMES_BACK,
     0,
     {EAGAIN, ECONNRESET, ETIMEDOUT, ECONNREFUSED, ENOTCONN, EFAULT, EHOSTUNREACH, ENOBUFS}},
    {"*stream_*",
     FAULT_recvmsg,
     0,
     COMES_BACK,
     0,
     {EAGAIN, ECONNRESET, ETIMEDOUT, ECONNREFUSED, ENOTCONN, EFAULT, EHOSTUNREACH, ENOBUFS}},
    {"*stream_*",
     FAULT_send,
     0,
     COMES_BACK,
     0,
     {EAGAIN, EPIPE, ECONNRESET, ETIMEDOUT, ENOBUFS, ENOMEM, EFAULT, ENOTCONN, EHOSTUNREACH,
      ECONNREFUSED}},
    {"*stream_*",
     FAULT_sendmsg,
     0,
     COMES_BACK,
     0,
     {EAGAIN, EPIPE, ECONNRESET, ETIMEDOUT, ENOBUFS, ENOMEM, EFAULT, ENOTCONN, EHOSTUNREACH,
      ECONNREFUSED}},
    /* Descriptors; no connection opens with them, so the error below means nothing here. */
    {"*_send_fds",
     FAULT_sendmsg,
     0,
     COMES_BACK,
     0,
     {EAGAIN, EMSGSIZE, EBADF, ETOOMANYREFS, ECONNREFUSED, EPERM, EINPROGRESS}},
    /* A first write that opens the connection as well (TCP_FASTOPEN_CONNECT). */
    {"*stream_*", FAULT_send, 0, COMES_BACK, EAGAIN, {EINPROGRESS}},
    {"*stream_*", FAULT_sendmsg, 0, COMES_BACK, EAGAIN, {EINPROGRESS}},
    {"*",
     FAULT_recv,
     0,
     COMES_BACK,
     0,
     {EAGAIN, ECONNREFUSED, EHOSTUNREACH, ENOMEM, ECONNRESET, EFAULT}},
    {"*",
     FAULT_recvfrom,
     0,
     COMES_BACK,
     0,
     {EAGAIN, ECONNREFUSED, EHOSTUNREACH, ENOMEM, ECONNRESET, EFAULT}},
    {"*",
     FAULT_send,
     0,
     COMES_BACK,
     0,
     {EAGAIN, EMSGSIZE, EDESTADDRREQ, ENOTCONN, ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENETUNREACH,
      EACCES, EPERM, ENOBUFS, EPIPE, ENOENT, EPROTOTYPE, EFAULT}},
    {"*",
     FAULT_sendto,
     0,
     COMES_BACK,
     0,
     {EAGAIN, EMSGSIZE, EISCONN, ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENETUNREACH, EACCES, EPERM,
      ENOBUFS, EPIPE, ENOENT, EPROTOTYPE, EFAULT}},
    /* A batch that is a loop goes on behind the first segment that it sent. */
    {"mio_udp_socket_send_batch(*cut*",
     FAULT_sendmsg,
     2,
     IS_MENDED,
     0,
     {EAGAIN, EACCES, EPERM, ENOBUFS, EMSGSIZE}},
    {"mio_udp_socket_send_batch(*cut*",
     FAULT_sendmsg,
     3,
     IS_MENDED,
     0,
     {EAGAIN, EACCES, EPERM, ENOBUFS, EMSGSIZE}},
    {"mio_unix_datagram_*",
     FAULT_sendmsg,
     0,
     COMES_BACK,
     0,
     {EAGAIN, EMSGSIZE, ENOTCONN, ECONNREFUSED, ECONNRESET, EPERM, EPIPE, ENOENT, EPROTOTYPE}},
    {"mio_udp_*",
     FAULT_sendmsg,
     1,
     COMES_BACK,
     0,
     {EAGAIN, EMSGSIZE, EDESTADDRREQ, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EACCES, EPERM,
      ENOBUFS, EADDRNOTAVAIL, ENODEV, EINVAL, EFAULT}},
    {"*",
     FAULT_recvmsg,
     0,
     COMES_BACK,
     0,
     {EAGAIN, ECONNREFUSED, EHOSTUNREACH, ENOMEM, ECONNRESET, EFAULT}},
    {"*", FAULT_read, 0, COMES_BACK, 0, {EAGAIN, EIO, EFAULT}},
    {"*", FAULT_readv, 0, COMES_BACK, 0, {EAGAIN, EIO, EFAULT}},
    {"*", FAULT_writev, 0, COMES_BACK, 0, {EAGAIN, EPIPE, EIO, EFAULT}},

    /* Keeping SIGPIPE away. */
    {"*", FAULT_pthread_sigmask, 1, COMES_BACK, 0, {EINVAL}},
    {"*", FAULT_pthread_sigmask, 2, CANNOT_FAIL, 0, {0}},
    {"*", FAULT_sigpending, 0, CANNOT_FAIL, 0, {0}},
    {"*", FAULT_pthread_kill, 0, CANNOT_FAIL, 0, {0}},
    {NULL, 0, 0, CANNOT_FAIL, 0, {0}},
};

/* A rule names a function, or one on a backend ("poll:mio_poll_close"), or the text of a call. */
static bool fits(const struct rule *rule, const char *call)
{
    char name[64], on_backend[80];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(call, "("), call);
    snprintf(on_backend, sizeof on_backend, "%s:%s", sweep_backend(), name);
    return fnmatch(rule->function, name, 0) == 0 || fnmatch(rule->function, on_backend, 0) == 0 ||
           fnmatch(rule->function, call, 0) == 0;
}

const struct rule *sweep_next_rule(const struct rule *before, const char *call, int number,
                                   int ordinal)
{
    const struct rule *rule = before ? before + 1 : sweep_system_rules;
    for (;; rule++) {
        if (rule->call == SWEEP_MORE_RULES)
            rule = rules;
        if (!rule->function)
            return NULL;
        if (rule->call == number && (rule->ordinal == 0 || rule->ordinal == ordinal) &&
            fits(rule, call))
            return rule;
    }
}
