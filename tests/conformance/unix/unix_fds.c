/* Descriptors that are passed by the calls of the library, over streams and datagram sockets. */
#define _GNU_SOURCE 1
#include "unix/unix_util.h"

#include <string.h>
#include <unistd.h>

/* A pair of either type, and its calls. */
struct pair {
    bool is_stream;
    struct mio_unix_stream streams[2];
    struct mio_unix_datagram sockets[2];
};

static void pair_open(struct pair *pair, bool is_stream)
{
    memset(pair, 0, sizeof *pair);
    pair->is_stream = is_stream;
    if (is_stream)
        CHECK_EQ(mio_unix_stream_pair(&pair->streams[0], &pair->streams[1]), 0);
    else
        CHECK_EQ(mio_unix_datagram_pair(&pair->sockets[0], &pair->sockets[1]), 0);
}

static void pair_close(struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(mio_unix_stream_close(&pair->streams[i]), 0);
        CHECK_EQ(mio_unix_datagram_close(&pair->sockets[i]), 0);
    }
}

static ptrdiff_t send_fds(struct pair *pair, const char *text, const mio_fd *fds, size_t count)
{
    return pair->is_stream
               ? mio_unix_stream_send_fds(&pair->streams[0], text, strlen(text), fds, count)
               : mio_unix_datagram_send_fds(&pair->sockets[0], text, strlen(text), NULL, fds,
                                            count);
}

static ptrdiff_t recv_fds(struct pair *pair, char *buf, size_t len, struct mio_fds *fds)
{
    return pair->is_stream ? mio_unix_stream_recv_fds(&pair->streams[1], buf, len, fds)
                           : mio_unix_datagram_recv_fds(&pair->sockets[1], buf, len, NULL, fds);
}

/* A pipe whose end for writing is passed on. */
static void check_is_end_of(mio_fd fd, mio_fd read_end)
{
    char byte = 0;
    CHECK(test_is_cloexec(fd));
    CHECK_EQ(write(fd, "y", 1), 1);
    CHECK_EQ(read(read_end, &byte, 1), 1);
    CHECK_EQ(byte, 'y');
}

static void check_passing(bool is_stream)
{
    struct pair pair;
    mio_fd ends[2], room[4], passed[3];
    char buf[16];
    pair_open(&pair, is_stream);
    plain_pipe(ends);
    passed[0] = passed[1] = passed[2] = ends[1];
    struct mio_fds fds = {.fds = room, .capacity = 4, .count = 77, .cut = true};
    CHECK_EQ(recv_fds(&pair, buf, sizeof buf, &fds), -EAGAIN);
    CHECK_EQ(fds.count, 0);
    CHECK(!fds.cut);
    for (size_t count = 1; count <= 3; count++) {
        CHECK_EQ(send_fds(&pair, "hello", passed, count), 5);
        CHECK_EQ(recv_fds(&pair, buf, sizeof buf, &fds), 5);
        CHECK_EQ(memcmp(buf, "hello", 5), 0);
        CHECK_EQ(fds.count, count);
        CHECK(!fds.cut);
        for (size_t i = 0; i < fds.count; i++) {
            check_is_end_of(room[i], ends[0]);
            CHECK_EQ(plain_close(room[i]), 0);
        }
    }
    /* The sender keeps its own. */
    check_is_end_of(ends[1], ends[0]);
    /* Bytes without descriptors. */
    CHECK_EQ(send_fds(&pair, "plain", NULL, 0), 5);
    CHECK_EQ(recv_fds(&pair, buf, sizeof buf, &fds), 5);
    CHECK_EQ(fds.count, 0);
    CHECK_EQ(fds.capacity, 4);
    CHECK_EQ(plain_close(ends[0]), 0);
    CHECK_EQ(plain_close(ends[1]), 0);
    pair_close(&pair);
}

static void descriptors_pass_on_streams(void)
{
    check_passing(true);
}

static void descriptors_pass_on_datagram_sockets(void)
{
    check_passing(false);
}

/* The most that a message can have; and one more is refused. */
static void check_most(bool is_stream)
{
    static mio_fd passed[MIO_FDS_MAX + 1], room[MIO_FDS_MAX];
    struct pair pair;
    char buf[16];
    if (descriptors_raise(MIO_FDS_MAX + 16) < MIO_FDS_MAX)
        SKIP("the process cannot have so many descriptors");
    pair_open(&pair, is_stream);
    for (int i = 0; i <= MIO_FDS_MAX; i++)
        passed[i] = STDOUT_FILENO;
    struct mio_fds fds = {.fds = room, .capacity = MIO_FDS_MAX};
    CHECK_EQ(send_fds(&pair, "x", passed, MIO_FDS_MAX + 1), -EINVAL);
    CHECK_EQ(send_fds(&pair, "x", passed, MIO_FDS_MAX), 1);
    CHECK_EQ(recv_fds(&pair, buf, sizeof buf, &fds), 1);
    CHECK_EQ(fds.count, MIO_FDS_MAX);
    CHECK(!fds.cut);
    for (size_t i = 0; i < fds.count; i++)
        CHECK_EQ(plain_close(room[i]), 0);
    pair_close(&pair);
}

static void most_descriptors_pass_on_streams(void)
{
    check_most(true);
}

static void most_descriptors_pass_on_datagram_sockets(void)
{
    check_most(false);
}

/* Descriptors are counted around the receive. */
static void check_cut(bool is_stream)
{
    struct pair pair;
    mio_fd ends[2], room[2];
    char buf[16];
    pair_open(&pair, is_stream);
    plain_pipe(ends);
    const mio_fd passed[3] = {ends[1], ends[1], ends[1]};
    int before = test_open_descriptors();
    for (size_t capacity = 0; capacity <= 2; capacity++) {
        struct mio_fds fds = {.fds = capacity > 0 ? room : NULL, .capacity = capacity};
        CHECK_EQ(send_fds(&pair, "hello", passed, 3), 5);
        CHECK_EQ(recv_fds(&pair, buf, sizeof buf, &fds), 5);
        CHECK_EQ(fds.count, capacity);
        CHECK(fds.cut);
        CHECK_EQ(test_open_descriptors(), before + (int)capacity);
        for (size_t i = 0; i < fds.count; i++)
            CHECK_EQ(plain_close(room[i]), 0);
    }
    CHECK_EQ(plain_close(ends[0]), 0);
    CHECK_EQ(plain_close(ends[1]), 0);
    pair_close(&pair);
}

static void descriptors_without_room_are_closed_on_streams(void)
{
    check_cut(true);
}

static void descriptors_without_room_are_closed_on_datagram_sockets(void)
{
    check_cut(false);
}

/* The process has room for one of two: the other one is lost, and that is said. */
static void descriptors_that_the_process_has_no_room_for(void)
{
    struct pair pair;
    mio_fd room[2], passed[2] = {STDOUT_FILENO, STDOUT_FILENO};
    char buf[16];
    if (test_under_valgrind())
        SKIP("valgrind does not limit the descriptors that are received");
    pair_open(&pair, true);
    CHECK_EQ(send_fds(&pair, "hello", passed, 2), 5);
    struct mio_fds fds = {.fds = room, .capacity = 2};
    if (!descriptors_leave(1)) {
        pair_close(&pair);
        SKIP("a process cannot set a limit of descriptors");
    }
    ptrdiff_t got = recv_fds(&pair, buf, sizeof buf, &fds);
    descriptors_give_back();
    CHECK(got == 5 || got == -EMFILE); /* some systems refuse the bytes then, too */
    if (got == 5) {
        CHECK(fds.count <= 1);
        CHECK(fds.cut);
    }
    for (size_t i = 0; i < fds.count; i++)
        CHECK_EQ(plain_close(room[i]), 0);
    pair_close(&pair);
}

/* The bytes of two sends are not mixed; a short result is no end. */
static void reads_stop_at_descriptors(void)
{
    struct pair pair;
    mio_fd room[2], passed[1] = {STDOUT_FILENO};
    char buf[16];
    pair_open(&pair, true);
    CHECK_EQ(send_fds(&pair, "ab", passed, 1), 2);
    CHECK_EQ(send_fds(&pair, "cde", passed, 1), 3);
    struct mio_fds fds = {.fds = room, .capacity = 2};
    for (ptrdiff_t wanted = 2; wanted <= 3; wanted++) {
        CHECK_EQ(recv_fds(&pair, buf, sizeof buf, &fds), wanted);
        CHECK_EQ(fds.count, 1);
        CHECK_EQ(plain_close(room[0]), 0);
    }
    CHECK_EQ(recv_fds(&pair, buf, sizeof buf, &fds), -EAGAIN);
    CHECK_EQ(mio_unix_stream_close(&pair.streams[0]), 0);
    CHECK_EQ(recv_fds(&pair, buf, sizeof buf, &fds), 0);
    pair_close(&pair);
}

static void descriptors_come_with_events(void)
{
    struct mio_poll poll;
    struct pair pair;
    mio_fd room[2], passed[1] = {STDOUT_FILENO};
    char buf[16];
    test_poll_init(&poll);
    pair_open(&pair, true);
    unix_register(&poll, &pair.streams[1].source, MIO_READABLE);
    struct mio_fds fds = {.fds = room, .capacity = 2};
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(send_fds(&pair, "ab", passed, 1), 2);
        CHECK_EQ(test_expect_event(&poll, UNIX_TOKEN), MIO_READABLE);
        CHECK_EQ(recv_fds(&pair, buf, sizeof buf, &fds), 2);
        CHECK_EQ(plain_close(room[0]), 0);
        CHECK_EQ(recv_fds(&pair, buf, sizeof buf, &fds), -EAGAIN);
        unix_rearm(&poll, &pair.streams[1].source, MIO_READABLE);
        test_expect_no_event(&poll);
    }
    pair_close(&pair);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void datagrams_with_descriptors_have_addresses(void)
{
    struct mio_unix_datagram socket, other;
    struct mio_addr name = plain_fresh_name(), other_name = plain_fresh_name(), from;
    mio_fd room[2], passed[1] = {STDOUT_FILENO};
    CHECK_EQ(mio_unix_datagram_bind(&socket, &name), 0);
    CHECK_EQ(mio_unix_datagram_bind(&other, &other_name), 0);
    struct mio_fds fds = {.fds = room, .capacity = 2};
    CHECK_EQ(mio_unix_datagram_send_fds(&socket, NULL, 0, &other_name, passed, 1), 0);
    CHECK_EQ(mio_unix_datagram_recv_fds(&other, NULL, 0, &from, &fds), 0);
    CHECK_EQ(fds.count, 1);
    CHECK(mio_addr_equal(&from, &name));
    CHECK_EQ(plain_close(room[0]), 0);
    CHECK_EQ(mio_unix_datagram_send_fds(&socket, "x", 1, NULL, passed, 1), -ENOTCONN);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(mio_unix_datagram_close(&other), 0);
}

/* A batch has no room for descriptors, and neither has recv. */
static void descriptors_that_come_unasked_are_closed(void)
{
    struct pair pair;
    mio_fd ends[2];
    char buf[16], byte;
    pair_open(&pair, false);
    plain_pipe(ends);
    int before = test_open_descriptors();
    CHECK_EQ(send_fds(&pair, "one", &ends[1], 1), 3);
    CHECK_EQ(send_fds(&pair, "two", &ends[1], 1), 3);
    struct mio_datagram one = {.buf = buf, .capacity = sizeof buf};
    CHECK_EQ(mio_unix_datagram_recv_batch(&pair.sockets[1], &one, 1), 1);
    CHECK_EQ(one.len, 3);
    CHECK_EQ(mio_unix_datagram_recv(&pair.sockets[1], buf, sizeof buf), 3);
    CHECK_EQ(test_open_descriptors(), before);
    CHECK_EQ(plain_close(ends[1]), 0);
    CHECK_EQ(read(ends[0], &byte, 1), 0);
    CHECK_EQ(plain_close(ends[0]), 0);
    pair_close(&pair);
}

static void check_bad_arguments(bool is_stream)
{
    struct pair pair, closed = {.is_stream = is_stream};
    mio_fd room[1], passed[1] = {STDOUT_FILENO}, gone = plain_duplicate(STDOUT_FILENO);
    char buf[4];
    pair_open(&pair, is_stream);
    struct mio_fds fds = {.fds = room, .capacity = 1}, none = {.fds = NULL, .capacity = 1};
    CHECK_EQ(send_fds(&pair, "x", NULL, 1), -EINVAL);
    CHECK_EQ(recv_fds(&pair, buf, sizeof buf, NULL), -EINVAL);
    CHECK_EQ(recv_fds(&pair, buf, sizeof buf, &none), -EINVAL);
    CHECK_EQ(recv_fds(&pair, NULL, 1, &fds), -EINVAL);
    CHECK_EQ(send_fds(&closed, "x", passed, 1), -EBADF);
    CHECK_EQ(recv_fds(&closed, buf, sizeof buf, &fds), -EBADF);
    CHECK_EQ(plain_close(gone), 0);
    CHECK_EQ(send_fds(&pair, "x", &gone, 1), -EBADF);
    if (is_stream) {
        CHECK_EQ(send_fds(&pair, "", passed, 1), -EINVAL);
        CHECK_EQ(recv_fds(&pair, buf, 0, &fds), -EINVAL);
        CHECK_EQ(mio_unix_stream_send_fds(NULL, "x", 1, passed, 1), -EINVAL);
        CHECK_EQ(mio_unix_stream_recv_fds(NULL, buf, 1, &fds), -EINVAL);
    } else {
        struct mio_addr ip = unix_text("127.0.0.1:9");
        CHECK_EQ(mio_unix_datagram_send_fds(&pair.sockets[0], "x", 1, &ip, passed, 1),
                 -EAFNOSUPPORT);
        CHECK_EQ(mio_unix_datagram_send_fds(NULL, "x", 1, NULL, passed, 1), -EINVAL);
        CHECK_EQ(mio_unix_datagram_recv_fds(NULL, buf, 1, NULL, &fds), -EINVAL);
    }
    CHECK_EQ(recv_fds(&pair, buf, sizeof buf, &fds), -EAGAIN);
    CHECK_EQ(mio_sizeof_fds(), sizeof fds);
    pair_close(&pair);
}

static void bad_arguments_are_refused_on_streams(void)
{
    check_bad_arguments(true);
}

static void bad_arguments_are_refused_on_datagram_sockets(void)
{
    check_bad_arguments(false);
}

static const struct test_case cases[] = {
    {"descriptors_pass_on_streams", descriptors_pass_on_streams, 0},
    {"descriptors_pass_on_datagram_sockets", descriptors_pass_on_datagram_sockets, 0},
    {"most_descriptors_pass_on_streams", most_descriptors_pass_on_streams, 0},
    {"most_descriptors_pass_on_datagram_sockets", most_descriptors_pass_on_datagram_sockets, 0},
    {"descriptors_without_room_are_closed_on_streams",
     descriptors_without_room_are_closed_on_streams, 0},
    {"descriptors_without_room_are_closed_on_datagram_sockets",
     descriptors_without_room_are_closed_on_datagram_sockets, 0},
    {"descriptors_that_the_process_has_no_room_for", descriptors_that_the_process_has_no_room_for,
     0},
    {"reads_stop_at_descriptors", reads_stop_at_descriptors, 0},
    {"descriptors_come_with_events", descriptors_come_with_events, TEST_ANY_MODE},
    {"datagrams_with_descriptors_have_addresses", datagrams_with_descriptors_have_addresses, 0},
    {"descriptors_that_come_unasked_are_closed", descriptors_that_come_unasked_are_closed, 0},
    {"bad_arguments_are_refused_on_streams", bad_arguments_are_refused_on_streams, 0},
    {"bad_arguments_are_refused_on_datagram_sockets", bad_arguments_are_refused_on_datagram_sockets,
     0},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_fds = {"unix_fds", cases};
