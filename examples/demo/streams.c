/* TCP and Unix domain streams, which are read, written and closed by the same calls. */
#include "server.h"

static ptrdiff_t stream_read(struct connection *c, void *buf, size_t len)
{
    return mio_stream_read(c->in, buf, len);
}

static ptrdiff_t stream_write(struct connection *c, const void *buf, size_t len)
{
    return mio_stream_write(c->out, buf, len);
}

static int stream_close(struct connection *c)
{
    return mio_stream_close(c->in); /* which is out, too */
}

static int tcp_accept(struct door *door, struct connection *c)
{
    c->in = c->out = &c->tcp.source;
    return mio_tcp_listener_accept(&door->tcp, &c->tcp, NULL);
}

static int tcp_close_door(struct door *door)
{
    return mio_tcp_listener_close(&door->tcp);
}

static int unix_accept(struct door *door, struct connection *c)
{
    c->in = c->out = &c->local.source;
    return mio_unix_listener_accept(&door->local, &c->local, NULL);
}

static int unix_close_door(struct door *door)
{
    return mio_unix_listener_close(&door->local);
}

const struct kind tcp_kind = {
    .interest = MIO_READABLE,
    .serve = echo_accept,
    .close_door = tcp_close_door,
    .accept = tcp_accept,
    .read = stream_read,
    .write = stream_write,
    .close = stream_close,
};

const struct kind unix_kind = {
    .interest = MIO_READABLE,
    .serve = echo_accept,
    .close_door = unix_close_door,
    .accept = unix_accept,
    .read = stream_read,
    .write = stream_write,
    .close = stream_close,
};
