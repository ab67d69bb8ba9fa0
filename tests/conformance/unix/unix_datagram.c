/* Datagram sockets in the Unix domain: opening, names, receiving. */
#define _GNU_SOURCE 1
#include "unix/unix_util.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Opening --------------------------------------------------------------------------------- */

static void check_socket(const struct mio_unix_datagram *socket)
{
    mio_fd fd = mio_source_fd(&socket->source), type = -1;
    socklen_t length = sizeof type;
    CHECK(test_is_nonblocking(fd));
    CHECK(test_is_cloexec(fd));
    CHECK_EQ(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length), 0);
    CHECK_EQ(type, SOCK_DGRAM);
    CHECK(!mio_source_is_registered(&socket->source));
}

static void open_socket_is_unnamed_and_not_connected(void)
{
    struct mio_unix_datagram socket;
    struct mio_addr addr;
    memset(&socket, 0xa5, sizeof socket);
    CHECK_EQ(mio_unix_datagram_open(&socket), 0);
    check_socket(&socket);
    CHECK(unix_is_called(mio_source_fd(&socket.source), "", 0));
    memset(&addr, 0xa5, sizeof addr);
    CHECK_EQ(mio_unix_datagram_local_addr(&socket, &addr), 0);
    CHECK_EQ(mio_addr_unix_kind(&addr), MIO_UNIX_UNNAMED);
    CHECK_EQ(mio_unix_datagram_peer_addr(&socket, &addr), -ENOTCONN);
    CHECK_EQ(mio_unix_datagram_take_error(&socket), 0);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
}

static void check_bound(const struct mio_addr *addr)
{
    struct mio_unix_datagram socket, second;
    struct mio_addr local;
    char byte = 0;
    memset(&socket, 0xa5, sizeof socket);
    CHECK_EQ(mio_unix_datagram_bind(&socket, addr), 0);
    check_socket(&socket);
    CHECK_EQ(mio_unix_datagram_local_addr(&socket, &local), 0);
    CHECK(mio_addr_equal(&local, addr));
    mio_fd peer = unix_socket(SOCK_DGRAM, NULL);
    CHECK_EQ(unix_send_to(peer, "x", 1, addr), 1);
    CHECK_EQ(mio_unix_datagram_recv(&socket, &byte, 1), 1);
    CHECK_EQ(byte, 'x');
    memset(&second, 0xa5, sizeof second);
    CHECK_EQ(mio_unix_datagram_bind(&second, addr), -EADDRINUSE);
    CHECK_EQ(mio_unix_datagram_take_error(&second), -EBADF);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(unix_send_to(peer, "x", 1, addr), -1);
    CHECK_EQ(errno, ECONNREFUSED);
    CHECK_EQ(plain_close(peer), 0);
}

static void bound_socket_receives(void)
{
    struct unix_dir dir;
    struct stat entry = {0}; /* MemorySanitizer does not know stat64 */
    unix_dir_open(&dir);
    struct mio_addr path = unix_dir_addr(&dir, "sock"), name = plain_fresh_name();
    struct mio_unix_datagram stale;
    check_bound(&path);
    check_bound(&name);
    CHECK_EQ(stat(mio_addr_unix_name(&path, NULL), &entry), 0);
    CHECK(S_ISSOCK(entry.st_mode));
    CHECK_EQ(mio_unix_datagram_bind(&stale, &path), -EADDRINUSE);
    unix_dir_close(&dir);
}

static void socket_bound_to_the_unnamed_address_gets_a_name(void)
{
    struct mio_unix_datagram socket;
    struct mio_addr unnamed = unix_unnamed(), local, wanted;
    CHECK_EQ(mio_unix_datagram_bind(&socket, &unnamed), 0);
    wanted = unix_name_of(mio_source_fd(&socket.source));
    CHECK_EQ(mio_addr_unix_kind(&wanted), MIO_UNIX_ABSTRACT);
    CHECK_EQ(mio_unix_datagram_local_addr(&socket, &local), 0);
    CHECK(mio_addr_equal(&local, &wanted));
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
}

static void check_pair_end(const struct mio_unix_datagram *socket)
{
    struct mio_addr addr;
    check_socket(socket);
    CHECK_EQ(mio_unix_datagram_local_addr(socket, &addr), 0);
    CHECK_EQ(mio_addr_unix_kind(&addr), MIO_UNIX_UNNAMED);
    CHECK_EQ(mio_unix_datagram_peer_addr(socket, &addr), 0);
    CHECK_EQ(mio_addr_unix_kind(&addr), MIO_UNIX_UNNAMED);
}

static void pairs_are_connected(void)
{
    struct mio_unix_datagram a, b;
    char buf[8];
    CHECK_EQ(mio_unix_datagram_pair(&a, &b), 0);
    check_pair_end(&a);
    check_pair_end(&b);
    CHECK_EQ(mio_unix_datagram_send(&a, "abc", 3), 3);
    CHECK_EQ(plain_recv(mio_source_fd(&b.source), buf, sizeof buf), 3);
    CHECK_EQ(mio_unix_datagram_send(&b, "de", 2), 2);
    CHECK_EQ(plain_recv(mio_source_fd(&a.source), buf, sizeof buf), 2);
    CHECK_EQ(memcmp(buf, "de", 2), 0);
    CHECK_EQ(mio_unix_datagram_close(&a), 0);
    CHECK_EQ(mio_unix_datagram_close(&b), 0);
}

static void check_closed(struct mio_unix_datagram *socket)
{
    CHECK_EQ(mio_unix_datagram_take_error(socket), -EBADF);
    CHECK_EQ(mio_unix_datagram_close(socket), 0);
    memset(socket, 0xa5, sizeof *socket);
}

static void pair_needs_two_objects(void)
{
    struct mio_unix_datagram socket;
    memset(&socket, 0xa5, sizeof socket);
    CHECK_EQ(mio_unix_datagram_pair(&socket, NULL), -EINVAL);
    check_closed(&socket);
    CHECK_EQ(mio_unix_datagram_pair(NULL, &socket), -EINVAL);
    check_closed(&socket);
    CHECK_EQ(mio_unix_datagram_pair(&socket, &socket), -EINVAL);
    check_closed(&socket);
    CHECK_EQ(mio_unix_datagram_pair(NULL, NULL), -EINVAL);
}

static void open_without_descriptors(void)
{
    struct mio_addr name = plain_fresh_name();
    struct mio_unix_datagram a, b;
    int before = test_open_descriptors();
    memset(&a, 0xa5, sizeof a);
    memset(&b, 0xa5, sizeof b);
    descriptors_leave(0);
    CHECK_EQ(mio_unix_datagram_open(&a), -EMFILE);
    check_closed(&a);
    CHECK_EQ(mio_unix_datagram_bind(&a, &name), -EMFILE);
    check_closed(&a);
    descriptors_give_back();
    descriptors_leave(1);
    CHECK_EQ(mio_unix_datagram_pair(&a, &b), -EMFILE);
    descriptors_give_back();
    check_closed(&a);
    check_closed(&b);
    CHECK_EQ(test_open_descriptors(), before);
}

static void no_descriptor_is_left(void)
{
    if (test_under_valgrind())
        SKIP("valgrind closes a pair beyond the limit and does not tell");
    test_in_child(open_without_descriptors);
}

/* ---- Options --------------------------------------------------------------------------------- */

static void check_bind_fails(const struct mio_addr *addr,
                             const struct mio_datagram_options *options, int error)
{
    struct mio_unix_datagram socket;
    memset(&socket, 0xa5, sizeof socket);
    CHECK_EQ(mio_unix_datagram_bind_with(&socket, addr, options), error);
    CHECK_EQ(mio_unix_datagram_take_error(&socket), -EBADF);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(mio_unix_datagram_bind_with(NULL, addr, options), -EINVAL);
}

static void options_that_are_refused(void)
{
    static const struct {
        int value, error;
    } switches[] = {{MIO_ON, -ENOTSUP}, {MIO_OFF, -ENOTSUP}, {3, -EINVAL}, {-1, -EINVAL}};
    struct mio_addr addr = plain_fresh_name();
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        int value = switches[i].value, error = switches[i].error;
        check_bind_fails(&addr, &(struct mio_datagram_options){.reuse_addr = value}, error);
        check_bind_fails(&addr, &(struct mio_datagram_options){.reuse_port = value}, error);
        check_bind_fails(&addr, &(struct mio_datagram_options){.only_v6 = value}, error);
    }
    check_bind_fails(&addr, &(struct mio_datagram_options){.report = MIO_DATAGRAM_CUT}, -EINVAL);
    check_bind_fails(&addr, &(struct mio_datagram_options){.report = MIO_DATAGRAM_TIME}, -ENOTSUP);
    for (int i = 0; i < 4; i++) {
        struct mio_datagram_options options = {0};
        options.reserved[i] = 1;
        check_bind_fails(&addr, &options, -EINVAL);
    }
}

static void addresses_that_cannot_be_bound(void)
{
    const struct mio_addr none = {0};
    struct unix_dir dir;
    unix_dir_open(&dir);
    struct mio_addr v4 = unix_text("127.0.0.1:0"), missing = unix_dir_addr(&dir, "no/sock");
    check_bind_fails(&v4, NULL, -EAFNOSUPPORT);
    check_bind_fails(&none, NULL, -EAFNOSUPPORT);
    check_bind_fails(NULL, NULL, -EINVAL);
    check_bind_fails(&missing, NULL, -ENOENT);
    CHECK_EQ(mio_unix_datagram_bind(NULL, &v4), -EINVAL);
    unix_dir_close(&dir);
}

struct sight {
    int runs, result;
    mio_fd fd;
    bool bound;
};

static int look(mio_fd fd, void *arg)
{
    struct sight *sight = arg;
    sight->runs++;
    sight->fd = fd;
    sight->bound = !unix_is_called(fd, "", 0);
    return sight->result;
}

static void hook_runs_once_before_bind(void)
{
    struct sight sight = {0};
    const struct mio_datagram_options options = {.prepare = look, .prepare_arg = &sight};
    struct mio_unix_datagram socket;
    struct mio_addr addr = plain_fresh_name();
    CHECK_EQ(mio_unix_datagram_bind_with(&socket, &addr, &options), 0);
    CHECK_EQ(sight.runs, 1);
    CHECK_EQ(sight.fd, mio_source_fd(&socket.source));
    CHECK(!sight.bound);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    sight.result = -EPERM;
    check_bind_fails(&addr, &options, -EPERM);
    CHECK_EQ(sight.runs, 2);
    CHECK(!plain_is_open(sight.fd));
    sight.result = 1;
    check_bind_fails(&addr, &options, -EINVAL);
}

/* ---- Receiving ------------------------------------------------------------------------------- */

static void check_sender(const struct mio_addr *sender_name, const struct mio_addr *wanted)
{
    struct mio_unix_datagram socket;
    struct mio_addr addr = plain_fresh_name(), from;
    char buf[8];
    CHECK_EQ(mio_unix_datagram_bind(&socket, &addr), 0);
    int sender = unix_socket(SOCK_DGRAM, sender_name);
    CHECK_EQ(unix_send_to(sender, "abc", 3, &addr), 3);
    for (int i = 0; i < 2; i++) {
        memset(&from, 0xa5, sizeof from);
        memset(buf, '-', sizeof buf);
        CHECK_EQ(i == 0 ? mio_unix_datagram_peek_from(&socket, buf, sizeof buf, &from)
                        : mio_unix_datagram_recv_from(&socket, buf, sizeof buf, &from),
                 3);
        CHECK_EQ(memcmp(buf, "abc-----", sizeof buf), 0);
        CHECK(mio_addr_equal(&from, wanted));
    }
    CHECK_EQ(mio_unix_datagram_recv_from(&socket, buf, sizeof buf, &from), -EAGAIN);
    CHECK_EQ(plain_close(sender), 0);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
}

static void senders_have_their_names(void)
{
    struct unix_dir dir;
    struct sockaddr_un plain;
    unix_dir_open(&dir);
    unix_dir_full_path(&dir, &plain);
    struct mio_addr path = unix_dir_addr(&dir, "sender"), name = plain_fresh_name(), full;
    struct mio_addr unnamed = unix_unnamed();
    CHECK_EQ(mio_addr_from_sockaddr(&full, (struct sockaddr *)&plain, sizeof plain), 0);
    check_sender(&path, &path);
    check_sender(&name, &name);
    check_sender(&full, &full);
    check_sender(NULL, &unnamed);
    unix_dir_close(&dir);
}

static void datagrams_that_are_too_long_are_cut(void)
{
    struct mio_unix_datagram socket;
    char buf[8];
    mio_fd peer;
    unix_datagram_peer(&socket, &peer);
    plain_send_all(peer, "abcdef", 6);
    plain_send_all(peer, "ghi", 3);
    memset(buf, '-', sizeof buf);
    CHECK_EQ(mio_unix_datagram_peek(&socket, buf, 2), 2);
    CHECK_EQ(mio_unix_datagram_recv(&socket, buf, 4), 4);
    CHECK_EQ(memcmp(buf, "abcd----", sizeof buf), 0);
    CHECK_EQ(mio_unix_datagram_recv(&socket, buf, sizeof buf), 3);
    CHECK_EQ(memcmp(buf, "ghid----", sizeof buf), 0);
    /* Without room it is dropped. */
    plain_send_all(peer, "abc", 3);
    plain_send_all(peer, "de", 2);
    CHECK_EQ(mio_unix_datagram_recv(&socket, NULL, 0), 0);
    CHECK_EQ(mio_unix_datagram_recv(&socket, buf, sizeof buf), 2);
    CHECK_EQ(mio_unix_datagram_recv(&socket, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(mio_unix_datagram_peek(&socket, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static void empty_datagrams_are_datagrams(void)
{
    struct mio_unix_datagram socket;
    struct mio_addr from;
    char buf[8];
    mio_fd peer;
    unix_datagram_peer(&socket, &peer);
    CHECK_EQ(plain_send(peer, "", 0), 0);
    CHECK_EQ(mio_unix_datagram_peek_from(&socket, buf, sizeof buf, &from), 0);
    CHECK_EQ(mio_unix_datagram_recv_from(&socket, buf, sizeof buf, &from), 0);
    CHECK_EQ(mio_addr_unix_kind(&from), MIO_UNIX_UNNAMED);
    CHECK_EQ(mio_unix_datagram_recv(&socket, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(mio_unix_datagram_send(&socket, NULL, 0), 0);
    CHECK_EQ(mio_unix_datagram_send(&socket, buf, 0), 0);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(recv(peer, buf, sizeof buf, MSG_DONTWAIT), 0);
    CHECK_EQ(recv(peer, buf, sizeof buf, MSG_DONTWAIT), -1);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static const struct test_case cases[] = {
    {"open_socket_is_unnamed_and_not_connected", open_socket_is_unnamed_and_not_connected, 0},
    {"bound_socket_receives", bound_socket_receives, 0},
    {"socket_bound_to_the_unnamed_address_gets_a_name",
     socket_bound_to_the_unnamed_address_gets_a_name, 0},
    {"pairs_are_connected", pairs_are_connected, 0},
    {"pair_needs_two_objects", pair_needs_two_objects, 0},
    {"no_descriptor_is_left", no_descriptor_is_left, 0},
    {"options_that_are_refused", options_that_are_refused, 0},
    {"addresses_that_cannot_be_bound", addresses_that_cannot_be_bound, 0},
    {"hook_runs_once_before_bind", hook_runs_once_before_bind, 0},
    {"senders_have_their_names", senders_have_their_names, 0},
    {"datagrams_that_are_too_long_are_cut", datagrams_that_are_too_long_are_cut, 0},
    {"empty_datagrams_are_datagrams", empty_datagrams_are_datagrams, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_datagram = {"unix_datagram", cases};
