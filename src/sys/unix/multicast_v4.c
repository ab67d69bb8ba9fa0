/* Memberships in groups of IPv4 by struct ip_mreqn, which all but NetBSD have. */
#include "sys/unix/calls.h"
#include "sys/unix/multicast.h"
#include "sys/unix/option.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

int mio__membership_v4(mio_fd fd, const struct mio__ip *group, const struct mio__ip *local,
                       uint32_t index, bool join)
{
    struct ip_mreqn request = {.imr_ifindex = (int)index};
    memcpy(&request.imr_multiaddr, group->bytes, sizeof request.imr_multiaddr);
    if (local)
        memcpy(&request.imr_address, local->bytes, sizeof request.imr_address);
    return mio__option_result(MIO__CALL(setsockopt)(
        fd, IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &request, sizeof request));
}
