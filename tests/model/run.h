/* Running a list of operations in a fresh world, and making a failing list short. */
#ifndef MIO_TEST_RUN_H
#define MIO_TEST_RUN_H

#include "world.h"

struct outcome {
    bool failed;
    size_t at; /* the operation that failed, or all of them */
    char complaint[COMPLAINT_MAX];
};

struct outcome run_alone(const struct mio_poll_options *options, const struct operation *operations,
                         size_t count);

/*
 * With another thread that waits on the first poll. Once the operations are over, all debts must
 * have been paid; then the last few of them run again, alone, in the world that came out of it.
 */
struct outcome run_with_waiter(const struct mio_poll_options *options,
                               const struct operation *operations, size_t count, uint64_t seed);

/* Takes away what the failure does not need, in place. Returns how many are left. */
size_t run_shrink(const struct mio_poll_options *options, struct operation *operations,
                  size_t count);

#endif
