/* Reads and writes of wakers, and poll(2). */
#include "sys/unix/raw_io.h"

#include "sys/linux/syscall.h"
#include "sys/sanitizers.h"
#include <limits.h>
#include <poll.h>

ptrdiff_t mio__raw_read(mio_fd fd, void *buf, size_t len)
{
    return mio__syscall4(SYS_read, fd, (long)buf, (long)len, 0);
}

ptrdiff_t mio__raw_write(mio_fd fd, const void *buf, size_t len)
{
    return mio__syscall4(SYS_write, fd, (long)buf, (long)len, 0);
}

#if defined(SYS_ppoll_time64) && !defined(__ANDROID__)
/* A 32-bit system. 5.1 has a call with a 64-bit timespec; Android kills a program for it. */
static int poll_time64(struct pollfd *entries, size_t count, int64_t timeout_ns)
{
    struct {
        int64_t seconds;
        int64_t nanoseconds;
    } timeout = {timeout_ns / MIO_NS_PER_S, timeout_ns % MIO_NS_PER_S};
    return (int)mio__syscall6(SYS_ppoll_time64, (long)entries, (long)count, (long)&timeout, 0, 0,
                              0);
}
#else
static int poll_time64(struct pollfd *entries, size_t count, int64_t timeout_ns)
{
    (void)entries, (void)count, (void)timeout_ns;
    return -ENOSYS;
}
#endif

static int poll_raw(struct pollfd *entries, size_t count, int64_t timeout_ns)
{
    if (timeout_ns == MIO_FOREVER)
        return (int)mio__syscall6(SYS_ppoll, (long)entries, (long)count, 0, 0, 0, 0);
    int n = sizeof(long) < sizeof(int64_t) ? poll_time64(entries, count, timeout_ns) : -ENOSYS;
    if (n != -ENOSYS)
        return n;
    int64_t seconds = timeout_ns / MIO_NS_PER_S;
    struct {
        long seconds;
        long nanoseconds;
    } timeout = {seconds < LONG_MAX ? (long)seconds : LONG_MAX, (long)(timeout_ns % MIO_NS_PER_S)};
    return (int)mio__syscall6(SYS_ppoll, (long)entries, (long)count, (long)&timeout, 0, 0, 0);
}

int mio__raw_poll(struct pollfd *entries, size_t count, int64_t timeout_ns)
{
    int n = poll_raw(entries, count, timeout_ns);
    MIO__KERNEL_WROTE(entries, count * sizeof entries[0]);
    return n;
}
