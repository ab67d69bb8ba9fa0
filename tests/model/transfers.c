/* Reading, writing, shutting down, and what the peers do. */
#include "acts.h"
#include "plain.h"

/* ---- Transfers ------------------------------------------------------------------------------- */

static const uint32_t bits[] = {[MODEL_READ] = MIO_READABLE, [MODEL_WRITE] = MIO_WRITABLE};
static char bytes[65536];

/* The library's view of a transfer: its result, and the length, or 0 for none. */
static void tell_model(struct act *act, int side, ptrdiff_t result, size_t asked, bool drained,
                       uint32_t before)
{
    if (result == -EAGAIN)
        model_blocked(act->model, side, device_truth(act->device), before);
    else if (result > 0 && (size_t)result < asked)
        model_short(act->model, side, drained, before);
    else if (result < 0 && side == MODEL_READ)
        model_failed_to_read(act->model, act->world->emulated, before);
}

static void expect_word(struct act *act, uint32_t word, uint32_t expected)
{
    act_expect(act, "the word", (ptrdiff_t)word, (ptrdiff_t)expected);
}

/* For I/O of one's own, with a word for it. That no length counts may be said where it does. */
static void tell_after(struct act *act, int side, ptrdiff_t result, size_t asked, uint32_t before)
{
    uint32_t seen = atomic_load(&act->world->seen[act->who]) | bits[side];
    uint32_t word = seen;
    if (act->arg >> 10 & 1)
        asked = 0;
    bool drained = mio_drained(seen, result, asked);
    act_expect(act, "after",
               mio_source_after(&act->device->as.source, &word, bits[side], result, asked), 0);
    expect_word(act, word, drained ? seen & ~bits[side] : seen);
    tell_model(act, side, result, asked, drained, before);
}

/* The same without a word: only what has drained is told. */
static void tell_blocked(struct act *act, int side, ptrdiff_t result, bool drained, uint32_t before)
{
    if (!drained || result == 0)
        return;
    act_expect(act, "blocked", mio_source_blocked(&act->device->as.source, bits[side]), 0);
    model_blocked(act->model, side, result == -EAGAIN ? device_truth(act->device) : 0, before);
}

/*
 * After a transfer: does what mio.h asks of who reads and writes a descriptor himself, and tells
 * the model. asked is 0 where a length says nothing. Returns whether there is more to transfer.
 */
static bool transferred(struct act *act, int side, ptrdiff_t result, size_t asked, uint32_t before)
{
    const struct device_kind *kind = act->device->kind;
    uint32_t seen = atomic_load(&act->world->seen[act->who]);
    if (!kind->is_stream)
        asked = 0;
    bool drained = mio_drained(seen, result, asked);
    if (!kind->is_raw)
        tell_model(act, side, result, asked, drained, before);
    else if (act->arg >> 9 & 1)
        tell_after(act, side, result, asked, before);
    else
        tell_blocked(act, side, result, drained, before);
    return result > 0 && (size_t)result >= asked;
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

/* ---- Streams of either kind ------------------------------------------------------------------ */

const struct device_kind *act_calls(const struct act *act)
{
    bool by_source = act->device->kind->is_either && (act->arg >> 8 & 3) == 0;
    return by_source ? device_either : act->device->kind;
}

/* On a source that is no stream. */
static void refuse_either(struct act *act)
{
    struct device *device = act->device;
    const struct mio_buf list = {bytes, 1};
    int expected = device_is_open(device) ? -EINVAL : -EBADF;
    if (!device_either)
        return;
    act_expect(act, "stream_read", device_either->read(device, bytes, 1), expected);
    act_expect(act, "stream_readv", device_either->readv(device, &list, 1), expected);
    act_expect(act, "stream_peek", device_either->peek(device, bytes, 1), expected);
    act_expect(act, "stream_write", device_either->write(device, bytes, 1), expected);
    act_expect(act, "stream_writev", device_either->writev(device, &list, 1), expected);
    act_expect(act, "stream_shutdown", device_either->shutdown(device, 1), expected);
    act_expect(act, "stream_take_error", device_either->take_error(device), expected);
    act_expect(act, "stream_close", device_either->close(device),
               expected == -EBADF ? 0 : expected);
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* Reads once, or looks; what is there is known from the descriptor. Whether there is more. */
static bool read_once(struct act *act, bool as_list, bool peek)
{
    const struct device_kind *kind = act->device->kind;
    size_t len = length_of(act), first = len / 3;
    const struct mio_buf bufs[] = {{bytes, first}, {bytes + first, len - first}};
    int unread = device_is_open(act->device) && kind->is_stream ? device_unread(act->device) : 0;
    uint32_t before = act_now_of(act);
    ptrdiff_t got = as_list ? act_calls(act)->readv(act->device, bufs, 2)
                    : peek  ? act_calls(act)->peek(act->device, bytes, len)
                            : act_calls(act)->read(act->device, bytes, len);
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

/* ---- Writing --------------------------------------------------------------------------------- */

static bool write_once(struct act *act, bool as_list)
{
    size_t len = length_of(act), first = len / 3;
    const struct mio_buf bufs[] = {{bytes, first}, {bytes + first, len - first}};
    uint32_t before = act_now_of(act);
    ptrdiff_t put = as_list ? act_calls(act)->writev(act->device, bufs, 2)
                            : act_calls(act)->write(act->device, bytes, len);
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

/* ---- Without a transfer ---------------------------------------------------------------------- */

void act_blocked(struct act *act)
{
    struct mio_source *source = &act->device->as.source;
    int side = act->arg & 1 ? MODEL_READ : MODEL_WRITE;
    uint32_t before = act_now_of(act), word = MIO_ERROR | bits[side];
    int expected = device_is_open(act->device) ? 0 : -EBADF;
    act_expect(act, "blocked", mio_source_blocked(source, MIO_ERROR), -EINVAL);
    act_expect(act, "after", mio_source_after(source, &word, MIO_ERROR, -EAGAIN, 0), -EINVAL);
    act_expect(act, "after", mio_source_after(source, NULL, bits[side], -EAGAIN, 0), -EINVAL);
    if (act->arg & 2) {
        act_expect(act, "blocked", mio_source_blocked(source, bits[side]), expected);
    } else {
        act_expect(act, "after", mio_source_after(source, &word, bits[side], -EAGAIN, act->arg % 5),
                   expected);
        expect_word(act, word, expected == 0 ? MIO_ERROR : MIO_ERROR | bits[side]);
    }
    if (expected == 0)
        model_blocked(act->model, side, device_truth(act->device), before);
}

void act_take_error(struct act *act)
{
    const struct device_kind *kind = act->device->kind;
    if (!kind->is_either)
        refuse_either(act);
    if (!kind->take_error)
        return;
    uint32_t truth = device_truth(act->device);
    int error = act_calls(act)->take_error(act->device);
    if (error < 0 && device_is_open(act->device))
        model_error_taken(act->model);
    if (!device_is_open(act->device))
        act_expect(act, "take_error", error, -EBADF);
    else if (!kind->is_net)
        act_expect(act, "an error is taken", error < 0, (truth & PLAIN_ERROR) != 0);
}

void act_shutdown(struct act *act)
{
    if (!act->device->kind->shutdown || (!device_is_open(act->device) && act->device->kind->is_raw))
        return;
    int how = 1 + (int)(act->arg % 3);
    int result = act_calls(act)->shutdown(act->device, how);
    if (!device_is_open(act->device))
        act_expect(act, "shutdown", result, -EBADF);
    if (result == 0)
        act->device->ends |= (uint8_t)how;
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

void act_peer_return(struct act *act)
{
    peer_return(act->device);
}

/* A refused datagram leaves an error on the socket, with data that came before behind it. */
void act_peer_refuse(struct act *act)
{
    const struct device_kind *kind = act->device->kind;
    if (!kind->is_net || kind->is_stream || !device_is_open(act->device))
        return;
    peer_return(act->device);
    peer_send(act->device, length_of(act));
    peer_close(act->device);
    write_once(act, false);
}
