/*
 * epoll(7) by hand: what there is to reach. Edge-triggered, registered once, nothing looked up:
 * an event carries the descriptor.
 */
#define _GNU_SOURCE 1 /* epoll_pwait2 */
#include "raw.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/utsname.h>
#include <unistd.h>

struct loop {
    int epoll, waker;
    atomic_bool woken; /* the waker of the one that spins: nothing but a word */
    int *fds;
    struct epoll_event events[MAX_EVENTS];
};

static const char *raw_version(void)
{
    static struct utsname name;
    return uname(&name) == 0 ? name.release : "unknown";
}

static void *raw_open(unsigned sources, bool shared)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop || !(loop->fds = calloc(sources + 1, sizeof *loop->fds)))
        return NULL;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->waker = -1;
    if (shared) {
        /* Edge-triggered and never read: each write is an event. */
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = -1};
        loop->waker = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->waker, &event) != 0)
            return NULL;
    }
    return loop;
}

static void raw_close(void *arg)
{
    struct loop *loop = arg;
    if (loop->waker >= 0)
        close(loop->waker);
    close(loop->epoll);
    free(loop->fds);
    free(loop);
}

static int raw_add(void *arg, unsigned index, int fd)
{
    struct loop *loop = arg;
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.fd = fd};
    loop->fds[index] = fd;
    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event);
}

static int raw_change(void *arg, unsigned index, bool writable)
{
    struct loop *loop = arg;
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET,
                                .data.fd = loop->fds[index]};
    if (writable)
        event.events |= EPOLLOUT;
    return epoll_ctl(loop->epoll, EPOLL_CTL_MOD, loop->fds[index], &event);
}

static int raw_remove(void *arg, unsigned index)
{
    struct loop *loop = arg;
    return epoll_ctl(loop->epoll, EPOLL_CTL_DEL, loop->fds[index], NULL);
}

static unsigned raw_turn(void *arg)
{
    struct loop *loop = arg;
    uint64_t count;
    int n = epoll_wait(loop->epoll, loop->events, MAX_EVENTS, 0);
    for (int i = 0; i < n; i++)
        if (loop->events[i].data.fd >= 0 && (loop->events[i].events & EPOLLIN))
            (void)!read(loop->events[i].data.fd, &count, sizeof count);
    return n < 0 ? 0 : (unsigned)n;
}

/* Woken by the word alone, for nothing else is watched where it is used. */
static int raw_spin(struct loop *loop, int64_t timeout_ns)
{
    int64_t end = timeout_ns < 0 ? INT64_MAX : now_ns() + timeout_ns;
    while (!atomic_exchange(&loop->woken, false)) {
        while (timeout_ns < 0 && !atomic_load_explicit(&loop->woken, memory_order_relaxed))
            continue;
        if (timeout_ns >= 0 && now_ns() >= end)
            break;
    }
    return 0;
}

static int raw_wait(void *arg, int64_t timeout_ns)
{
    struct loop *loop = arg;
    if (RAW_SPIN)
        return raw_spin(loop, timeout_ns);
    if (timeout_ns < 0)
        return epoll_wait(loop->epoll, loop->events, MAX_EVENTS, -1) < 0;
    if (RAW_USUAL) {
        int ms = (int)((timeout_ns + NS_PER_MS - 1) / NS_PER_MS);
        return epoll_wait(loop->epoll, loop->events, MAX_EVENTS, ms) < 0;
    }
    struct timespec timeout = {timeout_ns / NS_PER_S, timeout_ns % NS_PER_S};
    return epoll_pwait2(loop->epoll, loop->events, MAX_EVENTS, &timeout, NULL) < 0;
}

static int raw_wake(void *arg)
{
    struct loop *loop = arg;
    if (RAW_SPIN) {
        atomic_store(&loop->woken, true);
        return 0;
    }
    return eventfd_write(loop->waker, 1);
}

const struct contestant contestant = {
    .version = raw_version,
    .handle_bytes = sizeof(int),
    .open = raw_open,
    .close = raw_close,
    .add = raw_add,
    .change = raw_change,
    .remove = raw_remove,
    .turn = raw_turn,
    .wait = raw_wait,
    .wake = raw_wake,
    .serve = raw_serve,
};
