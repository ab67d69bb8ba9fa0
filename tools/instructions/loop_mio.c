/* The loop of a program that uses mio. See loop.h. */
#include "loop.h"

#include <mio.h>

static struct mio_poll poll;
static struct mio_source sources[LOOP_SOURCES], triple;
static struct mio_event events[LOOP_SOURCES];

int loop_open(const int *fds)
{
    int error = mio_poll_init(&poll);
    for (int k = 0; k < LOOP_SOURCES && error == 0; k++) {
        error = mio_source_init_fd(&sources[k], fds[k]);
        if (error == 0)
            error =
                mio_register(mio_poll_registry(&poll), &sources[k], (mio_token)k + 1, MIO_READABLE);
    }
    return error;
}

int loop_triple_fd(int fd)
{
    return mio_source_init_fd(&triple, fd);
}

__attribute__((noinline)) int measured_wait(uint64_t *sum)
{
    int n = mio_poll_wait(&poll, events, LOOP_SOURCES, MIO_FOREVER);
    for (int i = 0; i < n; i++)
        if (mio_event_is_readable(&events[i]))
            *sum += events[i].token;
    return n;
}

__attribute__((noinline)) int measured_triple(void)
{
    struct mio_registry *registry = mio_poll_registry(&poll);
    int error = mio_register(registry, &triple, 1000, MIO_READABLE);
    if (error == 0)
        error = mio_reregister(registry, &triple, 1001, MIO_READABLE | MIO_WRITABLE);
    if (error == 0)
        error = mio_deregister(registry, &triple);
    return error;
}
