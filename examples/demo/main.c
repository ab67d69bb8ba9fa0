/*
 * demo [--connections=N] [--break=byte[:ROW]|refuse[:ROW]|loss|wake]
 *
 * Runs an echo server and its clients, prints a table, and exits with 0 if every connection was
 * accepted, every byte came back and every wake arrived. --break breaks one of these on purpose, in
 * the row tcp4 (if none is named), tcp6, unix, udp or pipes; loss loses a datagram, which has to be
 * sent again and is no error.
 */
#define _POSIX_C_SOURCE 200809L

#include "server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* A demo that is interrupted leaves nothing behind either. */
static void interrupted(int number)
{
    targets_remove_files();
    raise(number); /* which ends the program once this returns, as nobody handles it now */
}

static void handle_interrupts(void)
{
    struct sigaction action = {.sa_handler = interrupted, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/*
 * Starts the process of the clients, before there is a poll, a thread or a connection that it would
 * inherit. Returns the reading end of its pipe or a negative code.
 */
static int start_clients(struct server *server, const struct target *targets, pid_t *pid)
{
    int fds[2];
    if (pipe(fds) != 0)
        return -errno;
    fflush(stdout);
    *pid = fork();
    if (*pid == 0) {
        close(fds[0]);
        for (unsigned i = 0; i < TARGETS; i++)
            if (server->doors[i].kind != NULL)
                server->doors[i].kind->close_door(&server->doors[i]);
        _exit(load_run(targets, TARGETS, fds[1]));
    }
    int error = *pid < 0 || fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0 ? -errno : 0;
    close(fds[1]);
    for (unsigned i = 0; i < TARGETS; i++)
        if (targets[i].pipes >= 0)
            close(targets[i].pipes);
    return error < 0 ? error : fds[0];
}

/* Waits for the clients; they have ended or closed their pipe, unless the server failed. */
static bool clients_ended_well(pid_t pid, bool must_end)
{
    int status;
    if (must_end)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
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
    pid_t pid = -1;

    if (!parse_arguments(argc, argv, &connections, &server)) {
        fprintf(stderr,
                "usage: demo [--connections=N] [--break=byte[:ROW]|refuse[:ROW]|loss|wake]\n");
        return 2;
    }
    handle_interrupts();
    int report_fd = targets_open(&server, targets, connections);
    if (report_fd == 0)
        report_fd = start_clients(&server, targets, &pid);
    if (report_fd < 0) {
        targets_remove_files();
        printf("FAILED: %s\n", mio_strerror(report_fd));
        return EXIT_FAILURE;
    }
    announce(targets);
    server_run(&server, report_fd);
    bool clients_well = clients_ended_well(pid, server.failure[0] != 0);
    close(report_fd);
    targets_remove_files();

    memcpy(rows, server.rows, TARGETS * sizeof rows[0]);
    rows[TARGETS] = server.wakes.row;
    report_table(rows, TARGETS + 1);
    report_loop(&server);
    if (!judge(&server, rows, clients_well))
        return EXIT_FAILURE;
    printf("every byte came back, every wake arrived\n");
    return EXIT_SUCCESS;
}
