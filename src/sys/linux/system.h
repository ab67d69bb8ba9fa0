/*
 * Facts about Linux and Android that the files of sys/unix/ have to know. Each system that they are
 * built for has such a file. Remarks on other systems here are for theirs.
 */
#ifndef MIO_SYSTEM_H
#define MIO_SYSTEM_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

/*
 * Flags of each send. The BSDs have this one, too. On Apple's systems new sockets get SO_NOSIGPIPE
 * instead, since older ones lack the flag.
 */
#define MIO__SEND_FLAGS MSG_NOSIGNAL

/*
 * Several sockets have one port, and the system spreads what comes in. DragonFly has the same,
 * FreeBSD has SO_REUSEPORT_LB for that. Elsewhere SO_REUSEPORT shares the port only.
 */
#define MIO__SO_SPREAD_PORT SO_REUSEPORT

/*
 * Several receivers of a multicast group have one port, whatever they are bound to. On the BSDs but
 * DragonFly, and on Apple's systems, that is SO_REUSEPORT: SO_REUSEADDR does it there for sockets
 * that are bound to a group only.
 */
#define MIO__SO_SHARE_PORT SO_REUSEADDR

/*
 * The type of IP_MULTICAST_TTL and IP_MULTICAST_LOOP: unsigned char on the others, and OpenBSD
 * takes nothing else.
 */
typedef int mio__multicast_v4;

/* The flag of an end of a pipe in packet mode: 0 on all others. */
#define MIO__PACKET_MODE O_DIRECT

/* An option that a system does not have. */
#define MIO__NO_OPTION (-1)

/*
 * Datagrams. The class of IPv4 (TOS): the option to be told of it, the type of that message, and
 * its type when it is sent, an int or an unsigned char; the type of the message with the time to
 * live. IP_PKTINFO: the option, and the field with the address to send from.
 */
#define MIO__RECEIVE_CLASS_V4 IP_RECVTOS
#define MIO__CMSG_CLASS_V4 IP_TOS
#define MIO__SENDS_CLASS_V4 1
typedef int mio__class_v4;
#define MIO__CMSG_HOPS_V4 IP_TTL
#define MIO__RECEIVE_PKTINFO IP_PKTINFO
#define MIO__PKTINFO_SOURCE ipi_spec_dst

/* When a datagram came: the option, the message, and what it holds. */
#define MIO__RECEIVE_ARRIVAL SO_TIMESTAMPNS
#define MIO__CMSG_ARRIVAL SCM_TIMESTAMPNS
typedef struct timespec mio__arrival;
#define MIO__ARRIVAL_NS(time) ((time).tv_nsec)

/*
 * Segments and rows of messages (linux/udp.h since 4.18 and 5.0, sendmmsg and recvmmsg). A build
 * for tests goes without them, as most other systems do.
 */
#ifndef MIO_PLAIN_DATAGRAMS
#define MIO__UDP_SEGMENT 103
#define MIO__UDP_COALESCE 104
#define MIO__HAS_MESSAGE_CALLS 1
#else
#define MIO__UDP_SEGMENT MIO__NO_OPTION
#define MIO__UDP_COALESCE MIO__NO_OPTION
#define MIO__HAS_MESSAGE_CALLS 0
#endif

/* Whether a sockaddr begins with its length, in one byte: on the BSDs and Apple's systems. */
enum { MIO__HAS_SA_LEN = 0 };

/* Whether there are abstract names in the Unix domain: on no other. */
enum { MIO__HAS_ABSTRACT = 1 };

#endif
