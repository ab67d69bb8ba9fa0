/*
 * The part of the sweep for the systems with kqueue: the rules of their own calls. A call of
 * kevent(2) fails as a whole, which changes nothing; or a change fails by its receipt, and the
 * others of the call are made; or all are made, but the call says that it was interrupted.
 */
#include "sweep.h"

#include <errno.h>

/* An errno value that no manual page of kevent(2) names. */
#define STRANGE EXDEV

const struct scenario system_scenarios[] = {
    {NULL, NULL, NULL, NULL, NULL},
};

const struct rule sweep_system_rules[] = {
    /* Opening. */
    {"*", FAULT_kqueue, 0, COMES_BACK, 0, {EMFILE, ENFILE, ENOMEM}},
    {"mio_poll_init_with", FAULT_fcntl, 0, COMES_BACK, 0, {EBADF}},

    /* Waiting. */
    {"mio_poll_wait(*SOURCES*", FAULT_kevent, 2, IS_ABSORBED, 0, {EINTR, EBADF, ENOMEM}},
    {"mio_poll_wait", FAULT_kevent, 0, COMES_BACK, 0, {EINTR, EBADF, ENOMEM}},
    {"mio_poll_wait", FAULT_kevent, 1, COMES_BACK, 0, {EFAULT}},

    /* Registering. A socket that cannot say whether it listens counts as one that does not. */
    {"mio_*register",
     FAULT_getsockopt,
     0,
     IS_ABSORBED,
     0,
     {EBADF, ENOBUFS, ENOMEM, EACCES, ENOPROTOOPT}},
    {"mio_register", FAULT_kevent, 0, COMES_BACK, 0, {EBADF, ENOMEM, STRANGE}},
    {"mio_register", FAULT_receipt, 0, COMES_BACK, 0, {EBADF, ENOMEM, EINVAL, STRANGE}},
    {"mio_reregister", FAULT_kevent, 0, COMES_BACK, 0, {EBADF, ENOMEM, STRANGE}},
    {"mio_reregister", FAULT_receipt, 0, COMES_BACK, 0, {EBADF, ENOMEM, STRANGE}},
    {"mio_watch(*OTHER*", FAULT_kevent, 0, IS_MENDED, 0, {EBADF}},
    {"mio_watch(*OTHER*", FAULT_receipt, 0, IS_MENDED, 0, {EBADF, ENOENT}},
    {"mio_watch(*OTHER*", FAULT_kevent, 0, COMES_BACK, 0, {ENOMEM}},
    {"mio_watch(*OTHER*", FAULT_receipt, 0, COMES_BACK, 0, {ENOMEM, STRANGE}},
    {"mio_watch(*, 0)", FAULT_kevent, 0, IS_ABSORBED, 0, {EBADF}},
    {"mio_watch(*, 0)", FAULT_receipt, 0, IS_ABSORBED, 0, {ENOENT, EBADF}},
    {"mio_watch", FAULT_kevent, 0, COMES_BACK, 0, {EBADF, ENOMEM}},
    {"mio_watch", FAULT_receipt, 0, COMES_BACK, 0, {EBADF, ENOMEM, STRANGE}},
    {"mio_deregister", FAULT_kevent, 0, COMES_BACK, 0, {EBADF}},
    {"mio_deregister", FAULT_receipt, 0, COMES_BACK, 0, {EBADF, STRANGE}},
    {"mio_deregister", FAULT_receipt, 0, IS_ABSORBED, 0, {ENOENT}},
    {"*_close", FAULT_kevent, 0, IS_ABSORBED, 0, {EBADF}},
    {"*_close", FAULT_receipt, 0, IS_ABSORBED, 0, {ENOENT, EBADF, ENOMEM}},
    {"*_into_fd", FAULT_kevent, 0, IS_ABSORBED, 0, {EBADF}},
    {"*_into_fd", FAULT_receipt, 0, IS_ABSORBED, 0, {ENOENT, EBADF}},

    /* Wakers. */
    {"mio_waker_init", FAULT_kevent, 0, COMES_BACK, 0, {EBADF, ENOMEM}},
    {"mio_waker_init", FAULT_receipt, 0, COMES_BACK, 0, {EBADF, ENOMEM, STRANGE}},
    {"mio_waker_wake", FAULT_kevent, 0, COMES_BACK, 0, {EBADF, ENOMEM, STRANGE}},
    {"mio_waker_wake", FAULT_receipt, 0, COMES_BACK, 0, {ENOENT}},
    {"mio_waker_wake", FAULT_write, 0, IS_ABSORBED, 0, {EINTR, EAGAIN}},
    {"mio_waker_wake", FAULT_write, 0, COMES_BACK, 0, {EPERM, EIO, ENOMEM}},
    {"mio_waker_*", FAULT_read, 0, IS_ABSORBED, 0, {EINTR, EAGAIN, EIO, EFAULT}},
    {"mio_waker_*", FAULT_fcntl, 0, COMES_BACK, 0, {EBADF}},
    {"*", FAULT_kevent, 0, IS_ABSORBED, 0, {EINTR}},
    /* Changes alone: a wait is not interrupted once it has taken events. */
    {"!mio_poll_*", FAULT_kevent, 0, IS_ABSORBED, 0, {FAULT_ANSWERS_LOST}},

    /* The poll(2) backend. */
    {"mio_poll_wait", FAULT_ppoll, 0, COMES_BACK, 0, {EINTR, EINVAL, ENOMEM}},
    {"mio_poll_wait", FAULT_read, 0, IS_ABSORBED, 0, {EINTR, EAGAIN, EIO, EFAULT}},

    /* Descriptors whose flags follow in a second call. */
    {"*", FAULT_pipe, 0, COMES_BACK, 0, {EMFILE, ENFILE}},
    {"*_pair", FAULT_fcntl, 0, COMES_BACK, 0, {EBADF, EPERM}},
    {"*_bind", FAULT_fcntl, 0, COMES_BACK, 0, {EBADF, EPERM}},
    {"*_bind_with", FAULT_fcntl, 0, COMES_BACK, 0, {EBADF, EPERM}},
    {"*_connect", FAULT_fcntl, 0, COMES_BACK, 0, {EBADF, EPERM}},
    {"*_connect_with", FAULT_fcntl, 0, COMES_BACK, 0, {EBADF, EPERM}},
    /* It would lose a connection that cannot be had again. */
    {"*_accept", FAULT_fcntl, 0, CANNOT_FAIL, 0, {0}},
    {"*_open", FAULT_fcntl, 0, COMES_BACK, 0, {EBADF, EPERM}},
    {"*",
     FAULT_accept,
     0,
     COMES_BACK,
     0,
     {EAGAIN, ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM, EPROTO, ENETDOWN}},
    {"*", FAULT_accept, 0, IS_ABSORBED, 0, {EINTR}},

    /* Keeping SIGPIPE away. */
    {"*", FAULT_sigtimedwait, 0, IS_ABSORBED, 0, {EINTR}},
    {"mio_pipe_sender_write*", FAULT_fcntl, 0, COMES_BACK, 0, {EBADF, EINVAL}}, /* the flag */
    {NULL, SWEEP_MORE_RULES, 0, CANNOT_FAIL, 0, {0}},
};

/* Pipes have no flag for it here. */
const struct fault_plan sweep_no_pipe_flag, sweep_pipe_flag_ignored;

const char *sweep_lacks_pipe_flag(void)
{
    return "writes to pipes have no flags here";
}

bool sweep_contradicts(const struct fault_plan *standing, int number, int error)
{
    (void)standing, (void)number, (void)error;
    return false;
}

bool sweep_makes_parts(int number)
{
    return number == FAULT_kevent || number == FAULT_receipt;
}

bool sweep_is_repeated(int number, int error)
{
    return number == FAULT_read ||
           (number == FAULT_kevent && (error == EINTR || error == FAULT_ANSWERS_LOST));
}
