/* libev: an ev_io on each descriptor. */
#ifndef BENCH_LIBEV_CONTESTANT_H
#define BENCH_LIBEV_CONTESTANT_H

#include "harness/harness.h"

int libev_serve(const struct service *service);

#endif
