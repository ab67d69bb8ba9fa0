/*
 * struct kevent and its constants: the one header that says what they are on which system. A build
 * for tests (MIO_SIMULATED_KQUEUE) has a header of its own in place of the system's, and may set
 * the switches below, each of which may be an expression that is asked at run time.
 *
 * MIO__HAS_EVFILT_USER  the queue has events of its own, for wakers
 * MIO__HAS_RECEIPTS     EV_RECEIPT, and it stays in the flags of the entry, which each event shows
 * MIO__LOWAT_HOLDS, MIO__COMPLETIONS   see traits.h
 */
#ifndef MIO_KQUEUE_ABI_H
#define MIO_KQUEUE_ABI_H

#include <mio.h>

#if defined(MIO_SIMULATED_KQUEUE)

#include "simulated_event.h"

#ifndef MIO__COMPLETIONS
#define MIO__COMPLETIONS 0u
#endif
#ifndef MIO__LOWAT_HOLDS
#define MIO__LOWAT_HOLDS 0
#endif

#else

#include <sys/types.h>

#include <sys/event.h>
#include <sys/time.h>

#include "sys/bsd/traits.h"

#endif

/* The headers of older releases lack these two; the places are then never reached. */
#ifndef EVFILT_USER
#define MIO__HAS_EVFILT_USER 0
#define EVFILT_USER 0x7fff
#define NOTE_TRIGGER 0
#endif
#ifndef EV_RECEIPT
#define MIO__HAS_RECEIPTS 0
#define EV_RECEIPT 0
#endif
#ifdef MIO_FORCE_WAKER_PIPE
#undef MIO__HAS_EVFILT_USER
#define MIO__HAS_EVFILT_USER 0
#endif
#ifndef MIO__HAS_EVFILT_USER
#define MIO__HAS_EVFILT_USER 1
#endif
#ifndef MIO__HAS_RECEIPTS
#define MIO__HAS_RECEIPTS 1
#endif

/* How changes and events are counted. */
#if defined(__NetBSD__) && !defined(MIO_SIMULATED_KQUEUE)
typedef size_t mio__kevent_count;
#else
typedef int mio__kevent_count;
#endif

/* One of EVFILT_..., signed or not as the system has them. */
typedef __typeof__(((struct kevent *)0)->filter) mio__kevent_filter;

/*
 * Fills an entry. The fields differ in width, udata was an integer on NetBSD before 10, and FreeBSD
 * and NetBSD have fields behind it, which are 0.
 */
static inline void mio__kevent_set(struct kevent *entry, uintptr_t ident, mio__kevent_filter filter,
                                   uint32_t flags, uint32_t fflags, mio_token token)
{
    *entry = (struct kevent){
        .ident = ident,
        .filter = filter,
        .flags = (__typeof__(entry->flags))flags,
        .fflags = fflags,
        .udata = (__typeof__(entry->udata))token,
    };
}

/* The kind of completion that an event tells of: MIO_AIO, MIO_LIO, or 0. */
static inline uint32_t mio__kevent_completion(const struct kevent *event)
{
#ifdef EVFILT_AIO
    if ((MIO__COMPLETIONS & MIO_AIO) && event->filter == (mio__kevent_filter)EVFILT_AIO)
        return MIO_AIO;
#endif
#ifdef EVFILT_LIO
    if ((MIO__COMPLETIONS & MIO_LIO) && event->filter == (mio__kevent_filter)EVFILT_LIO)
        return MIO_LIO;
#endif
    (void)event;
    return 0;
}

#endif
