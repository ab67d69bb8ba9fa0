/* Socket options: one table from our names to the system's. */
#include "sys/sys.h"
#include "sys/unix/calls.h"
#include "sys/unix/option.h"
#include "system.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static const struct {
    int level;
    int name;
    socklen_t size; /* of an int, or of an unsigned char; the IPv6 ones may be unsigned */
} options[] = {
    [MIO__OPTION_BROADCAST] = {SOL_SOCKET, SO_BROADCAST, sizeof(int)},
    [MIO__OPTION_HOPS_V4] = {IPPROTO_IP, IP_TTL, sizeof(int)},
    [MIO__OPTION_HOPS_V6] = {IPPROTO_IPV6, IPV6_UNICAST_HOPS, sizeof(int)},
    [MIO__OPTION_MULTICAST_HOPS_V4] = {IPPROTO_IP, IP_MULTICAST_TTL, sizeof(mio__multicast_v4)},
    [MIO__OPTION_MULTICAST_HOPS_V6] = {IPPROTO_IPV6, IPV6_MULTICAST_HOPS, sizeof(int)},
    [MIO__OPTION_MULTICAST_LOOP_V4] = {IPPROTO_IP, IP_MULTICAST_LOOP, sizeof(mio__multicast_v4)},
    [MIO__OPTION_MULTICAST_LOOP_V6] = {IPPROTO_IPV6, IPV6_MULTICAST_LOOP, sizeof(int)},
    [MIO__OPTION_NODELAY] = {IPPROTO_TCP, TCP_NODELAY, sizeof(int)},
    [MIO__OPTION_ONLY_V6] = {IPPROTO_IPV6, IPV6_V6ONLY, sizeof(int)},
    [MIO__OPTION_RETAKE_PORT] = {SOL_SOCKET, SO_REUSEADDR, sizeof(int)},
    [MIO__OPTION_SHARE_PORT] = {SOL_SOCKET, MIO__SO_SHARE_PORT, sizeof(int)},
    [MIO__OPTION_SPREAD_PORT] = {SOL_SOCKET, MIO__SO_SPREAD_PORT, sizeof(int)},
};

static int get_option(mio_fd fd, int level, int name, void *value, socklen_t size)
{
    return mio__option_result(MIO__CALL(getsockopt)(fd, level, name, value, &size));
}

int mio__option_ask(mio_fd fd, int level, int name, int *value)
{
    *value = 0;
    return get_option(fd, level, name, value, sizeof *value);
}

int mio__option_get(mio_fd fd, enum mio__option option, int *value)
{
    unsigned char byte = 0;
    bool is_byte = options[option].size == sizeof byte;
    *value = 0;
    int result = get_option(fd, options[option].level, options[option].name,
                            is_byte ? (void *)&byte : value, options[option].size);
    if (is_byte)
        *value = byte;
    return result;
}

int mio__option_set(mio_fd fd, enum mio__option option, int value)
{
    unsigned char byte = (unsigned char)value;
    bool is_byte = options[option].size == sizeof byte;
    return mio__option_result(MIO__CALL(setsockopt)(fd, options[option].level, options[option].name,
                                                    is_byte ? (const void *)&byte : &value,
                                                    options[option].size));
}

/* Reading clears it. */
int mio__socket_pending(mio_fd fd, uint8_t *learned, int *error)
{
    (void)learned;
    int value;
    int result = mio__option_ask(fd, SOL_SOCKET, SO_ERROR, &value);
    *error = mio__error_of(value);
    return result;
}
