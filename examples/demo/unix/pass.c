/*
 * Descriptors on their way from process to process. They travel beside the bytes of a message
 * (SCM_RIGHTS), of which there has to be one.
 */
#define _DEFAULT_SOURCE 1 /* CMSG_SPACE */

#include "pass.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#define PAIR (2 * sizeof(int))

/* A message of one byte with room for two descriptors beside it. */
struct parcel {
    struct msghdr message;
    struct iovec part;
    char byte;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(PAIR)];
};

static void parcel_init(struct parcel *parcel)
{
    *parcel = (struct parcel){.byte = 0};
    parcel->part = (struct iovec){.iov_base = &parcel->byte, .iov_len = 1};
    parcel->message.msg_iov = &parcel->part;
    parcel->message.msg_iovlen = 1;
    parcel->message.msg_control = parcel->control;
    parcel->message.msg_controllen = sizeof parcel->control;
}

int pass_send(int socket, const int fds[2])
{
    struct parcel parcel;
    ssize_t n;
    parcel_init(&parcel);
    struct cmsghdr *header = CMSG_FIRSTHDR(&parcel.message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(PAIR);
    memcpy(CMSG_DATA(header), fds, PAIR);
    do
        n = sendmsg(socket, &parcel.message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

int pass_receive(int socket, int fds[2])
{
    struct parcel parcel;
    ssize_t n;
    parcel_init(&parcel);
    do
        n = recvmsg(socket, &parcel.message, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EWOULDBLOCK ? -EAGAIN : -errno;
    struct cmsghdr *header = CMSG_FIRSTHDR(&parcel.message);
    if (header == NULL || header->cmsg_len != CMSG_LEN(PAIR))
        return -EMFILE; /* they are cut off where a process has no room for more */
    memcpy(fds, CMSG_DATA(header), PAIR);
    return 0;
}
