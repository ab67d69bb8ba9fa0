/*
 * Many named pipes at once: two threads connect, use, disconnect and close 200 of them while a
 * third one waits. No byte is lost, and nothing is left: the harness counts handles, and each pipe
 * its memory.
 */
#include "named_pipe/named_pipe_util.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { THREADS = 2, LANES = 100, BYTES_MOST = 3000 };

static struct {
    struct mio_poll poll;
    atomic_int running;
    atomic_long blocks; /* of memory that pipes have */
    atomic_long bytes;
} many;

struct lane {
    char name[PLAIN_PIPE_NAME];
    struct mio_named_pipe server, client;
};

struct worker {
    struct lane lanes[LANES];
    struct thread thread;
    long rounds;
    uint32_t random;
};

static void *count_allocate(void *arg, size_t size)
{
    (void)arg;
    atomic_fetch_add(&many.blocks, 1);
    return malloc(size);
}

static void count_release(void *arg, void *memory, size_t size)
{
    (void)arg;
    atomic_fetch_sub(&many.blocks, 1);
    memset(memory, 0xdd, size);
    free(memory);
}

static const struct mio_named_pipe_options lane_options = {
    .read_buffer = 512,
    .write_buffer = 700,
    .allocator = {count_allocate, count_release, NULL},
};

static uint32_t next_random(struct worker *worker)
{
    worker->random = worker->random * 1664525u + 1013904223u;
    return worker->random >> 8;
}

static void lane_register(struct mio_named_pipe *pipe)
{
    const mio_interest interest = MIO_READABLE | MIO_WRITABLE | test_config.mode;
    CHECK_EQ(mio_register(mio_poll_registry(&many.poll), &pipe->source, 1, interest), 0);
}

static void lane_serve(struct lane *lane)
{
    plain_pipe_name(lane->name);
    CHECK_EQ(mio_named_pipe_create(&lane->server, lane->name, &lane_options), 0);
    lane_register(&lane->server);
}

/* The wait of the other thread moves things on. */
static void lane_pause(int64_t begin)
{
    CHECK(mio_now_ns() - begin < 3 * TEST_SOON);
    thread_yield();
}

static void lane_connect(struct lane *lane)
{
    const int64_t begin = mio_now_ns();
    const int first = mio_named_pipe_connect(&lane->server);
    CHECK(first == 0 || first == -EAGAIN);
    CHECK_EQ(mio_named_pipe_open(&lane->client, lane->name, &lane_options), 0);
    lane_register(&lane->client);
    int result;
    while ((result = mio_named_pipe_connect(&lane->server)) == -EAGAIN)
        lane_pause(begin);
    CHECK_EQ(result, 0);
}

/* Moves so many bytes from one end to the other, and looks at each. */
static void lane_move(struct mio_named_pipe *from, struct mio_named_pipe *to, size_t len)
{
    unsigned char out[BYTES_MOST], in[BYTES_MOST];
    const int64_t begin = mio_now_ns();
    size_t sent = 0, got = 0;
    pattern_fill(out, len, len);
    while (got < len) {
        ptrdiff_t n = sent < len ? mio_named_pipe_write(from, out + sent, len - sent) : -EAGAIN;
        CHECK(n > 0 || n == -EAGAIN);
        sent += n > 0 ? (size_t)n : 0;
        n = mio_named_pipe_read(to, in + got, len - got);
        CHECK(n > 0 || n == -EAGAIN);
        got += n > 0 ? (size_t)n : 0;
        if (n < 0)
            lane_pause(begin);
    }
    CHECK(pattern_is(in, len, len));
    atomic_fetch_add(&many.bytes, (long)len);
}

static void lane_read_end(struct mio_named_pipe *pipe)
{
    const int64_t begin = mio_now_ns();
    char byte;
    ptrdiff_t n;
    while ((n = mio_named_pipe_read(pipe, &byte, 1)) == -EAGAIN)
        lane_pause(begin);
    CHECK_EQ(n, 0);
}

/* The server writes, and closes with what is not read yet; the client reads all of it. */
static void lane_close_behind_bytes(struct lane *lane, size_t len)
{
    unsigned char out[BYTES_MOST], in[BYTES_MOST];
    const int64_t begin = mio_now_ns();
    pattern_fill(out, len, 7);
    ptrdiff_t sent = mio_named_pipe_write(&lane->server, out, len);
    CHECK(sent > 0);
    CHECK_EQ(mio_named_pipe_close(&lane->server), 0);
    for (ptrdiff_t got = 0; got < sent;) {
        ptrdiff_t n = mio_named_pipe_read(&lane->client, in + got, (size_t)(sent - got));
        CHECK(n > 0 || n == -EAGAIN);
        got += n > 0 ? n : 0;
        if (n < 0)
            lane_pause(begin);
    }
    CHECK(pattern_is(in, (size_t)sent, 7));
    lane_read_end(&lane->client);
    CHECK_EQ(mio_named_pipe_close(&lane->client), 0);
}

static void lane_end(struct lane *lane, uint32_t how, size_t len)
{
    switch (how % 5) {
    case 0: /* thrown out */
        CHECK_EQ(mio_named_pipe_disconnect(&lane->server), 0);
        CHECK_EQ(mio_named_pipe_close(&lane->client), 0);
        return;
    case 1: /* the client leaves first */
        CHECK_EQ(mio_named_pipe_close(&lane->client), 0);
        lane_read_end(&lane->server);
        CHECK_EQ(mio_named_pipe_disconnect(&lane->server), 0);
        return;
    case 2:
        lane_close_behind_bytes(lane, len);
        break;
    case 3: /* in the midst of it */
        mio_named_pipe_write(&lane->server, lane, len < sizeof *lane ? len : sizeof *lane);
        CHECK_EQ(mio_named_pipe_close(&lane->client), 0);
        CHECK_EQ(mio_named_pipe_close(&lane->server), 0);
        break;
    default: /* deregistered before */
        CHECK_EQ(mio_deregister(mio_poll_registry(&many.poll), &lane->server.source), 0);
        CHECK_EQ(mio_named_pipe_close(&lane->server), 0);
        CHECK_EQ(mio_named_pipe_close(&lane->client), 0);
    }
    lane_serve(lane);
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    for (int i = 0; i < LANES; i++)
        lane_serve(&worker->lanes[i]);
    for (long round = 0; round < worker->rounds; round++) {
        for (int i = 0; i < LANES; i++)
            lane_connect(&worker->lanes[i]);
        for (int i = 0; i < LANES; i++) {
            struct lane *lane = &worker->lanes[i];
            lane_move(&lane->client, &lane->server, 1 + next_random(worker) % BYTES_MOST);
            lane_move(&lane->server, &lane->client, 1 + next_random(worker) % BYTES_MOST);
        }
        for (int i = 0; i < LANES; i++)
            lane_end(&worker->lanes[i], next_random(worker), 1 + next_random(worker) % BYTES_MOST);
    }
    for (int i = 0; i < LANES; i++)
        CHECK_EQ(mio_named_pipe_close(&worker->lanes[i].server), 0);
    atomic_fetch_sub(&many.running, 1);
    return NULL;
}

static void two_threads_lose_no_byte_and_no_handle(void)
{
    static struct worker workers[THREADS];
    struct mio_event events[64];
    memset(workers, 0, sizeof workers);
    memset(&many, 0, sizeof many);
    test_poll_init(&many.poll);
    atomic_store(&many.running, THREADS);
    for (int i = 0; i < THREADS; i++) {
        workers[i].rounds = test_scaled(test_config.mode == MIO_LEVEL ? 4 : 10);
        workers[i].random = (uint32_t)i + 1;
        thread_start(&workers[i].thread, work, &workers[i]);
    }
    const int64_t begin = mio_now_ns();
    while (atomic_load(&many.running) > 0 && mio_now_ns() - begin < 100 * MIO_NS_PER_S)
        CHECK(mio_poll_wait(&many.poll, events, 64, 5 * MIO_NS_PER_MS) >= 0);
    for (int i = 0; i < THREADS; i++)
        thread_join(&workers[i].thread);
    CHECK_EQ(atomic_load(&many.running), 0);
    CHECK_EQ(mio_poll_close(&many.poll), 0);
    CHECK_EQ(atomic_load(&many.blocks), 0);
    test_note("%ld bytes in %.1f s", atomic_load(&many.bytes),
              (double)(mio_now_ns() - begin) / (double)MIO_NS_PER_S);
}

static const struct test_case cases[] = {
    {"two_threads_lose_no_byte_and_no_handle", two_threads_lose_no_byte_and_no_handle,
     TEST_ANY_MODE},
    {NULL, NULL, 0},
};

const struct test_suite suite_named_pipe_many = {"named_pipe_many", cases};
