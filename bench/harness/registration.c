/*
 * Registration: all sources are added, changed and removed again, with a new loop each time, for
 * some libraries remember descriptors. The sources are timers that are not set: never readable and
 * never writable, so no change makes an event.
 */
#include "harness.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { ADD, CHANGE, REMOVE, OPERATIONS, CYCLES_MAX = 4096 };

static int flush(void *loop)
{
    return contestant.flush ? contestant.flush(loop) : 0;
}

static int operate(int operation, void *loop, const int *fds, unsigned i)
{
    switch (operation) {
    case ADD:
        return contestant.add(loop, i, fds[i]);
    case CHANGE:
        return contestant.change(loop, i, true);
    default:
        return contestant.remove(loop, i);
    }
}

/* Does one operation on all sources. Counted by callgrind under this name. */
__attribute__((noinline)) static int measured_registration(int operation, void *loop,
                                                           const int *fds, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (operate(operation, loop, fds, i) != 0)
            return fail("registration");
    return flush(loop);
}

static int cycle(const int *fds, unsigned n, double ns[OPERATIONS])
{
    void *loop = contestant.open(n, false);
    /* The first turn makes what a library makes late. */
    if (!loop || flush(loop) != 0)
        return fail("open");
    for (int operation = ADD; operation < OPERATIONS; operation++) {
        int64_t start = now_ns();
        if (measured_registration(operation, loop, fds, n) != 0)
            return 1;
        ns[operation] = (double)(now_ns() - start) / n;
    }
    contestant.close(loop);
    return 0;
}

int case_registration(void)
{
    static const char *const names[OPERATIONS] = {"register", "reregister", "deregister"};
    static double times[OPERATIONS][CYCLES_MAX];
    unsigned n = (unsigned)argument_number("sources", 1000);
    size_t cycles = (size_t)argument_number("cycles", CYCLES_MAX), done = 0;
    bool timed = argument("cycles", NULL) == NULL;
    int *fds = calloc(n, sizeof *fds);

    if (n == 0 || !fds || cycles == 0) {
        errno = EINVAL;
        return fail("sources");
    }
    for (unsigned i = 0; i < n; i++) {
        fds[i] = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        if (fds[i] < 0)
            return fail("timerfd_create");
    }
    int64_t end = now_ns() + argument_seconds_ns();
    while (done < cycles && done < CYCLES_MAX && (!timed || done < 3 || now_ns() < end)) {
        double ns[OPERATIONS];
        if (cycle(fds, n, ns) != 0)
            return 1;
        for (int operation = 0; operation < OPERATIONS; operation++)
            times[operation][done] = ns[operation];
        done++;
    }
    for (int operation = 0; operation < OPERATIONS; operation++)
        print_result(names[operation], median_of(times[operation], done));
    return 0;
}
