/*
 * Options of datagrams. Windows 10 has segments and coalescing from version 2004 on, and ECN by
 * itself from build 20348 on; Wine 8 has none of them: each is asked for. Winsock says "invalid" of
 * some options that it does not know.
 *
 * Times of arrival (SIO_TIMESTAMPING) are not told: they are ticks of a counter, which no call sets
 * against the time of day, and of some network cards alone.
 */
#include "sys/windows/batch_options.h"

#include "atomic.h"
#include "sys/sys.h"
#include "sys/windows/ask.h"
#include "sys/windows/calls.h"
#include "sys/windows/control.h"
#include "sys/windows/learned.h"
#include "sys/windows/udp_values.h"

/* ---- Single options -------------------------------------------------------------------------- */

static int result_of_option(mio_fd fd, int result)
{
    const int error = result == 0 ? 0 : mio__ask_error(fd);
    return error == -EINVAL ? -ENOTSUP : error;
}

/* 0, -ENOTSUP, or another code. */
static int find_option(mio_fd fd, int level, int name)
{
    DWORD value = 0;
    int length = sizeof value;
    return result_of_option(fd, MIO__CALL(getsockopt)(fd, level, name, (char *)&value, &length));
}

static int switch_option(mio_fd fd, int level, int name, DWORD value)
{
    return result_of_option(
        fd, MIO__CALL(setsockopt)(fd, level, name, (const char *)&value, sizeof value));
}

static int level_of(int family)
{
    return family == MIO_ADDR_IPV6 ? IPPROTO_IPV6 : IPPROTO_IP;
}

/* ---- Sending --------------------------------------------------------------------------------- */

bool mio__batch_is_cutting(mio_fd fd, uint8_t *learned)
{
    const uint8_t bits = mio__learned_bits(learned);
    if (bits & (MIO__CUTS | MIO__CUTS_NOT))
        return !(bits & MIO__CUTS_NOT);
    int result = mio__control_is_heeded();
    if (result == 1)
        result = find_option(fd, IPPROTO_UDP, MIO__UDP_SEND_MSG_SIZE);
    else if (result == 0)
        result = -ENOTSUP;
    if (result == 0 || result == -ENOTSUP)
        mio__learn(learned, result == 0 ? MIO__CUTS : MIO__CUTS_NOT);
    return result == 0;
}

/* The option that tells of ECN came with the message that sends it. A yes is good for all. */
static int find_ecn(mio_fd fd, int family)
{
    static uint32_t known; /* bits of families */
    const uint32_t bit = family == MIO_ADDR_IPV6 ? 2 : 1;
    if (mio__load_relaxed(&known) & bit)
        return 0;
    int result = find_option(fd, level_of(family), MIO__RECEIVE_ECN);
    if (result == 0)
        mio__fetch_or(&known, bit);
    return result;
}

int mio__socket_can_send(mio_fd fd, const struct mio_datagram *datagram, int family)
{
    const int heeded = mio__control_is_heeded();
    if (heeded <= 0)
        return heeded < 0 ? heeded : -ENOTSUP;
    return datagram->ecn != 0 ? find_ecn(fd, family) : 0;
}

/* ---- Reports --------------------------------------------------------------------------------- */

/* An option that is not there is off. */
static int switch_report(mio_fd fd, int level, int name, bool on)
{
    int result = switch_option(fd, level, name, on);
    return result == -ENOTSUP && !on ? 0 : result;
}

/* The two bits by themselves, or within the whole class. */
static int report_ecn(mio_fd fd, int level, bool on)
{
    int result = switch_option(fd, level, MIO__RECEIVE_ECN, on);
    return result == -ENOTSUP ? switch_report(fd, level, MIO__RECEIVE_CLASS, on) : result;
}

static int report_header(mio_fd fd, int family, uint32_t report)
{
    const int level = level_of(family);
    int result = report_ecn(fd, level, (report & MIO_DATAGRAM_ECN) != 0);
    if (result == 0)
        result = switch_report(fd, level, MIO__RECEIVE_HOPS, (report & MIO_DATAGRAM_TTL) != 0);
    if (result == 0)
        result = switch_report(fd, level, MIO__PKTINFO, (report & MIO_DATAGRAM_LOCAL) != 0);
    return result;
}

int mio__socket_set_report(mio_fd fd, int family, uint32_t report)
{
    /* The most bytes of UDP that a datagram of IP has. */
    enum { COALESCED_MAX = 65535 - 8 };
    if (report & MIO_DATAGRAM_TIME)
        return -ENOTSUP;
    int result = switch_option(fd, IPPROTO_UDP, MIO__UDP_RECV_MAX_COALESCED_SIZE,
                               report & MIO_DATAGRAM_SEGMENTS ? COALESCED_MAX : 0);
    if (result == 0 || result == -ENOTSUP) /* they come one by one then */
        result = report_header(fd, family, report);
    if (result == 0 && family == MIO_ADDR_IPV6) /* for datagrams of IPv4 that it may get */
        report_header(fd, MIO_ADDR_IPV4, report);
    return result;
}

/* ---- Features -------------------------------------------------------------------------------- */

static uint32_t told_features(mio_fd fd, int family)
{
    const int level = level_of(family);
    uint32_t features = 0;
    if (find_option(fd, level, MIO__PKTINFO) == 0)
        features |= MIO_DATAGRAM_LOCAL;
    if (find_option(fd, level, MIO__RECEIVE_HOPS) == 0)
        features |= MIO_DATAGRAM_TTL;
    if (find_option(fd, level, MIO__RECEIVE_ECN) == 0 ||
        find_option(fd, level, MIO__RECEIVE_CLASS) == 0)
        features |= MIO_DATAGRAM_ECN;
    if (find_option(fd, IPPROTO_UDP, MIO__UDP_RECV_MAX_COALESCED_SIZE) == 0)
        features |= MIO_DATAGRAM_SEGMENTS;
    return features;
}

int mio__socket_features(mio_fd fd, int family, uint8_t *learned)
{
    uint32_t features = told_features(fd, family);
    if (mio__control_is_heeded() == 1) {
        features |= MIO_DATAGRAM_SENDS_LOCAL;
        if (find_ecn(fd, family) == 0)
            features |= MIO_DATAGRAM_SENDS_ECN;
    }
    if (mio__batch_is_cutting(fd, learned))
        features |= MIO_DATAGRAM_CUTS;
    return (int)features;
}
