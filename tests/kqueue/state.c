/* The lock, the list of queues, and what fork does to them. */
#include "simulation.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sim_queue *queues;
static uint32_t last_serial;
static sigset_t before_fork;

void sim_lock(sigset_t *before)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, before);
    pthread_mutex_lock(&lock);
}

void sim_unlock(const sigset_t *before)
{
    pthread_mutex_unlock(&lock);
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

struct sim_queue *sim_queue_find(int fd)
{
    struct sim_queue *queue = queues;
    while (queue && queue->fd != fd)
        queue = queue->next;
    return queue;
}

int sim_queue_open(void)
{
    struct sim_queue *queue = calloc(1, sizeof *queue);
    if (!queue) {
        errno = ENOMEM;
        return -1;
    }
    if (sim_host_open(&queue->fd, &queue->write_fd) < 0) {
        int error = errno;
        free(queue);
        errno = error;
        return -1;
    }
    queue->serial = ++last_serial;
    queue->next = queues;
    queues = queue;
    return queue->fd;
}

/* Leaves the descriptor that was given out to the caller. */
void sim_queue_destroy(struct sim_queue *queue)
{
    struct sim_queue **link = &queues;
    sim_delete_all(queue, -1);
    while (*link != queue)
        link = &(*link)->next;
    *link = queue->next;
    sim_host_close(queue->write_fd);
    free(queue);
}

/* ---- Fork: no queue is inherited ------------------------------------------------------------- */

static void before_the_fork(void)
{
    sim_lock(&before_fork);
}

static void after_in_parent(void)
{
    sigset_t before = before_fork;
    sim_unlock(&before);
}

/* The sets of epoll are shared with the parent, so they are closed and not changed. */
static void after_in_child(void)
{
    sigset_t before = before_fork;
    while (queues) {
        struct sim_queue *queue = queues;
        sim_host_close(queue->fd);
        sim_host_close(queue->write_fd);
        queue->fd = queue->write_fd = -1;
        sim_queue_destroy(queue);
    }
    sim_unlock(&before);
}

__attribute__((constructor)) static void watch_forks(void)
{
    pthread_atfork(before_the_fork, after_in_parent, after_in_child);
}
