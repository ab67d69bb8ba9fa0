/*
 * The objects of the target "operations": two polls, sources of every kind that needs no network,
 * wakers and clones, and beside each what has to be true of it. Every operation takes its arguments
 * from the input and checks its own result; world_check and look_for_events check the rest.
 */
#ifndef MIO_FUZZ_WORLD_H
#define MIO_FUZZ_WORLD_H

#include "fuzz.h"

enum { POLLS = 2, SOURCES = 10, WAKERS = MIO_WAKERS_MAX + 2, CLONES = 3, NOWHERE = -1 };

enum kind { NOTHING, SENDER, RECEIVER, STREAM, DATAGRAM, EVENTFD, CUSTOM };

struct poll {
    struct mio_poll poll;
    bool open;
    int wakers;
    uint64_t waits, events, wakes;
};

/* Datagrams on their way to one socket; no more are sent, whatever the system would take. */
enum { QUEUE = 32 };
struct queue {
    size_t length[QUEUE];
    unsigned first, count;
};

/* The directions that were shut down, also where there are no sockets. */
enum { NO_READING = 1, NO_WRITING = 2 };

struct source {
    enum kind kind; /* NOTHING: closed */
    union {
        struct mio_source source;
        struct mio_pipe_sender sender;
        struct mio_pipe_receiver receiver;
#ifndef MIO_NO_NET
        struct mio_unix_stream stream;
        struct mio_unix_datagram datagram;
#endif
    };
    struct mio_source inner; /* of a custom source, with a result for its functions */
    int custom_result;
    int poll; /* where it is registered, or NOWHERE */
    mio_token token;
    mio_interest interest;
    bool fresh;    /* (re)registered since the last wait with room for all, and not told since */
    uint32_t told; /* reported since it was (re)registered */
    bool one_way;  /* the system has made no entry to write */
    mio_token ghost[POLLS]; /* registered there once, abandoned since: epoll goes on */
    int peer;               /* the slot of the other end, or NOWHERE */
    unsigned ends;          /* NO_READING, NO_WRITING */
    size_t unread;          /* bytes that can be read; of an eventfd its count */
    uint8_t next_read, next_written;
    struct queue queue;
};

struct waker {
    struct mio_waker waker;
    int poll; /* NOWHERE: closed */
    mio_token token;
    bool pending;
};

struct clone {
    struct mio_registry registry;
    int poll; /* NOWHERE: closed */
};

struct world {
    const uint8_t *data;
    size_t size;
    mio_token last_token;
    struct poll polls[POLLS];
    struct source sources[SOURCES];
    struct waker wakers[WAKERS];
    struct clone clones[CLONES];
};

/* ---- world.c --------------------------------------------------------------------------------- */

/* The next byte of the input; 0 when there is none. */
uint8_t world_byte(struct world *world);
struct source *world_source(struct world *world);
/* The registry of a poll or a clone, and what it stands for: NOWHERE when that is closed. */
struct mio_registry *world_registry(struct world *world, int *poll);
void world_begin(struct world *world, const uint8_t *data, size_t size);
void world_check(struct world *world);
void world_end(struct world *world);
/* Sources, wakers and clones of a poll. */
uint32_t world_users(const struct world *world, int poll);
/* As poll(2) that does not wait, but for the signals of libFuzzer's timer. */
struct pollfd;
int poll_uninterrupted(struct pollfd *entries, unsigned count);
enum { TRIES = 100 };

/* ---- facts.c --------------------------------------------------------------------------------- */

/* In what the backends differ, where the contract leaves it open. */
struct facts {
    const char *name;
    bool has_descriptor; /* mio_poll_fd has one */
    bool finds_closed;   /* a call finds by itself that the descriptor was closed */
    /* An entry is of the file: it lasts while a duplicate does, and so when it is abandoned. */
    bool outlives_descriptor;
    bool keeps_mode;   /* an entry that was abandoned: mio.h says not to do that */
    bool by_direction; /* each direction has an entry of its own, and is told for itself */
    /* Where by_direction, and by what the system says: */
    bool is_probed;
    bool has_marks;     /* the end alone of a socket is told in any mode */
    bool refuses_pipes; /* no entry to write is made for a pipe without its other end */
};

/* The facts of an open poll. */
const struct facts *facts_of(struct world *world, int poll);
/* Whether there will be no entry to write, and the refusal that comes after all other checks. */
bool lacks_writing(struct world *world, const struct source *source, int poll,
                   mio_interest interest);
int refusal_of_system(struct world *world, const struct source *source, int poll,
                      mio_interest interest);

/* ---- op_poll.c: polls, clones, wakers, waiting ----------------------------------------------- */

void op_poll_open(struct world *world);
void op_poll_close(struct world *world);
void op_poll_abandon(struct world *world);
void op_clone_open(struct world *world);
void op_clone_close(struct world *world);
void op_waker_open(struct world *world);
void op_waker_close(struct world *world);
void op_wake(struct world *world);
void op_wait(struct world *world);
void wake(struct world *world, struct waker *waker);
void close_waker(struct world *world, struct waker *waker, bool abandon);
void close_clone(struct clone *clone, bool abandon);

/* ---- op_wait.c ------------------------------------------------------------------------------- */

/* So many events fit whatever happens: everything is there once at most. */
enum { EVENTS_MAX = 64 };

void look_for_events(struct world *world, int poll, size_t capacity, int64_t timeout_ns);

/* ---- op_source.c: what is registered --------------------------------------------------------- */

void op_open(struct world *world);
void op_close(struct world *world);
void op_close_behind(struct world *world);
void op_hand_over(struct world *world);
void op_abandon(struct world *world);
void close_source(struct world *world, struct source *source);
void abandon_source(struct world *world, struct source *source);
void is_closed(struct world *world, struct source *source);
mio_fd new_eventfd(void);
extern const struct mio_source_ops custom_ops;

/* ---- op_register.c --------------------------------------------------------------------------- */

void register_again(struct world *world, struct source *source);
/* Arguments of a registration; what is wrong with them, or 0; and that it was made. */
mio_interest choose_interest(struct world *world);
int choose_custom_result(struct world *world, struct source *source);
int refusal(const struct world *world, int poll, mio_interest interest);
void is_registered(struct source *source, int poll, mio_token token, mio_interest interest,
                   bool one_way);
/* After a change that an open source has refused, or the system: whether that has ended it. */
void is_refused(struct source *source, int result);
void op_register(struct world *world);
void op_reregister(struct world *world);
void op_deregister(struct world *world);
void op_blocked(struct world *world);

/* ---- op_watch.c ------------------------------------------------------------------------------ */

void op_watch(struct world *world);
void op_watch_behind(struct world *world);

/* ---- op_io.c --------------------------------------------------------------------------------- */

void op_write(struct world *world);
void op_read(struct world *world);
void op_peek(struct world *world);
void op_shutdown(struct world *world);
void op_after(struct world *world);
void op_either(struct world *world);

/* ---- op_batch.c ------------------------------------------------------------------------------ */

void op_batch(struct world *world);
void op_rights(struct world *world);

#endif
