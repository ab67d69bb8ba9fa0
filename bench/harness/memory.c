/* Memory: what registered sources cost on the heap, beside the handles that the program keeps. */
#include "harness.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/eventfd.h>

static size_t heap_in_use(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

int case_memory(void)
{
    unsigned n = (unsigned)argument_number("sources", 10000);
    int *fds = calloc(n, sizeof *fds);
    void *loop = contestant.open(n, false);

    if (n == 0 || !fds || !loop) {
        errno = EINVAL;
        return fail("sources");
    }
    for (unsigned i = 0; i < n; i++)
        if ((fds[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) < 0)
            return fail("eventfd");
    contestant.turn(loop); /* what the first turn allocates is not for the sources */
    size_t before = heap_in_use();
    for (unsigned i = 0; i < n; i++)
        if (contestant.add(loop, i, fds[i]) != 0)
            return fail("add");
    contestant.turn(loop);
    size_t after = heap_in_use();
    print_result("heap_bytes", (double)(after - before) / n);
    print_result("handle_bytes", (double)contestant.handle_bytes);
    contestant.close(loop);
    return 0;
}
