/*
 * Moving data. Two answers differ from those of Unix, and are made alike: a datagram that is longer
 * than the buffer is an error here though its beginning was received; and a datagram of one's own
 * that was refused is told as a reset connection.
 */
#include "sys/windows/transfer.h"
#include "sys/sockaddr.h"
#include "sys/sys.h"
#include "sys/windows/ask.h"
#include "sys/windows/calls.h"
#include "sys/windows/error.h"
#include "sys/windows/mapped.h"

#include <limits.h>

/* The network tells of an earlier datagram; of a stream the codes mean what they say. */
int mio__transfer_error(mio_fd fd, int error)
{
    if ((error == WSAECONNRESET || error == WSAENETRESET) && mio__ask_is_datagram(fd))
        return error == WSAECONNRESET ? -ECONNREFUSED : -EHOSTUNREACH;
    return mio__error_of((unsigned long)error);
}

/* The result of a receive that failed: moved where the rest of a datagram was cut off. */
static ptrdiff_t receiving_error(mio_fd fd, size_t moved)
{
    const int error = WSAGetLastError();
    if (error == WSAEMSGSIZE)
        return (ptrdiff_t)moved;
    if (error == WSAESHUTDOWN) /* reading was shut down here: the end, as on Unix */
        return 0;
    return mio__transfer_error(fd, error);
}

static bool has_peer(mio_fd fd)
{
    struct mio_addr peer;
    return mio__socket_peer_addr(fd, &peer) == 0;
}

int mio__transfer_peer_error(mio_fd fd)
{
    const int error = WSAGetLastError();
    if ((error == WSAENOTCONN || error == WSAEINVAL) && mio__ask_is_datagram(fd) && !has_peer(fd))
        return -EDESTADDRREQ;
    return mio__transfer_error(fd, error);
}

static int length_of(size_t len)
{
    return len < INT_MAX ? (int)len : INT_MAX;
}

/* A place for no bytes, where the caller has none. */
static char nothing;

static char *receive_place(void *buf)
{
    return buf ? buf : &nothing;
}

static const char *send_place(const void *buf)
{
    return buf ? buf : &nothing;
}

ptrdiff_t mio__socket_recv(mio_fd fd, void *buf, size_t len, bool peek)
{
    int n = MIO__CALL(recv)(fd, receive_place(buf), length_of(len), peek ? MSG_PEEK : 0);
    return n < 0 ? receiving_error(fd, len) : n;
}

ptrdiff_t mio__socket_recv_from(mio_fd fd, void *buf, size_t len, struct mio_addr *from, bool peek)
{
    int length = sizeof from->storage;
    int n = MIO__CALL(recvfrom)(fd, receive_place(buf), length_of(len), peek ? MSG_PEEK : 0,
                                mio__sockaddr(from), &length);
    const ptrdiff_t moved = n < 0 ? receiving_error(fd, len) : n;
    if (moved >= 0)
        mio__sockaddr_received(from, length);
    return moved;
}

ptrdiff_t mio__socket_send(mio_fd fd, const void *buf, size_t len)
{
    int n = MIO__CALL(send)(fd, send_place(buf), length_of(len), 0);
    return n < 0 ? mio__transfer_peer_error(fd) : n;
}

static int send_to(mio_fd fd, const void *buf, size_t len, const struct mio_addr *to)
{
    int n = MIO__CALL(sendto)(fd, send_place(buf), length_of(len), 0, mio__sockaddr(to),
                              (int)to->length);
    return n < 0 ? mio__transfer_error(fd, WSAGetLastError()) : n;
}

ptrdiff_t mio__socket_send_to(mio_fd fd, const void *buf, size_t len, const struct mio_addr *to)
{
    struct mio_addr mapped;
    int result = send_to(fd, buf, len, to);
    if (result < 0 && result != -EAGAIN && mio__mapped_instead(fd, to, &mapped, &result))
        result = send_to(fd, buf, len, &mapped);
    return result;
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
    return result != 0 ? receiving_error(fd, len) : (ptrdiff_t)done;
}

ptrdiff_t mio__socket_sendv(mio_fd fd, const struct mio_buf *bufs, size_t count)
{
    WSABUF list[MIO_BUFS_MAX];
    size_t len;
    DWORD done = 0, used = list_of(list, bufs, count, &len);
    int result = MIO__CALL(WSASend)(fd, list, used, &done, 0, NULL, NULL);
    return result != 0 ? mio__transfer_peer_error(fd) : (ptrdiff_t)done;
}
