#define _GNU_SOURCE 1
#include "system.h"

#include "test.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <time.h>

_Static_assert(sizeof(pthread_t) <= sizeof(uintptr_t), "a handle holds a thread");

static struct thread to_handle(pthread_t id)
{
    struct thread thread = {0};
    memcpy(&thread.handle, &id, sizeof id);
    return thread;
}

static pthread_t from_handle(const struct thread *thread)
{
    pthread_t id;
    memcpy(&id, &thread->handle, sizeof id);
    return id;
}

void thread_start(struct thread *thread, void *(*run)(void *), void *arg)
{
    pthread_t id;
    CHECK_EQ(pthread_create(&id, NULL, run, arg), 0);
    *thread = to_handle(id);
}

void *thread_join(struct thread *thread)
{
    void *result;
    CHECK_EQ(pthread_join(from_handle(thread), &result), 0);
    return result;
}

struct thread thread_self(void)
{
    return to_handle(pthread_self());
}

bool thread_is_self(const struct thread *thread)
{
    return pthread_equal(from_handle(thread), pthread_self()) != 0;
}

void thread_exit(void)
{
    pthread_exit(NULL);
}

static _Thread_local void *own_pointer;

void thread_set_own(void *own)
{
    own_pointer = own;
}

void *thread_own(void)
{
    return own_pointer;
}

void thread_yield(void)
{
    sched_yield();
}

void thread_sleep(int64_t ns)
{
    struct timespec time = {.tv_sec = (time_t)(ns / MIO_NS_PER_S),
                            .tv_nsec = (long)(ns % MIO_NS_PER_S)};
    nanosleep(&time, NULL);
}

int64_t thread_cpu_time(void)
{
    struct timespec time;
    CHECK_EQ(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time), 0);
    return (int64_t)time.tv_sec * MIO_NS_PER_S + time.tv_nsec;
}

static void do_nothing(int signal)
{
    (void)signal;
}

bool thread_can_interrupt(void)
{
    return true;
}

void thread_on_interrupt(void (*action)(int))
{
    struct sigaction how;
    memset(&how, 0, sizeof how);
    how.sa_handler = action ? action : do_nothing;
    CHECK_EQ(sigaction(SIGUSR1, &how, NULL), 0);
}

void thread_interrupt(const struct thread *thread)
{
    pthread_kill(from_handle(thread), SIGUSR1);
}
