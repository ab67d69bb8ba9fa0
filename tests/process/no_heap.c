/*
 * The library uses no heap: this program replaces the allocator by one that counts. Nothing is
 * allocated while the library opens, registers, waits, moves bytes and closes.
 */
#define _GNU_SOURCE 1
#include "net.h"

#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#endif

/* ---- The allocator --------------------------------------------------------------------------- */

/* Calls of the allocator: allocations and releases alike. */
static atomic_ulong calls;

#if defined(__GLIBC__) && !defined(HAS_SANITIZER)
#define COUNTS 1

/* The names of glibc for its own allocator. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *pointer, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *pointer);

void *malloc(size_t size)
{
    atomic_fetch_add(&calls, 1);
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    atomic_fetch_add(&calls, 1);
    return __libc_calloc(count, size);
}

void *realloc(void *pointer, size_t size)
{
    atomic_fetch_add(&calls, 1);
    return __libc_realloc(pointer, size);
}

void *memalign(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size)
{
    atomic_fetch_add(&calls, 1);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **pointer, size_t alignment, size_t size)
{
    *pointer = memalign(alignment, size);
    return *pointer ? 0 : ENOMEM;
}

void free(void *pointer)
{
    atomic_fetch_add(&calls, 1);
    __libc_free(pointer);
}
#endif

/* Backends with tables get memory of the program's own, which is theirs alone while any is out. */
static union {
    max_align_t align;
    unsigned char bytes[1 << 20];
} arena;
static size_t arena_used, arena_blocks;

static void *arena_allocate(void *arg, size_t size)
{
    size_t rounded = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    (void)arg;
    if (rounded > sizeof arena.bytes - arena_used)
        return NULL;
    arena_used += rounded;
    arena_blocks++;
    return arena.bytes + arena_used - rounded;
}

static void arena_release(void *arg, void *memory, size_t size)
{
    (void)arg, (void)memory, (void)size;
    if (--arena_blocks == 0)
        arena_used = 0;
}

static void need_counter(void)
{
#ifndef COUNTS
    SKIP("the allocator cannot be replaced here: a sanitizer, or a C library that is not glibc");
#endif
    if (test_under_valgrind())
        SKIP("valgrind replaces the allocator itself");
}

static void check_no_calls(unsigned long before)
{
    CHECK_EQ(atomic_load(&calls), before);
}

/* ---- Cases ----------------------------------------------------------------------------------- */

/* Through volatile pointers, because compilers leave out what they see to be unused. */
static void counter_counts(void)
{
    static void *(*volatile allocate)(size_t) = malloc;
    static void *(*volatile allocate_zeroed)(size_t, size_t) = calloc;
    static void *(*volatile resize)(void *, size_t) = realloc;
    static int (*volatile allocate_aligned)(void **, size_t, size_t) = posix_memalign;
    static char *(*volatile duplicate)(const char *) = strdup;
    static void (*volatile release)(void *) = free;
    void *aligned = NULL;
    need_counter();
    unsigned long before = atomic_load(&calls);
    void *first = resize(allocate(10), 20000);
    CHECK_EQ(atomic_load(&calls), before + 2);
    void *second = allocate_zeroed(3, 4);
    CHECK_EQ(allocate_aligned(&aligned, 64, 64), 0);
    CHECK_EQ(atomic_load(&calls), before + 4);
    /* Calls from inside a shared library are seen as well. */
    void *third = duplicate("text");
    CHECK_EQ(atomic_load(&calls), before + 5);
    release(first);
    release(second);
    release(third);
    release(aligned);
    CHECK_EQ(atomic_load(&calls), before + 9);
}

static void polls_and_wakers(void)
{
    struct mio_poll poll;
    struct mio_registry clone;
    struct mio_waker wakers[MIO_WAKERS_MAX];
    struct mio_event events[MIO_WAKERS_MAX];
    struct mio_counters counters;
    char text[MIO_EVENT_TEXT];
    need_counter();
    unsigned long before = atomic_load(&calls);
    test_poll_init(&poll);
    CHECK_EQ(mio_registry_clone(mio_poll_registry(&poll), &clone), 0);
    for (size_t i = 0; i < MIO_WAKERS_MAX; i++)
        CHECK_EQ(mio_waker_init(&wakers[i], &clone, i), 0);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < MIO_WAKERS_MAX; i++)
            CHECK_EQ(mio_waker_wake(&wakers[i]), 0);
        CHECK_EQ(mio_poll_wait(&poll, events, MIO_WAKERS_MAX, TEST_SOON), MIO_WAKERS_MAX);
    }
    CHECK_EQ(mio_poll_wait(&poll, events, MIO_WAKERS_MAX, 1), 0);
    CHECK_EQ(mio_poll_wait(&poll, events, MIO_WAKERS_MAX, MIO_NS_PER_MS), 0);
    CHECK_EQ(mio_poll_counters(&poll, &counters), 0);
    CHECK(mio_event_format(&events[0], text, sizeof text) > 0);
    CHECK(mio_interest_format(MIO_READABLE, text, sizeof text) > 0);
    CHECK(strlen(mio_strerror(-EAGAIN)) > 0);
    for (size_t i = 0; i < MIO_WAKERS_MAX; i++)
        CHECK_EQ(mio_waker_close(&wakers[i]), 0);
    CHECK_EQ(mio_registry_close(&clone), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    check_no_calls(before);
}

enum { SOURCES = 1000 };

/* As many sources as the limit of descriptors allows, up to a thousand. */
static int count_sources(void)
{
    struct rlimit limit;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < SOURCES + 64 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max < SOURCES + 64 ? limit.rlim_max : SOURCES + 64;
        CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    }
    return limit.rlim_cur < SOURCES + 64 ? (int)limit.rlim_cur - 64 : SOURCES;
}

static void thousand_registrations(void)
{
    static struct mio_source sources[SOURCES];
    static struct mio_event events[SOURCES];
    struct mio_poll poll;
    int fds[SOURCES], count = count_sources();
    need_counter();
    CHECK(count > 0);
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    /* Duplicates of one eventfd: what makes one of them ready makes all of them ready. */
    fds[0] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    for (int i = 0; i < count; i++) {
        if (i > 0)
            fds[i] = fcntl(fds[0], F_DUPFD_CLOEXEC, 0);
        CHECK(fds[i] >= 0);
    }
    unsigned long before = atomic_load(&calls);
    for (int i = 0; i < count; i++) {
        CHECK_EQ(mio_source_init_fd(&sources[i], fds[i]), 0);
        CHECK_EQ(mio_register(registry, &sources[i], (mio_token)i, MIO_READABLE), 0);
    }
    CHECK_EQ(eventfd_write(fds[0], 1), 0);
    CHECK_EQ(mio_poll_wait(&poll, events, SOURCES, TEST_SOON), count);
    for (int i = 0; i < count; i++)
        CHECK_EQ(mio_reregister(registry, &sources[i], (mio_token)i, MIO_READABLE | MIO_LEVEL), 0);
    CHECK_EQ(mio_poll_wait(&poll, events, SOURCES, TEST_SOON), count);
    for (int i = 0; i < count; i++)
        CHECK_EQ(mio_deregister(registry, &sources[i]), 0);
    check_no_calls(before);
    for (int i = 0; i < count; i++)
        CHECK_EQ(close(fds[i]), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

enum { ROUNDS = 100 };

/* Both ends, full and empty, and nobody at the other one. */
static void pipes(void)
{
    static char block[1 << 21];
    struct mio_poll poll;
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    struct mio_buf bufs[2] = {{block, 2}, {block + 2, 3}};
    need_counter();
    unsigned long before = atomic_load(&calls);
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
        CHECK_EQ(mio_register(registry, &sender.source, 1, MIO_WRITABLE), 0);
        test_expect_event(&poll, 1);
        CHECK_EQ(mio_pipe_sender_write(&sender, block, 5), 5);
        CHECK_EQ(mio_pipe_sender_writev(&sender, bufs, 2), 5);
        CHECK(mio_pipe_sender_write(&sender, block, sizeof block) > 0);
        CHECK_EQ(mio_pipe_sender_write(&sender, block, 1), -EAGAIN);
        CHECK_EQ(mio_register(registry, &receiver.source, 2, MIO_READABLE), 0);
        test_expect_event(&poll, 2);
        CHECK_EQ(mio_pipe_receiver_readv(&receiver, bufs, 2), 5);
        while (mio_pipe_receiver_read(&receiver, block, sizeof block) > 0)
            ;
        test_expect_event(&poll, 1);
        CHECK_EQ(mio_pipe_receiver_set_nonblocking(&receiver, true), 0);
        CHECK_EQ(mio_pipe_receiver_from_fd(&receiver, mio_pipe_receiver_into_fd(&receiver)), 0);
        CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
        CHECK_EQ(mio_pipe_sender_write(&sender, block, 5), -EPIPE);
        CHECK_EQ(mio_pipe_sender_from_fd(&sender, mio_pipe_sender_into_fd(&sender)), 0);
        CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
    check_no_calls(before);
}

#ifndef MIO_NO_NET
/* One exchange in each direction, by every call that moves bytes. */
static void exchange(struct mio_poll *poll, struct mio_tcp_stream *from, struct mio_tcp_stream *to,
                     mio_token token)
{
    char text[] = "hello", got[16];
    struct mio_buf out[2] = {{text, 2}, {text + 2, 3}}, in[2] = {{got, 1}, {got + 1, 8}};
    CHECK_EQ(mio_tcp_stream_write(from, text, 5), 5);
    test_expect_event(poll, token);
    CHECK_EQ(mio_tcp_stream_peek(to, got, sizeof got), 5);
    CHECK_EQ(mio_tcp_stream_read(to, got, sizeof got), 5);
    CHECK_EQ(mio_tcp_stream_writev(from, out, 2), 5);
    test_expect_event(poll, token);
    CHECK_EQ(mio_tcp_stream_readv(to, in, 2), 5);
    CHECK_EQ(mio_tcp_stream_read(to, got, sizeof got), -EAGAIN);
}

static void listeners_and_streams(void)
{
    struct mio_poll poll;
    struct mio_tcp_listener listener;
    struct mio_tcp_stream client, server;
    struct mio_addr addr, peer;
    char text[MIO_ADDR_TEXT];
    need_counter();
    unsigned long before = atomic_load(&calls);
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK_EQ(mio_addr_parse(&addr, "127.0.0.1:0"), 0);
    CHECK_EQ(mio_tcp_listener_bind(&listener, &addr), 0);
    CHECK_EQ(mio_tcp_listener_local_addr(&listener, &addr), 0);
    CHECK(mio_addr_format(&addr, text, sizeof text) > 0);
    CHECK_EQ(mio_register(registry, &listener.source, 1, MIO_READABLE), 0);
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(mio_tcp_stream_connect(&client, &addr), 0);
        test_expect_event(&poll, 1);
        CHECK_EQ(mio_tcp_listener_accept(&listener, &server, &peer), 0);
        CHECK_EQ(mio_tcp_listener_accept(&listener, &(struct mio_tcp_stream){0}, NULL), -EAGAIN);
        CHECK_EQ(mio_register(registry, &server.source, 2, MIO_READABLE), 0);
        exchange(&poll, &client, &server, 2);
        CHECK_EQ(mio_deregister(registry, &server.source), 0);
        CHECK_EQ(mio_register(registry, &client.source, 3, MIO_READABLE), 0);
        exchange(&poll, &server, &client, 3);
        CHECK_EQ(mio_tcp_stream_set_nodelay(&client, true), 0);
        CHECK_EQ(mio_tcp_stream_connect_result(&client), 0);
        CHECK_EQ(mio_tcp_stream_from_fd(&server, mio_tcp_stream_into_fd(&server)), 0);
        CHECK_EQ(mio_tcp_stream_shutdown(&server, MIO_SHUTDOWN_BOTH), 0);
        CHECK_EQ(mio_tcp_stream_close(&client), 0);
        CHECK_EQ(mio_tcp_stream_close(&server), 0);
    }
    CHECK_EQ(mio_tcp_listener_close(&listener), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    check_no_calls(before);
}

/* One exchange over streams of which the second one is registered. */
static void exchange_unix(struct mio_poll *poll, struct mio_unix_stream *from,
                          struct mio_unix_stream *to, mio_token token)
{
    char text[] = "hello", got[16];
    struct mio_buf out[2] = {{text, 2}, {text + 2, 3}}, in[2] = {{got, 1}, {got + 1, 8}};
    CHECK_EQ(mio_unix_stream_write(from, text, 5), 5);
    test_expect_event(poll, token);
    CHECK_EQ(mio_unix_stream_peek(to, got, sizeof got), 5);
    CHECK_EQ(mio_unix_stream_read(to, got, sizeof got), 5);
    CHECK_EQ(mio_unix_stream_writev(from, out, 2), 5);
    test_expect_event(poll, token);
    CHECK_EQ(mio_unix_stream_readv(to, in, 2), 5);
    CHECK_EQ(mio_unix_stream_read(to, got, sizeof got), -EAGAIN);
}

static void unix_listeners_and_streams(void)
{
    struct mio_poll poll;
    struct mio_unix_listener listener;
    struct mio_unix_stream client, server, none;
    struct mio_addr addr, peer;
    char text[MIO_ADDR_TEXT];
    need_counter();
    unsigned long before = atomic_load(&calls);
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK_EQ(mio_addr_parse(&addr, "unix:"), 0);
    CHECK_EQ(mio_unix_listener_bind(&listener, &addr), 0);
    CHECK_EQ(mio_unix_listener_local_addr(&listener, &addr), 0);
    CHECK(mio_addr_format(&addr, text, sizeof text) > 0);
    CHECK_EQ(mio_register(registry, &listener.source, 1, MIO_READABLE), 0);
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(mio_unix_stream_connect(&client, &addr), 0);
        test_expect_event(&poll, 1);
        CHECK_EQ(mio_unix_listener_accept(&listener, &server, &peer), 0);
        CHECK_EQ(mio_unix_listener_accept(&listener, &none, NULL), -EAGAIN);
        CHECK_EQ(mio_register(registry, &server.source, 2, MIO_READABLE), 0);
        exchange_unix(&poll, &client, &server, 2);
        CHECK_EQ(mio_unix_stream_peer_addr(&server, &peer), 0);
        CHECK_EQ(mio_unix_stream_take_error(&server), 0);
        CHECK_EQ(mio_unix_stream_from_fd(&server, mio_unix_stream_into_fd(&server)), 0);
        CHECK_EQ(mio_unix_stream_shutdown(&server, MIO_SHUTDOWN_BOTH), 0);
        CHECK_EQ(mio_unix_stream_close(&client), 0);
        CHECK_EQ(mio_unix_stream_close(&server), 0);
        CHECK_EQ(mio_unix_stream_pair(&client, &server), 0);
        CHECK_EQ(mio_register(registry, &client.source, 3, MIO_READABLE), 0);
        exchange_unix(&poll, &server, &client, 3);
        CHECK_EQ(mio_unix_stream_close(&client), 0);
        CHECK_EQ(mio_unix_stream_write(&server, "x", 1), -EPIPE);
        CHECK_EQ(mio_unix_stream_close(&server), 0);
    }
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    check_no_calls(before);
}

static void udp_sockets(void)
{
    struct mio_poll poll;
    struct mio_udp_socket a, b;
    struct mio_addr any, addr, from;
    char got[16];
    need_counter();
    unsigned long before = atomic_load(&calls);
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK_EQ(mio_addr_parse(&any, "127.0.0.1:0"), 0);
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(mio_udp_socket_bind(&a, &any), 0);
        CHECK_EQ(mio_udp_socket_bind(&b, &any), 0);
        CHECK_EQ(mio_udp_socket_local_addr(&b, &addr), 0);
        CHECK_EQ(mio_register(registry, &b.source, 1, MIO_READABLE), 0);
        CHECK_EQ(mio_udp_socket_send_to(&a, "hello", 5, &addr), 5);
        test_expect_event(&poll, 1);
        CHECK_EQ(mio_udp_socket_peek_from(&b, got, sizeof got, &from), 5);
        CHECK_EQ(mio_udp_socket_recv_from(&b, got, sizeof got, &from), 5);
        CHECK_EQ(mio_udp_socket_recv(&b, got, sizeof got), -EAGAIN);
        CHECK_EQ(mio_udp_socket_connect(&b, &from), 0);
        CHECK_EQ(mio_register(registry, &a.source, 2, MIO_READABLE), 0);
        CHECK_EQ(mio_udp_socket_send(&b, "hello", 5), 5);
        test_expect_event(&poll, 2);
        CHECK_EQ(mio_udp_socket_recv(&a, got, sizeof got), 5);
        CHECK_EQ(mio_udp_socket_take_error(&a), 0);
        CHECK_EQ(mio_udp_socket_from_fd(&a, mio_udp_socket_into_fd(&a)), 0);
        CHECK_EQ(mio_udp_socket_close(&a), 0);
        CHECK_EQ(mio_udp_socket_close(&b), 0);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
    check_no_calls(before);
}

static void unix_datagrams(void)
{
    struct mio_poll poll;
    struct mio_unix_datagram a, b;
    struct mio_addr unnamed, addr, from;
    char got[16];
    need_counter();
    unsigned long before = atomic_load(&calls);
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK_EQ(mio_addr_unix_unnamed(&unnamed), 0);
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(mio_unix_datagram_bind(&a, &unnamed), 0);
        CHECK_EQ(mio_unix_datagram_local_addr(&a, &addr), 0);
        CHECK_EQ(mio_unix_datagram_open(&b), 0);
        CHECK_EQ(mio_register(registry, &a.source, 1, MIO_READABLE), 0);
        CHECK_EQ(mio_unix_datagram_send_to(&b, "hello", 5, &addr), 5);
        test_expect_event(&poll, 1);
        CHECK_EQ(mio_unix_datagram_peek_from(&a, got, sizeof got, &from), 5);
        CHECK_EQ(mio_unix_datagram_recv_from(&a, got, sizeof got, &from), 5);
        CHECK_EQ(mio_unix_datagram_recv(&a, got, sizeof got), -EAGAIN);
        CHECK_EQ(mio_unix_datagram_connect(&b, &addr), 0);
        CHECK_EQ(mio_unix_datagram_send(&b, "hello", 5), 5);
        test_expect_event(&poll, 1);
        CHECK_EQ(mio_unix_datagram_close(&a), 0);
        CHECK_EQ(mio_unix_datagram_close(&b), 0);
        CHECK_EQ(mio_unix_datagram_pair(&a, &b), 0);
        CHECK_EQ(mio_register(registry, &b.source, 2, MIO_READABLE | MIO_WRITABLE), 0);
        while (mio_unix_datagram_send(&b, "hello", 5) == 5)
            ;
        while (mio_unix_datagram_recv(&a, got, sizeof got) == 5)
            ;
        test_expect_event(&poll, 2);
        CHECK_EQ(mio_unix_datagram_shutdown(&a, MIO_SHUTDOWN_BOTH), 0);
        CHECK_EQ(mio_unix_datagram_from_fd(&a, mio_unix_datagram_into_fd(&a)), 0);
        CHECK_EQ(mio_unix_datagram_close(&a), 0);
        CHECK_EQ(mio_unix_datagram_close(&b), 0);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
    check_no_calls(before);
}
#endif

static const struct test_case cases[] = {
    {"counter_counts", counter_counts, 0},
    {"polls_and_wakers", polls_and_wakers, 0},
    {"thousand_registrations", thousand_registrations, 0},
    {"pipes", pipes, 0},
#ifndef MIO_NO_NET
    {"listeners_and_streams", listeners_and_streams, 0},
    {"unix_listeners_and_streams", unix_listeners_and_streams, 0},
    {"udp_sockets", udp_sockets, 0},
    {"unix_datagrams", unix_datagrams, 0},
#endif
    {NULL, NULL, 0},
};

int main(int argc, char **argv)
{
    static const struct test_suite no_heap = {"no_heap", cases};
    static const struct test_suite *const suites[] = {&no_heap, NULL};
    test_config.poll.allocator.allocate = arena_allocate;
    test_config.poll.allocator.release = arena_release;
    return test_main(argc, argv, suites);
}
