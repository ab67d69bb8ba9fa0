/*
 * The event loop: echoes what connections send, counts wakes, and watches the pipe through which
 * the clients report. Tokens are small numbers: listeners first, then the others, then connections.
 */
#define _POSIX_C_SOURCE 200809L

#include "demo.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define TURN 4         /* reads and writes for one connection before the others have theirs */
#define SABOTAGE_AT 50 /* connections before something is broken on purpose */
#define MAX_CONNECTIONS (sizeof((struct server *)0)->connections / sizeof(struct connection))
#define MAX_EVENTS (sizeof((struct server *)0)->events / sizeof(struct mio_event))

enum { TOKEN_WAKER = MAX_TARGETS, TOKEN_REPORT, TOKEN_CONNECTION };

/* Keeps the first failure. */
static void server_fail(struct server *server, const char *format, ...)
{
    va_list arguments;
    if (server->failure[0] != 0)
        return;
    va_start(arguments, format);
    vsnprintf(server->failure, sizeof server->failure, format, arguments);
    va_end(arguments);
}

static bool check(struct server *server, const char *what, int error)
{
    if (error < 0)
        server_fail(server, "%s: %s", what, mio_strerror(error));
    return error >= 0;
}

static mio_token connection_token(const struct server *server, const struct connection *c)
{
    return TOKEN_CONNECTION + (mio_token)(c - server->connections);
}

static void disconnect(struct server *server, struct connection *c)
{
    check(server, "close", mio_tcp_stream_close(&c->stream));
    mio_events_forget(server->events, server->event_count, connection_token(server, c));
    c->next_free = server->free;
    server->free = c;
}

static void accept_all(struct server *server, struct mio_tcp_listener *listener)
{
    for (;;) {
        struct connection *c = server->free;
        server->paused[listener - server->listeners] = c == NULL;
        if (c == NULL) /* some ended already, but their events wait: go on when one is closed */
            return;
        int error = mio_tcp_listener_accept(listener, &c->stream, NULL);
        if (error == -EAGAIN)
            break;
        if (mio_accept_should_continue(error))
            continue;
        if (error == 0)
            error = mio_register(mio_poll_registry(&server->poll), &c->stream.source,
                                 connection_token(server, c), MIO_READABLE | MIO_WRITABLE);
        if (!check(server, "accept", error)) {
            mio_tcp_stream_close(&c->stream);
            return;
        }
        server->free = c->next_free;
        server->accepted++;
        c->ready = 0;
        c->begin = c->end = 0;
    }
    if (server->sabotage == SABOTAGE_REFUSE && server->accepted > SABOTAGE_AT) {
        server->sabotage = SABOTAGE_NONE;
        check(server, "close", mio_tcp_listener_close(listener));
        mio_events_forget(server->events, server->event_count,
                          (mio_token)(listener - server->listeners));
    }
}

/* One write or one read, as back-pressure demands. Returns false when the connection is over. */
static bool step(struct server *server, struct connection *c)
{
    ptrdiff_t n;
    if (c->begin < c->end) {
        size_t asked = c->end - c->begin;
        n = mio_tcp_stream_write(&c->stream, c->buf + c->begin, asked);
        mio_ready_after(&c->ready, MIO_WRITABLE, n, asked);
        if (n > 0)
            c->begin += (size_t)n;
    } else {
        n = mio_tcp_stream_read(&c->stream, c->buf, sizeof c->buf);
        mio_ready_after(&c->ready, MIO_READABLE, n, sizeof c->buf);
        c->begin = 0;
        c->end = n > 0 ? (size_t)n : 0;
        server->bytes += c->end;
        if (server->sabotage == SABOTAGE_BYTE && c->end > 0 && server->accepted > SABOTAGE_AT) {
            server->sabotage = SABOTAGE_NONE;
            c->buf[c->end / 2] ^= 1;
        }
    }
    /* 0 is the end of what the peer sends; an error is the client's to report, who sees it too. */
    return n > 0 || n == -EAGAIN;
}

static void serve(struct server *server, struct connection *c)
{
    for (int i = 0; c->ready & (c->begin < c->end ? MIO_WRITABLE : MIO_READABLE); i++) {
        if (i == TURN) {
            /* Others wait. It is not drained, so no event would come by itself: ask for one. */
            check(server, "reregister",
                  mio_reregister(mio_poll_registry(&server->poll), &c->stream.source,
                                 connection_token(server, c), MIO_READABLE | MIO_WRITABLE));
            return;
        }
        if (!step(server, c)) {
            disconnect(server, c);
            return;
        }
    }
}

/*
 * Reads what the clients report. Rows are smaller than what a pipe takes in one piece, so whole
 * rows come out. The pipe is a raw descriptor: its owner reads it and reports each drain.
 */
static void read_report(struct server *server)
{
    struct row rows[8];
    while (server->report_ready & MIO_READABLE) {
        ssize_t n = read(mio_source_fd(&server->report), rows, sizeof rows);
        if (n < 0)
            n = -errno;
        mio_ready_after(&server->report_ready, MIO_READABLE, n, sizeof rows);
        for (size_t i = 0; n > 0 && i < (size_t)n / sizeof rows[0]; i++) {
            server->rows[rows[i].index] = rows[i];
            report_progress(&rows[i]);
            server->heard_at = mio_now_ns();
        }
        if (n == 0) {
            server->clients_ended = true;
            wakes_ask_to_end(&server->wakes);
            return;
        }
        if (n < 0 && n != -EAGAIN && n != -EINTR) {
            check(server, "report", (int)n);
            return;
        }
    }
    check(server, "report", mio_source_blocked(&server->report, MIO_READABLE));
}

static bool server_open(struct server *server, unsigned listeners, int report_fd)
{
    struct mio_registry *registry = mio_poll_registry(&server->poll);
    for (size_t i = MAX_CONNECTIONS; i-- > 0;) {
        server->connections[i].next_free = server->free;
        server->free = &server->connections[i];
    }
    if (!check(server, "poll", mio_poll_init(&server->poll)) ||
        !check(server, "report", mio_source_init_fd(&server->report, report_fd)) ||
        !check(server, "report",
               mio_register(registry, &server->report, TOKEN_REPORT, MIO_READABLE)))
        return false;
    for (unsigned i = 0; i < listeners; i++) {
        struct mio_source *source = &server->listeners[i].source;
        if (mio_source_fd(source) != MIO_FD_NONE &&
            !check(server, "listener", mio_register(registry, source, i, MIO_READABLE)))
            return false;
    }
    return true;
}

static void dispatch(struct server *server, const struct mio_event *event)
{
    if (event->readiness == 0) /* forgotten by disconnect */
        return;
    if (event->token < MAX_TARGETS) {
        accept_all(server, &server->listeners[event->token]);
    } else if (event->token == TOKEN_WAKER) {
        server->wake_events++;
        server->wakes_ended = wakes_seen(&server->wakes);
    } else if (event->token == TOKEN_REPORT) {
        server->report_ready |= event->readiness;
        read_report(server);
    } else {
        struct connection *c = &server->connections[event->token - TOKEN_CONNECTION];
        c->ready |= event->readiness;
        serve(server, c);
    }
}

/* Until the clients and the waking thread have ended, or something failed. */
static void server_loop(struct server *server)
{
    server->heard_at = mio_now_ns();
    while (!(server->clients_ended && server->wakes_ended) && server->failure[0] == 0) {
        int64_t timeout = server->heard_at + STALL_NS - mio_now_ns();
        int count = mio_poll_wait(&server->poll, server->events, MAX_EVENTS, timeout);
        if (count == -EINTR)
            continue;
        if (!check(server, "wait", count))
            return;
        if (timeout <= 0)
            server_fail(server, "nothing heard for %d s", (int)(STALL_NS / MIO_NS_PER_S));
        server->event_count = (size_t)count;
        for (size_t i = 0; i < server->event_count; i++)
            dispatch(server, &server->events[i]);
        for (unsigned i = 0; i < MAX_TARGETS; i++)
            if (server->paused[i] && server->free != NULL)
                accept_all(server, &server->listeners[i]);
    }
}

static void server_close(struct server *server, unsigned listeners)
{
    server->backend = mio_poll_backend_name(&server->poll);
    check(server, "counters", mio_poll_counters(&server->poll, &server->counters));
    for (size_t i = 0; i < MAX_CONNECTIONS; i++)
        check(server, "close", mio_tcp_stream_close(&server->connections[i].stream));
    for (unsigned i = 0; i < listeners; i++)
        check(server, "close", mio_tcp_listener_close(&server->listeners[i]));
    if (mio_source_is_registered(&server->report))
        check(server, "close", mio_deregister(mio_poll_registry(&server->poll), &server->report));
    check(server, "close", mio_poll_close(&server->poll));
}

bool server_run(struct server *server, unsigned listeners, int report_fd)
{
    if (server_open(server, listeners, report_fd) &&
        check(server, "waker",
              wakes_start(&server->wakes, mio_poll_registry(&server->poll), TOKEN_WAKER,
                          server->sabotage == SABOTAGE_WAKE))) {
        server_loop(server);
        check(server, "waker", wakes_finish(&server->wakes));
    }
    server_close(server, listeners);
    return server->failure[0] == 0;
}
