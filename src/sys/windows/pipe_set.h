/* The named pipes that are bound to a completion port, and their registration. */
#ifndef MIO_PIPE_SET_H
#define MIO_PIPE_SET_H

#include "sys/windows/operation.h"

struct mio__pipe_end;

struct mio__pipe_set {
    struct mio__pipe_end *first; /* all of them, closed ones whose memory the system has included */
    struct mio__pipe_end *owed;  /* to be looked at by the next wait */
    uint32_t due;                /* packets that will come */
    uint32_t flushing;           /* closed pipes that write still */
};

/* The port as a pipe sees it: supplied by the backend (iocp.c). */
struct mio__pipe_set *mio__pipes_of(const struct mio_poll *poll);
HANDLE mio__port_of(const struct mio_poll *poll);
void mio__port_lock(const struct mio_poll *poll);
void mio__port_unlock(const struct mio_poll *poll);

/*
 * As add, change, remove and abandon of a backend (backend.h), for the source of a named pipe. They
 * take the lock themselves.
 */
int mio__pipe_add(struct mio_poll *poll, struct mio_source *source, mio_token token,
                  mio_interest interest);
int mio__pipe_change(struct mio_poll *poll, struct mio_source *source, mio_token token,
                     mio_interest interest);
int mio__pipe_remove(struct mio_poll *poll, struct mio_source *source);
void mio__pipe_abandon(struct mio_source *source);

/*
 * Under the lock: a wait begins. Has pipes looked at that are owed that, and ends the flushing
 * whose time is over. Returns the longest time that the wait may sleep, at most timeout_ns.
 */
int64_t mio__pipes_begin(struct mio__pipe_set *set, int64_t timeout_ns);

/*
 * The poll ends: all operations are made to end soon, and open pipes lose it. Then, where the port
 * does not give their packets, those are forgotten that the system has ended.
 */
void mio__pipes_end(struct mio__pipe_set *set);
void mio__pipes_settle(struct mio__pipe_set *set);

#endif
