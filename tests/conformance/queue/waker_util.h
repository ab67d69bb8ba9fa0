/* The common part of the suites about wakers. */
#ifndef MIO_TEST_WAKER_UTIL_H
#define MIO_TEST_WAKER_UTIL_H

#include "queue/queue_util.h"

/* The token of the waker that waker_open opens. */
enum { TOKEN = 7 };

/* A poll with one waker, and the end of both. */
void waker_open(struct mio_poll *poll, struct mio_waker *waker);
void waker_close(struct mio_poll *poll, struct mio_waker *waker);

/* Wakes and waits for the report. */
void waker_wake_and_expect(struct mio_poll *poll, struct mio_waker *waker, mio_token token);

#endif
