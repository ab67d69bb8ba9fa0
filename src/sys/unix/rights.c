/*
 * Descriptors that are passed in the Unix domain. There is always room for the most that a message
 * can have, also where the caller has none: not every system closes what it has no room for.
 */
#include "sys/sockaddr.h"
#include "sys/sys.h"
#include "sys/unix/calls.h"
#include "sys/unix/control.h"
#include "sys/unix/fd.h"
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#ifdef MSG_CMSG_CLOEXEC
enum { RECEIVE_FLAGS = MSG_CMSG_CLOEXEC };
#else
enum { RECEIVE_FLAGS = 0 };
#endif

/* The descriptors, and credentials or a label that the program has asked for by itself. */
struct rights_room {
    uint64_t words[(MIO_FDS_MAX * sizeof(int) + 512) / 8];
};

ptrdiff_t mio__socket_send_fds(mio_fd fd, const void *buf, size_t len, const struct mio_addr *to,
                               const mio_fd *fds, size_t count)
{
    struct rights_room room;
    struct iovec piece = {(void *)buf, len};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    if (to) {
        message.msg_name = mio__sockaddr(to);
        message.msg_namelen = to->length;
    }
    if (count > 0) {
        message.msg_control = &room;
        mio__control_put(&message, SOL_SOCKET, SCM_RIGHTS, fds, count * sizeof fds[0]);
    }
    ssize_t n;
    do
        n = MIO__CALL(sendmsg)(fd, &message, MIO__SEND_FLAGS);
    while (n < 0 && errno == EINTR);
    return n < 0 ? mio__last_error() : n;
}

/* Whether it is ours to give: not inherited. */
static bool settle_fd(int fd)
{
    return RECEIVE_FLAGS != 0 || MIO__CALL(fcntl)(fd, F_SETFD, FD_CLOEXEC) >= 0;
}

static void take_fd(int fd, struct mio_fds *fds)
{
    if (fds->count < fds->capacity && settle_fd(fd)) {
        fds->fds[fds->count++] = fd;
    } else {
        MIO__CALL(close)(fd);
        fds->cut = true;
    }
}

static void take_rights(const struct cmsghdr *header, struct mio_fds *fds)
{
    const unsigned char *bytes = CMSG_DATA((struct cmsghdr *)header);
    size_t len = header->cmsg_len - CMSG_LEN(0);
    for (size_t at = 0; at + sizeof(int) <= len; at += sizeof(int)) {
        int fd;
        memcpy(&fd, bytes + at, sizeof fd);
        take_fd(fd, fds);
    }
}

ptrdiff_t mio__socket_recv_fds(mio_fd fd, void *buf, size_t len, struct mio_addr *from,
                               struct mio_fds *fds)
{
    struct rights_room room;
    struct iovec piece = {buf, len};
    struct msghdr message;
    ssize_t n;
    do {
        memset(&message, 0, sizeof message);
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        message.msg_control = &room;
        message.msg_controllen = sizeof room;
        if (from) {
            message.msg_name = mio__sockaddr(from);
            message.msg_namelen = sizeof from->storage;
        }
        n = MIO__CALL(recvmsg)(fd, &message, RECEIVE_FLAGS);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return mio__last_error();
    if (from)
        mio__sockaddr_received(from, message.msg_namelen);
    fds->cut = (message.msg_flags & MSG_CTRUNC) != 0;
    const struct cmsghdr *one = CMSG_FIRSTHDR(&message);
    for (; one; one = mio__control_next(&message, one))
        if (one->cmsg_level == SOL_SOCKET && one->cmsg_type == SCM_RIGHTS)
            take_rights(one, fds);
    return n;
}
