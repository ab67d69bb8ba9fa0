/*
 * Pairs of pipes. Nothing listens for them: the clients make them and pass the server its ends. A
 * pair is two objects.
 */
#define _POSIX_C_SOURCE 200809L

#include "pass.h"
#include "server.h"

#include <unistd.h>

static int pipes_close(struct connection *c)
{
    int error = mio_pipe_receiver_close(&c->pipes.receiver);
    int second = mio_pipe_sender_close(&c->pipes.sender);
    return error < 0 ? error : second;
}

/* Takes the next pair from the socket; its messages carry descriptors, so we receive ourselves. */
static int pipes_accept(struct door *door, struct connection *c)
{
    int fds[2];
    int error = pass_receive(mio_source_fd(&door->source), fds);
    /* The library did not see the call. Only would-block drains here: so no length, but 0. */
    mio_source_after(&door->source, &door->ready, MIO_READABLE, error == 0 ? 1 : error, 0);
    if (error < 0)
        return error;
    c->in = &c->pipes.receiver.source;
    c->out = &c->pipes.sender.source;
    error = mio_pipe_receiver_from_fd(&c->pipes.receiver, fds[0]);
    int second = mio_pipe_sender_from_fd(&c->pipes.sender, fds[1]);
    if (error == 0 && second == 0)
        return 0;
    /* A descriptor that was not taken over is still ours. */
    if (error < 0)
        close(fds[0]);
    if (second < 0)
        close(fds[1]);
    pipes_close(c);
    return error < 0 ? error : second;
}

static ptrdiff_t pipes_read(struct connection *c, void *buf, size_t len)
{
    return mio_pipe_receiver_read(&c->pipes.receiver, buf, len);
}

static ptrdiff_t pipes_write(struct connection *c, const void *buf, size_t len)
{
    return mio_pipe_sender_write(&c->pipes.sender, buf, len);
}

static int pipes_close_door(struct door *door)
{
    return mio_unix_datagram_close(&door->pipes);
}

static const struct kind pipes_kind = {
    .interest = MIO_READABLE,
    .serve = echo_accept,
    .close_door = pipes_close_door,
    .accept = pipes_accept,
    .read = pipes_read,
    .write = pipes_write,
    .close = pipes_close,
};

/* They come through a socket whose other end the clients inherit. */
int pipes_open(struct door *door, struct target *target, const char *unused)
{
    struct mio_unix_datagram clients;
    (void)unused;
    target->transport = TRANSPORT_PIPES;
    int error = mio_unix_datagram_pair(&door->pipes, &clients);
    if (error < 0)
        return error;
    target->pipes = mio_unix_datagram_into_fd(&clients);
    door->kind = &pipes_kind;
    return 0;
}
