#include "test.h"

/* The list is made by CMakeLists.txt, the one place that names the suites. */
#define SUITE(name) extern const struct test_suite suite_##name;
#include "suites.inc"
#undef SUITE

int main(int argc, char **argv)
{
    static const struct test_suite *const suites[] = {
#define SUITE(name) &suite_##name,
#include "suites.inc"
#undef SUITE
        NULL,
    };
    return test_main(argc, argv, suites);
}
