/*
 * Facts about the BSDs and Apple's systems that the files of sys/unix/ have to know. See traits.h.
 */
#ifndef MIO_SYSTEM_H
#define MIO_SYSTEM_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "sys/bsd/traits.h"

/* The type of IP_MULTICAST_TTL and IP_MULTICAST_LOOP; OpenBSD takes nothing else. */
typedef unsigned char mio__multicast_v4;

/* Pipes have no packet mode. O_DIRECT is there, and means files. */
#define MIO__PACKET_MODE 0

/* Datagrams: sys/linux/system.h says what is what. Nobody else cuts segments, or coalesces. */
#define MIO__NO_OPTION (-1)
#define MIO__UDP_SEGMENT MIO__NO_OPTION
#define MIO__UDP_COALESCE MIO__NO_OPTION
#ifdef IP_RECVTOS
#define MIO__RECEIVE_CLASS_V4 IP_RECVTOS
#define MIO__CMSG_CLASS_V4 IP_RECVTOS
#else
#define MIO__RECEIVE_CLASS_V4 MIO__NO_OPTION
#define MIO__CMSG_CLASS_V4 MIO__NO_OPTION
#endif
#define MIO__CMSG_HOPS_V4 IP_RECVTTL
#define MIO__RECEIVE_ARRIVAL SO_TIMESTAMP
#define MIO__CMSG_ARRIVAL SCM_TIMESTAMP
typedef struct timeval mio__arrival;
#define MIO__ARRIVAL_NS(time) ((int64_t)(time).tv_usec * 1000)

/* A sockaddr begins with its length, in one byte. */
enum { MIO__HAS_SA_LEN = 1 };

/* There are no abstract names in the Unix domain. */
enum { MIO__HAS_ABSTRACT = 0 };

#endif
