/*
 * epoll by hand, twice:
 *   tuned (RAW_USUAL 0)   recv and send, a short transfer ends the drain, epoll_pwait2
 *   usual (RAW_USUAL 1)   read and write, until EAGAIN, epoll_wait with milliseconds
 */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include "harness/harness.h"

#ifndef RAW_USUAL
#define RAW_USUAL 0
#endif

int raw_serve(const struct service *service);

#endif
