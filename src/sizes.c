/* Sizes and layout: the promises of the header, and the functions that tell bindings of them. */
#include <mio.h>

_Static_assert(sizeof(struct mio_event) == 16, "an event is 16 bytes everywhere");
_Static_assert(offsetof(struct mio_event, token) == 8, "the token follows two words");
_Static_assert(sizeof(struct mio_source) <= (sizeof(void *) == 8 ? 24 + 2 * sizeof(mio_fd) : 24),
               "a source stays small: 32 bytes on 64-bit Unix");

#define IS_ALIGNED(type)                                                                           \
    (_Alignof(type) <= _Alignof(void *) || _Alignof(type) <= _Alignof(uint64_t))
_Static_assert(IS_ALIGNED(struct mio_poll) && IS_ALIGNED(struct mio_event) &&
                   IS_ALIGNED(struct mio_source) && IS_ALIGNED(struct mio_waker),
               "malloc'ed memory, or an array of uint64_t, serves for every object");

int mio_version(void)
{
    return MIO_VERSION;
}

size_t mio_sizeof_poll(void)
{
    return sizeof(struct mio_poll);
}

size_t mio_sizeof_poll_options(void)
{
    return sizeof(struct mio_poll_options);
}

size_t mio_sizeof_registry(void)
{
    return sizeof(struct mio_registry);
}

size_t mio_sizeof_source(void)
{
    return sizeof(struct mio_source);
}

size_t mio_sizeof_waker(void)
{
    return sizeof(struct mio_waker);
}

size_t mio_sizeof_event(void)
{
    return sizeof(struct mio_event);
}

size_t mio_sizeof_counters(void)
{
    return sizeof(struct mio_counters);
}

#if MIO_HAS_PIPES

size_t mio_sizeof_pipe_sender(void)
{
    return sizeof(struct mio_pipe_sender);
}

size_t mio_sizeof_pipe_receiver(void)
{
    return sizeof(struct mio_pipe_receiver);
}

#endif

#if MIO_HAS_NAMED_PIPES

size_t mio_sizeof_named_pipe(void)
{
    return sizeof(struct mio_named_pipe);
}

size_t mio_sizeof_named_pipe_options(void)
{
    return sizeof(struct mio_named_pipe_options);
}

#endif

#ifndef MIO_NO_NET

size_t mio_sizeof_addr(void)
{
    return sizeof(struct mio_addr);
}

size_t mio_sizeof_listen_options(void)
{
    return sizeof(struct mio_listen_options);
}

size_t mio_sizeof_connect_options(void)
{
    return sizeof(struct mio_connect_options);
}

size_t mio_sizeof_datagram_options(void)
{
    return sizeof(struct mio_datagram_options);
}

size_t mio_sizeof_datagram(void)
{
    return sizeof(struct mio_datagram);
}

size_t mio_sizeof_fds(void)
{
    return sizeof(struct mio_fds);
}

size_t mio_sizeof_tcp_listener(void)
{
    return sizeof(struct mio_tcp_listener);
}

size_t mio_sizeof_tcp_stream(void)
{
    return sizeof(struct mio_tcp_stream);
}

size_t mio_sizeof_udp_socket(void)
{
    return sizeof(struct mio_udp_socket);
}

size_t mio_sizeof_unix_listener(void)
{
    return sizeof(struct mio_unix_listener);
}

size_t mio_sizeof_unix_stream(void)
{
    return sizeof(struct mio_unix_stream);
}

size_t mio_sizeof_unix_datagram(void)
{
    return sizeof(struct mio_unix_datagram);
}

#endif
