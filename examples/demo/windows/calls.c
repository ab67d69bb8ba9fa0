/* The calls of the clients: sockets as Winsock has them. */
#include "windows_system.h"

#include "demo.h"

/* ---- Opening --------------------------------------------------------------------------------- */

static int open_socket(const struct target *target, SOCKET *fd)
{
    struct sockaddr_storage addr;
    struct sockaddr *plain = (struct sockaddr *)&addr;
    u_long nonblocking = 1;
    int length = mio_addr_to_sockaddr(&target->addr, plain, sizeof addr);
    if (length < 0)
        return length;
    int type = target->transport == TRANSPORT_DATAGRAMS ? SOCK_DGRAM : SOCK_STREAM;
    *fd = socket(addr.ss_family, type, 0);
    if (*fd == INVALID_SOCKET)
        return mio_socket_error();
    if (connect(*fd, plain, length) == 0 && ioctlsocket(*fd, (long)FIONBIO, &nonblocking) == 0)
        return 0;
    int error = mio_socket_error();
    closesocket(*fd);
    return error;
}

int call_open(const struct target *target, mio_fd *in, mio_fd *out)
{
    SOCKET fd;
    int error = open_socket(target, &fd);
    *in = *out = error == 0 ? fd : MIO_FD_NONE;
    return error;
}

/* ---- Talking --------------------------------------------------------------------------------- */

ptrdiff_t call_read(mio_fd fd, void *buf, size_t len)
{
    int n = recv(fd, buf, (int)len, 0);
    return n < 0 ? mio_socket_error() : n;
}

ptrdiff_t call_write(mio_fd fd, const void *buf, size_t len)
{
    int n = send(fd, buf, (int)len, 0);
    return n < 0 ? mio_socket_error() : n;
}

int call_shutdown(mio_fd socket)
{
    return shutdown(socket, SD_SEND) == 0 ? 0 : mio_socket_error();
}

void call_close(mio_fd fd)
{
    closesocket(fd);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

/* One entry of each client that has a socket: WSAPoll takes no list in which there is none. */
int call_wait(struct look *looks, size_t count, int timeout_ms)
{
    WSAPOLLFD fds[MAX_OPEN];
    ULONG used = 0;
    for (size_t i = 0; i < count; i++) {
        SHORT room = looks[i].out != MIO_FD_NONE ? POLLWRNORM : 0;
        if (looks[i].in != MIO_FD_NONE)
            fds[used++] = (WSAPOLLFD){.fd = looks[i].in, .events = (SHORT)(POLLRDNORM | room)};
    }
    if (used == 0)
        Sleep((DWORD)timeout_ms);
    int found = used == 0 ? 0 : WSAPoll(fds, used, timeout_ms);
    int result = found < 0 ? mio_socket_error() : found;
    used = 0;
    for (size_t i = 0; i < count; i++) {
        /* An end or an error is news for either direction. */
        SHORT told = looks[i].in != MIO_FD_NONE ? fds[used++].revents : 0;
        looks[i].can_read = result > 0 && (told & ~POLLWRNORM);
        looks[i].can_write = result > 0 && looks[i].out != MIO_FD_NONE && (told & ~POLLRDNORM);
    }
    return result;
}
