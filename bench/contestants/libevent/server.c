/*
 * The servers with libevent's listener and plain events, level-triggered, one receive for each
 * event. Bufferevents are the comfortable way, not the fast one: each message would be copied into
 * an input buffer, moved to an output buffer, and sent when the loop turns again.
 */
#include "libevent_contestant.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection {
    struct event event;
    struct rest rest;
};

static char buf[READ_BYTES];

static void end_connection(struct connection *connection)
{
    event_del(&connection->event);
    close(event_get_fd(&connection->event));
    rest_free(&connection->rest);
    free(connection);
}

/* Watches for something else from now on. Returns false when it failed. */
static bool watch(struct connection *connection, short events)
{
    struct event *event = &connection->event;
    return event_del(event) == 0 &&
           event_assign(event, event_get_base(event), event_get_fd(event),
                        (short)(events | EV_PERSIST), event_get_callback(event), connection) == 0 &&
           event_add(event, NULL) == 0;
}

/* Sends what was left over as far as there is room. Returns false when the connection has ended. */
static bool send_rest(struct connection *connection, int fd)
{
    struct rest *rest = &connection->rest;
    ssize_t n = send(fd, rest->bytes + rest->sent, rest->length - rest->sent, MSG_NOSIGNAL);
    if (n < 0)
        return errno == EAGAIN;
    rest_advance(rest, (size_t)n);
    return rest_is_empty(rest) ? watch(connection, EV_READ) : true;
}

/* Returns false when the connection has ended. */
static bool echo(struct connection *connection, int fd)
{
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
    return watch(connection, EV_WRITE);
}

static void on_echo(evutil_socket_t fd, short events, void *arg)
{
    if (events & EV_WRITE ? !send_rest(arg, fd) : !echo(arg, fd))
        end_connection(arg);
}

/* One request, then the end. */
static void on_request(evutil_socket_t fd, short events, void *arg)
{
    ssize_t n = recv(fd, buf, sizeof buf, 0);
    (void)events;
    if (n < 0 && errno == EAGAIN)
        return;
    if (n > 0)
        send(fd, buf, (size_t)n, MSG_NOSIGNAL);
    end_connection(arg);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd,
                          struct sockaddr *peer, int length, void *arg)
{
    const struct service *service = arg;
    struct connection *connection = calloc(1, sizeof *connection);
    (void)peer, (void)length;
    if (!connection) {
        close(fd);
        return;
    }
    event_assign(&connection->event, evconnlistener_get_base(listener), fd, EV_READ | EV_PERSIST,
                 service->churn ? on_request : on_echo, connection);
    if (event_add(&connection->event, NULL) != 0)
        end_connection(connection);
}

int libevent_serve(const struct service *service)
{
    struct event_base *base = libevent_open(false, false);
    /* evconnlistener_new_bind would set SO_KEEPALIVE, and so a timer for each connection. */
    int fd = listen_plain(service);
    if (!base || fd < 0 ||
        !evconnlistener_new(base, on_connection, (void *)service, LEV_OPT_CLOSE_ON_EXEC, 0, fd))
        return -1;
    return event_base_dispatch(base);
}
