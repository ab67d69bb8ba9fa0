/* The bytes of long transfers. */
#ifndef MIO_TEST_BULK_UTIL_H
#define MIO_TEST_BULK_UTIL_H

#include <stdbool.h>
#include <stddef.h>

/* Writes len bytes of the transfer, from that place on. */
void bulk_fill(unsigned char *buf, size_t len, size_t place);
/* Whether these are the bytes from that place on. */
bool bulk_matches(const unsigned char *buf, size_t len, size_t place);

#endif
