/* The common part of the cases on SIGPIPE: filters of system calls, and looking at signals. */
#ifndef MIO_TEST_SIGPIPE_UTIL_H
#define MIO_TEST_SIGPIPE_UTIL_H

#include "net.h"

#include <signal.h>

extern const struct test_suite suite_sigpipe_calls;

/* ---- Systems --------------------------------------------------------------------------------- */

/* From now on the system call kills this process. */
void sigpipe_kill_on(long call);
/* The result of pwritev2 with RWF_NOSIGNAL for a write of one byte: 0 or a negative code. */
int sigpipe_raw_pwritev2(void);

/*
 * Runs a case in a child process for each answer that a system may give instead of doing that call;
 * the second one runs it on the system as it is, too.
 */
void sigpipe_run_refused(void (*run)(void));
void sigpipe_run_everywhere(void (*run)(void));

#define EVERYWHERE(behaviour)                                                                      \
    static void behaviour(void)                                                                    \
    {                                                                                              \
        sigpipe_run_everywhere(behaviour##_here);                                                  \
    }

/* ---- Signals --------------------------------------------------------------------------------- */

/* Whether SIGPIPE is pending, for the thread or for the process. */
bool sigpipe_is_pending(void);
/* Takes one pending SIGPIPE; false when there is none. */
bool sigpipe_take_pending(void);

sigset_t sigpipe_mask(void);
void sigpipe_check_mask(const sigset_t *expected);
void sigpipe_block(int signal);

/* The action of SIGPIPE. The handler counts in sigpipe_handled. */
void sigpipe_set_action(void (*action)(int));
void sigpipe_check_action(void (*action)(int));
void sigpipe_count(int signal);
extern volatile sig_atomic_t sigpipe_handled;

/* ---- Broken pipes ---------------------------------------------------------------------------- */

void sigpipe_open_broken(struct mio_pipe_sender *sender);
/* Several writes by each call, on a fresh end each: the first one differs from those after it. */
void sigpipe_write_to_broken_pipes(void);

#endif
