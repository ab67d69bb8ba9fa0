/*
 * Waits on an epoll that spin (struct mio_poll_options, spin_ns). The protocol with wakers and the
 * back-off: spin.h. The queue itself: epoll.c.
 *
 *     look, unless a sleep is next                done, where there is something
 *     spin for spin_ns, where that is due         done
 *     sleep, until spin_ns before the end         done
 *     spin until the end
 *
 * A wait that ends soon spins through. Facts about the kernel:
 *   A  epoll_wait that does not wait leaves no trace of a signal: it is never EINTR.
 *   B  A sleep ends later than asked for, by the timer slack of its thread (50 us unless somebody
 *      chose otherwise), so that the kernel can end several at once. prctl(2) changes it for the
 *      calling thread. Threads with a real-time policy have none.
 *   C  A long sleep ends late by a thousandth of its length all the same, by a two-hundredth where
 *      the thread is niced, by 100 ms at most (fs/select.c). So it is made in steps.
 */
#include "sys/linux/epoll_spin.h"

#include "internal.h"
#include "spin.h"
#include "sys/linux/epoll_fetch.h"
#include "sys/linux/syscall.h"
#include "sys/sanitizers.h"

#include <sys/prctl.h>

/*
 * Pauses between two questions to the kernel, with a look at the word of the wakers before each. A
 * pause takes 5 to 70 ns, by processor, and a question 80 to 300: more of them would see wakes
 * sooner, and all other events later.
 */
enum { PAUSES = 4 };

/* Where a wait puts its events, and when it ends. */
struct epoll_spin {
    struct mio_poll *poll;
    struct mio_event *events;
    int room;
    int64_t now;      /* the clock, read last */
    int64_t deadline; /* MIO_FOREVER */
};

static inline void spin_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#else
    __asm__ volatile("" ::: "memory");
#endif
}

static int64_t spin_later(int64_t now, int64_t ns)
{
    return ns < MIO_FOREVER - now ? now + ns : MIO_FOREVER;
}

/* ---- Looking --------------------------------------------------------------------------------- */

/* Translates the events that the kernel has put behind the first n. Returns how many there are. */
static int spin_fetched(const struct epoll_spin *spin, int n, int fetched)
{
    if (fetched < 0)
        return n > 0 ? n : fetched;
    if (fetched > 0) {
        MIO__KERNEL_WROTE(spin->events + n, (size_t)fetched * sizeof(struct epoll_event));
        epoll_translate(spin->events + n, fetched);
    }
    return n + fetched;
}

static int spin_ask_kernel(const struct epoll_spin *spin, int n)
{
    int fetched = epoll_fetch_ms(spin->poll->fd, spin->events + n, spin->room - n, 0);
    return spin_fetched(spin, n, fetched);
}

static int spin_ask_wakers(const struct epoll_spin *spin, int n)
{
    return n + mio__spin_take_wakes(spin->poll, spin->events + n, spin->room - n);
}

/* A look at all that there is, if there is room, and else at what has the turn (spin.h). */
static int spin_look(const struct epoll_spin *spin)
{
    struct mio_poll *poll = spin->poll;
    if (poll->spin_turn) {
        poll->spin_turn = 0;
        int n = spin_ask_kernel(spin, 0);
        return n < 0 ? n : spin_ask_wakers(spin, n);
    }
    int n = spin_ask_wakers(spin, 0);
    if (n < spin->room)
        return spin_ask_kernel(spin, n);
    poll->spin_turn = 1;
    return n;
}

/* Looks until there is something to report, or it is that late. */
static int spin_until(struct epoll_spin *spin, int64_t end)
{
    do {
        for (int i = 0; i < PAUSES && !mio__spin_sees_wake(spin->poll); i++)
            spin_relax();
        int n = spin_ask_wakers(spin, 0);
        if (n == 0)
            n = spin_ask_kernel(spin, 0);
        if (n > 0) {
            mio__counter_add(&spin->poll->spins_hit, 1);
            mio__spin_pays(spin->poll);
        }
        if (n != 0)
            return n;
        spin->now = mio_now_ns();
    } while (spin->now < end);
    mio__counter_add(&spin->poll->spins_missed, 1);
    return 0;
}

/* ---- Sleeping -------------------------------------------------------------------------------- */

/* Makes the sleeps of this thread end on time (B). Returns the slack before, 0 where it stays. */
static long slack_lower(void)
{
    long slack = mio__syscall4(SYS_prctl, PR_GET_TIMERSLACK, 0, 0, 0);
    if (slack <= 1 || mio__syscall4(SYS_prctl, PR_SET_TIMERSLACK, 1, 0, 0) != 0)
        return 0;
    return slack;
}

static void slack_restore(long slack)
{
    if (slack > 0)
        mio__syscall4(SYS_prctl, PR_SET_TIMERSLACK, slack, 0, 0);
}

/* Sleeps until there is something to report, or it is that late. */
static int spin_sleep(struct epoll_spin *spin, int64_t end)
{
    struct mio_poll *poll = spin->poll;
    int64_t begin = spin->now;
    long slack = end != MIO_FOREVER ? slack_lower() : 0;
    int n = 0;
    if (mio__spin_fall_asleep(poll)) {
        int64_t rest = end != MIO_FOREVER ? end - begin : MIO_FOREVER;
        n = epoll_fetch(poll, spin->events, (size_t)spin->room, rest);
        mio__spin_wake_up(poll);
    }
    slack_restore(slack);
    spin->now = mio_now_ns();
    return spin_fetched(spin, 0, n);
}

/* The end of the next step of a sleep (C): each but the last leaves more than it may be late by. */
static int64_t spin_step(int64_t now, int64_t end)
{
    enum { STEP_MAX = 8 * MIO_NS_PER_MS, LATE_LESS_THAN = 128 };
    const int64_t rest = end - now;
    return end == MIO_FOREVER || rest < STEP_MAX ? end : end - rest / LATE_LESS_THAN;
}

/* ---- Waiting --------------------------------------------------------------------------------- */

/* Goes on after a look that found nothing. */
static int spin_and_sleep(struct epoll_spin *spin)
{
    struct mio_poll *poll = spin->poll;
    /* When the last spin begins, and when the one before the sleep ends. */
    int64_t last = spin->deadline != MIO_FOREVER || poll->spin_ns == MIO_FOREVER
                       ? spin->deadline - poll->spin_ns
                       : MIO_FOREVER;
    int64_t end = spin->now;
    if (end < last && mio__spin_is_due(poll))
        end = spin_later(end, poll->spin_ns);
    if (end >= last)
        end = spin->deadline;
    if (end > spin->now) {
        int n = spin_until(spin, end);
        if (n != 0)
            return n;
        mio__spin_fails(poll);
    }
    const int64_t begin = spin->now;
    while (spin->now < last) {
        int n = spin_sleep(spin, spin_step(spin->now, last));
        mio__spin_sleep_ends(poll, n > 0 && spin->now - begin < poll->spin_ns);
        if (n == 0 && mio__spin_sees_wake(poll))
            n = spin_look(spin);
        if (n != 0)
            return n;
    }
    return spin->now < spin->deadline ? spin_until(spin, spin->deadline) : 0;
}

/*
 * Whether a look first would be for nothing: the poll is idle, so most waits find nothing, and the
 * sleep that comes next asks the kernel, too.
 */
static bool spin_sleeps_first(const struct mio_poll *poll, int64_t timeout_ns)
{
    return timeout_ns > poll->spin_ns && poll->spin_skips != 0 && !mio__spin_sees_wake(poll);
}

int mio__epoll_wait_spinning(struct mio_poll *poll, struct mio_event *events, size_t capacity,
                             int64_t timeout_ns)
{
    struct epoll_spin spin = {.poll = poll, .events = events};
    spin.room = capacity < EPOLL_EVENTS_MAX ? (int)capacity : EPOLL_EVENTS_MAX;
    int n = spin_sleeps_first(poll, timeout_ns) ? 0 : spin_look(&spin);
    if (n == 0 && timeout_ns != 0) {
        spin.now = mio_now_ns();
        spin.deadline = spin_later(spin.now, timeout_ns);
        n = spin_and_sleep(&spin);
    }
    return mio__wait_end(poll, n);
}
