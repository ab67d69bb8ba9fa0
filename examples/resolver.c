/*
 * resolver: names beside the loop. getaddrinfo(3) blocks for as long as it likes, so each lookup
 * has a thread of its own; its result goes into a queue, and a waker tells the loop. The loop then
 * connects to the addresses in their order until one of them answers, and prints the first line
 * that the server sends. It ticks all the time, which shows that nothing blocks it, and at each
 * tick it gives up what takes too long.
 *
 * Try it:  ./resolver localhost 22                     (if an SSH server runs)
 *          ./resolver localhost 22 name.invalid 22     several names at once
 *          ./resolver "" 22                            this machine, by each of its protocols
 */
#define _POSIX_C_SOURCE 200809L /* getaddrinfo */

#include <mio.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_TARGETS 16
#define MAX_ADDRESSES 8
#define MAX_EVENTS 32
#define TICK_NS (10 * MIO_NS_PER_MS)
#define LOOKUP_NS (15 * MIO_NS_PER_S) /* for a lookup */
#define CONNECT_NS (5 * MIO_NS_PER_S) /* for each address */
#define ANSWER_NS (5 * MIO_NS_PER_S)  /* for the line */

enum state { LOOKING_UP, CONNECTING, READING, DONE };

struct target {
    const char *host, *port;

    /* The thread writes these, then puts the target into the queue. */
    pthread_t thread;
    struct mio_addr addrs[MAX_ADDRESSES];
    size_t addr_count;
    char error[128]; /* empty: none */
    struct target *next;

    /* These are the loop's alone. */
    enum state state;
    bool looked_up; /* the result has come, in time or not */
    bool answered;
    int64_t deadline;
    size_t tried;
    struct mio_tcp_stream stream;
    uint32_t ready;
    char line[256];
    size_t length;
};

static struct mio_poll poll;
static struct mio_waker waker;
static struct mio_event events[MAX_EVENTS];
static size_t event_count;
static struct target targets[MAX_TARGETS];
static size_t target_count, open_targets;

/* The results of the threads: a stack, for the order does not matter. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct target *results;

static void check(const char *what, int result)
{
    if (result < 0) {
        fprintf(stderr, "resolver: %s: %s\n", what, mio_strerror(result));
        exit(EXIT_FAILURE);
    }
}

/* The functions of pthread return an error as a positive number. */
static void check_thread(const char *what, int error)
{
    check(what, -error);
}

static void say(const struct target *t, const char *what, const char *more)
{
    const char *host = t->host[0] != '\0' ? t->host : "this machine,";
    printf("%s %s: %s%s\n", host, t->port, what, more);
    fflush(stdout);
}

/* ---- In a thread ----------------------------------------------------------------------------- */

static void look_up(struct target *t)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    /* Without a name it finds the loopback addresses of this machine. */
    int error = getaddrinfo(t->host[0] != '\0' ? t->host : NULL, t->port, &hints, &list);
    if (error != 0) {
        const char *text = error == EAI_SYSTEM ? mio_strerror(-errno) : gai_strerror(error);
        snprintf(t->error, sizeof t->error, "%s", text);
        return;
    }
    for (struct addrinfo *a = list; a != NULL && t->addr_count < MAX_ADDRESSES; a = a->ai_next)
        if (mio_addr_from_sockaddr(&t->addrs[t->addr_count], a->ai_addr, a->ai_addrlen) == 0)
            t->addr_count++;
    freeaddrinfo(list);
}

static void *run_lookup(void *arg)
{
    struct target *t = arg;
    look_up(t);
    check_thread("lock", pthread_mutex_lock(&lock));
    t->next = results;
    results = t;
    check_thread("unlock", pthread_mutex_unlock(&lock));
    check("wake", mio_waker_wake(&waker)); /* after the result is in its place */
    return NULL;
}

/* ---- In the loop ----------------------------------------------------------------------------- */

/* Closes the connection, if any. Events of it must not meet the one to the next address. */
static void disconnect(struct target *t)
{
    mio_tcp_stream_close(&t->stream);
    mio_events_forget(events, event_count, (mio_token)t);
    t->ready = 0;
}

static void finish(struct target *t, const char *what, const char *more)
{
    say(t, what, more);
    disconnect(t);
    t->state = DONE;
    open_targets--;
}

/* Begins to connect to the next address that does not fail at once. */
static void try_next(struct target *t)
{
    char text[MIO_ADDR_TEXT];
    t->state = CONNECTING;
    while (t->tried < t->addr_count) {
        const struct mio_addr *addr = &t->addrs[t->tried++];
        check("address", mio_addr_format(addr, text, sizeof text));
        say(t, "trying ", text);
        int error = mio_tcp_stream_connect(&t->stream, addr);
        if (error == 0)
            error = mio_register(mio_poll_registry(&poll), &t->stream.source, (mio_token)t,
                                 MIO_READABLE | MIO_WRITABLE);
        if (error == 0) {
            t->deadline = mio_now_ns() + CONNECT_NS;
            return;
        }
        say(t, "no connection: ", mio_strerror(error));
        disconnect(t);
    }
    finish(t, "failed: ", "no address is left");
}

static void try_after(struct target *t, const char *reason)
{
    say(t, "no connection: ", reason);
    disconnect(t);
    try_next(t);
}

/* Takes all results: wakes merge, so one event can stand for several. */
static void take_results(void)
{
    check_thread("lock", pthread_mutex_lock(&lock));
    struct target *t = results;
    results = NULL;
    check_thread("unlock", pthread_mutex_unlock(&lock));
    for (; t != NULL; t = t->next) {
        t->looked_up = true;
        if (t->state != LOOKING_UP)
            continue; /* it comes too late */
        if (t->error[0] != '\0')
            finish(t, "failed: ", t->error);
        else
            try_next(t);
    }
}

static void read_line(struct target *t)
{
    while (t->ready & MIO_READABLE) {
        size_t asked = sizeof t->line - 1 - t->length;
        char *place = t->line + t->length;
        ptrdiff_t n = mio_tcp_stream_read(&t->stream, place, asked);
        mio_ready_after(&t->ready, MIO_READABLE, n, asked);
        if (n == -EAGAIN)
            return;
        if (n < 0) {
            finish(t, "failed: ", mio_strerror(n));
            return;
        }
        char *end = memchr(place, '\n', (size_t)n);
        t->length = end != NULL ? (size_t)(end - t->line) : t->length + (size_t)n;
        if (end != NULL || t->length == sizeof t->line - 1) { /* a long line is cut */
            t->line[t->length] = '\0';
            t->answered = true;
            finish(t, "the server says: ", t->line);
            return;
        }
        if (n == 0) {
            finish(t, "failed: ", "the server closed before it sent a line");
            return;
        }
    }
}

static void on_event(struct target *t, uint32_t readiness)
{
    t->ready |= readiness;
    if (t->state == CONNECTING) {
        if (!(readiness & MIO_WRITABLE))
            return;
        int error = mio_tcp_stream_connect_result(&t->stream);
        if (error == -EINPROGRESS)
            return;
        if (error < 0) {
            try_after(t, mio_strerror(error));
            return;
        }
        t->state = READING;
        t->deadline = mio_now_ns() + ANSWER_NS;
    }
    read_line(t);
}

static void give_up_the_late(int64_t now)
{
    for (size_t i = 0; i < target_count; i++) {
        struct target *t = &targets[i];
        if (t->state == DONE || now < t->deadline)
            continue;
        if (t->state == CONNECTING)
            try_after(t, "timed out");
        else
            finish(t, "failed: ", t->state == READING ? "no answer" : "the lookup takes too long");
    }
}

static void run(void)
{
    int ticks = 0;
    int64_t next_tick = mio_now_ns() + TICK_NS, latest = 0;
    while (open_targets > 0) {
        int count = mio_poll_wait(&poll, events, MAX_EVENTS, next_tick - mio_now_ns());
        if (count == -EINTR)
            continue;
        check("wait", count);
        event_count = (size_t)count;
        for (size_t i = 0; i < event_count; i++) {
            if (events[i].token == (mio_token)&waker)
                take_results();
            else if (events[i].readiness != 0) /* 0: forgotten by disconnect */
                on_event((struct target *)events[i].token, events[i].readiness);
        }
        event_count = 0;
        int64_t now = mio_now_ns();
        if (now < next_tick)
            continue;
        ticks++;
        if (latest < now - next_tick)
            latest = now - next_tick;
        next_tick = now + TICK_NS; /* from now: what was missed is not made up for */
        give_up_the_late(now);
    }
    printf("ticked %d times, at most %.1f ms late\n", ticks,
           (double)latest / (double)MIO_NS_PER_MS);
}

/* ---- The program ----------------------------------------------------------------------------- */

static void start(int argc, char **argv)
{
    target_count = (size_t)(argc - 1) / 2;
    if (argc < 3 || argc % 2 == 0 || target_count > MAX_TARGETS) {
        fprintf(stderr, "usage: resolver HOST PORT [HOST PORT]..., up to %d\n", MAX_TARGETS);
        exit(EXIT_FAILURE);
    }
    open_targets = target_count;
    check("poll", mio_poll_init(&poll));
    check("waker", mio_waker_init(&waker, mio_poll_registry(&poll), (mio_token)&waker));
    for (size_t i = 0; i < target_count; i++) {
        struct target *t = &targets[i];
        t->host = argv[1 + 2 * i];
        t->port = argv[2 + 2 * i];
        t->deadline = mio_now_ns() + LOOKUP_NS;
        /* A program with many names has a few threads and a queue of requests. */
        check_thread("thread", pthread_create(&t->thread, NULL, run_lookup, t));
    }
}

int main(int argc, char **argv)
{
    size_t answered = 0, unfinished = 0;

    start(argc, argv);
    run();
    for (size_t i = 0; i < target_count; i++) {
        struct target *t = &targets[i];
        answered += t->answered;
        unfinished += !t->looked_up;
        /* Its result has come, but its wake may still run; after the join it does not. */
        if (t->looked_up)
            check_thread("join", pthread_join(t->thread, NULL));
        else
            check_thread("detach", pthread_detach(t->thread));
    }
    /* A lookup cannot be called off. It would wake a waker that is closed, so that stays open, and
     * the process ends both. A program that runs on waits for it, and drops its result. */
    if (unfinished == 0) {
        check("close", mio_waker_close(&waker));
        check("close", mio_poll_close(&poll));
    }
    return answered == target_count ? EXIT_SUCCESS : EXIT_FAILURE;
}
