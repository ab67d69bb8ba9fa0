/* The targets of the clients: opens the server's door for each row of the table. */
#include "server.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_SOCKETS 50 /* that send datagrams at a time: the queue is as long as the system likes */

/* ---- Doors ----------------------------------------------------------------------------------- */

static int open_tcp(struct door *door, struct target *target, const char *text)
{
    const struct mio_listen_options options = {.nodelay = MIO_ON};
    struct mio_addr addr;
    int error = mio_addr_parse(&addr, text);
    if (error == 0)
        error = mio_tcp_listener_bind_with(&door->tcp, &addr, &options);
    if (error == 0)
        error = mio_tcp_listener_local_addr(&door->tcp, &target->addr);
    door->kind = error == 0 ? &tcp_kind : NULL;
    return error;
}

/* Asks for room for what all clients send at a time. Where the system grants less, more is lost. */
static int enlarge_queue(mio_fd fd, void *unused)
{
    const int size = MAX_SOCKETS * 2 * MAX_DATAGRAM;
    const void *value = &size; /* which is a char * on Windows */
    (void)unused;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, value, sizeof size);
    return 0;
}

static int open_udp(struct door *door, struct target *target, const char *text)
{
    const struct mio_datagram_options options = {.prepare = enlarge_queue};
    struct mio_addr addr;
    target->transport = TRANSPORT_DATAGRAMS;
    target->max_open = MAX_SOCKETS;
    int error = mio_addr_parse(&addr, text);
    if (error == 0)
        error = mio_udp_socket_bind_with(&door->udp, &addr, &options);
    if (error == 0)
        error = mio_udp_socket_local_addr(&door->udp, &target->addr);
    door->kind = error == 0 ? &udp_kind : NULL;
    return error;
}

static int open_unix(struct door *door, struct target *target, const char *unused)
{
    const char *path;
    (void)unused;
    int error = socket_path_make(&path);
    if (error == 0)
        error = mio_addr_unix_path(&target->addr, path);
    if (error == 0)
        error = mio_unix_listener_bind(&door->local, &target->addr);
    door->kind = error == 0 ? &unix_kind : NULL;
    return error;
}

/* ---- The table ------------------------------------------------------------------------------- */

/* Opening gives the door its kind. */
static const struct {
    const char *name, *key;
    int (*open)(struct door *door, struct target *target, const char *where);
    const char *where;
} rows[TARGETS] = {
    {"TCP IPv4", "tcp4", open_tcp, "127.0.0.1:0"}, {"TCP IPv6", "tcp6", open_tcp, "[::1]:0"},
    {"Unix stream", "unix", open_unix, NULL},      {"UDP", "udp", open_udp, "127.0.0.1:0"},
    {"pipes", "pipes", pipes_open, NULL},
};

/* Whether this machine, or this system, has no such thing. */
static bool is_lacking(int error)
{
    return error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL || error == -ENOTSUP;
}

int targets_open(struct server *server, struct target *targets, unsigned connections)
{
    for (unsigned i = 0; i < TARGETS; i++) {
        struct target *target = &targets[i];
        struct door *door = &server->doors[i];
        unsigned share = connections / TARGETS + (i < connections % TARGETS);
        snprintf(server->rows[i].name, sizeof server->rows[i].name, "%s", rows[i].name);
        *target = (struct target){.pipes = MIO_FD_NONE, .connections = share, .max_open = MAX_OPEN};
        snprintf(target->name, sizeof target->name, "%s", rows[i].name);
        int error = rows[i].open(door, target, rows[i].where);
        if (error < 0 && (i == 0 || !is_lacking(error)))
            return error;
        if (error < 0 && target->skipped[0] == 0)
            snprintf(target->skipped, sizeof target->skipped, "%s", mio_strerror(error));
    }
    return 0;
}

int targets_find(const char *key)
{
    for (int i = 0; i < TARGETS; i++)
        if (strcmp(rows[i].key, key) == 0)
            return i;
    return -1;
}
