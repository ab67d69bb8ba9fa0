#define _GNU_SOURCE 1 /* POLLRDHUP, pipe2, accept4 */
#include "devices.h"

#include "net.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Small buffers: so they fill after few writes. */
enum { BUFFER = 16384, PIPE_BUFFER = 8192, ARRIVAL_MS = 20 };

void device_require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "model: the test itself failed: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void shrink_buffers(int fd)
{
    const int size = BUFFER;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

/* ---- Descriptors of our own ------------------------------------------------------------------ */

static ptrdiff_t result_of(ptrdiff_t n)
{
    return n < 0 ? -errno : n;
}

static ptrdiff_t raw_read(struct device *device, void *buf, size_t len)
{
    return result_of(read(device->as.source.fd, buf, len));
}

static ptrdiff_t raw_stream_write(struct device *device, const void *buf, size_t len)
{
    return result_of(send(device->as.source.fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT));
}

static int raw_stream_shutdown(struct device *device, int how)
{
    static const int hows[] = {SHUT_RD, SHUT_WR, SHUT_RDWR};
    return (int)result_of(shutdown(device->as.source.fd, hows[how - 1]));
}

static void raw_stream_open(struct device *device)
{
    int ends[2];
    device_require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0,
                   "socketpair");
    shrink_buffers(ends[0]);
    shrink_buffers(ends[1]);
    mio_source_init_fd(&device->as.source, ends[0]);
    device->peer = ends[1];
}

static void eventfd_open(struct device *device)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    device_require(fd >= 0, "eventfd");
    mio_source_init_fd(&device->as.source, fd);
    device->peer = fd; /* a duplicate would keep the descriptor in the set of a poll */
}

/* So large a number that after a few of them the counter is full. */
static ptrdiff_t eventfd_add(struct device *device, const void *buf, size_t len)
{
    uint64_t count = len > 1000 ? UINT64_MAX / 3 : 1;
    (void)buf;
    ptrdiff_t n = write(device->as.source.fd, &count, sizeof count);
    return result_of(n);
}

static ptrdiff_t eventfd_take(struct device *device, void *buf, size_t len)
{
    uint64_t count;
    (void)buf;
    (void)len;
    return result_of(read(device->as.source.fd, &count, sizeof count));
}

/* ---- The library's types --------------------------------------------------------------------- */

#define WRAP_READ(type, name, does)                                                                \
    static ptrdiff_t type##_##name(struct device *device, void *buf, size_t len)                   \
    {                                                                                              \
        return mio_##type##_##does(&device->as.type, buf, len);                                    \
    }
#define WRAP_WRITE(type, does)                                                                     \
    static ptrdiff_t type##_write(struct device *device, const void *buf, size_t len)              \
    {                                                                                              \
        return mio_##type##_##does(&device->as.type, buf, len);                                    \
    }
#define WRAP_LIST(type, name)                                                                      \
    static ptrdiff_t type##_##name(struct device *device, const struct mio_buf *bufs,              \
                                   size_t count)                                                   \
    {                                                                                              \
        return mio_##type##_##name(&device->as.type, bufs, count);                                 \
    }
#define WRAP_SHUTDOWN(type)                                                                        \
    static int type##_shutdown(struct device *device, int how)                                     \
    {                                                                                              \
        return mio_##type##_shutdown(&device->as.type, how);                                       \
    }
#define WRAP_ERROR(type)                                                                           \
    static int type##_take_error(struct device *device)                                            \
    {                                                                                              \
        return mio_##type##_take_error(&device->as.type);                                          \
    }
#define WRAP_CLOSE(type)                                                                           \
    static int type##_close(struct device *device)                                                 \
    {                                                                                              \
        return mio_##type##_close(&device->as.type);                                               \
    }
#define WRAP_INTO_FD(type)                                                                         \
    static mio_fd type##_into_fd(struct device *device)                                            \
    {                                                                                              \
        return mio_##type##_into_fd(&device->as.type);                                             \
    }
#define WRAP_END(type)                                                                             \
    WRAP_CLOSE(type)                                                                               \
    WRAP_INTO_FD(type)

WRAP_READ(pipe_receiver, read, read)
WRAP_LIST(pipe_receiver, readv)
WRAP_END(pipe_receiver)
WRAP_WRITE(pipe_sender, write)
WRAP_LIST(pipe_sender, writev)
WRAP_END(pipe_sender)

static void pipe_open(int ends[2])
{
    device_require(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0, "pipe2");
    fcntl(ends[0], F_SETPIPE_SZ, PIPE_BUFFER);
}

static void pipe_receiver_open(struct device *device)
{
    int ends[2];
    pipe_open(ends);
    device->peer = ends[1];
    device_require(mio_pipe_receiver_from_fd(&device->as.pipe_receiver, ends[0]) == 0, "from_fd");
}

static void pipe_sender_open(struct device *device)
{
    int ends[2];
    pipe_open(ends);
    device->peer = ends[0];
    device_require(mio_pipe_sender_from_fd(&device->as.pipe_sender, ends[1]) == 0, "from_fd");
}

#ifndef MIO_NO_NET

#define WRAP_STREAM_CALLS(type)                                                                    \
    WRAP_READ(type, read, read)                                                                    \
    WRAP_READ(type, peek, peek)                                                                    \
    WRAP_LIST(type, readv)                                                                         \
    WRAP_WRITE(type, write)                                                                        \
    WRAP_LIST(type, writev)                                                                        \
    WRAP_SHUTDOWN(type)                                                                            \
    WRAP_ERROR(type)                                                                               \
    WRAP_CLOSE(type)
#define WRAP_STREAM(type)                                                                          \
    WRAP_STREAM_CALLS(type)                                                                        \
    WRAP_INTO_FD(type)
/* Two datagrams of one buffer each: what a list of buffers is to a stream. The result counts. */
#define WRAP_BATCH(type)                                                                           \
    static ptrdiff_t type##_readv(struct device *device, const struct mio_buf *bufs, size_t count) \
    {                                                                                              \
        struct mio_datagram batch[2] = {{.buf = bufs[0].base, .capacity = bufs[0].len},            \
                                        {.buf = bufs[1].base, .capacity = bufs[1].len}};           \
        return mio_##type##_recv_batch(&device->as.type, batch, count);                            \
    }                                                                                              \
    static ptrdiff_t type##_writev(struct device *device, const struct mio_buf *bufs,              \
                                   size_t count)                                                   \
    {                                                                                              \
        struct mio_datagram batch[2] = {{.buf = bufs[0].base, .len = bufs[0].len},                 \
                                        {.buf = bufs[1].base, .len = bufs[1].len}};                \
        return mio_##type##_send_batch(&device->as.type, batch, count);                            \
    }
#define WRAP_DATAGRAM(type)                                                                        \
    WRAP_READ(type, read, recv)                                                                    \
    WRAP_READ(type, peek, peek)                                                                    \
    WRAP_WRITE(type, send)                                                                         \
    WRAP_BATCH(type)                                                                               \
    WRAP_ERROR(type)                                                                               \
    WRAP_END(type)

WRAP_STREAM(tcp_stream)
WRAP_STREAM(unix_stream)
WRAP_STREAM_CALLS(stream)
WRAP_DATAGRAM(udp_socket)
WRAP_DATAGRAM(unix_datagram)
WRAP_SHUTDOWN(unix_datagram)
WRAP_END(unix_listener)

/* An IPv4 socket on an ephemeral port of the loopback device, and its address. */
static int bound_socket(int type, struct sockaddr_in *addr)
{
    socklen_t length = sizeof *addr;
    *addr = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    device_require(fd >= 0, "socket");
    shrink_buffers(fd);
    device_require(bind(fd, (struct sockaddr *)addr, length) == 0, "bind");
    device_require(getsockname(fd, (struct sockaddr *)addr, &length) == 0, "getsockname");
    return fd;
}

static void connect_to(int fd, const struct sockaddr_in *addr)
{
    device_require(connect(fd, (const struct sockaddr *)addr, sizeof *addr) == 0, "connect");
}

static void tcp_stream_open(struct device *device)
{
    static int listener = -1; /* for the whole program: a port for each stream would run out */
    static struct sockaddr_in addr;
    if (listener < 0) {
        listener = bound_socket(SOCK_STREAM, &addr);
        device_require(listen(listener, 4) == 0, "listen");
    }
    int ours = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    device_require(ours >= 0, "socket");
    shrink_buffers(ours);
    connect_to(ours, &addr);
    device->peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    device_require(device->peer >= 0, "accept4");
    device_require(mio_tcp_stream_from_fd(&device->as.tcp_stream, ours) == 0, "from_fd");
}

static void unix_stream_open(struct device *device)
{
    raw_stream_open(device);
    int fd = device->as.source.fd;
    device_require(mio_unix_stream_from_fd(&device->as.unix_stream, fd) == 0, "from_fd");
}

static void udp_socket_open(struct device *device)
{
    struct sockaddr_in our_addr, peer_addr;
    int ours = bound_socket(SOCK_DGRAM, &our_addr);
    device->peer = bound_socket(SOCK_DGRAM, &peer_addr);
    connect_to(ours, &peer_addr);
    connect_to(device->peer, &our_addr);
    device_require(mio_udp_socket_from_fd(&device->as.udp_socket, ours) == 0, "from_fd");
}

static void unix_datagram_open(struct device *device)
{
    int ends[2];
    device_require(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
    shrink_buffers(ends[0]);
    shrink_buffers(ends[1]);
    device->peer = ends[1];
    device_require(mio_unix_datagram_from_fd(&device->as.unix_datagram, ends[0]) == 0, "from_fd");
}

static void unix_listener_open(struct device *device)
{
    struct mio_addr addr;
    const struct mio_listen_options options = {.backlog = 4};
    device->peer = -1;
    device_require(mio_addr_unix_unnamed(&addr) == 0, "unnamed");
    device_require(mio_unix_listener_bind_with(&device->as.unix_listener, &addr, &options) == 0,
                   "bind");
}

/* Reading a listener is accepting. The connection is not needed. */
static ptrdiff_t unix_listener_read(struct device *device, void *buf, size_t len)
{
    struct mio_unix_stream stream;
    (void)buf;
    (void)len;
    int result = mio_unix_listener_accept(&device->as.unix_listener, &stream, NULL);
    if (result == 0)
        mio_unix_stream_close(&stream);
    return result == 0 ? 1 : result;
}

/* A connection that ends before it is accepted. */
static void connect_and_go(const struct device *device)
{
    struct sockaddr_storage addr;
    socklen_t length = sizeof addr;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    device_require(fd >= 0, "socket");
    getsockname(device->as.source.fd, (struct sockaddr *)&addr, &length);
    bool is_full = connect(fd, (struct sockaddr *)&addr, length) < 0;
    device_require(!is_full || errno == EAGAIN, "connect");
    close(fd);
}

#endif

/* ---- Kinds ----------------------------------------------------------------------------------- */

#define END_OF(type) .open = type##_open, .close = type##_close, .into_fd = type##_into_fd
#define CALLS_OF_STREAM(type)                                                                      \
    .read = type##_read, .readv = type##_readv, .peek = type##_peek, .write = type##_write,        \
    .writev = type##_writev, .shutdown = type##_shutdown, .take_error = type##_take_error
#define STREAM_OF(type)                                                                            \
    END_OF(type), .is_socket = true, .is_stream = true, .is_exact = true, .is_either = true,       \
                  CALLS_OF_STREAM(type)
#define DATAGRAM_OF(type)                                                                          \
    END_OF(type), .is_socket = true, .read = type##_read, .readv = type##_readv,                   \
                  .peek = type##_peek, .write = type##_write, .writev = type##_writev,             \
                  .take_error = type##_take_error

const struct device_kind device_kinds[] = {
    {"pipe-receiver", END_OF(pipe_receiver), .is_stream = true, .is_exact = true,
     .read = pipe_receiver_read, .readv = pipe_receiver_readv},
    {"pipe-sender", END_OF(pipe_sender), .is_stream = true, .is_exact = true,
     .write = pipe_sender_write, .writev = pipe_sender_writev},
    {"eventfd", .is_raw = true, .open = eventfd_open, .read = eventfd_take, .write = eventfd_add},
    {"raw-stream", .is_raw = true, .is_socket = true, .is_stream = true, .is_exact = true,
     .open = raw_stream_open, .read = raw_read, .write = raw_stream_write,
     .shutdown = raw_stream_shutdown},
#ifndef MIO_NO_NET
    {"tcp-stream", STREAM_OF(tcp_stream), .is_net = true},
    {"unix-stream", STREAM_OF(unix_stream)},
    {"unix-listener", END_OF(unix_listener), .read = unix_listener_read},
    {"udp-socket", DATAGRAM_OF(udp_socket), .is_net = true},
    {"unix-datagram", DATAGRAM_OF(unix_datagram), .shutdown = unix_datagram_shutdown},
#endif
    {NULL, .open = NULL},
};

#ifndef MIO_NO_NET
static const struct device_kind any_stream = {CALLS_OF_STREAM(stream), .close = stream_close};
const struct device_kind *const device_either = &any_stream;
#else
const struct device_kind *const device_either = NULL;
#endif

/* ---- Life, and truth ------------------------------------------------------------------------- */

void device_open(struct device *device)
{
    memset(&device->as, 0, sizeof device->as);
    device->peer = -1;
    device->ended = false;
    device->kind->open(device);
}

void device_close_behind(struct device *device)
{
    close(device->as.source.fd);
    if (device->kind->open == eventfd_open)
        device->peer = -1; /* which is the same descriptor */
    peer_close(device);
}

void device_replace(struct device *device)
{
    const struct mio_source registered = device->as.source;
    device->ended = false;
    device->kind->open(device);
    int fd = device->as.source.fd;
    if (device->peer == registered.fd && fd != registered.fd)
        device->peer = fcntl(device->peer, F_DUPFD_CLOEXEC, 0);
    if (fd != registered.fd) {
        device_require(dup3(fd, registered.fd, O_CLOEXEC) >= 0, "dup3");
        close(fd);
    }
    if (device->peer == fd)
        device->peer = registered.fd;
    device->as.source = registered;
}

void device_end(struct device *device)
{
    peer_reset(device); /* which leaves no port behind that is in use for another minute */
    device->peer = -1;
    memset(&device->as, 0, sizeof device->as);
}

bool device_is_open(const struct device *device)
{
    return mio_source_fd(&device->as.source) >= 0;
}

bool device_is_broken(const struct device *device)
{
    return device->kind->is_stream && !device->kind->is_socket && device->peer < 0;
}

uint32_t device_truth(const struct device *device)
{
    struct pollfd entry = {.fd = mio_source_fd(&device->as.source),
                           .events = POLLIN | POLLOUT | POLLRDHUP};
    poll(&entry, 1, 0);
    return (uint16_t)entry.revents;
}

int device_unread(const struct device *device)
{
    int unread = 0;
    ioctl(mio_source_fd(&device->as.source), FIONREAD, &unread);
    return unread;
}

/* ---- Peers ----------------------------------------------------------------------------------- */

/* Patience for packets; without a complaint, for what must come may have come and gone. */
static void await(const struct device *device, short events)
{
    struct pollfd entry = {.fd = mio_source_fd(&device->as.source), .events = events};
    if (device->kind->is_net && device_is_open(device))
        poll(&entry, 1, ARRIVAL_MS);
}

void peer_send(struct device *device, size_t len)
{
    static const char bytes[65536];
    const uint64_t count = 1;
#ifndef MIO_NO_NET
    if (device->kind->open == unix_listener_open && device_is_open(device)) {
        connect_and_go(device);
        return;
    }
#endif
    if (device->peer < 0 || !device->kind->read)
        return;
    ptrdiff_t n;
    if (device->kind->open == eventfd_open)
        n = write(device->peer, &count, sizeof count);
    else if (device->kind->is_socket)
        n = send(device->peer, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    else
        n = write(device->peer, bytes, len);
    if (n > 0)
        await(device, POLLIN);
}

void peer_receive(struct device *device, size_t len)
{
    static char bytes[65536];
    if (device->peer < 0 || !device->kind->write || device->kind->open == eventfd_open)
        return;
    if (device->kind->is_socket)
        recv(device->peer, bytes, len < sizeof bytes ? len : sizeof bytes, MSG_DONTWAIT);
    else if (read(device->peer, bytes, len < sizeof bytes ? len : sizeof bytes) < 0)
        return;
}

void peer_finish(struct device *device)
{
    if (device->peer < 0 || !device->kind->is_socket)
        return;
    shutdown(device->peer, SHUT_WR);
    if (device->kind->is_stream)
        await(device, POLLRDHUP);
}

void peer_close(struct device *device)
{
    if (device->peer < 0 || device->kind->open == eventfd_open)
        return;
    close(device->peer);
    device->peer = -1;
    if (device->kind->is_stream)
        await(device, POLLRDHUP);
}

void peer_reset(struct device *device)
{
    const struct linger linger = {.l_onoff = 1, .l_linger = 0};
    if (device->peer >= 0 && device->kind->is_socket)
        setsockopt(device->peer, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    peer_close(device);
}

void peer_return(struct device *device)
{
#ifndef MIO_NO_NET
    struct sockaddr_in ours, theirs;
    socklen_t ours_len = sizeof ours, theirs_len = sizeof theirs;
    int fd = device->as.source.fd;
    if (device->peer >= 0 || device->kind->open != udp_socket_open || !device_is_open(device) ||
        getsockname(fd, (struct sockaddr *)&ours, &ours_len) < 0 ||
        getpeername(fd, (struct sockaddr *)&theirs, &theirs_len) < 0)
        return;
    device->peer = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    device_require(device->peer >= 0, "socket");
    if (bind(device->peer, (struct sockaddr *)&theirs, sizeof theirs) == 0) {
        connect_to(device->peer, &ours);
        return;
    }
    close(device->peer); /* the port is somebody else's by now */
    device->peer = -1;
#else
    (void)device;
#endif
}
