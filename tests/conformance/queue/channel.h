/* Sources of every kind with a peer that is driven by plain system calls. */
#ifndef MIO_TEST_CHANNEL_H
#define MIO_TEST_CHANNEL_H

#include "net.h"

/* The first of two kinds on a line is a raw descriptor, the second one of the library's types. */
enum channel_kind {
    CHANNEL_LOOP, /* its own other end */
#if MIO_HAS_PIPES
    CHANNEL_PIPE, /* our side reads */
    CHANNEL_PIPE_RECEIVER,
    CHANNEL_PIPE_WRITER, /* our side writes */
    CHANNEL_PIPE_SENDER,
#endif
#if MIO_HAS_NAMED_PIPES
    CHANNEL_NAMED_PIPE, /* our side is a server, the peer its client */
#endif
    CHANNEL_UNIX, /* a pair of stream sockets, of whatever family the system has pairs of */
#ifndef MIO_NO_NET
    CHANNEL_UNIX_STREAM,
    CHANNEL_TCP,
    CHANNEL_UDP, /* connected on both sides */
    CHANNEL_UNIX_DATAGRAM,
#endif
};

/* Must not move: source points into it. */
struct channel {
    enum channel_kind kind;
    struct mio_source *source; /* what a test registers */
    mio_fd fd;                 /* our side, non-blocking */
    mio_fd peer;               /* the other side, blocking; MIO_FD_NONE once it was closed */
    union {
        struct mio_source raw;
#if MIO_HAS_PIPES
        struct mio_pipe_receiver receiver;
        struct mio_pipe_sender sender;
#endif
#if MIO_HAS_NAMED_PIPES
        struct mio_named_pipe named_pipe;
#endif
#ifndef MIO_NO_NET
        struct mio_tcp_stream stream;
        struct mio_unix_stream unix_stream;
        struct mio_udp_socket udp;
        struct mio_unix_datagram unix_datagram;
#endif
    };
};

/* Skips the case where the system lacks the kind. */
void channel_open(struct channel *channel, enum channel_kind kind);
/* Deregister if need be and close both sides, or ours alone. */
void channel_close(struct channel *channel, struct mio_registry *registry);
void channel_close_own(struct channel *channel, struct mio_registry *registry);
/* Moves our side's object, with its registration, and spoils the place where it was. */
void channel_move(struct channel *to, struct channel *from);

bool channel_is_pipe(const struct channel *channel);
bool channel_kind_is_pipe(enum channel_kind kind);
/* A descriptor that the channel reads and writes by itself. */
bool channel_is_raw(const struct channel *channel);

/* One read or write of our side, as a program would do it: results of the library, and the library
 * hears about would-block and short transfers. Datagram sockets receive or send one datagram. */
ptrdiff_t channel_read(struct channel *channel, void *buf, size_t len);
ptrdiff_t channel_write(struct channel *channel, const void *buf, size_t len);
/* Shuts down directions of our side (PLAIN_READS, PLAIN_WRITES), by the library where it has the
 * kind. */
void channel_shutdown(struct channel *channel, int directions);
/* Skips the case where nobody tells of that. */
void channel_need_told_shutdown(enum channel_kind kind);
/* Reads until -EAGAIN; the bytes read. */
size_t channel_drain(struct channel *channel);

/* The acts of the peer. A loop takes 8 bytes whatever is sent. */
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

/*
 * The classes of kinds. Each calls X(kind, suffix, behaviour, modes) for its members; a test names
 * one in DEFINE_CASES(class, behaviour), which defines behaviour_suffix() for each member, and in
 * CASES(class, behaviour, modes), which lists these functions as cases.
 */
#define EACH_LOOP(X, behaviour, modes) X(CHANNEL_LOOP, loop, behaviour, modes)
#if MIO_HAS_PIPES
#define EACH_RAW_PIPE_READER(X, behaviour, modes) X(CHANNEL_PIPE, pipe, behaviour, modes)
#define EACH_PIPE_READER(X, behaviour, modes)                                                      \
    X(CHANNEL_PIPE, pipe, behaviour, modes)                                                        \
    X(CHANNEL_PIPE_RECEIVER, pipe_receiver, behaviour, modes)
#define EACH_PIPE_WRITER(X, behaviour, modes)                                                      \
    X(CHANNEL_PIPE_WRITER, pipe_writer, behaviour, modes)                                          \
    X(CHANNEL_PIPE_SENDER, pipe_sender, behaviour, modes)
#else
#define EACH_RAW_PIPE_READER(X, behaviour, modes)
#define EACH_PIPE_READER(X, behaviour, modes)
#define EACH_PIPE_WRITER(X, behaviour, modes)
#endif
#if MIO_HAS_NAMED_PIPES
#define EACH_NAMED_PIPE(X, behaviour, modes) X(CHANNEL_NAMED_PIPE, named_pipe, behaviour, modes)
#else
#define EACH_NAMED_PIPE(X, behaviour, modes)
#endif
#ifndef MIO_NO_NET
#define EACH_UNIX_STREAM(X, behaviour, modes)                                                      \
    X(CHANNEL_UNIX, unix, behaviour, modes)                                                        \
    X(CHANNEL_UNIX_STREAM, unix_stream, behaviour, modes)
#define EACH_TCP_STREAM(X, behaviour, modes) X(CHANNEL_TCP, tcp, behaviour, modes)
#define EACH_DATAGRAM(X, behaviour, modes)                                                         \
    X(CHANNEL_UDP, udp, behaviour, modes)                                                          \
    X(CHANNEL_UNIX_DATAGRAM, unix_datagram, behaviour, modes)
#else
#define EACH_UNIX_STREAM(X, behaviour, modes) X(CHANNEL_UNIX, unix, behaviour, modes)
#define EACH_TCP_STREAM(X, behaviour, modes)
#define EACH_DATAGRAM(X, behaviour, modes)
#endif

/* Connected sockets without an end of their own, or with one. */
#define EACH_STREAM_SOCKET(X, behaviour, modes)                                                    \
    EACH_UNIX_STREAM(X, behaviour, modes)                                                          \
    EACH_TCP_STREAM(X, behaviour, modes)
#define EACH_SOCKET(X, behaviour, modes)                                                           \
    EACH_STREAM_SOCKET(X, behaviour, modes)                                                        \
    EACH_DATAGRAM(X, behaviour, modes)
/* Raw descriptors that have an end. */
#define EACH_RAW_READER(X, behaviour, modes)                                                       \
    EACH_RAW_PIPE_READER(X, behaviour, modes)                                                      \
    X(CHANNEL_UNIX, unix, behaviour, modes)
/* The streams among the types of the library. */
#define EACH_OWN_STREAM(X, behaviour, modes)                                                       \
    X(CHANNEL_UNIX_STREAM, unix_stream, behaviour, modes)                                          \
    X(CHANNEL_TCP, tcp, behaviour, modes)
/* Kinds that are read to an end, kinds that bytes are read from, kinds that are written to. */
#define EACH_STREAM(X, behaviour, modes)                                                           \
    EACH_FD_STREAM(X, behaviour, modes)                                                            \
    EACH_NAMED_PIPE(X, behaviour, modes)
/* Those whose descriptor a program may read by itself. */
#define EACH_FD_STREAM(X, behaviour, modes)                                                        \
    EACH_PIPE_READER(X, behaviour, modes)                                                          \
    EACH_STREAM_SOCKET(X, behaviour, modes)
#define EACH_READER(X, behaviour, modes)                                                           \
    EACH_LOOP(X, behaviour, modes)                                                                 \
    EACH_PIPE_READER(X, behaviour, modes)                                                          \
    EACH_NAMED_PIPE(X, behaviour, modes)                                                           \
    EACH_SOCKET(X, behaviour, modes)
#define EACH_STREAM_WRITER(X, behaviour, modes)                                                    \
    EACH_PIPE_WRITER(X, behaviour, modes)                                                          \
    EACH_NAMED_PIPE(X, behaviour, modes)                                                           \
    EACH_STREAM_SOCKET(X, behaviour, modes)
#define EACH_WRITER(X, behaviour, modes)                                                           \
    EACH_LOOP(X, behaviour, modes)                                                                 \
    EACH_PIPE_WRITER(X, behaviour, modes)                                                          \
    EACH_NAMED_PIPE(X, behaviour, modes)                                                           \
    EACH_SOCKET(X, behaviour, modes)

#define DEFINE_CASE(kind, suffix, behaviour, modes)                                                \
    static void behaviour##_##suffix(void)                                                         \
    {                                                                                              \
        behaviour(kind);                                                                           \
    }
#define LIST_CASE(kind, suffix, behaviour, modes)                                                  \
    {#behaviour "_" #suffix, behaviour##_##suffix, modes},
#define DEFINE_CASES(class, behaviour) class(DEFINE_CASE, behaviour, 0)
#define CASES(class, behaviour, modes) class(LIST_CASE, behaviour, modes)

#endif
