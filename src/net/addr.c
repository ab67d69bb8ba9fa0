/* Addresses: their parts, and the system's form. Their text is in addr_text.c. */
#include "sys/sys.h"

#include <string.h>

/* ---- IP -------------------------------------------------------------------------------------- */

int mio_addr_ipv4(struct mio_addr *addr, const uint8_t ip[4], uint16_t port)
{
    if (!addr || !ip)
        return -EINVAL;
    struct mio__ip parts = {.family = MIO_ADDR_IPV4, .port = port};
    memcpy(parts.bytes, ip, 4);
    mio__sockaddr_set(addr, &parts);
    return 0;
}

int mio_addr_ipv6(struct mio_addr *addr, const uint8_t ip[16], uint16_t port, uint32_t scope)
{
    if (!addr || !ip)
        return -EINVAL;
    struct mio__ip parts = {.family = MIO_ADDR_IPV6, .port = port, .scope = scope};
    memcpy(parts.bytes, ip, 16);
    mio__sockaddr_set(addr, &parts);
    return 0;
}

int mio_addr_ip(const struct mio_addr *addr, uint8_t ip[16], uint32_t *scope)
{
    if (!addr || !ip)
        return -EINVAL;
    struct mio__ip parts;
    mio__sockaddr_get(addr, &parts);
    if (parts.family == MIO_ADDR_NONE)
        return -EINVAL;
    int length = parts.family == MIO_ADDR_IPV6 ? 16 : 4;
    memcpy(ip, parts.bytes, (size_t)length);
    if (scope)
        *scope = parts.scope;
    return length;
}

int mio_addr_port(const struct mio_addr *addr)
{
    if (!addr)
        return -EINVAL;
    struct mio__ip parts;
    mio__sockaddr_get(addr, &parts);
    return parts.family == MIO_ADDR_NONE ? -EINVAL : parts.port;
}

int mio_addr_set_port(struct mio_addr *addr, uint16_t port)
{
    if (mio_addr_port(addr) < 0)
        return -EINVAL;
    mio__sockaddr_set_port(addr, port);
    return 0;
}

/* ---- Unix domain ----------------------------------------------------------------------------- */

int mio_addr_unix_path(struct mio_addr *addr, const char *path)
{
    if (!addr || !path || path[0] == '\0')
        return -EINVAL;
    return mio__sockaddr_set_unix(addr, MIO_UNIX_PATH, path, strlen(path));
}

int mio_addr_unix_abstract(struct mio_addr *addr, const void *name, size_t length)
{
    if (!addr || (!name && length > 0))
        return -EINVAL;
    return mio__sockaddr_set_unix(addr, MIO_UNIX_ABSTRACT, name, length);
}

int mio_addr_unix_unnamed(struct mio_addr *addr)
{
    return addr ? mio__sockaddr_set_unix(addr, MIO_UNIX_UNNAMED, NULL, 0) : -EINVAL;
}

int mio_addr_unix_kind(const struct mio_addr *addr)
{
    const char *name;
    size_t length;
    return addr ? mio__sockaddr_get_unix(addr, &name, &length) : -EINVAL;
}

const char *mio_addr_unix_name(const struct mio_addr *addr, size_t *length)
{
    const char *name;
    size_t unused;
    if (!length)
        length = &unused;
    *length = 0;
    return addr && mio__sockaddr_get_unix(addr, &name, length) >= 0 ? name : NULL;
}

/* ---- The system's form ----------------------------------------------------------------------- */

int mio_addr_from_sockaddr(struct mio_addr *addr, const struct sockaddr *sockaddr, size_t length)
{
    return addr && sockaddr ? mio__sockaddr_take(addr, sockaddr, length) : -EINVAL;
}

/* An address holds it as it is. */
int mio_addr_to_sockaddr(const struct mio_addr *addr, struct sockaddr *out, size_t size)
{
    if (!addr || !out || addr->length == 0)
        return -EINVAL;
    if (size < addr->length)
        return -ENOSPC;
    memcpy(out, addr->storage, addr->length);
    return (int)addr->length;
}

/* ---- All ------------------------------------------------------------------------------------- */

int mio_addr_family(const struct mio_addr *addr)
{
    return addr ? mio__sockaddr_family(addr) : MIO_ADDR_NONE;
}

static bool have_same_ip(const struct mio_addr *a, const struct mio_addr *b)
{
    struct mio__ip left, right;
    mio__sockaddr_get(a, &left);
    mio__sockaddr_get(b, &right);
    return left.port == right.port && left.scope == right.scope &&
           memcmp(left.bytes, right.bytes, sizeof left.bytes) == 0;
}

static bool have_same_name(const struct mio_addr *a, const struct mio_addr *b)
{
    size_t left_length, right_length;
    const char *left = mio_addr_unix_name(a, &left_length);
    const char *right = mio_addr_unix_name(b, &right_length);
    if (mio_addr_unix_kind(a) != mio_addr_unix_kind(b) || left_length != right_length)
        return false;
    /* A name is NULL where there is none, and memcmp takes no NULL, whatever the length. */
    return !left || !right || memcmp(left, right, left_length) == 0;
}

bool mio_addr_equal(const struct mio_addr *a, const struct mio_addr *b)
{
    if (!a || !b || mio_addr_family(a) != mio_addr_family(b))
        return false;
    return mio_addr_family(a) == MIO_ADDR_UNIX ? have_same_name(a, b) : have_same_ip(a, b);
}
