/* The cases of timeouts on a library that knows milliseconds alone, as on a system without more. */
#include "test.h"

extern const struct test_suite suite_timeout;

int main(int argc, char **argv)
{
    static const struct test_suite *const suites[] = {&suite_timeout, NULL};
    return test_main(argc, argv, suites);
}
