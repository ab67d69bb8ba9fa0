/* Addresses in the system's form. */
#define _POSIX_C_SOURCE 200809L
#include "sys/sys.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* ---- Parts ----------------------------------------------------------------------------------- */

/* Copied in and out: the storage of an address has a type of its own. */

void mio__sockaddr_set(struct mio_addr *addr, const struct mio__ip *ip)
{
    memset(addr, 0, sizeof *addr);
    if (ip->family == MIO_ADDR_IPV4) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(ip->port)};
        memcpy(&in.sin_addr, ip->bytes, 4);
        memcpy(addr->storage, &in, sizeof in);
        addr->length = sizeof in;
    } else {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(ip->port)};
        memcpy(&in6.sin6_addr, ip->bytes, 16);
        in6.sin6_scope_id = ip->scope;
        memcpy(addr->storage, &in6, sizeof in6);
        addr->length = sizeof in6;
    }
}

static int system_family(const struct mio_addr *addr)
{
    struct sockaddr any = {.sa_family = AF_UNSPEC};
    if (addr->length >= sizeof any)
        memcpy(&any, addr->storage, sizeof any);
    return any.sa_family;
}

void mio__sockaddr_get(const struct mio_addr *addr, struct mio__ip *ip)
{
    int family = system_family(addr);
    memset(ip, 0, sizeof *ip);
    if (family == AF_INET && addr->length >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in in;
        memcpy(&in, addr->storage, sizeof in);
        ip->family = MIO_ADDR_IPV4;
        ip->port = ntohs(in.sin_port);
        memcpy(ip->bytes, &in.sin_addr, 4);
    } else if (family == AF_INET6 && addr->length >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 in6;
        memcpy(&in6, addr->storage, sizeof in6);
        ip->family = MIO_ADDR_IPV6;
        ip->port = ntohs(in6.sin6_port);
        memcpy(ip->bytes, &in6.sin6_addr, 16);
        ip->scope = in6.sin6_scope_id;
    }
}

void mio__sockaddr_set_port(struct mio_addr *addr, uint16_t port)
{
    /* The port stands in the same place in both. */
    _Static_assert(offsetof(struct sockaddr_in, sin_port) ==
                       offsetof(struct sockaddr_in6, sin6_port),
                   "one port field");
    uint16_t network_order = htons(port);
    memcpy((char *)addr->storage + offsetof(struct sockaddr_in, sin_port), &network_order,
           sizeof network_order);
}

/* ---- Text ------------------------------------------------------------------------------------ */

static int family_of(const struct mio__ip *ip)
{
    return ip->family == MIO_ADDR_IPV6 ? AF_INET6 : AF_INET;
}

bool mio__sockaddr_pton(struct mio__ip *ip, const char *text)
{
    return inet_pton(family_of(ip), text, ip->bytes) == 1;
}

void mio__sockaddr_ntop(const struct mio__ip *ip, char *buf, size_t size)
{
    if (!inet_ntop(family_of(ip), ip->bytes, buf, (socklen_t)size))
        buf[0] = '\0';
}

/* ---- The whole ------------------------------------------------------------------------------- */

int mio_addr_from_sockaddr(struct mio_addr *addr, const struct sockaddr *sockaddr, size_t length)
{
    if (!addr || !sockaddr || length < offsetof(struct sockaddr, sa_data))
        return -EINVAL;
    size_t needed = sockaddr->sa_family == AF_INET    ? sizeof(struct sockaddr_in)
                    : sockaddr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                      : 0;
    if (needed == 0)
        return -EAFNOSUPPORT;
    if (length < needed)
        return -EINVAL;
    memset(addr, 0, sizeof *addr);
    memcpy(addr->storage, sockaddr, needed);
    addr->length = (uint32_t)needed;
    return 0;
}

int mio_addr_to_sockaddr(const struct mio_addr *addr, struct sockaddr *out, size_t size)
{
    if (!addr || !out || addr->length == 0)
        return -EINVAL;
    if (size < addr->length)
        return -ENOSPC;
    memcpy(out, addr->storage, addr->length);
    return (int)addr->length;
}
