/* The load that waker_stress.c puts on wakers; waker_load.c tells how. */
#ifndef MIO_TEST_WAKER_LOAD_H
#define MIO_TEST_WAKER_LOAD_H

#include "test.h"

enum { LOAD_CAPACITY_MAX = 8 };

struct load_plan {
    long rounds; /* at most; a busy machine ends them earlier */
    uint64_t
        wakes; /* instead of rounds, where it is not 0: how many wakes, whatever time they take */
    unsigned threads;
    unsigned wakers;
    unsigned burst; /* wakes of a thread in a round: 1 to this number */
    size_t capacity;
    bool skewed;      /* most bursts are short */
    bool busy;        /* a level-triggered source is always ready: the waiter never sleeps */
    bool noise;       /* a thread makes edge-triggered sources ready now and then */
    bool signals;     /* a handler wakes too, in the midst of wakes and waits */
    bool renewed;     /* each thread opens its waker anew in every round */
    bool come_and_go; /* threads end after a few rounds, and others take their places */
};

/* Fails the case when a wake was lost. */
void load_run(const struct load_plan *plan);

#endif
