/*
 * timerfd: timers as sources. A descriptor of timerfd(2) becomes readable when its timer expires; a
 * read tells how often it did since the last read. One timer is periodic, the other fires once, and
 * then the program is busy for a while: the expirations of that time come as one number, none is
 * lost and none is early. Linux only, and it costs a descriptor and a read each time: deadlines.c
 * shows timers without descriptors, for many of them and for every system.
 *
 * Try it:  ./timerfd       (it ends by itself, after half a second)
 */
#define _POSIX_C_SOURCE 200809L /* CLOCK_MONOTONIC, nanosleep */

#include <inttypes.h>
#include <mio.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_NS (20 * MIO_NS_PER_MS)
#define ONCE_NS (110 * MIO_NS_PER_MS)
#define BUSY_NS (5 * PERIOD_NS)
#define MORE 10 /* expirations of the periodic timer after the other one fired */

struct timer {
    struct mio_source source;
    int fd;
    int64_t start;
    uint64_t count; /* expirations so far */
};

static void check(const char *what, ptrdiff_t result)
{
    if (result < 0) {
        fprintf(stderr, "timerfd: %s: %s\n", what, mio_strerror(result));
        exit(EXIT_FAILURE);
    }
}

static struct timespec timespec_of(int64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / MIO_NS_PER_S),
                             .tv_nsec = (long)(ns % MIO_NS_PER_S)};
}

/* Opens a timer that expires after first_ns, and then every period_ns; 0: never again. */
static void timer_open(struct timer *timer, struct mio_poll *poll, int64_t first_ns,
                       int64_t period_ns)
{
    /* The clock of mio_now_ns; CLOCK_BOOTTIME would also count the time that the machine sleeps. */
    timer->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    check("timerfd_create", timer->fd >= 0 ? 0 : -errno);
    check("source", mio_source_init_fd(&timer->source, timer->fd));
    check("register",
          mio_register(mio_poll_registry(poll), &timer->source, (mio_token)timer, MIO_READABLE));
    const struct itimerspec spec = {.it_value = timespec_of(first_ns),
                                    .it_interval = timespec_of(period_ns)};
    timer->count = 0;
    timer->start = mio_now_ns();
    check("timerfd_settime", timerfd_settime(timer->fd, 0, &spec, NULL) == 0 ? 0 : -errno);
}

static void timer_close(struct timer *timer, struct mio_poll *poll)
{
    /* The source only borrows the descriptor: out of the poll first. */
    check("deregister", mio_deregister(mio_poll_registry(poll), &timer->source));
    check("close", close(timer->fd) == 0 ? 0 : -errno);
}

/*
 * Returns how often the timer expired since the last call: 0 times, if the event was spurious.
 * A read takes the whole number at once, but here only -EAGAIN says that the timer did not expire
 * again since.
 */
static uint64_t timer_read(struct timer *timer)
{
    uint64_t count = 0;
    uint32_t ready = MIO_READABLE;
    while (ready & MIO_READABLE) {
        uint64_t more;
        ptrdiff_t n = read(timer->fd, &more, sizeof more); /* 8 bytes or an error */
        if (n < 0)
            n = -errno;
        /* The library did not see the read: where it emulates edges it has to be told. */
        check("after", mio_source_after(&timer->source, &ready, MIO_READABLE, n, 0));
        if (n == -EINTR || n == -EAGAIN)
            continue;
        check("read", n);
        count += more;
    }
    timer->count += count;
    return count;
}

/* Stands for work that takes longer than it should: nothing else happens in the loop meanwhile. */
static void be_busy(void)
{
    int64_t end = mio_now_ns() + BUSY_NS;
    for (int64_t left = BUSY_NS; left > 0; left = end - mio_now_ns()) {
        struct timespec pause = timespec_of(left);
        nanosleep(&pause, NULL); /* may be interrupted; the clock decides */
    }
}

static void report(const char *name, const struct timer *timer, uint64_t more)
{
    printf("%s: %" PRIu64 " more, %" PRIu64 " in all, after %.3f ms\n", name, more, timer->count,
           (double)(mio_now_ns() - timer->start) / (double)MIO_NS_PER_MS);
}

int main(void)
{
    struct mio_poll poll;
    struct timer periodic, once;
    struct mio_event events[4];
    uint64_t last = UINT64_MAX; /* the program ends with this expiration */

    check("poll", mio_poll_init(&poll));
    timer_open(&periodic, &poll, PERIOD_NS, PERIOD_NS);
    timer_open(&once, &poll, ONCE_NS, 0);
    while (periodic.count < last) {
        int count = mio_poll_wait(&poll, events, sizeof events / sizeof events[0], MIO_FOREVER);
        if (count == -EINTR)
            continue;
        check("wait", count);
        for (int i = 0; i < count; i++) {
            struct timer *timer = (struct timer *)events[i].token;
            uint64_t more = timer_read(timer);
            if (more == 0)
                continue;
            report(timer == &once ? "once" : "periodic", timer, more);
            if (timer == &once) {
                be_busy();
                last = periodic.count + MORE;
            }
        }
    }
    timer_close(&once, &poll);
    timer_close(&periodic, &poll);
    check("close", mio_poll_close(&poll));
    return EXIT_SUCCESS;
}
