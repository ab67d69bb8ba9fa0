/* The common part of the functions behind the operations. */
#ifndef MIO_TEST_ACTS_H
#define MIO_TEST_ACTS_H

#include "world.h"

struct act {
    struct world *world;
    struct device *device;      /* of operations on sources */
    struct model_source *model; /* of a source or waker */
    unsigned who;               /* which source, waker, clone or poll */
    uint32_t arg;
};

void act_expect(const struct act *act, const char *what, ptrdiff_t result, ptrdiff_t expected);

/*
 * The wait that began last, before the library is asked: what it tells may be news already. Of a
 * poll; of the poll where the source of the act is registered.
 */
uint32_t act_now(const struct act *act, unsigned number);
uint32_t act_now_of(const struct act *act);

/* The calls of the device's kind, or those for streams of either kind. */
const struct device_kind *act_calls(const struct act *act);

#define DECLARE(name, weight, target) void act_##name(struct act *act);
EACH_OPERATION(DECLARE)
#undef DECLARE

#endif
