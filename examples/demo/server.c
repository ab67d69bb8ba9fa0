/*
 * The event loop: hands events to doors and connections, counts wakes, and watches the pipe through
 * which the clients report.
 */
#include "server.h"

#include <stdarg.h>
#include <stdio.h>

#define SABOTAGE_AT 50 /* connections or datagrams before something is broken on purpose */

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

bool server_check(struct server *server, const char *what, ptrdiff_t result)
{
    if (result < 0)
        server_fail(server, "%s: %s", what, mio_strerror(result));
    return result >= 0;
}

bool server_sabotages(struct server *server, enum sabotage what, const struct door *door)
{
    if (server->sabotage != what || door != &server->doors[server->sabotage_row] ||
        door->accepted <= SABOTAGE_AT)
        return false;
    server->sabotage = SABOTAGE_NONE;
    return true;
}

mio_token server_door_token(const struct server *server, const struct door *door)
{
    return (mio_token)(door - server->doors);
}

bool server_refuses(struct server *server, struct door *door)
{
    if (!server_sabotages(server, SABOTAGE_REFUSE, door))
        return false;
    door->paused = false;
    server_check(server, "close", door->kind->close_door(door));
    mio_events_forget(server->events, server->event_count, server_door_token(server, door));
    return true;
}

/* Reads what the clients report. */
static void read_report(struct server *server)
{
    struct row rows[8];
    while (server->report_ready & MIO_READABLE) {
        ptrdiff_t n = clients_read(&server->report_ready, rows, sizeof rows);
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
            server_check(server, "report", n);
            return;
        }
    }
}

static bool server_open(struct server *server)
{
    struct mio_registry *registry = mio_poll_registry(&server->poll);
    for (size_t i = SERVER_SLOTS; i-- > 0;) {
        server->connections[i].next_free = server->free;
        server->free = &server->connections[i];
    }
    if (!server_check(server, "poll", mio_poll_init(&server->poll)) ||
        !server_check(server, "report", clients_watch(registry, TOKEN_REPORT)))
        return false;
    for (unsigned i = 0; i < TARGETS; i++) {
        struct door *door = &server->doors[i];
        if (door->kind != NULL &&
            !server_check(server, "door",
                          mio_register(registry, &door->source, i, door->kind->interest)))
            return false;
    }
    return true;
}

static void dispatch(struct server *server, const struct mio_event *event)
{
    if (event->readiness == 0) /* forgotten when it was closed */
        return;
    if (event->token < TARGETS) {
        struct door *door = &server->doors[event->token];
        door->ready |= event->readiness;
        door->kind->serve(server, door);
    } else if (event->token == TOKEN_WAKER) {
        server->wake_events++;
        server->wakes_ended = wakes_seen(&server->wakes);
    } else if (event->token == TOKEN_REPORT) {
        server->report_ready |= event->readiness;
        read_report(server);
    } else {
        struct connection *c = &server->connections[event->token - TOKEN_CONNECTION];
        c->ready |= event->readiness;
        echo_serve(server, c);
    }
}

/* Until the clients and the waking thread have ended, or something failed. */
static void server_loop(struct server *server)
{
    server->heard_at = mio_now_ns();
    while (!(server->clients_ended && server->wakes_ended) && server->failure[0] == 0) {
        int64_t timeout = server->heard_at + STALL_NS - mio_now_ns();
        int count = mio_poll_wait(&server->poll, server->events, SERVER_EVENTS, timeout);
        if (count == -EINTR)
            continue;
        if (!server_check(server, "wait", count))
            return;
        if (timeout <= 0)
            server_fail(server, "nothing heard for %d s", (int)(STALL_NS / MIO_NS_PER_S));
        server->event_count = (size_t)count;
        for (size_t i = 0; i < server->event_count; i++)
            dispatch(server, &server->events[i]);
        for (unsigned i = 0; i < TARGETS; i++)
            if (server->doors[i].paused && server->free != NULL)
                echo_accept(server, &server->doors[i]);
    }
}

static void server_close(struct server *server)
{
    server->backend = mio_poll_backend_name(&server->poll);
    server_check(server, "counters", mio_poll_counters(&server->poll, &server->counters));
    for (size_t i = 0; i < SERVER_SLOTS; i++) {
        struct connection *c = &server->connections[i];
        if (c->door != NULL)
            server_check(server, "close", c->door->kind->close(c));
    }
    for (unsigned i = 0; i < TARGETS; i++) {
        struct door *door = &server->doors[i];
        if (door->kind != NULL)
            server_check(server, "close", door->kind->close_door(door));
    }
    server_check(server, "close", clients_unwatch(mio_poll_registry(&server->poll)));
    server_check(server, "close", mio_poll_close(&server->poll));
}

bool server_run(struct server *server)
{
    if (server_open(server) &&
        server_check(server, "waker",
                     wakes_start(&server->wakes, mio_poll_registry(&server->poll), TOKEN_WAKER,
                                 server->sabotage == SABOTAGE_WAKE))) {
        server_loop(server);
        server_check(server, "waker", wakes_finish(&server->wakes));
    }
    server_close(server);
    return server->failure[0] == 0;
}
