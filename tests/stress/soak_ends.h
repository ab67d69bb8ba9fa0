/* The objects of the soak: both ends of whatever can be connected, under one interface. */
#ifndef MIO_TEST_SOAK_ENDS_H
#define MIO_TEST_SOAK_ENDS_H

#include "test.h"

enum soak_kind {
    SOAK_CLOSED,
    SOAK_RAW,
    SOAK_SENDER,
    SOAK_RECEIVER,
    SOAK_TCP_LISTENER,
    SOAK_TCP_STREAM,
    SOAK_UDP,
    SOAK_UNIX_LISTENER,
    SOAK_UNIX_STREAM,
    SOAK_UNIX_DATAGRAM
};

struct soak_end {
    enum soak_kind kind;
    union {
        struct mio_source source;
        struct mio_pipe_sender sender;
        struct mio_pipe_receiver receiver;
#ifndef MIO_NO_NET
        struct mio_tcp_listener tcp_listener;
        struct mio_tcp_stream tcp_stream;
        struct mio_udp_socket udp;
        struct mio_unix_listener unix_listener;
        struct mio_unix_stream unix_stream;
        struct mio_unix_datagram unix_datagram;
#endif
    } as;
};

/* Which pairs there are. */
enum {
    SOAK_PAIR_PIPE,
    SOAK_PAIR_EVENTFDS, /* over one counter: what one writes both read */
#ifndef MIO_NO_NET
    SOAK_PAIR_UDP,
    SOAK_PAIR_UNIX_STREAM,
    SOAK_PAIR_UNIX_DATAGRAM,
    SOAK_PAIR_TCP_BY_LISTENER,
    SOAK_PAIR_UNIX_BY_LISTENER,
#endif
    SOAK_PAIRS
};

bool soak_has_listener(unsigned pair);
/* Pairs without a listener. */
void soak_open(struct soak_end *a, struct soak_end *b, unsigned pair);
/* Those with one. A connection is ready to be accepted when the listener is reported. */
void soak_listen(struct soak_end *listener, unsigned pair);
void soak_connect(struct soak_end *end, struct soak_end *listener);
void soak_accept(struct soak_end *end, struct soak_end *listener);

/* One operation, with the result of the library; -EAGAIN where the kind has no such operation. */
ptrdiff_t soak_read(struct soak_end *end, void *buf, size_t len);
ptrdiff_t soak_write(struct soak_end *end, const void *buf, size_t len);
bool soak_is_stream(const struct soak_end *end);

/*
 * Takes the descriptor out, which ends the registration, and makes a new object of it. Here and
 * before the close a raw end has to be deregistered.
 */
void soak_take_over(struct soak_end *end);
/* By the object's close, or by hand after into_fd. */
void soak_close(struct soak_end *end, bool by_hand);

#endif
