#include "queue/waker_util.h"

void waker_open(struct mio_poll *poll, struct mio_waker *waker)
{
    test_poll_init(poll);
    CHECK_EQ(mio_waker_init(waker, mio_poll_registry(poll), TOKEN), 0);
}

void waker_close(struct mio_poll *poll, struct mio_waker *waker)
{
    CHECK_EQ(mio_waker_close(waker), 0);
    CHECK_EQ(mio_poll_close(poll), 0);
}

void waker_wake_and_expect(struct mio_poll *poll, struct mio_waker *waker, mio_token token)
{
    CHECK_EQ(mio_waker_wake(waker), 0);
    test_expect_event(poll, token);
}
