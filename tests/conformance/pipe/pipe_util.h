/*
 * The common part of the suites of pipes. A case observes the other end with system calls of its
 * own, so that the library is never its own witness.
 */
#ifndef MIO_TEST_PIPE_UTIL_H
#define MIO_TEST_PIPE_UTIL_H

#include "net.h"

/* A pipe of which one end is ours. Returns the other one: a plain descriptor, non-blocking. */
mio_fd pipe_sender(struct mio_pipe_sender *sender);
mio_fd pipe_receiver(struct mio_pipe_receiver *receiver);

mio_fd pipe_sender_fd(const struct mio_pipe_sender *sender);
mio_fd pipe_receiver_fd(const struct mio_pipe_receiver *receiver);

/* Reads len bytes from a plain descriptor and compares; or finds nothing, or the end. */
void pipe_expect(mio_fd fd, const void *bytes, size_t len);
void pipe_expect_nothing(mio_fd fd);
void pipe_expect_end(mio_fd fd);

/* Writes blocks of zeroes to a plain descriptor until there is no room for one more byte. */
void pipe_fill(mio_fd fd);
/* Reads a plain descriptor until nothing is left; the bytes. */
size_t pipe_empty(mio_fd fd);

/* Both ends answer as closed ones in every call, and closing them again does nothing. */
void pipe_check_closed_sender(struct mio_pipe_sender *sender);
void pipe_check_closed_receiver(struct mio_pipe_receiver *receiver);

#endif
