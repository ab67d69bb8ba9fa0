/* The work of each operation, and what it has to return. */
#include "acts.h"

#include <string.h>
#include <unistd.h>

void act_expect(const struct act *act, const char *what, ptrdiff_t result, ptrdiff_t expected)
{
    if (result != expected)
        world_complain(act->world, "%s: %s returned %td (%s), expected %td (%s)",
                       act->device ? act->device->kind->name : "", what, result,
                       result < 0 ? mio_error_name(result) : "", expected,
                       expected < 0 ? mio_error_name(expected) : "");
}

uint32_t act_now(const struct act *act, unsigned number)
{
    return atomic_load(&act->world->queues[number % QUEUES].now);
}

uint32_t act_now_of(const struct act *act)
{
    return act->model->registration ? act_now(act, act->model->registration->poll) : 0;
}

/* ---- Registries ------------------------------------------------------------------------------ */

/* Which registry the arg means, and the number of its poll, or QUEUES where it is closed. */
static struct mio_registry *registry_of(const struct act *act, unsigned *number)
{
    unsigned choice = operation_registry(act->arg);
    if (choice < 6) {
        *number = choice / 4;
        return mio_poll_registry(&act->world->queues[*number].poll);
    }
    struct mio_registry *clone = &act->world->clones[choice - 6];
    *number = clone->poll ? act->world->clone_of[choice - 6] : QUEUES;
    return clone;
}

/* As registry_of, but the right one most of the time. */
static struct mio_registry *fitting_registry(const struct act *act, unsigned *number)
{
    const struct model_registration *registration = act->model->registration;
    if (!registration || (act->arg >> 24 & 7) == 0)
        return registry_of(act, number);
    *number = registration->poll;
    return mio_poll_registry(&act->world->queues[*number].poll);
}

/* The checks of mio.h in their order, up to the state of the source. */
static int refusal(const struct act *act, unsigned number, mio_interest interest)
{
    const mio_interest known =
        MIO_READABLE | MIO_WRITABLE | MIO_READ_CLOSED | MIO_PRIORITY | MIO_AIO | MIO_LIO;
    if ((interest & known) == 0 || (interest & ~(known | MIO_LEVEL | MIO_ONESHOT)) != 0)
        return -EINVAL;
    if (number == QUEUES)
        return -EBADF;
    if (interest & ~mio_poll_features(&act->world->queues[number].poll))
        return -ENOTSUP;
    return device_is_open(act->device) ? 0 : -EBADF;
}

/* Whether an entry stays what it is: oneshot entries are all of one kind. */
static bool is_same_mode(mio_interest a, mio_interest b)
{
    mio_interest differing = (a ^ b) & (MIO_LEVEL | MIO_ONESHOT);
    return differing == 0 || (differing == MIO_LEVEL && (a & MIO_ONESHOT) != 0);
}

/* Whether there will be no entry to write: it is to be made, and the other end of the pipe is gone.
 */
static bool lacks_writing(const struct act *act, mio_interest interest)
{
    const struct model_registration *before = act->model->registration;
    if (!act->world->refuses_pipes || !device_is_broken(act->device) || !(interest & MIO_WRITABLE))
        return false;
    return !before || before->one_way || !(before->interest & MIO_WRITABLE) ||
           !is_same_mode(before->interest, interest);
}

/*
 * The checks of the system, which come last. On kqueue the peer's end alone is for edge mode, and
 * for sockets where they have marks; and a pipe without an other end cannot be told of by the entry
 * to write alone.
 */
static int refusal_of_system(const struct act *act, mio_interest interest)
{
    const struct world *world = act->world;
    mio_interest reading = interest & (MIO_READABLE | MIO_READ_CLOSED);
    bool has_edges = (interest & (MIO_LEVEL | MIO_ONESHOT)) == 0;
    if (!world->by_direction)
        return 0;
    if (reading == MIO_READ_CLOSED && !has_edges &&
        !(world->has_marks && act->device->kind->is_socket))
        return -ENOTSUP;
    return reading == 0 && lacks_writing(act, interest) ? -EPIPE : 0;
}

/* After a refusal of the system. A change of which half was made may have ended the registration.
 */
static void is_refused(struct act *act, int result)
{
    if (result == -EPIPE && !mio_source_is_registered(&act->device->as.source))
        world_retire(act->world, act->model);
}

static struct model_registration *issue(const struct act *act, unsigned number,
                                        mio_interest interest)
{
    struct model_registration *fresh = world_issue(act->world, number % QUEUES, act->who, interest);
    fresh->one_way = lacks_writing(act, interest);
    return fresh;
}

static int refusal_of_registered(const struct act *act, unsigned number, mio_interest interest)
{
    int refused = refusal(act, number, interest);
    if (refused < 0)
        return refused;
    if (!act->model->registration)
        return -ENOENT;
    return act->model->registration->poll == number ? 0 : -EINVAL;
}

void act_register_source(struct act *act)
{
    unsigned number;
    struct mio_registry *registry = registry_of(act, &number);
    mio_interest interest = operation_interest(act->arg);
    int expected = refusal(act, number, interest);
    if (expected == 0 && act->model->registration)
        expected = -EEXIST;
    if (expected == 0)
        expected = refusal_of_system(act, interest);
    struct model_registration *fresh = issue(act, number, interest);
    uint32_t before = act_now(act, number);
    int result =
        mio_register(registry, &act->device->as.source, world_token(act->world, fresh), interest);
    act_expect(act, "register", result, expected);
    if (result != 0)
        return;
    act->world->queues[number % QUEUES].users++;
    model_arm(act->model, fresh, before);
}

void act_reregister(struct act *act)
{
    unsigned number;
    struct mio_registry *registry = fitting_registry(act, &number);
    mio_interest interest = operation_interest(act->arg);
    int expected = refusal_of_registered(act, number, interest);
    if (expected == 0)
        expected = refusal_of_system(act, interest);
    struct model_registration *fresh = issue(act, number, interest);
    uint32_t before = act_now(act, number);
    int result =
        mio_reregister(registry, &act->device->as.source, world_token(act->world, fresh), interest);
    act_expect(act, "reregister", result, expected);
    is_refused(act, result);
    if (result != 0 || expected != 0)
        return;
    world_retire(act->world, act->model);
    act->world->queues[number].users++;
    model_arm(act->model, fresh, before);
}

void act_deregister(struct act *act)
{
    unsigned number;
    struct mio_registry *registry = fitting_registry(act, &number);
    int expected = refusal_of_registered(act, number, MIO_READABLE);
    int result = mio_deregister(registry, &act->device->as.source);
    act_expect(act, "deregister", result, expected);
    if (result == 0)
        world_retire(act->world, act->model);
}

/* ---- Watching -------------------------------------------------------------------------------- */

static int refusal_of_watched(const struct act *act, unsigned number, mio_interest interest)
{
    int refused = refusal(act, number, interest == 0 ? MIO_READABLE : interest);
    if (refused < 0)
        return refused;
    if (act->model->registration && act->model->registration->poll != number)
        return -EEXIST;
    return refusal_of_system(act, interest);
}

/* A call that changes what the source is registered for, and is expected to succeed or not. */
static void watch(struct act *act, struct mio_registry *registry, unsigned number,
                  mio_interest interest, int expected)
{
    struct model_registration *fresh = issue(act, number, interest);
    uint32_t before = act_now(act, number);
    int result =
        mio_watch(registry, &act->device->as.source, world_token(act->world, fresh), interest);
    act_expect(act, "watch", result, expected);
    is_refused(act, result);
    if (result != 0 || expected != 0)
        return;
    world_retire(act->world, act->model);
    if (interest == 0)
        return;
    act->world->queues[number].users++;
    model_arm(act->model, fresh, before);
}

void act_watch(struct act *act)
{
    unsigned number;
    struct mio_registry *registry = fitting_registry(act, &number);
    mio_interest interest = operation_watched(act->arg);
    watch(act, registry, number, interest, refusal_of_watched(act, number, interest));
}

/* The system holds an entry of which the library has forgotten: it goes on under the new token. */
void act_take_over(struct act *act)
{
    const struct model_registration *registration = act->model->registration;
    mio_interest interest = operation_interest(act->arg);
    if (!registration || refusal(act, registration->poll, interest) < 0)
        return;
    if (act->world->by_direction) /* the entries that it holds keep their mode */
        interest = registration->interest;
    struct mio_poll *poll = &act->world->queues[registration->poll].poll;
    act_expect(act, "abandon", mio_source_abandon(&act->device->as.source), 0);
    watch(act, mio_poll_registry(poll), registration->poll, interest, 0);
}

/*
 * The descriptor is closed behind the library's back, and its number may be another one's: the
 * library has an entry of which the system has forgotten.
 */
void act_replace(struct act *act)
{
    const struct model_registration *registration = act->model->registration;
    unsigned number = registration ? registration->poll : 0;
    mio_interest interest = operation_watched(act->arg);
    bool comes_back = (act->arg & 7) != 0;
    if (!act->device->kind->is_raw || !device_is_open(act->device) ||
        refusal_of_watched(act, number, interest) < 0)
        return;
    device_close_behind(act->device);
    if (act->arg & 8 && !act->world->loose)
        world_wait(act->world, number, 0x100101); /* which finds it closed */
    if (comes_back)
        device_replace(act->device);
    atomic_store(&act->world->seen[act->who], 0);
    struct mio_registry *registry = mio_poll_registry(&act->world->queues[number].poll);
    watch(act, registry, number, interest, comes_back || interest == 0 ? 0 : -EBADF);
    if (comes_back)
        return;
    world_retire(act->world, act->model);
    device_end(act->device);
}

/* ---- Clones ---------------------------------------------------------------------------------- */

void act_clone_open(struct act *act)
{
    struct mio_registry *clone = &act->world->clones[act->who];
    unsigned number = act->arg & 1;
    if (clone->poll)
        return;
    struct mio_registry *registry = mio_poll_registry(&act->world->queues[number].poll);
    act_expect(act, "clone", mio_registry_clone(registry, clone), 0);
    act->world->clone_of[act->who] = number;
    act->world->queues[number].users++;
}

void act_clone_close(struct act *act)
{
    struct mio_registry *clone = &act->world->clones[act->who];
    bool was_open = clone->poll != NULL;
    act_expect(act, "closing a clone",
               act->arg & 2 ? mio_registry_abandon(clone) : mio_registry_close(clone), 0);
    if (was_open)
        act->world->queues[act->world->clone_of[act->who]].users--;
    struct mio_registry *own = mio_poll_registry(&act->world->queues[act->arg & 1].poll);
    act_expect(act, "closing the poll's own registry", mio_registry_close(own), -EINVAL);
}

/* ---- Sources --------------------------------------------------------------------------------- */

static void end_device(struct act *act)
{
    world_retire(act->world, act->model);
    device_end(act->device);
}

static void close_raw(struct act *act)
{
    struct mio_source *source = &act->device->as.source;
    struct model_registration *registration = act->model->registration;
    int fd = mio_source_fd(source);
    if (registration) {
        struct mio_poll *poll = &act->world->queues[registration->poll].poll;
        act_expect(act, "deregister", mio_deregister(mio_poll_registry(poll), source), 0);
    }
    if (fd >= 0)
        close(fd);
}

void act_close(struct act *act)
{
    if (act->device->kind->close)
        act_expect(act, "close", act_calls(act)->close(act->device), 0);
    else
        close_raw(act);
    end_device(act);
}

/* Opens what is closed, and renews what has lost its peer. */
void act_open(struct act *act)
{
    if (device_is_open(act->device)) {
        if (act->device->peer >= 0)
            return;
        act_close(act);
    }
    device_open(act->device);
    atomic_store(&act->world->seen[act->who], 0);
}

void act_into_fd(struct act *act)
{
    if (!act->device->kind->into_fd)
        return;
    int expected = mio_source_fd(&act->device->as.source);
    int fd = act->device->kind->into_fd(act->device);
    act_expect(act, "into_fd", fd, expected);
    if (fd >= 0)
        close(fd);
    end_device(act);
}

/*
 * Descriptors of ours are closed behind the library's back first. All are closed afterwards, for
 * epoll would go on to report them.
 */
void act_abandon(struct act *act)
{
    struct mio_source *source = &act->device->as.source;
    bool is_open = device_is_open(act->device);
    if (act->device->kind->is_raw && is_open)
        close(mio_source_fd(source));
    act_expect(act, "abandon", mio_source_abandon(source), is_open ? 0 : -EBADF);
    act_expect(act, "is_registered", mio_source_is_registered(source), false);
    if (act->device->kind->close)
        act_expect(act, "close", act->device->kind->close(act->device), 0);
    end_device(act);
}

/* ---- Wakers ---------------------------------------------------------------------------------- */

void act_waker_open(struct act *act)
{
    unsigned number;
    struct mio_registry *registry = registry_of(act, &number);
    if (act->model->registration)
        return;
    struct model_registration *fresh =
        world_issue(act->world, number % QUEUES, WAKER_PLACE + act->who, MIO_READABLE);
    int result =
        mio_waker_init(&act->world->wakers[act->who], registry, world_token(act->world, fresh));
    act_expect(act, "opening a waker", result, number == QUEUES ? -EBADF : 0);
    if (result != 0)
        return;
    act->world->queues[number % QUEUES].users++;
    model_waker(act->model, fresh);
}

/* Several times where they may meet a wait that runs. */
void act_wake(struct act *act)
{
    const struct model_registration *registration = act->model->registration;
    uint32_t times = act->world->loose ? 1 + act->arg % 32 : 1;
    for (uint32_t i = 0; i < times; i++) {
        uint32_t before = act_now_of(act);
        act_expect(act, "wake", mio_waker_wake(&act->world->wakers[act->who]),
                   registration ? 0 : -EBADF);
        if (!registration)
            return;
        act->world->queues[registration->poll].wakes++;
        model_woken(act->model, before);
    }
}

void act_waker_close(struct act *act)
{
    struct mio_waker *waker = &act->world->wakers[act->who];
    act_expect(act, "closing a waker",
               act->arg & 1 ? mio_waker_abandon(waker) : mio_waker_close(waker), 0);
    world_retire(act->world, act->model);
}

/* ---- Polls ----------------------------------------------------------------------------------- */

static bool is_with_the_other_thread(const struct act *act)
{
    return act->world->loose && act->who == 0;
}

void act_wait(struct act *act)
{
    if (!is_with_the_other_thread(act))
        world_wait(act->world, act->who, act->arg);
}

void act_counters(struct act *act)
{
    struct queue *queue = &act->world->queues[act->who];
    struct mio_counters counters;
    act_expect(act, "counters", mio_poll_counters(&queue->poll, &counters), 0);
    act_expect(act, "all wakes", (ptrdiff_t)(counters.wakes + counters.wakes_coalesced),
               (ptrdiff_t)queue->wakes);
    if (is_with_the_other_thread(act))
        return;
    act_expect(act, "waits", (ptrdiff_t)counters.waits, (ptrdiff_t)queue->waits);
    act_expect(act, "events", (ptrdiff_t)counters.events, (ptrdiff_t)queue->events);
}

/* The answer of a closed poll to all. */
static void check_closed(struct act *act, struct queue *queue)
{
    struct mio_event event;
    struct mio_registry *registry = mio_poll_registry(&queue->poll);
    struct mio_counters counters;
    struct mio_waker waker;
    act_expect(act, "a wait on a closed poll", mio_poll_wait(&queue->poll, &event, 1, 0), -EBADF);
    act_expect(act, "counters of a closed poll", mio_poll_counters(&queue->poll, &counters),
               -EBADF);
    act_expect(act, "a waker of a closed poll", mio_waker_init(&waker, registry, 1), -EBADF);
    act_expect(act, "closing a closed poll", mio_poll_close(&queue->poll), 0);
}

void act_poll_close(struct act *act)
{
    struct queue *queue = &act->world->queues[act->who];
    if ((act->arg & 3) == 0 && !is_with_the_other_thread(act))
        world_release(act->world, act->who);
    unsigned users = queue->users;
    int result = mio_poll_close(&queue->poll);
    act_expect(act, "closing a poll", result, users > 0 ? -EBUSY : 0);
    if (result != 0 || users > 0)
        return;
    check_closed(act, queue);
    world_open_queue(act->world, act->who);
}

/* ---- All of them ----------------------------------------------------------------------------- */

void world_apply(struct world *world, struct operation operation)
{
    static const struct {
        void (*run)(struct act *act);
        enum target target;
    } acts[] = {
#define ACT(name, weight, target) {act_##name, TARGET_##target},
        EACH_OPERATION(ACT)
#undef ACT
    };
    struct act act = {.world = world, .arg = operation.arg};
    switch (acts[operation.name].target) {
    case TARGET_SOURCE:
        act.who = operation.who % world->count;
        act.device = &world->devices[act.who];
        act.model = &world->sources[act.who];
        model_touched(act.model);
        break;
    case TARGET_WAKER:
        act.who = operation.who % WAKERS;
        act.model = &world->waker_models[act.who];
        break;
    case TARGET_CLONE:
        act.who = operation.who % CLONES;
        break;
    default:
        act.who = operation.who % 5 == 0; /* the second poll is for being the wrong one */
        break;
    }
    acts[operation.name].run(&act);
    bool is_registered = act.device && mio_source_is_registered(&act.device->as.source);
    if (act.device && is_registered != (act.model->registration != NULL))
        world_complain(world, "%s: is_registered is wrong", act.device->kind->name);
}
