/* Listeners in the Unix domain: binding, its options and errors, what the file system keeps. */
#define _GNU_SOURCE 1
#include "unix/unix_util.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int family_of(mio_fd fd)
{
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&name, &length), 0);
    return name.ss_family;
}

static int option_of(mio_fd fd, int name)
{
    int value = -1;
    socklen_t length = sizeof value;
    CHECK_EQ(getsockopt(fd, SOL_SOCKET, name, &value, &length), 0);
    return value;
}

/* A plain client reaches it. */
static void check_reachable(const struct mio_addr *addr)
{
    mio_fd client = unix_socket(SOCK_STREAM, NULL);
    CHECK_EQ(unix_connect(client, addr), 0);
    CHECK_EQ(plain_close(client), 0);
}

static void check_unreachable(const struct mio_addr *addr, int error)
{
    mio_fd client = unix_socket(SOCK_STREAM, NULL);
    CHECK_EQ(unix_connect(client, addr), -1);
    CHECK_EQ(errno, error);
    CHECK_EQ(plain_close(client), 0);
}

static bool is_socket_file(const struct mio_addr *addr)
{
    struct stat entry = {0}; /* MemorySanitizer does not know stat64 */
    return lstat(mio_addr_unix_name(addr, NULL), &entry) == 0 && S_ISSOCK(entry.st_mode);
}

/* ---- Binding --------------------------------------------------------------------------------- */

static void bound_listener_is_complete(void)
{
    struct mio_unix_listener listener;
    struct mio_addr addr = plain_fresh_name(), local;
    memset(&listener, 0xa5, sizeof listener);
    CHECK_EQ(mio_unix_listener_bind(&listener, &addr), 0);
    mio_fd fd = mio_source_fd(&listener.source);
    CHECK(test_is_nonblocking(fd));
    CHECK(test_is_cloexec(fd));
    CHECK_EQ(family_of(fd), AF_UNIX);
    CHECK_EQ(option_of(fd, SO_TYPE), SOCK_STREAM);
    CHECK_EQ(option_of(fd, SO_ACCEPTCONN), 1);
    CHECK(!mio_source_is_registered(&listener.source));
    CHECK_EQ(mio_unix_listener_take_error(&listener), 0);
    CHECK_EQ(mio_unix_listener_local_addr(&listener, &local), 0);
    CHECK(mio_addr_equal(&local, &addr));
    check_reachable(&addr);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
    check_unreachable(&addr, ECONNREFUSED);
}

static void path_is_made_by_bind_and_stays_after_close(void)
{
    struct mio_unix_listener listener;
    struct unix_dir dir;
    unix_dir_open(&dir);
    struct mio_addr addr = unix_dir_addr(&dir, "sock"), local;
    CHECK_EQ(mio_unix_listener_bind(&listener, &addr), 0);
    CHECK(is_socket_file(&addr));
    CHECK_EQ(mio_unix_listener_local_addr(&listener, &local), 0);
    CHECK(mio_addr_equal(&local, &addr));
    check_reachable(&addr);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
    CHECK(is_socket_file(&addr));
    check_unreachable(&addr, ECONNREFUSED);

    /* It is in the way of the next one until somebody removes it. */
    CHECK_EQ(mio_unix_listener_bind(&listener, &addr), -EADDRINUSE);
    CHECK_EQ(unlink(mio_addr_unix_name(&addr, NULL)), 0);
    CHECK_EQ(mio_unix_listener_bind(&listener, &addr), 0);
    check_reachable(&addr);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
    unix_dir_close(&dir);
}

/* The first one is not affected. */
static void check_name_is_taken(const struct mio_addr *addr)
{
    struct mio_unix_listener first, second;
    struct mio_addr local;
    CHECK_EQ(mio_unix_listener_bind(&first, addr), 0);
    memset(&second, 0xa5, sizeof second);
    CHECK_EQ(mio_unix_listener_bind(&second, addr), -EADDRINUSE);
    CHECK_EQ(mio_unix_listener_local_addr(&second, &local), -EBADF);
    CHECK_EQ(mio_unix_listener_close(&second), 0);
    check_reachable(addr);
    CHECK_EQ(mio_unix_listener_close(&first), 0);
}

static void name_that_is_taken(void)
{
    struct unix_dir dir;
    unix_dir_open(&dir);
    struct mio_addr path = unix_dir_addr(&dir, "sock"), name = plain_fresh_name();
    check_name_is_taken(&path);
    /* An abstract name is free again at once. */
    for (int i = 0; i < 2 && unix_has_abstract(); i++)
        check_name_is_taken(&name);
    unix_dir_close(&dir);
}

static void listener_without_a_name_gets_one(void)
{
    struct mio_unix_listener listener;
    struct mio_addr unnamed = unix_unnamed(), local, wanted;
    CHECK_EQ(mio_unix_listener_bind(&listener, &unnamed), 0);
    CHECK_EQ(mio_unix_listener_local_addr(&listener, &local), 0);
    CHECK_EQ(mio_addr_unix_kind(&local), MIO_UNIX_ABSTRACT);
    wanted = unix_name_of(mio_source_fd(&listener.source));
    CHECK(mio_addr_equal(&local, &wanted));
    check_reachable(&local);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
}

static void relative_path_is_relative_to_the_working_directory(void)
{
    struct mio_unix_listener listener;
    struct unix_dir dir;
    struct mio_addr addr = unix_text("unix:sock"), local;
    unix_dir_open(&dir);
    int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(before >= 0);
    CHECK_EQ(chdir(dir.path), 0);
    int result = mio_unix_listener_bind(&listener, &addr);
    CHECK_EQ(fchdir(before), 0);
    CHECK_EQ(result, 0);
    CHECK_EQ(mio_unix_listener_local_addr(&listener, &local), 0);
    CHECK(mio_addr_equal(&local, &addr));
    struct mio_addr absolute = unix_dir_addr(&dir, "sock");
    check_reachable(&absolute);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
    CHECK_EQ(plain_close(before), 0);
    unix_dir_close(&dir);
}

/* ---- Options --------------------------------------------------------------------------------- */

/* Refused before anything is asked of the system: the path does not come into being. */
static void check_options_refused(const struct mio_listen_options *options, int error)
{
    struct mio_unix_listener listener;
    struct unix_dir dir;
    unix_dir_open(&dir);
    struct mio_addr addr = unix_dir_addr(&dir, "sock"), local;
    memset(&listener, 0xa5, sizeof listener);
    CHECK_EQ(mio_unix_listener_bind_with(&listener, &addr, options), error);
    CHECK(!is_socket_file(&addr));
    CHECK_EQ(mio_unix_listener_local_addr(&listener, &local), -EBADF);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
    unix_dir_close(&dir);
}

static void switches_of_tcp_are_not_supported(void)
{
    for (int value = MIO_ON; value <= MIO_OFF; value++) {
        check_options_refused(&(struct mio_listen_options){.reuse_port = value}, -ENOTSUP);
        check_options_refused(&(struct mio_listen_options){.only_v6 = value}, -ENOTSUP);
        check_options_refused(&(struct mio_listen_options){.nodelay = value}, -ENOTSUP);
    }
}

static void invalid_options_are_refused(void)
{
    check_options_refused(&(struct mio_listen_options){.backlog = -1}, -EINVAL);
    check_options_refused(&(struct mio_listen_options){.backlog = INT32_MIN}, -EINVAL);
    for (int value = -1; value <= 3; value += 4) {
        check_options_refused(&(struct mio_listen_options){.reuse_port = value}, -EINVAL);
        check_options_refused(&(struct mio_listen_options){.only_v6 = value}, -EINVAL);
        check_options_refused(&(struct mio_listen_options){.nodelay = value}, -EINVAL);
    }
    for (int i = 0; i < 4; i++) {
        struct mio_listen_options options = {0};
        options.reserved[i] = 1;
        check_options_refused(&options, -EINVAL);
    }
    /* An invalid address is refused before an unknown one. */
    check_options_refused(&(struct mio_listen_options){.nodelay = MIO_ON, .backlog = -1}, -EINVAL);
}

static void default_options_are_fine(void)
{
    const struct mio_listen_options options = {.backlog = 3};
    struct mio_unix_listener listener;
    struct mio_addr addr = plain_fresh_name();
    CHECK_EQ(mio_unix_listener_bind_with(&listener, &addr, NULL), 0);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
    addr = plain_fresh_name();
    CHECK_EQ(mio_unix_listener_bind_with(&listener, &addr, &options), 0);
    check_reachable(&addr);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
}

/* How many clients can connect before anybody accepts, at most most of them. */
static int count_waiting(const struct mio_listen_options *options, int most)
{
    enum { ROOM = 40 };
    struct mio_unix_listener listener;
    struct mio_addr addr = plain_fresh_name();
    mio_fd clients[ROOM];
    int count = 0;
    CHECK(most <= ROOM);
    CHECK_EQ(mio_unix_listener_bind_with(&listener, &addr, options), 0);
    for (bool more = true; more && count < most; count += more) {
        clients[count] = unix_nonblocking(SOCK_STREAM, NULL);
        more = unix_connect(clients[count], &addr) == 0;
        if (!more)
            CHECK_EQ(plain_close(clients[count]), 0);
    }
    for (int i = 0; i < count; i++)
        CHECK_EQ(plain_close(clients[i]), 0);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
    return count;
}

/* Systems let one more wait than the number says. */
static void backlog_is_that_of_the_options(void)
{
    int few = count_waiting(&(struct mio_listen_options){.backlog = 2}, 40);
    CHECK(few == 2 || few == 3);
    int more = count_waiting(&(struct mio_listen_options){.backlog = 5}, 40);
    CHECK_EQ(more, few + 3);
    CHECK_EQ(count_waiting(NULL, 40), 40);
}

/* ---- The hook -------------------------------------------------------------------------------- */

struct sight {
    int runs;
    mio_fd fd;
    int result;
    bool bound;
    bool listening;
    bool ready; /* non-blocking and not inherited */
};

static int look(mio_fd fd, void *arg)
{
    struct sight *sight = arg;
    sight->runs++;
    sight->fd = fd;
    sight->bound = !unix_is_called(fd, "", 0);
    sight->listening = option_of(fd, SO_ACCEPTCONN) != 0;
    sight->ready = test_is_nonblocking(fd) && test_is_cloexec(fd);
    return sight->result;
}

static void hook_runs_once_before_bind(void)
{
    struct sight sight = {0};
    const struct mio_listen_options options = {.prepare = look, .prepare_arg = &sight};
    struct mio_unix_listener listener;
    struct mio_addr addr = plain_fresh_name();
    CHECK_EQ(mio_unix_listener_bind_with(&listener, &addr, &options), 0);
    CHECK_EQ(sight.runs, 1);
    CHECK_EQ(sight.fd, mio_source_fd(&listener.source));
    CHECK(!sight.bound && !sight.listening);
    CHECK(sight.ready);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
}

static void hook_that_fails_ends_the_call(void)
{
    static const int results[][2] = {{-EPERM, -EPERM}, {-12345, -12345}, {1, -EINVAL}};
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        struct sight sight = {.result = results[i][0]};
        check_options_refused(&(struct mio_listen_options){.prepare = look, .prepare_arg = &sight},
                              results[i][1]);
        CHECK_EQ(sight.runs, 1);
        CHECK(!plain_is_open(sight.fd));
    }
}

/* ---- Errors ---------------------------------------------------------------------------------- */

static void check_bind_fails(const struct mio_addr *addr, int error)
{
    struct mio_unix_listener listener;
    struct mio_addr local;
    memset(&listener, 0xa5, sizeof listener);
    CHECK_EQ(mio_unix_listener_bind(&listener, addr), error);
    CHECK_EQ(mio_unix_listener_local_addr(&listener, &local), -EBADF);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
}

static void addresses_of_other_families_are_refused(void)
{
    const struct mio_addr none = {0};
    struct mio_addr v4 = unix_text("127.0.0.1:0"), v6 = unix_text("[::1]:0");
    check_bind_fails(&v4, -EAFNOSUPPORT);
    check_bind_fails(&v6, -EAFNOSUPPORT);
    check_bind_fails(&none, -EAFNOSUPPORT);
    check_bind_fails(NULL, -EINVAL);
    CHECK_EQ(mio_unix_listener_bind(NULL, &v4), -EINVAL);
    CHECK_EQ(mio_unix_listener_bind_with(NULL, &v4, NULL), -EINVAL);
}

static void paths_that_cannot_be_made(void)
{
    struct unix_dir dir;
    unix_dir_open(&dir);
    struct mio_addr missing = unix_dir_addr(&dir, "no/sock");
    check_bind_fails(&missing, -ENOENT);
    struct mio_addr file = unix_dir_addr(&dir, "file");
    int fd = open(mio_addr_unix_name(&file, NULL), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK_EQ(plain_close(fd), 0);
    check_bind_fails(&file, -EADDRINUSE);
    struct mio_addr below = unix_dir_addr(&dir, "file/sock");
    check_bind_fails(&below, -ENOTDIR);
    unix_dir_close(&dir);
}

static struct unix_dir closed_dir;

static void bind_without_rights(void)
{
    unix_drop_rights();
    struct mio_addr addr = unix_dir_addr(&closed_dir, "sock");
    check_bind_fails(&addr, -EACCES);
}

static void path_in_a_folder_without_rights(void)
{
    unix_need_to_drop_rights();
    unix_dir_open(&closed_dir);
    CHECK_EQ(chmod(closed_dir.path, 0500), 0);
    test_in_child(bind_without_rights);
    CHECK_EQ(chmod(closed_dir.path, 0700), 0);
    unix_dir_close(&closed_dir);
}

static void bind_without_descriptors(void)
{
    struct mio_addr addr = plain_fresh_name();
    descriptors_leave(0);
    check_bind_fails(&addr, -EMFILE);
    descriptors_give_back();
}

static void no_descriptor_is_left(void)
{
    test_in_child(bind_without_descriptors);
}

static const struct test_case cases[] = {
    {"bound_listener_is_complete", bound_listener_is_complete, 0},
    {"path_is_made_by_bind_and_stays_after_close", path_is_made_by_bind_and_stays_after_close, 0},
    {"name_that_is_taken", name_that_is_taken, 0},
    {"listener_without_a_name_gets_one", listener_without_a_name_gets_one, 0},
    {"relative_path_is_relative_to_the_working_directory",
     relative_path_is_relative_to_the_working_directory, 0},
    {"switches_of_tcp_are_not_supported", switches_of_tcp_are_not_supported, 0},
    {"invalid_options_are_refused", invalid_options_are_refused, 0},
    {"default_options_are_fine", default_options_are_fine, 0},
    {"backlog_is_that_of_the_options", backlog_is_that_of_the_options, 0},
    {"hook_runs_once_before_bind", hook_runs_once_before_bind, 0},
    {"hook_that_fails_ends_the_call", hook_that_fails_ends_the_call, 0},
    {"addresses_of_other_families_are_refused", addresses_of_other_families_are_refused, 0},
    {"paths_that_cannot_be_made", paths_that_cannot_be_made, 0},
    {"path_in_a_folder_without_rights", path_in_a_folder_without_rights, 0},
    {"no_descriptor_is_left", no_descriptor_is_left, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_listener = {"unix_listener", cases};
