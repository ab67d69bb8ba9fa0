/*
 * What the suites of UDP sockets share. The peers are plain blocking descriptors, and names are
 * asked of the system, so that the library is never its own witness.
 */
#ifndef MIO_TEST_UDP_UTIL_H
#define MIO_TEST_UDP_UTIL_H

#include "tcp/tcp_util.h"

/* A socket bound to the text of an address, "127.0.0.1:0" usually, with options or NULL. */
void udp_open(struct mio_udp_socket *socket, const char *text,
              const struct mio_datagram_options *options);
/* Closes it and requires success. */
void udp_close(struct mio_udp_socket *socket);
int udp_fd(const struct mio_udp_socket *socket);
/* The address of this side, as getsockname(2) tells it. */
struct mio_addr udp_name(int fd);

/* A bound blocking descriptor, which gives up after a while, and its address. */
int udp_peer(const char *text, struct mio_addr *addr);
void udp_peer_connect(int fd, const struct mio_addr *to);
void udp_peer_send(int fd, const void *buf, size_t len, const struct mio_addr *to);
/* Requires that the next datagram is this one; its sender. */
struct mio_addr udp_peer_expect(int fd, const void *wanted, size_t len);
/* Nothing has come and nothing comes for a while. */
void udp_expect_nothing(int fd);

/* A datagram from the peer that has arrived in the socket: nothing else may be in it. */
void udp_deliver(int peer, const struct mio_udp_socket *socket, const void *buf, size_t len);

/* Requires that recv gives this datagram, which is on its way or there. */
void udp_expect(struct mio_udp_socket *socket, const void *wanted, size_t len);
/* Receives until -EAGAIN; the number of datagrams. */
int udp_drain(struct mio_udp_socket *socket);

/*
 * A descriptor that holds a port but takes no datagrams of ours: it is connected to somebody else.
 * So the system refuses them, which a port that was merely closed does not promise.
 */
int udp_refusing(const char *text, struct mio_addr *addr);

/* Sends one byte from a descriptor, which the system refuses; the refusal has arrived. */
void udp_be_refused(struct mio_udp_socket *socket);

/* The time to live (IPv4) or the hop limit (IPv6) that the next datagram of a peer came with. */
void udp_peer_want_ttl(int fd, bool ipv6);
int udp_peer_ttl(int fd);

#endif
