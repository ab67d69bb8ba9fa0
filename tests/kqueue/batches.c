/*
 * The chunks in which a wait fetches: what the contract leaves open, and the backend does all the
 * same.
 */
#include "net.h"
#include "plain.h"
#include "test.h"

#include <string.h>

enum { SOURCES = 150, ROOM = 2 * SOURCES }; /* more than a chunk */

static struct mio_source sources[SOURCES];

/* The kernel would give a level again as often as it is asked; a wait reports it once. */
static void level_is_reported_once_in_a_wait(void)
{
    static struct mio_event events[ROOM];
    bool seen[SOURCES], told[SOURCES] = {false};
    struct mio_poll poll;
    int missing = SOURCES;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    for (int i = 0; i < SOURCES; i++) {
        CHECK_EQ(mio_source_init_fd(&sources[i], plain_loop(true)), 0);
        CHECK_EQ(mio_register(registry, &sources[i], (mio_token)i, MIO_READABLE | MIO_LEVEL), 0);
    }
    for (int waits = 0; waits < 10 && missing > 0; waits++) {
        int n = mio_poll_wait(&poll, events, ROOM, TEST_SOON);
        CHECK(n > 0);
        memset(seen, 0, sizeof seen);
        for (int i = 0; i < n; i++) {
            CHECK(!seen[events[i].token]);
            seen[events[i].token] = true;
            missing -= !told[events[i].token];
            told[events[i].token] = true;
        }
    }
    CHECK_EQ(missing, 0); /* each had its turn */
    for (int i = 0; i < SOURCES; i++) {
        CHECK_EQ(mio_deregister(registry, &sources[i]), 0);
        CHECK_EQ(plain_close(mio_source_fd(&sources[i])), 0);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* Edges are all fetched by one wait, however many chunks that takes. */
static void edges_are_reported_by_one_wait(void)
{
    static struct mio_event events[ROOM];
    struct mio_poll poll;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    for (int i = 0; i < SOURCES; i++) {
        CHECK_EQ(mio_source_init_fd(&sources[i], plain_loop(true)), 0);
        CHECK_EQ(mio_register(registry, &sources[i], (mio_token)i, MIO_READABLE), 0);
    }
    CHECK_EQ(mio_poll_wait(&poll, events, ROOM, TEST_SOON), SOURCES);
    for (int i = 0; i < SOURCES; i++) {
        CHECK_EQ(mio_deregister(registry, &sources[i]), 0);
        CHECK_EQ(plain_close(mio_source_fd(&sources[i])), 0);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static const struct test_case cases[] = {
    {"level_is_reported_once_in_a_wait", level_is_reported_once_in_a_wait, 0},
    {"edges_are_reported_by_one_wait", edges_are_reported_by_one_wait, 0},
    {NULL, NULL, 0},
};

extern const struct test_suite suite_batches;
const struct test_suite suite_batches = {"batches", cases};
