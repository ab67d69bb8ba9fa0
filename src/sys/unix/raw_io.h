/*
 * read(2) and write(2) for wakers, and poll(2): async-signal-safe, errno untouched, and no
 * cancellation point where the system allows that. A thread that was cancelled in a wake after it
 * set its pending bit and before it signalled would leave the waker deaf, one cancelled in a wait
 * would leave the poll marked as waited on.
 *
 * All return a number or a negative code, -EINTR included.
 */
#ifndef MIO_RAW_IO_H
#define MIO_RAW_IO_H

#include <mio.h>

ptrdiff_t mio__raw_read(mio_fd fd, void *buf, size_t len);
ptrdiff_t mio__raw_write(mio_fd fd, const void *buf, size_t len);

/* timeout_ns is not negative, MIO_FOREVER means no end. Never early. */
struct pollfd;
int mio__raw_poll(struct pollfd *entries, size_t count, int64_t timeout_ns);

#endif
