/*
 * The other differences between systems: threads, children, limits, clocks, memory. No system
 * header comes with it.
 */
#ifndef MIO_TEST_SYSTEM_H
#define MIO_TEST_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>

/* ---- Threads --------------------------------------------------------------------------------- */

struct thread {
    uintptr_t handle;
};
void thread_start(struct thread *thread, void *(*run)(void *), void *arg);
/* Waits for the end of the thread; its result. */
void *thread_join(struct thread *thread);
struct thread thread_self(void);
bool thread_is_self(const struct thread *thread);
/* Ends the calling thread. */
#if defined(__GNUC__)
__attribute__((noreturn))
#endif
void thread_exit(void);
/* A pointer that the thread keeps for itself, NULL at first. An interrupt may ask for it. */
void thread_set_own(void *own);
void *thread_own(void);
void thread_yield(void);
void thread_sleep(int64_t ns);
/* The time that the calling thread has spent on a processor. */
int64_t thread_cpu_time(void);

/* Whether the system can interrupt a system call; else the next two do nothing. */
bool thread_can_interrupt(void);
/*
 * Interrupts the system call in which the thread is. First the process says what runs in the thread
 * then, NULL for nothing: else an interrupt ends the process.
 */
void thread_on_interrupt(void (*action)(int));
void thread_interrupt(const struct thread *thread);

/* ---- Processes ------------------------------------------------------------------------------- */

/* Whether a process can make a copy of itself. Without it nothing here may be called. */
bool child_is_possible(void);
/*
 * Runs a function in a child process, which ends with its result, and waits for the end. A pointer
 * that the function leaves in *word arrives here: what is told is the same in both, as strings of
 * the program are. Returns what the system says of the end.
 */
int child_run(int (*run)(const char **word), const char **word);
/* The signal that ended the child, or 0; the result of the function, if no signal did. */
int child_signal(int status);
int child_result(int status);

/* The process ends with this text on its output and status 1 after that time; 0 is for never. */
void deadline_set(unsigned seconds, const char *text);

/* Whether a write to what nobody reads ends the process, as it does from the start. */
void broken_pipes_kill(bool kill);

/* The descriptors that are open in this process. */
int descriptors_open(void);
/*
 * Leaves room for so many more (at most 8), and takes back what that did. False where the system
 * has no limit that a process can set.
 */
bool descriptors_leave(int count);
void descriptors_give_back(void);
/* Raises the limit as far as it goes; how many are free then, at most wanted. */
int descriptors_raise(int wanted);

long process_id(void);
/* The system's own clock that never goes back. */
int64_t clock_now_ns(void);
/* The time since 1970. */
int64_t clock_time_of_day_ns(void);
/* Address space without memory behind it, or NULL; and memory that nobody may touch. */
void *memory_reserve(uint64_t size);
void *memory_forbidden(uint64_t size);
void memory_free(void *memory, uint64_t size);

#endif
