/*
 * udp_server: sends every datagram back to where it came from. It shows how a datagram socket is
 * drained (by would-block alone, there are no short transfers), how an answer that finds no room
 * waits for it, and which errors are not the socket's end.
 *
 * Try it:  ./udp_server 7777               (without a port the system chooses one)
 *          nc -u 127.0.0.1 7777            type lines; Ctrl-C ends either of them
 */
#include <mio.h>
#include <stdio.h>
#include <stdlib.h>

/* Longer than any datagram, so that none is cut: no error would tell. */
#define BUFFER_SIZE 65536

struct server {
    struct mio_poll poll;
    struct mio_udp_socket socket;
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

/*
 * Answers until there is nothing to receive or no room to send. In both cases an event tells when
 * to go on, and this is called again: whichever direction it was for, the other one gets its turn.
 */
static void serve(struct server *server)
{
    for (;;) {
        if (server->answering) {
            ptrdiff_t sent =
                mio_udp_socket_send_to(&server->socket, server->buf, server->size, &server->asker);
            if (sent == -EAGAIN)
                return;
            /* Any other error concerns that one receiver, who gets no answer. */
            server->answering = false;
        }
        ptrdiff_t got = mio_udp_socket_recv_from(&server->socket, server->buf, sizeof server->buf,
                                                 &server->asker);
        if (got == -EAGAIN)
            return;
        check("receive", got); /* a socket that is not connected hears of no peer's errors */
        server->answering = true;
        server->size = (size_t)got; /* 0 is a datagram like others */
    }
}

int main(int argc, char **argv)
{
    static struct server server;
    struct mio_event event;
    struct mio_addr addr;
    char text[MIO_ADDR_TEXT];

    snprintf(text, sizeof text, "127.0.0.1:%s", argc > 1 ? argv[1] : "0");
    check(text, mio_addr_parse(&addr, text));
    check("poll", mio_poll_init(&server.poll));
    check("bind", mio_udp_socket_bind(&server.socket, &addr));
    check("address", mio_udp_socket_local_addr(&server.socket, &addr));
    check("register", mio_register(mio_poll_registry(&server.poll), &server.socket.source, 0,
                                   MIO_READABLE | MIO_WRITABLE));
    check("address", mio_addr_format(&addr, text, sizeof text));
    printf("listening on %s\n", text);
    fflush(stdout);
    for (;;) {
        int count = mio_poll_wait(&server.poll, &event, 1, MIO_FOREVER);
        if (count == -EINTR)
            continue;
        check("wait", count);
        serve(&server);
    }
}
