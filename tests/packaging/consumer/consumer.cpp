// A C++ program outside of the project: an event and its token come back.
#include <mio.h>

int main()
{
    mio_poll poll{};
    mio_waker waker{};
    mio_event event{};
    if (mio_poll_init(&poll) < 0 || mio_waker_init(&waker, mio_poll_registry(&poll), 7) < 0 ||
        mio_waker_wake(&waker) < 0 || mio_poll_wait(&poll, &event, 1, MIO_FOREVER) != 1)
        return 1;
    bool right = event.token == 7 && mio_event_is_readable(&event);
    return right && mio_waker_close(&waker) == 0 && mio_poll_close(&poll) == 0 ? 0 : 1;
}
