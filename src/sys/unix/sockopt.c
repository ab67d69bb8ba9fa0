/* Socket options: one table from our names to the system's. */
#include "sys/sys.h"
#include "sys/unix/calls.h"
#include "sys/unix/option_error.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static const struct {
    int level;
    int name;
} options[] = {
    [MIO__OPTION_ACCEPTS] = {SOL_SOCKET, SO_ACCEPTCONN},
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
    [MIO__OPTION_REUSE_ADDR] = {SOL_SOCKET, SO_REUSEADDR},
    [MIO__OPTION_REUSE_PORT] = {SOL_SOCKET, SO_REUSEPORT},
    [MIO__OPTION_TYPE] = {SOL_SOCKET, SO_TYPE},
};

int mio__option_get(mio_fd fd, enum mio__option option, int *value)
{
    socklen_t length = sizeof *value;
    *value = 0;
    if (MIO__CALL(getsockopt)(fd, options[option].level, options[option].name, value, &length) < 0)
        return mio__option_error();
    if (option == MIO__OPTION_ERROR)
        *value = mio__error_of(*value);
    return 0;
}

int mio__option_set(mio_fd fd, enum mio__option option, int value)
{
    if (MIO__CALL(setsockopt)(fd, options[option].level, options[option].name, &value,
                              sizeof value) < 0)
        return mio__option_error();
    return 0;
}
