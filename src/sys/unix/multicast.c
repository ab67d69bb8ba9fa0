/* Memberships in multicast groups. */
#include "sys/unix/multicast.h"
#include "sys/unix/calls.h"
#include "sys/unix/option.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static int change_v6(mio_fd fd, const struct mio__ip *group, uint32_t index, bool join)
{
    struct ipv6_mreq request = {.ipv6mr_interface = index};
    memcpy(&request.ipv6mr_multiaddr, group->bytes, sizeof request.ipv6mr_multiaddr);
    return mio__option_result(MIO__CALL(setsockopt)(
        fd, IPPROTO_IPV6, join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &request, sizeof request));
}

int mio__socket_membership(mio_fd fd, const struct mio_addr *group, const struct mio_addr *local,
                           uint32_t index, bool join)
{
    struct mio__ip parts, local_parts;
    mio__sockaddr_get(group, &parts);
    if (parts.family == MIO_ADDR_IPV6)
        return change_v6(fd, &parts, index, join);
    if (local)
        mio__sockaddr_get(local, &local_parts);
    return mio__membership_v4(fd, &parts, local ? &local_parts : NULL, index, join);
}
