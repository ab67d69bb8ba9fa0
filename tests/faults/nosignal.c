/*
 * How a sending end finds out whether RWF_NOSIGNAL keeps SIGPIPE away: on the system as it is, on
 * one that ignores the flags of pwritev2, and on one that refuses them from some time on. SIGPIPE
 * has its default action: one that gets through ends the program.
 */
#define _GNU_SOURCE 1
#include "faults.h"
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { RWF_NOSIGNAL_BIT = 0x100 };

static char block[1 << 20];
static struct mio_pipe_sender sender;
static struct mio_pipe_receiver receiver;

static void ignore_flags(void)
{
    const struct fault_plan plan = {FAULT_RAW_pwritev2, 1, true, FAULT_NO_FLAGS};
    fault_set_standing(&plan);
    fault_set(NULL);
}

static void know_flags(void)
{
    fault_set_standing(NULL);
    fault_set(NULL);
}

static void close_ends(void)
{
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    know_flags();
}

/* The calls since the last look: pwritev2, writev, pthread_sigmask. */
static void check_calls(unsigned long flagged, unsigned long plain, unsigned long masks)
{
    CHECK_EQ(fault_count(FAULT_RAW_pwritev2), flagged);
    CHECK_EQ(fault_count(FAULT_writev), plain);
    CHECK_EQ(fault_count(FAULT_pthread_sigmask), masks);
    fault_set(NULL);
}

static long raw_write(int fd, long flags)
{
    const struct iovec byte = {block, 1};
    long n = syscall(SYS_pwritev2, fd, &byte, 1L, -1L, -1L, flags);
    return n < 0 ? -errno : n;
}

static void skip_without_the_flag(void)
{
    int fds[2];
    CHECK_EQ(pipe(fds), 0);
    long n = raw_write(fds[1], RWF_NOSIGNAL_BIT);
    close(fds[0]);
    close(fds[1]);
    if (n != 1)
        SKIP("the kernel has no RWF_NOSIGNAL");
}

/* ---- The system as it is --------------------------------------------------------------------- */

/* The library's conclusion rests on this: the flags come before the pipe. */
static void kernel_looks_at_the_flags_first(void)
{
    int fds[2];
    skip_without_the_flag();
    know_flags();
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    fds[1] = mio_source_fd(&sender.source);
    CHECK_EQ(raw_write(fds[1], RWF_NOSIGNAL_BIT | FAULT_UNKNOWN_FLAG), -EOPNOTSUPP);
    CHECK(write(fds[1], block, sizeof block) > 0);
    CHECK_EQ(raw_write(fds[1], RWF_NOSIGNAL_BIT), -EAGAIN);
    CHECK_EQ(raw_write(fds[1], RWF_NOSIGNAL_BIT | FAULT_UNKNOWN_FLAG), -EOPNOTSUPP);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    CHECK_EQ(raw_write(fds[1], RWF_NOSIGNAL_BIT), -EPIPE);
    CHECK_EQ(raw_write(fds[1], RWF_NOSIGNAL_BIT | FAULT_UNKNOWN_FLAG), -EOPNOTSUPP);
    close_ends();
}

static void known_flag_is_trusted_after_the_first_write(void)
{
    skip_without_the_flag();
    know_flags();
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    CHECK_EQ(mio_pipe_sender_write(&sender, "abc", 3), 3);
    check_calls(2, 0, 2);
    CHECK_EQ(mio_pipe_sender_write(&sender, "de", 2), 2);
    check_calls(1, 0, 0);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, block, 16), 5);
    CHECK_EQ(memcmp(block, "abcde", 5), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    fault_set(NULL);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(mio_pipe_sender_write(&sender, "f", 1), -EPIPE);
        check_calls(1, 0, 0);
    }
    close_ends();
}

/* The answer of the pipe to the first write may be any. */
static void full_and_broken_pipes_teach_as_well(void)
{
    skip_without_the_flag();
    know_flags();
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    CHECK(write(mio_source_fd(&sender.source), block, sizeof block) > 0);
    CHECK_EQ(mio_pipe_sender_write(&sender, "a", 1), -EAGAIN);
    check_calls(2, 0, 2);
    CHECK_EQ(mio_pipe_sender_write(&sender, "a", 1), -EAGAIN);
    check_calls(1, 0, 0);
    close_ends();
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    fault_set(NULL);
    CHECK_EQ(mio_pipe_sender_write(&sender, "a", 1), -EPIPE);
    check_calls(2, 0, 2);
    CHECK_EQ(mio_pipe_sender_write(&sender, "a", 1), -EPIPE);
    check_calls(1, 0, 0);
    close_ends();
}

static void bad_memory_teaches_nothing(void)
{
    skip_without_the_flag();
    know_flags();
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    CHECK_EQ(mio_pipe_sender_write(&sender, (void *)(uintptr_t)16, 4), -EFAULT);
    fault_set(NULL);
    CHECK_EQ(mio_pipe_sender_write(&sender, "a", 1), 1);
    check_calls(2, 0, 2);
    close_ends();
}

static void later_refusal_is_remembered(void)
{
    static const int refusals[] = {EOPNOTSUPP, ENOSYS, EINVAL, EPERM};
    skip_without_the_flag();
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct fault_plan plan = {FAULT_RAW_pwritev2, 1, true, refusals[i]};
        know_flags();
        CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
        CHECK_EQ(mio_pipe_sender_write(&sender, "a", 1), 1);
        fault_set(&plan);
        CHECK_EQ(mio_pipe_sender_write(&sender, "b", 1), 1);
        check_calls(1, 1, 2);
        CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
        fault_set(NULL);
        CHECK_EQ(mio_pipe_sender_write(&sender, "c", 1), -EPIPE);
        check_calls(0, 1, 2);
        close_ends();
    }
}

/* ---- A system that ignores the flags --------------------------------------------------------- */

static void ignored_flags_raise_nothing(void)
{
    struct mio_buf list[2] = {{(char[]){"ab"}, 2}, {(char[]){"c"}, 1}};
    ignore_flags();
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    CHECK_EQ(mio_pipe_sender_writev(&sender, list, 2), 3);
    check_calls(1, 0, 2);
    CHECK_EQ(mio_pipe_sender_writev(&sender, list, 2), 3);
    check_calls(0, 1, 2);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, block, 16), 6);
    CHECK_EQ(memcmp(block, "abcabc", 6), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), -EPIPE);
    close_ends();
}

static void first_write_to_a_broken_pipe_raises_nothing(void)
{
    ignore_flags();
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    fault_set(NULL);
    CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), -EPIPE);
    check_calls(1, 0, 2);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), -EPIPE);
        check_calls(0, 1, 2);
    }
    close_ends();
}

static void first_write_to_a_full_pipe_tells(void)
{
    ignore_flags();
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    CHECK(write(mio_source_fd(&sender.source), block, sizeof block) > 0);
    CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), -EAGAIN);
    check_calls(1, 0, 2);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), -EPIPE);
    close_ends();
}

/* The first write is one write: what it returns is short for want of room alone. */
static void first_write_is_made_in_one_piece(void)
{
    ignore_flags();
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    int fd = mio_source_fd(&sender.source);
    ssize_t room = write(fd, block, sizeof block);
    CHECK(room > 4096);
    CHECK_EQ(read(mio_source_fd(&receiver.source), block, 4096), 4096);
    /* Whole pages are free: of so little all is written, or nothing. */
    CHECK_EQ(mio_pipe_sender_write(&sender, block, sizeof block), 4096);
    CHECK_EQ(mio_pipe_sender_write(&sender, block, 1), -EAGAIN);
    close_ends();
    ignore_flags();
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    CHECK_EQ(mio_pipe_sender_write(&sender, block, sizeof block), room);
    close_ends();
}

static const struct test_case cases[] = {
    {"kernel_looks_at_the_flags_first", kernel_looks_at_the_flags_first, 0},
    {"known_flag_is_trusted_after_the_first_write", known_flag_is_trusted_after_the_first_write, 0},
    {"full_and_broken_pipes_teach_as_well", full_and_broken_pipes_teach_as_well, 0},
    {"bad_memory_teaches_nothing", bad_memory_teaches_nothing, 0},
    {"later_refusal_is_remembered", later_refusal_is_remembered, 0},
    {"ignored_flags_raise_nothing", ignored_flags_raise_nothing, 0},
    {"first_write_to_a_broken_pipe_raises_nothing", first_write_to_a_broken_pipe_raises_nothing, 0},
    {"first_write_to_a_full_pipe_tells", first_write_to_a_full_pipe_tells, 0},
    {"first_write_is_made_in_one_piece", first_write_is_made_in_one_piece, 0},
    {NULL, NULL, 0},
};

int main(int argc, char **argv)
{
    static const struct test_suite nosignal = {"nosignal", cases};
    static const struct test_suite *const suites[] = {&nosignal, NULL};
    return test_main(argc, argv, suites);
}
