/*
 * tcp_server: an echo server for many connections. It shows edge-triggered reads and writes with
 * the draining rule, back-pressure (nothing is read while bytes wait to be sent), fairness, and
 * what to do when the slots or the descriptors have run out. A request that is smaller than the
 * buffer costs one receive and one send.
 *
 * Try it:  ./tcp_server 7777                  (without a port the system chooses one)
 *          nc 127.0.0.1 7777                  type lines; Ctrl-C ends either of them
 *          (ulimit -n 8; ./tcp_server 7777)   room for three connections: others wait their turn
 */
#include <mio.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_CONNECTIONS 1000
#define MAX_EVENTS 256
#define BUFFER_SIZE 16384
#define TURN 32 /* reads and writes for one connection before the others have theirs */
#define RETRY_NS (100 * MIO_NS_PER_MS)
#define MAX_ERRORS 16                /* of accept in a row, then it pauses */
#define QUIET_NS (10 * MIO_NS_PER_S) /* between two complaints */

struct connection {
    struct mio_tcp_stream stream;
    struct connection *next_free;
    uint32_t ready;    /* what events said and is not used up yet */
    size_t begin, end; /* the bytes of buf that wait to be sent */
    unsigned char buf[BUFFER_SIZE];
};

struct server {
    struct mio_poll poll;
    struct mio_registry *registry;
    struct mio_tcp_listener listener;
    struct mio_event events[MAX_EVENTS];
    size_t count;            /* events in this batch */
    struct connection *free; /* a list */
    bool paused;             /* connections may wait that could not be accepted */
    bool room;               /* a connection was closed since */
    int64_t quiet_until;     /* no complaint before that */
    struct connection connections[MAX_CONNECTIONS];
};

static void fail(const char *what, int error)
{
    fprintf(stderr, "tcp_server: %s: %s\n", what, mio_strerror(error));
    exit(EXIT_FAILURE);
}

static void check(const char *what, int result)
{
    if (result < 0)
        fail(what, result);
}

/* 127.0.0.1 and the port of an argument. */
static void parse_port(struct mio_addr *addr, const char *port)
{
    char text[MIO_ADDR_TEXT];
    snprintf(text, sizeof text, "127.0.0.1:%s", port);
    if (mio_addr_parse(addr, text) == 0)
        return;
    fprintf(stderr,
            "tcp_server: PORT is a number from 0 (the system chooses) to 65535, not \"%s\"\n",
            port);
    exit(EXIT_FAILURE);
}

/*
 * Where epoll is forbidden (a sandbox, an emulator) there may still be poll(2). The library does
 * not choose that by itself: it is slower with many connections.
 */
static void open_poll(struct mio_poll *poll)
{
    const struct mio_poll_options options = {.backend = MIO_BACKEND_POLL};
    int error = mio_poll_init(poll);
    if (error == -ENOSYS || error == -EPERM || error == -EACCES)
        error = mio_poll_init_with(poll, &options);
    check("poll", error);
}

/* Closes a connection. Events of it that are still in this batch must not meet its successor. */
static void disconnect(struct server *server, struct connection *c)
{
    mio_tcp_stream_close(&c->stream);
    mio_events_forget(server->events, server->count, (mio_token)c);
    c->next_free = server->free;
    server->free = c;
    server->room = true;
}

/*
 * Connections wait in the queue of the listener, and no new event will tell of them. It says so
 * once in a while: a server that is overrun must not fill its log.
 */
static void pause_accepting(struct server *server, const char *reason)
{
    int64_t now = mio_now_ns();
    server->paused = true;
    if (now < server->quiet_until)
        return;
    server->quiet_until = now + QUIET_NS;
    fprintf(stderr, "tcp_server: new connections wait: %s\n", reason);
}

static void accept_all(struct server *server)
{
    int errors = 0;
    server->paused = false;
    server->room = false;
    while (server->free != NULL) {
        struct connection *c = server->free;
        int error = mio_tcp_listener_accept(&server->listener, &c->stream, NULL);
        if (error == -EAGAIN)
            return;
        if (mio_accept_should_continue(error) && ++errors < MAX_ERRORS)
            continue;
        if (error < 0) { /* out of descriptors or memory, as a rule */
            pause_accepting(server, mio_strerror(error));
            return;
        }
        errors = 0;
        error = mio_register(server->registry, &c->stream.source, (mio_token)c,
                             MIO_READABLE | MIO_WRITABLE);
        if (error < 0) {
            fprintf(stderr, "tcp_server: register: %s\n", mio_strerror(error));
            mio_tcp_stream_close(&c->stream);
            continue;
        }
        server->free = c->next_free;
        c->ready = 0;
        c->begin = c->end = 0;
    }
    pause_accepting(server, "all slots are in use");
}

/* One write or one read, as back-pressure demands. Returns false when the connection is over. */
static bool step(struct connection *c)
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
    }
    return n > 0 || n == -EAGAIN; /* 0 is the end of what the peer sends */
}

static bool can_step(const struct connection *c)
{
    return (c->ready & (c->begin < c->end ? MIO_WRITABLE : MIO_READABLE)) != 0;
}

static void serve(struct server *server, struct connection *c)
{
    for (int i = 0; can_step(c); i++) {
        if (i == TURN) {
            /* It is not drained, so no event would come by itself: ask for one. */
            int error = mio_reregister(server->registry, &c->stream.source, (mio_token)c,
                                       MIO_READABLE | MIO_WRITABLE);
            if (error < 0)
                disconnect(server, c);
            return;
        }
        if (!step(c)) {
            disconnect(server, c);
            return;
        }
    }
}

static void run(struct server *server)
{
    for (;;) {
        /* Without a free slot only a close helps; without a descriptor others may have it. */
        bool retry = server->paused && server->free != NULL;
        int64_t timeout = retry ? RETRY_NS : MIO_FOREVER;
        int count = mio_poll_wait(&server->poll, server->events, MAX_EVENTS, timeout);
        if (count == -EINTR)
            continue;
        check("wait", count);
        server->count = (size_t)count;
        for (int i = 0; i < count; i++) {
            const struct mio_event *event = &server->events[i];
            if (event->token == (mio_token)&server->listener) {
                accept_all(server);
            } else if (event->readiness != 0) { /* 0: forgotten by disconnect */
                struct connection *c = (struct connection *)event->token;
                c->ready |= event->readiness;
                serve(server, c);
            }
        }
        if (server->paused && (server->room || count == 0))
            accept_all(server);
    }
}

int main(int argc, char **argv)
{
    static struct server server;
    /* Answers longer than the buffer go out in pieces, none of which shall wait for the peer. */
    const struct mio_listen_options options = {.nodelay = MIO_ON};
    struct mio_addr addr;
    char text[MIO_ADDR_TEXT];

    for (size_t i = MAX_CONNECTIONS; i-- > 0;) {
        server.connections[i].next_free = server.free;
        server.free = &server.connections[i];
    }
    parse_port(&addr, argc > 1 ? argv[1] : "0");
    open_poll(&server.poll);
    check("bind", mio_tcp_listener_bind_with(&server.listener, &addr, &options));
    check("address", mio_tcp_listener_local_addr(&server.listener, &addr));
    server.registry = mio_poll_registry(&server.poll);
    check("register", mio_register(server.registry, &server.listener.source,
                                   (mio_token)&server.listener, MIO_READABLE));
    check("address", mio_addr_format(&addr, text, sizeof text));
    printf("listening on %s\n", text);
    fflush(stdout);
    run(&server);
}
