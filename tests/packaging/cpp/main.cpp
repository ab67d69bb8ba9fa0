// A C++ program that includes the header, calls the inline functions, and waits for a waker.
#include <mio.h>

#include <cstdio>

int second_uses_inlines();

int main()
{
    mio_poll poll = {};
    mio_waker waker = {};
    mio_event events[4];
    if (mio_poll_init(&poll) != 0 || mio_waker_init(&waker, mio_poll_registry(&poll), 7) != 0)
        return 1;
    if (mio_waker_wake(&waker) != 0)
        return 2;
    int n = mio_poll_wait(&poll, events, 4, 5 * MIO_NS_PER_S);
    if (n != 1 || events[0].token != 7 || !mio_event_is_readable(&events[0]))
        return 3;
    if (mio_poll_wait(&poll, events, 4, 0) != 0)
        return 4;
    if (mio_waker_close(&waker) != 0 || mio_poll_close(&poll) != 0)
        return 5;
    if (second_uses_inlines() != 0)
        return 6;
    std::printf("mio %d from C++\n", mio_version());
    return 0;
}
