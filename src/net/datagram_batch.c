/* Batches of datagrams: what is checked before the system is asked, for UDP and the Unix domain. */
#include "net/socket.h"

/* ---- Checking -------------------------------------------------------------------------------- */

static int check_array(const struct mio_source *source, const struct mio_datagram *datagrams,
                       size_t count)
{
    if (!source || !datagrams || count == 0 || count > MIO_DATAGRAMS_MAX)
        return -EINVAL;
    for (size_t i = 0; i < count; i++)
        if (datagrams[i].reserved0 != 0 || datagrams[i].reserved[0] != 0 ||
            datagrams[i].reserved[1] != 0)
            return -EINVAL;
    return 0;
}

static bool has_local(const struct mio_datagram *datagram)
{
    return datagram->local && mio_addr_family(datagram->local) != MIO_ADDR_NONE;
}

/* Whether the header of IP is to be other than it is of itself. */
static bool has_control(const struct mio_datagram *datagram)
{
    return datagram->ecn != 0 || datagram->interface_index != 0 || has_local(datagram);
}

/* The bytes that are sent already end where a datagram does. */
static bool done_fits(const struct mio_datagram *datagram)
{
    if (datagram->done == 0 || datagram->done == datagram->len)
        return true;
    return datagram->segment_size != 0 && datagram->done < datagram->len &&
           datagram->done % datagram->segment_size == 0;
}

static int check_segments(const struct mio_datagram *datagram)
{
    const size_t size = datagram->segment_size;
    if (size > MIO_DATAGRAM_MAX || size > datagram->len)
        return -EINVAL;
    if (datagram->len > MIO_DATAGRAM_MAX)
        return -EMSGSIZE;
    return size == 0 || (datagram->len - 1) / size < MIO_SEGMENTS_MAX ? 0 : -EINVAL;
}

static int check_addr(const struct mio__socket_kind *kind, const struct mio_addr *addr)
{
    int result = mio__socket_fits(kind, addr);
    /* Some systems take port 0, and lose what is sent. */
    return result == 0 && !kind->is_unix && mio_addr_port(addr) == 0 ? -EINVAL : result;
}

static int check_unix(const struct mio_datagram *datagram)
{
    return datagram->segment_size != 0 || has_control(datagram) ? -ENOTSUP : 0;
}

static int check_entry(const struct mio__socket_kind *kind, const struct mio_datagram *datagram)
{
    if ((!datagram->buf && datagram->len > 0) || datagram->ecn > 3 || !done_fits(datagram))
        return -EINVAL;
    int result = kind->is_unix ? check_unix(datagram) : check_segments(datagram);
    if (result == 0 && datagram->addr)
        result = check_addr(kind, datagram->addr);
    if (result == 0 && has_local(datagram))
        result = mio__socket_fits(kind, datagram->local);
    return result;
}

static int check_control(const struct mio_source *source, const struct mio_datagram *datagram,
                         int family)
{
    if (has_local(datagram) && mio__sockaddr_network(datagram->local) != family)
        return -EAFNOSUPPORT;
    return mio__socket_can_send(source->fd, datagram, family);
}

static int peer_network(const struct mio_source *source, int *family)
{
    struct mio_addr peer;
    int result = mio__socket_peer_addr(source->fd, &peer);
    if (result == 0)
        *family = mio__sockaddr_network(&peer);
    return result == -ENOTCONN ? -EDESTADDRREQ : result;
}

/* The header of each entry that changes it; where the peer's family matters it is asked for. */
static int check_headers(const struct mio_source *source, const struct mio_datagram *datagrams,
                         size_t count, int *peer_family)
{
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        const struct mio_datagram *datagram = &datagrams[i];
        if (!has_control(datagram))
            continue;
        if (!datagram->addr && *peer_family == 0)
            result = peer_network(source, peer_family);
        const int family = datagram->addr ? mio__sockaddr_network(datagram->addr) : *peer_family;
        if (result == 0)
            result = check_control(source, datagram, family);
    }
    return result;
}

/* ---- Moving ---------------------------------------------------------------------------------- */

int mio__datagram_send_batch(struct mio_source *source, const struct mio__socket_kind *kind,
                             struct mio_datagram *datagrams, size_t count)
{
    int peer_family = 0;
    int result = check_array(source, datagrams, count);
    for (size_t i = 0; i < count && result == 0; i++)
        result = check_entry(kind, &datagrams[i]);
    if (result == 0)
        result = mio__source_check(source);
    if (result == 0)
        result = check_headers(source, datagrams, count, &peer_family);
    if (result < 0)
        return result;
    result = mio__socket_send_batch(source->fd, &source->learned, datagrams, count, peer_family);
    return (int)mio__io_done(source, MIO_WRITABLE, result, 0);
}

int mio__datagram_recv_batch(struct mio_source *source, const struct mio__socket_kind *kind,
                             struct mio_datagram *datagrams, size_t count)
{
    int result = check_array(source, datagrams, count);
    for (size_t i = 0; i < count && result == 0; i++)
        if (!datagrams[i].buf && datagrams[i].capacity > 0)
            result = -EINVAL;
    if (result == 0)
        result = mio__source_check(source);
    if (result < 0)
        return result;
    result = mio__socket_recv_batch(source->fd, datagrams, count, kind->is_unix);
    for (int i = 0; i < result && kind->is_unix; i++)
        if (datagrams[i].addr)
            mio__socket_settle_unix(datagrams[i].addr);
    return (int)mio__io_done(source, MIO_READABLE, result, 0);
}
