/*
 * The kqueue backend. It keeps no table: the kernel holds token, interest and mode, in an entry for
 * each direction of a source.
 *
 * Facts about the kernels, and the letters by which the code refers to them. "Seen" is NetBSD 7.99,
 * the rest is from the manual pages and sources of the systems:
 *   A  EV_RECEIPT makes a change answer with an entry of its own, EV_ERROR with 0 or an errno value
 *      in data, and keeps events away from that call. Without room for all the answers nothing
 *      comes back and no error (seen). A change without it answers when it fails only, and the call
 *      takes events where there is room left.
 *   B  EV_ADD for an entry that is there changes neither EV_CLEAR nor EV_DISPATCH nor EV_RECEIPT
 *      (seen): another mode is EV_DELETE, then EV_ADD.
 *   C  EV_ADD replaces token and mark, and reports again what is ready, also where that was
 *      reported before. It does not enable an entry that EV_DISPATCH has disabled; EV_ENABLE alone
 *      does, but replaces no token and reports no edge again (seen). So they always go together.
 *   D  EV_DISPATCH reports once and disables, with EV_CLEAR as without (seen), so EV_CLEAR is left
 *      out. EV_ONESHOT would delete the entry (seen), and the next change of it fail.
 *   E  Deleting what is not there is ENOENT (seen). That is no mistake: closing a descriptor
 *      removes its entries, even while a duplicate is open (seen). Nothing of an entry is queued
 *      after its deletion.
 *   F  Adding EVFILT_WRITE for a pipe without a reader is EPIPE.
 *   G  A source has an entry for reading and one for writing, which come as two events, in the
 *      order in which they became active (seen).
 *   H  The end of reading is EV_EOF at EVFILT_READ, of writing at EVFILT_WRITE, with the error of
 *      the socket in fflags. Other filters use flags and fflags for other things (EVFILT_PROC).
 *   I  An entry without EV_CLEAR and EV_DISPATCH is reported by each call while it is ready, so
 *      also by the next call of the same wait.
 *   J  A timeout is rounded to ticks, by a tick too little on some releases, and kernels end some
 *      waits without an event. The longest that all take is 100,000,000 seconds.
 *   K  When a call is interrupted all changes are made, but their answers are lost. Repeating them
 *      does no harm; only what they have deleted is not there any more.
 *   L  A change of an EVFILT_USER entry replaces its token, also where it only triggers; with
 *      EV_CLEAR in its flags FreeBSD takes the trigger back.
 *   M  Files are accepted, and are always ready: what other queues refuse is refused here.
 *   N  No kqueue is inherited by a child, whose descriptor of that number may be anything.
 *   O  A kqueue that watches itself is not refused by all.
 *   P  Between two changes of one call another thread may fetch events.
 */
#include "internal.h"
#include "sys/bsd/kqueue_abi.h"
#include "sys/sanitizers.h"
#include "sys/sys.h"
#include "sys/unix/calls.h"
#include "sys/unix/fd.h"
#include "sys/unix/notifier.h"
#include "wakers.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    KQUEUE_CHANGES_MAX = 4, /* two directions, each deleted and added */
    KQUEUE_CHUNK = 64,      /* events that a call fetches */
};

/* The longest single wait (J): a day. */
#define KQUEUE_SLICE_NS (24 * 60 * 60 * MIO_NS_PER_S)

/* The ident of the first waker. Those of programs, which may be any, are small as a rule. */
#define KQUEUE_WAKER_IDENT ((uintptr_t)0x6d696f00)

/* A mark that no buffer reaches. */
#define KQUEUE_MARK_MAX 0x7fffffff

static const struct timespec kqueue_at_once;

/* ---- Opening and closing --------------------------------------------------------------------- */

/* Whether the queue is this process's, and not the one of a parent (N). */
static bool kqueue_is_ours(const struct mio_poll *poll)
{
    return poll->flags == (uint32_t)getpid();
}

static int kqueue_open(struct mio_poll *poll, uint32_t waker_kind)
{
    bool is_user = waker_kind == MIO_WAKER_USER || waker_kind == MIO_WAKER_DEFAULT;
    if (!MIO__HAS_EVFILT_USER || !is_user) {
        poll->wakers = mio__notifier_find(waker_kind);
        if (!poll->wakers)
            return -ENOTSUP;
    }
    if (!MIO__HAS_RECEIPTS)
        poll->features &= ~MIO_READ_CLOSED; /* nothing would tell these entries from others */
    poll->fd = MIO__CALL(kqueue)();
    if (poll->fd < 0)
        return mio__last_error();
    poll->flags = (uint32_t)getpid();
    /* No fork can slip in between: it would not inherit the queue (N). */
    if (MIO__CALL(fcntl)(poll->fd, F_SETFD, FD_CLOEXEC) < 0) {
        int error = mio__last_error();
        mio__fd_close(poll->fd);
        return error;
    }
    return 0;
}

static int kqueue_close(struct mio_poll *poll)
{
    return kqueue_is_ours(poll) ? mio__fd_close(poll->fd) : 0;
}

/* ---- Changes --------------------------------------------------------------------------------- */

struct kqueue_changes {
    int count;
    struct kevent entries[KQUEUE_CHANGES_MAX];
};

static struct kevent *kqueue_put(struct kqueue_changes *changes, mio_fd fd,
                                 mio__kevent_filter filter, uint32_t flags, mio_token token)
{
    struct kevent *entry = &changes->entries[changes->count++];
    mio__kevent_set(entry, (uintptr_t)fd, filter, flags, 0, token);
    return entry;
}

static uint32_t kqueue_receipt(void)
{
    return MIO__HAS_RECEIPTS ? EV_RECEIPT : 0;
}

static void kqueue_put_deletion(struct kqueue_changes *changes, mio_fd fd,
                                mio__kevent_filter filter)
{
    kqueue_put(changes, fd, filter, EV_DELETE | kqueue_receipt(), 0);
}

/* Makes some changes by one call (A). The data of each becomes 0 or an errno value. */
static void kqueue_make_some(mio_fd queue, struct kevent *entries, int count, int room)
{
    struct kevent receipts[KQUEUE_CHANGES_MAX];
    int n, calls = 0;
    do {
        n = MIO__CALL(kevent)(queue, entries, (mio__kevent_count)count, receipts,
                              (mio__kevent_count)room, &kqueue_at_once);
        calls++;
    } while (n < 0 && errno == EINTR); /* K */
    const int error = n < 0 ? errno : 0;
    MIO__KERNEL_WROTE(receipts, n < 0 ? 0 : (size_t)n * sizeof receipts[0]);
    for (int i = 0; i < count; i++) {
        entries[i].data = error;
        if (i < n && (receipts[i].flags & EV_ERROR))
            entries[i].data = receipts[i].data;
        if (calls > 1 && entries[i].data == ENOENT && (entries[i].flags & EV_DELETE))
            entries[i].data = 0; /* K */
    }
}

/* By one call, if each change gives a receipt. One without must be alone, with no room (A). */
static void kqueue_make(mio_fd queue, struct kqueue_changes *changes)
{
    int receipts = 0;
    if (changes->count == 0)
        return;
    for (int i = 0; i < changes->count; i++)
        receipts += (changes->entries[i].flags & EV_RECEIPT) != 0;
    if (receipts == changes->count) {
        kqueue_make_some(queue, changes->entries, changes->count, receipts);
        return;
    }
    for (int i = 0; i < changes->count; i++) {
        struct kevent *entry = &changes->entries[i];
        kqueue_make_some(queue, entry, 1, (entry->flags & EV_RECEIPT) != 0);
    }
}

/* The outcome of the changes: 0 or the first error that counts, and whether any was made. */
static int kqueue_result_of(const struct kqueue_changes *changes, bool *made)
{
    bool is_added = false, is_broken = false;
    int result = 0;
    *made = false;
    for (int i = 0; i < changes->count; i++) {
        const struct kevent *entry = &changes->entries[i];
        const int error = (int)entry->data;
        const bool adds = (entry->flags & EV_ADD) != 0;
        *made = *made || error == 0;
        is_added = is_added || (adds && error == 0);
        is_broken = is_broken || (adds && error == EPIPE);
        if (error != 0 && error != (adds ? EPIPE : ENOENT) && result == 0) /* E, F */
            result = mio__error_of(error);
    }
    /* A direction that is over is passed over where the other one tells. */
    return result == 0 && is_broken && !is_added ? -EPIPE : result;
}

/* ---- Registration ---------------------------------------------------------------------------- */

/*
 * The flags of an entry that EV_ADD does not change (B); 0 for no entry. Whoever asks for the
 * peer's end alone is told of data, too. The wait drops that, and knows such an entry by the
 * EV_RECEIPT that it lacks. A level or a single report cannot be dropped: there a mark that data
 * never reaches keeps it away.
 */
static uint32_t kqueue_mode_of(mio_interest interest)
{
    if (interest & MIO_ONESHOT)
        return EV_ADD | kqueue_receipt() | EV_DISPATCH; /* D */
    return EV_ADD | kqueue_receipt() | (interest & MIO_LEVEL ? 0 : EV_CLEAR);
}

static bool kqueue_is_for_end_alone(mio_interest interest)
{
    return (interest & (MIO_READABLE | MIO_READ_CLOSED)) == MIO_READ_CLOSED;
}

static uint32_t kqueue_form_of(mio__kevent_filter filter, mio_interest interest)
{
    if (filter == (mio__kevent_filter)EVFILT_WRITE)
        return interest & MIO_WRITABLE ? kqueue_mode_of(interest) : 0;
    if (!(interest & (MIO_READABLE | MIO_READ_CLOSED)))
        return 0;
    if (kqueue_is_for_end_alone(interest) && !(interest & (MIO_LEVEL | MIO_ONESHOT)))
        return EV_ADD | EV_CLEAR;
    return kqueue_mode_of(interest);
}

/* The mark, which EV_ADD replaces (C). */
static bool kqueue_has_mark(mio__kevent_filter filter, mio_interest interest)
{
    return filter == (mio__kevent_filter)EVFILT_READ && kqueue_is_for_end_alone(interest) &&
           (interest & (MIO_LEVEL | MIO_ONESHOT));
}

static void kqueue_put_addition(struct kqueue_changes *changes, mio_fd fd,
                                mio__kevent_filter filter, mio_token token, mio_interest interest)
{
    uint32_t form = kqueue_form_of(filter, interest);
    if (form == 0)
        return;
    struct kevent *entry = kqueue_put(changes, fd, filter, form | EV_ENABLE, token);
    if (kqueue_has_mark(filter, interest)) {
        entry->fflags = NOTE_LOWAT;
        entry->data = KQUEUE_MARK_MAX;
    }
}

/* Whether the mark does what it is for: on sockets, but for the queue of a listener, which counts
 * connections, and where the system keeps it. */
static int kqueue_check_mark(mio_fd fd, mio_interest interest)
{
    struct stat status;
    if (!kqueue_has_mark((mio__kevent_filter)EVFILT_READ, interest))
        return 0;
    if (!MIO__LOWAT_HOLDS)
        return -ENOTSUP;
    if (MIO__CALL(fstat)(fd, &status) < 0)
        return mio__last_error();
    return S_ISSOCK(status.st_mode) && !mio__fd_listens(fd) ? 0 : -ENOTSUP;
}

static const mio__kevent_filter kqueue_filters[] = {(mio__kevent_filter)EVFILT_WRITE,
                                                    (mio__kevent_filter)EVFILT_READ};

enum { KQUEUE_FILTERS = sizeof kqueue_filters / sizeof kqueue_filters[0] };

/* Ends what a failed change may have left. */
static void kqueue_clean_up(mio_fd queue, mio_fd fd)
{
    struct kqueue_changes changes = {0};
    for (int i = 0; i < KQUEUE_FILTERS; i++)
        kqueue_put_deletion(&changes, fd, kqueue_filters[i]);
    kqueue_make(queue, &changes);
}

/* Ends the entries that were added, and no others of the descriptor. */
static void kqueue_take_back(mio_fd queue, mio_fd fd, const struct kqueue_changes *made)
{
    struct kqueue_changes changes = {0};
    for (int i = 0; i < made->count; i++)
        if ((made->entries[i].flags & EV_ADD) && made->entries[i].data == 0)
            kqueue_put_deletion(&changes, fd, made->entries[i].filter);
    kqueue_make(queue, &changes);
}

/*
 * Whether no entry is left of those that a change found recorded, and deleted or disabled: then the
 * descriptor was closed (E), and its number is another one's. One entry alone can be missing (F).
 */
static bool kqueue_is_forgotten(const struct kqueue_changes *changes)
{
    int recorded = 0, missing = 0;
    for (int i = 0; i < changes->count; i++) {
        if (changes->entries[i].flags & EV_ADD)
            continue;
        recorded++;
        missing += changes->entries[i].data == ENOENT;
    }
    return recorded > 0 && missing == recorded;
}

static void kqueue_make_told(struct mio_poll *poll, mio_fd queue, struct kqueue_changes *changes)
{
    if (MIO__IS_WATCHED)
        mio__told(poll);
    /* The source is not looked at any more: who is told of it may free it at once. */
    kqueue_make(queue, changes);
}

static int kqueue_add(struct mio_poll *poll, struct mio_source *source, mio_token token,
                      mio_interest interest)
{
    const mio_fd fd = source->fd;
    struct kqueue_changes changes = {0};
    int result = fd == poll->fd ? -EINVAL : 0; /* O */
    if (result == 0 && (source->flags & MIO__RAW))
        result = mio__fd_check_pollable(fd); /* M */
    if (result == 0)
        result = kqueue_check_mark(fd, interest);
    if (result < 0)
        return result;
    for (int i = 0; i < KQUEUE_FILTERS; i++)
        kqueue_put_addition(&changes, fd, kqueue_filters[i], token, interest);
    const mio_fd queue = poll->fd;
    bool made;
    kqueue_make_told(poll, queue, &changes);
    result = kqueue_result_of(&changes, &made);
    if (result < 0 && made)
        kqueue_clean_up(queue, fd);
    return result;
}

static int kqueue_change(struct mio_poll *poll, struct mio_source *source, mio_token token,
                         mio_interest interest, mio_interest before)
{
    const mio_fd fd = source->fd;
    const bool is_raw = (source->flags & MIO__RAW) != 0;
    struct kqueue_changes changes = {0};
    int result = kqueue_check_mark(fd, interest);
    if (result < 0)
        return result;
    for (int i = 0; i < KQUEUE_FILTERS; i++) {
        const uint32_t was = kqueue_form_of(kqueue_filters[i], before);
        if (was != 0 && was != kqueue_form_of(kqueue_filters[i], interest)) /* B */
            kqueue_put_deletion(&changes, fd, kqueue_filters[i]);
        else if (was != 0) /* says whether it is there (E), and keeps the old token silent (P) */
            kqueue_put(&changes, fd, kqueue_filters[i], EV_DISABLE | kqueue_receipt(), token);
        kqueue_put_addition(&changes, fd, kqueue_filters[i], token, interest);
    }
    const mio_fd queue = poll->fd;
    bool made;
    kqueue_make_told(poll, queue, &changes);
    result = kqueue_result_of(&changes, &made);
    if (kqueue_is_forgotten(&changes)) {
        const int refused = mio__fd_check_pollable(fd); /* M */
        if (result == 0 && refused == 0)
            return MIO__ANEW;
        kqueue_take_back(queue, fd, &changes);
        return is_raw && refused < 0 ? refused : -ENOENT;
    }
    if (result < 0 && made) {
        kqueue_clean_up(queue, fd);
        result -= MIO__GONE;
    }
    return result;
}

static int kqueue_remove(struct mio_poll *poll, struct mio_source *source)
{
    struct kqueue_changes changes = {0};
    bool made;
    for (int i = 0; i < KQUEUE_FILTERS; i++)
        if (kqueue_form_of(kqueue_filters[i], source->interest) != 0)
            kqueue_put_deletion(&changes, source->fd, kqueue_filters[i]);
    kqueue_make(poll->fd, &changes);
    return kqueue_result_of(&changes, &made);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

static uint32_t kqueue_readiness_of(const struct kevent *event)
{
    const bool is_end = (event->flags & EV_EOF) != 0;
    uint32_t readiness;
    if (event->filter == (mio__kevent_filter)EVFILT_READ)
        readiness = MIO_READABLE | (is_end ? MIO_READ_CLOSED : 0);
    else if (event->filter == (mio__kevent_filter)EVFILT_WRITE)
        readiness = MIO_WRITABLE | (is_end ? MIO_WRITE_CLOSED : 0);
    else /* of a program's own, or of the completion of one of its operations (H) */
        return mio__kevent_completion(event) ? mio__kevent_completion(event) : MIO_READABLE;
    if ((event->flags & EV_ERROR) || (is_end && event->fflags != 0))
        readiness |= MIO_ERROR;
    return readiness;
}

/* Data, where the peer's end alone was asked for; see kqueue_mode_of. */
static bool kqueue_is_data_unasked(const struct kevent *event)
{
    return MIO__HAS_RECEIPTS && event->filter == (mio__kevent_filter)EVFILT_READ &&
           !(event->flags & (EV_RECEIPT | EV_EOF | EV_ERROR));
}

/* The bit of the waker that an event is of; 0 for other events. */
static uint32_t kqueue_waker_of(const struct kevent *event)
{
    if (!MIO__HAS_EVFILT_USER || event->filter != (mio__kevent_filter)EVFILT_USER ||
        event->ident - KQUEUE_WAKER_IDENT >= MIO_WAKERS_MAX)
        return 0;
    return UINT32_C(1) << (event->ident - KQUEUE_WAKER_IDENT);
}

/* The events of one wait so far, and the place for them. */
struct kqueue_batch {
    struct mio_event *events;
    size_t capacity;
    size_t count;
    uint32_t wakers; /* whose events were fetched */
    bool is_any;     /* something was fetched, be it dropped */
    bool is_last;    /* the kernel has no more, or would give the same again (I) */
};

static void kqueue_take(struct mio_poll *poll, struct kqueue_batch *batch,
                        const struct kevent *event)
{
    const uint32_t waker = kqueue_waker_of(event);
    batch->wakers |= waker;
    if (!(event->flags & (EV_CLEAR | EV_DISPATCH | EV_ONESHOT)))
        batch->is_last = true;
    /* The event of a waker that was abandoned is nobody's. */
    if (waker != 0 && !(mio__load_relaxed(&poll->wakers_taken) & waker))
        return;
    if (kqueue_is_data_unasked(event))
        return;
    struct mio_event *taken = &batch->events[batch->count++];
    taken->token = (mio_token)event->udata;
    taken->readiness = kqueue_readiness_of(event);
}

/* One call: the number of events that it fetched, or a negative code. NULL waits for ever. */
static int kqueue_fetch_chunk(struct mio_poll *poll, struct kqueue_batch *batch,
                              const struct timespec *timeout)
{
    struct kevent fetched[KQUEUE_CHUNK];
    size_t room = batch->capacity - batch->count;
    if (room > KQUEUE_CHUNK)
        room = KQUEUE_CHUNK;
    int n = MIO__CALL(kevent)(poll->fd, NULL, 0, fetched, (mio__kevent_count)room, timeout);
    if (n < 0)
        return mio__last_error();
    MIO__KERNEL_WROTE(fetched, (size_t)n * sizeof fetched[0]);
    batch->is_any = batch->is_any || n > 0;
    batch->is_last = (size_t)n < room;
    for (int i = 0; i < n; i++)
        kqueue_take(poll, batch, &fetched[i]);
    return n;
}

/* Fetches until nothing is left or there is no more room, waits for the first chunk only. */
static int kqueue_fetch(struct mio_poll *poll, struct mio_event *events, size_t capacity,
                        int64_t timeout_ns)
{
    struct kqueue_batch batch = {.events = events, .capacity = capacity};
    int64_t slice_ns = timeout_ns < KQUEUE_SLICE_NS ? timeout_ns : KQUEUE_SLICE_NS;
    const struct timespec slice = {.tv_sec = (time_t)(slice_ns / MIO_NS_PER_S),
                                   .tv_nsec = (long)(slice_ns % MIO_NS_PER_S)};
    int result = kqueue_fetch_chunk(poll, &batch, timeout_ns == MIO_FOREVER ? NULL : &slice);
    while (result > 0 && !batch.is_last && batch.count < capacity)
        result = kqueue_fetch_chunk(poll, &batch, &kqueue_at_once);
    /* After the last fetch. An event of a pipe does not say whose it is. */
    if (poll->wakers && batch.is_any)
        mio__wakers_clear_all(poll);
    else if (batch.wakers != 0)
        mio__wakers_clear(poll, batch.wakers);
    return result < 0 && batch.count == 0 ? result : (int)batch.count;
}

static int kqueue_wait_events(struct mio_poll *poll, struct mio_event *events, size_t capacity,
                              int64_t timeout_ns)
{
    const int64_t deadline = mio__deadline_after(timeout_ns);
    for (;;) {
        int n = kqueue_fetch(poll, events, capacity, timeout_ns);
        if (n != 0 || timeout_ns == 0)
            return mio__wait_end(poll, n);
        /* Ended before its time (J), or by what was dropped: go on with what remains. */
        timeout_ns = mio__deadline_rest(deadline);
        if (timeout_ns == 0)
            return mio__wait_end(poll, 0);
    }
}

/* ---- Wakers ---------------------------------------------------------------------------------- */

/*
 * An entry of EVFILT_USER, or where the system has none, or a pipe was asked for, an entry of the
 * end of a pipe. Both have edges.
 */
static uintptr_t kqueue_ident_of(const struct mio_waker *waker)
{
    return KQUEUE_WAKER_IDENT + mio__waker_number(waker);
}

static int kqueue_open_user(struct mio_poll *poll, struct mio_waker *waker)
{
    struct kqueue_changes changes = {0};
    const mio__kevent_filter filter = (mio__kevent_filter)EVFILT_USER;
    const mio_fd ident = (mio_fd)kqueue_ident_of(waker);
    bool made;
    kqueue_put_deletion(&changes, ident, filter); /* one that was abandoned, maybe triggered */
    kqueue_put(&changes, ident, filter, EV_ADD | EV_CLEAR | kqueue_receipt(), waker->token);
    kqueue_make(poll->fd, &changes);
    return kqueue_result_of(&changes, &made);
}

static int kqueue_open_pipe(struct mio_poll *poll, struct mio_waker *waker,
                            const struct mio__notifier *notifier)
{
    struct kqueue_changes changes = {0};
    bool made;
    int result = notifier->open(&waker->read_fd, &waker->write_fd);
    if (result < 0)
        return result;
    kqueue_put_addition(&changes, waker->read_fd, (mio__kevent_filter)EVFILT_READ, waker->token,
                        MIO_READABLE | MIO_EDGE);
    kqueue_make(poll->fd, &changes);
    result = kqueue_result_of(&changes, &made);
    if (result < 0)
        mio__notifier_close(waker->read_fd, waker->write_fd);
    return result;
}

static int kqueue_waker_open(struct mio_poll *poll, struct mio_waker *waker)
{
    return poll->wakers ? kqueue_open_pipe(poll, waker, poll->wakers)
                        : kqueue_open_user(poll, waker);
}

/* Closing the pipe removes its entry (E), and a child has copies of the ends to close. */
static void kqueue_waker_abandon(struct mio_poll *poll, struct mio_waker *waker)
{
    if (poll->wakers)
        mio__notifier_close(waker->read_fd, waker->write_fd);
}

static void kqueue_waker_close(struct mio_poll *poll, struct mio_waker *waker)
{
    struct kqueue_changes changes = {0};
    kqueue_waker_abandon(poll, waker);
    if (poll->wakers || !kqueue_is_ours(poll))
        return;
    kqueue_put_deletion(&changes, (mio_fd)kqueue_ident_of(waker), (mio__kevent_filter)EVFILT_USER);
    kqueue_make(poll->fd, &changes);
}

/* Without EV_ADD, which would bring back a waker that was closed, and without EV_CLEAR (L). */
static int kqueue_trigger(struct mio_poll *poll, const struct mio_waker *waker)
{
    const int saved_errno = errno;
    const mio_fd queue = poll->fd;
    struct kevent trigger;
    int state, n;
    mio__kevent_set(&trigger, kqueue_ident_of(waker), (mio__kevent_filter)EVFILT_USER, 0,
                    NOTE_TRIGGER, waker->token);
    /* A thread that was cancelled here would leave its bit set and the waker deaf. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    do
        n = MIO__CALL(kevent)(queue, &trigger, 1, NULL, 0, &kqueue_at_once);
    while (n < 0 && errno == EINTR);
    const int result = n < 0 ? mio__last_error() : 0;
    pthread_setcancelstate(state, &state);
    errno = saved_errno;
    return result;
}

static int kqueue_wake(struct mio_poll *poll, struct mio_waker *waker)
{
    const struct mio__notifier *notifier = poll->wakers;
    if (mio__wake_is_covered(poll, waker))
        return 0;
    return mio__wake_sent(poll, waker,
                          notifier ? notifier->raise(waker->read_fd, waker->write_fd)
                                   : kqueue_trigger(poll, waker));
}

extern const struct mio__backend mio__backend_kqueue;
const struct mio__backend mio__backend_kqueue = {
    .name = "kqueue",
    .id = MIO_BACKEND_KQUEUE,
    .features =
        MIO_READABLE | MIO_WRITABLE | MIO_READ_CLOSED | MIO_LEVEL | MIO_ONESHOT | MIO__COMPLETIONS,
    .open = kqueue_open,
    .close = kqueue_close,
    .add = kqueue_add,
    .change = kqueue_change,
    .remove = kqueue_remove,
    .wait = kqueue_wait_events,
    .waker_open = kqueue_waker_open,
    .waker_close = kqueue_waker_close,
    .waker_abandon = kqueue_waker_abandon,
    .wake = kqueue_wake,
};
