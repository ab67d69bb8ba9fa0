/*
 * How a hot call is made (sys/unix/hot_calls.h): past libc where system calls can be inlined.
 *
 * MIO__HOT(name, arguments, number, ...)  by the function mio__libc_NAME, or by the system call of
 *                                         that number with six arguments
 * MIO__LIBC_CALL                          what begins the definition of mio__libc_NAME
 */
#ifndef MIO_SYSTEM_HOT_H
#define MIO_SYSTEM_HOT_H

#include "sys/linux/syscall.h"
#include "sys/sanitizers.h"

#if defined(MIO__SYSCALL_INLINED)
/* Out of the way, so that the other path is short enough to be inlined. */
#define MIO__LIBC_CALL __attribute__((cold, noinline, unused)) static long
#define MIO__HOT(name, arguments, number, ...)                                                     \
    (MIO__IS_SANITIZED ? mio__libc_##name arguments : mio__syscall6(SYS_##number, __VA_ARGS__))
#endif

#endif
