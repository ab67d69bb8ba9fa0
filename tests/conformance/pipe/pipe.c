/* Pipes: making and closing them, and what is refused. */
#define _GNU_SOURCE 1
#include "pipe/pipe_util.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Making ---------------------------------------------------------------------------------- */

static void check_end(mio_fd fd, int direction)
{
    struct stat status = {0}; /* MemorySanitizer does not know fstat64 */
    CHECK_EQ(fstat(fd, &status), 0);
    CHECK(S_ISFIFO(status.st_mode));
    CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, direction);
    CHECK(test_is_nonblocking(fd));
    CHECK(test_is_cloexec(fd));
}

static void pair_is_a_pipe_nonblocking_and_not_inherited(void)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    memset(&sender, 0xa5, sizeof sender);
    memset(&receiver, 0xa5, sizeof receiver);
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    check_end(pipe_sender_fd(&sender), O_WRONLY);
    check_end(pipe_receiver_fd(&receiver), O_RDONLY);
    CHECK(!mio_source_is_registered(&sender.source));
    CHECK(!mio_source_is_registered(&receiver.source));
    /* The bytes that go in at one end come out at the other. */
    CHECK_EQ(write(pipe_sender_fd(&sender), "abc", 3), 3);
    pipe_expect(pipe_receiver_fd(&receiver), "abc", 3);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
}

static void pair_without_an_object_leaves_the_other_one_closed(void)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    memset(&sender, 0xa5, sizeof sender);
    memset(&receiver, 0xa5, sizeof receiver);
    CHECK_EQ(mio_pipe_pair(NULL, NULL), -EINVAL);
    CHECK_EQ(mio_pipe_pair(&sender, NULL), -EINVAL);
    CHECK_EQ(mio_pipe_pair(NULL, &receiver), -EINVAL);
    pipe_check_closed_sender(&sender);
    pipe_check_closed_receiver(&receiver);
}

/* One free descriptor is not enough either, and it must not be lost. */
static void pair_at_the_limit(void)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    int free[3]; /* the lowest descriptors that are free */
    for (int i = 0; i < 3; i++)
        free[i] = dup(STDOUT_FILENO);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(plain_close(free[i]), 0);
    for (int spare = 1; spare >= 0; spare--) {
        const struct rlimit limit = {(rlim_t)free[spare], (rlim_t)free[2]};
        CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
        for (int tries = 0; tries < 3; tries++) {
            memset(&sender, 0xa5, sizeof sender);
            memset(&receiver, 0xa5, sizeof receiver);
            CHECK_EQ(mio_pipe_pair(&sender, &receiver), -EMFILE);
            CHECK_EQ(mio_pipe_sender_close(&sender), 0);
            CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
            CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), -EBADF);
            CHECK_EQ(mio_pipe_receiver_read(&receiver, &(char){0}, 1), -EBADF);
        }
    }
    /* Two are enough, and none was lost. */
    const struct rlimit enough = {(rlim_t)free[2], (rlim_t)free[2]};
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &enough), 0);
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
}

static void pair_beyond_the_limit_of_descriptors_fails_and_leaves_both_closed(void)
{
    if (test_under_valgrind())
        SKIP("valgrind keeps descriptors of its own below the limit");
    test_in_child(pair_at_the_limit);
}

/* ---- Refused --------------------------------------------------------------------------------- */

static void null_is_invalid(void)
{
    char byte = 'x';
    struct mio_buf buf = {&byte, 1};
    CHECK_EQ(mio_pipe_sender_write(NULL, &byte, 1), -EINVAL);
    CHECK_EQ(mio_pipe_sender_write(NULL, NULL, 0), -EINVAL);
    CHECK_EQ(mio_pipe_sender_writev(NULL, &buf, 1), -EINVAL);
    CHECK_EQ(mio_pipe_sender_writev(NULL, NULL, 0), -EINVAL);
    CHECK_EQ(mio_pipe_receiver_read(NULL, &byte, 1), -EINVAL);
    CHECK_EQ(mio_pipe_receiver_readv(NULL, &buf, 1), -EINVAL);
    CHECK_EQ(mio_pipe_sender_close(NULL), -EINVAL);
    CHECK_EQ(mio_pipe_receiver_close(NULL), -EINVAL);
    CHECK_EQ(mio_pipe_sender_set_nonblocking(NULL, true), -EINVAL);
    CHECK_EQ(mio_pipe_receiver_set_nonblocking(NULL, true), -EINVAL);
    CHECK_EQ(mio_pipe_sender_from_fd(NULL, STDOUT_FILENO), -EINVAL);
    CHECK_EQ(mio_pipe_receiver_from_fd(NULL, STDIN_FILENO), -EINVAL);
    CHECK(mio_pipe_sender_into_fd(NULL) == MIO_FD_NONE);
    CHECK(mio_pipe_receiver_into_fd(NULL) == MIO_FD_NONE);
}

/* The arguments are looked at before the state of the object. */
static void wrong_arguments_are_found_on_closed_ends_too(void)
{
    struct mio_pipe_sender sender = {0};
    struct mio_pipe_receiver receiver = {0};
    static struct mio_buf many[MIO_BUFS_MAX + 1];
    char byte;
    CHECK_EQ(mio_pipe_sender_write(&sender, NULL, 1), -EINVAL);
    CHECK_EQ(mio_pipe_sender_writev(&sender, NULL, 1), -EINVAL);
    CHECK_EQ(mio_pipe_sender_writev(&sender, many, MIO_BUFS_MAX + 1), -EINVAL);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, NULL, 1), -EINVAL);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, &byte, 0), -EINVAL);
    CHECK_EQ(mio_pipe_receiver_readv(&receiver, NULL, 1), -EINVAL);
    CHECK_EQ(mio_pipe_receiver_readv(&receiver, many, 1), -EINVAL);
    CHECK_EQ(mio_pipe_receiver_readv(&receiver, many, 0), -EINVAL);
    CHECK_EQ(mio_pipe_receiver_readv(&receiver, many, MIO_BUFS_MAX + 1), -EINVAL);
}

static void zeroed_ends_are_closed(void)
{
    struct mio_pipe_sender sender = {0};
    struct mio_pipe_receiver receiver = {0};
    pipe_check_closed_sender(&sender);
    pipe_check_closed_receiver(&receiver);
}

/* ---- Closing --------------------------------------------------------------------------------- */

static void closed_ends_stay_closed(void)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    mio_fd fds[] = {pipe_sender_fd(&sender), pipe_receiver_fd(&receiver)};
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    CHECK_EQ(fcntl(fds[0], F_GETFD), -1);
    CHECK_EQ(fcntl(fds[1], F_GETFD), -1);
    pipe_check_closed_sender(&sender);
    pipe_check_closed_receiver(&receiver);
}

static void closed_sender_is_the_end_of_the_file(void)
{
    struct mio_pipe_sender sender;
    mio_fd reader = pipe_sender(&sender);
    pipe_expect_nothing(reader);
    CHECK_EQ(mio_pipe_sender_write(&sender, "abc", 3), 3);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    pipe_expect(reader, "abc", 3);
    pipe_expect_end(reader);
    CHECK_EQ(plain_close(reader), 0);
}

/* Registered and ready: the close is the end of the events, too. */
static void closed_end_is_no_longer_reported(void)
{
    struct mio_poll poll;
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    test_poll_init(&poll);
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    int twins[] = {plain_duplicate(pipe_sender_fd(&sender)),
                   plain_duplicate(pipe_receiver_fd(&receiver))};
    CHECK(twins[0] >= 0 && twins[1] >= 0);
    CHECK_EQ(
        mio_register(mio_poll_registry(&poll), &sender.source, 1, MIO_WRITABLE | test_config.mode),
        0);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &receiver.source, 2,
                          MIO_READABLE | test_config.mode),
             0);
    CHECK_EQ(write(twins[0], "x", 1), 1);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(test_expect_event(&poll, 2), MIO_READABLE);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    test_expect_no_event(&poll);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(twins[0]), 0);
    CHECK_EQ(plain_close(twins[1]), 0);
}

static const struct test_case cases[] = {
    {"pair_is_a_pipe_nonblocking_and_not_inherited", pair_is_a_pipe_nonblocking_and_not_inherited,
     0},
    {"pair_without_an_object_leaves_the_other_one_closed",
     pair_without_an_object_leaves_the_other_one_closed, 0},
    {"pair_beyond_the_limit_of_descriptors_fails_and_leaves_both_closed",
     pair_beyond_the_limit_of_descriptors_fails_and_leaves_both_closed, 0},
    {"null_is_invalid", null_is_invalid, 0},
    {"wrong_arguments_are_found_on_closed_ends_too", wrong_arguments_are_found_on_closed_ends_too,
     0},
    {"zeroed_ends_are_closed", zeroed_ends_are_closed, 0},
    {"closed_ends_stay_closed", closed_ends_stay_closed, 0},
    {"closed_sender_is_the_end_of_the_file", closed_sender_is_the_end_of_the_file, 0},
    {"closed_end_is_no_longer_reported", closed_end_is_no_longer_reported, TEST_ANY_MODE},
    {NULL, NULL, 0},
};

const struct test_suite suite_pipe = {"pipe", cases};
