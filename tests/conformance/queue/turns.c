/* Sources that are ready, and wakers, take turns when a wait has no room for all. */
#include "queue/queue_util.h"

enum { MANY = 50 };

static void every_ready_source_has_its_turn(void)
{
    struct mio_poll poll;
    struct mio_source sources[MANY];
    int seen[MANY] = {0};
    struct mio_event event;
    test_poll_init(&poll);
    for (int i = 0; i < MANY; i++) {
        queue_loop(&sources[i], true);
        CHECK_EQ(mio_register(mio_poll_registry(&poll), &sources[i], (mio_token)i,
                              MIO_READABLE | test_config.mode),
                 0);
    }
    for (int i = 0; i < MANY; i++) {
        CHECK_EQ(mio_poll_wait(&poll, &event, 1, TEST_SOON), 1);
        CHECK(event.token < MANY);
        seen[event.token]++;
    }
    for (int i = 0; i < MANY; i++) {
        mio_fd fd = mio_source_fd(&sources[i]);
        CHECK_EQ(seen[i], 1);
        CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &sources[i]), 0);
        CHECK_EQ(plain_close(fd), 0);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* Wakers that are woken all the time leave room for sources, and the other way round. */
static void wakers_and_sources_take_turns(void)
{
    struct mio_poll poll;
    struct mio_source source;
    struct mio_waker wakers[3];
    struct mio_event event;
    int seen[4] = {0};
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, true);
    CHECK_EQ(mio_register(registry, &source, 3, MIO_READABLE | MIO_LEVEL), 0);
    for (mio_token i = 0; i < 3; i++)
        CHECK_EQ(mio_waker_init(&wakers[i], registry, i), 0);
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < 3; i++)
            CHECK_EQ(mio_waker_wake(&wakers[i]), 0);
        CHECK_EQ(mio_poll_wait(&poll, &event, 1, TEST_SOON), 1);
        CHECK(event.token < 4);
        seen[event.token]++;
    }
    for (int i = 0; i < 4; i++)
        CHECK(seen[i] >= 5);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(mio_waker_close(&wakers[i]), 0);
    CHECK_EQ(mio_deregister(registry, &source), 0);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* The first of three that are ready has ended meanwhile: the two others are told by one wait. */
static void source_that_is_gone_takes_no_room(void)
{
    struct mio_poll poll;
    struct mio_source gone, ready;
    struct mio_waker waker;
    struct mio_event events[2];
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fds[] = {queue_loop(&gone, true), queue_loop(&ready, true)};
    for (int round = 0; round < 10; round++) {
        CHECK_EQ(mio_register(registry, &gone, 1, MIO_READABLE | test_config.mode), 0);
        CHECK_EQ(mio_waker_init(&waker, registry, 2), 0);
        CHECK_EQ(mio_waker_wake(&waker), 0);
        CHECK_EQ(mio_register(registry, &ready, 3, MIO_READABLE | test_config.mode), 0);
        CHECK_EQ(mio_deregister(registry, &gone), 0);
        CHECK_EQ(mio_poll_wait(&poll, events, 2, 0), 2);
        CHECK_EQ(events[0].token + events[1].token, 2 + 3);
        CHECK_EQ(mio_deregister(registry, &ready), 0);
        CHECK_EQ(mio_waker_close(&waker), 0);
    }
    CHECK_EQ(plain_close(fds[0]), 0);
    CHECK_EQ(plain_close(fds[1]), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static const struct test_case cases[] = {
    {"every_ready_source_has_its_turn", every_ready_source_has_its_turn, TEST_ANY_MODE},
    {"wakers_and_sources_take_turns", wakers_and_sources_take_turns, 0},
    {"source_that_is_gone_takes_no_room", source_that_is_gone_takes_no_room, TEST_ANY_MODE},
    {NULL, NULL, 0},
};

const struct test_suite suite_turns = {"turns", cases};
