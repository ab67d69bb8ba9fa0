/*
 * Moving data. Two answers differ from those of Unix, and are made alike: a datagram that is longer
 * than the buffer is an error here though its beginning was received; and a datagram of one's own
 * that was refused is told as a reset connection.
 */
#include "sys/sockaddr.h"
#include "sys/sys.h"
#include "sys/windows/base_socket.h"
#include "sys/windows/calls.h"

#include <limits.h>

static bool is_datagram(mio_fd fd)
{
    int type = 0, length = sizeof type;
    return MIO__CALL(getsockopt)(fd, SOL_SOCKET, SO_TYPE, (char *)&type, &length) == 0 &&
           type == SOCK_DGRAM;
}

/* The result of a receive that failed: moved where the rest of a datagram was cut off. */
static ptrdiff_t receive_error(mio_fd fd, size_t moved)
{
    const int error = WSAGetLastError();
    if (error == WSAEMSGSIZE)
        return (ptrdiff_t)moved;
    if ((error == WSAECONNRESET || error == WSAENETRESET) && is_datagram(fd))
        return -ECONNREFUSED;
    if (error == WSAESHUTDOWN) /* reading was shut down here: the end, as on Unix */
        return 0;
    WSASetLastError(error);
    return mio__last_error();
}

static int length_of(size_t len)
{
    return len < INT_MAX ? (int)len : INT_MAX;
}

ptrdiff_t mio__socket_recv(mio_fd fd, void *buf, size_t len, bool peek)
{
    int n = MIO__CALL(recv)(fd, buf, length_of(len), peek ? MSG_PEEK : 0);
    return n < 0 ? receive_error(fd, len) : n;
}

ptrdiff_t mio__socket_recv_from(mio_fd fd, void *buf, size_t len, struct mio_addr *from, bool peek)
{
    int length = sizeof from->storage;
    int n = MIO__CALL(recvfrom)(fd, buf, length_of(len), peek ? MSG_PEEK : 0, mio__sockaddr(from),
                                &length);
    const ptrdiff_t moved = n < 0 ? receive_error(fd, len) : n;
    if (moved >= 0)
        mio__sockaddr_received(from, length);
    return moved;
}

/* The result of a send that failed, without an address: a datagram may have nowhere to go. */
static ptrdiff_t unsent_error(mio_fd fd)
{
    struct sockaddr_storage peer;
    int length = sizeof peer;
    const int error = mio__last_error();
    if ((error == -ENOTCONN || error == -EINVAL) && is_datagram(fd) &&
        MIO__CALL(getpeername)(fd, (struct sockaddr *)&peer, &length) != 0)
        return -EDESTADDRREQ;
    return error;
}

ptrdiff_t mio__socket_send(mio_fd fd, const void *buf, size_t len)
{
    int n = MIO__CALL(send)(fd, buf, length_of(len), 0);
    return n < 0 ? unsent_error(fd) : n;
}

ptrdiff_t mio__socket_send_to(mio_fd fd, const void *buf, size_t len, const struct mio_addr *to)
{
    int n = MIO__CALL(sendto)(fd, buf, length_of(len), 0, mio__sockaddr(to), (int)to->length);
    return n < 0 ? mio__socket_refusal(fd, to) : n;
}

/* ---- Lists of buffers ------------------------------------------------------------------------ */

/* The system's form, up to MIO_IO_MAX bytes in all: how many of them it took. */
static DWORD list_of(WSABUF *list, const struct mio_buf *bufs, size_t count, size_t *len)
{
    DWORD used = 0;
    *len = 0;
    for (size_t i = 0; i < count && *len < MIO_IO_MAX; i++) {
        size_t room = MIO_IO_MAX - *len;
        size_t part = bufs[i].len < room ? bufs[i].len : room;
        list[used].buf = bufs[i].base;
        list[used].len = (ULONG)part;
        *len += part;
        used++;
    }
    return used;
}

ptrdiff_t mio__socket_recvv(mio_fd fd, const struct mio_buf *bufs, size_t count)
{
    WSABUF list[MIO_BUFS_MAX];
    size_t len;
    DWORD done = 0, flags = 0, used = list_of(list, bufs, count, &len);
    int result = MIO__CALL(WSARecv)(fd, list, used, &done, &flags, NULL, NULL);
    return result != 0 ? receive_error(fd, len) : (ptrdiff_t)done;
}

ptrdiff_t mio__socket_sendv(mio_fd fd, const struct mio_buf *bufs, size_t count)
{
    WSABUF list[MIO_BUFS_MAX];
    size_t len;
    DWORD done = 0, used = list_of(list, bufs, count, &len);
    int result = MIO__CALL(WSASend)(fd, list, used, &done, 0, NULL, NULL);
    return result != 0 ? unsent_error(fd) : (ptrdiff_t)done;
}
