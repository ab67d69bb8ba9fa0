/*
 * The events that the AFD backend asks for, its poll in flight, and the meaning of answers: those
 * of Windows, where an end behind unread data is told at once, and those of Wine.
 */
#include "sys/windows/afd_rule.h"
#include "test.h"

#define ALWAYS (MIO__AFD_ABORT | MIO__AFD_CONNECT_FAIL | MIO__AFD_LOCAL_CLOSE)
#define READS (MIO__AFD_RECEIVE | MIO__AFD_ACCEPT | MIO__AFD_DISCONNECT)
#define GONE (MIO_READABLE | MIO_WRITABLE | MIO_READ_CLOSED | MIO_WRITE_CLOSED)
#define HUNG_UP (MIO_READABLE | MIO_WRITABLE | MIO_READ_CLOSED | MIO_WRITE_CLOSED | MIO_ERROR)

static struct mio__edge edge_of(mio_interest interest)
{
    struct mio__edge edge;
    mio__edge_start(&edge, interest);
    return edge;
}

/* ---- What is asked for ----------------------------------------------------------------------- */

static void interest_says_what_is_asked_for(void)
{
    static const struct {
        mio_interest interest;
        uint32_t events;
    } rows[] = {
        {MIO_READABLE, READS},
        {MIO_WRITABLE, MIO__AFD_SEND},
        {MIO_READABLE | MIO_WRITABLE, READS | MIO__AFD_SEND},
        {MIO_READ_CLOSED, MIO__AFD_DISCONNECT},
        {MIO_READ_CLOSED | MIO_WRITABLE, MIO__AFD_DISCONNECT | MIO__AFD_SEND},
        {MIO_READABLE | MIO_LEVEL, READS},
        {MIO_WRITABLE | MIO_ONESHOT, MIO__AFD_SEND},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mio__edge edge = edge_of(rows[i].interest);
        CHECK_EQ(mio__afd_wanted(&edge, 0), rows[i].events | ALWAYS);
    }
}

static void told_edge_asks_for_the_end_alone(void)
{
    struct mio__edge edge = edge_of(MIO_READABLE | MIO_WRITABLE);
    mio__edge_report(&edge, MIO_READABLE);
    CHECK_EQ(mio__afd_wanted(&edge, 0), MIO__AFD_DISCONNECT | MIO__AFD_SEND | ALWAYS);
    mio__edge_report(&edge, MIO_WRITABLE);
    CHECK_EQ(mio__afd_wanted(&edge, 0), MIO__AFD_DISCONNECT | ALWAYS);
    CHECK(mio__edge_rearm(&edge, MIO_READABLE, MIO__BLOCKED));
    CHECK_EQ(mio__afd_wanted(&edge, 0), READS | ALWAYS);
}

/* The end stays true: asked for again it would be told without end. */
static void told_end_is_not_asked_for(void)
{
    struct mio__edge edge = edge_of(MIO_READABLE);
    mio__edge_report(&edge, MIO_READABLE | MIO_READ_CLOSED);
    CHECK_EQ(mio__afd_wanted(&edge, 0), ALWAYS);
    mio__edge_report(&edge, HUNG_UP);
    CHECK_EQ(mio__afd_wanted(&edge, 0), 0);
}

static void told_oneshot_asks_for_nothing(void)
{
    struct mio__edge edge = edge_of(MIO_READABLE | MIO_WRITABLE | MIO_ONESHOT);
    mio__edge_report(&edge, MIO_READABLE);
    CHECK_EQ(mio__afd_wanted(&edge, 0), 0);
    CHECK_EQ(mio__afd_readiness(&edge, 0, MIO__AFD_SEND), 0);
}

static void told_level_asks_for_all(void)
{
    struct mio__edge edge = edge_of(MIO_READABLE | MIO_LEVEL);
    mio__edge_report(&edge, MIO_READABLE | MIO_READ_CLOSED);
    CHECK_EQ(mio__afd_wanted(&edge, 0), READS | ALWAYS);
}

/* ---- A poll in flight ------------------------------------------------------------------------ */

static void poll_in_flight_is_kept_or_cancelled(void)
{
    enum { MINE = 7, OTHER = 8 };
    static const struct {
        uint8_t phase;
        uint32_t ticket; /* of the slot now; that of the poll is MINE */
        uint16_t asked, wanted;
        enum mio__afd_step step;
    } rows[] = {
        {MIO__AFD_IDLE, MINE, 0, READS, MIO__AFD_SUBMIT},
        {MIO__AFD_IDLE, MINE, READS, 0, MIO__AFD_REST},
        {MIO__AFD_IDLE, 0, 0, READS, MIO__AFD_REST}, /* nobody has the slot */
        {MIO__AFD_PENDING, MINE, READS, READS, MIO__AFD_REST},
        {MIO__AFD_PENDING, MINE, READS | MIO__AFD_SEND, READS, MIO__AFD_REST},
        {MIO__AFD_PENDING, MINE, READS, READS | MIO__AFD_SEND, MIO__AFD_CANCEL},
        {MIO__AFD_PENDING, MINE, READS, 0, MIO__AFD_CANCEL},
        {MIO__AFD_PENDING, OTHER, READS, READS, MIO__AFD_CANCEL}, /* about an old owner */
        {MIO__AFD_PENDING, 0, READS, READS, MIO__AFD_CANCEL},
        {MIO__AFD_CANCELLED, MINE, READS, READS | MIO__AFD_SEND, MIO__AFD_REST}, /* its answer */
        {MIO__AFD_CANCELLED, OTHER, READS, READS, MIO__AFD_REST},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct mio__afd_poll poll = {MINE, rows[i].asked, rows[i].phase, false, false};
        CHECK_EQ(mio__afd_next(&poll, rows[i].ticket, rows[i].wanted, false), rows[i].step);
    }
}

/* ---- Answers --------------------------------------------------------------------------------- */

static void status_of_an_answer_counts_first(void)
{
    CHECK_EQ(mio__afd_events(0, 1, MIO__AFD_RECEIVE), MIO__AFD_RECEIVE);
    CHECK_EQ(mio__afd_events(0, 0, MIO__AFD_RECEIVE), 0); /* nothing is ready */
    CHECK_EQ(mio__afd_events(MIO__STATUS_CANCELLED, 1, MIO__AFD_RECEIVE), 0);
    CHECK_EQ(mio__afd_events(MIO__STATUS_INVALID_HANDLE, 1, 0), MIO__AFD_LOCAL_CLOSE);
    CHECK_EQ(mio__afd_events(MIO__STATUS_OBJECT_TYPE_MISMATCH, 1, 0), MIO__AFD_LOCAL_CLOSE);
    /* Another failure: the program asks the socket. */
    CHECK_EQ(mio__afd_events((int32_t)0xc000009a, 1, MIO__AFD_RECEIVE), MIO__AFD_CONNECT_FAIL);
}

static void answers_become_readiness(void)
{
    static const struct {
        mio_interest interest;
        uint32_t events, readiness;
    } rows[] = {
        {MIO_READABLE, MIO__AFD_RECEIVE, MIO_READABLE},
        {MIO_READABLE, MIO__AFD_ACCEPT, MIO_READABLE},
        {MIO_WRITABLE, MIO__AFD_SEND, MIO_WRITABLE},
        /* Windows: the end behind unread data, told with the data. */
        {MIO_READABLE, MIO__AFD_RECEIVE | MIO__AFD_DISCONNECT, MIO_READABLE | MIO_READ_CLOSED},
        {MIO_READ_CLOSED, MIO__AFD_DISCONNECT, MIO_READABLE | MIO_READ_CLOSED},
        {MIO_READABLE | MIO_WRITABLE, MIO__AFD_SEND | MIO__AFD_DISCONNECT,
         MIO_READABLE | MIO_WRITABLE | MIO_READ_CLOSED},
        /* An answer to more than is wanted. */
        {MIO_WRITABLE, MIO__AFD_RECEIVE, 0},
        {MIO_WRITABLE, MIO__AFD_DISCONNECT, 0},
        {MIO_READABLE, MIO__AFD_SEND, 0},
        /* Refused: with SEND on some releases; reset: with all that was there. */
        {MIO_WRITABLE, MIO__AFD_CONNECT_FAIL, HUNG_UP},
        {MIO_WRITABLE, MIO__AFD_CONNECT_FAIL | MIO__AFD_SEND, HUNG_UP},
        {MIO_READABLE, MIO__AFD_ABORT, HUNG_UP},
        {MIO_READABLE, MIO__AFD_ABORT | MIO__AFD_RECEIVE | MIO__AFD_DISCONNECT, HUNG_UP},
        {MIO_READ_CLOSED, MIO__AFD_ABORT, HUNG_UP},
        /* Closed in this process, whatever else the answer says. */
        {MIO_READABLE, MIO__AFD_LOCAL_CLOSE | MIO__AFD_RECEIVE, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mio__edge edge = edge_of(rows[i].interest);
        CHECK_EQ(mio__afd_readiness(&edge, 0, rows[i].events), rows[i].readiness);
    }
}

/* Told and not drained, data brings no event; its end does. */
static void undrained_edge_is_told_of_the_end_alone(void)
{
    struct mio__edge edge = edge_of(MIO_READABLE);
    mio__edge_report(&edge, MIO_READABLE);
    CHECK_EQ(mio__afd_readiness(&edge, 0, MIO__AFD_RECEIVE), 0);
    CHECK_EQ(mio__afd_readiness(&edge, 0, MIO__AFD_RECEIVE | MIO__AFD_DISCONNECT),
             MIO_READABLE | MIO_READ_CLOSED);
}

static void closed_socket_ends_a_registration_that_was_not_changed(void)
{
    struct mio__afd_poll poll = {1, READS, MIO__AFD_PENDING, false, false};
    CHECK(mio__afd_is_over(&poll, MIO__AFD_LOCAL_CLOSE));
    CHECK(!mio__afd_is_over(&poll, MIO__AFD_ABORT));
    poll.changed = true; /* the number may be a new socket's: the next request tells */
    CHECK(!mio__afd_is_over(&poll, MIO__AFD_LOCAL_CLOSE));
}

/* ---- What this side has shut down ------------------------------------------------------------ */

enum { NONE, READING = MIO__READ_ENDED, WRITING = MIO__WRITE_ENDED, BOTH = MIO__ENDED };

/* The device tells nothing of it: it is told beside what the device says. */
static void own_end_is_told_beside_the_answer(void)
{
    static const struct {
        mio_interest interest;
        uint8_t ended;
        uint32_t own; /* without an answer */
        uint32_t events, readiness;
    } rows[] = {
        {MIO_READABLE | MIO_WRITABLE, READING, MIO_READABLE | MIO_READ_CLOSED, MIO__AFD_SEND,
         MIO_READABLE | MIO_READ_CLOSED | MIO_WRITABLE},
        {MIO_READABLE, READING, MIO_READABLE | MIO_READ_CLOSED, MIO__AFD_RECEIVE,
         MIO_READABLE | MIO_READ_CLOSED},
        {MIO_READ_CLOSED, READING, MIO_READABLE | MIO_READ_CLOSED, 0,
         MIO_READABLE | MIO_READ_CLOSED},
        {MIO_WRITABLE, READING, 0, MIO__AFD_SEND, MIO_WRITABLE},
        /* A write fails, so nobody waits for room. */
        {MIO_READABLE | MIO_WRITABLE, WRITING, MIO_WRITABLE, 0, MIO_WRITABLE},
        {MIO_READABLE, WRITING, 0, MIO__AFD_RECEIVE, MIO_READABLE},
        /* Both sides have finished writing: a hang-up, whatever was asked for. */
        {MIO_READABLE, WRITING, 0, MIO__AFD_DISCONNECT, GONE},
        {MIO_WRITABLE, WRITING, MIO_WRITABLE, MIO__AFD_DISCONNECT, GONE},
        {MIO_READ_CLOSED, WRITING, 0, MIO__AFD_DISCONNECT, GONE},
        {MIO_READABLE, BOTH, GONE, 0, GONE},
        {MIO_WRITABLE, BOTH, GONE, 0, GONE},
        {MIO_READABLE, BOTH, GONE, MIO__AFD_ABORT, HUNG_UP},
        {MIO_READABLE, BOTH, GONE, MIO__AFD_LOCAL_CLOSE, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mio__edge edge = edge_of(rows[i].interest);
        CHECK_EQ(mio__afd_own_ends(&edge, rows[i].ended), rows[i].own);
        CHECK_EQ(mio__afd_readiness(&edge, rows[i].ended, rows[i].events), rows[i].readiness);
    }
}

/* Else the two would be told one after the other, or the second one never in oneshot mode. */
static void own_end_asks_for_an_answer_at_once(void)
{
    enum { MINE = 7 };
    struct mio__afd_poll poll = {MINE, READS | ALWAYS, MIO__AFD_PENDING, false, false};
    CHECK_EQ(mio__afd_next(&poll, MINE, READS, false), MIO__AFD_REST);
    CHECK_EQ(mio__afd_next(&poll, MINE, READS, true), MIO__AFD_CANCEL);
    poll.at_once = true; /* its answer is on its way */
    CHECK_EQ(mio__afd_next(&poll, MINE, READS, true), MIO__AFD_REST);
    CHECK_EQ(mio__afd_next(&poll, MINE, READS, false), MIO__AFD_REST);
    poll.phase = MIO__AFD_IDLE;
    CHECK_EQ(mio__afd_next(&poll, MINE, READS, true), MIO__AFD_SUBMIT);
}

static void own_end_is_told_once_on_an_edge(void)
{
    static const uint8_t ends[] = {READING, WRITING, BOTH};
    for (size_t i = 0; i < sizeof ends; i++) {
        struct mio__edge edge = edge_of(MIO_READABLE | MIO_WRITABLE);
        uint32_t own = mio__afd_own_ends(&edge, ends[i]);
        mio__edge_report(&edge, own);
        CHECK_EQ(mio__afd_own_ends(&edge, ends[i]), 0);
        edge = edge_of(MIO_READABLE | MIO_WRITABLE | MIO_ONESHOT);
        mio__edge_report(&edge, own);
        CHECK_EQ(mio__afd_own_ends(&edge, ends[i]), 0);
        edge = edge_of(MIO_READABLE | MIO_WRITABLE | MIO_LEVEL);
        mio__edge_report(&edge, own);
        CHECK_EQ(mio__afd_own_ends(&edge, ends[i]), own);
    }
}

/* Writing is over here, so the peer's end is the end of both, also for who only writes. */
static void own_end_of_writing_asks_for_the_peers(void)
{
    struct mio__edge edge = edge_of(MIO_WRITABLE);
    CHECK_EQ(mio__afd_wanted(&edge, NONE), MIO__AFD_SEND | ALWAYS);
    CHECK_EQ(mio__afd_wanted(&edge, READING), MIO__AFD_SEND | ALWAYS);
    CHECK_EQ(mio__afd_wanted(&edge, WRITING), MIO__AFD_SEND | MIO__AFD_DISCONNECT | ALWAYS);
    edge = edge_of(MIO_READABLE);
    mio__edge_report(&edge, MIO_READABLE | MIO_READ_CLOSED);
    CHECK_EQ(mio__afd_wanted(&edge, NONE), ALWAYS);
    CHECK_EQ(mio__afd_wanted(&edge, WRITING), MIO__AFD_DISCONNECT | ALWAYS);
    mio__edge_report(&edge, GONE); /* and that is told once */
    CHECK_EQ(mio__afd_wanted(&edge, WRITING), 0);
}

static const struct test_case cases[] = {
    {"interest_says_what_is_asked_for", interest_says_what_is_asked_for, 0},
    {"told_edge_asks_for_the_end_alone", told_edge_asks_for_the_end_alone, 0},
    {"told_end_is_not_asked_for", told_end_is_not_asked_for, 0},
    {"told_oneshot_asks_for_nothing", told_oneshot_asks_for_nothing, 0},
    {"told_level_asks_for_all", told_level_asks_for_all, 0},
    {"poll_in_flight_is_kept_or_cancelled", poll_in_flight_is_kept_or_cancelled, 0},
    {"status_of_an_answer_counts_first", status_of_an_answer_counts_first, 0},
    {"answers_become_readiness", answers_become_readiness, 0},
    {"undrained_edge_is_told_of_the_end_alone", undrained_edge_is_told_of_the_end_alone, 0},
    {"closed_socket_ends_a_registration_that_was_not_changed",
     closed_socket_ends_a_registration_that_was_not_changed, 0},
    {"own_end_is_told_beside_the_answer", own_end_is_told_beside_the_answer, 0},
    {"own_end_asks_for_an_answer_at_once", own_end_asks_for_an_answer_at_once, 0},
    {"own_end_is_told_once_on_an_edge", own_end_is_told_once_on_an_edge, 0},
    {"own_end_of_writing_asks_for_the_peers", own_end_of_writing_asks_for_the_peers, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_afd = {"afd", cases};
