#include "devices.h"

#include "net.h"
#include "plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Small buffers: so they fill after few writes. */
enum { BUFFER = 16384, ARRIVAL_MS = 20 };

void device_require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "model: the test itself failed: %s\n", what);
    exit(1);
}

/* Of both ends of a pair; no transfer waits. */
static void prepare(mio_fd fd)
{
    plain_set_option(fd, PLAIN_SEND_BUFFER, BUFFER);
    plain_set_option(fd, PLAIN_RECEIVE_BUFFER, BUFFER);
    plain_set_blocking(fd, false);
}

/* ---- Descriptors of our own ------------------------------------------------------------------ */

static ptrdiff_t raw_read(struct device *device, void *buf, size_t len)
{
    return plain_recv(device->as.source.fd, buf, len);
}

static ptrdiff_t raw_stream_write(struct device *device, const void *buf, size_t len)
{
    return plain_send(device->as.source.fd, buf, len);
}

static void raw_stream_open(struct device *device)
{
    mio_fd ends[2];
    plain_pair(PLAIN_STREAM, ends);
    prepare(ends[0]);
    prepare(ends[1]);
    mio_source_init_fd(&device->as.source, ends[0]);
    device->peer = ends[1];
}

static void loop_open(struct device *device)
{
    mio_fd fd = plain_loop(false);
    mio_source_init_fd(&device->as.source, fd);
    device->peer = fd; /* a duplicate would keep the descriptor in the set of a poll */
}

/* So large a number that after a few of them the counter of an eventfd is full. */
static ptrdiff_t loop_add(struct device *device, const void *buf, size_t len)
{
    uint64_t count = len > 1000 ? UINT64_MAX / 3 : 1;
    (void)buf;
    return plain_write(device->as.source.fd, &count, sizeof count);
}

static ptrdiff_t loop_take(struct device *device, void *buf, size_t len)
{
    uint64_t count;
    (void)buf;
    (void)len;
    return plain_read(device->as.source.fd, &count, sizeof count);
}

#if MIO_HAS_PIPES
static int raw_stream_shutdown(struct device *device, int how)
{
    return plain_shutdown(device->as.source.fd, how);
}
#endif

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

#if MIO_HAS_PIPES
WRAP_READ(pipe_receiver, read, read)
WRAP_LIST(pipe_receiver, readv)
WRAP_END(pipe_receiver)
WRAP_WRITE(pipe_sender, write)
WRAP_LIST(pipe_sender, writev)
WRAP_END(pipe_sender)

static void pipe_open(mio_fd ends[2])
{
    plain_pipe(ends);
    for (int i = 0; i < 2; i++)
        plain_set_blocking(ends[i], false);
    plain_shrink_pipe(ends[0]);
}

static void pipe_receiver_open(struct device *device)
{
    mio_fd ends[2];
    pipe_open(ends);
    device->peer = ends[1];
    device_require(mio_pipe_receiver_from_fd(&device->as.pipe_receiver, ends[0]) == 0, "from_fd");
}

static void pipe_sender_open(struct device *device)
{
    mio_fd ends[2];
    pipe_open(ends);
    device->peer = ends[0];
    device_require(mio_pipe_sender_from_fd(&device->as.pipe_sender, ends[1]) == 0, "from_fd");
}
#endif

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
WRAP_STREAM_CALLS(stream)
WRAP_DATAGRAM(udp_socket)

static void tcp_stream_open(struct device *device)
{
    static mio_fd listener = MIO_FD_NONE; /* a port for each stream would run out */
    static struct mio_addr addr;
    if (listener == MIO_FD_NONE) {
        device_require(mio_addr_parse(&addr, "127.0.0.1:0") == 0, "mio_addr_parse");
        listener = plain_socket_for(&addr, PLAIN_STREAM);
        plain_set_option(listener, PLAIN_SEND_BUFFER, BUFFER);
        plain_set_option(listener, PLAIN_RECEIVE_BUFFER, BUFFER);
        device_require(plain_bind(listener, &addr) == 0, "bind");
        device_require(plain_listen(listener, 4) == 0, "listen");
        addr = plain_name(listener);
    }
    mio_fd ours = plain_socket_for(&addr, PLAIN_STREAM);
    plain_set_option(ours, PLAIN_SEND_BUFFER, BUFFER);
    plain_set_option(ours, PLAIN_RECEIVE_BUFFER, BUFFER);
    device_require(plain_connect(ours, &addr) == 0, "connect");
    device_require(plain_accept(listener, &device->peer) == 0, "accept");
    plain_set_blocking(device->peer, false);
    device_require(mio_tcp_stream_from_fd(&device->as.tcp_stream, ours) == 0, "from_fd");
}

static void udp_socket_open(struct device *device)
{
    mio_fd ends[2];
    plain_udp_pair(ends);
    prepare(ends[0]);
    prepare(ends[1]);
    device->peer = ends[1];
    device_require(mio_udp_socket_from_fd(&device->as.udp_socket, ends[0]) == 0, "from_fd");
}

#if MIO_HAS_PIPES
WRAP_STREAM(unix_stream)
WRAP_DATAGRAM(unix_datagram)
WRAP_SHUTDOWN(unix_datagram)
WRAP_END(unix_listener)

static void unix_stream_open(struct device *device)
{
    raw_stream_open(device);
    mio_fd fd = device->as.source.fd;
    device_require(mio_unix_stream_from_fd(&device->as.unix_stream, fd) == 0, "from_fd");
}

static void unix_datagram_open(struct device *device)
{
    mio_fd ends[2];
    plain_pair(PLAIN_DATAGRAM, ends);
    prepare(ends[0]);
    prepare(ends[1]);
    device->peer = ends[1];
    device_require(mio_unix_datagram_from_fd(&device->as.unix_datagram, ends[0]) == 0, "from_fd");
}

static void unix_listener_open(struct device *device)
{
    struct mio_addr addr;
    const struct mio_listen_options options = {.backlog = 4};
    device->peer = MIO_FD_NONE;
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
    const struct mio_addr addr = plain_name(device->as.source.fd);
    mio_fd fd = plain_socket_for(&addr, PLAIN_STREAM);
    plain_set_blocking(fd, false);
    int result = plain_connect(fd, &addr);
    device_require(result == 0 || result == -EAGAIN, "connect");
    plain_close(fd);
}
#endif

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
#if MIO_HAS_PIPES
    {"pipe-receiver", END_OF(pipe_receiver), .is_stream = true, .is_exact = true,
     .read = pipe_receiver_read, .readv = pipe_receiver_readv},
    {"pipe-sender", END_OF(pipe_sender), .is_stream = true, .is_exact = true,
     .write = pipe_sender_write, .writev = pipe_sender_writev},
    {"raw-stream", .is_raw = true, .is_socket = true, .is_stream = true, .is_exact = true,
     .open = raw_stream_open, .read = raw_read, .write = raw_stream_write,
     .shutdown = raw_stream_shutdown},
#else
    /* Of TCP; and nobody tells of a shutdown by the program's own call. */
    {"raw-stream", .is_raw = true, .is_socket = true, .is_stream = true, .is_exact = true,
     .is_net = true, .open = raw_stream_open, .read = raw_read, .write = raw_stream_write},
#endif
    {"loop", .is_raw = true, .open = loop_open, .read = loop_take, .write = loop_add},
#ifndef MIO_NO_NET
    {"tcp-stream", STREAM_OF(tcp_stream), .is_net = true},
    {"udp-socket", DATAGRAM_OF(udp_socket), .is_net = true},
#if MIO_HAS_PIPES
    {"unix-stream", STREAM_OF(unix_stream)},
    {"unix-listener", END_OF(unix_listener), .read = unix_listener_read},
    {"unix-datagram", DATAGRAM_OF(unix_datagram), .shutdown = unix_datagram_shutdown},
#endif
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

static bool is_loop(const struct device *device)
{
    return device->kind->open == loop_open;
}

void device_open(struct device *device)
{
    memset(&device->as, 0, sizeof device->as);
    device->peer = MIO_FD_NONE;
    device->ends = 0;
    device->is_closed = false;
    device->closed_with = 0;
    device->kind->open(device);
}

void device_close_behind(struct device *device)
{
    device->closed_with = device_truth(device);
    device->is_closed = true;
    plain_close(device->as.source.fd);
    if (is_loop(device))
        device->peer = MIO_FD_NONE; /* which is the same descriptor */
    peer_close(device);
}

void device_replace(struct device *device)
{
    const struct mio_source registered = device->as.source;
    device->ends = 0;
    device->is_closed = false;
    device->closed_with = 0;
    device->kind->open(device);
    mio_fd fd = device->as.source.fd;
    if (device->peer == registered.fd && fd != registered.fd) {
        device->peer = plain_duplicate(device->peer);
        plain_close(registered.fd);
    }
    if (fd != registered.fd) {
        plain_replace(registered.fd, fd);
        plain_close(fd);
    }
    if (device->peer == fd)
        device->peer = registered.fd;
    device->as.source = registered;
}

void device_end(struct device *device)
{
    device->is_closed = true;
    peer_reset(device); /* which leaves no port behind that is in use for another minute */
    device->peer = MIO_FD_NONE;
    device->ends = 0;
    device->is_closed = false;
    device->closed_with = 0;
    memset(&device->as, 0, sizeof device->as);
}

bool device_is_open(const struct device *device)
{
    return mio_source_fd(&device->as.source) != MIO_FD_NONE;
}

bool device_is_broken(const struct device *device)
{
    return device->kind->is_stream && !device->kind->is_socket && device->peer == MIO_FD_NONE;
}

static bool tells_refusals(void)
{
    static enum { UNKNOWN, YES, NO } told;
    if (told == UNKNOWN)
        told = test_tells_refusals() ? YES : NO;
    return told == YES;
}

/* Ends of this side that the system does not tell of are those that the library knows. */
static uint32_t own_ends(const struct device *device, uint32_t seen)
{
    uint32_t ends = 0;
    if (device->ends & DEVICE_READS)
        ends |= PLAIN_IN | PLAIN_END;
    if (device->ends & DEVICE_WRITES)
        ends |= PLAIN_OUT;
    if ((device->ends & DEVICE_WRITES) && ((seen | ends) & PLAIN_END))
        ends |= PLAIN_IN | PLAIN_END | PLAIN_HANGUP;
    return ends;
}

uint32_t device_truth(const struct device *device)
{
    if (!device_is_open(device) || device->is_closed)
        return 0;
    uint32_t seen = plain_state(mio_source_fd(&device->as.source));
    if (MIO_HAS_PIPES)
        return seen;
    /* The error of a refused datagram is gone as soon as somebody looks, and is told to nobody. */
    if ((seen & PLAIN_ERROR) && !device->kind->is_stream && !tells_refusals())
        seen = PLAIN_OUT;
    return seen | own_ends(device, seen);
}

int device_unread(const struct device *device)
{
    return plain_unread(mio_source_fd(&device->as.source));
}

/* ---- Peers ----------------------------------------------------------------------------------- */

/* Patience for packets; without a complaint, for what must come may have come and gone. */
static void await(const struct device *device, unsigned events)
{
    if (device->kind->is_net && device_is_open(device) && !device->is_closed)
        plain_look(mio_source_fd(&device->as.source), events, ARRIVAL_MS * MIO_NS_PER_MS);
}

void peer_send(struct device *device, size_t len)
{
    static const char bytes[65536];
    const uint64_t count = 1;
#if MIO_HAS_PIPES && !defined(MIO_NO_NET)
    if (device->kind->open == unix_listener_open && device_is_open(device)) {
        connect_and_go(device);
        return;
    }
#endif
    if (device->peer == MIO_FD_NONE || !device->kind->read)
        return;
    ptrdiff_t n;
    if (is_loop(device))
        n = plain_write(device->peer, &count, sizeof count);
    else if (device->kind->is_socket)
        n = plain_send(device->peer, bytes, len);
    else
        n = plain_write(device->peer, bytes, len);
    if (n > 0)
        await(device, PLAIN_IN);
}

void peer_receive(struct device *device, size_t len)
{
    static char bytes[65536];
    if (device->peer == MIO_FD_NONE || !device->kind->write || is_loop(device))
        return;
    if (len > sizeof bytes)
        len = sizeof bytes;
    if (device->kind->is_socket)
        plain_recv(device->peer, bytes, len);
    else
        plain_read(device->peer, bytes, len);
}

void peer_finish(struct device *device)
{
    if (device->peer == MIO_FD_NONE || !device->kind->is_socket)
        return;
    plain_shutdown(device->peer, PLAIN_WRITES);
    if (device->kind->is_stream)
        await(device, PLAIN_END);
}

void peer_close(struct device *device)
{
    if (device->peer == MIO_FD_NONE || is_loop(device))
        return;
    plain_close(device->peer);
    device->peer = MIO_FD_NONE;
    if (device->kind->is_stream)
        await(device, PLAIN_END);
}

void peer_reset(struct device *device)
{
    if (device->peer != MIO_FD_NONE && device->kind->is_socket && device->kind->is_stream)
        plain_reset_on_close(device->peer);
    peer_close(device);
}

void peer_return(struct device *device)
{
#ifndef MIO_NO_NET
    struct mio_addr theirs;
    mio_fd fd = device->as.source.fd;
    if (device->peer != MIO_FD_NONE || device->kind->open != udp_socket_open ||
        !device_is_open(device) || plain_peer_name(fd, &theirs) < 0)
        return;
    const struct mio_addr ours = plain_name(fd);
    device->peer = plain_socket_for(&theirs, PLAIN_DATAGRAM);
    plain_set_blocking(device->peer, false);
    if (plain_bind(device->peer, &theirs) == 0) {
        device_require(plain_connect(device->peer, &ours) == 0, "connect");
        return;
    }
    plain_close(device->peer); /* the port is somebody else's by now */
    device->peer = MIO_FD_NONE;
#else
    (void)device;
#endif
}
