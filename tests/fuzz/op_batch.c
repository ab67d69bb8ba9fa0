/* Batches of datagrams, and descriptors that are passed. */
#define _POSIX_C_SOURCE 200809L
#include "world.h"

#include <string.h>
#include <unistd.h>

#ifndef MIO_NO_NET

enum { ENTRIES = 4, ROOM = 5000 };

static uint8_t memory[ENTRIES][ROOM];
static struct mio_datagram batch[ENTRIES];

static const uint32_t sizes[] = {1, 0, 2, 100, 1000, 4096, 4999, ROOM};

static struct source *peer_of(struct world *world, const struct source *source)
{
    return source->peer != NOWHERE ? &world->sources[source->peer] : NULL;
}

/* Something that is refused before anything is sent, by the choice; what comes back, or 0. */
static int spoil(uint8_t choice)
{
    switch (choice >> 5) {
    case 1:
        batch[0].segment_size = 1;
        return -ENOTSUP;
    case 2:
        batch[0].ecn = (uint8_t)(choice & 7);
        return batch[0].ecn == 0 ? 0 : batch[0].ecn > 3 ? -EINVAL : -ENOTSUP;
    case 3:
        batch[0].interface_index = 1;
        return -ENOTSUP;
    case 4:
        batch[0].reserved[choice & 1] = 1;
        return -EINVAL;
    case 5:
        batch[0].done = batch[0].len + 1;
        return -EINVAL;
    default:
        return 0;
    }
}

/* Each has the number of its turn in all its bytes, as those of op_write. */
static void send_datagrams(struct source *source, struct source *peer, uint8_t choice, size_t count)
{
    memset(batch, 0, sizeof batch);
    for (size_t i = 0; i < count; i++) {
        batch[i].buf = memory[i];
        batch[i].len = sizes[(choice + i) & 7];
        memset(memory[i], (uint8_t)(source->next_written + i), ROOM);
    }
    int refused = spoil(choice);
    if (refused == 0 && peer && peer->queue.count + count > QUEUE)
        return;
    int result = mio_unix_datagram_send_batch(&source->datagram, batch, count);
    if (refused < 0) {
        FUZZ_EQ(result, refused);
        return;
    }
    if (result == -ECONNREFUSED)
        source->queue.count = 0; /* Linux forgets the peer, and what came from it */
    FUZZ_CHECK(result < 0 || (peer && result > 0 && (size_t)result <= count));
    FUZZ_CHECK(result != -EAGAIN || (peer && peer->queue.count > 0));
    for (int i = 0; i < (int)count; i++)
        FUZZ_EQ(batch[i].done, i < result ? batch[i].len : 0);
    for (int i = 0; i < result; i++) {
        struct queue *queue = &peer->queue;
        queue->length[(queue->first + queue->count++) % QUEUE] = batch[i].len;
        source->next_written++;
    }
}

static void check_received(struct source *source, const struct mio_datagram *datagram)
{
    struct queue *queue = &source->queue;
    size_t sent = queue->length[queue->first];
    size_t wanted = sent < datagram->capacity ? sent : datagram->capacity;
    const uint8_t *bytes = datagram->buf;
    FUZZ_EQ(datagram->len, wanted);
    FUZZ_EQ(datagram->flags & MIO_DATAGRAM_CUT, sent > wanted ? MIO_DATAGRAM_CUT : 0);
    FUZZ_EQ(datagram->segment_size, 0);
    for (size_t i = 0; i < wanted; i++)
        FUZZ_EQ(bytes[i], source->next_read);
    queue->first = (queue->first + 1) % QUEUE;
    queue->count--;
    source->next_read++;
}

static void receive_datagrams(struct source *source, const struct source *peer, uint8_t choice,
                              size_t count)
{
    struct mio_addr from = fuzz_pattern();
    memset(batch, 0, sizeof batch);
    for (size_t i = 0; i < count; i++) {
        batch[i].buf = memory[i];
        batch[i].capacity = sizes[(choice + i) & 7];
        batch[i].segment_size = 77;
        batch[i].len = 77;
    }
    batch[0].addr = choice & 0x20 ? &from : NULL;
    int result = mio_unix_datagram_recv_batch(&source->datagram, batch, count);
    if (source->queue.count == 0) {
        FUZZ_CHECK(result == -EAGAIN || (!peer && result == -ECONNRESET));
        FUZZ_EQ(batch[0].len, 77);
        return;
    }
    FUZZ_EQ(result, source->queue.count < count ? source->queue.count : count);
    for (int i = 0; i < result; i++)
        check_received(source, &batch[i]);
    if (batch[0].addr)
        FUZZ_EQ(mio_addr_unix_kind(&from), MIO_UNIX_UNNAMED);
}

void op_batch(struct world *world)
{
    struct source *source = world_source(world);
    uint8_t choice = world_byte(world);
    uint8_t how = world_byte(world);
    size_t count = 1 + (how & 3);
    struct source *peer = peer_of(world, source);
    if (source->kind == NOTHING) {
        memset(batch, 0, sizeof batch);
        FUZZ_EQ(mio_unix_datagram_send_batch(&source->datagram, batch, count), -EBADF);
        FUZZ_EQ(mio_udp_socket_recv_batch(NULL, batch, count), -EINVAL);
        FUZZ_EQ(mio_unix_datagram_recv_batch(&source->datagram, batch, how & 4 ? 0 : 65), -EINVAL);
    }
    if (source->kind != DATAGRAM)
        return;
    /* After a shutdown it is op_write and op_read that know. */
    if (source->ends != 0 || (peer && peer->ends != 0))
        return;
    if (how & 8)
        receive_datagrams(source, peer, choice, count);
    else
        send_datagrams(source, peer, choice, count);
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

static void pass(struct source *source, struct source *peer, size_t count)
{
    const mio_fd fds[3] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
    uint8_t byte = source->next_written;
    ptrdiff_t result = mio_unix_stream_send_fds(&source->stream, &byte, 1, fds, count);
    if (!peer || (source->ends & NO_WRITING) || (peer->ends & NO_READING)) {
        FUZZ_CHECK(result == -EPIPE || (!peer && result == -ECONNRESET));
        return;
    }
    FUZZ_CHECK(result == 1 || (result == -EAGAIN && peer->unread > 0));
    if (result == 1) {
        peer->unread++;
        source->next_written++;
    }
}

static void take(struct source *source, const struct source *peer, size_t capacity)
{
    mio_fd room[2];
    uint8_t byte = 0;
    struct mio_fds fds = {.fds = room, .capacity = capacity};
    bool is_end = !peer || (source->ends & NO_READING) || (peer->ends & NO_WRITING);
    ptrdiff_t result = mio_unix_stream_recv_fds(&source->stream, &byte, 1, &fds);
    FUZZ_CHECK(fds.count <= capacity);
    for (size_t i = 0; i < fds.count; i++)
        FUZZ_EQ(close(room[i]), 0);
    if (source->unread > 0) {
        FUZZ_EQ(result, 1);
        FUZZ_EQ(byte, source->next_read);
        source->unread--;
        source->next_read++;
        return;
    }
    FUZZ_EQ(fds.count, 0);
    FUZZ_CHECK(is_end ? result == 0 || (!peer && result == -ECONNRESET) : result == -EAGAIN);
}

void op_rights(struct world *world)
{
    struct source *source = world_source(world);
    uint8_t choice = world_byte(world);
    struct source *peer = peer_of(world, source);
    if (source->kind == NOTHING)
        FUZZ_EQ(mio_unix_stream_send_fds(&source->stream, "x", 1, NULL, 0), -EBADF);
    if (source->kind != STREAM)
        return;
    if (choice & 4)
        take(source, peer, choice % 3);
    else
        pass(source, peer, choice & 3);
}

#else

void op_batch(struct world *world)
{
    world_source(world);
    world_byte(world);
    world_byte(world);
}

void op_rights(struct world *world)
{
    world_source(world);
    world_byte(world);
}

#endif
