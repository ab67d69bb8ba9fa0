/* One by one: send and recv, as most programs do. */
#include "datagrams/datagrams.h"

#include <errno.h>
#include <sys/socket.h>

static int one_fd;

static int one_open(const struct work *work, int fd)
{
    (void)work;
    one_fd = fd;
    return 0;
}

static int one_send(const struct work *work)
{
    for (unsigned i = 0; i < work->train; i++)
        if (send(one_fd, payload + (size_t)i * work->bytes % 4096, work->bytes, 0) < 0)
            return 1;
    return 0;
}

static int one_receive(const struct work *work)
{
    (void)work;
    ssize_t n = recv(one_fd, room[0], ENTRY_BYTES, 0);
    return n >= 0 ? 1 : errno == EAGAIN ? 0 : -1;
}

const struct technique technique_one = {"raw-usual", one_open, one_open, one_send, one_receive};
