/*
 * What several suites of this folder share: sources of every kind with a peer that is driven by
 * plain system calls, and a thread that waits.
 */
#ifndef MIO_TEST_SUPPORT_H
#define MIO_TEST_SUPPORT_H

#include "net.h"

#include <pthread.h>
#include <stdatomic.h>

/* ---- Sources with a peer --------------------------------------------------------------------- */

enum channel_kind {
    CHANNEL_PIPE, /* our side reads */
    CHANNEL_EVENTFD,
    CHANNEL_UNIX, /* a pair of stream sockets */
#ifndef MIO_NO_NET
    CHANNEL_TCP,
#endif
    CHANNEL_PIPE_WRITER /* our side writes */
};

/* Must not move: source points into it. */
struct channel {
    enum channel_kind kind;
    struct mio_source *source; /* what a test registers */
    int fd;                    /* our side, non-blocking */
    int peer;                  /* the other side, blocking; -1 once it was closed */
    struct mio_source raw;
#ifndef MIO_NO_NET
    struct mio_tcp_stream stream;
#endif
};

void channel_open(struct channel *channel, enum channel_kind kind);
/* Deregisters if need be. */
void channel_close(struct channel *channel, struct mio_registry *registry);

/* One read or write of our side, as a program would do it: results of the library, and the library
 * hears about would-block and short transfers. */
ptrdiff_t channel_read(struct channel *channel, void *buf, size_t len);
ptrdiff_t channel_write(struct channel *channel, const void *buf, size_t len);
/* Reads until -EAGAIN; the bytes read. */
size_t channel_drain(struct channel *channel);

/* What the peer does. An eventfd takes 8 bytes whatever is sent. */
void channel_send(struct channel *channel, const void *buf, size_t len);
void channel_receive(struct channel *channel, size_t len);
/* It ends its stream: a pipe's end is closed, a socket is shut down for writing. */
void channel_finish(struct channel *channel);
/* It dies in such a way that our side sees a reset; sockets only. */
void channel_reset(struct channel *channel);
void channel_close_peer(struct channel *channel);

/* Return when what the peer did has arrived: so many unread bytes, or the end. */
void channel_await_bytes(const struct channel *channel, int count);
void channel_await_end(const struct channel *channel);

/* Defines behaviour_pipe() and so on, which call behaviour(kind); CASES_PER_KIND lists them. */
#define DEFINE_CASE(behaviour, kind, suffix)                                                       \
    static void behaviour##_##suffix(void)                                                         \
    {                                                                                              \
        behaviour(kind);                                                                           \
    }
#ifndef MIO_NO_NET
#define DEFINE_TCP_CASE(behaviour) DEFINE_CASE(behaviour, CHANNEL_TCP, tcp)
#define TCP_CASE(behaviour, modes) {#behaviour "_tcp", behaviour##_tcp, modes},
#else
#define DEFINE_TCP_CASE(behaviour)
#define TCP_CASE(behaviour, modes)
#endif
#define DEFINE_STREAM_CASES(behaviour)                                                             \
    DEFINE_CASE(behaviour, CHANNEL_PIPE, pipe)                                                     \
    DEFINE_CASE(behaviour, CHANNEL_UNIX, unix)                                                     \
    DEFINE_TCP_CASE(behaviour)
#define STREAM_CASES(behaviour, modes)                                                             \
    {#behaviour "_pipe", behaviour##_pipe, modes}, {#behaviour "_unix", behaviour##_unix, modes},  \
        TCP_CASE(behaviour, modes)
#define DEFINE_CASES(behaviour)                                                                    \
    DEFINE_STREAM_CASES(behaviour)                                                                 \
    DEFINE_CASE(behaviour, CHANNEL_EVENTFD, eventfd)
#define CASES(behaviour, modes)                                                                    \
    STREAM_CASES(behaviour, modes){#behaviour "_eventfd", behaviour##_eventfd, modes},

/* ---- Backends -------------------------------------------------------------------------------- */

bool support_is_epoll(const struct mio_poll *poll);
/* Skips the case on every other backend. */
void support_need_epoll(void);
/* Skips the case where polls have no descriptor. */
void support_need_poll_fd(void);

/* ---- Raw sources ----------------------------------------------------------------------------- */

/* A source over a new eventfd, which is ready from the start if count is not 0. */
int support_eventfd(struct mio_source *source, unsigned count);

/* ---- Sleep ----------------------------------------------------------------------------------- */

/* The time that this thread has spent on a processor. */
int64_t support_cpu_time(void);
/* Nothing may be reported for a while, and the wait may not go round and round either. */
void support_expect_sleep(struct mio_poll *poll);

/* ---- A thread that waits --------------------------------------------------------------------- */

struct waiter {
    struct mio_poll *poll;
    pthread_t thread;
    int result; /* after waiter_join */
    struct mio_event events[4];
    atomic_bool until_interrupted; /* -EINTR ends it too */
    atomic_bool done;
};

/* Returns once the thread is inside a wait without end. Nothing may be ready before. */
void waiter_start(struct waiter *waiter, struct mio_poll *poll);
/* Waits for the end of the wait; its result. */
int waiter_join(struct waiter *waiter);
/* Interrupts the wait by a signal, and joins. */
int waiter_interrupt(struct waiter *waiter);

/* Installs a handler for SIGUSR1 that interrupts system calls; does nothing if action is NULL. */
void support_catch_usr1(void (*action)(int));
void support_sleep(int64_t ns);

#endif
