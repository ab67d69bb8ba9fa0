/*
 * Calls of the program and of the library that a kernel with kqueue sees and the host does not
 * tell: a descriptor is closed, a connection accepted, a pipe read or written. The programs of this
 * folder are linked with --wrap for each of them.
 */
#include "settings.h"
#include "simulation.h"
#include "wrap_silent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

long __real_syscall(long number, ...);

/* ---- Closing --------------------------------------------------------------------------------- */

/* The knotes go with the number, whatever else is open of the file. */
static void leave(int fd)
{
    struct sim_queue *queue = sim_queue_find(fd);
    sim_delete_all(NULL, fd);
    if (queue)
        sim_queue_destroy(queue);
}

static long close_under_lock(long number, int closed, long a, long b, long c)
{
    sigset_t before;
    sim_lock(&before);
    if (closed >= 0)
        leave(closed);
    long result = __real_syscall(number, a, b, c);
    int error = errno;
    sim_unlock(&before);
    errno = error;
    return result;
}

int __wrap_close(int fd);
int __wrap_close(int fd)
{
    return (int)close_under_lock(SYS_close, fd, fd, 0, 0);
}

int __wrap_dup3(int from, int to, int flags);
int __wrap_dup3(int from, int to, int flags)
{
    return (int)close_under_lock(SYS_dup3, from == to ? -1 : to, from, to, flags);
}

int __real_dup2(int from, int to);
int __wrap_dup2(int from, int to);
int __wrap_dup2(int from, int to)
{
    return from == to ? __real_dup2(from, to) : __wrap_dup3(from, to, 0);
}

/* ---- Moving data ----------------------------------------------------------------------------- */

struct transfer {
    int fd;
    unsigned edges;  /* of the host that meant nothing, before it */
    bool has_filled; /* it found no room, or not enough */
    bool is_watched, is_pipe, is_locked;
    sigset_t before;
    dev_t device; /* of the pipe */
    ino_t inode;
};

static void wake(struct knote *knote)
{
    if (knote->filter->ask(knote).ready)
        sim_activate(knote);
}

static bool is_end_of(const struct knote *knote, const struct transfer *transfer)
{
    return knote->filter == &sim_filter_pipe && knote->device == transfer->device &&
           knote->inode == transfer->inode;
}

static void wake_writer(struct knote *knote, void *arg)
{
    if (knote->set.filter == EVFILT_WRITE && is_end_of(knote, arg))
        wake(knote);
}

static void wake_reader(struct knote *knote, void *arg)
{
    if (knote->set.filter == EVFILT_READ && is_end_of(knote, arg))
        wake(knote);
}

/*
 * A writer that finds no room waits for it: the next edge of the host means something. One that
 * came during the transfer has meant nothing.
 */
static void wait_for_room(struct knote *knote, void *arg)
{
    const struct transfer *transfer = arg;
    if (knote->set.filter != EVFILT_WRITE || !knote->filter->fires ||
        (!transfer->has_filled && (sim_host_poll(transfer->fd) & POLLOUT)))
        return;
    knote->blocked = true;
    if (knote->ignored - transfer->edges - 1 < UINT_MAX / 2)
        wake(knote);
}

/*
 * A kernel moves the data of a pipe and wakes its ends in one. So the lock is held meanwhile where
 * the transfer cannot wait for somebody.
 */
static struct transfer begin(int fd)
{
    struct transfer transfer = {.fd = fd};
    struct stat status;
    if (fd < 0 || sim_knotes() == 0)
        return transfer;
    transfer.is_watched = true;
    transfer.is_pipe = fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
    if (transfer.is_pipe) {
        transfer.device = status.st_dev;
        transfer.inode = status.st_ino;
        transfer.is_locked = (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
    }
    if (transfer.is_locked)
        sim_lock(&transfer.before);
    transfer.edges = atomic_load(&sim_ignored_edges);
    return transfer;
}

static ssize_t end(struct transfer *transfer, bool writes, ssize_t result, size_t asked)
{
    int error = errno;
    if (!transfer->is_watched)
        return result;
    transfer->has_filled = result < 0 ? error == EAGAIN : (size_t)result < asked;
    if (!transfer->is_locked)
        sim_lock(&transfer->before);
    if (writes)
        sim_each(transfer->fd, wait_for_room, transfer);
    if (result > 0 && transfer->is_pipe && sim_settings()->pipe_wakes) {
        sim_each(-1, wake_writer, transfer);
        sim_each(-1, wake_reader, transfer);
    }
    sim_unlock(&transfer->before);
    errno = error;
    return result;
}

static size_t length_of(const struct iovec *bufs, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += bufs[i].iov_len;
    return length;
}

#define WRAP(result, name, parameters)                                                             \
    result __real_##name parameters;                                                               \
    result __wrap_##name parameters;                                                               \
    result __wrap_##name parameters

#define TRANSFER(name, parameters, arguments, writes, asked)                                       \
    WRAP(ssize_t, name, parameters)                                                                \
    {                                                                                              \
        struct transfer transfer = begin(fd);                                                      \
        struct sim_silence silence = writes ? sim_silence_begin(fd) : (struct sim_silence){0};     \
        ssize_t result = __real_##name arguments;                                                  \
        sim_silence_end(&silence, result);                                                         \
        return end(&transfer, writes, result, asked);                                              \
    }

/* clang-format off */
TRANSFER(read, (int fd, void *buf, size_t len), (fd, buf, len), false, 0)
TRANSFER(readv, (int fd, const struct iovec *bufs, int count), (fd, bufs, count), false, 0)
TRANSFER(write, (int fd, const void *buf, size_t len), (fd, buf, len), true, len)
TRANSFER(writev, (int fd, const struct iovec *bufs, int count), (fd, bufs, count), true,
         length_of(bufs, (size_t)count))
TRANSFER(send, (int fd, const void *buf, size_t len, int flags), (fd, buf, len, flags), true, len)
TRANSFER(sendto, (int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
         socklen_t size), (fd, buf, len, flags, to, size), true, len)
TRANSFER(sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags), true,
         length_of(message->msg_iov, message->msg_iovlen))
/* clang-format on */

/* ---- Accepting ------------------------------------------------------------------------------- */

static void wake_listener(struct knote *knote, void *arg)
{
    (void)arg;
    if (knote->set.filter == EVFILT_READ)
        wake(knote);
}

static int accepted(int fd, int result)
{
    int error = errno;
    sigset_t before;
    if (result >= 0 && sim_knotes() > 0) {
        sim_lock(&before);
        sim_each(fd, wake_listener, NULL);
        sim_unlock(&before);
    }
    errno = error;
    return result;
}

WRAP(int, accept, (int fd, struct sockaddr *addr, socklen_t *size))
{
    return accepted(fd, __real_accept(fd, addr, size));
}

WRAP(int, accept4, (int fd, struct sockaddr *addr, socklen_t *size, int flags))
{
    return accepted(fd, __real_accept4(fd, addr, size, flags));
}

/* ---- Calls past libc ------------------------------------------------------------------------- */

long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
    va_list list;
    long a[6];
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_close)
        return __wrap_close((int)a[0]);
    bool writes = number == SYS_write || number == SYS_pwritev2;
    struct transfer transfer = begin(writes || number == SYS_read ? (int)a[0] : -1);
    size_t asked = number == SYS_write ? (size_t)a[2] : 0;
    if (number == SYS_pwritev2)
        asked = length_of((const struct iovec *)a[1], (size_t)a[2]);
    return end(&transfer, writes, __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]),
               asked);
}
