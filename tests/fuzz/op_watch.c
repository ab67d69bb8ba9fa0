/* mio_watch, whatever the state, and whatever has happened to the descriptor. */
#define _GNU_SOURCE 1 /* dup3 */
#include "world.h"

#include <fcntl.h>
#include <unistd.h>

static struct mio_registry *registry_of(struct world *world, const struct source *source)
{
    return mio_poll_registry(&world->polls[source->poll].poll);
}

/* Notes what a call has done that has asked the system or the functions of a custom source. */
static void is_watched(struct source *source, int result, int poll, mio_token token,
                       mio_interest interest, bool one_way)
{
    if (result == 0 && interest != 0)
        is_registered(source, poll, token, interest, one_way);
    else if (interest == 0)
        source->poll = NOWHERE;
    else
        is_refused(source, result);
}

/* The result by the state of an open source, or by the functions of a custom one. */
static int state_refusal(const struct source *source, int poll, mio_interest interest, int custom)
{
    if (source->poll != NOWHERE)
        return custom;
    if (interest == 0)
        return 0;
    if (source->kind == CUSTOM && custom == 0 && source->ghost[poll] != 0)
        return -EEXIST;
    return custom;
}

void op_watch(struct world *world)
{
    int poll;
    struct mio_registry *registry = world_registry(world, &poll);
    struct source *source = world_source(world);
    mio_interest interest = world_byte(world) % 4 == 0 ? 0 : choose_interest(world);
    mio_token token = ++world->last_token;
    int custom = choose_custom_result(world, source);
    int expected = refusal(world, poll, interest == 0 ? MIO_READABLE : interest);
    if (expected == 0 && source->kind == NOTHING)
        expected = -EBADF;
    if (expected == 0 && source->poll != NOWHERE && source->poll != poll)
        expected = -EEXIST;
    bool asked = expected == 0;
    if (asked)
        expected = state_refusal(source, poll, interest, custom);
    if (expected == 0 && interest != 0)
        expected = refusal_of_system(world, source, poll, interest);
    bool one_way = expected == 0 && lacks_writing(world, source, poll, interest);
    FUZZ_EQ(mio_watch(registry, &source->source, token, interest), expected);
    if (!asked)
        return;
    if (expected == 0 && interest != 0)
        source->ghost[poll] = 0; /* taken over */
    is_watched(source, expected, poll, token, interest, one_way);
}

/* ---- Behind the library's back --------------------------------------------------------------- */

/* So few that not all is looked for: one of the sources has no descriptor. */
static void look_meanwhile(struct world *world, int poll)
{
    look_for_events(world, poll, EVENTS_MAX - 1, 0);
}

/*
 * Poll asks the system for raw descriptors, and for those that somebody closed before. It finds out
 * of the others in a wait. The queues of kernels know at once.
 */
static void watch_closed(struct world *world, struct source *source, mio_interest interest)
{
    bool must_find = source->kind == EVENTFD || facts_of(world, source->poll)->finds_closed;
    int result =
        mio_watch(registry_of(world, source), &source->source, ++world->last_token, interest);
    if (interest == 0 || (!must_find && result == 0))
        FUZZ_EQ(result, 0);
    else
        FUZZ_EQ(result, -EBADF);
    if (result == 0)
        FUZZ_EQ(mio_source_abandon(&source->source), 0);
    FUZZ_CHECK(!mio_source_is_registered(&source->source));
    is_closed(world, source);
}

/* The number is another descriptor's by now, or, where it has stayed with a duplicate, the same. */
static void watch_again(struct world *world, struct source *source, mio_fd new_fd,
                        mio_interest interest)
{
    int poll = source->poll;
    mio_fd fd = mio_source_fd(&source->source);
    mio_token token = ++world->last_token;
    struct mio_registry *registry = registry_of(world, source);
    if (new_fd != fd) {
        FUZZ_EQ(dup3(new_fd, fd, O_CLOEXEC), fd);
        FUZZ_EQ(close(new_fd), 0);
    }
    source->interest = 0; /* no entry is left, and none keeps its mode */
    bool one_way = lacks_writing(world, source, poll, interest);
    FUZZ_EQ(mio_watch(registry, &source->source, token, interest), 0);
    is_watched(source, 0, poll, token, interest, one_way);
}

static void replace(struct world *world, struct source *source, mio_interest interest)
{
    mio_fd fd = new_eventfd();
    FUZZ_CHECK(fd >= 0);
    for (int i = 0; i < POLLS; i++)
        source->ghost[i] = 0; /* closed with the old descriptor */
    source->unread = 0;
    watch_again(world, source, fd, interest);
}

/* The entry of epoll outlives both the close and the registration; then the number comes back. */
static void watch_outlived(struct world *world, struct source *source, bool abandon)
{
    int poll = source->poll;
    mio_fd fd = mio_source_fd(&source->source);
    mio_fd duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    FUZZ_CHECK(duplicate >= 0);
    FUZZ_EQ(close(fd), 0);
    if (abandon)
        FUZZ_EQ(mio_source_abandon(&source->source), 0);
    else
        FUZZ_EQ(mio_deregister(registry_of(world, source), &source->source),
                facts_of(world, poll)->finds_closed ? -EBADF : 0);
    source->poll = NOWHERE;
    if (facts_of(world, poll)->outlives_descriptor)
        source->ghost[poll] = source->token;
    look_meanwhile(world, poll);
    source->poll = poll;
    source->ghost[poll] = 0;
    watch_again(world, source, duplicate, MIO_READABLE | MIO_WRITABLE);
}

void op_watch_behind(struct world *world)
{
    struct source *source = world_source(world);
    uint8_t choice = world_byte(world);
    mio_interest interest = choice & 8 ? 0 : MIO_READABLE | MIO_READ_CLOSED;
    if (source->kind == NOTHING || source->kind == CUSTOM || source->poll == NOWHERE)
        return;
    interest &= mio_poll_features(&world->polls[source->poll].poll);
    if ((choice & 3) > 1) {
        watch_outlived(world, source, choice & 1);
        return;
    }
    FUZZ_EQ(close(mio_source_fd(&source->source)), 0);
    if (choice & 4)
        look_meanwhile(world, source->poll);
    if (source->kind == EVENTFD && (choice & 1))
        replace(world, source, interest);
    else
        watch_closed(world, source, interest);
}
