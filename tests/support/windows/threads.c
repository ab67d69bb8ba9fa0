#include "windows_system.h"

#include "system.h"
#include "test.h"

#include <process.h>
#include <stdlib.h>

/* A thread's handle is the address of this, which thread_join frees. */
struct record {
    HANDLE handle;
    void *(*run)(void *);
    void *arg;
    void *result;
    void *own;
};

static struct record first; /* of the thread that runs the cases */

/* The place of each thread's record. _Thread_local would need a library beside the program. */
static DWORD own_place(void)
{
    static DWORD place = TLS_OUT_OF_INDEXES;
    if (place == TLS_OUT_OF_INDEXES) /* before there is a second thread */
        place = TlsAlloc();
    CHECK(place != TLS_OUT_OF_INDEXES);
    return place;
}

static struct record *record_of(const struct thread *thread)
{
    return (struct record *)thread->handle;
}

static unsigned __stdcall run_thread(void *arg)
{
    struct record *record = arg;
    CHECK(TlsSetValue(own_place(), record));
    record->result = record->run(record->arg);
    return 0;
}

void thread_start(struct thread *thread, void *(*run)(void *), void *arg)
{
    struct record *record = calloc(1, sizeof *record);
    CHECK(record);
    record->run = run;
    record->arg = arg;
    record->handle = (HANDLE)_beginthreadex(NULL, 0, run_thread, record, 0, NULL);
    CHECK(record->handle);
    thread->handle = (uintptr_t)record;
}

void *thread_join(struct thread *thread)
{
    struct record *record = record_of(thread);
    CHECK_EQ(WaitForSingleObject(record->handle, INFINITE), WAIT_OBJECT_0);
    CHECK(CloseHandle(record->handle));
    void *result = record->result;
    free(record);
    return result;
}

struct thread thread_self(void)
{
    struct record *own = TlsGetValue(own_place());
    struct thread thread = {(uintptr_t)(own ? own : &first)};
    return thread;
}

bool thread_is_self(const struct thread *thread)
{
    return thread_self().handle == thread->handle;
}

void thread_exit(void)
{
    _endthreadex(0);
    abort(); /* for compilers that do not know that it does not return */
}

void thread_set_own(void *own)
{
    const struct thread self = thread_self();
    record_of(&self)->own = own;
}

void *thread_own(void)
{
    const struct thread self = thread_self();
    return record_of(&self)->own;
}

void thread_yield(void)
{
    SwitchToThread();
}

void thread_sleep(int64_t ns)
{
    Sleep((DWORD)((ns + MIO_NS_PER_MS - 1) / MIO_NS_PER_MS));
}

static int64_t to_ns(FILETIME time)
{
    return (int64_t)(((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime) * 100);
}

int64_t thread_cpu_time(void)
{
    FILETIME created, exited, kernel, user;
    CHECK(GetThreadTimes(GetCurrentThread(), &created, &exited, &kernel, &user));
    return to_ns(kernel) + to_ns(user);
}

bool thread_can_interrupt(void)
{
    return false;
}

void thread_on_interrupt(void (*action)(int))
{
    (void)action;
}

void thread_interrupt(const struct thread *thread)
{
    (void)thread;
}
