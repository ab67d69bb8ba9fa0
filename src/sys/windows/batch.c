/*
 * Batches of datagrams, one by one. Winsock knows segments (UDP_SEND_MSG_SIZE), control messages
 * (WSASendMsg, WSARecvMsg) and what they tell; none of it is used here yet, so what needs them is
 * unsupported.
 */
#include "sys/sys.h"
#include "sys/windows/transfer.h"

#include <string.h>

/* ---- Sending --------------------------------------------------------------------------------- */

int mio__socket_can_send(const struct mio_datagram *datagram, int family)
{
    (void)datagram, (void)family; /* it has something that only a control message says */
    return -ENOTSUP;
}

static ptrdiff_t send_piece(mio_fd fd, const struct mio_datagram *datagram, size_t len)
{
    const char *bytes = datagram->buf ? (const char *)datagram->buf + datagram->done : NULL;
    return datagram->addr ? mio__socket_send_to(fd, bytes, len, datagram->addr)
                          : mio__socket_send(fd, bytes, len);
}

/* All that is left of an entry, by its segments: 0 or a code. */
static int send_entry(mio_fd fd, struct mio_datagram *datagram)
{
    if (datagram->done != 0 && datagram->done == datagram->len)
        return 0;
    do {
        size_t len = datagram->len - datagram->done;
        if (datagram->segment_size != 0 && datagram->segment_size < len)
            len = datagram->segment_size;
        ptrdiff_t sent = send_piece(fd, datagram, len);
        if (sent < 0)
            return (int)sent;
        datagram->done += len;
    } while (datagram->done < datagram->len);
    return 0;
}

int mio__socket_send_batch(mio_fd fd, uint8_t *learned, struct mio_datagram *datagrams,
                           size_t count, int peer_family)
{
    (void)learned, (void)peer_family;
    for (size_t i = 0; i < count; i++) {
        int result = send_entry(fd, &datagrams[i]);
        if (result < 0)
            return i > 0 ? (int)i : result;
    }
    return (int)count;
}

/* ---- Receiving ------------------------------------------------------------------------------- */

static int recv_entry(mio_fd fd, struct mio_datagram *datagram)
{
    const size_t room = datagram->capacity < MIO_IO_MAX ? datagram->capacity : MIO_IO_MAX;
    struct mio_addr ignored;
    bool cut;
    ptrdiff_t got = mio__transfer_from(fd, datagram->buf, room,
                                       datagram->addr ? datagram->addr : &ignored, 0, &cut);
    if (got < 0)
        return (int)got;
    datagram->len = (size_t)got;
    datagram->done = 0;
    datagram->time_ns = 0;
    datagram->segment_size = 0;
    datagram->interface_index = 0;
    datagram->ecn = 0;
    datagram->ttl = 0;
    datagram->flags = cut ? MIO_DATAGRAM_CUT : 0;
    if (datagram->local)
        memset(datagram->local, 0, sizeof *datagram->local);
    return 0;
}

int mio__socket_recv_batch(mio_fd fd, struct mio_datagram *datagrams, size_t count, bool is_unix)
{
    (void)is_unix;
    for (size_t i = 0; i < count; i++) {
        int result = recv_entry(fd, &datagrams[i]);
        if (result < 0)
            return i > 0 ? (int)i : result;
    }
    return (int)count;
}

/* ---- Reports and descriptors ----------------------------------------------------------------- */

int mio__socket_set_report(mio_fd fd, int family, uint32_t report)
{
    (void)fd, (void)family;
    return (report & ~MIO_DATAGRAM_SEGMENTS) != 0 ? -ENOTSUP : 0;
}

int mio__socket_features(mio_fd fd, int family, uint8_t *learned)
{
    (void)fd, (void)family, (void)learned;
    return 0;
}

ptrdiff_t mio__socket_send_fds(mio_fd fd, const void *buf, size_t len, const struct mio_addr *to,
                               const mio_fd *fds, size_t count)
{
    (void)fd, (void)buf, (void)len, (void)to, (void)fds, (void)count;
    return -ENOTSUP;
}

ptrdiff_t mio__socket_recv_fds(mio_fd fd, void *buf, size_t len, struct mio_addr *from,
                               struct mio_fds *fds)
{
    (void)fd, (void)buf, (void)len, (void)from, (void)fds;
    return -ENOTSUP;
}
