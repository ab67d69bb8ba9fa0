/* libuv: poll handles on the descriptors, stream handles in the servers. */
#ifndef BENCH_LIBUV_CONTESTANT_H
#define BENCH_LIBUV_CONTESTANT_H

#include "harness/harness.h"

int libuv_serve(const struct service *service);

#endif
