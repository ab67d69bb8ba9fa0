/* Facts that hold for every address, however it was made. */
#define _POSIX_C_SOURCE 200809L
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { NAME_ROOM = sizeof((struct sockaddr_un){0}.sun_path) };

enum { PATTERN = 0xa5 };

struct mio_addr fuzz_pattern(void)
{
    struct mio_addr addr;
    memset(&addr, PATTERN, sizeof addr);
    return addr;
}

static bool is_pattern(const void *memory, size_t size)
{
    const unsigned char *bytes = memory;
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != PATTERN)
            return false;
    return true;
}

void fuzz_check_unchanged(const struct mio_addr *addr)
{
    FUZZ_CHECK(is_pattern(addr, sizeof *addr));
}

static void check_equal(const struct mio_addr *a, const struct mio_addr *b)
{
    FUZZ_CHECK(mio_addr_equal(a, b));
    FUZZ_CHECK(mio_addr_equal(b, a));
}

/* ---- The parts ------------------------------------------------------------------------------- */

static void check_port(const struct mio_addr *addr)
{
    int port = mio_addr_port(addr);
    struct mio_addr other = *addr;
    FUZZ_CHECK(port >= 0 && port <= UINT16_MAX);
    FUZZ_EQ(mio_addr_set_port(&other, (uint16_t)(port ^ 0x8001)), 0);
    FUZZ_EQ(mio_addr_port(&other), port ^ 0x8001);
    FUZZ_CHECK(!mio_addr_equal(addr, &other));
    FUZZ_EQ(mio_addr_set_port(&other, (uint16_t)port), 0);
    check_equal(addr, &other);
}

static void check_ip(const struct mio_addr *addr)
{
    bool is_v6 = mio_addr_family(addr) == MIO_ADDR_IPV6;
    uint8_t ip[16], again[16];
    uint32_t scope = UINT32_MAX;
    size_t length = SIZE_MAX;
    struct mio_addr made;
    FUZZ_EQ(mio_addr_ip(addr, ip, &scope), is_v6 ? 16 : 4);
    FUZZ_EQ(mio_addr_ip(addr, again, NULL), is_v6 ? 16 : 4);
    FUZZ_EQ(memcmp(ip, again, is_v6 ? 16 : 4), 0);
    FUZZ_EQ(mio_addr_unix_kind(addr), -EINVAL);
    FUZZ_CHECK(!mio_addr_unix_name(addr, &length) && length == 0);
    check_port(addr);
    if (is_v6) {
        FUZZ_EQ(mio_addr_ipv6(&made, ip, (uint16_t)mio_addr_port(addr), scope), 0);
    } else {
        FUZZ_EQ(scope, 0);
        FUZZ_EQ(mio_addr_ipv4(&made, ip, (uint16_t)mio_addr_port(addr)), 0);
    }
    check_equal(addr, &made);
    ip[is_v6 ? 15 : 3] ^= 1;
    FUZZ_EQ(is_v6 ? mio_addr_ipv6(&made, ip, (uint16_t)mio_addr_port(addr), scope)
                  : mio_addr_ipv4(&made, ip, (uint16_t)mio_addr_port(addr)),
            0);
    FUZZ_CHECK(!mio_addr_equal(addr, &made));
}

static void check_name(const struct mio_addr *addr)
{
    size_t length;
    const char *name = mio_addr_unix_name(addr, &length);
    int kind = mio_addr_unix_kind(addr);
    struct mio_addr other = *addr, made = fuzz_pattern();
    uint8_t ip[16];
    FUZZ_EQ(mio_addr_ip(addr, ip, NULL), -EINVAL);
    FUZZ_EQ(mio_addr_port(addr), -EINVAL);
    FUZZ_EQ(mio_addr_set_port(&other, 1), -EINVAL);
    FUZZ_EQ(memcmp(addr, &other, sizeof other), 0);
    FUZZ_CHECK(mio_addr_unix_name(addr, NULL) == name);
    /* The name, and the NUL of a path, are inside. */
    FUZZ_CHECK(name >= (const char *)addr && length < sizeof *addr &&
               name + length < (const char *)(addr + 1));
    switch (kind) {
    case MIO_UNIX_UNNAMED:
        FUZZ_EQ(length, 0);
        FUZZ_EQ(mio_addr_unix_unnamed(&made), 0);
        break;
    case MIO_UNIX_PATH:
        FUZZ_CHECK(length > 0 && length <= NAME_ROOM && strlen(name) == length);
        FUZZ_EQ(mio_addr_unix_path(&made, name), length < NAME_ROOM ? 0 : -ENAMETOOLONG);
        break;
    case MIO_UNIX_ABSTRACT:
        FUZZ_CHECK(length < NAME_ROOM);
        FUZZ_EQ(mio_addr_unix_abstract(&made, name, length), 0);
        break;
    default:
        fuzz_fail(__FILE__, __LINE__, "a known kind");
    }
    if (length < NAME_ROOM)
        check_equal(addr, &made);
    else
        fuzz_check_unchanged(&made);
}

/* ---- The text -------------------------------------------------------------------------------- */

/* The next size to try: all for short texts, and the ends of long ones, whose middle costs time. */
static size_t next_size(size_t size, size_t length)
{
    size_t step = 1 + length / 48;
    return size < 32 || size + 32 + step > length ? size + 1 : size + step;
}

/* Into rooms that are too small, in turn with memory behind them and without. */
static void check_small_rooms(const struct mio_addr *addr, size_t length)
{
    enum { AROUND = 8, ROOM = MIO_ADDR_TEXT + 2 * AROUND };
    char *block = malloc(ROOM);
    FUZZ_CHECK(block);
    bool at_end = false;
    for (size_t size = 0; size <= length; size = next_size(size, length)) {
        char *text = at_end ? block + ROOM - size : block + AROUND;
        memset(block, PATTERN, ROOM);
        FUZZ_EQ(mio_addr_format(addr, text, size), -ENOSPC);
        FUZZ_CHECK(is_pattern(text - AROUND, AROUND));
        FUZZ_CHECK(at_end || is_pattern(text + size, AROUND));
        FUZZ_CHECK(size == 0 || text[0] == '\0');
        at_end = !at_end;
    }
    free(block);
}

static void check_text(const struct mio_addr *addr)
{
    char text[MIO_ADDR_TEXT], again[MIO_ADDR_TEXT];
    struct mio_addr read = fuzz_pattern();
    size_t name_length;
    int length = mio_addr_format(addr, text, sizeof text);
    FUZZ_CHECK(length > 0 && length < MIO_ADDR_TEXT);
    FUZZ_EQ(strlen(text), length);
    for (int i = 0; i < length; i++)
        FUZZ_CHECK((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
    check_small_rooms(addr, (size_t)length);

    char *exact = fuzz_copy(text, (size_t)length + 1);
    mio_addr_unix_name(addr, &name_length);
    if (name_length < NAME_ROOM) {
        FUZZ_EQ(mio_addr_parse(&read, exact), 0);
        check_equal(addr, &read);
        FUZZ_EQ(mio_addr_format(&read, again, sizeof again), length);
        FUZZ_EQ(strcmp(text, again), 0);
    } else {
        FUZZ_EQ(mio_addr_parse(&read, exact), -ENAMETOOLONG);
        fuzz_check_unchanged(&read);
    }
    memset(exact, PATTERN, (size_t)length + 1);
    FUZZ_EQ(mio_addr_format(addr, exact, (size_t)length + 1), length);
    FUZZ_EQ(strcmp(text, exact), 0);
    free(exact);
}

/* ---- The system's form ----------------------------------------------------------------------- */

static void check_sockaddr(const struct mio_addr *addr)
{
    struct sockaddr_storage out;
    struct mio_addr back = fuzz_pattern();
    int length = mio_addr_to_sockaddr(addr, (struct sockaddr *)&out, sizeof out);
    FUZZ_CHECK(length > 0 && (size_t)length <= sizeof out);
    /* More the system would not take back. */
    FUZZ_CHECK(mio_addr_family(addr) != MIO_ADDR_UNIX ||
               (size_t)length <= sizeof(struct sockaddr_un));
    for (size_t size = 0; size < (size_t)length; size++) {
        struct sockaddr_storage small;
        memset(&small, PATTERN, sizeof small);
        FUZZ_EQ(mio_addr_to_sockaddr(addr, (struct sockaddr *)&small, size), -ENOSPC);
        FUZZ_CHECK(is_pattern(&small, sizeof small));
    }
    void *exact = malloc((size_t)length);
    FUZZ_CHECK(exact);
    FUZZ_EQ(mio_addr_to_sockaddr(addr, exact, (size_t)length), length);
    FUZZ_EQ(memcmp(exact, &out, (size_t)length), 0);
    FUZZ_EQ(mio_addr_from_sockaddr(&back, exact, (size_t)length), 0);
    check_equal(addr, &back);
    FUZZ_EQ(mio_addr_to_sockaddr(&back, exact, (size_t)length), length);
    FUZZ_EQ(memcmp(exact, &out, (size_t)length), 0);
    free(exact);
}

void fuzz_check_addr(const struct mio_addr *addr)
{
    struct mio_addr copy = *addr;
    const struct mio_addr none = {0};
    check_equal(addr, addr);
    check_equal(addr, &copy);
    FUZZ_CHECK(!mio_addr_equal(addr, NULL) && !mio_addr_equal(addr, &none));
    switch (mio_addr_family(addr)) {
    case MIO_ADDR_IPV4:
    case MIO_ADDR_IPV6:
        check_ip(addr);
        break;
    case MIO_ADDR_UNIX:
        check_name(addr);
        break;
    default:
        fuzz_fail(__FILE__, __LINE__, "a known family");
    }
    check_text(addr);
    check_sockaddr(addr);
    FUZZ_EQ(memcmp(addr, &copy, sizeof copy), 0);
}
