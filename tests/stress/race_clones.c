/*
 * Clones of a registry that are opened, used and closed on all threads. In each round everybody
 * ends up with many open clones: then the poll is busy. They close them at the same time, and then
 * the poll is busy for the one that the main thread has, and for nothing else.
 */
#define _GNU_SOURCE 1
#include "race.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { THREADS = 3, CLONES = 3, CROWD = 64 };

static struct {
    struct mio_poll poll;
    atomic_uint arrived;
    atomic_ulong meetings;
    atomic_bool done;
} s;

/* All threads and the main one. */
static void meet(void)
{
    struct stress_patience patience = {.spins = 200};
    unsigned long meeting = atomic_load(&s.meetings);
    if (atomic_fetch_add(&s.arrived, 1) == THREADS) {
        atomic_store(&s.arrived, 0);
        atomic_store(&s.meetings, meeting + 1);
    }
    while (atomic_load(&s.meetings) == meeting && stress_go_on(&patience, "a thread is missing"))
        continue;
}

/* Registers through one clone, and deregisters through another one, which is as good. */
static void use_clones(struct mio_registry *clones, struct mio_source *source)
{
    for (int i = 0; i < CLONES; i++)
        stress_require(
            mio_registry_clone(i ? &clones[i - 1] : mio_poll_registry(&s.poll), &clones[i]) == 0,
            "no clone");
    stress_require(mio_register(&clones[0], source, 1, MIO_READABLE) == 0, "register failed");
    stress_require(mio_registry_close(&clones[0]) == 0, "a clone does not close");
    stress_require(mio_register(&clones[0], source, 1, MIO_READABLE) == -EBADF,
                   "a closed clone registers");
    stress_require(mio_deregister(&clones[1], source) == 0, "deregister failed");
    stress_require(mio_registry_close(&clones[1]) == 0, "a clone does not close");
}

static void *run_thread(void *arg)
{
    uint32_t random = *(const uint32_t *)arg;
    struct mio_registry clones[CLONES], crowd[CROWD];
    struct mio_source source;
    int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    stress_require(fd >= 0 && mio_source_init_fd(&source, fd) == 0, "no eventfd");
    for (meet(); !atomic_load(&s.done) && !stress_has_failed(); meet()) {
        for (uint32_t left = stress_random(&random, 4); left > 0; left--) {
            use_clones(clones, &source);
            stress_require(mio_registry_close(&clones[CLONES - 1]) == 0, "a clone does not close");
        }
        use_clones(clones, &source);
        for (int i = 0; i < CROWD; i++)
            stress_require(mio_registry_clone(mio_poll_registry(&s.poll), &crowd[i]) == 0,
                           "no clone");
        meet(); /* the main thread finds the poll busy */
        meet();
        for (int i = 0; i < CROWD; i++)
            stress_require(mio_registry_close(&crowd[i]) == 0, "a clone does not close");
        stress_require(mio_registry_close(&clones[CLONES - 1]) == 0, "the last one does not close");
        meet(); /* and ends it */
    }
    close(fd);
    return NULL;
}

static void one_round(void)
{
    struct mio_registry clone;
    struct mio_event event;
    test_poll_init(&s.poll);
    meet();
    /* Waits go on meanwhile; only the end of a poll has to be alone. */
    for (int left = 4; left > 0; left--)
        stress_require(mio_poll_wait(&s.poll, &event, 1, 0) >= 0, "a wait failed");
    meet();
    stress_require(mio_poll_close(&s.poll) == -EBUSY, "a poll with clones is not busy");
    stress_require(mio_registry_clone(mio_poll_registry(&s.poll), &clone) == 0, "no clone");
    meet();
    meet();
    stress_require(mio_poll_close(&s.poll) == -EBUSY, "a poll with one clone is not busy");
    stress_require(mio_registry_close(&clone) == 0, "a clone does not close");
    stress_require(mio_poll_close(&s.poll) == 0, "a poll without clones does not close");
}

void poll_is_busy_until_the_last_clone_is_closed(void)
{
    pthread_t threads[THREADS];
    uint32_t seeds[THREADS] = {1, 2, 3};
    long rounds = 0, most = race_tries ? race_tries : test_scaled(1000);
    atomic_store(&s.arrived, 0);
    atomic_store(&s.meetings, 0);
    atomic_store(&s.done, false);
    if (race_tries)
        alarm(0);
    stress_begin();
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, run_thread, &seeds[i]), 0);
    while (rounds < most && !stress_has_failed() && (race_tries || !stress_is_enough())) {
        one_round();
        rounds++;
    }
    atomic_store(&s.done, true);
    meet();
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    test_note("%ld rounds", rounds);
    stress_end();
}
