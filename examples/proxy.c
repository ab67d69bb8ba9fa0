/*
 * proxy: passes TCP connections on to a target, both ways at once. It is the hard case of the
 * draining rule: a direction stops reading while its buffer is full, and goes on when there is room
 * again, for which no event comes. It also shows a connect that is under way, an end of file that
 * is passed on while the other direction lives, fairness, and peers that vanish.
 *
 * Try it:  nc -lk 9999                        a target
 *          ./proxy 7777 127.0.0.1:9999        (with port 0 the system chooses one)
 *          nc 127.0.0.1 7777                  type lines on either side
 *
 * A peer that falls silent keeps its session for ever; deadlines.c shows what to do about it.
 */
#include <mio.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define MAX_SESSIONS 500
#define MAX_EVENTS 256
#define BUFFER_SIZE 16384
#define TURN 32 /* reads and writes for one session before the others have theirs */
#define RETRY_NS (100 * MIO_NS_PER_MS)
#define MAX_ERRORS 16 /* of accept in a row, then it pauses */

struct session;

struct side {
    struct mio_tcp_stream stream;
    struct session *session;
    uint32_t ready; /* what events said and is not used up yet */
};

/* The bytes that go one way: read from one side, written to the other. */
struct flow {
    struct side *from, *to;
    size_t begin, end; /* the bytes of buf that wait to be sent */
    bool ended;        /* end of file was read */
    bool passed_on;    /* and the other side knows */
    unsigned char buf[BUFFER_SIZE];
};

struct session {
    struct session *next_free;
    bool connected;
    struct side client, target;
    struct flow flows[2];
};

struct proxy {
    struct mio_poll poll;
    struct mio_registry *registry;
    struct mio_addr target;
    struct mio_tcp_listener listener;
    struct mio_event events[MAX_EVENTS];
    size_t count;         /* events in this batch */
    struct session *free; /* a list */
    bool paused;          /* connections may wait that could not be accepted */
    struct session sessions[MAX_SESSIONS];
};

static void check(const char *what, int result)
{
    if (result < 0) {
        fprintf(stderr, "proxy: %s: %s\n", what, mio_strerror(result));
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
    fprintf(stderr,
            "proxy: LISTEN_PORT is a number from 0 (the system chooses) to 65535, not \"%s\"\n",
            port);
    exit(EXIT_FAILURE);
}

/* ---- The end of a session -------------------------------------------------------------------- */

static void hang_up(struct proxy *proxy, struct session *s)
{
    mio_tcp_stream_close(&s->client.stream);
    mio_tcp_stream_close(&s->target.stream);
    mio_events_forget(proxy->events, proxy->count, (mio_token)&s->client);
    mio_events_forget(proxy->events, proxy->count, (mio_token)&s->target);
    s->next_free = proxy->free;
    proxy->free = s;
}

/*
 * Ends a session that failed. A plain close would look to the other peer like a proper end of what
 * it was sent; a reset says that something is missing.
 */
static void cut_off(struct proxy *proxy, struct session *s)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    const void *value = &at_once; /* which is a char * on Windows */
    struct side *sides[] = {&s->client, &s->target};
    for (int i = 0; i < 2; i++) {
        mio_fd fd = mio_source_fd(&sides[i]->stream.source);
        if (fd != MIO_FD_NONE && setsockopt(fd, SOL_SOCKET, SO_LINGER, value, sizeof at_once))
            perror("proxy: SO_LINGER");
    }
    hang_up(proxy, s);
}

/* ---- What goes back and forth ---------------------------------------------------------------- */

static bool can_write(const struct flow *f)
{
    return f->begin < f->end && (f->to->ready & MIO_WRITABLE) != 0;
}

/* A full buffer is what holds a fast sender back: its bytes stay in the socket. */
static bool can_read(const struct flow *f)
{
    return f->end < BUFFER_SIZE && !f->ended && (f->from->ready & MIO_READABLE) != 0;
}

/* One write or one read. Returns 0, or the error that ends the session. */
static int step(struct flow *f)
{
    ptrdiff_t n;
    if (can_write(f)) {
        size_t asked = f->end - f->begin;
        n = mio_tcp_stream_write(&f->to->stream, f->buf + f->begin, asked);
        mio_ready_after(&f->to->ready, MIO_WRITABLE, n, asked);
        if (n > 0)
            f->begin += (size_t)n;
        if (f->begin == f->end)
            f->begin = f->end = 0;
    } else {
        size_t asked = BUFFER_SIZE - f->end;
        n = mio_tcp_stream_read(&f->from->stream, f->buf + f->end, asked);
        mio_ready_after(&f->from->ready, MIO_READABLE, n, asked);
        if (n > 0)
            f->end += (size_t)n;
        f->ended = n == 0;
    }
    if (n < 0 && n != -EAGAIN)
        return (int)n;
    if (f->ended && f->begin == f->end && !f->passed_on) {
        f->passed_on = true;
        return mio_tcp_stream_shutdown(&f->to->stream, MIO_SHUTDOWN_WRITE);
    }
    return 0;
}

/*
 * Goes on until neither direction can. A write makes room, for which no event comes: whether a
 * direction can read is therefore asked again after each step, of what earlier events said.
 */
static void serve(struct proxy *proxy, struct session *s)
{
    for (int steps = 0; steps < TURN;) {
        int before = steps;
        for (int i = 0; i < 2; i++) {
            struct flow *f = &s->flows[i];
            if (!can_write(f) && !can_read(f))
                continue;
            steps++;
            if (step(f) < 0) {
                cut_off(proxy, s);
                return;
            }
        }
        if (s->flows[0].passed_on && s->flows[1].passed_on) {
            hang_up(proxy, s);
            return;
        }
        if (steps == before)
            return;
    }
    /* Others wait. A side that is not drained tells nothing by itself: ask for events of both. */
    struct side *sides[] = {&s->client, &s->target};
    for (int i = 0; i < 2; i++) {
        if (mio_reregister(proxy->registry, &sides[i]->stream.source, (mio_token)sides[i],
                           MIO_READABLE | MIO_WRITABLE) < 0) {
            cut_off(proxy, s);
            return;
        }
    }
}

static void on_event(struct proxy *proxy, struct side *side, uint32_t readiness)
{
    struct session *s = side->session;
    int error = 0;
    side->ready |= readiness;
    if (side == &s->target && !s->connected) {
        if (!(readiness & MIO_WRITABLE))
            return;
        error = mio_tcp_stream_connect_result(&side->stream);
        if (error == -EINPROGRESS) {
            side->ready &= ~MIO_WRITABLE;
            return;
        }
        if (error < 0)
            fprintf(stderr, "proxy: connect: %s\n", mio_strerror(error));
        s->connected = error == 0;
    } else if (readiness & MIO_ERROR) {
        /* Nobody may read from this side just now, and would find out: its buffer can be full. */
        error = mio_tcp_stream_take_error(&side->stream);
    }
    if (error < 0)
        cut_off(proxy, s);
    else if (s->connected)
        serve(proxy, s);
}

/* ---- New sessions ---------------------------------------------------------------------------- */

/* Connects a session to the target and registers both sides. */
static int start_session(struct proxy *proxy, struct session *s)
{
    const struct mio_connect_options options = {.nodelay = MIO_ON};
    int error = mio_tcp_stream_connect_with(&s->target.stream, &proxy->target, &options);
    if (error < 0)
        return error;
    s->connected = false;
    s->client.ready = s->target.ready = 0;
    for (int i = 0; i < 2; i++) {
        struct flow *f = &s->flows[i];
        f->begin = f->end = 0;
        f->ended = f->passed_on = false;
    }
    error = mio_register(proxy->registry, &s->client.stream.source, (mio_token)&s->client,
                         MIO_READABLE | MIO_WRITABLE);
    if (error < 0)
        return error;
    return mio_register(proxy->registry, &s->target.stream.source, (mio_token)&s->target,
                        MIO_READABLE | MIO_WRITABLE);
}

static void accept_all(struct proxy *proxy)
{
    bool was_paused = proxy->paused;
    int errors = 0;
    proxy->paused = false;
    while (proxy->free != NULL) {
        struct session *s = proxy->free;
        int error = mio_tcp_listener_accept(&proxy->listener, &s->client.stream, NULL);
        if (error == -EAGAIN)
            return;
        if (mio_accept_should_continue(error) && ++errors < MAX_ERRORS)
            continue;
        if (error < 0) {
            /* Out of descriptors or memory, as a rule. No event tells of those who wait. */
            if (!was_paused)
                fprintf(stderr, "proxy: accept: %s; pausing\n", mio_strerror(error));
            break;
        }
        errors = 0;
        proxy->free = s->next_free;
        error = start_session(proxy, s);
        if (error < 0) {
            fprintf(stderr, "proxy: connect: %s\n", mio_strerror(error));
            cut_off(proxy, s);
        }
    }
    proxy->paused = true;
}

static void run(struct proxy *proxy)
{
    for (;;) {
        /* Without a free session only an end helps; a descriptor may come from anywhere. */
        int64_t timeout = proxy->paused && proxy->free != NULL ? RETRY_NS : MIO_FOREVER;
        int count = mio_poll_wait(&proxy->poll, proxy->events, MAX_EVENTS, timeout);
        if (count == -EINTR)
            continue;
        check("wait", count);
        proxy->count = (size_t)count;
        for (int i = 0; i < count; i++) {
            const struct mio_event *event = &proxy->events[i];
            if (event->token == (mio_token)&proxy->listener)
                accept_all(proxy);
            else if (event->readiness != 0) /* 0: forgotten by hang_up */
                on_event(proxy, (struct side *)event->token, event->readiness);
        }
        if (proxy->paused)
            accept_all(proxy);
    }
}

static void link_sessions(struct proxy *proxy)
{
    for (size_t i = MAX_SESSIONS; i-- > 0;) {
        struct session *s = &proxy->sessions[i];
        s->client.session = s->target.session = s;
        s->flows[0].from = s->flows[1].to = &s->client;
        s->flows[0].to = s->flows[1].from = &s->target;
        s->next_free = proxy->free;
        proxy->free = s;
    }
}

int main(int argc, char **argv)
{
    static struct proxy proxy;
    /* Bytes that come in pieces go out in pieces, none of which shall wait for an ACK. */
    const struct mio_listen_options options = {.nodelay = MIO_ON};
    struct mio_addr addr;
    char text[MIO_ADDR_TEXT];

    if (argc != 3) {
        fprintf(stderr, "usage: proxy LISTEN_PORT TARGET_ADDRESS:PORT\n");
        return EXIT_FAILURE;
    }
    parse_port(&addr, argv[1]);
    if (mio_addr_parse(&proxy.target, argv[2]) < 0) {
        fprintf(stderr, "proxy: TARGET is an address like 127.0.0.1:80 or [::1]:80, not \"%s\"\n",
                argv[2]);
        return EXIT_FAILURE;
    }
    link_sessions(&proxy);
    check("poll", mio_poll_init(&proxy.poll));
    proxy.registry = mio_poll_registry(&proxy.poll);
    check("bind", mio_tcp_listener_bind_with(&proxy.listener, &addr, &options));
    check("register", mio_register(proxy.registry, &proxy.listener.source,
                                   (mio_token)&proxy.listener, MIO_READABLE));
    check("address", mio_tcp_listener_local_addr(&proxy.listener, &addr));
    check("address", mio_addr_format(&addr, text, sizeof text));
    printf("listening on %s\n", text);
    fflush(stdout);
    run(&proxy);
}
