/*
 * deadlines: timeouts from the program's own timers. A heap holds the deadlines; each wait lasts at
 * most until the first of them. A server closes connections that were silent for too long, while
 * its clients, in the same loop, send a byte every now and then and fall silent one by one.
 *
 * Try it:  ./deadlines       (it ends by itself, after a second)
 */
#include <mio.h>
#include <stdio.h>
#include <stdlib.h>

#define CLIENTS 6
#define SEND_NS (40 * MIO_NS_PER_MS)  /* a client sends that often */
#define IDLE_NS (150 * MIO_NS_PER_MS) /* a connection may be silent that long */
#define MAX_ERRORS 16                 /* of accept */

struct endpoint {
    struct mio_tcp_stream stream;
    bool is_client;
    int name; /* of the client; the server learns it from the bytes that it gets */
    int left; /* bytes that a client still sends */
    uint32_t ready;
    int64_t since; /* when the last byte came */
    int64_t deadline;
    size_t place; /* in the heap, from 1; 0: no timer runs */
};

static struct mio_poll poll;
static struct mio_tcp_listener listener;
static struct mio_event events[32];
static size_t event_count;
static struct endpoint clients[CLIENTS], connections[CLIENTS];
static int accepted, open_clients;

/* ---- Timers: a binary heap, the earliest deadline first -------------------------------------- */

static struct endpoint *heap[1 + 2 * CLIENTS]; /* 0 is not used */
static size_t heap_size;

static void heap_put(size_t place, struct endpoint *e)
{
    heap[place] = e;
    e->place = place;
}

/* Finds the place for e, beginning with one that is free. */
static void heap_settle(size_t place, struct endpoint *e)
{
    for (; place > 1 && e->deadline < heap[place / 2]->deadline; place /= 2)
        heap_put(place, heap[place / 2]);
    for (;;) {
        size_t child = 2 * place;
        if (child < heap_size && heap[child + 1]->deadline < heap[child]->deadline)
            child++;
        if (child > heap_size || e->deadline <= heap[child]->deadline)
            break;
        heap_put(place, heap[child]);
        place = child;
    }
    heap_put(place, e);
}

static void timer_start(struct endpoint *e, int64_t deadline)
{
    e->deadline = deadline;
    heap_settle(e->place != 0 ? e->place : ++heap_size, e);
}

static void timer_stop(struct endpoint *e)
{
    if (e->place == 0)
        return;
    struct endpoint *last = heap[heap_size--];
    if (last != e)
        heap_settle(e->place, last);
    e->place = 0;
}

/* ---- Connections ----------------------------------------------------------------------------- */

static void check(const char *what, ptrdiff_t result)
{
    if (result < 0) {
        fprintf(stderr, "deadlines: %s: %s\n", what, mio_strerror((int)result));
        exit(EXIT_FAILURE);
    }
}

static void watch(struct endpoint *e)
{
    check("register", mio_register(mio_poll_registry(&poll), &e->stream.source, (mio_token)e,
                                   MIO_READABLE | MIO_WRITABLE));
}

static void end(struct endpoint *e)
{
    timer_stop(e);
    check("close", mio_tcp_stream_close(&e->stream));
    mio_events_forget(events, event_count, (mio_token)e);
}

static void accept_all(void)
{
    int errors = 0;
    while (accepted < CLIENTS) {
        struct endpoint *e = &connections[accepted];
        int error = mio_tcp_listener_accept(&listener, &e->stream, NULL);
        if (error == -EAGAIN)
            return;
        if (mio_accept_should_continue(error) && ++errors < MAX_ERRORS)
            continue;
        check("accept", error);
        accepted++;
        e->since = mio_now_ns();
        timer_start(e, e->since + IDLE_NS);
        watch(e);
    }
}

/* Reads what came. Every byte is the sender's name, and moves the deadline of the connection. */
static void receive(struct endpoint *e)
{
    while (e->ready & MIO_READABLE) {
        unsigned char buf[64];
        ptrdiff_t n = mio_tcp_stream_read(&e->stream, buf, sizeof buf);
        mio_ready_after(&e->ready, MIO_READABLE, n, sizeof buf);
        if (n == 0 || n == -ECONNRESET) { /* only clients see the end: the server closes first */
            end(e);
            open_clients--;
            return;
        }
        if (n == -EAGAIN)
            return;
        check("read", n);
        e->name = buf[0];
        e->since = mio_now_ns();
        timer_start(e, e->since + IDLE_NS);
    }
}

/* ---- What happens in time -------------------------------------------------------------------- */

static void expire(struct endpoint *e, int64_t now)
{
    if (!e->is_client) {
        printf("client %d was silent for %.1f ms: closed\n", e->name,
               (double)(now - e->since) / (double)MIO_NS_PER_MS);
        end(e);
        return;
    }
    if (e->ready & MIO_WRITABLE) {
        unsigned char byte = (unsigned char)e->name;
        ptrdiff_t n = mio_tcp_stream_write(&e->stream, &byte, 1);
        mio_ready_after(&e->ready, MIO_WRITABLE, n, 1);
        if (n == 1)
            e->left--;
        else if (n == -EPIPE || n == -ECONNRESET)
            e->left = 0; /* this machine was so slow that the server gave up on us */
        else if (n != -EAGAIN)
            check("write", n);
    }
    /* Counted from the deadline, not from now, so that lateness does not add up. */
    int64_t next = e->deadline + SEND_NS;
    timer_stop(e);
    if (e->left > 0)
        timer_start(e, next);
}

static void run(void)
{
    while (open_clients > 0) {
        /* A deadline that has passed gives a negative timeout: the wait only looks. */
        int64_t timeout = heap_size > 0 ? heap[1]->deadline - mio_now_ns() : MIO_FOREVER;
        int count = mio_poll_wait(&poll, events, sizeof events / sizeof events[0], timeout);
        if (count == -EINTR)
            continue;
        check("wait", count);
        event_count = (size_t)count;
        for (size_t i = 0; i < event_count; i++) {
            if (events[i].token == (mio_token)&listener) {
                accept_all();
            } else if (events[i].readiness != 0) { /* 0: forgotten by end() */
                struct endpoint *e = (struct endpoint *)events[i].token;
                e->ready |= events[i].readiness;
                receive(e);
            }
        }
        event_count = 0;
        for (int64_t now = mio_now_ns(); heap_size > 0 && heap[1]->deadline <= now;)
            expire(heap[1], now);
    }
}

int main(void)
{
    struct mio_addr addr;

    check("poll", mio_poll_init(&poll));
    check("address", mio_addr_parse(&addr, "127.0.0.1:0"));
    check("bind", mio_tcp_listener_bind(&listener, &addr));
    check("address", mio_tcp_listener_local_addr(&listener, &addr));
    check("register", mio_register(mio_poll_registry(&poll), &listener.source, (mio_token)&listener,
                                   MIO_READABLE));
    for (int i = 0; i < CLIENTS; i++) {
        struct endpoint *e = &clients[i];
        e->is_client = true;
        e->name = i + 1;
        e->left = 1 + 3 * i;
        check("connect", mio_tcp_stream_connect(&e->stream, &addr));
        watch(e);
        timer_start(e, mio_now_ns() + SEND_NS);
        open_clients++;
    }
    run();
    check("close", mio_tcp_listener_close(&listener));
    check("close", mio_poll_close(&poll));
    return 0;
}
