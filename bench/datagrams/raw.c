/* By hand: sendmmsg and recvmmsg, or sendmsg with UDP_SEGMENT and recvmmsg with UDP_GRO. */
#include "datagrams/datagrams.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

/* Aligned as a cmsghdr. */
struct control {
    uint64_t words[CMSG_SPACE(sizeof(int)) / sizeof(uint64_t)];
};

static int raw_fd;
static struct mmsghdr messages[TRAIN_MAX];
static struct iovec pieces[TRAIN_MAX];
static struct control controls[TRAIN_MAX];

static void prepare_segments(const struct work *work)
{
    uint16_t size = (uint16_t)work->bytes;
    messages[0].msg_hdr.msg_control = &controls[0];
    messages[0].msg_hdr.msg_controllen = CMSG_SPACE(sizeof size);
    struct cmsghdr *header = CMSG_FIRSTHDR(&messages[0].msg_hdr);
    header->cmsg_level = IPPROTO_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof size);
    memcpy(CMSG_DATA(header), &size, sizeof size);
    pieces[0] = (struct iovec){payload, (size_t)work->bytes * work->train};
}

static int raw_open_sender(const struct work *work, int fd)
{
    raw_fd = fd;
    for (unsigned i = 0; i < work->train; i++) {
        pieces[i] = (struct iovec){payload + (size_t)i * work->bytes % 4096, work->bytes};
        messages[i].msg_hdr.msg_iov = &pieces[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    if (work->segments)
        prepare_segments(work);
    return 0;
}

static int raw_open_receiver(const struct work *work, int fd)
{
    int on = 1;
    raw_fd = fd;
    return work->coalesce ? setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on) : 0;
}

static int raw_send(const struct work *work)
{
    if (work->segments)
        return sendmsg(raw_fd, &messages[0].msg_hdr, 0) < 0;
    for (unsigned done = 0; done < work->train;) {
        int n = sendmmsg(raw_fd, messages + done, work->train - done, 0);
        if (n < 0)
            return 1;
        done += (unsigned)n;
    }
    return 0;
}

/* How many datagrams an entry is made of. */
static int datagrams_in(struct mmsghdr *message)
{
    int size = 0;
    for (struct cmsghdr *one = CMSG_FIRSTHDR(&message->msg_hdr); one;
         one = CMSG_NXTHDR(&message->msg_hdr, one))
        if (one->cmsg_level == IPPROTO_UDP && one->cmsg_type == UDP_GRO)
            memcpy(&size, CMSG_DATA(one), sizeof size);
    return size > 0 ? ((int)message->msg_len + size - 1) / size : 1;
}

static int raw_receive(const struct work *work)
{
    unsigned count = entries_of(work);
    int datagrams = 0;
    for (unsigned i = 0; i < count; i++) {
        struct msghdr *header = &messages[i].msg_hdr;
        pieces[i] = (struct iovec){room[i], room_of(work)};
        *header = (struct msghdr){.msg_iov = &pieces[i], .msg_iovlen = 1};
        if (work->coalesce) {
            header->msg_control = &controls[i];
            header->msg_controllen = sizeof controls[i];
        }
    }
    int n = recvmmsg(raw_fd, messages, count, 0, NULL);
    if (n < 0)
        return errno == EAGAIN ? 0 : -1;
    for (int i = 0; i < n; i++)
        datagrams += datagrams_in(&messages[i]);
    return datagrams;
}

const struct technique technique_raw = {"raw", raw_open_sender, raw_open_receiver, raw_send,
                                        raw_receive};
