/*
 * Dispatch: A of M eventfds are readable, the loop tells which, and each is read once. The time of
 * the turns counts, the time of making the descriptors readable does not. The result is the median
 * of blocks, so that a neighbour who takes the processor for a while spoils some of them only.
 */
#include "harness.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { BLOCKS_MAX = 4096, BLOCK_NS = 500 * 1000, WARM_UP_TURNS = 20 };

struct dispatch {
    void *loop;
    int *fds;
    unsigned ready, registered, offset;
};

static int dispatch_open(struct dispatch *d)
{
    d->fds = calloc(d->registered, sizeof *d->fds);
    d->loop = contestant.open(d->registered, false);
    if (!d->fds || !d->loop)
        return fail("open");
    for (unsigned i = 0; i < d->registered; i++) {
        d->fds[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (d->fds[i] < 0 || contestant.add(d->loop, i, d->fds[i]) != 0)
            return fail("add");
    }
    return contestant.flush ? contestant.flush(d->loop) : 0;
}

/* Makes A sources readable that lie far from one another, other ones each time. */
static int make_ready(struct dispatch *d)
{
    unsigned stride = d->registered / d->ready;
    d->offset = (d->offset + 7) % d->registered;
    for (unsigned i = 0, at = d->offset; i < d->ready; i++, at += stride)
        if (eventfd_write(d->fds[at % d->registered], 1) != 0)
            return fail("eventfd_write");
    return 0;
}

/* Turns until all events are handled. Counted by callgrind under this name. */
__attribute__((noinline)) static int measured_turns(const struct dispatch *d)
{
    unsigned handled = 0;
    for (int turns = 0; handled < d->ready; turns++) {
        if (turns > MAX_EVENTS) {
            errno = ETIMEDOUT;
            return fail("events that did not come");
        }
        handled += contestant.turn(d->loop);
    }
    return 0;
}

/* Makes so many turns, or fewer once they took that long. Tells the mean time of an event. */
static int time_turns(struct dispatch *d, int64_t turns, int64_t least_ns, double *ns_an_event)
{
    int64_t spent = 0, done = 0;
    while (done < turns && spent < least_ns) {
        if (make_ready(d) != 0)
            return 1;
        int64_t start = now_ns();
        if (measured_turns(d) != 0)
            return 1;
        spent += now_ns() - start;
        done++;
    }
    *ns_an_event = (double)spent / (double)done / d->ready;
    return 0;
}

/* Whether all that was made readable was read. */
static int check_all_read(const struct dispatch *d)
{
    uint64_t count;
    for (unsigned i = 0; i < d->registered; i++)
        if (read(d->fds[i], &count, sizeof count) > 0) {
            errno = EPROTO;
            return fail("a source that was not read");
        }
    return 0;
}

int case_dispatch(void)
{
    static double blocks[BLOCKS_MAX];
    struct dispatch d = {
        .ready = (unsigned)argument_number("ready", 64),
        .registered = (unsigned)argument_number("registered", 1000),
    };
    int64_t turns = argument_number("turns", 0);
    size_t n = 0;

    if (d.ready == 0 || d.ready > d.registered) {
        errno = EINVAL;
        return fail("ready");
    }
    if (dispatch_open(&d) != 0)
        return 1;
    /* Work that is done once (tables that grow, symbols that are bound) stays outside. */
    if (time_turns(&d, WARM_UP_TURNS, INT64_MAX, &blocks[0]) != 0)
        return 1;
    if (turns > 0) {
        if (time_turns(&d, turns, INT64_MAX, &blocks[n++]) != 0)
            return 1;
    } else {
        for (int64_t end = now_ns() + argument_seconds_ns(); n < BLOCKS_MAX && now_ns() < end; n++)
            if (time_turns(&d, INT64_MAX, BLOCK_NS, &blocks[n]) != 0)
                return 1;
    }
    if (check_all_read(&d) != 0)
        return 1;
    contestant.close(d.loop);
    print_result("ns", median_of(blocks, n));
    return 0;
}
