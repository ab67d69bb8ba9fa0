/*
 * The operations of a run. Each one means something in every state, be it a refusal, so that any
 * list of them can be run: that is what makes a failing list shrink.
 */
#ifndef MIO_TEST_OPERATIONS_H
#define MIO_TEST_OPERATIONS_H

#include <mio.h>
#include <stdio.h>

/* name, how often, on what: a source, a waker, a clone or a queue (poll) */
#define EACH_OPERATION(X)                                                                          \
    X(register_source, 10, SOURCE)                                                                 \
    X(reregister, 8, SOURCE)                                                                       \
    X(deregister, 4, SOURCE)                                                                       \
    X(watch, 8, SOURCE)                                                                            \
    X(take_over, 2, SOURCE)                                                                        \
    X(replace, 2, SOURCE)                                                                          \
    X(open, 6, SOURCE)                                                                             \
    X(close, 1, SOURCE)                                                                            \
    X(into_fd, 1, SOURCE)                                                                          \
    X(abandon, 1, SOURCE)                                                                          \
    X(blocked, 1, SOURCE)                                                                          \
    X(read, 10, SOURCE)                                                                            \
    X(read_all, 8, SOURCE)                                                                         \
    X(readv, 3, SOURCE)                                                                            \
    X(peek, 2, SOURCE)                                                                             \
    X(write, 7, SOURCE)                                                                            \
    X(writev, 2, SOURCE)                                                                           \
    X(fill, 7, SOURCE)                                                                             \
    X(shutdown, 1, SOURCE)                                                                         \
    X(take_error, 1, SOURCE)                                                                       \
    X(peer_send, 16, SOURCE)                                                                       \
    X(peer_receive, 8, SOURCE)                                                                     \
    X(peer_finish, 1, SOURCE)                                                                      \
    X(peer_close, 1, SOURCE)                                                                       \
    X(peer_reset, 1, SOURCE)                                                                       \
    X(peer_return, 4, SOURCE)                                                                      \
    X(peer_refuse, 8, SOURCE)                                                                      \
    X(wake, 8, WAKER)                                                                              \
    X(waker_open, 5, WAKER)                                                                        \
    X(waker_close, 3, WAKER)                                                                       \
    X(clone_open, 2, CLONE)                                                                        \
    X(clone_close, 2, CLONE)                                                                       \
    X(wait, 40, QUEUE)                                                                             \
    X(counters, 2, QUEUE)                                                                          \
    X(poll_close, 2, QUEUE)

enum operation_name {
#define NAME(name, weight, target) OPERATION_##name,
    EACH_OPERATION(NAME)
#undef NAME
        OPERATIONS
};

enum target { TARGET_SOURCE, TARGET_WAKER, TARGET_CLONE, TARGET_QUEUE, TARGETS };

struct operation {
    uint8_t name;
    uint8_t who;  /* of its kind, modulo how many there are */
    uint32_t arg; /* what it means is up to the operation */
};

/* xorshift64*, which never returns to where it was too soon. The state must not be 0. */
uint64_t operation_random(uint64_t *state);

struct operation operation_draw(uint64_t *state);
void operation_print(FILE *file, const struct operation *operation);
/* Reads one line; what follows # is a remark. 1: an operation, 0: an empty line, -1: neither. */
int operation_parse(const char *line, struct operation *operation);

/* The meaning of the arg of a registration, and of mio_watch, where 0 is a word of its own. */
mio_interest operation_interest(uint32_t arg);
mio_interest operation_watched(uint32_t arg);
enum { REGISTRIES = 8 }; /* 0 to 3: poll 0; 4, 5: poll 1; 6, 7: the clones */
unsigned operation_registry(uint32_t arg);

#endif
