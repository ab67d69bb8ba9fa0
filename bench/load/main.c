/* The load generator: phases. See load.h. */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

enum { CLIENT_EVENTS = 1024 };

struct progress progress;
static int queue;

static int turn(const struct service_load *load, bool go_on)
{
    static struct epoll_event events[CLIENT_EVENTS];
    int n = epoll_wait(queue, events, CLIENT_EVENTS, 0);
    for (int i = 0; i < n; i++)
        if (load->event(events[i].data.ptr, go_on) != 0)
            return 1;
    return n < 0 && errno != EINTR ? fail("epoll_wait") : 0;
}

/* Works until the time is over, then lets what is on the way come in. */
static int run(const struct service_load *load, int64_t ns, int64_t *elapsed_ns, uint64_t *in_time)
{
    int64_t begin = now_ns(), now = begin;
    progress.ended = 0;
    if (load->start() != 0)
        return 1;
    for (; now < begin + ns; now = now_ns())
        if (turn(load, true) != 0)
            return 1;
    *elapsed_ns = now - begin;
    *in_time = progress.ended;
    for (; progress.on_the_way > 0; now = now_ns()) {
        if (turn(load, false) != 0)
            return 1;
        if (now > begin + ns + PATIENCE_S * NS_PER_S) {
            errno = ETIMEDOUT;
            return fail("answers that did not come");
        }
    }
    return 0;
}

static int measure(const struct service_load *load, int64_t ns)
{
    int64_t elapsed_ns;
    uint64_t in_time;

    /* A tenth of the time to warm up. */
    if (run(load, ns / 10 + 20 * NS_PER_MS, &elapsed_ns, &in_time) != 0)
        return 1;
    histogram_clear();
    int64_t cpu_before = server_cpu_ns();
    if (cpu_before < 0 || run(load, ns, &elapsed_ns, &in_time) != 0)
        return 1;
    int64_t cpu_after = server_cpu_ns();
    if (cpu_after < 0)
        return 1;
    if (in_time == 0) {
        errno = ETIMEDOUT;
        return fail("no request was answered in time");
    }
    print_result("cpu_ns", (double)(cpu_after - cpu_before) / (double)progress.ended);
    print_result("rate", (double)in_time * (double)NS_PER_S / (double)elapsed_ns);
    if (!histogram_is_empty()) {
        print_result("p50_us", histogram_us(0.5));
        print_result("p99_us", histogram_us(0.99));
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (arguments_take(argc - 1, argv + 1) != 0) {
        fprintf(stderr, "usage: %s NAME=VALUE..., see load.h\n", argv[0]);
        return 2;
    }
    bool churn = strcmp(argument("service", "echo"), "churn") == 0;
    const struct service_load *load = churn ? &churn_load : &echo_load;
    unsigned connections = (unsigned)argument_number("connections", 64);
    if (prepare_process() != 0)
        return fail("cpu");
    queue = epoll_create1(EPOLL_CLOEXEC);
    if (queue < 0)
        return fail("epoll_create1");
    if (server_find() != 0 || load->open(connections, queue) != 0)
        return 1;
    return measure(load, argument_seconds_ns());
}
