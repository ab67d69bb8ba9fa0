/* Scenarios: registrations in every mode, of descriptors and of custom sources. */
#include "sweep.h"

#include <errno.h>

static struct mio_poll poll_;
static struct mio_source source;
static mio_fd ends[2] = {MIO_FD_NONE, MIO_FD_NONE};

enum { TOKEN = 1, OTHER = 2, TAKEN = 3 };

static void init_source(void)
{
    plain_set_blocking(ends[0], false);
    HOLDS(mio_source_init_fd(&source, ends[0]) == 0);
    for (mio_token token = TOKEN; token <= TAKEN; token++)
        sweep_knows(token, &source);
}

static void open_raw(void)
{
    OPEN_POLL(&poll_);
    sweep_open_ends(ends);
    init_source();
}

static void open_sockets(void)
{
    OPEN_POLL(&poll_);
    plain_pair(PLAIN_STREAM, ends);
    init_source();
}

static void clean_raw(void)
{
    if (mio_source_is_registered(&source)) {
        sweep_begin("mio_deregister(mio_poll_registry(&poll_), &source)", __LINE__);
        sweep_end(mio_deregister(mio_poll_registry(&poll_), &source), 0);
    }
    HOLDS(!mio_source_is_registered(&source));
    memset(&source, 0, sizeof source);
    for (int i = 0; i < 2; i++) {
        if (ends[i] != MIO_FD_NONE)
            plain_close(ends[i]);
        ends[i] = MIO_FD_NONE;
    }
    CLEAN(mio_poll_close(&poll_));
}

/* Whether a ready source is reported under a token, and the system told of all else before. */
static bool is_reported(mio_token token, uint32_t direction)
{
    sweep_event(&poll_, token, direction, __LINE__);
    return true;
}

/* After a change that was refused: a level goes on to be told; the others have told it. */
static bool has_token(mio_token token, mio_interest mode)
{
    const bool is_whole = !sweep_left_half();
    return sweep_is_kept(&poll_, &source, token, MIO_READABLE | mode) &&
           (!is_whole || mode != MIO_LEVEL || is_reported(token, MIO_READABLE));
}

/* The same, where the call registers the source if need be. */
static bool is_kept(void)
{
    return mio_source_is_registered(&source) == !sweep_left_half();
}

/* Bytes from the other end, once they are here. */
static void arrives(const char *bytes, size_t len)
{
    HOLDS(plain_write(ends[1], bytes, len) == (ptrdiff_t)len);
    plain_wait(ends[0], PLAIN_IN);
}

static void drain(void)
{
    char buf[8];
    while (plain_read(ends[0], buf, sizeof buf) > 0)
        continue;
    HOLDS(mio_source_blocked(&source, MIO_READABLE) == 0);
}

static void in_mode(mio_interest mode)
{
    struct mio_registry *registry = mio_poll_registry(&poll_);
    struct mio_event event;
    open_raw();
    OVER_YET;
    STEP(mio_register(registry, &source, TOKEN, MIO_READABLE | mode), 0,
         !mio_source_is_registered(&source));
    STEP(mio_poll_wait(&poll_, &event, 1, 0), 0, sweep_is_tried(&source));
    arrives("x", 1);
    EVENT(&poll_, TOKEN, MIO_READABLE);
    STEP(mio_reregister(registry, &source, OTHER, MIO_READABLE | mode), 0, has_token(TOKEN, mode));
    EVENT(&poll_, OTHER, MIO_READABLE);
    if (!(mode & MIO_LEVEL) || (mode & MIO_ONESHOT))
        STEP(mio_poll_wait(&poll_, &event, 1, MIO_NS_PER_MS / 10), 0, sweep_is_tried(&source));
    drain();
    OVER_YET;
    if (mode & MIO_ONESHOT)
        STEP(mio_reregister(registry, &source, OTHER, MIO_READABLE | mode), 0,
             has_token(OTHER, mode));
    STEP(mio_poll_wait(&poll_, &event, 1, 0), 0, sweep_is_tried(&source));
    arrives("y", 1);
    EVENT(&poll_, OTHER, MIO_READABLE);
    drain(); /* a queue that refused goes on to watch it */
    OVER_YET;
    ONCE(mio_deregister(registry, &source), 0, !mio_source_is_registered(&source));
    STEP(mio_poll_wait(&poll_, &event, 1, 0), 0, sweep_is_tried(&source));
    STEP(mio_deregister(registry, &source), -ENOENT, false);
}

static void edge(void)
{
    in_mode(MIO_EDGE);
}

static void level(void)
{
    in_mode(MIO_LEVEL);
}

static void oneshot(void)
{
    in_mode(MIO_ONESHOT);
}

static void level_oneshot(void)
{
    in_mode(MIO_LEVEL | MIO_ONESHOT);
}

/* After a registration that was refused nothing is watched, in no direction. */
static bool is_unknown(void)
{
    struct mio_event event;
    if (mio_source_is_registered(&source))
        return false;
    if (sweep_error_stays())
        return true;
    sweep_begin("mio_poll_wait(poll, events, 1, 0)", __LINE__);
    sweep_end(mio_poll_wait(&poll_, &event, 1, 0), 0);
    return true;
}

/* After a change that was refused the source is watched as before, or not at all. */
static bool is_kept_or_unknown(mio_token token, mio_interest interest)
{
    return (!sweep_left_half() || is_unknown()) && sweep_is_kept(&poll_, &source, token, interest);
}

/* A socket that is ready in both of them from the start. */
static void both_directions(void)
{
    struct mio_registry *registry = mio_poll_registry(&poll_);
    const mio_interest both = MIO_READABLE | MIO_WRITABLE;
    open_sockets();
    OVER_YET;
    arrives("x", 1);
    OVER_YET;
    STEP(mio_register(registry, &source, TOKEN, both), 0, is_unknown());
    EVENT(&poll_, TOKEN, both);
    STEP(mio_reregister(registry, &source, OTHER, both | MIO_ONESHOT), 0,
         is_kept_or_unknown(TOKEN, both));
    EVENT(&poll_, OTHER, both);
    STEP(mio_reregister(registry, &source, OTHER, MIO_READABLE), 0,
         is_kept_or_unknown(OTHER, both | MIO_ONESHOT));
    EVENT(&poll_, OTHER, MIO_READABLE);
    STEP(mio_reregister(registry, &source, TOKEN, MIO_WRITABLE), 0,
         is_kept_or_unknown(OTHER, MIO_READABLE));
    EVENT(&poll_, TOKEN, MIO_WRITABLE);
    ONCE(mio_deregister(registry, &source), 0, !mio_source_is_registered(&source));
}

/* A change to another direction: one that was refused leaves the old one watched. */
static void other_direction(void)
{
    struct mio_registry *registry = mio_poll_registry(&poll_);
    struct mio_event event;
    const mio_interest before = MIO_WRITABLE | MIO_LEVEL;
    open_sockets();
    OVER_YET;
    STEP(mio_register(registry, &source, TOKEN, before), 0, is_unknown());
    EVENT(&poll_, TOKEN, MIO_WRITABLE);
    STEP(mio_reregister(registry, &source, OTHER, MIO_READABLE | MIO_LEVEL), 0,
         sweep_is_kept(&poll_, &source, TOKEN, before) && is_reported(TOKEN, MIO_WRITABLE));
    STEP(mio_poll_wait(&poll_, &event, 1, 0), 0, sweep_is_tried(&source));
    arrives("x", 1);
    OVER_YET;
    EVENT(&poll_, OTHER, MIO_READABLE);
    ONCE(mio_deregister(registry, &source), 0, !mio_source_is_registered(&source));
}

/* The end of the peer alone, past data, in a mode that is told of it by a mark. */
static void end_alone(void)
{
    struct mio_registry *registry = mio_poll_registry(&poll_);
    struct mio_event event;
    open_sockets();
    OVER_YET;
    STEP(mio_register(registry, &source, TOKEN, MIO_READ_CLOSED | MIO_LEVEL), 0, is_unknown());
    arrives("x", 1);
    STEP(mio_poll_wait(&poll_, &event, 1, 0), 0, sweep_is_tried(&source));
    STEP(mio_reregister(registry, &source, OTHER, MIO_READ_CLOSED | MIO_ONESHOT), 0,
         sweep_is_kept(&poll_, &source, TOKEN, MIO_READ_CLOSED | MIO_LEVEL));
    STEP(mio_poll_wait(&poll_, &event, 1, 0), 0, sweep_is_tried(&source));
    HOLDS(plain_shutdown(ends[1], PLAIN_WRITES) == 0);
    EVENT(&poll_, OTHER, MIO_READ_CLOSED);
    ONCE(mio_deregister(registry, &source), 0, !mio_source_is_registered(&source));
}

static const char *lacks_end_alone(void)
{
    struct mio_poll probe;
    struct mio_source end;
    mio_fd fds[2];
    if (mio_poll_init_with(&probe, sweep_options()) < 0)
        return "there is no poll";
    plain_pair(PLAIN_STREAM, fds);
    CHECK_EQ(mio_source_init_fd(&end, fds[0]), 0);
    int result = mio_register(mio_poll_registry(&probe), &end, 0, MIO_READ_CLOSED | MIO_LEVEL);
    mio_source_abandon(&end);
    plain_close(fds[0]);
    plain_close(fds[1]);
    mio_poll_close(&probe);
    return result == -ENOTSUP ? "a level of the end alone is not supported" : NULL;
}

static void watches(void)
{
    struct mio_registry *registry = mio_poll_registry(&poll_);
    struct mio_event event;
    open_raw();
    OVER_YET;
    STEP(mio_watch(registry, &source, TOKEN, MIO_READABLE), 0, !mio_source_is_registered(&source));
    arrives("x", 1);
    EVENT(&poll_, TOKEN, MIO_READABLE);
    STEP(mio_watch(registry, &source, OTHER, MIO_READABLE), 0, is_kept());
    EVENT(&poll_, OTHER, MIO_READABLE);
    ONCE(mio_watch(registry, &source, TOKEN, 0), 0, !mio_source_is_registered(&source));
    HOLDS(!mio_source_is_registered(&source));
    drain(); /* a queue that refused goes on watching it */
    OVER_YET;
    STEP(mio_poll_wait(&poll_, &event, 1, 0), 0, sweep_is_tried(&source));
    STEP(mio_watch(registry, &source, TOKEN, 0), 0, true);
}

/* Where epoll's entry has outlived a registration; poll keeps none. */
static void takes_entry_over(void)
{
    struct mio_registry *registry = mio_poll_registry(&poll_);
    open_raw();
    OVER_YET;
    STEP(mio_register(registry, &source, TOKEN, MIO_READABLE), 0,
         !mio_source_is_registered(&source));
    HOLDS(mio_source_abandon(&source) == 0);
    int known = strcmp(mio_poll_backend_name(&poll_), "epoll") == 0 ? -EEXIST : 0;
    STEP(mio_register(registry, &source, OTHER, MIO_READABLE), known,
         !mio_source_is_registered(&source));
    HOLDS(mio_source_is_registered(&source) == (known == 0));
    HOLDS(mio_source_abandon(&source) == 0);
    STEP(mio_watch(registry, &source, TAKEN, MIO_READABLE), 0, !mio_source_is_registered(&source));
    HOLDS(mio_source_is_registered(&source));
    arrives("x", 1);
    EVENT(&poll_, TAKEN, MIO_READABLE);
    HOLDS(plain_close(ends[1]) == 0);
    ends[1] = MIO_FD_NONE;
    if (!(mio_poll_features(&poll_) & MIO_READ_CLOSED)) /* a kqueue without receipts */
        return;
    STEP(mio_watch(registry, &source, OTHER, MIO_READ_CLOSED), 0, is_kept());
    EVENT(&poll_, OTHER, MIO_READ_CLOSED);
}

/* I/O of one's own on an edge: all of it is told, and each event that is promised comes. */
static void is_told_of_io(void)
{
    struct mio_registry *registry = mio_poll_registry(&poll_);
    uint32_t ready = MIO_READABLE;
    char buf[8];
    open_raw();
    OVER_YET;
    STEP(mio_register(registry, &source, TOKEN, MIO_READABLE), 0,
         !mio_source_is_registered(&source));
    arrives("xx", 2);
    EVENT(&poll_, TOKEN, MIO_READABLE);
    HOLDS(plain_read(ends[0], buf, 1) == 1);
    STEP(mio_source_after(&source, &ready, MIO_READABLE, 1, 1), 0, false);
    HOLDS(ready == MIO_READABLE);
    STEP(mio_source_after(&source, &ready, MIO_READABLE, -EIO, sizeof buf), 0, false);
    HOLDS(ready == MIO_READABLE);
    if (sweep_emulates_edges())
        EVENT(&poll_, TOKEN, MIO_READABLE);
    HOLDS(plain_read(ends[0], buf, sizeof buf) == 1);
    STEP(mio_source_after(&source, &ready, MIO_READABLE, 1, sizeof buf), 0, false);
    HOLDS(ready == 0);
    arrives("y", 1);
    EVENT(&poll_, TOKEN, MIO_READABLE);
    HOLDS(plain_read(ends[0], buf, 1) == 1 && plain_read(ends[0], buf, 1) == -EAGAIN);
    ready = MIO_READABLE;
    STEP(mio_source_after(&source, &ready, MIO_READABLE, -EAGAIN, 0), 0, false);
    HOLDS(ready == 0);
    arrives("z", 1);
    EVENT(&poll_, TOKEN, MIO_READABLE);
}

/* ---- Custom sources -------------------------------------------------------------------------- */

static struct mio_source custom;

static int add_inner(struct mio_registry *registry, struct mio_source *outer, mio_token token,
                     mio_interest interest)
{
    (void)outer;
    return mio_register(registry, &source, token, interest);
}

static int change_inner(struct mio_registry *registry, struct mio_source *outer, mio_token token,
                        mio_interest interest)
{
    (void)outer;
    return mio_reregister(registry, &source, token, interest);
}

static int remove_inner(struct mio_registry *registry, struct mio_source *outer)
{
    (void)outer;
    return mio_deregister(registry, &source);
}

static bool are_registered(bool both)
{
    return mio_source_is_registered(&custom) == both && mio_source_is_registered(&source) == both;
}

static void registers_custom(void)
{
    static const struct mio_source_ops ops = {add_inner, change_inner, remove_inner};
    struct mio_registry *registry = mio_poll_registry(&poll_);
    open_raw();
    OVER_YET;
    HOLDS(mio_source_init_custom(&custom, &ops) == 0);
    STEP(mio_register(registry, &custom, TOKEN, MIO_READABLE), 0, are_registered(false));
    HOLDS(are_registered(true));
    arrives("x", 1);
    EVENT(&poll_, TOKEN, MIO_READABLE);
    /* A change that fails ends the registration. */
    ONCE(mio_reregister(registry, &custom, OTHER, MIO_READABLE), 0, are_registered(false));
    if (!mio_source_is_registered(&custom))
        STEP(mio_register(registry, &custom, OTHER, MIO_READABLE), 0, are_registered(false));
    EVENT(&poll_, OTHER, MIO_READABLE);
    ONCE(mio_deregister(registry, &custom), 0, are_registered(false));
    HOLDS(are_registered(false));
}

static void clean_custom(void)
{
    if (mio_source_is_registered(&custom)) {
        sweep_begin("mio_deregister(mio_poll_registry(&poll_), &custom)", __LINE__);
        sweep_end(mio_deregister(mio_poll_registry(&poll_), &custom), 0);
    }
    HOLDS(!mio_source_is_registered(&custom));
    memset(&custom, 0, sizeof custom);
    clean_raw();
}

const struct scenario source_scenarios[] = {
    {"edge", edge, clean_raw, NULL, NULL},
    {"level", level, clean_raw, NULL, NULL},
    {"oneshot", oneshot, clean_raw, NULL, NULL},
    {"level_oneshot", level_oneshot, clean_raw, NULL, NULL},
    {"both_directions", both_directions, clean_raw, NULL, NULL},
    {"other_direction", other_direction, clean_raw, NULL, NULL},
    {"end_alone", end_alone, clean_raw, lacks_end_alone, NULL},
    {"watches", watches, clean_raw, NULL, NULL},
    {"takes_entry_over", takes_entry_over, clean_raw, NULL, NULL},
    {"is_told_of_io", is_told_of_io, clean_raw, NULL, NULL},
    {"registers_custom", registers_custom, clean_custom, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
