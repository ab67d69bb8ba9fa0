/* In what the backends differ, where the contract leaves it open. */
#define _POSIX_C_SOURCE 200809L
#include "world.h"

#include <string.h>
#include <unistd.h>

static struct facts known[] = {
    {.name = "epoll", .has_descriptor = true, .finds_closed = true, .outlives_descriptor = true},
    {.name = "kqueue",
     .has_descriptor = true,
     .finds_closed = true,
     .by_direction = true,
     .keeps_mode = true},
    {.name = "poll"},
};

/* ---- What a system with kqueue does, which depends on the system ----------------------------- */

/* Registers an end of a pipe or of a pair of sockets. Returns the result. */
static int try_end(struct mio_poll *poll, mio_fd ends[2], mio_interest interest)
{
    struct mio_source source;
    FUZZ_EQ(mio_source_init_fd(&source, ends[1]), 0);
    int result = mio_register(mio_poll_registry(poll), &source, 1, interest);
    if (result == 0)
        FUZZ_EQ(mio_deregister(mio_poll_registry(poll), &source), 0);
    FUZZ_EQ(close(ends[1]), 0);
    return result;
}

static void probe(struct facts *facts, struct mio_poll *poll)
{
    mio_fd ends[2];
    FUZZ_EQ(pipe(ends), 0);
    FUZZ_EQ(close(ends[0]), 0);
    facts->refuses_pipes = try_end(poll, ends, MIO_WRITABLE) == -EPIPE;
#ifndef MIO_NO_NET
    struct mio_unix_stream a, b;
    FUZZ_EQ(mio_unix_stream_pair(&a, &b), 0);
    ends[1] = mio_unix_stream_into_fd(&b);
    facts->has_marks = try_end(poll, ends, MIO_READ_CLOSED | MIO_LEVEL) == 0;
    FUZZ_EQ(mio_unix_stream_close(&a), 0);
#endif
    facts->is_probed = true;
}

const struct facts *facts_of(struct world *world, int index)
{
    struct mio_poll *poll = &world->polls[index].poll;
    struct facts *facts = known;
    while (strcmp(mio_poll_backend_name(poll), facts->name) != 0)
        facts++;
    if (facts->by_direction && !facts->is_probed)
        probe(facts, poll);
    return facts;
}

/* ---- What follows for a source --------------------------------------------------------------- */

/* Whether an entry stays what it is: oneshot entries are all of one kind. */
static bool is_same_mode(mio_interest a, mio_interest b)
{
    mio_interest differing = (a ^ b) & (MIO_LEVEL | MIO_ONESHOT);
    return differing == 0 || (differing == MIO_LEVEL && (a & MIO_ONESHOT) != 0);
}

bool lacks_writing(struct world *world, const struct source *source, int poll,
                   mio_interest interest)
{
    bool is_broken =
        (source->kind == SENDER || source->kind == RECEIVER) && source->peer == NOWHERE;
    if (!is_broken || !(interest & MIO_WRITABLE) || !facts_of(world, poll)->refuses_pipes)
        return false;
    return source->poll == NOWHERE || source->one_way || !(source->interest & MIO_WRITABLE) ||
           !is_same_mode(source->interest, interest);
}

int refusal_of_system(struct world *world, const struct source *source, int poll,
                      mio_interest interest)
{
    const struct facts *facts = facts_of(world, poll);
    mio_interest reading = interest & (MIO_READABLE | MIO_READ_CLOSED);
    bool has_mark = facts->has_marks && (source->kind == STREAM || source->kind == DATAGRAM);
    if (!facts->by_direction)
        return 0;
    if (reading == MIO_READ_CLOSED && (interest & (MIO_LEVEL | MIO_ONESHOT)) != 0 && !has_mark)
        return -ENOTSUP;
    return reading == 0 && lacks_writing(world, source, poll, interest) ? -EPIPE : 0;
}
