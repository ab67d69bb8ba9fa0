/* The two calls: kqueue() and kevent(). */
#include "settings.h"
#include "simulation.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>

/* The longest wait that all kernels take is of 100,000,000 seconds. */
enum { NS_PER_S = 1000000000, TICK_NS = 10000000, SECONDS_MAX = 100000000 };

int kqueue(void)
{
    sigset_t before;
    sim_lock(&before);
    int fd = sim_queue_open();
    sim_unlock(&before);
    return fd;
}

/* ---- Changes --------------------------------------------------------------------------------- */

void (*simulated_kqueue_between)(void);

/*
 * A kernel locks for each change: before each other threads may be told what there is. Returns
 * whether the queue is still there.
 */
static bool let_others_in(int fd, uint32_t serial)
{
    sigset_t all, before;
    sigfillset(&all);
    sim_unlock(&all);
    if (simulated_kqueue_between)
        simulated_kqueue_between();
    else
        sched_yield();
    sim_lock(&before);
    const struct sim_queue *queue = sim_queue_find(fd);
    return queue && queue->serial == serial;
}

/*
 * Makes changes until one has something to say and there is no room for it. Returns the number of
 * receipts; -1 with errno when that one failed; 0, as a kernel does, when it did not.
 */
static int make_changes(struct sim_queue *queue, const struct kevent *changes, int nchanges,
                        struct kevent *receipts, int room, bool *ends)
{
    const int fd = queue->fd;
    const uint32_t serial = queue->serial;
    int told = 0;
    for (int i = 0; i < nchanges; i++) {
        struct kevent change = changes[i];
        if ((i > 0 || simulated_kqueue_between) && !let_others_in(fd, serial)) {
            *ends = true;
            errno = EBADF;
            return -1;
        }
        int error = sim_change(queue, &change);
        if (error == 0 && (!(change.flags & EV_RECEIPT) || !sim_settings()->receipt))
            continue;
        if (told >= room) {
            *ends = true;
            errno = error;
            return error == 0 ? 0 : -1;
        }
        change.flags = EV_ERROR;
        change.data = error;
        receipts[told++] = change;
    }
    *ends = told > 0; /* events never follow receipts */
    return told;
}

/* ---- Events ---------------------------------------------------------------------------------- */

/* Reports one, unless it is not ready any more. */
static bool report(struct knote *knote, struct kevent *event)
{
    struct sim_answer answer = knote->filter->ask(knote);
    sim_dequeue(knote);
    if (!answer.ready) {
        knote->active = false;
        return false;
    }
    *event = knote->set;
    event->flags = (uint16_t)(knote->set.flags | (answer.eof ? EV_EOF : 0));
    event->fflags = answer.fflags;
    event->data = answer.data;
    if (knote->filter->told)
        knote->filter->told(knote, &answer);
    if (knote->set.flags & EV_ONESHOT) {
        sim_delete(knote);
    } else if (knote->set.flags & EV_DISPATCH) {
        knote->disabled = true;
        knote->active = false;
    } else if (knote->set.flags & EV_CLEAR) {
        knote->active = false;
    } else {
        sim_enqueue(knote); /* at the end: what is in level mode is looked at in each scan */
    }
    return true;
}

static int scan(struct sim_queue *queue, struct kevent *events, int room)
{
    const struct knote *end = queue->last;
    int n = 0;
    sim_host_collect(queue);
    end = queue->last;
    while (n < room && queue->first) {
        struct knote *knote = queue->first;
        bool is_last = knote == end;
        n += report(knote, &events[n]);
        if (is_last)
            break;
    }
    return n;
}

/* ---- Time ------------------------------------------------------------------------------------ */

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* When the wait ends; -1 for never. A time too long for the type is as good as never. */
static int64_t deadline_of(const struct timespec *timeout)
{
    if (!timeout || timeout->tv_sec > INT32_MAX)
        return -1;
    int64_t ns = (int64_t)timeout->tv_sec * NS_PER_S + timeout->tv_nsec;
    if (sim_settings()->ticks && ns > 0)
        ns = ((ns + TICK_NS - 1) / TICK_NS + 1) * TICK_NS;
    if (sim_settings()->early)
        ns = ns > TICK_NS ? ns - TICK_NS : 0;
    return now_ns() + ns;
}

static bool is_valid(const struct timespec *timeout)
{
    return !timeout || (timeout->tv_sec >= 0 && timeout->tv_sec <= SECONDS_MAX &&
                        timeout->tv_nsec >= 0 && timeout->tv_nsec < NS_PER_S);
}

/* Sleeps without the lock. Returns an errno value, or 0 when there is something to look at. */
static int sleep_until(int fd, int64_t deadline, sigset_t *before)
{
    struct timespec rest = {.tv_sec = 0};
    if (deadline >= 0) {
        int64_t ns = deadline - now_ns();
        if (ns < 0)
            ns = 0;
        rest = (struct timespec){(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
    }
    sigset_t all = *before, blocked;
    sigfillset(&blocked);
    sim_unlock(&blocked); /* the sleep itself lets signals in: none can slip in before it */
    int n = sim_host_sleep(fd, deadline < 0 ? NULL : &rest, &all);
    int error = n < 0 ? errno : 0;
    sim_lock(&blocked);
    return error;
}

/* ---- The call -------------------------------------------------------------------------------- */

static int wait_for_events(int fd, struct kevent *events, int room, const struct timespec *timeout,
                           sigset_t *before)
{
    struct sim_queue *queue = sim_queue_find(fd);
    uint32_t serial = queue->serial;
    bool polls = timeout && timeout->tv_sec == 0 && timeout->tv_nsec == 0;
    int64_t deadline = polls ? 0 : deadline_of(timeout);
    for (;;) {
        int n = scan(queue, events, room);
        if (n > 0 || polls || (deadline >= 0 && now_ns() >= deadline))
            return n;
        int error = sleep_until(fd, deadline, before);
        queue = sim_queue_find(fd);
        if (!queue || queue->serial != serial)
            error = EBADF;
        if (error != 0) {
            errno = error;
            return -1;
        }
    }
}

static int call(int fd, const struct kevent *changes, int nchanges, struct kevent *events,
                int nevents, const struct timespec *timeout, sigset_t *before)
{
    struct sim_queue *queue = sim_queue_find(fd);
    bool ends = false;
    if (!queue) {
        errno = EBADF;
        return -1;
    }
    int n = make_changes(queue, changes, nchanges, events, nevents, &ends);
    if (ends)
        return n;
    if (!is_valid(timeout)) {
        errno = EINVAL;
        return -1;
    }
    return nevents <= 0 ? 0 : wait_for_events(fd, events, nevents, timeout, before);
}

int kevent(int fd, const struct kevent *changes, int nchanges, struct kevent *events, int nevents,
           const struct timespec *timeout)
{
    sigset_t before;
    int saved = errno;
    sim_lock(&before);
    errno = saved;
    int n = call(fd, changes, nchanges, events, nevents, timeout, &before);
    if (n >= 0)
        errno = saved;
    saved = errno;
    sim_unlock(&before);
    errno = saved;
    return n;
}
