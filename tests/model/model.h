/*
 * The contract of mio.h on readiness, as a machine so small that it can be believed.
 *
 * The truth about a descriptor is what poll(2) says of it. The model adds what no descriptor knows:
 * what it is registered for, what is armed, and what was told. From both follows, for each wait,
 * what must be told, what may be, and what must not. A backend that breaks a rule is wrong, however
 * it works inside.
 *
 * THE RULES
 *
 * Must   level     a direction that is ready before the wait is told by it.
 *        oneshot   a source that is ready in any direction is told, once.
 *        edge      a direction that is ready is told once after it was armed: by register, by
 *                  reregister, by watch, or by draining it (mio_drained; -EAGAIN alone where short
 *                  transfers do not count). A failure drains nothing, nor does a short transfer
 *                  after an end or an error was told. A source that was ready when drained, though
 *                  the read said -EAGAIN, has not become ready since (a datagram socket that was
 *                  shut down): no debt. The first end of a stream or pipe is told even undrained:
 *                  of each direction that was asked for, and on most backends of both. The end of
 *                  a pipe that writes is the end of its reader.
 *                  Where edges are emulated a failed read arms, too, unless a hang-up was told.
 *                  Where each direction has an entry, writing that this side has ended is told as
 *                  that, and then no more: no write can say -EAGAIN.
 *        end       where READ_CLOSED was asked for, the end of a stream or pipe is told as that,
 *                  in each mode as a direction is. Nothing drains it, an error alone is none.
 *        waker     a wake is told once, and wakes before that merge.
 *                  A wait that was full may leave debts to the next ones, but not for ever.
 *
 * May    Spurious events, hints, more directions of a source that is told anyway, a new edge for
 *        each act on the source where the kernel keeps the edges.
 *
 * Must   A token that nobody gave, of another poll, or of a registration that was over when the
 * not    wait began.
 *        A direction nobody asked for, unless with an error or an end.
 *        An end or an error that is not there, on streams and pipes.
 *        oneshot   a direction twice.
 *        edge      where edges are emulated: a direction that was not armed since it was told,
 *                  unless with an end or an error that was not told yet. A failed write arms
 *                  nothing; a short transfer arms unless an end or an error was told by this
 *                  registration; a failed read unless a hang-up was. Arming a direction lets
 *                  errors and hang-ups be told once more, and so do would-block in any direction
 *                  and an error that was taken.
 *        restless  events without end: another one, though nobody has touched the source since. In
 *                  level mode only where the source is not ready.
 *
 * TIME is the number of a wait. A registration is armed at the wait that began last; what a later
 * wait reports was told after that. Where another thread waits (loose), that wait may still be
 * running, and what it reports may be older or newer: it is good enough to pay a debt.
 */
#ifndef MIO_TEST_MODEL_H
#define MIO_TEST_MODEL_H

#include <mio.h>
#include <stdatomic.h>

/* The interests: two directions, and READ_CLOSED. */
enum { MODEL_READ, MODEL_WRITE, MODEL_END, MODEL_SIDES };

/* How many waits that are full may pass a source by, and how many edges one act may raise. */
enum { MODEL_PATIENCE = 32, MODEL_EDGES = 1, MODEL_EDGES_OF_NET = 4 };

/*
 * One registration: a token stands for exactly one, so that an event that comes too late gives
 * itself away. The first fields are written before the library knows the token, the others by the
 * thread that waits, and over by the one that gives the registration up.
 */
struct model_registration {
    mio_interest interest;
    mio_interest may; /* directions that may be told without an end or an error */
    uint8_t poll, place;
    bool loose;
    bool one_way;                     /* the system took no entry to write, see world.h */
    atomic_uint told;                 /* all readiness, by the waiter */
    atomic_uint told_at[MODEL_SIDES]; /* the last wait that told it, 0: none */
    atomic_uint over_after;           /* waits after this one do not tell it, 0: it lasts */
};

/* A direction, or the end. */
struct model_side {
    bool owed_when_ready; /* armed by the contract */
    bool may_be_told;     /* armed where edges are emulated, which arm more readily */
    uint32_t armed_at;
    uint32_t ready_then; /* bits of poll(2) that are no news */
};

/* A source, or a waker: that is one with READABLE, which every wake arms. */
struct model_source {
    struct model_registration *registration; /* NULL: none */
    struct model_side sides[MODEL_SIDES];
    uint32_t ends_told;
    unsigned passed_by, restless;
};

/* A registration begins, or is replaced by another one. */
void model_arm(struct model_source *source, struct model_registration *registration, uint32_t now);

/* An error was taken off the source, so the next one may be told. */
void model_error_taken(struct model_source *source);

/*
 * The library has seen I/O that met -EAGAIN, was short, or a read that failed otherwise.
 * truth: what poll(2) says after it; drained: by the contract, not only by what an emulation knows.
 */
void model_blocked(struct model_source *source, int side, uint32_t truth, uint32_t now);
void model_short(struct model_source *source, int side, bool drained, uint32_t now);
void model_failed_to_read(struct model_source *source, bool emulated, uint32_t now);

/* A waker is opened, with nothing to tell, and woken. */
void model_waker(struct model_source *waker, struct model_registration *registration);
void model_woken(struct model_source *waker, uint32_t now);

/* Somebody did something to the source or its peer, so edges may come. */
void model_touched(struct model_source *source);

/* Facts about a kind of source on a backend. */
struct model_kind {
    bool emulated;     /* edges */
    bool exact;        /* ends and errors mean what they say */
    bool by_direction; /* the end of a direction is told where that direction was asked for */
    bool ended;        /* this side has ended writing, which is told where by_direction */
    bool is_pipe;      /* errors of which are ends: the other end is gone */
    unsigned edges;    /* that one act may raise */
};

/*
 * Whether the wait that just ended should have told the source, by the truth before it; or, where
 * another thread waited, some wait since.
 */
bool model_owes(const struct model_source *source, uint32_t truth, struct model_kind kind,
                uint32_t now);

/*
 * The other thread is gone. The loose rule could not say what that thread may have been told
 * already, so it may come again.
 */
void model_tighten(struct model_source *source);

/*
 * An event of a wait: these return what is wrong with it, or NULL. The first knows only what any
 * thread may know, and notes what was told; the second has the source to itself. truth: what
 * poll(2) said before the wait or after it.
 */
const char *model_check(struct model_registration *registration, unsigned poll,
                        const struct mio_event *event, uint32_t now);

const char *model_check_source(struct model_source *source, const struct mio_event *event,
                               uint32_t truth, struct model_kind kind);

#endif
