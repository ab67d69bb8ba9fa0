/* Socket options: one table from our names to those of Winsock. All are of 4 bytes. */
#include "sys/sys.h"
#include "sys/windows/calls.h"
#include "sys/windows/error.h"

/* One that the system has not. */
enum { NO_OPTION = -1 };

static const struct {
    int level;
    int name;
} options[] = {
    [MIO__OPTION_BROADCAST] = {SOL_SOCKET, SO_BROADCAST},
    [MIO__OPTION_ERROR] = {SOL_SOCKET, SO_ERROR},
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

int mio__option_get(mio_fd fd, enum mio__option option, int *value)
{
    int length = sizeof *value;
    *value = 0;
    if (options[option].name == NO_OPTION)
        return -ENOTSUP;
    if (MIO__CALL(getsockopt)(fd, options[option].level, options[option].name, (char *)value,
                              &length) != 0)
        return mio__last_error();
    if (option == MIO__OPTION_ERROR)
        *value = mio__error_of((unsigned long)*value);
    return 0;
}

int mio__option_set(mio_fd fd, enum mio__option option, int value)
{
    if (options[option].name == NO_OPTION)
        return -ENOTSUP;
    int result = MIO__CALL(setsockopt)(fd, options[option].level, options[option].name,
                                       (const char *)&value, sizeof value);
    return result != 0 ? mio__last_error() : 0;
}
