/* Addresses in the Unix domain as bytes: constructors, parts, equality. */
#define _GNU_SOURCE 1
#include "unix/unix_util.h"

#include <string.h>

/* ---- Constructors and parts ------------------------------------------------------------------ */

/* Bytes of all values but NUL, and none of them twice in a row. */
static void fill_name(char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        name[i] = (char)(1 + (i * 7 + length) % 255);
    name[length] = '\0';
}

static bool lies_inside(const char *name, size_t length, const struct mio_addr *addr)
{
    const char *begin = (const char *)addr;
    return name >= begin && name + length < begin + sizeof *addr;
}

static void paths_of_every_length_have_their_bytes(void)
{
    struct mio_addr addr;
    char path[UNIX_NAME_MOST + 1];
    for (size_t length = 1; length <= UNIX_NAME_MOST; length++) {
        size_t got = 999;
        fill_name(path, length);
        memset(&addr, 0xa5, sizeof addr);
        CHECK_EQ(mio_addr_unix_path(&addr, path), 0);
        CHECK_EQ(mio_addr_family(&addr), MIO_ADDR_UNIX);
        CHECK_EQ(mio_addr_unix_kind(&addr), MIO_UNIX_PATH);
        const char *name = mio_addr_unix_name(&addr, &got);
        CHECK_EQ(got, length);
        CHECK(lies_inside(name, length, &addr));
        CHECK_EQ(memcmp(name, path, length + 1), 0);
        CHECK(mio_addr_unix_name(&addr, NULL) == name);
    }
}

static void abstract_names_of_every_length_have_their_bytes(void)
{
    struct mio_addr addr;
    char bytes[UNIX_NAME_MOST + 1];
    unix_need_abstract();
    for (size_t length = 0; length <= UNIX_NAME_MOST; length++) {
        size_t got = 999;
        fill_name(bytes, length);
        memset(&addr, 0xa5, sizeof addr);
        CHECK_EQ(mio_addr_unix_abstract(&addr, bytes, length), 0);
        CHECK_EQ(mio_addr_family(&addr), MIO_ADDR_UNIX);
        CHECK_EQ(mio_addr_unix_kind(&addr), MIO_UNIX_ABSTRACT);
        const char *name = mio_addr_unix_name(&addr, &got);
        CHECK_EQ(got, length);
        CHECK(name && lies_inside(name, length, &addr));
        CHECK_EQ(memcmp(name, bytes, length), 0);
    }
}

static void abstract_names_may_contain_nul(void)
{
    static const char bytes[] = {'\0', 'a', '\0', '\0', 'b', '\0'};
    struct mio_addr addr;
    size_t length;
    unix_need_abstract();
    CHECK_EQ(mio_addr_unix_abstract(&addr, bytes, sizeof bytes), 0);
    const char *name = mio_addr_unix_name(&addr, &length);
    CHECK_EQ(length, sizeof bytes);
    CHECK_EQ(memcmp(name, bytes, sizeof bytes), 0);
}

static void empty_abstract_name_needs_no_bytes(void)
{
    struct mio_addr addr;
    size_t length = 999;
    unix_need_abstract();
    CHECK_EQ(mio_addr_unix_abstract(&addr, NULL, 0), 0);
    CHECK_EQ(mio_addr_unix_kind(&addr), MIO_UNIX_ABSTRACT);
    CHECK(mio_addr_unix_name(&addr, &length));
    CHECK_EQ(length, 0);
}

static void unnamed_address_has_an_empty_name(void)
{
    struct mio_addr addr;
    size_t length = 999;
    memset(&addr, 0xa5, sizeof addr);
    CHECK_EQ(mio_addr_unix_unnamed(&addr), 0);
    CHECK_EQ(mio_addr_family(&addr), MIO_ADDR_UNIX);
    CHECK_EQ(mio_addr_unix_kind(&addr), MIO_UNIX_UNNAMED);
    CHECK(mio_addr_unix_name(&addr, &length));
    CHECK_EQ(length, 0);
}

/* An address may be made of its own name: a path becomes abstract. */
static void address_can_be_made_of_its_own_name(void)
{
    struct mio_addr addr, wanted;
    size_t length;
    unix_need_abstract();
    CHECK_EQ(mio_addr_unix_path(&addr, "some/path"), 0);
    const char *name = mio_addr_unix_name(&addr, &length);
    CHECK_EQ(mio_addr_unix_abstract(&addr, name, length), 0);
    CHECK_EQ(mio_addr_unix_abstract(&wanted, "some/path", 9), 0);
    CHECK(mio_addr_equal(&addr, &wanted));
}

/* ---- What is refused ------------------------------------------------------------------------- */

static void refused_names_change_nothing(void)
{
    static char longer[5000];
    struct mio_addr addr, before;
    memset(longer, 'x', sizeof longer - 1);
    CHECK_EQ(mio_addr_parse(&addr, "127.0.0.1:80"), 0);
    before = addr;
    CHECK_EQ(mio_addr_unix_path(&addr, NULL), -EINVAL);
    CHECK_EQ(mio_addr_unix_path(&addr, ""), -EINVAL);
    CHECK_EQ(mio_addr_unix_path(&addr, longer), -ENAMETOOLONG);
    CHECK_EQ(mio_addr_unix_path(&addr, longer + sizeof longer - 1 - 108), -ENAMETOOLONG);
    CHECK_EQ(mio_addr_unix_path(&addr, longer + sizeof longer - 1 - 109), -ENAMETOOLONG);
    CHECK_EQ(mio_addr_unix_abstract(&addr, NULL, 1), -EINVAL);
    const int error = unix_has_abstract() ? -ENAMETOOLONG : -ENOTSUP;
    CHECK_EQ(mio_addr_unix_abstract(&addr, longer, 108), error);
    CHECK_EQ(mio_addr_unix_abstract(&addr, longer, 109), error);
    CHECK_EQ(mio_addr_unix_abstract(&addr, longer, sizeof longer), error);
    CHECK_EQ(mio_addr_unix_abstract(&addr, longer, SIZE_MAX), error);
    CHECK_EQ(memcmp(&addr, &before, sizeof addr), 0);
    CHECK_EQ(mio_addr_unix_path(NULL, "p"), -EINVAL);
    CHECK_EQ(mio_addr_unix_abstract(NULL, "p", 1), -EINVAL);
    CHECK_EQ(mio_addr_unix_unnamed(NULL), -EINVAL);
}

static void check_has_no_name(const struct mio_addr *addr)
{
    size_t length = 999;
    CHECK_EQ(mio_addr_unix_kind(addr), -EINVAL);
    CHECK(!mio_addr_unix_name(addr, &length));
    CHECK_EQ(length, 0);
    CHECK(!mio_addr_unix_name(addr, NULL));
}

static void ip_addresses_have_no_name(void)
{
    const struct mio_addr none = {0};
    struct mio_addr v4 = unix_text("127.0.0.1:80"), v6 = unix_text("[::1]:80");
    check_has_no_name(&v4);
    check_has_no_name(&v6);
    check_has_no_name(&none);
    check_has_no_name(NULL);
}

static void check_has_no_ip(const char *text)
{
    struct mio_addr addr = unix_text(text), before = addr;
    uint8_t ip[16];
    uint32_t scope = 99;
    memset(ip, 0xa5, sizeof ip);
    CHECK_EQ(mio_addr_ip(&addr, ip, &scope), -EINVAL);
    CHECK_EQ(ip[0], 0xa5);
    CHECK_EQ(scope, 99);
    CHECK_EQ(mio_addr_port(&addr), -EINVAL);
    CHECK_EQ(mio_addr_set_port(&addr, 80), -EINVAL);
    CHECK_EQ(memcmp(&addr, &before, sizeof addr), 0);
}

static void names_have_neither_ip_nor_port(void)
{
    check_has_no_ip("unix:");
    check_has_no_ip("unix:/p");
    if (unix_has_abstract())
        check_has_no_ip("unix:@name");
}

/* ---- Equality -------------------------------------------------------------------------------- */

static void kind_and_every_byte_count_for_equality(void)
{
    static const char *const texts[] = {"unix:", "unix:a", "unix:b", "unix:A", "unix:ab", "unix:aa",
                                        "unix:/a", "1.2.3.4:80", "[::1]:80", "unix:\\x40a",
                                        /* The rest is abstract. */
                                        "unix:@", "unix:@a", "unix:@b", "unix:@ab", "unix:@a\\x00",
                                        "unix:@\\x00a", "unix:@\\x00", "unix:@\\x00\\x00",
                                        "unix:@a\\x00\\x00"};
    enum { ALL = sizeof texts / sizeof texts[0], ABSTRACT = 9 };
    const size_t count = unix_has_abstract() ? ALL : ALL - ABSTRACT;
    const struct mio_addr none = {0};
    struct mio_addr a, b;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count; k++) {
            memset(&a, 0x11, sizeof a);
            memset(&b, 0xee, sizeof b);
            CHECK_EQ(mio_addr_parse(&a, texts[i]), 0);
            CHECK_EQ(mio_addr_parse(&b, texts[k]), 0);
            if (mio_addr_equal(&a, &b) != (i == k))
                test_fail(__FILE__, __LINE__, "%s and %s", texts[i], texts[k]);
        }
        CHECK(!mio_addr_equal(&a, &none));
        CHECK(!mio_addr_equal(&none, &a));
        CHECK(!mio_addr_equal(&a, NULL));
        CHECK(!mio_addr_equal(NULL, &a));
    }
}

/* The last byte of the longest names counts, too. */
static void long_names_differ_in_their_last_byte(void)
{
    char name[UNIX_NAME_MOST + 1] = {0};
    struct mio_addr a, b;
    memset(name, 'n', UNIX_NAME_MOST);
    CHECK_EQ(mio_addr_unix_path(&a, name), 0);
    name[UNIX_NAME_MOST - 1] = 'm';
    CHECK_EQ(mio_addr_unix_path(&b, name), 0);
    CHECK(!mio_addr_equal(&a, &b));
    if (!unix_has_abstract())
        return;
    CHECK_EQ(mio_addr_unix_abstract(&a, name, UNIX_NAME_MOST), 0);
    CHECK(!mio_addr_equal(&a, &b));
    name[UNIX_NAME_MOST - 1] = 'n';
    CHECK_EQ(mio_addr_unix_abstract(&b, name, UNIX_NAME_MOST), 0);
    CHECK(!mio_addr_equal(&a, &b));
}

static void copies_are_equal(void)
{
    const char *text = unix_has_abstract() ? "unix:@\\x00name" : "unix:name";
    struct mio_addr some = unix_text(text), copy = some;
    memset(&some, 0, sizeof some);
    some = unix_text(text);
    CHECK(mio_addr_equal(&some, &copy));
    CHECK(mio_addr_unix_name(&some, NULL) != mio_addr_unix_name(&copy, NULL));
}

/* An address that was used before, or never, keeps nothing of what it held. */
static void unnamed_peer_leaves_no_old_name(void)
{
    struct mio_unix_stream a, b;
    struct mio_addr addr;
    test_need_unix_pair(PLAIN_STREAM);
    CHECK_EQ(mio_unix_stream_pair(&a, &b), 0);
    memset(&addr, 'x', sizeof addr);
    CHECK_EQ(mio_unix_stream_peer_addr(&a, &addr), 0);
    CHECK_EQ(mio_addr_unix_kind(&addr), MIO_UNIX_UNNAMED);
    CHECK_EQ(strlen(mio_addr_unix_name(&addr, NULL)), 0);
    CHECK_EQ(mio_unix_stream_close(&a), 0);
    CHECK_EQ(mio_unix_stream_close(&b), 0);
}

static const struct test_case cases[] = {
    {"paths_of_every_length_have_their_bytes", paths_of_every_length_have_their_bytes, 0},
    {"abstract_names_of_every_length_have_their_bytes",
     abstract_names_of_every_length_have_their_bytes, 0},
    {"abstract_names_may_contain_nul", abstract_names_may_contain_nul, 0},
    {"empty_abstract_name_needs_no_bytes", empty_abstract_name_needs_no_bytes, 0},
    {"unnamed_address_has_an_empty_name", unnamed_address_has_an_empty_name, 0},
    {"address_can_be_made_of_its_own_name", address_can_be_made_of_its_own_name, 0},
    {"refused_names_change_nothing", refused_names_change_nothing, 0},
    {"ip_addresses_have_no_name", ip_addresses_have_no_name, 0},
    {"names_have_neither_ip_nor_port", names_have_neither_ip_nor_port, 0},
    {"kind_and_every_byte_count_for_equality", kind_and_every_byte_count_for_equality, 0},
    {"long_names_differ_in_their_last_byte", long_names_differ_in_their_last_byte, 0},
    {"copies_are_equal", copies_are_equal, 0},
    {"unnamed_peer_leaves_no_old_name", unnamed_peer_leaves_no_old_name, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_addr = {"unix_addr", cases};
