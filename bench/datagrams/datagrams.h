/*
 * Datagrams between two processes on two processors: what they cost on either side.
 *
 *     bench_datagrams technique=NAME bytes=B train=N segments=0|1 coalesce=0|1 seconds=S
 *                     cpu=C peer_cpu=P
 *
 * A round is a burst of trains: the sender sends it as a whole, then the receiver takes it. Neither
 * waits while the other one works, and each measures by the clock of its own thread, so that only
 * the calls count. On the loopback device the way of a datagram up to the receiver's queue is part
 * of the sender's time. Prints send_ns and recv_ns, for a datagram.
 */
#ifndef BENCH_DATAGRAMS_H
#define BENCH_DATAGRAMS_H

#include "harness/tools.h"

enum {
    TRAIN_MAX = 64,      /* datagrams in one call */
    ENTRY_BYTES = 65536, /* room for a coalesced train */
};

struct work {
    unsigned bytes; /* of a datagram */
    unsigned train; /* datagrams in a call */
    bool segments;  /* a train is one entry that the system cuts */
    bool coalesce;  /* the receiver asks for entries that are trains */
};

/*
 * A way to send and to receive, on descriptors that are connected with each other and non-blocking.
 * Functions that return int return 0, or anything else for a failure.
 */
struct technique {
    const char *name;
    int (*open_sender)(const struct work *work, int fd);
    int (*open_receiver)(const struct work *work, int fd);
    int (*send)(const struct work *work); /* one train */
    /* One call. Returns the number of datagrams, 0 for none, negative for a failure. */
    int (*receive)(const struct work *work);
};

extern const struct technique technique_one, technique_raw, technique_mio;
extern const struct technique technique_libuv; /* where the build has it: BENCH_LIBUV */

/* The bytes that are sent; entries to receive into. */
extern char payload[ENTRY_BYTES];
extern char room[TRAIN_MAX][ENTRY_BYTES];

/* Of the entries that a receive offers: trains, or datagrams. */
unsigned entries_of(const struct work *work);
unsigned room_of(const struct work *work);

#endif
