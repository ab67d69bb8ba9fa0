/* The cases of race_stress.c, each file tells about its own. */
#ifndef MIO_TEST_RACE_H
#define MIO_TEST_RACE_H

#include "stress.h"

/* How often each thread of a case tries, by hand; 0: what the tests take, with time limits. */
extern long race_tries;

/* race_tokens.c */
void deregistering_during_waits_ends_the_token(void);
void reregistering_during_waits_ends_the_old_token(void);
void closing_during_waits_ends_the_token_though_the_number_is_used_again(void);
void closing_during_a_wait_that_sleeps_is_told_to_the_peer(void);

/* race_clones.c */
void poll_is_busy_until_the_last_clone_is_closed(void);

/* race_streams.c */
void reading_and_writing_on_two_threads_loses_no_event(void);

/* race_forks.c */
void abandoning_in_children_costs_the_working_parent_no_event(void);

#endif
