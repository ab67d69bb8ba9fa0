/*
 * The byte of a source that keeps what calls have learned or done to its socket (sys.h). Several
 * threads may set bits of it at the same time, and none may get lost.
 */
#ifndef MIO_LEARNED_H
#define MIO_LEARNED_H

#include "atomic.h"

enum {
    MIO__READ_ENDED = 0x01, /* this side has shut that direction down: the device tells nobody */
    MIO__WRITE_ENDED = 0x02,
    MIO__ERROR_TAKEN = 0x04, /* reading the error of a socket does not clear it */
    MIO__CUTS = 0x20,        /* the system cuts segments of datagrams, as far as is known */
    MIO__CUTS_NOT = 0x40,    /* it does not, or has refused to: this one counts */
};

#define MIO__ENDED (MIO__READ_ENDED | MIO__WRITE_ENDED)

static inline uint8_t mio__learned_bits(const uint8_t *learned)
{
    return *(const volatile uint8_t *)learned;
}

static inline void mio__learn(uint8_t *learned, uint8_t bits)
{
#if defined(_MSC_VER) && !defined(__clang__)
    _InterlockedOr8((volatile char *)learned, (char)bits);
#else
    __atomic_fetch_or(learned, bits, __ATOMIC_RELAXED);
#endif
}

#endif
