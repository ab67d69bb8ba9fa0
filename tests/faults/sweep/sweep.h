/*
 * The sweep. A scenario is a row of steps, each of them one call of the library. The driver runs it
 * without faults, which tells what system calls each step makes; then once for each of these calls
 * and each error that it may have. The rules (rules.c) say what the step has to return then:
 *
 *     the error    the call is refused and has changed nothing, so it succeeds when it is repeated,
 *                  and so does all that follows
 *     no error     the library does without the system call, or makes it again
 *     a short one  one byte was moved, and the rest follows
 *
 * Once more the error stays, from that call on: then the scenario stops at the first refusal, and
 * cleans up on a system that goes on failing. After each run no descriptor is open, no memory
 * allocated and no poll in use that was not before, and a run without faults still succeeds.
 *
 * A program that is built over tests/faults/faults.h; everything here runs on one thread.
 */
#ifndef MIO_SWEEP_H
#define MIO_SWEEP_H

#include "faults.h"
#include "net.h"
#include "test.h"

#include <string.h>

#ifndef EDQUOT
#define EDQUOT EIO
#endif

struct scenario {
    const char *name;
    void (*steps)(void); /* of STEP, ONCE, MOVE; ends at the first step that goes wrong */
    void (*clean)(void); /* of CLEAN; closes what the steps have opened, wherever they ended */
    const char *(*lacks)(void);        /* why the host cannot run it, or NULL; may be NULL */
    const struct fault_plan *standing; /* what this scenario's system lacks, or NULL */
};

extern const struct scenario queue_scenarios[], source_scenarios[], pipe_scenarios[];
extern const struct scenario system_scenarios[]; /* of what this system alone has */
#if MIO_HAS_NAMED_PIPES
extern const struct scenario named_pipe_scenarios[];
#endif
#ifndef MIO_NO_NET
extern const struct scenario tcp_scenarios[], udp_scenarios[], unix_scenarios[];
#endif

/* Scenarios of the Unix domain want datagrams, pairs and abstract names, which no other has. */
#if MIO_HAS_PIPES && !defined(MIO_NO_NET)
#define SWEEP_HAS_UNIX 1
#else
#define SWEEP_HAS_UNIX 0
#endif

/* ---- Steps ----------------------------------------------------------------------------------- */

/* As the result of a step: any number above 0. */
#define SWEEP_SOME PTRDIFF_MAX

void sweep_begin(const char *call, int line);
/* Compares the result. Whether the step was refused as the rules say, and is to be repeated. */
bool sweep_end(ptrdiff_t result, ptrdiff_t wanted);
/* The same for steps that move bytes. Returns how many were moved. */
size_t sweep_moved(ptrdiff_t result, size_t wanted);
/* Facts that have to be true, after a refusal or whenever. */
void sweep_holds(bool condition, const char *what, int line);
/* Whether the scenario is to stop: something went wrong, or the error stays. */
bool sweep_is_over(void);
/* Whether the error stays, so that what needs more than one call cannot be undone. */
bool sweep_error_stays(void);

#define HOLDS(condition) sweep_holds((condition), #condition, __LINE__)
#define OVER_YET                                                                                   \
    if (sweep_is_over())                                                                           \
    return

/* One call with its result without faults, and what is true when it was refused. */
#define STEP(call, wanted, after_refusal)                                                          \
    for (bool again_ = true; again_;) {                                                            \
        sweep_begin(#call, __LINE__);                                                              \
        again_ = sweep_end((call), (wanted));                                                      \
        if (again_)                                                                                \
            HOLDS(after_refusal);                                                                  \
        OVER_YET;                                                                                  \
    }

/* For calls that do their work even where they fail, so that they are not to be repeated. */
#define ONCE(call, wanted, after_refusal)                                                          \
    do {                                                                                           \
        sweep_begin(#call, __LINE__);                                                              \
        if (sweep_end((call), (wanted)))                                                           \
            HOLDS(after_refusal);                                                                  \
        OVER_YET;                                                                                  \
    } while (0)

/* Moves len bytes, in several calls where it must be; done counts them. */
#define MOVE(call, done, len)                                                                      \
    for ((done) = 0; (done) < (len);) {                                                            \
        sweep_begin(#call, __LINE__);                                                              \
        (done) += sweep_moved((call), (len) - (done));                                             \
        OVER_YET;                                                                                  \
    }

/* Closing: where it was refused the second call has nothing to do any more. */
#define CLEAN(call)                                                                                \
    do {                                                                                           \
        sweep_begin(#call, __LINE__);                                                              \
        if (sweep_end((call), 0)) {                                                                \
            sweep_begin(#call, __LINE__);                                                          \
            sweep_end((call), 0);                                                                  \
        }                                                                                          \
    } while (0)

/* How a child process that ran steps ends: the problem is printed, the exit status returned. */
int sweep_report_child(void);

/* A wait, and all that it takes until the token was reported with these bits. Others are wrong, but
 * for one that may come at any time. */
enum { SWEEP_IGNORED = 0 };
void sweep_event(struct mio_poll *poll, mio_token token, uint32_t wanted, int line);
#define EVENT(poll, token, wanted)                                                                 \
    do {                                                                                           \
        sweep_event(poll, token, wanted, __LINE__);                                                \
        OVER_YET;                                                                                  \
    } while (0)

/*
 * A wait that cannot ask the system to watch a source says that the source is ready: so the program
 * tries, and tells of would-block. sweep_event does so for the sources that are known to it by
 * their tokens; behind a wait that finds nothing stands sweep_is_tried.
 */
void sweep_knows(mio_token token, struct mio_source *source);
bool sweep_is_tried(struct mio_source *source);

/*
 * Facts that are true after a fault refused a read or a write, though the system would have moved
 * bytes; the source was told in edge mode before. Where edges are emulated would-block and a failed
 * read make the direction be told again, and a failed write is no news. Otherwise the system knows
 * of nothing.
 */
bool sweep_read_is_told_again(struct mio_poll *poll, mio_token token);
bool sweep_write_is_told_again(struct mio_poll *poll, mio_token token);

/*
 * Whether the fault of this step has let the system make a part of a change: then the source is not
 * registered any more, as mio_reregister says.
 */
bool sweep_left_half(void);

/*
 * A fact after a refused reregistration: the source is registered, or half of the change was made.
 * Then it is registered as it was before, so that the change can be repeated.
 */
bool sweep_is_kept(struct mio_poll *poll, struct mio_source *source, mio_token token,
                   mio_interest interest);

/* Opens a poll of the options of the program, whose allocations count as calls: FAULT_CALLS. */
#define OPEN_POLL(poll)                                                                            \
    STEP(mio_poll_init_with(poll, sweep_options()), 0,                                             \
         strcmp(mio_poll_backend_name(poll), "closed") == 0 && mio_poll_close(poll) == 0)
const struct mio_poll_options *sweep_options(void);

/* Whether the object is closed, as a call that was to open it leaves it when it is refused. */
bool sweep_is_closed(const struct mio_source *source);

/* Until so many bytes have arrived (streams, pipes), or a datagram, or a connection. */
void sweep_wait_bytes(mio_fd fd, size_t count);

/* Splits a buffer into a list, which is never one of one buffer where it has two bytes. */
size_t sweep_pieces(struct mio_buf list[2], void *buf, size_t len);

/* ---- Rules ----------------------------------------------------------------------------------- */

enum outcome {
    COMES_BACK,  /* the negative code */
    IS_ABSORBED, /* the result is as if it had not happened */
    IS_MENDED,   /* the same, by a second call of that kind: not where the error stays */
    IS_SHORT,    /* the call moves one byte */
    IS_TOLD,     /* the wait says that a source is ready, which it could not watch */
    IS_LATE,     /* the events that the wait has by then; where it has none the negative code */
    CANNOT_FAIL, /* the call cannot fail as the library makes it: nothing to sweep */
};

enum { RULE_ERRORS = 16 };

struct rule {
    const char *function; /* a pattern; see rules.c */
    int call;             /* FAULT_..., and FAULT_CALLS for an allocation */
    int ordinal;          /* the first, second... of these calls that the step makes; 0: any */
    enum outcome outcome;
    int becomes; /* COMES_BACK: as this errno value; 0: as it is */
    int errors[RULE_ERRORS];
};

/* As the call of a rule: here the rules of all systems follow, the last without a function. */
#define SWEEP_MORE_RULES (-1)

/* The rules that fit a call, from the one after before (NULL: from the first). NULL: no more. */
const struct rule *sweep_next_rule(const struct rule *before, const char *call, int number,
                                   int ordinal);

/* The backend of the program's options: "epoll", "poll", "kqueue", "iocp". */
const char *sweep_backend(void);
/* Whether it knows levels alone, and the library makes edges of them. */
bool sweep_emulates_edges(void);

/* ---- The system (system_....c) --------------------------------------------------------------- */

extern const struct rule sweep_system_rules[]; /* ends with SWEEP_MORE_RULES */
extern const struct rule sweep_last_rules[];

/* Before all else. */
void sweep_prepare(void);

/*
 * After a run: what is wrong with the handles that the library has opened and closed by its own
 * count, or NULL. Where the system counts them there is nothing to add.
 */
const char *sweep_wrong_handles(void);

/* Two blocking ends of what can be watched: one to read from, one to write to. */
void sweep_open_ends(mio_fd ends[2]);

/* Sources that make each table grow: more than it has room for at first. */
extern const int sweep_growth;

/* The system that lacks its flag for writes to pipes without SIGPIPE, and the one that ignores it;
 * why the host has no such flag, or NULL. */
extern const struct fault_plan sweep_no_pipe_flag, sweep_pipe_flag_ignored;
const char *sweep_lacks_pipe_flag(void);

/* Whether no system has this error of the call and does what the standing plan says. */
bool sweep_contradicts(const struct fault_plan *standing, int number, int error);

/* Whether a change of a registration may take several of these calls, so that one of them can fail
 * after another was made. */
bool sweep_makes_parts(int number);

/* Whether the library repeats a call as long as it has this error. */
bool sweep_is_repeated(int number, int error);

#endif
