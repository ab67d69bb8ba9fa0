/*
 * The rules of polls of the AFD device: the events to ask for, and the meaning of an answer. They
 * are functions of plain numbers without a call of the system, so that a test on any system can go
 * through the answers of kernels that it cannot run.
 *
 * The device knows levels alone, answers once, and takes one poll of a socket at a time. So a
 * source has an edge (edge.h) and at most one poll in flight. The poll is about the registration
 * that had its slot when it was submitted: by the time its answer comes the slot may be free, or
 * another source's.
 *
 * The device does not tell what this side has shut down. Where that is to be told, the device is
 * asked to answer at once, and the answer is completed here (ended: MIO__READ_ENDED, ...).
 */
#ifndef MIO_AFD_RULE_H
#define MIO_AFD_RULE_H

#include "edge.h"
#include "sys/windows/learned.h"

/* Events of the device, as wepoll and the Windows headers of the driver kit have them. */
#define MIO__AFD_RECEIVE 0x001u
#define MIO__AFD_SEND 0x004u
#define MIO__AFD_DISCONNECT 0x008u /* the peer has finished; told at once, behind unread data too */
#define MIO__AFD_ABORT 0x010u      /* a reset */
#define MIO__AFD_LOCAL_CLOSE 0x020u
#define MIO__AFD_ACCEPT 0x080u
#define MIO__AFD_CONNECT_FAIL 0x100u

/* Answers that are no events: states of the request. Values of the system (NTSTATUS). */
#define MIO__STATUS_CANCELLED ((int32_t)0xc0000120)
#define MIO__STATUS_INVALID_HANDLE ((int32_t)0xc0000008)
#define MIO__STATUS_OBJECT_TYPE_MISMATCH ((int32_t)0xc0000024)

enum mio__afd_phase {
    MIO__AFD_IDLE,
    MIO__AFD_PENDING,
    MIO__AFD_CANCELLED, /* in flight still: its answer is awaited */
};

/* The poll of a slot. */
struct mio__afd_poll {
    uint32_t ticket; /* of the registration that it is about */
    uint16_t asked;  /* MIO__AFD_... */
    uint8_t phase;   /* enum mio__afd_phase */
    bool changed;    /* the registration was, since the device was asked */
    bool at_once;    /* the device answers without waiting for an event */
};

enum mio__afd_step { MIO__AFD_REST, MIO__AFD_SUBMIT, MIO__AFD_CANCEL };

/* The readiness that the ends of this side make, without an event of the device. */
static inline uint32_t mio__afd_own_ends(const struct mio__edge *edge, uint8_t ended)
{
    uint32_t readiness = 0;
    if (!mio__edge_is_watched(edge))
        return 0;
    if (ended == MIO__ENDED)
        return MIO_READABLE | MIO_WRITABLE | MIO__HANG_UP;
    if ((ended & MIO__READ_ENDED) && (edge->armed & (MIO_READABLE | MIO_READ_CLOSED)) != 0)
        readiness |= MIO_READABLE | MIO_READ_CLOSED;
    if (ended & MIO__WRITE_ENDED) /* a write fails at once */
        readiness |= edge->armed & MIO_WRITABLE;
    return readiness;
}

/*
 * The events to ask for, 0 where the source is not to be looked at. The end of the peer is the end
 * of both sides where this one has finished writing.
 */
static inline uint16_t mio__afd_wanted(const struct mio__edge *edge, uint8_t ended)
{
    if (!mio__edge_is_watched(edge))
        return 0;
    uint32_t armed = edge->armed;
    uint32_t events = MIO__AFD_ABORT | MIO__AFD_CONNECT_FAIL | MIO__AFD_LOCAL_CLOSE;
    if (armed & MIO_READABLE) /* the end is no RECEIVE */
        events |= MIO__AFD_RECEIVE | MIO__AFD_ACCEPT | MIO__AFD_DISCONNECT;
    if ((armed & MIO_READ_CLOSED) || (ended & MIO__WRITE_ENDED))
        events |= MIO__AFD_DISCONNECT;
    if (armed & MIO_WRITABLE)
        events |= MIO__AFD_SEND;
    return (uint16_t)events;
}

/*
 * The step that brings the poll of a slot in line with its registration, whose ticket is 0 where
 * there is none. A poll that asks for more than is wanted may stay, for its answer is looked at
 * with the edge of that moment. One that asks for less is cancelled: its answer brings the next. So
 * is one that waits where the answer is to come at once.
 */
static inline enum mio__afd_step mio__afd_next(const struct mio__afd_poll *poll, uint32_t ticket,
                                               uint16_t wanted, bool at_once)
{
    if (ticket == 0)
        wanted = 0;
    if (poll->phase == MIO__AFD_IDLE)
        return wanted != 0 ? MIO__AFD_SUBMIT : MIO__AFD_REST;
    if (poll->phase == MIO__AFD_CANCELLED)
        return MIO__AFD_REST;
    if (poll->ticket != ticket || (wanted & ~poll->asked) != 0 || wanted == 0 ||
        (at_once && !poll->at_once))
        return MIO__AFD_CANCEL;
    return MIO__AFD_REST;
}

/*
 * Whether an answer says that the registration is over. Where the registration was changed since,
 * the number may be a new socket's: then the next request tells.
 */
static inline bool mio__afd_is_over(const struct mio__afd_poll *poll, uint32_t events)
{
    return (events & MIO__AFD_LOCAL_CLOSE) && !poll->changed;
}

/*
 * The events in an answer: its status, the number of handles that it names and their events. A
 * request that was cancelled, by us or with the thread that made it, tells nothing. A socket that
 * was closed before the request reached the device is as good as one closed after.
 */
static inline uint32_t mio__afd_events(int32_t status, uint32_t handles, uint32_t events)
{
    if (status == MIO__STATUS_CANCELLED)
        return 0;
    if (status == MIO__STATUS_INVALID_HANDLE || status == MIO__STATUS_OBJECT_TYPE_MISMATCH)
        return MIO__AFD_LOCAL_CLOSE;
    if (status < 0)
        return MIO__AFD_CONNECT_FAIL;
    return handles == 0 ? 0 : events;
}

/*
 * The readiness to report for these events, 0 for none. The poll may have asked for what is no
 * longer wanted: only directions that are armed are told. A reset and a failed connect are told
 * whatever was asked for, as on epoll.
 */
static inline uint32_t mio__afd_readiness(const struct mio__edge *edge, uint8_t ended,
                                          uint32_t events)
{
    if (!mio__edge_is_watched(edge) || (events & MIO__AFD_LOCAL_CLOSE))
        return 0;
    uint32_t readiness = mio__afd_own_ends(edge, ended);
    if (events & (MIO__AFD_RECEIVE | MIO__AFD_ACCEPT))
        readiness |= edge->armed & MIO_READABLE;
    if (events & MIO__AFD_SEND)
        readiness |= edge->armed & MIO_WRITABLE;
    if ((events & MIO__AFD_DISCONNECT) && (edge->armed & (MIO_READABLE | MIO_READ_CLOSED)) != 0)
        readiness |= MIO_READABLE | MIO_READ_CLOSED;
    if ((events & MIO__AFD_DISCONNECT) && (ended & MIO__WRITE_ENDED))
        readiness |= MIO_READABLE | MIO_WRITABLE | MIO__HANG_UP;
    if (events & (MIO__AFD_ABORT | MIO__AFD_CONNECT_FAIL))
        readiness |= MIO_READABLE | MIO_WRITABLE | MIO__CLOSINGS;
    return readiness;
}

#endif
