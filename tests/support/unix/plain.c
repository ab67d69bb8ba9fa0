#define _GNU_SOURCE 1
#include "plain.h"

#include "net.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static ptrdiff_t result_of(ptrdiff_t result)
{
    return result < 0 ? -errno : result;
}

/* ---- Flags ----------------------------------------------------------------------------------- */

int plain_close(mio_fd fd)
{
    return (int)result_of(close(fd));
}

bool plain_is_open(mio_fd fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

enum plain_blocking plain_blocking(mio_fd fd)
{
    return fcntl(fd, F_GETFL) & O_NONBLOCK ? PLAIN_BLOCKS_NOT : PLAIN_BLOCKS;
}

bool plain_is_inherited(mio_fd fd)
{
    return (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0;
}

void plain_set_blocking(mio_fd fd, bool blocking)
{
    int flags = fcntl(fd, F_GETFL);
    CHECK(flags >= 0);
    CHECK_EQ(fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK), 0);
}

void plain_set_inherited(mio_fd fd)
{
    CHECK_EQ(fcntl(fd, F_SETFD, 0), 0);
}

int plain_flags(mio_fd fd)
{
    int status = fcntl(fd, F_GETFL), flags = fcntl(fd, F_GETFD);
    return status < 0 || flags < 0 ? -errno : status ^ (flags << 30);
}

bool plain_set_other_flags(mio_fd fd)
{
    int flags = fcntl(fd, F_GETFL);
    CHECK(flags >= 0);
    CHECK_EQ(fcntl(fd, F_SETFL, flags | O_APPEND | O_ASYNC), 0);
    flags = fcntl(fd, F_GETFL);
    CHECK((flags & O_APPEND) && (flags & O_ASYNC));
    return true;
}

/* ---- Numbers --------------------------------------------------------------------------------- */

mio_fd plain_duplicate(mio_fd fd)
{
    int duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    CHECK(duplicate >= 0);
    return duplicate;
}

void plain_replace(mio_fd number, mio_fd other)
{
    CHECK_EQ(dup2(other, number), number);
    CHECK_EQ(fcntl(number, F_SETFD, FD_CLOEXEC), 0);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

/* Where poll(2) does not tell of a peer's end, that the end can be read does. */
#ifndef POLLRDHUP
#define POLLRDHUP POLLIN
#endif

static const struct {
    unsigned bit;
    int system;
} look_bits[] = {{PLAIN_IN, POLLIN},
                 {PLAIN_OUT, POLLOUT},
                 {PLAIN_END, POLLRDHUP},
                 {PLAIN_ERROR, POLLERR},
                 {PLAIN_HANGUP, POLLHUP}};
enum { LOOK_BITS = sizeof look_bits / sizeof look_bits[0] };

static short look_for(unsigned events)
{
    short system = 0;
    for (size_t i = 0; i < LOOK_BITS; i++)
        if (events & look_bits[i].bit)
            system |= (short)look_bits[i].system;
    return system;
}

static unsigned look_seen(short system)
{
    unsigned seen = 0;
    for (size_t i = 0; i < LOOK_BITS; i++)
        if (system & look_bits[i].system)
            seen |= look_bits[i].bit;
    return seen;
}

unsigned plain_look(mio_fd fd, unsigned events, int64_t timeout_ns)
{
    struct pollfd entry = {.fd = fd, .events = look_for(events)};
    int n = poll(&entry, 1, (int)((timeout_ns + MIO_NS_PER_MS - 1) / MIO_NS_PER_MS));
    if (n == 0)
        return 0;
    CHECK_EQ(n, 1);
    CHECK(!(entry.revents & POLLNVAL));
    return look_seen(entry.revents);
}

unsigned plain_state(mio_fd fd)
{
    struct pollfd entry = {.fd = fd, .events = look_for(PLAIN_IN | PLAIN_OUT | PLAIN_END)};
    return poll(&entry, 1, 0) == 1 ? look_seen(entry.revents) : 0;
}

unsigned plain_wait(mio_fd fd, unsigned events)
{
    unsigned seen = plain_look(fd, events, TEST_SOON);
    CHECK(seen != 0);
    return seen;
}

/* ---- What is no socket ----------------------------------------------------------------------- */

void plain_pipe(mio_fd ends[2])
{
    CHECK_EQ(pipe(ends), 0);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(fcntl(ends[i], F_SETFD, FD_CLOEXEC), 0);
}

void plain_shrink_pipe(mio_fd end)
{
#ifdef F_SETPIPE_SZ
    CHECK(fcntl(end, F_SETPIPE_SZ, 8192) >= 0);
#else
    (void)end;
#endif
}

mio_fd plain_folder(void)
{
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(fd >= 0);
    return fd;
}

mio_fd plain_file(void)
{
    FILE *file = tmpfile();
    CHECK(file != NULL);
    mio_fd fd = plain_duplicate(fileno(file));
    CHECK_EQ(fclose(file), 0);
    return fd;
}

ptrdiff_t plain_read(mio_fd fd, void *buf, size_t len)
{
    return result_of(read(fd, buf, len));
}

ptrdiff_t plain_write(mio_fd fd, const void *buf, size_t len)
{
    return result_of(write(fd, buf, len));
}
