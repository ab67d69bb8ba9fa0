/* Addresses in the Unix domain as text, read and written. */
#define _GNU_SOURCE 1
#include "unix/unix_util.h"

#include <stdio.h>
#include <string.h>

/* A name and its text. */
struct form {
    const char *text;
    int kind;
    const char *name;
    size_t length;
};
#define FORM(text, kind, name)                                                                     \
    {                                                                                              \
        text, kind, name, sizeof(name) - 1                                                         \
    }

/* The text that is written for each name; it is read, too. */
static const struct form forms[] = {
    FORM("unix:", MIO_UNIX_UNNAMED, ""),
    FORM("unix:/run/x.sock", MIO_UNIX_PATH, "/run/x.sock"),
    FORM("unix:x.sock", MIO_UNIX_PATH, "x.sock"),
    FORM("unix:p", MIO_UNIX_PATH, "p"),
    FORM("unix: ", MIO_UNIX_PATH, " "),
    FORM("unix:unix:", MIO_UNIX_PATH, "unix:"),
    FORM("unix:127.0.0.1:80", MIO_UNIX_PATH, "127.0.0.1:80"),
    FORM("unix:a@b", MIO_UNIX_PATH, "a@b"),
    FORM("unix:\\x40", MIO_UNIX_PATH, "@"),
    FORM("unix:\\x40a@", MIO_UNIX_PATH, "@a@"),
    FORM("unix:\\x5c", MIO_UNIX_PATH, "\\"),
    FORM("unix:a\\x5cx41", MIO_UNIX_PATH, "a\\x41"),
    FORM("unix:\\x01\\x1f ~\\x7f", MIO_UNIX_PATH, "\x01\x1f ~\x7f"),
    FORM("unix:\\x0a\\x0d\\x09\\x1b", MIO_UNIX_PATH, "\n\r\t\x1b"),
    FORM("unix:/\xc3\xa4/\xe2\x82\xac", MIO_UNIX_PATH, "/\xc3\xa4/\xe2\x82\xac"),
    FORM("unix:\x80\xff", MIO_UNIX_PATH, "\x80\xff"),
    FORM("unix:\"'%[]#", MIO_UNIX_PATH, "\"'%[]#"),
    FORM("unix:@", MIO_UNIX_ABSTRACT, ""),
    FORM("unix:@name", MIO_UNIX_ABSTRACT, "name"),
    FORM("unix:@@", MIO_UNIX_ABSTRACT, "@"),
    FORM("unix:@@a", MIO_UNIX_ABSTRACT, "@a"),
    FORM("unix:@/p", MIO_UNIX_ABSTRACT, "/p"),
    FORM("unix:@\\x00", MIO_UNIX_ABSTRACT, "\0"),
    FORM("unix:@\\x00a\\x00", MIO_UNIX_ABSTRACT, "\0a\0"),
    FORM("unix:@a\\x5cb", MIO_UNIX_ABSTRACT, "a\\b"),
    FORM("unix:@\xc3\xa4", MIO_UNIX_ABSTRACT, "\xc3\xa4"),
};

/* Texts that are read, but not written so. */
static const struct form other_forms[] = {
    FORM("unix:\\x61", MIO_UNIX_PATH, "a"),
    FORM("unix:\\x2Fp", MIO_UNIX_PATH, "/p"),
    FORM("unix:\\x2fp", MIO_UNIX_PATH, "/p"),
    FORM("unix:\\xC3\\xa4", MIO_UNIX_PATH, "\xc3\xa4"),
    FORM("unix:\\xFf\\xfF\\xAb\\xeD", MIO_UNIX_PATH, "\xff\xff\xab\xed"),
    FORM("unix:\\x5C", MIO_UNIX_PATH, "\\"),
    FORM("unix:a\\x40", MIO_UNIX_PATH, "a@"),
    FORM("unix:\n", MIO_UNIX_PATH, "\n"),
    FORM("unix:\x7f", MIO_UNIX_PATH, "\x7f"),
    FORM("unix:\\x410", MIO_UNIX_PATH, "A0"),
    FORM("unix:@\\x40", MIO_UNIX_ABSTRACT, "@"),
    FORM("unix:@\\x6E\\x09", MIO_UNIX_ABSTRACT, "n\t"),
};

static struct mio_addr make(int kind, const char *name, size_t length)
{
    struct mio_addr addr = {0};
    if (kind == MIO_UNIX_PATH)
        CHECK_EQ(mio_addr_unix_path(&addr, name), 0);
    else if (kind == MIO_UNIX_ABSTRACT)
        CHECK_EQ(mio_addr_unix_abstract(&addr, name, length), 0);
    else
        CHECK_EQ(mio_addr_unix_unnamed(&addr), 0);
    return addr;
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void check_read(const struct form *form)
{
    struct mio_addr addr;
    size_t length = 999;
    memset(&addr, 0xa5, sizeof addr);
    int result = mio_addr_parse(&addr, form->text);
    if (form->kind == MIO_UNIX_ABSTRACT && !unix_has_abstract()) {
        CHECK_EQ(result, -ENOTSUP);
        return;
    }
    if (result != 0)
        test_fail(__FILE__, __LINE__, "%s: %s", form->text, mio_error_name(result));
    const char *name = mio_addr_unix_name(&addr, &length);
    if (mio_addr_unix_kind(&addr) != form->kind || length != form->length ||
        memcmp(name, form->name, length) != 0)
        test_fail(__FILE__, __LINE__, "%s is read as %d, %zu bytes", form->text,
                  mio_addr_unix_kind(&addr), length);
}

static void texts_are_read(void)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        check_read(&forms[i]);
    for (size_t i = 0; i < sizeof other_forms / sizeof other_forms[0]; i++)
        check_read(&other_forms[i]);
}

/* A refused text changes nothing. */
static void check_refused(const char *text, int error)
{
    struct mio_addr addr = unix_text("127.0.0.1:80"), before = addr;
    int result = mio_addr_parse(&addr, text);
    if (result != error)
        test_fail(__FILE__, __LINE__, "%s: %s", text, mio_error_name(result));
    CHECK_EQ(memcmp(&addr, &before, sizeof addr), 0);
}

static void texts_that_are_no_address(void)
{
    static const char *const texts[] = {
        "unix",         "unix;p",        " unix:p",       "Unix:p",          "UNIX:p",
        "unix :p",      "/run/x.sock",   "@name",         "unix:\\",         "unix:\\x",
        "unix:\\x4",    "unix:\\x4g",    "unix:\\xg4",    "unix:\\X40",      "unix:\\40",
        "unix:\\\\",    "unix:\\n",      "unix:\\u0041",  "unix:p\\",        "unix:p\\x",
        "unix:p\\x2",   "unix:\\x 4",    "unix:\\x4 ",    "unix:\\x4:",      "unix:\\x4/",
        "unix:\\x4@",   "unix:\\x4`",    "unix:\\x-1",    "unix:\\x+1",      "unix:@\\",
        "unix:@\\xzz",  "unix:@a\\x0",   "unix:\\x00",    "unix:\\x00a",     "unix:p\\x00",
        "unix:p\\x00q", "unix:/a\\x00b", "unix:\\x4G",    "unix:\\x0x",      "unix:@\\x\xff\xff",
        "unix:\\x4\\",  "unix:\\\\x41",  "unix:p\\x41\\", "unix:@\\x00\\x0",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        check_refused(texts[i], -EINVAL);
    check_refused(NULL, -EINVAL);
    CHECK_EQ(mio_addr_parse(NULL, "unix:p"), -EINVAL);
}

/* The text "unix:", perhaps "@", and count bytes, escaped or plain. */
static const char *long_text(const char *start, const char *byte, size_t count)
{
    static char text[4096];
    size_t length = strlen(start), step = strlen(byte);
    CHECK(length + count * step < sizeof text);
    memcpy(text, start, length);
    for (size_t i = 0; i < count; i++, length += step)
        memcpy(text + length, byte, step);
    text[length] = '\0';
    return text;
}

/* Escapes are counted as the one byte that they stand for. */
static void long_names_are_read_up_to_the_systems_length(void)
{
    static const size_t too_long[] = {108, 109, 127, 128, 129, 500};
    static const char *const bytes[] = {"n", "\\x6e"}, *const starts[] = {"unix:", "unix:@"};
    char name[UNIX_NAME_MOST + 1];
    memset(name, 'n', sizeof name);
    name[UNIX_NAME_MOST] = '\0';
    for (int i = 0; i < (unix_has_abstract() ? 4 : 2); i++) {
        const char *byte = bytes[i % 2], *start = starts[i / 2];
        struct mio_addr addr = unix_text(long_text(start, byte, UNIX_NAME_MOST));
        struct mio_addr wanted =
            make(i / 2 == 0 ? MIO_UNIX_PATH : MIO_UNIX_ABSTRACT, name, UNIX_NAME_MOST);
        CHECK(mio_addr_equal(&addr, &wanted));
        for (size_t k = 0; k < sizeof too_long / sizeof too_long[0]; k++)
            check_refused(long_text(start, byte, too_long[k]), -ENAMETOOLONG);
    }
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void check_written(const struct mio_addr *addr, const char *wanted)
{
    char text[MIO_ADDR_TEXT];
    memset(text, 0x5a, sizeof text);
    int length = mio_addr_format(addr, text, sizeof text);
    if (length != (int)strlen(wanted) || strcmp(text, wanted) != 0)
        test_fail(__FILE__, __LINE__, "%s is written as %.*s (%d)", wanted, MIO_ADDR_TEXT - 1, text,
                  length);
    CHECK_EQ(text[length + 1], 0x5a);
}

static void names_are_written(void)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (forms[i].kind == MIO_UNIX_ABSTRACT && !unix_has_abstract())
            continue;
        struct mio_addr addr = make(forms[i].kind, forms[i].name, forms[i].length);
        check_written(&addr, forms[i].text);
    }
}

/* Every byte alone, behind a plain one: what has to be escaped is, and nothing else. */
static void exactly_the_bytes_that_need_it_are_escaped(void)
{
    for (int byte = 0; byte < 256; byte++) {
        char name[] = {'n', (char)byte, '\0'}, wanted[16], path[16];
        struct mio_addr addr;
        bool escaped = byte < 0x20 || byte == 0x7f || byte == '\\';
        snprintf(wanted, sizeof wanted, escaped ? "unix:@n\\x%02x" : "unix:@n%c", byte);
        if (unix_has_abstract()) {
            addr = make(MIO_UNIX_ABSTRACT, name, 2);
            check_written(&addr, wanted);
        }
        if (byte == 0)
            continue;
        addr = make(MIO_UNIX_PATH, name, 2);
        snprintf(path, sizeof path, "unix:%s", wanted + strlen("unix:@"));
        check_written(&addr, path);
    }
}

/* Within the room of every size: all of the text, or an empty one, and not a byte behind. */
static void check_rooms(const struct mio_addr *addr, const char *wanted)
{
    char text[MIO_ADDR_TEXT];
    size_t length = strlen(wanted);
    for (size_t size = 0; size <= length + 2; size++) {
        memset(text, 0x5a, sizeof text);
        int result = mio_addr_format(addr, text, size);
        if (size > length) {
            CHECK_EQ(result, (int)length);
            CHECK(strcmp(text, wanted) == 0);
        } else {
            CHECK_EQ(result, -ENOSPC);
            CHECK_EQ(text[0], size > 0 ? '\0' : 0x5a);
        }
        for (size_t i = size; i < sizeof text; i++)
            CHECK_EQ(text[i], 0x5a);
    }
}

static void rooms_that_are_too_small_hold_an_empty_text(void)
{
    static const char *const texts[] = {"unix:", "unix:/p", "unix:\\x40/p",
                                        /* These two are abstract. */
                                        "unix:@\\x00n\\x5c", "unix:@"};
    const size_t all = sizeof texts / sizeof texts[0];
    for (size_t i = 0; i < (unix_has_abstract() ? all : all - 2); i++) {
        struct mio_addr addr = unix_text(texts[i]);
        check_rooms(&addr, texts[i]);
    }
    struct mio_addr addr = unix_text("unix:/p");
    CHECK_EQ(mio_addr_format(&addr, NULL, 100), -EINVAL);
}

/* All bytes escaped, in the longest abstract name and in the longest path that a system can give */
static void longest_text_fits(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    struct mio_addr addr;
    char zeros[UNIX_NAME_MOST] = {0};
    if (unix_has_abstract()) {
        addr = make(MIO_UNIX_ABSTRACT, zeros, sizeof zeros);
        check_written(&addr, long_text("unix:@", "\\x00", sizeof zeros));
    }
    memset(name.sun_path, '\\', sizeof name.sun_path);
    CHECK_EQ(mio_addr_from_sockaddr(&addr, (struct sockaddr *)&name, sizeof name), 0);
    check_written(&addr, long_text("unix:", "\\x5c", sizeof name.sun_path));
    CHECK(strlen("unix:") + 4 * sizeof name.sun_path < MIO_ADDR_TEXT);
}

/* ---- Both ------------------------------------------------------------------------------------ */

/* A generator of our own, so that every run tries the same names. */
static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

static void random_names_come_back_as_they_were(void)
{
    static const char likely[] = "\\@x:/0aA\x01\x7f\x80\xff";
    uint32_t state = 2024;
    char name[UNIX_NAME_MOST + 1], text[MIO_ADDR_TEXT];
    for (long i = test_scaled(2000); i > 0; i--) {
        bool is_path = next_random(&state) % 2 || !unix_has_abstract();
        int kind = is_path ? MIO_UNIX_PATH : MIO_UNIX_ABSTRACT;
        size_t length = 1 + next_random(&state) % UNIX_NAME_MOST;
        for (size_t k = 0; k < length; k++) {
            uint32_t pick = next_random(&state);
            name[k] = pick % 3 ? (char)(pick >> 2) : likely[(pick >> 2) % (sizeof likely - 1)];
            if (kind == MIO_UNIX_PATH && name[k] == '\0')
                name[k] = '\\';
        }
        name[length] = '\0';
        struct mio_addr addr = make(kind, name, length), again;
        int written = mio_addr_format(&addr, text, sizeof text);
        CHECK_EQ(written, (int)strlen(text));
        CHECK_EQ(mio_addr_parse(&again, text), 0);
        size_t got;
        const char *back = mio_addr_unix_name(&again, &got);
        if (mio_addr_unix_kind(&again) != kind || got != length || memcmp(back, name, length) != 0)
            test_fail(__FILE__, __LINE__, "%s has changed", text);
    }
}

static const struct test_case cases[] = {
    {"texts_are_read", texts_are_read, 0},
    {"texts_that_are_no_address", texts_that_are_no_address, 0},
    {"long_names_are_read_up_to_the_systems_length", long_names_are_read_up_to_the_systems_length,
     0},
    {"names_are_written", names_are_written, 0},
    {"exactly_the_bytes_that_need_it_are_escaped", exactly_the_bytes_that_need_it_are_escaped, 0},
    {"rooms_that_are_too_small_hold_an_empty_text", rooms_that_are_too_small_hold_an_empty_text, 0},
    {"longest_text_fits", longest_text_fits, 0},
    {"random_names_come_back_as_they_were", random_names_come_back_as_they_were, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_text = {"unix_text", cases};
