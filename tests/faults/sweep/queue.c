/* Scenarios: polls, waits, wakers, registries, growing tables. */
#define _GNU_SOURCE 1
#include "sweep.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct mio_poll poll_;
static struct mio_registry clone_;
static struct mio_waker wakers[3];
static struct mio_pipe_sender sender;
static struct mio_pipe_receiver receiver;

enum { TOKEN = 7, FIRST_WAKER = 100 };

static void wait_for_nothing(int64_t timeout_ns)
{
    struct mio_event event;
    STEP(mio_poll_wait(&poll_, &event, 1, timeout_ns), 0, true);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

static void waits(void)
{
    struct mio_counters before, after;
    OPEN_POLL(&poll_);
    wait_for_nothing(0);
    OVER_YET;
    wait_for_nothing(MIO_NS_PER_MS);
    OVER_YET;
    wait_for_nothing(MIO_NS_PER_MS / 10);
    OVER_YET;
    HOLDS(mio_poll_counters(&poll_, &before) == 0);
    wait_for_nothing(MIO_NS_PER_MS / 10);
    OVER_YET;
    HOLDS(mio_poll_counters(&poll_, &after) == 0 && after.waits > before.waits);
}

static void clean_poll(void)
{
    CLEAN(mio_poll_close(&poll_));
}

static void abandons_poll(void)
{
    OPEN_POLL(&poll_);
    ONCE(mio_poll_abandon(&poll_), 0, strcmp(mio_poll_backend_name(&poll_), "closed") == 0);
}

/* ---- Wakers ---------------------------------------------------------------------------------- */

static void open_wakers(void)
{
    OPEN_POLL(&poll_);
    for (int i = 0; i < 3; i++)
        STEP(mio_waker_init(&wakers[i], mio_poll_registry(&poll_), (mio_token)(FIRST_WAKER + i)), 0,
             mio_waker_wake(&wakers[i]) == -EBADF && mio_waker_close(&wakers[i]) == 0);
}

static void clean_wakers(void)
{
    for (int i = 0; i < 3; i++)
        CLEAN(mio_waker_close(&wakers[i]));
    clean_poll();
}

static void wakes(void)
{
    open_wakers();
    OVER_YET;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 3; i++) {
            STEP(mio_waker_wake(&wakers[i]), 0, true);
            STEP(mio_waker_wake(&wakers[i]), 0, true); /* merges */
            EVENT(&poll_, (mio_token)(FIRST_WAKER + i), MIO_READABLE);
        }
    wait_for_nothing(0);
    OVER_YET;
    STEP(mio_waker_wake(&wakers[0]), 0, true);
    CLEAN(mio_waker_close(&wakers[0])); /* drops the wake */
    OVER_YET;
    wait_for_nothing(0);
    OVER_YET;
    STEP(mio_waker_wake(&wakers[1]), 0, true);
    EVENT(&poll_, FIRST_WAKER + 1, MIO_READABLE);
}

static void abandons_wakers(void)
{
    open_wakers();
    OVER_YET;
    STEP(mio_waker_wake(&wakers[0]), 0, true);
    ONCE(mio_waker_abandon(&wakers[0]), 0, true);
    STEP(mio_waker_wake(&wakers[1]), 0, true);
    EVENT(&poll_, FIRST_WAKER + 1, MIO_READABLE);
}

/* A refused waker keeps no place. */
static struct mio_waker many[MIO_WAKERS_MAX + 1];

static void fills(void)
{
    struct mio_registry *registry = mio_poll_registry(&poll_);
    OPEN_POLL(&poll_);
    for (int i = 0; i < MIO_WAKERS_MAX; i++)
        STEP(mio_waker_init(&many[i], registry, (mio_token)(FIRST_WAKER + i)), 0,
             mio_waker_wake(&many[i]) == -EBADF);
    STEP(mio_waker_init(&many[MIO_WAKERS_MAX], registry, 0), -ENOSPC, false);
}

static void clean_many(void)
{
    for (int i = 0; i <= MIO_WAKERS_MAX; i++)
        CLEAN(mio_waker_close(&many[i]));
    clean_poll();
}

/* ---- Polls that spin ------------------------------------------------------------------------- */

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
    HOLDS(event.token == FIRST_WAKER);
}

/* Of the run before, the slack of this thread may be left as a wait had made it. */
static void spins(void)
{
    HOLDS(prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0) == 0);
    STEP(mio_poll_init_with(&poll_, spinning()), 0,
         strcmp(mio_poll_backend_name(&poll_), "closed") == 0 && mio_poll_close(&poll_) == 0);
    STEP(mio_waker_init(&wakers[0], mio_poll_registry(&poll_), FIRST_WAKER), 0,
         mio_waker_wake(&wakers[0]) == -EBADF && mio_waker_close(&wakers[0]) == 0);
    STEP(mio_waker_wake(&wakers[0]), 0, true);
    take_wake();
    OVER_YET;
    for (int i = 0; i < 3; i++) /* with a spin, without, and with one */
        wait_for_nothing(MIO_NS_PER_MS / 10);
    OVER_YET;
    wait_for_nothing(0);
    OVER_YET;
    STEP(mio_waker_wake(&wakers[0]), 0, true);
    take_wake();
}

static void clean_spinning(void)
{
    prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0);
    CLEAN(mio_waker_close(&wakers[0]));
    clean_poll();
}

/* ---- A child that abandons ------------------------------------------------------------------- */

static void open_pipe(void)
{
    STEP(mio_pipe_pair(&sender, &receiver), 0,
         sweep_is_closed(&sender.source) && sweep_is_closed(&receiver.source));
    STEP(mio_register(mio_poll_registry(&poll_), &receiver.source, TOKEN, MIO_READABLE), 0,
         !mio_source_is_registered(&receiver.source));
}

static void clean_pipe(void)
{
    CLEAN(mio_pipe_receiver_close(&receiver));
    CLEAN(mio_pipe_sender_close(&sender));
}

static void clean_all(void)
{
    clean_pipe();
    CLEAN(mio_registry_close(&clone_));
    clean_wakers();
}

static void child(void)
{
    int before = test_open_descriptors();
    ONCE(mio_source_abandon(&receiver.source), 0, true);
    ONCE(mio_pipe_receiver_close(&receiver), 0, sweep_is_closed(&receiver.source));
    ONCE(mio_registry_abandon(&clone_), 0, true);
    for (int i = 0; i < 3; i++)
        ONCE(mio_waker_abandon(&wakers[i]), 0, true);
    ONCE(mio_poll_abandon(&poll_), 0, true);
    HOLDS(mio_poll_fd(&poll_) == MIO_FD_NONE);
    HOLDS(test_open_descriptors() < before);
}

/* The child has the counts of its parent, and meets the faults that the parent meets later. */
static void forks(void)
{
    int status = -1;
    open_wakers();
    OVER_YET;
    open_pipe();
    OVER_YET;
    STEP(mio_registry_clone(mio_poll_registry(&poll_), &clone_), 0, true);
    pid_t pid = fork();
    if (pid == 0) {
        child();
        _exit(sweep_report_child());
    }
    HOLDS(pid > 0 && waitpid(pid, &status, 0) == pid);
    HOLDS(status == 0);
    OVER_YET;
    for (int i = 0; i < 3; i++) {
        STEP(mio_waker_wake(&wakers[i]), 0, true);
        EVENT(&poll_, (mio_token)(FIRST_WAKER + i), MIO_READABLE);
    }
    STEP(mio_pipe_sender_write(&sender, "x", 1), 1, true);
    EVENT(&poll_, TOKEN, MIO_READABLE);
}

/* ---- Clones ---------------------------------------------------------------------------------- */

static void clones(void)
{
    OPEN_POLL(&poll_);
    STEP(mio_registry_clone(mio_poll_registry(&poll_), &clone_), 0, true);
    STEP(mio_pipe_pair(&sender, &receiver), 0,
         sweep_is_closed(&sender.source) && sweep_is_closed(&receiver.source));
    STEP(mio_register(&clone_, &sender.source, TOKEN, MIO_WRITABLE), 0,
         !mio_source_is_registered(&sender.source));
    STEP(mio_waker_init(&wakers[0], &clone_, FIRST_WAKER), 0, mio_waker_wake(&wakers[0]) == -EBADF);
    EVENT(&poll_, TOKEN, MIO_WRITABLE);
    STEP(mio_waker_wake(&wakers[0]), 0, true);
    EVENT(&poll_, FIRST_WAKER, MIO_READABLE);
    STEP(mio_poll_close(&poll_), -EBUSY, false);
    ONCE(mio_deregister(&clone_, &sender.source), 0, !mio_source_is_registered(&sender.source));
}

/* ---- Tables that grow ------------------------------------------------------------------------ */

enum {
    SOURCES = 140, /* twice as many as the tables of poll(2) have at first, and then some */
    EDGES = 70,    /* more than a call of kevent(2) fetches; a level ends the fetching */
};

static struct mio_source sources[SOURCES];

/* Waits until each of them was told. A wait may report fewer than there are. Others come, too. */
static void wait_for_all(int count)
{
    static struct mio_event events[SOURCES];
    static bool told[SOURCES];
    int missing = count;
    memset(told, 0, sizeof told);
    for (int tries = 0; missing > 0 && tries < 8; tries++) {
        sweep_begin("mio_poll_wait(&poll_, events, SOURCES, TEST_SOON)", __LINE__);
        int n = mio_poll_wait(&poll_, events, SOURCES, TEST_SOON);
        sweep_end(n, SWEEP_SOME);
        OVER_YET;
        for (int i = 0; i < n; i++) {
            if (events[i].token >= (mio_token)count)
                continue;
            missing -= !told[events[i].token];
            told[events[i].token] = true;
        }
    }
    HOLDS(missing == 0);
}

static void watch_many(int count, mio_interest mode)
{
    STEP(mio_pipe_pair(&sender, &receiver), 0,
         sweep_is_closed(&sender.source) && sweep_is_closed(&receiver.source));
    for (int i = 0; i < count; i++) {
        int fd = dup(mio_source_fd(&receiver.source));
        HOLDS(fd >= 0 && mio_source_init_fd(&sources[i], fd) == 0);
        OVER_YET;
        STEP(
            mio_register(mio_poll_registry(&poll_), &sources[i], (mio_token)i, MIO_READABLE | mode),
            0, !mio_source_is_registered(&sources[i]));
    }
}

static void grows(void)
{
    OPEN_POLL(&poll_);
    watch_many(SOURCES, MIO_LEVEL);
    OVER_YET;
    STEP(mio_pipe_sender_write(&sender, "x", 1), 1, true);
    wait_for_all(SOURCES);
    OVER_YET;
    for (int i = 0; i < SOURCES; i++)
        ONCE(mio_deregister(mio_poll_registry(&poll_), &sources[i]), 0,
             !mio_source_is_registered(&sources[i]));
}

/* A wait that fails in its second call tells what the first one has fetched, wakes among it. */
static void fetches_in_parts(void)
{
    OPEN_POLL(&poll_);
    STEP(mio_waker_init(&wakers[0], mio_poll_registry(&poll_), FIRST_WAKER), 0, true);
    watch_many(EDGES, MIO_EDGE);
    OVER_YET;
    STEP(mio_waker_wake(&wakers[0]), 0, true);
    STEP(mio_pipe_sender_write(&sender, "x", 1), 1, true);
    wait_for_all(EDGES);
    OVER_YET;
    STEP(mio_waker_wake(&wakers[0]), 0, true);
    EVENT(&poll_, FIRST_WAKER, MIO_READABLE);
}

static void clean_grown(void)
{
    for (int i = 0; i < SOURCES; i++) {
        mio_source_abandon(&sources[i]);
        if (mio_source_fd(&sources[i]) >= 0)
            close(mio_source_fd(&sources[i]));
        memset(&sources[i], 0, sizeof sources[i]);
    }
    clean_pipe();
    CLEAN(mio_waker_close(&wakers[0]));
    clean_poll();
}

const struct scenario queue_scenarios[] = {
    {"waits", waits, clean_poll, NULL, NULL},
    {"abandons_poll", abandons_poll, clean_poll, NULL, NULL},
    {"wakes", wakes, clean_wakers, NULL, NULL},
    {"fills", fills, clean_many, NULL, NULL},
    {"spins", spins, clean_spinning, lacks_spin, NULL},
    {"abandons_wakers", abandons_wakers, clean_wakers, NULL, NULL},
    {"forks", forks, clean_all, NULL, NULL},
    {"clones", clones, clean_all, NULL, NULL},
    {"grows", grows, clean_grown, NULL, NULL},
    {"fetches_in_parts", fetches_in_parts, clean_grown, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
