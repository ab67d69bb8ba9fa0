/*
 * The headers of Windows that the files of this folder share, and what src/sys/sockaddr.c has to
 * know. winsock2.h comes before all others that bring in windows.h.
 */
#ifndef MIO_SYSTEM_H
#define MIO_SYSTEM_H

#include <winsock2.h>
/* After winsock2.h. */
#include <mswsock.h>
#include <ws2tcpip.h>

/* Older headers lack it. */
#if __has_include(<afunix.h>)
#include <afunix.h>
#else
struct sockaddr_un {
    ADDRESS_FAMILY sun_family;
    char sun_path[108];
};
#endif

/* A sockaddr does not begin with its length. */
enum { MIO__HAS_SA_LEN = 0 };

/* There are no abstract names in the Unix domain: documents promise them, no release has them. */
enum { MIO__HAS_ABSTRACT = 0 };

#endif
