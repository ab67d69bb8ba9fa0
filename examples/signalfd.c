/*
 * signalfd: signals as a source. They are blocked, so that no handler interrupts the program, and
 * read as records from a descriptor of signalfd(2), which is registered as any other. SIGUSR1 and
 * SIGHUP are counted; SIGTERM and SIGINT end the program. Linux only: graceful_shutdown.c shows
 * what works everywhere, a handler that wakes the loop.
 *
 * Try it:  ./signalfd                 it prints its process number
 *          kill -USR1 NUMBER          also -HUP; -TERM or Ctrl-C ends it
 */
#define _POSIX_C_SOURCE 200809L /* sigprocmask */

#include <mio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct watched {
    int number;
    const char *name;
    bool ends; /* the program */
    unsigned count;
};

static struct watched signals[] = {
    {SIGUSR1, "SIGUSR1", false, 0},
    {SIGHUP, "SIGHUP", false, 0},
    {SIGTERM, "SIGTERM", true, 0},
    {SIGINT, "SIGINT", true, 0},
};
#define SIGNALS (sizeof signals / sizeof signals[0])

static void check(const char *what, ptrdiff_t result)
{
    if (result < 0) {
        fprintf(stderr, "signalfd: %s: %s\n", what, mio_strerror(result));
        exit(EXIT_FAILURE);
    }
}

/*
 * A signal that is not blocked does what it did before: it would end the program instead of being
 * read. The mask belongs to the thread. Block before you start threads, which inherit it; programs
 * that you start inherit it, too, and want it undone before exec.
 */
static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaddset(&set, signals[i].number);
    check("mask", sigprocmask(SIG_BLOCK, &set, NULL) == 0 ? 0 : -errno);
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    check("signalfd", fd >= 0 ? 0 : -errno);
    return fd;
}

/* Returns true when it was one that ends the program. */
static bool count(const struct signalfd_siginfo *info)
{
    for (size_t i = 0; i < SIGNALS; i++) {
        struct watched *s = &signals[i];
        if (info->ssi_signo != (uint32_t)s->number)
            continue;
        s->count++;
        if (info->ssi_code == SI_KERNEL) /* Ctrl-C, for one */
            printf("%s from the kernel\n", s->name);
        else
            printf("%s from process %u\n", s->name, (unsigned)info->ssi_pid);
        fflush(stdout);
        return s->ends;
    }
    return false;
}

/*
 * Reads until nothing is left, which is what the draining rule demands of such descriptors: a short
 * read tells nothing here. Returns true when the program shall end; what was sent before that is
 * counted nevertheless.
 */
static bool read_signals(struct mio_source *source)
{
    bool end = false;
    uint32_t ready = MIO_READABLE;
    while (ready & MIO_READABLE) {
        struct signalfd_siginfo infos[4]; /* a read returns as many whole records as there are */
        ptrdiff_t n = read(mio_source_fd(source), infos, sizeof infos);
        if (n < 0)
            n = -errno;
        /* The library did not see the read: where it emulates edges it has to be told. */
        check("after", mio_source_after(source, &ready, MIO_READABLE, n, 0));
        if (n == -EINTR || n == -EAGAIN)
            continue;
        check("read", n);
        for (size_t i = 0; i < (size_t)n / sizeof infos[0]; i++)
            end = count(&infos[i]) || end;
    }
    return end;
}

int main(void)
{
    struct mio_poll poll;
    struct mio_source source;
    struct mio_event events[4];
    bool end = false;

    /* Epoll watches the signals of the process that registers: do both after a fork, not before. */
    int fd = open_signals();
    check("poll", mio_poll_init(&poll));
    check("source", mio_source_init_fd(&source, fd));
    check("register", mio_register(mio_poll_registry(&poll), &source, 1, MIO_READABLE));
    printf("waiting for signals as process %ld\n", (long)getpid());
    fflush(stdout);

    while (!end) {
        int n = mio_poll_wait(&poll, events, sizeof events / sizeof events[0], MIO_FOREVER);
        if (n == -EINTR) /* from other signals, and after a stop and SIGCONT */
            continue;
        check("wait", n);
        for (int i = 0; i < n; i++)
            end = read_signals(&source) || end;
    }

    /* Equal signals that are pending together are one: the counts tell of reports, not of kills. */
    printf("%u SIGUSR1, %u SIGHUP\n", signals[0].count, signals[1].count);
    check("deregister", mio_deregister(mio_poll_registry(&poll), &source));
    check("close", close(fd) == 0 ? 0 : -errno);
    check("close", mio_poll_close(&poll));
    return EXIT_SUCCESS;
}
