/* A process at its limit of open descriptors, with a source on nearly every one of them. */
#ifndef MIO_TEST_SCALE_H
#define MIO_TEST_SCALE_H

#include "test.h"

#include <stdatomic.h>
#include <sys/resource.h>

enum { SCALE_MAX = 20000, SCALE_CAPACITY_MAX = 1024 };

struct scale_cell {
    struct mio_source source;
    int fd;
    unsigned generation; /* part of the token */
    bool is_stream;      /* one end of a pair, its neighbour is the other; else an eventfd */
    bool triggered;      /* made ready, and not told yet */
    bool undrained;      /* told, and still ready */
    unsigned long due;   /* how often it was made ready */
    atomic_ulong told;   /* how often it was reported */
};

struct scale {
    struct mio_poll poll;
    struct rlimit before;
    struct scale_cell cells[SCALE_MAX];
    unsigned count;
    unsigned expected; /* cells that are triggered */
    mio_interest mode; /* for the cells that are watched from now on */
    uint32_t random;
    long blocks, asked; /* memory that the poll has, and how often it asked */
};
extern struct scale scale;
extern long scale_limit; /* by hand; 0: what the tests take */

/* An open poll, in a process with the limit; and back to what was before. */
void scale_begin(void);
void scale_end(void);

/* Registers a source on every descriptor that the system still gives. */
void scale_fill(void);
/* Gives back the last sources. */
void scale_free(unsigned count);
void scale_add(int fd, bool is_stream);
void scale_watch(unsigned i);
struct scale_cell *scale_cell_of(mio_token token);

/* Makes a cell ready that is not. */
void scale_trigger(unsigned i);
/* Everything that was triggered is told, once, and then nothing more. */
void scale_collect(size_t capacity);

uint32_t scale_below(uint32_t limit);

#ifndef MIO_NO_NET
void accepting_at_the_limit_fails_and_goes_on_when_there_is_room(void);
#endif

#endif
