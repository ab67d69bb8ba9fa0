/* libevent's loop on epoll, with a persistent event for each descriptor. */
#include "libevent_contestant.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/thread.h>
#include <stdlib.h>
#include <unistd.h>

struct loop {
    struct event_base *base;
    struct event waker, timer;
    struct event *sources;
    unsigned events; /* since the turn began */
    bool timed_out;
};

static void on_readable(evutil_socket_t fd, short events, void *arg)
{
    struct loop *loop = arg;
    uint64_t count;
    loop->events++;
    if (events & EV_READ)
        (void)!read(fd, &count, sizeof count);
}

static void on_wake(evutil_socket_t fd, short events, void *arg)
{
    struct loop *loop = arg;
    (void)fd, (void)events;
    loop->events++;
}

static void on_timeout(evutil_socket_t fd, short events, void *arg)
{
    struct loop *loop = arg;
    (void)fd, (void)events;
    loop->timed_out = true;
}

/*
 * Each flag where it makes libevent faster:
 *   EPOLL_USE_CHANGELIST  a change costs one system call rather than two. The manual warns about
 *                         duplicated descriptors: there are none here.
 *   NO_CACHE_TIME         spares a look at the clock each turn: no callback asks for the time.
 *   NOLOCK                where no other thread touches the base.
 *   PRECISE_TIMER         waits with a timerfd, which is set anew each turn. A turn with one event
 *                         then takes half as long again, so only who waits for timeouts has it.
 */
struct event_base *libevent_open(bool shared, bool precise)
{
    int flags = EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST | EVENT_BASE_FLAG_NO_CACHE_TIME;
    if (!shared)
        flags |= EVENT_BASE_FLAG_NOLOCK;
    if (precise)
        flags |= EVENT_BASE_FLAG_PRECISE_TIMER;
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;
    if (config && event_config_set_flag(config, flags) == 0)
        base = event_base_new_with_config(config);
    if (config)
        event_config_free(config);
    return base;
}

static void *loop_open(unsigned sources, bool shared)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop || !(loop->sources = calloc(sources + 1, sizeof *loop->sources)))
        return NULL;
    if (shared && evthread_use_pthreads() != 0)
        return NULL;
    /* Without sources and without a waker there is nothing to wait for but timeouts. */
    if (!(loop->base = libevent_open(shared, sources == 0 && !shared)))
        return NULL;
    if (event_assign(&loop->waker, loop->base, -1, 0, on_wake, loop) != 0 ||
        evtimer_assign(&loop->timer, loop->base, on_timeout, loop) != 0)
        return NULL;
    return loop;
}

static void loop_close(void *arg)
{
    struct loop *loop = arg;
    event_base_free(loop->base);
    free(loop->sources);
    free(loop);
}

static int loop_add(void *arg, unsigned index, int fd)
{
    struct loop *loop = arg;
    struct event *source = &loop->sources[index];
    int result = event_assign(source, loop->base, fd, EV_READ | EV_PERSIST, on_readable, loop);
    return result != 0 ? result : event_add(source, NULL);
}

static int loop_change(void *arg, unsigned index, bool writable)
{
    struct loop *loop = arg;
    struct event *source = &loop->sources[index];
    short events = (short)(EV_READ | EV_PERSIST | (writable ? EV_WRITE : 0));
    if (event_del(source) != 0 ||
        event_assign(source, loop->base, event_get_fd(source), events, on_readable, loop) != 0)
        return -1;
    return event_add(source, NULL);
}

static int loop_remove(void *arg, unsigned index)
{
    struct loop *loop = arg;
    return event_del(&loop->sources[index]);
}

static unsigned loop_turn(void *arg)
{
    struct loop *loop = arg;
    loop->events = 0;
    /* EVLOOP_NONBLOCK alone would ask the system again until there is nothing more. */
    event_base_loop(loop->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    return loop->events;
}

static int loop_flush(void *arg)
{
    struct loop *loop = arg;
    /* A base without events would return before it carried out that they were removed. */
    return event_base_loop(loop->base, EVLOOP_ONCE | EVLOOP_NONBLOCK | EVLOOP_NO_EXIT_ON_EMPTY);
}

static int loop_wait(void *arg, int64_t timeout_ns)
{
    struct loop *loop = arg;
    loop->events = 0;
    loop->timed_out = false;
    if (timeout_ns >= 0) {
        int64_t us = (timeout_ns + 999) / 1000;
        struct timeval timeout = {us / 1000000, us % 1000000};
        if (event_add(&loop->timer, &timeout) != 0)
            return -1;
    }
    /* The waker is never pending, so it does not keep a base from being empty. */
    while (loop->events == 0 && !loop->timed_out)
        if (event_base_loop(loop->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY) != 0)
            return -1;
    return timeout_ns >= 0 ? event_del(&loop->timer) : 0;
}

static int loop_wake(void *arg)
{
    struct loop *loop = arg;
    event_active(&loop->waker, EV_READ, 0);
    return 0;
}

const struct contestant contestant = {
    .version = event_get_version,
    .handle_bytes = sizeof(struct event),
    .open = loop_open,
    .close = loop_close,
    .add = loop_add,
    .change = loop_change,
    .remove = loop_remove,
    .flush = loop_flush,
    .turn = loop_turn,
    .wait = loop_wait,
    .wake = loop_wake,
    .serve = libevent_serve,
};
