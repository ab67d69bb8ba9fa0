/*
 * The differences between systems: declared here for all of them, and defined in unix/ and in
 * windows/, in files of the same names. No header of a system comes with it. Calls that can fail
 * return a negative code, as those of the library do.
 */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <mio.h>

struct row;
struct server;
struct target;

/* ---- The process of the clients (clients.c) -------------------------------------------------- */

/*
 * Where clients are this program, started a second time, its main function calls this first: it
 * returns the exit status of such a process, and -1 in every other one.
 */
int clients_main(int argc, char **argv);

/*
 * Starts the process of the clients. It comes before there is a poll, a thread or a connection that
 * the process might inherit. Returns 0 or a negative code.
 */
int clients_start(struct server *server, const struct target *targets);

/* Has a poll report when rows have come from the clients. */
int clients_watch(struct mio_registry *registry, mio_token token);

/*
 * Reads rows that have come; one comes in one piece. It keeps the readiness, which events set.
 * Returns bytes, or 0 once the clients have ended.
 */
ptrdiff_t clients_read(uint32_t *ready, void *buf, size_t len);

/* Ends what clients_watch began; it does nothing where that was not called. */
int clients_unwatch(struct mio_registry *registry);

/*
 * Waits for the process; it has ended or is about to, unless the server failed. In that case it
 * must end now. Returns whether it ended well.
 */
bool clients_ended_well(bool must_end);

/* ---- Calls of the clients (calls.c) ---------------------------------------------------------- */

/* The wishes of one client, and whether they are fulfilled. */
struct look {
    mio_fd in, out; /* MIO_FD_NONE: not now */
    bool can_read, can_write;
};

/*
 * Opens what a client talks through, and waits for the connection: it is the server that has to be
 * quick. Both are the same but for pipes, and none is open after an error.
 */
int call_open(const struct target *target, mio_fd *in, mio_fd *out);

/* None of these waits. */
ptrdiff_t call_read(mio_fd fd, void *buf, size_t len);
ptrdiff_t call_write(mio_fd fd, const void *buf, size_t len);
int call_shutdown(mio_fd socket); /* sends no more */
void call_close(mio_fd fd);

/* Waits for any of up to MAX_OPEN clients. Returns 0 after that time. */
int call_wait(struct look *looks, size_t count, int timeout_ms);

/* ---- Pairs of pipes (pipes.c) ---------------------------------------------------------------- */

struct door;

/* Opens the door for pairs of pipes, or says in the target why there is none here. */
int pipes_open(struct door *door, struct target *target, const char *unused);

/* ---- Threads (threads.c) --------------------------------------------------------------------- */

struct thread;

int thread_start(struct thread **thread, void (*run)(void *arg), void *arg);
int thread_join(struct thread *thread);
void thread_pause(int64_t ns); /* or somewhat longer */

/* A lock, and the news for which its holder can wait. */
struct monitor;

int monitor_open(struct monitor **monitor);
void monitor_enter(struct monitor *monitor);
void monitor_leave(struct monitor *monitor);
void monitor_tell(struct monitor *monitor);
/* Leaves the monitor until there is news, or for about a second. May return for no reason. */
void monitor_wait(struct monitor *monitor);
void monitor_close(struct monitor *monitor);

/* ---- Files and the terminal (surroundings.c) ------------------------------------------------- */

/* Finds a path for a socket where nobody else gets at it. */
int socket_path_make(const char **path);
/* Removes what is there. May be called by signal handlers. */
void socket_path_remove(void);

/* Has the user's wish to end the program remove the socket first. */
void interrupts_handle(void);

/* Whether a line on the standard output can be drawn again (by "\r\033[K"). */
bool output_redraws(void);

#endif
