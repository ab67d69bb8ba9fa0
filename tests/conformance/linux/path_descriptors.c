/* Descriptors that only name a file (O_PATH): they are open, and nothing can be done with them. */
#define _GNU_SOURCE 1
#include "queue/queue_util.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TOKEN = 7 };

static mio_fd open_name(const char *name)
{
    int fd = open(name, O_PATH | O_CLOEXEC);
    CHECK(fd >= 0);
    return fd;
}

/* poll(2) itself would say nothing of it, ever. */
static void registration_is_refused(void)
{
    static const char *const names[] = {"/", "/dev/null", "/dev/zero"};
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    for (int i = 0; i < 3; i++) {
        mio_fd fd = open_name(names[i]);
        CHECK_EQ(mio_source_init_fd(&source, fd), 0);
        CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), -EBADF);
        CHECK(!mio_source_is_registered(&source));
        CHECK_EQ(plain_close(fd), 0);
    }
    /* Put in the place of a registered one, behind the library's back. */
    mio_fd fd = queue_loop(&source, false);
    mio_fd other = open_name("/dev/null");
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), 0);
    plain_replace(fd, other);
    CHECK_EQ(mio_reregister(registry, &source, TOKEN, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_source_abandon(&source), 0);
    CHECK_EQ(plain_close(other), 0);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* No type takes the descriptor, which stays as it was. */
static void check_not_taken(mio_fd fd)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    int flags = plain_flags(fd);
    memset(&sender, 0xa5, sizeof sender);
    memset(&receiver, 0xa5, sizeof receiver);
    CHECK_EQ(mio_pipe_sender_from_fd(&sender, fd), -EBADF);
    CHECK_EQ(mio_pipe_receiver_from_fd(&receiver, fd), -EBADF);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
#ifndef MIO_NO_NET
    union {
        struct mio_tcp_listener tcp_listener;
        struct mio_tcp_stream tcp_stream;
        struct mio_udp_socket udp;
        struct mio_unix_listener unix_listener;
        struct mio_unix_stream unix_stream;
        struct mio_unix_datagram unix_datagram;
    } any;
    memset(&any, 0xa5, sizeof any);
    CHECK_EQ(mio_tcp_listener_from_fd(&any.tcp_listener, fd), -EBADF);
    CHECK_EQ(mio_tcp_listener_close(&any.tcp_listener), 0);
    CHECK_EQ(mio_tcp_stream_from_fd(&any.tcp_stream, fd), -EBADF);
    CHECK_EQ(mio_tcp_stream_close(&any.tcp_stream), 0);
    CHECK_EQ(mio_udp_socket_from_fd(&any.udp, fd), -EBADF);
    CHECK_EQ(mio_udp_socket_close(&any.udp), 0);
    CHECK_EQ(mio_unix_listener_from_fd(&any.unix_listener, fd), -EBADF);
    CHECK_EQ(mio_unix_listener_close(&any.unix_listener), 0);
    CHECK_EQ(mio_unix_stream_from_fd(&any.unix_stream, fd), -EBADF);
    CHECK_EQ(mio_unix_stream_close(&any.unix_stream), 0);
    CHECK_EQ(mio_unix_datagram_from_fd(&any.unix_datagram, fd), -EBADF);
    CHECK_EQ(mio_unix_datagram_close(&any.unix_datagram), 0);
#endif
    CHECK_EQ(plain_flags(fd), flags);
    CHECK_EQ(plain_close(fd), 0);
}

static void device_is_not_taken(void)
{
    check_not_taken(open_name("/dev/null"));
}

static void fresh_path(char *path, size_t room)
{
    snprintf(path, room, "/tmp/mio-name-%ld", process_id());
}

static void fifo_is_not_taken(void)
{
    char path[64];
    fresh_path(path, sizeof path);
    CHECK_EQ(mkfifo(path, 0600), 0);
    mio_fd fd = open_name(path);
    CHECK_EQ(unlink(path), 0);
    check_not_taken(fd);
}

#ifndef MIO_NO_NET
/* The file that a socket is bound to. */
static void socket_is_not_taken(void)
{
    struct mio_unix_listener listener;
    struct mio_addr addr;
    char path[64];
    fresh_path(path, sizeof path);
    CHECK_EQ(mio_addr_unix_path(&addr, path), 0);
    CHECK_EQ(mio_unix_listener_bind(&listener, &addr), 0);
    mio_fd fd = open_name(path);
    CHECK_EQ(unlink(path), 0);
    check_not_taken(fd);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
}
#endif

static const struct test_case cases[] = {
    {"registration_is_refused", registration_is_refused, 0},
    {"device_is_not_taken", device_is_not_taken, 0},
    {"fifo_is_not_taken", fifo_is_not_taken, 0},
#ifndef MIO_NO_NET
    {"socket_is_not_taken", socket_is_not_taken, 0},
#endif
    {NULL, NULL, 0},
};

const struct test_suite suite_path_descriptors = {"path_descriptors", cases};
