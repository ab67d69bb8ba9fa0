/*
 * Sanitizers do not see the system calls of the hot path, which bypass libc. So this tells them
 * that the kernel wrote memory, and that an event comes after its wake or its registration.
 *
 * MIO__KERNEL_WROTE(memory, size)  before what the kernel wrote is read, also by calls of libc that
 *                                  not every MemorySanitizer knows (fstat64).
 *
 * MIO__IS_SANITIZED  whether the runtime of a sanitizer is in the process, which may be that of the
 *                    program alone, with the library as it is installed. It has to see what is
 *                    transferred, else it reports races and uninitialised bytes where there are
 *                    none: so transfers are then calls of libc, which it intercepts.
 *
 * MIO__IS_WATCHED    whether it is that of a race detector. Then:
 * mio__told(poll)    before what makes a wait on the poll report something
 * mio__tells(poll)   by a wait that reports something, after all that decides what it reports
 *
 * A test and a call in the middle of a function cost what the call needs, made or not. So the code
 * that tells is a function of its own, which is MIO__COLD and goes on with the work.
 *
 * A system without these sanitizers, or whose system calls all go through libc, has them empty.
 */
#ifndef MIO_SANITIZERS_H
#define MIO_SANITIZERS_H

#include <stddef.h>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define MIO__KERNEL_WROTE(memory, size) __msan_unpoison(memory, size)
#else
#define MIO__KERNEL_WROTE(memory, size) ((void)0)
#endif

#if defined(__ELF__) && defined(__GNUC__)

/* The runtime of each sanitizer has the first one. */
extern void __sanitizer_print_stack_trace(void) __attribute__((weak));
extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

#define MIO__IS_SANITIZED __builtin_expect(__sanitizer_print_stack_trace != NULL, 0)
#define MIO__IS_WATCHED __builtin_expect(__tsan_release != NULL, 0)
#define MIO__COLD __attribute__((cold, noinline, unused))

static inline void mio__told(void *poll)
{
    __tsan_release(poll);
}

static inline void mio__tells(void *poll)
{
    __tsan_acquire(poll);
}

#else

#define MIO__IS_SANITIZED 0
#define MIO__IS_WATCHED 0
#define MIO__COLD

static inline void mio__told(void *poll)
{
    (void)poll;
}

static inline void mio__tells(void *poll)
{
    (void)poll;
}

#endif

#endif
