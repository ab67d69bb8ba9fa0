/*
 * Answers of a kqueue that no healthy one gives: events of nobody, errors without a name, changes
 * of which some are refused. Each becomes a code or an event, and nothing else is lost by it.
 */
#define _GNU_SOURCE 1
#include "faults.h"
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TOKEN = 7,
    OTHER = 8,
    STRANGER = 9,
    FIRST_WAKER = 0x6d696f00, /* the ident, as in kqueue.c */
    NAMELESS = 9999,          /* an errno value that nobody has */
};

static struct mio_poll poll_;
static struct mio_source source;
static int ends[2];

/* A stream, which can be written to at once, watched for this if it is for something. */
static void open_stream(mio_interest interest)
{
    fault_set(NULL);
    test_poll_init(&poll_);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    CHECK_EQ(mio_source_init_fd(&source, ends[0]), 0);
    if (interest != 0)
        CHECK_EQ(mio_register(mio_poll_registry(&poll_), &source, TOKEN, interest), 0);
}

/* Where a source was left registered, or counted, the poll is still in use. */
static void close_stream(void)
{
    fault_set(NULL);
    CHECK(!mio_source_is_registered(&source));
    CHECK_EQ(mio_poll_close(&poll_), 0);
    CHECK_EQ(close(ends[0]), 0);
    CHECK_EQ(close(ends[1]), 0);
}

static void make_readable(void)
{
    CHECK_EQ(write(ends[1], "x", 1), 1);
}

static void expect_nothing(void)
{
    struct mio_event event;
    CHECK_EQ(mio_poll_wait(&poll_, &event, 1, 20 * MIO_NS_PER_MS), 0);
}

/* The readiness of a token in one wait with room for so many events; 0: it was not reported. */
static uint32_t readiness_in_one_wait(mio_token token, size_t capacity, int *count)
{
    struct mio_event events[8];
    uint32_t readiness = 0;
    *count = mio_poll_wait(&poll_, events, capacity, MIO_NS_PER_S);
    for (int i = 0; i < *count; i++)
        if (events[i].token == token)
            readiness |= events[i].readiness;
    return readiness;
}

static struct kevent strange_event(uintptr_t ident, int filter, unsigned flags)
{
    struct kevent event;
    memset(&event, 0, sizeof event);
    event.ident = ident;
    event.filter = (int16_t)filter;
    event.flags = (uint16_t)flags;
    event.udata = (void *)(uintptr_t)STRANGER;
    return event;
}

/* ---- Events ---------------------------------------------------------------------------------- */

/* It is told as the queue has it, beside the event of a source, or before it with room for one. */
static void check_stranger(const struct kevent *event, uint32_t wanted)
{
    static const size_t capacities[] = {8, 1};
    for (int i = 0; i < 2; i++) {
        const size_t capacity = capacities[i];
        int count;
        open_stream(MIO_READABLE);
        make_readable();
        fault_put_event(event);
        if (capacity == 1)
            CHECK_EQ(readiness_in_one_wait(STRANGER, 1, &count), wanted);
        CHECK_EQ(readiness_in_one_wait(TOKEN, capacity, &count), MIO_READABLE);
        CHECK_EQ(count, capacity == 1 ? 1 : 2);
        expect_nothing();
        CHECK_EQ(mio_deregister(mio_poll_registry(&poll_), &source), 0);
        close_stream();
    }
}

static void event_of_an_unknown_descriptor_hides_no_other(void)
{
    const unsigned flags = EV_ADD | EV_CLEAR | EV_RECEIPT;
    struct kevent event = strange_event(NAMELESS, EVFILT_READ, flags);
    check_stranger(&event, MIO_READABLE);
    event = strange_event(NAMELESS, EVFILT_WRITE, flags | EV_EOF);
    check_stranger(&event, MIO_WRITABLE | MIO_WRITE_CLOSED);
}

static void event_of_an_unknown_filter_hides_no_other(void)
{
    struct kevent event = strange_event(NAMELESS, -99, EV_ADD | EV_CLEAR);
    check_stranger(&event, MIO_READABLE);
}

static void event_with_an_error_says_so(void)
{
    struct kevent event = strange_event(NAMELESS, EVFILT_READ, EV_CLEAR | EV_RECEIPT | EV_ERROR);
    event.data = EBADF;
    check_stranger(&event, MIO_READABLE | MIO_ERROR);
}

/* It is nobody's: the wait goes on without it, and wakes of other wakers are told as ever. */
static void event_of_a_waker_that_is_not_open_is_dropped(void)
{
    struct kevent event = strange_event(FIRST_WAKER + 5, EVFILT_USER, EV_ADD | EV_CLEAR);
    struct mio_waker waker;
    int count;
    if (!MIO__HAS_EVFILT_USER)
        SKIP("the system has no EVFILT_USER");
    open_stream(0);
    CHECK_EQ(mio_waker_init(&waker, mio_poll_registry(&poll_), TOKEN), 0);
    const int64_t before = mio_now_ns();
    fault_put_event(&event);
    expect_nothing();
    CHECK(mio_now_ns() - before >= 20 * MIO_NS_PER_MS);
    for (int round = 0; round < 2; round++) {
        CHECK_EQ(mio_waker_wake(&waker), 0);
        fault_put_event(&event);
        CHECK_EQ(readiness_in_one_wait(TOKEN, 1, &count), MIO_READABLE);
        CHECK_EQ(count, 1);
        expect_nothing();
    }
    CHECK_EQ(mio_waker_close(&waker), 0);
    close_stream();
}

/* ---- Receipts -------------------------------------------------------------------------------- */

static void refuse_receipt(unsigned long nth, int error)
{
    const struct fault_plan plan = {FAULT_receipt, nth, false, error};
    fault_set(&plan);
}

/* Whichever of the two directions is refused, the other one is not watched either. */
static void refused_half_of_a_registration_ends_unregistered(void)
{
    static const int errors[] = {ENOMEM, NAMELESS};
    for (size_t i = 0; i < 4; i++) {
        struct mio_registry *registry = mio_poll_registry(&poll_);
        open_stream(0);
        make_readable();
        refuse_receipt(1 + i % 2, errors[i / 2]);
        CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE | MIO_WRITABLE),
                 -errors[i / 2]);
        CHECK(fault_happened());
        expect_nothing();
        close_stream();
    }
    CHECK_EQ(strcmp(mio_error_name(-NAMELESS), "UNKNOWN"), 0);
}

/* Another mode is four changes: both directions are deleted, and added again. */
static void refused_part_of_a_reregistration_ends_unregistered(void)
{
    static const int errors[] = {ENOMEM, NAMELESS};
    const mio_interest both = MIO_READABLE | MIO_WRITABLE;
    int count;
    for (size_t i = 0; i < 8; i++) {
        struct mio_registry *registry = mio_poll_registry(&poll_);
        open_stream(both);
        make_readable();
        refuse_receipt(1 + i % 4, errors[i / 4]);
        CHECK_EQ(mio_reregister(registry, &source, OTHER, both | MIO_ONESHOT), -errors[i / 4]);
        CHECK(fault_happened());
        CHECK(!mio_source_is_registered(&source));
        expect_nothing();
        CHECK_EQ(mio_poll_close(&poll_), 0);
        test_poll_init(&poll_);
        CHECK_EQ(mio_register(registry, &source, OTHER, both), 0);
        CHECK_EQ(readiness_in_one_wait(OTHER, 8, &count), both);
        CHECK_EQ(mio_deregister(registry, &source), 0);
        close_stream();
    }
}

/* Where no change was made the source is watched as before. */
static void refused_reregistration_keeps_what_was(void)
{
    const struct fault_plan plan = {FAULT_kevent, 1, true, ENOMEM};
    struct mio_registry *registry = mio_poll_registry(&poll_);
    const mio_interest both = MIO_READABLE | MIO_WRITABLE;
    int count;
    open_stream(both);
    fault_set(&plan);
    CHECK_EQ(mio_reregister(registry, &source, OTHER, both | MIO_ONESHOT), -ENOMEM);
    fault_set(NULL);
    make_readable();
    CHECK_EQ(readiness_in_one_wait(TOKEN, 8, &count), both);
    CHECK(mio_source_is_registered(&source));
    CHECK_EQ(mio_poll_close(&poll_), -EBUSY);
    CHECK_EQ(mio_reregister(registry, &source, OTHER, both), 0);
    CHECK_EQ(readiness_in_one_wait(OTHER, 8, &count), both);
    CHECK_EQ(mio_deregister(registry, &source), 0);
    close_stream();
}

/* ---- A descriptor that was closed behind the library ----------------------------------------- */

static void closed_descriptor_is_refused_and_nothing_is_lost(void)
{
    struct mio_registry *registry = mio_poll_registry(&poll_);
    const mio_interest both = MIO_READABLE | MIO_WRITABLE;
    open_stream(both);
    int copy = dup(ends[0]);
    CHECK_EQ(close(ends[0]), 0);
    CHECK_EQ(mio_reregister(registry, &source, OTHER, both | MIO_ONESHOT), -EBADF);
    CHECK(mio_source_is_registered(&source));
    CHECK_EQ(mio_poll_close(&poll_), -EBUSY);
    expect_nothing();
    CHECK_EQ(mio_deregister(registry, &source), -EBADF);
    ends[0] = copy;
    close_stream();
}

/* The owner of the number is a stranger, whom the refused change must not have watched. */
static void number_that_was_given_out_again_is_left_alone(void)
{
    const mio_interest both = MIO_READABLE | MIO_WRITABLE;
    for (int i = 0; i < 2; i++) {
        struct mio_registry *registry = mio_poll_registry(&poll_);
        const mio_interest changed = i == 0 ? both : both | MIO_ONESHOT;
        open_stream(both);
        int copy = dup(ends[0]);
        CHECK_EQ(dup2(copy, ends[0]), ends[0]);
        CHECK_EQ(close(copy), 0);
        CHECK_EQ(mio_reregister(registry, &source, OTHER, changed), -ENOENT);
        CHECK(mio_source_is_registered(&source));
        make_readable();
        expect_nothing();
        CHECK_EQ(mio_source_abandon(&source), 0);
        close_stream();
    }
}

static const struct test_case cases[] = {
    {"event_of_an_unknown_descriptor_hides_no_other", event_of_an_unknown_descriptor_hides_no_other,
     0},
    {"event_of_an_unknown_filter_hides_no_other", event_of_an_unknown_filter_hides_no_other, 0},
    {"event_with_an_error_says_so", event_with_an_error_says_so, 0},
    {"event_of_a_waker_that_is_not_open_is_dropped", event_of_a_waker_that_is_not_open_is_dropped,
     0},
    {"refused_half_of_a_registration_ends_unregistered",
     refused_half_of_a_registration_ends_unregistered, 0},
    {"refused_part_of_a_reregistration_ends_unregistered",
     refused_part_of_a_reregistration_ends_unregistered, 0},
    {"refused_reregistration_keeps_what_was", refused_reregistration_keeps_what_was, 0},
    {"closed_descriptor_is_refused_and_nothing_is_lost",
     closed_descriptor_is_refused_and_nothing_is_lost, 0},
    {"number_that_was_given_out_again_is_left_alone", number_that_was_given_out_again_is_left_alone,
     0},
    {NULL, NULL, 0},
};

int main(int argc, char **argv)
{
    static const struct test_suite answers = {"kqueue_answers", cases};
    static const struct test_suite *const suites[] = {&answers, NULL};
    return test_main(argc, argv, suites);
}
