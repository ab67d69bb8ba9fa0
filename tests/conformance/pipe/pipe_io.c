/* Reading and writing pipes: lengths, lists, ends, errors. */
#define _GNU_SOURCE 1
#include "pipe/pipe_util.h"
#include "queue/queue_util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* An address that no program has. */
static void *nowhere(void)
{
    return (void *)(uintptr_t)16;
}

static void skip_under_valgrind(void)
{
    if (test_under_valgrind())
        SKIP("valgrind looks at the memory before the system does");
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void read_gives_what_is_there_and_no_more_than_fits(void)
{
    char buf[16] = {0};
    struct mio_pipe_receiver receiver;
    mio_fd writer = pipe_receiver(&receiver);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(write(writer, "hello", 5), 5);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, buf, 2), 2);
    CHECK_EQ(memcmp(buf, "he", 3), 0);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, buf, sizeof buf), 3);
    CHECK_EQ(memcmp(buf, "llo", 4), 0);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(plain_close(writer), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
}

/* Linux looks at the memory that it writes. An emulator looks at all that the length covers. */
static void need_lengths_beyond_memory(mio_fd fd, mio_fd writer, char *buf)
{
    const struct iovec large = {buf, (size_t)1 << 30};
    CHECK_EQ(write(writer, "x", 1), 1);
    if (readv(fd, &large, 1) == 1)
        return;
    CHECK_EQ(errno, EFAULT);
    CHECK_EQ(read(fd, buf, 1), 1);
    CHECK_EQ(plain_close(writer), 0);
    CHECK_EQ(plain_close(fd), 0);
    SKIP("the system looks at memory that it does not write, as an emulator does");
}

static void length_beyond_all_memory_is_cut(void)
{
    static char buf[16]; /* not on the stack: behind that the addresses end before such a length */
    struct mio_pipe_receiver receiver;
    skip_under_valgrind();
    mio_fd writer = pipe_receiver(&receiver);
    memset(buf, 0, sizeof buf);
    need_lengths_beyond_memory(mio_source_fd(&receiver.source), writer, buf);
    CHECK_EQ(write(writer, "llo", 3), 3);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, buf, SIZE_MAX), 3);
    CHECK_EQ(memcmp(buf, "llo", 4), 0);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, buf, SIZE_MAX), -EAGAIN);
    CHECK_EQ(plain_close(writer), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
}

static void readv_fills_in_order_and_leaves_the_rest_alone(void)
{
    struct mio_pipe_receiver receiver;
    char first[3], empty, second[4], untouched = '!';
    struct mio_buf bufs[] = {{first, 3}, {&empty, 0}, {second, 4}, {&untouched, 1}};
    mio_fd writer = pipe_receiver(&receiver);
    CHECK_EQ(mio_pipe_receiver_readv(&receiver, bufs, 4), -EAGAIN);
    memset(second, '#', sizeof second);
    CHECK_EQ(write(writer, "abcdef", 6), 6);
    CHECK_EQ(mio_pipe_receiver_readv(&receiver, bufs, 4), 6);
    CHECK_EQ(memcmp(first, "abc", 3), 0);
    CHECK_EQ(memcmp(second, "def#", 4), 0);
    CHECK_EQ(untouched, '!');
    CHECK_EQ(write(writer, "gh", 2), 2);
    CHECK_EQ(mio_pipe_receiver_readv(&receiver, bufs, 1), 2);
    CHECK_EQ(memcmp(first, "ghc", 3), 0);
    CHECK_EQ(mio_pipe_receiver_readv(&receiver, bufs, 4), -EAGAIN);
    CHECK_EQ(plain_close(writer), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
}

/* A read of nothing would return 0, and look like the end. */
static void read_of_nothing_is_invalid(void)
{
    struct mio_pipe_receiver receiver;
    char byte;
    struct mio_buf empty[2] = {{&byte, 0}, {&byte, 0}};
    mio_fd writer = pipe_receiver(&receiver);
    for (int with_data = 0; with_data < 2; with_data++) {
        CHECK_EQ(mio_pipe_receiver_read(&receiver, &byte, 0), -EINVAL);
        CHECK_EQ(mio_pipe_receiver_read(&receiver, NULL, 0), -EINVAL);
        CHECK_EQ(mio_pipe_receiver_read(&receiver, NULL, 1), -EINVAL);
        CHECK_EQ(mio_pipe_receiver_readv(&receiver, empty, 0), -EINVAL);
        CHECK_EQ(mio_pipe_receiver_readv(&receiver, empty, 2), -EINVAL);
        CHECK_EQ(mio_pipe_receiver_readv(&receiver, NULL, 0), -EINVAL);
        CHECK_EQ(mio_pipe_receiver_readv(&receiver, NULL, 1), -EINVAL);
        if (!with_data)
            CHECK_EQ(write(writer, "x", 1), 1);
    }
    CHECK_EQ(mio_pipe_receiver_read(&receiver, &byte, 1), 1);
    CHECK_EQ(plain_close(writer), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
}

static void end_of_file_comes_after_the_bytes_and_stays(void)
{
    struct mio_pipe_receiver receiver;
    char byte;
    struct mio_buf buf = {&byte, 1};
    mio_fd writer = pipe_receiver(&receiver);
    int second_writer = plain_duplicate(writer);
    CHECK(second_writer >= 0);
    CHECK_EQ(write(writer, "x", 1), 1);
    CHECK_EQ(plain_close(writer), 0);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, &byte, 1), 1);
    /* It takes all writing ends. */
    CHECK_EQ(mio_pipe_receiver_read(&receiver, &byte, 1), -EAGAIN);
    CHECK_EQ(write(second_writer, "y", 1), 1);
    CHECK_EQ(plain_close(second_writer), 0);
    CHECK_EQ(mio_pipe_receiver_readv(&receiver, &buf, 1), 1);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(mio_pipe_receiver_read(&receiver, &byte, 1), 0);
        CHECK_EQ(mio_pipe_receiver_readv(&receiver, &buf, 1), 0);
    }
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void writes_arrive_in_order(void)
{
    struct mio_pipe_sender sender;
    struct mio_buf bufs[] = {
        {(char[]){"abc"}, 3}, {NULL, 0}, {(char[]){"defg"}, 4}, {(char[]){"!"}, 1}};
    mio_fd reader = pipe_sender(&sender);
    CHECK_EQ(mio_pipe_sender_write(&sender, "hello", 5), 5);
    pipe_expect(reader, "hello", 5);
    CHECK_EQ(mio_pipe_sender_writev(&sender, bufs, 3), 7);
    CHECK_EQ(mio_pipe_sender_writev(&sender, bufs + 3, 1), 1);
    pipe_expect(reader, "abcdefg!", 8);
    pipe_expect_nothing(reader);
    CHECK_EQ(plain_close(reader), 0);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
}

/* Not even where nobody reads, or where there is no room. */
static void write_of_nothing_does_nothing(void)
{
    struct mio_pipe_sender sender;
    struct mio_buf empty[2] = {{NULL, 0}, {NULL, 0}};
    mio_fd reader = pipe_sender(&sender);
    for (int state = 0; state < 3; state++) {
        if (state == 1)
            pipe_fill(pipe_sender_fd(&sender));
        if (state == 2)
            CHECK_EQ(plain_close(reader), 0);
        CHECK_EQ(mio_pipe_sender_write(&sender, "x", 0), 0);
        CHECK_EQ(mio_pipe_sender_write(&sender, NULL, 0), 0);
        CHECK_EQ(mio_pipe_sender_writev(&sender, NULL, 0), 0);
        CHECK_EQ(mio_pipe_sender_writev(&sender, empty, 0), 0);
        CHECK_EQ(mio_pipe_sender_writev(&sender, empty, 2), 0);
        CHECK_EQ(mio_pipe_sender_write(&sender, NULL, 1), -EINVAL);
        CHECK_EQ(mio_pipe_sender_writev(&sender, NULL, 1), -EINVAL);
        if (state == 0)
            pipe_expect_nothing(reader);
    }
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
}

static void lists_have_a_limit(void)
{
    static struct mio_buf out[MIO_BUFS_MAX + 1], in[MIO_BUFS_MAX + 1];
    static char sent[MIO_BUFS_MAX + 1], got[MIO_BUFS_MAX + 1];
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    for (int i = 0; i <= MIO_BUFS_MAX; i++) {
        sent[i] = (char)(i % 100);
        out[i] = (struct mio_buf){&sent[i], 1};
        in[i] = (struct mio_buf){&got[i], 1};
    }
    memset(got, 101, sizeof got);
    CHECK_EQ(mio_pipe_sender_writev(&sender, out, MIO_BUFS_MAX + 1), -EINVAL);
    CHECK_EQ(mio_pipe_sender_writev(&sender, out, SIZE_MAX), -EINVAL);
    pipe_expect_nothing(pipe_receiver_fd(&receiver));
    CHECK_EQ(mio_pipe_sender_writev(&sender, out, MIO_BUFS_MAX), MIO_BUFS_MAX);
    CHECK_EQ(mio_pipe_receiver_readv(&receiver, in, MIO_BUFS_MAX + 1), -EINVAL);
    CHECK_EQ(mio_pipe_receiver_readv(&receiver, in, SIZE_MAX), -EINVAL);
    CHECK_EQ(mio_pipe_receiver_readv(&receiver, in, MIO_BUFS_MAX), MIO_BUFS_MAX);
    CHECK_EQ(memcmp(sent, got, MIO_BUFS_MAX), 0);
    CHECK_EQ(got[MIO_BUFS_MAX], 101);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
}

static void small_writes_go_whole_or_not_at_all(void)
{
    static char block[PIPE_BUF];
    static const size_t sizes[] = {1, 1000, 4095, PIPE_BUF};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int vectored = 0; vectored < 2; vectored++) {
            struct mio_pipe_sender sender;
            size_t size = sizes[i], total = 0;
            struct mio_buf bufs[2] = {{block, size / 2}, {block + size / 2, size - size / 2}};
            int reader = pipe_sender(&sender);
            ptrdiff_t n;
            while ((n = vectored ? mio_pipe_sender_writev(&sender, bufs, 2)
                                 : mio_pipe_sender_write(&sender, block, size)) > 0) {
                CHECK_EQ(n, size);
                total += size;
            }
            CHECK_EQ(n, -EAGAIN);
            CHECK(total > 0);
            CHECK_EQ(pipe_empty(reader), total);
            CHECK_EQ(mio_pipe_sender_write(&sender, block, size), size);
            CHECK_EQ(plain_close(reader), 0);
            CHECK_EQ(mio_pipe_sender_close(&sender), 0);
        }
}

/* More than fits: what the call says was taken is what the reader finds. */
static void large_write_is_taken_in_part(void)
{
    static char block[1 << 21];
    struct mio_buf list = {block, sizeof block};
    for (int vectored = 0; vectored < 2; vectored++) {
        struct mio_pipe_sender sender;
        int reader = pipe_sender(&sender);
        ptrdiff_t n = vectored ? mio_pipe_sender_writev(&sender, &list, 1)
                               : mio_pipe_sender_write(&sender, block, sizeof block);
        CHECK(n > 0 && n < (ptrdiff_t)sizeof block);
        CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), -EAGAIN);
        CHECK_EQ(mio_pipe_sender_writev(&sender, &list, 1), -EAGAIN);
        CHECK_EQ(pipe_empty(reader), n);
        CHECK_EQ(mio_pipe_sender_write(&sender, "x", 1), 1);
        CHECK_EQ(plain_close(reader), 0);
        CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    }
}

/* ---- Nobody reads ---------------------------------------------------------------------------- */

/* SIGPIPE has its default action in this program: one that comes through ends it. */
static void check_broken(struct mio_pipe_sender *sender, bool vectored)
{
    struct mio_buf bufs[2] = {{(char[]){"ab"}, 2}, {(char[]){"c"}, 1}};
    sigset_t pending;
    for (int i = 0; i < 3; i++)
        CHECK_EQ(vectored ? mio_pipe_sender_writev(sender, bufs, 2)
                          : mio_pipe_sender_write(sender, "abc", 3),
                 -EPIPE);
    CHECK_EQ(sigpending(&pending), 0);
    CHECK_EQ(sigismember(&pending, SIGPIPE), 0);
}

static void nobody_reads(bool vectored, bool full)
{
    struct mio_pipe_sender sender;
    mio_fd reader = pipe_sender(&sender);
    CHECK_EQ(mio_pipe_sender_write(&sender, "abc", 3), 3);
    if (full)
        pipe_fill(pipe_sender_fd(&sender));
    CHECK_EQ(plain_close(reader), 0);
    check_broken(&sender, vectored);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
}

static void defect_20_pipe_write_without_reader_is_an_error_and_no_signal(void)
{
    nobody_reads(false, false);
    nobody_reads(false, true);
}

static void defect_20_pipe_writev_without_reader_is_an_error_and_no_signal(void)
{
    nobody_reads(true, false);
    nobody_reads(true, true);
}

/* ---- What the system refuses ----------------------------------------------------------------- */

static void bad_memory_is_an_error_and_nothing_is_lost(void)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    char buf[4];
    struct mio_buf bad = {nowhere(), 4}, missing = {NULL, 4}, good = {buf, 4};
    skip_under_valgrind();
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    CHECK_EQ(mio_pipe_sender_write(&sender, nowhere(), 4), -EFAULT);
    CHECK_EQ(mio_pipe_sender_writev(&sender, &bad, 1), -EFAULT);
    CHECK_EQ(mio_pipe_sender_writev(&sender, &missing, 1), -EFAULT);
    pipe_expect_nothing(pipe_receiver_fd(&receiver));
    CHECK_EQ(mio_pipe_sender_write(&sender, "abcd", 4), 4);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, nowhere(), 4), -EFAULT);
    CHECK_EQ(mio_pipe_receiver_readv(&receiver, &bad, 1), -EFAULT);
    CHECK_EQ(mio_pipe_receiver_readv(&receiver, &missing, 1), -EFAULT);
    CHECK_EQ(mio_pipe_receiver_readv(&receiver, &good, 1), 4);
    CHECK_EQ(memcmp(buf, "abcd", 4), 0);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
}

static void length_beyond_the_signed_range_is_refused_in_lists(void)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    char buf[4];
    struct mio_buf bufs[2] = {{buf, 1}, {buf, SIZE_MAX}};
    skip_under_valgrind();
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    CHECK_EQ(mio_pipe_sender_writev(&sender, bufs, 2), -EINVAL);
    pipe_expect_nothing(pipe_receiver_fd(&receiver));
    CHECK_EQ(mio_pipe_sender_write(&sender, "abcd", 4), 4);
    CHECK_EQ(mio_pipe_receiver_readv(&receiver, bufs, 2), -EINVAL);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, buf, 4), 4);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
}

/* ---- Interrupted ----------------------------------------------------------------------------- */

/* Interrupts the thread that runs the case for a while, then ends what it waits for. */
struct disturber {
    struct thread thread, victim;
    mio_fd fd;
    bool writes;
};

static void *disturb(void *arg)
{
    struct disturber *disturber = arg;
    for (int i = 0; i < 20; i++) {
        thread_interrupt(&disturber->victim);
        thread_sleep(MIO_NS_PER_MS);
    }
    if (disturber->writes)
        CHECK_EQ(write(disturber->fd, "x", 1), 1);
    else
        CHECK(pipe_empty(disturber->fd) > 0);
    return NULL;
}

static void disturber_start(struct disturber *disturber, mio_fd fd, bool writes)
{
    thread_on_interrupt(NULL);
    *disturber = (struct disturber){.victim = thread_self(), .fd = fd, .writes = writes};
    thread_start(&disturber->thread, disturb, disturber);
}

/* On ends that wait, which is where a system call of theirs can be interrupted at all. */
static void interrupted_calls_are_repeated(void)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    struct disturber disturber;
    char byte;
    struct mio_buf buf = {&byte, 1};
    for (int vectored = 0; vectored < 2; vectored++) {
        int writer = pipe_receiver(&receiver);
        CHECK_EQ(mio_pipe_receiver_set_nonblocking(&receiver, false), 0);
        disturber_start(&disturber, writer, true);
        CHECK_EQ(vectored ? mio_pipe_receiver_readv(&receiver, &buf, 1)
                          : mio_pipe_receiver_read(&receiver, &byte, 1),
                 1);
        thread_join(&disturber.thread);
        CHECK_EQ(plain_close(writer), 0);
        CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
        int reader = pipe_sender(&sender);
        pipe_fill(pipe_sender_fd(&sender));
        CHECK_EQ(mio_pipe_sender_set_nonblocking(&sender, false), 0);
        disturber_start(&disturber, reader, false);
        CHECK_EQ(vectored ? mio_pipe_sender_writev(&sender, &buf, 1)
                          : mio_pipe_sender_write(&sender, &byte, 1),
                 1);
        thread_join(&disturber.thread);
        CHECK_EQ(plain_close(reader), 0);
        CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    }
}

static const struct test_case cases[] = {
    {"read_gives_what_is_there_and_no_more_than_fits",
     read_gives_what_is_there_and_no_more_than_fits, 0},
    {"length_beyond_all_memory_is_cut", length_beyond_all_memory_is_cut, 0},
    {"readv_fills_in_order_and_leaves_the_rest_alone",
     readv_fills_in_order_and_leaves_the_rest_alone, 0},
    {"read_of_nothing_is_invalid", read_of_nothing_is_invalid, 0},
    {"end_of_file_comes_after_the_bytes_and_stays", end_of_file_comes_after_the_bytes_and_stays, 0},
    {"writes_arrive_in_order", writes_arrive_in_order, 0},
    {"write_of_nothing_does_nothing", write_of_nothing_does_nothing, 0},
    {"lists_have_a_limit", lists_have_a_limit, 0},
    {"small_writes_go_whole_or_not_at_all", small_writes_go_whole_or_not_at_all, 0},
    {"large_write_is_taken_in_part", large_write_is_taken_in_part, 0},
    {"defect_20_pipe_write_without_reader_is_an_error_and_no_signal",
     defect_20_pipe_write_without_reader_is_an_error_and_no_signal, 0},
    {"defect_20_pipe_writev_without_reader_is_an_error_and_no_signal",
     defect_20_pipe_writev_without_reader_is_an_error_and_no_signal, 0},
    {"bad_memory_is_an_error_and_nothing_is_lost", bad_memory_is_an_error_and_nothing_is_lost, 0},
    {"length_beyond_the_signed_range_is_refused_in_lists",
     length_beyond_the_signed_range_is_refused_in_lists, 0},
    {"interrupted_calls_are_repeated", interrupted_calls_are_repeated, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_pipe_io = {"pipe_io", cases};
