/* By this library: batches, with a segment size where trains are to be cut. */
#include "datagrams/datagrams.h"

#include <mio.h>

static struct mio_udp_socket mio_socket;
static struct mio_datagram batch[TRAIN_MAX];

static int mio_open_sender(const struct work *work, int fd)
{
    for (unsigned i = 0; i < work->train; i++) {
        batch[i].buf = payload + (size_t)i * work->bytes % 4096;
        batch[i].len = work->bytes;
    }
    if (work->segments) {
        batch[0].buf = payload;
        batch[0].len = (size_t)work->bytes * work->train;
        batch[0].segment_size = work->bytes;
    }
    return mio_udp_socket_from_fd(&mio_socket, fd);
}

static int mio_open_receiver(const struct work *work, int fd)
{
    for (unsigned i = 0; i < entries_of(work); i++) {
        batch[i].buf = room[i];
        batch[i].capacity = room_of(work);
    }
    int result = mio_udp_socket_from_fd(&mio_socket, fd);
    if (result == 0 && work->coalesce)
        result = mio_udp_socket_set_report(&mio_socket, MIO_DATAGRAM_SEGMENTS);
    return result;
}

static int mio_send(const struct work *work)
{
    const unsigned count = work->segments ? 1 : work->train;
    for (unsigned i = 0; i < count; i++)
        batch[i].done = 0;
    for (unsigned done = 0; done < count;) {
        int n = mio_udp_socket_send_batch(&mio_socket, batch + done, count - done);
        if (n < 0)
            return 1;
        done += (unsigned)n;
    }
    return 0;
}

static int mio_receive(const struct work *work)
{
    int datagrams = 0;
    int n = mio_udp_socket_recv_batch(&mio_socket, batch, entries_of(work));
    if (n < 0)
        return n == -EAGAIN ? 0 : -1;
    for (int i = 0; i < n; i++) {
        size_t size = batch[i].segment_size;
        datagrams += size > 0 ? (int)((batch[i].len + size - 1) / size) : 1;
    }
    return datagrams;
}

const struct technique technique_mio = {"mio", mio_open_sender, mio_open_receiver, mio_send,
                                        mio_receive};
