/*
 * per_core: an echo server with a loop for each processor. Every thread has a poll of its own and a
 * listener of its own on the same port; the system spreads the connections, and what a thread has
 * accepted stays with it. The loops share nothing, so they need no lock. SIGINT or SIGTERM ends the
 * program: the main thread waits for the signal and wakes each loop.
 *
 * Try it:  ./per_core 7777 4      (without a port the system chooses one; as many threads as there
 *                                  are processors if you name no number)
 *          nc 127.0.0.1 7777      in several terminals; then Ctrl-C in the server
 *
 * Linux spreads the connections by a hash of their addresses. Other systems may share a port and
 * give all connections to one of the listeners.
 */
#define _DEFAULT_SOURCE 1 /* sigwait, and the number of processors by sysconf */

#include <mio.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_THREADS 64
#define MAX_CONNECTIONS 500 /* of a thread */
#define MAX_EVENTS 64
#define BUFFER_SIZE 4096
#define TURN 32 /* reads and writes for one connection before the others have theirs */
#define RETRY_NS (100 * MIO_NS_PER_MS)
#define MAX_ERRORS 16 /* of accept in a row, then it pauses */

struct connection {
    struct mio_tcp_stream stream;
    struct connection *next_free;
    uint32_t ready;
    size_t begin, end; /* the bytes of buf that wait to be sent */
    unsigned char buf[BUFFER_SIZE];
};

/* Only its own thread uses it, from the start to the join; but the waker is for everyone. */
struct worker {
    pthread_t thread;
    struct mio_poll poll;
    struct mio_registry *registry;
    struct mio_waker stop_waker;
    struct mio_tcp_listener listener;
    struct mio_event events[MAX_EVENTS];
    size_t count;            /* events in this batch */
    struct connection *free; /* a list */
    bool paused;             /* connections may wait that could not be accepted */
    size_t accepted;
    struct connection connections[MAX_CONNECTIONS];
};

static void check(const char *what, int result)
{
    if (result < 0) {
        fprintf(stderr, "per_core: %s: %s\n", what, mio_strerror(result));
        exit(EXIT_FAILURE);
    }
}

/* The functions of pthread, and sigwait, return an error as a positive number. */
static void check_thread(const char *what, int error)
{
    check(what, -error);
}

/* 127.0.0.1 and the port of an argument. */
static void parse_port(struct mio_addr *addr, const char *port)
{
    char text[MIO_ADDR_TEXT];
    snprintf(text, sizeof text, "127.0.0.1:%s", port);
    if (mio_addr_parse(addr, text) == 0)
        return;
    fprintf(stderr, "per_core: PORT is a number from 0 (the system chooses) to 65535, not \"%s\"\n",
            port);
    exit(EXIT_FAILURE);
}

/* ---- One loop -------------------------------------------------------------------------------- */

static void disconnect(struct worker *w, struct connection *c)
{
    mio_tcp_stream_close(&c->stream);
    mio_events_forget(w->events, w->count, (mio_token)c);
    c->next_free = w->free;
    w->free = c;
}

static void accept_all(struct worker *w)
{
    int errors = 0;
    w->paused = false;
    while (w->free != NULL) {
        struct connection *c = w->free;
        int error = mio_tcp_listener_accept(&w->listener, &c->stream, NULL);
        if (error == -EAGAIN)
            return;
        if (mio_accept_should_continue(error) && ++errors < MAX_ERRORS)
            continue;
        if (error < 0)
            break; /* out of descriptors or memory, as a rule */
        errors = 0;
        error =
            mio_register(w->registry, &c->stream.source, (mio_token)c, MIO_READABLE | MIO_WRITABLE);
        if (error < 0) {
            fprintf(stderr, "per_core: register: %s\n", mio_strerror(error));
            mio_tcp_stream_close(&c->stream);
            continue;
        }
        w->free = c->next_free;
        w->accepted++;
        c->ready = 0;
        c->begin = c->end = 0;
    }
    w->paused = true;
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

static void serve(struct worker *w, struct connection *c)
{
    for (int i = 0; c->ready & (c->begin < c->end ? MIO_WRITABLE : MIO_READABLE); i++) {
        if (i == TURN) {
            /* It is not drained, so no event would come by itself: ask for one. */
            if (mio_reregister(w->registry, &c->stream.source, (mio_token)c,
                               MIO_READABLE | MIO_WRITABLE) < 0)
                disconnect(w, c);
            return;
        }
        if (!step(c)) {
            disconnect(w, c);
            return;
        }
    }
}

static void *run(void *arg)
{
    struct worker *w = arg;
    for (bool stopping = false; !stopping;) {
        /* Descriptors belong to the process: another thread may free one, which nobody tells us. */
        int64_t timeout = w->paused && w->free != NULL ? RETRY_NS : MIO_FOREVER;
        int count = mio_poll_wait(&w->poll, w->events, MAX_EVENTS, timeout);
        if (count == -EINTR)
            continue;
        check("wait", count);
        w->count = (size_t)count;
        for (int i = 0; i < count; i++) {
            const struct mio_event *event = &w->events[i];
            if (event->token == (mio_token)&w->stop_waker) {
                stopping = true;
            } else if (event->token == (mio_token)&w->listener) {
                accept_all(w);
            } else if (event->readiness != 0) { /* 0: forgotten by disconnect */
                struct connection *c = (struct connection *)event->token;
                c->ready |= event->readiness;
                serve(w, c);
            }
        }
        if (w->paused)
            accept_all(w);
    }
    return NULL;
}

/* ---- All of them ----------------------------------------------------------------------------- */

static void open_worker(struct worker *w, const struct mio_addr *addr)
{
    const struct mio_listen_options options = {.reuse_port = MIO_ON, .nodelay = MIO_ON};
    for (size_t i = MAX_CONNECTIONS; i-- > 0;) {
        w->connections[i].next_free = w->free;
        w->free = &w->connections[i];
    }
    check("poll", mio_poll_init(&w->poll));
    w->registry = mio_poll_registry(&w->poll);
    check("waker", mio_waker_init(&w->stop_waker, w->registry, (mio_token)&w->stop_waker));
    check("bind", mio_tcp_listener_bind_with(&w->listener, addr, &options));
    check("register",
          mio_register(w->registry, &w->listener.source, (mio_token)&w->listener, MIO_READABLE));
}

static void close_worker(struct worker *w)
{
    for (size_t i = 0; i < MAX_CONNECTIONS; i++)
        mio_tcp_stream_close(&w->connections[i].stream); /* nothing, where none is open */
    check("close", mio_tcp_listener_close(&w->listener));
    check("close", mio_waker_close(&w->stop_waker));
    check("close", mio_poll_close(&w->poll));
}

static long thread_count(const char *text)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (text == NULL)
        return processors < 1 ? 1 : processors < MAX_THREADS ? processors : MAX_THREADS;
    char *end;
    long threads = strtol(text, &end, 10);
    if (*end != '\0' || threads < 1 || threads > MAX_THREADS) {
        fprintf(stderr, "usage: per_core [PORT [THREADS]], 1 to %d threads\n", MAX_THREADS);
        exit(EXIT_FAILURE);
    }
    return threads;
}

int main(int argc, char **argv)
{
    long threads = thread_count(argc > 2 ? argv[2] : NULL);
    size_t total = 0;
    sigset_t signals;
    int number;
    struct mio_addr addr;
    char text[MIO_ADDR_TEXT];

    struct worker *workers = calloc((size_t)threads, sizeof *workers);
    if (workers == NULL)
        check("memory", -ENOMEM);
    /* Blocked before the threads start, so that they inherit it and sigwait alone gets them. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    check_thread("signals", pthread_sigmask(SIG_BLOCK, &signals, NULL));

    /* All listeners are there before the first thread runs: a connection is given to one of those
     * that listen when it comes, and waits for that one. */
    parse_port(&addr, argc > 1 ? argv[1] : "0");
    for (long i = 0; i < threads; i++) {
        open_worker(&workers[i], &addr);
        if (i == 0) /* the others need its port, if the system chose it */
            check("address", mio_tcp_listener_local_addr(&workers[0].listener, &addr));
    }
    for (long i = 0; i < threads; i++)
        check_thread("thread", pthread_create(&workers[i].thread, NULL, run, &workers[i]));
    check("address", mio_addr_format(&addr, text, sizeof text));
    printf("listening on %s\n%ld threads\n", text, threads);
    fflush(stdout);

    check_thread("sigwait", sigwait(&signals, &number));
    for (long i = 0; i < threads; i++)
        check("wake", mio_waker_wake(&workers[i].stop_waker));
    for (long i = 0; i < threads; i++) {
        check_thread("join", pthread_join(workers[i].thread, NULL));
        printf("thread %ld: %zu connections\n", i, workers[i].accepted);
        total += workers[i].accepted;
        close_worker(&workers[i]);
    }
    printf("total: %zu connections\n", total);
    free(workers);
    return 0;
}
