#include "windows_system.h"

#include "plain.h"
#include "system.h"
#include "test.h"

#include <process.h>
#include <string.h>

/* ---- Children -------------------------------------------------------------------------------- */

bool child_is_possible(void)
{
    return false;
}

int child_run(int (*run)(const char **word), const char **word)
{
    (void)run, (void)word;
    test_fail(__FILE__, __LINE__, "no process can be copied here");
}

int child_signal(int status)
{
    (void)status;
    return 0;
}

int child_result(int status)
{
    return status;
}

/* ---- Deadlines ------------------------------------------------------------------------------- */

/* A thread that lives as long as the process waits for the end of the time. */
static struct {
    SRWLOCK lock;
    CONDITION_VARIABLE changed;
    bool runs;
    ULONGLONG end; /* in milliseconds of the system's clock; 0 for never */
    const char *text;
} deadline;

static unsigned __stdcall watch_deadline(void *arg)
{
    DWORD written;
    (void)arg;
    AcquireSRWLockExclusive(&deadline.lock);
    for (;;) {
        ULONGLONG now = GetTickCount64();
        if (deadline.end != 0 && now >= deadline.end)
            break;
        SleepConditionVariableSRW(&deadline.changed, &deadline.lock,
                                  deadline.end != 0 ? (DWORD)(deadline.end - now) : INFINITE, 0);
    }
    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), deadline.text, (DWORD)strlen(deadline.text),
              &written, NULL);
    TerminateProcess(GetCurrentProcess(), 1);
    return 0;
}

void deadline_set(unsigned seconds, const char *text)
{
    AcquireSRWLockExclusive(&deadline.lock);
    deadline.end = seconds > 0 ? GetTickCount64() + 1000ULL * seconds : 0;
    deadline.text = text;
    bool runs = deadline.runs;
    deadline.runs = true;
    ReleaseSRWLockExclusive(&deadline.lock);
    WakeConditionVariable(&deadline.changed);
    if (!runs) {
        HANDLE thread = (HANDLE)_beginthreadex(NULL, 0, watch_deadline, NULL, 0, NULL);
        CHECK(thread);
        CHECK(CloseHandle(thread));
    }
}

void broken_pipes_kill(bool kill)
{
    (void)kill; /* no system call ends the process here */
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

/*
 * All handles of the process, found by trying: Wine does not tell how many there are. They are
 * multiples of 4, given out from below, so a long gap is the end.
 */
static int count_handles(void)
{
    enum { GAP = 64 };
    int count = 0;
    DWORD flags;
    for (uintptr_t handle = 4, last = 0; handle <= last + 4 * GAP; handle += 4)
        if (GetHandleInformation((HANDLE)handle, &flags)) {
            count++;
            last = handle;
        }
    return count;
}

/* The first sockets of a process open some things that stay; so they come before the counting. */
int descriptors_open(void)
{
    static bool warm;
    mio_fd fds[2];
    if (!warm) {
        warm = true;
        plain_pair(PLAIN_STREAM, fds);
        CHECK(plain_look(fds[0], PLAIN_OUT, 0) != 0);
        CHECK(plain_state(fds[0]) != 0);
        CHECK(plain_close(fds[0]) == 0 && plain_close(fds[1]) == 0);
        plain_close(plain_loop(true));
    }
    return count_handles();
}

bool descriptors_leave(int count)
{
    (void)count;
    return false;
}

void descriptors_give_back(void)
{
}

int descriptors_raise(int wanted)
{
    return wanted;
}

/* ---- Clock and memory ------------------------------------------------------------------------ */

long process_id(void)
{
    return (long)GetCurrentProcessId();
}

int64_t clock_now_ns(void)
{
    LARGE_INTEGER frequency, now;
    CHECK(QueryPerformanceFrequency(&frequency) && QueryPerformanceCounter(&now));
    int64_t seconds = now.QuadPart / frequency.QuadPart, rest = now.QuadPart % frequency.QuadPart;
    return seconds * MIO_NS_PER_S + rest * MIO_NS_PER_S / frequency.QuadPart;
}

int64_t clock_time_of_day_ns(void)
{
    const int64_t years_1601_to_1970 = INT64_C(11644473600);
    FILETIME now;
    GetSystemTimeAsFileTime(&now);
    int64_t ticks = (int64_t)now.dwHighDateTime << 32 | now.dwLowDateTime; /* of 100 ns */
    return (ticks - years_1601_to_1970 * 10000000) * 100;
}

/* The first pages can be used, which is where events are written. */
void *memory_reserve(uint64_t size)
{
    enum { USED = 1 << 16 };
    void *memory = VirtualAlloc(NULL, (SIZE_T)size, MEM_RESERVE, PAGE_READWRITE);
    if (memory)
        CHECK(VirtualAlloc(memory, USED, MEM_COMMIT, PAGE_READWRITE));
    return memory;
}

void *memory_forbidden(uint64_t size)
{
    void *memory = VirtualAlloc(NULL, (SIZE_T)size, MEM_RESERVE, PAGE_NOACCESS);
    CHECK(memory);
    return memory;
}

void memory_free(void *memory, uint64_t size)
{
    (void)size;
    CHECK(VirtualFree(memory, 0, MEM_RELEASE));
}
