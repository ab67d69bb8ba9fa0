/* Streams and pipes that several threads read and write at once, while another one waits. */
#define _POSIX_C_SOURCE 200809L
#include "net.h"

#include <stdatomic.h>
#include <string.h>

enum { THREADS = 3, CHUNK = 512 };

/* Each byte that is written is counted, and each that is read, by value. */
static struct {
    atomic_long left_to_write, left_to_read;
    atomic_long written[THREADS], read[THREADS];
} s;

static struct mio_unix_stream stream_a, stream_b;
static struct mio_pipe_sender sender;
static struct mio_pipe_receiver receiver;
static bool by_pipe;

static ptrdiff_t write_bytes(const void *buf, size_t len)
{
    return by_pipe ? mio_pipe_sender_write(&sender, buf, len)
                   : mio_stream_write(&stream_a.source, buf, len);
}

static ptrdiff_t read_bytes(void *buf, size_t len)
{
    return by_pipe ? mio_pipe_receiver_read(&receiver, buf, len)
                   : mio_stream_read(&stream_b.source, buf, len);
}

static void *write_own_byte(void *arg)
{
    size_t number = (size_t)(uintptr_t)arg;
    char buf[CHUNK];
    memset(buf, (int)number, sizeof buf);
    while (atomic_fetch_sub(&s.left_to_write, 1) > 0) {
        for (size_t done = 0; done < sizeof buf;) {
            ptrdiff_t n = write_bytes(buf + done, sizeof buf - done);
            if (n == -EAGAIN) {
                plain_wait(mio_source_fd(by_pipe ? &sender.source : &stream_a.source), PLAIN_OUT);
                continue;
            }
            CHECK(n > 0);
            done += (size_t)n;
            atomic_fetch_add(&s.written[number], n);
        }
    }
    return NULL;
}

static void *read_any_byte(void *arg)
{
    char buf[CHUNK * 2];
    (void)arg;
    while (atomic_load(&s.left_to_read) > 0) {
        ptrdiff_t n = read_bytes(buf, sizeof buf);
        if (n == -EAGAIN) {
            mio_fd fd = mio_source_fd(by_pipe ? &receiver.source : &stream_b.source);
            plain_look(fd, PLAIN_IN, 10 * MIO_NS_PER_MS);
            continue;
        }
        CHECK(n > 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            CHECK(buf[i] >= 0 && buf[i] < THREADS);
            atomic_fetch_add(&s.read[(int)buf[i]], 1);
        }
        atomic_fetch_sub(&s.left_to_read, n);
    }
    return NULL;
}

static void exchange(struct mio_source *writer, struct mio_source *reader)
{
    struct mio_poll poll;
    struct mio_event events[4];
    struct thread writers[THREADS], readers[THREADS];
    long chunks = test_scaled(3000);
    memset(&s, 0, sizeof s);
    atomic_store(&s.left_to_write, chunks);
    atomic_store(&s.left_to_read, chunks * CHUNK);
    test_poll_init(&poll);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), reader, 1, MIO_READABLE), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), writer, 2, MIO_WRITABLE), 0);
    for (size_t i = 0; i < THREADS; i++) {
        thread_start(&writers[i], write_own_byte, (void *)(uintptr_t)i);
        thread_start(&readers[i], read_any_byte, NULL);
    }
    /* Each would-block of theirs arms a direction while this wait may run. */
    while (atomic_load(&s.left_to_read) > 0)
        CHECK(mio_poll_wait(&poll, events, 4, MIO_NS_PER_MS) >= 0);
    for (int i = 0; i < THREADS; i++) {
        thread_join(&writers[i]);
        thread_join(&readers[i]);
    }
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(atomic_load(&s.read[i]), atomic_load(&s.written[i]));
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), writer), 0);
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), reader), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void any_thread_may_read_and_write_a_stream(void)
{
    by_pipe = false;
    CHECK_EQ(mio_unix_stream_pair(&stream_a, &stream_b), 0);
    exchange(&stream_a.source, &stream_b.source);
    CHECK_EQ(mio_unix_stream_close(&stream_a), 0);
    CHECK_EQ(mio_unix_stream_close(&stream_b), 0);
}

/* The first writes learn how this system keeps SIGPIPE away, several at once. */
static void any_thread_may_read_and_write_a_pipe(void)
{
    by_pipe = true;
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    exchange(&sender.source, &receiver.source);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
}

static const struct test_case cases[] = {
    {"any_thread_may_read_and_write_a_stream", any_thread_may_read_and_write_a_stream, 0},
    {"any_thread_may_read_and_write_a_pipe", any_thread_may_read_and_write_a_pipe, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_stream_threads = {"stream_threads", cases};
