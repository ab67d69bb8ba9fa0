/*
 * The time of a wait in the units of the system. Functions of plain numbers, so that a test on any
 * system can go through them (tests/afd).
 *
 * A wait counts in milliseconds, and its largest number, 2^32 - 1, means that it has no end. So no
 * time reaches that: a wait of more than 2^31 - 1 ms is made of several (iocp_wait). The call of
 * ntdll counts in ticks of 100 ns.
 */
#ifndef MIO_WAIT_TIME_H
#define MIO_WAIT_TIME_H

#include <mio.h>

#define MIO__NO_END UINT32_MAX

/* Whether a wait of that length would be longer than it has to be, counted in milliseconds. */
static inline bool mio__wait_is_fine(int64_t timeout_ns)
{
    return timeout_ns != MIO_FOREVER && timeout_ns % MIO_NS_PER_MS != 0;
}

/* In ticks of 100 ns, rounded up. A time from now on is a negative number there. */
static inline int64_t mio__wait_ticks(int64_t timeout_ns)
{
    return -(timeout_ns / 100 + (timeout_ns % 100 != 0));
}

/* Rounded up. */
static inline uint32_t mio__wait_milliseconds(int64_t timeout_ns)
{
    if (timeout_ns == MIO_FOREVER)
        return MIO__NO_END;
    int64_t whole = timeout_ns / MIO_NS_PER_MS + (timeout_ns % MIO_NS_PER_MS != 0);
    return whole < INT32_MAX ? (uint32_t)whole : (uint32_t)INT32_MAX;
}

#endif
