/* The part of the sweep for Linux: the rules of its own calls, and of its flag for pipes. */
#define _GNU_SOURCE 1
#include "sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

const struct rule sweep_system_rules[] = {
    /* Opening. */
    {"*", FAULT_epoll_create1, 0, COMES_BACK, 0, {EMFILE, ENFILE, ENOMEM, ENOSYS, EPERM, EACCES}},
    {"*", FAULT_eventfd, 0, COMES_BACK, 0, {EMFILE, ENFILE, ENOMEM, ENODEV}},

    /* Registering. Closing deregisters, and does not mind. */
    {"mio_register",
     FAULT_RAW_epoll_ctl,
     0,
     COMES_BACK,
     0,
     {EBADF, EEXIST, EPERM, ELOOP, EINVAL, ENOMEM, ENOSPC}},
    {"mio_reregister", FAULT_RAW_epoll_ctl, 0, COMES_BACK, 0, {ENOENT, EBADF, EPERM, ENOMEM}},
    /* A source that the system has forgotten is added again; it had not, so this is a takeover. */
    {"mio_watch(*OTHER*", FAULT_RAW_epoll_ctl, 1, IS_MENDED, 0, {ENOENT, EBADF, EPERM}},
    {"mio_watch(*OTHER*", FAULT_RAW_epoll_ctl, 1, COMES_BACK, 0, {ENOMEM}},
    {"mio_watch(*TAKEN*", FAULT_RAW_epoll_ctl, 2, COMES_BACK, 0, {EBADF, ENOMEM}},
    {"mio_watch(*, 0)", FAULT_RAW_epoll_ctl, 0, IS_ABSORBED, 0, {ENOENT, EBADF, EPERM}},
    {"mio_watch",
     FAULT_RAW_epoll_ctl,
     1,
     COMES_BACK,
     0,
     {EBADF, EPERM, ELOOP, EINVAL, ENOMEM, ENOSPC}},
    {"mio_deregister", FAULT_RAW_epoll_ctl, 0, COMES_BACK, 0, {ENOENT, EBADF}},
    {"mio_waker_init", FAULT_RAW_epoll_ctl, 0, COMES_BACK, 0, {ENOMEM, ENOSPC}},
    {"mio_waker_close", FAULT_RAW_epoll_ctl, 0, IS_ABSORBED, 0, {ENOENT, EBADF, ENOMEM}},
    {"*_close", FAULT_RAW_epoll_ctl, 0, IS_ABSORBED, 0, {ENOENT, EBADF}},
    {"*_into_fd", FAULT_RAW_epoll_ctl, 0, IS_ABSORBED, 0, {ENOENT, EBADF}},

    /* Waiting. */
    {"mio_poll_wait", FAULT_RAW_epoll_pwait2, 0, IS_ABSORBED, 0, {ENOSYS, EPERM}},
    {"mio_poll_wait", FAULT_RAW_epoll_pwait2, 0, COMES_BACK, 0, {EINTR, EFAULT}},
    {"mio_poll_wait", FAULT_RAW_epoll_wait, 0, COMES_BACK, 0, {EINTR, EFAULT}},
    {"mio_poll_wait", FAULT_RAW_epoll_pwait, 0, COMES_BACK, 0, {EINTR, EFAULT}},
    /* The timer slack. Without it the wait is late at most. */
    {"mio_poll_wait", FAULT_RAW_prctl, 0, IS_ABSORBED, 0, {EINVAL, EPERM, ENOSYS, EACCES}},
    {"mio_poll_wait", FAULT_RAW_ppoll_time64, 0, COMES_BACK, 0, {EINTR, EINVAL, ENOMEM}},
    {"mio_poll_wait", FAULT_RAW_ppoll, 0, COMES_BACK, 0, {EINTR, EINVAL, ENOMEM}},
    /* The notifier of the poll backend is emptied by the wait, a pipe also by the wake. */
    {"*", FAULT_RAW_read, 0, IS_ABSORBED, 0, {EINTR, EAGAIN, EIO}},
    {"mio_waker_wake", FAULT_RAW_write, 0, IS_ABSORBED, 0, {EINTR, EAGAIN}},
    {"mio_waker_wake", FAULT_RAW_write, 0, COMES_BACK, 0, {EPERM, EIO, ENOMEM}},
    {"mio_pipe_*", FAULT_RAW_pwritev2, 0, IS_SHORT, 0, {FAULT_ONE_BYTE}},

    /* Moving datagrams. Where segments are not cut they go out by a second call. */
    {"*", FAULT_sendmmsg, 0, IS_ABSORBED, 0, {EINTR}},
    {"*", FAULT_recvmmsg, 0, IS_ABSORBED, 0, {EINTR}},
    {"mio_udp_socket_send_batch(*cut*", FAULT_sendmmsg, 1, IS_MENDED, 0, {EIO, EINVAL, EMSGSIZE}},
    {"mio_udp_socket_send_batch(*row*",
     FAULT_sendmmsg,
     0,
     COMES_BACK,
     0,
     {EIO, EINVAL, EMSGSIZE, EADDRNOTAVAIL, ENODEV, EFAULT}},
    {"*",
     FAULT_sendmmsg,
     0,
     COMES_BACK,
     0,
     {EAGAIN, EDESTADDRREQ, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EACCES, EPERM, ENOBUFS}},
    {"*", FAULT_recvmmsg, 0, COMES_BACK, 0, {EAGAIN, ECONNREFUSED, EHOSTUNREACH, ENOMEM, EFAULT}},

    /* Keeping SIGPIPE away. */
    {"*", FAULT_RAW_pwritev2, 0, IS_ABSORBED, 0, {EINTR, ENOSYS, EOPNOTSUPP, EINVAL, EPERM}},
    {"*", FAULT_RAW_pwritev2, 0, COMES_BACK, 0, {EAGAIN, EPIPE, EIO, EFAULT}},
    {"*", FAULT_RAW_rt_sigtimedwait, 0, IS_ABSORBED, 0, {EINTR}},
    {NULL, SWEEP_MORE_RULES, 0, CANNOT_FAIL, 0, {0}},
};

const struct fault_plan sweep_no_pipe_flag = {FAULT_RAW_pwritev2, 1, true, ENOSYS};
const struct fault_plan sweep_pipe_flag_ignored = {FAULT_RAW_pwritev2, 1, true, FAULT_NO_FLAGS};

const char *sweep_lacks_pipe_flag(void)
{
    /* Without a descriptor a kernel that knows the flag looks no further than that. */
    char text[] = "x";
    struct iovec byte = {text, 1};
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return "there is no pipe";
    long n = syscall(SYS_pwritev2, fds[1], &byte, 1L, -1L, -1L, 0x100L);
    close(fds[0]);
    close(fds[1]);
    return n == 1 ? NULL : "the kernel has no RWF_NOSIGNAL";
}

/* One that refuses a flag for being unknown does not ignore flags. */
bool sweep_contradicts(const struct fault_plan *standing, int number, int error)
{
    return standing && standing->error == FAULT_NO_FLAGS && number == FAULT_RAW_pwritev2 &&
           error == EOPNOTSUPP;
}

/* epoll_ctl(2) makes all of a change or nothing. */
bool sweep_makes_parts(int number)
{
    (void)number;
    return false;
}

bool sweep_is_repeated(int number, int error)
{
    (void)error;
    return number == FAULT_RAW_read;
}
