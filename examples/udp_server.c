/*
 * udp_server: sends every datagram back to where it came from. It shows how a datagram socket is
 * drained (by would-block alone, there are no short transfers), how an answer that finds no room
 * waits for it, how the receive queue is made longer, and that an error of a datagram, or a
 * shortage, is not the end of the server.
 *
 * Try it:  ./udp_server 7777               (without a port the system chooses one)
 *          nc -u 127.0.0.1 7777            type lines; Ctrl-C ends either of them
 */
#include <mio.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Longer than any datagram, so that none is cut: no error would tell. */
#define BUFFER_SIZE 65536
#define QUEUE_SIZE (4 << 20) /* bytes; Linux counts some 800 for the smallest datagram */
#define MAX_TRIES 16         /* that fail in a row, then there is a pause */
#define PAUSE_NS (100 * MIO_NS_PER_MS)
#define GIVE_UP_NS (60 * MIO_NS_PER_S)

struct server {
    struct mio_poll poll;
    struct mio_udp_socket socket;
    int64_t failing_since; /* 0: receiving works */
    bool answering;        /* buf holds an answer that was not sent yet */
    struct mio_addr asker; /* whom it is for */
    size_t size;
    unsigned char buf[BUFFER_SIZE];
};

static void check(const char *what, ptrdiff_t result)
{
    if (result >= 0)
        return;
    fprintf(stderr, "udp_server: %s: %s\n", what, mio_strerror(result));
    exit(EXIT_FAILURE);
}

/* 127.0.0.1 and the port of an argument. */
static void parse_port(struct mio_addr *addr, const char *port)
{
    char text[MIO_ADDR_TEXT];
    snprintf(text, sizeof text, "127.0.0.1:%s", port);
    if (mio_addr_parse(addr, text) == 0)
        return;
    fprintf(stderr,
            "udp_server: PORT is a number from 0 (the system chooses) to 65535, not \"%s\"\n",
            port);
    exit(EXIT_FAILURE);
}

/*
 * Before bind, so that no datagram meets the short queue. Linux takes what net.core.rmem_max allows
 * and reports no error.
 */
static int prepare(mio_fd fd, void *arg)
{
    int size = QUEUE_SIZE;
    (void)arg;
    const void *value = &size; /* which is a char * on Windows */
    return setsockopt(fd, SOL_SOCKET, SO_RCVBUF, value, sizeof size) == 0 ? 0 : mio_socket_error();
}

/*
 * A shortage of memory, a firewall, or what a network says of an earlier answer: all of it may
 * pass, but no event tells when. So the server comes again after a pause.
 */
static void pause_after(struct server *server, ptrdiff_t error)
{
    int64_t now = mio_now_ns();
    if (server->failing_since == 0) {
        server->failing_since = now;
        fprintf(stderr, "udp_server: receive: %s; pausing\n", mio_strerror(error));
    }
    if (now - server->failing_since > GIVE_UP_NS)
        check("receive", error); /* what lasts that long does not pass by itself */
}

/* Sends the answer. Returns false when it has to wait for room. */
static bool answer(struct server *server)
{
    ptrdiff_t sent =
        mio_udp_socket_send_to(&server->socket, server->buf, server->size, &server->asker);
    if (sent == -EAGAIN)
        return false;
    /* Any other error concerns this one answer. It is lost, as any datagram may be. */
    server->answering = false;
    return true;
}

/*
 * Answers until there is nothing to receive or no room to send. In both cases an event tells when
 * to go on, and this is called again: whichever direction it was for, the other one gets its turn.
 * Returns how long to wait for the event.
 */
static int64_t serve(struct server *server)
{
    for (int tries = 0;;) {
        if (server->answering && !answer(server))
            return MIO_FOREVER;
        ptrdiff_t got = mio_udp_socket_recv_from(&server->socket, server->buf, sizeof server->buf,
                                                 &server->asker);
        if (got < 0 && got != -EAGAIN) {
            if (++tries < MAX_TRIES)
                continue;
            pause_after(server, got);
            return PAUSE_NS;
        }
        server->failing_since = 0;
        tries = 0;
        if (got == -EAGAIN)
            return MIO_FOREVER;
        server->answering = true;
        server->size = (size_t)got; /* 0 is a datagram like others */
    }
}

int main(int argc, char **argv)
{
    static struct server server;
    const struct mio_datagram_options options = {.prepare = prepare};
    struct mio_event event;
    struct mio_addr addr;
    char text[MIO_ADDR_TEXT];

    parse_port(&addr, argc > 1 ? argv[1] : "0");
    check("poll", mio_poll_init(&server.poll));
    check("bind", mio_udp_socket_bind_with(&server.socket, &addr, &options));
    check("address", mio_udp_socket_local_addr(&server.socket, &addr));
    check("register", mio_register(mio_poll_registry(&server.poll), &server.socket.source, 0,
                                   MIO_READABLE | MIO_WRITABLE));
    check("address", mio_addr_format(&addr, text, sizeof text));
    printf("listening on %s\n", text);
    fflush(stdout);
    for (int64_t timeout = MIO_FOREVER;;) {
        int count = mio_poll_wait(&server.poll, &event, 1, timeout);
        if (count == -EINTR)
            continue;
        check("wait", count);
        timeout = serve(&server);
    }
}
