/* The calls of the clients: sockets and pipes as POSIX has them. */
#define _POSIX_C_SOURCE 200809L

#include "demo.h"
#include "pass.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- Opening --------------------------------------------------------------------------------- */

static int set_nonblocking(int fd)
{
    return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 ? 0 : -errno;
}

static int open_socket(const struct target *target, int *fd)
{
    struct sockaddr_storage addr;
    struct sockaddr *plain = (struct sockaddr *)&addr;
    int length = mio_addr_to_sockaddr(&target->addr, plain, sizeof addr);
    if (length < 0)
        return length;
    int type = target->transport == TRANSPORT_DATAGRAMS ? SOCK_DGRAM : SOCK_STREAM;
    *fd = socket(addr.ss_family, type, 0);
    return *fd >= 0 && connect(*fd, plain, (socklen_t)length) == 0 ? 0 : -errno;
}

/* Makes two pipes and hands the server its ends of them. */
static int open_pipes(const struct target *target, int *in, int *out)
{
    int there[2] = {-1, -1}, back[2] = {-1, -1};
    int error = pipe(there) == 0 && pipe(back) == 0 ? 0 : -errno;
    if (error == 0)
        error = pass_send(target->pipes, (const int[]){there[0], back[1]});
    *in = back[0];
    *out = there[1];
    if (there[0] >= 0)
        close(there[0]);
    if (back[1] >= 0)
        close(back[1]);
    return error;
}

int call_open(const struct target *target, mio_fd *in, mio_fd *out)
{
    int error;
    *in = *out = -1;
    if (target->transport == TRANSPORT_PIPES) {
        error = open_pipes(target, in, out);
    } else {
        error = open_socket(target, in);
        *out = *in;
    }
    if (error == 0)
        error = set_nonblocking(*in);
    if (error == 0)
        error = set_nonblocking(*out);
    if (error == 0)
        return 0;
    if (*in >= 0)
        close(*in);
    if (*out >= 0 && *out != *in)
        close(*out);
    *in = *out = -1;
    return error;
}

/* ---- Talking --------------------------------------------------------------------------------- */

ptrdiff_t call_read(mio_fd fd, void *buf, size_t len)
{
    ssize_t n = read(fd, buf, len);
    return n < 0 ? -errno : n;
}

ptrdiff_t call_write(mio_fd fd, const void *buf, size_t len)
{
    ssize_t n = write(fd, buf, len);
    return n < 0 ? -errno : n;
}

int call_shutdown(mio_fd socket)
{
    return shutdown(socket, SHUT_WR) == 0 ? 0 : -errno;
}

void call_close(mio_fd fd)
{
    close(fd);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

/* Of each client one entry to read and one to write; fd -1: not now. */
int call_wait(struct look *looks, size_t count, int timeout_ms)
{
    struct pollfd fds[2 * MAX_OPEN];
    for (size_t i = 0; i < count; i++) {
        fds[2 * i] = (struct pollfd){.fd = looks[i].in, .events = POLLIN};
        fds[2 * i + 1] = (struct pollfd){.fd = looks[i].out, .events = POLLOUT};
    }
    int found = poll(fds, (nfds_t)(2 * count), timeout_ms);
    int result = found < 0 ? -errno : found;
    for (size_t i = 0; i < count; i++) {
        looks[i].can_read = result > 0 && fds[2 * i].revents != 0;
        looks[i].can_write = result > 0 && fds[2 * i + 1].revents != 0;
    }
    return result;
}
