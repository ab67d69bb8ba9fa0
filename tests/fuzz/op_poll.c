/* Polls, clones and wakers. */
#include "world.h"

#include <string.h>

/* ---- Polls ----------------------------------------------------------------------------------- */

void op_poll_open(struct world *world)
{
    uint8_t choice = world_byte(world);
    int index = choice & 1;
    struct poll *poll = &world->polls[index];
    struct mio_poll_options options = {
        .backend = choice & 2 ? MIO_BACKEND_POLL : MIO_BACKEND_DEFAULT,
        .waker = choice & 4 ? MIO_WAKER_PIPE : MIO_WAKER_DEFAULT,
        .reserved = {0, 0, 0, choice == 0xff},
    };
    if (poll->open)
        return;
    memset(poll, 0, sizeof *poll);
    if (choice >= 0xfe) {
        options.backend = choice == 0xfe ? UINT32_MAX : 0;
        FUZZ_EQ(mio_poll_init_with(&poll->poll, &options), -EINVAL);
        return;
    }
    FUZZ_EQ(mio_poll_init_with(&poll->poll, &options), 0);
    poll->open = true;
}

/* The poll does not report abandoned sources any more: its queue is gone. */
static void poll_is_gone(struct world *world, int index)
{
    world->polls[index].open = false;
    for (int i = 0; i < SOURCES; i++)
        world->sources[i].ghost[index] = 0;
}

void op_poll_close(struct world *world)
{
    int index = world_byte(world) % POLLS;
    struct poll *poll = &world->polls[index];
    bool is_used = poll->open && world_users(world, index) > 0;
    FUZZ_EQ(mio_poll_close(&poll->poll), is_used ? -EBUSY : 0);
    if (!is_used)
        poll_is_gone(world, index);
}

void op_poll_abandon(struct world *world)
{
    int index = world_byte(world) % POLLS;
    for (int i = 0; i < SOURCES; i++)
        if (world->sources[i].poll == index)
            abandon_source(world, &world->sources[i]);
    for (int i = 0; i < WAKERS; i++)
        if (world->wakers[i].poll == index)
            close_waker(world, &world->wakers[i], true);
    for (int i = 0; i < CLONES; i++)
        if (world->clones[i].poll == index)
            close_clone(&world->clones[i], true);
    FUZZ_EQ(mio_poll_abandon(&world->polls[index].poll), 0);
    poll_is_gone(world, index);
}

/* ---- Clones ---------------------------------------------------------------------------------- */

void op_clone_open(struct world *world)
{
    int poll;
    const struct mio_registry *registry = world_registry(world, &poll);
    struct clone *clone = &world->clones[world_byte(world) % CLONES];
    if (&clone->registry == registry) {
        FUZZ_EQ(mio_registry_clone(registry, &clone->registry), -EINVAL);
        return;
    }
    if (clone->poll != NOWHERE)
        return;
    FUZZ_EQ(mio_registry_clone(registry, &clone->registry), poll == NOWHERE ? -EBADF : 0);
    clone->poll = poll;
}

void close_clone(struct clone *clone, bool abandon)
{
    FUZZ_EQ(abandon ? mio_registry_abandon(&clone->registry) : mio_registry_close(&clone->registry),
            0);
    clone->poll = NOWHERE;
}

void op_clone_close(struct world *world)
{
    uint8_t choice = world_byte(world);
    if (choice % 8 >= CLONES && world->polls[choice & 1].open)
        FUZZ_EQ(mio_registry_close(mio_poll_registry(&world->polls[choice & 1].poll)), -EINVAL);
    else
        close_clone(&world->clones[choice % CLONES], choice & 0x80);
}

/* ---- Wakers ---------------------------------------------------------------------------------- */

static void open_waker(struct world *world, struct mio_registry *registry, int poll)
{
    int i = 0;
    while (world->wakers[i].poll != NOWHERE && i < WAKERS - 1)
        i++;
    struct waker *waker = &world->wakers[i];
    if (waker->poll != NOWHERE)
        return;
    bool is_full = poll != NOWHERE && world->polls[poll].wakers == MIO_WAKERS_MAX;
    waker->token = ++world->last_token;
    int result = mio_waker_init(&waker->waker, registry, waker->token);
    FUZZ_EQ(result, poll == NOWHERE ? -EBADF : is_full ? -ENOSPC : 0);
    if (result < 0) {
        FUZZ_EQ(mio_waker_wake(&waker->waker), -EBADF);
        return;
    }
    waker->poll = poll;
    waker->pending = false;
    world->polls[poll].wakers++;
}

/* Sometimes many, so that they run out. */
void op_waker_open(struct world *world)
{
    int poll;
    struct mio_registry *registry = world_registry(world, &poll);
    int count = world_byte(world) >= 0xe0 ? MIO_WAKERS_MAX / 2 + 1 : 1;
    for (int i = 0; i < count; i++)
        open_waker(world, registry, poll);
}

void close_waker(struct world *world, struct waker *waker, bool abandon)
{
    FUZZ_EQ(abandon ? mio_waker_abandon(&waker->waker) : mio_waker_close(&waker->waker), 0);
    if (waker->poll != NOWHERE)
        world->polls[waker->poll].wakers--;
    waker->poll = NOWHERE;
}

/* Mostly an open one. */
static struct waker *choose_waker(struct world *world)
{
    uint8_t choice = world_byte(world);
    int i = choice % WAKERS;
    for (int tries = 0; tries < WAKERS && choice < 0xf0; tries++, i = (i + 1) % WAKERS)
        if (world->wakers[i].poll != NOWHERE)
            break;
    return &world->wakers[i];
}

void op_waker_close(struct world *world)
{
    close_waker(world, choose_waker(world), false);
}

void wake(struct world *world, struct waker *waker)
{
    FUZZ_EQ(mio_waker_wake(&waker->waker), waker->poll == NOWHERE ? -EBADF : 0);
    if (waker->poll == NOWHERE)
        return;
    waker->pending = true;
    world->polls[waker->poll].wakes++;
}

void op_wake(struct world *world)
{
    wake(world, choose_waker(world));
}

/* ---- Waiting --------------------------------------------------------------------------------- */

void op_wait(struct world *world)
{
    static const uint8_t capacities[] = {EVENTS_MAX, EVENTS_MAX, EVENTS_MAX, 1, 2, 3, 7, 0};
    uint8_t choice = world_byte(world);
    look_for_events(world, choice & 1, capacities[choice >> 1 & 7], choice & 0x80 ? -1 : 0);
}
