#define _GNU_SOURCE 1
#include "scale.h"

#include "net.h"
#include "stress.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIMIT_USUAL = 2000, LIMIT_MIN = 256, INDEX_BITS = 15, STREAMS_EACH = 32 };

struct scale scale;
long scale_limit;

uint32_t scale_below(uint32_t limit)
{
    return stress_random(&scale.random, limit);
}

/* ---- The limit ------------------------------------------------------------------------------- */

static void *allocate(void *arg, size_t size)
{
    (void)arg;
    scale.blocks++;
    scale.asked++;
    return malloc(size);
}

static void release(void *arg, void *memory, size_t size)
{
    (void)arg, (void)size;
    scale.blocks--;
    free(memory);
}

/* An open poll, in a process with the limit. */
void scale_begin(void)
{
    long wanted = scale_limit ? scale_limit : test_scaled(LIMIT_USUAL);
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &scale.before), 0);
    if (wanted < LIMIT_MIN)
        wanted = LIMIT_MIN;
    if (wanted > SCALE_MAX)
        wanted = SCALE_MAX;
    struct rlimit limit = scale.before;
    limit.rlim_cur = (rlim_t)wanted < limit.rlim_max ? (rlim_t)wanted : limit.rlim_max;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    struct mio_poll_options options = test_config.poll;
    options.allocator = (struct mio_allocator){allocate, release, NULL};
    scale.random = 1;
    scale.count = scale.expected = 0;
    scale.mode = MIO_EDGE;
    scale.blocks = scale.asked = 0;
    CHECK_EQ(mio_poll_init_with(&scale.poll, &options), 0);
}

void scale_end(void)
{
    for (unsigned i = 0; i < scale.count; i++) {
        CHECK_EQ(mio_deregister(mio_poll_registry(&scale.poll), &scale.cells[i].source), 0);
        CHECK_EQ(close(scale.cells[i].fd), 0);
    }
    CHECK_EQ(mio_poll_close(&scale.poll), 0);
    CHECK_EQ(scale.blocks, 0);
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &scale.before), 0);
}

/* ---- Cells ----------------------------------------------------------------------------------- */

static mio_token token_of(unsigned i)
{
    return (mio_token)scale.cells[i].generation << INDEX_BITS | i;
}

void scale_watch(unsigned i)
{
    struct scale_cell *cell = &scale.cells[i];
    CHECK_EQ(mio_source_init_fd(&cell->source, cell->fd), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&scale.poll), &cell->source, token_of(i),
                          MIO_READABLE | scale.mode),
             0);
}

void scale_add(int fd, bool is_stream)
{
    struct scale_cell *cell = &scale.cells[scale.count];
    cell->fd = fd;
    cell->is_stream = is_stream;
    cell->triggered = cell->undrained = false;
    cell->generation = 1;
    cell->due = 0;
    atomic_store(&cell->told, 0);
    scale_watch(scale.count++);
}

/* Registers a source on every descriptor that the system gives. */
void scale_fill(void)
{
    int ends[2];
    for (;;) {
        if (scale.count % STREAMS_EACH == 0 &&
            socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0) {
            scale_add(ends[0], true);
            scale_add(ends[1], true);
            continue;
        }
        int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (fd < 0)
            break;
        scale_add(fd, false);
    }
    CHECK_EQ(errno, EMFILE);
    CHECK(scale.count > LIMIT_MIN / 2);
}

/* Makes a cell ready that is not. */
void scale_trigger(unsigned i)
{
    const uint64_t one = 1;
    struct scale_cell *cell = &scale.cells[i];
    if (cell->triggered)
        return;
    cell->triggered = true;
    cell->due++;
    scale.expected++;
    int fd = cell->is_stream ? scale.cells[i % STREAMS_EACH == 0 ? i + 1 : i - 1].fd : cell->fd;
    CHECK_EQ(write(fd, &one, sizeof one), sizeof one);
}

struct scale_cell *scale_cell_of(mio_token token)
{
    return &scale.cells[token & ((1u << INDEX_BITS) - 1)];
}

/* Takes what made the cell ready. */
static void settle(unsigned i)
{
    struct scale_cell *cell = &scale.cells[i];
    cell->undrained = false;
    test_drain(&cell->source);
    if (scale.mode & MIO_ONESHOT)
        CHECK_EQ(mio_reregister(mio_poll_registry(&scale.poll), &cell->source, token_of(i),
                                MIO_READABLE | scale.mode),
                 0);
}

static void handle(const struct mio_event *event, bool at_once)
{
    struct scale_cell *cell = scale_cell_of(event->token);
    unsigned i = (unsigned)(cell - scale.cells);
    CHECK(i < scale.count);
    CHECK_EQ(event->token, token_of(i));
    CHECK(event->readiness & MIO_READABLE);
    CHECK(cell->triggered); /* so it is told once, and no other in its place */
    cell->triggered = false;
    scale.expected--;
    cell->undrained = true;
    if (at_once)
        settle(i);
}

void scale_collect(size_t capacity)
{
    /* Edges and oneshot are told once, drained or not. */
    bool at_once = (scale.mode & (MIO_LEVEL | MIO_ONESHOT)) == MIO_LEVEL || scale_below(2) == 0;
    struct mio_event events[SCALE_CAPACITY_MAX];
    while (scale.expected > 0) {
        int n = mio_poll_wait(&scale.poll, events, capacity, TEST_SOON);
        CHECK(n > 0);
        for (int i = 0; i < n; i++)
            handle(&events[i], at_once);
    }
    CHECK_EQ(mio_poll_wait(&scale.poll, events, capacity, 0), 0);
    for (unsigned i = 0; i < scale.count && !at_once; i++)
        if (scale.cells[i].undrained)
            settle(i);
    CHECK_EQ(mio_poll_wait(&scale.poll, events, capacity, 0), 0);
}

/* Gives back the last sources of the table. */
void scale_free(unsigned count)
{
    for (; count > 0; count--) {
        struct scale_cell *cell = &scale.cells[--scale.count];
        CHECK_EQ(mio_deregister(mio_poll_registry(&scale.poll), &cell->source), 0);
        CHECK_EQ(close(cell->fd), 0);
    }
}
