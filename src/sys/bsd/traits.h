/*
 * The differences of macOS and iOS, FreeBSD, DragonFly BSD, NetBSD and OpenBSD, one block a system
 * and nowhere else. The files of this folder and of sys/unix/ go by these names.
 *
 * MIO__SEND_FLAGS          flags of each send
 * MIO__SO_SPREAD_PORT      several sockets have one port, and the system spreads what comes in;
 *                          where it cannot they share the port only
 * MIO__SO_SHARE_PORT       several receivers of a multicast group have one port. SO_REUSEADDR does
 *                          it only for sockets that are bound to a group, but for DragonFly
 * MIO__HAS_PPOLL           poll(2) with a timespec, by the name MIO__PPOLL; else milliseconds
 * MIO__HAS_THRSIGDIVERT    the call below sigwait(3) that takes a timeout, in place of sigtimedwait
 * MIO__COMPLETIONS         MIO_AIO and MIO_LIO, where POSIX AIO can tell a kqueue
 * MIO__SENDS_CLASS_V4      a datagram of IPv4 can have a class of its own: IP_TOS as a control
 *                          message, a mio__class_v4
 * MIO__RECEIVE_PKTINFO     the option to be told of IP_PKTINFO, where the system has that, and the
 * MIO__PKTINFO_SOURCE      field with the address to send from
 * MIO__HAS_MESSAGE_CALLS   sendmmsg and recvmmsg as system calls; on FreeBSD they are loops of libc
 * MIO__LOWAT_HOLDS         a mark for EVFILT_READ (NOTE_LOWAT) may be higher than any buffer, and
 *                          then data never reaches it
 */
#ifndef MIO_TRAITS_H
#define MIO_TRAITS_H

#if defined(__APPLE__)

/*
 * New sockets get SO_NOSIGPIPE. Old kernels ignore this flag, and newer ones need it for a socket
 * that was closed on both sides before it could get the option.
 */
#ifdef MSG_NOSIGNAL
#define MIO__SEND_FLAGS MSG_NOSIGNAL
#else
#define MIO__SEND_FLAGS 0
#endif
#define MIO__SO_SPREAD_PORT SO_REUSEPORT
#define MIO__SO_SHARE_PORT SO_REUSEPORT
#define MIO__HAS_PPOLL 0
#define MIO__HAS_THRSIGDIVERT 0
#define MIO__COMPLETIONS MIO_AIO
#define MIO__SENDS_CLASS_V4 1
typedef int mio__class_v4;
#define MIO__RECEIVE_PKTINFO IP_RECVPKTINFO
#define MIO__PKTINFO_SOURCE ipi_spec_dst
#define MIO__HAS_MESSAGE_CALLS 0
#define MIO__LOWAT_HOLDS 0 /* the kernel lowers the mark to the size of the buffer */

/* No registry has DragonFly's headers: its block can be compiled with those of FreeBSD. */
#elif defined(__DragonFly__) || defined(MIO_AS_DRAGONFLY)

#define MIO__SEND_FLAGS MSG_NOSIGNAL
#define MIO__SO_SPREAD_PORT SO_REUSEPORT
#define MIO__SO_SHARE_PORT SO_REUSEADDR
#define MIO__HAS_PPOLL 1
#define MIO__PPOLL ppoll
#define MIO__HAS_THRSIGDIVERT 0
#define MIO__COMPLETIONS MIO_AIO
#define MIO__SENDS_CLASS_V4 0
typedef unsigned char mio__class_v4;
#define MIO__HAS_MESSAGE_CALLS 0
#define MIO__LOWAT_HOLDS 1

#elif defined(__FreeBSD__)

#define MIO__SEND_FLAGS MSG_NOSIGNAL
#define MIO__SO_SPREAD_PORT SO_REUSEPORT_LB
#define MIO__SO_SHARE_PORT SO_REUSEPORT
#define MIO__HAS_PPOLL 1
#define MIO__PPOLL ppoll
#define MIO__HAS_THRSIGDIVERT 0
#define MIO__COMPLETIONS (MIO_AIO | MIO_LIO)
#define MIO__SENDS_CLASS_V4 1
typedef unsigned char mio__class_v4;
#define MIO__HAS_MESSAGE_CALLS 0
#define MIO__LOWAT_HOLDS 1

#elif defined(__NetBSD__)

#define MIO__SEND_FLAGS MSG_NOSIGNAL
#define MIO__SO_SPREAD_PORT SO_REUSEPORT
#define MIO__SO_SHARE_PORT SO_REUSEPORT
#define MIO__HAS_PPOLL 1
#define MIO__PPOLL pollts /* ppoll came with NetBSD 10 */
#define MIO__HAS_THRSIGDIVERT 0
#define MIO__COMPLETIONS 0u
#define MIO__SENDS_CLASS_V4 0
typedef unsigned char mio__class_v4;
#define MIO__RECEIVE_PKTINFO IP_RECVPKTINFO
#define MIO__PKTINFO_SOURCE ipi_addr
#define MIO__HAS_MESSAGE_CALLS 1
#define MIO__LOWAT_HOLDS 1

#elif defined(__OpenBSD__)

#define MIO__SEND_FLAGS MSG_NOSIGNAL
#define MIO__SO_SPREAD_PORT SO_REUSEPORT
#define MIO__SO_SHARE_PORT SO_REUSEPORT
#define MIO__HAS_PPOLL 1
#define MIO__PPOLL ppoll
#define MIO__HAS_THRSIGDIVERT 1
#define MIO__COMPLETIONS 0u
#define MIO__SENDS_CLASS_V4 0
typedef unsigned char mio__class_v4;
#define MIO__HAS_MESSAGE_CALLS 1
#define MIO__LOWAT_HOLDS 1

#else
#error "a BSD that mio does not know"
#endif

#endif
