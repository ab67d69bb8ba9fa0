/*
 * Writing to a pipe where the system has no flag that keeps SIGPIPE away: the thread blocks the
 * signal, writes, and takes back the one that the write has left. It can only be the write's:
 * another one that the thread gets in the meantime merges with it, as it would have if the write
 * had come later.
 */
#define _POSIX_C_SOURCE 200809L
#include "sys/sys.h"
#include "sys/unix/calls.h"
#include "sys/unix/iovec.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

static bool is_pending(void)
{
    sigset_t pending;
    return MIO__CALL(sigpending)(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

/*
 * Whether the write may have raised it. One that waits for room, which only a descriptor does that
 * somebody has made blocking, can be left by its reader midway: then it says what it has moved.
 */
static bool may_have_raised(mio_fd fd, ptrdiff_t result, size_t asked)
{
    if (result < 0 || (size_t)result == asked)
        return result == -EPIPE;
    int flags = MIO__CALL(fcntl)(fd, F_GETFL, 0);
    return flags >= 0 && !(flags & O_NONBLOCK);
}

static void take_back(const sigset_t *only_sigpipe)
{
    const struct timespec now = {0, 0};
    int result;
    do
        result = MIO__CALL(sigtimedwait)(only_sigpipe, NULL, &now);
    while (result < 0 && errno == EINTR);
}

/*
 * One was pending before. If that was the thread's, the write's has merged with it; if it was the
 * process's, there may be two now. Which one is taken is up to the system, so one stays either way.
 */
static void take_back_the_second(const sigset_t *only_sigpipe)
{
    take_back(only_sigpipe);
    if (!is_pending())
        MIO__CALL(pthread_kill)(pthread_self(), SIGPIPE);
}

ptrdiff_t mio__pipe_writev_guarded(mio_fd fd, const struct mio_buf *bufs, size_t count)
{
    sigset_t only_sigpipe, before;
    sigemptyset(&only_sigpipe);
    sigaddset(&only_sigpipe, SIGPIPE);
    int result = -MIO__CALL(pthread_sigmask)(SIG_BLOCK, &only_sigpipe, &before);
    if (result < 0)
        return result;
    /* What was not blocked cannot be pending. */
    bool was_blocked = sigismember(&before, SIGPIPE) == 1;
    bool was_pending = was_blocked && is_pending();
    ptrdiff_t n;
    do
        n = MIO__CALL(writev)(fd, mio__iovec(bufs), (int)count);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        n = mio__last_error();
    if (may_have_raised(fd, n, mio_bufs_len(bufs, count))) {
        if (was_pending)
            take_back_the_second(&only_sigpipe);
        else
            take_back(&only_sigpipe);
    }
    if (!was_blocked)
        MIO__CALL(pthread_sigmask)(SIG_SETMASK, &before, NULL);
    return n;
}
