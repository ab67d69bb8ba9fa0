/*
 * The servers with libev's I/O watchers and plain system calls, for libev has no sockets. It is
 * level-triggered: one receive for each event, and what is left makes another event.
 */
#define _GNU_SOURCE 1 /* accept4 */
#include "libev_contestant.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection {
    ev_io io; /* the first member: a watcher is its connection */
    struct rest rest;
};

static char buf[READ_BYTES];

static void watch(struct ev_loop *ev, struct connection *connection, int events)
{
    ev_io_stop(ev, &connection->io);
    ev_io_modify(&connection->io, events);
    ev_io_start(ev, &connection->io);
}

static void end_connection(struct ev_loop *ev, struct connection *connection)
{
    ev_io_stop(ev, &connection->io);
    close(connection->io.fd);
    rest_free(&connection->rest);
    free(connection);
}

/* Sends what was left over as far as there is room. Returns false when the connection has ended. */
static bool send_rest(struct ev_loop *ev, struct connection *connection)
{
    struct rest *rest = &connection->rest;
    ssize_t n =
        send(connection->io.fd, rest->bytes + rest->sent, rest->length - rest->sent, MSG_NOSIGNAL);
    if (n < 0)
        return errno == EAGAIN;
    rest_advance(rest, (size_t)n);
    if (rest_is_empty(rest))
        watch(ev, connection, EV_READ);
    return true;
}

/* Returns false when the connection has ended. */
static bool echo(struct ev_loop *ev, struct connection *connection)
{
    int fd = connection->io.fd;
    ssize_t n = recv(fd, buf, sizeof buf, 0);
    if (n <= 0)
        return n < 0 && errno == EAGAIN;
    ssize_t sent = send(fd, buf, (size_t)n, MSG_NOSIGNAL);
    if (sent == n)
        return true;
    if (sent < 0 && errno != EAGAIN)
        return false;
    if (sent < 0)
        sent = 0;
    if (rest_keep(&connection->rest, buf + sent, (size_t)(n - sent)) != 0)
        return false;
    watch(ev, connection, EV_WRITE);
    return true;
}

static void on_echo(struct ev_loop *ev, ev_io *io, int events)
{
    struct connection *connection = (struct connection *)io;
    bool goes_on = !(events & EV_ERROR);
    if (goes_on)
        goes_on = events & EV_WRITE ? send_rest(ev, connection) : echo(ev, connection);
    if (!goes_on)
        end_connection(ev, connection);
}

/* One request, then the end. */
static void on_request(struct ev_loop *ev, ev_io *io, int events)
{
    ssize_t n = events & EV_ERROR ? 0 : recv(io->fd, buf, sizeof buf, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n > 0)
        send(io->fd, buf, (size_t)n, MSG_NOSIGNAL);
    end_connection(ev, (struct connection *)io);
}

static void on_connection(struct ev_loop *ev, ev_io *listener, int events)
{
    const struct service *service = listener->data;
    int fd;
    (void)events;
    while ((fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *connection = calloc(1, sizeof *connection);
        if (!connection) {
            close(fd);
            continue;
        }
        ev_io_init(&connection->io, service->churn ? on_request : on_echo, fd, EV_READ);
        ev_io_start(ev, &connection->io);
    }
}

int libev_serve(const struct service *service)
{
    struct ev_loop *ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    int fd = listen_plain(service);
    ev_io listener;
    if (!ev || fd < 0)
        return -1;
    ev_io_init(&listener, on_connection, fd, EV_READ);
    listener.data = (void *)service;
    ev_io_start(ev, &listener);
    return ev_run(ev, 0);
}
