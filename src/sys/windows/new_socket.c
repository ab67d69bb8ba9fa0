/*
 * New sockets. A socket is not inherited from birth where it is made; one that was accepted is as
 * its listener was made but for that, so it is settled afterwards, and a process that another
 * thread starts in between inherits it.
 */
#include "sys/windows/new_socket.h"

#include "sys/sockaddr.h"
#include "sys/sys.h"
#include "sys/windows/ask.h"
#include "sys/windows/calls.h"
#include "sys/windows/error.h"
#include "sys/windows/startup.h"

/* Older headers lack these. */
#ifndef SIO_UDP_CONNRESET
#define SIO_UDP_CONNRESET 0x9800000c
#endif
#ifndef SIO_UDP_NETRESET
#define SIO_UDP_NETRESET 0x9800000f
#endif

static int set_nonblocking(mio_fd fd)
{
    u_long on = 1;
    return MIO__CALL(ioctlsocket)(fd, (long)FIONBIO, &on) != 0 ? mio__last_error() : 0;
}

static int set_inherited(mio_fd fd, DWORD inherited)
{
    if (MIO__CALL(SetHandleInformation)((HANDLE)fd, HANDLE_FLAG_INHERIT, inherited))
        return 0;
    return mio__error_of(GetLastError());
}

static int set_switch(mio_fd fd, DWORD code, BOOL value)
{
    DWORD length;
    int result = MIO__CALL(WSAIoctl)(fd, code, &value, sizeof value, NULL, 0, &length, NULL, NULL);
    /* A system without it has sockets all the same. */
    return result != 0 && WSAGetLastError() != WSAEOPNOTSUPP ? mio__last_error() : 0;
}

int mio__new_tell_refusals(mio_fd fd, bool tells)
{
    int result = set_switch(fd, SIO_UDP_CONNRESET, tells);
    return result < 0 ? result : set_switch(fd, SIO_UDP_NETRESET, tells);
}

int mio__socket_open(int family, enum mio__socket_type type, mio_fd *fd)
{
    const bool is_unix = family == MIO_ADDR_UNIX;
    const int domain = is_unix ? AF_UNIX : family == MIO_ADDR_IPV6 ? AF_INET6 : AF_INET;
    if (is_unix && type == MIO__DATAGRAM)
        return -ENOTSUP;
    int result = mio__startup();
    if (result < 0)
        return result;
    *fd = MIO__CALL(WSASocketW)(domain, type == MIO__STREAM ? SOCK_STREAM : SOCK_DGRAM, 0, NULL, 0,
                                WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    if (*fd == INVALID_SOCKET) {
        result = mio__last_error();
        return is_unix && result == -EAFNOSUPPORT ? -ENOTSUP : result;
    }
    result = set_nonblocking(*fd);
    if (result == 0 && type == MIO__DATAGRAM)
        result = mio__new_tell_refusals(*fd, false);
    if (result < 0)
        MIO__CALL(closesocket)(*fd);
    return result;
}

/* Nothing makes a pair here, in no family. */
int mio__socket_pair(enum mio__socket_type type, mio_fd fds[2])
{
    (void)type, (void)fds;
    return -ENOTSUP;
}

/* Nobody can ask whether a socket is non-blocking, so that comes last: it cannot be taken back. */
int mio__socket_adopt(mio_fd fd)
{
    DWORD before = 0;
    struct mio_addr peer;
    int result = mio__startup();
    if (result == 0 && !MIO__CALL(GetHandleInformation)((HANDLE)fd, &before))
        result = mio__error_of(GetLastError());
    if (result == 0)
        result = set_inherited(fd, 0);
    if (result < 0)
        return result;
    result = set_nonblocking(fd);
    if (result < 0)
        set_inherited(fd, before & HANDLE_FLAG_INHERIT);
    else if (mio__ask_is_datagram(fd))
        mio__new_tell_refusals(fd, mio__socket_peer_addr(fd, &peer) == 0);
    return result;
}

int mio__socket_accept(mio_fd fd, mio_fd *accepted, struct mio_addr *peer)
{
    /* cppcheck-suppress ctunullpointer ; sizeof looks at the type alone */
    int length = sizeof peer->storage;
    *accepted = MIO__CALL(accept)(fd, peer ? mio__sockaddr(peer) : NULL, peer ? &length : NULL);
    if (*accepted == INVALID_SOCKET) {
        int error = mio__last_error();
        /* The peer was gone before it was accepted. */
        return error == -ECONNRESET ? -ECONNABORTED : error;
    }
    if (peer)
        mio__sockaddr_received(peer, length);
    int result = set_inherited(*accepted, 0);
    if (result == 0)
        result = set_nonblocking(*accepted);
    if (result < 0)
        MIO__CALL(closesocket)(*accepted);
    return result;
}
