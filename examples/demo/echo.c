/*
 * Connections: whatever they are made of, what comes in goes out again, and nothing is read while
 * something waits to be written. That is the back-pressure: a peer that does not read is not read.
 */
#include "server.h"

#define TURN 4           /* reads and writes for one connection before the others have theirs */
#define ACCEPT_ERRORS 16 /* of accept in a row */

/* mio_register or mio_reregister. */
typedef int watch_call(struct mio_registry *registry, struct mio_source *source, mio_token token,
                       mio_interest interest);

static mio_token token_of(const struct server *server, const struct connection *c)
{
    return TOKEN_CONNECTION + (mio_token)(c - server->connections);
}

/*
 * A pair of pipes is two sources with one token, so its events meet in one word. It may then say
 * more than there is, which costs a call that returns -EAGAIN, but never less.
 */
static int watch(struct server *server, struct connection *c, watch_call *call)
{
    struct mio_registry *registry = mio_poll_registry(&server->poll);
    mio_token token = token_of(server, c);
    if (c->in == c->out)
        return call(registry, c->in, token, MIO_READABLE | MIO_WRITABLE);
    int error = call(registry, c->in, token, MIO_READABLE);
    return error == 0 ? call(registry, c->out, token, MIO_WRITABLE) : error;
}

static void disconnect(struct server *server, struct connection *c)
{
    server_check(server, "close", c->door->kind->close(c));
    mio_events_forget(server->events, server->event_count, token_of(server, c));
    c->next_free = server->free;
    server->free = c;
}

void echo_accept(struct server *server, struct door *door)
{
    int errors = 0;
    for (;;) {
        struct connection *c = server->free;
        door->paused = c == NULL;
        if (c == NULL) /* some ended already, but their events wait: go on when one is closed */
            return;
        int error = door->kind->accept(door, c);
        if (error == -EAGAIN)
            return;
        if (mio_accept_should_continue(error) && ++errors < ACCEPT_ERRORS)
            continue;
        if (!server_check(server, "accept", error))
            return;
        errors = 0;
        server->free = c->next_free;
        c->door = door;
        c->ready = 0;
        c->begin = c->end = 0;
        door->accepted++;
        if (!server_check(server, "register", watch(server, c, mio_register)) ||
            server_refuses(server, door))
            return;
    }
}

/* One write or one read, as back-pressure demands. Returns false when the connection is over. */
static bool step(struct server *server, struct connection *c)
{
    ptrdiff_t n;
    if (c->begin < c->end) {
        size_t asked = c->end - c->begin;
        n = c->door->kind->write(c, c->buf + c->begin, asked);
        mio_ready_after(&c->ready, MIO_WRITABLE, n, asked);
        if (n > 0)
            c->begin += (size_t)n;
    } else {
        n = c->door->kind->read(c, c->buf, sizeof c->buf);
        mio_ready_after(&c->ready, MIO_READABLE, n, sizeof c->buf);
        c->begin = 0;
        c->end = n > 0 ? (size_t)n : 0;
        c->door->bytes += c->end;
        if (c->end > 0 && server_sabotages(server, SABOTAGE_BYTE, c->door))
            c->buf[c->end / 2] ^= 1;
    }
    /* 0 is the end of what the peer sends; an error is the client's to report, who sees it too. */
    return n > 0 || n == -EAGAIN;
}

void echo_serve(struct server *server, struct connection *c)
{
    for (int i = 0; c->ready & (c->begin < c->end ? MIO_WRITABLE : MIO_READABLE); i++) {
        if (i == TURN) {
            /* Others wait. It is not drained, so no event would come by itself: ask for one. */
            server_check(server, "reregister", watch(server, c, mio_reregister));
            return;
        }
        if (!step(server, c)) {
            disconnect(server, c);
            return;
        }
    }
}
