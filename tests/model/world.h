/*
 * A world: two polls, a source of each kind, wakers and clones, and the model of all of them.
 * Operations change it; the first thing that is not as it has to be ends it.
 */
#ifndef MIO_TEST_WORLD_H
#define MIO_TEST_WORLD_H

#include "devices.h"
#include "model.h"
#include "operations.h"

enum { QUEUES = 2, WAKERS = 3, CLONES = 2, OPERATIONS_MAX = 4096, COMPLAINT_MAX = 200 };
/* Every operation makes one registration at most; the bell is one more. */
enum { REGISTRATIONS_MAX = OPERATIONS_MAX + 2, WAKER_PLACE = 100 };
enum { EVENTS_MAX = 32 };

struct queue {
    struct mio_poll poll;
    atomic_uint now; /* the number of the wait that began last */
    unsigned users;
    uint64_t waits, events, wakes;
};

struct world {
    struct mio_poll_options options;
    bool loose;        /* another thread waits on the first poll */
    bool emulated;     /* edges, see model.h */
    bool by_direction; /* ends, see model.h; each direction has an entry of its own */
    /* Where by_direction: */
    bool has_marks;     /* the end alone of a socket is told in any mode */
    bool refuses_pipes; /* no entry to write is made for a pipe without its other end */
    struct queue queues[QUEUES];
    struct device devices[DEVICES_MAX];
    struct model_source sources[DEVICES_MAX];
    atomic_uint seen[DEVICES_MAX]; /* all readiness that was told since it was opened */
    unsigned count;                /* of devices */
    struct mio_waker wakers[WAKERS];
    struct model_source waker_models[WAKERS];
    struct mio_registry clones[CLONES];
    unsigned clone_of[CLONES]; /* which poll */
    struct model_registration registrations[REGISTRATIONS_MAX];
    atomic_uint issued;
    atomic_bool failed;
    char complaint[COMPLAINT_MAX];
};

void world_open(struct world *world, const struct mio_poll_options *options, bool loose);
/* Opens one of the polls again. */
void world_open_queue(struct world *world, unsigned number);
void world_apply(struct world *world, struct operation operation);
/* Deregisters and closes all that uses the poll. */
void world_release(struct world *world, unsigned number);
void world_close(struct world *world);

/* Notes the first complaint, from any thread. */
__attribute__((format(printf, 2, 3))) void world_complain(struct world *world, const char *format,
                                                          ...);

/* A fresh registration and its token. */
struct model_registration *world_issue(struct world *world, unsigned queue, unsigned place,
                                       mio_interest interest);
mio_token world_token(const struct world *world, const struct model_registration *registration);
/* The registration is over, for waits that begin later. */
void world_retire(struct world *world, struct model_source *source);

/*
 * Waiting (waits.c): with all checks; by the other thread. With that: until it has told all that is
 * owed; and what follows its end.
 */
void world_wait(struct world *world, unsigned number, uint32_t arg);
void world_wait_loosely(struct world *world, uint32_t arg);
void world_follow(struct world *world);
void world_join(struct world *world);

#endif
