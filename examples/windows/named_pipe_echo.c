/*
 * named_pipe_echo: an echo server on a named pipe, for several clients at once. It shows how server
 * ends are connected and used again, edge-triggered reads and writes with the draining rule, and
 * back-pressure (nothing is read while bytes wait to be sent).
 *
 * Try it:  named_pipe_echo                                  (\\.\pipe\mio-echo; Ctrl-C ends it)
 *          named_pipe_echo \\.\pipe\mine 3                  ends after three clients
 *          echo hello > \\.\pipe\mio-echo                   in another terminal
 */
#include <mio.h>
#include <stdio.h>
#include <stdlib.h>

#define CLIENTS_AT_ONCE 8
#define MAX_EVENTS 16
#define BUFFER_SIZE 4096
#define TURN 32 /* reads and writes for one client before the others have theirs */

struct slot {
    struct mio_named_pipe pipe;
    uint32_t ready; /* what events said and is not used up yet */
    bool connected;
    size_t begin, end; /* the bytes of buf that wait to be sent */
    char buf[BUFFER_SIZE];
};

static struct mio_poll poll;
static struct slot slots[CLIENTS_AT_ONCE];
static long served;

static void check(const char *what, int result)
{
    if (result >= 0)
        return;
    fprintf(stderr, "named_pipe_echo: %s: %s\n", what, mio_strerror(result));
    exit(EXIT_FAILURE);
}

/* Waits for a client; an event with MIO_WRITABLE says that it is there. */
static void await_client(struct slot *slot)
{
    int result = mio_named_pipe_connect(&slot->pipe);
    if (result == -EAGAIN)
        return;
    check("connect", result);
    slot->connected = true;
    slot->ready |= MIO_READABLE | MIO_WRITABLE; /* it may have written before */
}

/* The client has gone, or there was an error: the end is ready for the next one. */
static void part(struct slot *slot)
{
    check("disconnect", mio_named_pipe_disconnect(&slot->pipe));
    slot->connected = false;
    slot->ready = 0;
    slot->begin = slot->end = 0;
    served++;
    await_client(slot);
}

/* 0, or a code: -EAGAIN where nothing more can be done now. */
static ptrdiff_t send_back(struct slot *slot)
{
    size_t asked = slot->end - slot->begin;
    ptrdiff_t n = mio_named_pipe_write(&slot->pipe, slot->buf + slot->begin, asked);
    mio_ready_after(&slot->ready, MIO_WRITABLE, n, asked);
    if (n > 0)
        slot->begin += (size_t)n;
    return n;
}

static ptrdiff_t receive(struct slot *slot)
{
    ptrdiff_t n = mio_named_pipe_read(&slot->pipe, slot->buf, sizeof slot->buf);
    mio_ready_after(&slot->ready, MIO_READABLE, n, sizeof slot->buf);
    slot->begin = 0;
    slot->end = n > 0 ? (size_t)n : 0;
    return n;
}

/* Goes on until neither direction can; whether it stopped early, to be fair to the others. */
static bool serve(struct slot *slot)
{
    if (!slot->connected)
        await_client(slot);
    for (int turn = 0; slot->connected; turn++) {
        bool sends = slot->begin < slot->end;
        if (!(slot->ready & (sends ? MIO_WRITABLE : MIO_READABLE)))
            return false;
        if (turn == TURN)
            return true;
        ptrdiff_t n = sends ? send_back(slot) : receive(slot);
        if (n <= 0 && n != -EAGAIN) /* the end, or an error */
            part(slot);
    }
    return false;
}

static void open_slots(const char *name)
{
    struct mio_named_pipe_options options = {0};
    for (size_t i = 0; i < CLIENTS_AT_ONCE; i++) {
        check(name, mio_named_pipe_create(&slots[i].pipe, name, &options));
        options.flags = MIO_NAMED_PIPE_SHARED; /* all but the first one */
        check("register", mio_register(mio_poll_registry(&poll), &slots[i].pipe.source, i,
                                       MIO_READABLE | MIO_WRITABLE));
        await_client(&slots[i]);
    }
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "\\\\.\\pipe\\mio-echo";
    const long clients = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
    struct mio_event events[MAX_EVENTS];
    bool again = false;
    check("poll", mio_poll_init(&poll));
    open_slots(name);
    printf("listening on %s\n", name);
    fflush(stdout);
    while (clients == 0 || served < clients) {
        int count = mio_poll_wait(&poll, events, MAX_EVENTS, again ? 0 : MIO_FOREVER);
        check("wait", count);
        for (int i = 0; i < count; i++)
            slots[events[i].token].ready |= events[i].readiness;
        again = false;
        for (size_t i = 0; i < CLIENTS_AT_ONCE; i++)
            if (slots[i].ready != 0)
                again |= serve(&slots[i]);
    }
    for (size_t i = 0; i < CLIENTS_AT_ONCE; i++)
        check("close", mio_named_pipe_close(&slots[i].pipe));
    check("close", mio_poll_close(&poll));
    printf("served %ld clients\n", served);
    return EXIT_SUCCESS;
}
