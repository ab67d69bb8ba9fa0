/*
 * restart_child: keeps a program running. Whenever the program ends, by itself or by a signal, it
 * is started again, at most ten times a second. SIGTERM or SIGINT ends both: the program gets a
 * SIGTERM, and a SIGKILL if it is still there five seconds later.
 *
 * A pidfd tells the end of a child. It is a descriptor for one process, and becomes readable when
 * that process ends. There is nothing to read from it, and so nothing to drain: the one event is
 * guaranteed in edge mode, and a blocking descriptor is as good as a non-blocking one. Linux 5.3.
 *
 * Try it:  ./restart_child sleep 3           Ctrl-C ends it
 *          ./restart_child sh -c 'exit 1'
 */
#define _GNU_SOURCE 1 /* syscall */

#include <mio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define INTERVAL_NS (100 * MIO_NS_PER_MS) /* from one start to the next one, at least */
#define GRACE_NS (5 * MIO_NS_PER_S)

enum { SIGNALS, CHILD }; /* tokens */

struct supervisor {
    struct mio_poll poll;
    struct mio_source signals, child;
    sigset_t usual;  /* the signals that were blocked before */
    char **argv;     /* of the program */
    pid_t pid;       /* 0: it does not run */
    int64_t next_ns; /* no start before that */
    int64_t kill_ns; /* when its time to end is over */
    bool ending;
};

static void check(const char *what, ptrdiff_t result)
{
    if (result >= 0)
        return;
    fprintf(stderr, "restart_child: %s: %s\n", what, mio_strerror(result));
    exit(EXIT_FAILURE);
}

/* ---- The child ------------------------------------------------------------------------------- */

/* Returns a descriptor that exec closes, or a negative code. glibc has a function since 2.36. */
static int open_pidfd(pid_t pid)
{
#ifdef SYS_pidfd_open
    long fd = syscall(SYS_pidfd_open, pid, 0);
    return fd >= 0 ? (int)fd : -errno;
#else
    (void)pid;
    return -ENOSYS;
#endif
}

/* The number cannot be given to another process yet: only this program reaps the child. */
static int watch_child(struct supervisor *s, pid_t pid)
{
    int fd = open_pidfd(pid);
    if (fd < 0)
        return fd;
    int error = mio_source_init_fd(&s->child, fd);
    if (error == 0)
        error = mio_register(mio_poll_registry(&s->poll), &s->child, CHILD, MIO_READABLE);
    if (error < 0)
        close(fd);
    return error;
}

/* In the child: nothing but system calls. exec closes what is open; it does not undo a mask. */
static void run_child(const struct supervisor *s, pid_t parent)
{
    sigprocmask(SIG_SETMASK, &s->usual, NULL);
    /* The program ends with its supervisor, even with one that is killed. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(126);
    execvp(s->argv[0], s->argv);
    _exit(127);
}

static void start_child(struct supervisor *s)
{
    pid_t parent = getpid();
    s->next_ns = mio_now_ns() + INTERVAL_NS;
    pid_t pid = fork();
    if (pid == 0)
        run_child(s, parent);
    int error = pid < 0 ? -errno : watch_child(s, pid);
    if (error == 0) {
        s->pid = pid;
        printf("started %ld\n", (long)pid);
        fflush(stdout);
        return;
    }
    /* A shortage, as a rule: next_ns says when to try again. */
    fprintf(stderr, "restart_child: start: %s\n", mio_strerror(error));
    if (pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
}

static void reap_child(struct supervisor *s)
{
    int status;
    if (s->pid == 0 || waitpid(s->pid, &status, WNOHANG) != s->pid)
        return; /* an event may be spurious */
    /* The source only borrows the descriptor: out of the poll first. */
    check("deregister", mio_deregister(mio_poll_registry(&s->poll), &s->child));
    check("close", close(mio_source_fd(&s->child)) == 0 ? 0 : -errno);
    if (WIFSIGNALED(status))
        printf("%ld: signal %d\n", (long)s->pid, WTERMSIG(status));
    else
        printf("%ld: exit status %d\n", (long)s->pid, WEXITSTATUS(status));
    fflush(stdout);
    s->pid = 0;
}

/* ---- The supervisor -------------------------------------------------------------------------- */

/* See signalfd.c. */
static void open_signals(struct supervisor *s)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    check("mask", sigprocmask(SIG_BLOCK, &set, &s->usual) == 0 ? 0 : -errno);
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    check("signalfd", fd >= 0 ? 0 : -errno);
    check("source", mio_source_init_fd(&s->signals, fd));
    check("register",
          mio_register(mio_poll_registry(&s->poll), &s->signals, SIGNALS, MIO_READABLE));
}

static void read_signals(struct supervisor *s)
{
    uint32_t ready = MIO_READABLE;
    while (ready & MIO_READABLE) {
        struct signalfd_siginfo info;
        ptrdiff_t n = read(mio_source_fd(&s->signals), &info, sizeof info);
        if (n < 0)
            n = -errno;
        check("after", mio_source_after(&s->signals, &ready, MIO_READABLE, n, 0));
        if (n == -EINTR || n == -EAGAIN)
            continue;
        check("read", n);
        if (s->ending)
            continue;
        s->ending = true;
        s->kill_ns = mio_now_ns() + GRACE_NS;
        if (s->pid != 0)
            kill(s->pid, SIGTERM); /* not reaped yet, so the number is still its own */
    }
}

/* Does what is due. Returns how long nothing else is. */
static int64_t keep_time(struct supervisor *s)
{
    int64_t now = mio_now_ns();
    if (s->pid == 0 && now >= s->next_ns)
        start_child(s);
    if (s->pid == 0)
        return s->next_ns - now;
    if (!s->ending)
        return MIO_FOREVER;
    if (now < s->kill_ns)
        return s->kill_ns - now;
    kill(s->pid, SIGKILL);
    return MIO_FOREVER;
}

static void run(struct supervisor *s)
{
    struct mio_event events[4];
    while (!s->ending || s->pid != 0) {
        int64_t timeout = keep_time(s);
        int count = mio_poll_wait(&s->poll, events, sizeof events / sizeof events[0], timeout);
        if (count == -EINTR)
            continue;
        check("wait", count);
        for (int i = 0; i < count; i++) {
            if (events[i].token == CHILD)
                reap_child(s);
            else
                read_signals(s);
        }
    }
}

int main(int argc, char **argv)
{
    static struct supervisor s;
    if (argc < 2) {
        fprintf(stderr, "usage: restart_child PROGRAM [ARGUMENTS...]\n");
        return 2;
    }
    s.argv = argv + 1;
    int fd = open_pidfd(getpid()); /* a kernel without the call is told before anything runs */
    check("pidfd_open", fd);
    check("close", close(fd) == 0 ? 0 : -errno);
    signal(SIGCHLD, SIG_DFL); /* if it is ignored, the system reaps children by itself */
    check("poll", mio_poll_init(&s.poll));
    open_signals(&s);
    run(&s);
    check("deregister", mio_deregister(mio_poll_registry(&s.poll), &s.signals));
    check("close", close(mio_source_fd(&s.signals)) == 0 ? 0 : -errno);
    check("close", mio_poll_close(&s.poll));
    return EXIT_SUCCESS;
}
