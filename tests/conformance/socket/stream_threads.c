/* Streams and pipes that several threads read and write at once, while another one waits. */
#include "tcp/tcp_util.h"

#include <stdatomic.h>
#include <string.h>

enum { THREADS = 3, CHUNK = 512 };

/* Each byte that is written is counted, and each that is read, by value. */
static struct {
    atomic_long left_to_write, left_to_read;
    atomic_long written[THREADS], read[THREADS];
} s;

/* The two ends, and how they are written and read. */
static struct {
    struct mio_source *writer, *reader;
    ptrdiff_t (*write)(const void *buf, size_t len);
    ptrdiff_t (*read)(void *buf, size_t len);
} ends;

static ptrdiff_t write_to_stream(const void *buf, size_t len)
{
    return mio_stream_write(ends.writer, buf, len);
}

static ptrdiff_t read_from_stream(void *buf, size_t len)
{
    return mio_stream_read(ends.reader, buf, len);
}

static void *write_own_byte(void *arg)
{
    size_t number = (size_t)(uintptr_t)arg;
    char buf[CHUNK];
    memset(buf, (int)number, sizeof buf);
    while (atomic_fetch_sub(&s.left_to_write, 1) > 0) {
        for (size_t done = 0; done < sizeof buf;) {
            ptrdiff_t n = ends.write(buf + done, sizeof buf - done);
            if (n == -EAGAIN) {
                plain_wait(mio_source_fd(ends.writer), PLAIN_OUT);
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
        ptrdiff_t n = ends.read(buf, sizeof buf);
        if (n == -EAGAIN) {
            plain_look(mio_source_fd(ends.reader), PLAIN_IN, 10 * MIO_NS_PER_MS);
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

static void exchange(void)
{
    struct mio_poll poll;
    struct mio_event events[4];
    struct thread writers[THREADS], readers[THREADS];
    long chunks = test_scaled(3000);
    memset(&s, 0, sizeof s);
    atomic_store(&s.left_to_write, chunks);
    atomic_store(&s.left_to_read, chunks * CHUNK);
    test_poll_init(&poll);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), ends.reader, 1, MIO_READABLE), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), ends.writer, 2, MIO_WRITABLE), 0);
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
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), ends.writer), 0);
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), ends.reader), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void exchange_by_streams(struct mio_source *writer, struct mio_source *reader)
{
    ends.writer = writer;
    ends.reader = reader;
    ends.write = write_to_stream;
    ends.read = read_from_stream;
    exchange();
    CHECK_EQ(mio_stream_close(writer), 0);
    CHECK_EQ(mio_stream_close(reader), 0);
}

static void any_thread_may_read_and_write_a_stream(void)
{
    struct mio_unix_stream a, b;
    test_need_unix_pair(PLAIN_STREAM);
    CHECK_EQ(mio_unix_stream_pair(&a, &b), 0);
    exchange_by_streams(&a.source, &b.source);
}

static void any_thread_may_read_and_write_a_tcp_stream(void)
{
    struct mio_tcp_stream a, b;
    tcp_pair("127.0.0.1:0", &a, &b);
    exchange_by_streams(&a.source, &b.source);
}

#if MIO_HAS_PIPES
static struct mio_pipe_sender sender;
static struct mio_pipe_receiver receiver;

static ptrdiff_t write_to_pipe(const void *buf, size_t len)
{
    return mio_pipe_sender_write(&sender, buf, len);
}

static ptrdiff_t read_from_pipe(void *buf, size_t len)
{
    return mio_pipe_receiver_read(&receiver, buf, len);
}

/* The first writes learn how this system keeps SIGPIPE away, several at once. */
static void any_thread_may_read_and_write_a_pipe(void)
{
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    ends.writer = &sender.source;
    ends.reader = &receiver.source;
    ends.write = write_to_pipe;
    ends.read = read_from_pipe;
    exchange();
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
}
#endif

static const struct test_case cases[] = {
    {"any_thread_may_read_and_write_a_stream", any_thread_may_read_and_write_a_stream, 0},
    {"any_thread_may_read_and_write_a_tcp_stream", any_thread_may_read_and_write_a_tcp_stream, 0},
#if MIO_HAS_PIPES
    {"any_thread_may_read_and_write_a_pipe", any_thread_may_read_and_write_a_pipe, 0},
#endif
    {NULL, NULL, 0},
};

const struct test_suite suite_stream_threads = {"stream_threads", cases};
