/* Pending errors, which Windows does not clear, and what becomes of a connect. */
#include "answers.h"

static int pending;

static int WINAPI keep_error(SOCKET fd, int level, int name, char *value, int *length)
{
    int result = getsockopt(fd, level, name, value, length);
    if (level == SOL_SOCKET && name == SO_ERROR)
        *(int *)value = pending;
    return result;
}

static void error_of_a_connection_is_taken_once(void)
{
    struct mio_tcp_stream stream;
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    mio__calls.getsockopt = keep_error;
    pending = 0;
    CHECK_EQ(mio_tcp_stream_take_error(&stream), 0);
    pending = WSAECONNRESET;
    CHECK_EQ(mio_tcp_stream_take_error(&stream), -ECONNRESET);
    CHECK_EQ(mio_tcp_stream_take_error(&stream), 0);
    /* Another object over the same socket has not told it. */
    mio_fd fd = mio_tcp_stream_into_fd(&stream);
    CHECK_EQ(mio_tcp_stream_from_fd(&stream, fd), 0);
    CHECK_EQ(mio_tcp_stream_connect_result(&stream), -ECONNRESET);
    answers_of_system();
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static void errors_of_datagrams_are_told_each_time(void)
{
    struct mio_udp_socket udp;
    answers_udp(&udp, "127.0.0.1:0");
    mio__calls.getsockopt = keep_error;
    pending = WSAENETUNREACH;
    CHECK_EQ(mio_udp_socket_take_error(&udp), -ENETUNREACH);
    CHECK_EQ(mio_udp_socket_take_error(&udp), -ENETUNREACH);
    answers_of_system();
    CHECK_EQ(mio_udp_socket_close(&udp), 0);
}

static void refused_connect_is_told_and_then_not_connected(void)
{
    struct mio_tcp_stream stream;
    struct mio_addr addr = answers_addr("127.0.0.1:0");
    mio_fd holder = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
    CHECK_EQ(plain_bind(holder, &addr), 0);
    addr = plain_name(holder);
    CHECK_EQ(mio_tcp_stream_connect(&stream, &addr), 0);
    plain_wait(mio_source_fd(&stream.source), PLAIN_OUT);
    CHECK_EQ(mio_tcp_stream_connect_result(&stream), -ECONNREFUSED);
    CHECK_EQ(mio_tcp_stream_connect_result(&stream), -ENOTCONN);
    CHECK_EQ(mio_tcp_stream_take_error(&stream), 0);
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    CHECK_EQ(plain_close(holder), 0);
}

static int WINAPI select_nothing(int ignored, fd_set *reads, fd_set *writes, fd_set *errors,
                                 PTIMEVAL timeout)
{
    (void)ignored, (void)reads, (void)timeout;
    writes->fd_count = errors->fd_count = 0;
    return 0;
}

/* The system tells nothing of either: one is bound. */
static void connect_under_way_is_told_from_one_that_never_began(void)
{
    struct mio_tcp_stream stream;
    struct mio_addr addr = answers_addr("127.0.0.1:0");
    mio_fd fd = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
    CHECK_EQ(mio_tcp_stream_from_fd(&stream, fd), 0);
    mio__calls.select = select_nothing;
    CHECK_EQ(mio_tcp_stream_connect_result(&stream), -ENOTCONN);
    CHECK_EQ(plain_bind(fd, &addr), 0);
    CHECK_EQ(mio_tcp_stream_connect_result(&stream), -EINPROGRESS);
    answers_of_system();
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
}

static const struct test_case cases[] = {
    {"error_of_a_connection_is_taken_once", error_of_a_connection_is_taken_once, 0},
    {"errors_of_datagrams_are_told_each_time", errors_of_datagrams_are_told_each_time, 0},
    {"refused_connect_is_told_and_then_not_connected",
     refused_connect_is_told_and_then_not_connected, 0},
    {"connect_under_way_is_told_from_one_that_never_began",
     connect_under_way_is_told_from_one_that_never_began, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_pending = {"pending", cases};
