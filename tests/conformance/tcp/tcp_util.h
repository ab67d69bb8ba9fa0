/*
 * The common part of the suites of listeners and streams. A case observes with system calls of its
 * own, so that the library is never its own witness.
 */
#ifndef MIO_TEST_TCP_UTIL_H
#define MIO_TEST_TCP_UTIL_H

#include "net.h"

/* Parses an address that must be one. */
struct mio_addr tcp_addr(const char *text);

/* A connected pair, both ends ours. The text is the address to listen on, "127.0.0.1:0" usually. */
void tcp_pair(const char *text, struct mio_tcp_stream *client, struct mio_tcp_stream *server);

/* Waits until a connection waits in the listener and accepts it; peer may be NULL. */
void tcp_accept(struct mio_tcp_listener *listener, struct mio_tcp_stream *stream,
                struct mio_addr *peer);

/*
 * A descriptor that holds a loopback port without listening on it: connections to the address are
 * refused as long as it is open, which a port that was merely closed does not promise.
 */
mio_fd tcp_refusing(struct mio_addr *addr);

/*
 * Connects to an address that refuses and waits until the refusal has arrived. A host that refuses
 * within the call itself cannot run the case: it is skipped.
 */
void tcp_connect_refused(struct mio_tcp_stream *stream);

/* A stream whose peer has reset the connection; the reset has arrived. */
void tcp_reset_by_peer(struct mio_tcp_stream *stream);

/* Skips the case where the host has no IPv6. */
void tcp_need_ipv6(void);

mio_fd tcp_fd(const struct mio_tcp_stream *stream);

/*
 * The results of two reads of a plain socket, after a reset and a look at it: the system may lose
 * the error with the look, or say it again and again. The others skip where it is lost, to a read
 * or to the question for the pending error.
 */
void tcp_plain_reset_reads(ptrdiff_t results[2]);
void tcp_need_errors_of_reads(void);
void tcp_need_pending_errors(void);
/* Whether a write says that nobody will read it: not every system tells in which way. */
bool tcp_is_broken(ptrdiff_t result);

/* Whether several sockets may have one port. */
bool tcp_has_reuse_port(void);

/* Closes streams and requires success. */
void tcp_close(struct mio_tcp_stream *stream);

#endif
