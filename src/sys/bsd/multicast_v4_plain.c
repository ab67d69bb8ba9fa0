/*
 * Memberships in groups of IPv4 on NetBSD, which has no ip_mreqn: the place of the interface's
 * address takes the address, or a number below 2^24, which is an index (ip_multicast_if in
 * sys/netinet/ip_output.c).
 */
#include "sys/unix/calls.h"
#include "sys/unix/multicast.h"
#include "sys/unix/option.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

int mio__membership_v4(mio_fd fd, const struct mio__ip *group, const struct mio__ip *local,
                       uint32_t index, bool join)
{
    enum { INDEX_END = 1 << 24 };
    struct ip_mreq request = {.imr_interface.s_addr = htonl(index)};
    if (!local && index >= INDEX_END)
        return join ? -ENODEV : -EADDRNOTAVAIL; /* no interface, so no member */
    memcpy(&request.imr_multiaddr, group->bytes, sizeof request.imr_multiaddr);
    if (local)
        memcpy(&request.imr_interface, local->bytes, sizeof request.imr_interface);
    return mio__option_result(MIO__CALL(setsockopt)(
        fd, IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &request, sizeof request));
}
