/* Addresses in the system's form. The headers come with system.h; all have the same sockaddrs. */
#include "sys/sockaddr.h"
#include "sys/sys.h"

#include <string.h>

/* Copied in and out: the storage of an address has a type of its own. */

/* The system's own storage may be larger than ours, as OpenBSD's is. */
_Static_assert(sizeof(struct sockaddr_in) <= sizeof((struct mio_addr){0}.storage) &&
                   sizeof(struct sockaddr_in6) <= sizeof((struct mio_addr){0}.storage) &&
                   sizeof(struct sockaddr_un) < sizeof((struct mio_addr){0}.storage),
               "an address holds what the system writes, and the NUL behind a path");

/* Sets the length of what is stored, also where that is a part of the system's form. */
static void set_length(struct mio_addr *addr, size_t length)
{
    addr->length = (uint32_t)length;
    if (MIO__HAS_SA_LEN)
        *(uint8_t *)addr->storage = (uint8_t)length;
}

/* ---- IP -------------------------------------------------------------------------------------- */

void mio__sockaddr_set(struct mio_addr *addr, const struct mio__ip *ip)
{
    memset(addr, 0, sizeof *addr);
    if (ip->family == MIO_ADDR_IPV4) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(ip->port)};
        memcpy(&in.sin_addr, ip->bytes, 4);
        memcpy(addr->storage, &in, sizeof in);
        set_length(addr, sizeof in);
    } else {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(ip->port)};
        memcpy(&in6.sin6_addr, ip->bytes, 16);
        in6.sin6_scope_id = ip->scope;
        memcpy(addr->storage, &in6, sizeof in6);
        set_length(addr, sizeof in6);
    }
}

static int system_family(const struct mio_addr *addr)
{
    struct sockaddr any = {.sa_family = AF_UNSPEC};
    size_t length = addr->length < sizeof any ? addr->length : sizeof any;
    if (length >= offsetof(struct sockaddr, sa_data))
        memcpy(&any, addr->storage, length);
    return any.sa_family;
}

int mio__sockaddr_family(const struct mio_addr *addr)
{
    switch (system_family(addr)) {
    case AF_INET:
        return addr->length >= sizeof(struct sockaddr_in) ? MIO_ADDR_IPV4 : MIO_ADDR_NONE;
    case AF_INET6:
        return addr->length >= sizeof(struct sockaddr_in6) ? MIO_ADDR_IPV6 : MIO_ADDR_NONE;
    case AF_UNIX:
        return MIO_ADDR_UNIX;
    default:
        return MIO_ADDR_NONE;
    }
}

void mio__sockaddr_get(const struct mio_addr *addr, struct mio__ip *ip)
{
    int family = mio__sockaddr_family(addr);
    memset(ip, 0, sizeof *ip);
    if (family == MIO_ADDR_IPV4) {
        struct sockaddr_in in;
        memcpy(&in, addr->storage, sizeof in);
        ip->family = family;
        ip->port = ntohs(in.sin_port);
        memcpy(ip->bytes, &in.sin_addr, 4);
    } else if (family == MIO_ADDR_IPV6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, addr->storage, sizeof in6);
        ip->family = family;
        ip->port = ntohs(in6.sin6_port);
        memcpy(ip->bytes, &in6.sin6_addr, 16);
        ip->scope = in6.sin6_scope_id;
    }
}

int mio__sockaddr_network(const struct mio_addr *addr)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct mio__ip ip;
    mio__sockaddr_get(addr, &ip);
    bool is_mapped = ip.family == MIO_ADDR_IPV6 && memcmp(ip.bytes, mapped, sizeof mapped) == 0;
    return is_mapped ? MIO_ADDR_IPV4 : ip.family;
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

/* The longest text: eight groups, or six and an IPv4 address, and a NUL. */
#define MIO__TEXT_MAX 46

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
    /* A constant, for systems do not agree on the type. */
    if (size < MIO__TEXT_MAX || !inet_ntop(family_of(ip), ip->bytes, buf, MIO__TEXT_MAX))
        buf[0] = '\0';
}

/* ---- Unix domain ----------------------------------------------------------------------------- */

enum { NAME_AT = offsetof(struct sockaddr_un, sun_path) };
enum { NAME_MAX_BYTES = sizeof((struct sockaddr_un){0}.sun_path) };

/* An abstract name is told from a path by its first byte, NUL, which is no part of it. */

int mio__sockaddr_set_unix(struct mio_addr *addr, int kind, const void *name, size_t length)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    if (kind == MIO_UNIX_ABSTRACT && !MIO__HAS_ABSTRACT)
        return -ENOTSUP;
    /* Before an abstract name, or after a path, there is room for a NUL. */
    if (length >= NAME_MAX_BYTES)
        return -ENAMETOOLONG;
    if (length > 0)
        memcpy(un.sun_path + (kind == MIO_UNIX_ABSTRACT), name, length);
    memset(addr, 0, sizeof *addr);
    memcpy(addr->storage, &un, sizeof un);
    set_length(addr, NAME_AT + length + (kind != MIO_UNIX_UNNAMED));
    return 0;
}

int mio__sockaddr_get_unix(const struct mio_addr *addr, const char **name, size_t *length)
{
    const char *text = (const char *)addr->storage + NAME_AT;
    if (system_family(addr) != AF_UNIX)
        return -EINVAL;
    *name = text;
    *length = 0;
    if (addr->length <= NAME_AT)
        return MIO_UNIX_UNNAMED;
    if (text[0] != '\0') {
        *length = strnlen(text, addr->length - NAME_AT);
        return MIO_UNIX_PATH;
    }
    if (!MIO__HAS_ABSTRACT)
        return MIO_UNIX_UNNAMED;
    *name = text + 1;
    *length = addr->length - NAME_AT - 1;
    return MIO_UNIX_ABSTRACT;
}

/*
 * Systems do not agree on whether the NUL after a path counts, and a path that fills all the room
 * has none. Here it counts as far as the system lets it, and it is always there.
 */
static void settle_path(struct mio_addr *addr)
{
    const char *name;
    size_t length;
    if (mio__sockaddr_get_unix(addr, &name, &length) != MIO_UNIX_PATH)
        return;
    size_t counted = length < NAME_MAX_BYTES ? length + 1 : NAME_MAX_BYTES;
    set_length(addr, NAME_AT + counted);
}

/* ---- The whole ------------------------------------------------------------------------------- */

void mio__sockaddr_received(struct mio_addr *addr, socklen_t length)
{
    size_t used = (size_t)length < sizeof addr->storage ? (size_t)length : sizeof addr->storage;
    /* The bytes that stood there are no part of it: the name of the unnamed address is empty. */
    memset((char *)addr->storage + used, 0, sizeof addr->storage - used);
    addr->length = (uint32_t)used;
    addr->reserved = 0;
    settle_path(addr);
}

/*
 * Linux counts a NUL behind a path even where that fills all the room and the NUL lies behind the
 * structure (net/unix/af_unix.c, unix_mkname_bsd).
 */
static bool is_full_path(const struct sockaddr *sockaddr, size_t length)
{
    const char *path = (const char *)sockaddr + NAME_AT;
    return length == NAME_AT + NAME_MAX_BYTES + 1 &&
           strnlen(path, NAME_MAX_BYTES + 1) == NAME_MAX_BYTES;
}

int mio__sockaddr_take(struct mio_addr *addr, const struct sockaddr *sockaddr, size_t length)
{
    if (length < offsetof(struct sockaddr, sa_data))
        return -EINVAL;
    size_t needed = length;
    switch (sockaddr->sa_family) {
    case AF_INET:
        needed = sizeof(struct sockaddr_in);
        break;
    case AF_INET6:
        needed = sizeof(struct sockaddr_in6);
        break;
    case AF_UNIX: /* its length is part of it */
        if (length > sizeof(struct sockaddr_un) && !is_full_path(sockaddr, length))
            return -EINVAL;
        break;
    default:
        return -EAFNOSUPPORT;
    }
    if (length < needed)
        return -EINVAL;
    memset(addr, 0, sizeof *addr);
    memcpy(addr->storage, sockaddr, needed);
    set_length(addr, needed);
    settle_path(addr);
    return 0;
}
