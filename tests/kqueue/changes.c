/*
 * Changes that find something else than was there: a descriptor that was closed behind the
 * library's back, whose number is another one's, and a pipe whose other end is gone.
 */
#include "net.h"
#include "simulated_event.h"
#include "test.h"

#include <string.h>
#include <unistd.h>

enum { TOKENS = 8 };

static struct mio_poll poll;
static unsigned told[TOKENS];

/* Another thread that waits, as far as the queue sees it: it comes before each change. */
static void wait_meanwhile(void)
{
    struct mio_event events[8];
    int n = mio_poll_wait(&poll, events, 8, 0);
    CHECK(n >= 0);
    for (int i = 0; i < n; i++)
        told[events[i].token]++;
}

static void replace(int fd)
{
    int ends[2];
    CHECK_EQ(pipe(ends), 0);
    CHECK_EQ(dup2(ends[1], fd), fd); /* which closes what it was */
    CHECK_EQ(close(ends[1]), 0);
    CHECK_EQ(close(ends[0]), 0); /* the end of both directions */
}

/* ---- Seen from another thread ---------------------------------------------------------------- */

static void watched_anew_is_told_once(void)
{
    struct mio_source source;
    int ends[2];
    test_poll_init(&poll);
    memset(told, 0, sizeof told);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK_EQ(pipe(ends), 0);
    CHECK_EQ(mio_source_init_fd(&source, ends[1]), 0);
    CHECK_EQ(mio_register(registry, &source, 1, MIO_READABLE | MIO_ONESHOT), 0);
    replace(ends[1]);
    simulated_kqueue_between = wait_meanwhile;
    CHECK_EQ(mio_watch(registry, &source, 2, MIO_READABLE | MIO_ONESHOT), 0);
    wait_meanwhile();
    simulated_kqueue_between = NULL;
    CHECK_EQ(told[1], 0);
    CHECK_EQ(told[2], 1);
    CHECK_EQ(mio_deregister(registry, &source), 0);
    CHECK_EQ(close(ends[0]), 0);
    CHECK_EQ(close(ends[1]), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* More has arrived since it was told, which an entry that is only enabled would tell. */
static void changed_is_told_once_under_each_token(void)
{
    struct mio_source source;
    int ends[2];
    test_poll_init(&poll);
    memset(told, 0, sizeof told);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK_EQ(pipe(ends), 0);
    CHECK_EQ(write(ends[1], "x", 1), 1);
    CHECK_EQ(mio_source_init_fd(&source, ends[0]), 0);
    CHECK_EQ(mio_register(registry, &source, 1, MIO_READABLE | MIO_ONESHOT), 0);
    wait_meanwhile();
    CHECK_EQ(write(ends[1], "x", 1), 1);
    simulated_kqueue_between = wait_meanwhile;
    CHECK_EQ(mio_reregister(registry, &source, 2, MIO_READABLE | MIO_ONESHOT), 0);
    wait_meanwhile();
    CHECK_EQ(write(ends[1], "x", 1), 1);
    CHECK_EQ(mio_watch(registry, &source, 3, MIO_READABLE | MIO_WRITABLE | MIO_ONESHOT), 0);
    wait_meanwhile();
    simulated_kqueue_between = NULL;
    for (mio_token token = 1; token <= 3; token++)
        CHECK_EQ(told[token], 1);
    CHECK_EQ(mio_deregister(registry, &source), 0);
    CHECK_EQ(close(ends[0]), 0);
    CHECK_EQ(close(ends[1]), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* A program that does not ask for that gets an error, and nothing is left of the attempt. */
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
    {"changed_is_told_once_under_each_token", changed_is_told_once_under_each_token, 0},
    {"changed_is_refused_and_not_told", changed_is_refused_and_not_told, 0},
    {"end_to_write_of_a_broken_pipe_keeps_its_mode", end_to_write_of_a_broken_pipe_keeps_its_mode,
     0},
    {NULL, NULL, 0},
};

extern const struct test_suite suite_changes;
const struct test_suite suite_changes = {"changes", cases};
