/*
 * The thread that wakes the loop. It posts a number, wakes, and waits until the loop, told by the
 * waker alone, has seen that number: a lost wake is found because nobody else would tell the loop.
 */
#include "demo.h"

#define LOST_NS (5 * MIO_NS_PER_S)
#define PAUSE_NS 300000
#define SABOTAGED_ROUND 10

/* Sends a number of wakes, which may merge. In the monitor. */
static void post(struct wakes *wakes, unsigned count, bool wake)
{
    for (unsigned i = 0; i < count; i++) {
        wakes->posted++;
        wakes->row.messages++;
        monitor_leave(wakes->monitor);
        int error = wake ? mio_waker_wake(&wakes->waker) : 0;
        monitor_enter(wakes->monitor);
        if (error < 0)
            row_error(&wakes->row, "wake: %s", mio_strerror(error));
    }
}

/* Waits until the loop has seen what was posted. In the monitor. */
static bool wait_for_loop(struct wakes *wakes)
{
    int64_t deadline = mio_now_ns() + LOST_NS;
    while (wakes->seen < wakes->posted && !wakes->loop_ended) {
        if (mio_now_ns() >= deadline)
            return false;
        monitor_wait(wakes->monitor);
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

/* Until it is asked to end, but not before what was to be broken was broken. In the monitor. */
static bool goes_on(const struct wakes *wakes)
{
    bool is_due = wakes->sabotage && wakes->rounds <= SABOTAGED_ROUND;
    return !wakes->stop || (is_due && !wakes->loop_ended && wakes->row.errors < MAX_ERRORS);
}

static void wakes_main(void *arg)
{
    struct wakes *wakes = arg;
    int64_t began = mio_now_ns();
    monitor_enter(wakes->monitor);
    while (goes_on(wakes)) {
        if (wakes->rounds < MAX_WAKE_ROUNDS && wakes->row.errors < MAX_ERRORS)
            round_trip(wakes);
        monitor_leave(wakes->monitor);
        thread_pause(PAUSE_NS);
        monitor_enter(wakes->monitor);
    }
    wakes->row.elapsed_ns = mio_now_ns() - began;
    wakes->ended = true;
    post(wakes, 1, true);
    monitor_leave(wakes->monitor);
}

int wakes_start(struct wakes *wakes, struct mio_registry *registry, mio_token token, bool sabotage)
{
    wakes->row = (struct row){.name = "wakes"};
    wakes->sabotage = sabotage;
    int error = monitor_open(&wakes->monitor);
    if (error == 0)
        error = mio_waker_init(&wakes->waker, registry, token);
    if (error == 0)
        error = thread_start(&wakes->thread, wakes_main, wakes);
    return error;
}

bool wakes_seen(struct wakes *wakes)
{
    monitor_enter(wakes->monitor);
    wakes->seen = wakes->posted;
    wakes->seen_at = mio_now_ns();
    bool ended = wakes->ended;
    monitor_tell(wakes->monitor);
    monitor_leave(wakes->monitor);
    return ended;
}

void wakes_ask_to_end(struct wakes *wakes)
{
    monitor_enter(wakes->monitor);
    wakes->stop = true;
    monitor_leave(wakes->monitor);
}

int wakes_finish(struct wakes *wakes)
{
    monitor_enter(wakes->monitor);
    wakes->stop = true;
    wakes->loop_ended = true;
    monitor_tell(wakes->monitor);
    monitor_leave(wakes->monitor);
    int error = thread_join(wakes->thread);
    if (error == 0)
        error = mio_waker_close(&wakes->waker);
    if (error == 0)
        monitor_close(wakes->monitor);
    wakes->row.state = ROW_DONE;
    row_set_latency(&wakes->row, wakes->samples, wakes->rounds);
    return error;
}
