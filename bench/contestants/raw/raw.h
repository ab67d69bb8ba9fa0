/*
 * epoll by hand, three times:
 *   tuned (RAW_USUAL 0)   recv and send, a short transfer ends the drain, epoll_pwait2
 *   usual (RAW_USUAL 1)   read and write, until EAGAIN, epoll_wait with milliseconds
 *   spin  (RAW_SPIN 1)    as tuned, but it never sleeps: it asks without waiting, or watches a word
 */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include "harness/harness.h"

#ifndef RAW_USUAL
#define RAW_USUAL 0
#endif

#ifndef RAW_SPIN
#define RAW_SPIN 0
#endif

int raw_serve(const struct service *service);

#endif
