/* Connecting in the Unix domain: done at once, or refused and nothing left behind. */
#define _GNU_SOURCE 1
#include "unix/unix_util.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Connecting ------------------------------------------------------------------------------ */

/* Before anybody accepts: what is written waits. */
static void check_connects(const struct mio_addr *addr)
{
    struct mio_unix_stream stream;
    struct mio_addr peer, local;
    char buf[4];
    mio_fd fd = unix_listening(addr);
    memset(&stream, 0xa5, sizeof stream);
    CHECK_EQ(mio_unix_stream_connect(&stream, addr), 0);
    CHECK(test_is_nonblocking(mio_source_fd(&stream.source)));
    CHECK(test_is_cloexec(mio_source_fd(&stream.source)));
    CHECK(!mio_source_is_registered(&stream.source));
    CHECK_EQ(mio_unix_stream_take_error(&stream), 0);
    CHECK_EQ(mio_unix_stream_peer_addr(&stream, &peer), 0);
    CHECK(mio_addr_equal(&peer, addr));
    memset(&local, 0xa5, sizeof local);
    CHECK_EQ(mio_unix_stream_local_addr(&stream, &local), 0);
    CHECK_EQ(mio_addr_unix_kind(&local), MIO_UNIX_UNNAMED);
    CHECK_EQ(mio_unix_stream_read(&stream, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(mio_unix_stream_write(&stream, "abc", 3), 3);
    mio_fd accepted;
    CHECK_EQ(plain_accept(fd, &accepted), 0);
    plain_recv_all(accepted, buf, 3);
    CHECK_EQ(memcmp(buf, "abc", 3), 0);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(plain_recv(accepted, buf, 1), 0);
    CHECK_EQ(plain_close(accepted), 0);
    CHECK_EQ(plain_close(fd), 0);
}

static void connects_to_a_path(void)
{
    struct unix_dir dir;
    unix_dir_open(&dir);
    struct mio_addr addr = unix_dir_addr(&dir, "sock");
    check_connects(&addr);
    unix_dir_close(&dir);
}

static void connects_to_an_abstract_name(void)
{
    struct mio_addr addr = plain_fresh_name();
    check_connects(&addr);
}

static void connected_stream_is_writable_at_once(void)
{
    struct mio_poll poll;
    struct mio_unix_stream stream;
    struct mio_addr addr = plain_fresh_name();
    mio_fd fd = unix_listening(&addr);
    test_poll_init(&poll);
    CHECK_EQ(mio_unix_stream_connect(&stream, &addr), 0);
    unix_register(&poll, &stream.source, MIO_READABLE | MIO_WRITABLE);
    CHECK_EQ(test_expect_event(&poll, UNIX_TOKEN), MIO_WRITABLE);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* ---- Refusals -------------------------------------------------------------------------------- */

static void check_connect_fails(const struct mio_addr *addr, int error)
{
    struct mio_unix_stream stream;
    int before = test_open_descriptors();
    memset(&stream, 0xa5, sizeof stream);
    CHECK_EQ(mio_unix_stream_connect(&stream, addr), error);
    CHECK_EQ(test_open_descriptors(), before);
    CHECK_EQ(mio_unix_stream_take_error(&stream), -EBADF);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
}

static void addresses_that_nobody_can_be_at(void)
{
    const struct mio_addr none = {0};
    struct mio_addr v4 = unix_text("127.0.0.1:1"), v6 = unix_text("[::1]:1");
    struct mio_addr unnamed = unix_unnamed();
    check_connect_fails(&v4, -EAFNOSUPPORT);
    check_connect_fails(&v6, -EAFNOSUPPORT);
    check_connect_fails(&none, -EAFNOSUPPORT);
    check_connect_fails(&unnamed, -EINVAL);
    check_connect_fails(NULL, -EINVAL);
    CHECK_EQ(mio_unix_stream_connect(NULL, &unnamed), -EINVAL);
    CHECK_EQ(mio_unix_stream_connect_with(NULL, &unnamed, NULL), -EINVAL);
}

static void addresses_that_nobody_is_at(void)
{
    struct unix_dir dir;
    unix_dir_open(&dir);
    struct mio_addr path = unix_dir_addr(&dir, "sock"), below = unix_dir_addr(&dir, "sock/sock");
    struct mio_addr name = plain_fresh_name();
    check_connect_fails(&path, -ENOENT);
    check_connect_fails(&name, unix_nobody());
    /* Bound without listening, and then left behind. */
    mio_fd fd = unix_socket(SOCK_STREAM, &path);
    check_connect_fails(&path, -ECONNREFUSED);
    CHECK_EQ(plain_close(fd), 0);
    check_connect_fails(&path, -ECONNREFUSED);
    check_connect_fails(&below, -ENOTDIR);
    unix_dir_close(&dir);
}

static void addresses_of_other_socket_types(void)
{
    struct unix_dir dir;
    unix_dir_open(&dir);
    struct mio_addr path = unix_dir_addr(&dir, "sock"), name = plain_fresh_name();
    int first = unix_socket(SOCK_DGRAM, &path), second = unix_socket(SOCK_SEQPACKET, &name);
    CHECK_EQ(listen(second, 1), 0);
    check_connect_fails(&path, -EPROTOTYPE);
    /* Abstract names of another type are as if they were not there. */
    struct mio_unix_stream stream;
    int result = mio_unix_stream_connect(&stream, &name);
    CHECK(result == -EPROTOTYPE || result == -ECONNREFUSED);
    CHECK_EQ(plain_close(first), 0);
    CHECK_EQ(plain_close(second), 0);
    unix_dir_close(&dir);
}

static struct mio_addr guarded;

static void connect_without_rights(void)
{
    unix_drop_rights();
    check_connect_fails(&guarded, -EACCES);
}

static void path_that_may_not_be_written(void)
{
    struct unix_dir dir;
    unix_need_to_drop_rights();
    unix_dir_open(&dir);
    guarded = unix_dir_addr(&dir, "sock");
    mio_fd fd = unix_listening(&guarded);
    CHECK_EQ(chmod(dir.path, 0755), 0);
    CHECK_EQ(chmod(mio_addr_unix_name(&guarded, NULL), 0400), 0);
    test_in_child(connect_without_rights);
    CHECK_EQ(plain_close(fd), 0);
    unix_dir_close(&dir);
}

/* One that was refused is closed at once: the listener never sees it. */
static void full_backlog_is_eagain(void)
{
    enum { MOST = 8 };
    struct mio_unix_stream streams[MOST];
    struct mio_addr addr = plain_fresh_name();
    int count = 0, result = 0;
    mio_fd fd = unix_nonblocking(SOCK_STREAM, &addr);
    CHECK_EQ(listen(fd, 1), 0);
    while (count < MOST && (result = mio_unix_stream_connect(&streams[count], &addr)) == 0)
        count++;
    CHECK_EQ(result, -EAGAIN);
    CHECK(count >= 1);
    CHECK_EQ(mio_unix_stream_close(&streams[count]), 0);
    check_connect_fails(&addr, -EAGAIN);

    /* There is room for one as soon as one was accepted. */
    mio_fd accepted;
    CHECK_EQ(plain_accept(fd, &accepted), 0);
    CHECK_EQ(plain_close(accepted), 0);
    CHECK_EQ(mio_unix_stream_connect(&streams[count], &addr), 0);
    check_connect_fails(&addr, -EAGAIN);
    for (int i = 0; i < count; i++) {
        CHECK_EQ(plain_accept(fd, &accepted), 0);
        CHECK_EQ(plain_close(accepted), 0);
    }
    CHECK_EQ(plain_accept(fd, &(mio_fd){0}), -EAGAIN);
    for (int i = 0; i <= count; i++)
        CHECK_EQ(mio_unix_stream_close(&streams[i]), 0);
    CHECK_EQ(plain_close(fd), 0);
}

static void connect_without_descriptors(void)
{
    struct mio_addr addr = plain_fresh_name();
    mio_fd fd = unix_listening(&addr);
    descriptors_leave(0);
    check_connect_fails(&addr, -EMFILE);
    descriptors_give_back();
    CHECK_EQ(plain_close(fd), 0);
}

static void no_descriptor_is_left(void)
{
    test_in_child(connect_without_descriptors);
}

/* ---- Options --------------------------------------------------------------------------------- */

static void check_options_refused(const struct mio_connect_options *options, int error)
{
    struct mio_unix_stream stream;
    struct mio_addr addr = plain_fresh_name();
    mio_fd fd = unix_nonblocking(SOCK_STREAM, &addr);
    CHECK_EQ(listen(fd, 4), 0);
    memset(&stream, 0xa5, sizeof stream);
    CHECK_EQ(mio_unix_stream_connect_with(&stream, &addr, options), error);
    CHECK_EQ(mio_unix_stream_take_error(&stream), -EBADF);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(plain_accept(fd, &(mio_fd){0}), -EAGAIN);
    CHECK_EQ(plain_close(fd), 0);
}

static void options_that_are_refused(void)
{
    check_options_refused(&(struct mio_connect_options){.nodelay = MIO_ON}, -ENOTSUP);
    check_options_refused(&(struct mio_connect_options){.nodelay = MIO_OFF}, -ENOTSUP);
    check_options_refused(&(struct mio_connect_options){.nodelay = 3}, -EINVAL);
    check_options_refused(&(struct mio_connect_options){.nodelay = -1}, -EINVAL);
    check_options_refused(&(struct mio_connect_options){.reserved0 = 1}, -EINVAL);
    check_options_refused(&(struct mio_connect_options){.nodelay = MIO_ON, .reserved0 = 1},
                          -EINVAL);
    for (int i = 0; i < 4; i++) {
        struct mio_connect_options options = {0};
        options.reserved[i] = 1;
        check_options_refused(&options, -EINVAL);
    }
}

/* ---- The hook -------------------------------------------------------------------------------- */

struct client {
    struct mio_addr name;
    int runs;
    mio_fd fd;
};

static int bind_client(mio_fd fd, void *arg)
{
    struct client *client = arg;
    struct sockaddr_storage name;
    int length = mio_addr_to_sockaddr(&client->name, (struct sockaddr *)&name, sizeof name);
    client->runs++;
    client->fd = fd;
    return bind(fd, (struct sockaddr *)&name, (socklen_t)length) < 0 ? mio_socket_error() : 0;
}

static void hook_may_bind_the_clients_side(void)
{
    struct client client = {.name = plain_fresh_name()};
    const struct mio_connect_options options = {.prepare = bind_client, .prepare_arg = &client};
    struct mio_addr addr = plain_fresh_name(), local;
    struct mio_unix_stream stream;
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    mio_fd fd = unix_listening(&addr);
    CHECK_EQ(mio_unix_stream_connect_with(&stream, &addr, &options), 0);
    CHECK_EQ(client.runs, 1);
    CHECK_EQ(client.fd, mio_source_fd(&stream.source));
    CHECK_EQ(mio_unix_stream_local_addr(&stream, &local), 0);
    CHECK(mio_addr_equal(&local, &client.name));
    mio_fd accepted = accept(fd, (struct sockaddr *)&name, &length);
    CHECK(accepted >= 0);
    CHECK_EQ(mio_addr_from_sockaddr(&local, (struct sockaddr *)&name, length), 0);
    CHECK(mio_addr_equal(&local, &client.name));
    CHECK_EQ(plain_close(accepted), 0);

    /* The name is taken now: the hook fails, and so does the call. */
    struct mio_unix_stream second;
    memset(&second, 0xa5, sizeof second);
    CHECK_EQ(mio_unix_stream_connect_with(&second, &addr, &options), -EADDRINUSE);
    CHECK_EQ(client.runs, 2);
    CHECK(!plain_is_open(client.fd));
    CHECK_EQ(mio_unix_stream_close(&second), 0);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(plain_close(fd), 0);
}

static int answer(mio_fd fd, void *arg)
{
    (void)fd;
    return *(int *)arg;
}

static void hook_that_fails_ends_the_call(void)
{
    static const int results[][2] = {{-EPERM, -EPERM}, {-12345, -12345}, {1, -EINVAL}};
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        int result = results[i][0];
        check_options_refused(
            &(struct mio_connect_options){.prepare = answer, .prepare_arg = &result},
            results[i][1]);
    }
}

static const struct test_case cases[] = {
    {"connects_to_a_path", connects_to_a_path, 0},
    {"connects_to_an_abstract_name", connects_to_an_abstract_name, 0},
    {"connected_stream_is_writable_at_once", connected_stream_is_writable_at_once, TEST_ANY_MODE},
    {"addresses_that_nobody_can_be_at", addresses_that_nobody_can_be_at, 0},
    {"addresses_that_nobody_is_at", addresses_that_nobody_is_at, 0},
    {"addresses_of_other_socket_types", addresses_of_other_socket_types, 0},
    {"path_that_may_not_be_written", path_that_may_not_be_written, 0},
    {"full_backlog_is_eagain", full_backlog_is_eagain, 0},
    {"no_descriptor_is_left", no_descriptor_is_left, 0},
    {"options_that_are_refused", options_that_are_refused, 0},
    {"hook_may_bind_the_clients_side", hook_may_bind_the_clients_side, 0},
    {"hook_that_fails_ends_the_call", hook_that_fails_ends_the_call, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_connect = {"unix_connect", cases};
