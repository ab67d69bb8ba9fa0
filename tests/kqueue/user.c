/*
 * The filter of user events, as FreeBSD's kern_event.c has it. A trigger that comes with EV_CLEAR
 * takes itself back there.
 */
#include "settings.h"
#include "simulation.h"

static struct sim_answer ask_user(struct knote *knote)
{
    struct sim_answer answer = {
        .ready = knote->triggered,
        .fflags = knote->set.fflags & NOTE_FFLAGSMASK,
        .data = knote->set.data,
    };
    return answer;
}

static void touch_user(struct knote *knote, const struct kevent *change, bool first)
{
    uint32_t flags = change->fflags & NOTE_FFLAGSMASK;
    if (change->fflags & NOTE_TRIGGER)
        knote->triggered = true;
    if (first)
        return;
    switch (change->fflags & NOTE_FFCTRLMASK) {
    case NOTE_FFAND:
        knote->set.fflags &= flags;
        break;
    case NOTE_FFOR:
        knote->set.fflags |= flags;
        break;
    case NOTE_FFCOPY:
        knote->set.fflags = flags;
        break;
    default:
        break;
    }
    knote->set.data = change->data;
    if ((change->flags & EV_CLEAR) && sim_settings()->user_clear) {
        knote->triggered = false;
        knote->set.fflags = 0;
        knote->set.data = 0;
    }
}

static void told_user(struct knote *knote, const struct sim_answer *answer)
{
    (void)answer;
    if (knote->set.flags & EV_CLEAR)
        knote->triggered = false;
}

const struct sim_filter sim_filter_user = {.ask = ask_user, .touch = touch_user, .told = told_user};
