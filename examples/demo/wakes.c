/*
 * The thread that wakes the loop. It posts a number, wakes, and waits until the loop, told by the
 * waker alone, has seen that number: a lost wake is found because nobody else would tell the loop.
 */
#define _POSIX_C_SOURCE 200809L

#include "demo.h"

#include <time.h>

#define LOST_NS (5 * MIO_NS_PER_S)
#define SABOTAGED_ROUND 10

/* Sends a number of wakes, which may merge. With the lock held. */
static void post(struct wakes *wakes, unsigned count, bool wake)
{
    for (unsigned i = 0; i < count; i++) {
        wakes->posted++;
        wakes->row.messages++;
        pthread_mutex_unlock(&wakes->lock);
        int error = wake ? mio_waker_wake(&wakes->waker) : 0;
        pthread_mutex_lock(&wakes->lock);
        if (error < 0)
            row_error(&wakes->row, "wake: %s", mio_strerror(error));
    }
}

/* Waits until the loop has seen what was posted. With the lock held. */
static bool wait_for_loop(struct wakes *wakes)
{
    int64_t deadline = mio_now_ns() + LOST_NS;
    while (wakes->seen < wakes->posted && !wakes->loop_ended) {
        /* The condition's clock can be set by hand, so it does not decide. */
        if (mio_now_ns() >= deadline)
            return false;
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
        pthread_cond_timedwait(&wakes->acknowledged, &wakes->lock, &until);
    }
    return true;
}

static void round_trip(struct wakes *wakes)
{
    size_t round = wakes->rounds++;
    int64_t posted_at = mio_now_ns();
    post(wakes, round % 4 == 3 ? 4 : 1, !wakes->sabotage || round != SABOTAGED_ROUND);
    if (!wait_for_loop(wakes))
        row_error(&wakes->row, "wake %llu was lost", (unsigned long long)wakes->posted);
    else if (!wakes->loop_ended)
        wakes->samples[round] = wakes->seen_at - posted_at;
}

/* Until it is asked to end, but not before what was to be broken was broken. With the lock held. */
static bool goes_on(const struct wakes *wakes)
{
    bool is_due = wakes->sabotage && wakes->rounds <= SABOTAGED_ROUND;
    return !wakes->stop || (is_due && !wakes->loop_ended && wakes->row.errors < MAX_ERRORS);
}

static void *wakes_main(void *arg)
{
    const struct timespec pause = {0, 300000};
    struct wakes *wakes = arg;
    int64_t began = mio_now_ns();
    pthread_mutex_lock(&wakes->lock);
    while (goes_on(wakes)) {
        if (wakes->rounds < MAX_WAKE_ROUNDS && wakes->row.errors < MAX_ERRORS)
            round_trip(wakes);
        pthread_mutex_unlock(&wakes->lock);
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&wakes->lock);
    }
    wakes->row.elapsed_ns = mio_now_ns() - began;
    wakes->ended = true;
    post(wakes, 1, true);
    pthread_mutex_unlock(&wakes->lock);
    return NULL;
}

int wakes_start(struct wakes *wakes, struct mio_registry *registry, mio_token token, bool sabotage)
{
    wakes->row = (struct row){.name = "wakes"};
    wakes->sabotage = sabotage;
    int error = -pthread_mutex_init(&wakes->lock, NULL);
    if (error == 0)
        error = -pthread_cond_init(&wakes->acknowledged, NULL);
    if (error == 0)
        error = mio_waker_init(&wakes->waker, registry, token);
    if (error == 0)
        error = -pthread_create(&wakes->thread, NULL, wakes_main, wakes);
    return error;
}

bool wakes_seen(struct wakes *wakes)
{
    pthread_mutex_lock(&wakes->lock);
    wakes->seen = wakes->posted;
    wakes->seen_at = mio_now_ns();
    bool ended = wakes->ended;
    pthread_cond_signal(&wakes->acknowledged);
    pthread_mutex_unlock(&wakes->lock);
    return ended;
}

void wakes_ask_to_end(struct wakes *wakes)
{
    pthread_mutex_lock(&wakes->lock);
    wakes->stop = true;
    pthread_mutex_unlock(&wakes->lock);
}

int wakes_finish(struct wakes *wakes)
{
    pthread_mutex_lock(&wakes->lock);
    wakes->stop = true;
    wakes->loop_ended = true;
    pthread_cond_signal(&wakes->acknowledged);
    pthread_mutex_unlock(&wakes->lock);
    int error = -pthread_join(wakes->thread, NULL);
    if (error == 0)
        error = mio_waker_close(&wakes->waker);
    wakes->row.state = ROW_DONE;
    row_set_latency(&wakes->row, wakes->samples, wakes->rounds);
    return error;
}
