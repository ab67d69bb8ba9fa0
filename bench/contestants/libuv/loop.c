/* libuv's loop, with a poll handle for each descriptor. */
#include "libuv_contestant.h"

#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

struct loop {
    uv_loop_t uv;
    uv_async_t waker;
    uv_timer_t timer;
    uv_poll_t *sources;
    unsigned events; /* since the turn began */
    bool timed_out;
};

static void on_readable(uv_poll_t *source, int status, int events)
{
    struct loop *loop = source->loop->data;
    uint64_t count;
    loop->events++;
    if (status == 0 && (events & UV_READABLE))
        (void)!read((int)(intptr_t)source->data, &count, sizeof count);
}

static void on_wake(uv_async_t *waker)
{
    struct loop *loop = waker->loop->data;
    loop->events++;
}

static void on_timeout(uv_timer_t *timer)
{
    struct loop *loop = timer->loop->data;
    loop->timed_out = true;
}

static void *loop_open(unsigned sources, bool shared)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop || !(loop->sources = calloc(sources + 1, sizeof *loop->sources)))
        return NULL;
    if (uv_loop_init(&loop->uv) != 0 || uv_timer_init(&loop->uv, &loop->timer) != 0)
        return NULL;
    if (shared && uv_async_init(&loop->uv, &loop->waker, on_wake) != 0)
        return NULL;
    loop->uv.data = loop;
    return loop;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void loop_close(void *arg)
{
    struct loop *loop = arg;
    uv_walk(&loop->uv, close_handle, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT); /* a handle is ours again only after this */
    uv_loop_close(&loop->uv);
    free(loop->sources);
    free(loop);
}

static int loop_add(void *arg, unsigned index, int fd)
{
    struct loop *loop = arg;
    uv_poll_t *source = &loop->sources[index];
    int result = uv_poll_init(&loop->uv, source, fd);
    source->data = (void *)(intptr_t)fd;
    return result != 0 ? result : uv_poll_start(source, UV_READABLE, on_readable);
}

static int loop_change(void *arg, unsigned index, bool writable)
{
    struct loop *loop = arg;
    return uv_poll_start(&loop->sources[index], UV_READABLE | (writable ? UV_WRITABLE : 0),
                         on_readable);
}

static int loop_remove(void *arg, unsigned index)
{
    struct loop *loop = arg;
    /* It stops the handle too. A uv_poll_stop before it would only repeat the system call. */
    uv_close((uv_handle_t *)&loop->sources[index], NULL);
    return 0;
}

static unsigned loop_turn(void *arg)
{
    struct loop *loop = arg;
    loop->events = 0;
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    return loop->events;
}

static int loop_flush(void *arg)
{
    loop_turn(arg);
    return 0;
}

static int loop_wait(void *arg, int64_t timeout_ns)
{
    struct loop *loop = arg;
    int is_alive;
    loop->events = 0;
    loop->timed_out = false;
    if (timeout_ns >= 0) {
        uint64_t ms = (uint64_t)((timeout_ns + NS_PER_MS - 1) / NS_PER_MS);
        uv_update_time(&loop->uv); /* a timer counts from the time that the loop remembers */
        uv_timer_start(&loop->timer, on_timeout, ms, 0);
    }
    do
        is_alive = uv_run(&loop->uv, UV_RUN_ONCE);
    while (is_alive && loop->events == 0 && !loop->timed_out);
    uv_timer_stop(&loop->timer);
    /* A loop in which nothing is active does not wait: that is no success. */
    return loop->events == 0 && !loop->timed_out;
}

static int loop_wake(void *arg)
{
    struct loop *loop = arg;
    return uv_async_send(&loop->waker);
}

const struct contestant contestant = {
    .version = uv_version_string,
    .handle_bytes = sizeof(uv_poll_t),
    .open = loop_open,
    .close = loop_close,
    .add = loop_add,
    .change = loop_change,
    .remove = loop_remove,
    .flush = loop_flush,
    .turn = loop_turn,
    .wait = loop_wait,
    .wake = loop_wake,
    .serve = libuv_serve,
};
