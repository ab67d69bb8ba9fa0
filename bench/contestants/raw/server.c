/* The servers over epoll by hand. */
#define _GNU_SOURCE 1 /* accept4 */
#include "raw.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection {
    int fd;
    struct rest rest;
};

static int queue;
static char buf[READ_BYTES];

static int watch(int how, struct connection *connection, uint32_t events)
{
    struct epoll_event event = {.events = events | EPOLLRDHUP | EPOLLET, .data.ptr = connection};
    return epoll_ctl(queue, how, connection->fd, &event);
}

static ssize_t receive(int fd)
{
    return RAW_USUAL ? read(fd, buf, sizeof buf) : recv(fd, buf, sizeof buf, 0);
}

static ssize_t transmit(int fd, const char *bytes, size_t length)
{
    return RAW_USUAL ? write(fd, bytes, length) : send(fd, bytes, length, MSG_NOSIGNAL);
}

static void end_connection(struct connection *connection)
{
    close(connection->fd);
    rest_free(&connection->rest);
    free(connection);
}

/* Sends what was left over. 1: all of it; 0: there is no room; -1: the connection has ended. */
static int send_rest(struct connection *connection)
{
    struct rest *rest = &connection->rest;
    while (!rest_is_empty(rest)) {
        ssize_t n = transmit(connection->fd, rest->bytes + rest->sent, rest->length - rest->sent);
        if (n < 0)
            return errno == EAGAIN ? 0 : -1;
        rest_advance(rest, (size_t)n);
    }
    return watch(EPOLL_CTL_MOD, connection, EPOLLIN) == 0 ? 1 : -1;
}

/* 1: sent; 0: there is no room, the rest is kept; -1: the connection has ended. */
static int send_back(struct connection *connection, size_t length)
{
    ssize_t n = transmit(connection->fd, buf, length);
    if (n == (ssize_t)length)
        return 1;
    if (n < 0 && errno != EAGAIN)
        return -1;
    size_t sent = n < 0 ? 0 : (size_t)n;
    if (rest_keep(&connection->rest, buf + sent, length - sent) != 0)
        return -1;
    return watch(EPOLL_CTL_MOD, connection, EPOLLIN | EPOLLOUT) == 0 ? 0 : -1;
}

/* Returns false when the connection has ended. */
static bool echo(struct connection *connection, uint32_t events)
{
    bool closing = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    if (!rest_is_empty(&connection->rest)) {
        int sent = send_rest(connection);
        if (sent <= 0)
            return sent == 0;
    }
    for (;;) {
        ssize_t n = receive(connection->fd);
        if (n <= 0)
            return n < 0 && errno == EAGAIN;
        int sent = send_back(connection, (size_t)n);
        if (sent <= 0)
            return sent == 0;
        if (!RAW_USUAL && n < (ssize_t)sizeof buf && !closing)
            return true; /* less than asked: the next edge is sure to come */
    }
}

/* One request, then the end. Returns false when the connection has ended. */
static bool serve_once(struct connection *connection)
{
    ssize_t n = receive(connection->fd);
    if (n < 0 && errno == EAGAIN)
        return true;
    if (n > 0)
        (void)!transmit(connection->fd, buf, (size_t)n);
    return false;
}

static void accept_all(int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *connection = calloc(1, sizeof *connection);
        if (!connection) {
            close(fd);
            continue;
        }
        connection->fd = fd;
        if (watch(EPOLL_CTL_ADD, connection, EPOLLIN) != 0)
            end_connection(connection);
    }
}

int raw_serve(const struct service *service)
{
    static struct epoll_event events[MAX_EVENTS];
    struct connection listener = {.fd = listen_plain(service)};
    queue = epoll_create1(EPOLL_CLOEXEC);
    if (listener.fd < 0 || queue < 0 || watch(EPOLL_CTL_ADD, &listener, EPOLLIN) != 0)
        return -1;
    for (;;) {
        int n = epoll_wait(queue, events, MAX_EVENTS, RAW_SPIN ? 0 : -1);
        if (n < 0 && errno != EINTR)
            return -1;
        for (int i = 0; i < n; i++) {
            struct connection *connection = events[i].data.ptr;
            if (connection == &listener)
                accept_all(listener.fd);
            else if (service->churn ? !serve_once(connection) : !echo(connection, events[i].events))
                end_connection(connection);
        }
    }
}
