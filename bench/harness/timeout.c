/* Timeouts: how long after its end a wait with nothing to tell returns. */
#include "harness.h"

#include <errno.h>

enum { WAITS_MAX = 1000 };

int case_timeout(void)
{
    static double overshoot[WAITS_MAX];
    int64_t timeout_ns = argument_number("ns", 100000), waits = argument_number("waits", 20);
    void *loop = contestant.open(0, false);

    if (!loop || waits < 1 || waits > WAITS_MAX)
        return fail("open");
    for (int64_t i = -2; i < waits; i++) { /* two of them to warm up */
        int64_t start = now_ns();
        if (contestant.wait(loop, timeout_ns) != 0)
            return fail("wait");
        int64_t late = now_ns() - start - timeout_ns;
        if (late < 0) {
            errno = EPROTO;
            return fail("a wait that ended early");
        }
        if (i >= 0)
            overshoot[i] = (double)late / 1000;
    }
    contestant.close(loop);
    print_result("us", median_of(overshoot, (size_t)waits));
    return 0;
}
