/*
 * Reading and writing. The bytes that are written count up, so that a reader knows which come next;
 * a datagram has the number of its turn in all its bytes.
 */
#define _POSIX_C_SOURCE 200809L
#include "world.h"

#include <string.h>
#include <unistd.h>

/* More than a pipe holds. */
enum { LONGEST = 70000 };

static const uint32_t lengths[] = {1, 0, 2, 100, 4096, 5000, 65536, LONGEST};

static uint8_t buffer[LONGEST];

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Room for len bytes with nothing behind it. */
static uint8_t *room(size_t len)
{
    return buffer + sizeof buffer - len;
}

/* Bytes that count up from the first one; made once, for loops over all bytes are slow here. */
static const uint8_t *counting_from(uint8_t first)
{
    static uint8_t counting[UINT8_MAX + 1 + LONGEST];
    if (counting[1] == 0)
        for (size_t i = 0; i < sizeof counting; i++)
            counting[i] = (uint8_t)i;
    return counting + first;
}

/* The call after I/O of one's own. That no length counts may be said of every source. */
static void tell_blocked(struct mio_source *source, bool by_word)
{
    uint32_t word = MIO_READABLE | MIO_WRITABLE;
    if (!by_word) {
        FUZZ_EQ(mio_source_blocked(source, MIO_READABLE), 0);
        return;
    }
    FUZZ_EQ(mio_source_after(source, &word, MIO_READABLE, -EAGAIN, 0), 0);
    FUZZ_EQ(word, MIO_WRITABLE);
}

/* With 16 in the choice the calls of streams go by the source. */
enum { BY_SOURCE = 16 };

static void use_eventfd(struct source *source, bool write_it, uint8_t choice)
{
    struct mio_source *inner = source->kind == CUSTOM ? &source->inner : &source->source;
    uint64_t count = 1;
    if (write_it) {
        FUZZ_EQ(write(mio_source_fd(inner), &count, sizeof count), sizeof count);
        source->unread++;
        return;
    }
    ptrdiff_t result = read(mio_source_fd(inner), &count, sizeof count);
    FUZZ_EQ(result < 0 ? -errno : result, source->unread > 0 ? (int)sizeof count : -EAGAIN);
    FUZZ_CHECK(result < 0 || count == source->unread);
    if (result < 0)
        tell_blocked(inner, choice & BY_SOURCE);
    source->unread = 0;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static ptrdiff_t write_bytes(struct source *source, size_t len, uint8_t choice)
{
    bool in_pieces = choice & 8;
    uint8_t *bytes = room(len);
    const struct mio_buf list[] = {{bytes, len / 3}, {bytes, 0}, {bytes + len / 3, len - len / 3}};
    memcpy(bytes, counting_from(source->next_written), len);
#ifndef MIO_NO_NET
    if (source->kind == STREAM && (choice & BY_SOURCE))
        return in_pieces ? mio_stream_writev(&source->source, list, 3)
                         : mio_stream_write(&source->source, bytes, len);
    if (source->kind == STREAM)
        return in_pieces ? mio_unix_stream_writev(&source->stream, list, 3)
                         : mio_unix_stream_write(&source->stream, bytes, len);
#endif
    return in_pieces ? mio_pipe_sender_writev(&source->sender, list, 3)
                     : mio_pipe_sender_write(&source->sender, bytes, len);
}

static void write_stream(struct source *source, struct source *peer, uint8_t choice)
{
    size_t len = lengths[choice & 7];
    ptrdiff_t result = write_bytes(source, len, choice);
    if (source->kind == NOTHING) {
        FUZZ_EQ(result, -EBADF);
    } else if (len == 0) {
        FUZZ_EQ(result, 0);
    } else if (!peer && source->kind == STREAM) {
        FUZZ_CHECK(result == -EPIPE || result == -ECONNRESET);
    } else if (!peer || (source->ends & NO_WRITING) || (peer->ends & NO_READING)) {
        FUZZ_EQ(result, -EPIPE);
    } else {
        FUZZ_CHECK(result == -EAGAIN ? peer->unread > 0 : result > 0 && (size_t)result <= len);
        if (result > 0) {
            peer->unread += (size_t)result;
            source->next_written = (uint8_t)(source->next_written + result);
        }
    }
}

#ifndef MIO_NO_NET
static bool is_one_of(ptrdiff_t result, int a, int b, int c, int d)
{
    return result == a || result == b || result == c || result == d;
}

static void write_datagram(struct source *source, struct source *peer, size_t len)
{
    if (peer && peer->queue.count == QUEUE)
        return;
    memset(room(len), source->next_written, len);
    ptrdiff_t result = mio_unix_datagram_send(&source->datagram, room(len), len);
    if (!peer) {
        FUZZ_CHECK(is_one_of(result, -EPIPE, -ECONNREFUSED, -ECONNRESET, -ENOTCONN));
        if (result == -ECONNREFUSED)
            source->queue.count = 0; /* Linux forgets the peer, and what came from it */
    } else if (source->ends & NO_WRITING) {
        FUZZ_EQ(result, -EPIPE);
    } else if (result == -EAGAIN) { /* also before Linux sees that the peer reads no more */
        FUZZ_CHECK(peer->queue.count > 0);
    } else if (peer->ends & NO_READING) {
        FUZZ_EQ(result, -EPIPE);
    } else {
        struct queue *queue = &peer->queue;
        FUZZ_EQ(result, len);
        queue->length[(queue->first + queue->count++) % QUEUE] = len;
        source->next_written++;
    }
}
#endif

void op_write(struct world *world)
{
    struct source *source = world_source(world);
    uint8_t choice = world_byte(world);
    struct source *peer = source->peer != NOWHERE ? &world->sources[source->peer] : NULL;
    switch (source->kind) {
    case EVENTFD:
    case CUSTOM:
        use_eventfd(source, true, choice);
        break;
    case RECEIVER:
        break;
    case DATAGRAM:
#ifndef MIO_NO_NET
        write_datagram(source, peer, lengths[choice & 7]);
        break;
#endif
    default:
        write_stream(source, peer, choice);
    }
}

/* ---- Reading --------------------------------------------------------------------------------- */

static ptrdiff_t read_bytes(struct source *source, size_t len, uint8_t choice, bool peek)
{
    bool in_pieces = choice & 8;
    uint8_t *bytes = room(len);
    const struct mio_buf list[] = {{bytes, len / 3}, {bytes, 0}, {bytes + len / 3, len - len / 3}};
#ifndef MIO_NO_NET
    if (source->kind == STREAM && (choice & BY_SOURCE))
        return peek        ? mio_stream_peek(&source->source, bytes, len)
               : in_pieces ? mio_stream_readv(&source->source, list, 3)
                           : mio_stream_read(&source->source, bytes, len);
    if (source->kind == STREAM && peek)
        return mio_unix_stream_peek(&source->stream, bytes, len);
    if (source->kind == STREAM)
        return in_pieces ? mio_unix_stream_readv(&source->stream, list, 3)
                         : mio_unix_stream_read(&source->stream, bytes, len);
#endif
    (void)peek;
    return in_pieces ? mio_pipe_receiver_readv(&source->receiver, list, 3)
                     : mio_pipe_receiver_read(&source->receiver, bytes, len);
}

static void read_stream(struct source *source, const struct source *peer, uint8_t choice, bool peek)
{
    size_t len = lengths[choice & 7];
    ptrdiff_t result = read_bytes(source, len, choice, peek);
    bool is_end = !peer || (source->ends & NO_READING) || (peer->ends & NO_WRITING);
    if (len == 0) {
        FUZZ_EQ(result, -EINVAL);
    } else if (source->kind == NOTHING) {
        FUZZ_EQ(result, -EBADF);
    } else if (source->unread > 0) {
        FUZZ_CHECK(result > 0 && (size_t)result <= smaller(len, source->unread));
        FUZZ_EQ(memcmp(room(len), counting_from(source->next_read), (size_t)result), 0);
        if (peek)
            return;
        source->unread -= (size_t)result;
        source->next_read = (uint8_t)(source->next_read + result);
    } else if (is_end) {
        /* The peer closed with bytes of ours unread. */
        FUZZ_CHECK(result == 0 || (source->kind == STREAM && !peer && result == -ECONNRESET));
    } else {
        FUZZ_EQ(result, -EAGAIN);
    }
}

#ifndef MIO_NO_NET
static ptrdiff_t receive(struct source *source, size_t len, bool with_addr, bool peek)
{
    struct mio_addr from = fuzz_pattern();
    ptrdiff_t result;
    if (!with_addr)
        return peek ? mio_unix_datagram_peek(&source->datagram, room(len), len)
                    : mio_unix_datagram_recv(&source->datagram, room(len), len);
    result = peek ? mio_unix_datagram_peek_from(&source->datagram, room(len), len, &from)
                  : mio_unix_datagram_recv_from(&source->datagram, room(len), len, &from);
    if (result >= 0)
        FUZZ_EQ(mio_addr_unix_kind(&from), MIO_UNIX_UNNAMED);
    return result;
}

static void read_datagram(struct source *source, const struct source *peer, uint8_t choice,
                          bool peek)
{
    size_t len = lengths[choice & 7];
    struct queue *queue = &source->queue;
    ptrdiff_t result = receive(source, len, choice & 8, peek);
    if (queue->count == 0) {
        FUZZ_CHECK(result == -EAGAIN || (!peer && result == -ECONNRESET));
        return;
    }
    FUZZ_EQ(result, smaller(len, queue->length[queue->first]));
    if (result > 0) {
        FUZZ_EQ(room(len)[0], source->next_read);
        FUZZ_EQ(memcmp(room(len), room(len) + 1, (size_t)result - 1), 0);
    }
    if (peek)
        return;
    queue->first = (queue->first + 1) % QUEUE;
    queue->count--;
    source->next_read++;
}
#endif

static void read_some(struct world *world, bool peek)
{
    struct source *source = world_source(world);
    uint8_t choice = world_byte(world);
    const struct source *peer = source->peer != NOWHERE ? &world->sources[source->peer] : NULL;
    switch (source->kind) {
    case EVENTFD:
    case CUSTOM:
        use_eventfd(source, false, choice);
        break;
    case SENDER:
        break;
    case DATAGRAM:
#ifndef MIO_NO_NET
        read_datagram(source, peer, choice, peek);
        break;
#endif
    default:
        read_stream(source, peer, choice, peek && source->kind == STREAM);
    }
}

void op_read(struct world *world)
{
    read_some(world, false);
}

void op_peek(struct world *world)
{
    read_some(world, true);
}

/* ---- Shutting down --------------------------------------------------------------------------- */

void op_shutdown(struct world *world)
{
    struct source *source = world_source(world);
    int how = world_byte(world) % 5;
#ifndef MIO_NO_NET
    _Static_assert(NO_READING == MIO_SHUTDOWN_READ && NO_WRITING == MIO_SHUTDOWN_WRITE,
                   "the bits are those of the call");
    bool is_valid = how >= MIO_SHUTDOWN_READ && how <= MIO_SHUTDOWN_BOTH;
    int result = source->kind == DATAGRAM ? mio_unix_datagram_shutdown(&source->datagram, how)
                                          : mio_unix_stream_shutdown(&source->stream, how);
    if (!is_valid)
        FUZZ_EQ(result, -EINVAL);
    else if (source->kind == NOTHING)
        FUZZ_EQ(result, -EBADF);
    else if (source->kind == STREAM || source->kind == DATAGRAM)
        FUZZ_CHECK(result == 0 || (result == -ENOTCONN && source->peer == NOWHERE));
    if (result == 0)
        source->ends |= (unsigned)how;
#else
    (void)source;
    (void)how;
#endif
}

/* ---- Of any source --------------------------------------------------------------------------- */

/* Says of I/O what may or may not be true: it is not lost on the word, and breaks nothing. */
void op_after(struct world *world)
{
    static const ptrdiff_t results[] = {-EAGAIN, 0, 1, 100, -ECONNRESET, -ENOBUFS, -EPIPE, 4096};
    struct source *source = world_source(world);
    uint8_t choice = world_byte(world);
    uint32_t before = world_byte(world), word = before, expected_word = before;
    uint32_t direction = choice & 8 ? MIO_WRITABLE : MIO_READABLE;
    ptrdiff_t result = results[choice & 7];
    size_t asked = lengths[choice >> 4 & 7];
    int expected = source->kind == NOTHING ? -EBADF : source->kind == CUSTOM ? -EINVAL : 0;
    if (choice & 0x80) {
        FUZZ_EQ(mio_source_after(&source->source, NULL, direction, result, asked), -EINVAL);
        direction = before & MIO_ERROR ? MIO_READABLE | MIO_WRITABLE : 0;
        expected = -EINVAL;
    }
    if (expected == 0)
        mio_ready_after(&expected_word, direction, result, asked);
    FUZZ_EQ(mio_source_after(&source->source, &word, direction, result, asked), expected);
    FUZZ_EQ(word, expected_word);
}

/* The calls for streams of either kind, on sources of every kind. */
void op_either(struct world *world)
{
    struct source *source = world_source(world);
    uint8_t choice = world_byte(world);
#ifndef MIO_NO_NET
    int refused = source->kind == NOTHING ? -EBADF : source->kind == STREAM ? 0 : -EINVAL;
    if (refused < 0) {
        FUZZ_EQ(mio_stream_read(&source->source, room(1), 1), refused);
        FUZZ_EQ(mio_stream_write(&source->source, room(1), 1), refused);
        FUZZ_EQ(mio_stream_shutdown(&source->source, MIO_SHUTDOWN_BOTH), refused);
        FUZZ_EQ(mio_stream_take_error(&source->source), refused);
        FUZZ_EQ(mio_stream_close(&source->source), refused == -EBADF ? 0 : refused);
    } else if (choice & 1) {
        int error = mio_stream_take_error(&source->source);
        FUZZ_CHECK(error == 0 || (error == -ECONNRESET && source->peer == NOWHERE));
    } else {
        FUZZ_EQ(mio_stream_close(&source->source), 0);
        is_closed(world, source);
    }
#else
    (void)source;
    (void)choice;
#endif
}
