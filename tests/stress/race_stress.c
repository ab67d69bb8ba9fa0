/*
 * Races between threads that share a poll: what a contract promises of later waits has to hold
 * however close the calls come.
 *
 *     race_stress [--tries=N] ...
 */
#include "race.h"

#include <stdlib.h>
#include <string.h>

long race_tries;

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"deregistering_during_waits_ends_the_token", deregistering_during_waits_ends_the_token, 0},
        {"reregistering_during_waits_ends_the_old_token",
         reregistering_during_waits_ends_the_old_token, 0},
        {"closing_during_waits_ends_the_token_though_the_number_is_used_again",
         closing_during_waits_ends_the_token_though_the_number_is_used_again, 0},
        {"closing_during_a_wait_that_sleeps_is_told_to_the_peer",
         closing_during_a_wait_that_sleeps_is_told_to_the_peer, 0},
        {"poll_is_busy_until_the_last_clone_is_closed", poll_is_busy_until_the_last_clone_is_closed,
         0},
        {"reading_and_writing_on_two_threads_loses_no_event",
         reading_and_writing_on_two_threads_loses_no_event, 0},
        {"abandoning_in_children_costs_the_working_parent_no_event",
         abandoning_in_children_costs_the_working_parent_no_event, 0},
        {NULL, NULL, 0},
    };
    static const struct test_suite suite = {"race", cases};
    int left = 0;
    for (int i = 0; i < argc; i++)
        if (strncmp(argv[i], "--tries=", 8) == 0)
            race_tries = strtol(argv[i] + 8, NULL, 10);
        else
            argv[left++] = argv[i];
    return test_main(left, argv, (const struct test_suite *const[]){&suite, NULL});
}
