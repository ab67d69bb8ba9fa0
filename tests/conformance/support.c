#define _GNU_SOURCE 1
#include "support.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- Sources with a peer --------------------------------------------------------------------- */

static void set_blocking(int fd, bool blocking)
{
    int flags = fcntl(fd, F_GETFL);
    CHECK(flags >= 0);
    CHECK_EQ(fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK), 0);
}

static void open_raw(struct channel *channel, int fd, int peer)
{
    CHECK(fd >= 0);
    set_blocking(fd, false);
    CHECK_EQ(mio_source_init_fd(&channel->raw, fd), 0);
    channel->source = &channel->raw;
    channel->peer = peer;
}

/* An object of the library at the other end becomes the plain descriptor that the peer is. */
static void open_own(struct channel *channel, struct mio_source *source, int peer)
{
    CHECK(peer >= 0);
    set_blocking(peer, true);
    channel->source = source;
    channel->peer = peer;
}

static void open_pipe(struct channel *channel, bool writes)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    if (writes) {
        CHECK_EQ(mio_pipe_pair(&channel->sender, &receiver), 0);
        open_own(channel, &channel->sender.source, mio_pipe_receiver_into_fd(&receiver));
    } else {
        CHECK_EQ(mio_pipe_pair(&sender, &channel->receiver), 0);
        open_own(channel, &channel->receiver.source, mio_pipe_sender_into_fd(&sender));
    }
}

#ifndef MIO_NO_NET
static void open_udp(struct channel *channel)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in own;
    socklen_t length = sizeof name;
    struct mio_addr addr;
    CHECK_EQ(mio_addr_parse(&addr, "127.0.0.1:0"), 0);
    CHECK_EQ(mio_udp_socket_bind(&channel->udp, &addr), 0);
    int peer = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK(peer >= 0);
    CHECK_EQ(bind(peer, (struct sockaddr *)&name, length), 0);
    CHECK_EQ(getsockname(peer, (struct sockaddr *)&name, &length), 0);
    CHECK_EQ(mio_addr_from_sockaddr(&addr, (struct sockaddr *)&name, length), 0);
    CHECK_EQ(mio_udp_socket_connect(&channel->udp, &addr), 0);
    CHECK_EQ(getsockname(mio_source_fd(&channel->udp.source), (struct sockaddr *)&own, &length), 0);
    CHECK_EQ(connect(peer, (struct sockaddr *)&own, length), 0);
    open_own(channel, &channel->udp.source, peer);
}

static void open_socket(struct channel *channel)
{
    struct mio_unix_stream other_stream;
    struct mio_unix_datagram other;
    int peer;
    switch (channel->kind) {
    case CHANNEL_UNIX_STREAM:
        CHECK_EQ(mio_unix_stream_pair(&channel->unix_stream, &other_stream), 0);
        open_own(channel, &channel->unix_stream.source, mio_unix_stream_into_fd(&other_stream));
        break;
    case CHANNEL_UNIX_DATAGRAM:
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
    int ends[2];
    memset(channel, 0, sizeof *channel);
    channel->kind = kind;
    switch (kind) {
    case CHANNEL_EVENTFD:
        open_raw(channel, eventfd(0, EFD_CLOEXEC), -1);
        break;
    case CHANNEL_PIPE:
        CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
        open_raw(channel, ends[0], ends[1]);
        break;
    case CHANNEL_PIPE_WRITER:
        CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
        open_raw(channel, ends[1], ends[0]);
        break;
    case CHANNEL_UNIX:
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        open_raw(channel, ends[0], ends[1]);
        break;
    case CHANNEL_PIPE_RECEIVER:
    case CHANNEL_PIPE_SENDER:
        open_pipe(channel, kind == CHANNEL_PIPE_SENDER);
        break;
#ifndef MIO_NO_NET
    default:
        open_socket(channel);
#endif
    }
    channel->fd = mio_source_fd(channel->source);
}

void channel_close_peer(struct channel *channel)
{
    if (channel->peer >= 0)
        CHECK_EQ(close(channel->peer), 0);
    channel->peer = -1;
}

static int close_object(struct channel *channel)
{
    switch (channel->kind) {
    case CHANNEL_PIPE_RECEIVER:
        return mio_pipe_receiver_close(&channel->receiver);
    case CHANNEL_PIPE_SENDER:
        return mio_pipe_sender_close(&channel->sender);
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
        return close(channel->fd);
    }
}

bool channel_is_raw(const struct channel *channel)
{
    return channel->kind == CHANNEL_EVENTFD || channel->kind == CHANNEL_PIPE ||
           channel->kind == CHANNEL_PIPE_WRITER || channel->kind == CHANNEL_UNIX;
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
    ssize_t got;
    switch (channel->kind) {
    case CHANNEL_PIPE_RECEIVER:
        return mio_pipe_receiver_read(&channel->receiver, buf, len);
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
        got = read(channel->fd, buf, len);
        return tell_after(channel, MIO_READABLE, got < 0 ? -errno : got, len);
    }
}

ptrdiff_t channel_write(struct channel *channel, const void *buf, size_t len)
{
    ssize_t put;
    switch (channel->kind) {
    case CHANNEL_PIPE_SENDER:
        return mio_pipe_sender_write(&channel->sender, buf, len);
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
        put = write(channel->fd, buf, len);
        return tell_after(channel, MIO_WRITABLE, put < 0 ? -errno : put, len);
    }
}

bool channel_is_pipe(const struct channel *channel)
{
    return channel->kind == CHANNEL_PIPE || channel->kind == CHANNEL_PIPE_RECEIVER ||
           channel->kind == CHANNEL_PIPE_WRITER || channel->kind == CHANNEL_PIPE_SENDER;
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
    uint64_t one = 1;
    if (channel->kind == CHANNEL_EVENTFD)
        CHECK_EQ(write(channel->fd, &one, sizeof one), sizeof one);
    else if (channel_is_pipe(channel))
        CHECK_EQ(write(channel->peer, buf, len), len);
    else
        test_send_all(channel->peer, buf, len);
}

void channel_receive(struct channel *channel, size_t len)
{
    static char buf[65536];
    while (len > 0) {
        ssize_t got = read(channel->peer, buf, len < sizeof buf ? len : sizeof buf);
        CHECK(got > 0);
        len -= (size_t)got;
    }
}

void channel_finish(struct channel *channel)
{
    if (channel_is_pipe(channel))
        channel_close_peer(channel);
    else
        CHECK_EQ(shutdown(channel->peer, SHUT_WR), 0);
}

void channel_reset(struct channel *channel)
{
    /* Unread data makes a Unix socket reset the other side; TCP needs to be told. */
#ifndef MIO_NO_NET
    if (channel->kind == CHANNEL_TCP)
        test_linger_zero(channel->peer);
    else
#endif
        CHECK_EQ(send(channel->fd, "x", 1, MSG_NOSIGNAL), 1);
    channel_close_peer(channel);
}

void channel_await_bytes(const struct channel *channel, int count)
{
    int unread = 0;
    int64_t deadline = mio_now_ns() + TEST_SOON;
    if (channel->kind == CHANNEL_EVENTFD)
        return; /* it has no other end */
    do {
        CHECK_EQ(ioctl(channel->fd, FIONREAD, &unread), 0);
        if (unread >= count)
            return;
        sched_yield();
    } while (mio_now_ns() < deadline);
    test_fail(__FILE__, __LINE__, "%d of %d bytes arrived", unread, count);
}

void channel_await_end(const struct channel *channel)
{
    struct pollfd entry = {.fd = channel->fd, .events = POLLRDHUP};
    CHECK_EQ(poll(&entry, 1, (int)(TEST_SOON / MIO_NS_PER_MS)), 1);
}

/* ---- Backends -------------------------------------------------------------------------------- */

bool support_is_epoll(const struct mio_poll *poll)
{
    return strcmp(mio_poll_backend_name(poll), "epoll") == 0;
}

bool support_is_kqueue(const struct mio_poll *poll)
{
    return strcmp(mio_poll_backend_name(poll), "kqueue") == 0;
}

bool support_has_kernel_edges(const struct mio_poll *poll)
{
    return support_is_epoll(poll) || support_is_kqueue(poll);
}

uint32_t support_as_reported(const struct mio_poll *poll, mio_interest interest, uint32_t expected)
{
    uint32_t mask = 0;
    if (!support_is_kqueue(poll))
        return expected;
    if (interest & (MIO_READABLE | MIO_READ_CLOSED))
        mask |= MIO_READABLE | MIO_READ_CLOSED;
    if (interest & MIO_WRITABLE)
        mask |= MIO_WRITABLE | MIO_WRITE_CLOSED;
    if (expected & mask & (MIO_READ_CLOSED | MIO_WRITE_CLOSED))
        mask |= MIO_ERROR;
    return expected & mask;
}

void support_need_datagram_errors(void)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    bool is_kqueue = support_is_kqueue(&poll);
    CHECK_EQ(mio_poll_close(&poll), 0);
    if (is_kqueue)
        SKIP("a kqueue tells of an error of a datagram socket as readiness alone");
}

void support_need_feature(mio_interest interest)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    bool is_there = (mio_poll_features(&poll) & interest) == interest;
    CHECK_EQ(mio_poll_close(&poll), 0);
    if (!is_there)
        SKIP("this backend lacks the interest");
}

void support_need_epoll(void)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    bool is_epoll = support_is_epoll(&poll);
    CHECK_EQ(mio_poll_close(&poll), 0);
    if (!is_epoll)
        SKIP("only epoll does this");
}

void support_need_poll_fd(void)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    bool has_fd = mio_poll_fd(&poll) != MIO_FD_NONE;
    CHECK_EQ(mio_poll_close(&poll), 0);
    if (!has_fd)
        SKIP("this backend has no descriptor");
}

/* ---- Raw sources ----------------------------------------------------------------------------- */

int support_eventfd(struct mio_source *source, unsigned count)
{
    int fd = eventfd(count, EFD_CLOEXEC | EFD_NONBLOCK);
    CHECK(fd >= 0);
    CHECK_EQ(mio_source_init_fd(source, fd), 0);
    return fd;
}

/* ---- Sleep ----------------------------------------------------------------------------------- */

int64_t support_cpu_time(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * MIO_NS_PER_S + time.tv_nsec;
}

void support_expect_sleep(struct mio_poll *poll)
{
    struct mio_event event;
    int64_t before = support_cpu_time();
    CHECK_EQ(mio_poll_wait(poll, &event, 1, 40 * MIO_NS_PER_MS), 0);
    CHECK(support_cpu_time() - before < 12 * MIO_NS_PER_MS);
}

/* ---- A thread that waits --------------------------------------------------------------------- */

static void ignore_signal(int signal)
{
    (void)signal;
}

void support_catch_usr1(void (*action)(int))
{
    struct sigaction how;
    memset(&how, 0, sizeof how);
    how.sa_handler = action ? action : ignore_signal;
    CHECK_EQ(sigaction(SIGUSR1, &how, NULL), 0);
}

void support_sleep(int64_t ns)
{
    struct timespec time = {.tv_sec = (time_t)(ns / MIO_NS_PER_S),
                            .tv_nsec = (long)(ns % MIO_NS_PER_S)};
    nanosleep(&time, NULL);
}

static void *wait_for_an_event(void *arg)
{
    struct waiter *waiter = arg;
    do
        waiter->result = mio_poll_wait(waiter->poll, waiter->events, 4, MIO_FOREVER);
    while (waiter->result == -EBUSY ||
           (waiter->result == -EINTR && !atomic_load(&waiter->until_interrupted)));
    atomic_store(&waiter->done, true);
    return NULL;
}

void waiter_start(struct waiter *waiter, struct mio_poll *poll)
{
    struct mio_event event;
    memset(waiter, 0, sizeof *waiter);
    waiter->poll = poll;
    support_catch_usr1(NULL);
    CHECK_EQ(pthread_create(&waiter->thread, NULL, wait_for_an_event, waiter), 0);
    /*
     * A refused second wait shows that the first one runs. The refusal is best effort: should both
     * threads enter at once, ours takes the mark of the other with it when it leaves, so now and
     * then the other one is made to enter again.
     */
    for (int tries = 1; tries <= 10000; tries++) {
        int n = mio_poll_wait(poll, &event, 1, 0);
        if (n == -EBUSY)
            return;
        CHECK_EQ(n, 0);
        support_sleep(MIO_NS_PER_MS);
        if (tries % 100 == 0)
            pthread_kill(waiter->thread, SIGUSR1);
    }
    test_fail(__FILE__, __LINE__, "the thread does not wait");
}

int waiter_join(struct waiter *waiter)
{
    CHECK_EQ(pthread_join(waiter->thread, NULL), 0);
    return waiter->result;
}

int waiter_interrupt(struct waiter *waiter)
{
    atomic_store(&waiter->until_interrupted, true);
    /* A signal that comes just before the system call is not seen by it, hence the repetition. */
    while (!atomic_load(&waiter->done)) {
        pthread_kill(waiter->thread, SIGUSR1);
        support_sleep(MIO_NS_PER_MS);
    }
    return waiter_join(waiter);
}
