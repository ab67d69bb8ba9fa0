/* Owning the descriptors of pipes: taking over, giving back, waiting or not. */
#define _GNU_SOURCE 1
#include "pipe/pipe_util.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Taking over ----------------------------------------------------------------------------- */

static void ends_taken_over_are_nonblocking_and_not_inherited(void)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    char byte;
    mio_fd ends[2];
    CHECK_EQ(pipe(ends), 0);
    memset(&sender, 0xa5, sizeof sender);
    memset(&receiver, 0xa5, sizeof receiver);
    CHECK_EQ(mio_pipe_receiver_from_fd(&receiver, ends[0]), 0);
    CHECK_EQ(pipe_receiver_fd(&receiver), ends[0]);
    CHECK(test_is_nonblocking(ends[0]) && test_is_cloexec(ends[0]));
    CHECK(!test_is_nonblocking(ends[1]) && !test_is_cloexec(ends[1]));
    CHECK_EQ(mio_pipe_sender_from_fd(&sender, ends[1]), 0);
    CHECK_EQ(pipe_sender_fd(&sender), ends[1]);
    CHECK(test_is_nonblocking(ends[1]) && test_is_cloexec(ends[1]));
    CHECK(!mio_source_is_registered(&sender.source));
    CHECK(!mio_source_is_registered(&receiver.source));
    CHECK_EQ(mio_pipe_receiver_read(&receiver, &byte, 1), -EAGAIN);
    CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), 1);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, &byte, 1), 1);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, &byte, 1), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    CHECK_EQ(fcntl(ends[0], F_GETFD), -1);
    CHECK_EQ(fcntl(ends[1], F_GETFD), -1);
}

static void defect_22_from_fd_keeps_other_status_flags(void)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    mio_fd ends[2];
    CHECK_EQ(pipe(ends), 0);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(fcntl(ends[i], F_SETFL, O_APPEND | O_ASYNC), 0);
    int before[] = {fcntl(ends[0], F_GETFL), fcntl(ends[1], F_GETFL)};
    CHECK((before[0] & O_APPEND) && (before[1] & O_ASYNC));
    CHECK_EQ(mio_pipe_receiver_from_fd(&receiver, ends[0]), 0);
    CHECK_EQ(mio_pipe_sender_from_fd(&sender, ends[1]), 0);
    CHECK_EQ(fcntl(ends[0], F_GETFL), before[0] | O_NONBLOCK);
    CHECK_EQ(fcntl(ends[1], F_GETFL), before[1] | O_NONBLOCK);
    CHECK_EQ(mio_pipe_receiver_set_nonblocking(&receiver, false), 0);
    CHECK_EQ(mio_pipe_sender_set_nonblocking(&sender, false), 0);
    CHECK_EQ(fcntl(ends[0], F_GETFL), before[0]);
    CHECK_EQ(fcntl(ends[1], F_GETFL), before[1]);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
}

/* The descriptor is refused, stays open and is as it was; the object is closed. */
static void check_refused(mio_fd fd, int by_sender, int by_receiver)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    int status = fcntl(fd, F_GETFL), flags = fcntl(fd, F_GETFD);
    if (by_sender != 0) {
        memset(&sender, 0xa5, sizeof sender);
        CHECK_EQ(mio_pipe_sender_from_fd(&sender, fd), by_sender);
        CHECK(pipe_sender_fd(&sender) == MIO_FD_NONE);
        CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    }
    if (by_receiver != 0) {
        memset(&receiver, 0xa5, sizeof receiver);
        CHECK_EQ(mio_pipe_receiver_from_fd(&receiver, fd), by_receiver);
        CHECK(pipe_receiver_fd(&receiver) == MIO_FD_NONE);
        CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    }
    CHECK_EQ(mio_pipe_sender_from_fd(NULL, fd), -EINVAL);
    CHECK_EQ(mio_pipe_receiver_from_fd(NULL, fd), -EINVAL);
    CHECK_EQ(fcntl(fd, F_GETFL), status);
    CHECK_EQ(fcntl(fd, F_GETFD), flags);
}

static void wrong_end_of_a_pipe_is_refused(void)
{
    mio_fd ends[2];
    CHECK_EQ(pipe(ends), 0);
    check_refused(ends[0], -EINVAL, 0);
    check_refused(ends[1], 0, -EINVAL);
    CHECK_EQ(plain_close(ends[0]), 0);
    CHECK_EQ(plain_close(ends[1]), 0);
}

static void what_is_no_pipe_is_refused(void)
{
    mio_fd sockets[2], ends[2];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    check_refused(sockets[0], -EINVAL, -EINVAL);
    CHECK_EQ(plain_close(sockets[0]), 0);
    CHECK_EQ(plain_close(sockets[1]), 0);
    FILE *file = tmpfile();
    CHECK(file != NULL);
    check_refused(fileno(file), -EINVAL, -EINVAL);
    CHECK_EQ(fclose(file), 0);
    int others[] = {open("/dev/null", O_RDWR), open("/", O_RDONLY | O_DIRECTORY)};
    for (int i = 0; i < 2; i++) {
        CHECK(others[i] >= 0);
        check_refused(others[i], -EINVAL, -EINVAL);
        CHECK_EQ(plain_close(others[i]), 0);
    }
    CHECK_EQ(pipe(ends), 0);
    CHECK_EQ(plain_close(ends[0]), 0);
    CHECK_EQ(plain_close(ends[1]), 0);
    check_refused(ends[0], -EBADF, -EBADF);
    check_refused(-1, -EBADF, -EBADF);
    check_refused(INT32_MIN, -EBADF, -EBADF);
    check_refused(INT32_MAX, -EBADF, -EBADF);
}

/* ---- FIFOs ----------------------------------------------------------------------------------- */

static char folder[64], fifo[80];

static void fifo_make(void)
{
    strcpy(folder, "/tmp/mio-fifo-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    CHECK_EQ(mkfifo(fifo, 0600), 0);
}

static void fifo_remove(void)
{
    CHECK_EQ(unlink(fifo), 0);
    CHECK_EQ(rmdir(folder), 0);
}

static void fifo_opened_by_path_is_taken(void)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    char buf[8];
    fifo_make();
    int reader = open(fifo, O_RDONLY | O_NONBLOCK);
    CHECK(reader >= 0);
    int writer = open(fifo, O_WRONLY);
    CHECK(writer >= 0);
    check_refused(reader, -EINVAL, 0);
    check_refused(writer, 0, -EINVAL);
    CHECK_EQ(mio_pipe_sender_from_fd(&sender, writer), 0);
    CHECK_EQ(mio_pipe_receiver_from_fd(&receiver, reader), 0);
    CHECK(test_is_nonblocking(reader) && test_is_cloexec(reader));
    CHECK(test_is_nonblocking(writer) && test_is_cloexec(writer));
    CHECK_EQ(mio_pipe_sender_write(&sender, "abc", 3), 3);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, buf, sizeof buf), 3);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    CHECK_EQ(mio_pipe_sender_write(&sender, "abc", 3), -EPIPE);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    fifo_remove();
}

/* As programs do that never want to see the end of a FIFO. */
static void fifo_open_for_both_is_either_end(void)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    char buf[8];
    fifo_make();
    int writer = open(fifo, O_RDWR), reader = open(fifo, O_RDWR);
    CHECK(writer >= 0 && reader >= 0);
    CHECK_EQ(mio_pipe_sender_from_fd(&sender, writer), 0);
    CHECK_EQ(mio_pipe_receiver_from_fd(&receiver, reader), 0);
    CHECK_EQ(mio_pipe_sender_write(&sender, "abc", 3), 3);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, buf, sizeof buf), 3);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    fifo_remove();
}

/* ---- Giving back ----------------------------------------------------------------------------- */

static void into_fd_deregisters_and_leaves_an_open_descriptor(void)
{
    struct mio_poll poll;
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    CHECK_EQ(mio_register(registry, &sender.source, 1, MIO_WRITABLE | test_config.mode), 0);
    CHECK_EQ(mio_register(registry, &receiver.source, 2, MIO_READABLE | test_config.mode), 0);
    int wanted[] = {pipe_sender_fd(&sender), pipe_receiver_fd(&receiver)};
    int writer = mio_pipe_sender_into_fd(&sender);
    int reader = mio_pipe_receiver_into_fd(&receiver);
    CHECK_EQ(writer, wanted[0]);
    CHECK_EQ(reader, wanted[1]);
    CHECK(test_is_nonblocking(writer) && test_is_cloexec(writer));
    CHECK(test_is_nonblocking(reader) && test_is_cloexec(reader));
    CHECK_EQ(write(writer, "abc", 3), 3);
    test_expect_no_event(&poll);
    pipe_expect(reader, "abc", 3);
    pipe_check_closed_sender(&sender);
    pipe_check_closed_receiver(&receiver);
    CHECK(fcntl(writer, F_GETFD) >= 0 && fcntl(reader, F_GETFD) >= 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(writer), 0);
    CHECK_EQ(plain_close(reader), 0);
}

/* ---- Waiting or not -------------------------------------------------------------------------- */

static void set_nonblocking_changes_this_end_alone(void)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    mio_fd writer = pipe_sender_fd(&sender), reader = pipe_receiver_fd(&receiver);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(mio_pipe_sender_set_nonblocking(&sender, false), 0);
        CHECK(!test_is_nonblocking(writer) && test_is_nonblocking(reader));
    }
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(mio_pipe_sender_set_nonblocking(&sender, true), 0);
        CHECK(test_is_nonblocking(writer) && test_is_nonblocking(reader));
    }
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(mio_pipe_receiver_set_nonblocking(&receiver, false), 0);
        CHECK(test_is_nonblocking(writer) && !test_is_nonblocking(reader));
    }
    CHECK_EQ(mio_pipe_receiver_set_nonblocking(&receiver, true), 0);
    CHECK(test_is_nonblocking(writer) && test_is_nonblocking(reader));
    CHECK(test_is_cloexec(writer) && test_is_cloexec(reader));
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
}

/* The flag belongs to what duplicates share, and it goes along with the descriptor. */
static void set_nonblocking_is_seen_by_all_who_share_the_end(void)
{
    struct mio_pipe_sender sender;
    mio_fd reader = pipe_sender(&sender);
    int twin = plain_duplicate(pipe_sender_fd(&sender));
    CHECK(twin >= 0);
    CHECK_EQ(mio_pipe_sender_set_nonblocking(&sender, false), 0);
    CHECK(!test_is_nonblocking(twin));
    mio_fd fd = mio_pipe_sender_into_fd(&sender);
    CHECK(!test_is_nonblocking(fd));
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(plain_close(twin), 0);
    CHECK_EQ(plain_close(reader), 0);
}

static const struct test_case cases[] = {
    {"ends_taken_over_are_nonblocking_and_not_inherited",
     ends_taken_over_are_nonblocking_and_not_inherited, 0},
    {"defect_22_from_fd_keeps_other_status_flags", defect_22_from_fd_keeps_other_status_flags, 0},
    {"wrong_end_of_a_pipe_is_refused", wrong_end_of_a_pipe_is_refused, 0},
    {"what_is_no_pipe_is_refused", what_is_no_pipe_is_refused, 0},
    {"fifo_opened_by_path_is_taken", fifo_opened_by_path_is_taken, 0},
    {"fifo_open_for_both_is_either_end", fifo_open_for_both_is_either_end, 0},
    {"into_fd_deregisters_and_leaves_an_open_descriptor",
     into_fd_deregisters_and_leaves_an_open_descriptor, TEST_ANY_MODE},
    {"set_nonblocking_changes_this_end_alone", set_nonblocking_changes_this_end_alone, 0},
    {"set_nonblocking_is_seen_by_all_who_share_the_end",
     set_nonblocking_is_seen_by_all_who_share_the_end, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_pipe_fd = {"pipe_fd", cases};
