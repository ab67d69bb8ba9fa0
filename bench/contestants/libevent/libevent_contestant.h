/* libevent: an event on each descriptor. */
#ifndef BENCH_LIBEVENT_CONTESTANT_H
#define BENCH_LIBEVENT_CONTESTANT_H

#include "harness/harness.h"

struct event_base;

/* The base is made with what its purpose needs. */
struct event_base *libevent_open(bool shared, bool precise);

int libevent_serve(const struct service *service);

#endif
