#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void fuzz_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s does not hold\n", file, line, what);
    abort();
}

void fuzz_check_eq(intmax_t actual, intmax_t expected, const char *what, const char *file, int line)
{
    if (actual == expected)
        return;
    fprintf(stderr, "%s is %jd (%s), expected %jd (%s)\n", what, actual,
            actual < 0 ? mio_error_name((ptrdiff_t)actual) : "", expected,
            expected < 0 ? mio_error_name((ptrdiff_t)expected) : "");
    fuzz_fail(file, line, what);
}

void *fuzz_copy(const void *data, size_t size)
{
    void *copy = malloc(size);
    FUZZ_CHECK(copy || size == 0);
    if (size > 0)
        memcpy(copy, data, size);
    return copy;
}

char *fuzz_copy_text(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, '\0', size) : NULL;
    size_t length = end ? (size_t)(end - data) : size;
    char *text = malloc(length + 1);
    FUZZ_CHECK(text);
    if (length > 0)
        memcpy(text, data, length);
    text[length] = '\0';
    return text;
}
