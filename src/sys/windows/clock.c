/* The clock of waits. */
#include "system.h"

#include <mio.h>

int64_t mio_now_ns(void)
{
    LARGE_INTEGER ticks, frequency; /* ticks in a second, which is 10,000,000 as a rule */
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&ticks);
    const int64_t seconds = ticks.QuadPart / frequency.QuadPart;
    const int64_t rest = ticks.QuadPart % frequency.QuadPart;
    return seconds * MIO_NS_PER_S + rest * MIO_NS_PER_S / frequency.QuadPart;
}
