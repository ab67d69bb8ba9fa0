/*
 * The common part of the stress programs: failures that any thread can report, also in a signal
 * handler, and the patience to wait for what must come.
 */
#ifndef MIO_TEST_STRESS_H
#define MIO_TEST_STRESS_H

#include "test.h"

/* Starts anew: nothing has failed, and the time for rounds begins. */
void stress_begin(void);
/* When something that must come counts as lost, if not after 20 s. */
void stress_set_patience(int64_t ns);
/* Whether the time is over in which rounds are made; a busy machine makes fewer of them. */
bool stress_is_enough(void);

/* Notes the first failure and makes all threads stop. */
void stress_give_up(const char *why);
void stress_require(bool holds, const char *what);
bool stress_has_failed(void);
/* Fails the case if something failed; on its own thread, when all others are gone. */
void stress_end(void);

/*
 * Between two looks at something that must come: spins at first, so as to see it soon, then lets
 * others run. Returns false when nobody should look any longer; after tens of seconds with the
 * complaint as a failure, unless it is NULL. The failure dates from when the wait began.
 */
struct stress_patience {
    unsigned spins; /* the caller's choice */
    unsigned turns;
    int64_t begin;
};
bool stress_go_on(struct stress_patience *patience, const char *complaint);

uint32_t stress_random(uint32_t *state, uint32_t limit);
void stress_pause_us(uint32_t us);

#endif
