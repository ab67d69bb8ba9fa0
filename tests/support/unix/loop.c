/*
 * A descriptor that is its own other end: a FIFO, open to read and to write. POSIX leaves open what
 * that does; the systems that have no eventfd agree that it works.
 */
#include "plain.h"
#include "test.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

mio_fd plain_loop(bool ready)
{
    static atomic_uint_fast32_t count;
    char path[64];
    snprintf(path, sizeof path, "/tmp/mio-loop-%ld-%lu", (long)getpid(),
             (unsigned long)atomic_fetch_add(&count, 1));
    CHECK_EQ(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    CHECK_EQ(unlink(path), 0);
    CHECK(fd >= 0);
    CHECK(!ready || plain_loop_make_ready(fd));
    return fd;
}

bool plain_loop_make_ready(mio_fd fd)
{
    const uint64_t one = 1;
    return write(fd, &one, sizeof one) == sizeof one;
}
