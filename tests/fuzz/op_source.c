/* Opening and closing sources, in every way. */
#define _POSIX_C_SOURCE 200809L
#include "world.h"

#include <string.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/eventfd.h>
#endif

/* ---- A source of our own type: a pipe's reading end behind functions ------------------------- */

static struct source *around(struct mio_source *source)
{
    return (struct source *)((char *)source - offsetof(struct source, source));
}

static int custom_add(struct mio_registry *registry, struct mio_source *source, mio_token token,
                      mio_interest interest)
{
    struct source *custom = around(source);
    if (custom->custom_result != 0)
        return custom->custom_result;
    return mio_register(registry, &custom->inner, token, interest);
}

static int custom_change(struct mio_registry *registry, struct mio_source *source, mio_token token,
                         mio_interest interest)
{
    struct source *custom = around(source);
    if (custom->custom_result != 0)
        return custom->custom_result;
    return mio_reregister(registry, &custom->inner, token, interest);
}

static int custom_remove(struct mio_registry *registry, struct mio_source *source)
{
    struct source *custom = around(source);
    int result = mio_deregister(registry, &custom->inner);
    return custom->custom_result != 0 ? custom->custom_result : result;
}

const struct mio_source_ops custom_ops = {custom_add, custom_change, custom_remove};

/* ---- Opening --------------------------------------------------------------------------------- */

static struct source *free_slot(struct world *world)
{
    for (int i = 0; i < SOURCES; i++)
        if (world->sources[i].kind == NOTHING)
            return &world->sources[i];
    return NULL;
}

static struct source *take_slot(struct world *world, enum kind kind)
{
    struct source *source = free_slot(world);
    if (!source)
        return NULL;
    memset(source, 0, sizeof *source);
    source->kind = kind;
    source->poll = source->peer = NOWHERE;
    return source;
}

mio_fd new_eventfd(void)
{
#if defined(__linux__)
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
#else
    return MIO_FD_NONE;
#endif
}

static void open_descriptor(struct world *world, enum kind kind)
{
    struct source *source = take_slot(world, kind);
    if (!source)
        return;
    mio_fd fd = new_eventfd();
    if (fd < 0) {
        source->kind = NOTHING;
        return;
    }
    FUZZ_EQ(mio_source_init_fd(kind == CUSTOM ? &source->inner : &source->source, fd), 0);
    if (kind == CUSTOM)
        FUZZ_EQ(mio_source_init_custom(&source->source, &custom_ops), 0);
}

static void open_pair(struct world *world, enum kind first, enum kind second)
{
    struct source *a = take_slot(world, first);
    struct source *b = a ? take_slot(world, second) : NULL;
    if (!b) {
        if (a)
            a->kind = NOTHING;
        return;
    }
    a->peer = (int)(b - world->sources);
    b->peer = (int)(a - world->sources);
    if (first == SENDER)
        FUZZ_EQ(mio_pipe_pair(&a->sender, &b->receiver), 0);
#ifndef MIO_NO_NET
    else if (first == STREAM)
        FUZZ_EQ(mio_unix_stream_pair(&a->stream, &b->stream), 0);
    else
        FUZZ_EQ(mio_unix_datagram_pair(&a->datagram, &b->datagram), 0);
#endif
}

void op_open(struct world *world)
{
    switch (world_byte(world) % 5) {
    case 0:
        open_descriptor(world, EVENTFD);
        break;
    case 1:
        open_descriptor(world, CUSTOM);
        break;
#ifndef MIO_NO_NET
    case 2:
        open_pair(world, STREAM, STREAM);
        break;
    case 3:
        open_pair(world, DATAGRAM, DATAGRAM);
        break;
#endif
    default:
        open_pair(world, SENDER, RECEIVER);
    }
}

/* ---- Closing --------------------------------------------------------------------------------- */

static void is_unregistered(struct source *source)
{
    source->poll = NOWHERE;
    source->token = 0;
}

/* Its descriptor was closed, and no poll has it any more. */
void is_closed(struct world *world, struct source *source)
{
    if (source->peer != NOWHERE)
        world->sources[source->peer].peer = NOWHERE;
    memset(source, 0, sizeof *source);
    source->poll = source->peer = NOWHERE;
}

void abandon_source(struct world *world, struct source *source)
{
    int poll = source->poll;
    FUZZ_EQ(mio_source_abandon(&source->source), source->kind == NOTHING ? -EBADF : 0);
    if (source->kind == CUSTOM)
        FUZZ_EQ(mio_source_abandon(&source->inner), 0);
    if (poll != NOWHERE && facts_of(world, poll)->outlives_descriptor)
        source->ghost[poll] = source->token;
    is_unregistered(source);
}

void op_abandon(struct world *world)
{
    struct source *source = world_source(world);
    if (source->poll == NOWHERE || !facts_of(world, source->poll)->keeps_mode)
        abandon_source(world, source);
}

/* A source that borrows its descriptor is to be deregistered by us. */
static void close_borrowed(struct world *world, struct source *source)
{
    struct mio_registry *registry = NULL;
    struct mio_source *inner = source->kind == CUSTOM ? &source->inner : &source->source;
    if (source->poll != NOWHERE)
        registry = mio_poll_registry(&world->polls[source->poll].poll);
    source->custom_result = 0;
    if (registry)
        FUZZ_EQ(mio_deregister(registry, &source->source), 0);
    FUZZ_EQ(close(mio_source_fd(inner)), 0);
}

void close_source(struct world *world, struct source *source)
{
    int result = 0;
    switch (source->kind) {
    case SENDER:
        result = mio_pipe_sender_close(&source->sender);
        break;
    case RECEIVER:
        result = mio_pipe_receiver_close(&source->receiver);
        break;
#ifndef MIO_NO_NET
    case STREAM:
        result = mio_unix_stream_close(&source->stream);
        break;
    case DATAGRAM:
        result = mio_unix_datagram_close(&source->datagram);
        break;
#endif
    case EVENTFD:
    case CUSTOM:
        close_borrowed(world, source);
        break;
    default:
        result = mio_pipe_sender_close(&source->sender);
    }
    FUZZ_EQ(result, 0);
    is_closed(world, source);
}

void op_close(struct world *world)
{
    close_source(world, world_source(world));
}

/* The mistake that mio_source_abandon is for; or the error that a deregistration has then. */
void op_close_behind(struct world *world)
{
    struct source *source = world_source(world);
    bool abandon = world_byte(world) & 1;
    if (source->kind == NOTHING || source->kind == CUSTOM || source->poll == NOWHERE)
        return;
    struct mio_registry *registry = mio_poll_registry(&world->polls[source->poll].poll);
    FUZZ_EQ(close(mio_source_fd(&source->source)), 0);
    if (abandon) {
        FUZZ_EQ(mio_source_abandon(&source->source), 0);
    } else {
        int result = mio_deregister(registry, &source->source);
        FUZZ_CHECK(result == 0 || result == -EBADF || result == -ENOENT);
    }
    FUZZ_CHECK(!mio_source_is_registered(&source->source));
    is_closed(world, source);
}

/* ---- Handing over ---------------------------------------------------------------------------- */

static int from_fd(struct source *source, mio_fd fd)
{
    switch (source->kind) {
    case SENDER:
        return mio_pipe_sender_from_fd(&source->sender, fd);
    case RECEIVER:
        return mio_pipe_receiver_from_fd(&source->receiver, fd);
#ifndef MIO_NO_NET
    case STREAM:
        return mio_unix_stream_from_fd(&source->stream, fd);
    case DATAGRAM:
        return mio_unix_datagram_from_fd(&source->datagram, fd);
#endif
    default:
        return mio_source_init_fd(&source->source, fd);
    }
}

static mio_fd into_fd(struct source *source)
{
    switch (source->kind) {
    case SENDER:
        return mio_pipe_sender_into_fd(&source->sender);
    case RECEIVER:
        return mio_pipe_receiver_into_fd(&source->receiver);
#ifndef MIO_NO_NET
    case STREAM:
        return mio_unix_stream_into_fd(&source->stream);
    default:
        return mio_unix_datagram_into_fd(&source->datagram);
#else
    default:
        return MIO_FD_NONE;
#endif
    }
}

/* Takes the descriptor out of its object and into it again, which ends the registration. */
void op_hand_over(struct world *world)
{
    struct source *source = world_source(world);
    if (source->kind == EVENTFD || source->kind == CUSTOM || source->kind == NOTHING)
        return;
    mio_fd before = mio_source_fd(&source->source);
    mio_fd fd = into_fd(source);
    FUZZ_EQ(fd, before);
    FUZZ_EQ(mio_source_fd(&source->source), MIO_FD_NONE);
    is_unregistered(source);
    FUZZ_EQ(from_fd(source, fd), 0);
}
