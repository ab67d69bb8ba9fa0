/*
 * The suites; the first one has to find Winsock not started yet, and those of batches that nobody
 * has sent or received one.
 */
#include "answers.h"

extern const struct test_suite suite_startup, suite_errors, suite_numbers, suite_base_socket,
    suite_sockets, suite_pending, suite_transfers, suite_mapped, suite_polls, suite_kicks,
    suite_named_pipes, suite_batch_send, suite_batch_recv, suite_batch_options;

int main(int argc, char **argv)
{
    static const struct test_suite *const suites[] = {
        &suite_startup,     &suite_errors,        &suite_numbers,
        &suite_base_socket, &suite_sockets,       &suite_pending,
        &suite_transfers,   &suite_mapped,        &suite_batch_send,
        &suite_batch_recv,  &suite_batch_options, &suite_named_pipes,
        &suite_polls,       &suite_kicks,         NULL};
    answers_of_system();
    return test_main(argc, argv, suites);
}
