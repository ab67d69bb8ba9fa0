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

/* Whether a sockaddr begins with its length, in one byte: on the BSDs and Apple's systems. */
enum { MIO__HAS_SA_LEN = 0 };

/* Whether there are abstract names in the Unix domain: on no other. */
enum { MIO__HAS_ABSTRACT = 1 };

#endif
