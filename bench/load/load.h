/*
 * The load generator: clients of one server, in a process and on a processor of their own.
 *
 *     bench_load service=echo|churn transport=tcp|unix port=N path=P pid=SERVER
 *                bytes=B connections=C seconds=S cpu=C
 *
 * echo: each connection has one request of B bytes on the way; every byte of the answer is
 * compared. churn: C slots, each connects, sends a request, reads answer and end, begins again.
 * While they measure the clients never sleep, so the server's rhythm is disturbed little.
 *
 * Prints "NAME VALUE" lines:
 *     cpu_ns   run time of the server for each request (echo) or connection (churn)
 *     rate     of them a second
 *     p50_us, p99_us   from the send to the last byte of the answer (echo)
 *
 * The run time comes from /proc/PID/task/TID/schedstat, which leaves out what other processes took.
 * The kernel brings it up to date when the thread goes to sleep: so it is read only while all
 * answers are in and the server is at rest, before the first request and after the last one.
 *
 *     main.c       phases: connect, warm up, measure
 *     echo.c       the clients of the echo service
 *     churn.c      the clients of the churn service
 *     histogram.c  percentiles of latencies
 *     server.c     the server: its address and its run time
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "harness/tools.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { PATIENCE_S = 10 };

/* ---- The server ------------------------------------------------------------------------------ */

/* Reads the arguments that name it. */
int server_find(void);

/* A connected socket, blocking; negative when it failed. */
int server_connect(void);

/* The run time so far of all its threads, once they are at rest; negative when it failed. */
int64_t server_cpu_ns(void);

/* ---- Clients --------------------------------------------------------------------------------- */

/* The work that the clients have done. They count, main.c reads. */
struct progress {
    unsigned on_the_way; /* requests or connections that have begun and not ended */
    uint64_t ended;
};
extern struct progress progress;

/* One kind of clients. Functions return 0, or 1 after fail(). */
struct service_load {
    /* Makes the clients. They register with the epoll queue, edge-triggered, a pointer as data. */
    int (*open)(unsigned connections, int queue);

    /* Starts a request on every connection. */
    int (*start)(void);

    /* Takes what came. While go_on is true it begins anew where a request was done. */
    int (*event)(void *client, bool go_on);
};

extern const struct service_load echo_load;
extern const struct service_load churn_load;

/* ---- Latencies ------------------------------------------------------------------------------- */

void histogram_add(int64_t ns);
void histogram_clear(void);
/* The value that this part (0 to 1) of all does not exceed, in us, to 1 %. */
double histogram_us(double part);
bool histogram_is_empty(void);

#endif
