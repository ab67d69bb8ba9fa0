/* UDP sockets. */
#include "net/socket.h"

#include <string.h>

static const struct mio__socket_kind udp_socket = {.type = MIO__DATAGRAM};

/* ---- Opening --------------------------------------------------------------------------------- */

static int set_up_udp(mio_fd fd, const struct mio_addr *addr,
                      const struct mio_datagram_options *options)
{
    int result = mio__socket_switch(fd, MIO__OPTION_SHARE_PORT, options->reuse_addr);
    if (result == 0)
        result = mio__socket_switch(fd, MIO__OPTION_SPREAD_PORT, options->reuse_port);
    if (result == 0 && mio_addr_family(addr) == MIO_ADDR_IPV6)
        result = mio__socket_switch(fd, MIO__OPTION_ONLY_V6, options->only_v6);
    if (result == 0 && options->report != 0)
        result = mio__socket_set_report(fd, mio_addr_family(addr), options->report);
    if (result == 0)
        result = mio__socket_prepare(fd, options->prepare, options->prepare_arg);
    return result < 0 ? result : mio__socket_bind(fd, addr);
}

int mio_udp_socket_bind_with(struct mio_udp_socket *socket, const struct mio_addr *addr,
                             const struct mio_datagram_options *options)
{
    if (!socket)
        return -EINVAL;
    memset(socket, 0, sizeof *socket);
    options = mio__datagram_options(options);
    if (!addr || !options)
        return -EINVAL;
    int result = mio__socket_create(&socket->source, &udp_socket, addr);
    if (result < 0)
        return result;
    result = set_up_udp(socket->source.fd, addr, options);
    if (result < 0)
        mio__socket_close_source(&socket->source);
    return result;
}

int mio_udp_socket_bind(struct mio_udp_socket *socket, const struct mio_addr *addr)
{
    return mio_udp_socket_bind_with(socket, addr, NULL);
}

/* Some systems take port 0, and lose what is sent. */
int mio_udp_socket_connect(struct mio_udp_socket *socket, const struct mio_addr *addr)
{
    if (mio_addr_port(addr) == 0)
        return -EINVAL;
    return mio__datagram_connect(MIO__SOURCE(socket), &udp_socket, addr);
}

/* ---- Moving datagrams ------------------------------------------------------------------------ */

ptrdiff_t mio_udp_socket_send(struct mio_udp_socket *socket, const void *buf, size_t len)
{
    return mio__datagram_send(MIO__SOURCE(socket), buf, len);
}

ptrdiff_t mio_udp_socket_send_to(struct mio_udp_socket *socket, const void *buf, size_t len,
                                 const struct mio_addr *to)
{
    if (mio_addr_port(to) == 0)
        return -EINVAL;
    return mio__datagram_send_to(MIO__SOURCE(socket), &udp_socket, buf, len, to);
}

ptrdiff_t mio_udp_socket_recv(struct mio_udp_socket *socket, void *buf, size_t len)
{
    return mio__datagram_recv(MIO__SOURCE(socket), buf, len, NULL, false);
}

ptrdiff_t mio_udp_socket_recv_from(struct mio_udp_socket *socket, void *buf, size_t len,
                                   struct mio_addr *from)
{
    return mio__datagram_recv(MIO__SOURCE(socket), buf, len, from, false);
}

ptrdiff_t mio_udp_socket_peek(struct mio_udp_socket *socket, void *buf, size_t len)
{
    return mio__datagram_recv(MIO__SOURCE(socket), buf, len, NULL, true);
}

ptrdiff_t mio_udp_socket_peek_from(struct mio_udp_socket *socket, void *buf, size_t len,
                                   struct mio_addr *from)
{
    return mio__datagram_recv(MIO__SOURCE(socket), buf, len, from, true);
}

/* ---- Batches --------------------------------------------------------------------------------- */

int mio_udp_socket_send_batch(struct mio_udp_socket *socket, struct mio_datagram *datagrams,
                              size_t count)
{
    return mio__datagram_send_batch(MIO__SOURCE(socket), &udp_socket, datagrams, count);
}

int mio_udp_socket_recv_batch(struct mio_udp_socket *socket, struct mio_datagram *datagrams,
                              size_t count)
{
    return mio__datagram_recv_batch(MIO__SOURCE(socket), &udp_socket, datagrams, count);
}

/* MIO_ADDR_..., or a code. */
static int domain_of(const struct mio_udp_socket *socket)
{
    struct mio_addr addr;
    int result = mio_udp_socket_local_addr(socket, &addr);
    return result < 0 ? result : mio_addr_family(&addr);
}

int mio_udp_socket_set_report(struct mio_udp_socket *socket, uint32_t report)
{
    if (!socket || (report & ~MIO__REPORT_BITS) != 0)
        return -EINVAL;
    int family = domain_of(socket);
    return family < 0 ? family : mio__socket_set_report(socket->source.fd, family, report);
}

int mio_udp_socket_features(struct mio_udp_socket *socket)
{
    if (!socket)
        return -EINVAL;
    int family = domain_of(socket);
    if (family < 0)
        return family;
    return mio__socket_features(socket->source.fd, family, &socket->source.learned);
}

/* ---- Options --------------------------------------------------------------------------------- */

int mio_udp_socket_broadcast(const struct mio_udp_socket *socket)
{
    return mio__socket_flag(MIO__SOURCE(socket), MIO__OPTION_BROADCAST);
}

int mio_udp_socket_set_broadcast(struct mio_udp_socket *socket, bool broadcast)
{
    return mio__socket_set_flag(MIO__SOURCE(socket), MIO__OPTION_BROADCAST, broadcast);
}

int mio_udp_socket_only_v6(const struct mio_udp_socket *socket)
{
    return mio__socket_flag(MIO__SOURCE(socket), MIO__OPTION_ONLY_V6);
}

int mio_udp_socket_ttl(const struct mio_udp_socket *socket)
{
    return mio__socket_ttl(MIO__SOURCE(socket));
}

int mio_udp_socket_set_ttl(struct mio_udp_socket *socket, int ttl)
{
    return mio__socket_set_ttl(MIO__SOURCE(socket), ttl);
}

/* ---- Multicast ------------------------------------------------------------------------------- */

static const struct mio__family_option multicast_hops = {MIO__OPTION_MULTICAST_HOPS_V4,
                                                         MIO__OPTION_MULTICAST_HOPS_V6};
static const struct mio__family_option multicast_loop = {MIO__OPTION_MULTICAST_LOOP_V4,
                                                         MIO__OPTION_MULTICAST_LOOP_V6};

int mio_udp_socket_multicast_ttl(const struct mio_udp_socket *socket)
{
    return mio__socket_by_family(MIO__SOURCE(socket), &multicast_hops);
}

int mio_udp_socket_set_multicast_ttl(struct mio_udp_socket *socket, int ttl)
{
    if (!socket || ttl < 0 || ttl > 255)
        return -EINVAL;
    return mio__socket_set_by_family(&socket->source, &multicast_hops, ttl);
}

int mio_udp_socket_multicast_loop(const struct mio_udp_socket *socket)
{
    return mio__socket_by_family(MIO__SOURCE(socket), &multicast_loop);
}

int mio_udp_socket_set_multicast_loop(struct mio_udp_socket *socket, bool loop)
{
    return mio__socket_set_by_family(MIO__SOURCE(socket), &multicast_loop, loop);
}

static int change_group(struct mio_udp_socket *socket, const struct mio_addr *group,
                        const struct mio_addr *local, uint32_t index, bool join)
{
    if (!socket || !group)
        return -EINVAL;
    int family = mio_addr_family(group);
    if (local ? family != MIO_ADDR_IPV4 || mio_addr_family(local) != MIO_ADDR_IPV4
              : family != MIO_ADDR_IPV4 && family != MIO_ADDR_IPV6)
        return -EAFNOSUPPORT;
    int result = mio__source_check(&socket->source);
    if (result < 0)
        return result;
    return mio__socket_membership(socket->source.fd, group, local, index, join);
}

int mio_udp_socket_join_multicast(struct mio_udp_socket *socket, const struct mio_addr *group,
                                  uint32_t index)
{
    return change_group(socket, group, NULL, index, true);
}

int mio_udp_socket_leave_multicast(struct mio_udp_socket *socket, const struct mio_addr *group,
                                   uint32_t index)
{
    return change_group(socket, group, NULL, index, false);
}

int mio_udp_socket_join_multicast_at(struct mio_udp_socket *socket, const struct mio_addr *group,
                                     const struct mio_addr *local)
{
    return local ? change_group(socket, group, local, 0, true) : -EINVAL;
}

int mio_udp_socket_leave_multicast_at(struct mio_udp_socket *socket, const struct mio_addr *group,
                                      const struct mio_addr *local)
{
    return local ? change_group(socket, group, local, 0, false) : -EINVAL;
}

/* ---- As every socket ------------------------------------------------------------------------- */

int mio_udp_socket_local_addr(const struct mio_udp_socket *socket, struct mio_addr *addr)
{
    return mio__socket_name(MIO__SOURCE(socket), addr, mio__socket_local_addr);
}

int mio_udp_socket_peer_addr(const struct mio_udp_socket *socket, struct mio_addr *addr)
{
    return mio__socket_name(MIO__SOURCE(socket), addr, mio__socket_peer_addr);
}

int mio_udp_socket_take_error(struct mio_udp_socket *socket)
{
    return mio__socket_take_error(MIO__SOURCE(socket));
}

int mio_udp_socket_close(struct mio_udp_socket *socket)
{
    return mio__socket_close_source(MIO__SOURCE(socket));
}

int mio_udp_socket_from_fd(struct mio_udp_socket *socket, mio_fd fd)
{
    return mio__socket_from_fd(MIO__SOURCE(socket), &udp_socket, fd);
}

mio_fd mio_udp_socket_into_fd(struct mio_udp_socket *socket)
{
    return mio__source_into_fd(MIO__SOURCE(socket));
}
