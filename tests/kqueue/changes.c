/*
 * Changes that find something else than was there: a descriptor that was closed behind the
 * library's back, whose number is another one's, and a pipe whose other end is gone.
 */
#include "net.h"
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { ROUNDS = 5000, BELL = ROUNDS };

static struct mio_poll poll;
static atomic_uint told[ROUNDS + 1]; /* by token */

/* ---- Numbers that are another descriptor's ---------------------------------------------------- */

/* Counts, until the bell is told. */
static void *count_events(void *unused)
{
    while (atomic_load(&told[BELL]) == 0) {
        struct mio_event events[8];
        int n = mio_poll_wait(&poll, events, 8, TEST_SOON);
        for (int i = 0; i < n; i++)
            atomic_fetch_add(&told[events[i].token], 1);
    }
    return unused;
}

static void replace(int fd)
{
    int ends[2];
    CHECK_EQ(pipe(ends), 0);
    CHECK_EQ(dup2(ends[1], fd), fd); /* which closes what it was */
    CHECK_EQ(close(ends[1]), 0);
    CHECK_EQ(close(ends[0]), 0); /* ready to write, or at its end */
}

/* Another thread that waits must see one event of a oneshot source, however often it is made. */
static void watched_anew_is_told_once(void)
{
    pthread_t thread;
    struct mio_waker bell;
    struct mio_source source;
    int ends[2];
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK_EQ(mio_waker_init(&bell, registry, BELL), 0);
    CHECK_EQ(pipe(ends), 0);
    CHECK_EQ(mio_source_init_fd(&source, ends[1]), 0);
    CHECK_EQ(mio_register(registry, &source, 0, MIO_READABLE | MIO_ONESHOT), 0);
    CHECK_EQ(pthread_create(&thread, NULL, count_events, NULL), 0);
    for (mio_token token = 1; token < ROUNDS; token++) {
        replace(ends[1]);
        CHECK_EQ(mio_watch(registry, &source, token, MIO_READABLE | MIO_ONESHOT), 0);
    }
    CHECK_EQ(mio_waker_wake(&bell), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    for (mio_token token = 1; token < ROUNDS; token++)
        CHECK(atomic_load(&told[token]) <= 1);
    CHECK_EQ(mio_deregister(registry, &source), 0);
    CHECK_EQ(close(ends[0]), 0);
    CHECK_EQ(close(ends[1]), 0);
    CHECK_EQ(mio_waker_close(&bell), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* Whoever does not ask for that gets an error, and nothing is left of the attempt. */
static void changed_is_refused_and_not_told(void)
{
    struct mio_source source;
    int ends[2];
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK_EQ(pipe(ends), 0);
    CHECK_EQ(mio_source_init_fd(&source, ends[1]), 0);
    CHECK_EQ(mio_register(registry, &source, 1, MIO_READABLE | MIO_ONESHOT), 0);
    replace(ends[1]);
    CHECK_EQ(mio_reregister(registry, &source, 2, MIO_READABLE | MIO_LEVEL), -ENOENT);
    CHECK(mio_source_is_registered(&source));
    test_expect_no_event(&poll);
    CHECK_EQ(mio_watch(registry, &source, 3, MIO_READABLE | MIO_LEVEL), 0);
    CHECK_EQ(test_expect_event(&poll, 3) & MIO_READABLE, MIO_READABLE);
    CHECK_EQ(mio_deregister(registry, &source), 0);
    test_expect_no_event(&poll);
    CHECK_EQ(close(ends[0]), 0);
    CHECK_EQ(close(ends[1]), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* ---- Pipes ----------------------------------------------------------------------------------- */

/* A change of the mode makes the entry again, which the system refuses then. */
static void end_to_write_of_a_broken_pipe_keeps_its_mode(void)
{
    struct mio_source source;
    int ends[2];
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK_EQ(pipe(ends), 0);
    CHECK_EQ(mio_source_init_fd(&source, ends[1]), 0);
    CHECK_EQ(mio_register(registry, &source, 1, MIO_WRITABLE), 0);
    CHECK_EQ(close(ends[0]), 0);
    CHECK_EQ(mio_reregister(registry, &source, 2, MIO_WRITABLE), 0);
    CHECK_EQ(test_expect_event(&poll, 2) & MIO_WRITE_CLOSED, MIO_WRITE_CLOSED);
    int result = mio_reregister(registry, &source, 3, MIO_WRITABLE | MIO_LEVEL);
    if (result == 0)
        SKIP("this system makes entries to write for pipes without a reader");
    CHECK_EQ(result, -EPIPE);
    CHECK(!mio_source_is_registered(&source));
    CHECK_EQ(mio_register(registry, &source, 4, MIO_WRITABLE), -EPIPE);
    CHECK_EQ(mio_watch(registry, &source, 4, MIO_WRITABLE), -EPIPE);
    CHECK_EQ(mio_register(registry, &source, 5, MIO_READABLE), 0);
    CHECK_EQ(mio_watch(registry, &source, 6, MIO_WRITABLE), -EPIPE);
    CHECK(!mio_source_is_registered(&source));
    test_expect_no_event(&poll);
    CHECK_EQ(close(ends[1]), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static const struct test_case cases[] = {
    {"watched_anew_is_told_once", watched_anew_is_told_once, 0},
    {"changed_is_refused_and_not_told", changed_is_refused_and_not_told, 0},
    {"end_to_write_of_a_broken_pipe_keeps_its_mode", end_to_write_of_a_broken_pipe_keeps_its_mode,
     0},
    {NULL, NULL, 0},
};

extern const struct test_suite suite_changes;
const struct test_suite suite_changes = {"changes", cases};
