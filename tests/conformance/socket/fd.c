/* Owning the descriptor, of every type: taking one over, giving it back, closing, moving. */
#include "queue/channel.h"
#include "tcp/tcp_util.h"

#include <string.h>

enum { TOKEN = 7 };

enum kind { TCP_STREAM, TCP_LISTENER, UDP, UNIX_STREAM, UNIX_LISTENER, UNIX_DATAGRAM, KINDS };

/* ---- The types ------------------------------------------------------------------------------- */

/* The source is the first member of every type. */
union object {
    struct mio_source source;
    struct mio_tcp_stream tcp_stream;
    struct mio_tcp_listener tcp_listener;
    struct mio_udp_socket udp;
    struct mio_unix_stream unix_stream;
    struct mio_unix_listener unix_listener;
    struct mio_unix_datagram unix_datagram;
};

#define CALL(object, kind, call)                                                                   \
    ((kind) == TCP_STREAM      ? mio_tcp_stream_##call(&(object)->tcp_stream)                      \
     : (kind) == TCP_LISTENER  ? mio_tcp_listener_##call(&(object)->tcp_listener)                  \
     : (kind) == UDP           ? mio_udp_socket_##call(&(object)->udp)                             \
     : (kind) == UNIX_STREAM   ? mio_unix_stream_##call(&(object)->unix_stream)                    \
     : (kind) == UNIX_LISTENER ? mio_unix_listener_##call(&(object)->unix_listener)                \
                               : mio_unix_datagram_##call(&(object)->unix_datagram))

static int object_close(union object *object, enum kind kind)
{
    return CALL(object, kind, close);
}

static int object_take_error(union object *object, enum kind kind)
{
    return CALL(object, kind, take_error);
}

static mio_fd object_into_fd(union object *object, enum kind kind)
{
    return CALL(object, kind, into_fd);
}

static int object_from_fd(union object *object, enum kind kind, mio_fd fd)
{
    switch (kind) {
    case TCP_STREAM:
        return mio_tcp_stream_from_fd(object ? &object->tcp_stream : NULL, fd);
    case TCP_LISTENER:
        return mio_tcp_listener_from_fd(object ? &object->tcp_listener : NULL, fd);
    case UDP:
        return mio_udp_socket_from_fd(object ? &object->udp : NULL, fd);
    case UNIX_STREAM:
        return mio_unix_stream_from_fd(object ? &object->unix_stream : NULL, fd);
    case UNIX_LISTENER:
        return mio_unix_listener_from_fd(object ? &object->unix_listener : NULL, fd);
    default:
        return mio_unix_datagram_from_fd(object ? &object->unix_datagram : NULL, fd);
    }
}

static bool is_listener(enum kind kind)
{
    return kind == TCP_LISTENER || kind == UNIX_LISTENER;
}

/* Reads a byte, or accepts a connection and closes it. */
static ptrdiff_t object_use(union object *object, enum kind kind)
{
    union object accepted;
    char byte;
    int result;
    switch (kind) {
    case TCP_STREAM:
        return mio_tcp_stream_read(&object->tcp_stream, &byte, 1);
    case UDP:
        return mio_udp_socket_recv(&object->udp, &byte, 1);
    case UNIX_STREAM:
        return mio_unix_stream_read(&object->unix_stream, &byte, 1);
    case UNIX_DATAGRAM:
        return mio_unix_datagram_recv(&object->unix_datagram, &byte, 1);
    case TCP_LISTENER:
        result = mio_tcp_listener_accept(&object->tcp_listener, &accepted.tcp_stream, NULL);
        return result == 0 ? 1 + mio_tcp_stream_close(&accepted.tcp_stream) : result;
    default:
        result = mio_unix_listener_accept(&object->unix_listener, &accepted.unix_stream, NULL);
        return result == 0 ? 1 + mio_unix_stream_close(&accepted.unix_stream) : result;
    }
}

/* Sends a byte to the peer, which has to get it. */
static void object_speak(union object *object, enum kind kind, mio_fd peer)
{
    char byte = 0;
    if (is_listener(kind))
        return;
    CHECK_EQ(kind == TCP_STREAM    ? mio_tcp_stream_write(&object->tcp_stream, "x", 1)
             : kind == UDP         ? mio_udp_socket_send(&object->udp, "x", 1)
             : kind == UNIX_STREAM ? mio_unix_stream_write(&object->unix_stream, "x", 1)
                                   : mio_unix_datagram_send(&object->unix_datagram, "x", 1),
             1);
    CHECK_EQ(plain_recv(peer, &byte, 1), 1);
    CHECK_EQ(byte, 'x');
}

/* ---- Plain sockets --------------------------------------------------------------------------- */

/* A descriptor as others make it, blocking and inherited, and what is at the other end. */
struct plain {
    enum kind kind;
    mio_fd fd;
    mio_fd peer;          /* a connected socket; the last client of a listener */
    struct mio_addr name; /* of a listener */
};

static void open_listening(struct plain *plain, const char *text)
{
    if (plain->kind == TCP_LISTENER)
        plain->name = tcp_addr(text);
    else
        plain->name = plain_fresh_name();
    plain->fd = plain_socket_for(&plain->name, PLAIN_STREAM);
    CHECK_EQ(plain_bind(plain->fd, &plain->name), 0);
    CHECK_EQ(plain_listen(plain->fd, 8), 0);
    plain->name = plain_name(plain->fd);
    plain->peer = MIO_FD_NONE;
}

static void open_udp(struct plain *plain, const char *text)
{
    struct mio_addr addr = tcp_addr(text), name;
    plain->fd = plain_socket_for(&addr, PLAIN_DATAGRAM);
    plain->peer = plain_socket_for(&addr, PLAIN_DATAGRAM);
    CHECK_EQ(plain_bind(plain->fd, &addr), 0);
    CHECK_EQ(plain_bind(plain->peer, &addr), 0);
    name = plain_name(plain->fd);
    CHECK_EQ(plain_connect(plain->peer, &name), 0);
    name = plain_name(plain->peer);
    CHECK_EQ(plain_connect(plain->fd, &name), 0);
}

static void open_tcp_stream(struct plain *plain, const char *text)
{
    struct plain listening = {.kind = TCP_LISTENER};
    open_listening(&listening, text);
    plain->peer = test_client(&listening.name);
    CHECK_EQ(plain_accept(listening.fd, &plain->fd), 0);
    CHECK_EQ(plain_close(listening.fd), 0);
}

static bool has_kind(enum kind kind)
{
    return kind == UNIX_STREAM     ? plain_has_pair(PLAIN_UNIX, PLAIN_STREAM)
           : kind == UNIX_LISTENER ? plain_has_socket(PLAIN_UNIX, PLAIN_STREAM)
           : kind == UNIX_DATAGRAM ? plain_has_pair(PLAIN_UNIX, PLAIN_DATAGRAM)
                                   : true;
}

static void plain_open(struct plain *plain, enum kind kind, const char *text)
{
    mio_fd ends[2];
    if (!has_kind(kind))
        SKIP("no such sockets in the Unix domain here");
    plain->kind = kind;
    if (is_listener(kind)) {
        open_listening(plain, text);
    } else if (kind == TCP_STREAM) {
        open_tcp_stream(plain, text);
    } else if (kind == UDP) {
        open_udp(plain, text);
    } else {
        plain_pair(kind == UNIX_STREAM ? PLAIN_STREAM : PLAIN_DATAGRAM, ends);
        plain->fd = ends[0];
        plain->peer = ends[1];
    }
    plain_set_inherited(plain->fd);
    CHECK(plain_blocking(plain->fd) != PLAIN_BLOCKS_NOT && !test_is_cloexec(plain->fd));
}

/* Lets a byte or a connection arrive in a descriptor that stands for the socket. */
static void plain_deliver(struct plain *plain, mio_fd fd)
{
    if (is_listener(plain->kind)) {
        if (plain->peer != MIO_FD_NONE)
            CHECK_EQ(plain_close(plain->peer), 0);
        plain->peer = test_client(&plain->name);
    } else {
        CHECK_EQ(plain_send(plain->peer, "x", 1), 1);
    }
    CHECK(plain_wait(fd, PLAIN_IN) & PLAIN_IN);
}

static void plain_close_peer(struct plain *plain)
{
    if (plain->peer != MIO_FD_NONE)
        CHECK_EQ(plain_close(plain->peer), 0);
}

/* An object over one, taken over and registered. */
struct watched {
    struct mio_poll poll;
    struct plain plain;
    union object object;
};

static void watched_open(struct watched *watched, enum kind kind, mio_interest directions)
{
    plain_open(&watched->plain, kind, "127.0.0.1:0");
    test_poll_init(&watched->poll);
    CHECK_EQ(object_from_fd(&watched->object, kind, watched->plain.fd), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&watched->poll), &watched->object.source, TOKEN,
                          directions | test_config.mode),
             0);
}

static void watched_close(struct watched *watched)
{
    plain_close_peer(&watched->plain);
    CHECK_EQ(mio_poll_close(&watched->poll), 0);
}

#define EACH_IP_KIND(X, behaviour, modes)                                                          \
    X(TCP_STREAM, tcp_stream, behaviour, modes)                                                    \
    X(TCP_LISTENER, tcp_listener, behaviour, modes)                                                \
    X(UDP, udp, behaviour, modes)
#define EACH_KIND(X, behaviour, modes)                                                             \
    EACH_IP_KIND(X, behaviour, modes)                                                              \
    X(UNIX_STREAM, unix_stream, behaviour, modes)                                                  \
    X(UNIX_LISTENER, unix_listener, behaviour, modes)                                              \
    X(UNIX_DATAGRAM, unix_datagram, behaviour, modes)

/* ---- Taking over ----------------------------------------------------------------------------- */

/* The socket is called as before, and knows whom it talks to. */
static void check_names(union object *object, const struct plain *plain)
{
    struct mio_addr addr, wanted;
    if (plain->kind == TCP_LISTENER || plain->kind == UNIX_LISTENER) {
        CHECK_EQ(plain->kind == TCP_LISTENER
                     ? mio_tcp_listener_local_addr(&object->tcp_listener, &addr)
                     : mio_unix_listener_local_addr(&object->unix_listener, &addr),
                 0);
        CHECK(mio_addr_equal(&addr, &plain->name));
    }
    if (plain->kind == UDP || plain->kind == TCP_STREAM) {
        CHECK_EQ(plain->kind == UDP ? mio_udp_socket_peer_addr(&object->udp, &addr)
                                    : mio_tcp_stream_peer_addr(&object->tcp_stream, &addr),
                 0);
        wanted = plain_name(plain->peer);
        CHECK(mio_addr_equal(&addr, &wanted));
    }
}

static void check_taken_over(enum kind kind, const char *text)
{
    union object object;
    struct plain plain;
    plain_open(&plain, kind, text);
    memset(&object, 0xa5, sizeof object);
    CHECK_EQ(object_from_fd(&object, kind, plain.fd), 0);
    CHECK_EQ(mio_source_fd(&object.source), plain.fd);
    CHECK(test_is_nonblocking(plain.fd));
    CHECK(test_is_cloexec(plain.fd));
    CHECK(!mio_source_is_registered(&object.source));
    check_names(&object, &plain);
    CHECK_EQ(object_use(&object, kind), -EAGAIN);
    plain_deliver(&plain, plain.fd);
    CHECK_EQ(object_use(&object, kind), 1);
    object_speak(&object, kind, plain.peer);
    if (kind == TCP_STREAM)
        CHECK_EQ(mio_tcp_stream_connect_result(&object.tcp_stream), 0);
    CHECK_EQ(object_close(&object, kind), 0);
    CHECK(!plain_is_open(plain.fd));
    if (kind == TCP_STREAM || kind == UNIX_STREAM)
        CHECK_EQ(plain_recv(plain.peer, &(char){0}, 1), 0);
    plain_close_peer(&plain);
}

static void from_fd_is_nonblocking_and_not_inherited(enum kind kind)
{
    check_taken_over(kind, "127.0.0.1:0");
}
DEFINE_CASES(EACH_KIND, from_fd_is_nonblocking_and_not_inherited)

static void from_fd_takes_ipv6(enum kind kind)
{
    tcp_need_ipv6();
    check_taken_over(kind, "[::1]:0");
}
DEFINE_CASES(EACH_IP_KIND, from_fd_takes_ipv6)

static void defect_22_from_fd_keeps_other_status_flags(enum kind kind)
{
    union object object;
    struct plain plain;
    plain_open(&plain, kind, "127.0.0.1:0");
    if (!plain_set_other_flags(plain.fd))
        SKIP("descriptors have no other flags here");
    int flags = plain_flags(plain.fd);
    CHECK_EQ(object_from_fd(&object, kind, plain.fd), 0);
    CHECK(test_is_nonblocking(plain.fd) && test_is_cloexec(plain.fd));
    /* Without the two that it sets they are the same. */
    plain_set_blocking(plain.fd, true);
    plain_set_inherited(plain.fd);
    CHECK_EQ(plain_flags(plain.fd), flags);
    object_speak(&object, kind, plain.peer); /* it has its peer, too */
    CHECK_EQ(object_close(&object, kind), 0);
    plain_close_peer(&plain);
}
DEFINE_CASES(EACH_KIND, defect_22_from_fd_keeps_other_status_flags)

/* The descriptor stays as it was, the object is closed. */
static void check_not_taken(enum kind kind, mio_fd fd, int error)
{
    union object object;
    int flags = plain_flags(fd);
    memset(&object, 0xa5, sizeof object);
    CHECK_EQ(object_from_fd(&object, kind, fd), error);
    CHECK(mio_source_fd(&object.source) == MIO_FD_NONE);
    CHECK_EQ(object_take_error(&object, kind), -EBADF);
    CHECK_EQ(object_close(&object, kind), 0);
    CHECK_EQ(object_from_fd(NULL, kind, fd), -EINVAL);
    CHECK_EQ(plain_flags(fd), flags);
}

static void from_fd_refuses_what_is_no_socket(enum kind kind)
{
    mio_fd ends[2];
    plain_pipe(ends);
    check_not_taken(kind, ends[0], -ENOTSOCK);
    check_not_taken(kind, ends[1], -ENOTSOCK);
    CHECK_EQ(plain_close(ends[0]), 0);
    CHECK_EQ(plain_close(ends[1]), 0);
    check_not_taken(kind, ends[0], -EBADF);
    check_not_taken(kind, MIO_FD_NONE, -EBADF);
    check_not_taken(kind, (mio_fd)INT32_MIN, -EBADF);
}
DEFINE_CASES(EACH_KIND, from_fd_refuses_what_is_no_socket)

/* The type of the socket comes first, then whether it listens, then the family. */
static int refusal_of(enum kind kind, enum kind other)
{
    bool datagrams = kind == UDP || kind == UNIX_DATAGRAM;
    if (datagrams != (other == UDP || other == UNIX_DATAGRAM))
        return -EPROTOTYPE;
    if (is_listener(kind) != is_listener(other))
        return -EINVAL;
    return -EAFNOSUPPORT;
}

static void from_fd_refuses_sockets_of_another_kind(enum kind kind)
{
    for (int other = 0; other < KINDS; other++) {
        struct plain plain;
        if (other == (int)kind || !has_kind((enum kind)other))
            continue;
        plain_open(&plain, (enum kind)other, "127.0.0.1:0");
        check_not_taken(kind, plain.fd, refusal_of(kind, (enum kind)other));
        CHECK_EQ(plain_close(plain.fd), 0);
        plain_close_peer(&plain);
    }
}
DEFINE_CASES(EACH_KIND, from_fd_refuses_sockets_of_another_kind)

/* Nobody is connected to them. */
static void from_fd_refuses_sockets_that_are_alone(enum kind kind)
{
    static const struct {
        enum kind kind;
        enum plain_family family;
        enum plain_type type;
    } others[] = {{TCP_STREAM, PLAIN_IPV4, PLAIN_STREAM},
                  {UDP, PLAIN_IPV4, PLAIN_DATAGRAM},
                  {UNIX_STREAM, PLAIN_UNIX, PLAIN_STREAM},
                  {UNIX_DATAGRAM, PLAIN_UNIX, PLAIN_DATAGRAM}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (others[i].kind == kind || !plain_has_socket(others[i].family, others[i].type))
            continue;
        mio_fd fd = plain_socket(others[i].family, others[i].type);
        check_not_taken(kind, fd, refusal_of(kind, others[i].kind));
        CHECK_EQ(plain_close(fd), 0);
    }
    if (!plain_has_socket(PLAIN_UNIX, PLAIN_PACKETS))
        return;
    mio_fd packets = plain_socket(PLAIN_UNIX, PLAIN_PACKETS);
    check_not_taken(kind, packets, -EPROTOTYPE);
    CHECK_EQ(plain_close(packets), 0);
}
DEFINE_CASES(EACH_KIND, from_fd_refuses_sockets_that_are_alone)

/* ---- Giving back ----------------------------------------------------------------------------- */

/* The descriptor is alive and as it was, and no event comes of it any more. */
static void into_fd_deregisters_and_leaves_an_open_descriptor(enum kind kind)
{
    struct watched watched;
    mio_fd accepted;
    watched_open(&watched, kind, MIO_READABLE | MIO_WRITABLE);
    mio_fd fd = object_into_fd(&watched.object, kind);
    CHECK_EQ(fd, watched.plain.fd);
    CHECK(test_is_nonblocking(fd) && test_is_cloexec(fd));
    plain_deliver(&watched.plain, fd);
    test_expect_no_event(&watched.poll);
    if (is_listener(kind)) {
        CHECK_EQ(plain_accept(fd, &accepted), 0);
        CHECK_EQ(plain_close(accepted), 0);
    } else {
        CHECK_EQ(plain_recv(fd, &(char){0}, 1), 1);
    }
    CHECK_EQ(object_use(&watched.object, kind), -EBADF);
    CHECK(object_into_fd(&watched.object, kind) == MIO_FD_NONE);
    CHECK_EQ(object_close(&watched.object, kind), 0);
    CHECK(plain_is_open(fd));
    CHECK_EQ(plain_close(fd), 0);
    watched_close(&watched);
}
DEFINE_CASES(EACH_KIND, into_fd_deregisters_and_leaves_an_open_descriptor)

/* ---- Closing and moving ---------------------------------------------------------------------- */

/* A duplicate keeps the socket alive, so the system alone would go on to report it. */
static void close_deregisters_even_beside_a_duplicate(enum kind kind)
{
    struct watched watched;
    watched_open(&watched, kind, MIO_READABLE);
    mio_fd duplicate = plain_duplicate(watched.plain.fd);
    CHECK_EQ(object_close(&watched.object, kind), 0);
    CHECK(!mio_source_is_registered(&watched.object.source));
    CHECK(!plain_is_open(watched.plain.fd));
    plain_deliver(&watched.plain, duplicate);
    test_expect_no_event(&watched.poll);
    CHECK_EQ(plain_close(duplicate), 0);
    watched_close(&watched);
}
DEFINE_CASES(EACH_KIND, close_deregisters_even_beside_a_duplicate)

static void registered_object_can_be_moved(enum kind kind)
{
    const mio_interest interest = MIO_READABLE | test_config.mode;
    struct watched watched;
    union object moved;
    watched_open(&watched, kind, MIO_READABLE);
    memcpy(&moved, &watched.object, sizeof moved);
    memset(&watched.object, 0xa5, sizeof watched.object);
    plain_deliver(&watched.plain, watched.plain.fd);
    CHECK_EQ(test_expect_event(&watched.poll, TOKEN), MIO_READABLE);
    CHECK_EQ(object_use(&moved, kind), 1);
    CHECK_EQ(object_use(&moved, kind), -EAGAIN);
    CHECK(mio_source_is_registered(&moved.source));
    CHECK_EQ(mio_reregister(mio_poll_registry(&watched.poll), &moved.source, TOKEN + 1, interest),
             0);
    plain_deliver(&watched.plain, watched.plain.fd);
    CHECK_EQ(test_expect_event(&watched.poll, TOKEN + 1), MIO_READABLE);
    CHECK_EQ(object_close(&moved, kind), 0);
    watched_close(&watched);
}
DEFINE_CASES(EACH_KIND, registered_object_can_be_moved)

static const struct test_case cases[] = {
    /* clang-format off */
    CASES(EACH_KIND, from_fd_is_nonblocking_and_not_inherited, 0)
    CASES(EACH_IP_KIND, from_fd_takes_ipv6, 0)
    CASES(EACH_KIND, defect_22_from_fd_keeps_other_status_flags, 0)
    CASES(EACH_KIND, from_fd_refuses_what_is_no_socket, 0)
    CASES(EACH_KIND, from_fd_refuses_sockets_of_another_kind, 0)
    CASES(EACH_KIND, from_fd_refuses_sockets_that_are_alone, 0)
    CASES(EACH_KIND, into_fd_deregisters_and_leaves_an_open_descriptor, TEST_ANY_MODE)
    CASES(EACH_KIND, close_deregisters_even_beside_a_duplicate, TEST_ANY_MODE)
    CASES(EACH_KIND, registered_object_can_be_moved, TEST_ANY_MODE)
    {NULL, NULL, 0},
    /* clang-format on */
};

const struct test_suite suite_fd = {"fd", cases};
