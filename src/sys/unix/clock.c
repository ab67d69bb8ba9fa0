/* The clock that the system measures waits by. */
#include "sys/unix/calls.h"
#include <mio.h>

#include <time.h>

int64_t mio_now_ns(void)
{
    struct timespec now;
    MIO__CALL(clock_gettime)(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MIO_NS_PER_S + now.tv_nsec;
}
