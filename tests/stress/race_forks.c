/*
 * A child is forked from a program whose threads are in the midst of everything: one waits, one
 * registers until the table grows, one wakes, one makes sources ready. The child abandons what it
 * has and ends. That must cost the parent no event; and the child, a copy of memory at some moment,
 * must find no block of memory twice.
 */
#define _GNU_SOURCE 1
#include "race.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STABLE = 2, CROWD = 300, CHILDREN = 4, CAPACITY = 8 };
enum { TOKEN_WAKER = STABLE, TOKEN_CROWD };

/* The exit statuses of a child. */
enum { CHILD_FINE, CHILD_REFUSED, CHILD_STILL_OPEN, CHILD_RELEASES_TWICE };

static struct {
    struct mio_poll poll;
    struct mio_registry clone;
    struct mio_waker waker;
    struct mio_source stable[STABLE], crowd[CROWD];
    int fds[STABLE], crowd_fds[CROWD];
    atomic_ulong found, woken; /* by the waiter: what it read, what was published before a wake */
    atomic_ulong published;
    atomic_bool finish, done;
} s;

/* ---- Memory ---------------------------------------------------------------------------------- */

/* Before each block. */
union header {
    uint64_t word;
    max_align_t alignment;
};
#define IN_USE UINT64_C(0x1234567887654321)

static bool released_twice;

static void *allocate(void *arg, size_t size)
{
    union header *header = malloc(sizeof *header + size);
    (void)arg;
    if (!header)
        return NULL;
    header->word = IN_USE;
    return header + 1;
}

/* Keeps the block: so that a second release is seen, and does no harm. Children end soon. */
static void release_in_child(union header *header)
{
    released_twice = released_twice || header->word != IN_USE;
    header->word = 0;
}

static bool is_child;

static void release(void *arg, void *memory, size_t size)
{
    union header *header = (union header *)memory - 1;
    (void)arg, (void)size;
    if (is_child) {
        release_in_child(header);
        return;
    }
    /* So that a fork comes in between: whoever can still find the block is wrong. */
    header->word = 0;
    stress_pause_us(50);
    free(header);
}

/* ---- The parent's threads -------------------------------------------------------------------- */

static void *run_waiter(void *arg)
{
    struct mio_event events[CAPACITY];
    uint64_t count;
    (void)arg;
    while (!atomic_load(&s.done)) {
        int n = mio_poll_wait(&s.poll, events, CAPACITY, MIO_FOREVER);
        stress_require(n > 0 || n == -EINTR, "a wait failed");
        for (int i = 0; i < n; i++) {
            if (events[i].token == TOKEN_WAKER)
                atomic_store(&s.woken, atomic_load(&s.published));
            if (events[i].token >= STABLE)
                continue;
            while (read(s.fds[events[i].token], &count, sizeof count) > 0)
                atomic_fetch_add(&s.found, (unsigned long)count);
            stress_require(mio_source_blocked(&s.stable[events[i].token], MIO_READABLE) == 0,
                           "blocked failed");
        }
    }
    return NULL;
}

static void await_at_least(atomic_ulong *what, unsigned long value, const char *complaint)
{
    struct stress_patience patience = {.spins = 100};
    while (atomic_load(what) < value && stress_go_on(&patience, complaint))
        continue;
}

static void *run_writer(void *arg)
{
    const uint64_t one = 1;
    (void)arg;
    for (unsigned long i = 1; !atomic_load(&s.finish) && !stress_has_failed(); i++) {
        stress_require(write(s.fds[i % STABLE], &one, sizeof one) > 0, "an eventfd takes no more");
        await_at_least(&s.found, i, "a source is not reported any more");
    }
    return NULL;
}

static void *run_waking(void *arg)
{
    (void)arg;
    for (unsigned long i = 1; !atomic_load(&s.finish) && !stress_has_failed(); i++) {
        atomic_store(&s.published, i);
        stress_require(mio_waker_wake(&s.waker) == 0, "a wake failed");
        await_at_least(&s.woken, i, "a waker is not reported any more");
    }
    return NULL;
}

static void *run_registrar(void *arg)
{
    struct mio_registry *registry = mio_poll_registry(&s.poll);
    (void)arg;
    do {
        for (int i = 0; i < CROWD; i++)
            stress_require(mio_register(registry, &s.crowd[i], TOKEN_CROWD, MIO_READABLE) == 0,
                           "register failed");
        for (int i = 0; i < CROWD; i++)
            stress_require(mio_deregister(registry, &s.crowd[i]) == 0, "deregister failed");
    } while (!atomic_load(&s.finish) && !stress_has_failed());
    return NULL;
}

/* ---- The children ---------------------------------------------------------------------------- */

/* The child leaves alone what other threads of the parent were at work on, the crowd. */
static int abandon_all(void)
{
    int refused = 0;
    is_child = true;
    /* A child that waits for a lock that a thread of the parent had does not stay for ever. */
    signal(SIGALRM, SIG_DFL);
    alarm(30);
    for (int i = 0; i < STABLE; i++)
        refused |= mio_source_abandon(&s.stable[i]);
    refused |= mio_waker_abandon(&s.waker);
    refused |= mio_registry_abandon(&s.clone);
    refused |= mio_poll_abandon(&s.poll);
    if (refused)
        return CHILD_REFUSED;
    if (mio_waker_wake(&s.waker) != -EBADF ||
        mio_register(mio_poll_registry(&s.poll), &s.stable[0], 0, MIO_READABLE) != -EBADF)
        return CHILD_STILL_OPEN;
    return released_twice ? CHILD_RELEASES_TWICE : CHILD_FINE;
}

static void fork_one(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(abandon_all());
    CHECK(pid > 0);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), CHILD_FINE);
}

/* ---- A round --------------------------------------------------------------------------------- */

static void set_up(void)
{
    struct mio_poll_options options = test_config.poll;
    options.allocator = (struct mio_allocator){allocate, release, NULL};
    struct mio_registry *registry = mio_poll_registry(&s.poll);
    CHECK_EQ(mio_poll_init_with(&s.poll, &options), 0);
    CHECK_EQ(mio_registry_clone(registry, &s.clone), 0);
    CHECK_EQ(mio_waker_init(&s.waker, registry, TOKEN_WAKER), 0);
    for (int i = 0; i < STABLE; i++) {
        uint64_t count; /* what the end of the last round left */
        (void)!read(s.fds[i], &count, sizeof count);
        CHECK_EQ(mio_source_init_fd(&s.stable[i], s.fds[i]), 0);
        CHECK_EQ(mio_register(&s.clone, &s.stable[i], (mio_token)i, MIO_READABLE), 0);
    }
    atomic_store(&s.found, 0);
    atomic_store(&s.woken, 0);
    atomic_store(&s.published, 0);
    atomic_store(&s.finish, false);
    atomic_store(&s.done, false);
}

static void tear_down(void)
{
    for (int i = 0; i < STABLE; i++)
        CHECK_EQ(mio_deregister(&s.clone, &s.stable[i]), 0);
    CHECK_EQ(mio_waker_close(&s.waker), 0);
    CHECK_EQ(mio_registry_close(&s.clone), 0);
    CHECK_EQ(mio_poll_close(&s.poll), 0);
}

static void one_round(uint32_t *random)
{
    void *(*const runs[])(void *) = {run_writer, run_waking, run_registrar};
    pthread_t threads[3], waiter;
    set_up();
    CHECK_EQ(pthread_create(&waiter, NULL, run_waiter, NULL), 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, runs[i], NULL), 0);
    for (int i = 0; i < CHILDREN; i++) {
        stress_pause_us(stress_random(random, 200));
        fork_one();
    }
    atomic_store(&s.finish, true);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&s.done, true);
    /* By either of them, for the other one may have been lost. */
    const uint64_t one = 1;
    CHECK_EQ(mio_waker_wake(&s.waker), 0);
    CHECK(write(s.fds[0], &one, sizeof one) > 0);
    pthread_join(waiter, NULL);
    stress_end();
    tear_down();
}

static int open_counter(void)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    CHECK(fd >= 0);
    return fd;
}

void abandoning_in_children_costs_the_working_parent_no_event(void)
{
    uint32_t random = 1;
    long rounds = 0, most = race_tries ? race_tries / CHILDREN : test_scaled(50);
    for (int i = 0; i < STABLE; i++)
        s.fds[i] = open_counter();
    for (int i = 0; i < CROWD; i++) {
        s.crowd_fds[i] = open_counter();
        CHECK_EQ(mio_source_init_fd(&s.crowd[i], s.crowd_fds[i]), 0);
    }
    if (race_tries)
        alarm(0);
    stress_begin();
    while (rounds < most && (race_tries || !stress_is_enough())) {
        one_round(&random);
        rounds++;
    }
    for (int i = 0; i < STABLE; i++)
        close(s.fds[i]);
    for (int i = 0; i < CROWD; i++)
        close(s.crowd_fds[i]);
    test_note("%ld children", rounds * CHILDREN);
}
