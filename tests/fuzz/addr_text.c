/*
 * Any text to mio_addr_parse. This tells by simpler means which texts it may take; an address that
 * it took is checked as every address is.
 */
#define _POSIX_C_SOURCE 200809L
#include "fuzz.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum { NAME_ROOM = sizeof((struct sockaddr_un){0}.sun_path) };

/* The meaning of a text. */
struct meaning {
    int result;
    int family;
    uint8_t ip[16];
    uint32_t scope;
    uint32_t port;
    int kind;
    size_t length;
    char name[NAME_ROOM];
};

/* ---- IP -------------------------------------------------------------------------------------- */

static bool read_number(const char *text, uint32_t most, uint32_t *number)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 10 || text[digits] != '\0' || (digits > 1 && text[0] == '0'))
        return false;
    unsigned long long value = strtoull(text, NULL, 10);
    *number = (uint32_t)value;
    return value <= most;
}

static bool read_ip(char *text, struct meaning *meaning)
{
    char *port = strrchr(text, ':');
    if (!port || !read_number(port + 1, UINT16_MAX, &meaning->port))
        return false;
    *port = '\0';
    meaning->family = MIO_ADDR_IPV4;
    if (text[0] != '[')
        return inet_pton(AF_INET, text, meaning->ip) == 1;
    meaning->family = MIO_ADDR_IPV6;
    if (port[-1] != ']')
        return false;
    port[-1] = '\0';
    char *scope = strchr(text, '%');
    if (scope && !read_number(scope + 1, UINT32_MAX, &meaning->scope))
        return false;
    if (scope)
        *scope = '\0';
    return inet_pton(AF_INET6, text + 1, meaning->ip) == 1;
}

/* ---- Unix domain ----------------------------------------------------------------------------- */

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* -EINVAL stands for a mistake; -ENAMETOOLONG for too many bytes, even before a mistake. */
static int read_name(const char *text, struct meaning *meaning)
{
    meaning->family = MIO_ADDR_UNIX;
    meaning->kind = text[0] == '@'    ? MIO_UNIX_ABSTRACT
                    : text[0] == '\0' ? MIO_UNIX_UNNAMED
                                      : MIO_UNIX_PATH;
    if (meaning->kind == MIO_UNIX_ABSTRACT)
        text++;
    while (*text) {
        char byte = *text++;
        if (byte == '\\') {
            if (text[0] != 'x' || digit_of(text[1]) < 0 || digit_of(text[2]) < 0)
                return -EINVAL;
            byte = (char)(digit_of(text[1]) << 4 | digit_of(text[2]));
            text += 3;
        }
        if (byte == '\0' && meaning->kind == MIO_UNIX_PATH)
            return -EINVAL;
        if (meaning->length < NAME_ROOM)
            meaning->name[meaning->length] = byte;
        meaning->length++;
    }
    return meaning->length < NAME_ROOM ? 0 : -ENAMETOOLONG;
}

static struct meaning read_text(const char *text)
{
    struct meaning meaning = {0};
    char *copy = fuzz_copy(text, strlen(text) + 1);
    if (strncmp(text, "unix:", 5) == 0)
        meaning.result = read_name(copy + 5, &meaning);
    else
        meaning.result = read_ip(copy, &meaning) ? 0 : -EINVAL;
    free(copy);
    return meaning;
}

/* ---- The target ------------------------------------------------------------------------------ */

static void check_meaning(const struct mio_addr *addr, const struct meaning *meaning)
{
    FUZZ_EQ(mio_addr_family(addr), meaning->family);
    if (meaning->family == MIO_ADDR_UNIX) {
        size_t length;
        const char *name = mio_addr_unix_name(addr, &length);
        FUZZ_EQ(mio_addr_unix_kind(addr), meaning->kind);
        FUZZ_EQ(length, meaning->length);
        FUZZ_EQ(memcmp(name, meaning->name, length), 0);
        return;
    }
    uint8_t ip[16];
    uint32_t scope;
    int length = mio_addr_ip(addr, ip, &scope);
    FUZZ_EQ(length, meaning->family == MIO_ADDR_IPV6 ? 16 : 4);
    FUZZ_EQ(memcmp(ip, meaning->ip, (size_t)length), 0);
    FUZZ_EQ(scope, meaning->scope);
    FUZZ_EQ(mio_addr_port(addr), meaning->port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_copy_text(data, size);
    struct meaning meaning = read_text(text);
    struct mio_addr addr = fuzz_pattern();
    int result = mio_addr_parse(&addr, text);
    /* A text with a mistake behind too many bytes has two. */
    if (meaning.result != 0 && meaning.length >= NAME_ROOM)
        FUZZ_CHECK(result == -EINVAL || result == -ENAMETOOLONG);
    else
        FUZZ_EQ(result, meaning.result);
    if (result == 0) {
        check_meaning(&addr, &meaning);
        fuzz_check_addr(&addr);
    } else {
        fuzz_check_unchanged(&addr);
    }
    free(text);
    return 0;
}
