/*
 * The demo: an echo server on mio under real clients. The server is one event loop in this process;
 * the clients are a process of their own, use plain system calls, check every byte, and report
 * through a pipe that the loop watches like everything else. A second thread wakes the loop.
 *
 *     main.c     puts it together and decides whether it went well
 *     server.c   the event loop
 *     wakes.c    the thread that wakes it
 *     load.c     the clients
 *     report.c   progress and table
 */
#ifndef DEMO_H
#define DEMO_H

#include <mio.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/types.h>

#define MAX_TARGETS 8
#define MAX_OPEN 200  /* connections at a time: twice that many descriptors, below any limit */
#define MAX_ERRORS 10 /* a row with so many errors ends early */
#define STALL_NS (15 * MIO_NS_PER_S) /* nothing moved for so long: that is an error too */

/* What the program can break on purpose, to show that it would be noticed. */
enum sabotage { SABOTAGE_NONE, SABOTAGE_BYTE, SABOTAGE_REFUSE, SABOTAGE_WAKE };

/* A row of the table. The clients also send it through the pipe while they work. */
enum row_state { ROW_RUNNING, ROW_DONE, ROW_SKIPPED };

struct row {
    char name[16];
    char note[160]; /* the first error, or why the row was skipped */
    uint32_t index;
    uint32_t state;
    uint64_t planned; /* connections */
    uint64_t connections, messages, bytes, errors;
    int64_t elapsed_ns;
    int64_t p50_ns, p95_ns, p99_ns, max_ns;
};

/* What a pipe takes in one piece on every system (_POSIX_PIPE_BUF). */
_Static_assert(sizeof(struct row) <= 512, "rows go through a pipe in one piece");

/* Sets the percentiles of a row; sorts the samples. */
void row_set_latency(struct row *row, int64_t *samples, size_t count);

/* Counts an error, and keeps the text of the first one. */
void row_error(struct row *row, const char *format, ...);

/* ---- Clients --------------------------------------------------------------------------------- */

/* Where the clients connect to, and how often. */
struct target {
    const char *name;
    char skipped[96]; /* why not; empty: run it */
    struct sockaddr_storage addr;
    socklen_t addr_length;
    unsigned connections;
};

/* Runs all targets, one after the other, and sends rows to fd. Returns an exit status. */
int load_run(const struct target *targets, unsigned count, int fd);

/* ---- Wakes ----------------------------------------------------------------------------------- */

#define MAX_WAKE_ROUNDS 100000

struct wakes {
    struct mio_waker waker;
    pthread_t thread;
    pthread_mutex_t lock; /* for all that follows */
    pthread_cond_t acknowledged;
    bool stop;       /* the thread is asked to end */
    bool ended;      /* and did: that was its last wake */
    bool loop_ended; /* nobody will see another wake: something failed, or all is done */
    bool sabotage;   /* leave one wake out */
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

/* ---- Server ---------------------------------------------------------------------------------- */

#define SERVER_BUFFER 65536

struct connection {
    struct mio_tcp_stream stream;
    struct connection *next_free;
    uint32_t ready;    /* what events said and is not used up yet */
    size_t begin, end; /* the bytes of buf that wait to be sent */
    unsigned char buf[SERVER_BUFFER];
};

struct server {
    struct mio_poll poll;
    struct mio_tcp_listener listeners[MAX_TARGETS]; /* closed: there is no such target */
    bool paused[MAX_TARGETS];                       /* connections wait there for a free slot */
    struct mio_source report;                       /* the pipe that the clients write to */
    uint32_t report_ready;
    int64_t heard_at; /* when the clients reported last */
    bool clients_ended, wakes_ended;
    struct wakes wakes;
    struct mio_event events[128];
    size_t event_count; /* in this batch */
    struct connection *free;
    enum sabotage sabotage;
    char failure[160]; /* the first one */
    struct row rows[MAX_TARGETS];
    uint64_t accepted, bytes, wake_events;
    struct mio_counters counters;
    const char *backend;
    struct connection connections[MAX_OPEN + 16];
};

/*
 * Serves until the clients have ended and reports their progress. report_fd is the reading end of
 * their pipe, non-blocking. Returns false when something went wrong: server->failure says what.
 */
bool server_run(struct server *server, unsigned listeners, int report_fd);

/* ---- Output ---------------------------------------------------------------------------------- */

void report_progress(const struct row *row);
void report_table(const struct row *rows, unsigned count);
void report_loop(const struct server *server);

#endif
