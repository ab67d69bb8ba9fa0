#define _GNU_SOURCE 1
#include "system.h"

#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- Children -------------------------------------------------------------------------------- */

bool child_is_possible(void)
{
    return true;
}

int child_run(int (*run)(const char **word), const char **word)
{
    int ends[2], status;
    CHECK_EQ(pipe(ends), 0);
    fflush(stdout);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        *word = NULL;
        int result = run(word);
        if (write(ends[1], word, sizeof *word) != sizeof *word)
            result = 1;
        fflush(stdout);
        _exit(result);
    }
    close(ends[1]);
    if (read(ends[0], word, sizeof *word) != sizeof *word)
        *word = NULL;
    close(ends[0]);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    return status;
}

int child_signal(int status)
{
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

int child_result(int status)
{
    return WEXITSTATUS(status);
}

/* ---- Deadlines ------------------------------------------------------------------------------- */

static const char *deadline_text;

static void on_alarm(int signal)
{
    (void)signal;
    if (write(STDOUT_FILENO, deadline_text, strlen(deadline_text)) < 0)
        _exit(2);
    _exit(1);
}

void deadline_set(unsigned seconds, const char *text)
{
    deadline_text = text;
    signal(SIGALRM, on_alarm);
    alarm(seconds);
}

/* ---- Signals --------------------------------------------------------------------------------- */

void broken_pipes_kill(bool kill)
{
    signal(SIGPIPE, kill ? SIG_DFL : SIG_IGN);
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

/*
 * Asks the system for its list, for to try all numbers, twice in each case, took most of the time
 * of a run. Returns -1 where there is no list.
 */
static int listed_descriptors(void)
{
    DIR *list = opendir("/proc/self/fd");
    int count = 0;
    if (!list)
        return -1;
    for (const struct dirent *entry; (entry = readdir(list)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(list);
    return count - 1; /* the list's own */
}

int descriptors_open(void)
{
    struct rlimit limit;
    int count = listed_descriptors();
    if (count >= 0)
        return count;
    count = 0;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    /* Nothing here opens more than a few thousand; a limit of a million would only cost time. */
    int end = limit.rlim_cur < 20000 ? (int)limit.rlim_cur : 20000;
    for (int fd = 0; fd < end; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void set_limit(rlim_t current)
{
    struct rlimit limit;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = current;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static rlim_t limit_before;

bool descriptors_leave(int count)
{
    enum { MOST = 8 };
    struct rlimit limit;
    int fds[MOST + 1] = {0};
    CHECK(count >= 0 && count <= MOST);
    for (int i = 0; i <= count; i++) {
        fds[i] = dup(STDOUT_FILENO);
        CHECK(fds[i] >= 0);
    }
    /* Free numbers are given out from the lowest on: the last one is the first beyond. */
    int end = fds[count];
    for (int i = 0; i <= count; i++)
        CHECK_EQ(close(fds[i]), 0);
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit_before = limit.rlim_cur;
    set_limit((rlim_t)end);
    return true;
}

void descriptors_give_back(void)
{
    set_limit(limit_before);
}

int descriptors_raise(int wanted)
{
    struct rlimit limit;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    /* Where there is no end, the system still has one of its own. */
    rlim_t most = limit.rlim_max < (rlim_t)wanted + 64 ? limit.rlim_max : (rlim_t)wanted + 64;
    if (limit.rlim_cur < most)
        set_limit(most);
    rlim_t left = (limit.rlim_cur < most ? most : limit.rlim_cur) - 64;
    return left < (rlim_t)wanted ? (int)left : wanted;
}

/* ---- Clock and memory ------------------------------------------------------------------------ */

long process_id(void)
{
    return (long)getpid();
}

int64_t clock_now_ns(void)
{
    struct timespec now;
    CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (int64_t)now.tv_sec * MIO_NS_PER_S + now.tv_nsec;
}

int64_t clock_time_of_day_ns(void)
{
    struct timespec now;
    CHECK_EQ(clock_gettime(CLOCK_REALTIME, &now), 0);
    return (int64_t)now.tv_sec * MIO_NS_PER_S + now.tv_nsec;
}

/* Elsewhere memory is not taken from the system before it is touched, unasked. */
#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

void *memory_reserve(uint64_t size)
{
    void *memory = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void *memory_forbidden(uint64_t size)
{
    void *memory = mmap(NULL, (size_t)size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    return memory;
}

void memory_free(void *memory, uint64_t size)
{
    CHECK_EQ(munmap(memory, (size_t)size), 0);
}
