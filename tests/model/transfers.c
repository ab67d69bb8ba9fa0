/* Reading, writing, shutting down, and what the peers do. */
#include "acts.h"

/* ---- Transfers ------------------------------------------------------------------------------- */

static const uint32_t bits[MODEL_SIDES] = {MIO_READABLE, MIO_WRITABLE};

/*
 * After a transfer: does what mio.h asks of who reads and writes a descriptor himself, and tells
 * the model. Returns whether there is more to transfer.
 */
static bool transferred(struct act *act, int side, ptrdiff_t result, size_t asked, uint32_t before)
{
    const struct device_kind *kind = act->device->kind;
    uint32_t seen = atomic_load(&act->world->seen[act->who]);
    bool is_short = kind->is_stream && result > 0 && (size_t)result < asked;
    bool drained = result == -EAGAIN || (is_short && mio_drained(seen, result, asked));
    if (kind->is_raw && drained)
        act_expect(act, "blocked", mio_source_blocked(&act->device->as.source, bits[side]), 0);
    /* A read that failed otherwise drains nothing, but an emulated edge may come again. */
    if (result == -EAGAIN || is_short || (result < 0 && side == MODEL_READ))
        model_drained(act->model, side, result == -EAGAIN ? device_truth(act->device) : 0, drained,
                      before);
    return result > 0 && !is_short;
}

static bool is_refused(struct act *act, ptrdiff_t result)
{
    if (device_is_open(act->device))
        return false;
    if (!act->device->kind->is_raw)
        act_expect(act, "a transfer on a closed object", result, -EBADF);
    return true;
}

static size_t length_of(const struct act *act)
{
    static const size_t lengths[] = {1, 7, 64, 500, 1000, 4096, 5000, 65536};
    return lengths[act->arg & 7];
}

static char bytes[65536];

/* Reads once, or looks; what is there is known from the descriptor. Whether there is more. */
static bool read_once(struct act *act, bool as_list, bool peek)
{
    const struct device_kind *kind = act->device->kind;
    size_t len = length_of(act), first = len / 3;
    const struct mio_buf bufs[] = {{bytes, first}, {bytes + first, len - first}};
    int unread = device_is_open(act->device) && kind->is_stream ? device_unread(act->device) : 0;
    uint32_t before = act_now_of(act);
    ptrdiff_t got = as_list ? kind->readv(act->device, bufs, 2)
                    : peek  ? kind->peek(act->device, bytes, len)
                            : kind->read(act->device, bytes, len);
    if (is_refused(act, got))
        return false;
    if (kind->is_stream && got >= 0 && unread > 0 && !kind->is_net)
        act_expect(act, "a read", got, (size_t)unread < len ? unread : (ptrdiff_t)len);
    return transferred(act, MODEL_READ, got, peek ? 0 : len, before);
}

void act_read(struct act *act)
{
    if (act->device->kind->read)
        read_once(act, false, false);
}

void act_read_all(struct act *act)
{
    for (int i = 0; act->device->kind->read && i < 1000; i++)
        if (!read_once(act, false, false))
            return;
        else
            act->arg |= 7; /* the rest at once, so that the loop ends soon */
}

void act_readv(struct act *act)
{
    if (act->device->kind->readv)
        read_once(act, true, false);
}

void act_peek(struct act *act)
{
    if (act->device->kind->peek)
        read_once(act, false, true);
}

static bool write_once(struct act *act, bool as_list)
{
    const struct device_kind *kind = act->device->kind;
    size_t len = length_of(act), first = len / 3;
    const struct mio_buf bufs[] = {{bytes, first}, {bytes + first, len - first}};
    uint32_t before = act_now_of(act);
    ptrdiff_t put =
        as_list ? kind->writev(act->device, bufs, 2) : kind->write(act->device, bytes, len);
    return !is_refused(act, put) && transferred(act, MODEL_WRITE, put, len, before);
}

void act_write(struct act *act)
{
    if (act->device->kind->write)
        write_once(act, false);
}

void act_writev(struct act *act)
{
    if (act->device->kind->writev)
        write_once(act, true);
}

void act_fill(struct act *act)
{
    act->arg = 5 + act->arg % 3;
    for (int i = 0; act->device->kind->write && i < 20; i++)
        if (!write_once(act, false))
            return;
}

void act_blocked(struct act *act)
{
    int side = act->arg & 1 ? MODEL_READ : MODEL_WRITE;
    uint32_t before = act_now_of(act);
    int expected = device_is_open(act->device) ? 0 : -EBADF;
    act_expect(act, "blocked", mio_source_blocked(&act->device->as.source, bits[side]), expected);
    act_expect(act, "blocked", mio_source_blocked(&act->device->as.source, MIO_ERROR), -EINVAL);
    model_drained(act->model, side, device_truth(act->device), true, before);
}

void act_shutdown(struct act *act)
{
    if (!act->device->kind->shutdown || (!device_is_open(act->device) && act->device->kind->is_raw))
        return;
    int result = act->device->kind->shutdown(act->device, 1 + (int)(act->arg % 3));
    if (!device_is_open(act->device))
        act_expect(act, "shutdown", result, -EBADF);
}

/* ---- Peers ----------------------------------------------------------------------------------- */

void act_peer_send(struct act *act)
{
    peer_send(act->device, length_of(act));
}

void act_peer_receive(struct act *act)
{
    peer_receive(act->device, length_of(act));
}

void act_peer_finish(struct act *act)
{
    peer_finish(act->device);
}

void act_peer_close(struct act *act)
{
    peer_close(act->device);
}

void act_peer_reset(struct act *act)
{
    peer_reset(act->device);
}
