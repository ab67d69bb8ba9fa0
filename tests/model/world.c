/* Making a world and ending it; what all operations share. */
#define _GNU_SOURCE 1 /* pipe2 */
#include "world.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void world_complain(struct world *world, const char *format, ...)
{
    if (atomic_exchange(&world->failed, true))
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(world->complaint, sizeof world->complaint, format, args);
    va_end(args);
}

/* ---- Registrations --------------------------------------------------------------------------- */

mio_token world_token(const struct world *world, const struct model_registration *registration)
{
    /* In the upper half, so that a token that loses bits is nobody's. */
    return UINTPTR_MAX / 3 * 2 + (uintptr_t)(registration - world->registrations);
}

struct model_registration *world_issue(struct world *world, unsigned queue, unsigned place,
                                       mio_interest interest)
{
    struct model_registration *fresh = &world->registrations[atomic_load(&world->issued)];
    fresh->interest = interest;
    fresh->may = interest;
    /* Other sources than streams have no end, and their errors are told as something to read. */
    bool is_stream = place < world->count && world->devices[place].kind->is_exact;
    if (world->by_direction && (interest & MIO_READ_CLOSED) && !is_stream)
        fresh->may |= MIO_READABLE;
    fresh->poll = (uint8_t)queue;
    fresh->place = (uint8_t)place;
    fresh->loose = world->loose && queue == 0;
    atomic_fetch_add(&world->issued, 1);
    return fresh;
}

void world_retire(struct world *world, struct model_source *source)
{
    struct model_registration *registration = source->registration;
    if (!registration)
        return;
    struct queue *queue = &world->queues[registration->poll];
    atomic_store(&registration->over_after, atomic_load(&queue->now));
    source->registration = NULL;
    queue->users--;
}

/* ---- Life ------------------------------------------------------------------------------------ */

void world_open_queue(struct world *world, unsigned number)
{
    struct queue *queue = &world->queues[number];
    uint32_t now = atomic_load(&queue->now);
    memset(queue, 0, sizeof *queue);
    atomic_store(&queue->now, now + 1);
    device_require(mio_poll_init_with(&queue->poll, &world->options) == 0, "mio_poll_init_with");
}

/* Whether the system takes the end of a socket alone in level mode; mio.h says which do not. */
static bool finds_marks(struct world *world)
{
    struct mio_registry *registry = mio_poll_registry(&world->queues[0].poll);
    struct mio_source source;
    int ends[2];
    device_require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
    device_require(mio_source_init_fd(&source, ends[0]) == 0, "mio_source_init_fd");
    bool taken = mio_register(registry, &source, 0, MIO_READ_CLOSED | MIO_LEVEL) == 0;
    if (taken)
        device_require(mio_deregister(registry, &source) == 0, "mio_deregister");
    close(ends[0]);
    close(ends[1]);
    return taken;
}

/* Whether the system makes no entry to write for a pipe that nobody reads; mio.h leaves it open. */
static bool refuses_pipes(struct world *world)
{
    struct mio_registry *registry = mio_poll_registry(&world->queues[0].poll);
    struct mio_source source;
    int ends[2];
    device_require(pipe2(ends, O_CLOEXEC) == 0, "pipe2");
    device_require(mio_source_init_fd(&source, ends[1]) == 0, "mio_source_init_fd");
    close(ends[0]);
    int result = mio_register(registry, &source, 0, MIO_WRITABLE);
    if (result == 0)
        device_require(mio_deregister(registry, &source) == 0, "mio_deregister");
    close(ends[1]);
    return result == -EPIPE;
}

void world_open(struct world *world, const struct mio_poll_options *options, bool loose)
{
    memset(world, 0, sizeof *world);
    world->options = *options;
    world->loose = loose;
    for (unsigned i = 0; i < QUEUES; i++)
        world_open_queue(world, i);
    const char *backend = mio_poll_backend_name(&world->queues[0].poll);
    world->emulated = strcmp(backend, "poll") == 0;
    world->by_direction = strcmp(backend, "kqueue") == 0;
    world->has_marks = world->by_direction && finds_marks(world);
    world->refuses_pipes = world->by_direction && refuses_pipes(world);
    for (; device_kinds[world->count].name; world->count++) {
        struct device *device = &world->devices[world->count];
        device->kind = &device_kinds[world->count];
        device_open(device);
    }
}

void world_release(struct world *world, unsigned number)
{
    struct mio_registry *registry = mio_poll_registry(&world->queues[number].poll);
    for (unsigned i = 0; i < world->count; i++) {
        struct model_source *source = &world->sources[i];
        if (!source->registration || source->registration->poll != number)
            continue;
        if (mio_deregister(registry, &world->devices[i].as.source) != 0)
            world_complain(world, "deregister failed at the end");
        world_retire(world, source);
    }
    for (unsigned i = 0; i < WAKERS; i++) {
        struct model_source *waker = &world->waker_models[i];
        if (!waker->registration || waker->registration->poll != number)
            continue;
        if (mio_waker_close(&world->wakers[i]) != 0)
            world_complain(world, "a waker does not close");
        world_retire(world, waker);
    }
    for (unsigned i = 0; i < CLONES; i++) {
        bool is_open = world->clones[i].poll != NULL;
        if (!is_open || world->clone_of[i] != number)
            continue;
        if (mio_registry_close(&world->clones[i]) != 0)
            world_complain(world, "a clone does not close");
        world->queues[number].users--;
    }
}

static void close_device(struct device *device)
{
    if (device->kind->close)
        device->kind->close(device);
    else if (device_is_open(device))
        close(mio_source_fd(&device->as.source));
    device_end(device);
}

/* Also after a failure, where the library may be in any state: without checks. */
void world_close(struct world *world)
{
    for (unsigned i = 0; i < QUEUES; i++)
        world_release(world, i);
    for (unsigned i = 0; i < world->count; i++)
        close_device(&world->devices[i]);
    for (unsigned i = 0; i < QUEUES; i++) {
        int result = mio_poll_close(&world->queues[i].poll);
        if (result != 0)
            world_complain(world, "a poll that nobody uses does not close: %s",
                           mio_error_name(result));
        mio_poll_abandon(&world->queues[i].poll);
    }
}
