/* The world: its beginning, its end, and what is true in between. */
#define _POSIX_C_SOURCE 200809L
#include "world.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

/* ---- The input ------------------------------------------------------------------------------- */

uint8_t world_byte(struct world *world)
{
    if (world->size == 0)
        return 0;
    world->size--;
    return *world->data++;
}

struct source *world_source(struct world *world)
{
    return &world->sources[world_byte(world) % SOURCES];
}

struct mio_registry *world_registry(struct world *world, int *poll)
{
    int which = world_byte(world) % (POLLS + CLONES);
    if (which < POLLS) {
        *poll = world->polls[which].open ? which : NOWHERE;
        return mio_poll_registry(&world->polls[which].poll);
    }
    *poll = world->clones[which - POLLS].poll;
    return &world->clones[which - POLLS].registry;
}

/* ---- What is true ---------------------------------------------------------------------------- */

uint32_t world_users(const struct world *world, int poll)
{
    uint32_t users = 0;
    /* The inner source of a custom one counts for itself. */
    for (int i = 0; i < SOURCES; i++)
        if (world->sources[i].poll == poll)
            users += world->sources[i].kind == CUSTOM ? 2 : 1;
    for (int i = 0; i < WAKERS; i++)
        users += world->wakers[i].poll == poll;
    for (int i = 0; i < CLONES; i++)
        users += world->clones[i].poll == poll;
    return users;
}

static void check_source(const struct source *source)
{
    FUZZ_EQ(mio_source_is_registered(&source->source), source->poll != NOWHERE);
    FUZZ_EQ(mio_source_fd(&source->source) == MIO_FD_NONE,
            source->kind == NOTHING || source->kind == CUSTOM);
    if (source->kind == CUSTOM)
        FUZZ_EQ(mio_source_is_registered(&source->inner), source->poll != NOWHERE);
}

static void check_poll(struct world *world, int index)
{
    const struct poll *poll = &world->polls[index];
    struct mio_counters counters;
    FUZZ_EQ(mio_poll_counters(&poll->poll, &counters), poll->open ? 0 : -EBADF);
    FUZZ_EQ(mio_poll_features(&poll->poll) != 0, poll->open);
    FUZZ_EQ(mio_poll_fd(&poll->poll) != MIO_FD_NONE,
            poll->open && facts_of(world, index)->has_descriptor);
    FUZZ_EQ(strcmp(mio_poll_backend_name(&poll->poll), "closed") != 0, poll->open);
    if (!poll->open)
        return;
    FUZZ_EQ(counters.waits, poll->waits);
    FUZZ_EQ(counters.events, poll->events);
    FUZZ_EQ(counters.wakes + counters.wakes_coalesced, poll->wakes);
    FUZZ_EQ(counters.kicks, 0); /* nobody else is there */
}

void world_check(struct world *world)
{
    for (int i = 0; i < SOURCES; i++)
        check_source(&world->sources[i]);
    for (int i = 0; i < POLLS; i++)
        check_poll(world, i);
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

/* More than the world can have, were all of it open at once. */
enum { DESCRIPTORS = 200 };

int poll_uninterrupted(struct pollfd *entries, unsigned count)
{
    int n = -1;
    errno = EINTR;
    for (int tries = 0; n < 0 && errno == EINTR && tries < TRIES; tries++)
        n = poll(entries, count, 0);
    return n;
}

/* With one system call, for this is done twice for every input. */
static int open_descriptors(void)
{
    struct pollfd entries[DESCRIPTORS];
    int count = DESCRIPTORS;
    for (int i = 0; i < DESCRIPTORS; i++)
        entries[i] = (struct pollfd){.fd = i};
    FUZZ_CHECK(poll_uninterrupted(entries, DESCRIPTORS) >= 0);
    for (int i = 0; i < DESCRIPTORS; i++)
        count -= (entries[i].revents & POLLNVAL) != 0;
    return count;
}

/* ---- Beginning and end ----------------------------------------------------------------------- */

static int descriptors_before;

void world_begin(struct world *world, const uint8_t *data, size_t size)
{
    descriptors_before = open_descriptors();
    memset(world, 0, sizeof *world);
    world->data = data;
    world->size = size;
    for (int i = 0; i < SOURCES; i++)
        world->sources[i].poll = world->sources[i].peer = NOWHERE;
    for (int i = 0; i < WAKERS; i++)
        world->wakers[i].poll = NOWHERE;
    for (int i = 0; i < CLONES; i++)
        world->clones[i].poll = NOWHERE;
    for (int i = 0; i < POLLS; i++)
        op_poll_open(world);
}

static void look_at_polls(struct world *world)
{
    for (int i = 0; i < POLLS; i++)
        if (world->polls[i].open)
            look_for_events(world, i, EVENTS_MAX, 0);
}

/* Everything still works, after all that has happened. */
static void use_all(struct world *world)
{
    for (int i = 0; i < WAKERS; i++)
        if (world->wakers[i].poll != NOWHERE)
            wake(world, &world->wakers[i]);
    for (int i = 0; i < SOURCES; i++)
        if (world->sources[i].poll != NOWHERE)
            register_again(world, &world->sources[i]);
}

void world_end(struct world *world)
{
    world_check(world);
    look_at_polls(world);
    use_all(world);
    look_at_polls(world);
    use_all(world); /* once more: what was told before is told again */
    look_at_polls(world);
    for (int i = 0; i < SOURCES; i++)
        close_source(world, &world->sources[i]);
    for (int i = 0; i < WAKERS; i++)
        if (world->wakers[i].poll != NOWHERE)
            close_waker(world, &world->wakers[i], false);
    for (int i = 0; i < CLONES; i++)
        close_clone(&world->clones[i], false);
    world_check(world);
    look_at_polls(world);
    for (int i = 0; i < POLLS; i++)
        FUZZ_EQ(mio_poll_close(&world->polls[i].poll), 0);
    FUZZ_EQ(open_descriptors(), descriptors_before);
}
