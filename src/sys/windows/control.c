/* Control messages of datagrams: see control.h. */
#include "sys/windows/control.h"

#include "sys/sys.h"
#include "sys/windows/udp_values.h"

#include <string.h>

/* ---- Single messages ------------------------------------------------------------------------- */

/* Headers and data stand at whole words. */
static size_t whole_words(size_t len)
{
    return (len + sizeof(SIZE_T) - 1) & ~(sizeof(SIZE_T) - 1);
}

_Static_assert(sizeof(WSACMSGHDR) % sizeof(SIZE_T) == 0, "the data follows the header at once");

void mio__control_put(WSAMSG *message, int level, int type, const void *data, size_t len)
{
    char *place = message->Control.buf + message->Control.len;
    const WSACMSGHDR header = {
        .cmsg_len = sizeof header + len, .cmsg_level = level, .cmsg_type = type};
    memset(place, 0, sizeof header + whole_words(len));
    memcpy(place, &header, sizeof header);
    memcpy(place + sizeof header, data, len);
    message->Control.len += (ULONG)(sizeof header + whole_words(len));
}

/* One message of those received, at *at, which moves on; false: there are no more. */
static bool next_message(const WSAMSG *message, size_t *at, WSACMSGHDR *header, const char **data)
{
    const size_t end = message->Control.len;
    if (*at > end || end - *at < sizeof *header)
        return false;
    memcpy(header, message->Control.buf + *at, sizeof *header);
    if (header->cmsg_len < sizeof *header || header->cmsg_len > end - *at)
        return false;
    *data = message->Control.buf + *at + sizeof *header;
    *at += whole_words(header->cmsg_len);
    return true;
}

static bool get_data(const WSACMSGHDR *header, const char *data, void *value, size_t len)
{
    if (header->cmsg_len - sizeof *header < len)
        return false;
    memcpy(value, data, len);
    return true;
}

/* ---- Sending --------------------------------------------------------------------------------- */

static bool get_local(const struct mio_datagram *datagram, struct mio__ip *ip)
{
    ip->family = MIO_ADDR_NONE;
    if (datagram->local)
        mio__sockaddr_get(datagram->local, ip);
    return ip->family != MIO_ADDR_NONE;
}

bool mio__control_is_needed(const struct mio_datagram *datagram)
{
    struct mio__ip ip;
    return datagram->ecn != 0 || datagram->interface_index != 0 || get_local(datagram, &ip);
}

static void put_local_v4(WSAMSG *message, const struct mio__ip *ip, uint32_t index)
{
    struct in_pktinfo info;
    memset(&info, 0, sizeof info);
    info.ipi_ifindex = index;
    /* A mapped address has those of IPv4 at its end. */
    if (ip->family != MIO_ADDR_NONE)
        memcpy(&info.ipi_addr, ip->bytes + (ip->family == MIO_ADDR_IPV6 ? 12 : 0),
               sizeof info.ipi_addr);
    mio__control_put(message, IPPROTO_IP, MIO__PKTINFO, &info, sizeof info);
}

static void put_local_v6(WSAMSG *message, const struct mio__ip *ip, uint32_t index)
{
    struct in6_pktinfo info;
    memset(&info, 0, sizeof info);
    info.ipi6_ifindex = index;
    if (ip->family != MIO_ADDR_NONE) {
        memcpy(&info.ipi6_addr, ip->bytes, sizeof info.ipi6_addr);
        if (index == 0)
            info.ipi6_ifindex = ip->scope;
    }
    mio__control_put(message, IPPROTO_IPV6, MIO__PKTINFO, &info, sizeof info);
}

void mio__control_add(WSAMSG *message, const struct mio_datagram *datagram, int family)
{
    const bool is_v6 = family == MIO_ADDR_IPV6;
    const INT ecn = datagram->ecn;
    struct mio__ip ip;
    const bool has_local = get_local(datagram, &ip);
    if (ecn != 0)
        mio__control_put(message, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, MIO__CMSG_ECN, &ecn,
                         sizeof ecn);
    if (has_local || datagram->interface_index != 0)
        (is_v6 ? put_local_v6 : put_local_v4)(message, &ip, datagram->interface_index);
}

/* ---- Receiving ------------------------------------------------------------------------------- */

static void tell_local(struct mio_datagram *datagram, const struct mio__ip *ip, uint32_t index)
{
    if (datagram->local)
        mio__sockaddr_set(datagram->local, ip);
    datagram->interface_index = index;
    datagram->flags |= MIO_DATAGRAM_LOCAL;
}

/* On a socket of IPv6 the address has its mapped form, as that of the sender. */
static void tell_local_v4(struct mio_datagram *datagram, const struct in_pktinfo *info, bool on_v6)
{
    struct mio__ip ip = {.family = MIO_ADDR_IPV4};
    if (on_v6)
        ip = (struct mio__ip){.family = MIO_ADDR_IPV6, .bytes = {[10] = 0xff, [11] = 0xff}};
    memcpy(ip.bytes + (on_v6 ? 12 : 0), &info->ipi_addr, sizeof info->ipi_addr);
    tell_local(datagram, &ip, info->ipi_ifindex);
}

static void tell_local_v6(struct mio_datagram *datagram, const struct in6_pktinfo *info)
{
    struct mio__ip ip = {.family = MIO_ADDR_IPV6};
    memcpy(ip.bytes, &info->ipi6_addr, sizeof ip.bytes);
    if (ip.bytes[0] == 0xfe && (ip.bytes[1] & 0xc0) == 0x80) /* link-local */
        ip.scope = info->ipi6_ifindex;
    tell_local(datagram, &ip, info->ipi6_ifindex);
}

/* Both levels say these by a number. */
static void read_header_number(const WSACMSGHDR *header, const char *data,
                               struct mio_datagram *datagram)
{
    const int type = header->cmsg_type;
    const bool is_v4 = header->cmsg_level == IPPROTO_IP;
    INT value;
    if (!get_data(header, data, &value, sizeof value))
        return;
    if (type == MIO__CMSG_ECN || type == MIO__CMSG_CLASS || (is_v4 && type == MIO__CMSG_TOS)) {
        datagram->ecn = value & 3;
        datagram->flags |= MIO_DATAGRAM_ECN;
    } else if (type == MIO__CMSG_HOPS || (is_v4 && type == MIO__CMSG_HOPS_V4)) {
        datagram->ttl = (uint8_t)value;
        datagram->flags |= MIO_DATAGRAM_TTL;
    }
}

static void read_v4(const WSACMSGHDR *header, const char *data, bool on_v6,
                    struct mio_datagram *datagram)
{
    struct in_pktinfo info;
    if (header->cmsg_type != MIO__PKTINFO)
        read_header_number(header, data, datagram);
    else if (get_data(header, data, &info, sizeof info))
        tell_local_v4(datagram, &info, on_v6);
}

static void read_v6(const WSACMSGHDR *header, const char *data, struct mio_datagram *datagram)
{
    struct in6_pktinfo info;
    if (header->cmsg_type != MIO__PKTINFO)
        read_header_number(header, data, datagram);
    else if (get_data(header, data, &info, sizeof info))
        tell_local_v6(datagram, &info);
}

/* A size that all bytes fit into is that of a single datagram. */
static void read_segments(const WSACMSGHDR *header, const char *data, struct mio_datagram *datagram)
{
    DWORD size;
    if (header->cmsg_type != MIO__UDP_COALESCED_INFO ||
        !get_data(header, data, &size, sizeof size) || size == 0 || size >= datagram->len)
        return;
    datagram->segment_size = size;
    datagram->flags |= MIO_DATAGRAM_SEGMENTS;
}

void mio__control_read(const WSAMSG *message, bool on_v6, struct mio_datagram *datagram)
{
    WSACMSGHDR header;
    const char *data;
    for (size_t at = 0; next_message(message, &at, &header, &data);) {
        if (header.cmsg_level == IPPROTO_IP)
            read_v4(&header, data, on_v6, datagram);
        else if (header.cmsg_level == IPPROTO_IPV6)
            read_v6(&header, data, datagram);
        else if (header.cmsg_level == IPPROTO_UDP)
            read_segments(&header, data, datagram);
    }
}
