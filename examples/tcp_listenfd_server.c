/*
 * tcp_listenfd_server: an echo server that is handed its listening sockets (socket activation).
 * The program that starts it opens them, so it needs no right to a port below 1024, and connections
 * wait, and are not refused, while it starts or is replaced. The convention is that of systemd: the
 * sockets are the descriptors from 3 on, LISTEN_FDS is their number, and LISTEN_PID the process
 * that they are meant for.
 *
 * Try it:  systemd-socket-activate -l 7777 -l 7778 ./tcp_listenfd_server
 *          nc 127.0.0.1 7777       type lines; Ctrl-C ends either of them
 */
#define _POSIX_C_SOURCE 200809L /* unsetenv */

#include <mio.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST_FD 3
#define MAX_LISTENERS 16
#define MAX_CONNECTIONS 100
#define MAX_EVENTS 64
#define BUFFER_SIZE 4096
#define TURN 32 /* reads and writes for one connection before the others have theirs */
#define RETRY_NS (100 * MIO_NS_PER_MS)
#define MAX_ERRORS 16 /* of accept in a row, then it pauses */

struct connection {
    struct mio_tcp_stream stream; /* a slot is in use while this is registered */
    uint32_t ready;
    size_t begin, end; /* the bytes of buf that wait to be sent */
    char buf[BUFFER_SIZE];
};

/* A token below MAX_LISTENERS is a listener; the others are connections, counted from there. */
static struct mio_tcp_listener listeners[MAX_LISTENERS];
static struct connection connections[MAX_CONNECTIONS];
static size_t listener_count, open_connections;
static struct mio_poll poll;
static struct mio_event events[MAX_EVENTS];
static size_t event_count;
static bool accept_again; /* connections may wait that could not be accepted */

static void fail(const char *what, int error)
{
    fprintf(stderr, "tcp_listenfd_server: %s: %s\n", what, mio_strerror(error));
    exit(EXIT_FAILURE);
}

static void check(const char *what, int result)
{
    if (result < 0)
        fail(what, result);
}

/* ---- The sockets that were handed over ------------------------------------------------------- */

/* A number without sign and without anything after it; -1 for everything else and for NULL. */
static long parse_number(const char *text)
{
    char *end;
    if (text == NULL || *text < '0' || *text > '9')
        return -1;
    errno = 0;
    long number = strtol(text, &end, 10);
    return errno == 0 && *end == '\0' ? number : -1;
}

/* Returns how many sockets there are, or ends the program with the reason why there are none. */
static size_t activated(void)
{
    const char *pid = getenv("LISTEN_PID");
    const char *fds = getenv("LISTEN_FDS");
    const char *reason = NULL;
    long count = parse_number(fds);

    /* Variables are inherited, descriptors mostly not: these may be meant for an ancestor. */
    if (pid == NULL || fds == NULL)
        reason = "no sockets were handed over";
    else if (parse_number(pid) != (long)getpid())
        reason = "LISTEN_PID is another process";
    else if (count < 1 || count > MAX_LISTENERS)
        reason = "LISTEN_FDS is not in the range that this program takes";
    if (reason != NULL) {
        fprintf(stderr,
                "tcp_listenfd_server: %s. Start it with its listening sockets, for example:\n"
                "    systemd-socket-activate -l 7777 ./tcp_listenfd_server\n",
                reason);
        exit(EXIT_FAILURE);
    }
    /* For the same reason they go no further. */
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return (size_t)count;
}

/*
 * Takes the sockets over: from here on they are non-blocking, and closed in programs that this one
 * starts. This comes before anything else is opened: a descriptor that should have been handed over
 * and was not is free still, and not by chance one of our own.
 */
static void take_listeners(void)
{
    size_t count = activated();
    char text[64];

    for (; listener_count < count; listener_count++) {
        int fd = FIRST_FD + (int)listener_count;
        int error = mio_tcp_listener_from_fd(&listeners[listener_count], fd);
        if (error < 0) {
            snprintf(text, sizeof text, "descriptor %d is no TCP listener", fd);
            fail(text, error);
        }
    }
}

static void watch_listeners(void)
{
    char text[MIO_ADDR_TEXT];
    struct mio_addr addr;

    for (size_t i = 0; i < listener_count; i++) {
        check("register", mio_register(mio_poll_registry(&poll), &listeners[i].source, (mio_token)i,
                                       MIO_READABLE));
        check("address", mio_tcp_listener_local_addr(&listeners[i], &addr));
        check("address", mio_addr_format(&addr, text, sizeof text));
        printf("listening on %s\n", text);
    }
    fflush(stdout);
}

/* ---- Connections ----------------------------------------------------------------------------- */

static mio_token token_of(const struct connection *c)
{
    return (mio_token)(MAX_LISTENERS + (c - connections));
}

static void disconnect(struct connection *c)
{
    mio_tcp_stream_close(&c->stream);
    mio_events_forget(events, event_count, token_of(c));
    open_connections--;
}

static struct connection *free_slot(void)
{
    for (size_t i = 0; i < MAX_CONNECTIONS; i++)
        if (!mio_source_is_registered(&connections[i].stream.source))
            return &connections[i];
    return NULL;
}

/* Another process may share the listener and be faster: then this is -EAGAIN, and nothing else. */
static void accept_all(struct mio_tcp_listener *listener)
{
    struct connection *c;
    int errors = 0;
    while ((c = free_slot()) != NULL) {
        int error = mio_tcp_listener_accept(listener, &c->stream, NULL);
        if (error == -EAGAIN)
            return;
        if (mio_accept_should_continue(error) && ++errors < MAX_ERRORS)
            continue;
        if (error < 0) /* out of descriptors or memory, as a rule */
            break;
        errors = 0;
        error = mio_register(mio_poll_registry(&poll), &c->stream.source, token_of(c),
                             MIO_READABLE | MIO_WRITABLE);
        if (error < 0) { /* this one alone: others may have more luck */
            fprintf(stderr, "tcp_listenfd_server: register: %s\n", mio_strerror(error));
            mio_tcp_stream_close(&c->stream);
            continue;
        }
        c->ready = 0;
        c->begin = c->end = 0;
        open_connections++;
    }
    /* It is not drained, and no event will tell of those who wait. */
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
        c->end = n > 0 ? (size_t)n : 0;
    }
    return n > 0 || n == -EAGAIN; /* 0 is the end of what the peer sends */
}

static void serve(struct connection *c)
{
    for (int i = 0; c->ready & (c->begin < c->end ? MIO_WRITABLE : MIO_READABLE); i++) {
        if (i == TURN) {
            /* Others wait. It is not drained, so no event would come by itself: ask for one. */
            int error = mio_reregister(mio_poll_registry(&poll), &c->stream.source, token_of(c),
                                       MIO_READABLE | MIO_WRITABLE);
            if (error < 0)
                disconnect(c);
            return;
        }
        if (!step(c)) {
            disconnect(c);
            return;
        }
    }
}

static void run(void)
{
    for (;;) {
        /* Without a free slot only a close helps; a descriptor may come from elsewhere. */
        bool retry = accept_again && open_connections < MAX_CONNECTIONS;
        int count = mio_poll_wait(&poll, events, MAX_EVENTS, retry ? RETRY_NS : MIO_FOREVER);
        if (count == -EINTR)
            continue;
        check("wait", count);
        event_count = (size_t)count;
        for (size_t i = 0; i < event_count; i++) {
            if (events[i].readiness == 0) { /* forgotten by disconnect */
                continue;
            } else if (events[i].token < MAX_LISTENERS) {
                accept_all(&listeners[events[i].token]);
            } else {
                struct connection *c = &connections[events[i].token - MAX_LISTENERS];
                c->ready |= events[i].readiness;
                serve(c);
            }
        }
        event_count = 0;
        if (accept_again) {
            accept_again = false;
            for (size_t i = 0; i < listener_count; i++)
                accept_all(&listeners[i]);
        }
    }
}

int main(void)
{
    take_listeners();
    check("poll", mio_poll_init(&poll));
    watch_listeners();
    run();
}
