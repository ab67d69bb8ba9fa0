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
#include <sys/un.h>

#define MIO__SEND_FLAGS MSG_NOSIGNAL
#define MIO__SO_SPREAD_PORT SO_REUSEPORT
#define MIO__SO_SHARE_PORT SO_REUSEADDR
typedef int mio__multicast_v4;
#define MIO__PACKET_MODE O_DIRECT
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
