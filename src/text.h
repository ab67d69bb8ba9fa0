/* Building short texts in the caller's buffer. */
#ifndef MIO_TEXT_H
#define MIO_TEXT_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct mio__text {
    char *buf;
    size_t size;
    size_t length; /* also counts what did not fit */
};

static inline void mio__text_add(struct mio__text *text, const char *part)
{
    size_t length = strlen(part);
    if (text->length < text->size && length < text->size - text->length)
        memcpy(text->buf + text->length, part, length + 1);
    text->length += length;
}

static inline void mio__text_add_number(struct mio__text *text, uint64_t number)
{
    char digits[21];
    char *digit = digits + sizeof digits - 1;
    *digit = '\0';
    do {
        *--digit = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    mio__text_add(text, digit);
}

/* The length, or -ENOSPC with an empty text when not all of it fitted. */
static inline int mio__text_end(struct mio__text *text)
{
    if (text->length < text->size)
        return (int)text->length;
    if (text->size > 0)
        text->buf[0] = '\0';
    return -ENOSPC;
}

#endif
