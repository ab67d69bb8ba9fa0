/* Registration, with arguments good and bad. */
#include "world.h"

#define KNOWN_BITS                                                                                 \
    (MIO_READABLE | MIO_WRITABLE | MIO_READ_CLOSED | MIO_PRIORITY | MIO_AIO | MIO_LIO |            \
     MIO_LEVEL | MIO_ONESHOT)

/*
 * Mostly good ones; with 0x80 all bits of the interest, or of the modes and what is unknown. With
 * 0x20 the peer's end is asked for, with 0x60 in place of what can be read.
 */
mio_interest choose_interest(struct world *world)
{
    uint8_t choice = world_byte(world);
    if (choice & 0x80)
        return choice & 0x40 ? world_byte(world) : (mio_interest)choice << 4;
    mio_interest directions = choice & 3 ? choice & 3 : 3;
    mio_interest readable = (choice & 0x60) == 0x60 ? 0 : MIO_READABLE;
    return (directions & 1 ? readable : 0) | (directions & 2 ? MIO_WRITABLE : 0) |
           (choice & 0x20 ? MIO_READ_CLOSED : 0) | (choice & 4 ? MIO_LEVEL : 0) |
           (choice & 8 ? MIO_ONESHOT : 0) | (choice & 0x10 ? MIO_PRIORITY : 0);
}

/* The error of the arguments, or 0. */
int refusal(const struct world *world, int poll, mio_interest interest)
{
    if ((interest & ~KNOWN_BITS) != 0 || (interest & KNOWN_BITS & 0xff) == 0)
        return -EINVAL;
    if (poll == NOWHERE)
        return -EBADF;
    return (interest & ~mio_poll_features(&world->polls[poll].poll)) != 0 ? -ENOTSUP : 0;
}

void is_registered(struct source *source, int poll, mio_token token, mio_interest interest,
                   bool one_way)
{
    source->one_way = one_way;
    source->poll = poll;
    source->token = token;
    source->interest = interest;
    source->fresh = true;
    source->told = 0;
}

/*
 * A custom source is unregistered then. Another one stays as it was, but where a system makes half
 * of a change (EPIPE).
 */
void is_refused(struct source *source, int result)
{
    if (source->kind == CUSTOM || (result == -EPIPE && !mio_source_is_registered(&source->source)))
        source->poll = NOWHERE;
}

/* The result that a custom source's own function is to return; 0: the inner source's. */
int choose_custom_result(struct world *world, struct source *source)
{
    uint8_t choice = source->kind == CUSTOM ? world_byte(world) : 0;
    source->custom_result = choice >= 0xf0 ? (choice & 1 ? 7 : -ENODEV) : 0;
    return source->custom_result > 0 ? -EINVAL : source->custom_result;
}

void op_register(struct world *world)
{
    int poll;
    struct mio_registry *registry = world_registry(world, &poll);
    struct source *source = world_source(world);
    mio_interest interest = choose_interest(world);
    mio_token token = ++world->last_token;
    int custom = choose_custom_result(world, source);
    int expected = refusal(world, poll, interest);
    if (expected == 0)
        expected = source->kind == NOTHING ? -EBADF : source->poll != NOWHERE ? -EEXIST : custom;
    if (expected == 0 && source->ghost[poll] != 0)
        expected = -EEXIST; /* epoll has the descriptor still */
    if (expected == 0)
        expected = refusal_of_system(world, source, poll, interest);
    bool one_way = expected == 0 && lacks_writing(world, source, poll, interest);
    FUZZ_EQ(mio_register(registry, &source->source, token, interest), expected);
    if (expected == 0)
        is_registered(source, poll, token, interest, one_way);
}

void register_again(struct world *world, struct source *source)
{
    struct mio_registry *registry = mio_poll_registry(&world->polls[source->poll].poll);
    mio_token token = ++world->last_token;
    const mio_interest interest = MIO_READABLE | MIO_WRITABLE;
    bool one_way = lacks_writing(world, source, source->poll, interest);
    source->custom_result = 0;
    FUZZ_EQ(mio_reregister(registry, &source->source, token, interest), 0);
    is_registered(source, source->poll, token, interest, one_way);
}

/* The result of a call for a registered source, by the state of the source. */
static int state_refusal(const struct source *source, int poll)
{
    if (source->kind == NOTHING)
        return -EBADF;
    if (source->poll == NOWHERE)
        return -ENOENT;
    return source->poll != poll ? -EINVAL : 0;
}

void op_reregister(struct world *world)
{
    int poll;
    struct mio_registry *registry = world_registry(world, &poll);
    struct source *source = world_source(world);
    mio_interest interest = choose_interest(world);
    mio_token token = ++world->last_token;
    int custom = choose_custom_result(world, source);
    int expected = refusal(world, poll, interest);
    if (expected == 0)
        expected = state_refusal(source, poll);
    bool asked = expected == 0;
    if (asked)
        expected = custom;
    if (expected == 0)
        expected = refusal_of_system(world, source, poll, interest);
    bool one_way = expected == 0 && lacks_writing(world, source, poll, interest);
    FUZZ_EQ(mio_reregister(registry, &source->source, token, interest), expected);
    if (expected == 0)
        is_registered(source, poll, token, interest, one_way);
    else if (asked)
        is_refused(source, expected);
}

void op_deregister(struct world *world)
{
    int poll;
    struct mio_registry *registry = world_registry(world, &poll);
    struct source *source = world_source(world);
    int custom = choose_custom_result(world, source);
    int expected = poll == NOWHERE ? -EBADF : state_refusal(source, poll);
    bool asked = expected == 0;
    if (asked)
        expected = custom;
    FUZZ_EQ(mio_deregister(registry, &source->source), expected);
    if (asked)
        source->poll = NOWHERE;
}

void op_blocked(struct world *world)
{
    struct source *source = world_source(world);
    uint32_t direction = world_byte(world) & (MIO_READABLE | MIO_WRITABLE | MIO_ERROR);
    int expected = source->kind == NOTHING ? -EBADF : source->kind == CUSTOM ? -EINVAL : 0;
    if (direction == 0 || (direction & MIO_ERROR))
        expected = -EINVAL;
    FUZZ_EQ(mio_source_blocked(&source->source, direction), expected);
}
