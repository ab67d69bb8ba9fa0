/* Streams in the Unix domain: pairs, and moving bytes. */
#define _GNU_SOURCE 1
#include "queue/queue_util.h"
#include "unix/unix_util.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

/* ---- Pairs ----------------------------------------------------------------------------------- */

static void check_end(const struct mio_unix_stream *stream)
{
    struct mio_addr addr;
    mio_fd fd = mio_source_fd(&stream->source), type = -1;
    socklen_t length = sizeof type;
    CHECK(test_is_nonblocking(fd));
    CHECK(test_is_cloexec(fd));
    CHECK_EQ(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length), 0);
    CHECK_EQ(type, SOCK_STREAM);
    CHECK(unix_is_called(fd, "", 0));
    CHECK(!mio_source_is_registered(&stream->source));
    memset(&addr, 0xa5, sizeof addr);
    CHECK_EQ(mio_unix_stream_local_addr(stream, &addr), 0);
    CHECK_EQ(mio_addr_unix_kind(&addr), MIO_UNIX_UNNAMED);
    memset(&addr, 0xa5, sizeof addr);
    CHECK_EQ(mio_unix_stream_peer_addr(stream, &addr), 0);
    CHECK_EQ(mio_addr_unix_kind(&addr), MIO_UNIX_UNNAMED);
}

static void pairs_are_connected(void)
{
    struct mio_unix_stream a, b;
    char buf[8];
    memset(&a, 0xa5, sizeof a);
    memset(&b, 0xa5, sizeof b);
    CHECK_EQ(mio_unix_stream_pair(&a, &b), 0);
    check_end(&a);
    check_end(&b);
    CHECK_EQ(mio_unix_stream_read(&a, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(mio_unix_stream_read(&b, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(mio_unix_stream_write(&a, "abc", 3), 3);
    CHECK_EQ(plain_recv(mio_source_fd(&b.source), buf, sizeof buf), 3);
    CHECK_EQ(memcmp(buf, "abc", 3), 0);
    CHECK_EQ(mio_unix_stream_write(&b, "de", 2), 2);
    CHECK_EQ(plain_recv(mio_source_fd(&a.source), buf, sizeof buf), 2);
    CHECK_EQ(memcmp(buf, "de", 2), 0);
    CHECK_EQ(mio_unix_stream_close(&a), 0);
    CHECK_EQ(mio_unix_stream_read(&b, buf, sizeof buf), 0);
    CHECK_EQ(mio_unix_stream_close(&b), 0);
}

static void check_closed(struct mio_unix_stream *stream)
{
    CHECK_EQ(mio_unix_stream_take_error(stream), -EBADF);
    CHECK_EQ(mio_unix_stream_close(stream), 0);
}

static void pair_needs_two_objects(void)
{
    struct mio_unix_stream stream;
    memset(&stream, 0xa5, sizeof stream);
    CHECK_EQ(mio_unix_stream_pair(&stream, NULL), -EINVAL);
    check_closed(&stream);
    memset(&stream, 0xa5, sizeof stream);
    CHECK_EQ(mio_unix_stream_pair(NULL, &stream), -EINVAL);
    check_closed(&stream);
    memset(&stream, 0xa5, sizeof stream);
    CHECK_EQ(mio_unix_stream_pair(&stream, &stream), -EINVAL);
    check_closed(&stream);
    CHECK_EQ(mio_unix_stream_pair(NULL, NULL), -EINVAL);
}

/* Room for one descriptor is not enough either, and the one is given back. */
static void pair_without_descriptors(void)
{
    int before = test_open_descriptors();
    for (int room = 0; room < 2; room++) {
        struct mio_unix_stream a, b;
        memset(&a, 0xa5, sizeof a);
        memset(&b, 0xa5, sizeof b);
        descriptors_leave(room);
        CHECK_EQ(mio_unix_stream_pair(&a, &b), -EMFILE);
        descriptors_give_back();
        check_closed(&a);
        check_closed(&b);
        CHECK_EQ(test_open_descriptors(), before);
    }
}

static void pair_without_descriptors_leaves_both_closed(void)
{
    if (test_under_valgrind())
        SKIP("valgrind closes a pair beyond the limit and does not tell");
    test_in_child(pair_without_descriptors);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void reads_what_the_peer_sent(void)
{
    struct mio_unix_stream stream;
    char buf[8];
    mio_fd peer;
    unix_stream_peer(&stream, &peer);
    plain_send_all(peer, "abcdef", 6);
    memset(buf, '-', sizeof buf);
    CHECK_EQ(mio_unix_stream_peek(&stream, buf, 2), 2);
    CHECK_EQ(memcmp(buf, "ab------", 8), 0);
    CHECK_EQ(mio_unix_stream_peek(&stream, buf, sizeof buf), 6);
    CHECK_EQ(memcmp(buf, "abcdef--", 8), 0);
    memset(buf, '-', sizeof buf);
    CHECK_EQ(mio_unix_stream_read(&stream, buf, 4), 4);
    CHECK_EQ(memcmp(buf, "abcd----", 8), 0);
    CHECK_EQ(mio_unix_stream_read(&stream, buf, sizeof buf), 2);
    CHECK_EQ(memcmp(buf, "efcd----", 8), 0);
    CHECK_EQ(mio_unix_stream_read(&stream, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(mio_unix_stream_peek(&stream, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static void reads_into_lists_in_order(void)
{
    struct mio_unix_stream stream;
    char first[3], second[4];
    struct mio_buf bufs[3] = {{first, 2}, {NULL, 0}, {second, 3}};
    mio_fd peer;
    unix_stream_peer(&stream, &peer);
    CHECK_EQ(mio_unix_stream_readv(&stream, bufs, 3), -EAGAIN);
    plain_send_all(peer, "abcdefg", 7);
    memset(first, '-', sizeof first);
    memset(second, '-', sizeof second);
    CHECK_EQ(mio_unix_stream_readv(&stream, bufs, 3), 5);
    CHECK_EQ(memcmp(first, "ab-", 3), 0);
    CHECK_EQ(memcmp(second, "cde-", 4), 0);
    CHECK_EQ(mio_unix_stream_readv(&stream, bufs, 3), 2);
    CHECK_EQ(memcmp(first, "fg-", 3), 0);
    CHECK_EQ(memcmp(second, "cde-", 4), 0);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(mio_unix_stream_readv(&stream, bufs, 3), 0);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
}

static void end_of_file_comes_after_the_data_and_stays(void)
{
    struct mio_unix_stream stream;
    char buf[8];
    mio_fd peer;
    unix_stream_peer(&stream, &peer);
    plain_send_all(peer, "abc", 3);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(mio_unix_stream_read(&stream, buf, sizeof buf), 3);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(mio_unix_stream_peek(&stream, buf, sizeof buf), 0);
        CHECK_EQ(mio_unix_stream_read(&stream, buf, sizeof buf), 0);
    }
    CHECK_EQ(mio_unix_stream_take_error(&stream), 0);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void peer_receives_what_is_written(void)
{
    struct mio_unix_stream stream;
    char buf[8];
    char ab[] = "ab", cde[] = "cde";
    struct mio_buf bufs[3] = {{ab, 2}, {NULL, 0}, {cde, 3}};
    mio_fd peer;
    unix_stream_peer(&stream, &peer);
    CHECK_EQ(mio_unix_stream_write(&stream, "xyz", 3), 3);
    CHECK_EQ(plain_recv(peer, buf, sizeof buf), 3);
    CHECK_EQ(memcmp(buf, "xyz", 3), 0);
    CHECK_EQ(mio_unix_stream_writev(&stream, bufs, 3), 5);
    CHECK_EQ(plain_recv(peer, buf, sizeof buf), 5);
    CHECK_EQ(memcmp(buf, "abcde", 5), 0);
    CHECK_EQ(mio_unix_stream_write(&stream, NULL, 0), 0);
    CHECK_EQ(mio_unix_stream_writev(&stream, NULL, 0), 0);
    CHECK_EQ(mio_unix_stream_writev(&stream, bufs + 1, 1), 0);
    CHECK_EQ(recv(peer, buf, sizeof buf, MSG_DONTWAIT), -1);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(plain_recv(peer, buf, sizeof buf), 0);
    CHECK_EQ(plain_close(peer), 0);
}

/* SIGPIPE has its default action here: it would end the program. */
static void write_to_a_closed_peer_is_epipe(void)
{
    struct mio_unix_stream stream;
    mio_fd peer;
    unix_stream_peer(&stream, &peer);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(mio_unix_stream_write(&stream, "x", 1), -EPIPE);
    CHECK_EQ(mio_unix_stream_write(&stream, "x", 1), -EPIPE);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
}

/* The crate's writev raises the signal. */
static void defect_20_unix_writev(void)
{
    struct mio_unix_stream stream;
    char x[] = "x";
    struct mio_buf bufs[2] = {{x, 1}, {x, 1}};
    mio_fd peer;
    unix_stream_peer(&stream, &peer);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(mio_unix_stream_writev(&stream, bufs, 2), -EPIPE);
    CHECK_EQ(mio_unix_stream_writev(&stream, bufs, 1), -EPIPE);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
}

/* ---- Errors ---------------------------------------------------------------------------------- */

static void open_reset(struct mio_unix_stream *stream)
{
    mio_fd peer;
    unix_stream_peer(stream, &peer);
    CHECK_EQ(mio_unix_stream_write(stream, "x", 1), 1);
    CHECK_EQ(plain_close(peer), 0);
}

static void peer_that_closes_with_unread_data_resets(void)
{
    struct mio_unix_stream stream;
    char byte;
    open_reset(&stream);
    CHECK_EQ(mio_unix_stream_read(&stream, &byte, 1), -ECONNRESET);
    CHECK_EQ(mio_unix_stream_read(&stream, &byte, 1), 0);
    CHECK_EQ(mio_unix_stream_write(&stream, "x", 1), -EPIPE);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
}

static void take_error_takes_the_reset(void)
{
    struct mio_poll poll;
    struct mio_unix_stream stream;
    char byte;
    test_poll_init(&poll);
    open_reset(&stream);
    unix_register(&poll, &stream.source, MIO_READABLE | MIO_WRITABLE);
    CHECK_EQ(test_expect_event(&poll, UNIX_TOKEN), MIO_READABLE | MIO_WRITABLE | MIO_READ_CLOSED |
                                                       MIO_WRITE_CLOSED |
                                                       (queue_is_kqueue(&poll) ? 0 : MIO_ERROR));
    CHECK_EQ(mio_unix_stream_take_error(&stream), -ECONNRESET);
    CHECK_EQ(mio_unix_stream_take_error(&stream), 0);
    CHECK_EQ(mio_unix_stream_read(&stream, &byte, 1), 0);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void close_with_unread_data_resets_the_peer(void)
{
    struct mio_unix_stream stream;
    char byte;
    mio_fd peer;
    unix_stream_peer(&stream, &peer);
    plain_send_all(peer, "x", 1);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(plain_recv(peer, &byte, 1), -ECONNRESET);
    CHECK_EQ(plain_close(peer), 0);
}

/* A stream of a plain socket that was never connected: what it says is the system's affair. */
static void stream_that_is_not_connected(void)
{
    struct mio_unix_stream stream;
    struct mio_addr addr;
    char byte;
    CHECK_EQ(mio_unix_stream_from_fd(&stream, unix_socket(SOCK_STREAM, NULL)), 0);
    CHECK_EQ(mio_unix_stream_peer_addr(&stream, &addr), -ENOTCONN);
    CHECK_EQ(mio_unix_stream_write(&stream, "x", 1), -ENOTCONN);
    CHECK_EQ(mio_unix_stream_read(&stream, &byte, 1), -EINVAL);
    CHECK_EQ(mio_unix_stream_shutdown(&stream, MIO_SHUTDOWN_WRITE), 0);
    CHECK_EQ(mio_unix_stream_write(&stream, "x", 1), -ENOTCONN);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
}

static void lists_that_are_too_long(void)
{
    static struct mio_buf bufs[MIO_BUFS_MAX + 1];
    struct mio_unix_stream stream;
    char byte;
    mio_fd peer;
    unix_stream_peer(&stream, &peer);
    bufs[MIO_BUFS_MAX - 1] = (struct mio_buf){&byte, 1};
    byte = 'q';
    CHECK_EQ(mio_unix_stream_writev(&stream, bufs, MIO_BUFS_MAX + 1), -EINVAL);
    CHECK_EQ(mio_unix_stream_writev(&stream, bufs, MIO_BUFS_MAX), 1);
    plain_recv_all(peer, &byte, 1);
    CHECK_EQ(byte, 'q');
    plain_send_all(peer, "r", 1);
    CHECK_EQ(mio_unix_stream_readv(&stream, bufs, MIO_BUFS_MAX + 1), -EINVAL);
    CHECK_EQ(mio_unix_stream_readv(&stream, bufs, MIO_BUFS_MAX), 1);
    CHECK_EQ(byte, 'r');
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static const struct test_case cases[] = {
    {"pairs_are_connected", pairs_are_connected, 0},
    {"pair_needs_two_objects", pair_needs_two_objects, 0},
    {"pair_without_descriptors_leaves_both_closed", pair_without_descriptors_leaves_both_closed, 0},
    {"reads_what_the_peer_sent", reads_what_the_peer_sent, 0},
    {"reads_into_lists_in_order", reads_into_lists_in_order, 0},
    {"end_of_file_comes_after_the_data_and_stays", end_of_file_comes_after_the_data_and_stays, 0},
    {"peer_receives_what_is_written", peer_receives_what_is_written, 0},
    {"write_to_a_closed_peer_is_epipe", write_to_a_closed_peer_is_epipe, 0},
    {"defect_20_unix_writev", defect_20_unix_writev, 0},
    {"peer_that_closes_with_unread_data_resets", peer_that_closes_with_unread_data_resets, 0},
    {"take_error_takes_the_reset", take_error_takes_the_reset, TEST_ANY_MODE},
    {"close_with_unread_data_resets_the_peer", close_with_unread_data_resets_the_peer, 0},
    {"stream_that_is_not_connected", stream_that_is_not_connected, 0},
    {"lists_that_are_too_long", lists_that_are_too_long, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_stream = {"unix_stream", cases};
