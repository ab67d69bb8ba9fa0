/*
 * low_latency: loops that spin before they sleep. Of two threads with a processor each one asks the
 * other by wakes, in a burst of questions each millisecond. So both wait for a wake or for a
 * deadline all the time. First they sleep, then they spin, and the example tells how long a round
 * trip took, and by how much the deadlines were missed.
 *
 * Between bursts nothing comes, so most spins there are left out by themselves; the first short
 * sleeps of the next burst bring them back.
 *
 * It is for processors that have nothing else to do: a thread that spins is busy although nothing
 * happens. On a busy machine the system may put both threads on one processor, and then each of
 * them spins in the other's way: pin them (pthread_setaffinity_np). Where the poll cannot spin
 * (mio_poll_features) the second part is left out.
 *
 * Try it:  ./low_latency       (it ends by itself, after a second or so)
 */
#include <mio.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define BURSTS 400
#define BURST_NS MIO_NS_PER_MS
#define QUESTIONS 20 /* in a burst */
#define SPIN_NS 60000

/* A thread and what it is told by. The wake hands the number over. */
struct side {
    struct mio_poll poll;
    struct mio_waker waker;
    int number;
};

static struct side asking, answering;

static void check(const char *what, int result)
{
    if (result < 0) {
        fprintf(stderr, "low_latency: %s: %s\n", what, mio_strerror(result));
        exit(EXIT_FAILURE);
    }
}

static int open_side(struct side *side, int64_t spin_ns)
{
    const struct mio_poll_options options = {.spin_ns = spin_ns};
    int result = mio_poll_init_with(&side->poll, &options);
    if (result < 0)
        return result;
    side->number = 0;
    check("waker", mio_waker_init(&side->waker, mio_poll_registry(&side->poll), 0));
    return 0;
}

static void close_side(struct side *side)
{
    check("close", mio_waker_close(&side->waker));
    check("close", mio_poll_close(&side->poll));
}

static void tell(struct side *side, int number)
{
    side->number = number;
    check("wake", mio_waker_wake(&side->waker));
}

/* Waits until it is told, or until the deadline. Returns whether it was told. */
static bool listen_until(struct side *side, int64_t deadline)
{
    struct mio_event event;
    int n;
    do {
        int64_t left = deadline == MIO_FOREVER ? MIO_FOREVER : deadline - mio_now_ns();
        n = mio_poll_wait(&side->poll, &event, 1, left);
    } while (n == -EINTR); /* no harm done; a handler that is to end a spin wakes */
    check("wait", n);
    return n > 0;
}

static void *answer(void *unused)
{
    for (int question = 0; question < BURSTS * QUESTIONS; question++) {
        while (!listen_until(&answering, MIO_FOREVER))
            continue;
        tell(&asking, 2 * answering.number);
    }
    return unused;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double median_us(int64_t *times, size_t count)
{
    qsort(times, count, sizeof times[0], by_size);
    return (double)times[count / 2] / 1000;
}

/* Asks, and waits for the answer. Returns how long that took. */
static int64_t ask(int number)
{
    int64_t start = mio_now_ns();
    tell(&answering, number);
    while (!listen_until(&asking, MIO_FOREVER))
        continue;
    if (asking.number != 2 * number) {
        fprintf(stderr, "low_latency: %d is no answer to %d\n", asking.number, number);
        exit(EXIT_FAILURE);
    }
    return mio_now_ns() - start;
}

/* A burst, then a pause until a deadline. */
static void ask_all(const char *how)
{
    static int64_t trips[BURSTS * QUESTIONS], late[BURSTS];
    struct mio_counters counters;
    for (int burst = 0; burst < BURSTS; burst++) {
        int64_t deadline = mio_now_ns() + BURST_NS;
        while (mio_now_ns() < deadline)
            listen_until(&asking, deadline);
        late[burst] = mio_now_ns() - deadline;
        for (int i = burst * QUESTIONS; i < (burst + 1) * QUESTIONS; i++)
            trips[i] = ask(i);
    }
    check("counters", mio_poll_counters(&asking.poll, &counters));
    printf("%s: a round trip in %.2f us, late by %.2f us (medians)\n", how,
           median_us(trips, BURSTS * QUESTIONS), median_us(late, BURSTS));
    if (counters.spins_hit + counters.spins_missed > 0)
        printf("%d spins found something, %d nothing\n", (int)counters.spins_hit,
               (int)counters.spins_missed);
}

/* Returns whether the polls can do that. */
static bool run(const char *how, int64_t spin_ns)
{
    pthread_t thread;
    int result = open_side(&asking, spin_ns);
    if (result == -ENOTSUP)
        return false;
    check("poll", result);
    check("poll", open_side(&answering, spin_ns));
    /* The functions of pthread return an error as a positive number. */
    check("thread", -pthread_create(&thread, NULL, answer, NULL));
    ask_all(how);
    check("thread", -pthread_join(thread, NULL));
    close_side(&answering);
    close_side(&asking);
    return true;
}

int main(void)
{
    run("sleeping", 0);
    if (!run("spinning", SPIN_NS))
        printf("this system has no polls that spin\n");
    return 0;
}
