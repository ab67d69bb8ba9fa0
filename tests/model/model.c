#define _GNU_SOURCE 1 /* POLLRDHUP */
#include "model.h"

#include <poll.h>

#define DIRECTIONS (MIO_READABLE | MIO_WRITABLE)
#define HANG_UP (MIO_READ_CLOSED | MIO_WRITE_CLOSED)
#define ENDS (HANG_UP | MIO_ERROR)

static const uint32_t bit_of[MODEL_SIDES] = {MIO_READABLE, MIO_WRITABLE, MIO_READ_CLOSED};

/* End of file reports readable, errors and a full hang-up report every direction. */
static const uint32_t ready_bits[MODEL_SIDES] = {POLLIN | POLLRDHUP | POLLHUP | POLLERR,
                                                 POLLOUT | POLLHUP | POLLERR, POLLRDHUP | POLLHUP};

static bool is_oneshot(const struct model_registration *registration)
{
    return (registration->interest & MIO_ONESHOT) != 0;
}

static bool is_level(const struct model_registration *registration)
{
    return (registration->interest & (MIO_LEVEL | MIO_ONESHOT)) == MIO_LEVEL;
}

static bool is_edge(const struct model_registration *registration)
{
    return (registration->interest & (MIO_LEVEL | MIO_ONESHOT)) == 0;
}

static uint32_t told_at(const struct model_registration *registration, int side)
{
    return atomic_load(&registration->told_at[side]);
}

/* ---- Acts ------------------------------------------------------------------------------------ */

void model_touched(struct model_source *source)
{
    source->restless = 0;
}

void model_arm(struct model_source *source, struct model_registration *registration, uint32_t now)
{
    *source = (struct model_source){.registration = registration};
    for (int side = 0; side < MODEL_SIDES; side++) {
        bool asked = (registration->interest & bit_of[side]) != 0;
        source->sides[side] = (struct model_side){asked, asked && side != MODEL_END, now, 0};
    }
}

/* Whether the direction was told since it was armed. */
static bool is_told(const struct model_source *source, int side)
{
    uint32_t told = told_at(source->registration, side);
    uint32_t armed = source->sides[side].armed_at;
    return source->registration->loose ? told != 0 && told >= armed : told > armed;
}

/* Whether transfers on that side arm anything. */
static bool has_edge(const struct model_source *source, int side)
{
    const struct model_registration *registration = source->registration;
    return registration && is_edge(registration) && (registration->interest & bit_of[side]);
}

/* From now on the direction is owed when it is ready in another way than it is then. */
static void owe(struct model_source *source, int side, uint32_t ready_then, uint32_t now)
{
    struct model_side *it = &source->sides[side];
    bool is_owed = it->owed_when_ready && !is_told(source, side);
    it->ready_then = is_owed ? it->ready_then & ready_then : ready_then;
    it->armed_at = is_owed ? it->armed_at : now;
    it->owed_when_ready = true;
}

void model_error_taken(struct model_source *source)
{
    source->ends_told &= MIO_READ_CLOSED;
}

/* An emulated edge is armed, and so are errors and hang-ups, which nobody can mask. */
static void may_tell(struct model_source *source, int side)
{
    source->sides[side].may_be_told = true;
    model_error_taken(source);
}

void model_blocked(struct model_source *source, int side, uint32_t truth, uint32_t now)
{
    model_error_taken(source); /* whatever the interest */
    if (!has_edge(source, side))
        return;
    may_tell(source, side);
    owe(source, side, truth, now);
}

void model_short(struct model_source *source, int side, bool drained, uint32_t now)
{
    if (!has_edge(source, side))
        return;
    if ((atomic_load(&source->registration->told) & ENDS) == 0)
        may_tell(source, side);
    if (drained)
        owe(source, side, 0, now);
}

void model_failed_to_read(struct model_source *source, bool emulated, uint32_t now)
{
    if (!has_edge(source, MODEL_READ) ||
        (atomic_load(&source->registration->told) & HANG_UP) == HANG_UP)
        return;
    may_tell(source, MODEL_READ);
    if (emulated)
        owe(source, MODEL_READ, 0, now);
}

void model_waker(struct model_source *waker, struct model_registration *registration)
{
    *waker = (struct model_source){.registration = registration};
}

void model_woken(struct model_source *waker, uint32_t now)
{
    waker->sides[MODEL_READ] = (struct model_side){true, true, now, 0};
    model_touched(waker);
}

void model_tighten(struct model_source *source)
{
    for (int side = 0; side < MODEL_SIDES; side++) {
        struct model_side *it = &source->sides[side];
        it->owed_when_ready &= !is_told(source, side);
        it->may_be_told = (source->registration->interest & bit_of[side]) != 0;
    }
    source->registration->loose = false;
    source->ends_told = 0;
    source->restless = 0;
    source->passed_by = 0;
}

/* ---- Must ------------------------------------------------------------------------------------ */

/* An end is told once though nothing was drained; after an error all is told that is to come. */
static bool owes_end(const struct model_registration *registration, uint32_t truth,
                     struct model_kind kind)
{
    uint32_t told = atomic_load(&registration->told);
    bool reads = (registration->interest & (MIO_READABLE | MIO_READ_CLOSED)) != 0;
    bool writes = (registration->interest & MIO_WRITABLE) != 0;
    if (told & MIO_ERROR)
        return false;
    writes = kind.by_direction ? writes && !registration->one_way : true;
    if ((truth & (POLLHUP | (kind.is_pipe ? POLLERR : 0))) && writes && !(told & MIO_WRITE_CLOSED))
        return true;
    return (truth & (POLLRDHUP | (kind.by_direction ? POLLHUP : 0))) && reads &&
           !(told & MIO_READ_CLOSED);
}

static bool level_owes(const struct model_registration *registration, int side, uint32_t now)
{
    uint32_t told = told_at(registration, side);
    return registration->loose ? told == 0 : told != now;
}

static bool owes_side(const struct model_source *source, int side, uint32_t truth, uint32_t now)
{
    const struct model_registration *registration = source->registration;
    const struct model_side *it = &source->sides[side];
    uint32_t ready = truth & ready_bits[side];
    if (ready == 0 || !(registration->interest & bit_of[side]))
        return false;
    if (is_level(registration))
        return level_owes(registration, side, now);
    return it->owed_when_ready && (ready & ~it->ready_then) != 0 && !is_told(source, side);
}

/*
 * Whether all is told that there is to tell of writing: each direction has an entry, and this
 * side has ended it. No write can say -EAGAIN any more, whatever the program says of one.
 */
static bool is_over(const struct model_registration *registration, struct model_kind kind)
{
    bool is_ended = kind.by_direction && kind.ended && is_edge(registration);
    return is_ended && (atomic_load(&registration->told) & MIO_WRITE_CLOSED);
}

bool model_owes(const struct model_source *source, uint32_t truth, struct model_kind kind,
                uint32_t now)
{
    const struct model_registration *registration = source->registration;
    if (!registration)
        return false;
    if (is_oneshot(registration) && atomic_load(&registration->told) != 0)
        return false;
    if (is_edge(registration) && kind.exact && owes_end(registration, truth, kind))
        return true;
    /* In edge mode the end is told by owes_end. */
    bool end_counts = kind.exact && !is_edge(registration);
    bool writes = !registration->one_way && !is_over(registration, kind);
    return owes_side(source, MODEL_READ, truth, now) ||
           (writes && owes_side(source, MODEL_WRITE, truth, now)) ||
           (end_counts && owes_side(source, MODEL_END, truth, now));
}

/* ---- May and must not ------------------------------------------------------------------------ */

const char *model_check(struct model_registration *registration, unsigned poll,
                        const struct mio_event *event, uint32_t now)
{
    uint32_t told = event->readiness & DIRECTIONS;
    uint32_t over_after = atomic_load(&registration->over_after);
    if (registration->poll != poll)
        return "a token of another poll";
    if (over_after != 0 && over_after < now)
        return "a token whose registration was over";
    if (told == 0)
        return "an event without a direction";
    if ((told & ~registration->may) != 0 && !(event->readiness & ENDS))
        return "a direction that nobody asked for";
    if (is_oneshot(registration) && (told & atomic_load(&registration->told)) != 0)
        return "a direction twice, in oneshot mode";
    atomic_fetch_or(&registration->told, event->readiness);
    for (int side = 0; side < MODEL_SIDES; side++)
        if (event->readiness & bit_of[side])
            atomic_store(&registration->told_at[side], now);
    return NULL;
}

/* Where each direction has an entry, an end of a pipe that writes has an end of reading, too. */
static bool is_true(uint32_t readiness, uint32_t truth, struct model_kind kind)
{
    uint32_t reading_ended =
        POLLRDHUP | POLLHUP | (kind.by_direction && kind.is_pipe ? POLLERR : 0);
    if ((readiness & MIO_READ_CLOSED) && !(truth & reading_ended))
        return false;
    if ((readiness & MIO_WRITE_CLOSED) && !(truth & (POLLHUP | POLLERR)) &&
        !(kind.by_direction && kind.ended))
        return false;
    return !(readiness & MIO_ERROR) || (truth & POLLERR);
}

/* Whether an edge that the library made itself is one. */
static bool is_news(const struct model_source *source, uint32_t readiness)
{
    if (readiness & ENDS & ~source->ends_told)
        return true;
    bool any = false, all = true;
    for (int side = 0; side < MODEL_SIDES; side++) {
        bool armed = source->sides[side].may_be_told;
        any |= (readiness & bit_of[side]) && armed;
        all &= !(readiness & bit_of[side]) || armed;
    }
    return readiness & ENDS ? any : all;
}

const char *model_check_source(struct model_source *source, const struct mio_event *event,
                               uint32_t truth, struct model_kind kind)
{
    const struct model_registration *registration = source->registration;
    bool ready = (truth & POLLERR) != 0; /* which nobody can mask */
    ready |= kind.by_direction && kind.ended && (registration->interest & MIO_WRITABLE);
    if (kind.exact && !is_true(event->readiness, truth, kind))
        return "an end or an error that is not there";
    if (kind.emulated && is_edge(registration) && !is_news(source, event->readiness))
        return "an edge that is none: neither drained nor closed since it was told";
    source->ends_told |= event->readiness & ENDS;
    for (int side = 0; side < MODEL_SIDES; side++) {
        if (event->readiness & bit_of[side])
            source->sides[side].may_be_told = false;
        ready |= (registration->interest & bit_of[side]) && (truth & ready_bits[side]);
    }
    source->passed_by = 0;
    if (!(is_level(registration) && ready) && ++source->restless > kind.edges)
        return "events without end, though nobody touched it";
    return NULL;
}
