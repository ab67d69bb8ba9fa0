/*
 * A simulated kqueue over the descriptors of Linux: a state machine of knotes, as a kernel with
 * kqueue has it, which asks the host two things only. Whether a descriptor is ready it asks
 * poll(2), and when something happens to it, two sets of epoll in edge mode: one for each
 * direction, for an entry of epoll that is told of one direction reports both.
 *
 * The descriptor that kqueue() gives out is the set of those that read. In it are the set of those
 * that write, and an event that is raised while knotes are queued: so the host's own poll(2) and
 * epoll see a queue with events as readable.
 *
 * Everything here runs with one lock held and with all signals blocked (a handler may wake a poll),
 * but for the sleep in kevent(). No call that it makes is a cancellation point.
 */
#ifndef MIO_SIMULATION_H
#define MIO_SIMULATION_H

#include "simulated_event.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct knote;

/* The answer of a filter about a knote. */
struct sim_answer {
    bool ready;
    bool eof;
    uint32_t fflags;
    int64_t data;
};

struct sim_filter {
    bool of_descriptor;

    struct sim_answer (*ask)(struct knote *knote);

    /* Whether an edge of the host is one of this system; it is ready. NULL: each one is. */
    bool (*fires)(struct knote *knote, const struct sim_answer *answer);

    /* After a change to a knote that exists, or one that creates it (first). NULL: nothing to do.
     */
    void (*touch)(struct knote *knote, const struct kevent *change, bool first);

    /* After it was reported. NULL: nothing to do. */
    void (*told)(struct knote *knote, const struct sim_answer *answer);
};

extern const struct sim_filter sim_filter_stream;
extern const struct sim_filter sim_filter_datagram;
extern const struct sim_filter sim_filter_pipe;
extern const struct sim_filter sim_filter_file;
extern const struct sim_filter sim_filter_other;
extern const struct sim_filter sim_filter_user;
extern const struct sim_filter sim_filter_timer;
extern const struct sim_filter sim_filter_signal;
extern const struct sim_filter sim_filter_process;
extern const struct sim_filter sim_filter_completion;

struct knote {
    struct sim_queue *queue;
    struct knote *next;                        /* of the same hash */
    struct knote *queued_before, *queued_next; /* in the order in which they became active */
    const struct sim_filter *filter;
    struct kevent set; /* ident, filter, and the flags of the first EV_ADD; udata of the last */
    uint32_t serial;   /* tells the knote from others of the same ident */
    bool active, queued, disabled;
    bool hosted;      /* an epoll set of the host has it */
    bool blocked;     /* since the last event it was not ready to write */
    unsigned ignored; /* the last edge that meant nothing: what sim_ignored_edges was after it */
    bool saw_eof;     /* the last event said so */
    bool triggered;   /* of a user event */
    int host_fd;      /* what the host is asked about; the ident, or a descriptor of its own */
    dev_t device;     /* of the file, by which the ends of a pipe know each other */
    ino_t inode;
};

struct sim_queue {
    struct sim_queue *next;
    int fd;       /* given out: the set of those that read */
    int write_fd; /* the set of those that write */
    bool raised;
    uint32_t serial;
    struct knote *first, *last; /* queued */
};

/* ---- state.c: the lock, the queues ----------------------------------------------------------- */

void sim_lock(sigset_t *before);
void sim_unlock(const sigset_t *before);
struct sim_queue *sim_queue_find(int fd);
/* Returns the descriptor, or -1 with errno. */
int sim_queue_open(void);
void sim_queue_destroy(struct sim_queue *queue);

/* ---- knote.c --------------------------------------------------------------------------------- */

/* Makes the change. Returns 0 or an errno value. */
int sim_change(struct sim_queue *queue, const struct kevent *change);
void sim_activate(struct knote *knote);
void sim_dequeue(struct knote *knote);
void sim_enqueue(struct knote *knote);
void sim_delete(struct knote *knote);
/* Makes a knote that is active: of an operation that has completed. */
void sim_complete(struct sim_queue *queue, const struct kevent *done);
/* Finds one, by serial (0: any) or by filter (0: any). */
struct knote *sim_find(struct sim_queue *queue, uintptr_t ident, int filter, uint32_t serial);
/* Deletes those of a descriptor in all queues (NULL), or all those of a queue (-1). */
void sim_delete_all(struct sim_queue *queue, int fd);
/* Calls a function for each knote of a descriptor in any queue, or for all knotes (-1). */
void sim_each(int fd, void (*act)(struct knote *knote, void *arg), void *arg);
int sim_knotes(void);
/* How many edges of the host meant nothing so far. */
extern atomic_uint sim_ignored_edges;

/* ---- own.c: knotes without a descriptor of the program's ------------------------------------- */

/* Opens what stands for it in the host. Returns 0 or an errno value. */
int sim_open_own(struct knote *knote);

/* ---- host.c: what the host is asked ---------------------------------------------------------- */

/* Returns what poll(2) says now: POLLIN and so on. */
int sim_host_poll(int fd);
/* The answer of FIONREAD. */
int sim_host_unread(int fd);
/* Has the edges of a knote told. Returns 0 or an errno value; EPERM for what has no edges. */
int sim_host_add(struct knote *knote);
void sim_host_remove(struct knote *knote);
/* Looks for edges, and activates. */
void sim_host_collect(struct sim_queue *queue);
/* Makes the queue readable for the host, or not. */
void sim_host_raise(struct sim_queue *queue, bool raised);
/* Sleeps until the host has something for the queue. Returns what ppoll(2) says. */
int sim_host_sleep(int fd, const struct timespec *time, const sigset_t *mask);
int sim_host_open(int *fd, int *write_fd);
void sim_host_close(int fd);

#endif
