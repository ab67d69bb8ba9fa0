// The header a second time in the same program: its inline functions must not collide.
#include <mio.h>

int second_uses_inlines();

int second_uses_inlines()
{
    constexpr mio_interest interest = MIO_READABLE | MIO_WRITABLE | MIO_ONESHOT;
    mio_event event = {};
    event.readiness = MIO_WRITABLE;
    bool (*predicate)(const mio_event *) = mio_event_is_writable;
    char text[MIO_INTEREST_TEXT];
    if (!predicate(&event) || mio_event_is_readable(&event))
        return 1;
    if (mio_interest_format(interest, text, sizeof text) <= 0)
        return 2;
#ifndef MIO_NO_NET
    mio_addr addr = {};
    if (mio_addr_parse(&addr, "127.0.0.1:80") != 0 || mio_addr_port(&addr) != 80)
        return 3;
#endif
    return 0;
}
