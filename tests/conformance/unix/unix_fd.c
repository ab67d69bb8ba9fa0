/* Taking over and giving back descriptors of the Unix domain, and moving their objects. */
#define _GNU_SOURCE 1
#include "unix/unix_util.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A descriptor as others make it: blocking, inherited, and with a flag that is to stay. */
static int plain(mio_fd fd)
{
    CHECK(fd >= 0);
    CHECK_EQ(fcntl(fd, F_SETFL, O_APPEND), 0);
    CHECK_EQ(fcntl(fd, F_SETFD, 0), 0);
    return fd;
}

static int plain_end(int type, mio_fd *peer)
{
    int fds[2];
    unix_plain_pair(type, fds);
    *peer = fds[1];
    return plain(fds[0]);
}

static void check_taken(const struct mio_source *source, mio_fd fd)
{
    CHECK_EQ(mio_source_fd(source), fd);
    CHECK(test_is_nonblocking(fd));
    CHECK(test_is_cloexec(fd));
    CHECK(fcntl(fd, F_GETFL) & O_APPEND);
    CHECK(!mio_source_is_registered(source));
}

/* ---- Taking over ----------------------------------------------------------------------------- */

static void stream_from_fd(void)
{
    struct mio_unix_stream stream;
    char byte;
    int peer, fd = plain_end(SOCK_STREAM, &peer);
    memset(&stream, 0xa5, sizeof stream);
    CHECK_EQ(mio_unix_stream_from_fd(&stream, fd), 0);
    check_taken(&stream.source, fd);
    CHECK_EQ(mio_unix_stream_read(&stream, &byte, 1), -EAGAIN);
    CHECK_EQ(mio_unix_stream_write(&stream, "x", 1), 1);
    plain_recv_all(peer, &byte, 1);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(plain_recv(peer, &byte, 1), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static void datagram_socket_from_fd(void)
{
    struct mio_unix_datagram socket;
    char byte;
    int peer, fd = plain_end(SOCK_DGRAM, &peer);
    memset(&socket, 0xa5, sizeof socket);
    CHECK_EQ(mio_unix_datagram_from_fd(&socket, fd), 0);
    check_taken(&socket.source, fd);
    CHECK_EQ(mio_unix_datagram_recv(&socket, &byte, 1), -EAGAIN);
    CHECK_EQ(mio_unix_datagram_send(&socket, "x", 1), 1);
    CHECK_EQ(plain_recv(peer, &byte, 1), 1);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static void listener_from_fd(void)
{
    struct mio_unix_listener listener;
    struct mio_unix_stream stream;
    struct mio_addr addr = unix_fresh_name(), local;
    int fd = plain(unix_listening(&addr)), client = unix_socket(SOCK_STREAM, NULL);
    memset(&listener, 0xa5, sizeof listener);
    CHECK_EQ(mio_unix_listener_from_fd(&listener, fd), 0);
    check_taken(&listener.source, fd);
    CHECK_EQ(mio_unix_listener_local_addr(&listener, &local), 0);
    CHECK(mio_addr_equal(&local, &addr));
    CHECK_EQ(mio_unix_listener_accept(&listener, &stream, NULL), -EAGAIN);
    CHECK_EQ(unix_connect(client, &addr), 0);
    CHECK_EQ(mio_unix_listener_accept(&listener, &stream, NULL), 0);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
    CHECK_EQ(plain_close(client), 0);
}

/* ---- What is refused ------------------------------------------------------------------------- */

/* The answers of the three types, 0 where it is not asked; the descriptor stays as it was. */
static void check_refused(mio_fd fd, int listener_error, int stream_error, int datagram_error)
{
    struct mio_unix_listener listener;
    struct mio_unix_stream stream;
    struct mio_unix_datagram socket;
    int status = fcntl(fd, F_GETFL), flags = fcntl(fd, F_GETFD);
    memset(&listener, 0xa5, sizeof listener);
    memset(&stream, 0xa5, sizeof stream);
    memset(&socket, 0xa5, sizeof socket);
    if (listener_error != 0) {
        CHECK_EQ(mio_unix_listener_from_fd(&listener, fd), listener_error);
        CHECK_EQ(mio_unix_listener_take_error(&listener), -EBADF);
        CHECK_EQ(mio_unix_listener_close(&listener), 0);
    }
    if (stream_error != 0) {
        CHECK_EQ(mio_unix_stream_from_fd(&stream, fd), stream_error);
        CHECK_EQ(mio_unix_stream_take_error(&stream), -EBADF);
        CHECK_EQ(mio_unix_stream_close(&stream), 0);
    }
    if (datagram_error != 0) {
        CHECK_EQ(mio_unix_datagram_from_fd(&socket, fd), datagram_error);
        CHECK_EQ(mio_unix_datagram_take_error(&socket), -EBADF);
        CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    }
    CHECK_EQ(mio_unix_listener_from_fd(NULL, fd), -EINVAL);
    CHECK_EQ(mio_unix_stream_from_fd(NULL, fd), -EINVAL);
    CHECK_EQ(mio_unix_datagram_from_fd(NULL, fd), -EINVAL);
    CHECK_EQ(fcntl(fd, F_GETFL), status);
    CHECK_EQ(fcntl(fd, F_GETFD), flags);
}

static void check_refused_and_close(mio_fd fd, int listener_error, int stream_error,
                                    int datagram_error)
{
    CHECK(!test_is_nonblocking(fd) && !test_is_cloexec(fd));
    check_refused(fd, listener_error, stream_error, datagram_error);
    CHECK_EQ(plain_close(fd), 0);
}

static void descriptors_that_are_no_sockets(void)
{
    int ends[2];
    CHECK_EQ(pipe(ends), 0);
    check_refused(ends[0], -ENOTSOCK, -ENOTSOCK, -ENOTSOCK);
    check_refused(ends[1], -ENOTSOCK, -ENOTSOCK, -ENOTSOCK);
    CHECK_EQ(plain_close(ends[0]), 0);
    CHECK_EQ(plain_close(ends[1]), 0);
    check_refused(ends[0], -EBADF, -EBADF, -EBADF);
    check_refused(-1, -EBADF, -EBADF, -EBADF);
    check_refused(INT32_MIN, -EBADF, -EBADF, -EBADF);
}

static void sockets_of_another_type(void)
{
    struct mio_addr name = unix_fresh_name(), other = unix_fresh_name();
    mio_fd peer;
    check_refused_and_close(plain(unix_socket(SOCK_DGRAM, NULL)), -EPROTOTYPE, -EPROTOTYPE, 0);
    check_refused_and_close(plain(unix_socket(SOCK_SEQPACKET, NULL)), -EPROTOTYPE, -EPROTOTYPE,
                            -EPROTOTYPE);
    check_refused_and_close(plain(unix_listening(&name)), 0, -EINVAL, -EPROTOTYPE);
    check_refused_and_close(plain(unix_socket(SOCK_STREAM, &other)), -EINVAL, 0, -EPROTOTYPE);
    check_refused_and_close(plain_end(SOCK_STREAM, &peer), -EINVAL, 0, -EPROTOTYPE);
    CHECK_EQ(plain_close(peer), 0);
}

static void sockets_of_another_family(void)
{
    int stream = plain(socket(AF_INET, SOCK_STREAM, 0));
    int listener = plain(socket(AF_INET, SOCK_STREAM, 0));
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    CHECK_EQ(bind(listener, (struct sockaddr *)&name, sizeof name), 0);
    CHECK_EQ(listen(listener, 1), 0);
    check_refused_and_close(stream, -EINVAL, -EAFNOSUPPORT, -EPROTOTYPE);
    check_refused_and_close(listener, -EAFNOSUPPORT, -EINVAL, -EPROTOTYPE);
    check_refused_and_close(plain(socket(AF_INET, SOCK_DGRAM, 0)), -EPROTOTYPE, -EPROTOTYPE,
                            -EAFNOSUPPORT);
}

/* And the types of other families refuse those of this one. */
static void unix_sockets_are_no_ip_sockets(void)
{
    struct mio_addr name = unix_fresh_name();
    struct mio_tcp_listener tcp_listener;
    struct mio_tcp_stream tcp_stream;
    struct mio_udp_socket udp;
    int peer, listener = unix_listening(&name), datagram = unix_socket(SOCK_DGRAM, NULL);
    int stream = plain_end(SOCK_STREAM, &peer);
    CHECK_EQ(mio_tcp_listener_from_fd(&tcp_listener, listener), -EAFNOSUPPORT);
    CHECK_EQ(mio_tcp_stream_from_fd(&tcp_stream, stream), -EAFNOSUPPORT);
    CHECK_EQ(mio_udp_socket_from_fd(&udp, datagram), -EAFNOSUPPORT);
    CHECK(!test_is_nonblocking(stream));
    CHECK_EQ(plain_close(listener), 0);
    CHECK_EQ(plain_close(datagram), 0);
    CHECK_EQ(plain_close(stream), 0);
    CHECK_EQ(plain_close(peer), 0);
}

/* ---- Giving back ----------------------------------------------------------------------------- */

/* The descriptor is alive and non-blocking, and no event comes of it any more. */
static void check_given_back(struct mio_poll *poll, mio_fd fd, int wanted)
{
    CHECK_EQ(fd, wanted);
    CHECK(test_is_nonblocking(fd));
    CHECK(plain_wait(fd, PLAIN_IN) & PLAIN_IN);
    test_expect_no_event(poll);
    CHECK_EQ(plain_close(fd), 0);
}

static void into_fd_deregisters_and_leaves_the_descriptor(void)
{
    struct mio_poll poll;
    struct mio_unix_stream stream;
    struct mio_unix_datagram socket;
    mio_fd peer;
    test_poll_init(&poll);
    unix_stream_peer(&stream, &peer);
    unix_register(&poll, &stream.source, MIO_READABLE);
    mio_fd wanted = mio_source_fd(&stream.source), fd = mio_unix_stream_into_fd(&stream);
    plain_send_all(peer, "x", 1);
    check_given_back(&poll, fd, wanted);
    CHECK(mio_unix_stream_into_fd(&stream) == MIO_FD_NONE);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(plain_close(peer), 0);

    unix_datagram_peer(&socket, &peer);
    unix_register(&poll, &socket.source, MIO_READABLE);
    wanted = mio_source_fd(&socket.source);
    fd = mio_unix_datagram_into_fd(&socket);
    plain_send_all(peer, "x", 1);
    check_given_back(&poll, fd, wanted);
    CHECK(mio_unix_datagram_into_fd(&socket) == MIO_FD_NONE);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void into_fd_of_a_listener(void)
{
    struct mio_poll poll;
    struct mio_unix_listener listener;
    struct mio_addr addr = unix_fresh_name();
    test_poll_init(&poll);
    CHECK_EQ(mio_unix_listener_bind(&listener, &addr), 0);
    unix_register(&poll, &listener.source, MIO_READABLE);
    mio_fd wanted = mio_source_fd(&listener.source), fd = mio_unix_listener_into_fd(&listener);
    mio_fd client = unix_socket(SOCK_STREAM, NULL);
    CHECK_EQ(unix_connect(client, &addr), 0);
    check_given_back(&poll, fd, wanted);
    CHECK(mio_unix_listener_into_fd(&listener) == MIO_FD_NONE);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* ---- Closing and moving ---------------------------------------------------------------------- */

/* A duplicate keeps the socket alive, so the system alone would go on to report it. */
static void close_deregisters_even_beside_a_duplicate(void)
{
    struct mio_poll poll;
    struct mio_unix_stream stream;
    struct mio_unix_datagram socket;
    int peers[2], duplicates[2];
    test_poll_init(&poll);
    unix_stream_peer(&stream, &peers[0]);
    unix_datagram_peer(&socket, &peers[1]);
    unix_register(&poll, &stream.source, MIO_READABLE);
    unix_register(&poll, &socket.source, MIO_READABLE);
    duplicates[0] = dup(mio_source_fd(&stream.source));
    duplicates[1] = dup(mio_source_fd(&socket.source));
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    for (int i = 0; i < 2; i++) {
        plain_send_all(peers[i], "x", 1);
        CHECK(plain_wait(duplicates[i], PLAIN_IN) & PLAIN_IN);
    }
    test_expect_no_event(&poll);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(plain_close(duplicates[i]), 0);
        CHECK_EQ(plain_close(peers[i]), 0);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void registered_stream_can_be_moved(void)
{
    struct mio_poll poll;
    struct mio_unix_stream old, moved;
    char byte;
    mio_fd peer;
    test_poll_init(&poll);
    unix_stream_peer(&old, &peer);
    unix_register(&poll, &old.source, MIO_READABLE);
    memcpy(&moved, &old, sizeof moved);
    memset(&old, 0xa5, sizeof old);
    for (int i = 0; i < 2; i++) {
        plain_send_all(peer, "x", 1);
        CHECK_EQ(test_expect_event(&poll, UNIX_TOKEN), MIO_READABLE);
        CHECK_EQ(mio_unix_stream_read(&moved, &byte, 1), 1);
        CHECK_EQ(mio_unix_stream_read(&moved, &byte, 1), -EAGAIN);
        unix_rearm(&poll, &moved.source, MIO_READABLE);
    }
    CHECK_EQ(mio_unix_stream_close(&moved), 0);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static const struct test_case cases[] = {
    {"stream_from_fd", stream_from_fd, 0},
    {"datagram_socket_from_fd", datagram_socket_from_fd, 0},
    {"listener_from_fd", listener_from_fd, 0},
    {"descriptors_that_are_no_sockets", descriptors_that_are_no_sockets, 0},
    {"sockets_of_another_type", sockets_of_another_type, 0},
    {"sockets_of_another_family", sockets_of_another_family, 0},
    {"unix_sockets_are_no_ip_sockets", unix_sockets_are_no_ip_sockets, 0},
    {"into_fd_deregisters_and_leaves_the_descriptor", into_fd_deregisters_and_leaves_the_descriptor,
     TEST_ANY_MODE},
    {"into_fd_of_a_listener", into_fd_of_a_listener, TEST_ANY_MODE},
    {"close_deregisters_even_beside_a_duplicate", close_deregisters_even_beside_a_duplicate,
     TEST_ANY_MODE},
    {"registered_stream_can_be_moved", registered_stream_can_be_moved, TEST_ANY_MODE},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_fd = {"unix_fd", cases};
