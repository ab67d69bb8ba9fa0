/*
 * A soak: every type of socket and pipe is opened, registered, used and closed, over and over, and
 * nothing may be left behind. At intervals all is closed; then the open descriptors and the memory
 * of the poll must be what they were, and the resident memory must not grow.
 *
 *     soak_stress [--seconds=S] ...
 *
 * Beside that it looks at every event: nothing may be reported that is not registered.
 */
#define _GNU_SOURCE 1
#include "soak_ends.h"
#include "stress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__) ||                               \
    __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define MEMORY_IS_OURS false /* the sanitizer's own grows */
#else
#define MEMORY_IS_OURS true
#endif

enum { PAIRS = 48, CAPACITY = 16, BUFFER = 4096, INDEX_BITS = 8, WARM_UP = 3 };
enum { WAKER_TOKEN = 2 * PAIRS, LISTENER_TOKEN };
enum { GROWTH_MAX_KB = 512 };

_Static_assert(LISTENER_TOKEN < 1 << INDEX_BITS, "every token has its place");

struct watched {
    struct soak_end end;
    unsigned generation;
};

static struct {
    struct mio_poll poll;
    struct watched ends[2 * PAIRS]; /* neighbours are connected with each other */
    struct mio_waker waker;
    uint32_t random;
    long memory; /* blocks that the poll has */
    uintmax_t opened, moved, events;
} s;

static long seconds_by_hand;

static void *allocate(void *arg, size_t size)
{
    (void)arg;
    s.memory++;
    return malloc(size);
}

static void release(void *arg, void *memory, size_t size)
{
    (void)arg, (void)size;
    s.memory--;
    free(memory);
}

static uint32_t below(uint32_t limit)
{
    return stress_random(&s.random, limit);
}

/* ---- Registration ---------------------------------------------------------------------------- */

static mio_interest random_interest(void)
{
    static const mio_interest modes[] = {MIO_EDGE, MIO_LEVEL, MIO_ONESHOT, MIO_LEVEL | MIO_ONESHOT};
    static const mio_interest directions[] = {MIO_READABLE, MIO_READABLE | MIO_WRITABLE,
                                              MIO_WRITABLE};
    return modes[below(4)] | directions[below(3)];
}

/* Anew, or under a new token. */
static void watch(unsigned i)
{
    struct watched *watched = &s.ends[i];
    struct mio_source *source = &watched->end.as.source;
    bool is_new = !mio_source_is_registered(source);
    mio_token token = (mio_token)++watched->generation << INDEX_BITS | i;
    struct mio_registry *registry = mio_poll_registry(&s.poll);
    CHECK_EQ(is_new ? mio_register(registry, source, token, random_interest())
                    : mio_reregister(registry, source, token, random_interest()),
             0);
}

static void unwatch(unsigned i)
{
    if (mio_source_is_registered(&s.ends[i].end.as.source))
        CHECK_EQ(mio_deregister(mio_poll_registry(&s.poll), &s.ends[i].end.as.source), 0);
}

/* ---- Use ------------------------------------------------------------------------------------- */

static void close_end(unsigned i)
{
    if (s.ends[i].end.kind == SOAK_RAW || below(4) == 0)
        unwatch(i);
    if (s.ends[i].end.kind != SOAK_CLOSED)
        soak_close(&s.ends[i].end, below(8) == 0);
}

static void close_pair(unsigned i)
{
    unsigned first = below(2);
    close_end((i & ~1u) + first);
    close_end((i & ~1u) + 1 - first);
}

/* Reads what is there. Returns whether the end of the stream, or an error, was reached. */
static bool read_all(struct soak_end *end)
{
    char buf[BUFFER];
    for (int left = 64; left > 0; left--) {
        ptrdiff_t n = soak_read(end, buf, 1 + below(BUFFER));
        if (n == -EAGAIN)
            return false;
        if (n < 0 || (n == 0 && soak_is_stream(end)))
            return true;
        s.moved += (uintmax_t)n;
    }
    return false;
}

/* One wait without waiting. Its tokens must be registered now; then they are used. */
static bool look(mio_token expected)
{
    struct mio_event events[CAPACITY];
    bool found = false;
    int n = mio_poll_wait(&s.poll, events, 1 + below(CAPACITY), 0);
    CHECK(n >= 0);
    for (int i = 0; i < n; i++) {
        unsigned index = (unsigned)(events[i].token & ((1u << INDEX_BITS) - 1));
        found = found || events[i].token == expected;
        if (index >= 2 * PAIRS)
            continue;
        CHECK(mio_source_is_registered(&s.ends[index].end.as.source));
        CHECK_EQ(events[i].token >> INDEX_BITS, s.ends[index].generation);
    }
    s.events += (uintmax_t)n;
    for (int i = 0; i < n; i++) {
        unsigned index = (unsigned)(events[i].token & ((1u << INDEX_BITS) - 1));
        if (index < 2 * PAIRS && s.ends[index].end.kind != SOAK_CLOSED && below(8) != 0 &&
            (events[i].readiness & MIO_READABLE) && read_all(&s.ends[index].end))
            close_pair(index);
    }
    return found;
}

static bool await(mio_token token)
{
    int64_t begin = mio_now_ns();
    while (!look(token))
        if (mio_now_ns() - begin > 20 * MIO_NS_PER_S)
            return false;
    return true;
}

/* A listener does not outlive this; the poll tells of its connection, as it would in a program. */
static void open_by_listener(struct soak_end *a, struct soak_end *b, unsigned kind)
{
    struct soak_end listener;
    soak_listen(&listener, kind);
    CHECK_EQ(
        mio_register(mio_poll_registry(&s.poll), &listener.as.source, LISTENER_TOKEN, MIO_READABLE),
        0);
    soak_connect(a, &listener);
    CHECK(await(LISTENER_TOKEN));
    soak_accept(b, &listener);
    soak_close(&listener, false);
}

static void open_pair(unsigned i)
{
    struct soak_end *a = &s.ends[i & ~1u].end, *b = &s.ends[i | 1].end;
    struct soak_end fresh[2];
    unsigned kind = below(SOAK_PAIRS);
    if (soak_has_listener(kind))
        open_by_listener(&fresh[0], &fresh[1], kind);
    else
        soak_open(&fresh[0], &fresh[1], kind);
    *a = fresh[0];
    *b = fresh[1];
    watch(i & ~1u);
    watch(i | 1);
    s.opened += 2;
}

static void write_some(struct soak_end *end)
{
    char buf[BUFFER];
    memset(buf, 7, sizeof buf);
    ptrdiff_t n = soak_write(end, buf, 1 + below(BUFFER));
    s.moved += n > 0 ? (uintmax_t)n : 0;
}

static void renew_waker(void)
{
    if (below(2))
        CHECK_EQ(mio_waker_wake(&s.waker), 0);
    CHECK_EQ(mio_waker_close(&s.waker), 0);
    CHECK_EQ(mio_waker_init(&s.waker, mio_poll_registry(&s.poll), WAKER_TOKEN), 0);
    CHECK_EQ(mio_waker_wake(&s.waker), 0);
    if (below(16) == 0)
        CHECK(await(WAKER_TOKEN));
}

static void step(void)
{
    struct mio_registry clone;
    unsigned i = below(2 * PAIRS);
    if (s.ends[i].end.kind == SOAK_CLOSED) {
        open_pair(i);
        return;
    }
    switch (below(16)) {
    case 0:
    case 1:
        close_pair(i);
        break;
    case 2:
        watch(i);
        break;
    case 3:
        unwatch(i);
        watch(i);
        break;
    case 4:
        if (s.ends[i].end.kind == SOAK_RAW)
            unwatch(i);
        soak_take_over(&s.ends[i].end);
        watch(i);
        break;
    case 5:
        renew_waker();
        break;
    case 6:
        CHECK_EQ(mio_registry_clone(mio_poll_registry(&s.poll), &clone), 0);
        CHECK_EQ(mio_registry_close(&clone), 0);
        break;
    default:
        write_some(&s.ends[i].end);
    }
}

/* ---- Intervals ------------------------------------------------------------------------------- */

static long resident_kb(void)
{
    long size, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    if (fscanf(file, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void open_all(void)
{
    struct mio_poll_options options = test_config.poll;
    options.allocator = (struct mio_allocator){allocate, release, NULL};
    CHECK_EQ(mio_poll_init_with(&s.poll, &options), 0);
    CHECK_EQ(mio_waker_init(&s.waker, mio_poll_registry(&s.poll), WAKER_TOKEN), 0);
}

static void close_all(void)
{
    for (unsigned i = 0; i < 2 * PAIRS; i += 2)
        close_pair(i);
    CHECK_EQ(mio_waker_close(&s.waker), 0);
    CHECK_EQ(mio_poll_close(&s.poll), 0);
    CHECK_EQ(s.memory, 0);
}

static void churn_until(int64_t end, int descriptors)
{
    do {
        open_all();
        for (int steps = 0; steps < 2000; steps++) {
            step();
            if (steps % 4 == 0)
                look(LISTENER_TOKEN);
        }
        close_all();
    } while (mio_now_ns() < end);
    CHECK_EQ(test_open_descriptors(), descriptors);
}

static void nothing_is_left_behind_by_objects_of_every_type(void)
{
    enum { INTERVALS = 20 };
    int64_t length = seconds_by_hand ? seconds_by_hand * MIO_NS_PER_S : test_scaled(500) * 1000000;
    int descriptors = test_open_descriptors();
    int64_t begin = mio_now_ns();
    long before = 0;
    s.random = 1;
    if (seconds_by_hand)
        alarm(0); /* the harness's limit is for runs that end by themselves */
    for (int i = 1; i <= INTERVALS; i++) {
        churn_until(begin + length / INTERVALS * i, descriptors);
        long now = resident_kb();
        if (i <= WARM_UP)
            before = now;
        if (seconds_by_hand || i == INTERVALS)
            test_note("%.1f s: %ld KiB resident, %d descriptors, %ju ends opened, %ju bytes moved, "
                      "%ju events",
                      (double)(mio_now_ns() - begin) / 1e9, now, test_open_descriptors(), s.opened,
                      s.moved, s.events);
        CHECK(!MEMORY_IS_OURS || now <= before + GROWTH_MAX_KB);
    }
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"nothing_is_left_behind_by_objects_of_every_type",
         nothing_is_left_behind_by_objects_of_every_type, 0},
        {NULL, NULL, 0},
    };
    static const struct test_suite suite = {"soak", cases};
    int left = 0;
    for (int i = 0; i < argc; i++)
        if (strncmp(argv[i], "--seconds=", 10) == 0)
            seconds_by_hand = strtol(argv[i] + 10, NULL, 10);
        else
            argv[left++] = argv[i];
    return test_main(left, argv, (const struct test_suite *const[]){&suite, NULL});
}
