/*
 * mio: Metal I/O for C. Non-blocking sockets and an event queue, as close to the operating system
 * as a portable interface can be.
 *
 *     struct mio_poll poll;
 *     struct mio_event events[64];
 *     mio_poll_init(&poll);
 *     mio_register(mio_poll_registry(&poll), &listener.source, token, MIO_READABLE);
 *     int n = mio_poll_wait(&poll, events, 64, MIO_FOREVER);
 *
 * WHAT HOLDS FOR EVERY CALL
 *
 * Memory.  You own every object: the library keeps no thread and no global state, and no heap but
 *     for tables of sources where the backend has some, and the buffers of named pipes (struct
 *     mio_allocator).
 *     A zero-initialised object is closed: closing and abandoning it do nothing and return 0,
 *     every other call that returns an error code returns -EBADF. A call that opens an object
 *     (init, clone, open, bind, pair, accept, from_fd, and connect of a stream) overwrites what was
 *     there without looking at it, and leaves a closed object when it fails. Fields marked private
 *     are laid out here only so that you can own the memory; read them through the functions.
 *
 * Errors.  A result below zero is a negated errno value (-EAGAIN, -EINVAL, ...), by the same names
 *     on every system; errno itself carries nothing. Would-block is only ever -EAGAIN, unsupported
 *     only ever -ENOTSUP. A NULL where an object is required is -EINVAL; only the inline functions
 *     check nothing. Arguments are checked first (NULL, then their values), then whether the poll
 *     or registry is closed, what its backend can do, and the state of the source; the system is
 *     asked last. A refused call changes nothing, but for an object that it was to open. Nothing
 *     here aborts, exits, prints or raises SIGPIPE.
 *
 * Blocking.  Only mio_poll_wait waits. A system call that was interrupted (EINTR) is repeated
 *     inside the library by every call but mio_poll_wait, which reports -EINTR.
 *
 * Threads.  Each contract names one of these rules:
 *     any        safe from every thread, also during a wait, while no exclusive call runs
 *     exclusive  no other call on the same object at the same time
 *     waiter     by one thread at a time, not always the same
 *     So several threads may read and write one stream, pipe or datagram socket at once. Which of
 *     them gets which bytes is up to the system.
 *
 * THE READINESS CONTRACT
 *
 * Your interest is enough.  End of file reports readable; errors and a full hang-up report
 *     every direction that was registered. Such an event may name a direction that you did not
 *     register: ignore that one. Beside readable and writable all bits are hints that may be
 *     absent. Spurious events are allowed, missing ones are not.
 *
 * The draining rule (edge mode, the default).  After an event repeat the operation until it returns
 *         -EAGAIN, or
 *         at least one byte and less than you asked for (a short transfer):
 *     then, and only then, the next event is guaranteed. 0 (end of file) ends the drain as well,
 *     and no event comes for this direction any more. Another error drains nothing, and a loop
 *     has to leave by itself: a program that goes on with the source repeats the operation or
 *     reregisters; most close it. (A write may fail with -EHOSTUNREACH or -ENOBUFS while the socket
 *     stays writable, and no event follows.) To read a FIFO beyond its end, for the next writer, or
 *     a terminal after a hang-up, use level mode, or reregister.
 *     Once any event of the source has said MIO_READ_CLOSED, MIO_WRITE_CLOSED or MIO_ERROR, a short
 *     transfer no longer ends the drain.
 *     A short transfer drains in these operations alone: read, recv, write, send and their vectors,
 *     on TCP, Unix stream sockets and plain pipes. Everything else is drained by -EAGAIN alone:
 *     listeners, datagram sockets, sendfile and splice (their count is about the other end), pipes
 *     in packet mode, and a stream whose reads stop at urgent data, at passed descriptors, between
 *     senders (SO_PASSCRED and its kin) or at records of a kernel TLS. mio_ready_after says it in
 *     code.
 *     Reading until -EAGAIN is right everywhere; the short transfer saves that last call.
 *
 * Stopping early.  To be fair to others, keep the source on a list of your own and go on later, or
 *     mio_reregister it with the same arguments: if it is still ready it is reported again. No
 *     event reports bytes that a layer above the source, such as TLS, has already taken out: there
 *     only the list helps. A program that has stopped reading also misses the error that a read
 *     would return: look for MIO_ERROR in its events, and ask take_error. To learn that its peer is
 *     gone, unread data or not, set the interest to MIO_READ_CLOSED alone.
 *
 * Tokens.  After mio_deregister or a close no later wait returns the token. Events that were
 *     fetched before are yours: free the object after the batch, or call mio_events_forget first.
 *
 * Closed by somebody else.  A descriptor that another library closed while it was registered needs
 *     mio_source_abandon, never mio_deregister, mio_reregister or a close of the source: the system
 *     knows descriptors by number, and the number may be somebody else's by now. On epoll those
 *     calls would silence the new owner or take its registration over. While a duplicate of the
 *     closed descriptor lives (dup, fork), epoll goes on reporting its token: close the duplicate,
 *     or skip the token. Kqueue forgets a descriptor as soon as it is closed. When the same file
 *     has got the same number again, mio_watch takes that entry over. Poll drops a closed
 *     descriptor silently at its next wait; where the number was given out again before, it watches
 *     the stranger under the old token, until you abandon.
 *
 * Each contract ends with the manual page or system call that it stands for.
 *
 * CONTENTS
 *
 *     Version, Scalars and bits, Errors      what the other parts are made of
 *     Events, Draining                       what a wait reports, and when the next event comes
 *     Poll                                   the event queue: opening, waiting, closing, after fork
 *     Registry, Sources                      what is watched, and for what
 *     Wakers                                 ending a wait from other threads and signal handlers
 *     Time, Text, Buffers                    the clock, formatters, lists of buffers
 *     Pipes, Named pipes
 *     Addresses
 *     TCP listeners, TCP streams
 *     Streams of either kind                 for servers of TCP and Unix sockets
 *     UDP sockets, Batches of datagrams
 *     Unix domain listeners, streams, datagram sockets
 *     Sizes                                  for bindings in other languages
 *
 * DIFFERENCES BETWEEN SYSTEMS
 *
 * The contracts say what holds everywhere. Beyond that systems differ:
 *
 * Files and devices.  Epoll asks the file: it takes files of /proc and /sys that can be
 *     polled, and refuses /dev/null. Poll goes by the type: it refuses every file and takes
 *     /dev/null. Kqueue refuses files, and devices without events (-EINVAL; /dev/tty on macOS): a
 *     poll with MIO_BACKEND_POLL takes those.
 * One descriptor in two sources.  The same epoll refuses the second one (-EEXIST). Poll reports
 *     both. On the same kqueue the second one takes over, without a word.
 * Events after events.  On epoll data that arrives unread raises a new event, and events name all
 *     that is ready. On poll they name only what was armed again. On kqueue reading and writing
 *     are two events. On Windows an event can be of the moment in which the source was registered
 *     or armed: what has become ready since comes with the next wait. docs/design.md and
 *     docs/platforms.md have the tables.
 * Datagrams to an address, on a connected socket.  Linux sends them there; others say -EISCONN.
 * A datagram socket whose new connect failed.  On Linux it keeps its peer; elsewhere it may have
 *     none.
 * IPv4 from an IPv6 socket that is not for IPv4.  -ENETUNREACH on Linux, elsewhere -EAFNOSUPPORT.
 * Groups of IPv4 on an IPv6 socket.  Linux joins them.
 * A hop limit of 0 for multicast over IPv6.  Linux holds the datagram back only where a member on
 *     this machine gets it.
 * Truncated datagrams.  Linux tells of them by MSG_TRUNC of recvmsg(2), and by the length that
 *     recv(2) returns with MSG_TRUNC; call mio_source_after(..., 0) after those.
 * Several listeners on one port.  Linux, and FreeBSD by SO_REUSEPORT_LB, spread connections over
 *     them; elsewhere the last one may get all.
 * A full backlog in the Unix domain.  -EAGAIN on Linux, -ECONNREFUSED on BSD and macOS.
 * Connections in the Unix domain that nobody accepted.  They get -ECONNRESET once, then the end;
 *     systems other than Linux may leave out the error where nothing was sent.
 * Unix streams that were never connected.  Linux answers a read with -EINVAL instead of -ENOTCONN,
 *     and a shutdown with 0.
 * Unix datagram sockets, on Linux.  A second connect drops what is in the queue; if that was not
 *     empty, a former peer that is connected with us gets -ECONNRESET. A send that finds the peer
 *     gone (-ECONNREFUSED) forgets it, the next one is -ENOTCONN, and what was received but not
 *     read yet is lost: read until -EAGAIN before the send where that matters. Shutting down works
 *     without a peer. After reading was shut down a receive says -EAGAIN once the queue is empty,
 *     although readable may be reported without end: take MIO_READABLE out of the interest.
 *     Elsewhere it returns 0.
 * Windows.  There are no pipes here, and in the Unix domain no datagram sockets, pairs and abstract
 *     names; before Windows 10 version 1803, and on Wine, no sockets of it at all (-ENOTSUP).
 *     A listener has its port for itself (SO_EXCLUSIVEADDRUSE). After it was closed the port may
 *     stay taken (-EADDRINUSE) while a connection lives that was accepted there.
 *     A connect to 0.0.0.0 or [::] is refused (-EADDRNOTAVAIL).
 *     An IPv6 socket is for IPv6 alone, unless only_v6 is MIO_OFF.
 *     A write to a peer that is gone says -ECONNRESET or -ECONNABORTED rather than -EPIPE; after a
 *     reset take_error may say nothing, the next read or write does.
 *     A socket that accept has made can be inherited for a moment, by a process that another thread
 *     starts just then. SO_LINGER with a time does not hold up a close: it is turned off.
 *     Groups: a socket cannot be bound to the address of one. The switch of the loop counts where
 *     datagrams are received. To join twice, or on no interface, is -EADDRNOTAVAIL. For IPv4 the
 *     index of an interface is below 2^24.
 *
 * The design is that of the Rust crate mio; see LICENSE.
 */
#ifndef MIO_H
#define MIO_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Exported from the shared library. The attribute matters only while the library is built, which
 * may name another one (MIO_EXPORT). */
#if defined(MIO_BUILDING) && defined(MIO_EXPORT)
#define MIO_API MIO_EXPORT
#elif defined(MIO_BUILDING) && defined(__GNUC__)
#define MIO_API __attribute__((visibility("default")))
#else
#define MIO_API
#endif

/* Inlined where you call it, and exported under its own name for other languages. Where gcc builds
 * a DLL one file of the library does that: an export would make a symbol in each of them. */
#if defined(__GNUC_GNU_INLINE__) && !defined(__cplusplus)
#define MIO_INLINE static inline
#elif defined(MIO_BUILDING) && defined(MIO_EXPORT) && defined(__GNUC__) && !defined(__clang__)
#define MIO_INLINE inline
#else
#define MIO_INLINE MIO_API inline
#endif

#ifdef __cplusplus
#define MIO__CAST(type, value) static_cast<type>(value)
#else
#define MIO__CAST(type, value) ((type)(value))
#endif

struct sockaddr;
struct mio__backend;

/* ---- Version --------------------------------------------------------------------------------- */

#define MIO_VERSION_MAJOR 0
#define MIO_VERSION_MINOR 1
#define MIO_VERSION_PATCH 0
#define MIO_VERSION_STRING "0.1.0"

/* Versions compare as numbers: major * 1,000,000 + minor * 1,000 + patch. */
#define MIO_VERSION (MIO_VERSION_MAJOR * 1000000 + MIO_VERSION_MINOR * 1000 + MIO_VERSION_PATCH)

/*
 * The version of the library that runs; MIO_VERSION is that of the header you compiled with.
 * Before 1.0 every minor release may change the ABI, and the name of the shared library says so.
 *
 * Returns  a number in the form of MIO_VERSION.      Threads  any.      System  none.
 */
MIO_API int mio_version(void);

/* ---- Scalars and bits ------------------------------------------------------------------------ */

/* Yours: an index, an identifier or a pointer. Every value is valid; the library never reads it. */
typedef uintptr_t mio_token;

/* The events to be told of (bits below), and the mode (MIO_LEVEL, MIO_ONESHOT). */
typedef uint32_t mio_interest;

/*
 * A descriptor of the system. MIO_HAS_PIPES says whether mio_pipe_... are declared, and
 * MIO_HAS_NAMED_PIPES whether mio_named_pipe_... are.
 */
#ifdef _WIN32
typedef uintptr_t mio_fd; /* SOCKET, HANDLE */
#define MIO_FD_NONE UINTPTR_MAX
#define MIO_HAS_PIPES 0
#define MIO_HAS_NAMED_PIPES 1
#else
typedef int mio_fd;
#define MIO_FD_NONE (-1)
#define MIO_HAS_PIPES 1
#define MIO_HAS_NAMED_PIPES 0
#endif

/*
 * One set of bits serves interest and readiness. Interest is made of READABLE, WRITABLE,
 * READ_CLOSED, PRIORITY, AIO and LIO (mio_poll_features says which of them a poll knows); an event
 * can have all of them.
 *
 * MIO_READABLE      data, end of file, a connection to accept, or an error to collect. Urgent data
 *                   reports it too, where MIO_PRIORITY is in the interest.
 * MIO_PRIORITY      urgent (out-of-band) data; Linux and Android.
 * MIO_WRITABLE      room to write, a connection that was established or failed.
 * MIO_ERROR         an error is pending; take_error or the next operation tells which. A program
 *                   that turns on the error queue of a socket (IP_RECVERR, timestamps) must empty
 *                   it then: on poll it is reported again after every would-block until it is
 *                   empty.
 * MIO_READ_CLOSED   the peer will send no more, or this side shut down reading. Unread data may
 *                   still be there. Exact on connected stream sockets and pipes, without meaning on
 *                   datagram sockets, unconnected sockets, and FIFOs that get a new writer.
 *                   As an interest, READABLE includes it. Without READABLE it reports only that the
 *                   peer has finished, to a program that reads no further for now. Level mode
 *                   reports it in every wait, since nothing drains it. On kqueue it can be asked
 *                   for alone in edge mode; in level mode and oneshot for sockets that do not
 *                   listen, and not on Apple's systems (else -ENOTSUP). The event may say readable,
 *                   too. A hang-up sets it, an error alone does not; after an error take it
 *                   (take_error), or empty the error queue and call mio_source_after.
 * MIO_WRITE_CLOSED  writing can no longer succeed. Exact in the same places, but a program that
 *                   uses the error queue of a socket (timestamps, zero-copy) may see it early.
 * MIO_AIO, MIO_LIO  completions of POSIX AIO on systems that queue them; FreeBSD and kin.
 */
#define MIO_READABLE 0x01u
#define MIO_PRIORITY 0x02u
#define MIO_WRITABLE 0x04u
#define MIO_ERROR 0x08u
#define MIO_READ_CLOSED 0x10u
#define MIO_WRITE_CLOSED 0x20u
#define MIO_AIO 0x40u
#define MIO_LIO 0x80u

/*
 * Modes, or-ed to the interest.
 * MIO_EDGE     (the default, no bit) told once when it becomes ready: see the draining rule. On
 *              epoll an event names all that is ready. Where edges are emulated (poll) it names
 *              the directions that were drained since they were told last, and closing. There a
 *              failed read makes readable be told again, unless a hang-up was told; a failed write
 *              or accept changes nothing.
 * MIO_LEVEL    told by every wait while the source is ready.
 * MIO_ONESHOT  with either of them: told once, then silent until mio_reregister. A direction that
 *              was not reported yet may still be (kqueue); on epoll it is not.
 */
#define MIO_EDGE 0x000u
#define MIO_LEVEL 0x100u
#define MIO_ONESHOT 0x200u

/*
 * No part of an interest, but among the features of a poll (mio_poll_features): polls of its
 * backend can spin (struct mio_poll_options, spin_ns).
 */
#define MIO_CAN_SPIN 0x10000u

/* Timeouts are int64_t nanoseconds. MIO_FOREVER has no end. */
#define MIO_NS_PER_MS INT64_C(1000000)
#define MIO_NS_PER_S INT64_C(1000000000)
#define MIO_FOREVER INT64_MAX

/* ---- Errors ---------------------------------------------------------------------------------- */

/*
 * The name of an error code ("EAGAIN") and a short English text for it.
 *
 * code     a result of this library, or an errno value of a socket call, with or without its sign.
 *          0 is "OK".
 * Returns  a constant string, never NULL; "UNKNOWN" and "unknown error" for codes without a name.
 * Threads  any, also in signal handlers.
 * System   errno(3)
 */
MIO_API const char *mio_error_name(ptrdiff_t code);
MIO_API const char *mio_strerror(ptrdiff_t code);

/* ---- Events ---------------------------------------------------------------------------------- */

/* One report of a wait: 16 bytes on every system. */
struct mio_event {
    uint32_t readiness; /* MIO_READABLE | ... */
    uint32_t reserved;  /* private */
    union {
        mio_token token; /* as given to mio_register */
        uint64_t pad;    /* private */
    };
};

/*
 * Whether an event has a bit; shorthand for a test of its readiness.
 *
 * Threads  any.      System  none.
 */
MIO_INLINE bool mio_event_is_readable(const struct mio_event *event)
{
    return (event->readiness & MIO_READABLE) != 0;
}
MIO_INLINE bool mio_event_is_writable(const struct mio_event *event)
{
    return (event->readiness & MIO_WRITABLE) != 0;
}
MIO_INLINE bool mio_event_is_error(const struct mio_event *event)
{
    return (event->readiness & MIO_ERROR) != 0;
}
MIO_INLINE bool mio_event_is_read_closed(const struct mio_event *event)
{
    return (event->readiness & MIO_READ_CLOSED) != 0;
}
MIO_INLINE bool mio_event_is_write_closed(const struct mio_event *event)
{
    return (event->readiness & MIO_WRITE_CLOSED) != 0;
}
MIO_INLINE bool mio_event_is_priority(const struct mio_event *event)
{
    return (event->readiness & MIO_PRIORITY) != 0;
}
MIO_INLINE bool mio_event_is_aio(const struct mio_event *event)
{
    return (event->readiness & MIO_AIO) != 0;
}
MIO_INLINE bool mio_event_is_lio(const struct mio_event *event)
{
    return (event->readiness & MIO_LIO) != 0;
}

/*
 * Clears the readiness of every entry with this token in a batch already fetched, so that an object
 * can be freed before the rest of the batch is handled. The entries stay in the batch with their
 * token and readiness 0: a loop that uses this skips what has no readiness.
 *
 * events   n events of a wait; NULL is allowed when n is 0
 * Threads  exclusive (on the array).      System  none.
 */
MIO_API void mio_events_forget(struct mio_event *events, size_t n, mio_token token);

/* ---- Draining -------------------------------------------------------------------------------- */

/*
 * No read or write of one buffer moves more bytes than this in a call, and systems stop at about
 * twice as many; a transfer of that size is never a short one.
 */
#define MIO_IO_MAX 0x40000000u

/*
 * Whether an operation has drained its direction (see the draining rule).
 *
 * seen     all readiness that events reported for the source so far, or-ed
 * result   of the operation: bytes or a negative code
 * asked    bytes that a read or write was asked to move (for vectors mio_bufs_len). 0 where a
 *          length says nothing and -EAGAIN alone drains: datagrams, listeners, sendfile, splice,
 *          recvmsg, packet-mode pipes.
 * Returns  true on -EAGAIN, at the end of file, and on a short transfer while nothing was seen
 *          closed. Every other error drains nothing.
 * Threads  any.      System  epoll(7), questions and answers, 9
 */
MIO_INLINE bool mio_drained(uint32_t seen, ptrdiff_t result, size_t asked)
{
    if (result < 0)
        return result == -EAGAIN;
    if (asked == 0)
        return false;
    if (result == 0)
        return true;
    if (asked > MIO_IO_MAX)
        asked = MIO_IO_MAX;
    return MIO__CAST(size_t, result) < asked &&
           (seen & (MIO_READ_CLOSED | MIO_WRITE_CLOSED | MIO_ERROR)) == 0;
}

/*
 * The draining rule in one call. Keep one word per source, add what events say to it
 * (ready |= event.readiness), operate while it has the direction, and pass each result here. An
 * error other than -EAGAIN drains nothing, so the loop has to leave by itself:
 *
 *     while (ready & MIO_READABLE) {
 *         got = mio_tcp_stream_read(&stream, buf, sizeof buf);
 *         mio_ready_after(&ready, MIO_READABLE, got, sizeof buf);
 *         if (got == -EAGAIN)
 *             break;
 *         if (got <= 0)
 *             return end(got);     // end of file or an error: most programs close the stream
 *         use(buf, got);
 *     }
 *
 * ready      the word; the direction is cleared when it is drained, everything else is kept
 * direction  MIO_READABLE or MIO_WRITABLE
 * result, asked  as for mio_drained
 *
 * Threads  exclusive (on the word).      System  as mio_drained
 */
MIO_INLINE void mio_ready_after(uint32_t *ready, uint32_t direction, ptrdiff_t result, size_t asked)
{
    if (mio_drained(*ready, result, asked))
        *ready &= ~direction;
}

/* ---- Poll ------------------------------------------------------------------------------------ */

/* A permission to register with a poll. Must not move between clone and close. */
struct mio_registry {
    struct mio_poll *poll; /* private */
    uintptr_t reserved;    /* private */
};

/*
 * Where a backend with tables (poll) gets memory from: when a poll is opened and when more sources
 * are registered than ever before. Epoll and kqueue never ask. A named pipe has one of its own,
 * and asks it once, when it is made. Zero-initialised: malloc and free.
 *
 * allocate  returns memory aligned for any object, or NULL
 * release   takes back what allocate returned, with its size
 * Both run on threads that open, register, wait and close, also under the poll's lock: they must
 * not call back into the same poll.
 */
struct mio_allocator {
    void *(*allocate)(void *arg, size_t size);
    void (*release)(void *arg, void *memory, size_t size);
    void *arg;
};

/* The event queue. Must not move or be copied between init and close. */
struct mio_poll {
    /* All fields are private. */
    const struct mio__backend *backend; /* NULL: closed */
    const void *wakers;                 /* what the backend makes wakers of */
    struct mio_allocator allocator;
    void *state; /* what a backend needs beyond these fields */
    struct mio_registry registry;
    mio_fd fd;
    mio_interest features;
    uint32_t flags;   /* what the backend has learned about the system */
    uint32_t users;   /* registered sources, open wakers, clones */
    uint32_t waiting; /* 1 while a wait runs */
    uintptr_t waits;
    uintptr_t events;
    uintptr_t kicks;
    int64_t spin_ns;        /* 0: it does not spin */
    uint16_t spin_failures; /* spins in a row that found nothing, up to a limit */
    uint16_t spin_short;    /* 1: a spin would have found what ended the last sleep */
    uint32_t spin_skips;    /* so many sleeps come without a spin */
    uint32_t spin_turn;     /* 1: the system is to be asked before the wakers */
    uint32_t next_waker;    /* the bit whose turn it is where events do not fit */
    uintptr_t spins_hit;
    uintptr_t spins_missed;
    uintptr_t waker_tokens[32];     /* where wakes are seen without the system */
    unsigned char apart_before[64]; /* keeps what wakers write off the waiter's cache lines */
    uint32_t wakers_pending;        /* a bit for each waker with a wake-up on its way */
    uint32_t wakers_taken;          /* a bit for each open waker */
    uintptr_t wakes;
    uintptr_t wakes_coalesced;
    unsigned char apart_after[64];
    uintptr_t reserved[4];
};

/* Backends. The default is the best one of the system. */
#define MIO_BACKEND_DEFAULT 0u
#define MIO_BACKEND_EPOLL 1u
#define MIO_BACKEND_POLL 2u   /* poll(2), on Unix */
#define MIO_BACKEND_KQUEUE 3u /* the BSDs, macOS, iOS */
#define MIO_BACKEND_IOCP 4u   /* a completion port, on Windows */

/* Kinds of wakers. The default is the best one of the system. */
#define MIO_WAKER_DEFAULT 0u
#define MIO_WAKER_EVENTFD 1u
#define MIO_WAKER_PIPE 2u
#define MIO_WAKER_USER 3u /* an event of the queue itself: EVFILT_USER, a posted packet */

/* Zero-initialise and set what you need; reserved words must stay 0. */
struct mio_poll_options {
    uint32_t backend;               /* MIO_BACKEND_... */
    uint32_t waker;                 /* MIO_WAKER_... */
    struct mio_allocator allocator; /* both functions or none */
    int64_t spin_ns;                /* 0: waits do not spin; see below */
    uintptr_t reserved[4];          /* must be 0 */
};

/*
 * spin_ns: for programs that have a processor to spare, and want events soon. MIO_CAN_SPIN among
 * the features tells where a poll can spin (epoll); elsewhere it is -ENOTSUP.
 *
 * Events.  Before it sleeps, a wait asks the system over and over for at most spin_ns nanoseconds.
 *     An event that comes in that time is reported within a microsecond. To fall asleep and to be
 *     woken takes 5 to 30. Twice the time in which most answers come is a good choice; more than
 *     some 100,000 (0.1 ms) seldom helps. MIO_FOREVER never sleeps.
 * Wakes.  While the poll is not asleep a wake is seen in memory: it costs the thread that wakes no
 *     system call, and the wait returns at once. One poll has 31 wakers instead of 32.
 * Deadlines.  A wait of at most spin_ns does not sleep, and ends within a microsecond or two of its
 *     time, where the thread is not preempted. A longer one sleeps until spin_ns before its time,
 *     with the timer slack of the thread (prctl(2), PR_SET_TIMERSLACK) at 1 ns during that sleep,
 *     and spins the rest; so choose 50,000 or more, for a sleep ends late. Without epoll_pwait2
 *     sleeps end at whole milliseconds, and a wait may be late by one, as without spin_ns.
 * Cost.  The thread is busy while it spins: up to spin_ns before a sleep, and at the end of each
 *     timed wait. Spins that find nothing are left out more and more: after f of them in a row the
 *     next 4^f - 1 sleeps come without one (255 at most). An event that a spin finds brings all of
 *     them back, and a few sleeps in a row that events end in less than spin_ns bring the next one.
 *     The end of a timed wait is never left out. mio_poll_counters tells how many spins found
 *     something.
 * Not for  threads that share a processor with what they wait for, which the spin holds up, and not
 *     for machines that save power. A poll with many events at all times has no use for it either,
 *     for it seldom sleeps.
 * Signals.  A handler that runs during the spin does not end it: -EINTR comes from a sleep alone.
 *     A handler that is to end the wait calls mio_waker_wake, which does so at once.
 * Nesting.  The descriptor of such a poll would not be readable after a wake, so mio_poll_fd and
 *     mio_registry_fd are MIO_FD_NONE.
 */

/*
 * Opens an event queue. Its descriptor is not inherited by programs that are started later.
 *
 * poll     storage for the poll
 * options  NULL, or what to choose
 * Returns  0
 * Errors   -EINVAL   NULL poll; unknown value, negative spin_ns, half an allocator or non-zero
 *                    reserved word in the options
 *          -ENOTSUP  this system or build has no such backend or waker, or the backend cannot spin
 *          -ENOSYS, -EPERM, -EACCES  the running system, or a filter of system calls, refuses the
 *                    backend; it is not replaced by another one: choose MIO_BACKEND_POLL and call
 *                    again
 *          -ENODEV, -ENETDOWN  from Windows: it has no AFD device, or Winsock is not ready
 *          -EMFILE, -ENFILE, -ENOMEM  from the system or the allocator
 * Threads  exclusive
 * System   epoll_create1(2); kqueue(2); for poll(2) eventfd(2) or pipe2(2); CreateIoCompletionPort,
 *          and NtCreateFile of the AFD device
 */
MIO_API int mio_poll_init(struct mio_poll *poll);
MIO_API int mio_poll_init_with(struct mio_poll *poll, const struct mio_poll_options *options);

/*
 * Closes the queue.
 *
 * Returns  0; also when the poll is closed already
 * Errors   -EINVAL  NULL poll
 *          -EBUSY   a source is registered, a waker or a registry clone is open, a named pipe that
 *                   was ever registered here is open, or a wait runs (a mistake that is found on a
 *                   best-effort basis); nothing was changed
 *          Else an error of the system; the poll is closed even so.
 * Threads  exclusive (on the poll, its registry, clones and wakers)
 * System   close(2)
 */
MIO_API int mio_poll_close(struct mio_poll *poll);

/*
 * Gives a poll up without touching the queue itself: for a child after fork, which shares the queue
 * with its parent (a kqueue it does not even have), and for a program whose waiting thread was
 * cancelled. Abandon the sources, wakers and registry clones first: a source that is still
 * registered with an abandoned poll must not be closed. A raw source needs no abandon if it is
 * never used again, or not before the next mio_source_init_fd. The descriptor of the calling
 * process is closed; the queue lives on in others.
 *
 * Returns  0; also when the poll is closed already
 * Errors   -EINVAL  NULL poll
 *          Else an error of the system; the poll is closed even so.
 * Threads  exclusive
 * System   fork(2), close(2)
 */
MIO_API int mio_poll_abandon(struct mio_poll *poll);

/*
 * Waits for events.
 *
 * events      room for capacity events; entries after the returned number are undefined
 * capacity    number of events that fit, at least 1; the system takes some 100 million at most, and
 *             what goes beyond that is not used
 * timeout_ns  the longest wait in nanoseconds. 0 or less (a deadline that has passed) asks without
 *             waiting, MIO_FOREVER waits without end. The wait never ends early: it is rounded up
 *             to what the system can measure, and internal wake-ups do not restart it.
 * Returns     the number of events, 0 when the time ran out. Fewer than capacity does not mean that
 *             nothing else is ready; a source may appear more than once; the order is unspecified.
 * Errors      -EINVAL  NULL poll or events, or capacity 0
 *             -EBADF   closed poll, or one whose descriptors somebody else has closed
 *             -EBUSY   another thread waits on this poll (found on a best-effort basis)
 *             -EINTR   a signal handler ran, or the process was stopped and continued (epoll); no
 *                      event is lost. Not while the wait spins (struct mio_poll_options).
 *             -EFAULT  events does not point to writable memory (epoll notices, unless it spins)
 *             -EINVAL  from poll(2): RLIMIT_NOFILE was lowered below the number of sources
 *             -ENOMEM  from poll(2): the kernel has no memory
 * Threads     waiter: another thread may wait next, once this call has returned there. On Linux no
 *             cancellation point. Signal handlers must not longjmp out of it:
 *             the poll would count as waited on for ever, and be good for mio_poll_abandon alone.
 * System      epoll_wait(2); epoll_pwait2(2) for timeouts that are no whole milliseconds, where the
 *             kernel has it (Linux 5.11), else rounded up to the next millisecond; prctl(2) in a
 *             timed wait of a poll that spins. kevent(2), whose kernels count in ticks of up to
 *             10 ms. ppoll(2). GetQueuedCompletionStatusEx, and for timeouts that are no whole
 *             milliseconds NtRemoveIoCompletionEx, where Windows has it; Windows counts in ticks of
 *             1 to 15.6 ms (timeBeginPeriod).
 */
MIO_API int mio_poll_wait(struct mio_poll *poll, struct mio_event *events, size_t capacity,
                          int64_t timeout_ns);

/*
 * The registry of a poll. It needs no close, and its place is the same before init and after close.
 *
 * Returns  the registry; NULL for NULL. That of a closed poll refuses every call with -EBADF.
 * Threads  any.      System  none.
 */
MIO_API struct mio_registry *mio_poll_registry(struct mio_poll *poll);

/*
 * The descriptor of the queue, for nesting: it is readable while events are pending, and can be
 * registered with another poll (mio_source_init_fd) or watched by a foreign loop. When it is
 * readable call mio_poll_wait with timeout 0: once, where the outer loop is level-triggered, and
 * where it has edges until nothing is returned. Never wait on the queue, or change it, past this
 * library.
 *
 * Returns  the descriptor; MIO_FD_NONE for a closed poll, for one that spins, and where the backend
 *          has none (poll).
 * Threads  any.      System  epoll(7), kqueue(2)
 */
MIO_API mio_fd mio_poll_fd(const struct mio_poll *poll);

/*
 * The name of the backend in use ("epoll", "kqueue", "poll"); "closed" for a closed poll or NULL.
 *
 * Threads  any.      System  none.
 */
MIO_API const char *mio_poll_backend_name(const struct mio_poll *poll);

/*
 * The interest bits and modes that mio_register accepts on this poll, or-ed. They are those of this
 * poll, not of its kind of backend: they can depend on the running system. Also MIO_CAN_SPIN, which
 * does not say that this poll spins.
 *
 * Returns  MIO_READABLE | MIO_WRITABLE | ...; 0 for a closed poll or NULL.
 * Threads  any.      System  none.
 */
MIO_API mio_interest mio_poll_features(const struct mio_poll *poll);

/* Counts since init. They are kept as machine words, so on 32-bit systems they wrap at 2^32. */
struct mio_counters {
    uint64_t waits;           /* calls of mio_poll_wait that reached the system */
    uint64_t events;          /* events reported */
    uint64_t wakes;           /* wake-ups sent to the system */
    uint64_t wakes_coalesced; /* wakes that one on its way covered, without a system call; on a
                                 poll that spins also those of a poll that was not asleep */
    uint64_t kicks;           /* internal wake-ups of a waiting thread: on poll, and on iocp where
                                 the system has refused a request */
    uint64_t spins_hit;       /* spins that ended with an event */
    uint64_t spins_missed;    /* spins that found nothing */
};

/*
 * Reads the counters.
 *
 * Returns  0
 * Errors   -EINVAL  NULL
 *          -EBADF   closed poll
 * Threads  any.      System  none.
 */
MIO_API int mio_poll_counters(const struct mio_poll *poll, struct mio_counters *out);

/* ---- Registry -------------------------------------------------------------------------------- */

/*
 * Makes a second registry of the same poll, to hand to another part of a program: the poll cannot
 * be closed while it is open. It is a counted permission, nothing more.
 *
 * clone    storage for the new registry
 * Returns  0
 * Errors   -EINVAL  NULL, or registry and clone are the same
 *          -EBADF   closed registry
 * Threads  any (exclusive on the clone)
 * System   none
 */
MIO_API int mio_registry_clone(const struct mio_registry *registry, struct mio_registry *clone);

/*
 * Closes a clone.
 *
 * Returns  0; also when it is closed already
 * Errors   -EINVAL  NULL, or the poll's own registry, which is not a clone
 * Threads  exclusive.      System  none.
 */
MIO_API int mio_registry_close(struct mio_registry *registry);

/*
 * Closes a clone whose poll is to be abandoned (see mio_poll_abandon). Arguments, results and
 * threads as mio_registry_close.
 */
MIO_API int mio_registry_abandon(struct mio_registry *registry);

/*
 * The descriptor of the queue, for system interfaces that deliver into it: POSIX AIO on kqueue
 * (sigev_notify_kqueue), whose events say MIO_AIO or MIO_LIO, and entries of a kqueue's other
 * filters (EVFILT_PROC, EVFILT_SIGNAL, EVFILT_TIMER), whose events say readable. Their token is the
 * udata that you give. The filters of reading and writing are the library's. The event of an
 * operation comes with each wait until aio_return has taken its result, unless the operation was
 * started with EV_ONESHOT or EV_CLEAR (sigev_notify_kevent_flags).
 *
 * Returns  as mio_poll_fd.      Threads  any.      System  as mio_poll_fd.
 */
MIO_API mio_fd mio_registry_fd(const struct mio_registry *registry);

/* ---- Sources --------------------------------------------------------------------------------- */

/*
 * Something that can be registered: the first member of every socket type, a descriptor of your own
 * (mio_source_init_fd), or a type of your own (mio_source_init_custom). The library keeps no
 * pointer to it: it may be moved with memcpy while no call on it runs.
 */
struct mio_source {
    /* All fields are private. */
    const struct mio_source_ops *ops; /* NULL: a descriptor */
    struct mio_poll *poll;            /* where it is registered */
    mio_fd fd;
    uint32_t slot;       /* place in a backend's table */
    uint32_t generation; /* of that place */
    uint8_t state;       /* 0: closed */
    uint8_t interest;
    uint8_t flags;   /* mode and kind */
    uint8_t learned; /* by I/O about the system; atomic */
};

/*
 * Starts watching a source. The registration lasts until mio_deregister or the close of the source.
 *
 * registry  of the poll that is to report it
 * source    open and not registered
 * token     comes back in every event of the source
 * interest  at least one of the bits that mio_poll_features names, and a mode
 * Returns   0. A source that is ready already is reported by the next wait.
 * Errors    -EINVAL   NULL; empty interest, mode bits alone, unknown bits
 *           -ENOTSUP  a bit that this backend does not know, or not in this mode
 *           -EBADF    closed registry or source, or a bad descriptor (one that O_PATH opened, too).
 *                     Poll looks at descriptors of your own only.
 *           -EEXIST   this source is registered, here or elsewhere. The same epoll says so also of
 *                     a second source over the descriptor, and where its entry has outlived a
 *                     close, for a duplicate of the descriptor, and the same file has got the same
 *                     number again: mio_watch takes that entry over.
 *           -EPERM    the descriptor is of a kind that is always ready: a file, a directory
 *           -ELOOP    a poll nested in itself through others, or more than 4 deep; -EINVAL directly
 *                     in itself
 *           -EINVAL   from kqueue: a device without events
 *           -EPIPE    from kqueue: the end of a pipe that writes, whose reader is gone
 *           -ENOMEM, -ENOSPC  from the system (ENOSPC: the user's limit of watches)
 *           -EMFILE, -EACCES, -ENOBUFS, -ENETDOWN  from Windows: no handle of the AFD device, or
 *                     the socket does not tell what it is
 *           or what the add function of a custom source returned
 *           After an error the source is not registered.
 * Threads   any (exclusive on the source). Once an event of this registration is reported the call
 *           is done with the source, even if it has not returned: the thread that gets the event
 *           may use, deregister, close or free it, and sees what this thread wrote before the call.
 *           The same holds for mio_reregister.
 * System    epoll_ctl(2) EPOLL_CTL_ADD; kevent(2) EV_ADD. On poll none for socket types; fcntl(2)
 *           and fstat(2) for descriptors; and a write(2) where a thread waits.
 */
MIO_API int mio_register(struct mio_registry *registry, struct mio_source *source, mio_token token,
                         mio_interest interest);

/*
 * Replaces token, interest and mode of a registered source, arms all its directions again, and
 * reports it again if it is ready, even when nothing changed.
 *
 * Returns  0
 * Errors   -EINVAL, -ENOTSUP  as mio_register; -EINVAL also when it is registered with another poll
 *          -EBADF   closed registry or source
 *          -ENOENT  the source is not registered
 *          -ENOENT, -EBADF, -EPERM  from the system: the descriptor was closed behind the library's
 *                   back; nothing was changed, call mio_source_abandon. Where its number was given
 *                   out again, it is found on epoll and kqueue, only as long as the new owner is
 *                   not registered with the same poll: then that registration is taken over. On
 *                   kqueue a wait that runs meanwhile may report the new owner under the token.
 *          -ENOMEM, -ENOBUFS, -ENETDOWN  from the system; nothing was changed
 *          -EPIPE   from kqueue, as mio_register
 *          or what the change function of a custom source returned: it is unregistered then
 *          Where the system made half of a change (kqueue), any error of the system may leave the
 *          source unregistered. mio_source_is_registered tells.
 * Threads  any (exclusive on the source)
 * System   epoll_ctl(2) EPOLL_CTL_MOD; kevent(2); on poll as mio_register
 */
MIO_API int mio_reregister(struct mio_registry *registry, struct mio_source *source,
                           mio_token token, mio_interest interest);

/*
 * Stops watching a source. Waits that begin later do not return its token.
 *
 * A descriptor that was closed before is a mistake here (see "Closed by somebody else"). On epoll
 * the result is then -EBADF, and later waits go on returning the token while a duplicate lives; on
 * poll it is 0, or -EBADF when a wait has noticed. Where the number was given out again and its
 * owner is registered with the same epoll, the result is 0 and that owner is silenced.
 *
 * Returns  0
 * Errors   Three change nothing:
 *          -EINVAL  NULL, or the source is registered with another poll
 *          -EBADF   closed registry or source
 *          -ENOENT  the source is not registered
 *          After every other one (of the system, or of a custom source) it is unregistered.
 * Threads  any (exclusive on the source)
 * System   epoll_ctl(2) EPOLL_CTL_DEL; kevent(2) EV_DELETE; on poll a write(2) where a thread waits
 */
MIO_API int mio_deregister(struct mio_registry *registry, struct mio_source *source);

/*
 * Sets what a source is watched for, whatever the state: registers it, changes its registration, or
 * with interest 0 ends that. It is what an adapter of another event loop needs, whose descriptors
 * come, change and go by the word of a library.
 *
 * For a descriptor it recovers from what happened behind the library's back. When the system no
 * longer knows the descriptor, the old registration is abandoned and a new one made. When the
 * system still holds an entry for it (-EEXIST, epoll alone), that entry is taken over. Of two
 * sources over one descriptor the later one therefore wins on epoll, and poll reports both: abandon
 * the loser; a deregister, a close, or interest 0 for it would remove the winner's entry. Interest
 * 0 asks the system to forget a number, as mio_deregister does: after a foreign close abandon
 * instead where the number may be somebody else's. For custom sources this call is register,
 * reregister or deregister, without recovery.
 *
 * token     as for mio_register; ignored with interest 0
 * interest  0, or as for mio_register
 * Returns   0; with interest 0 also when the source was not registered, or the system had forgotten
 *           it
 * Errors    -EINVAL   NULL; mode bits alone, unknown bits
 *           -ENOTSUP, -EBADF (registry or source)  as mio_register
 *           -EEXIST   the source is registered with another poll
 *           These change nothing.
 *           -EBADF, -EPERM, -EPIPE, -ELOOP, -ENOMEM, -ENOSPC  from the system (more of them from
 *           Windows, as mio_register), or what a function of a custom source returned. A source
 *           that was not registered, one that the system had forgotten and a custom one are not
 *           registered afterwards. Another one stays as it was, unless the system made half of a
 *           change (kqueue): mio_source_is_registered tells.
 * Threads   any (exclusive on the source), as mio_register
 * System    epoll_ctl(2); kevent(2); on poll as mio_register and mio_deregister
 */
MIO_API int mio_watch(struct mio_registry *registry, struct mio_source *source, mio_token token,
                      mio_interest interest);

/*
 * Makes a source of a descriptor that you own and do the I/O on. The descriptor stays yours:
 * deregister the source before you close it. For edge mode the descriptor must be non-blocking; set
 * it yourself. Connect a stream socket, or make it listen, before you register it, or
 * mio_reregister it after that: until then it counts as hung up, and emulated edges tell that once.
 * The socket types tell the library of each operation by themselves; here that is yours to do:
 *
 *     ptrdiff_t n = read(fd, buf, sizeof buf);
 *     mio_source_after(&source, &ready, MIO_READABLE, n < 0 ? -errno : n, sizeof buf);
 *
 * That is for byte streams. For descriptors of another kind (eventfd, timerfd, signalfd, inotify,
 * terminals, sockets of packets) pass 0 in place of the size, and read until -EAGAIN. Nothing is
 * read from a pidfd, which may be a blocking one: it is readable when the process has ended.
 *
 * Returns  0
 * Errors   -EINVAL  NULL
 *          -EBADF   a negative descriptor
 * Threads  exclusive.      System  none.
 */
MIO_API int mio_source_init_fd(struct mio_source *source, mio_fd fd);

/*
 * How a source of your own type is registered, usually by registering what it is made of. The
 * library checks arguments and state first, records the registration, and takes that back when add
 * fails.
 *
 * add     registers; undoes its own partial work when it fails
 * change  replaces; when it fails the library calls remove, and the source is unregistered
 * remove  deregisters; the source is unregistered whatever it returns
 * Each returns 0 or a negative code that the caller gets (a positive one becomes -EINVAL), and runs
 * on the thread of the caller. An inner source is counted for itself: abandoning the outer one
 * leaves it registered.
 */
struct mio_source_ops {
    int (*add)(struct mio_registry *registry, struct mio_source *source, mio_token token,
               mio_interest interest);
    int (*change)(struct mio_registry *registry, struct mio_source *source, mio_token token,
                  mio_interest interest);
    int (*remove)(struct mio_registry *registry, struct mio_source *source);
};

/*
 * Makes a source of your own type. Embed the source in your object and find that from the pointer.
 *
 * ops      must outlive the source
 * Returns  0
 * Errors   -EINVAL  NULL, also for one of the functions
 * Threads  exclusive.      System  none.
 */
MIO_API int mio_source_init_custom(struct mio_source *source, const struct mio_source_ops *ops);

/*
 * Tells the library about I/O that you did on a descriptor yourself: mio_ready_after for your word,
 * and what backends that emulate edges need to report the direction again, at once where it is
 * ready. Call it after every operation. The calls of this library do it themselves.
 *
 * ready      your word of this source, as for mio_ready_after; not changed when the call fails
 * direction  MIO_READABLE or MIO_WRITABLE
 * result     of the operation: bytes or a negative code (-errno). -EINPROGRESS, of a first write
 *            that connects, counts as -EAGAIN.
 * asked      bytes that a read or write of a byte stream was asked to move. 0 where -EAGAIN alone
 *            drains: datagrams, listeners, sendfile, splice, recvmsg, packet-mode pipes
 * Returns    0; also when the source is not registered
 * Errors     -EINVAL  NULL, another direction, or a custom source (call it on the inner one)
 *            -EBADF   closed source
 * Threads    any (exclusive on the word)
 * System     none; on poll a write(2) where a thread waits
 */
MIO_API int mio_source_after(struct mio_source *source, uint32_t *ready, uint32_t direction,
                             ptrdiff_t result, size_t asked);

/*
 * The same for a program that keeps no such word: call it after an operation returned would-block,
 * and, on byte streams of which nothing was seen closed, after it moved something but less than it
 * was asked to.
 *
 * direction  MIO_READABLE, MIO_WRITABLE or both
 * Returns    0; also when the source is not registered
 * Errors     -EINVAL  NULL, other bits, or a custom source (call it on the inner one)
 *            -EBADF   closed source
 * Threads    any.      System  none; on poll a write(2) where a thread waits.
 */
MIO_API int mio_source_blocked(struct mio_source *source, uint32_t direction);

/*
 * Forgets a registration without asking the system: for a child after fork, and for a descriptor
 * that was closed while registered, whose number may be somebody else's by now. The source is open
 * and unregistered afterwards. While the descriptor or a duplicate of it is open, epoll goes on
 * reporting the token. Kqueue does while the descriptor itself is open, and keeps the mode of what
 * it holds, whatever the next registration asks for: do not abandon what is open there, but in a
 * child.
 *
 * Returns  0; also when it is not registered
 * Errors   -EINVAL  NULL
 *          -EBADF   closed source
 * Threads  exclusive.      System  none.
 */
MIO_API int mio_source_abandon(struct mio_source *source);

/*
 * Whether the source is registered with some poll; false for NULL.
 *
 * Threads  exclusive.      System  none.
 */
MIO_API bool mio_source_is_registered(const struct mio_source *source);

/*
 * The descriptor of a source, for what this interface lacks (setsockopt, recvmsg, sendfile). The
 * source keeps it. After I/O of your own call mio_source_after. sendfile(2), splice(2) and write(2)
 * raise SIGPIPE when the peer is gone, which ends a program that does not ignore it; this library
 * does not help there.
 *
 * Returns  the descriptor; MIO_FD_NONE for closed and custom sources and for NULL.
 * Threads  any.      System  none.
 */
MIO_API mio_fd mio_source_fd(const struct mio_source *source);

/* ---- Wakers ---------------------------------------------------------------------------------- */

/* Wakes a poll from other threads and signal handlers. Must not move between init and close. */
struct mio_waker {
    /* All fields are private. */
    struct mio_poll *poll; /* NULL: closed */
    mio_token token;
    mio_fd read_fd;
    mio_fd write_fd; /* the same descriptor for an eventfd */
    uint32_t bit;    /* in the poll's word of pending wakers */
    uint32_t reserved0;
    uintptr_t reserved;
};

/* So many wakers can be open on one poll; on one that spins, one less. */
#define MIO_WAKERS_MAX 32

/*
 * Opens a waker. A poll cannot be closed while it has one.
 *
 * token    comes back in an event with MIO_READABLE after a wake
 * Returns  0
 * Errors   -EINVAL  NULL
 *          -EBADF   closed registry
 *          -ENOSPC  the poll has MIO_WAKERS_MAX wakers, or one less and spins
 *          -EMFILE, -ENFILE, -ENOMEM  from the system
 * Threads  any (exclusive on the waker)
 * System   eventfd(2) or pipe2(2), epoll_ctl(2); kevent(2); none on poll
 */
MIO_API int mio_waker_init(struct mio_waker *waker, struct mio_registry *registry, mio_token token);

/*
 * Makes the wait that runs, or the next one, report the waker's token. Wakes merge: any number of
 * them before that report is one event, and no wake is lost. One exception: when the system refuses
 * a wake, others that relied on it are lost with it. Memory that the thread wrote before the wake
 * is visible to the waiter once the event is reported. While a wake is pending another one costs
 * two atomic instructions and no system call; on a poll that spins and is awake every one does.
 *
 * Returns  0
 * Errors   -EINVAL  NULL
 *          -EBADF   closed waker
 *          or an error of the system, after which the waker can be used again
 * Threads  any, also in signal handlers (which must not longjmp out of it). Takes no lock, keeps
 *          errno, is no cancellation point. Must not run at the same time as the waker's close:
 *          that its event was reported does not say that every wake has returned.
 * System   write(2), on kqueue kevent(2); signal-safety(7)
 */
MIO_API int mio_waker_wake(struct mio_waker *waker);

/*
 * Closes a waker. A wake that was not reported yet is dropped.
 *
 * Returns  0; also when it is closed already
 * Errors   -EINVAL  NULL
 * Threads  any (exclusive on the waker)
 * System   epoll_ctl(2), close(2); on kqueue kevent(2) or close(2); none on poll
 */
MIO_API int mio_waker_close(struct mio_waker *waker);

/*
 * Closes a waker without touching the queue, in a child after fork (see mio_poll_abandon); the
 * parent's waker works on.
 *
 * Returns, errors, threads  as mio_waker_close.      System  close(2)
 */
MIO_API int mio_waker_abandon(struct mio_waker *waker);

/* ---- Time ------------------------------------------------------------------------------------ */

/*
 * The clock that waits are measured by, for deadlines: timeout = deadline - mio_now_ns().
 *
 * Returns  nanoseconds since an unspecified start; never goes back.
 * Threads  any.      System  clock_gettime(2) CLOCK_MONOTONIC
 */
MIO_API int64_t mio_now_ns(void);

/* ---- Text ------------------------------------------------------------------------------------ */

/*
 * Writes an interest as "READABLE | WRITABLE | LEVEL", or an event as
 * "token 7: READABLE | READ_CLOSED". Unknown bits are written as a number; no bit at all is "NONE".
 *
 * buf, size  where to, and its size in bytes; the text ends with NUL
 * Returns    the length without the NUL; less than MIO_INTEREST_TEXT or MIO_EVENT_TEXT
 * Errors     -EINVAL  NULL
 *            -ENOSPC  the buffer is too small; it holds an empty text, if it holds anything
 * Threads    any.      System  none.
 */
#define MIO_INTEREST_TEXT 128
#define MIO_EVENT_TEXT 160
MIO_API int mio_interest_format(mio_interest interest, char *buf, size_t size);
MIO_API int mio_event_format(const struct mio_event *event, char *buf, size_t size);

/* ---- Buffers --------------------------------------------------------------------------------- */

/* A piece of memory for vectored reads and writes. */
struct mio_buf {
    void *base;
    size_t len;
};

/* The longest list of buffers; a longer one is -EINVAL. */
#define MIO_BUFS_MAX 1024

/*
 * The bytes of a list of buffers: what mio_drained and mio_ready_after want as asked.
 *
 * Returns  the sum, or SIZE_MAX where it does not fit.      Threads  any.      System  none.
 */
MIO_INLINE size_t mio_bufs_len(const struct mio_buf *bufs, size_t count)
{
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (bufs[i].len > SIZE_MAX - sum)
            return SIZE_MAX;
        sum += bufs[i].len;
    }
    return sum;
}

/* ---- Pipes ----------------------------------------------------------------------------------- */

#if MIO_HAS_PIPES

/* The two ends of a pipe; on Unix. Windows has none that could be waited on, but named pipes. */
struct mio_pipe_sender {
    struct mio_source source;
};

struct mio_pipe_receiver {
    struct mio_source source;
};

/*
 * Makes a pipe: both ends non-blocking, not inherited by programs that are started later. To give
 * an end to a child process as its standard input or output, take it with into_fd (after
 * set_nonblocking false, which most programs expect) and dup2 it there.
 *
 * Returns  0
 * Errors   -EINVAL  NULL
 *          -EMFILE, -ENFILE  from the system
 * Threads  exclusive.      System  pipe2(2)
 */
MIO_API int mio_pipe_pair(struct mio_pipe_sender *sender, struct mio_pipe_receiver *receiver);

/*
 * Writes. A write that nobody can read any more is an error, never a SIGPIPE. At most PIPE_BUF
 * bytes (4,096 on Linux, at least 512 everywhere) are written in one piece or not at all.
 *
 * len      bytes; 0 is allowed and does nothing (buf may be NULL then)
 * bufs     count buffers, 0 to MIO_BUFS_MAX, written in order; no more than PTRDIFF_MAX bytes in
 *          all (-EINVAL or -EFAULT from the system, which also finds a NULL in the list, or moves
 *          what stands before it: such a short transfer drains nothing)
 * Returns  bytes taken, which can be fewer than asked
 * Errors   -EINVAL  NULL, or list too long
 *          -EBADF   closed sender
 *          -EAGAIN  no room: drained
 *          -EPIPE   the reading end is closed; so says every later write
 *          -EFAULT, ...  from the system
 * Threads  any
 * System   pwritev2(2) with RWF_NOSIGNAL (Linux 6.18). Where the system refuses or ignores that,
 *          writev(2) while the thread blocks SIGPIPE: at least two system calls more. The first
 *          write of a sender finds out which it is: three more. Where a filter refuses
 *          rt_sigtimedwait(2), too, SIGPIPE may stay blocked in the thread.
 */
MIO_API ptrdiff_t mio_pipe_sender_write(struct mio_pipe_sender *sender, const void *buf,
                                        size_t len);
MIO_API ptrdiff_t mio_pipe_sender_writev(struct mio_pipe_sender *sender, const struct mio_buf *bufs,
                                         size_t count);

/*
 * Reads.
 *
 * len      bytes that fit into buf, at least 1
 * bufs     count buffers, 1 to MIO_BUFS_MAX, filled in order; at least 1 byte in all, otherwise as
 *          for writing
 * Returns  bytes read, 0 at end of file: all writing ends are closed (a FIFO that nobody has opened
 *          for writing yet is at its end, too)
 * Errors   -EINVAL  NULL; len 0 (it would look like end of file); list empty or too long
 *          -EBADF   closed receiver
 *          -EAGAIN  nothing to read: drained
 *          -EFAULT, ...  from the system
 * Threads  any.      System  read(2), readv(2)
 */
MIO_API ptrdiff_t mio_pipe_receiver_read(struct mio_pipe_receiver *receiver, void *buf, size_t len);
MIO_API ptrdiff_t mio_pipe_receiver_readv(struct mio_pipe_receiver *receiver,
                                          const struct mio_buf *bufs, size_t count);

/*
 * Deregisters the end if it is registered, and closes it.
 *
 * Returns  0; also when it is closed already
 * Errors   -EINVAL  NULL; else an error of the system. It is closed even so.
 * Threads  exclusive.      System  close(2)
 */
MIO_API int mio_pipe_sender_close(struct mio_pipe_sender *sender);
MIO_API int mio_pipe_receiver_close(struct mio_pipe_receiver *receiver);

/*
 * Whether calls on this end return -EAGAIN instead of waiting; for a descriptor that is about to go
 * to a child process. The other end is not affected, but every process that shares this one is.
 *
 * Returns  0
 * Errors   -EINVAL  NULL
 *          -EBADF   closed
 * Threads  exclusive.      System  fcntl(2) O_NONBLOCK
 */
MIO_API int mio_pipe_sender_set_nonblocking(struct mio_pipe_sender *sender, bool nonblocking);
MIO_API int mio_pipe_receiver_set_nonblocking(struct mio_pipe_receiver *receiver, bool nonblocking);

/*
 * Takes over one end of a pipe or FIFO, for instance the standard input or output of a child
 * process, and makes it non-blocking and not inherited.
 *
 * A receiver cannot work in packet mode (pipe2(2) O_DIRECT), where each read returns one packet:
 * short reads do not drain there. The flag stands on the end that writes, which can also get it
 * later, and the receiver does not see that. Where a writer may do so read until -EAGAIN, or the
 * end, whatever the length of a read.
 *
 * Returns  0; the object owns the descriptor now
 * Errors   -EINVAL  NULL, no pipe, or the other end of one; for a receiver also a descriptor that
 *                   has O_DIRECT itself
 *          -EBADF   no open descriptor, or one that only names a FIFO (O_PATH)
 *          On failure the descriptor stays yours and as it was.
 * Threads  exclusive.      System  fstat(2), fcntl(2)
 */
MIO_API int mio_pipe_sender_from_fd(struct mio_pipe_sender *sender, mio_fd fd);
MIO_API int mio_pipe_receiver_from_fd(struct mio_pipe_receiver *receiver, mio_fd fd);

/*
 * Deregisters the end if it is registered, closes the object and gives the descriptor to you.
 *
 * Returns  the descriptor, still close-on-exec, and non-blocking unless set_nonblocking changed
 *          that; MIO_FD_NONE for a closed end or NULL.
 * Threads  exclusive.      System  none, or that of mio_deregister
 */
MIO_API mio_fd mio_pipe_sender_into_fd(struct mio_pipe_sender *sender);
MIO_API mio_fd mio_pipe_receiver_into_fd(struct mio_pipe_receiver *receiver);

#endif /* MIO_HAS_PIPES */

/* ---- Named pipes ----------------------------------------------------------------------------- */

#if MIO_HAS_NAMED_PIPES

/*
 * One end of a named pipe of Windows, that of a server or of a client; other devices whose handles
 * take overlapped operations, such as serial ports, by mio_named_pipe_from_handle.
 *
 * The system completes operations there; readiness is the library's work. A pipe has memory for
 * what was read ahead and for what is to be written. It is readable while there is something in the
 * one, or an end or an error to be told, and writable while there is room in the other. The memory
 * is the library's, since the system may write to it after a close: it comes from the allocator of
 * the options when the pipe is made, and is given back by mio_named_pipe_close, or by a wait on
 * the poll, or its close, once the system has let go of it. Nothing else asks for memory.
 *
 * Rules that differ from those of other sources:
 *
 * One poll.  The system binds a handle to the first poll that it is registered with, for ever. The
 *     same poll may register it any number of times, another one is refused (-EINVAL), and the poll
 *     cannot be closed before the pipe is (-EBUSY). After mio_poll_abandon every call on the pipe
 *     but a close is -EBADF.
 * Register first.  Before it is registered for the first time a pipe moves nothing: -EAGAIN.
 * A wait moves things on.  Bytes that a write has accepted are written, and a connect is noticed,
 *     by calls on the pipe and by waits on its poll.
 * Interest.  MIO_READABLE and MIO_WRITABLE in all modes; MIO_READ_CLOSED alone is -ENOTSUP. Only a
 *     pipe with MIO_READABLE is read ahead. Events name no direction that is not in the interest:
 *     to learn of a client, a server asks for MIO_WRITABLE.
 * The peer's end.  It is told once all that the peer sent is read, and closes both directions. With
 *     MIO_WRITABLE alone the next write finds it.
 * I/O of your own on the handle would be mixed up with that of the library: there must be none.
 */
struct mio_named_pipe {
    struct mio_source source;
    /* All other fields are private. */
    void *end;
    uintptr_t reserved[2];
};

/* Flags of the options. */
#define MIO_NAMED_PIPE_MESSAGES 1u /* messages in place of a stream of bytes */
#define MIO_NAMED_PIPE_REMOTE 2u   /* clients on other machines may connect, too */
#define MIO_NAMED_PIPE_SHARED 4u   /* a server may be there already: this is one more of its kind */

/* The size of a buffer where the options say 0, and the largest, in bytes. */
#define MIO_NAMED_PIPE_BUFFER 16384u
#define MIO_NAMED_PIPE_BUFFER_MAX 16777216u

/* The most that options may say of instances; 0 leaves it to the system. */
#define MIO_NAMED_PIPE_INSTANCES_MAX 254u

/* How long a close goes on to write, where the options say 0. */
#define MIO_NAMED_PIPE_FLUSH (5 * MIO_NS_PER_S)

/* Zero-initialise and set what you need; reserved words must stay 0. */
struct mio_named_pipe_options {
    uint32_t flags;        /* MIO_NAMED_PIPE_...; open takes MESSAGES alone, from_handle none */
    uint32_t instances;    /* servers of that name at the same time; the first one decides */
    uint32_t read_buffer;  /* bytes to read ahead */
    uint32_t write_buffer; /* bytes that are accepted and not written; the longest message */
    int64_t flush_ns;      /* see mio_named_pipe_close; MIO_FOREVER has no end */
    struct mio_allocator allocator; /* both functions or none */
    uintptr_t reserved[4];          /* must be 0 */
};

/*
 * Makes the end of a server. Its handle is not inherited by programs that are started later, and it
 * is not connected: see mio_named_pipe_connect. One server end serves one client at a time; for
 * more make one for each, all but the first one with MIO_NAMED_PIPE_SHARED. Without that flag it is
 * an error if the name is taken, so that no other program can have it before.
 *
 * name     \\.\pipe\NAME in UTF-8, of at most 256 characters; upper and lower case are the same
 * options  NULL, or what to choose
 * Returns  0
 * Errors   -EINVAL        NULL; a name of another form, or no UTF-8; unknown flag, too many
 *                         instances, buffer over the limit, negative flush_ns, half an allocator,
 *                         non-zero reserved word
 *          -ENAMETOOLONG  more than 256 characters
 *          -EACCES        the name is taken (under Wine it is not refused), or another program has
 *                         pipes of that name of another kind, or does not share them
 *          -EBUSY         as many instances as the first one allows are there
 *          -ENOMEM, -EMFILE, ...  from the system or the allocator
 * Threads  exclusive
 * System   CreateNamedPipeW
 */
MIO_API int mio_named_pipe_create(struct mio_named_pipe *pipe, const char *name,
                                  const struct mio_named_pipe_options *options);

/*
 * Connects to a server as its client, which is done at once or not at all. Its handle is not
 * inherited by programs that are started later. The server may ask who the client is, but not act
 * in its place. For a pipe that goes one way alone, open it yourself (CreateFileW with
 * FILE_FLAG_OVERLAPPED) and take it over.
 *
 * name     \\.\pipe\NAME or \\HOST\pipe\NAME in UTF-8, of at most 256 characters
 * options  NULL, or what to choose. MIO_NAMED_PIPE_MESSAGES: reads stop at the end of a message.
 * Returns  0
 * Errors   -EINVAL        as mio_named_pipe_create, but for instances, which must be 0; with
 *                         MIO_NAMED_PIPE_MESSAGES a server that sends none
 *          -ENAMETOOLONG  more than 256 characters
 *          -ENOENT        there is no such pipe
 *          -EBUSY         no instance is free: try again later. No event tells when.
 *          -EACCES        the server does not allow it, or the pipe goes one way alone
 *          -ENOMEM, -EMFILE, ...  from the system or the allocator
 * Threads  exclusive
 * System   CreateFileW, SetNamedPipeHandleState
 */
MIO_API int mio_named_pipe_open(struct mio_named_pipe *pipe, const char *name,
                                const struct mio_named_pipe_options *options);

/*
 * Takes over a handle of your own: an end of a named pipe, or a device such as a serial port. It
 * must have been opened for overlapped operations (FILE_FLAG_OVERLAPPED), never been bound to a
 * completion port, or told to leave out its packets (SetFileCompletionNotificationModes), and have
 * no operation under way. It becomes not inherited. Whether it moves messages is as the pipe was
 * made. A serial port needs time-outs by which a read waits for the first byte and returns
 * then (SetCommTimeouts).
 *
 * options  NULL, or what to choose; flags and instances must be 0
 * Returns  0; the object owns the handle now
 * Errors   -EINVAL  NULL; the options, as above; a file, a socket, a handle without overlapped
 *                   operations (as those of CreatePipe), a pipe that does not wait (PIPE_NOWAIT)
 *          -EBADF   no open handle
 *          -EACCES  a server end that only writes (PIPE_ACCESS_OUTBOUND): it does not tell whether
 *                   it sends messages
 *          -ENOMEM, ...  from the system or the allocator
 *          On failure the handle stays yours and as it was.
 * Threads  exclusive
 * System   GetFileType, GetNamedPipeInfo, GetNamedPipeHandleStateW, SetHandleInformation
 */
MIO_API int mio_named_pipe_from_handle(struct mio_named_pipe *pipe, mio_fd handle,
                                       const struct mio_named_pipe_options *options);

/*
 * Waits, without blocking, for a client of a server end. Call it until it returns 0; while it says
 * -EAGAIN an event with MIO_WRITABLE tells when to call again. A client that came before this call
 * is taken, too, and so is one that has left again: reading then finds what it sent, and the end.
 * For the next client disconnect first.
 *
 * Returns  0: a client is connected, now or before. In edge mode this arms all directions again.
 * Errors   -EINVAL  NULL, or the end of a client or another device
 *          -EBADF   closed
 *          -EAGAIN  no client yet; also before the first registration, which then goes on with it
 *          -ENOMEM, ...  from the system, now or for the connect before: an event with MIO_ERROR
 *          tells of it, and so does, once, this call or mio_named_pipe_take_error; the next call
 *          begins anew
 * Threads  exclusive.      System  ConnectNamedPipe
 */
MIO_API int mio_named_pipe_connect(struct mio_named_pipe *pipe);

/*
 * Throws the client of a server end out, or gives up waiting for one. All is dropped that either
 * side has sent and the other has not read; to let a client read to the end, close the pipe
 * instead, or wait for its end first. The pipe stays registered, and can be connected again.
 *
 * Returns  0
 * Errors   -EINVAL    NULL, or the end of a client or another device
 *          -EBADF     closed
 *          -ENOTCONN  neither connected nor waiting
 *          or an error of the system; all that was not read is dropped even so
 * Threads  exclusive.      System  DisconnectNamedPipe, CancelIoEx
 */
MIO_API int mio_named_pipe_disconnect(struct mio_named_pipe *pipe);

/*
 * Reads what was read ahead, then what the system has, as far as the buffer goes. A short read
 * drains, with messages, too.
 *
 * With messages one call reads from one message: what does not fit into buf comes with the next
 * call. An empty message is left out by the first two of these; the third one reports it.
 *
 * len      bytes that fit into buf, at least 1
 * bufs     count buffers, 1 to MIO_BUFS_MAX, filled in order; at least 1 byte in all
 * part     receives MIO_MESSAGE_MORE where the message goes on, MIO_MESSAGE_END where the peer has
 *          left, else 0. Only where mio_named_pipe_read_message returns 0 or more.
 * Returns  bytes read, 0 at the end: the peer has closed its end, or the server has disconnected.
 *          mio_named_pipe_read_message: 0 is an empty message, or the end, as part says.
 * Errors   -EINVAL    NULL, also in a list; len 0 (it would look like the end), list empty or too
 *                     long;
 *                     mio_named_pipe_read_message on a pipe that is read as bytes
 *          -EBADF     closed
 *          -EAGAIN    nothing to read: drained. Also while a connect is under way, and before the
 *                     first registration.
 *          -ENOTCONN  a server without a client that has not called connect
 *          -EIO, -ENOMEM, -EACCES, ...  from the system or the device
 * Threads  any.      System  ReadFile; CancelIoEx where readable is not in the interest
 */
MIO_API ptrdiff_t mio_named_pipe_read(struct mio_named_pipe *pipe, void *buf, size_t len);
MIO_API ptrdiff_t mio_named_pipe_readv(struct mio_named_pipe *pipe, const struct mio_buf *bufs,
                                       size_t count);
MIO_API ptrdiff_t mio_named_pipe_read_message(struct mio_named_pipe *pipe, void *buf, size_t len,
                                              uint32_t *part);
#define MIO_MESSAGE_MORE 1u
#define MIO_MESSAGE_END 2u

/*
 * Writes: bytes are accepted into the buffer of the pipe and given to the system in their order.
 * On a pipe of messages each call is one message, whole or not at all, and one is on its way at a
 * time.
 *
 * len      bytes; 0 is allowed and does nothing (buf may be NULL then)
 * bufs     count buffers, 0 to MIO_BUFS_MAX, written in order
 * Returns  bytes accepted, which can be fewer than asked (not so for messages)
 * Errors   -EINVAL    NULL, also in a list; list too long
 *          -EBADF     closed
 *          -EAGAIN    no room: drained. Also while a connect is under way, and before the first
 *                     registration.
 *          -ENOTCONN  a server without a client that has not called connect
 *          -EMSGSIZE  a message longer than the write buffer
 *          -EPIPE     the peer has left; so says every later write
 *          -EIO, -ENOMEM, -EACCES, ...  from the system or the device. Where an event has told it
 *          (MIO_ERROR), bytes that were accepted before are lost, and so say all later writes until
 *          a disconnect; else nothing was accepted.
 * Threads  any.      System  WriteFile
 */
MIO_API ptrdiff_t mio_named_pipe_write(struct mio_named_pipe *pipe, const void *buf, size_t len);
MIO_API ptrdiff_t mio_named_pipe_writev(struct mio_named_pipe *pipe, const struct mio_buf *bufs,
                                        size_t count);

/*
 * Takes the error of the last connect that failed while nobody looked.
 *
 * Returns  0: there is none
 * Errors   -EINVAL  NULL
 *          -EBADF   closed
 *          or the error
 * Threads  any.      System  none.
 */
MIO_API int mio_named_pipe_take_error(struct mio_named_pipe *pipe);

/*
 * The handle, a HANDLE of the system, for questions about the pipe (GetNamedPipeClientProcessId,
 * SetCommState). The pipe keeps it.
 *
 * Returns  the handle; MIO_FD_NONE for a closed pipe and NULL.
 * Threads  any.      System  none.
 */
MIO_API mio_fd mio_named_pipe_handle(const struct mio_named_pipe *pipe);

/*
 * Deregisters the pipe if it is registered, and closes it. The object may be freed right after.
 *
 * Bytes that a write has accepted go on to be written, as long as flush_ns of the options, while
 * waits run on the poll; the handle is closed when they are, or when the time is over. Bytes that
 * the system has taken can be read by the peer after that. A close of the poll drops what is left.
 * Without such bytes the handle is closed at once; no operation of other handles is touched.
 *
 * Returns  0; also when it is closed already
 * Errors   -EINVAL  NULL; else an error of the system. It is closed even so.
 * Threads  exclusive.      System  CancelIoEx, CloseHandle
 */
MIO_API int mio_named_pipe_close(struct mio_named_pipe *pipe);

#endif /* MIO_HAS_NAMED_PIPES */

#ifndef MIO_NO_NET /* defined where the library was built without sockets (MIO_NET=OFF) */

/* ---- Addresses ------------------------------------------------------------------------------- */

/* A socket address. Zero-initialised it is no address (MIO_ADDR_NONE). May be copied freely. */
struct mio_addr {
    /* All fields are private. */
    uint32_t length; /* bytes of the system's own form, which the storage holds */
    uint32_t reserved;
    uint64_t storage[16];
};

/* Results of mio_addr_family. */
#define MIO_ADDR_NONE 0
#define MIO_ADDR_UNIX 1
#define MIO_ADDR_IPV4 4
#define MIO_ADDR_IPV6 6

/* Room for the text of every address, with its NUL. */
#define MIO_ADDR_TEXT 448

/*
 * Reads the text of an address:
 *
 *     127.0.0.1:80  [::1]:80  [fe80::1%2]:80     IP; the port from 0 to 65535, the scope a number,
 *                                                neither with leading zeros
 *     unix:/run/x.sock  unix:x.sock              a path, absolute or relative
 *     unix:@name                                 an abstract name (Linux, Android)
 *     unix:                                      the unnamed address
 *
 * After "unix:" a backslash stands before x and two hexadecimal digits, which are one byte of the
 * name: \x00 in an abstract name, \x40 for a path that begins with "@", \x5c for a backslash. Host
 * names are not looked up: getaddrinfo(3) blocks, so it belongs in a thread.
 *
 * text     ends with NUL
 * Returns  0
 * Errors   -EINVAL        NULL, or the text is no address
 *          -ENAMETOOLONG, -ENOTSUP  as mio_addr_unix_path and mio_addr_unix_abstract
 *          addr is not changed.
 * Threads  any (exclusive on addr)
 * System   inet_pton(3), unix(7)
 */
MIO_API int mio_addr_parse(struct mio_addr *addr, const char *text);

/*
 * Writes an address in the form that mio_addr_parse reads: control characters, DEL and the
 * backslash of a name are escaped, and "@" where a path begins with it. A path that fills all the
 * room that the system has for it, without a NUL, has a text that is too long to be read.
 *
 * buf, size  where to; MIO_ADDR_TEXT bytes always suffice
 * Returns    the length without the NUL
 * Errors     -EINVAL  NULL, or no address
 *            -ENOSPC  the buffer is too small; it holds an empty text, if it holds anything
 * Threads    any.      System  inet_ntop(3)
 */
MIO_API int mio_addr_format(const struct mio_addr *addr, char *buf, size_t size);

/*
 * Makes an address of raw bytes in network order.
 *
 * ip       4 or 16 bytes
 * port     in host order
 * scope    the index of the interface for link-local addresses, else 0
 * Returns  0
 * Errors   -EINVAL  NULL
 * Threads  any (exclusive on addr)
 * System   ip(7), ipv6(7)
 */
MIO_API int mio_addr_ipv4(struct mio_addr *addr, const uint8_t ip[4], uint16_t port);
MIO_API int mio_addr_ipv6(struct mio_addr *addr, const uint8_t ip[16], uint16_t port,
                          uint32_t scope);

/*
 * Makes an address in the Unix domain: of a path, of an abstract name, or the unnamed one, which a
 * socket has that was never bound. A socket that is bound to the unnamed address gets an abstract
 * name from the system.
 *
 * path     ends with NUL; relative ones are relative to the working directory of the process that
 *          uses them
 * name     length bytes, of any value, NUL included; may be NULL when length is 0, which is a name
 *          like others
 * Returns  0
 * Errors   -EINVAL        NULL, or an empty path
 *          -ENAMETOOLONG  more bytes than the system takes: 107 on Linux, 103 on BSD and macOS
 *          -ENOTSUP       the system has no abstract names; only Linux and Android have
 *          addr is not changed.
 * Threads  any (exclusive on addr)
 * System   unix(7)
 */
MIO_API int mio_addr_unix_path(struct mio_addr *addr, const char *path);
MIO_API int mio_addr_unix_abstract(struct mio_addr *addr, const void *name, size_t length);
MIO_API int mio_addr_unix_unnamed(struct mio_addr *addr);

/* Results of mio_addr_unix_kind. */
#define MIO_UNIX_UNNAMED 0
#define MIO_UNIX_PATH 1
#define MIO_UNIX_ABSTRACT 2

/*
 * Which of the three it is, and its name.
 *
 * length   receives the number of bytes of the name; may be NULL
 * Returns  kind: MIO_UNIX_...; name: the bytes, inside addr and valid until that changes. A path
 *          ends with a NUL that length does not count; an abstract name is without the NUL that the
 *          system puts before it; the name of the unnamed address is empty.
 * Errors   kind: -EINVAL, name: NULL (and length 0)  for NULL, or no address in the Unix domain
 * Threads  any.      System  none.
 */
MIO_API int mio_addr_unix_kind(const struct mio_addr *addr);
MIO_API const char *mio_addr_unix_name(const struct mio_addr *addr, size_t *length);

/*
 * MIO_ADDR_IPV4, MIO_ADDR_IPV6, MIO_ADDR_UNIX, or MIO_ADDR_NONE (also for NULL and for families
 * unknown here).
 *
 * Threads  any.      System  none.
 */
MIO_API int mio_addr_family(const struct mio_addr *addr);

/*
 * The raw bytes of an IP address in network order, and its scope.
 *
 * ip       room for 16 bytes
 * scope    receives the index of the interface (0 for IPv4); may be NULL
 * Returns  4 or 16, the number of bytes written
 * Errors   -EINVAL  NULL, or no IP address
 * Threads  any.      System  none.
 */
MIO_API int mio_addr_ip(const struct mio_addr *addr, uint8_t ip[16], uint32_t *scope);

/*
 * The port, in host order, and its change.
 *
 * Returns  the port; 0 for the change
 * Errors   -EINVAL  NULL, or no IP address
 * Threads  any (exclusive on addr for the change)
 * System   none
 */
MIO_API int mio_addr_port(const struct mio_addr *addr);
MIO_API int mio_addr_set_port(struct mio_addr *addr, uint16_t port);

/*
 * Whether both are the same address: family, bytes, port and scope; in the Unix domain kind and
 * name. Two that are no address are equal; NULL equals nothing.
 *
 * Threads  any.      System  none.
 */
MIO_API bool mio_addr_equal(const struct mio_addr *a, const struct mio_addr *b);

/*
 * From and to the system's own form, for getaddrinfo, sendmsg and the like.
 *
 * from     sockaddr  IPv4, IPv6 or Unix domain; length its size in bytes. For an abstract name it
 *          is exact, for each NUL is part of that; for a path sizeof(struct sockaddr_un) will do.
 * to       out       room for size bytes (sizeof(struct sockaddr_storage) always suffices)
 * Returns  from: 0.  to: the length in bytes.
 * Errors   -EINVAL        NULL, a length that its family does not have, or no address
 *          -EAFNOSUPPORT  another family
 *          -ENOSPC        out is too small
 * Threads  any (exclusive on what is written)
 * System   sockaddr(3type)
 */
MIO_API int mio_addr_from_sockaddr(struct mio_addr *addr, const struct sockaddr *sockaddr,
                                   size_t length);
MIO_API int mio_addr_to_sockaddr(const struct mio_addr *addr, struct sockaddr *out, size_t size);

/* ---- TCP listeners --------------------------------------------------------------------------- */

/* A switch that can be left to the system. */
#define MIO_DEFAULT 0
#define MIO_ON 1
#define MIO_OFF 2

/*
 * A hook for socket options that this interface does not have. It runs on the new descriptor after
 * the library's own options and before bind or connect, on the thread of the caller.
 *
 * arg      as given in the options
 * Returns  0, or a negative code: the call fails with it as it is (a positive one becomes -EINVAL).
 *          After a failed system call mio_socket_error() is that code.
 */
typedef int mio_prepare(mio_fd fd, void *arg);

/*
 * The error of a socket call that has just failed on this thread as a code of this library, for
 * prepare hooks. It is for sockets alone: after read(2) or write(2) the code is -errno.
 *
 * Returns  a negative code; it means nothing unless a call has just failed.
 * Threads  any.      System  errno(3), WSAGetLastError
 */
MIO_API int mio_socket_error(void);

/*
 * Zero-initialise and set what you need; reserved words must stay 0. On listeners in the Unix
 * domain the switches do not apply: one that is not MIO_DEFAULT is -ENOTSUP.
 *
 * reuse_port  Linux, FreeBSD (12 and later) and DragonFly spread connections over the listeners. On
 *             the other systems one of them may get all; Windows has no such option (-ENOTSUP).
 */
struct mio_listen_options {
    int backlog;    /* connections that may wait to be accepted; 0: SOMAXCONN of the system */
    int reuse_port; /* MIO_ON: several listeners share the port; see below */
    int only_v6;    /* MIO_ON: not for IPv4, MIO_OFF: IPv4 too; without meaning on IPv4 addresses */
    int nodelay;    /* MIO_ON: accepted connections start as after mio_tcp_stream_set_nodelay */
    mio_prepare *prepare; /* or NULL */
    void *prepare_arg;
    uintptr_t reserved[4]; /* must be 0 */
};

struct mio_tcp_listener {
    struct mio_source source;
};

/*
 * Opens a listening socket: non-blocking, not inherited by programs that are started later.
 * A restarted server gets its port back at once (SO_REUSEADDR); on Windows nobody else can take it
 * (SO_EXCLUSIVEADDRUSE).
 *
 * addr     IPv4 or IPv6; port 0 lets the system choose (see mio_tcp_listener_local_addr)
 * options  NULL, or what to choose
 * Returns  0
 * Errors   -EINVAL        NULL, negative backlog, another value of a switch, non-zero reserved
 *                         word; a link-local address without a scope
 *          -EAFNOSUPPORT  addr is no IP address, or the system lacks the family
 *          -EADDRINUSE, -EADDRNOTAVAIL, -EACCES, -ENODEV (no such scope), -EMFILE, -ENFILE,
 *          -ENOBUFS, -ENOMEM, ...  from the system, -ENOTSUP for an option that it lacks, or what
 *          the hook returned
 * Threads  exclusive
 * System   socket(2), setsockopt(2), bind(2), listen(2)
 */
MIO_API int mio_tcp_listener_bind(struct mio_tcp_listener *listener, const struct mio_addr *addr);
MIO_API int mio_tcp_listener_bind_with(struct mio_tcp_listener *listener,
                                       const struct mio_addr *addr,
                                       const struct mio_listen_options *options);

struct mio_tcp_stream;

/*
 * Accepts a connection: non-blocking, not inherited by programs that are started later.
 *
 * stream   storage for the connection; closed after an error
 * peer     receives the address of the other side; may be NULL
 * Returns  0
 * Errors   -EINVAL  NULL
 *          -EBADF   closed listener
 *          -EAGAIN  no connection waits: the listener is drained
 *          Other errors leave the listener undrained, and in edge mode no new event comes by
 *          itself. If mio_accept_should_continue(error), accept again at once. Else (-EMFILE,
 *          -ENFILE, -ENOBUFS, -ENOMEM) free something and accept again, or mio_reregister.
 * Threads  any (exclusive on the stream)
 * System   accept4(2)
 */
MIO_API int mio_tcp_listener_accept(struct mio_tcp_listener *listener,
                                    struct mio_tcp_stream *stream, struct mio_addr *peer);

/*
 * Whether accept may be repeated at once: the error took one connection off the queue, or was an
 * interruption.
 *
 * Returns  true for -ECONNABORTED, -ECONNRESET, -EINTR, -EPROTO, -ENOPROTOOPT, -ETIMEDOUT and for
 *          errors of the network (-ENETDOWN, -ENETUNREACH, -EHOSTUNREACH, -EHOSTDOWN, -ENONET);
 *          false for 0, -EAGAIN, shortages (-EMFILE, -ENFILE, -ENOBUFS, -ENOMEM), -EPERM (a filter
 *          or policy refuses every accept, and the connection stays in the queue) and the rest.
 * Threads  any.      System  accept(2), errors
 */
MIO_API bool mio_accept_should_continue(int error);

/*
 * Deregisters the listener if it is registered, and closes it. Connections that nobody accepted are
 * reset by the system.
 *
 * Returns  0; also when it is closed already
 * Errors   -EINVAL  NULL; else an error of the system. The listener is closed even so.
 * Threads  exclusive.      System  close(2)
 */
MIO_API int mio_tcp_listener_close(struct mio_tcp_listener *listener);

/*
 * The address that the listener is bound to.
 *
 * Returns  0
 * Errors   -EINVAL  NULL
 *          -EBADF   closed listener
 * Threads  any.      System  getsockname(2)
 */
MIO_API int mio_tcp_listener_local_addr(const struct mio_tcp_listener *listener,
                                        struct mio_addr *addr);

/*
 * Time to live of outgoing packets (the hop limit on IPv6), inherited by accepted connections.
 *
 * ttl      1 to 255
 * Returns  the value; 0 for the change
 * Errors   -EINVAL  NULL or out of range
 *          -EBADF   closed listener
 * Threads  any.      System  ip(7) IP_TTL, ipv6(7) IPV6_UNICAST_HOPS
 */
MIO_API int mio_tcp_listener_ttl(const struct mio_tcp_listener *listener);
MIO_API int mio_tcp_listener_set_ttl(struct mio_tcp_listener *listener, int ttl);

/*
 * Takes the pending error of the socket, which clears it.
 *
 * Returns  0 when there is none, else the error as a negative code
 * Errors   -EINVAL  NULL
 *          -EBADF   closed listener
 * Threads  any.      System  socket(7) SO_ERROR
 */
MIO_API int mio_tcp_listener_take_error(struct mio_tcp_listener *listener);

/*
 * Takes over a listening socket of your own (socket activation, for one) and makes it non-blocking
 * and not inherited. It is then non-blocking for all who share it, also in other processes.
 *
 * Returns  0; the listener owns the descriptor now
 * Errors   -EINVAL        NULL, or it does not listen (a stream: it does)
 *          -EBADF         no open descriptor, or one that only names a file (O_PATH)
 *          -ENOTSOCK      no socket
 *          -EPROTOTYPE    no stream socket
 *          -EAFNOSUPPORT  another family
 *          On failure the descriptor stays yours and as it was.
 * Threads  exclusive.      System  fcntl(2), socket(7) SO_TYPE
 */
MIO_API int mio_tcp_listener_from_fd(struct mio_tcp_listener *listener, mio_fd fd);

/*
 * Deregisters the listener if it is registered, closes the object and gives the descriptor to you.
 *
 * Returns  the descriptor, still non-blocking and close-on-exec; MIO_FD_NONE for a closed listener
 *          or NULL.
 * Threads  exclusive.      System  none, or that of mio_deregister
 */
MIO_API mio_fd mio_tcp_listener_into_fd(struct mio_tcp_listener *listener);

/* ---- TCP streams ----------------------------------------------------------------------------- */

struct mio_tcp_stream {
    struct mio_source source;
};

/* Zero-initialise and set what you need; reserved words must stay 0. */
struct mio_connect_options {
    int nodelay; /* MIO_ON: as mio_tcp_stream_set_nodelay, before the connection begins; on streams
                  * in the Unix domain -ENOTSUP, unless it is MIO_DEFAULT */
    int reserved0;        /* must be 0 */
    mio_prepare *prepare; /* or NULL; may bind(2) the local side */
    void *prepare_arg;
    uintptr_t reserved[4]; /* must be 0 */
};

/*
 * Begins to connect and does not wait for the outcome: register the stream for MIO_WRITABLE, and
 * once it is reported ask mio_tcp_stream_connect_result.
 *
 * addr     IPv4 or IPv6
 * options  NULL, or what to choose
 * Returns  0; the connection may be established already
 * Errors   -EINVAL        NULL, another value of a switch, non-zero reserved word; a link-local
 *                         address without a scope
 *          -EAFNOSUPPORT  addr is no IP address, or the system lacks the family
 *          -ECONNREFUSED, -ENETUNREACH, -EHOSTUNREACH, -EADDRNOTAVAIL, -EADDRINUSE, -EACCES,
 *          -EPERM, -EMFILE, -ENFILE, -ENOBUFS, -ENOMEM, ...  from the system, -ENOTSUP for an
 *          option that it lacks, or what the hook returned
 * Threads  exclusive
 * System   socket(2), connect(2)
 */
MIO_API int mio_tcp_stream_connect(struct mio_tcp_stream *stream, const struct mio_addr *addr);
MIO_API int mio_tcp_stream_connect_with(struct mio_tcp_stream *stream, const struct mio_addr *addr,
                                        const struct mio_connect_options *options);

/*
 * The outcome of a connect. Ask at the first MIO_WRITABLE, and again after the next one while the
 * answer is -EINPROGRESS; later events of an established connection carry MIO_WRITABLE, too.
 *
 * Returns  0             connected (also once the peer has closed)
 *          -EINPROGRESS  still under way; wait for MIO_WRITABLE again
 *          an error      the pending error of the socket, which this call takes, or that the system
 *                        did not tell
 *          -ENOTCONN     not connected and not connecting: the error was taken before, or the
 *                        connection has ended in both directions
 *          -EINVAL, -EBADF  NULL, closed stream
 * Threads  any
 * System   socket(7) SO_ERROR, getpeername(2), poll(2)
 */
MIO_API int mio_tcp_stream_connect_result(struct mio_tcp_stream *stream);

/*
 * Deregisters the stream if it is registered, and closes it. Unread data makes the system reset the
 * connection; else what was written is still sent.
 *
 * Returns, errors, threads  as mio_tcp_listener_close.      System  close(2)
 */
MIO_API int mio_tcp_stream_close(struct mio_tcp_stream *stream);

/*
 * Reads, or looks at what the next read will return (peek). A peek counts as a read for the
 * draining rule when it returns -EAGAIN, and never otherwise. On poll, urgent data is reported
 * again after each such peek, until a read goes past it.
 *
 * len      bytes that fit into buf, at least 1
 * bufs     count buffers, 1 to MIO_BUFS_MAX, filled in order; at least 1 byte in all, and no more
 *          than PTRDIFF_MAX (-EINVAL or -EFAULT from the system, which also finds a NULL in the
 *          list, or fills what stands before it: such a short transfer drains nothing)
 * Returns  bytes read, 0 at end of file
 * Errors   -EINVAL  NULL; len 0 (it would look like end of file); list empty or too long
 *          -EBADF   closed stream
 *          -EAGAIN  nothing to read: drained
 *          -ECONNRESET, -ETIMEDOUT, -ECONNREFUSED, -ENOTCONN, -EFAULT, ...  from the system
 * Threads  any
 * System   recv(2), recvmsg(2), MSG_PEEK
 */
MIO_API ptrdiff_t mio_tcp_stream_read(struct mio_tcp_stream *stream, void *buf, size_t len);
MIO_API ptrdiff_t mio_tcp_stream_readv(struct mio_tcp_stream *stream, const struct mio_buf *bufs,
                                       size_t count);
MIO_API ptrdiff_t mio_tcp_stream_peek(struct mio_tcp_stream *stream, void *buf, size_t len);

/*
 * Writes. A peer that is gone is an error, never a SIGPIPE.
 *
 * len      bytes; 0 is allowed and does nothing (buf may be NULL then)
 * bufs     count buffers, 0 to MIO_BUFS_MAX, written in order; otherwise as for reading
 * Returns  bytes taken, which can be fewer than asked
 * Errors   -EINVAL  NULL, or list too long
 *          -EBADF   closed stream
 *          -EAGAIN  no room: drained. Also while connecting, on some systems -ENOTCONN.
 *          -EPIPE, -ECONNRESET, -ETIMEDOUT, -EFAULT, -ENOBUFS, -ENOMEM, ...  from the system
 * Threads  any
 * System   send(2), sendmsg(2), MSG_NOSIGNAL
 */
MIO_API ptrdiff_t mio_tcp_stream_write(struct mio_tcp_stream *stream, const void *buf, size_t len);
MIO_API ptrdiff_t mio_tcp_stream_writev(struct mio_tcp_stream *stream, const struct mio_buf *bufs,
                                        size_t count);

/* Which direction to shut down. */
#define MIO_SHUTDOWN_READ 1
#define MIO_SHUTDOWN_WRITE 2
#define MIO_SHUTDOWN_BOTH 3

/*
 * Shuts down one direction or both; the descriptor stays open. A registered stream is reported:
 * readable and read-closed where reading was shut down, and write-closed once both sides have
 * finished. On Windows this call tells the poll, and a shutdown(2) of your own, on a descriptor, is
 * told to nobody.
 *
 * Returns  0
 * Errors   -EINVAL    NULL, or another value
 *          -EBADF     closed stream
 *          -ENOTCONN  not connected
 * Threads  any.      System  shutdown(2)
 */
MIO_API int mio_tcp_stream_shutdown(struct mio_tcp_stream *stream, int how);

/*
 * The address of this side, and of the other one.
 *
 * Returns  0
 * Errors   -EINVAL    NULL
 *          -EBADF     closed stream
 *          -ENOTCONN  the peer of a stream that is not connected
 * Threads  any.      System  getsockname(2), getpeername(2)
 */
MIO_API int mio_tcp_stream_local_addr(const struct mio_tcp_stream *stream, struct mio_addr *addr);
MIO_API int mio_tcp_stream_peer_addr(const struct mio_tcp_stream *stream, struct mio_addr *addr);

/*
 * Whether small writes are sent at once (Nagle's algorithm off). The default is off: a small write
 * waits until the one before was acknowledged, which can take the peer 40 ms and more. A program
 * that writes an answer in several pieces wants it on, or mio_tcp_stream_writev.
 *
 * Returns  1 or 0; 0 for the change
 * Errors   -EINVAL  NULL
 *          -EBADF   closed stream
 * Threads  any.      System  tcp(7) TCP_NODELAY
 */
MIO_API int mio_tcp_stream_nodelay(const struct mio_tcp_stream *stream);
MIO_API int mio_tcp_stream_set_nodelay(struct mio_tcp_stream *stream, bool nodelay);

/* Time to live, and the pending error: as mio_tcp_listener_ttl and mio_tcp_listener_take_error. */
MIO_API int mio_tcp_stream_ttl(const struct mio_tcp_stream *stream);
MIO_API int mio_tcp_stream_set_ttl(struct mio_tcp_stream *stream, int ttl);
MIO_API int mio_tcp_stream_take_error(struct mio_tcp_stream *stream);

/* Takes over, and gives up, a stream socket: as mio_tcp_listener_from_fd and its counterpart. */
MIO_API int mio_tcp_stream_from_fd(struct mio_tcp_stream *stream, mio_fd fd);
MIO_API mio_fd mio_tcp_stream_into_fd(struct mio_tcp_stream *stream);

/* ---- Streams of either kind ------------------------------------------------------------------ */

/*
 * For programs that serve TCP and Unix sockets alike: the calls of mio_tcp_stream and
 * mio_unix_stream, which are the same, on the source of either.
 *
 * stream   the source of a struct mio_tcp_stream or mio_unix_stream
 * Returns, errors, threads, system  as those of mio_tcp_stream; also
 *          -EINVAL  the source of another type, or a raw or custom one
 */
MIO_API ptrdiff_t mio_stream_read(struct mio_source *stream, void *buf, size_t len);
MIO_API ptrdiff_t mio_stream_readv(struct mio_source *stream, const struct mio_buf *bufs,
                                   size_t count);
MIO_API ptrdiff_t mio_stream_peek(struct mio_source *stream, void *buf, size_t len);
MIO_API ptrdiff_t mio_stream_write(struct mio_source *stream, const void *buf, size_t len);
MIO_API ptrdiff_t mio_stream_writev(struct mio_source *stream, const struct mio_buf *bufs,
                                    size_t count);
MIO_API int mio_stream_shutdown(struct mio_source *stream, int how);
MIO_API int mio_stream_take_error(struct mio_source *stream);
MIO_API int mio_stream_close(struct mio_source *stream);

/* ---- UDP sockets ----------------------------------------------------------------------------- */

struct mio_udp_socket {
    struct mio_source source;
};

/*
 * Zero-initialise and set what you need; reserved words must stay 0. On sockets in the Unix domain
 * the switches do not apply: one that is not MIO_DEFAULT is -ENOTSUP.
 */
struct mio_datagram_options {
    int reuse_addr; /* MIO_ON: several receivers of a multicast group share the port */
    int reuse_port; /* MIO_ON: several sockets share the port; as for listeners */
    int only_v6;    /* MIO_ON: not for IPv4, MIO_OFF: IPv4 too; without meaning on IPv4 addresses */
    uint32_t report;      /* what receiving tells: see mio_udp_socket_set_report */
    mio_prepare *prepare; /* or NULL */
    void *prepare_arg;
    uintptr_t reserved[4]; /* must be 0 */
};

/*
 * Opens a UDP socket: non-blocking, not inherited by programs that are started later.
 *
 * addr     IPv4 or IPv6; port 0 lets the system choose (see mio_udp_socket_local_addr). To send
 *          only, bind to 0.0.0.0:0 or [::]:0.
 * options  NULL, or what to choose
 * Returns  0
 * Errors   -EINVAL        NULL, another value of a switch, an unknown bit of report, non-zero
 *                         reserved word; a link-local address without a scope
 *          -EAFNOSUPPORT  addr is no IP address, or the system lacks the family
 *          -EADDRINUSE, -EADDRNOTAVAIL, -EACCES, -ENODEV (no such scope), -EMFILE, -ENFILE,
 *          -ENOBUFS, -ENOMEM, ...  from the system, -ENOTSUP for an option that it lacks, or what
 *          the hook returned
 * Threads  exclusive
 * System   socket(2), setsockopt(2), bind(2)
 */
MIO_API int mio_udp_socket_bind(struct mio_udp_socket *socket, const struct mio_addr *addr);
MIO_API int mio_udp_socket_bind_with(struct mio_udp_socket *socket, const struct mio_addr *addr,
                                     const struct mio_datagram_options *options);

/*
 * Sets the peer that send sends to; datagrams of others are no longer received. Datagrams that were
 * received before stay in the queue. May be called again for another peer.
 *
 * addr     of the family of the socket; an IPv6 socket that is not for IPv6 alone takes IPv4, too
 * Returns  0
 * Errors   -EINVAL        NULL; port 0; a link-local address without a scope
 *          -EBADF         closed socket
 *          -EAFNOSUPPORT  addr is no IP address, or of another family
 *          -ENETUNREACH, -EHOSTUNREACH, -EACCES (broadcast), -EADDRNOTAVAIL, ...  from the system
 *          The socket stays open.
 * Threads  exclusive
 * System   connect(2), udp(7). To have no peer again: connect(2) with AF_UNSPEC on mio_source_fd.
 */
MIO_API int mio_udp_socket_connect(struct mio_udp_socket *socket, const struct mio_addr *addr);

/*
 * Sends one datagram, whole or not at all: to the connected peer, or to an address.
 *
 * len      bytes; 0 sends an empty datagram (buf may be NULL then)
 * to       an IP address. A link-local address without a scope goes out by any interface, or is
 *          refused.
 * Returns  len
 * Errors   -EINVAL        NULL; port 0 of to
 *          -EBADF         closed socket
 *          -EAFNOSUPPORT  to is no IP address, or of another family
 *          -EAGAIN        no room: drained
 *          -EMSGSIZE      longer than a datagram can be (65,507 bytes on IPv4)
 *          -EDESTADDRREQ  send on a socket that is not connected
 *          -ECONNREFUSED, -EHOSTUNREACH, -ENETUNREACH, ...  of an earlier datagram, as told by the
 *          network to a connected socket; this one was not sent
 *          -EACCES (broadcast is off), -EPERM (a firewall), -ENOBUFS, -EFAULT, ...  from the system
 *          Errors other than -EAGAIN leave it writable.
 * Threads  any
 * System   send(2), sendto(2), MSG_NOSIGNAL
 */
MIO_API ptrdiff_t mio_udp_socket_send(struct mio_udp_socket *socket, const void *buf, size_t len);
MIO_API ptrdiff_t mio_udp_socket_send_to(struct mio_udp_socket *socket, const void *buf, size_t len,
                                         const struct mio_addr *to);

/*
 * Receives one datagram, or looks at the one that will be received next (peek). Receive until
 * -EAGAIN: nothing else drains the socket. A peek that returns -EAGAIN counts.
 *
 * A datagram longer than buf is cut, and the rest is lost; no error tells. To notice, pass a buffer
 * that is larger by one byte than what you expect: a result of len is too long.
 *
 * len      bytes that fit into buf; 0 drops the datagram (buf may be NULL then)
 * from     receives the address of the sender; may be NULL
 * Returns  bytes; 0 is an empty datagram (or len 0), not an end
 * Errors   -EINVAL  NULL
 *          -EBADF   closed socket
 *          -EAGAIN  nothing to receive: drained
 *          -ECONNREFUSED, -EHOSTUNREACH, ...  of an earlier datagram, as told by the network to a
 *          connected socket; go on receiving
 *          -EFAULT, -ENOMEM, ...  from the system
 * Threads  any (exclusive on what is written)
 * System   recv(2), recvfrom(2), MSG_PEEK
 */
MIO_API ptrdiff_t mio_udp_socket_recv(struct mio_udp_socket *socket, void *buf, size_t len);
MIO_API ptrdiff_t mio_udp_socket_recv_from(struct mio_udp_socket *socket, void *buf, size_t len,
                                           struct mio_addr *from);
MIO_API ptrdiff_t mio_udp_socket_peek(struct mio_udp_socket *socket, void *buf, size_t len);
MIO_API ptrdiff_t mio_udp_socket_peek_from(struct mio_udp_socket *socket, void *buf, size_t len,
                                           struct mio_addr *from);

/*
 * The address of this side, and of the peer that it is connected to.
 *
 * Returns  0
 * Errors   -EINVAL    NULL
 *          -EBADF     closed socket
 *          -ENOTCONN  the peer of a socket that is not connected
 * Threads  any.      System  getsockname(2), getpeername(2)
 */
MIO_API int mio_udp_socket_local_addr(const struct mio_udp_socket *socket, struct mio_addr *addr);
MIO_API int mio_udp_socket_peer_addr(const struct mio_udp_socket *socket, struct mio_addr *addr);

/*
 * Whether it may send to broadcast addresses. The default is no.
 *
 * Returns  1 or 0; 0 for the change
 * Errors   -EINVAL  NULL
 *          -EBADF   closed socket
 * Threads  any.      System  socket(7) SO_BROADCAST
 */
MIO_API int mio_udp_socket_broadcast(const struct mio_udp_socket *socket);
MIO_API int mio_udp_socket_set_broadcast(struct mio_udp_socket *socket, bool broadcast);

/*
 * Whether an IPv6 socket is for IPv6 alone; bound to one IPv6 address it is. To choose see struct
 * mio_datagram_options.
 *
 * Returns  1 or 0
 * Errors   -EINVAL   NULL
 *          -EBADF    closed socket
 *          -ENOTSUP  an IPv4 socket
 * Threads  any.      System  ipv6(7) IPV6_V6ONLY
 */
MIO_API int mio_udp_socket_only_v6(const struct mio_udp_socket *socket);

/*
 * Time to live of outgoing datagrams to one receiver (the hop limit on IPv6), and of those to
 * multicast groups, for which 0 keeps them on this machine and 1, the default, in this network. An
 * IPv6 socket that also serves IPv4 gets both limits.
 *
 * ttl      1 to 255, for multicast 0 to 255
 * Returns  the value; 0 for the change
 * Errors   -EINVAL  NULL or out of range
 *          -EBADF   closed socket
 * Threads  any.      System  ip(7) IP_TTL, IP_MULTICAST_TTL; ipv6(7) IPV6_UNICAST_HOPS,
 *          IPV6_MULTICAST_HOPS
 */
MIO_API int mio_udp_socket_ttl(const struct mio_udp_socket *socket);
MIO_API int mio_udp_socket_set_ttl(struct mio_udp_socket *socket, int ttl);
MIO_API int mio_udp_socket_multicast_ttl(const struct mio_udp_socket *socket);
MIO_API int mio_udp_socket_set_multicast_ttl(struct mio_udp_socket *socket, int ttl);

/*
 * Whether members of the group on this machine get what the socket sends to it. The default is yes.
 * An IPv6 socket that also serves IPv4 gets both switches.
 *
 * Returns  1 or 0; 0 for the change
 * Errors   -EINVAL  NULL
 *          -EBADF   closed socket
 * Threads  any.      System  ip(7) IP_MULTICAST_LOOP, ipv6(7) IPV6_MULTICAST_LOOP
 */
MIO_API int mio_udp_socket_multicast_loop(const struct mio_udp_socket *socket);
MIO_API int mio_udp_socket_set_multicast_loop(struct mio_udp_socket *socket, bool loop);

/*
 * Joins and leaves a multicast group on one interface. Join before you wait for its datagrams, and
 * leave by the same call that joined; a close leaves all. The interface by which the socket sends
 * to groups is another matter: IP_MULTICAST_IF or IPV6_MULTICAST_IF on mio_source_fd, or the scope
 * of the address.
 *
 * group      an IPv4 or IPv6 multicast address; its port and scope are ignored
 * index      of the interface (if_nametoindex(3)), 0: the system's choice
 * local      by an address of the interface, IPv4 only; 0.0.0.0: the system's choice
 * Returns    0
 * Errors     -EINVAL         NULL, or group is no multicast address (leaving one of IPv4:
 *                            -EADDRNOTAVAIL)
 *            -EBADF          closed socket
 *            -EAFNOSUPPORT   group is no IP address, local no IPv4 address, or group not of its
 *                            family
 *            -EADDRINUSE     joined already (see the differences between systems)
 *            -EADDRNOTAVAIL  leaving a group that was not joined there
 *            -ENODEV         no such interface, or none for multicast; leaving, that is only so for
 *                            IPv4 by the system's choice
 *            -ENOTSUP        an IPv6 group on an IPv4 socket
 *            -ENOBUFS, -ENOMEM  the limit of memberships, or no memory
 * Threads    any
 * System     ip(7) IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP; ipv6(7) IPV6_ADD_MEMBERSHIP,
 *            IPV6_DROP_MEMBERSHIP
 */
MIO_API int mio_udp_socket_join_multicast(struct mio_udp_socket *socket,
                                          const struct mio_addr *group, uint32_t index);
MIO_API int mio_udp_socket_leave_multicast(struct mio_udp_socket *socket,
                                           const struct mio_addr *group, uint32_t index);
MIO_API int mio_udp_socket_join_multicast_at(struct mio_udp_socket *socket,
                                             const struct mio_addr *group,
                                             const struct mio_addr *local);
MIO_API int mio_udp_socket_leave_multicast_at(struct mio_udp_socket *socket,
                                              const struct mio_addr *group,
                                              const struct mio_addr *local);

/*
 * Pending error and close, taking over and giving up: as mio_tcp_listener_take_error, _close,
 * _from_fd and _into_fd. from_fd takes IP datagram sockets: -EPROTOTYPE for others.
 */
MIO_API int mio_udp_socket_take_error(struct mio_udp_socket *socket);
MIO_API int mio_udp_socket_close(struct mio_udp_socket *socket);
MIO_API int mio_udp_socket_from_fd(struct mio_udp_socket *socket, mio_fd fd);
MIO_API mio_fd mio_udp_socket_into_fd(struct mio_udp_socket *socket);

/* ---- Batches of datagrams -------------------------------------------------------------------- */

/*
 * Many datagrams in one call: arrays of yours, nothing copied, no heap. One struct serves both
 * directions, so that what was received can be sent on as it is: set addr to where it goes, and
 * done to 0.
 *
 *     field            sending                                receiving
 *     buf              the bytes                              room for them
 *     capacity         not read                               the room in bytes
 *     len              how many bytes                         set: how many came
 *     done             how many of them are sent; begin       set to 0
 *                      with 0
 *     addr             where to; NULL: to the connected peer  set to the sender, unless NULL
 *     local            the address to send from; NULL or no   set to the address that it was sent
 *                      address: the system chooses            to, unless NULL; its port is 0
 *     time_ns          not read                               set: when it came, in nanoseconds of
 *                                                             the time of day since 1970
 *     segment_size     0, or the length of the datagrams      set: 0, or the length of the
 *                      that it is cut into                    datagrams that it is made of
 *     interface_index  the interface to send by; 0: by the    set: the interface that it came by
 *                      routes
 *     flags            not read                               set: MIO_DATAGRAM_...
 *     ecn              0 to 3, the ECN bits of the IP header  set, as they came
 *     ttl              not read                               set: time to live, or hop limit
 *
 * A field that the system did not tell is 0 (local: no address), and its bit is missing in flags.
 * An answer that goes out as the question came leaves by that interface, whatever the routes say:
 * set interface_index to 0 where that is not wanted, but keep it for link-local addresses. The
 * local address of a datagram to a group or to all is that of the group: nobody can send from it.
 *
 * Segments.  With a segment size an entry is many datagrams of that length, the last one shorter or
 *     as long. Linux and Windows cut them in the kernel, at a small part of the cost, and hand
 *     coalesced ones to a receiver that asks for them (MIO_DATAGRAM_SEGMENTS): give it buffers of
 *     65,535 bytes. Where the system or the device cannot, the library sends them one by one and
 *     keeps that in mind, for this socket.
 */
struct mio_datagram {
    void *buf;
    size_t capacity;
    size_t len;
    size_t done;
    struct mio_addr *addr;
    struct mio_addr *local;
    int64_t time_ns;
    uint32_t segment_size;
    uint32_t interface_index;
    uint32_t flags;
    uint8_t ecn;
    uint8_t ttl;
    uint16_t reserved0;    /* must be 0 */
    uintptr_t reserved[2]; /* must be 0 */
};

/* The longest array, the most segments of an entry, and the most bytes of one on a UDP socket. */
#define MIO_DATAGRAMS_MAX 64
#define MIO_SEGMENTS_MAX 64
#define MIO_DATAGRAM_MAX 65507

/*
 * In flags: what is known of a datagram that was received. In report: what is to be told. Features:
 * what the system can do for a socket.
 *
 * MIO_DATAGRAM_CUT             flags: it was longer than the buffer, and the rest is lost
 * MIO_DATAGRAM_UNTOLD          flags: the system had more to tell than there was room for, because
 *                              the program has asked for more by options of its own: fields whose
 *                              bit is missing may have been told
 * MIO_DATAGRAM_ECN             ecn
 * MIO_DATAGRAM_LOCAL           local and interface_index
 * MIO_DATAGRAM_TTL             ttl
 * MIO_DATAGRAM_TIME            time_ns
 * MIO_DATAGRAM_SEGMENTS        report: datagrams of one sender may be coalesced; flags: these are,
 *                              and segment_size says how. Features: the system does that. Where it
 *                              does not they come one by one
 * MIO_DATAGRAM_BATCHES         features: a batch is one system call
 * MIO_DATAGRAM_CUTS            features: segments are cut by the system, as far as is known
 * MIO_DATAGRAM_SENDS_ECN, MIO_DATAGRAM_SENDS_LOCAL
 *                              features: ecn, and local, may be set for sending
 */
#define MIO_DATAGRAM_CUT 0x001u
#define MIO_DATAGRAM_UNTOLD 0x002u
#define MIO_DATAGRAM_ECN 0x004u
#define MIO_DATAGRAM_LOCAL 0x008u
#define MIO_DATAGRAM_TTL 0x010u
#define MIO_DATAGRAM_TIME 0x020u
#define MIO_DATAGRAM_SEGMENTS 0x040u
#define MIO_DATAGRAM_BATCHES 0x100u
#define MIO_DATAGRAM_CUTS 0x200u
#define MIO_DATAGRAM_SENDS_ECN 0x400u
#define MIO_DATAGRAM_SENDS_LOCAL 0x800u

/*
 * Sends the entries in their order, up to the first one that cannot be sent whole. Call it again
 * with the rest of the array: each entry goes on at its done, so that nothing is sent twice. An
 * entry whose done is its len, and not 0, is passed over.
 *
 * count    1 to MIO_DATAGRAMS_MAX
 * Returns  how many entries are sent. Fewer than count does not drain: go on with the rest, and the
 *          next result tells why. An error that the network tells once may be lost then.
 * Errors   of the arguments; nothing is sent:
 *          -EINVAL        NULL; count; a segment size larger than len or than MIO_DATAGRAM_MAX;
 *                         more than MIO_SEGMENTS_MAX segments; a done inside a datagram; ecn
 *                         larger than 3; non-zero reserved word; port 0
 *          -EBADF         closed socket
 *          -EAFNOSUPPORT  addr or local is no IP address, or they are of two families
 *          -EMSGSIZE      len is more than MIO_DATAGRAM_MAX
 *          -ENOTSUP       the system cannot send with this field: ecn, local, interface_index
 *          -EDESTADDRREQ  an entry with such a field has no addr, and the socket no peer
 *          -ENOBUFS, ...  from the system, when it is asked about such a field
 *          of the first entry that is not sent, if there was none before it:
 *          -EAGAIN        no room: drained. Some of its segments may be out: done says how many
 *                         bytes.
 *          -EADDRNOTAVAIL, -ENODEV, -EINVAL  local is no address of this machine, or there is no
 *                         such interface; Windows refuses an ecn of 3 as invalid
 *          -EMSGSIZE, -EDESTADDRREQ, -ECONNREFUSED, ...  as mio_udp_socket_send
 * Threads  any (exclusive on the array)
 * System   sendmmsg(2), udp(7) UDP_SEGMENT; else sendmsg(2) for each. Windows: WSASendMsg with
 *          UDP_SEND_MSG_SIZE for fields and segments, else send or sendto
 */
MIO_API int mio_udp_socket_send_batch(struct mio_udp_socket *socket, struct mio_datagram *datagrams,
                                      size_t count);

/*
 * Receives what is there, at most count entries. Receive until -EAGAIN: nothing else drains.
 *
 * count    1 to MIO_DATAGRAMS_MAX
 * Returns  how many entries are filled
 * Errors   -EINVAL  NULL; count; non-zero reserved word
 *          -EBADF   closed socket
 *          -EAGAIN  nothing to receive: drained
 *          -ECONNREFUSED, -EHOSTUNREACH, -EFAULT, -ENOMEM, ...  as mio_udp_socket_recv
 * Threads  any (exclusive on the array)
 * System   recvmmsg(2), udp(7) UDP_GRO; else recvmsg(2) for each. Windows: WSARecvMsg
 */
MIO_API int mio_udp_socket_recv_batch(struct mio_udp_socket *socket, struct mio_datagram *datagrams,
                                      size_t count);

/*
 * Chooses what receiving tells from now on; report of mio_datagram_options does so from the start.
 * Each bit has its price at each datagram. To coalesce pays where whole trains of datagrams come
 * from one sender; else it costs a quarter more. An IPv6 socket asks for IPv4, too.
 *
 * report   bits of MIO_DATAGRAM_ECN, _LOCAL, _TTL, _TIME, _SEGMENTS; 0 is nothing
 * Returns  0
 * Errors   -EINVAL   NULL, another bit
 *          -EBADF    closed socket
 *          -ENOTSUP  the system cannot tell one of them; -ENOBUFS, -ENOMEM, ...  from the system.
 *                    Some of it may be set.
 * Threads  any
 * System   setsockopt(2): IP_RECVTOS, IP_PKTINFO or IP_RECVDSTADDR, IP_RECVTTL, SO_TIMESTAMPNS or
 *          SO_TIMESTAMP, UDP_GRO; IPV6_RECVTCLASS, IPV6_RECVPKTINFO, IPV6_RECVHOPLIMIT. Windows:
 *          IP_RECVECN or IP_RECVTOS, IP_PKTINFO, IP_RECVTTL, UDP_RECV_MAX_COALESCED_SIZE, and those
 *          of IPv6; no times
 */
MIO_API int mio_udp_socket_set_report(struct mio_udp_socket *socket, uint32_t report);

/*
 * The bits of MIO_DATAGRAM_... that the system does for this socket by itself. Those missing of
 * _BATCHES, _CUTS and _SEGMENTS are done by a loop, with the same results; the others are -ENOTSUP.
 * _CUTS goes away once segments were refused. Where _SENDS_LOCAL is, interface_index can be sent,
 * too, but for IPv4 on FreeBSD, DragonFly and OpenBSD. A bit may be missing while the system lacks
 * memory to answer.
 *
 * Returns  the bits
 * Errors   -EINVAL  NULL
 *          -EBADF   closed socket
 *          -ENOBUFS, ...  from the system
 * Threads  any.      System  getsockopt(2); on Windows the first call of a process also sends a
 *          datagram from a socket of its own to itself
 */
MIO_API int mio_udp_socket_features(struct mio_udp_socket *socket);

/* ---- Unix domain listeners ------------------------------------------------------------------- */

struct mio_unix_listener {
    struct mio_source source;
};

/*
 * Opens a listening socket in the Unix domain: non-blocking, not inherited by programs that are
 * started later. A path is made by this call and stays after the close: unlink(2) it yourself, also
 * before a bind, where one was left behind (-EADDRINUSE). It is also left when the call fails after
 * bind(2), for want of memory in listen(2). Its permissions say who may connect: see umask(2) and
 * chmod(2).
 *
 * addr     a path, an abstract name, or the unnamed address: the system chooses an abstract name
 *          (see mio_unix_listener_local_addr)
 * options  NULL, or what to choose; the backlog, too, has its limit in the system
 * Returns  0
 * Errors   -EINVAL        NULL, negative backlog, another value of a switch, non-zero reserved
 *                         word
 *          -ENOTSUP       a switch is not MIO_DEFAULT
 *          -EAFNOSUPPORT  addr is no address in the Unix domain
 *          -EADDRINUSE, -EACCES, -ENOENT, -ENOTDIR, -EROFS, -EMFILE, -ENFILE, -ENOMEM, ...  from
 *          the system, -ENOTSUP where it has no such sockets, or what the hook returned
 * Threads  exclusive
 * System   socket(2), bind(2), listen(2), unix(7)
 */
MIO_API int mio_unix_listener_bind(struct mio_unix_listener *listener, const struct mio_addr *addr);
MIO_API int mio_unix_listener_bind_with(struct mio_unix_listener *listener,
                                        const struct mio_addr *addr,
                                        const struct mio_listen_options *options);

struct mio_unix_stream;

/*
 * Accepts a connection, as mio_tcp_listener_accept does.
 *
 * peer     receives the address of the other side, which is unnamed unless that was bound; may be
 *          NULL
 */
MIO_API int mio_unix_listener_accept(struct mio_unix_listener *listener,
                                     struct mio_unix_stream *stream, struct mio_addr *peer);

/*
 * Address, pending error, close, taking over and giving up: as those of mio_tcp_listener.
 */
MIO_API int mio_unix_listener_local_addr(const struct mio_unix_listener *listener,
                                         struct mio_addr *addr);
MIO_API int mio_unix_listener_take_error(struct mio_unix_listener *listener);
MIO_API int mio_unix_listener_close(struct mio_unix_listener *listener);
MIO_API int mio_unix_listener_from_fd(struct mio_unix_listener *listener, mio_fd fd);
MIO_API mio_fd mio_unix_listener_into_fd(struct mio_unix_listener *listener);

/* ---- Unix domain streams --------------------------------------------------------------------- */

struct mio_unix_stream {
    struct mio_source source;
};

/*
 * Connects. In the Unix domain that is done at once or not at all: after 0 the stream is connected,
 * and what is written waits for the accept of the other side.
 *
 * addr     a path or an abstract name
 * options  NULL, or what to choose
 * Returns  0
 * Errors   -EINVAL        NULL, another value of a switch, non-zero reserved word; the unnamed
 *                         address
 *          -ENOTSUP       a switch is not MIO_DEFAULT
 *          -EAFNOSUPPORT  addr is no address in the Unix domain
 *          -EAGAIN        the listener's backlog is full: try again later. No event tells when.
 *          -ECONNREFUSED  nobody listens there, or, on some systems, the backlog is full
 *          -ENOENT, -EACCES, -EPROTOTYPE (a datagram socket), -EMFILE, -ENFILE, -ENOMEM, ...  from
 *          the system, -ENOTSUP where it has no such sockets, or what the hook returned
 * Threads  exclusive
 * System   socket(2), connect(2), unix(7)
 */
MIO_API int mio_unix_stream_connect(struct mio_unix_stream *stream, const struct mio_addr *addr);
MIO_API int mio_unix_stream_connect_with(struct mio_unix_stream *stream,
                                         const struct mio_addr *addr,
                                         const struct mio_connect_options *options);

/*
 * Makes two streams that are connected with each other: non-blocking, not inherited by programs
 * that are started later, unnamed.
 *
 * Returns  0
 * Errors   -EINVAL  NULL, or both are the same
 *          -EMFILE, -ENFILE, -ENOMEM  from the system; -ENOTSUP: Windows has no pairs
 * Threads  exclusive.      System  socketpair(2)
 */
MIO_API int mio_unix_stream_pair(struct mio_unix_stream *a, struct mio_unix_stream *b);

/*
 * Reading, peeking, writing and shutting down: as those of mio_tcp_stream. Reads never cross from
 * bytes that came with a descriptor into others, nor, where credentials are asked for
 * (SO_PASSCRED), from those of one sender into those of another: a program that receives either
 * (recvmsg(2) on mio_source_fd, then mio_source_after) drains by -EAGAIN. A plain read drops
 * descriptors. SO_PEERCRED on mio_source_fd tells who the peer is. If the peer stops reading
 * (shutdown), the next write returns -EPIPE; a program that waits for room gets no event.
 */
MIO_API ptrdiff_t mio_unix_stream_read(struct mio_unix_stream *stream, void *buf, size_t len);
MIO_API ptrdiff_t mio_unix_stream_readv(struct mio_unix_stream *stream, const struct mio_buf *bufs,
                                        size_t count);
MIO_API ptrdiff_t mio_unix_stream_peek(struct mio_unix_stream *stream, void *buf, size_t len);
MIO_API ptrdiff_t mio_unix_stream_write(struct mio_unix_stream *stream, const void *buf,
                                        size_t len);
MIO_API ptrdiff_t mio_unix_stream_writev(struct mio_unix_stream *stream, const struct mio_buf *bufs,
                                         size_t count);
MIO_API int mio_unix_stream_shutdown(struct mio_unix_stream *stream, int how);

/* Descriptors that arrive: fds has room for capacity of them; the rest is set. */
struct mio_fds {
    mio_fd *fds; /* may be NULL where capacity is 0 */
    size_t capacity;
    size_t count; /* how many came, and are yours to close */
    bool cut;     /* more came, and were closed */
};

/* The most descriptors in one message: every system and libc takes so many. */
#define MIO_FDS_MAX 250

/*
 * Sends bytes together with descriptors, and receives them: the other process gets descriptors of
 * its own, close-on-exec, of the same open files. They come with the first of the bytes, and a read
 * never goes on from bytes that came with descriptors into others. After a short result send the
 * rest of the bytes by mio_unix_stream_write: the descriptors are on their way.
 *
 * Descriptors for which there is no room in the array, or in the process, are closed and said to be
 * cut. To receive none give a capacity of 0. They are as blocking as the sender has made them; a
 * from_fd settles that.
 *
 * len      at least 1
 * fds      sending: count of them, at most MIO_FDS_MAX; the caller goes on owning them. Receiving:
 *          room for them; on an error count is 0.
 * Returns  bytes. A short result does not drain: after these pass an asked of 0.
 * Errors   as mio_unix_stream_write and mio_unix_stream_read; also
 *          -EINVAL        NULL, more than MIO_FDS_MAX
 *          -EBADF         one of the descriptors is not open
 *          -ETOOMANYREFS  too many are on their way
 *          -ENOTSUP       Windows passes no descriptors
 * Threads  any (exclusive on what is written)
 * System   sendmsg(2), recvmsg(2), unix(7) SCM_RIGHTS
 */
MIO_API ptrdiff_t mio_unix_stream_send_fds(struct mio_unix_stream *stream, const void *buf,
                                           size_t len, const mio_fd *fds, size_t count);
MIO_API ptrdiff_t mio_unix_stream_recv_fds(struct mio_unix_stream *stream, void *buf, size_t len,
                                           struct mio_fds *fds);

/* Addresses, pending error, close, taking over and giving up: as those of mio_tcp_stream. */
MIO_API int mio_unix_stream_local_addr(const struct mio_unix_stream *stream, struct mio_addr *addr);
MIO_API int mio_unix_stream_peer_addr(const struct mio_unix_stream *stream, struct mio_addr *addr);
MIO_API int mio_unix_stream_take_error(struct mio_unix_stream *stream);
MIO_API int mio_unix_stream_close(struct mio_unix_stream *stream);
MIO_API int mio_unix_stream_from_fd(struct mio_unix_stream *stream, mio_fd fd);
MIO_API mio_fd mio_unix_stream_into_fd(struct mio_unix_stream *stream);

/* ---- Unix domain datagram sockets ------------------------------------------------------------ */

struct mio_unix_datagram {
    struct mio_source source;
};

/*
 * Opens a datagram socket in the Unix domain, non-blocking and not inherited by programs that are
 * started later: bound to an address, or unbound (open), which can send and be connected, but
 * nobody can send an answer to it. For paths see mio_unix_listener_bind. After open call
 * setsockopt(2) on mio_source_fd for what a hook would do.
 *
 * addr     a path, an abstract name, or the unnamed address: the system chooses an abstract name
 * options  NULL, or what to choose
 * Returns  0
 * Errors   as mio_unix_listener_bind; -ENOTSUP: Windows has no such sockets
 * Threads  exclusive
 * System   socket(2), bind(2), unix(7)
 */
MIO_API int mio_unix_datagram_open(struct mio_unix_datagram *socket);
MIO_API int mio_unix_datagram_bind(struct mio_unix_datagram *socket, const struct mio_addr *addr);
MIO_API int mio_unix_datagram_bind_with(struct mio_unix_datagram *socket,
                                        const struct mio_addr *addr,
                                        const struct mio_datagram_options *options);

/* Makes two sockets that are connected with each other. All as mio_unix_stream_pair. */
MIO_API int mio_unix_datagram_pair(struct mio_unix_datagram *a, struct mio_unix_datagram *b);

/*
 * Sets the peer that send sends to; others can no longer send to this socket (-EPERM). Datagrams
 * that were received before stay in the queue. May be called again for another peer (see the
 * differences between systems).
 *
 * addr     a path or an abstract name
 * Returns  0
 * Errors   -EINVAL        NULL; the unnamed address
 *          -EBADF         closed socket
 *          -EAFNOSUPPORT  addr is no address in the Unix domain
 *          -ECONNREFUSED  nobody is bound there any more
 *          -EPERM         the socket there is connected with another one
 *          -ENOENT, -EACCES, -EPROTOTYPE (a stream socket), ...  from the system
 *          The socket stays open.
 * Threads  exclusive.      System  connect(2)
 */
MIO_API int mio_unix_datagram_connect(struct mio_unix_datagram *socket,
                                      const struct mio_addr *addr);

/*
 * Sends one datagram, whole or not at all: to the connected peer, or to an address. None is lost on
 * the way; where the receiver's queue is full, nothing is sent.
 *
 * len      bytes; 0 sends an empty datagram (buf may be NULL then)
 * to       a path or an abstract name
 * Returns  len
 * Errors   -EINVAL        NULL; the unnamed address
 *          -EBADF         closed socket
 *          -EAFNOSUPPORT  to is no address in the Unix domain
 *          -EAGAIN        no room, here or in the queue of the receiver: drained. An event reports
 *                         when a connected peer has room. Events say nothing about the queues of
 *                         other receivers: after a send_to writable may be reported at once or
 *                         never. Try again later, by a timeout. No event reports that a peer has
 *                         shut down reading or connected with another.
 *          -EMSGSIZE      longer than the send buffer
 *          -ENOTCONN      send on a socket that is not connected
 *          -ECONNREFUSED, -ECONNRESET, -ENOENT, -EPERM, -EACCES, -EPROTOTYPE  the receiver is gone,
 *          was never there, is connected with another one, or of another kind
 *          -EPIPE         writing was shut down, here or by the receiver that reads no more
 *          -ENOBUFS, -EFAULT, ...  from the system
 * Threads  any
 * System   send(2), sendto(2), MSG_NOSIGNAL
 */
MIO_API ptrdiff_t mio_unix_datagram_send(struct mio_unix_datagram *socket, const void *buf,
                                         size_t len);
MIO_API ptrdiff_t mio_unix_datagram_send_to(struct mio_unix_datagram *socket, const void *buf,
                                            size_t len, const struct mio_addr *to);

/*
 * Receives one datagram, or looks at the next one: as those of mio_udp_socket, truncation included.
 * A sender that is not bound has the unnamed address.
 *
 * Returns  bytes; 0 is an empty datagram (or len 0), or, on some systems, that reading was shut
 *          down
 * Errors   as mio_udp_socket_recv; -ECONNRESET: the peer has connected to another socket, and
 *          datagrams of ours are lost
 */
MIO_API ptrdiff_t mio_unix_datagram_recv(struct mio_unix_datagram *socket, void *buf, size_t len);
MIO_API ptrdiff_t mio_unix_datagram_recv_from(struct mio_unix_datagram *socket, void *buf,
                                              size_t len, struct mio_addr *from);
MIO_API ptrdiff_t mio_unix_datagram_peek(struct mio_unix_datagram *socket, void *buf, size_t len);
MIO_API ptrdiff_t mio_unix_datagram_peek_from(struct mio_unix_datagram *socket, void *buf,
                                              size_t len, struct mio_addr *from);

/*
 * Batches, as those of mio_udp_socket, without what IP has: segment_size, ecn, interface_index and
 * an address in local are -ENOTSUP, and len has no limit but that of the system.
 */
MIO_API int mio_unix_datagram_send_batch(struct mio_unix_datagram *socket,
                                         struct mio_datagram *datagrams, size_t count);
MIO_API int mio_unix_datagram_recv_batch(struct mio_unix_datagram *socket,
                                         struct mio_datagram *datagrams, size_t count);

/*
 * Sends a datagram together with descriptors, and receives it: as those of mio_unix_stream, with
 * the errors of mio_unix_datagram_send and mio_unix_datagram_recv. All other calls that receive
 * close the descriptors that come.
 *
 * len       bytes; 0 is allowed
 * to, from  a path or an abstract name, and the sender; may be NULL: the connected peer
 */
MIO_API ptrdiff_t mio_unix_datagram_send_fds(struct mio_unix_datagram *socket, const void *buf,
                                             size_t len, const struct mio_addr *to,
                                             const mio_fd *fds, size_t count);
MIO_API ptrdiff_t mio_unix_datagram_recv_fds(struct mio_unix_datagram *socket, void *buf,
                                             size_t len, struct mio_addr *from,
                                             struct mio_fds *fds);

/*
 * Shutting down and addresses: as those of mio_tcp_stream. Pending error and close, taking over and
 * giving up: as those of mio_tcp_listener. from_fd takes datagram sockets of the Unix domain:
 * -EPROTOTYPE for streams, -EAFNOSUPPORT for IP.
 */
MIO_API int mio_unix_datagram_shutdown(struct mio_unix_datagram *socket, int how);
MIO_API int mio_unix_datagram_local_addr(const struct mio_unix_datagram *socket,
                                         struct mio_addr *addr);
MIO_API int mio_unix_datagram_peer_addr(const struct mio_unix_datagram *socket,
                                        struct mio_addr *addr);
MIO_API int mio_unix_datagram_take_error(struct mio_unix_datagram *socket);
MIO_API int mio_unix_datagram_close(struct mio_unix_datagram *socket);
MIO_API int mio_unix_datagram_from_fd(struct mio_unix_datagram *socket, mio_fd fd);
MIO_API mio_fd mio_unix_datagram_into_fd(struct mio_unix_datagram *socket);

#endif /* MIO_NO_NET */

/* ---- Sizes for bindings in other languages --------------------------------------------------- */

/*
 * The size in bytes of each object that a caller provides and whose fields are private or may grow;
 * all are aligned like a pointer or a uint64_t, whichever is stricter.
 *
 * Threads  any.      System  none.
 */
MIO_API size_t mio_sizeof_poll(void);
MIO_API size_t mio_sizeof_poll_options(void);
MIO_API size_t mio_sizeof_registry(void);
MIO_API size_t mio_sizeof_source(void);
MIO_API size_t mio_sizeof_waker(void);
MIO_API size_t mio_sizeof_event(void);
MIO_API size_t mio_sizeof_counters(void);
#if MIO_HAS_PIPES
MIO_API size_t mio_sizeof_pipe_sender(void);
MIO_API size_t mio_sizeof_pipe_receiver(void);
#endif
#if MIO_HAS_NAMED_PIPES
MIO_API size_t mio_sizeof_named_pipe(void);
MIO_API size_t mio_sizeof_named_pipe_options(void);
#endif
#ifndef MIO_NO_NET
MIO_API size_t mio_sizeof_addr(void);
MIO_API size_t mio_sizeof_listen_options(void);
MIO_API size_t mio_sizeof_connect_options(void);
MIO_API size_t mio_sizeof_datagram_options(void);
MIO_API size_t mio_sizeof_datagram(void);
MIO_API size_t mio_sizeof_fds(void);
MIO_API size_t mio_sizeof_tcp_listener(void);
MIO_API size_t mio_sizeof_tcp_stream(void);
MIO_API size_t mio_sizeof_udp_socket(void);
MIO_API size_t mio_sizeof_unix_listener(void);
MIO_API size_t mio_sizeof_unix_stream(void);
MIO_API size_t mio_sizeof_unix_datagram(void);
#endif

#ifdef __cplusplus
}
#endif

#endif /* MIO_H */
