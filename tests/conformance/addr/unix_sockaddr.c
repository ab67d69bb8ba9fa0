/* Addresses in the Unix domain in the system's own form, and what the system makes of them. */
#define _GNU_SOURCE 1
#include "unix/unix_util.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* One byte more than the structure: a path that fills it has its NUL there on Linux. */
enum { WHOLE = sizeof(struct sockaddr_un), BEYOND = WHOLE + 1 };

union form {
    struct sockaddr_storage storage;
    struct sockaddr any;
    char bytes[sizeof(struct sockaddr_storage)];
};

/* Bytes of a name and nothing but 0xa5 behind them. */
static union form form_of(const char *name, size_t length)
{
    union form form;
    memset(&form, 0xa5, sizeof form);
    form.storage.ss_family = AF_UNIX;
    memcpy(form.bytes + UNIX_NAME_AT, name, length);
    return form;
}

/* ---- From the system's form ------------------------------------------------------------------ */

static void check_name(const struct mio_addr *addr, int kind, const char *wanted, size_t length)
{
    size_t got = 999;
    const char *name = mio_addr_unix_name(addr, &got);
    CHECK_EQ(mio_addr_family(addr), MIO_ADDR_UNIX);
    CHECK_EQ(mio_addr_unix_kind(addr), kind);
    CHECK_EQ(got, length);
    CHECK_EQ(memcmp(name, wanted, length), 0);
    if (kind == MIO_UNIX_PATH)
        CHECK_EQ(name[length], '\0');
}

static void check_taken(const union form *form, size_t length, int kind, const char *wanted,
                        size_t wanted_length)
{
    struct mio_addr addr;
    memset(&addr, 0xa5, sizeof addr);
    CHECK_EQ(mio_addr_from_sockaddr(&addr, &form->any, length), 0);
    check_name(&addr, kind, wanted, wanted_length);
}

static void check_refused(const union form *form, size_t length)
{
    struct mio_addr addr = unix_text("127.0.0.1:80"), before = addr;
    CHECK_EQ(mio_addr_from_sockaddr(&addr, &form->any, length), -EINVAL);
    CHECK_EQ(memcmp(&addr, &before, sizeof addr), 0);
}

static void lengths_without_a_family_are_refused(void)
{
    union form form = form_of("p", 2);
    for (size_t length = 0; length < UNIX_NAME_AT; length++)
        check_refused(&form, length);
}

static void paths_of_every_length_without_nul(void)
{
    char path[sizeof((struct sockaddr_un){0}.sun_path)];
    memset(path, 'p', sizeof path);
    union form form = form_of(path, sizeof path);
    check_taken(&form, UNIX_NAME_AT, MIO_UNIX_UNNAMED, "", 0);
    for (size_t length = UNIX_NAME_AT + 1; length <= WHOLE; length++)
        check_taken(&form, length, MIO_UNIX_PATH, path, length - UNIX_NAME_AT);
}

static void paths_of_every_length_with_nul(void)
{
    union form form = form_of("path", sizeof "path");
    for (size_t length = UNIX_NAME_AT + 5; length <= WHOLE; length++)
        check_taken(&form, length, MIO_UNIX_PATH, "path", 4);
    for (size_t length = 1; length <= 4; length++)
        check_taken(&form, UNIX_NAME_AT + length, MIO_UNIX_PATH, "path", length);
}

static void abstract_names_of_every_length(void)
{
    char name[sizeof((struct sockaddr_un){0}.sun_path)] = {0};
    for (size_t i = 1; i < sizeof name; i++)
        name[i] = (char)(i % 5); /* NULs among them */
    union form form = form_of(name, sizeof name);
    for (size_t length = UNIX_NAME_AT + 1; length <= WHOLE; length++)
        check_taken(&form, length, MIO_UNIX_ABSTRACT, name + 1, length - UNIX_NAME_AT - 1);
    check_refused(&form, BEYOND);
}

/* Linux gives one byte more than the structure has where a path fills that, and no more ever. */
static void lengths_beyond_the_structure(void)
{
    char path[WHOLE - UNIX_NAME_AT + 1];
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    union form form = form_of(path, sizeof path);
    check_taken(&form, BEYOND, MIO_UNIX_PATH, path, sizeof path - 1);
    check_refused(&form, BEYOND + 1);
    check_refused(&form, sizeof form);
    form.bytes[BEYOND - 1] = 'p';
    check_refused(&form, BEYOND);
    form.bytes[BEYOND - 1] = '\0';
    form.bytes[UNIX_NAME_AT + 50] = '\0';
    check_refused(&form, BEYOND);
}

/* ---- To the system's form -------------------------------------------------------------------- */

static void check_form(const char *text, const char *name, size_t length)
{
    union form form, wanted = form_of(name, length);
    struct mio_addr addr = unix_text(text), again;
    size_t all = UNIX_NAME_AT + length;
    for (size_t size = 0; size <= sizeof form; size++) {
        memset(&form, 0xa5, sizeof form);
        int result = mio_addr_to_sockaddr(&addr, &form.any, size);
        CHECK_EQ(result, size < all ? -ENOSPC : (int)all);
        for (size_t i = size < all ? 0 : all; i < sizeof form; i++)
            CHECK_EQ((unsigned char)form.bytes[i], 0xa5);
    }
    CHECK_EQ(memcmp(&form, &wanted, all), 0);
    CHECK_EQ(mio_addr_from_sockaddr(&again, &form.any, all), 0);
    CHECK(mio_addr_equal(&addr, &again));
}

static void forms_have_the_bytes_that_the_system_wants(void)
{
    check_form("unix:", "", 0);
    check_form("unix:p", "p", 2);
    check_form("unix:/some/path", "/some/path", 11);
    check_form("unix:@", "\0", 1);
    check_form("unix:@name", "\0name", 5);
    check_form("unix:@\\x00name\\x00", "\0\0name\0", 7);
}

/* Systems that count the NUL behind a path and those that do not give one and the same form. */
static void paths_get_the_nul_that_they_came_without(void)
{
    struct sockaddr_un out;
    struct mio_addr addr;
    union form form = form_of("path", 4);
    for (size_t length = 4; length <= 5; length++) {
        CHECK_EQ(mio_addr_from_sockaddr(&addr, &form.any, UNIX_NAME_AT + length), 0);
        CHECK_EQ(mio_addr_to_sockaddr(&addr, (struct sockaddr *)&out, sizeof out),
                 UNIX_NAME_AT + 5);
        CHECK_EQ(memcmp(out.sun_path, "path", 5), 0);
        form.bytes[UNIX_NAME_AT + 4] = '\0';
    }
}

/* ---- What the system makes of them ----------------------------------------------------------- */

static void check_bound_as(const struct mio_addr *addr, const void *bytes, size_t length)
{
    struct mio_unix_datagram socket;
    struct mio_addr local;
    CHECK_EQ(mio_unix_datagram_bind(&socket, addr), 0);
    CHECK(unix_is_called(mio_source_fd(&socket.source), bytes, length));
    CHECK_EQ(mio_unix_datagram_local_addr(&socket, &local), 0);
    CHECK(mio_addr_equal(&local, addr));
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
}

static void system_calls_a_path_as_the_address_does(void)
{
    struct unix_dir dir;
    unix_dir_open(&dir);
    struct mio_addr addr = unix_dir_addr(&dir, "sock");
    char path[100];
    int length = snprintf(path, sizeof path, "%s/sock", dir.path);
    check_bound_as(&addr, path, (size_t)length + 1);
    unix_dir_close(&dir);
}

/* Every byte of an abstract name counts, the last one and NULs included. */
static void system_calls_an_abstract_name_as_the_address_does(void)
{
    if (!unix_has_abstract())
        SKIP("the system has no abstract names");
    struct mio_addr addr = plain_fresh_name();
    size_t length;
    char name[1 + UNIX_NAME_MOST] = {0};
    const char *fresh = mio_addr_unix_name(&addr, &length);
    CHECK(length < 90);
    memcpy(name + 1, fresh, length);
    check_bound_as(&addr, name, 1 + length);
    for (size_t all = length; all <= UNIX_NAME_MOST; all += 9) {
        CHECK_EQ(mio_addr_unix_abstract(&addr, name + 1, all), 0);
        check_bound_as(&addr, name, 1 + all);
    }
    memset(name + 1 + length, 0xff, UNIX_NAME_MOST - length);
    CHECK_EQ(mio_addr_unix_abstract(&addr, name + 1, UNIX_NAME_MOST), 0);
    check_bound_as(&addr, name, 1 + UNIX_NAME_MOST);
}

/* The crate loses the last byte of such a name. */
static void defect_18_abstract_name_with_leading_nul(void)
{
    struct mio_addr fresh = plain_fresh_name(), addr, local;
    struct mio_unix_listener listener;
    struct sockaddr_un plain = {.sun_family = AF_UNIX};
    size_t length;
    const char *name = mio_addr_unix_name(&fresh, &length);
    memcpy(plain.sun_path + 2, name, length);
    CHECK_EQ(mio_addr_unix_abstract(&addr, plain.sun_path + 1, length + 1), 0);
    CHECK_EQ(mio_unix_listener_bind(&listener, &addr), 0);
    CHECK(unix_is_called(mio_source_fd(&listener.source), plain.sun_path, length + 2));
    CHECK_EQ(mio_unix_listener_local_addr(&listener, &local), 0);
    CHECK(mio_addr_equal(&local, &addr));

    /* Plain clients reach it under that name alone. */
    mio_fd client = unix_socket(SOCK_STREAM, NULL);
    socklen_t all = (socklen_t)(UNIX_NAME_AT + 2 + length);
    CHECK_EQ(connect(client, (struct sockaddr *)&plain, all - 1), -1);
    CHECK_EQ(errno, ECONNREFUSED);
    CHECK_EQ(connect(client, (struct sockaddr *)&plain, all), 0);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
}

/* And ours reaches a plain listener with such a name. */
static void defect_18_connect_to_a_name_with_leading_nul(void)
{
    struct mio_addr fresh = plain_fresh_name(), addr, peer;
    struct mio_unix_stream stream;
    struct sockaddr_un plain = {.sun_family = AF_UNIX};
    size_t length;
    const char *name = mio_addr_unix_name(&fresh, &length);
    memcpy(plain.sun_path + 2, name, length);
    mio_fd fd = unix_socket(SOCK_STREAM, NULL);
    CHECK_EQ(bind(fd, (struct sockaddr *)&plain, (socklen_t)(UNIX_NAME_AT + 2 + length)), 0);
    CHECK_EQ(listen(fd, 1), 0);
    CHECK_EQ(mio_addr_unix_abstract(&addr, plain.sun_path + 1, length + 1), 0);
    CHECK_EQ(mio_unix_stream_connect(&stream, &addr), 0);
    CHECK(plain_wait(fd, PLAIN_IN) & PLAIN_IN);
    CHECK_EQ(mio_unix_stream_peer_addr(&stream, &peer), 0);
    check_name(&peer, MIO_UNIX_ABSTRACT, plain.sun_path + 1, length + 1);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(plain_close(fd), 0);
}

/* The empty name is one for all of the host: somebody else may have it for a while. */
static void empty_abstract_name_is_a_name(void)
{
    struct mio_unix_datagram socket;
    struct mio_addr addr;
    int result = -EADDRINUSE;
    CHECK_EQ(mio_addr_unix_abstract(&addr, "", 0), 0);
    for (int tries = 0; tries < 100 && result == -EADDRINUSE; tries++) {
        if (tries > 0)
            thread_sleep(10 * MIO_NS_PER_MS);
        result = mio_unix_datagram_bind(&socket, &addr);
    }
    if (result == -EADDRINUSE)
        SKIP("another program has the empty abstract name");
    CHECK_EQ(result, 0);
    CHECK(unix_is_called(mio_source_fd(&socket.source), "", 1));
    mio_fd peer = unix_socket(SOCK_DGRAM, NULL);
    CHECK_EQ(unix_send_to(peer, "x", 1, &addr), 1);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
}

/* ---- A path that fills the structure --------------------------------------------------------- */

static void check_full_path(const struct mio_addr *addr, const struct sockaddr_un *plain)
{
    char text[MIO_ADDR_TEXT], wanted[MIO_ADDR_TEXT];
    struct sockaddr_un out;
    size_t length = sizeof plain->sun_path;
    check_name(addr, MIO_UNIX_PATH, plain->sun_path, length);
    snprintf(wanted, sizeof wanted, "unix:%.*s", (int)length, plain->sun_path);
    CHECK_EQ(mio_addr_format(addr, text, sizeof text), (int)(5 + length));
    CHECK(strcmp(text, wanted) == 0);
    CHECK_EQ(mio_addr_to_sockaddr(addr, (struct sockaddr *)&out, sizeof out), sizeof out);
    CHECK_EQ(memcmp(&out, plain, sizeof out), 0);
}

static void path_without_room_for_a_nul(void)
{
    struct unix_dir dir;
    union form form = {.bytes = {0}}; /* valgrind looks for a NUL behind the path */
    struct sockaddr_un plain;
    struct sockaddr_storage said;
    struct mio_addr given, got, peer;
    struct mio_unix_stream stream;
    socklen_t length = sizeof said;
    unix_dir_open(&dir);
    unix_dir_full_path(&dir, &plain);
    memcpy(form.bytes, &plain, sizeof plain);
    mio_fd fd = unix_socket(SOCK_STREAM, NULL);
    CHECK_EQ(bind(fd, &form.any, sizeof plain), 0);
    CHECK_EQ(listen(fd, 1), 0);

    CHECK_EQ(mio_addr_from_sockaddr(&given, (struct sockaddr *)&plain, sizeof plain), 0);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&said, &length), 0);
    CHECK_EQ(mio_addr_from_sockaddr(&got, (struct sockaddr *)&said, length), 0);
    check_full_path(&given, &plain);
    check_full_path(&got, &plain);
    CHECK(mio_addr_equal(&given, &got));

    CHECK_EQ(mio_unix_stream_connect(&stream, &got), 0);
    CHECK(plain_wait(fd, PLAIN_IN) & PLAIN_IN);
    memset(&peer, 0xa5, sizeof peer);
    CHECK_EQ(mio_unix_stream_peer_addr(&stream, &peer), 0);
    check_full_path(&peer, &plain);
    CHECK(mio_addr_equal(&peer, &given));
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(plain_close(fd), 0);
    unix_dir_close(&dir);
}

/* The library binds to it, too. */
static void path_without_room_for_a_nul_can_be_bound(void)
{
    struct unix_dir dir;
    struct sockaddr_un plain;
    struct mio_addr addr, local;
    struct mio_unix_listener listener;
    struct stat entry = {0}; /* MemorySanitizer does not know stat64 */
    char path[sizeof plain.sun_path + 1] = {0};
    unix_dir_open(&dir);
    unix_dir_full_path(&dir, &plain);
    memcpy(path, plain.sun_path, sizeof plain.sun_path);
    CHECK_EQ(mio_addr_from_sockaddr(&addr, (struct sockaddr *)&plain, sizeof plain), 0);
    CHECK_EQ(mio_unix_listener_bind(&listener, &addr), 0);
    CHECK_EQ(stat(path, &entry), 0);
    CHECK(S_ISSOCK(entry.st_mode));
    CHECK_EQ(mio_unix_listener_local_addr(&listener, &local), 0);
    check_full_path(&local, &plain);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
    unix_dir_close(&dir);
}

/* ---- The unnamed address --------------------------------------------------------------------- */

static void system_chooses_a_name_for_the_unnamed(void)
{
    struct mio_addr unnamed = unix_unnamed(), first_name, second_name;
    struct mio_unix_datagram first, second;
    size_t length;
    CHECK_EQ(mio_unix_datagram_bind(&first, &unnamed), 0);
    CHECK_EQ(mio_unix_datagram_bind(&second, &unnamed), 0);
    first_name = unix_name_of(mio_source_fd(&first.source));
    CHECK_EQ(mio_addr_unix_kind(&first_name), MIO_UNIX_ABSTRACT);
    const char *name = mio_addr_unix_name(&first_name, &length);
    CHECK_EQ(length, 5);
    for (size_t i = 0; i < length; i++)
        CHECK(isxdigit((unsigned char)name[i]));
    CHECK_EQ(mio_unix_datagram_local_addr(&second, &second_name), 0);
    CHECK(!mio_addr_equal(&first_name, &second_name));
    CHECK_EQ(mio_unix_datagram_close(&first), 0);
    CHECK_EQ(mio_unix_datagram_close(&second), 0);
}

static const struct test_case cases[] = {
    {"lengths_without_a_family_are_refused", lengths_without_a_family_are_refused, 0},
    {"paths_of_every_length_without_nul", paths_of_every_length_without_nul, 0},
    {"paths_of_every_length_with_nul", paths_of_every_length_with_nul, 0},
    {"abstract_names_of_every_length", abstract_names_of_every_length, 0},
    {"lengths_beyond_the_structure", lengths_beyond_the_structure, 0},
    {"forms_have_the_bytes_that_the_system_wants", forms_have_the_bytes_that_the_system_wants, 0},
    {"paths_get_the_nul_that_they_came_without", paths_get_the_nul_that_they_came_without, 0},
    {"system_calls_a_path_as_the_address_does", system_calls_a_path_as_the_address_does, 0},
    {"system_calls_an_abstract_name_as_the_address_does",
     system_calls_an_abstract_name_as_the_address_does, 0},
    {"defect_18_abstract_name_with_leading_nul", defect_18_abstract_name_with_leading_nul, 0},
    {"defect_18_connect_to_a_name_with_leading_nul", defect_18_connect_to_a_name_with_leading_nul,
     0},
    {"empty_abstract_name_is_a_name", empty_abstract_name_is_a_name, 0},
    {"path_without_room_for_a_nul", path_without_room_for_a_nul, 0},
    {"path_without_room_for_a_nul_can_be_bound", path_without_room_for_a_nul_can_be_bound, 0},
    {"system_chooses_a_name_for_the_unnamed", system_chooses_a_name_for_the_unnamed, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_sockaddr = {"unix_sockaddr", cases};
