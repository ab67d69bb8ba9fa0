/* Datagrams in the Unix domain: connecting and sending, and what stands in the way. */
#define _GNU_SOURCE 1
#include "unix/unix_util.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void open_bound(struct mio_unix_datagram *socket, struct mio_addr *name)
{
    *name = plain_fresh_name();
    CHECK_EQ(mio_unix_datagram_bind(socket, name), 0);
}

/* The peer gets just this text, from this sender. */
static void check_received(mio_fd peer, const char *text, const struct mio_addr *sender)
{
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    struct mio_addr from;
    char buf[16];
    CHECK_EQ(recvfrom(peer, buf, sizeof buf, 0, (struct sockaddr *)&name, &length),
             (ssize_t)strlen(text));
    CHECK_EQ(memcmp(buf, text, strlen(text)), 0);
    CHECK_EQ(mio_addr_from_sockaddr(&from, (struct sockaddr *)&name, length), 0);
    CHECK(mio_addr_equal(&from, sender));
}

static void check_nothing(mio_fd peer)
{
    char byte;
    CHECK_EQ(recv(peer, &byte, 1, MSG_DONTWAIT), -1);
    CHECK_EQ(errno, EAGAIN);
}

/* ---- Sending to an address ------------------------------------------------------------------- */

static void sends_to_paths_and_names(void)
{
    struct unix_dir dir;
    struct sockaddr_un plain;
    struct mio_unix_datagram socket;
    struct mio_addr own, full;
    unix_dir_open(&dir);
    unix_dir_full_path(&dir, &plain);
    struct mio_addr path = unix_dir_addr(&dir, "sock"), name = plain_fresh_name();
    CHECK_EQ(mio_addr_from_sockaddr(&full, (struct sockaddr *)&plain, sizeof plain), 0);
    int peers[3] = {unix_socket(SOCK_DGRAM, &path), unix_socket(SOCK_DGRAM, &name),
                    unix_socket(SOCK_DGRAM, &full)};
    open_bound(&socket, &own);
    CHECK_EQ(mio_unix_datagram_send_to(&socket, "abc", 3, &path), 3);
    CHECK_EQ(mio_unix_datagram_send_to(&socket, "de", 2, &name), 2);
    CHECK_EQ(mio_unix_datagram_send_to(&socket, "f", 1, &full), 1);
    CHECK_EQ(mio_unix_datagram_send_to(&socket, NULL, 0, &path), 0);
    check_received(peers[0], "abc", &own);
    check_received(peers[0], "", &own);
    check_received(peers[1], "de", &own);
    check_received(peers[2], "f", &own);
    for (int i = 0; i < 3; i++) {
        check_nothing(peers[i]);
        CHECK_EQ(plain_close(peers[i]), 0);
    }
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    unix_dir_close(&dir);
}

static void unbound_senders_are_unnamed(void)
{
    struct mio_unix_datagram socket;
    struct mio_addr name = plain_fresh_name();
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    char byte;
    mio_fd peer = unix_socket(SOCK_DGRAM, &name);
    CHECK_EQ(mio_unix_datagram_open(&socket), 0);
    CHECK_EQ(mio_unix_datagram_send_to(&socket, "x", 1, &name), 1);
    CHECK_EQ(recvfrom(peer, &byte, 1, 0, (struct sockaddr *)&from, &length), 1);
    CHECK(length <= UNIX_NAME_AT);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(plain_close(peer), 0);
}

/* Connecting and sending fail for the same reasons. */
static void check_unreachable(const struct mio_addr *addr, int error)
{
    struct mio_unix_datagram socket;
    struct mio_addr peer;
    CHECK_EQ(mio_unix_datagram_open(&socket), 0);
    CHECK_EQ(mio_unix_datagram_send_to(&socket, "x", 1, addr), error);
    CHECK_EQ(mio_unix_datagram_connect(&socket, addr), error);
    CHECK_EQ(mio_unix_datagram_peer_addr(&socket, &peer), -ENOTCONN);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
}

static void receivers_that_cannot_be_reached(void)
{
    struct unix_dir dir;
    unix_dir_open(&dir);
    struct mio_addr path = unix_dir_addr(&dir, "stale"), stream = unix_dir_addr(&dir, "stream");
    struct mio_addr name = plain_fresh_name(), unnamed = unix_unnamed();
    check_unreachable(&path, -ENOENT);
    CHECK_EQ(plain_close(unix_socket(SOCK_DGRAM, &path)), 0);
    check_unreachable(&path, -ECONNREFUSED);
    check_unreachable(&name, unix_nobody());
    mio_fd fd = unix_listening(&stream);
    check_unreachable(&stream, -EPROTOTYPE);
    CHECK_EQ(plain_close(fd), 0);
    check_unreachable(&unnamed, -EINVAL);
    unix_dir_close(&dir);
}

static struct mio_addr guarded;

static void reach_without_rights(void)
{
    unix_drop_rights();
    check_unreachable(&guarded, -EACCES);
}

static void path_that_may_not_be_written(void)
{
    struct unix_dir dir;
    unix_need_to_drop_rights();
    unix_dir_open(&dir);
    guarded = unix_dir_addr(&dir, "sock");
    mio_fd fd = unix_socket(SOCK_DGRAM, &guarded);
    CHECK_EQ(chmod(dir.path, 0755), 0);
    CHECK_EQ(chmod(mio_addr_unix_name(&guarded, NULL), 0400), 0);
    test_in_child(reach_without_rights);
    CHECK_EQ(plain_close(fd), 0);
    unix_dir_close(&dir);
}

static void receiver_that_is_connected_with_another(void)
{
    struct mio_addr name = plain_fresh_name(), other = plain_fresh_name(), own;
    struct mio_unix_datagram socket;
    mio_fd peer = unix_socket(SOCK_DGRAM, &name), friend = unix_socket(SOCK_DGRAM, &other);
    CHECK_EQ(unix_connect(peer, &other), 0);
    check_unreachable(&name, -EPERM);
    /* Once it is connected with us it can be reached. */
    open_bound(&socket, &own);
    CHECK_EQ(unix_connect(peer, &own), 0);
    CHECK_EQ(mio_unix_datagram_send_to(&socket, "x", 1, &name), 1);
    check_received(peer, "x", &own);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(plain_close(friend), 0);
}

/* The socket lives on: what is shorter is sent. */
static void datagrams_longer_than_the_send_buffer(void)
{
    static char big[65536];
    struct mio_unix_datagram socket;
    struct mio_addr name = plain_fresh_name();
    mio_fd peer, other = unix_socket(SOCK_DGRAM, &name);
    int size = 1;
    unix_datagram_peer(&socket, &peer);
    mio_fd fd = mio_source_fd(&socket.source);
    socklen_t length = sizeof size;
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
    CHECK_EQ(getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &length), 0);
    if (size > (int)sizeof big)
        SKIP("the smallest send buffer of this host is larger than expected");
    CHECK_EQ(mio_unix_datagram_send(&socket, big, (size_t)size), -EMSGSIZE);
    CHECK_EQ(mio_unix_datagram_send_to(&socket, big, (size_t)size, &name), -EMSGSIZE);
    CHECK_EQ(mio_unix_datagram_send(&socket, "x", 1), 1);
    CHECK_EQ(plain_recv(peer, big, sizeof big), 1);
    check_nothing(other);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(plain_close(other), 0);
}

/* ---- Connected sockets ----------------------------------------------------------------------- */

static void connect_sets_the_receiver(void)
{
    struct mio_addr names[2] = {plain_fresh_name(), plain_fresh_name()}, own, peer;
    int peers[2] = {unix_socket(SOCK_DGRAM, &names[0]), unix_socket(SOCK_DGRAM, &names[1])};
    struct mio_unix_datagram socket;
    open_bound(&socket, &own);
    CHECK_EQ(mio_unix_datagram_send(&socket, "x", 1), -ENOTCONN);
    for (int i = 0; i < 4; i++) {
        const struct mio_addr *name = &names[i % 2];
        CHECK_EQ(mio_unix_datagram_connect(&socket, name), 0);
        CHECK_EQ(mio_unix_datagram_peer_addr(&socket, &peer), 0);
        CHECK(mio_addr_equal(&peer, name));
        CHECK_EQ(mio_unix_datagram_send(&socket, "abc", 3), 3);
        check_received(peers[i % 2], "abc", &own);
        check_nothing(peers[1 - i % 2]);
        /* An address overrules the connection for the one datagram. */
        CHECK_EQ(mio_unix_datagram_send_to(&socket, "de", 2, &names[1 - i % 2]), 2);
        check_received(peers[1 - i % 2], "de", &own);
    }
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(plain_close(peers[0]), 0);
    CHECK_EQ(plain_close(peers[1]), 0);
}

static void connect_that_fails_keeps_the_receiver(void)
{
    struct mio_addr name = plain_fresh_name(), nobody = plain_fresh_name(), peer, own;
    struct mio_unix_datagram socket;
    mio_fd fd = unix_socket(SOCK_DGRAM, &name);
    open_bound(&socket, &own);
    CHECK_EQ(mio_unix_datagram_connect(&socket, &name), 0);
    CHECK_EQ(mio_unix_datagram_connect(&socket, &nobody), unix_nobody());
    CHECK_EQ(mio_unix_datagram_peer_addr(&socket, &peer), 0);
    CHECK(mio_addr_equal(&peer, &name));
    CHECK_EQ(mio_unix_datagram_send(&socket, "x", 1), 1);
    check_received(fd, "x", &own);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(plain_close(fd), 0);
}

/* The datagrams that they had sent before stay. */
static void others_can_no_longer_send_to_a_connected_socket(void)
{
    struct mio_addr name = plain_fresh_name(), own, from;
    struct mio_unix_datagram socket;
    char buf[4];
    mio_fd peer = unix_socket(SOCK_DGRAM, &name), other = unix_socket(SOCK_DGRAM, NULL);
    open_bound(&socket, &own);
    CHECK_EQ(unix_send_to(other, "abc", 3, &own), 3);
    CHECK_EQ(mio_unix_datagram_connect(&socket, &name), 0);
    CHECK_EQ(unix_send_to(other, "x", 1, &own), -1);
    CHECK_EQ(errno, EPERM);
    CHECK_EQ(unix_send_to(peer, "de", 2, &own), 2);
    CHECK_EQ(mio_unix_datagram_recv(&socket, buf, sizeof buf), 3);
    CHECK_EQ(mio_unix_datagram_recv_from(&socket, buf, sizeof buf, &from), 2);
    CHECK(mio_addr_equal(&from, &name));
    CHECK_EQ(mio_unix_datagram_recv(&socket, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(plain_close(other), 0);
}

/* Linux forgets the connection with the first error. */
static void receiver_that_has_closed(void)
{
    struct mio_unix_datagram socket;
    struct mio_addr peer_addr;
    mio_fd peer;
    unix_datagram_peer(&socket, &peer);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(mio_unix_datagram_send(&socket, "x", 1), -ECONNREFUSED);
    CHECK_EQ(mio_unix_datagram_send(&socket, "x", 1), -ENOTCONN);
    CHECK_EQ(mio_unix_datagram_peer_addr(&socket, &peer_addr), -ENOTCONN);
    CHECK_EQ(mio_unix_datagram_take_error(&socket), 0);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
}

/* A send that fails drops what could be read before it. One that was read first is not lost. */
static void receiver_that_has_closed_and_left_datagrams(void)
{
    struct mio_unix_datagram socket;
    char byte;
    mio_fd peer;
    for (int read = 0; read < 2; read++) {
        unix_datagram_peer(&socket, &peer);
        CHECK_EQ(plain_send(peer, "y", 1), 1);
        CHECK_EQ(plain_close(peer), 0);
        CHECK_EQ(mio_unix_datagram_peek(&socket, &byte, 1), 1);
        if (read)
            CHECK_EQ(mio_unix_datagram_recv(&socket, &byte, 1), 1);
        CHECK_EQ(mio_unix_datagram_send(&socket, "x", 1), -ECONNREFUSED);
        CHECK_EQ(mio_unix_datagram_recv(&socket, &byte, 1), -EAGAIN);
        CHECK_EQ(mio_unix_datagram_send(&socket, "x", 1), -ENOTCONN);
        CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    }
}

/* The peer of a pair turns to somebody else; so many datagrams that it had not read are lost. */
static void desert(struct mio_unix_datagram *socket, mio_fd *peer, int *other, int lost)
{
    struct mio_addr name = plain_fresh_name();
    *other = unix_socket(SOCK_DGRAM, &name);
    unix_datagram_peer(socket, peer);
    for (int i = 0; i < lost; i++)
        CHECK_EQ(mio_unix_datagram_send(socket, "x", 1), 1);
    CHECK_EQ(unix_connect(*peer, &name), 0);
}

static void peer_that_connects_to_another_and_loses_datagrams(void)
{
    struct mio_unix_datagram socket;
    char byte;
    mio_fd peer, other;
    for (int i = 0; i < 3; i++) {
        desert(&socket, &peer, &other, 1 + i);
        ptrdiff_t result = i == 0   ? mio_unix_datagram_recv(&socket, &byte, 1)
                           : i == 1 ? mio_unix_datagram_send(&socket, "x", 1)
                                    : mio_unix_datagram_take_error(&socket);
        CHECK_EQ(result, -ECONNRESET);
        CHECK_EQ(mio_unix_datagram_take_error(&socket), 0);
        CHECK_EQ(mio_unix_datagram_recv(&socket, &byte, 1), -EAGAIN);
        CHECK_EQ(mio_unix_datagram_send(&socket, "x", 1), -EPERM);
        CHECK_EQ(mio_unix_datagram_close(&socket), 0);
        CHECK_EQ(plain_close(peer), 0);
        CHECK_EQ(plain_close(other), 0);
    }
}

static void peer_that_connects_to_another_and_loses_nothing(void)
{
    struct mio_unix_datagram socket;
    char byte;
    mio_fd peer, other;
    desert(&socket, &peer, &other, 0);
    CHECK_EQ(mio_unix_datagram_recv(&socket, &byte, 1), -EAGAIN);
    CHECK_EQ(mio_unix_datagram_take_error(&socket), 0);
    CHECK_EQ(mio_unix_datagram_send(&socket, "x", 1), -EPERM);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(plain_close(other), 0);
}

static void connect_anew_drops_what_is_in_the_queue(void)
{
    struct mio_addr name = plain_fresh_name();
    struct mio_unix_datagram socket;
    char buf[4];
    mio_fd peer, other = unix_socket(SOCK_DGRAM, &name);
    unix_datagram_peer(&socket, &peer);
    plain_send_all(peer, "abc", 3);
    CHECK_EQ(mio_unix_datagram_connect(&socket, &name), 0);
    CHECK_EQ(mio_unix_datagram_recv(&socket, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(plain_recv(peer, buf, sizeof buf), -ECONNRESET);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(plain_close(other), 0);
}

static const struct test_case cases[] = {
    {"sends_to_paths_and_names", sends_to_paths_and_names, 0},
    {"unbound_senders_are_unnamed", unbound_senders_are_unnamed, 0},
    {"receivers_that_cannot_be_reached", receivers_that_cannot_be_reached, 0},
    {"path_that_may_not_be_written", path_that_may_not_be_written, 0},
    {"receiver_that_is_connected_with_another", receiver_that_is_connected_with_another, 0},
    {"datagrams_longer_than_the_send_buffer", datagrams_longer_than_the_send_buffer, 0},
    {"connect_sets_the_receiver", connect_sets_the_receiver, 0},
    {"connect_that_fails_keeps_the_receiver", connect_that_fails_keeps_the_receiver, 0},
    {"others_can_no_longer_send_to_a_connected_socket",
     others_can_no_longer_send_to_a_connected_socket, 0},
    {"receiver_that_has_closed", receiver_that_has_closed, 0},
    {"receiver_that_has_closed_and_left_datagrams", receiver_that_has_closed_and_left_datagrams, 0},
    {"peer_that_connects_to_another_and_loses_datagrams",
     peer_that_connects_to_another_and_loses_datagrams, 0},
    {"peer_that_connects_to_another_and_loses_nothing",
     peer_that_connects_to_another_and_loses_nothing, 0},
    {"connect_anew_drops_what_is_in_the_queue", connect_anew_drops_what_is_in_the_queue, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_datagram_send = {"unix_datagram_send", cases};
