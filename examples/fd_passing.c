/*
 * fd_passing: a process accepts connections and hands them, as descriptors, to worker processes,
 * over a Unix stream to each. It shows I/O that the interface does not have (sendmsg and recvmsg
 * with SCM_RIGHTS) on a socket of the library: the call goes to the descriptor, and what it says
 * goes to mio_source_after, without which backends that emulate edges would fall silent.
 *
 * Try it:  ./fd_passing 7777 3             (port and number of workers)
 *          nc 127.0.0.1 7777               again and again: each worker has its turn
 */
#define _GNU_SOURCE 1 /* MSG_CMSG_CLOEXEC, where the system has it */

#include <mio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_WORKERS 16
#define TOKEN_LISTENER MAX_WORKERS
#define MAX_ERRORS 16 /* of accept in a row, then it pauses */
#define RETRY_NS (100 * MIO_NS_PER_MS)

#ifndef MSG_CMSG_CLOEXEC
#define MSG_CMSG_CLOEXEC 0
#endif

static void check(const char *what, ptrdiff_t result)
{
    if (result >= 0)
        return;
    fprintf(stderr, "fd_passing: %s: %s\n", what, mio_strerror(result));
    exit(EXIT_FAILURE);
}

/* 127.0.0.1 and the port of an argument. */
static void parse_port(struct mio_addr *addr, const char *port)
{
    char text[MIO_ADDR_TEXT];
    snprintf(text, sizeof text, "127.0.0.1:%s", port);
    if (mio_addr_parse(addr, text) == 0)
        return;
    fprintf(stderr,
            "fd_passing: PORT is a number from 0 (the system chooses) to 65535, not \"%s\"\n",
            port);
    exit(EXIT_FAILURE);
}

/* ---- A message with a descriptor ------------------------------------------------------------- */

/* A message is one byte, which carries the descriptor. */
struct message {
    struct msghdr header;
    struct iovec bytes;
    char byte;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
};

static void message_init(struct message *message)
{
    memset(message, 0, sizeof *message);
    message->bytes.iov_base = &message->byte;
    message->bytes.iov_len = 1;
    message->header.msg_iov = &message->bytes;
    message->header.msg_iovlen = 1;
    message->header.msg_control = message->control;
    message->header.msg_controllen = sizeof message->control;
}

/* One end of a stream on which messages go, and what events said of it and is not used up yet. */
struct channel {
    struct mio_unix_stream stream;
    uint32_t ready;
};

/* As a call of the library: 1, 0 at end of file, or a negative code. */
static ptrdiff_t settle(struct channel *channel, uint32_t direction, ssize_t result)
{
    ptrdiff_t n = result < 0 ? mio_socket_error() : result;
    /* The library did not see the call. Only would-block drains here: so no length, but 0. */
    check("after", mio_source_after(&channel->stream.source, &channel->ready, direction, n, 0));
    return n;
}

static ptrdiff_t send_fd(struct channel *channel, int fd)
{
    struct message message;
    message_init(&message);
    struct cmsghdr *control = CMSG_FIRSTHDR(&message.header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(control), &fd, sizeof fd);
    ssize_t result;
    do
        result = sendmsg(mio_source_fd(&channel->stream.source), &message.header, MSG_NOSIGNAL);
    while (result < 0 && errno == EINTR);
    return settle(channel, MIO_WRITABLE, result);
}

/* fd receives MIO_FD_NONE when no descriptor came along: this process may have too many. */
static ptrdiff_t receive_fd(struct channel *channel, int *fd)
{
    struct message message;
    message_init(&message);
    ssize_t result;
    do
        result = recvmsg(mio_source_fd(&channel->stream.source), &message.header, MSG_CMSG_CLOEXEC);
    while (result < 0 && errno == EINTR);
    *fd = MIO_FD_NONE;
    struct cmsghdr *control = result > 0 ? CMSG_FIRSTHDR(&message.header) : NULL;
    if (control != NULL && control->cmsg_type == SCM_RIGHTS &&
        control->cmsg_len == CMSG_LEN(sizeof *fd))
        memcpy(fd, CMSG_DATA(control), sizeof *fd);
    return settle(channel, MIO_READABLE, result);
}

/* ---- Workers --------------------------------------------------------------------------------- */

/* Greets and hangs up. A real worker would register the connection with its own poll. */
static void work(int number, int fd, int *served)
{
    struct mio_tcp_stream connection;
    char text[64];
    if (mio_tcp_stream_from_fd(&connection, fd) < 0) {
        close(fd);
        return;
    }
    int length = snprintf(text, sizeof text, "worker %d, connection %d\n", number, ++*served);
    /* So little always finds room in a new connection. */
    mio_tcp_stream_write(&connection, text, (size_t)length);
    mio_tcp_stream_close(&connection);
}

static void run_worker(int number, struct channel *jobs)
{
    struct mio_poll poll;
    struct mio_event event;
    int fd, served = 0;
    check("poll", mio_poll_init(&poll));
    check("register",
          mio_register(mio_poll_registry(&poll), &jobs->stream.source, 0, MIO_READABLE));
    for (;;) {
        int count = mio_poll_wait(&poll, &event, 1, MIO_FOREVER);
        if (count == -EINTR)
            continue;
        check("wait", count);
        jobs->ready |= event.readiness;
        ptrdiff_t n = -EAGAIN;
        while (jobs->ready & MIO_READABLE) {
            n = receive_fd(jobs, &fd);
            if (n <= 0)
                break;
            if (fd != MIO_FD_NONE)
                work(number, fd, &served);
        }
        if (n == -EAGAIN)
            continue;
        check("receive", n); /* 0: the process that accepts has ended */
        break;
    }
    check("close", mio_unix_stream_close(&jobs->stream));
    check("close", mio_poll_close(&poll));
    exit(EXIT_SUCCESS);
}

/* ---- The process that accepts ---------------------------------------------------------------- */

struct dispatcher {
    struct mio_poll poll;
    struct mio_tcp_listener listener;
    struct channel workers[MAX_WORKERS];
    struct mio_tcp_stream waiting; /* accepted, and not passed on yet; closed: none */
    int count, next;
    bool paused; /* for an error that no event ends: out of descriptors, for one */
};

/* Passes the waiting connection to the next worker that takes it. Returns false when none does. */
static bool pass_on(struct dispatcher *d)
{
    int gone = 0;
    for (int i = 0; i < d->count; i++) {
        struct channel *worker = &d->workers[d->next];
        d->next = (d->next + 1) % d->count;
        if (!(worker->ready & MIO_WRITABLE)) /* busy: an event tells when it is not */
            continue;
        ptrdiff_t n = send_fd(worker, mio_source_fd(&d->waiting.source));
        if (n > 0) {
            /* The message holds the connection now, and soon the worker does. */
            check("close", mio_tcp_stream_close(&d->waiting));
            return true;
        }
        if (n == -EPIPE || n == -ECONNRESET)
            gone++;
        else if (n != -EAGAIN)
            d->paused = true;
    }
    if (gone == d->count)
        check("every worker is gone", -EPIPE);
    return false;
}

/* Accepts and passes on, until nobody waits or all are busy: an event tells when to go on. */
static void dispatch(struct dispatcher *d)
{
    int errors = 0;
    d->paused = false;
    for (;;) {
        if (mio_source_fd(&d->waiting.source) != MIO_FD_NONE && !pass_on(d))
            return;
        int error = mio_tcp_listener_accept(&d->listener, &d->waiting, NULL);
        if (error == 0) {
            errors = 0;
        } else if (error == -EAGAIN) {
            return;
        } else if (!mio_accept_should_continue(error) || ++errors == MAX_ERRORS) {
            d->paused = true; /* out of descriptors or memory, as a rule */
            return;
        }
    }
}

static void start_workers(struct dispatcher *d)
{
    for (int i = 0; i < d->count; i++) {
        struct channel theirs = {.ready = 0};
        check("pair", mio_unix_stream_pair(&d->workers[i].stream, &theirs.stream));
        fflush(stdout);
        pid_t pid = fork();
        check("fork", pid < 0 ? -errno : 0);
        if (pid == 0) {
            /* Of our ends the child needs none; while it has one, it misses the end of ours. */
            for (int k = 0; k <= i; k++)
                mio_unix_stream_close(&d->workers[k].stream);
            run_worker(i + 1, &theirs);
        }
        check("close", mio_unix_stream_close(&theirs.stream));
    }
}

int main(int argc, char **argv)
{
    static struct dispatcher d;
    struct mio_event events[32];
    struct mio_addr addr;
    char text[MIO_ADDR_TEXT];

    d.count = argc > 2 ? atoi(argv[2]) : 2;
    if (d.count < 1 || d.count > MAX_WORKERS) {
        fprintf(stderr, "usage: fd_passing [PORT [WORKERS]], 1 to %d workers\n", MAX_WORKERS);
        return EXIT_FAILURE;
    }
    parse_port(&addr, argc > 1 ? argv[1] : "0");
    start_workers(&d); /* before there is a poll or a listener that they would inherit */
    check("poll", mio_poll_init(&d.poll));
    struct mio_registry *registry = mio_poll_registry(&d.poll);
    for (int i = 0; i < d.count; i++)
        check("register",
              mio_register(registry, &d.workers[i].stream.source, (mio_token)i, MIO_WRITABLE));
    check("bind", mio_tcp_listener_bind(&d.listener, &addr));
    check("register", mio_register(registry, &d.listener.source, TOKEN_LISTENER, MIO_READABLE));
    check("address", mio_tcp_listener_local_addr(&d.listener, &addr));
    check("address", mio_addr_format(&addr, text, sizeof text));
    printf("listening on %s\n", text);
    fflush(stdout);
    for (;;) {
        int count = mio_poll_wait(&d.poll, events, 32, d.paused ? RETRY_NS : MIO_FOREVER);
        if (count == -EINTR)
            continue;
        check("wait", count);
        for (int i = 0; i < count; i++)
            if (events[i].token < MAX_WORKERS)
                d.workers[events[i].token].ready |= events[i].readiness;
        dispatch(&d);
    }
}
