/* Waits that do not wait, and what may and what must be reported. */
#define _GNU_SOURCE 1 /* POLLRDHUP */
#include "world.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#ifndef POLLRDHUP
#define POLLRDHUP 0
#endif

#define ALL_READINESS                                                                              \
    (MIO_READABLE | MIO_PRIORITY | MIO_WRITABLE | MIO_ERROR | MIO_READ_CLOSED | MIO_WRITE_CLOSED)

static struct source *find_source(struct world *world, int poll, mio_token token)
{
    for (int i = 0; i < SOURCES; i++) {
        struct source *source = &world->sources[i];
        if ((source->poll == poll && source->token == token) || source->ghost[poll] == token)
            return source;
    }
    return NULL;
}

static struct waker *find_waker(struct world *world, int poll, mio_token token)
{
    for (int i = 0; i < WAKERS; i++)
        if (world->wakers[i].poll == poll && world->wakers[i].token == token)
            return &world->wakers[i];
    return NULL;
}

static void check_event_text(const struct mio_event *event)
{
    char text[MIO_EVENT_TEXT];
    int length = mio_event_format(event, text, sizeof text);
    FUZZ_CHECK(length > 0 && length < MIO_EVENT_TEXT);
    FUZZ_EQ(strlen(text), length);
    FUZZ_EQ(mio_event_format(event, text, (size_t)length), -ENOSPC);
    FUZZ_EQ(text[0], '\0');
    FUZZ_CHECK(mio_interest_format(event->readiness, text, sizeof text) > 0);
}

/* Of somebody who is there. Oneshot sources, and wakes, are told once. */
static void check_event(struct world *world, int poll, const struct mio_event *event, bool has_room)
{
    struct waker *waker = find_waker(world, poll, event->token);
    struct source *source = find_source(world, poll, event->token);
    check_event_text(event);
    FUZZ_CHECK(event->readiness != 0 && (event->readiness & ~ALL_READINESS) == 0);
    if (waker) {
        FUZZ_EQ(event->readiness, MIO_READABLE);
        FUZZ_CHECK(waker->pending);
        waker->pending = false;
        return;
    }
    FUZZ_CHECK(source);
    if (source->poll != poll || source->token != event->token)
        return;
    bool by_direction = facts_of(world, poll)->by_direction;
    uint32_t again = by_direction ? source->told & event->readiness : source->told;
    FUZZ_CHECK((again & (MIO_READABLE | MIO_WRITABLE)) == 0 || !(source->interest & MIO_ONESHOT));
    source->told |= event->readiness;
    source->fresh = source->fresh && has_room;
}

/* The system's view of a descriptor, of the directions that the source asked for. */
static uint32_t asked_readiness(const struct source *source)
{
    struct pollfd entry = {
        .fd = mio_source_fd(source->kind == CUSTOM ? &source->inner : &source->source),
        .events = POLLIN | POLLOUT | POLLRDHUP,
    };
    bool has_end = source->kind == STREAM || source->kind == RECEIVER;
    uint32_t readiness = 0;
    FUZZ_CHECK(poll_uninterrupted(&entry, 1) >= 0);
    FUZZ_CHECK(!(entry.revents & POLLNVAL));
    if (entry.revents & (POLLIN | POLLRDHUP | POLLHUP | POLLERR))
        readiness |= MIO_READABLE;
    if (!source->one_way && (entry.revents & (POLLOUT | POLLHUP | POLLERR)))
        readiness |= MIO_WRITABLE;
    if (has_end && (entry.revents & (POLLRDHUP | POLLHUP)))
        readiness |= MIO_READ_CLOSED;
    return readiness & source->interest;
}

/* In level mode at every wait, else once after a registration. */
static void check_source_was_told(struct source *source, const struct mio_event *events, int n)
{
    uint32_t told = 0;
    bool always = (source->interest & (MIO_LEVEL | MIO_ONESHOT)) == MIO_LEVEL;
    for (int i = 0; i < n; i++)
        if (events[i].token == source->token)
            told |= events[i].readiness;
    if (always || (source->fresh && !(source->interest & MIO_ONESHOT)))
        FUZZ_EQ(asked_readiness(source) & ~told, 0);
    else if (source->fresh && !source->told)
        FUZZ_EQ(asked_readiness(source), 0);
    source->fresh = false;
}

static void check_all_was_told(struct world *world, int poll, const struct mio_event *events, int n)
{
    for (int i = 0; i < SOURCES; i++)
        if (world->sources[i].poll == poll)
            check_source_was_told(&world->sources[i], events, n);
    for (int i = 0; i < WAKERS; i++)
        FUZZ_CHECK(world->wakers[i].poll != poll || !world->wakers[i].pending);
}

static void check_forget(struct mio_event *events, int n)
{
    mio_token token = events[n / 2].token;
    mio_events_forget(events, (size_t)n, token);
    for (int i = 0; i < n; i++)
        FUZZ_EQ(events[i].readiness == 0, events[i].token == token);
}

/* LibFuzzer has a timer whose signals come at any time. No event is lost by them. */
static int wait_uninterrupted(struct poll *poll, struct mio_event *events, size_t capacity,
                              int64_t timeout_ns)
{
    for (int tries = 0; tries < TRIES; tries++) {
        int n = mio_poll_wait(&poll->poll, events, capacity, timeout_ns);
        poll->waits += poll->open && capacity > 0;
        if (n != -EINTR)
            return n;
    }
    return -EINTR;
}

void look_for_events(struct world *world, int index, size_t capacity, int64_t timeout_ns)
{
    struct poll *poll = &world->polls[index];
    struct mio_event *block = calloc(EVENTS_MAX, sizeof *block);
    FUZZ_CHECK(block && capacity <= EVENTS_MAX);
    struct mio_event *events = block + EVENTS_MAX - capacity; /* nothing lies behind them */
    int n = wait_uninterrupted(poll, events, capacity, timeout_ns);
    if (capacity == 0 || !poll->open) {
        FUZZ_EQ(n, capacity == 0 ? -EINVAL : -EBADF);
        free(block);
        return;
    }
    FUZZ_CHECK(n >= 0 && (size_t)n <= capacity);
    poll->events += (uint64_t)n;
    for (int i = 0; i < n; i++)
        check_event(world, index, &events[i], capacity == EVENTS_MAX);
    if (capacity == EVENTS_MAX)
        check_all_was_told(world, index, events, n);
    if (n > 0)
        check_forget(events, n);
    free(block);
}
