/*
 * unix_threads: several threads serve one listener in the Unix domain, where sockets cannot share
 * an address as they do in per_core.c (SO_REUSEPORT). The main thread accepts, and registers each
 * connection with the poll of another thread, in turn. That is all it takes to hand it over: there
 * is no queue and no lock. Each client is told how many bytes it has sent, and by which thread.
 *
 * Try it:  ./unix_threads /tmp/threads 4
 *          echo hello | nc -N -U /tmp/threads       as often as you like; then Ctrl-C in the server
 */
#define _POSIX_C_SOURCE 200809L

#include <mio.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_THREADS 16
#define MAX_CONNECTIONS 256
#define MAX_EVENTS 32
#define TURN 32 /* reads from one connection before the others have theirs */
#define RETRY_NS (100 * MIO_NS_PER_MS)
#define MAX_ERRORS 16 /* of accept in a row, then it pauses */

struct connection {
    struct mio_unix_stream stream;
    atomic_bool taken; /* set by the main thread, cleared by the other one */
    uint32_t ready;
    unsigned long long bytes;
};

struct worker {
    pthread_t thread;
    int number;
    struct mio_poll poll;
    struct mio_waker stop;
    struct mio_event events[MAX_EVENTS];
    size_t count; /* events in this batch */
};

enum { TOKEN_LISTENER, TOKEN_STOP }; /* of the main thread's poll */

static struct connection connections[MAX_CONNECTIONS];
static struct worker workers[MAX_THREADS];
static long threads;
static struct mio_poll door;
static struct mio_unix_listener listener;
static struct mio_waker closing;
static bool paused; /* connections may wait that could not be accepted */

static void check(const char *what, int result)
{
    if (result >= 0)
        return;
    fprintf(stderr, "unix_threads: %s: %s\n", what, mio_strerror(result));
    exit(EXIT_FAILURE);
}

/* ---- The threads that serve ------------------------------------------------------------------ */

static void disconnect(struct worker *w, struct connection *c)
{
    mio_unix_stream_close(&c->stream);
    /* Before the main thread may use the place for a connection of another thread. */
    mio_events_forget(w->events, w->count, (mio_token)c);
    atomic_store(&c->taken, false);
}

/* A new connection has room for one line. An error is the client's, who has left. */
static void answer(struct worker *w, struct connection *c)
{
    char text[64];
    int length =
        snprintf(text, sizeof text, "%llu bytes, heard by thread %d\n", c->bytes, w->number);
    mio_unix_stream_write(&c->stream, text, (size_t)length);
}

static void serve(struct worker *w, struct connection *c)
{
    char buf[4096];
    for (int i = 0; c->ready & MIO_READABLE; i++) {
        if (i == TURN) {
            /* It is not drained, so no event would come by itself: ask for one. */
            if (mio_reregister(mio_poll_registry(&w->poll), &c->stream.source, (mio_token)c,
                               MIO_READABLE) < 0)
                disconnect(w, c);
            return;
        }
        ptrdiff_t n = mio_unix_stream_read(&c->stream, buf, sizeof buf);
        mio_ready_after(&c->ready, MIO_READABLE, n, sizeof buf);
        if (n == -EAGAIN)
            return;
        if (n <= 0) {
            if (n == 0)
                answer(w, c);
            disconnect(w, c);
            return;
        }
        c->bytes += (size_t)n;
    }
}

static void *run(void *arg)
{
    struct worker *w = arg;
    for (bool stopping = false; !stopping;) {
        int count = mio_poll_wait(&w->poll, w->events, MAX_EVENTS, MIO_FOREVER);
        if (count == -EINTR)
            continue;
        check("wait", count);
        w->count = (size_t)count;
        for (int i = 0; i < count; i++) {
            const struct mio_event *event = &w->events[i];
            if (event->token == (mio_token)w) {
                stopping = true;
            } else if (event->readiness != 0) { /* 0: forgotten by disconnect */
                struct connection *c = (struct connection *)event->token;
                c->ready |= event->readiness;
                serve(w, c);
            }
        }
    }
    return NULL;
}

/* ---- The thread that accepts ----------------------------------------------------------------- */

static struct connection *free_place(void)
{
    for (size_t i = 0; i < MAX_CONNECTIONS; i++)
        if (!atomic_load(&connections[i].taken))
            return &connections[i];
    return NULL;
}

/*
 * From the registration on the connection belongs to the other thread. Its first event may be
 * handled there before mio_register returns here, and that thread sees all that was written before.
 */
static void hand_over(struct connection *c)
{
    static long turn;
    struct worker *w = &workers[turn++ % threads];
    c->ready = 0;
    c->bytes = 0;
    atomic_store(&c->taken, true);
    int error =
        mio_register(mio_poll_registry(&w->poll), &c->stream.source, (mio_token)c, MIO_READABLE);
    if (error == 0)
        return;
    fprintf(stderr, "unix_threads: register: %s\n", mio_strerror(error));
    mio_unix_stream_close(&c->stream);
    atomic_store(&c->taken, false);
}

static void accept_all(void)
{
    struct connection *c;
    int errors = 0;
    paused = false;
    while ((c = free_place()) != NULL) {
        int error = mio_unix_listener_accept(&listener, &c->stream, NULL);
        if (error == -EAGAIN)
            return;
        if (mio_accept_should_continue(error) && ++errors < MAX_ERRORS)
            continue;
        if (error < 0)
            break; /* out of descriptors or memory, as a rule */
        errors = 0;
        hand_over(c);
    }
    paused = true; /* not drained, and no event tells of a free place: come again */
}

static void accept_until_stopped(void)
{
    struct mio_event events[2];
    for (;;) {
        int count = mio_poll_wait(&door, events, 2, paused ? RETRY_NS : MIO_FOREVER);
        if (count == -EINTR)
            continue;
        check("wait", count);
        for (int i = 0; i < count; i++)
            if (events[i].token == TOKEN_STOP)
                return;
        accept_all();
    }
}

/* Async-signal-safe: it does nothing but wake the loop. */
static void on_signal(int number)
{
    (void)number;
    mio_waker_wake(&closing);
}

static void open_door(const char *path)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct mio_addr addr;
    char text[MIO_ADDR_TEXT];
    check(path, mio_addr_unix_path(&addr, path));
    check("poll", mio_poll_init(&door));
    check("waker", mio_waker_init(&closing, mio_poll_registry(&door), TOKEN_STOP));
    check("bind", mio_unix_listener_bind(&listener, &addr)); /* unix_chat.c: a path left behind */
    check("register",
          mio_register(mio_poll_registry(&door), &listener.source, TOKEN_LISTENER, MIO_READABLE));
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    check("address", mio_addr_format(&addr, text, sizeof text));
    printf("listening on %s\n%ld threads\n", text, threads);
    fflush(stdout);
}

static void close_door(const char *path)
{
    unlink(path);
    check("close", mio_unix_listener_close(&listener));
    signal(SIGINT, SIG_DFL); /* no wake may run while the waker is closed */
    signal(SIGTERM, SIG_DFL);
    check("close", mio_waker_close(&closing));
    check("close", mio_poll_close(&door));
}

static void start(struct worker *w, int number)
{
    w->number = number;
    check("poll", mio_poll_init(&w->poll));
    check("waker", mio_waker_init(&w->stop, mio_poll_registry(&w->poll), (mio_token)w));
    check("thread", -pthread_create(&w->thread, NULL, run, w)); /* a positive error number */
}

static void stop_all(void)
{
    for (long i = 0; i < threads; i++) {
        check("wake", mio_waker_wake(&workers[i].stop));
        check("join", -pthread_join(workers[i].thread, NULL));
    }
    for (size_t i = 0; i < MAX_CONNECTIONS; i++)
        mio_unix_stream_close(&connections[i].stream); /* nothing, where none is open */
    for (long i = 0; i < threads; i++) {
        check("close", mio_waker_close(&workers[i].stop));
        check("close", mio_poll_close(&workers[i].poll));
    }
}

int main(int argc, char **argv)
{
    char *end = NULL;
    threads = argc == 3 ? strtol(argv[2], &end, 10) : 0;
    if (threads < 1 || threads > MAX_THREADS || *end != '\0') {
        fprintf(stderr, "usage: unix_threads PATH THREADS, 1 to %d of them\n", MAX_THREADS);
        return 2;
    }
    for (int i = 0; i < threads; i++)
        start(&workers[i], i);
    open_door(argv[1]);
    accept_until_stopped();
    stop_all();
    close_door(argv[1]);
    return EXIT_SUCCESS;
}
