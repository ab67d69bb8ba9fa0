/* The local address of IPv4 by IP_PKTINFO: on Linux, NetBSD and Apple's systems. */
#include "sys/unix/calls.h"
#include "sys/unix/control.h"
#include "sys/unix/option.h"
#include "system.h"

#include <string.h>

int mio__control_report_v4(mio_fd fd, int on)
{
    return mio__option_result(
        MIO__CALL(setsockopt)(fd, IPPROTO_IP, MIO__RECEIVE_PKTINFO, &on, sizeof on));
}

bool mio__control_has_index_v4(void)
{
    return true;
}

void mio__control_put_v4(struct msghdr *message, const uint8_t *ip, uint32_t index)
{
    struct in_pktinfo info;
    memset(&info, 0, sizeof info);
    info.ipi_ifindex = (__typeof__(info.ipi_ifindex))index;
    if (ip)
        memcpy(&info.MIO__PKTINFO_SOURCE, ip, sizeof info.MIO__PKTINFO_SOURCE);
    mio__control_put(message, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
}

void mio__control_take_v4(const struct cmsghdr *header, struct mio_datagram *datagram)
{
    struct in_pktinfo info;
    struct mio__ip ip = {.family = MIO_ADDR_IPV4};
    if (header->cmsg_type != IP_PKTINFO || !mio__control_get(header, &info, sizeof info))
        return;
    memcpy(ip.bytes, &info.ipi_addr, sizeof info.ipi_addr);
    mio__control_local(datagram, &ip, (uint32_t)info.ipi_ifindex);
}
