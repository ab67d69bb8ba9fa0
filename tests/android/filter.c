#define _GNU_SOURCE 1
#include "filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

const struct android_call android_calls[] = {
#include "forbidden.inc"
};
enum { CALLS = sizeof android_calls / sizeof android_calls[0] };
const int android_call_count = CALLS;

enum { EXIT_SKIPPED = 77 };

static const char *name_of(int number)
{
    for (int i = 0; i < CALLS - 1; i++)
        if (android_calls[i].number == number)
            return android_calls[i].name;
    return "newer than the list";
}

/* The action is the default one by now, so that the signal ends the program. */
static void on_forbidden(int signal, siginfo_t *info, void *context)
{
    char text[128];
    (void)context;
    int length = snprintf(text, sizeof text, "# system call %d (%s) is forbidden\n",
                          info->si_syscall, name_of(info->si_syscall));
    if (write(STDOUT_FILENO, text, (size_t)length) < 0)
        _exit(2);
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, signal);
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);
    raise(signal);
    _exit(2);
}

static void put(struct sock_filter *code, size_t *length, struct sock_filter line)
{
    code[(*length)++] = line;
}

static unsigned result_of(const struct android_call *call)
{
    return call->answer == ANSWER_KILL ? SECCOMP_RET_TRAP : SECCOMP_RET_ERRNO | ENOSYS;
}

static int install(void)
{
    static struct sock_filter code[2 * CALLS + 8];
    size_t n = 0;
    const struct android_call *last = &android_calls[CALLS - 1];
    put(code, &n,
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                     offsetof(struct seccomp_data, arch)));
    put(code, &n, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0));
    put(code, &n, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
    put(code, &n,
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
    for (const struct android_call *call = android_calls; call <= last; call++) {
        const unsigned short test = call == last ? BPF_JGE : BPF_JEQ;
        put(code, &n,
            (struct sock_filter)BPF_JUMP((unsigned short)(BPF_JMP | test | BPF_K),
                                         (unsigned)call->number, 0, 1));
        put(code, &n, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, result_of(call)));
    }
    put(code, &n, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    const struct sock_fprog filter = {(unsigned short)n, code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
                   prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0
               ? -errno
               : 0;
}

/* Before main. A program that is killed leaves no core file. */
__attribute__((constructor)) static void begin(void)
{
    const struct rlimit no_core = {0, 0};
    struct sigaction action = {.sa_flags = SA_SIGINFO | (int)SA_RESETHAND};
    action.sa_sigaction = on_forbidden;
    if (setrlimit(RLIMIT_CORE, &no_core) < 0 || sigaction(SIGSYS, &action, NULL) < 0) {
        printf("Bail out! %s\n", strerror(errno));
        exit(2);
    }
    if (install() < 0) {
        printf("1..0 # SKIP the host takes no filters of system calls\n");
        exit(EXIT_SKIPPED);
    }
}
