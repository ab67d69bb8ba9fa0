/*
 * Writing to a pipe where the system has no flag that keeps SIGPIPE away: the thread blocks the
 * signal, writes, and takes back the one that the write has left.
 *
 * The signal goes to the thread that writes, not to the process (POSIX, write(); Linux: pipe_write
 * in fs/pipe.c), and before the write returns: so no other thread can take it, and it need not be
 * waited for. It can be gone again even so, for a thread that sets the action to SIG_IGN discards
 * it: the call that takes it back must not wait. It can only take the write's: another SIGPIPE that
 * the thread gets in the meantime merges with it, as it would have if the write had come later.
 */
#include "sys/unix/pipe_guarded.h"

#include "sys/sys.h"
#include "sys/unix/calls.h"
#include "sys/unix/iovec.h"
#include "sys/unix/take_sigpipe.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>

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

/*
 * One was pending before. If that was the thread's, the write's has merged with it; if it was the
 * process's, there may be two now. Which one is taken is up to the system, so one stays either way.
 */
static void take_the_second(void)
{
    if (mio__take_sigpipe() && !is_pending())
        MIO__CALL(pthread_kill)(pthread_self(), SIGPIPE);
}

ptrdiff_t mio__pipe_writev_raising(mio_fd fd, const struct mio_buf *bufs, size_t count,
                                   uint8_t *learned)
{
    ptrdiff_t n;
    (void)learned;
    do
        n = MIO__CALL(writev)(fd, mio__iovec(bufs), (int)count);
    while (n < 0 && errno == EINTR);
    return n < 0 ? mio__last_error() : n;
}

ptrdiff_t mio__pipe_guard(mio__raising_write *write, mio_fd fd, const struct mio_buf *bufs,
                          size_t count, uint8_t *learned)
{
    sigset_t only_sigpipe, before;
    sigemptyset(&only_sigpipe);
    sigaddset(&only_sigpipe, SIGPIPE);
    int result = -MIO__CALL(pthread_sigmask)(SIG_BLOCK, &only_sigpipe, &before);
    if (result < 0)
        return result;
    /* A signal that was not blocked cannot be pending. */
    bool was_blocked = sigismember(&before, SIGPIPE) == 1;
    bool was_pending = was_blocked && is_pending();
    bool is_left = false;
    ptrdiff_t n = write(fd, bufs, count, learned);
    if (may_have_raised(fd, n, mio_bufs_len(bufs, count))) {
        if (was_pending)
            take_the_second();
        else
            is_left = !mio__take_sigpipe() && is_pending();
    }
    /* Where a filter refuses even that the signal stays blocked: it does not end the thread. */
    if (!was_blocked && !is_left)
        MIO__CALL(pthread_sigmask)(SIG_SETMASK, &before, NULL);
    return n;
}
