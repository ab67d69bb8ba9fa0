#define _GNU_SOURCE 1
#include "sigpipe_util.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* ---- Filters --------------------------------------------------------------------------------- */

/* From now on the call gets this answer, in this process and for good. The harshest filter wins. */
static void answer(long call, uint32_t with)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, with),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {sizeof code / sizeof code[0], code};
    /* Children that are killed leave no core files. */
    const struct rlimit no_core = {0, 0};
    CHECK_EQ(setrlimit(RLIMIT_CORE, &no_core), 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
        SKIP("the host takes no filters of system calls");
}

void sigpipe_kill_on(long call)
{
    answer(call, SECCOMP_RET_KILL_PROCESS);
}

int sigpipe_raw_pwritev2(void)
{
    const long rwf_nosignal = 0x100;
    int ends[2];
    CHECK_EQ(pipe(ends), 0);
    struct iovec byte = {(char[]){"x"}, 1};
    long n = syscall(SYS_pwritev2, ends[1], &byte, 1, -1L, -1L, rwf_nosignal);
    int result = n < 0 ? -errno : 0;
    close(ends[0]);
    close(ends[1]);
    return result;
}

/* ---- Each case on every kind of system ------------------------------------------------------- */

/* 0 is the system as it is, else what it answers to pwritev2 instead. */
static const int refusals[] = {0, EOPNOTSUPP, ENOSYS, EPERM, EINVAL};
static int refusal;
static void (*scenario)(void);

static void refuse_and_run(void)
{
    if (refusal != 0) {
        answer(SYS_pwritev2, SECCOMP_RET_ERRNO | (uint32_t)refusal);
        CHECK_EQ(sigpipe_raw_pwritev2(), -refusal);
    }
    scenario();
}

void sigpipe_run_refused(void (*run)(void))
{
    scenario = run;
    for (size_t i = 1; i < sizeof refusals / sizeof refusals[0]; i++) {
        refusal = refusals[i];
        test_in_child(refuse_and_run);
    }
}

void sigpipe_run_everywhere(void (*run)(void))
{
    refusal = refusals[0];
    scenario = run;
    test_in_child(refuse_and_run);
    if (!test_under_valgrind()) /* it makes its own system calls of the program's */
        sigpipe_run_refused(run);
}

/* ---- Observing signals ----------------------------------------------------------------------- */

bool sigpipe_is_pending(void)
{
    sigset_t set;
    CHECK_EQ(sigpending(&set), 0);
    return sigismember(&set, SIGPIPE) == 1;
}

sigset_t sigpipe_mask(void)
{
    sigset_t set;
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, NULL, &set), 0);
    return set;
}

void sigpipe_check_mask(const sigset_t *expected)
{
    sigset_t set = sigpipe_mask();
    for (int signal = 1; signal <= SIGRTMAX; signal++)
        CHECK_EQ(sigismember(&set, signal), sigismember(expected, signal));
}

void sigpipe_block(int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
}

bool sigpipe_take_pending(void)
{
    const struct timespec now = {0, 0};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return sigtimedwait(&set, NULL, &now) == SIGPIPE;
}

volatile sig_atomic_t sigpipe_handled;

void sigpipe_count(int signal)
{
    (void)signal;
    sigpipe_handled++;
}

void sigpipe_set_action(void (*action)(int))
{
    struct sigaction how;
    memset(&how, 0, sizeof how);
    how.sa_handler = action;
    CHECK_EQ(sigaction(SIGPIPE, &how, NULL), 0);
}

void sigpipe_check_action(void (*action)(int))
{
    struct sigaction how;
    CHECK_EQ(sigaction(SIGPIPE, NULL, &how), 0);
    CHECK(how.sa_handler == action);
}

/* ---- Broken pipes ---------------------------------------------------------------------------- */

void sigpipe_open_broken(struct mio_pipe_sender *sender)
{
    struct mio_pipe_receiver receiver;
    CHECK_EQ(mio_pipe_pair(sender, &receiver), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
}

void sigpipe_write_to_broken_pipes(void)
{
    static const int leftovers[] = {0, EINTR, EAGAIN};
    struct mio_buf bufs[2] = {{(char[]){"ab"}, 2}, {(char[]){"c"}, 1}};
    const sigset_t before = sigpipe_mask();
    for (int vectored = 0; vectored < 2; vectored++) {
        struct mio_pipe_sender sender;
        sigpipe_open_broken(&sender);
        for (int i = 0; i < 3; i++) {
            errno = leftovers[i]; /* means nothing to the library */
            CHECK_EQ(vectored ? mio_pipe_sender_writev(&sender, bufs, 2)
                              : mio_pipe_sender_write(&sender, "abc", 3),
                     -EPIPE);
            sigpipe_check_mask(&before);
        }
        CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    }
}
