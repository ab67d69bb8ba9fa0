/*
 * The same for Microsoft's compiler, by its intrinsic functions. Contracts: atomic.h. An access
 * that is to order others is a read-modify-write, which orders both ways; a volatile access orders
 * nothing for sure (on ARM64), and is whole.
 */
#ifndef MIO_ATOMIC_MSVC_H
#define MIO_ATOMIC_MSVC_H

#include <intrin.h>

static inline uint32_t mio__load_relaxed(const uint32_t *word)
{
    return *(const volatile uint32_t *)word;
}

static inline uint32_t mio__load_acquire(const uint32_t *word)
{
    return (uint32_t)_InterlockedOr((volatile long *)word, 0);
}

static inline void mio__store_relaxed(uint32_t *word, uint32_t value)
{
    *(volatile uint32_t *)word = value;
}

static inline void mio__store_release(uint32_t *word, uint32_t value)
{
    _InterlockedExchange((volatile long *)word, (long)value);
}

static inline uint32_t mio__fetch_add(uint32_t *word, uint32_t value)
{
    return (uint32_t)_InterlockedExchangeAdd((volatile long *)word, (long)value);
}

static inline uint32_t mio__fetch_sub(uint32_t *word, uint32_t value)
{
    return mio__fetch_add(word, 0 - value);
}

static inline uint32_t mio__fetch_or(uint32_t *word, uint32_t bits)
{
    return (uint32_t)_InterlockedOr((volatile long *)word, (long)bits);
}

static inline uint32_t mio__fetch_and(uint32_t *word, uint32_t bits)
{
    return (uint32_t)_InterlockedAnd((volatile long *)word, (long)bits);
}

static inline uint32_t mio__exchange(uint32_t *word, uint32_t value)
{
    return (uint32_t)_InterlockedExchange((volatile long *)word, (long)value);
}

static inline bool mio__compare_exchange(uint32_t *word, uint32_t *expected, uint32_t desired)
{
    uint32_t wanted = *expected;
    *expected =
        (uint32_t)_InterlockedCompareExchange((volatile long *)word, (long)desired, (long)wanted);
    return *expected == wanted;
}

static inline bool mio__bit_is_set(const uint8_t *byte, uint8_t bit)
{
    return (*(const volatile uint8_t *)byte & bit) != 0;
}

static inline void mio__bit_set(uint8_t *byte, uint8_t bit)
{
    *(volatile uint8_t *)byte |= bit;
}

#define mio__publish(pointer, value)                                                               \
    ((void)_InterlockedExchangePointer((void *volatile *)(pointer), (value)))

static inline uintptr_t mio__counter_read(const uintptr_t *counter)
{
    return *(const volatile uintptr_t *)counter;
}

static inline void mio__counter_add(uintptr_t *counter, uintptr_t value)
{
    *(volatile uintptr_t *)counter += value;
}

static inline void mio__counter_add_shared(uintptr_t *counter, uintptr_t value)
{
    uintptr_t before;
    do
        before = mio__counter_read(counter);
    while (_InterlockedCompareExchangePointer((void *volatile *)counter, (void *)(before + value),
                                              (void *)before) != (void *)before);
}

#endif
