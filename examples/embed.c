/*
 * embed: the event queue inside somebody else's loop. The loop of this program is poll(2); it
 * watches the standard input and, as one more descriptor, the queue of mio, and looks for events
 * when that is readable. The program itself is a small nc: what you type goes to a server, what the
 * server sends is printed.
 *
 * Try it:  nc -l 7777                      a server
 *          ./embed 127.0.0.1:7777          type lines on either side; Ctrl-D ends one direction
 *          ./embed 127.0.0.1:7777 <FILE    a file is ready always, and refused by epoll
 *
 * The poll(2) backend has no descriptor to watch. The program says so then, and exits with 77.
 */
#define _POSIX_C_SOURCE 200809L /* poll */

#include <mio.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_EVENTS 16
#define BUFFER_SIZE 16384
#define TURN 32  /* reads or writes before the standard input has its turn */
#define ROUNDS 8 /* waits before it has */
#define NO_DESCRIPTOR 77

static struct mio_poll queue; /* poll is the name of the system's function here */
static struct mio_tcp_stream stream;
static uint32_t ready;    /* what events said and is not used up yet */
static bool connected;    /* until then nothing is read or written */
static bool input_ended;  /* end of file on the standard input */
static bool told_the_end; /* and the server knows */
static bool finished;     /* the server has sent all */
static char out[BUFFER_SIZE];
static size_t out_begin, out_end; /* the bytes of out that wait to be sent */

static void fail(const char *what, ptrdiff_t error)
{
    fprintf(stderr, "embed: %s: %s\n", what, mio_strerror(error));
    exit(EXIT_FAILURE);
}

static void check(const char *what, ptrdiff_t result)
{
    if (result < 0)
        fail(what, result);
}

/* ---- The side of mio ------------------------------------------------------------------------- */

static void send_out(void)
{
    for (int i = 0; i < TURN && out_begin < out_end && (ready & MIO_WRITABLE); i++) {
        size_t asked = out_end - out_begin;
        ptrdiff_t n = mio_tcp_stream_write(&stream, out + out_begin, asked);
        mio_ready_after(&ready, MIO_WRITABLE, n, asked);
        if (n != -EAGAIN)
            check("write", n);
        if (n > 0)
            out_begin += (size_t)n;
    }
    if (out_begin < out_end)
        return;
    out_begin = out_end = 0;
    if (input_ended && !told_the_end) {
        check("shutdown", mio_tcp_stream_shutdown(&stream, MIO_SHUTDOWN_WRITE));
        told_the_end = true;
    }
}

/* The standard output blocks. A program that minds has its loop watch that, too. */
static void print_in(void)
{
    static char in[BUFFER_SIZE];
    for (int i = 0; i < TURN && !finished && (ready & MIO_READABLE); i++) {
        ptrdiff_t n = mio_tcp_stream_read(&stream, in, sizeof in);
        mio_ready_after(&ready, MIO_READABLE, n, sizeof in);
        if (n == -EAGAIN)
            break;
        check("read", n);
        finished = n == 0; /* other events may say readable again; the end is read once */
        if (fwrite(in, 1, (size_t)n, stdout) < (size_t)n)
            fail("standard output", -errno);
    }
    if (fflush(stdout) != 0)
        fail("standard output", -errno);
}

static void serve(void)
{
    if (!connected && (ready & MIO_WRITABLE)) {
        int error = mio_tcp_stream_connect_result(&stream);
        if (error == -EINPROGRESS)
            ready &= ~MIO_WRITABLE;
        else
            check("connect", error);
        connected = error == 0;
    }
    if (connected) {
        send_out();
        print_in();
    }
}

/* Whether events that came before have left something to do, so that none may come for it. */
static bool has_work(void)
{
    return connected && ((!finished && (ready & MIO_READABLE) != 0) ||
                         (out_begin < out_end && (ready & MIO_WRITABLE) != 0));
}

/*
 * Takes what the queue has, without waiting, until it has nothing. A server that never stops
 * sending could keep us here; so there is a limit, and as poll(2) tells of what is still in the
 * queue once more, it does no harm. In a loop with edges of its own (EPOLLET) it would.
 */
static void take_events(void)
{
    struct mio_event events[MAX_EVENTS];
    int count = 1;
    for (int round = 0; count > 0 && round < ROUNDS; round++) {
        count = mio_poll_wait(&queue, events, MAX_EVENTS, 0);
        if (count == -EINTR)
            return;
        check("wait", count);
        for (int i = 0; i < count; i++)
            ready |= events[i].readiness; /* there is one source only */
        serve();
    }
}

/* ---- The foreign loop ------------------------------------------------------------------------ */

/* Called when poll(2) says so: this read does not block, whatever the standard input is. */
static void read_input(void)
{
    ptrdiff_t n = read(STDIN_FILENO, out + out_end, BUFFER_SIZE - out_end);
    if (n < 0) {
        if (errno != EINTR && errno != EAGAIN)
            fail("standard input", -errno);
        return;
    }
    out_end += (size_t)n;
    input_ended = n == 0;
    if (connected)
        send_out();
}

/* Ends when the server has sent all, and what was read of the input until then is on its way. */
static void run(void)
{
    while (!finished || out_begin < out_end) {
        /* A full buffer leaves the input alone. The descriptor has to go, not only the events: a
         * hang-up is told to those who did not ask, and would be told again and again. */
        bool wants_input = !finished && !input_ended && out_end < BUFFER_SIZE;
        struct pollfd fds[] = {
            {.fd = mio_poll_fd(&queue), .events = POLLIN},
            {.fd = wants_input ? STDIN_FILENO : -1, .events = POLLIN},
        };
        if (poll(fds, 2, has_work() ? 0 : -1) < 0) {
            if (errno != EINTR)
                fail("poll", -errno);
            continue;
        }
        if (fds[0].revents != 0)
            take_events();
        else if (has_work())
            serve();
        if (fds[1].revents != 0)
            read_input();
    }
}

int main(int argc, char **argv)
{
    struct mio_addr addr;

    if (argc != 2) {
        fprintf(stderr, "usage: embed ADDRESS:PORT\n");
        return EXIT_FAILURE;
    }
    if (mio_addr_parse(&addr, argv[1]) < 0) {
        fprintf(stderr, "embed: \"%s\" is no address like 127.0.0.1:80 or [::1]:80\n", argv[1]);
        return EXIT_FAILURE;
    }
    check("queue", mio_poll_init(&queue));
    if (mio_poll_fd(&queue) == MIO_FD_NONE) {
        printf("the backend \"%s\" has no descriptor for other loops\n",
               mio_poll_backend_name(&queue));
        check("close", mio_poll_close(&queue));
        return NO_DESCRIPTOR;
    }
    check("connect", mio_tcp_stream_connect(&stream, &addr));
    check("register",
          mio_register(mio_poll_registry(&queue), &stream.source, 0, MIO_READABLE | MIO_WRITABLE));
    run();
    check("close", mio_tcp_stream_close(&stream));
    check("close", mio_poll_close(&queue));
    return 0;
}
