/*
 * Facts about the BSDs and Apple's systems that the files of sys/unix/ have to know. See traits.h.
 */
#ifndef MIO_SYSTEM_H
#define MIO_SYSTEM_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sys/bsd/traits.h"

/* The type of IP_MULTICAST_TTL and IP_MULTICAST_LOOP; OpenBSD takes nothing else. */
typedef unsigned char mio__multicast_v4;

/* Pipes have no packet mode. O_DIRECT is there, and means files. */
#define MIO__PACKET_MODE 0

/* A sockaddr begins with its length, in one byte. */
enum { MIO__HAS_SA_LEN = 1 };

/* There are no abstract names in the Unix domain. */
enum { MIO__HAS_ABSTRACT = 0 };

#endif
