/*
 * graceful_shutdown: an echo server that ends in good order. The handler of SIGINT and SIGTERM
 * wakes the loop, which is all that a handler may do; the loop stops accepting, answers what has
 * arrived, tells each peer that no more will come, and waits for the peers to close, for a few
 * seconds at most. A second signal ends the program at once.
 *
 * Try it:  ./graceful_shutdown 7777       (without a port the system chooses one)
 *          nc 127.0.0.1 7777              type lines, then press Ctrl-C in the server
 */
#define _POSIX_C_SOURCE 200809L /* sigaction */

#include <mio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CONNECTIONS 100
#define MAX_EVENTS 64
#define BUFFER_SIZE 4096
#define TURN 32 /* reads and writes for one connection before the others have theirs */
#define RETRY_NS (100 * MIO_NS_PER_MS)
#define MAX_ERRORS 16 /* of accept in a row, then it pauses */
#define GRACE_NS (5 * MIO_NS_PER_S)

struct connection {
    struct mio_tcp_stream stream; /* a slot is in use while this is registered */
    uint32_t ready;
    size_t begin, end; /* the bytes of buf that wait to be sent */
    bool finished;     /* we said that we send no more */
    char buf[BUFFER_SIZE];
};

static struct mio_poll poll;
static struct mio_waker stop_waker; /* static: the signal handler uses it */
static struct mio_tcp_listener listener;
static struct mio_event events[MAX_EVENTS];
static size_t event_count;
static struct connection connections[MAX_CONNECTIONS];
static size_t open_connections;
static bool stopping;
static bool accept_again; /* connections may wait that could not be accepted */

static void check(const char *what, int result)
{
    if (result < 0) {
        fprintf(stderr, "graceful_shutdown: %s: %s\n", what, mio_strerror(result));
        exit(EXIT_FAILURE);
    }
}

/* 127.0.0.1 and the port of an argument. */
static void parse_port(struct mio_addr *addr, const char *port)
{
    char text[MIO_ADDR_TEXT];
    snprintf(text, sizeof text, "127.0.0.1:%s", port);
    if (mio_addr_parse(addr, text) == 0)
        return;
    fprintf(
        stderr,
        "graceful_shutdown: PORT is a number from 0 (the system chooses) to 65535, not \"%s\"\n",
        port);
    exit(EXIT_FAILURE);
}

static void on_signal(int number)
{
    (void)number;
    mio_waker_wake(&stop_waker); /* keeps errno; there is nobody to tell about a failure */
}

/* With SA_RESETHAND the second signal of a kind does what it does without a handler. */
static void handle_signals(void (*handler)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = (int)SA_RESETHAND;
    sigemptyset(&action.sa_mask);
    check("SIGINT", sigaction(SIGINT, &action, NULL) == 0 ? 0 : -errno);
    check("SIGTERM", sigaction(SIGTERM, &action, NULL) == 0 ? 0 : -errno);
}

static void disconnect(struct connection *c)
{
    mio_tcp_stream_close(&c->stream);
    mio_events_forget(events, event_count, (mio_token)c);
    open_connections--;
}

/* tcp_server.c shows what else to do where connections can be more than slots or descriptors. */
static void accept_all(void)
{
    accept_again = false;
    for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
        struct connection *c = &connections[i];
        if (mio_source_is_registered(&c->stream.source))
            continue;
        int error, errors = 0;
        do
            error = mio_tcp_listener_accept(&listener, &c->stream, NULL);
        while (mio_accept_should_continue(error) && ++errors < MAX_ERRORS);
        if (error == -EAGAIN)
            return;
        if (error < 0)
            break;
        error = mio_register(mio_poll_registry(&poll), &c->stream.source, (mio_token)c,
                             MIO_READABLE | MIO_WRITABLE);
        if (error < 0) { /* this one alone: its peer may be gone already */
            fprintf(stderr, "graceful_shutdown: accepted, but %s\n", mio_strerror(error));
            mio_tcp_stream_close(&c->stream);
            continue;
        }
        c->ready = 0;
        c->begin = c->end = 0;
        c->finished = false;
        open_connections++;
    }
    accept_again = true;
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
        c->end = n > 0 && !c->finished ? (size_t)n : 0; /* once finished it drops what comes */
    }
    return n > 0 || n == -EAGAIN; /* 0 is the end of what the peer sends */
}

static void serve(struct connection *c)
{
    for (int i = 0; c->ready & (c->begin < c->end ? MIO_WRITABLE : MIO_READABLE); i++) {
        if (i == TURN) {
            /* Others wait. It is not drained, so no event would come by itself: ask for one. */
            check("reregister", mio_reregister(mio_poll_registry(&poll), &c->stream.source,
                                               (mio_token)c, MIO_READABLE | MIO_WRITABLE));
            return;
        }
        if (!step(c)) {
            disconnect(c);
            return;
        }
    }
    /* Closing now could reset the connection before the peer has read all: say that this was it. */
    if (stopping && c->begin == c->end && !c->finished) {
        c->finished = true;
        if (mio_tcp_stream_shutdown(&c->stream, MIO_SHUTDOWN_WRITE) < 0)
            disconnect(c);
    }
}

static void stop(void)
{
    printf("stopping with %zu connections\n", open_connections);
    fflush(stdout);
    stopping = true;
    accept_all(); /* whoever connected before the signal is served */
    check("close", mio_tcp_listener_close(&listener));
    mio_events_forget(events, event_count, (mio_token)&listener);
    for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
        struct connection *c = &connections[i];
        if (!mio_source_is_registered(&c->stream.source))
            continue;
        /* Events that were not fetched yet may tell of more: assume it, and let -EAGAIN decide. */
        c->ready |= MIO_READABLE | MIO_WRITABLE;
        serve(c);
    }
}

/* Returns when all connections are closed, or the time of grace is over. */
static void run(void)
{
    int64_t deadline = 0;
    while (!stopping || open_connections > 0) {
        int64_t timeout = MIO_FOREVER;
        if (stopping)
            timeout = deadline - mio_now_ns();
        else if (accept_again && open_connections < MAX_CONNECTIONS)
            timeout = RETRY_NS; /* a descriptor may come from elsewhere, of which no event tells */
        int count = mio_poll_wait(&poll, events, MAX_EVENTS, timeout);
        if (count == -EINTR)
            continue;
        check("wait", count);
        if (stopping && timeout <= 0)
            break;
        event_count = (size_t)count;
        for (size_t i = 0; i < event_count; i++) {
            if (events[i].readiness == 0) { /* forgotten by disconnect or stop */
                continue;
            } else if (events[i].token == (mio_token)&stop_waker) {
                if (!stopping) {
                    deadline = mio_now_ns() + GRACE_NS;
                    stop();
                }
            } else if (events[i].token == (mio_token)&listener) {
                accept_all();
            } else {
                struct connection *c = (struct connection *)events[i].token;
                c->ready |= events[i].readiness;
                serve(c);
            }
        }
        if (accept_again && !stopping)
            accept_all();
    }
}

static void start(const char *port)
{
    /* Answers longer than the buffer go out in pieces; none of them shall wait for an ACK. */
    const struct mio_listen_options options = {.nodelay = MIO_ON};
    struct mio_registry *registry = mio_poll_registry(&poll);
    struct mio_addr addr;
    char text[MIO_ADDR_TEXT];

    parse_port(&addr, port);
    check("poll", mio_poll_init(&poll));
    check("waker", mio_waker_init(&stop_waker, registry, (mio_token)&stop_waker));
    handle_signals(on_signal);
    check("bind", mio_tcp_listener_bind_with(&listener, &addr, &options));
    check("register", mio_register(registry, &listener.source, (mio_token)&listener, MIO_READABLE));
    check("address", mio_tcp_listener_local_addr(&listener, &addr));
    check("address", mio_addr_format(&addr, text, sizeof text));
    printf("listening on %s\n", text);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    start(argc > 1 ? argv[1] : "0");
    run();

    size_t cut_off = open_connections;
    for (size_t i = 0; i < MAX_CONNECTIONS; i++)
        mio_tcp_stream_close(&connections[i].stream);
    handle_signals(SIG_DFL); /* no wake may run while the waker is closed */
    check("close", mio_waker_close(&stop_waker));
    check("close", mio_poll_close(&poll));
    printf("stopped, %zu connections cut off\n", cut_off);
    return cut_off == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
