/*
 * The common part of the suites of UDP sockets. The peers are plain blocking descriptors, and names
 * are asked of the system, so that the library is never its own witness.
 */
#ifndef MIO_TEST_UDP_UTIL_H
#define MIO_TEST_UDP_UTIL_H

#include "tcp/tcp_util.h"

/* A socket bound to the text of an address, "127.0.0.1:0" usually, with options or NULL. */
void udp_open(struct mio_udp_socket *socket, const char *text,
              const struct mio_datagram_options *options);
/* Closes it and requires success. */
void udp_close(struct mio_udp_socket *socket);
mio_fd udp_fd(const struct mio_udp_socket *socket);

/* A bound blocking descriptor, which gives up after a while, and its address. */
mio_fd udp_peer(const char *text, struct mio_addr *addr);
void udp_peer_connect(mio_fd fd, const struct mio_addr *to);
void udp_peer_send(mio_fd fd, const void *buf, size_t len, const struct mio_addr *to);
/* Requires that the next datagram is this one; its sender. */
struct mio_addr udp_peer_expect(mio_fd fd, const void *wanted, size_t len);
/* Nothing has come and nothing comes for a while. */
void udp_expect_nothing(mio_fd fd);

/*
 * The class (PLAIN_CLASS) with which a datagram arrives that a plain descriptor sends with this
 * one; a negative code where the system cannot be asked.
 */
int udp_class_that_arrives(const char *text, bool is_v6, int value);
/*
 * Skips the case where the system hands on control messages as they are, in the byte order of
 * another machine: an emulator may.
 */
void udp_need_control(void);

/* A datagram from the peer that has arrived in the socket: nothing else may be in it. */
void udp_deliver(mio_fd peer, const struct mio_udp_socket *socket, const void *buf, size_t len);

/* Requires that recv gives this datagram, which is on its way or there. */
void udp_expect(struct mio_udp_socket *socket, const void *wanted, size_t len);
/* Receives until -EAGAIN; the number of datagrams. */
int udp_drain(struct mio_udp_socket *socket);

/*
 * A descriptor that holds a port but takes no datagrams of ours: it is connected to somebody else.
 * So the system refuses them, which a port that was merely closed does not promise.
 */
mio_fd udp_refusing(const char *text, struct mio_addr *addr);

/* Sends one byte from a descriptor, which the system refuses; the refusal has arrived. */
void udp_be_refused(struct mio_udp_socket *socket);

#endif
