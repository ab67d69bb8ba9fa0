/*
 * Reads and writes of wakers, and poll(2). They are calls of libc, and cancellation points there.
 * So the thread cannot be cancelled meanwhile. (pthread_setcancelstate sets a field of the thread.
 * On NetBSD before 10 it also takes a lock of that thread's, so a handler that wakes should not
 * interrupt it there.)
 */
#include "sys/unix/raw_io.h"
#include "sys/unix/calls.h"
#include "system.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

struct undisturbed {
    int saved_errno;
    int cancel_state;
};

static struct undisturbed begin_undisturbed(void)
{
    struct undisturbed state = {.saved_errno = errno};
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state.cancel_state);
    return state;
}

/* The result of the call as a value or a negative code. */
static ptrdiff_t end_undisturbed(struct undisturbed state, ptrdiff_t result)
{
    if (result < 0)
        result = -errno;
    pthread_setcancelstate(state.cancel_state, &state.cancel_state);
    errno = state.saved_errno;
    return result;
}

ptrdiff_t mio__raw_read(mio_fd fd, void *buf, size_t len)
{
    struct undisturbed state = begin_undisturbed();
    return end_undisturbed(state, MIO__CALL(read)(fd, buf, len));
}

ptrdiff_t mio__raw_write(mio_fd fd, const void *buf, size_t len)
{
    struct undisturbed state = begin_undisturbed();
    return end_undisturbed(state, MIO__CALL(write)(fd, buf, len));
}

/* The longest single wait: some systems refuse what is longer than three years, or 2^31 ms. */
#define POLL_SLICE_NS (24 * 60 * 60 * MIO_NS_PER_S)

#if MIO__HAS_PPOLL
static int poll_slice(struct pollfd *entries, size_t count, int64_t timeout_ns)
{
    const struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / MIO_NS_PER_S),
                                     .tv_nsec = (long)(timeout_ns % MIO_NS_PER_S)};
    return MIO__CALL(MIO__PPOLL)(entries, (nfds_t)count, &timeout, NULL);
}
#else
static int poll_slice(struct pollfd *entries, size_t count, int64_t timeout_ns)
{
    int64_t timeout_ms = timeout_ns / MIO_NS_PER_MS + (timeout_ns % MIO_NS_PER_MS != 0);
    return MIO__CALL(poll)(entries, (nfds_t)count, (int)timeout_ms);
}
#endif

static int poll_undisturbed(struct pollfd *entries, size_t count, int64_t timeout_ns)
{
    int64_t slice_ns = timeout_ns < POLL_SLICE_NS ? timeout_ns : POLL_SLICE_NS;
    struct undisturbed state = begin_undisturbed();
    return (int)end_undisturbed(state, poll_slice(entries, count, slice_ns));
}

int mio__raw_poll(struct pollfd *entries, size_t count, int64_t timeout_ns)
{
    if (timeout_ns == 0)
        return poll_undisturbed(entries, count, 0);
    const int64_t start = mio_now_ns();
    int64_t rest = timeout_ns;
    for (;;) {
        int n = poll_undisturbed(entries, count, rest);
        if (n != 0)
            return n;
        /* The end of a slice, or a tick too early. */
        if (timeout_ns != MIO_FOREVER)
            rest = timeout_ns - (mio_now_ns() - start);
        if (rest <= 0)
            return 0;
    }
}
