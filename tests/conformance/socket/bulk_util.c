/* The bytes of long transfers. */
#include "socket/bulk_util.h"

/* A byte of the transfer by its place: a prime period, so that lost chunks are seen. */
static unsigned char pattern(size_t place)
{
    return (unsigned char)(place % 251 + place / 65537 % 3);
}

void bulk_fill(unsigned char *buf, size_t len, size_t place)
{
    for (size_t i = 0; i < len; i++)
        buf[i] = pattern(place + i);
}

bool bulk_matches(const unsigned char *buf, size_t len, size_t place)
{
    for (size_t i = 0; i < len; i++)
        if (buf[i] != pattern(place + i))
            return false;
    return true;
}
