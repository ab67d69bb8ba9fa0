/* The part of the sweep for all Unixes: the rules of calls that they alone have. */
#include "sweep.h"

#include <errno.h>
#include <sys/resource.h>

const struct rule sweep_last_rules[] = {
    /* Opening. */
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
    {"*_set_nonblocking", FAULT_fcntl, 0, COMES_BACK, 0, {EBADF, EPERM}},

    /* Connecting. */
    {"*",
     FAULT_accept4,
     0,
     COMES_BACK,
     0,
     {EAGAIN, ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM, EPROTO, ENETDOWN}},
    {"*", FAULT_accept4, 0, IS_ABSORBED, 0, {EINTR}},

    /* Asking. */
    {"mio_tcp_stream_connect_result", FAULT_poll, 0, IS_ABSORBED, 0, {EINTR}},
    {"mio_tcp_stream_connect_result", FAULT_poll, 0, COMES_BACK, 0, {EINVAL, ENOMEM}},

    /* Moving bytes. */
    {"*stream_*", FAULT_recvmsg, 0, IS_SHORT, 0, {FAULT_ONE_BYTE}},
    {"*stream_*", FAULT_sendmsg, 0, IS_SHORT, 0, {FAULT_ONE_BYTE}},
    {"mio_pipe_*", FAULT_read, 0, IS_SHORT, 0, {FAULT_ONE_BYTE}},
    {"mio_pipe_*", FAULT_readv, 0, IS_SHORT, 0, {FAULT_ONE_BYTE}},
    {"mio_pipe_*", FAULT_writev, 0, IS_SHORT, 0, {FAULT_ONE_BYTE}},
    {"*", FAULT_recvmsg, 0, IS_ABSORBED, 0, {EINTR}},
    {"*", FAULT_sendmsg, 0, IS_ABSORBED, 0, {EINTR}},
    {"*", FAULT_read, 0, IS_ABSORBED, 0, {EINTR}},
    {"*", FAULT_readv, 0, IS_ABSORBED, 0, {EINTR}},
    {"*", FAULT_writev, 0, IS_ABSORBED, 0, {EINTR}},
    {"*stream_*",
     FAULT_recvmsg,
     0,
     COMES_BACK,
     0,
     {EAGAIN, ECONNRESET, ETIMEDOUT, ECONNREFUSED, ENOTCONN, EFAULT, EHOSTUNREACH, ENOBUFS}},
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
    {"*stream_*", FAULT_sendmsg, 0, COMES_BACK, EAGAIN, {EINPROGRESS}},
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

/* Descriptors are counted in each run, up to the limit. */
void sweep_prepare(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > 256) {
        limit.rlim_cur = 256;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

const char *sweep_wrong_handles(void)
{
    return NULL;
}

const int sweep_growth = 140; /* twice as many as the tables of poll(2) have room for, and some */

void sweep_open_ends(mio_fd ends[2])
{
    plain_pipe(ends);
}
