/*
 * The library's part of a named pipe: what the system may write to when the object of the program
 * is gone. It is one block of memory, with both buffers behind it.
 *
 * Before a pipe is bound to a port nothing is under way, and no lock is needed: register, connect,
 * disconnect and close exclude all else on the pipe. From then on the lock of the poll guards it,
 * which outlives the pipe: a bound pipe is a user of its poll.
 *
 * Packets are hints. One comes for each operation that was begun, at once done or not, and says no
 * more than that its pipe is to be looked at: the state of an operation stands in its OVERLAPPED.
 * So one that is done is taken by whoever looks first, and may be begun again while its packet is
 * on its way. The packets that are due say how long the memory has to stay.
 */
#ifndef MIO_NAMED_PIPE_H
#define MIO_NAMED_PIPE_H

#include "sys/windows/named_pipe_rule.h"
#include "sys/windows/operation.h"
#include "sys/windows/pipe_set.h"

struct mio__pipe_end;

struct mio__pipe_operation {
    struct mio__operation operation;
    struct mio__pipe_end *end;
    bool busy;  /* begun, and its result is not taken */
    bool stale; /* its result is about a connection that has ended */
};

struct mio__pipe_end {
    HANDLE handle;
    struct mio_poll *poll;                 /* whose port it is bound to, or NULL */
    struct mio__pipe_end *next, *previous; /* of the poll's */
    struct mio__pipe_end *next_owed;
    struct mio_allocator allocator;
    size_t size; /* of this block */
    struct mio__pipe_operation listen, read, write, look;
    uint32_t due; /* packets that will come */
    struct mio__edge edge;
    mio_token token;
    struct mio__pipe_state state;
    struct mio__pipe_input input;
    struct mio__pipe_ring output;
    int64_t flush_ns;
    int64_t deadline;   /* once it is closed: when it stops to write; by mio_now_ns */
    uint32_t abandoned; /* atomic: the registration is over, without the lock */
    bool is_server;
    bool reads_messages, writes_messages;
    bool wants_client; /* connect was called before there was a port */
    bool registered;
    bool closed; /* the object is gone */
    bool lost;   /* so is the poll */
    bool owed;   /* is in the list of those to be looked at */
};

static inline bool mio__pipe_is_registered(const struct mio__pipe_end *end)
{
    return end->registered && mio__load_relaxed(&end->abandoned) == 0;
}

/* ---- Operations (named_pipe_operations.c); under the lock, of a bound pipe ---- */

/* Takes the results that are there, and begins what can be: writing, and reading if wanted. */
void mio__pipe_move_on(struct mio__pipe_end *end);

/* Takes the results that are there, and no more. Whether nothing is under way. */
bool mio__pipe_is_idle(struct mio__pipe_end *end);

/* Begins to wait for a client: 0 where one is there, -EAGAIN, or a code. */
int mio__pipe_listen(struct mio__pipe_end *end);

/* Gives the output to the system: 0 or a code. */
int mio__pipe_send(struct mio__pipe_end *end);

/* Begins a read, if there is room for its result; takes that if it is there at once. */
void mio__pipe_receive(struct mio__pipe_end *end);

/* Whether the interest wants that a read is under way. */
bool mio__pipe_reads_ahead(const struct mio__pipe_end *end);

/* Makes a read, a write, or a connect end soon. */
void mio__pipe_cancel(struct mio__pipe_end *end, struct mio__pipe_operation *operation);

/* All that belongs to a connection goes with it. */
void mio__pipe_part(struct mio__pipe_end *end);

/* Whether a client is there; any server end. */
void mio__pipe_find_client(struct mio__pipe_end *end);

/* ---- Events (pipe_set.c); under the lock ---- */

/* The readiness of a pipe as it is now. */
uint32_t mio__pipe_readiness(const struct mio__pipe_end *end);

/* After a change: has the pipe looked at, if there is something to report. */
void mio__pipe_tell(struct mio__pipe_end *end);

/* The packet of an operation has come (operation.h). */
bool mio__pipe_done(struct mio__operation *operation, struct mio_poll *poll,
                    struct mio_event *event);

/*
 * Closes it: what the handle is for ends as the contract says, then the memory is freed, both when
 * they can be. Also of a pipe that was never bound, or has lost its poll, without the lock.
 */
int mio__pipe_close(struct mio__pipe_end *end);
void mio__pipe_free_if_done(struct mio__pipe_end *end);

/* ---- The object ---- */

/* The part that belongs to a source with MIO__NAMED_PIPE among its flags. */
static inline struct mio__pipe_end *mio__pipe_end_of(const struct mio_source *source)
{
    return ((const struct mio_named_pipe *)(const void *)source)->end;
}

#endif
