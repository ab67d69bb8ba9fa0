/*
 * System calls without libc. Its wrappers of read, write and epoll_wait are cancellation points,
 * and its syscall() is a call frame more: a return after a system call is mispredicted on
 * processors that clear their return predictor in the kernel, which makes each frame cost up to 10
 * ns of the 160 that a wait takes. errno stays untouched.
 *
 * Results are those of the kernel: a value, or -errno.
 */
#ifndef MIO_LINUX_SYSCALL_H
#define MIO_LINUX_SYSCALL_H

#include "sys/unix/calls.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(MIO_CALL_TABLE)

static inline long mio__syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    return mio__calls.syscall(number, a, b, c, d, e, f);
}

static inline long mio__syscall4(long number, long a, long b, long c, long d)
{
    return mio__syscall6(number, a, b, c, d, 0, 0);
}

#elif defined(__x86_64__) && defined(__LP64__)

#define MIO__SYSCALL_INLINED 1

static inline long mio__syscall4(long number, long a, long b, long c, long d)
{
    register long fourth __asm__("r10") = d;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long mio__syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    register long fourth __asm__("r10") = d;
    register long fifth __asm__("r8") = e;
    register long sixth __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                     : "rcx", "r11", "memory");
    return result;
}

#elif defined(__aarch64__) && defined(__LP64__)

#define MIO__SYSCALL_INLINED 1

static inline long mio__syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    register long call __asm__("x8") = number;
    register long first __asm__("x0") = a;
    register long second __asm__("x1") = b;
    register long third __asm__("x2") = c;
    register long fourth __asm__("x3") = d;
    register long fifth __asm__("x4") = e;
    register long sixth __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(first)
                     : "r"(call), "r"(second), "r"(third), "r"(fourth), "r"(fifth), "r"(sixth)
                     : "memory");
    return first;
}

static inline long mio__syscall4(long number, long a, long b, long c, long d)
{
    return mio__syscall6(number, a, b, c, d, 0, 0);
}

#else

/* syscall() is no cancellation point either. */
static inline long mio__syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    int saved_errno = errno;
    long result = syscall(number, a, b, c, d, e, f);
    if (result < 0)
        result = -errno;
    errno = saved_errno;
    return result;
}

static inline long mio__syscall4(long number, long a, long b, long c, long d)
{
    return mio__syscall6(number, a, b, c, d, 0, 0);
}

#endif

#endif
