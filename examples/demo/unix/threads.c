/* Threads of POSIX. */
#define _POSIX_C_SOURCE 200809L

#include "system.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct thread {
    pthread_t id;
    void (*run)(void *arg);
    void *arg;
};

struct monitor {
    pthread_mutex_t lock;
    pthread_cond_t news;
};

static void *thread_run(void *arg)
{
    const struct thread *thread = arg;
    thread->run(thread->arg);
    return NULL;
}

int thread_start(struct thread **thread, void (*run)(void *arg), void *arg)
{
    struct thread *started = calloc(1, sizeof *started);
    if (started == NULL)
        return -ENOMEM;
    started->run = run;
    started->arg = arg;
    int error = -pthread_create(&started->id, NULL, thread_run, started);
    if (error < 0)
        free(started);
    else
        *thread = started;
    return error;
}

int thread_join(struct thread *thread)
{
    int error = -pthread_join(thread->id, NULL);
    if (error == 0)
        free(thread);
    return error;
}

void thread_pause(int64_t ns)
{
    const struct timespec pause = {(time_t)(ns / MIO_NS_PER_S), (long)(ns % MIO_NS_PER_S)};
    nanosleep(&pause, NULL);
}

int monitor_open(struct monitor **monitor)
{
    struct monitor *opened = calloc(1, sizeof *opened);
    if (opened == NULL)
        return -ENOMEM;
    int error = -pthread_mutex_init(&opened->lock, NULL);
    if (error == 0) {
        error = -pthread_cond_init(&opened->news, NULL);
        if (error < 0)
            pthread_mutex_destroy(&opened->lock);
    }
    if (error < 0)
        free(opened);
    else
        *monitor = opened;
    return error;
}

void monitor_enter(struct monitor *monitor)
{
    pthread_mutex_lock(&monitor->lock);
}

void monitor_leave(struct monitor *monitor)
{
    pthread_mutex_unlock(&monitor->lock);
}

void monitor_tell(struct monitor *monitor)
{
    pthread_cond_signal(&monitor->news);
}

void monitor_wait(struct monitor *monitor)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until); /* the condition's clock, which can be set by hand */
    until.tv_sec++;
    pthread_cond_timedwait(&monitor->news, &monitor->lock, &until);
}

void monitor_close(struct monitor *monitor)
{
    pthread_cond_destroy(&monitor->news);
    pthread_mutex_destroy(&monitor->lock);
    free(monitor);
}
