/*
 * The filters that have no descriptor of the program's: timers, signals, processes. Each knote has
 * one of the host's, a timerfd, a signalfd or a pidfd, whose edges are its own. Signals have to be
 * blocked, which no kernel with kqueue asks for. And completions of POSIX AIO, which no change
 * makes: a test says when there is one.
 */
#include "settings.h"
#include "simulation.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

long __real_syscall(long number, ...);
ssize_t __real_read(int fd, void *buf, size_t len);

static struct sim_answer ask_host(struct knote *knote)
{
    struct sim_answer answer = {
        .ready = (sim_host_poll(knote->host_fd) & POLLIN) != 0,
        .data = 1,
    };
    return answer;
}

/* Takes what the host has queued, all of it. */
static void drain(struct knote *knote, const struct sim_answer *answer)
{
    struct signalfd_siginfo buf;
    (void)answer;
    while (__real_read(knote->host_fd, &buf, sizeof buf) > 0)
        continue;
}

/* ---- Timers: milliseconds, again and again, or once with EV_ONESHOT -------------------------- */

static int open_timer(void)
{
    return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
}

static void touch_timer(struct knote *knote, const struct kevent *change, bool first)
{
    (void)first;
    if (!(change->flags & EV_ADD))
        return;
    const struct timespec period = {(time_t)(change->data / 1000),
                                    (long)(change->data % 1000) * 1000000};
    const struct itimerspec times = {.it_interval = period, .it_value = period};
    knote->set.flags |= EV_CLEAR; /* which kernels do, too */
    timerfd_settime(knote->host_fd, 0, &times, NULL);
}

const struct sim_filter sim_filter_timer = {.ask = ask_host, .touch = touch_timer, .told = drain};

/* ---- Signals --------------------------------------------------------------------------------- */

static int open_signal(int number)
{
    sigset_t only;
    sigemptyset(&only);
    if (sigaddset(&only, number) < 0)
        return -1;
    return signalfd(-1, &only, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void touch_signal(struct knote *knote, const struct kevent *change, bool first)
{
    (void)change, (void)first;
    knote->set.flags |= EV_CLEAR;
}

const struct sim_filter sim_filter_signal = {.ask = ask_host, .touch = touch_signal, .told = drain};

/* ---- Processes: the exit, which is the end of the knote -------------------------------------- */

static struct sim_answer ask_process(struct knote *knote)
{
    struct sim_answer answer = ask_host(knote);
    answer.eof = answer.ready;
    answer.fflags = answer.ready ? NOTE_EXIT : 0;
    answer.data = 0;
    return answer;
}

static void touch_process(struct knote *knote, const struct kevent *change, bool first)
{
    (void)change, (void)first;
    knote->set.flags |= EV_ONESHOT;
}

const struct sim_filter sim_filter_process = {.ask = ask_process, .touch = touch_process};

/* ---- Completions, as on FreeBSD: until the result is taken, or as the flags say -------------- */

static struct sim_answer ask_completion(struct knote *knote)
{
    struct sim_answer answer = {.ready = true, .eof = knote->set.filter == EVFILT_AIO};
    return answer;
}

const struct sim_filter sim_filter_completion = {.ask = ask_completion};

void simulated_kqueue_complete(int fd, int filter, uintptr_t ident, uint32_t flags, void *udata)
{
    const struct kevent done = {.ident = ident,
                                .filter = (int16_t)filter,
                                .flags = (uint16_t)(EV_ADD | EV_ENABLE | flags),
                                .udata = udata};
    sigset_t before;
    sim_lock(&before);
    struct sim_queue *queue = sim_queue_find(fd);
    if (queue)
        sim_complete(queue, &done);
    sim_unlock(&before);
}

void simulated_kqueue_take_result(int fd, int filter, uintptr_t ident)
{
    sigset_t before;
    sim_lock(&before);
    struct sim_queue *queue = sim_queue_find(fd);
    struct knote *knote = queue ? sim_find(queue, ident, filter, 0) : NULL;
    if (knote)
        sim_delete(knote);
    sim_unlock(&before);
}

/* ---- Opening --------------------------------------------------------------------------------- */

int sim_open_own(struct knote *knote)
{
    const struct kevent *set = &knote->set;
    switch (set->filter) {
    case EVFILT_TIMER:
        knote->filter = &sim_filter_timer;
        knote->host_fd = open_timer();
        break;
    case EVFILT_SIGNAL:
        knote->filter = &sim_filter_signal;
        knote->host_fd = open_signal((int)set->ident);
        break;
    default:
        knote->filter = &sim_filter_process;
        knote->host_fd = (int)__real_syscall(SYS_pidfd_open, (pid_t)set->ident, 0);
        break;
    }
    return knote->host_fd < 0 ? errno : sim_host_add(knote);
}
