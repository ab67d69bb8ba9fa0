/*
 * Facts that the files of sys/unix/ and sys/bsd/ have to know of a system whose queue is simulated
 * and whose sockets are Linux's. It takes the place of sys/bsd/system.h, so it is included before
 * all else, by the command line.
 */
#ifndef MIO_SYSTEM_H
#define MIO_SYSTEM_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#define MIO__SEND_FLAGS MSG_NOSIGNAL
#define MIO__SO_SPREAD_PORT SO_REUSEPORT
#define MIO__SO_SHARE_PORT SO_REUSEADDR
typedef int mio__multicast_v4;
#define MIO__PACKET_MODE O_DIRECT
#define MIO__NO_OPTION (-1)
#define MIO__UDP_SEGMENT MIO__NO_OPTION
#define MIO__UDP_COALESCE MIO__NO_OPTION
#define MIO__RECEIVE_CLASS_V4 IP_RECVTOS
#define MIO__CMSG_CLASS_V4 IP_TOS
#define MIO__SENDS_CLASS_V4 1
typedef int mio__class_v4;
#define MIO__CMSG_HOPS_V4 IP_TTL
#define MIO__RECEIVE_PKTINFO IP_PKTINFO
#define MIO__PKTINFO_SOURCE ipi_spec_dst
#define MIO__RECEIVE_ARRIVAL SO_TIMESTAMP
#define MIO__CMSG_ARRIVAL SCM_TIMESTAMP
typedef struct timeval mio__arrival;
#define MIO__ARRIVAL_NS(time) ((int64_t)(time).tv_usec * 1000)
#define MIO__HAS_MESSAGE_CALLS 0
enum { MIO__HAS_SA_LEN = 0 };
enum { MIO__HAS_ABSTRACT = 1 };

/* As sys/bsd/traits.h says it of each system. */
#ifndef MIO__HAS_PPOLL
#define MIO__HAS_PPOLL 1
#endif
#define MIO__PPOLL ppoll
#define MIO__HAS_THRSIGDIVERT 0

/* The flag that keeps SIGPIPE away on Apple's systems and NetBSD (wrap_silent.c). */
#define F_SETNOSIGPIPE 73
#define F_GETNOSIGPIPE 74

#endif
