/*
 * unix_chat: a room for the users of this machine. Everybody hears what the others say. It shows a
 * listener in the Unix domain (a path that was left behind, one that is removed at the end),
 * writing to many streams with a bounded buffer for each, and what becomes of a guest who does not
 * listen: nobody waits for him.
 *
 * Try it:  ./unix_chat /tmp/chat
 *          nc -U /tmp/chat                 as often as you like; Ctrl-C ends each of them
 */
#define _POSIX_C_SOURCE 200809L

#include <mio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_GUESTS 64
#define MAX_LINE 512
#define MAX_UNHEARD 16384 /* bytes that wait for one guest */
#define TURN 64           /* reads from one guest before the others have theirs */

#define RETRY_NS (100 * MIO_NS_PER_MS)
#define MAX_ERRORS 16 /* of accept in a row, then it pauses */

enum { TOKEN_LISTENER = MAX_GUESTS, TOKEN_END };

struct guest {
    struct mio_unix_stream stream;
    bool present;
    uint32_t ready;    /* what events said and is not used up yet */
    size_t said;       /* bytes of a line that has not ended yet */
    size_t begin, end; /* of what waits to be heard */
    char line[MAX_LINE];
    char unheard[MAX_UNHEARD];
};

static struct mio_poll room;
static struct mio_unix_listener door;
static struct mio_waker closing;
static struct guest guests[MAX_GUESTS];
static bool full; /* somebody may stand before the door */

static void check(const char *what, int result)
{
    if (result >= 0)
        return;
    fprintf(stderr, "unix_chat: %s: %s\n", what, mio_strerror(result));
    exit(EXIT_FAILURE);
}

static void leave(struct guest *guest)
{
    mio_unix_stream_close(&guest->stream);
    guest->present = false;
}

/* ---- Hearing --------------------------------------------------------------------------------- */

/* Writes what waits. Returns false when the guest is gone. */
static bool hear(struct guest *guest)
{
    while (guest->begin < guest->end && (guest->ready & MIO_WRITABLE)) {
        size_t asked = guest->end - guest->begin;
        ptrdiff_t n = mio_unix_stream_write(&guest->stream, guest->unheard + guest->begin, asked);
        mio_ready_after(&guest->ready, MIO_WRITABLE, n, asked);
        if (n < 0 && n != -EAGAIN)
            return false;
        if (n > 0)
            guest->begin += (size_t)n;
    }
    if (guest->begin == guest->end)
        guest->begin = guest->end = 0;
    return true;
}

/* Adds a text to what waits for a guest. A guest who does not listen for that long has to leave. */
static void tell(struct guest *guest, const char *text, size_t size)
{
    if (guest->begin > 0) {
        memmove(guest->unheard, guest->unheard + guest->begin, guest->end - guest->begin);
        guest->end -= guest->begin;
        guest->begin = 0;
    }
    if (size > sizeof guest->unheard - guest->end) {
        leave(guest);
        return;
    }
    memcpy(guest->unheard + guest->end, text, size);
    guest->end += size;
    if (!hear(guest))
        leave(guest);
}

/* ---- Saying ---------------------------------------------------------------------------------- */

static void say(const struct guest *speaker, const char *line, size_t size)
{
    char text[MAX_LINE + 32];
    int length = snprintf(text, sizeof text, "guest %d: %.*s\n", (int)(speaker - guests) + 1,
                          (int)size, line);
    for (size_t i = 0; i < MAX_GUESTS; i++)
        if (guests[i].present && &guests[i] != speaker)
            tell(&guests[i], text, (size_t)length);
}

/* Says all lines that have ended. One that fills all the room is said as it is. */
static void say_lines(struct guest *guest)
{
    char *begin = guest->line, *end = guest->line + guest->said, *newline;
    while ((newline = memchr(begin, '\n', (size_t)(end - begin))) != NULL) {
        say(guest, begin, (size_t)(newline - begin));
        begin = newline + 1;
    }
    if (begin == guest->line && guest->said == sizeof guest->line) {
        say(guest, begin, guest->said);
        begin = end;
    }
    guest->said = (size_t)(end - begin);
    memmove(guest->line, begin, guest->said);
}

/* Reads what the guest says. Returns false when the guest is gone. */
static bool listen_to(struct guest *guest, mio_token token)
{
    for (int turn = 0; guest->ready & MIO_READABLE; turn++) {
        if (turn == TURN) /* not drained: ask for another event */
            return mio_reregister(mio_poll_registry(&room), &guest->stream.source, token,
                                  MIO_READABLE | MIO_WRITABLE) == 0;
        size_t asked = sizeof guest->line - guest->said;
        ptrdiff_t n = mio_unix_stream_read(&guest->stream, guest->line + guest->said, asked);
        mio_ready_after(&guest->ready, MIO_READABLE, n, asked);
        if (n == -EAGAIN)
            return true;
        if (n <= 0)
            return false;
        guest->said += (size_t)n;
        say_lines(guest);
    }
    return true;
}

/* ---- The room -------------------------------------------------------------------------------- */

static struct guest *free_place(void)
{
    for (size_t i = 0; i < MAX_GUESTS; i++)
        if (!guests[i].present)
            return &guests[i];
    return NULL;
}

static void let_in(void)
{
    struct guest *guest;
    int errors = 0;
    full = false;
    while ((guest = free_place()) != NULL) {
        memset(guest, 0, sizeof *guest);
        int error = mio_unix_listener_accept(&door, &guest->stream, NULL);
        if (error == -EAGAIN)
            return;
        if (mio_accept_should_continue(error) && ++errors < MAX_ERRORS)
            continue;
        if (error < 0) /* out of descriptors or memory, as a rule */
            break;
        errors = 0;
        error = mio_register(mio_poll_registry(&room), &guest->stream.source,
                             (mio_token)(guest - guests), MIO_READABLE | MIO_WRITABLE);
        guest->present = error == 0;
        if (error < 0)
            mio_unix_stream_close(&guest->stream);
    }
    full = true; /* not drained, and no event will tell of those who wait */
}

static void handle(const struct mio_event *event)
{
    struct guest *guest = &guests[event->token];
    if (!guest->present) /* left while this batch was handled */
        return;
    guest->ready |= event->readiness;
    if (!hear(guest) || !listen_to(guest, event->token))
        leave(guest);
}

/* Async-signal-safe: it does nothing but wake the loop. */
static void on_signal(int number)
{
    (void)number;
    mio_waker_wake(&closing);
}

/*
 * Binds to the path. One that was left behind by a program that died is in the way; whether anybody
 * listens there a connect tells.
 */
static void open_door(const struct mio_addr *addr)
{
    struct mio_unix_stream probe;
    int error = mio_unix_listener_bind(&door, addr);
    if (error == -EADDRINUSE && mio_addr_unix_kind(addr) == MIO_UNIX_PATH &&
        mio_unix_stream_connect(&probe, addr) == -ECONNREFUSED) {
        unlink(mio_addr_unix_name(addr, NULL));
        error = mio_unix_listener_bind(&door, addr);
    }
    check("bind", error);
}

static void run(void)
{
    struct mio_event events[32];
    for (;;) {
        /* Without a free place somebody has to leave; a descriptor may come from elsewhere. */
        int64_t timeout = full && free_place() != NULL ? RETRY_NS : MIO_FOREVER;
        int count = mio_poll_wait(&room, events, 32, timeout);
        if (count == -EINTR)
            continue;
        check("wait", count);
        for (int i = 0; i < count; i++) {
            if (events[i].token == TOKEN_END)
                return;
            if (events[i].token == TOKEN_LISTENER)
                let_in();
            else
                handle(&events[i]);
        }
        if (full) /* after the batch: its events must not meet a new guest in an old place */
            let_in();
    }
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct mio_addr addr;
    char text[MIO_ADDR_TEXT];

    if (argc != 2) {
        fprintf(stderr, "usage: unix_chat PATH\n");
        return 2;
    }
    check(argv[1], mio_addr_unix_path(&addr, argv[1]));
    check("poll", mio_poll_init(&room));
    check("waker", mio_waker_init(&closing, mio_poll_registry(&room), TOKEN_END));
    open_door(&addr);
    check("register",
          mio_register(mio_poll_registry(&room), &door.source, TOKEN_LISTENER, MIO_READABLE));
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    check("address", mio_addr_format(&addr, text, sizeof text));
    printf("listening on %s\n", text);
    fflush(stdout);
    run();
    for (size_t i = 0; i < MAX_GUESTS; i++)
        if (guests[i].present)
            leave(&guests[i]);
    unlink(argv[1]);
    check("close", mio_unix_listener_close(&door));
    signal(SIGINT, SIG_DFL); /* no wake may run while the waker is closed */
    signal(SIGTERM, SIG_DFL);
    check("close", mio_waker_close(&closing));
    check("close", mio_poll_close(&room));
    return EXIT_SUCCESS;
}
