/* Addresses as bytes: constructors, parts, equality, and the system's own form. */
#include "net.h"

#include "sockaddr.h"
#include <string.h>

static const uint8_t ip4[4] = {192, 0, 2, 7};
static const uint8_t ip6[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
static const uint8_t link_local[16] = {0xfe, 0x80, [15] = 1};

/* ---- Parts ----------------------------------------------------------------------------------- */

static void ipv4_has_its_parts(void)
{
    struct mio_addr addr;
    uint8_t ip[16];
    uint32_t scope = 99;
    memset(&addr, 0xa5, sizeof addr);
    memset(ip, 0xa5, sizeof ip);
    CHECK_EQ(mio_addr_ipv4(&addr, ip4, 8080), 0);
    CHECK_EQ(mio_addr_family(&addr), MIO_ADDR_IPV4);
    CHECK_EQ(mio_addr_port(&addr), 8080);
    CHECK_EQ(mio_addr_ip(&addr, ip, &scope), 4);
    CHECK_EQ(memcmp(ip, ip4, sizeof ip4), 0);
    CHECK_EQ(ip[4], 0xa5);
    CHECK_EQ(scope, 0);
    CHECK_EQ(mio_addr_ip(&addr, ip, NULL), 4);
}

static void ipv6_has_its_parts(void)
{
    struct mio_addr addr;
    uint8_t ip[16];
    uint32_t scope = 99;
    memset(&addr, 0xa5, sizeof addr);
    CHECK_EQ(mio_addr_ipv6(&addr, ip6, 65535, 0), 0);
    CHECK_EQ(mio_addr_family(&addr), MIO_ADDR_IPV6);
    CHECK_EQ(mio_addr_port(&addr), 65535);
    CHECK_EQ(mio_addr_ip(&addr, ip, &scope), 16);
    CHECK_EQ(memcmp(ip, ip6, sizeof ip6), 0);
    CHECK_EQ(scope, 0);
    CHECK_EQ(mio_addr_ipv6(&addr, link_local, 0, UINT32_MAX), 0);
    CHECK_EQ(mio_addr_port(&addr), 0);
    CHECK_EQ(mio_addr_ip(&addr, ip, &scope), 16);
    CHECK_EQ(memcmp(ip, link_local, sizeof link_local), 0);
    CHECK_EQ(scope, UINT32_MAX);
    CHECK_EQ(mio_addr_ip(&addr, ip, NULL), 16);
}

/* An IPv4 address mapped into IPv6 is an IPv6 address, and not equal to the IPv4 one. */
static void mapped_address_is_ipv6(void)
{
    struct mio_addr mapped, plain;
    CHECK_EQ(mio_addr_parse(&mapped, "[::ffff:192.0.2.7]:80"), 0);
    CHECK_EQ(mio_addr_parse(&plain, "192.0.2.7:80"), 0);
    CHECK_EQ(mio_addr_family(&mapped), MIO_ADDR_IPV6);
    CHECK(!mio_addr_equal(&mapped, &plain));
}

static void set_port_changes_the_port_alone(void)
{
    struct mio_addr addr, before;
    uint8_t ip[16];
    uint32_t scope;
    CHECK_EQ(mio_addr_ipv6(&addr, link_local, 1, 3), 0);
    before = addr;
    CHECK_EQ(mio_addr_set_port(&addr, 0xabcd), 0);
    CHECK_EQ(mio_addr_port(&addr), 0xabcd);
    CHECK_EQ(mio_addr_ip(&addr, ip, &scope), 16);
    CHECK_EQ(memcmp(ip, link_local, sizeof link_local), 0);
    CHECK_EQ(scope, 3);
    CHECK_EQ(mio_addr_set_port(&addr, 1), 0);
    CHECK(mio_addr_equal(&addr, &before));
    CHECK_EQ(mio_addr_ipv4(&addr, ip4, 7), 0);
    CHECK_EQ(mio_addr_set_port(&addr, 0), 0);
    CHECK_EQ(mio_addr_port(&addr), 0);
    CHECK_EQ(mio_addr_ip(&addr, ip, NULL), 4);
    CHECK_EQ(memcmp(ip, ip4, sizeof ip4), 0);
}

static void no_address_has_no_parts(void)
{
    struct mio_addr none = {0};
    uint8_t ip[16];
    uint32_t scope;
    CHECK_EQ(mio_addr_family(&none), MIO_ADDR_NONE);
    CHECK_EQ(mio_addr_port(&none), -EINVAL);
    CHECK_EQ(mio_addr_set_port(&none, 80), -EINVAL);
    CHECK_EQ(mio_addr_ip(&none, ip, &scope), -EINVAL);
    CHECK_EQ(mio_addr_family(&none), MIO_ADDR_NONE);
}

static void null_arguments_are_invalid(void)
{
    struct mio_addr addr = {0};
    struct sockaddr_storage storage = {0};
    uint8_t ip[16];
    CHECK_EQ(mio_addr_ipv4(NULL, ip4, 80), -EINVAL);
    CHECK_EQ(mio_addr_ipv4(&addr, NULL, 80), -EINVAL);
    CHECK_EQ(mio_addr_ipv6(NULL, ip6, 80, 0), -EINVAL);
    CHECK_EQ(mio_addr_ipv6(&addr, NULL, 80, 0), -EINVAL);
    CHECK_EQ(mio_addr_family(&addr), MIO_ADDR_NONE);
    CHECK_EQ(mio_addr_family(NULL), MIO_ADDR_NONE);
    CHECK_EQ(mio_addr_port(NULL), -EINVAL);
    CHECK_EQ(mio_addr_set_port(NULL, 80), -EINVAL);
    CHECK_EQ(mio_addr_ip(NULL, ip, NULL), -EINVAL);
    CHECK_EQ(mio_addr_ipv4(&addr, ip4, 80), 0);
    CHECK_EQ(mio_addr_ip(&addr, NULL, NULL), -EINVAL);
    CHECK_EQ(mio_addr_from_sockaddr(NULL, (struct sockaddr *)&storage, sizeof storage), -EINVAL);
    CHECK_EQ(mio_addr_from_sockaddr(&addr, NULL, sizeof storage), -EINVAL);
    CHECK_EQ(mio_addr_to_sockaddr(NULL, (struct sockaddr *)&storage, sizeof storage), -EINVAL);
    CHECK_EQ(mio_addr_to_sockaddr(&addr, NULL, sizeof storage), -EINVAL);
}

/* ---- Equality -------------------------------------------------------------------------------- */

static void every_part_counts_for_equality(void)
{
    static const char *const texts[] = {
        "1.2.3.4:80", "1.2.3.4:81", "1.2.3.5:80",  "2.2.3.4:80",     "[1::4]:80",      "[1::4]:81",
        "[1::5]:80",  "[2::4]:80",  "[1::4%1]:80", "[1::4%2]:80",    "[::]:80",        "0.0.0.0:80",
        "0.0.0.0:0",  "[::]:0",     "[1::4%1]:81", "[::1.2.3.4]:80", "[102:304::]:80",
    };
    enum { TEXTS = sizeof texts / sizeof texts[0] };
    struct mio_addr a, b;
    for (size_t i = 0; i < TEXTS; i++)
        for (size_t k = 0; k < TEXTS; k++) {
            memset(&a, 0x11, sizeof a);
            memset(&b, 0xee, sizeof b);
            CHECK_EQ(mio_addr_parse(&a, texts[i]), 0);
            CHECK_EQ(mio_addr_parse(&b, texts[k]), 0);
            if (mio_addr_equal(&a, &b) != (i == k))
                test_fail(__FILE__, __LINE__, "%s and %s", texts[i], texts[k]);
        }
}

static void no_address_equals_no_address(void)
{
    const struct mio_addr none = {0}, other = {0};
    struct mio_addr some;
    CHECK(mio_addr_equal(&none, &other));
    CHECK_EQ(mio_addr_parse(&some, "0.0.0.0:0"), 0);
    CHECK(!mio_addr_equal(&none, &some));
    CHECK(!mio_addr_equal(&some, &none));
    CHECK(!mio_addr_equal(NULL, &none));
    CHECK(!mio_addr_equal(&none, NULL));
    CHECK(!mio_addr_equal(&some, NULL));
    CHECK(!mio_addr_equal(NULL, NULL));
}

static void copies_are_equal(void)
{
    struct mio_addr some, copy;
    CHECK_EQ(mio_addr_parse(&some, "[fe80::1%3]:80"), 0);
    copy = some;
    memset(&some, 0, sizeof some);
    CHECK_EQ(mio_addr_parse(&some, "[fe80::1%3]:80"), 0);
    CHECK(mio_addr_equal(&some, &copy));
}

/* ---- The system's form ----------------------------------------------------------------------- */

static struct sockaddr_in system_ipv4(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(8080)};
    memcpy(&name.sin_addr, ip4, sizeof ip4);
    return name;
}

static struct sockaddr_in6 system_ipv6(void)
{
    struct sockaddr_in6 name = {
        .sin6_family = AF_INET6, .sin6_port = htons(8080), .sin6_scope_id = 5};
    memcpy(&name.sin6_addr, link_local, sizeof link_local);
    return name;
}

static void from_the_systems_form(void)
{
    struct sockaddr_in v4 = system_ipv4();
    struct sockaddr_in6 v6 = system_ipv6();
    struct sockaddr_storage storage = {0};
    struct mio_addr addr, wanted;
    /* The padding of the system's structure is no part of the address. */
    memset(v4.sin_zero, 0xa5, sizeof v4.sin_zero);
    CHECK_EQ(mio_addr_from_sockaddr(&addr, (struct sockaddr *)&v4, sizeof v4), 0);
    CHECK_EQ(mio_addr_ipv4(&wanted, ip4, 8080), 0);
    CHECK(mio_addr_equal(&addr, &wanted));
    CHECK_EQ(mio_addr_from_sockaddr(&addr, (struct sockaddr *)&v6, sizeof v6), 0);
    CHECK_EQ(mio_addr_ipv6(&wanted, link_local, 8080, 5), 0);
    CHECK(mio_addr_equal(&addr, &wanted));
    /* Callers often know the room alone and not the length. */
    memcpy(&storage, &v4, sizeof v4);
    CHECK_EQ(mio_addr_from_sockaddr(&addr, (struct sockaddr *)&storage, sizeof storage), 0);
    CHECK_EQ(mio_addr_ipv4(&wanted, ip4, 8080), 0);
    CHECK(mio_addr_equal(&addr, &wanted));
    memset(&storage, 0, sizeof storage);
    memcpy(&storage, &v6, sizeof v6);
    CHECK_EQ(mio_addr_from_sockaddr(&addr, (struct sockaddr *)&storage, sizeof storage), 0);
    CHECK_EQ(mio_addr_family(&addr), MIO_ADDR_IPV6);
}

static void to_the_systems_form(void)
{
    struct sockaddr_in v4 = system_ipv4(), out4;
    struct sockaddr_in6 v6 = system_ipv6(), out6;
    struct sockaddr_storage storage;
    struct mio_addr addr;
    memset(&out4, 0xa5, sizeof out4);
    CHECK_EQ(mio_addr_ipv4(&addr, ip4, 8080), 0);
    CHECK_EQ(mio_addr_to_sockaddr(&addr, (struct sockaddr *)&out4, sizeof out4), sizeof out4);
    CHECK_EQ(memcmp(&out4, &v4, sizeof v4), 0);
    memset(&out6, 0xa5, sizeof out6);
    CHECK_EQ(mio_addr_ipv6(&addr, link_local, 8080, 5), 0);
    CHECK_EQ(mio_addr_to_sockaddr(&addr, (struct sockaddr *)&out6, sizeof out6), sizeof out6);
    CHECK_EQ(memcmp(&out6, &v6, sizeof v6), 0);
    CHECK_EQ(mio_addr_to_sockaddr(&addr, (struct sockaddr *)&storage, sizeof storage), sizeof out6);
    CHECK_EQ(memcmp(&storage, &v6, sizeof v6), 0);
}

/* Nothing beyond the room is written, and of too small a room nothing at all is said. */
static void check_small_rooms(const struct mio_addr *addr, size_t length)
{
    union {
        struct sockaddr_storage storage;
        unsigned char bytes[sizeof(struct sockaddr_storage)];
    } room;
    for (size_t size = 0; size < sizeof room; size++) {
        memset(&room, 0xa5, sizeof room);
        int result = mio_addr_to_sockaddr(addr, (struct sockaddr *)&room.storage, size);
        CHECK_EQ(result, size < length ? -ENOSPC : (int)length);
        for (size_t i = size; i < sizeof room; i++)
            CHECK_EQ(room.bytes[i], 0xa5);
    }
}

static void rooms_that_are_too_small(void)
{
    const struct mio_addr none = {0};
    struct sockaddr_storage storage;
    struct mio_addr addr;
    CHECK_EQ(mio_addr_ipv4(&addr, ip4, 8080), 0);
    check_small_rooms(&addr, sizeof(struct sockaddr_in));
    CHECK_EQ(mio_addr_ipv6(&addr, ip6, 8080, 0), 0);
    check_small_rooms(&addr, sizeof(struct sockaddr_in6));
    CHECK_EQ(mio_addr_to_sockaddr(&none, (struct sockaddr *)&storage, sizeof storage), -EINVAL);
}

/* A refused form changes nothing. */
static void check_not_taken(const void *name, size_t length, int error)
{
    struct mio_addr addr, before;
    CHECK_EQ(mio_addr_parse(&addr, "127.0.0.1:80"), 0);
    before = addr;
    CHECK_EQ(mio_addr_from_sockaddr(&addr, name, length), error);
    CHECK_EQ(memcmp(&addr, &before, sizeof addr), 0);
}

static void lengths_that_are_too_short(void)
{
    struct sockaddr_in v4 = system_ipv4();
    struct sockaddr_in6 v6 = system_ipv6();
    for (size_t length = 0; length < sizeof v4; length++)
        check_not_taken(&v4, length, -EINVAL);
    for (size_t length = 0; length < sizeof v6; length++)
        check_not_taken(&v6, length, -EINVAL);
}

static void families_that_are_unknown(void)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    check_not_taken(&storage, sizeof storage, -EAFNOSUPPORT);
    storage.ss_family = 250;
    check_not_taken(&storage, sizeof storage, -EAFNOSUPPORT);
}

static void forms_come_back_as_they_were(void)
{
    static const char *const texts[] = {"1.2.3.4:5", "0.0.0.0:0", "[::]:0", "[fe80::1%7]:65535"};
    struct sockaddr_storage storage;
    struct mio_addr addr, again;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        CHECK_EQ(mio_addr_parse(&addr, texts[i]), 0);
        int length = mio_addr_to_sockaddr(&addr, (struct sockaddr *)&storage, sizeof storage);
        CHECK(length > 0);
        CHECK_EQ(mio_addr_from_sockaddr(&again, (struct sockaddr *)&storage, (size_t)length), 0);
        CHECK(mio_addr_equal(&addr, &again));
    }
}

static const struct test_case cases[] = {
    {"ipv4_has_its_parts", ipv4_has_its_parts, 0},
    {"ipv6_has_its_parts", ipv6_has_its_parts, 0},
    {"mapped_address_is_ipv6", mapped_address_is_ipv6, 0},
    {"set_port_changes_the_port_alone", set_port_changes_the_port_alone, 0},
    {"no_address_has_no_parts", no_address_has_no_parts, 0},
    {"null_arguments_are_invalid", null_arguments_are_invalid, 0},
    {"every_part_counts_for_equality", every_part_counts_for_equality, 0},
    {"no_address_equals_no_address", no_address_equals_no_address, 0},
    {"copies_are_equal", copies_are_equal, 0},
    {"from_the_systems_form", from_the_systems_form, 0},
    {"to_the_systems_form", to_the_systems_form, 0},
    {"rooms_that_are_too_small", rooms_that_are_too_small, 0},
    {"lengths_that_are_too_short", lengths_that_are_too_short, 0},
    {"families_that_are_unknown", families_that_are_unknown, 0},
    {"forms_come_back_as_they_were", forms_come_back_as_they_were, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_addr_parts = {"addr_parts", cases};
