/* Descriptors that are passed over a stream in the Unix domain (SCM_RIGHTS). */
#define _GNU_SOURCE 1
#include "unix/unix_util.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

union control {
    struct cmsghdr align;
    char room[CMSG_SPACE(sizeof(int))];
};

/* Sends the bytes together with a descriptor. */
static void send_descriptor(mio_fd fd, const char *text, int passed)
{
    union control control = {.room = {0}};
    char copy[16];
    struct iovec vec = {copy, strlen(text)};
    struct msghdr message = {.msg_iov = &vec,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof control.room};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    CHECK(strlen(text) < sizeof copy);
    memcpy(copy, text, strlen(text));
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof passed);
    memcpy(CMSG_DATA(header), &passed, sizeof passed);
    CHECK_EQ(sendmsg(fd, &message, MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* As a program does it on the descriptor of a stream: the bytes, and a descriptor or -1. */
static ssize_t receive_descriptor(struct mio_unix_stream *stream, char *buf, size_t len,
                                  int *passed)
{
    union control control = {.room = {0}};
    struct iovec vec = {buf, len};
    struct msghdr message = {.msg_iov = &vec,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof control.room};
    ssize_t n = recvmsg(mio_source_fd(&stream->source), &message, 0);
    *passed = -1;
    if (n < 0) {
        CHECK_EQ(errno, EAGAIN);
        CHECK_EQ(mio_source_blocked(&stream->source, MIO_READABLE), 0);
        return -EAGAIN;
    }
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS)
        memcpy(passed, CMSG_DATA(header), sizeof *passed);
    return n;
}

/* Two messages at a time, each with the end of a pipe, as often as asked. */
static void descriptors_arrive_with_every_event(void)
{
    struct mio_poll poll;
    struct mio_unix_stream stream;
    char buf[16], byte;
    mio_fd peer, pipe_ends[2], passed;
    test_poll_init(&poll);
    unix_stream_peer(&stream, &peer);
    plain_pipe(pipe_ends);
    unix_register(&poll, &stream.source, MIO_READABLE);
    test_expect_no_event(&poll);
    for (int i = 0; i < 3; i++) {
        send_descriptor(peer, "ab", pipe_ends[1]);
        send_descriptor(peer, "cde", pipe_ends[1]);
        CHECK_EQ(test_expect_event(&poll, UNIX_TOKEN), MIO_READABLE);
        for (ssize_t wanted = 2; wanted <= 3; wanted++) {
            CHECK_EQ(receive_descriptor(&stream, buf, sizeof buf, &passed), wanted);
            CHECK(passed >= 0);
            CHECK_EQ(write(passed, "x", 1), 1);
            CHECK_EQ(read(pipe_ends[0], &byte, 1), 1);
            CHECK_EQ(plain_close(passed), 0);
        }
        CHECK_EQ(receive_descriptor(&stream, buf, sizeof buf, &passed), -EAGAIN);
        unix_rearm(&poll, &stream.source, MIO_READABLE);
        test_expect_no_event(&poll);
    }
    CHECK_EQ(plain_close(pipe_ends[0]), 0);
    CHECK_EQ(plain_close(pipe_ends[1]), 0);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* The harness counts descriptors; and the pipe ends when nobody has its end for writing. */
static void plain_read_drops_descriptors(void)
{
    struct mio_unix_stream stream;
    char buf[16], second[16], byte;
    struct mio_buf list = {second, sizeof second};
    mio_fd peer, pipe_ends[2];
    unix_stream_peer(&stream, &peer);
    plain_pipe(pipe_ends);
    int before = test_open_descriptors();
    send_descriptor(peer, "ab", pipe_ends[1]);
    CHECK_EQ(mio_unix_stream_read(&stream, buf, sizeof buf), 2);
    CHECK_EQ(memcmp(buf, "ab", 2), 0);
    send_descriptor(peer, "cde", pipe_ends[1]);
    CHECK_EQ(mio_unix_stream_peek(&stream, buf, sizeof buf), 3);
    CHECK_EQ(mio_unix_stream_readv(&stream, &list, 1), 3);
    CHECK_EQ(memcmp(second, "cde", 3), 0);
    CHECK_EQ(test_open_descriptors(), before);
    CHECK_EQ(plain_close(pipe_ends[1]), 0);
    CHECK_EQ(read(pipe_ends[0], &byte, 1), 0);
    CHECK_EQ(plain_close(pipe_ends[0]), 0);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
}

/* So that a short transfer does not tell that nothing is left. */
static void reads_stop_behind_bytes_that_came_with_a_descriptor(void)
{
    struct mio_unix_stream stream;
    char buf[16];
    mio_fd peer;
    unix_stream_peer(&stream, &peer);
    send_descriptor(peer, "ab", STDOUT_FILENO);
    plain_send_all(peer, "cde", 3);
    CHECK_EQ(mio_unix_stream_read(&stream, buf, sizeof buf), 2);
    CHECK_EQ(memcmp(buf, "ab", 2), 0);
    CHECK_EQ(mio_unix_stream_read(&stream, buf, sizeof buf), 3);
    CHECK_EQ(memcmp(buf, "cde", 3), 0);
    CHECK_EQ(mio_unix_stream_read(&stream, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
}

static void descriptors_that_nobody_receives_are_closed_with_the_stream(void)
{
    struct mio_unix_stream stream;
    char byte;
    mio_fd peer, pipe_ends[2];
    unix_stream_peer(&stream, &peer);
    plain_pipe(pipe_ends);
    send_descriptor(peer, "ab", pipe_ends[1]);
    CHECK_EQ(plain_close(pipe_ends[1]), 0);
    CHECK_EQ(fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK), 0);
    CHECK_EQ(read(pipe_ends[0], &byte, 1), -1);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(fcntl(pipe_ends[0], F_SETFL, 0), 0);
    CHECK_EQ(read(pipe_ends[0], &byte, 1), 0);
    CHECK_EQ(plain_close(pipe_ends[0]), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static const struct test_case cases[] = {
    {"descriptors_arrive_with_every_event", descriptors_arrive_with_every_event, TEST_ANY_MODE},
    {"plain_read_drops_descriptors", plain_read_drops_descriptors, 0},
    {"reads_stop_behind_bytes_that_came_with_a_descriptor",
     reads_stop_behind_bytes_that_came_with_a_descriptor, 0},
    {"descriptors_that_nobody_receives_are_closed_with_the_stream",
     descriptors_that_nobody_receives_are_closed_with_the_stream, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_rights = {"unix_rights", cases};
