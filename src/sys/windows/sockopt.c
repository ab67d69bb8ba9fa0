/*
 * Socket options: one table from our names to those of Winsock. All are of 4 bytes, though some are
 * a BOOL there, and others a DWORD.
 */
#include "atomic.h"
#include "sys/sys.h"
#include "sys/windows/ask.h"
#include "sys/windows/calls.h"
#include "sys/windows/error.h"

/* One that the system has not. */
enum { NO_OPTION = -1 };

static const struct {
    int level;
    int name;
} options[] = {
    [MIO__OPTION_BROADCAST] = {SOL_SOCKET, SO_BROADCAST},
    [MIO__OPTION_HOPS_V4] = {IPPROTO_IP, IP_TTL},
    [MIO__OPTION_HOPS_V6] = {IPPROTO_IPV6, IPV6_UNICAST_HOPS},
    [MIO__OPTION_MULTICAST_HOPS_V4] = {IPPROTO_IP, IP_MULTICAST_TTL},
    [MIO__OPTION_MULTICAST_HOPS_V6] = {IPPROTO_IPV6, IPV6_MULTICAST_HOPS},
    [MIO__OPTION_MULTICAST_LOOP_V4] = {IPPROTO_IP, IP_MULTICAST_LOOP},
    [MIO__OPTION_MULTICAST_LOOP_V6] = {IPPROTO_IPV6, IPV6_MULTICAST_LOOP},
    [MIO__OPTION_NODELAY] = {IPPROTO_TCP, TCP_NODELAY},
    [MIO__OPTION_ONLY_V6] = {IPPROTO_IPV6, IPV6_V6ONLY},
    /* The other flag would let a listener take the port of another program. */
    [MIO__OPTION_RETAKE_PORT] = {SOL_SOCKET, SO_EXCLUSIVEADDRUSE},
    [MIO__OPTION_SHARE_PORT] = {SOL_SOCKET, SO_REUSEADDR},
    [MIO__OPTION_SPREAD_PORT] = {SOL_SOCKET, NO_OPTION},
};

/* An option that the system has not, or not for the family of the socket, is unsupported. */
static int option_error(mio_fd fd, int level)
{
    const int error = mio__ask_error(fd);
    const bool is_others = level == IPPROTO_IPV6 && mio__ask_family(fd) == AF_INET;
    return error == -EINVAL && is_others ? -ENOTSUP : error;
}

int mio__option_get(mio_fd fd, enum mio__option option, int *value)
{
    const int level = options[option].level, name = options[option].name;
    int length = sizeof *value;
    *value = 0;
    if (name == NO_OPTION)
        return -ENOTSUP;
    int result = MIO__CALL(getsockopt)(fd, level, name, (char *)value, &length);
    return result != 0 ? option_error(fd, level) : 0;
}

int mio__option_set(mio_fd fd, enum mio__option option, int value)
{
    const int level = options[option].level, name = options[option].name;
    if (name == NO_OPTION)
        return -ENOTSUP;
    int result = MIO__CALL(setsockopt)(fd, level, name, (const char *)&value, (int)sizeof value);
    return result != 0 ? option_error(fd, level) : 0;
}

/* ---- The pending error ----------------------------------------------------------------------- */

/* The bit that is learned about a socket. */
enum { ERROR_TAKEN = 1 };

/*
 * Reading does not clear it. The error of a connection is its last one, so it is told once; a
 * datagram socket can have one after the other, and is not known to keep any.
 */
int mio__socket_pending(mio_fd fd, uint8_t *learned, int *error)
{
    int value;
    const int result = mio__ask(fd, SO_ERROR, &value);
    *error = 0;
    if (result < 0 || value == 0 || mio__bit_is_set(learned, ERROR_TAKEN))
        return result;
    if (!mio__ask_is_datagram(fd))
        mio__bit_set(learned, ERROR_TAKEN);
    *error = mio__error_of((unsigned long)value);
    return 0;
}
