/*
 * When named pipes are reported, beyond what the cases over all types say (suites drain, modes,
 * readiness): both directions, connects, threads, many pipes in few events.
 */
#include "named_pipe/named_pipe_util.h"

#include <stdatomic.h>

/* A full pipe is told of once there is room, and not before. */
static void full_pipe_is_told_when_there_is_room(void)
{
    struct pair pair;
    static char buf[1 << 16];
    pair_serve(&pair, NULL);
    HANDLE client = (HANDLE)plain_pipe_client(pair.name);
    const mio_interest interest = MIO_WRITABLE | test_config.mode;
    CHECK_EQ(mio_register(pair.registry, &pair.server.source, SERVER, interest), 0);
    CHECK_EQ(test_expect_event(&pair.poll, SERVER), MIO_WRITABLE);
    const size_t total = pair_fill(&pair.server);
    if (test_config.mode & MIO_ONESHOT)
        CHECK_EQ(mio_reregister(pair.registry, &pair.server.source, SERVER, interest), 0);
    test_expect_no_event(&pair.poll);
    DWORD count;
    for (size_t got = 0; got < total / 2; got += count)
        CHECK(ReadFile(client, buf, 4096, &count, NULL));
    CHECK_EQ(test_expect_event(&pair.poll, SERVER), MIO_WRITABLE);
    if (test_config.mode == MIO_LEVEL)
        CHECK_EQ(test_expect_event(&pair.poll, SERVER), MIO_WRITABLE);
    else
        test_expect_no_event(&pair.poll);
    CHECK(CloseHandle(client));
    pair_close(&pair);
}

/* The waiter has nothing to report, and goes round only as often as packets come. */
static void quiet_pipe_lets_the_waiter_sleep(void)
{
    struct pair pair;
    struct mio_event event;
    pair_open(&pair, NULL);
    CHECK_EQ(
        mio_reregister(pair.registry, &pair.server.source, SERVER, MIO_READABLE | test_config.mode),
        0);
    CHECK_EQ(
        mio_reregister(pair.registry, &pair.client.source, CLIENT, MIO_READABLE | test_config.mode),
        0);
    pair_run(&pair, MIO_NS_PER_MS);
    const int64_t begin = thread_cpu_time();
    CHECK_EQ(mio_poll_wait(&pair.poll, &event, 1, 100 * MIO_NS_PER_MS), 0);
    CHECK(thread_cpu_time() - begin < 60 * MIO_NS_PER_MS);
    pair_close(&pair);
}

/* The word that a pipe was told of as writable is about one connection. */
static void next_connection_is_told_again(void)
{
    struct pair pair;
    pair_serve(&pair, NULL);
    CHECK_EQ(mio_register(pair.registry, &pair.server.source, SERVER, MIO_WRITABLE), 0);
    for (int round = 0; round < 3; round++) {
        CHECK_EQ(mio_named_pipe_connect(&pair.server), -EAGAIN);
        mio_fd client = plain_pipe_client(pair.name);
        CHECK_EQ(test_expect_event(&pair.poll, SERVER), MIO_WRITABLE);
        test_expect_no_event(&pair.poll);
        CHECK_EQ(mio_named_pipe_disconnect(&pair.server), 0);
        CHECK_EQ(plain_close(client), 0);
    }
    pair_close(&pair);
}

/* With room for one event each has its turn, sockets too. */
static void pipes_and_sockets_take_turns(void)
{
    enum { PIPES = 3, ROUNDS = 40 };
    struct mio_poll poll;
    struct mio_named_pipe servers[PIPES];
    mio_fd clients[PIPES], fds[2];
    struct mio_source socket;
    struct mio_event event;
    int told[PIPES + 1] = {0};
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    for (int i = 0; i < PIPES; i++) {
        char name[PLAIN_PIPE_NAME];
        plain_pipe_name(name);
        CHECK_EQ(mio_named_pipe_create(&servers[i], name, NULL), 0);
        clients[i] = plain_pipe_client(name);
        CHECK_EQ(mio_register(registry, &servers[i].source, (mio_token)i, MIO_WRITABLE | MIO_LEVEL),
                 0);
    }
    plain_pair(PLAIN_STREAM, fds);
    CHECK_EQ(mio_source_init_fd(&socket, fds[0]), 0);
    CHECK_EQ(mio_register(registry, &socket, PIPES, MIO_WRITABLE | MIO_LEVEL), 0);
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(mio_poll_wait(&poll, &event, 1, TEST_SOON), 1);
        told[event.token]++;
    }
    for (int i = 0; i <= PIPES; i++)
        CHECK(told[i] >= ROUNDS / (PIPES + 1) / 2);
    CHECK_EQ(mio_deregister(registry, &socket), 0);
    CHECK(plain_close(fds[0]) == 0 && plain_close(fds[1]) == 0);
    for (int i = 0; i < PIPES; i++) {
        CHECK_EQ(mio_named_pipe_close(&servers[i]), 0);
        CHECK_EQ(plain_close(clients[i]), 0);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* ---- Threads --------------------------------------------------------------------------------- */

struct asleep {
    struct pair *pair;
    struct mio_event event;
    int result;
    atomic_bool done;
};

static void *wait_once(void *arg)
{
    struct asleep *asleep = arg;
    asleep->result = mio_poll_wait(&asleep->pair->poll, &asleep->event, 1, TEST_SOON);
    atomic_store(&asleep->done, true);
    return NULL;
}

/* A wait that sleeps is told of what another thread does: register, read, reregister, connect. */
static void sleeping_wait_is_told(int act)
{
    struct pair pair;
    struct asleep asleep = {.pair = &pair};
    struct thread thread;
    char buf[4];
    pair_serve(&pair, NULL);
    mio_fd client = act == 3 ? MIO_FD_NONE : plain_pipe_client(pair.name);
    if (act != 3)
        CHECK_EQ(plain_write(client, "1234", 4), 4);
    if (act != 0)
        CHECK_EQ(mio_register(pair.registry, &pair.server.source, SERVER, MIO_READABLE), 0);
    if (act == 1 || act == 2)
        CHECK_EQ(test_expect_event(&pair.poll, SERVER), MIO_READABLE);
    thread_start(&thread, wait_once, &asleep);
    thread_sleep(20 * MIO_NS_PER_MS);
    CHECK(!atomic_load(&asleep.done));
    if (act == 0)
        CHECK_EQ(mio_register(pair.registry, &pair.server.source, SERVER, MIO_READABLE), 0);
    if (act == 1) { /* drained, and there is more */
        CHECK_EQ(mio_named_pipe_read(&pair.server, buf, 4), 4);
        CHECK_EQ(mio_named_pipe_read(&pair.server, buf, 4), -EAGAIN);
        CHECK_EQ(plain_write(client, "5", 1), 1);
    }
    if (act == 2)
        CHECK_EQ(mio_reregister(pair.registry, &pair.server.source, SERVER, MIO_READABLE), 0);
    if (act == 3) {
        CHECK_EQ(mio_reregister(pair.registry, &pair.server.source, SERVER, MIO_WRITABLE), 0);
        client = plain_pipe_client(pair.name);
        CHECK_EQ(mio_named_pipe_connect(&pair.server), 0);
    }
    thread_join(&thread);
    CHECK_EQ(asleep.result, 1);
    CHECK_EQ(asleep.event.readiness, act == 3 ? MIO_WRITABLE : MIO_READABLE);
    CHECK_EQ(plain_close(client), 0);
    pair_close(&pair);
}

static void sleeping_wait_is_told_of_what_others_do(void)
{
    for (int act = 0; act < 4; act++)
        sleeping_wait_is_told(act);
}

enum { READERS = 3, BYTES = 60000 };

struct shared {
    struct pair pair;
    atomic_int got;
    atomic_int sum;
};

static void *read_some(void *arg)
{
    struct shared *shared = arg;
    unsigned char buf[97];
    while (atomic_load(&shared->got) < BYTES) {
        ptrdiff_t n = mio_named_pipe_read(&shared->pair.server, buf, sizeof buf);
        if (n == -EAGAIN) {
            thread_yield();
            continue;
        }
        CHECK(n > 0);
        int sum = 0;
        for (ptrdiff_t i = 0; i < n; i++)
            sum += buf[i];
        atomic_fetch_add(&shared->sum, sum);
        atomic_fetch_add(&shared->got, (int)n);
    }
    return NULL;
}

/* Several threads read one pipe, another one writes, and this one waits: each byte comes once. */
static void several_threads_share_a_pipe(void)
{
    static struct shared shared;
    static unsigned char block[BYTES];
    struct thread readers[READERS];
    int expected = 0;
    memset(&shared, 0, sizeof shared);
    pair_open(&shared.pair, NULL);
    pattern_fill(block, sizeof block, 0);
    for (size_t i = 0; i < sizeof block; i++)
        expected += block[i];
    for (int i = 0; i < READERS; i++)
        thread_start(&readers[i], read_some, &shared);
    for (size_t at = 0; at < sizeof block;) {
        ptrdiff_t n = mio_named_pipe_write(&shared.pair.client, block + at, sizeof block - at);
        if (n > 0)
            at += (size_t)n;
        pair_run(&shared.pair, MIO_NS_PER_MS / 4);
    }
    while (atomic_load(&shared.got) < BYTES)
        pair_run(&shared.pair, MIO_NS_PER_MS);
    for (int i = 0; i < READERS; i++)
        thread_join(&readers[i]);
    CHECK_EQ(atomic_load(&shared.got), BYTES);
    CHECK_EQ(atomic_load(&shared.sum), expected);
    pair_close(&shared.pair);
}

static const struct test_case cases[] = {
    {"full_pipe_is_told_when_there_is_room", full_pipe_is_told_when_there_is_room, TEST_ANY_MODE},
    {"quiet_pipe_lets_the_waiter_sleep", quiet_pipe_lets_the_waiter_sleep, TEST_ANY_MODE},
    {"next_connection_is_told_again", next_connection_is_told_again, 0},
    {"pipes_and_sockets_take_turns", pipes_and_sockets_take_turns, 0},
    {"sleeping_wait_is_told_of_what_others_do", sleeping_wait_is_told_of_what_others_do, 0},
    {"several_threads_share_a_pipe", several_threads_share_a_pipe, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_named_pipe_events = {"named_pipe_events", cases};
