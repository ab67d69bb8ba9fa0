/*
 * Control messages of datagrams: what is said of the header of IP beside the bytes. control.c knows
 * all but the local address of IPv4, for which systems have two ways (control_pktinfo.c, and
 * sys/bsd/control_dstaddr.c).
 */
#ifndef MIO_CONTROL_H
#define MIO_CONTROL_H

#include "sys/sys.h"

#include <sys/socket.h>
#include <sys/types.h> /* u_long, which CMSG_LEN of FreeBSD uses */

/*
 * Room for the control messages of one datagram. Sending: traffic class, local address, segment
 * size. Receiving: all that can be reported, and one or two of the program's own.
 */
enum { MIO__CONTROL_SENDING = 128, MIO__CONTROL_RECEIVING = 192 };

/* A whole number of words, so that it is aligned as a cmsghdr. */
struct mio__control_sent {
    uint64_t words[MIO__CONTROL_SENDING / 8];
};
struct mio__control_received {
    uint64_t words[MIO__CONTROL_RECEIVING / 8];
};

/* Adds one message; the room suffices. */
void mio__control_put(struct msghdr *message, int level, int type, const void *data, size_t len);

/* Copies len bytes of the message; false where it has fewer. */
bool mio__control_get(const struct cmsghdr *header, void *data, size_t len);

/* The one behind it; NULL: none. (CMSG_NXTHDR of musl gives warnings about signs.) */
static inline struct cmsghdr *mio__control_next(const struct msghdr *message,
                                                const struct cmsghdr *one)
{
    char *start = message->msg_control;
    if (one->cmsg_len < CMSG_LEN(0))
        return NULL;
    size_t at = (size_t)((const char *)one - start) + CMSG_SPACE(one->cmsg_len - CMSG_LEN(0));
    return at + CMSG_LEN(0) <= message->msg_controllen ? (struct cmsghdr *)(void *)(start + at)
                                                       : NULL;
}

/* The class of the socket, which a datagram with bits of ECN keeps; -1 until it is known. */
struct mio__classes {
    int v4, v6;
};

/* Adds what the datagram says of its header, to an address of that family: 0 or a code. */
int mio__control_add(mio_fd fd, struct msghdr *message, const struct mio_datagram *datagram,
                     int family, struct mio__classes *classes);

/* Sets the fields of a datagram that were told. */
void mio__control_read(const struct msghdr *message, struct mio_datagram *datagram);

/* ---- The local address of IPv4 ---- */

/* Switches on or off that it is told. */
int mio__control_report_v4(mio_fd fd, int on);

/* Whether datagrams can be sent by the interface of an index. */
bool mio__control_has_index_v4(void);

/* Adds it; ip may be NULL, index 0. */
void mio__control_put_v4(struct msghdr *message, const uint8_t *ip, uint32_t index);

/* Takes what a message of the level IPPROTO_IP says of it, if anything. */
void mio__control_take_v4(const struct cmsghdr *header, struct mio_datagram *datagram);

/* Records the address, where the program wants it. */
void mio__control_local(struct mio_datagram *datagram, const struct mio__ip *ip, uint32_t index);

#endif
