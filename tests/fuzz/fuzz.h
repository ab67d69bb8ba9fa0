/*
 * The common part of the fuzz targets. A target is one function that takes any bytes; it is linked
 * with libFuzzer, which looks for new ones, or with a main that feeds it those of a folder.
 */
#ifndef MIO_FUZZ_H
#define MIO_FUZZ_H

#include <mio.h>

#include <stddef.h>
#include <stdint.h>

/* The name is libFuzzer's. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program by a signal when something does not hold: that is what libFuzzer looks for. */
#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))
#define FUZZ_EQ(actual, expected)                                                                  \
    fuzz_check_eq((intmax_t)(actual), (intmax_t)(expected), #actual, __FILE__, __LINE__)

_Noreturn void fuzz_fail(const char *file, int line, const char *what);
void fuzz_check_eq(intmax_t actual, intmax_t expected, const char *what, const char *file,
                   int line);

/* A copy on the heap with nothing behind it, so that a look beyond the end is found. Free it. */
void *fuzz_copy(const void *data, size_t size);
/* The same of what is before the first NUL, and a NUL. */
char *fuzz_copy_text(const uint8_t *data, size_t size);

#ifndef MIO_NO_NET
/* Checks all that holds for an address that some function has made. */
void fuzz_check_addr(const struct mio_addr *addr);
/* An address full of a pattern, and whether it is so still: what fails changes nothing. */
struct mio_addr fuzz_pattern(void);
void fuzz_check_unchanged(const struct mio_addr *addr);
#endif

#endif
