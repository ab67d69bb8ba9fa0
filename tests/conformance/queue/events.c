/* Events, texts, names, sizes and the clock: what needs no poll. */
#include "queue/queue_util.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Events ---------------------------------------------------------------------------------- */

static void forget_clears_the_entries_of_one_token(void)
{
    struct mio_event events[] = {
        {.readiness = MIO_READABLE, .token = 1}, {.readiness = MIO_WRITABLE, .token = 2},
        {.readiness = 0xff, .token = 1},         {.readiness = MIO_READABLE, .token = UINTPTR_MAX},
        {.readiness = MIO_READABLE, .token = 1},
    };
    mio_events_forget(events, 4, 1);
    CHECK_EQ(events[0].readiness, 0);
    CHECK_EQ(events[1].readiness, MIO_WRITABLE);
    CHECK_EQ(events[2].readiness, 0);
    CHECK_EQ(events[3].readiness, MIO_READABLE);
    CHECK_EQ(events[4].readiness, MIO_READABLE); /* beyond the batch */
    CHECK(events[0].token == 1 && events[3].token == UINTPTR_MAX);
    mio_events_forget(events, 5, UINTPTR_MAX);
    CHECK_EQ(events[3].readiness, 0);
    CHECK_EQ(events[4].readiness, MIO_READABLE);
    mio_events_forget(events, 5, 99);
    CHECK_EQ(events[1].readiness, MIO_WRITABLE);
    mio_events_forget(events, 0, 2);
    CHECK_EQ(events[1].readiness, MIO_WRITABLE);
    mio_events_forget(NULL, 0, 1);
}

static void predicates_test_one_bit(void)
{
    /* Through volatile pointers, so that the exported definitions run and not the inlined ones. */
    static bool (*volatile const exported[])(const struct mio_event *) = {
        mio_event_is_readable, mio_event_is_priority,    mio_event_is_writable,
        mio_event_is_error,    mio_event_is_read_closed, mio_event_is_write_closed,
        mio_event_is_aio,      mio_event_is_lio,
    };
    static const uint32_t bits[] = {MIO_READABLE,    MIO_PRIORITY,     MIO_WRITABLE, MIO_ERROR,
                                    MIO_READ_CLOSED, MIO_WRITE_CLOSED, MIO_AIO,      MIO_LIO};
    for (int i = 0; i < 8; i++) {
        CHECK_EQ(bits[i], 1u << i);
        for (int j = 0; j < 8; j++) {
            struct mio_event one = {.readiness = bits[j]};
            struct mio_event others = {.readiness = ~bits[j]};
            CHECK_EQ(exported[i](&one), i == j);
            CHECK_EQ(exported[i](&others), i != j);
        }
    }
    for (uint32_t readiness = 0; readiness < 256; readiness++) {
        struct mio_event event = {.readiness = readiness};
        CHECK_EQ(mio_event_is_readable(&event), readiness & MIO_READABLE ? 1 : 0);
        CHECK_EQ(mio_event_is_priority(&event), readiness & MIO_PRIORITY ? 1 : 0);
        CHECK_EQ(mio_event_is_writable(&event), readiness & MIO_WRITABLE ? 1 : 0);
        CHECK_EQ(mio_event_is_error(&event), readiness & MIO_ERROR ? 1 : 0);
        CHECK_EQ(mio_event_is_read_closed(&event), readiness & MIO_READ_CLOSED ? 1 : 0);
        CHECK_EQ(mio_event_is_write_closed(&event), readiness & MIO_WRITE_CLOSED ? 1 : 0);
        CHECK_EQ(mio_event_is_aio(&event), readiness & MIO_AIO ? 1 : 0);
        CHECK_EQ(mio_event_is_lio(&event), readiness & MIO_LIO ? 1 : 0);
    }
}

/* ---- Texts ----------------------------------------------------------------------------------- */

/* Formats an interest, or an event if it is not NULL. */
static int format(const struct mio_event *event, mio_interest interest, char *buf, size_t size)
{
    return event ? mio_event_format(event, buf, size) : mio_interest_format(interest, buf, size);
}

/* In every size of buffer: too small ones hold an empty text, and nothing is written behind. */
static void check_text(const struct mio_event *event, mio_interest interest, const char *expected)
{
    char buf[MIO_EVENT_TEXT + 1];
    const size_t length = strlen(expected);
    for (size_t size = 0; size < sizeof buf; size++) {
        memset(buf, 'x', sizeof buf);
        int result = format(event, interest, buf, size);
        if (size > length) {
            CHECK_EQ(result, length);
            if (strcmp(buf, expected) != 0)
                test_fail(__FILE__, __LINE__, "\"%s\", expected \"%s\"", buf, expected);
        } else {
            CHECK_EQ(result, -ENOSPC);
            CHECK(size == 0 || buf[0] == '\0');
        }
        CHECK_EQ(buf[size], 'x');
    }
}

static void interests_have_a_text(void)
{
    check_text(NULL, 0, "NONE");
    check_text(NULL, MIO_READABLE, "READABLE");
    check_text(NULL, MIO_PRIORITY, "PRIORITY");
    check_text(NULL, MIO_WRITABLE, "WRITABLE");
    check_text(NULL, MIO_AIO, "AIO");
    check_text(NULL, MIO_LIO, "LIO");
    check_text(NULL, MIO_READABLE | MIO_WRITABLE, "READABLE | WRITABLE");
    check_text(NULL, MIO_READABLE | MIO_WRITABLE | MIO_LEVEL, "READABLE | WRITABLE | LEVEL");
    check_text(NULL, MIO_READABLE | MIO_ONESHOT, "READABLE | ONESHOT");
    check_text(NULL, MIO_WRITABLE | MIO_LEVEL | MIO_ONESHOT, "WRITABLE | LEVEL | ONESHOT");
}

static void events_have_a_text(void)
{
    struct mio_event event = {.readiness = MIO_READABLE | MIO_READ_CLOSED, .token = 7};
    char expected[MIO_EVENT_TEXT];
    check_text(&event, 0, "token 7: READABLE | READ_CLOSED");
    event.readiness = 0;
    event.token = 0;
    check_text(&event, 0, "token 0: NONE");
    event.readiness = MIO_WRITABLE | MIO_WRITE_CLOSED;
    event.token = UINTPTR_MAX;
    snprintf(expected, sizeof expected, "token %ju: WRITABLE | WRITE_CLOSED",
             (uintmax_t)UINTPTR_MAX);
    check_text(&event, 0, expected);
    event.readiness = MIO_ERROR;
    event.token = 1000;
    check_text(&event, 0, "token 1000: ERROR");
}

static void every_bit_has_its_place_in_the_text(void)
{
    static const char *const names[] = {"READABLE",    "PRIORITY",     "WRITABLE", "ERROR",
                                        "READ_CLOSED", "WRITE_CLOSED", "AIO",      "LIO",
                                        "LEVEL",       "ONESHOT"};
    char buf[MIO_INTEREST_TEXT];
    for (int i = 0; i < 10; i++) {
        CHECK(mio_interest_format(1u << i, buf, sizeof buf) > 0);
        CHECK(strcmp(buf, names[i]) == 0);
        CHECK(mio_interest_format(0x3ffu, buf, sizeof buf) > 0);
        CHECK(strstr(buf, names[i]) != NULL);
    }
}

static void unknown_bits_are_a_number(void)
{
    static const uint32_t unknown[] = {0x400u, 0x80000000u, 0xfffffc00u};
    char buf[MIO_INTEREST_TEXT], *end;
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        CHECK(mio_interest_format(unknown[i], buf, sizeof buf) > 0);
        CHECK_EQ(strtoul(buf, &end, 0), unknown[i]);
        CHECK_EQ(*end, '\0');
        int length = mio_interest_format(MIO_READABLE | unknown[i], buf, sizeof buf);
        CHECK(length > 11 && strncmp(buf, "READABLE | ", 11) == 0);
        CHECK_EQ(strtoul(buf + 11, &end, 0), unknown[i]);
        CHECK_EQ(*end, '\0');
    }
}

static void longest_texts_fit(void)
{
    struct mio_event event = {.readiness = 0xffffffffu, .token = UINTPTR_MAX};
    char buf[MIO_EVENT_TEXT], text[MIO_INTEREST_TEXT];
    int length = mio_event_format(&event, buf, sizeof buf);
    CHECK(length > 0 && length < MIO_EVENT_TEXT);
    CHECK_EQ(strlen(buf), length);
    check_text(&event, 0, buf);
    length = mio_interest_format(0xffffffffu, text, sizeof text);
    CHECK(length > 0 && length < MIO_INTEREST_TEXT);
    CHECK_EQ(strlen(text), length);
    check_text(NULL, 0xffffffffu, text);
}

static void null_texts_are_invalid(void)
{
    struct mio_event event = {.readiness = MIO_READABLE};
    char buf[8];
    CHECK_EQ(mio_interest_format(MIO_READABLE, NULL, 8), -EINVAL);
    CHECK_EQ(mio_interest_format(MIO_READABLE, NULL, 0), -EINVAL);
    CHECK_EQ(mio_event_format(&event, NULL, 8), -EINVAL);
    CHECK_EQ(mio_event_format(NULL, buf, sizeof buf), -EINVAL);
}

/* ---- Errors ---------------------------------------------------------------------------------- */

#define NAMED(code)                                                                                \
    {                                                                                              \
        code, #code                                                                                \
    }
static const struct {
    int code;
    const char *name;
} named[] = {
    NAMED(EACCES),       NAMED(EADDRINUSE),      NAMED(EADDRNOTAVAIL), NAMED(EAFNOSUPPORT),
    NAMED(EAGAIN),       NAMED(EALREADY),        NAMED(EBADF),         NAMED(EBUSY),
    NAMED(ECONNABORTED), NAMED(ECONNREFUSED),    NAMED(ECONNRESET),    NAMED(EDESTADDRREQ),
    NAMED(EEXIST),       NAMED(EFAULT),          NAMED(EHOSTUNREACH),  NAMED(EINPROGRESS),
    NAMED(EINTR),        NAMED(EINVAL),          NAMED(EIO),           NAMED(EISCONN),
    NAMED(ELOOP),        NAMED(EMFILE),          NAMED(EMSGSIZE),      NAMED(ENAMETOOLONG),
    NAMED(ENETDOWN),     NAMED(ENETUNREACH),     NAMED(ENFILE),        NAMED(ENOBUFS),
    NAMED(ENODEV),       NAMED(ENOENT),          NAMED(ENOMEM),        NAMED(ENOPROTOOPT),
    NAMED(ENOSPC),       NAMED(ENOSYS),          NAMED(ENOTCONN),      NAMED(ENOTDIR),
    NAMED(ENOTSOCK),     NAMED(ENOTSUP),         NAMED(EPERM),         NAMED(EPIPE),
    NAMED(EPROTO),       NAMED(EPROTONOSUPPORT), NAMED(EPROTOTYPE),    NAMED(ETIMEDOUT),
};

static void errors_have_names_and_texts(void)
{
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        const char *name = mio_error_name(-named[i].code);
        if (strcmp(name, named[i].name) != 0)
            test_fail(__FILE__, __LINE__, "%s is called %s", named[i].name, name);
        CHECK(strcmp(mio_error_name(named[i].code), name) == 0);
        const char *text = mio_strerror(-named[i].code);
        CHECK(text != NULL && text[0] != '\0');
        if (strcmp(text, "unknown error") == 0)
            test_fail(__FILE__, __LINE__, "%s has no text", named[i].name);
        CHECK(strcmp(mio_strerror(named[i].code), text) == 0);
    }
    CHECK(strcmp(mio_error_name(0), "OK") == 0);
    CHECK(strcmp(mio_strerror(0), "unknown error") != 0);
#if EWOULDBLOCK == EAGAIN /* else the library never says it */
    CHECK(strcmp(mio_error_name(-EWOULDBLOCK), "EAGAIN") == 0);
#endif
}

static void unknown_errors_have_a_name_too(void)
{
    /* The last ones look like known codes when they are cut to 32 bits. */
    static const ptrdiff_t unknown[] = {99999,
                                        -99999,
                                        INT_MAX,
                                        INT_MIN,
                                        PTRDIFF_MAX,
                                        PTRDIFF_MIN,
                                        (ptrdiff_t)(((uint64_t)1 << 32) + EAGAIN),
                                        -(ptrdiff_t)(((uint64_t)1 << 32) + EAGAIN)};
    /* On 32-bit systems they are known codes. */
    const size_t count = sizeof unknown / sizeof unknown[0] - (sizeof(ptrdiff_t) < 8 ? 2 : 0);
    for (size_t i = 0; i < count; i++) {
        CHECK(strcmp(mio_error_name(unknown[i]), "UNKNOWN") == 0);
        CHECK(strcmp(mio_strerror(unknown[i]), "unknown error") == 0);
    }
    /* Every number gets an answer. */
    for (int code = -300; code <= 300; code++) {
        CHECK(mio_error_name(code) != NULL);
        CHECK(mio_strerror(code) != NULL);
        CHECK_EQ(strcmp(mio_error_name(code), "UNKNOWN") == 0,
                 strcmp(mio_strerror(code), "unknown error") == 0);
    }
}

/* ---- Sizes, version, clock ------------------------------------------------------------------- */

static void sizes_are_those_of_the_header(void)
{
    CHECK_EQ(sizeof(struct mio_event), 16);
    CHECK_EQ(offsetof(struct mio_event, readiness), 0);
    CHECK_EQ(offsetof(struct mio_event, token), 8);
    /* A descriptor may have the size of a pointer. */
    CHECK(sizeof(struct mio_source) <= (sizeof(void *) == 4 ? 24 : sizeof(mio_fd) == 4 ? 32 : 40));
    CHECK_EQ(mio_sizeof_poll(), sizeof(struct mio_poll));
    CHECK_EQ(mio_sizeof_poll_options(), sizeof(struct mio_poll_options));
    CHECK_EQ(mio_sizeof_registry(), sizeof(struct mio_registry));
    CHECK_EQ(mio_sizeof_source(), sizeof(struct mio_source));
    CHECK_EQ(mio_sizeof_waker(), sizeof(struct mio_waker));
    CHECK_EQ(mio_sizeof_event(), sizeof(struct mio_event));
    CHECK_EQ(mio_sizeof_counters(), sizeof(struct mio_counters));
#if MIO_HAS_PIPES
    CHECK_EQ(mio_sizeof_pipe_sender(), sizeof(struct mio_pipe_sender));
    CHECK_EQ(mio_sizeof_pipe_receiver(), sizeof(struct mio_pipe_receiver));
#endif
#ifndef MIO_NO_NET
    CHECK_EQ(mio_sizeof_addr(), sizeof(struct mio_addr));
    CHECK_EQ(mio_sizeof_listen_options(), sizeof(struct mio_listen_options));
    CHECK_EQ(mio_sizeof_connect_options(), sizeof(struct mio_connect_options));
    CHECK_EQ(mio_sizeof_tcp_listener(), sizeof(struct mio_tcp_listener));
    CHECK_EQ(mio_sizeof_tcp_stream(), sizeof(struct mio_tcp_stream));
    CHECK_EQ(mio_sizeof_unix_listener(), sizeof(struct mio_unix_listener));
    CHECK_EQ(mio_sizeof_unix_stream(), sizeof(struct mio_unix_stream));
    CHECK_EQ(mio_sizeof_unix_datagram(), sizeof(struct mio_unix_datagram));
#endif
}

static void version_is_that_of_the_header(void)
{
    char text[32];
    CHECK_EQ(mio_version(), MIO_VERSION);
    snprintf(text, sizeof text, "%d.%d.%d", mio_version() / 1000000, mio_version() / 1000 % 1000,
             mio_version() % 1000);
    CHECK(strcmp(text, MIO_VERSION_STRING) == 0);
}

static void clock_is_the_monotonic_one(void)
{
    int64_t last = clock_now_ns();
    for (long i = test_scaled(20000); i > 0; i--) {
        int64_t now = mio_now_ns();
        CHECK(now >= last);
        last = now;
    }
    CHECK(clock_now_ns() >= last);
}

#ifndef MIO_NO_NET
static void buffers_add_up(void)
{
    size_t (*volatile exported)(const struct mio_buf *, size_t) = mio_bufs_len;
    const struct mio_buf bufs[] = {
        {NULL, 3}, {NULL, 0}, {NULL, SIZE_MAX - 4}, {NULL, 1}, {NULL, 1}};
    static const size_t sums[] = {0, 3, 3, SIZE_MAX - 1, SIZE_MAX, SIZE_MAX};
    for (size_t count = 0; count < sizeof sums / sizeof sums[0]; count++) {
        CHECK(mio_bufs_len(bufs, count) == sums[count]);
        CHECK(exported(bufs, count) == sums[count]);
    }
    CHECK_EQ(mio_bufs_len(NULL, 0), 0);
}
#endif

/* ---- The draining rule ----------------------------------------------------------------------- */

static const struct {
    uint32_t seen;
    ptrdiff_t result;
    size_t asked;
    bool drained;
} rows[] = {
    {MIO_READABLE, -EAGAIN, 8, true},
    {MIO_READABLE, 0, 8, true},
    {MIO_READABLE, 1, 8, true},
    /* Other errors leave the direction as it is. */
    {MIO_READABLE, -ECONNRESET, 8, false},
    {MIO_READABLE, -EPIPE, 8, false},
    {MIO_READABLE, -EHOSTUNREACH, 8, false},
    {MIO_READABLE, -ENOBUFS, 8, false},
    {MIO_READABLE, -EMFILE, 0, false},
    {MIO_READABLE, -EINTR, 8, false},
    {MIO_READABLE, 7, 8, true},
    {MIO_READABLE, 8, 8, false},
    {MIO_READABLE, 1, 1, false},
    {0, 7, 8, true},
    {MIO_READABLE | MIO_WRITABLE | MIO_PRIORITY, 7, 8, true},
    /* Where a length says nothing, would-block alone drains. */
    {MIO_READABLE, 0, 0, false},
    {MIO_READABLE, 7, 0, false},
    {MIO_READABLE, -EAGAIN, 0, true},
    {MIO_READABLE | MIO_READ_CLOSED, -EAGAIN, 0, true},
    {MIO_READABLE, -ECONNRESET, 0, false},
    /* Once something was closed a short transfer says nothing, all else as before. */
    {MIO_READ_CLOSED, 7, 8, false},
    {MIO_WRITE_CLOSED, 7, 8, false},
    {MIO_ERROR, 7, 8, false},
    {MIO_READABLE | MIO_READ_CLOSED, 8, 8, false},
    {MIO_READABLE | MIO_READ_CLOSED, 0, 8, true},
    {MIO_READABLE | MIO_ERROR, -EAGAIN, 8, true},
    {MIO_READABLE | MIO_WRITE_CLOSED, -ECONNRESET, 8, false},
    {MIO_READABLE | MIO_READ_CLOSED, -EINTR, 8, false},
    /* A system stops at about MIO_IO_MAX by itself. */
    {MIO_READABLE, (ptrdiff_t)MIO_IO_MAX, MIO_IO_MAX + 1, false},
    {MIO_READABLE, (ptrdiff_t)MIO_IO_MAX, SIZE_MAX, false},
    {MIO_READABLE, (ptrdiff_t)MIO_IO_MAX, MIO_IO_MAX, false},
    {MIO_READABLE, (ptrdiff_t)MIO_IO_MAX + 1, SIZE_MAX, false},
    {MIO_READABLE, (ptrdiff_t)MIO_IO_MAX - 1, MIO_IO_MAX, true},
    {MIO_READABLE, (ptrdiff_t)MIO_IO_MAX - 1, SIZE_MAX, true},
};

static void rule_is_the_documented_one(void)
{
    /* Through pointers, so that the exported definitions are run as well. */
    bool (*volatile drained)(uint32_t, ptrdiff_t, size_t) = mio_drained;
    void (*volatile ready_after)(uint32_t *, uint32_t, ptrdiff_t, size_t) = mio_ready_after;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint32_t before = rows[i].seen | MIO_READABLE | MIO_WRITABLE;
        uint32_t ready = before;
        CHECK_EQ(mio_drained(rows[i].seen, rows[i].result, rows[i].asked), rows[i].drained);
        CHECK_EQ(drained(rows[i].seen, rows[i].result, rows[i].asked), rows[i].drained);
        mio_ready_after(&ready, MIO_READABLE, rows[i].result, rows[i].asked);
        CHECK_EQ(ready, rows[i].drained ? before & ~MIO_READABLE : before);
        ready = before;
        ready_after(&ready, MIO_WRITABLE, rows[i].result, rows[i].asked);
        CHECK_EQ(ready, rows[i].drained ? before & ~MIO_WRITABLE : before);
    }
}

static const struct test_case cases[] = {
    {"forget_clears_the_entries_of_one_token", forget_clears_the_entries_of_one_token, 0},
    {"predicates_test_one_bit", predicates_test_one_bit, 0},
    {"interests_have_a_text", interests_have_a_text, 0},
    {"events_have_a_text", events_have_a_text, 0},
    {"every_bit_has_its_place_in_the_text", every_bit_has_its_place_in_the_text, 0},
    {"unknown_bits_are_a_number", unknown_bits_are_a_number, 0},
    {"longest_texts_fit", longest_texts_fit, 0},
    {"null_texts_are_invalid", null_texts_are_invalid, 0},
    {"errors_have_names_and_texts", errors_have_names_and_texts, 0},
    {"unknown_errors_have_a_name_too", unknown_errors_have_a_name_too, 0},
    {"sizes_are_those_of_the_header", sizes_are_those_of_the_header, 0},
    {"version_is_that_of_the_header", version_is_that_of_the_header, 0},
    {"clock_is_the_monotonic_one", clock_is_the_monotonic_one, 0},
#ifndef MIO_NO_NET
    {"buffers_add_up", buffers_add_up, 0},
#endif
    {"rule_is_the_documented_one", rule_is_the_documented_one, TEST_EDGE},
    {NULL, NULL, 0},
};

const struct test_suite suite_events = {"events", cases};
