/* Threads of Windows, started so that the C library knows of them. */
#include "windows_system.h"

#include "system.h"

#include <process.h>
#include <stdlib.h>

struct thread {
    HANDLE handle;
    void (*run)(void *arg);
    void *arg;
};

struct monitor {
    SRWLOCK lock;
    CONDITION_VARIABLE news;
};

static unsigned __stdcall thread_run(void *arg)
{
    const struct thread *thread = arg;
    thread->run(thread->arg);
    return 0;
}

int thread_start(struct thread **thread, void (*run)(void *arg), void *arg)
{
    struct thread *started = calloc(1, sizeof *started);
    if (started == NULL)
        return -ENOMEM;
    started->run = run;
    started->arg = arg;
    started->handle = (HANDLE)_beginthreadex(NULL, 0, thread_run, started, 0, NULL);
    if (started->handle == NULL) {
        free(started);
        return -EAGAIN;
    }
    *thread = started;
    return 0;
}

int thread_join(struct thread *thread)
{
    if (WaitForSingleObject(thread->handle, INFINITE) != WAIT_OBJECT_0)
        return -EIO;
    CloseHandle(thread->handle);
    free(thread);
    return 0;
}

void thread_pause(int64_t ns)
{
    Sleep((DWORD)((ns + MIO_NS_PER_MS - 1) / MIO_NS_PER_MS));
}

int monitor_open(struct monitor **monitor)
{
    *monitor = calloc(1, sizeof **monitor);
    if (*monitor == NULL)
        return -ENOMEM;
    InitializeSRWLock(&(*monitor)->lock);
    InitializeConditionVariable(&(*monitor)->news);
    return 0;
}

void monitor_enter(struct monitor *monitor)
{
    AcquireSRWLockExclusive(&monitor->lock);
}

void monitor_leave(struct monitor *monitor)
{
    ReleaseSRWLockExclusive(&monitor->lock);
}

void monitor_tell(struct monitor *monitor)
{
    WakeConditionVariable(&monitor->news);
}

void monitor_wait(struct monitor *monitor)
{
    SleepConditionVariableSRW(&monitor->news, &monitor->lock, 1000, 0);
}

void monitor_close(struct monitor *monitor)
{
    free(monitor);
}
