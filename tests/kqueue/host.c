/*
 * The questions to the host. Its calls are made past libc: libc's are the ones that the programs of
 * this folder are linked with in another way (wrap.c), and some are cancellation points.
 */
#include "simulation.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

long __real_syscall(long number, ...);

/* Readable for ever. Each queue has it in its set while events are queued. */
static int raised_fd;

/* An entry of the sets stands for a knote, by ident and serial, or for one of these. */
static const uint64_t entry_raised = 0, entry_writers = 1;
enum { FIRST_SERIAL = 2 };

enum { EDGES_AT_ONCE = 64 };

static uint64_t entry_of(const struct knote *knote)
{
    return (uint64_t)knote->serial << 32 | (uint32_t)knote->set.ident;
}

int sim_host_poll(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};
    struct timespec none = {.tv_sec = 0};
    return __real_syscall(SYS_ppoll, &entry, 1, &none, NULL, 0) < 0 ? 0 : entry.revents;
}

int sim_host_unread(int fd)
{
    int unread = 0;
    return ioctl(fd, FIONREAD, &unread) < 0 ? 0 : unread;
}

int sim_host_sleep(int fd, const struct timespec *time, const sigset_t *mask)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    struct timespec copy; /* the kernel writes the rest into it */
    if (time)
        copy = *time;
    return (int)__real_syscall(SYS_ppoll, &entry, 1, time ? &copy : NULL, mask, _NSIG / 8);
}

/* ---- Sets ------------------------------------------------------------------------------------ */

static int control(int set, int operation, int fd, uint64_t entry, uint32_t bits)
{
    struct epoll_event event = {.events = bits, .data = {.u64 = entry}};
    return __real_syscall(SYS_epoll_ctl, set, operation, fd, &event) < 0 ? errno : 0;
}

void sim_host_close(int fd)
{
    if (fd >= 0)
        __real_syscall(SYS_close, fd);
}

/* Out of the way: the numbers that a program sees are those of a system with kqueue. */
static int move_up(int fd)
{
    struct rlimit limit;
    int moved = -1;
    if (fd >= 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > 512)
        moved = (int)__real_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 400);
    if (moved < 0)
        return fd;
    sim_host_close(fd);
    return moved;
}

/* As kqueue(2), without close-on-exec. */
int sim_host_open(int *fd, int *write_fd)
{
    *write_fd = move_up(epoll_create1(EPOLL_CLOEXEC));
    if (*write_fd < 0)
        return -1;
    *fd = epoll_create1(0);
    if (*fd < 0 || (errno = control(*fd, EPOLL_CTL_ADD, *write_fd, entry_writers, EPOLLIN)) != 0) {
        int error = errno;
        sim_host_close(*fd);
        sim_host_close(*write_fd);
        errno = error;
        return -1;
    }
    return 0;
}

__attribute__((constructor)) static void make_raised(void)
{
    raised_fd = move_up(eventfd(1, EFD_CLOEXEC));
    if (raised_fd < 0) {
        perror("eventfd");
        exit(1);
    }
}

void sim_host_raise(struct sim_queue *queue, bool raised)
{
    /* Taken out and put in: a change of an entry that was ready wakes nobody. */
    if (queue->fd >= 0 && queue->raised != raised)
        control(queue->fd, raised ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, raised_fd, entry_raised,
                EPOLLIN);
    queue->raised = raised;
}

/* ---- Edges ----------------------------------------------------------------------------------- */

static bool writes(const struct knote *knote)
{
    return knote->set.filter == EVFILT_WRITE;
}

int sim_host_add(struct knote *knote)
{
    static uint32_t last = FIRST_SERIAL;
    const struct sim_queue *queue = knote->queue;
    uint32_t bits = EPOLLET | (writes(knote) ? EPOLLOUT : EPOLLIN | EPOLLRDHUP);
    knote->serial = ++last;
    int error = control(writes(knote) ? queue->write_fd : queue->fd, EPOLL_CTL_ADD, knote->host_fd,
                        entry_of(knote), bits);
    knote->hosted = error == 0;
    return error;
}

void sim_host_remove(struct knote *knote)
{
    const struct sim_queue *queue = knote->queue;
    if (knote->hosted && queue->fd >= 0)
        control(writes(knote) ? queue->write_fd : queue->fd, EPOLL_CTL_DEL, knote->host_fd, 0, 0);
    knote->hosted = false;
}

static void take_edge(struct sim_queue *queue, uint64_t entry)
{
    struct knote *knote = sim_find(queue, (uint32_t)entry, 0, (uint32_t)(entry >> 32));
    if (!knote)
        return;
    struct sim_answer answer = knote->filter->ask(knote);
    if (!answer.ready)
        return;
    if (!knote->filter->fires || knote->filter->fires(knote, &answer))
        sim_activate(knote);
    else
        knote->ignored = atomic_fetch_add(&sim_ignored_edges, 1) + 1;
}

struct edges {
    struct epoll_event events[EDGES_AT_ONCE];
    int count;
};

static void fetch_edges(int set, struct edges *edges)
{
    edges->count =
        (int)__real_syscall(SYS_epoll_pwait, set, edges->events, EDGES_AT_ONCE, 0, NULL, _NSIG / 8);
}

/* Errors of a datagram socket wake those that read first, all else those that write. */
static bool goes_first(struct sim_queue *queue, uint64_t entry)
{
    struct knote *knote = sim_find(queue, (uint32_t)entry, 0, (uint32_t)(entry >> 32));
    return knote && knote->filter == &sim_filter_datagram;
}

static void take_edges(struct sim_queue *queue, const struct edges *edges, bool first)
{
    for (int i = 0; i < edges->count; i++) {
        uint64_t entry = edges->events[i].data.u64;
        if (entry != entry_raised && entry != entry_writers && goes_first(queue, entry) == first)
            take_edge(queue, entry);
    }
}

void sim_host_collect(struct sim_queue *queue)
{
    struct edges readers, writers;
    do {
        /* A change of both directions happens between the two: the first one may miss it. */
        fetch_edges(queue->fd, &readers);
        fetch_edges(queue->write_fd, &writers);
        take_edges(queue, &readers, true);
        take_edges(queue, &writers, true);
        take_edges(queue, &writers, false);
        take_edges(queue, &readers, false);
    } while (readers.count == EDGES_AT_ONCE || writers.count == EDGES_AT_ONCE);
}
