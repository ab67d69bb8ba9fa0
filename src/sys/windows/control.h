/* Control messages of datagrams: what is said of the header of IP beside the bytes. */
#ifndef MIO_CONTROL_H
#define MIO_CONTROL_H

#include "system.h"

#include <mio.h>

/*
 * Room for the control messages of one datagram. Sending: bits of ECN, local address, segment size.
 * Receiving: all that can be reported, on a socket for both families twice, and as much of the
 * program's own: a datagram for which it does not suffice may come without its length (Wine).
 */
enum { MIO__CONTROL_SENDING = 128, MIO__CONTROL_RECEIVING = 512 };

/* Whole words, so that they are aligned as a WSACMSGHDR. */
struct mio__control_sent {
    SIZE_T words[MIO__CONTROL_SENDING / sizeof(SIZE_T)];
};
struct mio__control_received {
    SIZE_T words[MIO__CONTROL_RECEIVING / sizeof(SIZE_T)];
};

/* Adds one message behind Control.len; the room suffices. */
void mio__control_put(WSAMSG *message, int level, int type, const void *data, size_t len);

/* Whether the datagram says anything of its header. */
bool mio__control_is_needed(const struct mio_datagram *datagram);

/* Adds what it says, to an address of that family. */
void mio__control_add(WSAMSG *message, const struct mio_datagram *datagram, int family);

/* Sets the fields of a datagram that were told, on a socket of IPv6 or of IPv4; len is set. */
void mio__control_read(const WSAMSG *message, bool on_v6, struct mio_datagram *datagram);

/*
 * Whether the system takes notice of control messages when it sends: 1, 0, or a code where that was
 * not to be found out. Wine sends the bytes and passes over the rest.
 */
int mio__control_is_heeded(void);

/* The same, asked anew. */
int mio__control_probe(void);

#endif
