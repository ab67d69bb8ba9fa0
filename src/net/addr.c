/* Addresses: parts and text. The system's form is behind sys.h. */
#include "sys/sys.h"
#include "text.h"

#include <string.h>

/* ---- Parts ----------------------------------------------------------------------------------- */

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

int mio_addr_family(const struct mio_addr *addr)
{
    if (!addr)
        return MIO_ADDR_NONE;
    struct mio__ip parts;
    mio__sockaddr_get(addr, &parts);
    return parts.family;
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
    if (mio_addr_family(addr) == MIO_ADDR_NONE)
        return -EINVAL;
    mio__sockaddr_set_port(addr, port);
    return 0;
}

bool mio_addr_equal(const struct mio_addr *a, const struct mio_addr *b)
{
    if (!a || !b)
        return false;
    struct mio__ip left, right;
    mio__sockaddr_get(a, &left);
    mio__sockaddr_get(b, &right);
    return left.family == right.family && left.port == right.port && left.scope == right.scope &&
           memcmp(left.bytes, right.bytes, sizeof left.bytes) == 0;
}

/* ---- Text ------------------------------------------------------------------------------------ */

/* Room for the longest host part, an IPv4 address mapped into IPv6, with its NUL. */
enum { HOST_TEXT = 46 };

/*
 * Reads decimal digits and moves past them. One number has one text: no sign, no leading zero.
 * Returns false when there is none or it is above most.
 */
static bool read_number(const char **text, uint32_t most, uint32_t *number)
{
    const char *digit = *text;
    uint64_t value = 0;
    if (digit[0] == '0' && digit[1] >= '0' && digit[1] <= '9')
        return false;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        value = value * 10 + (uint64_t)(*digit - '0');
        if (value > most)
            return false;
    }
    if (digit == *text)
        return false;
    *text = digit;
    *number = (uint32_t)value;
    return true;
}

/* Reads the host part, which ends at any of the stops, and moves to the stop. */
static bool read_host(const char **text, const char *stops, struct mio__ip *ip)
{
    char host[HOST_TEXT];
    size_t length = strcspn(*text, stops);
    if (length == 0 || length >= sizeof host)
        return false;
    memcpy(host, *text, length);
    host[length] = '\0';
    *text += length;
    return mio__sockaddr_pton(ip, host);
}

int mio_addr_parse(struct mio_addr *addr, const char *text)
{
    if (!addr || !text)
        return -EINVAL;
    struct mio__ip ip = {.family = *text == '[' ? MIO_ADDR_IPV6 : MIO_ADDR_IPV4};
    uint32_t port;
    if (ip.family == MIO_ADDR_IPV4) {
        if (!read_host(&text, ":", &ip))
            return -EINVAL;
    } else {
        text++;
        if (!read_host(&text, "%]", &ip))
            return -EINVAL;
        if (*text == '%') {
            text++;
            if (!read_number(&text, UINT32_MAX, &ip.scope))
                return -EINVAL;
        }
        if (*text++ != ']')
            return -EINVAL;
    }
    if (*text++ != ':' || !read_number(&text, UINT16_MAX, &port) || *text != '\0')
        return -EINVAL;
    ip.port = (uint16_t)port;
    mio__sockaddr_set(addr, &ip);
    return 0;
}

int mio_addr_format(const struct mio_addr *addr, char *buf, size_t size)
{
    if (!addr || !buf)
        return -EINVAL;
    struct mio__ip ip;
    char host[HOST_TEXT];
    struct mio__text text = {buf, size, 0};
    mio__sockaddr_get(addr, &ip);
    if (ip.family == MIO_ADDR_NONE)
        return -EINVAL;
    mio__sockaddr_ntop(&ip, host, sizeof host);
    mio__text_add(&text, ip.family == MIO_ADDR_IPV6 ? "[" : "");
    mio__text_add(&text, host);
    if (ip.scope != 0) {
        mio__text_add(&text, "%");
        mio__text_add_number(&text, ip.scope);
    }
    mio__text_add(&text, ip.family == MIO_ADDR_IPV6 ? "]:" : ":");
    mio__text_add_number(&text, ip.port);
    return mio__text_end(&text);
}
