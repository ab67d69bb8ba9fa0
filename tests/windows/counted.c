/*
 * The conformance tests, over a library whose handles are counted where it opens and closes them:
 * each case ends with as many as it began with. The harness counts all handles of the process as
 * well; this count tells those of the library from others. A case that is skipped may leave some.
 */
#include "test.h"
#include "windows_calls.h"

/* The list is that of the conformance tests. */
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
    test_also_counted = fault_handles_left;
    const int result = test_main(argc, argv, suites);
    test_note("the library has opened %lu handles", fault_handles_opened());
    return fault_handles_opened() > 0 ? result : 1;
}
