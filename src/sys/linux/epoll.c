/*
 * The epoll backend. It keeps no table: the kernel holds token, interest and mode.
 *
 * Facts about the kernel, and the letters by which the code refers to them:
 *   A  epoll_event has 12 bytes on x86-64 and on 32-bit x86, 16 elsewhere (UAPI eventpoll.h).
 *   B  epoll_wait counts in milliseconds and rounds nothing: the caller rounds up. Its longest
 *      wait is INT_MAX ms, 24.8 days.
 *   C  epoll_pwait2 (5.11) takes a timespec. Its fields are 64 bits wide on every ABI, also where
 *      libc's timespec is not. Older kernels answer ENOSYS, some seccomp profiles EPERM. Android's
 *      kills the process, so it is never tried there. It costs 25 ns more than epoll_wait.
 *   D  ERR and HUP are reported unasked, in every mode, and in edge mode once for each change.
 *   E  The end of a pipe without data is HUP alone, not IN. A pipe whose reader is gone is ERR,
 *      with OUT while it has room.
 *   F  Each write to an eventfd raises a new edge, whether or not it was readable. For a pipe that
 *      is so but from 5.5 to 5.13, where only a write into an empty one does: the pipe notifier
 *      empties it first.
 *   G  A descriptor leaves the set when its last duplicate is closed, not before: so closing a
 *      source deregisters it first.
 *   H  More than INT_MAX / sizeof(struct epoll_event) events at once are EINVAL.
 *   I  Architectures that came late have epoll_pwait (2.6.19) alone, without epoll_wait. Android's
 *      libc calls that one everywhere, and its filter kills an app on x86-64 for epoll_wait.
 */
#include "internal.h"
#include "spin.h"
#include "sys/linux/epoll_fetch.h"
#include "sys/linux/epoll_spin.h"
#include "sys/linux/syscall.h"
#include "sys/sanitizers.h"
#include "sys/sys.h"
#include "sys/unix/calls.h"
#include "sys/unix/fd.h"
#include "sys/unix/notifier.h"
#include "wakers.h"

#include <sys/epoll.h>

_Static_assert(EPOLLIN == POLLIN && EPOLLPRI == POLLPRI && EPOLLOUT == POLLOUT &&
                   EPOLLERR == POLLERR && EPOLLHUP == POLLHUP && EPOLLRDHUP == POLLRDHUP,
               "epoll's bits are those of poll(2)");
/* ---- Opening and closing --------------------------------------------------------------------- */

static int epoll_open(struct mio_poll *poll, uint32_t waker_kind)
{
    poll->wakers = mio__notifier_find(waker_kind);
    if (!poll->wakers)
        return -ENOTSUP;
    poll->fd = MIO__CALL(epoll_create1)(EPOLL_CLOEXEC);
    return poll->fd < 0 ? mio__last_error() : 0;
}

static int epoll_close(struct mio_poll *poll)
{
    return mio__fd_close(poll->fd);
}

/* ---- Registration ---------------------------------------------------------------------------- */

static inline int epoll_control(struct mio_poll *poll, int operation, mio_fd fd, mio_token token,
                                uint32_t bits)
{
    struct epoll_event event = {.events = bits};
    event.data.ptr = (void *)token;
    return (int)mio__syscall4(SYS_epoll_ctl, poll->fd, operation, fd, (long)&event);
}

static uint32_t epoll_bits_of(mio_interest interest)
{
    uint32_t bits = mio__poll_bits_of(mio__interest_asks(interest));
    if (!(interest & MIO_LEVEL))
        bits |= EPOLLET;
    if (interest & MIO_ONESHOT)
        bits |= EPOLLONESHOT;
    return bits;
}

/* The source is not looked at any more: a thread that gets its event may free it at once. */
MIO__COLD static int epoll_tell_and_control(struct mio_poll *poll, int operation, mio_fd fd,
                                            mio_token token, uint32_t bits)
{
    mio__told(poll);
    return epoll_control(poll, operation, fd, token, bits);
}

static inline int epoll_watch(struct mio_poll *poll, int operation, mio_fd fd, mio_token token,
                              uint32_t bits)
{
    return MIO__IS_WATCHED ? epoll_tell_and_control(poll, operation, fd, token, bits)
                           : epoll_control(poll, operation, fd, token, bits);
}

static int epoll_add(struct mio_poll *poll, struct mio_source *source, mio_token token,
                     mio_interest interest)
{
    return epoll_watch(poll, EPOLL_CTL_ADD, source->fd, token, epoll_bits_of(interest));
}

static int epoll_change(struct mio_poll *poll, struct mio_source *source, mio_token token,
                        mio_interest interest, mio_interest before)
{
    (void)before; /* the kernel replaces all of it, or nothing */
    return epoll_watch(poll, EPOLL_CTL_MOD, source->fd, token, epoll_bits_of(interest));
}

static int epoll_remove(struct mio_poll *poll, struct mio_source *source)
{
    return epoll_control(poll, EPOLL_CTL_DEL, source->fd, 0, 0);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

static int epoll_wait_events(struct mio_poll *poll, struct mio_event *events, size_t capacity,
                             int64_t timeout_ns)
{
    int n = epoll_fetch(poll, events, capacity, timeout_ns);
    if (n > 0) {
        MIO__KERNEL_WROTE(events, (size_t)n * sizeof(struct epoll_event));
        mio__wakers_clear_all(poll);
        epoll_translate(events, n);
    }
    return mio__wait_end(poll, n);
}

/* ---- Wakers ---------------------------------------------------------------------------------- */

static const struct mio__notifier *epoll_notifier_of(const struct mio_poll *poll)
{
    return poll->wakers;
}

static int epoll_waker_open(struct mio_poll *poll, struct mio_waker *waker)
{
    int result = epoll_notifier_of(poll)->open(&waker->read_fd, &waker->write_fd);
    if (result < 0)
        return result;
    /* Edge-triggered and never read by the wait: each signal is an event (F). */
    result = epoll_control(poll, EPOLL_CTL_ADD, waker->read_fd, waker->token, EPOLLIN | EPOLLET);
    if (result < 0)
        mio__notifier_close(waker->read_fd, waker->write_fd);
    return result;
}

static void epoll_waker_close(struct mio_poll *poll, struct mio_waker *waker)
{
    epoll_control(poll, EPOLL_CTL_DEL, waker->read_fd, 0, 0); /* G */
    mio__notifier_close(waker->read_fd, waker->write_fd);
}

static void epoll_waker_abandon(struct mio_poll *poll, struct mio_waker *waker)
{
    (void)poll;
    mio__notifier_close(waker->read_fd, waker->write_fd);
}

static int epoll_wake(struct mio_poll *poll, struct mio_waker *waker)
{
    if (mio__wake_is_covered(poll, waker))
        return 0;
    return mio__wake_sent(poll, waker,
                          epoll_notifier_of(poll)->raise(waker->read_fd, waker->write_fd));
}

/* ---- Polls that spin (spin.h); their wait is in epoll_spin.c --------------------------------- */

static int epoll_open_spinning(struct mio_poll *poll, uint32_t waker_kind)
{
    mio__spin_open(poll);
    return epoll_open(poll, waker_kind);
}

static int epoll_waker_open_spinning(struct mio_poll *poll, struct mio_waker *waker)
{
    mio__spin_waker_open(poll, waker);
    return epoll_waker_open(poll, waker);
}

static int epoll_wake_spinning(struct mio_poll *poll, struct mio_waker *waker)
{
    if (mio__spin_wake_is_covered(poll, waker))
        return 0;
    return mio__wake_sent(poll, waker,
                          epoll_notifier_of(poll)->raise(waker->read_fd, waker->write_fd));
}

static const struct mio__backend epoll_spinning = {
    .name = "epoll",
    .id = MIO_BACKEND_EPOLL,
    .features = MIO__POLL_FEATURES,
    .spinning = &epoll_spinning,
    .open = epoll_open_spinning,
    .close = epoll_close,
    .add = epoll_add,
    .change = epoll_change,
    .remove = epoll_remove,
    .wait = mio__epoll_wait_spinning,
    .waker_open = epoll_waker_open_spinning,
    .waker_close = epoll_waker_close,
    .waker_abandon = epoll_waker_abandon,
    .wake = epoll_wake_spinning,
};

extern const struct mio__backend mio__backend_epoll;
const struct mio__backend mio__backend_epoll = {
    .name = "epoll",
    .id = MIO_BACKEND_EPOLL,
    .features = MIO__POLL_FEATURES,
    .spinning = &epoll_spinning,
    .open = epoll_open,
    .close = epoll_close,
    .add = epoll_add,
    .change = epoll_change,
    .remove = epoll_remove,
    .wait = epoll_wait_events,
    .waker_open = epoll_waker_open,
    .waker_close = epoll_waker_close,
    .waker_abandon = epoll_waker_abandon,
    .wake = epoll_wake,
};
