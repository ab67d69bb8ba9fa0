/*
 * Writing to a pipe without SIGPIPE: RWF_NOSIGNAL (linux/fs.h), since Linux 6.18. Before, the flag
 * is unknown (-EOPNOTSUPP; -EINVAL in 4.6), or the call is (-ENOSYS); system call filters may say
 * -EPERM or -EACCES, and that of Android kills a program that tries it.
 *
 * gVisor ignores flags that it does not know: there the flag seems to work, and the signal comes.
 * So the first write of an end finds out, guarded. It goes out with a flag that nobody knows beside
 * the other one. Where that is refused, flags mean something, and the same write without it tells
 * what RWF_NOSIGNAL means. Where it is not refused the write is made, as any other, and nothing is
 * to be repeated: the end is guarded from then on.
 *
 * Linux looks at the list of buffers first, then at the flags (kiocb_set_rw_flags in linux/fs.h),
 * and only then at the pipe (vfs_writev in fs/read_write.c, 4.6 to 6.18). So an answer that comes
 * from the pipe, full or broken as it may be, is an answer to the flags, too, but
 * -EINVAL and -EFAULT say nothing.
 */
#include "internal.h"
#include "sys/linux/syscall.h"
#include "sys/sanitizers.h"
#include "sys/sys.h"
#include "sys/unix/pipe_guarded.h"

static ptrdiff_t write_guarded(mio_fd fd, const struct mio_buf *bufs, size_t count,
                               uint8_t *learned)
{
    return mio__pipe_guard(mio__pipe_writev_raising, fd, bufs, count, learned);
}

#if defined(SYS_pwritev2) && !defined(__ANDROID__)

enum { NOSIGNAL = 0x100, UNKNOWN = 0x40000000 };

/* Sanitizers do not see pwritev2. */
#if defined(MIO_CALL_TABLE)
#define CALLS_MUST_BE_SEEN 0
#else
#define CALLS_MUST_BE_SEEN MIO__IS_SANITIZED
#endif

static ptrdiff_t write_flagged(mio_fd fd, const struct mio_buf *bufs, size_t count, long flags)
{
    const long no_offset = -1; /* as writev(2); on 32-bit systems it takes two arguments */
    long n;
    do
        n = mio__syscall6(SYS_pwritev2, fd, (long)bufs, (long)count, no_offset, no_offset, flags);
    while (n == -EINTR);
    return n;
}

static bool is_of_the_pipe(ptrdiff_t result)
{
    return result >= 0 || result == -EAGAIN || result == -EPIPE;
}

static bool is_refusal(ptrdiff_t result)
{
    return result == -EOPNOTSUPP || result == -ENOSYS || result == -EINVAL || result == -EPERM ||
           result == -EACCES;
}

/* After a refusal: -EINVAL may have been about the list, and is then said of it once more. */
static ptrdiff_t write_instead(mio_fd fd, const struct mio_buf *bufs, size_t count,
                               uint8_t *learned)
{
    ptrdiff_t n = mio__pipe_writev_raising(fd, bufs, count, learned);
    if (n != -EINVAL)
        mio__bit_set(learned, MIO__GUARDED);
    return n;
}

static ptrdiff_t write_first(mio_fd fd, const struct mio_buf *bufs, size_t count, uint8_t *learned)
{
    ptrdiff_t n = write_flagged(fd, bufs, count, NOSIGNAL | UNKNOWN);
    uint8_t shown = MIO__GUARDED;
    if (n == -EOPNOTSUPP) {
        n = write_flagged(fd, bufs, count, NOSIGNAL);
        shown = MIO__UNGUARDED;
    }
    if (is_of_the_pipe(n))
        mio__bit_set(learned, shown);
    return is_refusal(n) ? write_instead(fd, bufs, count, learned) : n;
}

ptrdiff_t mio__pipe_writev(mio_fd fd, const struct mio_buf *bufs, size_t count, uint8_t *learned)
{
    if (mio__bit_is_set(learned, MIO__GUARDED) || CALLS_MUST_BE_SEEN)
        return write_guarded(fd, bufs, count, learned);
    if (!mio__bit_is_set(learned, MIO__UNGUARDED))
        return mio__pipe_guard(write_first, fd, bufs, count, learned);
    ptrdiff_t n = write_flagged(fd, bufs, count, NOSIGNAL);
    /* A filter that came later. */
    return is_refusal(n) ? mio__pipe_guard(write_instead, fd, bufs, count, learned) : n;
}

#else

ptrdiff_t mio__pipe_writev(mio_fd fd, const struct mio_buf *bufs, size_t count, uint8_t *learned)
{
    return write_guarded(fd, bufs, count, learned);
}

#endif
