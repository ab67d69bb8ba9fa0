/* The functions of the Unix domain and NULL, closed objects, bad arguments. */
#define _GNU_SOURCE 1
#include "unix/unix_util.h"

#include <string.h>
#include <unistd.h>

static char byte = 'x';
static const struct mio_buf one = {&byte, 1}, empty = {&byte, 0};

/* ---- The calls of each type: the object may be NULL or closed, which gives the error --------- */

static void check_listener(struct mio_unix_listener *listener, int error)
{
    struct mio_unix_stream stream;
    struct mio_addr addr;
    memset(&stream, 0xa5, sizeof stream);
    CHECK_EQ(mio_unix_listener_accept(listener, &stream, &addr), error);
    CHECK_EQ(mio_unix_stream_take_error(&stream), -EBADF);
    CHECK_EQ(mio_unix_listener_accept(listener, &stream, NULL), error);
    CHECK_EQ(mio_unix_listener_accept(listener, NULL, &addr), -EINVAL);
    CHECK_EQ(mio_unix_listener_local_addr(listener, &addr), error);
    CHECK_EQ(mio_unix_listener_local_addr(listener, NULL), -EINVAL);
    CHECK_EQ(mio_unix_listener_take_error(listener), error);
    CHECK(mio_unix_listener_into_fd(listener) == MIO_FD_NONE);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(mio_unix_listener_close(listener), listener ? 0 : -EINVAL);
}

static void check_stream(struct mio_unix_stream *stream, int error)
{
    struct mio_addr addr;
    CHECK_EQ(mio_unix_stream_read(stream, &byte, 1), error);
    CHECK_EQ(mio_unix_stream_readv(stream, &one, 1), error);
    CHECK_EQ(mio_unix_stream_peek(stream, &byte, 1), error);
    CHECK_EQ(mio_unix_stream_write(stream, &byte, 1), error);
    CHECK_EQ(mio_unix_stream_write(stream, NULL, 0), error);
    CHECK_EQ(mio_unix_stream_writev(stream, &one, 1), error);
    CHECK_EQ(mio_unix_stream_writev(stream, NULL, 0), error);
    for (int how = MIO_SHUTDOWN_READ; how <= MIO_SHUTDOWN_BOTH; how++)
        CHECK_EQ(mio_unix_stream_shutdown(stream, how), error);
    CHECK_EQ(mio_unix_stream_local_addr(stream, &addr), error);
    CHECK_EQ(mio_unix_stream_peer_addr(stream, &addr), error);
    CHECK_EQ(mio_unix_stream_take_error(stream), error);
    CHECK(mio_unix_stream_into_fd(stream) == MIO_FD_NONE);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(mio_unix_stream_close(stream), stream ? 0 : -EINVAL);
}

static void check_datagram(struct mio_unix_datagram *socket, int error)
{
    struct mio_addr addr, to = plain_fresh_name();
    CHECK_EQ(mio_unix_datagram_connect(socket, &to), error);
    CHECK_EQ(mio_unix_datagram_send(socket, &byte, 1), error);
    CHECK_EQ(mio_unix_datagram_send(socket, NULL, 0), error);
    CHECK_EQ(mio_unix_datagram_send_to(socket, &byte, 1, &to), error);
    CHECK_EQ(mio_unix_datagram_send_to(socket, NULL, 0, &to), error);
    CHECK_EQ(mio_unix_datagram_recv(socket, &byte, 1), error);
    CHECK_EQ(mio_unix_datagram_recv(socket, NULL, 0), error);
    CHECK_EQ(mio_unix_datagram_recv_from(socket, &byte, 1, &addr), error);
    CHECK_EQ(mio_unix_datagram_recv_from(socket, &byte, 1, NULL), error);
    CHECK_EQ(mio_unix_datagram_peek(socket, &byte, 1), error);
    CHECK_EQ(mio_unix_datagram_peek_from(socket, &byte, 1, &addr), error);
    CHECK_EQ(mio_unix_datagram_peek_from(socket, &byte, 1, NULL), error);
    for (int how = MIO_SHUTDOWN_READ; how <= MIO_SHUTDOWN_BOTH; how++)
        CHECK_EQ(mio_unix_datagram_shutdown(socket, how), error);
    CHECK_EQ(mio_unix_datagram_local_addr(socket, &addr), error);
    CHECK_EQ(mio_unix_datagram_peer_addr(socket, &addr), error);
    CHECK_EQ(mio_unix_datagram_take_error(socket), error);
    CHECK(mio_unix_datagram_into_fd(socket) == MIO_FD_NONE);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(mio_unix_datagram_close(socket), socket ? 0 : -EINVAL);
}

/* A closed source is not known to any poll. */
static void check_closed_source(struct mio_source *source)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK(mio_source_fd(source) == MIO_FD_NONE);
    CHECK(!mio_source_is_registered(source));
    CHECK_EQ(mio_register(registry, source, UNIX_TOKEN, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_reregister(registry, source, UNIX_TOKEN, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_deregister(registry, source), -EBADF);
    CHECK_EQ(mio_source_blocked(source, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* ---- NULL and closed ------------------------------------------------------------------------- */

static void null_is_invalid_everywhere(void)
{
    check_listener(NULL, -EINVAL);
    check_stream(NULL, -EINVAL);
    check_datagram(NULL, -EINVAL);
    CHECK_EQ(mio_unix_datagram_open(NULL), -EINVAL);
}

static void zeroed_objects_are_closed(void)
{
    struct mio_unix_listener listener = {0};
    struct mio_unix_stream stream = {0};
    struct mio_unix_datagram socket = {0};
    check_listener(&listener, -EBADF);
    check_stream(&stream, -EBADF);
    check_datagram(&socket, -EBADF);
    check_closed_source(&listener.source);
    check_closed_source(&stream.source);
    check_closed_source(&socket.source);
}

/* The descriptor is gone, and whoever gets its number next is left alone. */
static void closed_objects_stay_closed(void)
{
    struct mio_addr name = plain_fresh_name();
    struct mio_unix_listener listener;
    struct mio_unix_stream stream, other;
    struct mio_unix_datagram socket;
    CHECK_EQ(mio_unix_listener_bind(&listener, &name), 0);
    CHECK_EQ(mio_unix_stream_pair(&stream, &other), 0);
    CHECK_EQ(mio_unix_datagram_open(&socket), 0);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    mio_fd ends[2][2];
    CHECK_EQ(pipe(ends[0]), 0);
    CHECK_EQ(pipe(ends[1]), 0);
    int before = test_open_descriptors();
    check_listener(&listener, -EBADF);
    check_stream(&stream, -EBADF);
    check_datagram(&socket, -EBADF);
    check_closed_source(&listener.source);
    check_closed_source(&stream.source);
    check_closed_source(&socket.source);
    CHECK_EQ(test_open_descriptors(), before);
    CHECK_EQ(mio_unix_stream_close(&other), 0);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(plain_close(ends[i / 2][i % 2]), 0);
}

/* ---- Bad arguments: refused before the state of the object is looked at ---------------------- */

static void check_bad_stream_arguments(struct mio_unix_stream *stream)
{
    CHECK_EQ(mio_unix_stream_read(stream, NULL, 1), -EINVAL);
    CHECK_EQ(mio_unix_stream_read(stream, &byte, 0), -EINVAL);
    CHECK_EQ(mio_unix_stream_peek(stream, NULL, 1), -EINVAL);
    CHECK_EQ(mio_unix_stream_peek(stream, &byte, 0), -EINVAL);
    CHECK_EQ(mio_unix_stream_readv(stream, NULL, 1), -EINVAL);
    CHECK_EQ(mio_unix_stream_readv(stream, &one, 0), -EINVAL);
    CHECK_EQ(mio_unix_stream_readv(stream, &empty, 1), -EINVAL);
    CHECK_EQ(mio_unix_stream_readv(stream, &one, SIZE_MAX), -EINVAL);
    CHECK_EQ(mio_unix_stream_write(stream, NULL, 1), -EINVAL);
    CHECK_EQ(mio_unix_stream_writev(stream, NULL, 1), -EINVAL);
    CHECK_EQ(mio_unix_stream_writev(stream, &one, SIZE_MAX), -EINVAL);
    CHECK_EQ(mio_unix_stream_shutdown(stream, 0), -EINVAL);
    CHECK_EQ(mio_unix_stream_shutdown(stream, 4), -EINVAL);
    CHECK_EQ(mio_unix_stream_local_addr(stream, NULL), -EINVAL);
    CHECK_EQ(mio_unix_stream_peer_addr(stream, NULL), -EINVAL);
}

static void check_bad_datagram_arguments(struct mio_unix_datagram *socket)
{
    const struct mio_addr none = {0};
    struct mio_addr to = plain_fresh_name(), v4 = unix_text("127.0.0.1:9");
    CHECK_EQ(mio_unix_datagram_connect(socket, NULL), -EINVAL);
    CHECK_EQ(mio_unix_datagram_connect(socket, &v4), -EAFNOSUPPORT);
    CHECK_EQ(mio_unix_datagram_connect(socket, &none), -EAFNOSUPPORT);
    CHECK_EQ(mio_unix_datagram_send(socket, NULL, 1), -EINVAL);
    CHECK_EQ(mio_unix_datagram_send_to(socket, NULL, 1, &to), -EINVAL);
    CHECK_EQ(mio_unix_datagram_send_to(socket, &byte, 1, NULL), -EINVAL);
    CHECK_EQ(mio_unix_datagram_send_to(socket, &byte, 1, &v4), -EAFNOSUPPORT);
    CHECK_EQ(mio_unix_datagram_send_to(socket, &byte, 1, &none), -EAFNOSUPPORT);
    CHECK_EQ(mio_unix_datagram_recv(socket, NULL, 1), -EINVAL);
    CHECK_EQ(mio_unix_datagram_recv_from(socket, NULL, 1, &to), -EINVAL);
    CHECK_EQ(mio_unix_datagram_peek(socket, NULL, 1), -EINVAL);
    CHECK_EQ(mio_unix_datagram_peek_from(socket, NULL, 1, &to), -EINVAL);
    CHECK_EQ(mio_unix_datagram_shutdown(socket, 0), -EINVAL);
    CHECK_EQ(mio_unix_datagram_shutdown(socket, 4), -EINVAL);
    CHECK_EQ(mio_unix_datagram_local_addr(socket, NULL), -EINVAL);
    CHECK_EQ(mio_unix_datagram_peer_addr(socket, NULL), -EINVAL);
}

/* The data that waits is still there afterwards, and nothing was sent. */
static void bad_arguments_change_nothing(void)
{
    struct mio_unix_stream stream, closed_stream = {0};
    struct mio_unix_datagram socket, closed_socket = {0};
    char buf[4];
    mio_fd peers[2];
    unix_stream_peer(&stream, &peers[0]);
    unix_datagram_peer(&socket, &peers[1]);
    for (int i = 0; i < 2; i++)
        plain_send_all(peers[i], "abc", 3);
    check_bad_stream_arguments(&stream);
    check_bad_stream_arguments(&closed_stream);
    check_bad_datagram_arguments(&socket);
    check_bad_datagram_arguments(&closed_socket);
    CHECK_EQ(mio_unix_stream_read(&stream, buf, sizeof buf), 3);
    CHECK_EQ(mio_unix_datagram_recv(&socket, buf, sizeof buf), 3);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(plain_recv(peers[0], buf, sizeof buf), 0);
    CHECK_EQ(recv(peers[1], buf, sizeof buf, MSG_DONTWAIT), -1);
    CHECK_EQ(mio_unix_datagram_close(&socket), 0);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(plain_close(peers[i]), 0);
}

static const struct test_case cases[] = {
    {"null_is_invalid_everywhere", null_is_invalid_everywhere, 0},
    {"zeroed_objects_are_closed", zeroed_objects_are_closed, 0},
    {"closed_objects_stay_closed", closed_objects_stay_closed, 0},
    {"bad_arguments_change_nothing", bad_arguments_change_nothing, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_closed = {"unix_closed", cases};
