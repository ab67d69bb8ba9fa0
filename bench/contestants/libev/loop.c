/* libev's loop on epoll, with an I/O watcher for each descriptor. */
#include "libev_contestant.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct loop {
    struct ev_loop *ev;
    ev_async waker;
    ev_timer timer;
    ev_io *sources;
    unsigned events; /* since the turn began */
    bool timed_out;
};

static void on_readable(struct ev_loop *ev, ev_io *source, int events)
{
    struct loop *loop = ev_userdata(ev);
    uint64_t count;
    loop->events++;
    if (events & EV_READ)
        (void)!read(source->fd, &count, sizeof count);
}

static void on_wake(struct ev_loop *ev, ev_async *waker, int events)
{
    struct loop *loop = ev_userdata(ev);
    (void)waker, (void)events;
    loop->events++;
}

static void on_timeout(struct ev_loop *ev, ev_timer *timer, int events)
{
    struct loop *loop = ev_userdata(ev);
    (void)timer, (void)events;
    loop->timed_out = true;
}

/* The headers know major and minor alone, and so does the library. */
static const char *loop_version(void)
{
    static char text[32];
    snprintf(text, sizeof text, "%d.%d", ev_version_major(), ev_version_minor());
    return text;
}

static void *loop_open(unsigned sources, bool shared)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop || !(loop->sources = calloc(sources + 1, sizeof *loop->sources)))
        return NULL;
    if (!(loop->ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV)))
        return NULL;
    ev_set_userdata(loop->ev, loop);
    ev_async_init(&loop->waker, on_wake);
    if (shared)
        ev_async_start(loop->ev, &loop->waker);
    ev_init(&loop->timer, on_timeout);
    return loop;
}

static void loop_close(void *arg)
{
    struct loop *loop = arg;
    ev_loop_destroy(loop->ev); /* watchers need not be stopped for that */
    free(loop->sources);
    free(loop);
}

static int loop_add(void *arg, unsigned index, int fd)
{
    struct loop *loop = arg;
    ev_io_init(&loop->sources[index], on_readable, fd, EV_READ);
    ev_io_start(loop->ev, &loop->sources[index]);
    return 0;
}

static int loop_change(void *arg, unsigned index, bool writable)
{
    struct loop *loop = arg;
    ev_io *source = &loop->sources[index];
    ev_io_stop(loop->ev, source);
    ev_io_modify(source, EV_READ | (writable ? EV_WRITE : 0));
    ev_io_start(loop->ev, source);
    return 0;
}

static int loop_remove(void *arg, unsigned index)
{
    struct loop *loop = arg;
    ev_io_stop(loop->ev, &loop->sources[index]);
    return 0;
}

static unsigned loop_turn(void *arg)
{
    struct loop *loop = arg;
    loop->events = 0;
    ev_run(loop->ev, EVRUN_NOWAIT);
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
        ev_now_update(loop->ev); /* a timer counts from the time that the loop remembers */
        ev_timer_set(&loop->timer, (double)timeout_ns / (double)NS_PER_S, 0.);
        ev_timer_start(loop->ev, &loop->timer);
    }
    do
        is_alive = ev_run(loop->ev, EVRUN_ONCE);
    while (is_alive && loop->events == 0 && !loop->timed_out);
    ev_timer_stop(loop->ev, &loop->timer);
    /* A loop in which nothing is active does not wait: that is no success. */
    return loop->events == 0 && !loop->timed_out;
}

static int loop_wake(void *arg)
{
    struct loop *loop = arg;
    ev_async_send(loop->ev, &loop->waker);
    return 0;
}

const struct contestant contestant = {
    .version = loop_version,
    .handle_bytes = sizeof(ev_io),
    .open = loop_open,
    .close = loop_close,
    .add = loop_add,
    .change = loop_change,
    .remove = loop_remove,
    .flush = loop_flush,
    .turn = loop_turn,
    .wait = loop_wait,
    .wake = loop_wake,
    .serve = libev_serve,
};
