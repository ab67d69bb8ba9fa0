/* Memberships in multicast groups. */
#include "sys/sys.h"
#include "sys/unix/calls.h"
#include "sys/unix/option_error.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static int change_membership(mio_fd fd, int level, int name, const void *request, socklen_t size)
{
    return MIO__CALL(setsockopt)(fd, level, name, request, size) < 0 ? mio__option_error() : 0;
}

static int change_v4(mio_fd fd, const struct mio__ip *group, const struct mio_addr *local,
                     uint32_t index, bool join)
{
    struct ip_mreqn request = {.imr_ifindex = (int)index};
    struct mio__ip parts;
    memcpy(&request.imr_multiaddr, group->bytes, sizeof request.imr_multiaddr);
    if (local) {
        mio__sockaddr_get(local, &parts);
        memcpy(&request.imr_address, parts.bytes, sizeof request.imr_address);
    }
    return change_membership(fd, IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP,
                             &request, sizeof request);
}

static int change_v6(mio_fd fd, const struct mio__ip *group, uint32_t index, bool join)
{
    struct ipv6_mreq request = {.ipv6mr_interface = index};
    memcpy(&request.ipv6mr_multiaddr, group->bytes, sizeof request.ipv6mr_multiaddr);
    return change_membership(fd, IPPROTO_IPV6, join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &request,
                             sizeof request);
}

int mio__socket_membership(mio_fd fd, const struct mio_addr *group, const struct mio_addr *local,
                           uint32_t index, bool join)
{
    struct mio__ip parts;
    mio__sockaddr_get(group, &parts);
    return parts.family == MIO_ADDR_IPV4 ? change_v4(fd, &parts, local, index, join)
                                         : change_v6(fd, &parts, index, join);
}
