/*
 * Any bytes as a sequence of operations on polls and sources. The first bytes choose the backends
 * and the wakers of two polls, then each byte is an operation, followed by its arguments. A poll(2)
 * build has no epoll: there the same bytes play on what it has.
 */
#include "world.h"

/*
 * So often as each shall happen. New ones are appended: the inputs of the corpus have the numbers
 * of this table, so they stay what they are.
 */
static void (*const operations[])(struct world *) = {
    op_open,       op_open,        op_register,   op_register,   op_register,     op_reregister,
    op_reregister, op_deregister,  op_wait,       op_wait,       op_wait,         op_wait,
    op_write,      op_write,       op_write,      op_read,       op_read,         op_read,
    op_peek,       op_shutdown,    op_close,      op_close,      op_close_behind, op_hand_over,
    op_abandon,    op_blocked,     op_poll_open,  op_poll_close, op_poll_abandon, op_clone_open,
    op_clone_open, op_clone_close, op_waker_open, op_waker_open, op_waker_close,  op_wake,
    op_wake,       op_watch,       op_watch,      op_watch,      op_watch_behind, op_watch_behind,
    op_after,      op_either,      op_batch,      op_batch,      op_batch,        op_rights,
    op_rights,
};

enum { OPERATIONS = sizeof operations / sizeof operations[0], STEPS_MAX = 1000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world world;
    world_begin(&world, data, size);
    for (int steps = 0; world.size > 0 && steps < STEPS_MAX; steps++) {
        operations[world_byte(&world) % OPERATIONS](&world);
        world_check(&world);
    }
    world_end(&world);
    return 0;
}
