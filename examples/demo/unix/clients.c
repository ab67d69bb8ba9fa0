/*
 * The process of the clients is made by fork(2), so it knows all that this one knows. It reports
 * through a pipe, which shows how a raw descriptor is watched.
 */
#define _POSIX_C_SOURCE 200809L

#include "server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* A pipe takes so much in one piece on every system (_POSIX_PIPE_BUF). */
_Static_assert(sizeof(struct row) <= 512, "rows go through a pipe in one piece");

static pid_t process;
static int report_fd = -1; /* here to read, in the process of the clients to write */
static struct mio_source report;

/* ---- The process itself ---------------------------------------------------------------------- */

static bool report_row(const struct row *row)
{
    return write(report_fd, row, sizeof *row) == (ssize_t)sizeof *row;
}

static int run(struct server *server, const struct target *targets)
{
    for (unsigned i = 0; i < TARGETS; i++) {
        if (server->doors[i].kind != NULL)
            server->doors[i].kind->close_door(&server->doors[i]);
        if (targets[i].pipes >= 0) /* passing them on may wait for the server */
            fcntl(targets[i].pipes, F_SETFL, 0);
    }
    signal(SIGPIPE, SIG_IGN);
    return load_run(targets, TARGETS, report_row);
}

int clients_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    return -1;
}

/* ---- The server's side ----------------------------------------------------------------------- */

int clients_start(struct server *server, const struct target *targets)
{
    int fds[2];
    if (pipe(fds) != 0)
        return -errno;
    fflush(stdout);
    process = fork();
    if (process == 0) {
        close(fds[0]);
        report_fd = fds[1];
        _exit(run(server, targets));
    }
    int error = process < 0 || fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0 ? -errno : 0;
    report_fd = fds[0];
    close(fds[1]);
    for (unsigned i = 0; i < TARGETS; i++)
        if (targets[i].pipes >= 0)
            close(targets[i].pipes);
    return error;
}

int clients_watch(struct mio_registry *registry, mio_token token)
{
    int error = mio_source_init_fd(&report, report_fd);
    return error == 0 ? mio_register(registry, &report, token, MIO_READABLE) : error;
}

/* The owner of a raw descriptor reads it, and reports each drain. */
ptrdiff_t clients_read(uint32_t *ready, void *buf, size_t len)
{
    ssize_t n = read(report_fd, buf, len);
    ptrdiff_t result = n < 0 ? -errno : n;
    int error = mio_source_after(&report, ready, MIO_READABLE, result, len);
    return error < 0 ? error : result;
}

int clients_unwatch(struct mio_registry *registry)
{
    return mio_source_is_registered(&report) ? mio_deregister(registry, &report) : 0;
}

bool clients_ended_well(bool must_end)
{
    int status;
    if (must_end)
        kill(process, SIGKILL);
    while (waitpid(process, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    close(report_fd);
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}
