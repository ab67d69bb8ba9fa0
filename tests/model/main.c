/*
 * The model test: random sequences of operations, in which each wait and each result is held
 * against a model of the contract (model.h).
 *
 *     model [--backend=NAME] [--waker=NAME] [--spin] [--seed=N] [--operations=N] [--threads=1|2]
 *     model [--backend=NAME] [--waker=NAME] [--spin] --replay=FILE
 *
 * --spin lets the polls spin before they sleep.
 * Without a seed one that is always the same is run, and one from the clock. With one thread a seed
 * and a number of operations say all that happens. A failure is made short and printed as a list,
 * which --replay runs again; lines that begin with # are remarks.
 */
#include "run.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

enum { EPISODE = 1000, FIXED_SEED = 1, SPIN_NS = 20000 };
/* In CI: for each of two seeds, so that all programs together make more than 100,000. */
enum { ALONE = 20000, WITH_WAITER = 6000 };

static struct {
    struct mio_poll_options poll;
    uint64_t seed;
    long operations;
    int threads; /* 0: first one, then two */
    const char *replay;
} config;

static struct operation operations[OPERATIONS_MAX];

/* ---- Options --------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    uint32_t *where;
    uint32_t value;
} choices[] = {
    {"--backend=epoll", &config.poll.backend, MIO_BACKEND_EPOLL},
    {"--backend=poll", &config.poll.backend, MIO_BACKEND_POLL},
    {"--backend=kqueue", &config.poll.backend, MIO_BACKEND_KQUEUE},
    {"--backend=iocp", &config.poll.backend, MIO_BACKEND_IOCP},
    {"--waker=eventfd", &config.poll.waker, MIO_WAKER_EVENTFD},
    {"--waker=pipe", &config.poll.waker, MIO_WAKER_PIPE},
    {"--waker=user", &config.poll.waker, MIO_WAKER_USER},
};

static bool take_option(const char *text)
{
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++)
        if (strcmp(text, choices[i].text) == 0) {
            *choices[i].where = choices[i].value;
            return true;
        }
    if (strcmp(text, "--spin") == 0) {
        config.poll.spin_ns = SPIN_NS;
        return true;
    }
    const char *value = strchr(text, '=');
    if (!value)
        return false;
    size_t length = (size_t)(++value - text);
    if (strncmp(text, "--seed=", length) == 0)
        config.seed = strtoull(value, NULL, 0);
    else if (strncmp(text, "--operations=", length) == 0)
        config.operations = strtol(value, NULL, 0);
    else if (strncmp(text, "--threads=", length) == 0)
        config.threads = (int)strtol(value, NULL, 0);
    else if (strncmp(text, "--replay=", length) == 0)
        config.replay = value;
    else
        return false;
    return true;
}

/* ---- Failures -------------------------------------------------------------------------------- */

static void print_list(size_t count)
{
    for (size_t i = 0; i < count; i++)
        operation_print(stdout, &operations[i]);
}

static void report(const struct outcome *outcome)
{
    printf("# operation %zu: %s\n", outcome->at, outcome->complaint);
    size_t count = run_shrink(&config.poll, operations, outcome->at);
    struct outcome again = run_alone(&config.poll, operations, count);
    printf("# shrunk to %zu operations, for --replay: %s\n", count,
           again.failed ? again.complaint : "it does not fail any more");
    print_list(count);
}

/* ---- Runs ------------------------------------------------------------------------------------ */

/* Returns whether all went well. */
static bool run_seed(uint64_t seed, long total, int threads)
{
    int64_t begin = mio_now_ns();
    uint64_t random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    printf("# --seed=%ju --operations=%ld --threads=%d\n", (uintmax_t)seed, total, threads);
    fflush(stdout);
    for (long done = 0; done < total; done += EPISODE) {
        size_t count = total - done < EPISODE ? (size_t)(total - done) : EPISODE;
        for (size_t i = 0; i < count; i++)
            operations[i] = operation_draw(&random);
        struct outcome outcome = threads == 1
                                     ? run_alone(&config.poll, operations, count)
                                     : run_with_waiter(&config.poll, operations, count, random);
        if (!outcome.failed)
            continue;
        printf("# after %ld operations, in an episode that began then:\n", done);
        if (threads == 1) {
            report(&outcome);
        } else {
            printf("# %s; what led to it depends on time:\n", outcome.complaint);
            print_list(count);
        }
        return false;
    }
    printf("# passed in %.1f s\n", (double)(mio_now_ns() - begin) / 1e9);
    fflush(stdout);
    return true;
}

static bool run_seeds(void)
{
    uint64_t seeds[] = {config.seed ? config.seed : FIXED_SEED, (uint64_t)mio_now_ns() >> 8};
    bool ok = true;
    for (int i = 0; i < (config.seed ? 1 : 2); i++)
        for (int threads = 1; threads <= 2; threads++) {
            long count = test_scaled(threads == 1 ? ALONE : WITH_WAITER);
            if (config.threads == 0 || config.threads == threads)
                ok &= run_seed(seeds[i], config.operations ? config.operations : count, threads);
        }
    return ok;
}

static bool replay(void)
{
    char line[200];
    size_t count = 0;
    FILE *file = fopen(config.replay, "r");
    device_require(file != NULL, config.replay);
    while (count < OPERATIONS_MAX && fgets(line, sizeof line, file)) {
        int got = operation_parse(line, &operations[count]);
        if (got < 0)
            fprintf(stderr, "model: not an operation: %s", line);
        count += got > 0;
    }
    fclose(file);
    struct outcome outcome = run_alone(&config.poll, operations, count);
    if (outcome.failed)
        printf("# operation %zu: ", outcome.at);
    printf("%s\n", outcome.failed ? outcome.complaint : "# passed");
    return !outcome.failed;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!take_option(argv[i])) {
            fprintf(stderr, "model: unknown option %s\n", argv[i]);
            return 2;
        }
    /* Descriptors that are opened once for all runs are open then. */
    bool ok = !run_alone(&config.poll, operations, 0).failed;
    int before = test_open_descriptors();
    ok &= config.replay ? replay() : run_seeds();
    int after = test_open_descriptors();
    if (after != before)
        printf("# %d descriptors open before, %d after\n", before, after);
    printf("%s 1 - model\n1..1\n", ok && after == before ? "ok" : "not ok");
    return ok && after == before ? 0 : 1;
}
