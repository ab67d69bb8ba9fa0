/* This library, on the backend that MIO_CONTESTANT_BACKEND names; it may spin before it sleeps. */
#ifndef BENCH_MIO_CONTESTANT_H
#define BENCH_MIO_CONTESTANT_H

#include "harness/harness.h"

#include <mio.h>

#ifndef MIO_CONTESTANT_BACKEND
#define MIO_CONTESTANT_BACKEND MIO_BACKEND_DEFAULT
#endif

#ifndef MIO_CONTESTANT_SPIN_NS
#define MIO_CONTESTANT_SPIN_NS 0
#endif

/* A poll on that backend. */
int mio_contestant_open(struct mio_poll *poll);

int mio_contestant_serve(const struct service *service);

#endif
