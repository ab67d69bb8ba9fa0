/*
 * What the sanitizers cannot see, because the system calls of the hot path bypass libc: that the
 * kernel wrote memory, and that a wait which reports a source comes after its registration.
 */
#ifndef MIO_SANITIZERS_H
#define MIO_SANITIZERS_H

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define MIO__KERNEL_WROTE(memory, size) __msan_unpoison(memory, size)
#else
#define MIO__KERNEL_WROTE(memory, size) ((void)0)
#endif

#if __has_feature(thread_sanitizer) || defined(__SANITIZE_THREAD__)
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#define MIO__KERNEL_TOLD(address) __tsan_release(address)
#define MIO__KERNEL_TELLS(address) __tsan_acquire(address)
#else
#define MIO__KERNEL_TOLD(address) ((void)0)
#define MIO__KERNEL_TELLS(address) ((void)0)
#endif

#endif
