/*
 * Taking back a SIGPIPE: by the system call below sigtimedwait(3), which came to Android's libc in
 * API level 23 only. The call is in every kernel, and Android's filter lets it pass: sigwait(3) is
 * made of it.
 *
 * sigpending(2), then sigwait(3), would not do. A thread that sets the action of SIGPIPE to SIG_IGN
 * between the two, as some libraries do around calls of their own, discards what is pending for any
 * thread (POSIX; do_sigaction in kernel/signal.c), and the sigwait lasts for ever.
 */
#include "sys/unix/take_sigpipe.h"

#include "sys/linux/syscall.h"

#include <limits.h>
#include <signal.h>

#ifndef SYS_rt_sigtimedwait /* 32-bit systems that are younger than 64-bit time */
#define SYS_rt_sigtimedwait SYS_rt_sigtimedwait_time64
#endif

#if defined(__mips__)
enum { KERNEL_SIGNALS = 128 };
#else
enum { KERNEL_SIGNALS = 64 };
#endif

bool mio__take_sigpipe(void)
{
    /* The kernel's own layouts: libc's set may be longer or, on 32-bit Android, shorter. */
    const unsigned long set[KERNEL_SIGNALS / CHAR_BIT / sizeof(long)] = {1UL << (SIGPIPE - 1)};
    const long at_once[4] = {0}; /* a timespec of any width */
    long result;
    do
        result = mio__syscall4(SYS_rt_sigtimedwait, (long)set, 0, (long)at_once, sizeof set);
    while (result == -EINTR);
    return result >= 0 || result == -EAGAIN;
}
