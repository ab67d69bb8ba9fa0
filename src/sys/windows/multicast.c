/* Memberships in multicast groups. */
#include "sys/sys.h"
#include "sys/windows/ask.h"
#include "sys/windows/calls.h"

#include <string.h>

static bool is_group(const struct mio__ip *ip)
{
    return ip->family == MIO_ADDR_IPV6 ? ip->bytes[0] == 0xff : (ip->bytes[0] & 0xf0) == 0xe0;
}

/* Winsock says "invalid" of three things that have codes of their own. */
static int membership_error(mio_fd fd, const struct mio__ip *group, bool join)
{
    const int error = mio__last_error();
    if (error != -EINVAL && error != -ENOPROTOOPT)
        return error;
    if (group->family == MIO_ADDR_IPV6 && mio__ask_family(fd) == AF_INET)
        return -ENOTSUP;
    /* Leaving: no group of this socket, or, of IPv4, no group at all. */
    const bool absent = !join && (group->family == MIO_ADDR_IPV4 || is_group(group));
    return absent ? -EADDRNOTAVAIL : error;
}

static int membership_v6(mio_fd fd, const struct mio__ip *group, uint32_t index, bool join)
{
    struct ipv6_mreq request = {.ipv6mr_interface = index};
    memcpy(&request.ipv6mr_multiaddr, group->bytes, sizeof request.ipv6mr_multiaddr);
    return MIO__CALL(setsockopt)(fd, IPPROTO_IPV6,
                                 join ? IPV6_ADD_MEMBERSHIP : IPV6_DROP_MEMBERSHIP,
                                 (const char *)&request, sizeof request);
}

/* An interface is named by an address of it, or by its index as an address in 0.0.0.0/8. */
static int membership_v4(mio_fd fd, const struct mio__ip *group, const struct mio__ip *local,
                         uint32_t index, bool join)
{
    struct ip_mreq request;
    const u_long place = htonl(index);
    memcpy(&request.imr_multiaddr, group->bytes, sizeof request.imr_multiaddr);
    memcpy(&request.imr_interface, local ? (const void *)local->bytes : &place,
           sizeof request.imr_interface);
    return MIO__CALL(setsockopt)(fd, IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP,
                                 (const char *)&request, sizeof request);
}

int mio__socket_membership(mio_fd fd, const struct mio_addr *group, const struct mio_addr *local,
                           uint32_t index, bool join)
{
    enum { INDEX_MAX_V4 = 0xffffff };
    struct mio__ip parts, local_parts;
    int result;
    mio__sockaddr_get(group, &parts);
    if (local)
        mio__sockaddr_get(local, &local_parts);
    if (parts.family == MIO_ADDR_IPV6)
        result = membership_v6(fd, &parts, index, join);
    else if (index > INDEX_MAX_V4) /* it would be taken for an address */
        return join ? -ENODEV : -EADDRNOTAVAIL;
    else
        result = membership_v4(fd, &parts, local ? &local_parts : NULL, index, join);
    return result != 0 ? membership_error(fd, &parts, join) : 0;
}
