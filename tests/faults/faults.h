/*
 * A kernel that fails on purpose. The programs of this folder link a build of the library whose
 * system calls go through a table (calls.h in src/sys/unix and src/sys/windows). Here stands what
 * the table holds: each call counts itself, and one of them fails, is interrupted, or moves one
 * byte only, as the plan says. All else goes to the system. Where that is one whose kqueue is
 * simulated (tests/kqueue), single changes of a queue can fail, too.
 */
#ifndef MIO_FAULTS_H
#define MIO_FAULTS_H

#ifdef _WIN32
#include "sys/windows/calls.h"
#else
#include "sys/unix/calls.h"
#endif

#include <stdbool.h>

#ifdef MIO__CALLS_PAST_LIBC
#define FAULT_RAW_CALLS MIO__CALLS_PAST_LIBC
#else
#define FAULT_RAW_CALLS(X)
#endif

/* A number for each call: FAULT_bind and so on, and for those that bypass libc. */
enum fault_call {
#define FAULT_NUMBER(result, name, parameters, arguments) FAULT_##name,
    MIO__CALLS(FAULT_NUMBER)
#undef FAULT_NUMBER
#define FAULT_NUMBER(name) FAULT_RAW_##name,
        FAULT_RAW_CALLS(FAULT_NUMBER)
#undef FAULT_NUMBER
#ifdef MIO_KQUEUE_ABI_H
            FAULT_receipt, /* a change of kevent(2), which its receipt refuses */
#endif
    FAULT_CALLS
};

/* As an error of the plan: the call is made, but moves one byte at most. Streams and pipes only. */
#define FAULT_ONE_BYTE (-1)
/* Of pwritev2 alone: it ignores its flags, as gVisor does with those that it does not know. */
#define FAULT_NO_FLAGS (-2)
/* Of kevent with changes: they are made, but the call says EINTR, and their answers are lost. */
#define FAULT_ANSWERS_LOST (-3)
/* A flag of pwritev2 that no system knows. A call with it that moves one byte ignores its flags. */
#define FAULT_UNKNOWN_FLAG 0x40000000
/* On Windows: no error that has the code of an errno value, but this one of Win32 or NTSTATUS. */
#define FAULT_WIN32(error) ((int)(0x80070000 | (error)))
#define FAULT_NT(status) ((int)(status))

struct fault_plan {
    enum fault_call call;
    unsigned long nth; /* which of these calls, from 1; 0: none */
    bool all_after;    /* and all that follow it */
    int error;         /* errno value, or FAULT_ONE_BYTE and the others */
};

/* Sets the plan, or none (NULL), and starts to count from 0. Not while other threads make calls. */
void fault_set(const struct fault_plan *plan);

/* A second plan that holds beside each of the first kind, until it is set to none (NULL): a system
 * that lacks a call. The first one decides what both are due for. */
void fault_set_standing(const struct fault_plan *always);

/* How often the call was made since, and whether the plan came true. */
unsigned long fault_count(enum fault_call call);
bool fault_happened(void);

const char *fault_name(enum fault_call call);

/* For the table: counts a call. Returns what is to happen to it: nothing (0), or an error of a
 * plan. */
int fault_next(enum fault_call call);

#ifdef MIO_KQUEUE_ABI_H
/* The next call of kevent(2) that waits, with room for events, finds this one before all others. */
void fault_put_event(const struct kevent *event);
#endif

#endif
