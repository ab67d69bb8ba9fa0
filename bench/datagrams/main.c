/* The measurement: see datagrams.h. */
#include "datagrams/datagrams.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BURST = 64, ROUNDS_MAX = 20000, WARM_UP = 20 };

char payload[ENTRY_BYTES];
char room[TRAIN_MAX][ENTRY_BYTES];

unsigned entries_of(const struct work *work)
{
    return work->coalesce ? BURST / work->train + 1 : work->train;
}

unsigned room_of(const struct work *work)
{
    return work->coalesce ? ENTRY_BYTES : work->bytes;
}

static const struct technique *const techniques[] = {
#ifdef BENCH_LIBUV
    &technique_libuv,
#endif
    &technique_one,
    &technique_raw,
    &technique_mio,
};

static int64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Trains in a burst: so many that the clock costs little beside them. */
static unsigned trains_of(const struct work *work)
{
    return work->train < BURST ? BURST / work->train : 1;
}

static int send_burst(const struct technique *technique, const struct work *work)
{
    for (unsigned i = 0; i < trains_of(work); i++)
        if (technique->send(work) != 0)
            return 1;
    return 0;
}

/* All of a burst is in the queue when it begins, so nothing to receive means that some was lost. */
static int receive_burst(const struct technique *technique, const struct work *work)
{
    for (unsigned left = trains_of(work) * work->train; left > 0;) {
        int n = technique->receive(work);
        if (n <= 0 || (unsigned)n > left) {
            errno = n < 0 ? errno : ENODATA;
            return 1;
        }
        left -= (unsigned)n;
    }
    return 0;
}

/* ---- Two processes --------------------------------------------------------------------------- */

struct meeting {
    int fd;   /* the socket of this process */
    int to;   /* a pipe to the other process */
    int from; /* and from it */
};

static int pass_turn(const struct meeting *meeting)
{
    return write(meeting->to, "", 1) == 1 ? 0 : 1;
}

static int take_turn(const struct meeting *meeting)
{
    char byte;
    return read(meeting->from, &byte, 1) == 1 ? 0 : 1;
}

/* The child: receives until the pipe ends, then tells the median of its rounds. */
static int receive_rounds(const struct technique *technique, const struct work *work,
                          const struct meeting *meeting)
{
    static double times[ROUNDS_MAX];
    size_t rounds = 0;
    if (pin_to_cpu(argument_number("peer_cpu", -1)) != 0)
        return fail("peer_cpu");
    if (technique->open_receiver(work, meeting->fd) != 0 || pass_turn(meeting) != 0)
        return fail("receiver");
    while (take_turn(meeting) == 0) {
        int64_t start = cpu_ns();
        if (receive_burst(technique, work) != 0)
            return fail("receive");
        int64_t end = cpu_ns();
        if (rounds < ROUNDS_MAX)
            times[rounds++] = (double)(end - start);
        if (pass_turn(meeting) != 0)
            return fail("turn");
    }
    if (rounds <= WARM_UP)
        return fail("too few rounds");
    double median = median_of(times + WARM_UP, rounds - WARM_UP);
    print_result("recv_ns", median / (trains_of(work) * work->train));
    return fflush(stdout);
}

static int send_rounds(const struct technique *technique, const struct work *work,
                       const struct meeting *meeting)
{
    static double times[ROUNDS_MAX];
    size_t rounds = 0;
    if (technique->open_sender(work, meeting->fd) != 0 || take_turn(meeting) != 0)
        return fail("sender");
    const int64_t end = now_ns() + argument_seconds_ns();
    while (rounds < ROUNDS_MAX && (now_ns() < end || rounds <= 2 * WARM_UP)) {
        int64_t before = cpu_ns();
        if (send_burst(technique, work) != 0)
            return fail("send");
        times[rounds++] = (double)(cpu_ns() - before);
        if (pass_turn(meeting) != 0 || take_turn(meeting) != 0)
            return fail("turn");
    }
    double median = median_of(times + WARM_UP, rounds - WARM_UP);
    print_result("send_ns", median / (trains_of(work) * work->train));
    return fflush(stdout);
}

/* ---- Setting up ------------------------------------------------------------------------------ */

/* A socket on the loopback device whose queue holds a burst. */
static int bound_socket(struct sockaddr_in *name)
{
    const int queue = 4 << 20;
    socklen_t length = sizeof *name;
    *name = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &queue, sizeof queue) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &queue, sizeof queue) < 0 ||
        bind(fd, (struct sockaddr *)name, sizeof *name) < 0 ||
        getsockname(fd, (struct sockaddr *)name, &length) < 0)
        return -1;
    return fd;
}

static int connected_pair(int fds[2])
{
    struct sockaddr_in names[2];
    for (int i = 0; i < 2; i++)
        if ((fds[i] = bound_socket(&names[i])) < 0)
            return 1;
    for (int i = 0; i < 2; i++)
        if (connect(fds[i], (struct sockaddr *)&names[1 - i], sizeof names[0]) < 0)
            return 1;
    return 0;
}

static int measure(const struct technique *technique, const struct work *work)
{
    int fds[2], there[2], back[2], status;
    if (connected_pair(fds) != 0 || pipe(there) < 0 || pipe(back) < 0)
        return fail("sockets");
    pid_t child = fork();
    if (child < 0)
        return fail("fork");
    if (child == 0) {
        close(there[1]);
        close(back[0]);
        return receive_rounds(technique, work,
                              &(struct meeting){.fd = fds[1], .to = back[1], .from = there[0]});
    }
    close(there[0]);
    close(back[1]);
    int result = send_rounds(technique, work,
                             &(struct meeting){.fd = fds[0], .to = there[1], .from = back[0]});
    close(there[1]); /* the end of the receiver */
    if (waitpid(child, &status, 0) < 0 || status != 0)
        return 1;
    return result;
}

int main(int argc, char **argv)
{
    const char *usage = "usage: bench_datagrams technique=NAME [NAME=VALUE...], see datagrams.h";
    if (arguments_take(argc - 1, argv + 1) != 0) {
        fprintf(stderr, "%s\n", usage);
        return 2;
    }
    const struct work work = {.bytes = (unsigned)argument_number("bytes", 1200),
                              .train = (unsigned)argument_number("train", 16),
                              .segments = argument_number("segments", 0) != 0,
                              .coalesce = argument_number("coalesce", 0) != 0};
    if (work.train == 0 || work.train > TRAIN_MAX || work.bytes == 0 ||
        (work.segments ? work.bytes * work.train : work.bytes) >= ENTRY_BYTES) {
        fprintf(stderr, "%s\n", usage);
        return 2;
    }
    if (prepare_process() != 0)
        return fail("cpu");
    for (size_t i = 0; i < sizeof techniques / sizeof techniques[0]; i++)
        if (strcmp(techniques[i]->name, argument("technique", "")) == 0)
            return measure(techniques[i], &work);
    fprintf(stderr, "%s\n", usage);
    return 2;
}
