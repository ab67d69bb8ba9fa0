/* Control messages of datagrams: see control.h. */
#include "sys/unix/control.h"
#include "sys/unix/calls.h"
#include "sys/unix/option.h"
#include "system.h"

#include <string.h>
#include <sys/time.h>
#include <time.h>

/* ---- Single messages ------------------------------------------------------------------------- */

void mio__control_put(struct msghdr *message, int level, int type, const void *data, size_t len)
{
    /* The length is a socklen_t or a size_t, by the system. */
    char *place = (char *)message->msg_control + message->msg_controllen;
    struct cmsghdr *header = (struct cmsghdr *)(void *)place;
    memset(header, 0, CMSG_SPACE(len));
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = (__typeof__(header->cmsg_len))CMSG_LEN(len);
    memcpy(CMSG_DATA(header), data, len);
    message->msg_controllen =
        (__typeof__(message->msg_controllen))(message->msg_controllen + CMSG_SPACE(len));
}

bool mio__control_get(const struct cmsghdr *header, void *data, size_t len)
{
    if (header->cmsg_len < CMSG_LEN(len))
        return false;
    memcpy(data, CMSG_DATA((struct cmsghdr *)header), len);
    return true;
}

/* A number that is an int, or on some systems one byte. */
static bool get_number(const struct cmsghdr *header, int *value)
{
    unsigned char byte;
    if (mio__control_get(header, value, sizeof *value))
        return true;
    if (!mio__control_get(header, &byte, sizeof byte))
        return false;
    *value = byte;
    return true;
}

/* ---- Sending --------------------------------------------------------------------------------- */

static bool has_address(const struct mio_datagram *datagram, struct mio__ip *ip)
{
    ip->family = MIO_ADDR_NONE;
    if (datagram->local)
        mio__sockaddr_get(datagram->local, ip);
    return ip->family != MIO_ADDR_NONE;
}

/* The bits of ECN are the two lowest of the class; the others stay those of the socket. */
static int class_of(mio_fd fd, int level, int name, int *known, uint8_t ecn)
{
    int value;
    if (*known < 0) {
        int result = mio__option_ask(fd, level, name, &value);
        if (result < 0)
            return result;
        *known = value & 0xfc;
    }
    return *known | ecn;
}

static int add_v4(mio_fd fd, struct msghdr *message, const struct mio_datagram *datagram,
                  struct mio__classes *classes)
{
    struct mio__ip ip;
    bool has_local = has_address(datagram, &ip);
    if (datagram->ecn != 0) {
        int value = class_of(fd, IPPROTO_IP, IP_TOS, &classes->v4, datagram->ecn);
        if (value < 0)
            return value;
        mio__class_v4 class_v4 = (mio__class_v4)value;
        mio__control_put(message, IPPROTO_IP, IP_TOS, &class_v4, sizeof class_v4);
    }
    /* A mapped address has those of IPv4 at its end. */
    const uint8_t *bytes = ip.family == MIO_ADDR_IPV6 ? ip.bytes + 12 : ip.bytes;
    if (has_local || datagram->interface_index != 0)
        mio__control_put_v4(message, has_local ? bytes : NULL, datagram->interface_index);
    return 0;
}

static int add_v6(mio_fd fd, struct msghdr *message, const struct mio_datagram *datagram,
                  struct mio__classes *classes)
{
    struct in6_pktinfo info = {.ipi6_ifindex = datagram->interface_index};
    struct mio__ip ip;
    bool has_local = has_address(datagram, &ip);
    if (datagram->ecn != 0) {
        int value = class_of(fd, IPPROTO_IPV6, IPV6_TCLASS, &classes->v6, datagram->ecn);
        if (value < 0)
            return value;
        mio__control_put(message, IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof value);
    }
    if (has_local) {
        memcpy(&info.ipi6_addr, ip.bytes, sizeof info.ipi6_addr);
        if (info.ipi6_ifindex == 0)
            info.ipi6_ifindex = ip.scope;
    }
    if (has_local || info.ipi6_ifindex != 0)
        mio__control_put(message, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    return 0;
}

int mio__control_add(mio_fd fd, struct msghdr *message, const struct mio_datagram *datagram,
                     int family, struct mio__classes *classes)
{
    if (family == MIO_ADDR_IPV6)
        return add_v6(fd, message, datagram, classes);
    return add_v4(fd, message, datagram, classes);
}

int mio__socket_can_send(mio_fd fd, const struct mio_datagram *datagram, int family)
{
    bool is_v4 = family != MIO_ADDR_IPV6;
    (void)fd;
    if (is_v4 && datagram->ecn != 0 && !MIO__SENDS_CLASS_V4)
        return -ENOTSUP;
    if (is_v4 && datagram->interface_index != 0 && !mio__control_has_index_v4())
        return -ENOTSUP;
    return 0;
}

/* ---- Receiving ------------------------------------------------------------------------------- */

void mio__control_local(struct mio_datagram *datagram, const struct mio__ip *ip, uint32_t index)
{
    if (datagram->local && ip)
        mio__sockaddr_set(datagram->local, ip);
    if (index != 0)
        datagram->interface_index = index;
    datagram->flags |= MIO_DATAGRAM_LOCAL;
}

static void take_class(struct mio_datagram *datagram, int value)
{
    datagram->ecn = value & 3;
    datagram->flags |= MIO_DATAGRAM_ECN;
}

static void take_hops(struct mio_datagram *datagram, int value)
{
    datagram->ttl = (uint8_t)value;
    datagram->flags |= MIO_DATAGRAM_TTL;
}

static void take_v4(const struct cmsghdr *header, struct mio_datagram *datagram)
{
    int value;
    if (header->cmsg_type == MIO__CMSG_CLASS_V4 && get_number(header, &value))
        take_class(datagram, value);
    else if (header->cmsg_type == MIO__CMSG_HOPS_V4 && get_number(header, &value))
        take_hops(datagram, value);
    else
        mio__control_take_v4(header, datagram);
}

static void take_v6(const struct cmsghdr *header, struct mio_datagram *datagram)
{
    struct in6_pktinfo info;
    int value;
    if (header->cmsg_type == IPV6_TCLASS && get_number(header, &value)) {
        take_class(datagram, value);
    } else if (header->cmsg_type == IPV6_HOPLIMIT && get_number(header, &value)) {
        take_hops(datagram, value);
    } else if (header->cmsg_type == IPV6_PKTINFO && mio__control_get(header, &info, sizeof info)) {
        struct mio__ip ip = {.family = MIO_ADDR_IPV6};
        memcpy(ip.bytes, &info.ipi6_addr, sizeof ip.bytes);
        if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
            ip.scope = (uint32_t)info.ipi6_ifindex;
        mio__control_local(datagram, &ip, (uint32_t)info.ipi6_ifindex);
    }
}

static void take_time(const struct cmsghdr *header, struct mio_datagram *datagram)
{
    mio__arrival arrival;
    if (!mio__control_get(header, &arrival, sizeof arrival))
        return;
    datagram->time_ns = (int64_t)arrival.tv_sec * MIO_NS_PER_S + MIO__ARRIVAL_NS(arrival);
    datagram->flags |= MIO_DATAGRAM_TIME;
}

/* Where the buffer holds no more than one segment, there is nothing to take apart. */
static void take_segments(const struct cmsghdr *header, struct mio_datagram *datagram)
{
    int value;
    if (!get_number(header, &value) || value <= 0 || (size_t)value >= datagram->len)
        return;
    datagram->segment_size = (uint32_t)value;
    datagram->flags |= MIO_DATAGRAM_SEGMENTS;
}

void mio__control_read(const struct msghdr *message, struct mio_datagram *datagram)
{
    const struct cmsghdr *one = CMSG_FIRSTHDR(message);
    for (; one; one = mio__control_next(message, one)) {
        if (one->cmsg_level == IPPROTO_IP)
            take_v4(one, datagram);
        else if (one->cmsg_level == IPPROTO_IPV6)
            take_v6(one, datagram);
        else if (one->cmsg_level == SOL_SOCKET && one->cmsg_type == MIO__CMSG_ARRIVAL)
            take_time(one, datagram);
        else if (one->cmsg_level == IPPROTO_UDP && one->cmsg_type == MIO__UDP_COALESCE)
            take_segments(one, datagram);
    }
}

/* ---- What is reported ------------------------------------------------------------------------ */

static int set_option(mio_fd fd, int level, int name, int on)
{
    if (name == MIO__NO_OPTION)
        return on ? -ENOTSUP : 0;
    int result = mio__option_result(MIO__CALL(setsockopt)(fd, level, name, &on, sizeof on));
    return result == -ENOTSUP && !on ? 0 : result;
}

static int report_v4(mio_fd fd, uint32_t report)
{
    int result =
        set_option(fd, IPPROTO_IP, MIO__RECEIVE_CLASS_V4, (report & MIO_DATAGRAM_ECN) != 0);
    if (result == 0)
        result = set_option(fd, IPPROTO_IP, IP_RECVTTL, (report & MIO_DATAGRAM_TTL) != 0);
    return result;
}

static int report_v6(mio_fd fd, uint32_t report)
{
    int result = set_option(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, (report & MIO_DATAGRAM_ECN) != 0);
    if (result == 0)
        result = set_option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, (report & MIO_DATAGRAM_TTL) != 0);
    if (result == 0)
        result = set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, (report & MIO_DATAGRAM_LOCAL) != 0);
    if (result == 0) /* for datagrams of IPv4; some systems tell of those in the same way */
        report_v4(fd, report);
    return result;
}

static int report_local_v4(mio_fd fd, int on)
{
    int result = mio__control_report_v4(fd, on);
    return result == -ENOTSUP && !on ? 0 : result;
}

int mio__socket_set_report(mio_fd fd, int family, uint32_t report)
{
    int result = family == MIO_ADDR_IPV6 ? report_v6(fd, report) : report_v4(fd, report);
    if (result == 0 && family != MIO_ADDR_IPV6)
        result = report_local_v4(fd, (report & MIO_DATAGRAM_LOCAL) != 0);
    if (result == 0)
        result =
            set_option(fd, SOL_SOCKET, MIO__RECEIVE_ARRIVAL, (report & MIO_DATAGRAM_TIME) != 0);
    if (result == 0) {
        result =
            set_option(fd, IPPROTO_UDP, MIO__UDP_COALESCE, (report & MIO_DATAGRAM_SEGMENTS) != 0);
        if (result == -ENOTSUP) /* they come one by one then */
            result = 0;
    }
    return result;
}
