/* Events and interests: what is not inline. */
#include "internal.h"
#include "text.h"

static const struct {
    uint32_t bit;
    const char *name;
} bit_names[] = {
    {MIO_READABLE, "READABLE"},
    {MIO_WRITABLE, "WRITABLE"},
    {MIO_PRIORITY, "PRIORITY"},
    {MIO_ERROR, "ERROR"},
    {MIO_READ_CLOSED, "READ_CLOSED"},
    {MIO_WRITE_CLOSED, "WRITE_CLOSED"},
    {MIO_AIO, "AIO"},
    {MIO_LIO, "LIO"},
    {MIO_LEVEL, "LEVEL"},
    {MIO_ONESHOT, "ONESHOT"},
};

static void event_add_bits(struct mio__text *text, uint32_t bits)
{
    const char *separator = "";
    if (bits == 0)
        mio__text_add(text, "NONE");
    for (size_t i = 0; i < sizeof bit_names / sizeof bit_names[0]; i++) {
        if ((bits & bit_names[i].bit) == 0)
            continue;
        mio__text_add(text, separator);
        mio__text_add(text, bit_names[i].name);
        separator = " | ";
        bits &= ~bit_names[i].bit;
    }
    if (bits != 0) {
        mio__text_add(text, separator);
        mio__text_add_number(text, bits);
    }
}

int mio_interest_format(mio_interest interest, char *buf, size_t size)
{
    if (!buf)
        return -EINVAL;
    struct mio__text text = {buf, size, 0};
    event_add_bits(&text, interest);
    return mio__text_end(&text);
}

int mio_event_format(const struct mio_event *event, char *buf, size_t size)
{
    if (!event || !buf)
        return -EINVAL;
    struct mio__text text = {buf, size, 0};
    mio__text_add(&text, "token ");
    mio__text_add_number(&text, event->token);
    mio__text_add(&text, ": ");
    event_add_bits(&text, event->readiness);
    return mio__text_end(&text);
}

void mio_events_forget(struct mio_event *events, size_t n, mio_token token)
{
    for (size_t i = 0; events && i < n; i++)
        if (events[i].token == token)
            events[i].readiness = 0;
}
