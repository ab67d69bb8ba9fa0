/* The first steps of a program outside of this project: a poll, a waker, a wait, a listener. */
#include <mio.h>
#include <stdio.h>

int main(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    struct mio_event events[8];
    if (mio_version() != MIO_VERSION)
        return 1;
    if (mio_poll_init(&poll) != 0 || mio_waker_init(&waker, mio_poll_registry(&poll), 42) != 0)
        return 2;
    if (mio_waker_wake(&waker) != 0)
        return 3;
    int n = mio_poll_wait(&poll, events, 8, 5 * MIO_NS_PER_S);
    if (n != 1 || events[0].token != 42 || !mio_event_is_readable(&events[0]))
        return 4;
    if (mio_waker_close(&waker) != 0)
        return 5;
#ifndef MIO_NO_NET
    struct mio_addr addr;
    struct mio_tcp_listener listener;
    if (mio_addr_parse(&addr, "127.0.0.1:0") != 0 || mio_tcp_listener_bind(&listener, &addr) != 0)
        return 6;
    if (mio_tcp_listener_close(&listener) != 0)
        return 7;
#endif
    printf("mio %s, %s\n", MIO_VERSION_STRING, mio_poll_backend_name(&poll));
    return mio_poll_close(&poll) == 0 ? 0 : 8;
}
