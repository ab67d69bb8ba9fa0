/* The rules of the completion port backend. */
#include "test.h"

extern const struct test_suite suite_afd, suite_wait_time;

int main(int argc, char **argv)
{
    static const struct test_suite *const suites[] = {&suite_afd, &suite_wait_time, NULL};
    return test_main(argc, argv, suites);
}
