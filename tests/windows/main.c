/* The suites; the first one has to find Winsock not started yet. */
#include "test.h"

extern const struct test_suite suite_startup, suite_errors, suite_base_socket, suite_sockets,
    suite_pending, suite_transfers, suite_mapped;

int main(int argc, char **argv)
{
    static const struct test_suite *const suites[] = {
        &suite_startup, &suite_errors,    &suite_base_socket, &suite_sockets,
        &suite_pending, &suite_transfers, &suite_mapped,      NULL};
    return test_main(argc, argv, suites);
}
