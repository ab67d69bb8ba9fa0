/*
 * demo [--connections=N] [--break=byte|refuse|wake]
 *
 * Runs an echo server and its clients, prints a table, and exits with 0 if every connection was
 * accepted, every byte came back and every wake arrived. --break breaks one of these on purpose.
 */
#define _POSIX_C_SOURCE 200809L

#include "demo.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_CONNECTIONS 5000

static const struct {
    const char *name, *address;
} kinds[] = {
    {"TCP IPv4", "127.0.0.1:0"},
    {"TCP IPv6", "[::1]:0"},
};
#define KINDS ((unsigned)(sizeof kinds / sizeof kinds[0]))

static bool parse_arguments(int argc, char **argv, unsigned *connections, enum sabotage *sabotage)
{
    static const char *const names[] = {"", "--break=byte", "--break=refuse", "--break=wake"};
    for (int i = 1; i < argc; i++) {
        if (sscanf(argv[i], "--connections=%u", connections) == 1 && *connections >= KINDS &&
            *connections <= 1000000)
            continue;
        for (*sabotage = SABOTAGE_WAKE; *sabotage != SABOTAGE_NONE; (*sabotage)--)
            if (strcmp(argv[i], names[*sabotage]) == 0)
                break;
        if (*sabotage == SABOTAGE_NONE)
            return false;
    }
    return true;
}

/* Opens a listener for each kind. One that this machine lacks is skipped; the first must work. */
static int open_targets(struct server *server, struct target *targets, unsigned connections)
{
    const struct mio_listen_options options = {.nodelay = MIO_ON};
    for (unsigned i = 0; i < KINDS; i++) {
        struct mio_addr addr;
        struct target *target = &targets[i];
        snprintf(server->rows[i].name, sizeof server->rows[i].name, "%s", kinds[i].name);
        *target = (struct target){.name = kinds[i].name, .connections = connections / KINDS};
        int error = mio_addr_parse(&addr, kinds[i].address);
        if (error == 0)
            error = mio_tcp_listener_bind_with(&server->listeners[i], &addr, &options);
        if (i > 0 && (error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL)) {
            snprintf(target->skipped, sizeof target->skipped, "%s", mio_strerror(error));
            continue;
        }
        if (error == 0)
            error = mio_tcp_listener_local_addr(&server->listeners[i], &addr);
        if (error == 0)
            error =
                mio_addr_to_sockaddr(&addr, (struct sockaddr *)&target->addr, sizeof target->addr);
        if (error < 0)
            return error;
        target->addr_length = (socklen_t)error;
    }
    return 0;
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
        for (unsigned i = 0; i < KINDS; i++)
            mio_tcp_listener_close(&server->listeners[i]);
        _exit(load_run(targets, KINDS, fds[1]));
    }
    int error = *pid < 0 || fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0 ? -errno : 0;
    close(fds[1]);
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

/* Says what failed, if anything did. */
static bool judge(const struct server *server, const struct row *rows, bool clients_well)
{
    uint64_t connections = 0, bytes = 0;
    const char *name = "server", *failure = server->failure;
    for (unsigned i = 0; failure[0] == 0 && i < KINDS + 1; i++) {
        if (rows[i].errors > 0) {
            name = rows[i].name;
            failure = rows[i].note;
        } else if (i < KINDS && rows[i].state != ROW_SKIPPED) {
            clients_well &= rows[i].state == ROW_DONE && rows[i].connections == rows[i].planned;
            connections += rows[i].connections;
            bytes += rows[i].bytes;
        }
    }
    if (failure[0] == 0 && !clients_well) {
        name = "clients";
        failure = "they ended early";
    }
    if (failure[0] == 0 && (server->accepted != connections || server->bytes != bytes))
        failure = "it counted other connections or bytes than the clients";
    if (failure[0] == 0)
        return true;
    printf("FAILED: %s: %s\n", name, failure);
    return false;
}

int main(int argc, char **argv)
{
    static struct server server;
    struct target targets[KINDS];
    struct row rows[KINDS + 1];
    unsigned connections = DEFAULT_CONNECTIONS;
    pid_t pid = -1;

    if (!parse_arguments(argc, argv, &connections, &server.sabotage)) {
        fprintf(stderr, "usage: demo [--connections=N] [--break=byte|refuse|wake]\n");
        return 2;
    }
    int report_fd = open_targets(&server, targets, connections);
    if (report_fd == 0)
        report_fd = start_clients(&server, targets, &pid);
    if (report_fd < 0) {
        printf("FAILED: %s\n", mio_strerror(report_fd));
        return EXIT_FAILURE;
    }
    printf("%u connections, up to %d at a time, messages of 1 byte to 256 KiB\n\n",
           connections / KINDS * KINDS, MAX_OPEN);
    server_run(&server, KINDS, report_fd);
    bool clients_well = clients_ended_well(pid, server.failure[0] != 0);
    close(report_fd);

    memcpy(rows, server.rows, KINDS * sizeof rows[0]);
    rows[KINDS] = server.wakes.row;
    report_table(rows, KINDS + 1);
    report_loop(&server);
    if (!judge(&server, rows, clients_well))
        return EXIT_FAILURE;
    printf("every byte came back, every wake arrived\n");
    return EXIT_SUCCESS;
}
