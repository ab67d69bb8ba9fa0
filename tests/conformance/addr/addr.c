/* Addresses as text: what is read, what is refused, and how they are written. */
#define _GNU_SOURCE 1
#include "net.h"

#include <stdio.h>
#include <string.h>

/* ---- Reading and writing --------------------------------------------------------------------- */

/* Texts in the form that mio_addr_format writes: they come back as they were. */
static const char *const canonical[] = {
    "0.0.0.0:0",
    "127.0.0.1:80",
    "255.255.255.255:65535",
    "192.0.2.7:1",
    "10.200.30.4:9999",
    "[::]:0",
    "[::1]:80",
    "[1::]:80",
    "[2001:db8::1]:443",
    "[1:2:3:4:5:6:7:8]:65535",
    "[1:0:0:4::8]:1",
    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
    "[::ffff:192.0.2.1]:8080",
    "[fe80::1%1]:80",
    "[fe80::1%2]:80",
    "[fe80::abcd:1%4294967295]:65535",
};
enum { CANONICAL = sizeof canonical / sizeof canonical[0] };

static void texts_come_back_as_they_were(void)
{
    char text[MIO_ADDR_TEXT];
    struct mio_addr addr, again;
    for (size_t i = 0; i < CANONICAL; i++) {
        memset(&addr, 0xa5, sizeof addr);
        CHECK_EQ(mio_addr_parse(&addr, canonical[i]), 0);
        CHECK_EQ(mio_addr_family(&addr), canonical[i][0] == '[' ? MIO_ADDR_IPV6 : MIO_ADDR_IPV4);
        int length = mio_addr_format(&addr, text, sizeof text);
        if (length < 0 || strcmp(text, canonical[i]) != 0)
            test_fail(__FILE__, __LINE__, "%s became %s", canonical[i], length < 0 ? "" : text);
        CHECK_EQ(length, strlen(text));
        CHECK_EQ(mio_addr_parse(&again, text), 0);
        CHECK(mio_addr_equal(&addr, &again));
    }
}

/* Other spellings of an address, and its canonical text. */
static void other_spellings_are_read(void)
{
    static const char *const pairs[][2] = {
        {"[0:0:0:0:0:0:0:1]:80", "[::1]:80"},
        {"[2001:DB8::A]:80", "[2001:db8::a]:80"},
        {"[2001:0db8:0000:0000:0000:0000:0000:0001]:80", "[2001:db8::1]:80"},
        {"[::FFFF:c000:0201]:80", "[::ffff:192.0.2.1]:80"},
        {"[fe80::1%0]:80", "[fe80::1]:80"},
    };
    char text[MIO_ADDR_TEXT];
    struct mio_addr addr;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        CHECK_EQ(mio_addr_parse(&addr, pairs[i][0]), 0);
        CHECK_EQ(mio_addr_format(&addr, text, sizeof text), strlen(pairs[i][1]));
        CHECK_EQ(strcmp(text, pairs[i][1]), 0);
    }
}

static void every_port_can_be_read(void)
{
    char text[32];
    struct mio_addr addr;
    for (int port = 0; port <= 65535; port++) {
        snprintf(text, sizeof text, "127.0.0.1:%d", port);
        CHECK_EQ(mio_addr_parse(&addr, text), 0);
        CHECK_EQ(mio_addr_port(&addr), port);
    }
}

/* ---- Refusing -------------------------------------------------------------------------------- */

static const char *const rejects[] = {
    /* Parts that are missing. */
    "",
    ":",
    ":80",
    "80",
    "127.0.0.1",
    "127.0.0.1:",
    "[::1]",
    "[::1]:",
    "[]:80",
    "[",
    "[:80",
    "]:80",
    "::1",
    "::1:80",
    "::1]:80",
    "[::1:80",
    "[::1]80",
    "[%1]:80",
    "[::1%]:80",
    /* Ports. */
    "127.0.0.1:65536",
    "127.0.0.1:99999",
    "127.0.0.1:4294967376", /* 2^32 + 80 */
    "127.0.0.1:18446744073709551696",
    "127.0.0.1:99999999999999999999999999999999",
    "127.0.0.1:-1",
    "127.0.0.1:+80",
    "127.0.0.1:0x50",
    "127.0.0.1:http",
    "127.0.0.1:8O",
    "127.0.0.1:80.0",
    "127.0.0.1:80:80",
    "[::1]:65536",
    "[::1]:-80",
    "[::1]::80",
    "127.0.0.1::80",
    /* Hosts. */
    "127.0.0.01:80",
    "0177.0.0.1:80",
    "0x7f.0.0.1:80",
    "256.0.0.1:80",
    "1.2.3.256:80",
    "1.2.3.1000:80",
    "1.2.3:80",
    "127.1:80",
    "2130706433:80",
    "1.2.3.4.5:80",
    "1.2.3.:80",
    ".1.2.3:80",
    "1..2.3:80",
    "1.2.3.-4:80",
    "localhost:80",
    "[localhost]:80",
    "[127.0.0.1]:80",
    "[::g]:80",
    "[:::1]:80",
    "[1::2::3]:80",
    "[12345::]:80",
    "[1:2:3:4:5:6:7]:80",
    "[1:2:3:4:5:6:7:8:9]:80",
    "[1:2:3:4:5:6:7:8::]:80",
    "[::ffff:1.2.3.256]:80",
    "[::ffff:1.2.3]:80",
    "[[::1]]:80",
    "1:2:3:4:5:6:7:8:80",
    /* Scopes. */
    "127.0.0.1%1:80",
    "[fe80::1%-1]:80",
    "[fe80::1%+1]:80",
    "[fe80::1%1x]:80",
    "[fe80::1%0x1]:80",
    "[fe80::1%lo]:80",
    "[fe80::1%1%2]:80",
    "[fe80::1%25]x:80",
    "[fe80::1%4294967296]:80",
    "[fe80::1%18446744073709551617]:80",
    "[fe80::1]%1:80",
    "fe80::1%1:80",
    /* Spaces and what follows. */
    " 127.0.0.1:80",
    "127.0.0.1:80 ",
    "127.0.0.1 :80",
    "127.0.0.1: 80",
    "127.0.0.1:8 0",
    "127.0.0.1:80\n",
    "127.0.0.1:80x",
    "127.0.0.1:80/",
    " [::1]:80",
    "[::1]:80 ",
    "[ ::1]:80",
    "[::1 ]:80",
    "[::1] :80",
    "[fe80::1% 1]:80",
    "[fe80::1 %1]:80",
    "[::1]:80]",
    "http://127.0.0.1:80",
    /* Other kinds of address. */
    "Unix:/tmp/socket",
    "unix",
    "/tmp/socket",
};
enum { REJECTS = sizeof rejects / sizeof rejects[0] };

static void check_rejected(const char *text)
{
    struct mio_addr addr, before;
    memset(&addr, 0xa5, sizeof addr);
    before = addr;
    int result = mio_addr_parse(&addr, text);
    if (result != -EINVAL)
        test_fail(__FILE__, __LINE__, "\"%.80s\" gave %d", text, result);
    if (memcmp(&addr, &before, sizeof addr) != 0)
        test_fail(__FILE__, __LINE__, "\"%.80s\" changed the address", text);
}

static void bad_texts_are_refused_and_change_nothing(void)
{
    for (size_t i = 0; i < REJECTS; i++)
        check_rejected(rejects[i]);
}

/* One number, one text: a port or a scope with leading zeros could be meant as octal. */
static void leading_zeros_are_refused(void)
{
    check_rejected("127.0.0.1:080");
    check_rejected("127.0.0.1:00");
    check_rejected("[::1]:0443");
    check_rejected("[fe80::1%01]:80");
}

/* Every cut of a good text but the whole of it is bad, unless a shorter number is a number too. */
static void cut_texts_are_refused(void)
{
    static const char *const whole[] = {"127.0.0.1:8", "[::1]:8", "[fe80::1%2]:8"};
    char text[32];
    struct mio_addr addr;
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        size_t length = strlen(whole[i]);
        for (size_t cut = 0; cut < length; cut++) {
            memcpy(text, whole[i], cut);
            text[cut] = '\0';
            check_rejected(text);
        }
        CHECK_EQ(mio_addr_parse(&addr, whole[i]), 0);
    }
}

static void long_texts_are_refused(void)
{
    static char text[4096];
    static const char *const starts[] = {
        "1", "1.", ":", "[", "[:", "[1:", "[::1%1", "127.0.0.1:1", "[::1]:1", "%", "a"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        for (size_t length = 30; length < sizeof text; length = length * 3 / 2) {
            /* The last character of the start again and again. */
            size_t start = strlen(starts[i]);
            memset(text, starts[i][start - 1], length);
            memcpy(text, starts[i], start);
            memcpy(text + length, ":80", 4);
            check_rejected(text);
            memcpy(text + length, "]:80", 5);
            check_rejected(text);
        }
}

static void null_is_refused(void)
{
    struct mio_addr addr = {0};
    char text[MIO_ADDR_TEXT];
    CHECK_EQ(mio_addr_parse(NULL, "127.0.0.1:80"), -EINVAL);
    CHECK_EQ(mio_addr_parse(&addr, NULL), -EINVAL);
    CHECK_EQ(mio_addr_family(&addr), MIO_ADDR_NONE);
    CHECK_EQ(mio_addr_parse(&addr, "127.0.0.1:80"), 0);
    CHECK_EQ(mio_addr_format(NULL, text, sizeof text), -EINVAL);
    CHECK_EQ(mio_addr_format(&addr, NULL, sizeof text), -EINVAL);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void no_address_has_no_text(void)
{
    const struct mio_addr none = {0};
    char text[MIO_ADDR_TEXT] = "before";
    CHECK_EQ(mio_addr_format(&none, text, sizeof text), -EINVAL);
}

/* Too small is every size up to the length: the text is empty then, and nothing lies beyond it. */
static void every_size_that_is_too_small(void)
{
    char text[MIO_ADDR_TEXT + 1];
    struct mio_addr addr;
    for (size_t i = 0; i < CANONICAL; i++) {
        size_t length = strlen(canonical[i]);
        CHECK(length < MIO_ADDR_TEXT);
        CHECK_EQ(mio_addr_parse(&addr, canonical[i]), 0);
        for (size_t size = 0; size <= MIO_ADDR_TEXT; size++) {
            memset(text, '#', sizeof text);
            int result = mio_addr_format(&addr, text, size);
            if (size > length) {
                CHECK_EQ(result, length);
                CHECK_EQ(strcmp(text, canonical[i]), 0);
            } else {
                CHECK_EQ(result, -ENOSPC);
                CHECK(size == 0 || text[0] == '\0');
            }
            CHECK_EQ(text[size], '#');
        }
    }
}

/* The longest text there is: all digits, the longest scope, the longest port. */
static void longest_text_fits(void)
{
    uint8_t ip[16];
    char text[MIO_ADDR_TEXT];
    struct mio_addr addr, again;
    memset(ip, 0xff, sizeof ip);
    CHECK_EQ(mio_addr_ipv6(&addr, ip, 65535, UINT32_MAX), 0);
    CHECK(mio_addr_format(&addr, text, sizeof text) > 0);
    CHECK_EQ(mio_addr_parse(&again, text), 0);
    CHECK(mio_addr_equal(&addr, &again));
}

/* A simple generator with a fixed start: the same addresses in every run. */
static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void random_addresses_survive_their_text(void)
{
    uint32_t state = 1;
    char text[MIO_ADDR_TEXT];
    struct mio_addr addr, again;
    uint8_t ip[16];
    for (long i = test_scaled(20000); i > 0; i--) {
        uint16_t port = (uint16_t)next_random(&state);
        /* Zeros are frequent, because their runs are what the text shortens. */
        for (size_t k = 0; k < sizeof ip; k++)
            ip[k] = (next_random(&state) & 1) ? (uint8_t)next_random(&state) : 0;
        uint32_t scope = (next_random(&state) & 3) ? 0 : next_random(&state);
        if (i % 2)
            CHECK_EQ(mio_addr_ipv4(&addr, ip, port), 0);
        else
            CHECK_EQ(mio_addr_ipv6(&addr, ip, port, scope), 0);
        CHECK(mio_addr_format(&addr, text, sizeof text) > 0);
        CHECK_EQ(mio_addr_parse(&again, text), 0);
        if (!mio_addr_equal(&addr, &again))
            test_fail(__FILE__, __LINE__, "%s is another address", text);
    }
}

static const struct test_case cases[] = {
    {"texts_come_back_as_they_were", texts_come_back_as_they_were, 0},
    {"other_spellings_are_read", other_spellings_are_read, 0},
    {"every_port_can_be_read", every_port_can_be_read, 0},
    {"bad_texts_are_refused_and_change_nothing", bad_texts_are_refused_and_change_nothing, 0},
    {"leading_zeros_are_refused", leading_zeros_are_refused, 0},
    {"cut_texts_are_refused", cut_texts_are_refused, 0},
    {"long_texts_are_refused", long_texts_are_refused, 0},
    {"null_is_refused", null_is_refused, 0},
    {"no_address_has_no_text", no_address_has_no_text, 0},
    {"every_size_that_is_too_small", every_size_that_is_too_small, 0},
    {"longest_text_fits", longest_text_fits, 0},
    {"random_addresses_survive_their_text", random_addresses_survive_their_text, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_addr = {"addr", cases};
