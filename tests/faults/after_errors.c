/*
 * After errors that a healthy host does not have: filters of system calls, transient errors of a
 * network, a Fast Open whose cookie is gone.
 */
#define _GNU_SOURCE 1
#include "faults.h"
#include "net.h"

#include <unistd.h>

enum { TOKEN = 7 };

static void fail_from_now_on(enum fault_call call, int error)
{
    const struct fault_plan plan = {call, 1, true, error};
    fault_set(&plan);
}

static ptrdiff_t accept_by_oneself(struct mio_source *raw)
{
    uint32_t ready = MIO_READABLE;
    CHECK_EQ(mio_source_after(raw, &ready, MIO_READABLE, -EACCES, 0), 0);
    return -EACCES;
}

/* The same for a listener of one's own, whose errors the library is told. */
static void refused_accept_of_ones_own_brings_no_event_without_end(void)
{
    struct mio_poll poll;
    struct mio_tcp_listener listener;
    struct mio_source raw;
    struct mio_addr addr;
    test_poll_init(&poll);
    test_listen(&listener, &addr);
    CHECK_EQ(mio_source_init_fd(&raw, mio_source_fd(&listener.source)), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &raw, TOKEN, MIO_READABLE), 0);
    int client = test_client(&addr);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    CHECK_EQ(accept_by_oneself(&raw), -EACCES);
    test_expect_no_event(&poll);
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &raw), 0);
    CHECK_EQ(close(client), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* A filter refuses every accept, and the connection stays in the queue: a program that accepts at
 * each event must not be told without end. */
static void refused_accept_brings_no_event_without_end(void)
{
    struct mio_poll poll;
    struct mio_event event;
    struct mio_tcp_listener listener;
    struct mio_tcp_stream stream;
    struct mio_addr addr;
    int events = 0;
    test_poll_init(&poll);
    test_listen(&listener, &addr);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &listener.source, TOKEN, MIO_READABLE), 0);
    int client = test_client(&addr);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    fail_from_now_on(FAULT_accept4, EACCES);
    CHECK_EQ(mio_tcp_listener_accept(&listener, &stream, NULL), -EACCES);
    while (events < 100 && mio_poll_wait(&poll, &event, 1, TEST_QUIET) == 1) {
        events++;
        CHECK_EQ(mio_tcp_listener_accept(&listener, &stream, NULL), -EACCES);
    }
    CHECK_EQ(events, 0);
    fault_set(NULL);
    CHECK_EQ(mio_tcp_listener_accept(&listener, &stream, NULL), 0);
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    CHECK_EQ(close(client), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

struct connected {
    struct mio_poll poll;
    struct mio_tcp_stream stream;
    int peer;
};

/* Writing was told, so no event comes before it is drained. */
static void connected_open(struct connected *connected)
{
    test_poll_init(&connected->poll);
    test_tcp_pair(&connected->stream, &connected->peer);
    CHECK_EQ(mio_register(mio_poll_registry(&connected->poll), &connected->stream.source, TOKEN,
                          MIO_WRITABLE),
             0);
    CHECK_EQ(test_expect_event(&connected->poll, TOKEN), MIO_WRITABLE);
    test_expect_no_event(&connected->poll);
}

static void connected_close(struct connected *connected)
{
    CHECK_EQ(mio_tcp_stream_close(&connected->stream), 0);
    CHECK_EQ(close(connected->peer), 0);
    CHECK_EQ(mio_poll_close(&connected->poll), 0);
}

static ptrdiff_t write_list(struct mio_tcp_stream *stream)
{
    const struct mio_buf list[] = {{(void *)"da", 2}, {(void *)"ta", 2}};
    return mio_tcp_stream_writev(stream, list, 2);
}

/* It drains nothing: the next write succeeds, without an event; reregister brings one. */
static void transient_error_of_a_write_drains_nothing(void)
{
    static const int errors[] = {EHOSTUNREACH, ENOBUFS, ENETDOWN};
    struct connected connected;
    connected_open(&connected);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        uint32_t ready = MIO_WRITABLE;
        fail_from_now_on(FAULT_send, errors[i]);
        ptrdiff_t n = mio_tcp_stream_write(&connected.stream, "data", 4);
        mio_ready_after(&ready, MIO_WRITABLE, n, 4);
        fault_set(NULL);
        CHECK_EQ(n, -errors[i]);
        CHECK_EQ(ready, MIO_WRITABLE);
        test_expect_no_event(&connected.poll);
        CHECK_EQ(mio_reregister(mio_poll_registry(&connected.poll), &connected.stream.source, TOKEN,
                                MIO_WRITABLE),
                 0);
        CHECK_EQ(test_expect_event(&connected.poll, TOKEN), MIO_WRITABLE);
        CHECK_EQ(mio_tcp_stream_write(&connected.stream, "data", 4), 4);
    }
    connected_close(&connected);
}

/* The write has begun to connect and moved nothing: that is would-block, and drains. */
static void fast_open_under_way_is_would_block(void)
{
    struct connected connected;
    connected_open(&connected);
    for (int as_list = 0; as_list < 2; as_list++) {
        fail_from_now_on(as_list ? FAULT_sendmsg : FAULT_send, EINPROGRESS);
        CHECK_EQ(as_list ? write_list(&connected.stream)
                         : mio_tcp_stream_write(&connected.stream, "data", 4),
                 -EAGAIN);
        fault_set(NULL);
        if (test_config.poll.backend ==
            MIO_BACKEND_POLL) /* the kernel's edge would come by itself */
            CHECK_EQ(test_expect_event(&connected.poll, TOKEN), MIO_WRITABLE);
    }
    connected_close(&connected);
}

static const struct test_case cases[] = {
    {"refused_accept_brings_no_event_without_end", refused_accept_brings_no_event_without_end, 0},
    {"refused_accept_of_ones_own_brings_no_event_without_end",
     refused_accept_of_ones_own_brings_no_event_without_end, 0},
    {"transient_error_of_a_write_drains_nothing", transient_error_of_a_write_drains_nothing, 0},
    {"fast_open_under_way_is_would_block", fast_open_under_way_is_would_block, 0},
    {NULL, NULL, 0},
};

int main(int argc, char **argv)
{
    static const struct test_suite after_errors = {"after_errors", cases};
    static const struct test_suite *const suites[] = {&after_errors, NULL};
    return test_main(argc, argv, suites);
}
