/* One of two files that use every inline function of the header: called, and by its address. */
#include <mio.h>

int second_uses_inlines(void);

int main(void)
{
    struct mio_event event = {MIO_READABLE | MIO_AIO, 0, {7}};
    bool (*volatile predicate)(const struct mio_event *) = mio_event_is_readable;
    uint32_t ready = MIO_READABLE | MIO_WRITABLE;
    if (!predicate(&event) || !mio_event_is_readable(&event) || !mio_event_is_aio(&event))
        return 1;
    if (mio_event_is_writable(&event) || mio_event_is_error(&event) ||
        mio_event_is_read_closed(&event) || mio_event_is_write_closed(&event) ||
        mio_event_is_priority(&event) || mio_event_is_lio(&event))
        return 2;
    mio_ready_after(&ready, MIO_READABLE, 3, 4);
    if (ready != MIO_WRITABLE)
        return 3;
    if (mio_version() != MIO_VERSION || second_uses_inlines() != 0)
        return 4;
    return 0;
}
