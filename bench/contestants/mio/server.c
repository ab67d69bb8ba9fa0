/* The servers with this library's sockets. TCP and Unix streams differ in names only. */
#include "mio_contestant.h"

#include <stdlib.h>

#define MAX_ERRORS 100 /* of accept, for one event */

struct connection {
    union {
        struct mio_source source; /* the first member of both */
        struct mio_tcp_stream tcp;
        struct mio_unix_stream uds;
    };
    enum transport transport;
    uint32_t ready; /* what events said and I/O has not taken back */
    struct rest rest;
};

static struct mio_poll poll;
static char buf[READ_BYTES];

static ptrdiff_t receive(struct connection *connection)
{
    return connection->transport == TCP ? mio_tcp_stream_read(&connection->tcp, buf, sizeof buf)
                                        : mio_unix_stream_read(&connection->uds, buf, sizeof buf);
}

static ptrdiff_t transmit(struct connection *connection, const char *bytes, size_t length)
{
    return connection->transport == TCP ? mio_tcp_stream_write(&connection->tcp, bytes, length)
                                        : mio_unix_stream_write(&connection->uds, bytes, length);
}

static int watch(struct connection *connection, mio_interest interest)
{
    return mio_reregister(mio_poll_registry(&poll), &connection->source, (mio_token)connection,
                          interest);
}

static void close_stream(struct connection *connection)
{
    if (connection->transport == TCP)
        mio_tcp_stream_close(&connection->tcp);
    else
        mio_unix_stream_close(&connection->uds);
}

static void end_connection(struct connection *connection)
{
    close_stream(connection);
    rest_free(&connection->rest);
    free(connection);
}

/* Sends what was left over. 1: all of it; 0: there is no room; -1: the connection has ended. */
static int send_rest(struct connection *connection)
{
    struct rest *rest = &connection->rest;
    while (!rest_is_empty(rest)) {
        ptrdiff_t n = transmit(connection, rest->bytes + rest->sent, rest->length - rest->sent);
        if (n < 0)
            return n == -EAGAIN ? 0 : -1;
        rest_advance(rest, (size_t)n);
    }
    return watch(connection, MIO_READABLE) == 0 ? 1 : -1;
}

/* 1: sent; 0: there is no room, the rest is kept; -1: the connection has ended. */
static int send_back(struct connection *connection, size_t length)
{
    ptrdiff_t n = transmit(connection, buf, length);
    if (n == (ptrdiff_t)length)
        return 1;
    if (n < 0 && n != -EAGAIN)
        return -1;
    size_t sent = n < 0 ? 0 : (size_t)n;
    if (rest_keep(&connection->rest, buf + sent, length - sent) != 0)
        return -1;
    return watch(connection, MIO_READABLE | MIO_WRITABLE) == 0 ? 0 : -1;
}

/* Returns false when the connection has ended. */
static bool echo(struct connection *connection)
{
    if (!rest_is_empty(&connection->rest)) {
        int sent = send_rest(connection);
        if (sent <= 0)
            return sent == 0;
    }
    while (connection->ready & MIO_READABLE) {
        ptrdiff_t n = receive(connection);
        mio_ready_after(&connection->ready, MIO_READABLE, n, sizeof buf);
        if (n <= 0)
            return n == -EAGAIN;
        int sent = send_back(connection, (size_t)n);
        if (sent <= 0)
            return sent == 0;
    }
    return true;
}

/* One request, then the end. Returns false when the connection has ended. */
static bool serve_once(struct connection *connection)
{
    ptrdiff_t n = receive(connection);
    if (n == -EAGAIN)
        return true;
    if (n > 0)
        transmit(connection, buf, (size_t)n);
    return false;
}

struct listener {
    union {
        struct mio_source source;
        struct mio_tcp_listener tcp;
        struct mio_unix_listener uds;
    };
    enum transport transport;
};

static int accept_one(struct listener *listener, struct connection *connection)
{
    connection->transport = listener->transport;
    return listener->transport == TCP
               ? mio_tcp_listener_accept(&listener->tcp, &connection->tcp, NULL)
               : mio_unix_listener_accept(&listener->uds, &connection->uds, NULL);
}

/* Gives an accepted connection its place. A source that is not registered may be moved. */
static void adopt(struct connection *accepted)
{
    struct connection *connection = malloc(sizeof *connection);
    if (!connection) {
        close_stream(accepted);
        return;
    }
    *connection = *accepted;
    if (mio_register(mio_poll_registry(&poll), &connection->source, (mio_token)connection,
                     MIO_READABLE) != 0)
        end_connection(connection);
}

static void accept_all(struct listener *listener)
{
    int result, errors = 0;
    do {
        struct connection accepted = {0};
        result = accept_one(listener, &accepted);
        if (result == 0)
            adopt(&accepted);
    } while (result == 0 || (mio_accept_should_continue(result) && ++errors < MAX_ERRORS));
}

static int open_listener(struct listener *listener, const struct service *service)
{
    struct mio_listen_options options = {.backlog = BACKLOG};
    struct mio_addr addr;
    int result;

    listener->transport = service->transport;
    if (service->transport == UNIX) {
        if ((result = mio_addr_unix_path(&addr, service->path)) == 0)
            result = mio_unix_listener_bind_with(&listener->uds, &addr, &options);
    } else {
        if ((result = mio_addr_parse(&addr, "127.0.0.1:0")) == 0)
            result = mio_tcp_listener_bind_with(&listener->tcp, &addr, &options);
        if (result == 0)
            result = mio_tcp_listener_local_addr(&listener->tcp, &addr);
    }
    if (result == 0)
        result = mio_register(mio_poll_registry(&poll), &listener->source, (mio_token)listener,
                              MIO_READABLE);
    if (result == 0)
        announce(service->transport == UNIX ? 0 : (unsigned)mio_addr_port(&addr));
    return result;
}

int mio_contestant_serve(const struct service *service)
{
    static struct mio_event events[MAX_EVENTS];
    static struct listener listener;

    if (mio_contestant_open(&poll) != 0 || open_listener(&listener, service) != 0)
        return -1;
    for (;;) {
        int n = mio_poll_wait(&poll, events, MAX_EVENTS, MIO_FOREVER);
        if (n < 0 && n != -EINTR)
            return -1;
        for (int i = 0; i < n; i++) {
            if (events[i].token == (mio_token)&listener) {
                accept_all(&listener);
                continue;
            }
            struct connection *connection = (struct connection *)events[i].token;
            connection->ready |= events[i].readiness;
            if (service->churn ? !serve_once(connection) : !echo(connection))
                end_connection(connection);
        }
    }
}
