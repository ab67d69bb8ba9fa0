/* The targets of the clients: opens the server's door for each row of the table. */
#define _DEFAULT_SOURCE 1 /* mkdtemp */

#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_SOCKETS 50 /* that send datagrams at a time: the queue is as long as the system likes */
#define FOLDER_MAX 64  /* a path in the Unix domain has some 100 bytes at most */

/* Where the Unix domain listener is; empty: nowhere. */
static char folder[FOLDER_MAX + 32];
static char path[FOLDER_MAX + 48];

/* ---- Doors ----------------------------------------------------------------------------------- */

static int set_address(struct target *target, const struct mio_addr *addr)
{
    int length = mio_addr_to_sockaddr(addr, (struct sockaddr *)&target->addr, sizeof target->addr);
    target->addr_length = length > 0 ? (socklen_t)length : 0;
    return length < 0 ? length : 0;
}

static int open_tcp(struct door *door, struct target *target, const char *text)
{
    const struct mio_listen_options options = {.nodelay = MIO_ON};
    struct mio_addr addr;
    int error = mio_addr_parse(&addr, text);
    if (error == 0)
        error = mio_tcp_listener_bind_with(&door->tcp, &addr, &options);
    if (error == 0)
        error = mio_tcp_listener_local_addr(&door->tcp, &addr);
    return error == 0 ? set_address(target, &addr) : error;
}

/* Asks for room for what all clients send at a time. Where the system grants less, more is lost. */
static int enlarge_queue(mio_fd fd, void *unused)
{
    const int size = MAX_SOCKETS * 2 * MAX_DATAGRAM;
    (void)unused;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
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
        error = mio_udp_socket_local_addr(&door->udp, &addr);
    return error == 0 ? set_address(target, &addr) : error;
}

/* A path of our own, in a folder that nobody else can enter. */
static int open_unix(struct door *door, struct target *target, const char *name)
{
    const char *parent = getenv("TMPDIR");
    struct mio_addr addr;
    if (parent == NULL || parent[0] == 0 || strlen(parent) > FOLDER_MAX)
        parent = "/tmp";
    snprintf(folder, sizeof folder, "%s/mio-demo-XXXXXX", parent);
    if (mkdtemp(folder) == NULL) {
        folder[0] = 0;
        return -errno;
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int error = mio_addr_unix_path(&addr, path);
    if (error == 0)
        error = mio_unix_listener_bind(&door->local, &addr);
    return error == 0 ? set_address(target, &addr) : error;
}

/* Nothing listens for pipes. They come through a socket whose other end the clients inherit. */
static int open_pipes(struct door *door, struct target *target, const char *unused)
{
    struct mio_unix_datagram clients;
    (void)unused;
    target->transport = TRANSPORT_PIPES;
    int error = mio_unix_datagram_pair(&door->pipes, &clients);
    if (error == 0)
        target->pipes = mio_unix_datagram_into_fd(&clients);
    return error;
}

/* ---- The table ------------------------------------------------------------------------------- */

static const struct {
    const char *name, *key;
    const struct kind *kind;
    int (*open)(struct door *door, struct target *target, const char *where);
    const char *where;
} rows[TARGETS] = {
    {"TCP IPv4", "tcp4", &tcp_kind, open_tcp, "127.0.0.1:0"},
    {"TCP IPv6", "tcp6", &tcp_kind, open_tcp, "[::1]:0"},
    {"Unix stream", "unix", &unix_kind, open_unix, "echo"},
    {"UDP", "udp", &udp_kind, open_udp, "127.0.0.1:0"},
    {"pipes", "pipes", &pipes_kind, open_pipes, NULL},
};

int targets_open(struct server *server, struct target *targets, unsigned connections)
{
    for (unsigned i = 0; i < TARGETS; i++) {
        struct target *target = &targets[i];
        struct door *door = &server->doors[i];
        unsigned share = connections / TARGETS + (i < connections % TARGETS);
        snprintf(server->rows[i].name, sizeof server->rows[i].name, "%s", rows[i].name);
        *target = (struct target){
            .name = rows[i].name, .pipes = -1, .connections = share, .max_open = MAX_OPEN};
        int error = rows[i].open(door, target, rows[i].where);
        if (error == 0)
            door->kind = rows[i].kind;
        else if (i > 0 && (error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL))
            snprintf(target->skipped, sizeof target->skipped, "%s", mio_strerror(error));
        else
            return error;
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

void targets_remove_files(void)
{
    if (folder[0] != 0) {
        unlink(path);
        rmdir(folder);
    }
}
