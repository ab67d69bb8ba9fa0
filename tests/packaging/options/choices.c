/*
 * Finds out which backends and wakers a build of the library has: each that a poll can be opened
 * with has to wake it. The arguments say what to expect.
 */
#include <mio.h>
#include <stdio.h>
#include <string.h>

static int try_both(uint32_t backend, uint32_t kind)
{
    struct mio_poll poll;
    struct mio_poll_options options = {.backend = backend, .waker = kind};
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

/* Whether a choice that is listed works, and one that is not listed is unsupported. */
static bool is_as_expected(const char *name, const char *expected, int result)
{
    bool listed = strstr(expected, name) != NULL;
    printf("%s: %s\n", name, mio_error_name(result));
    return result == (listed ? 0 : -ENOTSUP);
}

int main(int argc, char **argv)
{
    if (argc != 3 || try_both(MIO_BACKEND_DEFAULT, MIO_WAKER_DEFAULT) != 0)
        return 1;
    bool good = is_as_expected("epoll", argv[1], try_both(MIO_BACKEND_EPOLL, MIO_WAKER_DEFAULT));
    good = is_as_expected("poll", argv[1], try_both(MIO_BACKEND_POLL, MIO_WAKER_DEFAULT)) && good;
    good = is_as_expected("eventfd", argv[2], try_both(MIO_BACKEND_DEFAULT, MIO_WAKER_EVENTFD)) &&
           good;
    good = is_as_expected("pipe", argv[2], try_both(MIO_BACKEND_DEFAULT, MIO_WAKER_PIPE)) && good;
    return good ? 0 : 2;
}
