/*
 * The part of a contestant of the benchmark, and what the harness does with it.
 *
 * Each contestant is one program: this harness and one library behind a struct contestant. The
 * code that measures, and all that goes around it, is the same for all, so only the libraries
 * differ. A program runs one case and prints its results, a line "NAME VALUE" each:
 *
 *     PROGRAM CASE [NAME=VALUE...]
 *
 *     dispatch      ready=A registered=M seconds=S | turns=N     ns an event
 *     registration  sources=M seconds=S | cycles=N               register, reregister, deregister:
 *                                                                ns an operation
 *     waker         kind=pending|busy|sleeping|soon seconds=S    ns a wake
 *                   kind=idle every=NS seconds=S                 ns of CPU a wait
 *     timeout       ns=T waits=N                                 us beyond the end, median
 *     memory        sources=M                                    bytes a source
 *     serve         service=echo|churn transport=tcp|unix path=P
 *                   until it is killed; prints "ready PORT" once it listens
 *     version                                                    of the library
 *
 * cpu=C pins the program, peer_cpu=C the second thread of a case that has one. Cases with a count
 * (turns, cycles) are for instruction counts: they do exactly so much.
 */
#ifndef BENCH_HARNESS_H
#define BENCH_HARNESS_H

#include "tools.h"

enum {
    MAX_EVENTS = 1024,      /* what a turn may fetch at once */
    READ_BYTES = 64 * 1024, /* what a server offers to a read: more than any message */
    BACKLOG = 4096,
};

enum transport { TCP, UNIX };

/* The work of a server. */
struct service {
    enum transport transport;
    const char *path; /* of a Unix socket. On TCP listen on 127.0.0.1 and a port of the system */
    bool churn;       /* one request a connection: read it, write it back, close */
};

/*
 * The contestant of this program. Functions that return int return 0, or anything else for a
 * failure. flush alone may be NULL: where nothing is put off. Keep contestants/rust/src/harness.rs
 * equal to these structs.
 */
struct contestant {
    const char *(*version)(void);
    size_t handle_bytes; /* what the program keeps for the library for each source */

    /* Opens a loop for up to so many sources, whose handles it allocates now. shared: another
     * thread will wake it. NULL when it failed. */
    void *(*open)(unsigned sources, bool shared);
    void (*close)(void *loop);

    /* Watches source number `index`, the descriptor fd, for readability. */
    int (*add)(void *loop, unsigned index, int fd);

    /* Watches it for readability and writability, or for readability alone again. */
    int (*change)(void *loop, unsigned index, bool writable);
    int (*remove)(void *loop, unsigned index);

    /* Carries out changes that the library puts off until it waits. */
    int (*flush)(void *loop);

    /* One turn without waiting. Reads 8 bytes once from each source that is readable; returns how
     * many events there were, wakes included. */
    unsigned (*turn)(void *loop);

    /* Waits until an event or a wake, or until the time is over (negative: for ever). */
    int (*wait)(void *loop, int64_t timeout_ns);

    /* Makes the wait of a shared loop return. From any thread. */
    int (*wake)(void *loop);

    /* Serves until the program is killed. Calls announce once it listens. Returns on failure. */
    int (*serve)(const struct service *service);
};

extern const struct contestant contestant;

/* ---- For contestants ------------------------------------------------------------------------- */

/* Tells that the server listens. port: 0 for Unix sockets. */
void announce(unsigned port);

/* A listening non-blocking socket by plain system calls, announced; negative when it failed. */
int listen_plain(const struct service *service);

/* The bytes that a connection could not send yet. A zero-initialised one is empty. */
struct rest {
    char *bytes;
    size_t length, sent;
};

/* Keeps a copy of what is left over. */
int rest_keep(struct rest *rest, const char *bytes, size_t length);
bool rest_is_empty(const struct rest *rest);
/* After so many of the bytes at rest->bytes + rest->sent were sent; frees the copy at the end. */
void rest_advance(struct rest *rest, size_t sent);
void rest_free(struct rest *rest);

/* ---- The cases ------------------------------------------------------------------------------- */

int case_dispatch(void);
int case_registration(void);
int case_waker(void);
int case_timeout(void);
int case_memory(void);
int case_serve(void);

#endif
