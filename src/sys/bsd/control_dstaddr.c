/*
 * The local address of IPv4 on FreeBSD, DragonFly and OpenBSD: IP_RECVDSTADDR tells it, and the
 * same message sets it (IP_SENDSRCADDR), on FreeBSD for sockets that are bound to no address.
 * IP_RECVIF tells the interface, and nothing sets it.
 */
#include "sys/unix/calls.h"
#include "sys/unix/control.h"
#include "sys/unix/option.h"
#include "system.h"

#include <net/if.h>
#include <net/if_dl.h>
#include <string.h>

int mio__control_report_v4(mio_fd fd, int on)
{
    int result =
        mio__option_result(MIO__CALL(setsockopt)(fd, IPPROTO_IP, IP_RECVDSTADDR, &on, sizeof on));
    if (result == 0)
        result =
            mio__option_result(MIO__CALL(setsockopt)(fd, IPPROTO_IP, IP_RECVIF, &on, sizeof on));
    return result;
}

bool mio__control_has_index_v4(void)
{
    return false;
}

void mio__control_put_v4(struct msghdr *message, const uint8_t *ip, uint32_t index)
{
    (void)index;
    if (ip)
        mio__control_put(message, IPPROTO_IP, IP_SENDSRCADDR, ip, sizeof(struct in_addr));
}

void mio__control_take_v4(const struct cmsghdr *header, struct mio_datagram *datagram)
{
    struct mio__ip ip = {.family = MIO_ADDR_IPV4};
    /* It may be shorter than the struct: the name that ends it is. */
    struct sockaddr_dl link = {.sdl_index = 0};
    const size_t needed = offsetof(struct sockaddr_dl, sdl_index) + sizeof link.sdl_index;
    if (header->cmsg_type == IP_RECVDSTADDR &&
        mio__control_get(header, ip.bytes, sizeof(struct in_addr)))
        mio__control_local(datagram, &ip, 0);
    else if (header->cmsg_type == IP_RECVIF && mio__control_get(header, &link, needed))
        mio__control_local(datagram, NULL, link.sdl_index);
}
