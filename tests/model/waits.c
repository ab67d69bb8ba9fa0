/* Waiting, and holding what is told against the model. */
#include "world.h"

#include <string.h>
#include <time.h>

/* When what must come counts as lost, where another thread waits. */
#define LOST_AFTER (10 * MIO_NS_PER_S)

static struct model_source *source_at(struct world *world, unsigned place)
{
    return place >= WAKER_PLACE ? &world->waker_models[place - WAKER_PLACE]
                                : &world->sources[place];
}

/* The answer of poll(2) for a source. Wakers count as ready: what they owe is all in the model. */
static void look(const struct world *world, uint32_t truth[DEVICES_MAX])
{
    for (unsigned i = 0; i < world->count; i++)
        truth[i] = device_truth(&world->devices[i]);
}

static const char *name_of(const struct world *world, unsigned place)
{
    return place >= WAKER_PLACE ? "waker" : world->devices[place].kind->name;
}

/* A waker is readable and nothing else. */
static struct model_kind kind_of(const struct world *world, unsigned place)
{
    if (place >= WAKER_PLACE)
        return (struct model_kind){.edges = MODEL_EDGES};
    const struct device_kind *kind = world->devices[place].kind;
    unsigned edges = kind->is_net ? MODEL_EDGES_OF_NET : MODEL_EDGES;
    return (struct model_kind){
        .emulated = world->emulated,
        .exact = kind->is_exact,
        .by_direction = world->by_direction,
        .ended = world->devices[place].ended,
        .is_pipe = kind->is_stream && !kind->is_socket,
        .edges = world->by_direction ? 2 * edges : edges,
    };
}

static void complain_of(struct world *world, const struct mio_event *event, unsigned place,
                        const char *what)
{
    char text[MIO_EVENT_TEXT];
    mio_event_format(event, text, sizeof text);
    world_complain(world, "%s: %s (%s)", name_of(world, place), what, text);
}

/* The first half of the checks, on any thread. NULL when the event is wrong. */
static struct model_registration *note(struct world *world, unsigned number,
                                       const struct mio_event *event, uint32_t now)
{
    uintptr_t index = event->token - world_token(world, &world->registrations[0]);
    if (index >= atomic_load(&world->issued)) {
        world_complain(world, "a token that nobody gave: %#jx", (uintmax_t)event->token);
        return NULL;
    }
    struct model_registration *registration = &world->registrations[index];
    if (registration->place < WAKER_PLACE)
        atomic_fetch_or(&world->seen[registration->place], event->readiness);
    const char *wrong = model_check(registration, number, event, now);
    if (!wrong)
        return registration;
    complain_of(world, event, registration->place, wrong);
    return NULL;
}

/* ---- One thread ------------------------------------------------------------------------------ */

static void check_event(struct world *world, unsigned number, const struct mio_event *event,
                        const uint32_t *before)
{
    uint32_t now = atomic_load(&world->queues[number].now);
    struct model_registration *registration = note(world, number, event, now);
    if (!registration)
        return;
    unsigned place = registration->place;
    struct model_source *source = source_at(world, place);
    uint32_t truth = 0;
    if (place < WAKER_PLACE)
        truth = before[place] | device_truth(&world->devices[place]);
    const char *wrong = source->registration == registration
                            ? model_check_source(source, event, truth, kind_of(world, place))
                            : "a token that was replaced";
    if (wrong)
        complain_of(world, event, place, wrong);
}

static void check_debt(struct world *world, unsigned number, unsigned place, uint32_t before,
                       bool was_full)
{
    struct model_source *source = source_at(world, place);
    uint32_t now = atomic_load(&world->queues[number].now);
    if (!source->registration || source->registration->poll != number ||
        !model_owes(source, before, kind_of(world, place), now))
        return;
    if (!was_full)
        world_complain(world, "%s: not told (poll(2) says %#x)", name_of(world, place), before);
    else if (++source->passed_by > MODEL_PATIENCE)
        world_complain(world, "%s: passed by in %u waits", name_of(world, place), MODEL_PATIENCE);
}

static void check_debts(struct world *world, unsigned number, const uint32_t *before, bool was_full)
{
    for (unsigned i = 0; i < world->count; i++)
        check_debt(world, number, i, before[i], was_full);
    for (unsigned i = 0; i < WAKERS; i++)
        check_debt(world, number, WAKER_PLACE + i, MIO_READABLE, was_full);
}

static int64_t timeout_of(uint32_t arg)
{
    if (arg >> 8 & 15)
        return 0;
    static const int64_t timeouts[] = {-1, 1, 20000, MIO_NS_PER_MS};
    return timeouts[arg >> 12 & 3];
}

/* Returns whether it was full. */
static bool wait_once(struct world *world, unsigned number, uint32_t arg, size_t capacity)
{
    struct queue *queue = &world->queues[number];
    struct mio_event events[EVENTS_MAX + 1];
    uint32_t before[DEVICES_MAX];
    if ((arg >> 14 & 63) == 0 && mio_poll_wait(&queue->poll, events, 0, 0) != -EINVAL)
        world_complain(world, "a wait with room for no event is not refused");
    memset(&events[capacity], 0x5a, sizeof events[capacity]);
    const struct mio_event beyond = events[capacity];
    look(world, before);
    atomic_fetch_add(&queue->now, 1);
    int n = mio_poll_wait(&queue->poll, events, capacity, timeout_of(arg));
    if (n < 0 || (size_t)n > capacity || memcmp(&beyond, &events[capacity], sizeof beyond) != 0) {
        world_complain(world, "a wait returned %d, with room for %zu", n, capacity);
        return false;
    }
    queue->waits++;
    queue->events += (unsigned)n;
    for (int i = 0; i < n && !atomic_load(&world->failed); i++)
        check_event(world, number, &events[i], before);
    /* Where each direction has an entry, those that are dropped take the room of others. */
    bool was_full = (size_t)n == capacity || (world->by_direction && capacity < EVENTS_MAX);
    if (!atomic_load(&world->failed))
        check_debts(world, number, before, was_full);
    return (size_t)n == capacity && !atomic_load(&world->failed);
}

/* Now and then so many small ones that each source must have had its turn. */
void world_wait(struct world *world, unsigned number, uint32_t arg)
{
    if ((arg >> 20 & 31) != 0) {
        wait_once(world, number, arg, arg & 1 ? EVENTS_MAX : 1 + (arg >> 1 & 3));
        return;
    }
    for (int i = 0; i < 2 * MODEL_PATIENCE; i++)
        if (!wait_once(world, number, 0x100, 1 + (arg >> 1 & 3)))
            return;
}

/* ---- Two threads ----------------------------------------------------------------------------- */

void world_wait_loosely(struct world *world, uint32_t arg)
{
    static const int64_t timeouts[] = {0, 100000, MIO_NS_PER_MS, 3 * LOST_AFTER};
    struct queue *queue = &world->queues[0];
    struct mio_event events[EVENTS_MAX];
    size_t capacity = arg & 1 ? EVENTS_MAX : 1 + (arg >> 1 & 3);
    uint32_t now = atomic_fetch_add(&queue->now, 1) + 1;
    int n = mio_poll_wait(&queue->poll, events, capacity, timeouts[arg >> 8 & 3]);
    if (n < 0)
        world_complain(world, "a wait returned %d", n);
    queue->waits++;
    for (int i = 0; i < n; i++) {
        queue->events++;
        note(world, 0, &events[i], now);
    }
}

static bool owes(struct world *world, unsigned place)
{
    struct model_source *source = source_at(world, place);
    uint32_t truth =
        place < WAKER_PLACE ? device_truth(&world->devices[place]) : (uint32_t)MIO_READABLE;
    return source->registration && source->registration->poll == 0 &&
           model_owes(source, truth, kind_of(world, place), atomic_load(&world->queues[0].now));
}

/* Nobody acts meanwhile, so what is owed now stays so until it is told. */
static void follow_one(struct world *world, unsigned place)
{
    const struct timespec pause = {.tv_nsec = 20000};
    int64_t begin = mio_now_ns();
    for (unsigned turns = 0; owes(world, place) && !atomic_load(&world->failed); turns++) {
        if (turns > 10)
            nanosleep(&pause, NULL);
        if (mio_now_ns() - begin > LOST_AFTER)
            world_complain(world, "%s: was not told to the other thread", name_of(world, place));
    }
}

void world_follow(struct world *world)
{
    for (unsigned i = 0; i < world->count; i++)
        follow_one(world, i);
    for (unsigned i = 0; i < WAKERS; i++)
        follow_one(world, WAKER_PLACE + i);
}

void world_join(struct world *world)
{
    for (unsigned i = 0; i < world->count + WAKERS; i++) {
        unsigned place = i < world->count ? i : WAKER_PLACE + i - world->count;
        struct model_source *source = source_at(world, place);
        if (source->registration && source->registration->poll == 0)
            model_tighten(source);
    }
    world->loose = false;
}
