/*
 * Atomic access to plain integers, which is what the public structs are made of: C++ rejects
 * _Atomic in a header, and a caller may hold these objects in memory of any kind.
 */
#ifndef MIO_ATOMIC_H
#define MIO_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#if !defined(__GNUC__) && !defined(__clang__)

#include "atomic_msvc.h"

#else

static inline uint32_t mio__load_relaxed(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static inline uint32_t mio__load_acquire(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline void mio__store_relaxed(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static inline void mio__store_release(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* The read-modify-write operations order both ways and return the old value. */
static inline uint32_t mio__fetch_add(uint32_t *word, uint32_t value)
{
    return __atomic_fetch_add(word, value, __ATOMIC_ACQ_REL);
}

static inline uint32_t mio__fetch_sub(uint32_t *word, uint32_t value)
{
    return __atomic_fetch_sub(word, value, __ATOMIC_ACQ_REL);
}

static inline uint32_t mio__fetch_or(uint32_t *word, uint32_t bits)
{
    return __atomic_fetch_or(word, bits, __ATOMIC_ACQ_REL);
}

static inline uint32_t mio__fetch_and(uint32_t *word, uint32_t bits)
{
    return __atomic_fetch_and(word, bits, __ATOMIC_ACQ_REL);
}

static inline uint32_t mio__exchange(uint32_t *word, uint32_t value)
{
    return __atomic_exchange_n(word, value, __ATOMIC_ACQ_REL);
}

/* On failure *expected becomes what was found. */
static inline bool mio__compare_exchange(uint32_t *word, uint32_t *expected, uint32_t desired)
{
    return __atomic_compare_exchange_n(word, expected, desired, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

/*
 * Bits in a byte that several threads set, and that order nothing. A bit may get lost to another
 * one that is set at the same time: these are for what is learned again. To change a byte in one
 * step would take a library (libatomic) on RISC-V, with gcc before 14.
 */
static inline bool mio__bit_is_set(const uint8_t *byte, uint8_t bit)
{
    return (__atomic_load_n(byte, __ATOMIC_RELAXED) & bit) != 0;
}

static inline void mio__bit_set(uint8_t *byte, uint8_t bit)
{
    uint8_t before = __atomic_load_n(byte, __ATOMIC_RELAXED);
    __atomic_store_n(byte, (uint8_t)(before | bit), __ATOMIC_RELAXED);
}

/*
 * Writes a pointer in its place among the writes of this thread: a child that is forked by another
 * thread, a copy of memory at some moment, sees all that was written before it.
 */
#define mio__publish(pointer, value) __atomic_store_n(pointer, value, __ATOMIC_RELEASE)

/* Counters: read from any thread. */
static inline uintptr_t mio__counter_read(const uintptr_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* For a counter with one writer. */
static inline void mio__counter_add(uintptr_t *counter, uintptr_t value)
{
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + value, __ATOMIC_RELAXED);
}

/* For a counter with several writers. */
static inline void mio__counter_add_shared(uintptr_t *counter, uintptr_t value)
{
    __atomic_fetch_add(counter, value, __ATOMIC_RELAXED);
}

#endif /* __GNUC__ */

#endif
