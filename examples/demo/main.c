/*
 * demo [--connections=N] [--break=byte[:ROW]|refuse[:ROW]|loss|wake]
 *
 * Runs an echo server and its clients, prints a table, and exits with 0 if every connection was
 * accepted, every byte came back and every wake arrived. --break breaks one of these on purpose, in
 * the row tcp4 (if none is named), tcp6, unix, udp or pipes; loss loses a datagram, which has to be
 * sent again and is no error.
 */
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_CONNECTIONS 5000

/* WHAT or WHAT:ROW. */
static bool parse_break(const char *text, struct server *server)
{
    static const struct {
        const char *name, *row;
    } breaks[] = {
        [SABOTAGE_BYTE] = {"byte", "tcp4"},
        [SABOTAGE_REFUSE] = {"refuse", "tcp4"},
        [SABOTAGE_LOSS] = {"loss", "udp"},
        [SABOTAGE_WAKE] = {"wake", "tcp4"},
    };
    size_t length = strcspn(text, ":");
    enum sabotage what = SABOTAGE_WAKE;
    while (what != SABOTAGE_NONE &&
           (strlen(breaks[what].name) != length || strncmp(breaks[what].name, text, length) != 0))
        what--;
    if (what == SABOTAGE_NONE)
        return false;
    int row = targets_find(text[length] == ':' ? text + length + 1 : breaks[what].row);
    server->sabotage = what;
    server->sabotage_row = row >= 0 ? (unsigned)row : 0;
    return row >= 0;
}

static bool parse_arguments(int argc, char **argv, unsigned *connections, struct server *server)
{
    static const char option[] = "--break=";
    for (int i = 1; i < argc; i++) {
        if (sscanf(argv[i], "--connections=%u", connections) == 1 && *connections >= TARGETS &&
            *connections <= 1000000)
            continue;
        if (strncmp(argv[i], option, sizeof option - 1) != 0 ||
            !parse_break(argv[i] + sizeof option - 1, server))
            return false;
    }
    return true;
}

/* Whether server and clients counted the same. Of datagrams the server sees repeated ones too. */
static bool counts_agree(const struct door *door, const struct row *row)
{
    if (door->kind == &udp_kind)
        return door->accepted >= row->messages && door->bytes >= row->bytes;
    return door->accepted == row->connections && door->bytes == row->bytes;
}

/* Says what failed, if anything did. */
static bool judge(const struct server *server, const struct row *rows, bool clients_well)
{
    const char *name = "server", *failure = server->failure;
    for (unsigned i = 0; failure[0] == 0 && i < TARGETS + 1; i++) {
        if (rows[i].errors > 0) {
            name = rows[i].name;
            failure = rows[i].note;
        } else if (i < TARGETS && rows[i].state != ROW_SKIPPED) {
            clients_well &= rows[i].state == ROW_DONE && rows[i].connections == rows[i].planned;
        }
    }
    if (failure[0] == 0 && !clients_well) {
        name = "clients";
        failure = "they ended early";
    }
    for (unsigned i = 0; failure[0] == 0 && i < TARGETS; i++) {
        if (rows[i].state != ROW_SKIPPED && !counts_agree(&server->doors[i], &rows[i])) {
            name = rows[i].name;
            failure = "the server counted other connections or bytes than the clients";
        }
    }
    if (failure[0] == 0)
        return true;
    printf("FAILED: %s: %s\n", name, failure);
    return false;
}

/* Tells what is about to happen; a target that is skipped does not count. */
static void announce(const struct target *targets)
{
    unsigned connections = 0;
    for (unsigned i = 0; i < TARGETS; i++)
        if (targets[i].skipped[0] == 0)
            connections += targets[i].connections;
    printf("%u connections, up to %d at a time, messages of 1 byte to 256 KiB, "
           "datagrams of up to %d KiB\n\n",
           connections, MAX_OPEN, MAX_DATAGRAM / 1024);
}

int main(int argc, char **argv)
{
    static struct server server;
    struct target targets[TARGETS];
    struct row rows[TARGETS + 1];
    unsigned connections = DEFAULT_CONNECTIONS;

    int status = clients_main(argc, argv);
    if (status >= 0)
        return status;
    if (!parse_arguments(argc, argv, &connections, &server)) {
        fprintf(stderr,
                "usage: demo [--connections=N] [--break=byte[:ROW]|refuse[:ROW]|loss|wake]\n");
        return 2;
    }
    interrupts_handle();
    int error = targets_open(&server, targets, connections);
    if (error == 0)
        error = clients_start(&server, targets);
    if (error < 0) {
        socket_path_remove();
        printf("FAILED: %s\n", mio_strerror(error));
        return EXIT_FAILURE;
    }
    announce(targets);
    server_run(&server);
    bool clients_well = clients_ended_well(server.failure[0] != 0);
    socket_path_remove();

    memcpy(rows, server.rows, TARGETS * sizeof rows[0]);
    rows[TARGETS] = server.wakes.row;
    report_table(rows, TARGETS + 1);
    report_loop(&server);
    if (!judge(&server, rows, clients_well))
        return EXIT_FAILURE;
    printf("every byte came back, every wake arrived\n");
    return EXIT_SUCCESS;
}
