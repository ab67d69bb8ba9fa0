/* Addresses as text. */
#include "sys/sys.h"
#include "text.h"

#include <string.h>

/* ---- Reading IP addresses -------------------------------------------------------------------- */

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

/* The scope of an IPv6 address, if there is one. */
static bool read_scope(const char **text, struct mio__ip *ip)
{
    if (**text != '%')
        return true;
    ++*text;
    return read_number(text, UINT32_MAX, &ip->scope);
}

static int parse_ip(struct mio_addr *addr, const char *text)
{
    struct mio__ip ip = {.family = *text == '[' ? MIO_ADDR_IPV6 : MIO_ADDR_IPV4};
    uint32_t port;
    if (ip.family == MIO_ADDR_IPV4) {
        if (!read_host(&text, ":", &ip))
            return -EINVAL;
    } else {
        text++;
        if (!read_host(&text, "%]", &ip) || !read_scope(&text, &ip) || *text++ != ']')
            return -EINVAL;
    }
    if (*text++ != ':' || !read_number(&text, UINT16_MAX, &port) || *text != '\0')
        return -EINVAL;
    ip.port = (uint16_t)port;
    mio__sockaddr_set(addr, &ip);
    return 0;
}

/* ---- Reading names --------------------------------------------------------------------------- */

static const char UNIX_PREFIX[] = "unix:";

/* The value of a hexadecimal digit, or -1. */
static int digit_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    char lower = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
    const char *place = lower != '\0' ? strchr(digits, lower) : NULL;
    return place ? (int)(place - digits) : -1;
}

/* One byte of a name, escaped or not, or -1; moves past it. The text is not at its end. */
static int read_name_byte(const char **text)
{
    const char *c = *text;
    *text = c + 1;
    if (c[0] != '\\')
        return (unsigned char)c[0];
    if (c[1] != 'x' || digit_value(c[2]) < 0 || digit_value(c[3]) < 0)
        return -1;
    *text = c + 4;
    return digit_value(c[2]) * 16 + digit_value(c[3]);
}

static int parse_name(struct mio_addr *addr, const char *text)
{
    char name[sizeof addr->storage];
    size_t length = 0;
    int kind = *text == '\0' ? MIO_UNIX_UNNAMED : *text == '@' ? MIO_UNIX_ABSTRACT : MIO_UNIX_PATH;
    text += kind == MIO_UNIX_ABSTRACT;
    while (*text != '\0') {
        int byte = read_name_byte(&text);
        if (byte < 0 || (byte == 0 && kind == MIO_UNIX_PATH))
            return -EINVAL;
        if (length == sizeof name)
            return -ENAMETOOLONG;
        name[length++] = (char)byte;
    }
    return mio__sockaddr_set_unix(addr, kind, name, length);
}

int mio_addr_parse(struct mio_addr *addr, const char *text)
{
    size_t prefix = sizeof UNIX_PREFIX - 1;
    if (!addr || !text)
        return -EINVAL;
    if (strncmp(text, UNIX_PREFIX, prefix) == 0)
        return parse_name(addr, text + prefix);
    return parse_ip(addr, text);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void add_ip(struct mio__text *text, const struct mio_addr *addr)
{
    struct mio__ip ip;
    char host[HOST_TEXT];
    mio__sockaddr_get(addr, &ip);
    mio__sockaddr_ntop(&ip, host, sizeof host);
    mio__text_add(text, ip.family == MIO_ADDR_IPV6 ? "[" : "");
    mio__text_add(text, host);
    if (ip.scope != 0) {
        mio__text_add(text, "%");
        mio__text_add_number(text, ip.scope);
    }
    mio__text_add(text, ip.family == MIO_ADDR_IPV6 ? "]:" : ":");
    mio__text_add_number(text, ip.port);
}

/* Bytes from 0x80 are as the name has them: most names are UTF-8. */
static void add_name_byte(struct mio__text *text, unsigned char byte, bool escape)
{
    static const char digits[] = "0123456789abcdef";
    char escaped[] = {'\\', 'x', digits[byte >> 4], digits[byte & 15], '\0'};
    char plain[] = {(char)byte, '\0'};
    mio__text_add(text, escape || byte < 0x20 || byte == 0x7f || byte == '\\' ? escaped : plain);
}

static void add_name(struct mio__text *text, const struct mio_addr *addr)
{
    size_t length;
    const char *name = mio_addr_unix_name(addr, &length);
    int kind = mio_addr_unix_kind(addr);
    mio__text_add(text, UNIX_PREFIX);
    if (kind == MIO_UNIX_ABSTRACT)
        mio__text_add(text, "@");
    for (size_t i = 0; i < length; i++)
        add_name_byte(text, (unsigned char)name[i],
                      kind == MIO_UNIX_PATH && i == 0 && name[i] == '@');
}

int mio_addr_format(const struct mio_addr *addr, char *buf, size_t size)
{
    struct mio__text text = {buf, size, 0};
    int family = mio_addr_family(addr);
    if (!buf || family == MIO_ADDR_NONE)
        return -EINVAL;
    if (family == MIO_ADDR_UNIX)
        add_name(&text, addr);
    else
        add_ip(&text, addr);
    return mio__text_end(&text);
}
