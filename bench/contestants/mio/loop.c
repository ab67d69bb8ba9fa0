/* This library's event queue, with raw descriptors as sources. */
#include "mio_contestant.h"

#include <stdlib.h>
#include <unistd.h>

/*
 * One read empties an eventfd. On epoll in edge mode that is enough, each write is a new event; a
 * backend that emulates edges would have to be told (mio_source_blocked), so there level mode is
 * the natural one.
 */
enum {
    IS_EMULATED = MIO_CONTESTANT_BACKEND == MIO_BACKEND_POLL,
    READ_INTEREST = MIO_READABLE | (IS_EMULATED ? MIO_LEVEL : MIO_EDGE)
};

/* The token of a source is its descriptor. */
#define WAKER UINTPTR_MAX

struct loop {
    struct mio_poll poll;
    struct mio_waker waker;
    struct mio_source *sources;
    struct mio_event events[MAX_EVENTS];
};

int mio_contestant_open(struct mio_poll *poll)
{
    struct mio_poll_options options = {.backend = MIO_CONTESTANT_BACKEND,
                                       .spin_ns = MIO_CONTESTANT_SPIN_NS};
    return mio_poll_init_with(poll, &options);
}

static const char *loop_version(void)
{
    return MIO_VERSION_STRING;
}

static void *loop_open(unsigned sources, bool shared)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop || !(loop->sources = calloc(sources + 1, sizeof *loop->sources)))
        return NULL;
    if (mio_contestant_open(&loop->poll) != 0)
        return NULL;
    if (shared && mio_waker_init(&loop->waker, mio_poll_registry(&loop->poll), WAKER) != 0)
        return NULL;
    return loop;
}

static void loop_close(void *arg)
{
    struct loop *loop = arg;
    mio_waker_close(&loop->waker);
    /* The sources may still be registered: all of it ends together, and nobody looks at them. */
    mio_poll_abandon(&loop->poll);
    free(loop->sources);
    free(loop);
}

static int loop_add(void *arg, unsigned index, int fd)
{
    struct loop *loop = arg;
    struct mio_source *source = &loop->sources[index];
    int result = mio_source_init_fd(source, fd);
    if (result == 0)
        result = mio_register(mio_poll_registry(&loop->poll), source, (mio_token)fd, READ_INTEREST);
    return result;
}

static int loop_change(void *arg, unsigned index, bool writable)
{
    struct loop *loop = arg;
    struct mio_source *source = &loop->sources[index];
    return mio_reregister(mio_poll_registry(&loop->poll), source, (mio_token)mio_source_fd(source),
                          READ_INTEREST | (writable ? MIO_WRITABLE : 0));
}

static int loop_remove(void *arg, unsigned index)
{
    struct loop *loop = arg;
    return mio_deregister(mio_poll_registry(&loop->poll), &loop->sources[index]);
}

static int loop_flush(void *arg)
{
    struct loop *loop = arg;
    return mio_poll_wait(&loop->poll, loop->events, MAX_EVENTS, 0) < 0;
}

static unsigned loop_turn(void *arg)
{
    struct loop *loop = arg;
    uint64_t count;
    int n = mio_poll_wait(&loop->poll, loop->events, MAX_EVENTS, 0);
    for (int i = 0; i < n; i++) {
        const struct mio_event *event = &loop->events[i];
        if (event->token != WAKER && mio_event_is_readable(event))
            (void)!read((mio_fd)event->token, &count, sizeof count);
    }
    return n < 0 ? 0 : (unsigned)n;
}

static int loop_wait(void *arg, int64_t timeout_ns)
{
    struct loop *loop = arg;
    return mio_poll_wait(&loop->poll, loop->events, MAX_EVENTS,
                         timeout_ns < 0 ? MIO_FOREVER : timeout_ns) < 0;
}

static int loop_wake(void *arg)
{
    struct loop *loop = arg;
    return mio_waker_wake(&loop->waker);
}

const struct contestant contestant = {
    .version = loop_version,
    .handle_bytes = sizeof(struct mio_source),
    .open = loop_open,
    .close = loop_close,
    .add = loop_add,
    .change = loop_change,
    .remove = loop_remove,
    .flush = IS_EMULATED ? loop_flush : NULL,
    .turn = loop_turn,
    .wait = loop_wait,
    .wake = loop_wake,
    .serve = mio_contestant_serve,
};
