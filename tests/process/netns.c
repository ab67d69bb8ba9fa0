#define _GNU_SOURCE 1
#include "netns.h"

#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- Requests to the kernel ------------------------------------------------------------------ */

struct request {
    union {
        struct nlmsghdr header;
        char bytes[512];
    };
};

static void *append(struct request *request, const void *data, size_t length)
{
    size_t at = NLMSG_ALIGN(request->header.nlmsg_len);
    CHECK(at + length <= sizeof request->bytes);
    memcpy(request->bytes + at, data, length);
    request->header.nlmsg_len = (uint32_t)(at + length);
    return request->bytes + at;
}

static void begin(struct request *request, uint16_t type, uint16_t flags)
{
    memset(request, 0, sizeof *request);
    request->header.nlmsg_len = NLMSG_LENGTH(0);
    request->header.nlmsg_type = type;
    request->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
}

/* An attribute that lasts until attribute_end: what is appended between is in it. */
static struct rtattr *attribute(struct request *request, unsigned type)
{
    struct rtattr head = {.rta_len = sizeof head, .rta_type = (unsigned short)type};
    return append(request, &head, sizeof head);
}

static void attribute_end(struct request *request, struct rtattr *head)
{
    char *end = request->bytes + request->header.nlmsg_len;
    head->rta_len = (unsigned short)(end - (char *)head);
}

static void add(struct request *request, unsigned type, const void *data, size_t length)
{
    struct rtattr *head = attribute(request, type);
    append(request, data, length);
    attribute_end(request, head);
}

union answer {
    struct nlmsghdr header;
    char bytes[16384];
};

/* Sends a request and takes the first message of the answer. 0, or a negative error. */
static int ask(struct request *request, union answer *answer)
{
    struct nlmsgerr error = {0};
    memset(&answer->header, 0, sizeof answer->header);
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0)
        return -errno;
    ssize_t sent = send(fd, request, request->header.nlmsg_len, 0);
    ssize_t got = sent < 0 ? -1 : recv(fd, answer, sizeof *answer, 0);
    int failure = got < 0 ? -errno : 0;
    close(fd);
    if (failure < 0)
        return failure;
    CHECK(got >= (ssize_t)sizeof answer->header);
    CHECK(got >= (ssize_t)answer->header.nlmsg_len);
    if (answer->header.nlmsg_type == NLMSG_ERROR)
        memcpy(&error, answer->bytes + NLMSG_LENGTH(0), sizeof error);
    return error.error;
}

static int change(struct request *request)
{
    union answer answer;
    int result = ask(request, &answer);
    CHECK(result < 0 || answer.header.nlmsg_type == NLMSG_ERROR);
    return result;
}

/* ---- Devices --------------------------------------------------------------------------------- */

static bool change_flags(const char *device, unsigned on, unsigned off, unsigned *now)
{
    struct ifreq request = {.ifr_flags = 0};
    memcpy(request.ifr_name, device, strlen(device) + 1);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool done = ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    *now = (unsigned short)request.ifr_flags;
    request.ifr_flags = (short)((*now | on) & ~off);
    if (done && (on | off))
        done = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    close(fd);
    return done;
}

static void bring_up(const char *device)
{
    unsigned before;
    if (!change_flags(device, IFF_UP, 0, &before))
        SKIP("a device in the namespace cannot be brought up");
}

void netns_down(const char *device)
{
    unsigned before;
    CHECK(change_flags(device, 0, IFF_UP, &before));
}

/* IF_OPER_UP of linux/if.h, which cannot be included beside net/if.h. */
enum { OPERATIONAL = 6 };

/*
 * Whether the kernel has finished with a device that was brought up, which it does some time later:
 * until then it drops what is sent. The flags of the device do not tell.
 */
static bool is_operational(const char *device)
{
    const struct ifinfomsg message = {.ifi_family = AF_UNSPEC,
                                      .ifi_index = (int)netns_index(device)};
    struct request request;
    union answer answer;
    begin(&request, RTM_GETLINK, 0);
    append(&request, &message, sizeof message);
    if (ask(&request, &answer) < 0 || answer.header.nlmsg_type != RTM_NEWLINK)
        return false;
    size_t at = NLMSG_LENGTH(NLMSG_ALIGN(sizeof message));
    size_t end = answer.header.nlmsg_len;
    struct rtattr head;
    for (; at + sizeof head < end; at += RTA_ALIGN(head.rta_len)) {
        memcpy(&head, answer.bytes + at, sizeof head);
        if (head.rta_type == IFLA_OPERSTATE)
            return answer.bytes[at + sizeof head] == OPERATIONAL;
        if (head.rta_len < sizeof head)
            return false;
    }
    return false;
}

static void await_operational(const char *device)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    int64_t deadline = mio_now_ns() + TEST_SOON;
    while (!is_operational(device)) {
        if (mio_now_ns() > deadline)
            SKIP("the cable in the namespace does not come up");
        nanosleep(&pause, NULL);
    }
}

uint32_t netns_index(const char *device)
{
    uint32_t index = if_nametoindex(device);
    CHECK(index > 0);
    return index;
}

/* ---- The network ----------------------------------------------------------------------------- */

void netns_enter(void)
{
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        SKIP("no network namespace of our own");
    bring_up("lo");
}

void netns_lay_cable(void)
{
    const struct ifinfomsg device = {.ifi_family = AF_UNSPEC};
    struct request request;
    begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    append(&request, &device, sizeof device);
    add(&request, IFLA_IFNAME, NETNS_NEAR, sizeof NETNS_NEAR);
    struct rtattr *info = attribute(&request, IFLA_LINKINFO);
    add(&request, IFLA_INFO_KIND, "veth", 4);
    struct rtattr *data = attribute(&request, IFLA_INFO_DATA);
    struct rtattr *peer = attribute(&request, VETH_INFO_PEER);
    append(&request, &device, sizeof device);
    add(&request, IFLA_IFNAME, NETNS_FAR, sizeof NETNS_FAR);
    attribute_end(&request, peer);
    attribute_end(&request, data);
    attribute_end(&request, info);
    if (change(&request) < 0)
        SKIP("no pair of virtual devices in the namespace");
    bring_up(NETNS_NEAR);
    bring_up(NETNS_FAR);
    await_operational(NETNS_NEAR);
    await_operational(NETNS_FAR);
}

void netns_add_address(const char *device, const char *text, unsigned prefix)
{
    struct request request;
    struct mio_addr addr;
    uint8_t ip[16];
    CHECK_EQ(mio_addr_parse(&addr, text), 0);
    int length = mio_addr_ip(&addr, ip, NULL);
    CHECK(length == 4 || length == 16);
    /* Without a search for duplicates, which would take a second. */
    const struct ifaddrmsg message = {.ifa_family = length == 4 ? AF_INET : AF_INET6,
                                      .ifa_prefixlen = (unsigned char)prefix,
                                      .ifa_flags = length == 4 ? 0 : IFA_F_NODAD,
                                      .ifa_index = netns_index(device)};
    begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
    append(&request, &message, sizeof message);
    add(&request, IFA_LOCAL, ip, (size_t)length);
    add(&request, IFA_ADDRESS, ip, (size_t)length);
    if (change(&request) < 0)
        SKIP("a device in the namespace takes no address");
}

bool netns_set(const char *path, const char *value)
{
    ssize_t length = (ssize_t)strlen(value);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool done = write(fd, value, (size_t)length) == length;
    close(fd);
    return done;
}
