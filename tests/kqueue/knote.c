/* Knotes: what a change does to them, and the order in which they are active. */
#include "simulation.h"

#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum { HASHES = 1024 };
static struct knote *hashes[HASHES];
static atomic_int count;
atomic_uint sim_ignored_edges;

static struct knote **hash_of(uintptr_t ident)
{
    return &hashes[ident % HASHES];
}

int sim_knotes(void)
{
    return count;
}

struct knote *sim_find(struct sim_queue *queue, uintptr_t ident, int filter, uint32_t serial)
{
    struct knote *knote = *hash_of(ident);
    while (knote && (knote->queue != queue || knote->set.ident != ident ||
                     (filter != 0 && knote->set.filter != filter) ||
                     (serial != 0 && knote->serial != serial)))
        knote = knote->next;
    return knote;
}

void sim_each(int fd, void (*act)(struct knote *knote, void *arg), void *arg)
{
    for (size_t i = 0; i < HASHES; i++)
        if (fd < 0 || i == (size_t)fd % HASHES)
            for (struct knote *knote = hashes[i], *next; knote; knote = next) {
                next = knote->next;
                if (knote->filter->of_descriptor && (fd < 0 || knote->set.ident == (uintptr_t)fd))
                    act(knote, arg);
            }
}

/* ---- The queue of those that are active ------------------------------------------------------ */

void sim_enqueue(struct knote *knote)
{
    struct sim_queue *queue = knote->queue;
    if (knote->queued)
        return;
    knote->queued = true;
    knote->queued_next = NULL;
    knote->queued_before = queue->last;
    *(queue->last ? &queue->last->queued_next : &queue->first) = knote;
    queue->last = knote;
    sim_host_raise(queue, true);
}

void sim_dequeue(struct knote *knote)
{
    struct sim_queue *queue = knote->queue;
    if (!knote->queued)
        return;
    knote->queued = false;
    *(knote->queued_before ? &knote->queued_before->queued_next : &queue->first) =
        knote->queued_next;
    *(knote->queued_next ? &knote->queued_next->queued_before : &queue->last) =
        knote->queued_before;
    if (!queue->first)
        sim_host_raise(queue, false);
}

void sim_activate(struct knote *knote)
{
    knote->active = true;
    if (!knote->disabled)
        sim_enqueue(knote);
}

/* ---- Making and deleting --------------------------------------------------------------------- */

void sim_delete(struct knote *knote)
{
    struct knote **link = hash_of(knote->set.ident);
    while (*link != knote)
        link = &(*link)->next;
    *link = knote->next;
    count--;
    sim_dequeue(knote);
    sim_host_remove(knote);
    if (!knote->filter->of_descriptor)
        sim_host_close(knote->host_fd);
    free(knote);
}

void sim_delete_all(struct sim_queue *queue, int fd)
{
    for (size_t i = 0; i < HASHES; i++)
        if (fd < 0 || i == (size_t)fd % HASHES)
            for (struct knote *knote = hashes[i], *next; knote; knote = next) {
                next = knote->next;
                bool is_owned = !queue || knote->queue == queue;
                bool is_meant =
                    fd < 0 || (knote->filter->of_descriptor && knote->set.ident == (uintptr_t)fd);
                if (is_owned && is_meant)
                    sim_delete(knote);
            }
}

static const struct sim_filter *socket_filter(int fd)
{
    int type = 0;
    socklen_t size = sizeof type;
    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
    return type == SOCK_DGRAM || type == SOCK_RAW ? &sim_filter_datagram : &sim_filter_stream;
}

/* Finds what a knote of a descriptor is about. Returns 0 or an errno value. */
static int look_at_file(struct knote *knote)
{
    struct stat status;
    int fd = (int)knote->set.ident;
    if (fstat(fd, &status) < 0)
        return errno;
    if (fd == knote->queue->fd) { /* a queue in itself is not refused, and never ready */
        knote->filter = &sim_filter_user;
        return 0;
    }
    knote->device = status.st_dev;
    knote->inode = status.st_ino;
    if (S_ISSOCK(status.st_mode))
        knote->filter = socket_filter(fd);
    else if (S_ISFIFO(status.st_mode))
        knote->filter = &sim_filter_pipe;
    else if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))
        knote->filter = &sim_filter_file;
    else
        knote->filter = &sim_filter_other;
    if (knote->filter == &sim_filter_pipe && knote->set.filter == EVFILT_WRITE &&
        sim_settings()->broken_pipe && (sim_host_poll(fd) & (POLLERR | POLLHUP)))
        return EPIPE;
    if (knote->filter == &sim_filter_file)
        return 0;
    int error = sim_host_add(knote);
    if (S_ISCHR(status.st_mode) && sim_settings()->no_devices && error != EBADF) {
        sim_host_remove(knote);
        return EINVAL;
    }
    if (error == EPERM) { /* a device that is ever ready */
        knote->filter = &sim_filter_file;
        error = 0;
    }
    return error;
}

static int look_at(struct knote *knote)
{
    switch (knote->set.filter) {
    case EVFILT_READ:
    case EVFILT_WRITE:
        knote->host_fd = (int)knote->set.ident;
        return look_at_file(knote);
    case EVFILT_USER:
        knote->filter = &sim_filter_user;
        return 0;
    case EVFILT_AIO:
    case EVFILT_LIO:
        knote->filter = &sim_filter_completion;
        return 0;
    default:
        return sim_open_own(knote);
    }
}

static int make(struct sim_queue *queue, const struct kevent *change, struct knote **made)
{
    struct knote *knote = calloc(1, sizeof *knote);
    if (!knote)
        return ENOMEM;
    knote->queue = queue;
    knote->set = *change;
    knote->blocked = true;
    knote->host_fd = -1;
    int error = look_at(knote);
    if (error != 0) {
        if (!knote->filter->of_descriptor)
            sim_host_close(knote->host_fd);
        free(knote);
        return error;
    }
    knote->next = *hash_of(change->ident);
    *hash_of(change->ident) = knote;
    count++;
    *made = knote;
    return 0;
}

void sim_complete(struct sim_queue *queue, const struct kevent *done)
{
    struct knote *knote;
    if (make(queue, done, &knote) == 0)
        sim_activate(knote);
}

/* ---- Changes --------------------------------------------------------------------------------- */

static int check(const struct kevent *change)
{
    switch (change->filter) {
    case EVFILT_READ:
    case EVFILT_WRITE:
        if (change->ident > INT32_MAX || fcntl((int)change->ident, F_GETFD) < 0)
            return EBADF;
        return 0;
    case EVFILT_USER:
        return sim_settings()->user ? 0 : EINVAL;
    case EVFILT_TIMER:
    case EVFILT_SIGNAL:
    case EVFILT_PROC:
        return 0;
    default:
        return EINVAL;
    }
}

/* An EV_ADD changes neither EV_CLEAR nor EV_DISPATCH nor EV_ONESHOT of a knote that exists. */
static void apply(struct knote *knote, const struct kevent *change, bool first)
{
    if (change->flags & EV_ADD) {
        knote->set.udata = change->udata;
        if (knote->filter->of_descriptor) { /* the mark */
            knote->set.fflags = change->fflags;
            knote->set.data = change->data;
        }
    }
    if (change->filter == EVFILT_USER && sim_settings()->user_token)
        knote->set.udata = change->udata;
    if (knote->filter->touch)
        knote->filter->touch(knote, change, first);
    bool is_looked_at = (change->flags & EV_ADD) || !knote->filter->of_descriptor;
    if (is_looked_at && knote->filter->ask(knote).ready)
        sim_activate(knote);
    if (change->flags & EV_DISABLE) {
        knote->disabled = true;
        sim_dequeue(knote);
    }
    if (change->flags & EV_ENABLE) {
        knote->disabled = false;
        if (knote->active)
            sim_enqueue(knote);
    }
}

int sim_change(struct sim_queue *queue, const struct kevent *change)
{
    int error = check(change);
    if (error != 0)
        return error;
    struct knote *knote = sim_find(queue, change->ident, change->filter, 0);
    bool first = !knote;
    if (first && !(change->flags & EV_ADD))
        return ENOENT;
    if (change->flags & EV_DELETE) {
        if (!first)
            sim_delete(knote);
        return first ? ENOENT : 0;
    }
    if (first && (error = make(queue, change, &knote)) != 0)
        return error;
    apply(knote, change, first);
    return 0;
}
