/* Scenarios of Linux alone: polls that spin before they sleep. */
#include "sweep.h"

#include <sys/prctl.h>

static struct mio_poll poll_;
static struct mio_waker waker;

enum { TOKEN = 100 };

static void wait_for_nothing(int64_t timeout_ns)
{
    struct mio_event event;
    STEP(mio_poll_wait(&poll_, &event, 1, timeout_ns), 0, true);
}

static const char *lacks_spin(void)
{
    return strcmp(sweep_backend(), "epoll") == 0 ? NULL : "the backend does not spin";
}

static const struct mio_poll_options *spinning(void)
{
    static struct mio_poll_options options;
    options = *sweep_options();
    options.spin_ns = 1; /* one look, so that each run makes the same calls */
    return &options;
}

/* With room for no more the kernel is not asked, whose errors would wait behind the wake. */
static void take_wake(void)
{
    struct mio_event event;
    STEP(mio_poll_wait(&poll_, &event, 1, TEST_SOON), 1, true);
    HOLDS(event.token == TOKEN);
}

/* Of the run before, the slack of this thread may be left as a wait had made it. */
static void spins(void)
{
    HOLDS(prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0) == 0);
    STEP(mio_poll_init_with(&poll_, spinning()), 0,
         strcmp(mio_poll_backend_name(&poll_), "closed") == 0 && mio_poll_close(&poll_) == 0);
    STEP(mio_waker_init(&waker, mio_poll_registry(&poll_), TOKEN), 0,
         mio_waker_wake(&waker) == -EBADF && mio_waker_close(&waker) == 0);
    STEP(mio_waker_wake(&waker), 0, true);
    take_wake();
    OVER_YET;
    for (int i = 0; i < 3; i++) /* with a spin, without, and with one */
        wait_for_nothing(MIO_NS_PER_MS / 10);
    OVER_YET;
    wait_for_nothing(0);
    OVER_YET;
    STEP(mio_waker_wake(&waker), 0, true);
    take_wake();
}

static void clean_spinning(void)
{
    prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0);
    CLEAN(mio_waker_close(&waker));
    CLEAN(mio_poll_close(&poll_));
}

const struct scenario system_scenarios[] = {
    {"spins", spins, clean_spinning, lacks_spin, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
