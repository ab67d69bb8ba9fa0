/* The common part of the driver and the steps. */
#ifndef MIO_SWEEP_RUN_H
#define MIO_SWEEP_RUN_H

#include "sweep.h"

enum { SWEEP_SITES = 640 };

struct sweep_run {
    int number; /* of the call that the plan is for; FAULT_CALLS for allocations */
    struct fault_plan plan;
    const char *call; /* the step that runs */
    int line;
    unsigned long before[FAULT_CALLS + 1]; /* counts before that step */
    unsigned long seen[FAULT_CALLS + 1];   /* and after the last one */
    unsigned long counts[FAULT_CALLS + 1]; /* and of the whole run */
    unsigned long strikes;                 /* steps that the plan has met */
    int ordinal;                           /* of the call that it met in the last of them */
    bool has_more;                         /* that step made more than one such call */
    bool stopped;                          /* a step was refused, and would be again */
    bool told;                             /* the step told what it could not watch */
    bool lost;                             /* what was to be told is not in the system either */
    bool missed;                           /* the run did not make the call of the plan */
    bool wrong;
    char problem[256];
};
extern struct sweep_run sweep_run;

/* Which step made each of the calls of the last run without faults. */
struct sweep_site {
    const char *call;
    int ordinal; /* within its step */
};
extern struct sweep_site sweep_trace[FAULT_CALLS + 1][SWEEP_SITES];

void sweep_problem(const char *format, ...) TEST_PRINTF(1, 2);

/* Runs a scenario; plan may be NULL. Whether all was as it has to be. */
bool sweep_once(const struct scenario *scenario, int number, const struct fault_plan *plan);

/* The rule for an error of a call, NULL where there is none; and the code that comes back. */
const struct rule *sweep_rule_of(const char *call, int number, int ordinal, int error);
int sweep_code_of(const struct rule *rule, int error);

const char *sweep_name(int number);

#endif
