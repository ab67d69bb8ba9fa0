/* The table of calls on Unix. */
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* ---- Changes and events of a kqueue ---------------------------------------------------------- */

#ifdef MIO_KQUEUE_ABI_H

enum { CHANGES_MAX = 8 };

static struct kevent stranger;
static bool has_stranger;

void fault_put_event(const struct kevent *event)
{
    stranger = *event;
    has_stranger = true;
}

/* A wait that finds that event. The others that are there follow it, as far as there is room. */
static int meet_stranger(int queue, struct kevent *events, int room)
{
    static const struct timespec at_once;
    has_stranger = false;
    events[0] = stranger;
    if (room == 1)
        return 1;
    int n = kevent(queue, NULL, 0, &events[1], room - 1, &at_once);
    return n < 0 ? 1 : n + 1;
}

/* Puts the refusals among the receipts of the changes that were made. */
static void merge_receipts(const struct kevent *changes, const int *errors, int count,
                           struct kevent *receipts, int made)
{
    for (int i = count; i-- > 0;)
        if (errors[i] == 0) {
            receipts[i] = receipts[--made];
        } else {
            receipts[i] = changes[i];
            receipts[i].flags |= EV_ERROR;
            receipts[i].data = errors[i];
        }
}

/* The call, with changes that fail: by their receipts, or as a whole where there is no room. */
static int kevent_of_some(int queue, const struct kevent *changes, mio__kevent_count count,
                          struct kevent *events, mio__kevent_count room,
                          const struct timespec *timeout)
{
    struct kevent kept[CHANGES_MAX];
    int errors[CHANGES_MAX], error = 0, made = 0;
    if (has_stranger && count == 0 && room > 0)
        return meet_stranger(queue, events, (int)room);
    for (int i = 0; i < (int)count && i < CHANGES_MAX; i++) {
        errors[i] = fault_next(FAULT_receipt);
        if (errors[i] != 0)
            error = errors[i];
        else
            kept[made++] = changes[i];
    }
    if (error == 0)
        return kevent(queue, changes, count, events, room, timeout);
    if (room < count) {
        errno = error;
        return -1;
    }
    if (made > 0 && kevent(queue, kept, (mio__kevent_count)made, events, room, timeout) != made)
        return -1;
    merge_receipts(changes, errors, (int)count, events, made);
    return (int)count;
}

/* By its name in the list; the struct has no parenthesis behind it. */
#define kevent(...) kevent_of_some(__VA_ARGS__)

#endif

/* ---- Calls that succeed or fail -------------------------------------------------------------- */

/* A descriptor is gone even where its close fails. */
static bool is_made_even_so(enum fault_call call, int error)
{
    return call == FAULT_close || error == FAULT_ANSWERS_LOST;
}

#define DEFINE(result, name, parameters, arguments)                                                \
    static result call_##name parameters                                                           \
    {                                                                                              \
        int error = fault_next(FAULT_##name);                                                      \
        if (error == 0)                                                                            \
            return name arguments;                                                                 \
        if (is_made_even_so(FAULT_##name, error))                                                  \
            (void)!name arguments;                                                                 \
        errno = error == FAULT_ANSWERS_LOST ? EINTR : error;                                       \
        return -1;                                                                                 \
    }
MIO__CALLS_OF_UNIX(DEFINE)
MIO__CALLS_OF_SYSTEM(DEFINE)
#undef DEFINE

#define DEFINE(result, name, parameters, arguments)                                                \
    static result call_##name parameters                                                           \
    {                                                                                              \
        int error = fault_next(FAULT_##name);                                                      \
        return error == 0 ? name arguments : error;                                                \
    }
MIO__CALLS_OF_THREADS(DEFINE)
#undef DEFINE

/* ---- Calls that move data -------------------------------------------------------------------- */

static ssize_t fail(int error)
{
    errno = error;
    return -1;
}

static size_t shorten(int fault, size_t len)
{
    return fault == FAULT_ONE_BYTE && len > 1 ? 1 : len;
}

/* The first byte of a list of buffers. */
static struct iovec first_byte(const struct iovec *bufs, size_t count)
{
    size_t i = 0;
    while (i + 1 < count && bufs[i].iov_len == 0)
        i++;
    return (struct iovec){bufs[i].iov_base, bufs[i].iov_len > 0};
}

static ssize_t call_read(int fd, void *buf, size_t len)
{
    int fault = fault_next(FAULT_read);
    return fault > 0 ? fail(fault) : read(fd, buf, shorten(fault, len));
}

static ssize_t call_recv(int fd, void *buf, size_t len, int flags)
{
    int fault = fault_next(FAULT_recv);
    return fault > 0 ? fail(fault) : recv(fd, buf, shorten(fault, len), flags);
}

static ssize_t call_send(int fd, const void *buf, size_t len, int flags)
{
    int fault = fault_next(FAULT_send);
    return fault > 0 ? fail(fault) : send(fd, buf, shorten(fault, len), flags);
}

/* Datagrams are whole, so these two move all or nothing. */
static ssize_t call_recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *addr,
                             socklen_t *length)
{
    int fault = fault_next(FAULT_recvfrom);
    return fault > 0 ? fail(fault) : recvfrom(fd, buf, len, flags, addr, length);
}

static ssize_t call_sendto(int fd, const void *buf, size_t len, int flags,
                           const struct sockaddr *addr, socklen_t length)
{
    int fault = fault_next(FAULT_sendto);
    return fault > 0 ? fail(fault) : sendto(fd, buf, len, flags, addr, length);
}

static ssize_t call_readv(int fd, const struct iovec *bufs, int count)
{
    int fault = fault_next(FAULT_readv);
    struct iovec byte = first_byte(bufs, (size_t)count);
    if (fault == FAULT_ONE_BYTE)
        return readv(fd, &byte, 1);
    return fault > 0 ? fail(fault) : readv(fd, bufs, count);
}

static ssize_t call_writev(int fd, const struct iovec *bufs, int count)
{
    int fault = fault_next(FAULT_writev);
    struct iovec byte = first_byte(bufs, (size_t)count);
    if (fault == FAULT_ONE_BYTE)
        return writev(fd, &byte, 1);
    return fault > 0 ? fail(fault) : writev(fd, bufs, count);
}

static struct msghdr shorten_message(int fault, const struct msghdr *message, struct iovec *byte)
{
    struct msghdr shorter = *message;
    if (fault == FAULT_ONE_BYTE) {
        *byte = first_byte(message->msg_iov, (size_t)message->msg_iovlen);
        shorter.msg_iov = byte;
        shorter.msg_iovlen = 1;
    }
    return shorter;
}

static ssize_t call_recvmsg(int fd, struct msghdr *message, int flags)
{
    struct iovec byte;
    int fault = fault_next(FAULT_recvmsg);
    if (fault > 0)
        return fail(fault);
    struct msghdr shorter = shorten_message(fault, message, &byte);
    ssize_t result = recvmsg(fd, &shorter, flags);
    message->msg_namelen = shorter.msg_namelen;
    message->msg_controllen = shorter.msg_controllen;
    message->msg_flags = shorter.msg_flags;
    return result;
}

static ssize_t call_sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct iovec byte;
    int fault = fault_next(FAULT_sendmsg);
    if (fault > 0)
        return fail(fault);
    struct msghdr shorter = shorten_message(fault, message, &byte);
    return sendmsg(fd, &shorter, flags);
}

/* ---- Calls that bypass libc ------------------------------------------------------------------ */

#ifdef MIO__CALLS_PAST_LIBC

#include <sys/syscall.h>

/* Not every system has all of them. */
#ifndef SYS_epoll_wait
#define SYS_epoll_wait (-1)
#endif
#ifndef SYS_ppoll_time64
#define SYS_ppoll_time64 (-2)
#endif

/* Which one it is; FAULT_CALLS for one that the list lacks. */
static enum fault_call raw_call(long number)
{
    switch (number) {
#define CASE(name)                                                                                 \
    case SYS_##name:                                                                               \
        return FAULT_RAW_##name;
        FAULT_RAW_CALLS(CASE)
#undef CASE
    default:
        return FAULT_CALLS;
    }
}

static long call_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    enum fault_call call = raw_call(number);
    int fault = call == FAULT_CALLS ? ENOSYS : fault_next(call);
    if (fault > 0)
        return -fault;
    struct iovec byte;
    if (fault == FAULT_ONE_BYTE && call == FAULT_RAW_pwritev2) {
        byte = first_byte((const struct iovec *)b, (size_t)c);
        b = (long)&byte;
        c = 1;
        if (f & FAULT_UNKNOWN_FLAG)
            f = 0;
    }
    if (fault == FAULT_NO_FLAGS)
        f = 0;
    int saved_errno = errno;
    long result = syscall(number, a, b, c, d, e, f);
    if (result < 0)
        result = -errno;
    errno = saved_errno;
    return result;
}

#endif

struct mio__calls mio__calls = {
#ifdef MIO__CALLS_PAST_LIBC
    .syscall = call_syscall,
#endif
#define ENTRY(result, name, parameters, arguments) .name = call_##name,
    MIO__CALLS(ENTRY)
#undef ENTRY
};
