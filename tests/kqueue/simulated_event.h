/*
 * The simulation's <sys/event.h>. Types, filters and notes have FreeBSD's values (EVFILT_LIO is
 * there alone, and moves EVFILT_USER to -11); the flags have the same values everywhere.
 */
#ifndef MIO_SIMULATED_EVENT_H
#define MIO_SIMULATED_EVENT_H

#include <stdint.h>
#include <time.h>

struct kevent {
    uintptr_t ident;
    int16_t filter;
    uint16_t flags;
    uint32_t fflags;
    int64_t data;
    void *udata;
};

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_AIO (-3)
#define EVFILT_VNODE (-4)
#define EVFILT_PROC (-5)
#define EVFILT_SIGNAL (-6)
#define EVFILT_TIMER (-7)
#define EVFILT_LIO (-10)
#define EVFILT_USER (-11)

#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_ENABLE 0x0004
#define EV_DISABLE 0x0008
#define EV_ONESHOT 0x0010
#define EV_CLEAR 0x0020
#define EV_RECEIPT 0x0040
#define EV_DISPATCH 0x0080
#define EV_ERROR 0x4000
#define EV_EOF 0x8000

#define NOTE_FFNOP 0x00000000U
#define NOTE_FFAND 0x40000000U
#define NOTE_FFOR 0x80000000U
#define NOTE_FFCOPY 0xc0000000U
#define NOTE_FFCTRLMASK 0xc0000000U
#define NOTE_FFLAGSMASK 0x00ffffffU
#define NOTE_TRIGGER 0x01000000U
#define NOTE_LOWAT 0x00000001U
#define NOTE_EXIT 0x80000000U

#define EV_SET(event, ident_, filter_, flags_, fflags_, data_, udata_)                             \
    (*(event) = (struct kevent){(uintptr_t)(ident_), (int16_t)(filter_), (uint16_t)(flags_),       \
                                (uint32_t)(fflags_), (int64_t)(data_), (void *)(udata_)})

int kqueue(void);
int kevent(int kq, const struct kevent *changes, int nchanges, struct kevent *events, int nevents,
           const struct timespec *timeout);

/*
 * In what the systems differ, asked at run time (settings.h). These names are those of the library,
 * which finds them in headers where it is built for one of the systems (kqueue_abi.h, traits.h).
 */
int simulated_kqueue_has_user(void);
int simulated_kqueue_has_receipts(void);
int simulated_kqueue_holds_mark(void);
/*
 * A test says that an operation has completed, EVFILT_AIO or EVFILT_LIO, with the flags that it was
 * started with (sigev_notify_kevent_flags), and then that its result was taken (aio_return).
 */
void simulated_kqueue_complete(int kq, int filter, uintptr_t ident, uint32_t flags, void *udata);
void simulated_kqueue_take_result(int kq, int filter, uintptr_t ident);

/* Called before each change of a call, in place of other threads; NULL: they come or do not. */
extern void (*simulated_kqueue_between)(void);
#define MIO__COMPLETIONS (MIO_AIO | MIO_LIO)
#define MIO__HAS_EVFILT_USER (simulated_kqueue_has_user() != 0)
#define MIO__HAS_RECEIPTS (simulated_kqueue_has_receipts() != 0)
#define MIO__LOWAT_HOLDS (simulated_kqueue_holds_mark() != 0)

#endif
