/* The kqueue backend beyond the contract of all backends. */
#include "test.h"

extern const struct test_suite suite_batches, suite_changes, suite_pass_through;

int main(int argc, char **argv)
{
    static const struct test_suite *const suites[] = {&suite_batches, &suite_changes,
                                                      &suite_pass_through, NULL};
    return test_main(argc, argv, suites);
}
