/*
 * Finds out which kinds of wakers a build of the library has: each kind that a poll can be opened
 * with has to wake it. The argument says what to expect.
 */
#include <mio.h>
#include <stdio.h>
#include <string.h>

static int try_kind(uint32_t kind)
{
    struct mio_poll poll;
    struct mio_poll_options options = {.waker = kind};
    struct mio_waker waker;
    struct mio_event event;
    int result = mio_poll_init_with(&poll, &options);
    if (result != 0)
        return result;
    result = mio_waker_init(&waker, mio_poll_registry(&poll), 1);
    if (result == 0)
        result = mio_waker_wake(&waker);
    if (result == 0 && mio_poll_wait(&poll, &event, 1, 5 * MIO_NS_PER_S) != 1)
        result = -EIO;
    if (result == 0)
        result = mio_waker_close(&waker);
    if (result == 0)
        result = mio_poll_close(&poll);
    return result;
}

int main(int argc, char **argv)
{
    int by_default = try_kind(MIO_WAKER_DEFAULT);
    int eventfd = try_kind(MIO_WAKER_EVENTFD);
    int pipe = try_kind(MIO_WAKER_PIPE);
    printf("default %s, eventfd %s, pipe %s\n", mio_error_name(by_default), mio_error_name(eventfd),
           mio_error_name(pipe));
    if (by_default != 0 || pipe != 0)
        return 1;
    if (argc > 1 && strcmp(argv[1], "pipe") == 0)
        return eventfd == -ENOTSUP ? 0 : 2;
    return eventfd == 0 ? 0 : 3;
}
