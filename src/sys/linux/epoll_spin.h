/* The wait of an epoll that spins. */
#ifndef MIO_EPOLL_SPIN_H
#define MIO_EPOLL_SPIN_H

#include <mio.h>

int mio__epoll_wait_spinning(struct mio_poll *poll, struct mio_event *events, size_t capacity,
                             int64_t timeout_ns);

#endif
