/*
 * One stream, read on one thread and written on another, while a third waits: the rule "stream" of
 * the header. Both ends of a connection are used so, in both directions at once and with small
 * buffers, so that reads and writes are drained all the time. The stream is checked byte by byte;
 * an event that is lost shows as a thread that waits in vain.
 */
#define _GNU_SOURCE 1
#include "net.h"
#include "race.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef MIO_NO_NET

void reading_and_writing_on_two_threads_loses_no_event(void)
{
    SKIP("there are no streams in this build");
}

#else

enum { SIDES = 2, CHUNK = 6000, WAKER_TOKEN = SIDES };

struct side {
    bool is_tcp;
    union {
        struct mio_source source;
        struct mio_tcp_stream tcp;
        struct mio_unix_stream local;
    } stream;
    atomic_uint ready; /* set by the waiter, cleared by who is about to drain */
    atomic_uint seen;  /* all that events said */
    pthread_t reader, writer;
    uint32_t random_of_reader, random_of_writer;
};

static struct {
    struct mio_poll poll;
    struct mio_waker waker;
    struct side sides[SIDES];
    size_t total;
    atomic_ulong drains;
    atomic_bool done;
} s;

static unsigned char byte_at(size_t position)
{
    return (unsigned char)(position ^ position >> 8 ^ position >> 16);
}

/*
 * Waits for an event of the direction, and takes it before the first operation: one that comes
 * after the drain is not forgotten then.
 */
static bool await_event(struct side *side, uint32_t direction, const char *complaint)
{
    struct stress_patience patience = {.spins = 100};
    atomic_fetch_add_explicit(&s.drains, 1, memory_order_relaxed);
    while (!(atomic_load(&side->ready) & direction) && stress_go_on(&patience, complaint))
        continue;
    atomic_fetch_and(&side->ready, ~direction);
    return !stress_has_failed();
}

static void *run_writer(void *arg)
{
    struct side *side = arg;
    unsigned char buf[CHUNK];
    size_t position = 0;
    while (position < s.total && await_event(side, MIO_WRITABLE, "no event says writable"))
        for (bool drained = false; !drained && position < s.total;) {
            size_t len = 1 + stress_random(&side->random_of_writer, CHUNK);
            if (len > s.total - position)
                len = s.total - position;
            for (size_t i = 0; i < len; i++)
                buf[i] = byte_at(position + i);
            ptrdiff_t n = side->is_tcp ? mio_tcp_stream_write(&side->stream.tcp, buf, len)
                                       : mio_unix_stream_write(&side->stream.local, buf, len);
            stress_require(n > 0 || n == -EAGAIN, "a write failed");
            position += n > 0 ? (size_t)n : 0;
            drained = n < 0 || mio_drained(atomic_load(&side->seen), n, len);
        }
    int result = side->is_tcp ? mio_tcp_stream_shutdown(&side->stream.tcp, MIO_SHUTDOWN_WRITE)
                              : mio_unix_stream_shutdown(&side->stream.local, MIO_SHUTDOWN_WRITE);
    stress_require(result == 0, "writing is not shut down");
    return NULL;
}

static void *run_reader(void *arg)
{
    struct side *side = arg;
    unsigned char buf[CHUNK];
    size_t position = 0;
    bool at_end = false;
    while (!at_end && await_event(side, MIO_READABLE, "no event says readable"))
        for (bool drained = false; !drained;) {
            size_t len = 1 + stress_random(&side->random_of_reader, CHUNK);
            ptrdiff_t n = side->is_tcp ? mio_tcp_stream_read(&side->stream.tcp, buf, len)
                                       : mio_unix_stream_read(&side->stream.local, buf, len);
            stress_require(n >= 0 || n == -EAGAIN, "a read failed");
            for (ptrdiff_t i = 0; i < n; i++)
                stress_require(buf[i] == byte_at(position++), "a byte is wrong");
            at_end = n == 0;
            drained = n <= 0 || mio_drained(atomic_load(&side->seen), n, len);
        }
    stress_require(position == s.total, "the stream ends early");
    return NULL;
}

static void *run_waiter(void *arg)
{
    struct mio_event events[2];
    (void)arg;
    while (!atomic_load(&s.done)) {
        int n = mio_poll_wait(&s.poll, events, 2, MIO_FOREVER);
        stress_require(n > 0 || n == -EINTR, "a wait failed");
        for (int i = 0; i < n; i++) {
            if (events[i].token == WAKER_TOKEN)
                continue;
            struct side *side = &s.sides[events[i].token];
            atomic_fetch_or(&side->seen, events[i].readiness);
            atomic_fetch_or(&side->ready, events[i].readiness);
        }
    }
    return NULL;
}

static void connect_sides(bool is_tcp)
{
    const int small = 4096;
    if (is_tcp) {
        int peer;
        test_tcp_pair(&s.sides[0].stream.tcp, &peer);
        CHECK_EQ(mio_tcp_stream_from_fd(&s.sides[1].stream.tcp, peer), 0);
    } else {
        CHECK_EQ(mio_unix_stream_pair(&s.sides[0].stream.local, &s.sides[1].stream.local), 0);
    }
    for (unsigned i = 0; i < SIDES; i++) {
        struct side *side = &s.sides[i];
        side->is_tcp = is_tcp;
        side->random_of_reader = 2 * i + 1;
        side->random_of_writer = 2 * i + 2;
        int fd = mio_source_fd(&side->stream.source);
        CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
        CHECK_EQ(mio_register(mio_poll_registry(&s.poll), &side->stream.source, i,
                              MIO_READABLE | MIO_WRITABLE),
                 0);
    }
}

static void run(bool is_tcp)
{
    pthread_t waiter;
    memset(&s, 0, sizeof s);
    s.total = (size_t)(race_tries ? race_tries * 16 : test_scaled(4000000));
    test_poll_init(&s.poll);
    CHECK_EQ(mio_waker_init(&s.waker, mio_poll_registry(&s.poll), WAKER_TOKEN), 0);
    connect_sides(is_tcp);
    if (race_tries)
        alarm(0);
    stress_begin();
    CHECK_EQ(pthread_create(&waiter, NULL, run_waiter, NULL), 0);
    for (int i = 0; i < SIDES; i++) {
        struct side *side = &s.sides[i];
        CHECK_EQ(pthread_create(&side->reader, NULL, run_reader, side), 0);
        CHECK_EQ(pthread_create(&side->writer, NULL, run_writer, side), 0);
    }
    for (int i = 0; i < SIDES; i++) {
        pthread_join(s.sides[i].reader, NULL);
        pthread_join(s.sides[i].writer, NULL);
    }
    atomic_store(&s.done, true);
    CHECK_EQ(mio_waker_wake(&s.waker), 0);
    pthread_join(waiter, NULL);
    test_note("%zu bytes each way, %lu drains", s.total, atomic_load(&s.drains));
    stress_end();
    for (int i = 0; i < SIDES; i++)
        CHECK_EQ(is_tcp ? mio_tcp_stream_close(&s.sides[i].stream.tcp)
                        : mio_unix_stream_close(&s.sides[i].stream.local),
                 0);
    CHECK_EQ(mio_waker_close(&s.waker), 0);
    CHECK_EQ(mio_poll_close(&s.poll), 0);
}

void reading_and_writing_on_two_threads_loses_no_event(void)
{
    run(false);
    run(true);
}

#endif
