/* Owning the descriptor: taking one over, giving it back, closing, moving the object. */
#define _GNU_SOURCE 1
#include "tcp/tcp_util.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- Taking over ----------------------------------------------------------------------------- */

/* A blocking pair of connected descriptors without close-on-exec. */
static void raw_pair(int *near, int *far)
{
    struct mio_tcp_stream stream;
    test_tcp_pair(&stream, far);
    *near = mio_tcp_stream_into_fd(&stream);
    CHECK(*near >= 0);
    CHECK_EQ(fcntl(*near, F_SETFL, 0), 0);
    CHECK_EQ(fcntl(*near, F_SETFD, 0), 0);
}

static void stream_from_fd_is_nonblocking_and_not_inherited(void)
{
    struct mio_tcp_stream stream;
    int fd, peer;
    char byte;
    raw_pair(&fd, &peer);
    CHECK(!test_is_nonblocking(fd) && !test_is_cloexec(fd));
    memset(&stream, 0xa5, sizeof stream);
    CHECK_EQ(mio_tcp_stream_from_fd(&stream, fd), 0);
    CHECK_EQ(tcp_fd(&stream), fd);
    CHECK(test_is_nonblocking(fd));
    CHECK(test_is_cloexec(fd));
    CHECK(!mio_source_is_registered(&stream.source));
    CHECK_EQ(mio_tcp_stream_read(&stream, &byte, 1), -EAGAIN);
    CHECK_EQ(mio_tcp_stream_write(&stream, "x", 1), 1);
    plain_recv_all(peer, &byte, 1);
    CHECK_EQ(mio_tcp_stream_connect_result(&stream), 0);
    tcp_close(&stream);
    CHECK_EQ(plain_recv(peer, &byte, 1), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static void defect_22_from_fd_keeps_other_status_flags(void)
{
    struct mio_tcp_stream stream;
    int fd, peer;
    raw_pair(&fd, &peer);
    CHECK_EQ(fcntl(fd, F_SETFL, O_APPEND | O_ASYNC), 0);
    int before = fcntl(fd, F_GETFL);
    CHECK((before & O_APPEND) && (before & O_ASYNC));
    CHECK_EQ(mio_tcp_stream_from_fd(&stream, fd), 0);
    CHECK_EQ(fcntl(fd, F_GETFL), before | O_NONBLOCK);
    tcp_close(&stream);
    CHECK_EQ(plain_close(peer), 0);
}

static void listener_from_fd_accepts(void)
{
    struct mio_tcp_listener listener;
    struct mio_tcp_stream stream;
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct mio_addr addr;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fd >= 0);
    CHECK_EQ(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    CHECK_EQ(listen(fd, 4), 0);
    CHECK_EQ(fcntl(fd, F_SETFL, O_APPEND), 0);
    memset(&listener, 0xa5, sizeof listener);
    CHECK_EQ(mio_tcp_listener_from_fd(&listener, fd), 0);
    CHECK_EQ(mio_source_fd(&listener.source), fd);
    CHECK(test_is_nonblocking(fd));
    CHECK(test_is_cloexec(fd));
    CHECK(fcntl(fd, F_GETFL) & O_APPEND);
    CHECK_EQ(mio_tcp_listener_accept(&listener, &stream, NULL), -EAGAIN);
    CHECK_EQ(mio_tcp_listener_local_addr(&listener, &addr), 0);
    mio_fd client = test_client(&addr);
    tcp_accept(&listener, &stream, NULL);
    tcp_close(&stream);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
}

/* Both types refuse the descriptor, which stays open and as it was. */
static void check_not_taken(mio_fd fd, int error)
{
    struct mio_tcp_stream stream;
    struct mio_tcp_listener listener;
    int flags = plain_flags(fd);
    memset(&stream, 0xa5, sizeof stream);
    memset(&listener, 0xa5, sizeof listener);
    CHECK_EQ(mio_tcp_stream_from_fd(&stream, fd), error);
    CHECK_EQ(mio_tcp_listener_from_fd(&listener, fd), error);
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    CHECK_EQ(mio_tcp_stream_from_fd(NULL, fd), -EINVAL);
    CHECK_EQ(mio_tcp_listener_from_fd(NULL, fd), -EINVAL);
    CHECK_EQ(plain_flags(fd), flags);
}

static void from_fd_refuses_what_is_no_stream_socket(void)
{
    int ends[2];
    CHECK_EQ(pipe(ends), 0);
    check_not_taken(ends[0], -ENOTSOCK);
    check_not_taken(ends[1], -ENOTSOCK);
    CHECK_EQ(plain_close(ends[0]), 0);
    CHECK_EQ(plain_close(ends[1]), 0);
    check_not_taken(ends[0], -EBADF);
    check_not_taken(-1, -EBADF);
    check_not_taken(MIO_FD_NONE, -EBADF);
    check_not_taken(INT32_MIN, -EBADF);
    int datagram = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(datagram >= 0);
    check_not_taken(datagram, -EPROTOTYPE);
    CHECK(!test_is_nonblocking(datagram) && !test_is_cloexec(datagram));
    CHECK_EQ(plain_close(datagram), 0);
}

static void check_listener_not_taken(mio_fd fd, int error)
{
    struct mio_tcp_listener listener;
    CHECK_EQ(mio_tcp_listener_from_fd(&listener, fd), error);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    CHECK(!test_is_nonblocking(fd));
}

static void check_stream_not_taken(mio_fd fd, int error)
{
    struct mio_tcp_stream stream;
    CHECK_EQ(mio_tcp_stream_from_fd(&stream, fd), error);
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    CHECK(!test_is_nonblocking(fd));
}

static void from_fd_refuses_sockets_of_another_kind(void)
{
    int ends[2];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    check_stream_not_taken(ends[0], -EAFNOSUPPORT);
    check_listener_not_taken(ends[0], -EINVAL);
    CHECK_EQ(plain_close(ends[0]), 0);
    CHECK_EQ(plain_close(ends[1]), 0);
    int tcp = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(tcp >= 0);
    check_listener_not_taken(tcp, -EINVAL);
    CHECK_EQ(listen(tcp, 1), 0);
    check_stream_not_taken(tcp, -EINVAL);
    CHECK_EQ(plain_close(tcp), 0);
}

/* ---- Giving back ----------------------------------------------------------------------------- */

static void into_fd_deregisters_and_leaves_an_open_descriptor(void)
{
    struct mio_poll poll;
    struct mio_tcp_stream stream;
    char byte;
    mio_fd peer;
    test_poll_init(&poll);
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &stream.source, 7,
                          MIO_READABLE | MIO_WRITABLE | test_config.mode),
             0);
    mio_fd wanted = tcp_fd(&stream);
    mio_fd fd = mio_tcp_stream_into_fd(&stream);
    CHECK_EQ(fd, wanted);
    CHECK(test_is_nonblocking(fd));
    plain_send_all(peer, "x", 1);
    plain_wait(fd, PLAIN_IN);
    test_expect_no_event(&poll);
    CHECK_EQ(plain_recv(fd, &byte, 1), 1);
    CHECK_EQ(mio_tcp_stream_read(&stream, &byte, 1), -EBADF);
    CHECK(mio_tcp_stream_into_fd(&stream) == MIO_FD_NONE);
    tcp_close(&stream);
    CHECK(fcntl(fd, F_GETFD) >= 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static void into_fd_of_a_listener(void)
{
    struct mio_poll poll;
    struct mio_tcp_listener listener;
    struct mio_addr addr;
    test_poll_init(&poll);
    test_listen(&listener, &addr);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &listener.source, 7, MIO_READABLE), 0);
    mio_fd fd = mio_tcp_listener_into_fd(&listener);
    CHECK(fd >= 0);
    CHECK(mio_tcp_listener_into_fd(&listener) == MIO_FD_NONE);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    mio_fd client = test_client(&addr);
    plain_wait(fd, PLAIN_IN);
    test_expect_no_event(&poll);
    int accepted = accept(fd, NULL, NULL);
    CHECK(accepted >= 0);
    CHECK_EQ(plain_close(accepted), 0);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

/* ---- Closing --------------------------------------------------------------------------------- */

/* A duplicate keeps the socket alive, so the system alone would go on to report it. */
static void close_deregisters_even_beside_a_duplicate(void)
{
    struct mio_poll poll;
    struct mio_tcp_stream stream;
    mio_fd peer;
    test_poll_init(&poll);
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(
        mio_register(mio_poll_registry(&poll), &stream.source, 7, MIO_READABLE | test_config.mode),
        0);
    mio_fd duplicate = plain_duplicate(tcp_fd(&stream));
    tcp_close(&stream);
    CHECK(!mio_source_is_registered(&stream.source));
    plain_send_all(peer, "x", 1);
    plain_wait(duplicate, PLAIN_IN);
    test_expect_no_event(&poll);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(duplicate), 0);
    CHECK_EQ(plain_close(peer), 0);
}

static void close_of_a_listener_deregisters_and_refuses(void)
{
    struct mio_poll poll;
    struct mio_tcp_listener listener;
    struct mio_addr addr;
    test_poll_init(&poll);
    test_listen(&listener, &addr);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &listener.source, 7,
                          MIO_READABLE | test_config.mode),
             0);
    mio_fd client = test_client(&addr);
    plain_wait(mio_source_fd(&listener.source), PLAIN_IN);
    mio_fd duplicate = plain_duplicate(mio_source_fd(&listener.source));
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    test_expect_no_event(&poll);
    CHECK_EQ(plain_close(duplicate), 0);
    CHECK(plain_wait(client, PLAIN_IN) & PLAIN_HANGUP);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void close_is_the_end_for_the_peer(void)
{
    struct mio_poll poll;
    struct mio_tcp_stream stream;
    char byte;
    mio_fd peer;
    test_poll_init(&poll);
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(
        mio_register(mio_poll_registry(&poll), &stream.source, 7, MIO_WRITABLE | test_config.mode),
        0);
    CHECK_EQ(mio_tcp_stream_write(&stream, "x", 1), 1);
    tcp_close(&stream);
    CHECK_EQ(plain_recv(peer, &byte, 1), 1);
    CHECK_EQ(plain_recv(peer, &byte, 1), 0);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void close_with_unread_data_resets(void)
{
    struct mio_tcp_stream stream;
    char byte;
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    plain_send_all(peer, "x", 1);
    plain_wait(tcp_fd(&stream), PLAIN_IN);
    tcp_close(&stream);
    CHECK_EQ(plain_recv(peer, &byte, 1), -ECONNRESET);
    CHECK_EQ(plain_close(peer), 0);
}

/* ---- Closed objects -------------------------------------------------------------------------- */

static void check_closed_stream(struct mio_tcp_stream *stream)
{
    struct mio_addr addr;
    char byte = 'x';
    struct mio_buf buf = {&byte, 1};
    CHECK_EQ(mio_tcp_stream_connect_result(stream), -EBADF);
    CHECK_EQ(mio_tcp_stream_read(stream, &byte, 1), -EBADF);
    CHECK_EQ(mio_tcp_stream_readv(stream, &buf, 1), -EBADF);
    CHECK_EQ(mio_tcp_stream_peek(stream, &byte, 1), -EBADF);
    CHECK_EQ(mio_tcp_stream_write(stream, &byte, 1), -EBADF);
    CHECK_EQ(mio_tcp_stream_writev(stream, &buf, 1), -EBADF);
    CHECK_EQ(mio_tcp_stream_shutdown(stream, MIO_SHUTDOWN_BOTH), -EBADF);
    CHECK_EQ(mio_tcp_stream_local_addr(stream, &addr), -EBADF);
    CHECK_EQ(mio_tcp_stream_peer_addr(stream, &addr), -EBADF);
    CHECK_EQ(mio_tcp_stream_nodelay(stream), -EBADF);
    CHECK_EQ(mio_tcp_stream_set_nodelay(stream, true), -EBADF);
    CHECK_EQ(mio_tcp_stream_ttl(stream), -EBADF);
    CHECK_EQ(mio_tcp_stream_set_ttl(stream, 64), -EBADF);
    CHECK_EQ(mio_tcp_stream_take_error(stream), -EBADF);
    CHECK(mio_tcp_stream_into_fd(stream) == MIO_FD_NONE);
    CHECK(mio_source_fd(&stream->source) == MIO_FD_NONE);
    CHECK(!mio_source_is_registered(&stream->source));
    CHECK_EQ(mio_tcp_stream_close(stream), 0);
    CHECK_EQ(mio_tcp_stream_close(stream), 0);
}

static void check_closed_listener(struct mio_tcp_listener *listener)
{
    struct mio_tcp_stream stream;
    struct mio_addr addr;
    CHECK_EQ(mio_tcp_listener_accept(listener, &stream, &addr), -EBADF);
    CHECK_EQ(mio_tcp_listener_local_addr(listener, &addr), -EBADF);
    CHECK_EQ(mio_tcp_listener_ttl(listener), -EBADF);
    CHECK_EQ(mio_tcp_listener_set_ttl(listener, 64), -EBADF);
    CHECK_EQ(mio_tcp_listener_take_error(listener), -EBADF);
    CHECK(mio_tcp_listener_into_fd(listener) == MIO_FD_NONE);
    CHECK(mio_source_fd(&listener->source) == MIO_FD_NONE);
    CHECK(!mio_source_is_registered(&listener->source));
    CHECK_EQ(mio_tcp_listener_close(listener), 0);
    CHECK_EQ(mio_tcp_listener_close(listener), 0);
}

static void check_closed_in_a_poll(struct mio_source *source)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK_EQ(mio_register(registry, source, 7, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_reregister(registry, source, 7, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_deregister(registry, source), -EBADF);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void zeroed_objects_are_closed(void)
{
    struct mio_tcp_stream stream = {0};
    struct mio_tcp_listener listener = {0};
    check_closed_stream(&stream);
    check_closed_in_a_poll(&stream.source);
    check_closed_listener(&listener);
    check_closed_in_a_poll(&listener.source);
}

static void closed_objects_stay_closed(void)
{
    struct mio_tcp_stream stream;
    struct mio_tcp_listener listener;
    struct mio_addr addr;
    mio_fd peer;
    test_tcp_pair(&stream, &peer);
    tcp_close(&stream);
    check_closed_stream(&stream);
    check_closed_in_a_poll(&stream.source);
    CHECK_EQ(plain_close(peer), 0);
    test_listen(&listener, &addr);
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    check_closed_listener(&listener);
    check_closed_in_a_poll(&listener.source);
}

/* ---- Moving ---------------------------------------------------------------------------------- */

static void registered_stream_can_be_moved(void)
{
    const mio_interest interest = MIO_READABLE | test_config.mode;
    struct mio_poll poll;
    struct mio_tcp_stream old, moved;
    char byte;
    mio_fd peer;
    test_poll_init(&poll);
    test_tcp_pair(&old, &peer);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &old.source, 7, interest), 0);
    memcpy(&moved, &old, sizeof moved);
    memset(&old, 0xa5, sizeof old);
    plain_send_all(peer, "x", 1);
    CHECK(test_expect_event(&poll, 7) & MIO_READABLE);
    CHECK_EQ(mio_tcp_stream_read(&moved, &byte, 1), 1);
    CHECK_EQ(mio_tcp_stream_read(&moved, &byte, 1), -EAGAIN);
    CHECK(mio_source_is_registered(&moved.source));
    CHECK_EQ(mio_reregister(mio_poll_registry(&poll), &moved.source, 8, interest), 0);
    plain_send_all(peer, "y", 1);
    CHECK(test_expect_event(&poll, 8) & MIO_READABLE);
    tcp_close(&moved);
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static const struct test_case cases[] = {
    {"stream_from_fd_is_nonblocking_and_not_inherited",
     stream_from_fd_is_nonblocking_and_not_inherited, 0},
    {"defect_22_from_fd_keeps_other_status_flags", defect_22_from_fd_keeps_other_status_flags, 0},
    {"listener_from_fd_accepts", listener_from_fd_accepts, 0},
    {"from_fd_refuses_what_is_no_stream_socket", from_fd_refuses_what_is_no_stream_socket, 0},
    {"from_fd_refuses_sockets_of_another_kind", from_fd_refuses_sockets_of_another_kind, 0},
    {"into_fd_deregisters_and_leaves_an_open_descriptor",
     into_fd_deregisters_and_leaves_an_open_descriptor, TEST_ANY_MODE},
    {"into_fd_of_a_listener", into_fd_of_a_listener, 0},
    {"close_deregisters_even_beside_a_duplicate", close_deregisters_even_beside_a_duplicate,
     TEST_ANY_MODE},
    {"close_of_a_listener_deregisters_and_refuses", close_of_a_listener_deregisters_and_refuses,
     TEST_ANY_MODE},
    {"close_is_the_end_for_the_peer", close_is_the_end_for_the_peer, TEST_ANY_MODE},
    {"close_with_unread_data_resets", close_with_unread_data_resets, 0},
    {"zeroed_objects_are_closed", zeroed_objects_are_closed, 0},
    {"closed_objects_stay_closed", closed_objects_stay_closed, 0},
    {"registered_stream_can_be_moved", registered_stream_can_be_moved, TEST_ANY_MODE},
    {NULL, NULL, 0},
};

const struct test_suite suite_tcp_fd = {"tcp_fd", cases};
