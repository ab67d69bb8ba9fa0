/* Reading and writing: lengths, ends, errors, and what a broken connection never does. */
#include "tcp/tcp_util.h"

#include <stdlib.h>
#include <string.h>

static void await_data(const struct mio_tcp_stream *stream)
{
    CHECK(plain_wait(tcp_fd(stream), PLAIN_IN) & PLAIN_IN);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void read_gives_what_is_there_and_no_more_than_fits(void)
{
    struct mio_tcp_stream stream;
    char buf[16] = "";
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(mio_tcp_stream_read(&stream, buf, sizeof buf), -EAGAIN);
    plain_send_all(peer, "hello", 5);
    await_data(&stream);
    CHECK_EQ(mio_tcp_stream_read(&stream, buf, 2), 2);
    CHECK_EQ(memcmp(buf, "he", 3), 0);
    CHECK_EQ(mio_tcp_stream_read(&stream, buf, sizeof buf), 3);
    CHECK_EQ(memcmp(buf, "llo", 4), 0);
    CHECK_EQ(mio_tcp_stream_read(&stream, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(plain_close(peer), 0);
    tcp_close(&stream);
}

static void peek_leaves_what_it_shows(void)
{
    struct mio_tcp_stream stream;
    char buf[16] = "";
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(mio_tcp_stream_peek(&stream, buf, sizeof buf), -EAGAIN);
    plain_send_all(peer, "hello", 5);
    await_data(&stream);
    CHECK_EQ(mio_tcp_stream_peek(&stream, buf, 3), 3);
    CHECK_EQ(memcmp(buf, "hel", 4), 0);
    CHECK_EQ(mio_tcp_stream_peek(&stream, buf, sizeof buf), 5);
    CHECK_EQ(memcmp(buf, "hello", 6), 0);
    memset(buf, 0, sizeof buf);
    CHECK_EQ(mio_tcp_stream_read(&stream, buf, sizeof buf), 5);
    CHECK_EQ(memcmp(buf, "hello", 6), 0);
    CHECK_EQ(mio_tcp_stream_peek(&stream, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(plain_close(peer), 0);
    tcp_close(&stream);
}

static void readv_fills_in_order_and_leaves_the_rest_alone(void)
{
    struct mio_tcp_stream stream;
    char first[3], empty, second[4], untouched = '!';
    struct mio_buf bufs[] = {{first, 3}, {&empty, 0}, {second, 4}, {&untouched, 1}};
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(mio_tcp_stream_readv(&stream, bufs, 4), -EAGAIN);
    memset(second, '#', sizeof second);
    plain_send_all(peer, "abcdef", 6);
    await_data(&stream);
    CHECK_EQ(mio_tcp_stream_readv(&stream, bufs, 4), 6);
    CHECK_EQ(memcmp(first, "abc", 3), 0);
    CHECK_EQ(memcmp(second, "def#", 4), 0);
    CHECK_EQ(untouched, '!');
    plain_send_all(peer, "gh", 2);
    await_data(&stream);
    CHECK_EQ(mio_tcp_stream_readv(&stream, bufs, 1), 2);
    CHECK_EQ(memcmp(first, "ghc", 3), 0);
    CHECK_EQ(mio_tcp_stream_readv(&stream, bufs, 4), -EAGAIN);
    CHECK_EQ(plain_close(peer), 0);
    tcp_close(&stream);
}

/* A read of nothing would return 0, and look like the end. */
static void read_of_nothing_is_invalid(void)
{
    struct mio_tcp_stream stream;
    char byte;
    struct mio_buf empty[2] = {{&byte, 0}, {&byte, 0}};
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    for (int with_data = 0; with_data < 2; with_data++) {
        CHECK_EQ(mio_tcp_stream_read(&stream, &byte, 0), -EINVAL);
        CHECK_EQ(mio_tcp_stream_peek(&stream, &byte, 0), -EINVAL);
        CHECK_EQ(mio_tcp_stream_readv(&stream, empty, 0), -EINVAL);
        CHECK_EQ(mio_tcp_stream_readv(&stream, empty, 2), -EINVAL);
        if (!with_data) {
            plain_send_all(peer, "x", 1);
            await_data(&stream);
        }
    }
    CHECK_EQ(mio_tcp_stream_read(&stream, &byte, 1), 1);
    CHECK_EQ(plain_close(peer), 0);
    tcp_close(&stream);
}

static void end_of_file_is_zero_again_and_again(void)
{
    struct mio_tcp_stream stream;
    char byte;
    struct mio_buf buf = {&byte, 1};
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    plain_send_all(peer, "x", 1);
    CHECK_EQ(plain_shutdown(peer, PLAIN_WRITES), 0);
    CHECK(plain_wait(tcp_fd(&stream), PLAIN_END) & PLAIN_END);
    CHECK_EQ(mio_tcp_stream_read(&stream, &byte, 1), 1);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(mio_tcp_stream_read(&stream, &byte, 1), 0);
        CHECK_EQ(mio_tcp_stream_peek(&stream, &byte, 1), 0);
        CHECK_EQ(mio_tcp_stream_readv(&stream, &buf, 1), 0);
    }
    CHECK_EQ(mio_tcp_stream_write(&stream, "y", 1), 1);
    plain_recv_all(peer, &byte, 1);
    CHECK_EQ(plain_close(peer), 0);
    tcp_close(&stream);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void write_and_writev_send_in_order(void)
{
    struct mio_tcp_stream stream;
    char ab[] = "ab", cde[] = "cde", got[9];
    struct mio_buf bufs[] = {{ab, 2}, {ab, 0}, {cde, 3}};
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(mio_tcp_stream_write(&stream, "1234", 4), 4);
    CHECK_EQ(mio_tcp_stream_writev(&stream, bufs, 3), 5);
    plain_recv_all(peer, got, sizeof got);
    CHECK_EQ(memcmp(got, "1234abcde", sizeof got), 0);
    CHECK_EQ(plain_close(peer), 0);
    tcp_close(&stream);
}

static void write_of_nothing_does_nothing(void)
{
    struct mio_tcp_stream stream;
    char byte = 'x';
    struct mio_buf empty[2] = {{&byte, 0}, {NULL, 0}};
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    for (int shut = 0; shut < 2; shut++) {
        CHECK_EQ(mio_tcp_stream_write(&stream, &byte, 0), 0);
        CHECK_EQ(mio_tcp_stream_write(&stream, NULL, 0), 0);
        CHECK_EQ(mio_tcp_stream_writev(&stream, empty, 0), 0);
        CHECK_EQ(mio_tcp_stream_writev(&stream, empty, 2), 0);
        CHECK_EQ(mio_tcp_stream_shutdown(&stream, MIO_SHUTDOWN_WRITE), 0);
    }
    CHECK_EQ(plain_recv(peer, &byte, 1), 0);
    CHECK_EQ(plain_close(peer), 0);
    tcp_close(&stream);
}

static void null_buffers_are_invalid(void)
{
    struct mio_tcp_stream stream;
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(mio_tcp_stream_read(&stream, NULL, 1), -EINVAL);
    CHECK_EQ(mio_tcp_stream_peek(&stream, NULL, 1), -EINVAL);
    CHECK_EQ(mio_tcp_stream_readv(&stream, NULL, 1), -EINVAL);
    CHECK_EQ(mio_tcp_stream_write(&stream, NULL, 1), -EINVAL);
    CHECK_EQ(mio_tcp_stream_writev(&stream, NULL, 1), -EINVAL);
    CHECK_EQ(plain_close(peer), 0);
    tcp_close(&stream);
}

static void lists_have_a_longest_length(void)
{
    struct mio_tcp_stream stream;
    static char out[MIO_BUFS_MAX + 1], in[MIO_BUFS_MAX + 1];
    static struct mio_buf bufs[MIO_BUFS_MAX + 1];
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    for (size_t i = 0; i <= MIO_BUFS_MAX; i++) {
        out[i] = (char)(i * 7 % 251);
        bufs[i] = (struct mio_buf){&out[i], 1};
    }
    CHECK_EQ(mio_tcp_stream_writev(&stream, bufs, MIO_BUFS_MAX + 1), -EINVAL);
    CHECK_EQ(mio_tcp_stream_writev(&stream, bufs, SIZE_MAX), -EINVAL);
    CHECK_EQ(mio_tcp_stream_writev(&stream, bufs, MIO_BUFS_MAX), MIO_BUFS_MAX);
    plain_recv_all(peer, in, MIO_BUFS_MAX);
    CHECK_EQ(memcmp(in, out, MIO_BUFS_MAX), 0);

    memset(in, 0, sizeof in);
    for (size_t i = 0; i <= MIO_BUFS_MAX; i++)
        bufs[i].base = &in[i];
    plain_send_all(peer, out, MIO_BUFS_MAX);
    await_data(&stream);
    CHECK_EQ(mio_tcp_stream_readv(&stream, bufs, MIO_BUFS_MAX + 1), -EINVAL);
    CHECK_EQ(mio_tcp_stream_readv(&stream, bufs, SIZE_MAX), -EINVAL);
    CHECK_EQ(in[0], 0);
    CHECK_EQ(mio_tcp_stream_readv(&stream, bufs, MIO_BUFS_MAX), MIO_BUFS_MAX);
    CHECK_EQ(memcmp(in, out, MIO_BUFS_MAX), 0);
    CHECK_EQ(plain_close(peer), 0);
    tcp_close(&stream);
}

static ptrdiff_t write_plain(struct mio_tcp_stream *stream, char *data, size_t len)
{
    return mio_tcp_stream_write(stream, data, len);
}

static ptrdiff_t write_in_two(struct mio_tcp_stream *stream, char *data, size_t len)
{
    struct mio_buf bufs[2] = {{data, len / 2}, {data + len / 2, len - len / 2}};
    return mio_tcp_stream_writev(stream, bufs, 2);
}

typedef ptrdiff_t write_call(struct mio_tcp_stream *stream, char *data, size_t len);

/* The bytes that arrive are those that writes reported, also where these were cut short. */
static void check_full(write_call *write_some)
{
    static char data[65536];
    struct mio_tcp_stream stream;
    size_t sent = 0, received = 0;
    ptrdiff_t n;
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    for (int i = 0; (n = write_some(&stream, data, sizeof data)) != -EAGAIN; i++) {
        CHECK(n > 0);
        CHECK((size_t)n <= sizeof data);
        CHECK(i < 100000);
        sent += (size_t)n;
    }
    CHECK(sent > 0);
    CHECK_EQ(mio_tcp_stream_shutdown(&stream, MIO_SHUTDOWN_WRITE), 0);
    while ((n = plain_recv(peer, data, sizeof data)) > 0)
        received += (size_t)n;
    CHECK_EQ(n, 0);
    CHECK_EQ(received, sent);
    CHECK_EQ(plain_close(peer), 0);
    tcp_close(&stream);
}

static void write_without_room_is_eagain(void)
{
    check_full(write_plain);
}

static void writev_without_room_is_eagain(void)
{
    check_full(write_in_two);
}

/* ---- Broken connections ---------------------------------------------------------------------- */

/* SIGPIPE has its default action here: one that gets through ends the whole program. */
static void check_no_sigpipe(write_call *write_some)
{
    struct mio_tcp_stream stream;
    char data[] = {'d', 'a', 't', 'a'};
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(mio_tcp_stream_shutdown(&stream, MIO_SHUTDOWN_WRITE), 0);
    CHECK_EQ(write_some(&stream, data, sizeof data), -EPIPE);
    CHECK_EQ(write_some(&stream, data, sizeof data), -EPIPE);
    CHECK_EQ(plain_close(peer), 0);
    tcp_close(&stream);

    /* After a reset the pending error comes first, and then broken pipes, or the error again. */
    tcp_reset_by_peer(&stream);
    for (int i = 0; i < 3; i++)
        CHECK(tcp_is_broken(write_some(&stream, data, sizeof data)));
    tcp_close(&stream);

    /* A peer that closed answers the first write with a reset: then the error is EPIPE itself. */
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(plain_close(peer), 0);
    await_data(&stream);
    CHECK_EQ(write_some(&stream, data, sizeof data), sizeof data);
    CHECK(plain_wait(tcp_fd(&stream), 0) & PLAIN_HANGUP);
    for (int i = 0; i < 2; i++)
        CHECK(tcp_is_broken(write_some(&stream, data, sizeof data)));
    tcp_close(&stream);
}

static void defect_20_write_raises_no_sigpipe(void)
{
    check_no_sigpipe(write_plain);
}

static void defect_20_writev_raises_no_sigpipe(void)
{
    check_no_sigpipe(write_in_two);
}

static void reset_is_read_once_as_an_error(void)
{
    struct mio_tcp_stream stream;
    char byte;
    ptrdiff_t plain[2];
    tcp_need_errors_of_reads();
    tcp_plain_reset_reads(plain);
    tcp_reset_by_peer(&stream);
    CHECK_EQ(mio_tcp_stream_read(&stream, &byte, 1), -ECONNRESET);
    CHECK_EQ(mio_tcp_stream_read(&stream, &byte, 1), plain[1]); /* 0, or the error again */
    tcp_close(&stream);
}

static void reading_without_a_connection(void)
{
    struct mio_tcp_stream stream;
    char byte = 'x';
    struct mio_buf buf = {&byte, 1};
    mio_fd fd = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
    CHECK_EQ(mio_tcp_stream_from_fd(&stream, fd), 0);
    CHECK_EQ(mio_tcp_stream_read(&stream, &byte, 1), -ENOTCONN);
    CHECK_EQ(mio_tcp_stream_peek(&stream, &byte, 1), -ENOTCONN);
    CHECK_EQ(mio_tcp_stream_readv(&stream, &buf, 1), -ENOTCONN);
    ptrdiff_t result = mio_tcp_stream_write(&stream, &byte, 1);
    CHECK(tcp_is_broken(result) || result == -ENOTCONN);
    CHECK_EQ(mio_tcp_stream_writev(&stream, &buf, 1), result);
    tcp_close(&stream);
}

static const struct test_case cases[] = {
    {"read_gives_what_is_there_and_no_more_than_fits",
     read_gives_what_is_there_and_no_more_than_fits, 0},
    {"peek_leaves_what_it_shows", peek_leaves_what_it_shows, 0},
    {"readv_fills_in_order_and_leaves_the_rest_alone",
     readv_fills_in_order_and_leaves_the_rest_alone, 0},
    {"read_of_nothing_is_invalid", read_of_nothing_is_invalid, 0},
    {"end_of_file_is_zero_again_and_again", end_of_file_is_zero_again_and_again, 0},
    {"write_and_writev_send_in_order", write_and_writev_send_in_order, 0},
    {"write_of_nothing_does_nothing", write_of_nothing_does_nothing, 0},
    {"null_buffers_are_invalid", null_buffers_are_invalid, 0},
    {"lists_have_a_longest_length", lists_have_a_longest_length, 0},
    {"write_without_room_is_eagain", write_without_room_is_eagain, 0},
    {"writev_without_room_is_eagain", writev_without_room_is_eagain, 0},
    {"defect_20_write_raises_no_sigpipe", defect_20_write_raises_no_sigpipe, 0},
    {"defect_20_writev_raises_no_sigpipe", defect_20_writev_raises_no_sigpipe, 0},
    {"reset_is_read_once_as_an_error", reset_is_read_once_as_an_error, 0},
    {"reading_without_a_connection", reading_without_a_connection, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_tcp_io = {"tcp_io", cases};
