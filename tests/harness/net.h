/*
 * The common part of several suites: events that come or do not come, and real connections whose
 * other side is a plain descriptor.
 */
#ifndef MIO_TEST_NET_H
#define MIO_TEST_NET_H

#include "plain.h"
#include "test.h"
/* By its place: src/sys/ has headers of that name. */
#include "../support/system.h"

/* The time that a wait for something that must come may take before the case fails. */
#define TEST_SOON (10 * MIO_NS_PER_S)
/*
 * The time that a wait for something that must not come takes. A wrong event is in the queue at
 * once, for what is done to loopback sockets and pipes is done when the call returns; the rest is
 * for packets that the kernel puts off on a busy machine. There are a thousand such waits in a run.
 */
#define TEST_QUIET (5 * MIO_NS_PER_MS)

/* Waits until the token is reported and returns its readiness; other tokens fail the case. */
uint32_t test_expect_event(struct mio_poll *poll, mio_token token);
/* Fails the case if anything is reported. */
void test_expect_no_event(struct mio_poll *poll);
/* Waits until token is reported with all bits of wanted, over several events; returns their or. */
uint32_t test_expect_readiness(struct mio_poll *poll, mio_token token, uint32_t wanted);

/* Reads a raw source until would-block and reports that, as the draining rule asks. */
void test_drain(struct mio_source *source);

/* Unless the system neither tells nor can be tried. */
bool test_is_nonblocking(mio_fd fd);
bool test_is_cloexec(mio_fd fd);

/* Skips the case where the system has no such sockets in the Unix domain, or no such pairs. */
void test_need_unix(enum plain_type type);
void test_need_unix_pair(enum plain_type type);
/* Skips the case where a look at a datagram socket does not tell that a datagram was refused. */
void test_need_refusals(void);

#ifndef MIO_NO_NET
/* Whether the host has IPv6 on the loopback device. */
bool test_has_ipv6(void);
/* A listener on an ephemeral loopback port, and its address. */
void test_listen(struct mio_tcp_listener *listener, struct mio_addr *addr);
/* A connected pair: our non-blocking stream, and the peer as a plain descriptor. */
void test_tcp_pair(struct mio_tcp_stream *stream, mio_fd *peer);
/* A plain client descriptor connected to the address. */
mio_fd test_client(const struct mio_addr *addr);
#endif

#endif
