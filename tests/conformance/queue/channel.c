#include "queue/channel.h"

#include "system.h"

#include <string.h>

static void open_raw(struct channel *channel, mio_fd fd, mio_fd peer)
{
    plain_set_blocking(fd, false);
    CHECK_EQ(mio_source_init_fd(&channel->raw, fd), 0);
    channel->source = &channel->raw;
    channel->peer = peer;
}

#if MIO_HAS_PIPES || !defined(MIO_NO_NET)
/* An object of the library at the other end becomes the plain descriptor that the peer is. */
static void open_own(struct channel *channel, struct mio_source *source, mio_fd peer)
{
    CHECK(peer != MIO_FD_NONE);
    plain_set_blocking(peer, true);
    channel->source = source;
    channel->peer = peer;
}
#endif

#if MIO_HAS_PIPES
static void open_pipe(struct channel *channel)
{
    mio_fd ends[2];
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    switch (channel->kind) {
    case CHANNEL_PIPE:
        plain_pipe(ends);
        open_raw(channel, ends[0], ends[1]);
        break;
    case CHANNEL_PIPE_WRITER:
        plain_pipe(ends);
        open_raw(channel, ends[1], ends[0]);
        break;
    case CHANNEL_PIPE_SENDER:
        CHECK_EQ(mio_pipe_pair(&channel->sender, &receiver), 0);
        open_own(channel, &channel->sender.source, mio_pipe_receiver_into_fd(&receiver));
        break;
    default:
        CHECK_EQ(mio_pipe_pair(&sender, &channel->receiver), 0);
        open_own(channel, &channel->receiver.source, mio_pipe_sender_into_fd(&sender));
    }
}
#endif

#if MIO_HAS_NAMED_PIPES
static void open_named_pipe(struct channel *channel)
{
    char name[PLAIN_PIPE_NAME];
    plain_pipe_name(name);
    CHECK_EQ(mio_named_pipe_create(&channel->named_pipe, name, NULL), 0);
    channel->source = &channel->named_pipe.source;
    channel->peer = plain_pipe_client(name);
}
#endif

#ifndef MIO_NO_NET
static void open_udp(struct channel *channel)
{
    struct mio_addr addr;
    mio_fd peer = plain_socket(PLAIN_IPV4, PLAIN_DATAGRAM);
    CHECK_EQ(mio_addr_parse(&addr, "127.0.0.1:0"), 0);
    CHECK_EQ(mio_udp_socket_bind(&channel->udp, &addr), 0);
    CHECK_EQ(plain_bind(peer, &addr), 0);
    addr = plain_name(peer);
    CHECK_EQ(mio_udp_socket_connect(&channel->udp, &addr), 0);
    addr = plain_name(mio_source_fd(&channel->udp.source));
    CHECK_EQ(plain_connect(peer, &addr), 0);
    open_own(channel, &channel->udp.source, peer);
}

static void open_socket(struct channel *channel)
{
    struct mio_unix_stream other_stream;
    struct mio_unix_datagram other;
    mio_fd peer;
    switch (channel->kind) {
    case CHANNEL_UNIX_STREAM:
        test_need_unix_pair(PLAIN_STREAM);
        CHECK_EQ(mio_unix_stream_pair(&channel->unix_stream, &other_stream), 0);
        open_own(channel, &channel->unix_stream.source, mio_unix_stream_into_fd(&other_stream));
        break;
    case CHANNEL_UNIX_DATAGRAM:
        test_need_unix_pair(PLAIN_DATAGRAM);
        CHECK_EQ(mio_unix_datagram_pair(&channel->unix_datagram, &other), 0);
        open_own(channel, &channel->unix_datagram.source, mio_unix_datagram_into_fd(&other));
        break;
    case CHANNEL_UDP:
        open_udp(channel);
        break;
    default:
        test_tcp_pair(&channel->stream, &peer);
        open_own(channel, &channel->stream.source, peer);
    }
}
#endif

void channel_open(struct channel *channel, enum channel_kind kind)
{
    mio_fd ends[2];
    memset(channel, 0, sizeof *channel);
    channel->kind = kind;
    switch (kind) {
    case CHANNEL_LOOP:
        open_raw(channel, plain_loop(false), MIO_FD_NONE);
        break;
    case CHANNEL_UNIX:
        plain_pair(PLAIN_STREAM, ends);
        open_raw(channel, ends[0], ends[1]);
        break;
#if MIO_HAS_PIPES
    case CHANNEL_PIPE:
    case CHANNEL_PIPE_WRITER:
    case CHANNEL_PIPE_RECEIVER:
    case CHANNEL_PIPE_SENDER:
        open_pipe(channel);
        break;
#endif
#if MIO_HAS_NAMED_PIPES
    case CHANNEL_NAMED_PIPE:
        open_named_pipe(channel);
        break;
#endif
#ifndef MIO_NO_NET
    default:
        open_socket(channel);
#endif
    }
    channel->fd = mio_source_fd(channel->source);
}

void channel_close_peer(struct channel *channel)
{
    if (channel->peer != MIO_FD_NONE)
        CHECK_EQ(plain_close(channel->peer), 0);
    channel->peer = MIO_FD_NONE;
}

static int close_object(struct channel *channel)
{
    switch (channel->kind) {
#if MIO_HAS_PIPES
    case CHANNEL_PIPE_RECEIVER:
        return mio_pipe_receiver_close(&channel->receiver);
    case CHANNEL_PIPE_SENDER:
        return mio_pipe_sender_close(&channel->sender);
#endif
#if MIO_HAS_NAMED_PIPES
    case CHANNEL_NAMED_PIPE:
        return mio_named_pipe_close(&channel->named_pipe);
#endif
#ifndef MIO_NO_NET
    case CHANNEL_UNIX_STREAM:
        return mio_unix_stream_close(&channel->unix_stream);
    case CHANNEL_TCP:
        return mio_tcp_stream_close(&channel->stream);
    case CHANNEL_UDP:
        return mio_udp_socket_close(&channel->udp);
    case CHANNEL_UNIX_DATAGRAM:
        return mio_unix_datagram_close(&channel->unix_datagram);
#endif
    default:
        return plain_close(channel->fd);
    }
}

bool channel_is_raw(const struct channel *channel)
{
#if MIO_HAS_PIPES
    if (channel->kind == CHANNEL_PIPE || channel->kind == CHANNEL_PIPE_WRITER)
        return true;
#endif
    return channel->kind == CHANNEL_LOOP || channel->kind == CHANNEL_UNIX;
}

void channel_close_own(struct channel *channel, struct mio_registry *registry)
{
    /* The library's own types deregister themselves. */
    if (channel_is_raw(channel) && mio_source_is_registered(channel->source))
        CHECK_EQ(mio_deregister(registry, channel->source), 0);
    CHECK_EQ(close_object(channel), 0);
}

void channel_close(struct channel *channel, struct mio_registry *registry)
{
    channel_close_peer(channel);
    channel_close_own(channel, registry);
}

/* The source is the first member of every type. */
void channel_move(struct channel *to, struct channel *from)
{
    memcpy(to, from, sizeof *to);
    to->source = &to->raw;
    memset(from, 0xa5, sizeof *from);
}

static ptrdiff_t tell_after(struct channel *channel, uint32_t direction, ptrdiff_t result,
                            size_t asked)
{
    uint32_t ready = 0;
    CHECK_EQ(mio_source_after(channel->source, &ready, direction, result, asked), 0);
    return result;
}

ptrdiff_t channel_read(struct channel *channel, void *buf, size_t len)
{
    switch (channel->kind) {
#if MIO_HAS_PIPES
    case CHANNEL_PIPE_RECEIVER:
        return mio_pipe_receiver_read(&channel->receiver, buf, len);
#endif
#if MIO_HAS_NAMED_PIPES
    case CHANNEL_NAMED_PIPE:
        return mio_named_pipe_read(&channel->named_pipe, buf, len);
#endif
#ifndef MIO_NO_NET
    case CHANNEL_UNIX_STREAM:
        return mio_unix_stream_read(&channel->unix_stream, buf, len);
    case CHANNEL_TCP:
        return mio_tcp_stream_read(&channel->stream, buf, len);
    case CHANNEL_UDP:
        return mio_udp_socket_recv(&channel->udp, buf, len);
    case CHANNEL_UNIX_DATAGRAM:
        return mio_unix_datagram_recv(&channel->unix_datagram, buf, len);
#endif
    default:
        return tell_after(channel, MIO_READABLE, plain_read(channel->fd, buf, len), len);
    }
}

ptrdiff_t channel_write(struct channel *channel, const void *buf, size_t len)
{
    switch (channel->kind) {
#if MIO_HAS_PIPES
    case CHANNEL_PIPE_SENDER:
        return mio_pipe_sender_write(&channel->sender, buf, len);
#endif
#if MIO_HAS_NAMED_PIPES
    case CHANNEL_NAMED_PIPE:
        return mio_named_pipe_write(&channel->named_pipe, buf, len);
#endif
#ifndef MIO_NO_NET
    case CHANNEL_UNIX_STREAM:
        return mio_unix_stream_write(&channel->unix_stream, buf, len);
    case CHANNEL_TCP:
        return mio_tcp_stream_write(&channel->stream, buf, len);
    case CHANNEL_UDP:
        return mio_udp_socket_send(&channel->udp, buf, len);
    case CHANNEL_UNIX_DATAGRAM:
        return mio_unix_datagram_send(&channel->unix_datagram, buf, len);
#endif
    default:
        return tell_after(channel, MIO_WRITABLE, plain_write(channel->fd, buf, len), len);
    }
}

bool channel_is_pipe(const struct channel *channel)
{
    return channel_kind_is_pipe(channel->kind);
}

/* Without a number to ask how much there is to read. */
static bool is_named_pipe(const struct channel *channel)
{
#if MIO_HAS_NAMED_PIPES
    return channel->kind == CHANNEL_NAMED_PIPE;
#else
    (void)channel;
    return false;
#endif
}

bool channel_kind_is_pipe(enum channel_kind kind)
{
#if MIO_HAS_NAMED_PIPES
    if (kind == CHANNEL_NAMED_PIPE)
        return true;
#endif
#if MIO_HAS_PIPES
    return kind == CHANNEL_PIPE || kind == CHANNEL_PIPE_RECEIVER || kind == CHANNEL_PIPE_WRITER ||
           kind == CHANNEL_PIPE_SENDER;
#else
    (void)kind;
    return false;
#endif
}

void channel_shutdown(struct channel *channel, int directions)
{
    int result;
    switch (channel->kind) {
#ifndef MIO_NO_NET
    case CHANNEL_UNIX_STREAM:
    case CHANNEL_TCP:
        result = mio_stream_shutdown(channel->source, directions);
        break;
#endif
    default:
        result = plain_shutdown(channel->fd, directions);
    }
    CHECK_EQ(result, 0);
}

void channel_need_told_shutdown(enum channel_kind kind)
{
    if (kind == CHANNEL_UNIX && !plain_tells_own_shutdown())
        SKIP("the system tells nothing of a shutdown by the program's own call");
}

size_t channel_drain(struct channel *channel)
{
    char buf[64];
    size_t total = 0;
    for (;;) {
        ptrdiff_t got = channel_read(channel, buf, sizeof buf);
        if (got == -EAGAIN)
            return total;
        CHECK(got > 0);
        total += (size_t)got;
    }
}

void channel_send(struct channel *channel, const void *buf, size_t len)
{
    if (channel->kind == CHANNEL_LOOP)
        CHECK(plain_loop_make_ready(channel->fd));
    else if (channel_is_pipe(channel))
        CHECK_EQ(plain_write(channel->peer, buf, len), len);
    else
        plain_send_all(channel->peer, buf, len);
}

void channel_receive(struct channel *channel, size_t len)
{
    static char buf[65536];
    while (len > 0) {
        ptrdiff_t got = plain_read(channel->peer, buf, len < sizeof buf ? len : sizeof buf);
        CHECK(got > 0);
        len -= (size_t)got;
    }
}

void channel_finish(struct channel *channel)
{
    if (channel_is_pipe(channel))
        channel_close_peer(channel);
    else
        CHECK_EQ(plain_shutdown(channel->peer, PLAIN_WRITES), 0);
}

void channel_reset(struct channel *channel)
{
    /* Unread data makes a Unix socket reset the other side; TCP needs to be told. */
#ifndef MIO_NO_NET
    if (channel->kind == CHANNEL_TCP)
        plain_reset_on_close(channel->peer);
    else
#endif
        CHECK_EQ(plain_send(channel->fd, "x", 1), 1);
    channel_close_peer(channel);
}

void channel_await_bytes(const struct channel *channel, int count)
{
    int unread = 0;
    int64_t deadline = mio_now_ns() + TEST_SOON;
    if (channel->kind == CHANNEL_LOOP || is_named_pipe(channel))
        return; /* it has no other end, or what the peer does is done at once */
    do {
        unread = plain_unread(channel->fd);
        if (unread >= count)
            return;
        thread_yield();
    } while (mio_now_ns() < deadline);
    test_fail(__FILE__, __LINE__, "%d of %d bytes arrived", unread, count);
}

void channel_await_end(const struct channel *channel)
{
    if (!is_named_pipe(channel))
        plain_wait(channel->fd, PLAIN_END);
}
