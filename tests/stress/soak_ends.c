#define _GNU_SOURCE 1
#include "soak_ends.h"

#include "net.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- Opening --------------------------------------------------------------------------------- */

static void open_eventfds(struct soak_end *a, struct soak_end *b)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    CHECK(fd >= 0);
    CHECK_EQ(mio_source_init_fd(&a->as.source, fd), 0);
    fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    CHECK(fd >= 0);
    CHECK_EQ(mio_source_init_fd(&b->as.source, fd), 0);
    a->kind = b->kind = SOAK_RAW;
}

#ifndef MIO_NO_NET
static void open_udp(struct soak_end *a, struct soak_end *b)
{
    struct mio_addr first, second;
    CHECK_EQ(mio_addr_parse(&first, "127.0.0.1:0"), 0);
    CHECK_EQ(mio_udp_socket_bind(&a->as.udp, &first), 0);
    CHECK_EQ(mio_udp_socket_bind(&b->as.udp, &first), 0);
    CHECK_EQ(mio_udp_socket_local_addr(&a->as.udp, &first), 0);
    CHECK_EQ(mio_udp_socket_local_addr(&b->as.udp, &second), 0);
    CHECK_EQ(mio_udp_socket_connect(&a->as.udp, &second), 0);
    CHECK_EQ(mio_udp_socket_connect(&b->as.udp, &first), 0);
    a->kind = b->kind = SOAK_UDP;
}
#endif

void soak_open(struct soak_end *a, struct soak_end *b, unsigned pair)
{
    switch (pair) {
    case SOAK_PAIR_PIPE:
        CHECK_EQ(mio_pipe_pair(&a->as.sender, &b->as.receiver), 0);
        a->kind = SOAK_SENDER;
        b->kind = SOAK_RECEIVER;
        break;
#ifndef MIO_NO_NET
    case SOAK_PAIR_UDP:
        open_udp(a, b);
        break;
    case SOAK_PAIR_UNIX_STREAM:
        CHECK_EQ(mio_unix_stream_pair(&a->as.unix_stream, &b->as.unix_stream), 0);
        a->kind = b->kind = SOAK_UNIX_STREAM;
        break;
    case SOAK_PAIR_UNIX_DATAGRAM:
        CHECK_EQ(mio_unix_datagram_pair(&a->as.unix_datagram, &b->as.unix_datagram), 0);
        a->kind = b->kind = SOAK_UNIX_DATAGRAM;
        break;
#endif
    default:
        open_eventfds(a, b);
    }
}

#ifdef MIO_NO_NET

bool soak_has_listener(unsigned pair)
{
    (void)pair;
    return false;
}

void soak_listen(struct soak_end *listener, unsigned pair)
{
    (void)listener, (void)pair;
}

void soak_connect(struct soak_end *end, struct soak_end *listener)
{
    (void)end, (void)listener;
}

void soak_accept(struct soak_end *end, struct soak_end *listener)
{
    (void)end, (void)listener;
}

#else

bool soak_has_listener(unsigned pair)
{
    return pair == SOAK_PAIR_TCP_BY_LISTENER || pair == SOAK_PAIR_UNIX_BY_LISTENER;
}

void soak_listen(struct soak_end *listener, unsigned pair)
{
    struct mio_addr addr;
    if (pair == SOAK_PAIR_TCP_BY_LISTENER) {
        test_listen(&listener->as.tcp_listener, &addr);
        listener->kind = SOAK_TCP_LISTENER;
    } else {
        CHECK_EQ(mio_addr_unix_unnamed(&addr), 0);
        CHECK_EQ(mio_unix_listener_bind(&listener->as.unix_listener, &addr), 0);
        listener->kind = SOAK_UNIX_LISTENER;
    }
}

void soak_connect(struct soak_end *end, struct soak_end *listener)
{
    struct mio_addr addr;
    if (listener->kind == SOAK_TCP_LISTENER) {
        CHECK_EQ(mio_tcp_listener_local_addr(&listener->as.tcp_listener, &addr), 0);
        CHECK_EQ(mio_tcp_stream_connect(&end->as.tcp_stream, &addr), 0);
        end->kind = SOAK_TCP_STREAM;
    } else {
        CHECK_EQ(mio_unix_listener_local_addr(&listener->as.unix_listener, &addr), 0);
        CHECK_EQ(mio_unix_stream_connect(&end->as.unix_stream, &addr), 0);
        end->kind = SOAK_UNIX_STREAM;
    }
}

void soak_accept(struct soak_end *end, struct soak_end *listener)
{
    struct mio_addr peer;
    if (listener->kind == SOAK_TCP_LISTENER) {
        CHECK_EQ(mio_tcp_listener_accept(&listener->as.tcp_listener, &end->as.tcp_stream, &peer),
                 0);
        end->kind = SOAK_TCP_STREAM;
    } else {
        CHECK_EQ(mio_unix_listener_accept(&listener->as.unix_listener, &end->as.unix_stream, &peer),
                 0);
        end->kind = SOAK_UNIX_STREAM;
    }
}

#endif

/* ---- Use ------------------------------------------------------------------------------------- */

bool soak_is_stream(const struct soak_end *end)
{
    return end->kind == SOAK_RECEIVER || end->kind == SOAK_TCP_STREAM ||
           end->kind == SOAK_UNIX_STREAM;
}

static ptrdiff_t raw_result(struct soak_end *end, uint32_t direction, ptrdiff_t n)
{
    if (n >= 0)
        return n;
    n = -errno;
    CHECK_EQ(mio_source_blocked(&end->as.source, direction), 0);
    return n;
}

ptrdiff_t soak_read(struct soak_end *end, void *buf, size_t len)
{
    uint64_t count;
    switch (end->kind) {
    case SOAK_RAW:
        return raw_result(end, MIO_READABLE, read(mio_source_fd(&end->as.source), &count, 8));
    case SOAK_RECEIVER:
        return mio_pipe_receiver_read(&end->as.receiver, buf, len);
#ifndef MIO_NO_NET
    case SOAK_TCP_STREAM:
        return mio_tcp_stream_read(&end->as.tcp_stream, buf, len);
    case SOAK_UDP:
        return mio_udp_socket_recv(&end->as.udp, buf, len);
    case SOAK_UNIX_STREAM:
        return mio_unix_stream_read(&end->as.unix_stream, buf, len);
    case SOAK_UNIX_DATAGRAM:
        return mio_unix_datagram_recv(&end->as.unix_datagram, buf, len);
#endif
    default:
        return -EAGAIN;
    }
}

ptrdiff_t soak_write(struct soak_end *end, const void *buf, size_t len)
{
    const uint64_t one = 1;
    switch (end->kind) {
    case SOAK_RAW:
        return raw_result(end, MIO_WRITABLE, write(mio_source_fd(&end->as.source), &one, 8));
    case SOAK_SENDER:
        return mio_pipe_sender_write(&end->as.sender, buf, len);
#ifndef MIO_NO_NET
    case SOAK_TCP_STREAM:
        return mio_tcp_stream_write(&end->as.tcp_stream, buf, len);
    case SOAK_UDP:
        return mio_udp_socket_send(&end->as.udp, buf, len);
    case SOAK_UNIX_STREAM:
        return mio_unix_stream_write(&end->as.unix_stream, buf, len);
    case SOAK_UNIX_DATAGRAM:
        return mio_unix_datagram_send(&end->as.unix_datagram, buf, len);
#endif
    default:
        return -EAGAIN;
    }
}

/* ---- Closing --------------------------------------------------------------------------------- */

static mio_fd into_fd(struct soak_end *end)
{
    switch (end->kind) {
    case SOAK_SENDER:
        return mio_pipe_sender_into_fd(&end->as.sender);
    case SOAK_RECEIVER:
        return mio_pipe_receiver_into_fd(&end->as.receiver);
#ifndef MIO_NO_NET
    case SOAK_TCP_LISTENER:
        return mio_tcp_listener_into_fd(&end->as.tcp_listener);
    case SOAK_TCP_STREAM:
        return mio_tcp_stream_into_fd(&end->as.tcp_stream);
    case SOAK_UDP:
        return mio_udp_socket_into_fd(&end->as.udp);
    case SOAK_UNIX_LISTENER:
        return mio_unix_listener_into_fd(&end->as.unix_listener);
    case SOAK_UNIX_STREAM:
        return mio_unix_stream_into_fd(&end->as.unix_stream);
    case SOAK_UNIX_DATAGRAM:
        return mio_unix_datagram_into_fd(&end->as.unix_datagram);
#endif
    default:
        break;
    }
    /* A raw source borrows its descriptor. */
    CHECK(!mio_source_is_registered(&end->as.source));
    return mio_source_fd(&end->as.source);
}

static int from_fd(struct soak_end *end, mio_fd fd)
{
    switch (end->kind) {
    case SOAK_SENDER:
        return mio_pipe_sender_from_fd(&end->as.sender, fd);
    case SOAK_RECEIVER:
        return mio_pipe_receiver_from_fd(&end->as.receiver, fd);
#ifndef MIO_NO_NET
    case SOAK_TCP_STREAM:
        return mio_tcp_stream_from_fd(&end->as.tcp_stream, fd);
    case SOAK_UDP:
        return mio_udp_socket_from_fd(&end->as.udp, fd);
    case SOAK_UNIX_STREAM:
        return mio_unix_stream_from_fd(&end->as.unix_stream, fd);
    case SOAK_UNIX_DATAGRAM:
        return mio_unix_datagram_from_fd(&end->as.unix_datagram, fd);
#endif
    default:
        return mio_source_init_fd(&end->as.source, fd);
    }
}

void soak_take_over(struct soak_end *end)
{
    mio_fd fd = into_fd(end);
    CHECK(fd != MIO_FD_NONE);
    CHECK_EQ(from_fd(end, fd), 0);
}

static int close_object(struct soak_end *end)
{
    switch (end->kind) {
    case SOAK_SENDER:
        return mio_pipe_sender_close(&end->as.sender);
    case SOAK_RECEIVER:
        return mio_pipe_receiver_close(&end->as.receiver);
#ifndef MIO_NO_NET
    case SOAK_TCP_LISTENER:
        return mio_tcp_listener_close(&end->as.tcp_listener);
    case SOAK_TCP_STREAM:
        return mio_tcp_stream_close(&end->as.tcp_stream);
    case SOAK_UDP:
        return mio_udp_socket_close(&end->as.udp);
    case SOAK_UNIX_LISTENER:
        return mio_unix_listener_close(&end->as.unix_listener);
    case SOAK_UNIX_STREAM:
        return mio_unix_stream_close(&end->as.unix_stream);
    case SOAK_UNIX_DATAGRAM:
        return mio_unix_datagram_close(&end->as.unix_datagram);
#endif
    default:
        return close(into_fd(end));
    }
}

void soak_close(struct soak_end *end, bool by_hand)
{
#ifndef MIO_NO_NET
    /* Else the ports of closed connections, which the system keeps for a minute, run out. */
    if (end->kind == SOAK_TCP_STREAM)
        plain_reset_on_close(mio_source_fd(&end->as.source));
#endif
    CHECK_EQ(by_hand ? close(into_fd(end)) : close_object(end), 0);
    end->kind = SOAK_CLOSED;
}
