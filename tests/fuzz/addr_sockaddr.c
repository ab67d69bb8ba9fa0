/*
 * Any bytes as a socket address of the system, as a path, as an abstract name and as an IP address.
 * The first two, the family, are in the order of the machine; what others find there is refused.
 */
#define _POSIX_C_SOURCE 200809L
#include "fuzz.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum { NAME_AT = offsetof(struct sockaddr_un, sun_path) };
enum { NAME_ROOM = sizeof((struct sockaddr_un){0}.sun_path) };

/* ---- The system's form ----------------------------------------------------------------------- */

static bool is_full_path(const uint8_t *data, size_t size)
{
    return size == NAME_AT + NAME_ROOM + 1 && data[size - 1] == '\0' &&
           !memchr(data + NAME_AT, '\0', NAME_ROOM);
}

static int expected_result(const uint8_t *data, size_t size)
{
    sa_family_t family;
    if (size < sizeof family)
        return -EINVAL;
    memcpy(&family, data, sizeof family);
    switch (family) {
    case AF_INET:
        return size >= sizeof(struct sockaddr_in) ? 0 : -EINVAL;
    case AF_INET6:
        return size >= sizeof(struct sockaddr_in6) ? 0 : -EINVAL;
    case AF_UNIX:
        return size <= sizeof(struct sockaddr_un) || is_full_path(data, size) ? 0 : -EINVAL;
    default:
        return -EAFNOSUPPORT;
    }
}

static void check_ip_parts(const struct mio_addr *addr, const uint8_t *data)
{
    uint8_t ip[16];
    uint32_t scope;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    if (mio_addr_family(addr) == MIO_ADDR_IPV4) {
        memcpy(&in, data, sizeof in);
        FUZZ_EQ(mio_addr_ip(addr, ip, &scope), 4);
        FUZZ_EQ(memcmp(ip, &in.sin_addr, 4), 0);
        FUZZ_EQ(mio_addr_port(addr), ntohs(in.sin_port));
        return;
    }
    memcpy(&in6, data, sizeof in6);
    FUZZ_EQ(mio_addr_ip(addr, ip, &scope), 16);
    FUZZ_EQ(memcmp(ip, &in6.sin6_addr, 16), 0);
    FUZZ_EQ(scope, in6.sin6_scope_id);
    FUZZ_EQ(mio_addr_port(addr), ntohs(in6.sin6_port));
}

static void check_unix_parts(const struct mio_addr *addr, const uint8_t *name, size_t room)
{
    size_t length;
    const char *got = mio_addr_unix_name(addr, &length);
    if (room == 0) {
        FUZZ_EQ(mio_addr_unix_kind(addr), MIO_UNIX_UNNAMED);
        return;
    }
    if (name[0] != '\0') {
        FUZZ_EQ(mio_addr_unix_kind(addr), MIO_UNIX_PATH);
        FUZZ_EQ(length, strnlen((const char *)name, room));
    } else {
        FUZZ_EQ(mio_addr_unix_kind(addr), MIO_UNIX_ABSTRACT);
        FUZZ_EQ(length, room - 1);
        name++;
    }
    FUZZ_EQ(memcmp(got, name, length), 0);
}

static void from_sockaddr(const uint8_t *data, size_t size)
{
    struct mio_addr addr = fuzz_pattern();
    void *exact = fuzz_copy(data, size);
    int expected = expected_result(data, size);
    FUZZ_EQ(mio_addr_from_sockaddr(&addr, exact, size), expected);
    if (expected == 0) {
        if (mio_addr_family(&addr) == MIO_ADDR_UNIX)
            check_unix_parts(&addr, data + NAME_AT, size - NAME_AT);
        else
            check_ip_parts(&addr, data);
        fuzz_check_addr(&addr);
    } else {
        fuzz_check_unchanged(&addr);
    }
    free(exact);
}

/* ---- The constructors ------------------------------------------------------------------------ */

static void check_made(int result, const struct mio_addr *addr, int kind, const void *name,
                       size_t length)
{
    size_t got_length;
    const char *got = mio_addr_unix_name(addr, &got_length);
    if (result < 0) {
        fuzz_check_unchanged(addr);
        return;
    }
    FUZZ_EQ(mio_addr_unix_kind(addr), kind);
    FUZZ_EQ(got_length, length);
    FUZZ_CHECK(length == 0 || memcmp(got, name, length) == 0);
    fuzz_check_addr(addr);
}

static void from_names(const uint8_t *data, size_t size)
{
    struct mio_addr addr = fuzz_pattern();
    char *path = fuzz_copy_text(data, size);
    size_t length = strlen(path);
    int result = mio_addr_unix_path(&addr, path);
    FUZZ_EQ(result, length == 0 ? -EINVAL : length >= NAME_ROOM ? -ENAMETOOLONG : 0);
    check_made(result, &addr, MIO_UNIX_PATH, path, length);
    free(path);

    void *name = fuzz_copy(data, size);
    addr = fuzz_pattern();
    result = mio_addr_unix_abstract(&addr, name, size);
    FUZZ_EQ(result, size >= NAME_ROOM ? -ENAMETOOLONG : 0);
    check_made(result, &addr, MIO_UNIX_ABSTRACT, name, size);
    free(name);
}

/* An IPv6 address, a port and a scope; more would only cost time. */
enum { IP_PARTS = 16 + 2 + 4 };

static void from_ip(const uint8_t *data, size_t size)
{
    struct mio_addr addr = fuzz_pattern();
    uint8_t parts[IP_PARTS] = {0};
    uint16_t port;
    uint32_t scope;
    if (size > 0)
        memcpy(parts, data, size);
    memcpy(&port, parts + 16, sizeof port);
    memcpy(&scope, parts + 18, sizeof scope);
    FUZZ_EQ(mio_addr_ipv4(&addr, parts, port), 0);
    FUZZ_EQ(mio_addr_port(&addr), port);
    fuzz_check_addr(&addr);
    FUZZ_EQ(mio_addr_ipv6(&addr, parts, port, scope), 0);
    FUZZ_EQ(mio_addr_port(&addr), port);
    fuzz_check_addr(&addr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    from_sockaddr(data, size);
    from_names(data, size);
    if (size <= IP_PARTS)
        from_ip(data, size);
    return 0;
}
