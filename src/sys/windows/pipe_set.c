/* Named pipes that are bound to a port: their registration, their events, and their end. */
#include "sys/windows/pipe_set.h"

#include "grow.h"
#include "sys/windows/calls.h"
#include "sys/windows/error.h"
#include "sys/windows/named_pipe.h"

/* ---- Reporting ------------------------------------------------------------------------------- */

static struct mio__pipe_set *set_of_end(const struct mio__pipe_end *end)
{
    return mio__pipes_of(end->poll);
}

static bool end_has_room(const struct mio__pipe_end *end)
{
    if (end->write.stale) /* the ring is the system's still */
        return false;
    if (end->writes_messages)
        return end->output.count == 0;
    return end->output.count < end->output.size;
}

uint32_t mio__pipe_readiness(const struct mio__pipe_end *end)
{
    return mio__pipe_now(&end->state, end->input.full, end_has_room(end));
}

/* Its next wait looks at it. */
static void end_owe(struct mio__pipe_end *end)
{
    struct mio__pipe_set *set = set_of_end(end);
    if (end->owed)
        return;
    end->owed = true;
    end->next_owed = set->owed;
    set->owed = end;
}

/* Posts a packet of its own, so that a wait looks at it in its turn; a code where that fails. */
static int end_post(struct mio__pipe_end *end)
{
    if (end->look.busy)
        return 0;
    if (!MIO__CALL(PostQueuedCompletionStatus)(mio__port_of(end->poll), 0, 0,
                                               &end->look.operation.overlapped))
        return mio__error_of(GetLastError());
    end->look.busy = true;
    end->due++;
    set_of_end(end)->due++;
    return 0;
}

static uint32_t end_to_tell(const struct mio__pipe_end *end)
{
    if (!mio__pipe_is_registered(end))
        return 0;
    return mio__pipe_to_tell(&end->edge, mio__pipe_readiness(end));
}

/* A refusal of the system loses nothing: a later wait posts it. */
void mio__pipe_tell(struct mio__pipe_end *end)
{
    if (end_to_tell(end) != 0 && end_post(end) < 0)
        end_owe(end);
}

/* Reports what there is to report. */
static bool end_report(struct mio__pipe_end *end, struct mio_event *event)
{
    const uint32_t readiness = end_to_tell(end);
    if (readiness == 0)
        return false;
    event->token = end->token;
    event->readiness = readiness;
    mio__edge_report(&end->edge, readiness);
    if (mio__edge_is_level(&end->edge)) /* again with the next wait */
        end_owe(end);
    return true;
}

/* ---- The end of a closed pipe ---------------------------------------------------------------- */

static int end_close_handle(struct mio__pipe_end *end)
{
    const int result = MIO__CALL(CloseHandle)(end->handle) ? 0 : mio__error_of(GetLastError());
    end->handle = INVALID_HANDLE_VALUE;
    if (end->poll)
        set_of_end(end)->flushing--;
    return result;
}

static void end_unlink(struct mio__pipe_end *end)
{
    struct mio__pipe_set *set = set_of_end(end);
    if (end->previous)
        end->previous->next = end->next;
    else
        set->first = end->next;
    if (end->next)
        end->next->previous = end->previous;
    struct mio__pipe_end **place = &set->owed;
    while (end->owed && *place != end)
        place = &(*place)->next_owed;
    if (end->owed)
        *place = end->next_owed;
    end->owed = false;
}

void mio__pipe_free_if_done(struct mio__pipe_end *end)
{
    if (!end->closed || end->due > 0 || end->handle != INVALID_HANDLE_VALUE)
        return;
    if (end->poll)
        end_unlink(end);
    const struct mio_allocator allocator = end->allocator;
    mio__grow_free(&allocator, end, 1, end->size);
}

/* Closes the handle of a closed pipe whose output is with the system, or cannot be written. */
static int end_flush(struct mio__pipe_end *end)
{
    if (end->poll)
        mio__pipe_move_on(end);
    return end->output.count == 0 || end->state.write_error != 0 ? end_close_handle(end) : 0;
}

int mio__pipe_close(struct mio__pipe_end *end)
{
    end->closed = true;
    end->registered = false;
    end->wants_client = false;
    end->deadline = mio__deadline_after(end->flush_ns);
    if (end->poll)
        set_of_end(end)->flushing++;
    mio__pipe_cancel(end, &end->listen);
    mio__pipe_cancel(end, &end->read);
    const int result = end_flush(end);
    mio__pipe_free_if_done(end);
    return result;
}

bool mio__pipe_done(struct mio__operation *operation, struct mio_poll *poll,
                    struct mio_event *event)
{
    struct mio__pipe_end *end = ((struct mio__pipe_operation *)(void *)operation)->end;
    end->due--;
    mio__pipes_of(poll)->due--;
    if (operation == &end->look.operation)
        end->look.busy = false;
    if (end->closed) {
        if (end->handle != INVALID_HANDLE_VALUE)
            end_flush(end);
        mio__pipe_free_if_done(end);
        return false;
    }
    if (!end->lost)
        mio__pipe_move_on(end);
    return end_report(end, event);
}

/* ---- Registration ---------------------------------------------------------------------------- */

/* For ever: the system has no way back. */
static int end_bind(struct mio__pipe_end *end, struct mio_poll *poll)
{
    if (end->poll)
        return end->poll == poll ? 0 : -EINVAL;
    if (!MIO__CALL(CreateIoCompletionPort)(end->handle, mio__port_of(poll), 0, 0))
        return mio__error_of(GetLastError());
    struct mio__pipe_set *set = mio__pipes_of(poll);
    end->poll = poll;
    end->next = set->first;
    if (set->first)
        set->first->previous = end;
    set->first = end;
    mio__fetch_add(&poll->users, 1); /* until it is closed */
    return 0;
}

static void end_watch(struct mio__pipe_end *end, mio_token token, mio_interest interest)
{
    mio__store_relaxed(&end->abandoned, 0);
    end->token = token;
    end->registered = true;
    mio__edge_start(&end->edge, interest);
    mio__pipe_find_client(end);
    mio__pipe_move_on(end);
    mio__pipe_tell(end);
}

int mio__pipe_add(struct mio_poll *poll, struct mio_source *source, mio_token token,
                  mio_interest interest)
{
    struct mio__pipe_end *end = mio__pipe_end_of(source);
    if (!(interest & (MIO_READABLE | MIO_WRITABLE)))
        return -ENOTSUP;
    if (end->lost)
        return -EBADF;
    mio__port_lock(poll);
    const int result = end_bind(end, poll);
    if (result == 0)
        end_watch(end, token, interest);
    mio__port_unlock(poll);
    return result;
}

int mio__pipe_change(struct mio_poll *poll, struct mio_source *source, mio_token token,
                     mio_interest interest)
{
    if (!(interest & (MIO_READABLE | MIO_WRITABLE)))
        return -ENOTSUP;
    mio__port_lock(poll);
    end_watch(mio__pipe_end_of(source), token, interest);
    mio__port_unlock(poll);
    return 0;
}

int mio__pipe_remove(struct mio_poll *poll, struct mio_source *source)
{
    struct mio__pipe_end *end = mio__pipe_end_of(source);
    mio__port_lock(poll);
    end->registered = false;
    mio__pipe_cancel(end, &end->read);
    mio__port_unlock(poll);
    return 0;
}

void mio__pipe_abandon(struct mio_source *source)
{
    mio__store_relaxed(&mio__pipe_end_of(source)->abandoned, 1);
}

/* ---- Waits ----------------------------------------------------------------------------------- */

/* Those whose time is over lose what was not written. */
static int64_t set_flush(struct mio__pipe_set *set, int64_t timeout_ns)
{
    const int64_t now = mio_now_ns();
    struct mio__pipe_end *next;
    for (struct mio__pipe_end *end = set->first; end; end = next) {
        next = end->next;
        if (!end->closed || end->handle == INVALID_HANDLE_VALUE || end->deadline == MIO_FOREVER)
            continue;
        if (end->deadline > now) {
            timeout_ns = end->deadline - now < timeout_ns ? end->deadline - now : timeout_ns;
            continue;
        }
        mio__pipe_cancel(end, &end->write);
        end_close_handle(end);
        mio__pipe_free_if_done(end);
    }
    return timeout_ns;
}

/* While the system refuses packets a wait sleeps so long, and posts them again. */
#define POST_AGAIN_NS (10 * MIO_NS_PER_MS)

int64_t mio__pipes_begin(struct mio__pipe_set *set, int64_t timeout_ns)
{
    struct mio__pipe_end *end = set->owed;
    set->owed = NULL;
    while (end) {
        struct mio__pipe_end *next = end->next_owed;
        end->owed = false;
        mio__pipe_tell(end);
        end = next;
    }
    if (set->owed && timeout_ns > POST_AGAIN_NS)
        timeout_ns = POST_AGAIN_NS;
    return set->flushing > 0 ? set_flush(set, timeout_ns) : timeout_ns;
}

void mio__pipes_end(struct mio__pipe_set *set)
{
    struct mio__pipe_end *next;
    for (struct mio__pipe_end *end = set->first; end; end = next) {
        next = end->next;
        end->registered = false;
        mio__pipe_cancel(end, &end->listen);
        mio__pipe_cancel(end, &end->read);
        mio__pipe_cancel(end, &end->write);
        end->lost = !end->closed;
        if (end->closed && end->handle != INVALID_HANDLE_VALUE)
            end_close_handle(end);
        mio__pipe_free_if_done(end);
    }
}

void mio__pipes_settle(struct mio__pipe_set *set)
{
    struct mio__pipe_end *next;
    for (struct mio__pipe_end *end = set->first; end; end = next) {
        next = end->next;
        if (!mio__pipe_is_idle(end))
            continue;
        set->due -= end->due;
        end->due = 0;
        mio__pipe_free_if_done(end);
    }
}
