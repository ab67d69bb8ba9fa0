/* Addresses of IPv4 on a socket of IPv6. */
#include "sys/windows/mapped.h"

#include "sys/sys.h"
#include "sys/windows/ask.h"
#include "sys/windows/calls.h"

#include <string.h>

bool mio__mapped_instead(mio_fd fd, const struct mio_addr *addr, struct mio_addr *mapped,
                         int *error)
{
    struct mio__ip ip, v6 = {.family = MIO_ADDR_IPV6, .bytes = {[10] = 0xff, [11] = 0xff}};
    int only_v6;
    const int family = mio__ask_family(fd);
    mio__sockaddr_get(addr, &ip);
    if (family < 0 || ip.family == MIO_ADDR_NONE ||
        ip.family == (family == AF_INET6 ? MIO_ADDR_IPV6 : MIO_ADDR_IPV4))
        return false;
    *error = -EAFNOSUPPORT;
    if (family != AF_INET6 || mio__option_get(fd, MIO__OPTION_ONLY_V6, &only_v6) < 0 || only_v6)
        return false;
    memcpy(v6.bytes + 12, ip.bytes, 4);
    v6.port = ip.port;
    mio__sockaddr_set(mapped, &v6);
    return true;
}
