/*
 * The demo: an echo server on mio under real clients. The server is one event loop in this process;
 * the clients are a process of their own, use plain system calls, check every byte, and report
 * through a pipe that the loop watches like everything else. A second thread wakes the loop.
 *
 *     main.c       puts it together and decides whether it went well
 *     targets.c    opens what the clients connect to, for each row of the table
 *     report.c     rows, progress and table
 *
 *     server.h     the server
 *     server.c     the event loop
 *     echo.c       accepts connections and echoes what they send
 *     streams.c    TCP and Unix domain streams, which are the same to echo.c
 *     datagrams.c  echoes what comes to the UDP socket
 *     wakes.c      the thread that wakes the loop
 *
 *     load.h       the clients
 *     load.c       keeps as many at work as may be open at a time
 *     talk.c       one client on a stream
 *     volley.c     one client that sends datagrams
 *     messages.c   what they send, and the comparison with what comes back
 *
 *     system.h     what differs between systems; the files are in unix/ and windows/:
 *     clients.c    the process of the clients, and the pipe of its reports
 *     calls.c      the calls of the clients
 *     pipes.c      pairs of pipes, which are the same to echo.c as other streams (Unix alone)
 *     pass.c       how pipes come from the clients to the server (Unix alone)
 *     threads.c    threads
 *     surroundings.c  a path for a socket, interrupts, the terminal
 */
#ifndef DEMO_H
#define DEMO_H

#include "system.h"

#include <mio.h>

#define TARGETS 5     /* rows of the table that clients work for */
#define MAX_OPEN 200  /* connections at a time: each has two descriptors at most in a process */
#define MAX_ERRORS 10 /* a row with so many errors ends early */
#define MAX_DATAGRAM 8192
#define STALL_NS (15 * MIO_NS_PER_S) /* nothing moved for so long: that is an error too */

/* The faults that the program makes on purpose, to show that they are noticed. */
enum sabotage { SABOTAGE_NONE, SABOTAGE_BYTE, SABOTAGE_REFUSE, SABOTAGE_LOSS, SABOTAGE_WAKE };

struct server;

/* ---- Rows and output ------------------------------------------------------------------------- */

/* A row of the table. The clients also send it through the pipe while they work. */
enum row_state { ROW_RUNNING, ROW_DONE, ROW_SKIPPED };

struct row {
    char name[16];
    char note[160]; /* the first error, or why the row was skipped */
    uint32_t index;
    uint32_t state;
    uint64_t planned; /* connections: for UDP sockets of clients, for pipes pairs of them */
    uint64_t connections, messages, bytes, errors;
    uint64_t repeats; /* datagrams that were sent again because no answer came */
    int64_t elapsed_ns;
    int64_t p50_ns, p95_ns, p99_ns, max_ns;
};

/* Sets the percentiles of a row; sorts the samples. */
void row_set_latency(struct row *row, int64_t *samples, size_t count);

/* Counts an error, and keeps the text of the first one. */
void row_error(struct row *row, const char *format, ...);

void report_progress(const struct row *row);
void report_table(const struct row *rows, unsigned count);
void report_loop(const struct server *server);

/* ---- Targets --------------------------------------------------------------------------------- */

enum transport { TRANSPORT_STREAM, TRANSPORT_DATAGRAMS, TRANSPORT_PIPES };

/* Where the clients connect to, and how often. Another process can have a copy of it. */
struct target {
    char name[16];
    char skipped[96]; /* why not; empty: run it */
    enum transport transport;
    struct mio_addr addr;
    mio_fd pipes; /* the socket that takes pipes to the server, where there is one */
    unsigned connections, max_open; /* in all, and at a time */
};

/*
 * Opens the server's door for each target and shares the connections out. A target that this
 * machine lacks is skipped, but the first one must work. Returns 0 or a negative code.
 */
int targets_open(struct server *server, struct target *targets, unsigned connections);

/* The row with this short name ("udp"), or -1. */
int targets_find(const char *key);

/*
 * Runs the clients for all targets, one after the other, and reports rows. Returns an exit status;
 * the process ends where report returns false, for nobody is left to hear of it.
 */
int load_run(const struct target *targets, unsigned count, bool (*report)(const struct row *row));

/* ---- Wakes ----------------------------------------------------------------------------------- */

#define MAX_WAKE_ROUNDS 100000

struct wakes {
    struct mio_waker waker;
    struct thread *thread;
    struct monitor *monitor; /* for all that follows; its news are of the loop */
    bool stop;               /* the thread is asked to end */
    bool ended;              /* and did: that was its last wake */
    bool loop_ended;         /* nobody will see another wake: something failed, or all is done */
    bool sabotage;           /* leave one wake out */
    uint64_t posted, seen;
    int64_t seen_at;
    struct row row; /* its messages are the wakes */
    size_t rounds;
    int64_t samples[MAX_WAKE_ROUNDS];
};

/* Opens the waker and starts the thread. Returns 0 or a negative code. */
int wakes_start(struct wakes *wakes, struct mio_registry *registry, mio_token token, bool sabotage);

/* The loop calls this when the waker is reported. Returns true when that was the last time. */
bool wakes_seen(struct wakes *wakes);

/* Asks the thread to end; the loop must go on until wakes_seen returns true. */
void wakes_ask_to_end(struct wakes *wakes);

/*
 * After the loop: waits for the thread, closes the waker and completes the row. Returns 0 or a
 * negative code.
 */
int wakes_finish(struct wakes *wakes);

#endif
