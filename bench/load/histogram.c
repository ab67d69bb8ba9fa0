/* Latencies, counted in buckets of less than 1 % of their value. */
#include "load.h"

#include <string.h>

enum { FINE_BITS = 7, FINE = 1 << FINE_BITS, OCTAVES = 40 };

static uint64_t counts[OCTAVES * FINE], total;

void histogram_add(int64_t ns)
{
    uint64_t value = ns < 0 ? 0 : (uint64_t)ns;
    unsigned shift = 0;
    while (value >> shift >= 2 * FINE)
        shift++;
    /* Below FINE the value itself; above it the octave, then the bits that follow the first one. */
    size_t bucket = shift * FINE + (size_t)(value >> shift);
    if (bucket >= sizeof counts / sizeof counts[0])
        bucket = sizeof counts / sizeof counts[0] - 1;
    counts[bucket]++;
    total++;
}

void histogram_clear(void)
{
    memset(counts, 0, sizeof counts);
    total = 0;
}

bool histogram_is_empty(void)
{
    return total == 0;
}

double histogram_us(double part)
{
    uint64_t wanted = (uint64_t)(part * (double)total), seen = 0;
    for (size_t bucket = 0; bucket < sizeof counts / sizeof counts[0]; bucket++) {
        seen += counts[bucket];
        if (seen > wanted || seen == total) {
            size_t shift = bucket < 2 * FINE ? 0 : bucket / FINE - 1;
            return (double)((uint64_t)(bucket - shift * FINE) << shift) / 1000;
        }
    }
    return 0;
}
