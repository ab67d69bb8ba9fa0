/*
 * The completion port backend: readiness of sockets from the AFD device (afd.h, afd_set.h), and all
 * else that ends at the port.
 *
 * Facts about the system, and the letters by which the code refers to them:
 *   A  A packet that was taken off the port is gone: no more are taken than can be reported.
 *   B  A packet names its operation, or, where that is NULL, a number: of a waker, or of a kick.
 *   C  A wait counts in milliseconds, 2^32 - 1 has no end, and it may return up to a tick early.
 *      That of ntdll counts in units of 100 ns, and is as exact as the ticks of the system.
 *   D  Packets of operations that were cancelled come, too; their memory is the system's till then.
 *   E  A posted packet cannot be taken back: one of a waker that was closed comes later.
 *
 * The lock guards everything but the number of a waker's life. During the call of the system it is
 * not held: changes go to the device at once then, and whoever cannot ask posts a kick, so that the
 * wait asks.
 */
#include "grow.h"
#include "internal.h"
#include "sys/sys.h"
#include "sys/windows/afd_set.h"
#include "sys/windows/base_socket.h"
#include "sys/windows/calls.h"
#include "sys/windows/error.h"
#include "sys/windows/ntdll.h"
#include "sys/windows/pipe_set.h"
#include "sys/windows/startup.h"
#include "sys/windows/wait_time.h"
#include "wakers.h"

/* The number of a kick; those of wakers are below. */
enum { KICK = MIO_WAKERS_MAX };

/* Packets that a wait takes at once. */
enum { FETCHED_MAX = 64 };

struct iocp_state {
    struct mio__afd_set set; /* the first (mio__afd_set_of) */
    struct mio__pipe_set pipes;
    SRWLOCK lock;
    HANDLE port;
    bool sleeping; /* a wait has let go of the lock */
    mio_token waker_tokens[MIO_WAKERS_MAX];
    /* How many wakers were opened and closed with this number; atomic (E). */
    uint32_t waker_lives[MIO_WAKERS_MAX];
};

static struct iocp_state *iocp_lock(const struct mio_poll *poll)
{
    struct iocp_state *state = poll->state;
    AcquireSRWLockExclusive(&state->lock);
    return state;
}

static void iocp_unlock(struct iocp_state *state)
{
    ReleaseSRWLockExclusive(&state->lock);
}

/* ---- The port as named pipes see it ---------------------------------------------------------- */

struct mio__pipe_set *mio__pipes_of(const struct mio_poll *poll)
{
    return &((struct iocp_state *)poll->state)->pipes;
}

HANDLE mio__port_of(const struct mio_poll *poll)
{
    return ((struct iocp_state *)poll->state)->port;
}

void mio__port_lock(const struct mio_poll *poll)
{
    iocp_lock(poll);
}

void mio__port_unlock(const struct mio_poll *poll)
{
    iocp_unlock(poll->state);
}

/* ---- The port -------------------------------------------------------------------------------- */

/* Keeps the error of the thread, as a wake in a handler has to. */
static int iocp_post(struct iocp_state *state, uint32_t number, uint32_t life)
{
    DWORD before = GetLastError();
    int result = 0;
    if (!MIO__CALL(PostQueuedCompletionStatus)(state->port, life, number, NULL))
        result = mio__error_of(GetLastError());
    SetLastError(before);
    return result;
}

_Static_assert(INFINITE == MIO__NO_END, "a wait without end is written alike");

/* Takes packets off the port: how many, or a code. When the time is over the count says nothing. */
static int iocp_fetch_finely(struct iocp_state *state, OVERLAPPED_ENTRY *entries, int room,
                             int64_t timeout_ns)
{
    LARGE_INTEGER timeout = {.QuadPart = mio__wait_ticks(timeout_ns)};
    ULONG count = 0;
    NTSTATUS status = MIO__NTDLL_CALL(NtRemoveIoCompletionEx)(state->port, entries, (ULONG)room,
                                                              &count, &timeout, FALSE);
    if (status < 0)
        return mio__error_of_status(status);
    return status == WAIT_TIMEOUT ? 0 : (int)count;
}

static int iocp_fetch(struct iocp_state *state, OVERLAPPED_ENTRY *entries, int room,
                      int64_t timeout_ns)
{
    ULONG count = 0;
    if (mio__wait_is_fine(timeout_ns) && mio__ntdll_find()->NtRemoveIoCompletionEx)
        return iocp_fetch_finely(state, entries, room, timeout_ns);
    if (MIO__CALL(GetQueuedCompletionStatusEx)(state->port, entries, (ULONG)room, &count,
                                               mio__wait_milliseconds(timeout_ns), FALSE))
        return (int)count;
    DWORD error = GetLastError();
    return error == WAIT_TIMEOUT ? 0 : mio__error_of(error);
}

/* ---- Opening and closing --------------------------------------------------------------------- */

static int iocp_open(struct mio_poll *poll, uint32_t waker_kind)
{
    if (waker_kind != MIO_WAKER_DEFAULT && waker_kind != MIO_WAKER_USER)
        return -ENOTSUP;
    int result = mio__startup();
    if (result < 0)
        return result;
    struct iocp_state *state = mio__grow_new(&poll->allocator, 1, sizeof *state);
    if (!state)
        return -ENOMEM;
    state->port = MIO__CALL(CreateIoCompletionPort)(INVALID_HANDLE_VALUE, NULL, 0, 1);
    if (!state->port) {
        result = mio__error_of(GetLastError());
        goto free_state;
    }
    InitializeSRWLock(&state->lock);
    mio__afd_set_init(&state->set, &poll->allocator, state->port);
    poll->state = state;
    poll->fd = MIO_FD_NONE;
    /* A first device now: a system that has none says so here. */
    result = mio__afd_set_reserve(&state->set);
    if (result < 0)
        goto close_port;
    if (!mio__afd_tells_end())
        poll->features &= ~MIO_READ_CLOSED;
    return 0;

close_port:
    mio__afd_set_free(&state->set);
    MIO__CALL(CloseHandle)(state->port);
free_state:
    mio__grow_free(&poll->allocator, state, 1, sizeof *state);
    return result;
}

/* Whether the system may still write to memory that the state holds or knows of. */
static bool iocp_in_flight(const struct iocp_state *state)
{
    return state->set.in_flight > 0 || state->pipes.due > 0;
}

/* How long a close waits for the ends of what it has cancelled, which come at once. */
enum { REAPING_MS = 1000 };

/* Takes the packets of all that is in flight, as long as the port gives them. */
static void iocp_reap(struct mio_poll *poll, struct iocp_state *state)
{
    OVERLAPPED_ENTRY entries[FETCHED_MAX];
    struct mio_event event;
    int n = 1;
    while (iocp_in_flight(state) && n > 0) {
        n = iocp_fetch(state, entries, FETCHED_MAX, REAPING_MS * MIO_NS_PER_MS);
        for (int i = 0; i < n; i++) {
            struct mio__operation *operation = (void *)entries[i].lpOverlapped;
            if (operation)
                operation->done(operation, poll, &event);
        }
    }
}

/* Where the port gives no packets: forgets what the system has ended. Whether something is left. */
static bool iocp_settle(struct iocp_state *state)
{
    mio__afd_set_settle(&state->set);
    mio__pipes_settle(&state->pipes);
    return iocp_in_flight(state);
}

/* Memory that the system may still write to cannot be given back (D): then that is the result. */
static int iocp_close(struct mio_poll *poll)
{
    struct iocp_state *state = poll->state;
    int result = mio__afd_set_end(&state->set);
    mio__pipes_end(&state->pipes);
    iocp_reap(poll, state);
    for (int i = 0; iocp_settle(state) && i < REAPING_MS; i++)
        Sleep(1);
    if (!MIO__CALL(CloseHandle)(state->port) && result == 0)
        result = mio__error_of(GetLastError());
    if (iocp_in_flight(state))
        return -ETIMEDOUT;
    mio__afd_set_free(&state->set);
    mio__grow_free(&poll->allocator, state, 1, sizeof *state);
    return result;
}

/* ---- Registration ---------------------------------------------------------------------------- */

static int iocp_add(struct mio_poll *poll, struct mio_source *source, mio_token token,
                    mio_interest interest)
{
    mio_fd socket;
    if (source->flags & MIO__NAMED_PIPE)
        return mio__pipe_add(poll, source, token, interest);
    int result = mio__base_socket(source->fd, &socket);
    if (result < 0)
        return result;
    struct iocp_state *state = iocp_lock(poll);
    result = mio__afd_set_add(&state->set, source, socket, token, interest);
    iocp_unlock(state);
    return result;
}

static int iocp_change(struct mio_poll *poll, struct mio_source *source, mio_token token,
                       mio_interest interest, mio_interest before)
{
    (void)before;
    mio_fd socket;
    if (source->flags & MIO__NAMED_PIPE)
        return mio__pipe_change(poll, source, token, interest);
    int result = mio__base_socket(source->fd, &socket);
    if (result < 0)
        return result;
    struct iocp_state *state = iocp_lock(poll);
    result = -EBADF;
    if (mio__afd_set_has(&state->set, source))
        result = mio__afd_set_change(&state->set, source->slot, socket, token, interest);
    iocp_unlock(state);
    return result;
}

static int iocp_remove(struct mio_poll *poll, struct mio_source *source)
{
    if (source->flags & MIO__NAMED_PIPE)
        return mio__pipe_remove(poll, source);
    struct iocp_state *state = iocp_lock(poll);
    bool found = mio__afd_set_has(&state->set, source);
    if (found)
        mio__afd_set_remove(&state->set, source->slot);
    iocp_unlock(state);
    return found ? 0 : -EBADF;
}

/*
 * Makes a wait that sleeps ask the device for what is listed. Where the system has no memory for a
 * packet, and no poll is in flight whose end would do, the next wait asks.
 */
static void iocp_kick(struct mio_poll *poll, struct iocp_state *state)
{
    if (iocp_post(state, KICK, 0) == 0 || mio__afd_set_stir(&state->set))
        mio__counter_add(&poll->kicks, 1);
}

static void iocp_rearm(struct mio_poll *poll, struct mio_source *source, uint32_t direction,
                       enum mio__rearm reason)
{
    if (source->flags & MIO__NAMED_PIPE) /* they do it themselves */
        return;
    struct iocp_state *state = iocp_lock(poll);
    if (mio__afd_set_has(&state->set, source) &&
        mio__afd_set_rearm(&state->set, source->slot, direction, reason, state->sleeping))
        iocp_kick(poll, state);
    iocp_unlock(state);
}

static void iocp_ended(struct mio_poll *poll, struct mio_source *source)
{
    struct iocp_state *state = iocp_lock(poll);
    if (mio__afd_set_has(&state->set, source) &&
        mio__afd_set_ended(&state->set, source, state->sleeping))
        iocp_kick(poll, state);
    iocp_unlock(state);
}

static void iocp_abandon(struct mio_poll *poll, struct mio_source *source)
{
    struct iocp_state *state = poll->state;
    if (source->flags & MIO__NAMED_PIPE)
        mio__pipe_abandon(source);
    else
        mio__afd_set_abandon(&state->set, source);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

/*
 * Asks the device for what is listed, and lets go of the lock. Returns the events of refusals, and
 * makes the time that the wait may sleep shorter where a pipe wants that.
 */
static int iocp_begin(struct mio_poll *poll, struct mio_event *events, size_t capacity,
                      int64_t *timeout_ns)
{
    struct iocp_state *state = iocp_lock(poll);
    *timeout_ns = mio__pipes_begin(&state->pipes, *timeout_ns);
    state->set.is_behind = false; /* written by waits alone, under the lock */
    int n = mio__afd_set_apply(&state->set, events, capacity);
    state->sleeping = n == 0 && *timeout_ns != 0;
    iocp_unlock(state);
    return n;
}

/* A packet without an operation (B). Clears the bit of its waker before the report (wakers.h). */
static bool iocp_take_posted(struct mio_poll *poll, struct iocp_state *state,
                             const OVERLAPPED_ENTRY *entry, struct mio_event *event)
{
    uint32_t number = (uint32_t)entry->lpCompletionKey;
    if (number == KICK)
        return false;
    if (mio__load_relaxed(&state->waker_lives[number]) != entry->dwNumberOfBytesTransferred)
        return false;
    mio__wakers_clear(poll, UINT32_C(1) << number);
    event->token = state->waker_tokens[number];
    event->readiness = MIO_READABLE;
    return true;
}

/* Translates packets. Returns the number of events, at most that of packets. */
static int iocp_take(struct mio_poll *poll, const OVERLAPPED_ENTRY *entries, int count,
                     struct mio_event *events)
{
    struct iocp_state *state = iocp_lock(poll);
    int n = 0;
    state->sleeping = false;
    for (int i = 0; i < count; i++) {
        struct mio__operation *operation = (void *)entries[i].lpOverlapped;
        bool told = operation ? operation->done(operation, poll, &events[n])
                              : iocp_take_posted(poll, state, &entries[i], &events[n]);
        n += told;
    }
    iocp_unlock(state);
    return n;
}

/* Fetches and translates: adds to *n events. Returns the number of packets, or a code. */
static int iocp_look(struct mio_poll *poll, struct mio_event *events, size_t capacity,
                     int64_t timeout_ns, int *n)
{
    OVERLAPPED_ENTRY entries[FETCHED_MAX];
    int all = 0, room = 0, count = 0;
    while (count == room && (size_t)*n < capacity) { /* there may be more */
        const bool waits = *n == 0 && all == 0;
        const size_t left = capacity - (size_t)*n;
        room = left < FETCHED_MAX ? (int)left : FETCHED_MAX;
        count = iocp_fetch(poll->state, entries, room, waits ? timeout_ns : 0);
        *n += iocp_take(poll, entries, count, events + *n);
        all += count > 0 ? count : 0;
    }
    return count < 0 && *n == 0 ? count : all;
}

/*
 * Beside events came an answer that told nothing, as after a change of the interest: its source may
 * be ready, and is to be told with the others. Once, for other threads may change more.
 */
static int iocp_catch_up(struct mio_poll *poll, struct mio_event *events, size_t capacity, int n)
{
    struct iocp_state *state = poll->state;
    if (!state->set.is_behind || (size_t)n == capacity)
        return n;
    iocp_look(poll, events, capacity, 0, &n);
    return n;
}

static int iocp_wait(struct mio_poll *poll, struct mio_event *events, size_t capacity,
                     int64_t timeout_ns)
{
    const int64_t deadline = mio__deadline_after(timeout_ns);
    for (;;) {
        int n = iocp_begin(poll, events, capacity, &timeout_ns);
        int count = iocp_look(poll, events, capacity, timeout_ns, &n);
        if (n > 0)
            n = iocp_catch_up(poll, events, capacity, n);
        if (n > 0 || count < 0)
            return mio__wait_end(poll, n > 0 ? n : count);
        timeout_ns = mio__deadline_rest(deadline);
        /* An answer that told nothing may have made room for a new request, which is ready. */
        if (count == 0 && timeout_ns == 0)
            return mio__wait_end(poll, 0);
    }
}

/* ---- Wakers ---------------------------------------------------------------------------------- */

/* A new life of the number: packets of the one before tell nothing (E). */
static uint32_t iocp_waker_begin(struct iocp_state *state, const struct mio_waker *waker)
{
    return mio__fetch_add(&state->waker_lives[mio__waker_number(waker)], 1) + 1;
}

static int iocp_waker_open(struct mio_poll *poll, struct mio_waker *waker)
{
    struct iocp_state *state = iocp_lock(poll);
    state->waker_tokens[mio__waker_number(waker)] = waker->token;
    waker->read_fd = iocp_waker_begin(state, waker);
    waker->write_fd = MIO_FD_NONE;
    iocp_unlock(state);
    return 0;
}

static void iocp_waker_abandon(struct mio_poll *poll, struct mio_waker *waker)
{
    iocp_waker_begin(poll->state, waker);
}

static void iocp_waker_close(struct mio_poll *poll, struct mio_waker *waker)
{
    struct iocp_state *state = iocp_lock(poll);
    iocp_waker_begin(state, waker);
    iocp_unlock(state);
}

static int iocp_wake(struct mio_poll *poll, struct mio_waker *waker)
{
    if (mio__wake_is_covered(poll, waker))
        return 0;
    return mio__wake_sent(
        poll, waker, iocp_post(poll->state, mio__waker_number(waker), (uint32_t)waker->read_fd));
}

extern const struct mio__backend mio__backend_iocp;
const struct mio__backend mio__backend_iocp = {
    .name = "iocp",
    .id = MIO_BACKEND_IOCP,
    .features = MIO_READABLE | MIO_WRITABLE | MIO_READ_CLOSED | MIO_LEVEL | MIO_ONESHOT,
    .open = iocp_open,
    .close = iocp_close,
    .add = iocp_add,
    .change = iocp_change,
    .remove = iocp_remove,
    .rearm = iocp_rearm,
    .ended = iocp_ended,
    .abandon = iocp_abandon,
    .wait = iocp_wait,
    .waker_open = iocp_waker_open,
    .waker_close = iocp_waker_close,
    .waker_abandon = iocp_waker_abandon,
    .wake = iocp_wake,
};
