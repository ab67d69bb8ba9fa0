/* Memberships in multicast groups. */
#include "sys/sys.h"
#include "sys/windows/calls.h"

#include <string.h>

static int membership_set(mio_fd fd, int level, int name, const void *request, int length)
{
    return MIO__CALL(setsockopt)(fd, level, name, request, length) != 0 ? mio__last_error() : 0;
}

static int membership_v6(mio_fd fd, const struct mio__ip *group, uint32_t index, bool join)
{
    struct ipv6_mreq request = {.ipv6mr_interface = index};
    memcpy(&request.ipv6mr_multiaddr, group->bytes, sizeof request.ipv6mr_multiaddr);
    return membership_set(fd, IPPROTO_IPV6, join ? IPV6_ADD_MEMBERSHIP : IPV6_DROP_MEMBERSHIP,
                          &request, sizeof request);
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
    return membership_set(fd, IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &request,
                          sizeof request);
}

int mio__socket_membership(mio_fd fd, const struct mio_addr *group, const struct mio_addr *local,
                           uint32_t index, bool join)
{
    struct mio__ip parts, local_parts;
    mio__sockaddr_get(group, &parts);
    if (parts.family == MIO_ADDR_IPV6)
        return membership_v6(fd, &parts, index, join);
    if (local)
        mio__sockaddr_get(local, &local_parts);
    return membership_v4(fd, &parts, local ? &local_parts : NULL, index, join);
}
