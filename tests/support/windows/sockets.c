#include "windows_system.h"

#include "net.h"
#include "plain.h"

#include <iphlpapi.h>
#include <mswsock.h>
#include <string.h>

static ptrdiff_t result_of(int result)
{
    return result < 0 ? windows_socket_code() : result;
}

static const int families[] = {
    [PLAIN_IPV4] = AF_INET, [PLAIN_IPV6] = AF_INET6, [PLAIN_UNIX] = AF_UNIX};
static const int types[] = {
    [PLAIN_STREAM] = SOCK_STREAM, [PLAIN_DATAGRAM] = SOCK_DGRAM, [PLAIN_PACKETS] = SOCK_SEQPACKET};

/* ---- Opening --------------------------------------------------------------------------------- */

static void prepare(mio_fd fd)
{
    const DWORD patience = (DWORD)(3 * TEST_SOON / MIO_NS_PER_MS);
    CHECK(fd != INVALID_SOCKET);
    CHECK(SetHandleInformation((HANDLE)fd, HANDLE_FLAG_INHERIT, 0));
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, (const char *)&patience, sizeof patience), 0);
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, (const char *)&patience, sizeof patience), 0);
}

mio_fd plain_socket(enum plain_family family, enum plain_type type)
{
    windows_start_sockets();
    mio_fd fd = socket(families[family], types[type], 0);
    prepare(fd);
    return fd;
}

bool plain_has_socket(enum plain_family family, enum plain_type type)
{
    windows_start_sockets();
    mio_fd fd = socket(families[family], types[type], 0);
    return fd != INVALID_SOCKET && closesocket(fd) == 0;
}

bool plain_has_pair(enum plain_family family, enum plain_type type)
{
    (void)family, (void)type;
    return false;
}

static void name_loopback(mio_fd fd, struct sockaddr_in *name)
{
    int length = sizeof *name;
    memset(name, 0, sizeof *name);
    name->sin_family = AF_INET;
    name->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_EQ(bind(fd, (struct sockaddr *)name, length), 0);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)name, &length), 0);
}

static void tcp_pair(mio_fd fds[2])
{
    struct sockaddr_in name;
    mio_fd listener = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
    name_loopback(listener, &name);
    CHECK_EQ(listen(listener, 1), 0);
    fds[0] = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
    CHECK_EQ(connect(fds[0], (struct sockaddr *)&name, sizeof name), 0);
    CHECK_EQ(plain_accept(listener, &fds[1]), 0);
    CHECK_EQ(closesocket(listener), 0);
}

void plain_pair(enum plain_type type, mio_fd fds[2])
{
    if (type == PLAIN_DATAGRAM) {
        plain_udp_pair(fds);
    } else {
        CHECK_EQ(type, PLAIN_STREAM);
        tcp_pair(fds);
    }
}

void plain_udp_pair(mio_fd fds[2])
{
    struct sockaddr_in names[2];
    for (int i = 0; i < 2; i++) {
        fds[i] = plain_socket(PLAIN_IPV4, PLAIN_DATAGRAM);
        name_loopback(fds[i], &names[i]);
    }
    for (int i = 0; i < 2; i++)
        CHECK_EQ(connect(fds[i], (struct sockaddr *)&names[1 - i], sizeof names[0]), 0);
}

int plain_listen(mio_fd fd, int backlog)
{
    return (int)result_of(listen(fd, backlog));
}

int plain_accept(mio_fd fd, mio_fd *accepted)
{
    *accepted = accept(fd, NULL, NULL);
    if (*accepted == INVALID_SOCKET)
        return windows_socket_code();
    prepare(*accepted);
    return 0;
}

int plain_shutdown(mio_fd fd, int directions)
{
    static const int ways[] = {[PLAIN_READS] = SD_RECEIVE,
                               [PLAIN_WRITES] = SD_SEND,
                               [PLAIN_READS | PLAIN_WRITES] = SD_BOTH};
    return (int)result_of(shutdown(fd, ways[directions]));
}

/* ---- Addresses ------------------------------------------------------------------------------- */

#ifndef MIO_NO_NET
/* The system's form of an address. */
struct name {
    struct sockaddr_storage storage;
    int length;
};

static struct name to_system(const struct mio_addr *addr)
{
    struct name name;
    memset(&name, 0, sizeof name);
    name.length = mio_addr_to_sockaddr(addr, (struct sockaddr *)&name.storage, sizeof name.storage);
    CHECK(name.length > 0);
    return name;
}

static void from_system(struct mio_addr *addr, const struct name *name)
{
    CHECK_EQ(
        mio_addr_from_sockaddr(addr, (const struct sockaddr *)&name->storage, (size_t)name->length),
        0);
}

mio_fd plain_socket_for(const struct mio_addr *addr, enum plain_type type)
{
    switch (mio_addr_family(addr)) {
    case MIO_ADDR_IPV4:
        return plain_socket(PLAIN_IPV4, type);
    case MIO_ADDR_IPV6:
        return plain_socket(PLAIN_IPV6, type);
    default:
        return plain_socket(PLAIN_UNIX, type);
    }
}

int plain_bind(mio_fd fd, const struct mio_addr *addr)
{
    struct name name = to_system(addr);
    return (int)result_of(bind(fd, (struct sockaddr *)&name.storage, name.length));
}

/* A connect of a non-blocking socket that goes on says would-block here. */
int plain_connect(mio_fd fd, const struct mio_addr *addr)
{
    struct name name = to_system(addr);
    int result = (int)result_of(connect(fd, (struct sockaddr *)&name.storage, name.length));
    return result == -EAGAIN ? -EINPROGRESS : result;
}

/* A socket that was never bound has no name here; elsewhere it has that of its family, all zero. */
static void unbound_name(mio_fd fd, struct name *name)
{
    WSAPROTOCOL_INFOW info;
    int length = sizeof info;
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK_EQ(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&info, &length), 0);
    memset(name, 0, sizeof *name);
    ((struct sockaddr *)&name->storage)->sa_family = (ADDRESS_FAMILY)info.iAddressFamily;
    name->length = info.iAddressFamily == AF_INET    ? (int)sizeof(struct sockaddr_in)
                   : info.iAddressFamily == AF_INET6 ? (int)sizeof(struct sockaddr_in6)
                                                     : (int)sizeof(ADDRESS_FAMILY);
}

struct mio_addr plain_name(mio_fd fd)
{
    struct name name = {.length = sizeof name.storage};
    struct mio_addr addr;
    memset(&addr, 0, sizeof addr);
    if (getsockname(fd, (struct sockaddr *)&name.storage, &name.length) != 0)
        unbound_name(fd, &name);
    from_system(&addr, &name);
    return addr;
}

int plain_peer_name(mio_fd fd, struct mio_addr *addr)
{
    struct name name = {.length = sizeof name.storage};
    if (getpeername(fd, (struct sockaddr *)&name.storage, &name.length) < 0)
        return windows_socket_code();
    from_system(addr, &name);
    return 0;
}

ptrdiff_t plain_send_to(mio_fd fd, const void *buf, size_t len, const struct mio_addr *to)
{
    struct name name = to_system(to);
    return result_of(sendto(fd, buf, (int)len, 0, (struct sockaddr *)&name.storage, name.length));
}

ptrdiff_t plain_recv_from(mio_fd fd, void *buf, size_t len, struct mio_addr *from)
{
    struct name name = {.length = sizeof name.storage};
    ptrdiff_t got =
        result_of(recvfrom(fd, buf, (int)len, 0, (struct sockaddr *)&name.storage, &name.length));
    if (got >= 0)
        from_system(from, &name);
    return got;
}
#endif

/* ---- Transfers ------------------------------------------------------------------------------- */

ptrdiff_t plain_send(mio_fd fd, const void *buf, size_t len)
{
    return result_of(send(fd, buf, (int)len, 0));
}

ptrdiff_t plain_recv(mio_fd fd, void *buf, size_t len)
{
    return result_of(recv(fd, buf, (int)len, 0));
}

ptrdiff_t plain_send_urgent(mio_fd fd, char byte)
{
    return result_of(send(fd, &byte, 1, MSG_OOB));
}

ptrdiff_t plain_recv_urgent(mio_fd fd, char *byte)
{
    return result_of(recv(fd, byte, 1, MSG_OOB));
}

void plain_send_all(mio_fd fd, const void *buf, size_t len)
{
    for (size_t done = 0; done < len;) {
        ptrdiff_t n = plain_send(fd, (const char *)buf + done, len - done);
        CHECK(n > 0);
        done += (size_t)n;
    }
}

void plain_recv_all(mio_fd fd, void *buf, size_t len)
{
    for (size_t done = 0; done < len;) {
        ptrdiff_t n = plain_recv(fd, (char *)buf + done, len - done);
        CHECK(n > 0);
        done += (size_t)n;
    }
}

int plain_unread(mio_fd fd)
{
    u_long unread = 0;
    CHECK_EQ(ioctlsocket(fd, FIONREAD, &unread), 0);
    return (int)unread;
}

int plain_take_error(mio_fd fd)
{
    int error, length = sizeof error;
    CHECK_EQ(getsockopt(fd, SOL_SOCKET, SO_ERROR, (char *)&error, &length), 0);
    return windows_code((unsigned long)error);
}

/* ---- Whether it blocks ----------------------------------------------------------------------- */

/* An accept in a thread of its own: it comes back at once, or does not. */
struct trial {
    mio_fd listener, accepted;
    int error;
    HANDLE done;
};

static void *try_to_accept(void *arg)
{
    struct trial *trial = arg;
    trial->accepted = accept(trial->listener, NULL, NULL);
    trial->error = trial->accepted == INVALID_SOCKET ? WSAGetLastError() : 0;
    SetEvent(trial->done);
    return NULL;
}

static void connect_to(mio_fd listener)
{
    struct sockaddr_storage name;
    int length = sizeof name;
    CHECK_EQ(getsockname(listener, (struct sockaddr *)&name, &length), 0);
    mio_fd client = socket(name.ss_family, SOCK_STREAM, 0);
    CHECK(client != INVALID_SOCKET);
    CHECK_EQ(connect(client, (struct sockaddr *)&name, length), 0);
    CHECK_EQ(closesocket(client), 0);
}

static enum plain_blocking accept_blocks(mio_fd fd)
{
    enum { A_WHILE = 500 }; /* a machine may be busy; who does not block does not wait for it */
    struct trial trial = {.listener = fd, .done = CreateEventW(NULL, TRUE, FALSE, NULL)};
    struct thread thread;
    CHECK(trial.done);
    thread_start(&thread, try_to_accept, &trial);
    const bool waits = WaitForSingleObject(trial.done, A_WHILE) == WAIT_TIMEOUT;
    if (waits)
        connect_to(fd);
    thread_join(&thread);
    CHECK(CloseHandle(trial.done));
    const bool blocks = waits && trial.error == 0;
    CHECK_EQ(trial.error, blocks ? 0 : WSAEWOULDBLOCK);
    if (waits && !blocks) { /* it only came late */
        plain_wait(fd, PLAIN_IN);
        trial.accepted = accept(fd, NULL, NULL);
    }
    if (waits)
        CHECK_EQ(closesocket(trial.accepted), 0);
    return blocks ? PLAIN_BLOCKS : PLAIN_BLOCKS_NOT;
}

static enum plain_blocking read_blocks(mio_fd fd)
{
    const DWORD a_while = 20;
    DWORD before;
    int length = sizeof before;
    char byte;
    CHECK_EQ(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, (char *)&before, &length), 0);
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, (const char *)&a_while, sizeof a_while), 0);
    int error = recv(fd, &byte, 1, MSG_PEEK) < 0 ? WSAGetLastError() : 0;
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, (const char *)&before, sizeof before), 0);
    return error == WSAEWOULDBLOCK ? PLAIN_BLOCKS_NOT
           : error == WSAETIMEDOUT ? PLAIN_BLOCKS
                                   : PLAIN_BLOCKS_UNKNOWN;
}

/* The system does not tell, so it is tried: a socket with nothing to take shows it. */
enum plain_blocking plain_blocking(mio_fd fd)
{
    if (plain_look(fd, PLAIN_IN, 0) != 0)
        return PLAIN_BLOCKS_UNKNOWN;
    return plain_option(fd, PLAIN_IS_LISTENING) == 1 ? accept_blocks(fd) : read_blocks(fd);
}

/* ---- Options --------------------------------------------------------------------------------- */

enum { NONE = -1 };

static const struct {
    int level, name;
} options[] = {
    [PLAIN_TYPE] = {SOL_SOCKET, SO_TYPE},
    [PLAIN_IS_LISTENING] = {SOL_SOCKET, SO_ACCEPTCONN},
    [PLAIN_REUSE_ADDR] = {SOL_SOCKET, SO_REUSEADDR},
    [PLAIN_RETAKE_PORT] = {SOL_SOCKET, SO_EXCLUSIVEADDRUSE},
    [PLAIN_REUSE_PORT] = {SOL_SOCKET, NONE},
    [PLAIN_BROADCAST] = {SOL_SOCKET, SO_BROADCAST},
    [PLAIN_RECEIVE_BUFFER] = {SOL_SOCKET, SO_RCVBUF},
    [PLAIN_SEND_BUFFER] = {SOL_SOCKET, SO_SNDBUF},
    [PLAIN_NODELAY] = {IPPROTO_TCP, TCP_NODELAY},
    [PLAIN_ONLY_V6] = {IPPROTO_IPV6, IPV6_V6ONLY},
    [PLAIN_TTL] = {IPPROTO_IP, IP_TTL},
    [PLAIN_TTL_LEAST] = {IPPROTO_IP, NONE},
    [PLAIN_HOPS] = {IPPROTO_IPV6, IPV6_UNICAST_HOPS},
    [PLAIN_HOPS_LEAST] = {IPPROTO_IPV6, NONE},
    [PLAIN_MULTICAST_TTL] = {IPPROTO_IP, IP_MULTICAST_TTL},
    [PLAIN_MULTICAST_HOPS] = {IPPROTO_IPV6, IPV6_MULTICAST_HOPS},
    [PLAIN_MULTICAST_LOOP] = {IPPROTO_IP, IP_MULTICAST_LOOP},
    [PLAIN_MULTICAST_LOOP_V6] = {IPPROTO_IPV6, IPV6_MULTICAST_LOOP},
    [PLAIN_CLASS] = {IPPROTO_IP, IP_TOS},
    [PLAIN_CLASS_V6] = {IPPROTO_IPV6, NONE},
    [PLAIN_SEGMENTS] = {IPPROTO_UDP, NONE},
    [PLAIN_ARRIVAL] = {SOL_SOCKET, NONE},
    [PLAIN_PROTOCOL] = {SOL_SOCKET, NONE},
    [PLAIN_UNKNOWN] = {SOL_SOCKET, 0x7777},
};

int plain_option(mio_fd fd, enum plain_option option)
{
    unsigned char bytes[sizeof(int)] = {0};
    int value, length = sizeof bytes;
    if (options[option].name == NONE)
        return -ENOTSUP;
    if (getsockopt(fd, options[option].level, options[option].name, (char *)bytes, &length) < 0)
        return windows_socket_code();
    if (length == 1)
        return bytes[0];
    memcpy(&value, bytes, sizeof value);
    if (option != PLAIN_TYPE)
        return value;
    for (int i = PLAIN_STREAM; i <= PLAIN_PACKETS; i++)
        if (types[i] == value)
            return i;
    return -EPROTOTYPE;
}

int plain_set_option(mio_fd fd, enum plain_option option, int value)
{
    if (options[option].name == NONE)
        return -ENOTSUP;
    return (int)result_of(setsockopt(fd, options[option].level, options[option].name,
                                     (const char *)&value, sizeof value));
}

/* A listener has its port alone, or another program could take it. */
bool plain_ports_are_shared(void)
{
    return false;
}

void plain_reset_on_close(mio_fd fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_LINGER, (const char *)&linger, sizeof linger), 0);
}

/* ---- Groups ---------------------------------------------------------------------------------- */

int plain_multicast_on_loopback(mio_fd fd)
{
    DWORD local = htonl(INADDR_LOOPBACK);
    return (int)result_of(
        setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, (const char *)&local, sizeof local));
}

#ifndef MIO_NO_NET
int plain_join_on_loopback(mio_fd fd, const struct mio_addr *group)
{
    struct ip_mreq member;
    uint8_t ip[16];
    memset(&member, 0, sizeof member);
    member.imr_interface.s_addr = htonl(plain_loopback_index()); /* 0.0.0.x is the index x */
    CHECK_EQ(mio_addr_ip(group, ip, NULL), 4);
    memcpy(&member.imr_multiaddr, ip, sizeof member.imr_multiaddr);
    return (int)result_of(
        setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, (const char *)&member, sizeof member));
}

int plain_leave_v6(mio_fd fd, const struct mio_addr *group, uint32_t index)
{
    struct ipv6_mreq member = {.ipv6mr_interface = index};
    uint8_t ip[16];
    CHECK_EQ(mio_addr_ip(group, ip, NULL), 16);
    memcpy(&member.ipv6mr_multiaddr, ip, sizeof ip);
    return (int)result_of(
        setsockopt(fd, IPPROTO_IPV6, IPV6_DROP_MEMBERSHIP, (const char *)&member, sizeof member));
}
#endif

/* ---- Addresses of this machine --------------------------------------------------------------- */

static const IP_ADAPTER_ADDRESSES *adapters(void)
{
    static union {
        IP_ADAPTER_ADDRESSES first;
        char room[65536];
    } list;
    ULONG size = sizeof list;
    const ULONG result = GetAdaptersAddresses(AF_UNSPEC, 0, NULL, &list.first, &size);
    return result == ERROR_SUCCESS ? &list.first : NULL;
}

/* Not GetBestInterface, which on Wine names the one that leads to others. */
uint32_t plain_loopback_index(void)
{
    const IP_ADAPTER_ADDRESSES *one = adapters();
    while (one && one->IfType != IF_TYPE_SOFTWARE_LOOPBACK)
        one = one->Next;
    return one ? one->IfIndex : 0;
}

#ifndef MIO_NO_NET
static bool has_address(const IP_ADAPTER_ADDRESSES *adapter, const uint8_t ip[16])
{
    const IP_ADAPTER_UNICAST_ADDRESS *own = adapter->FirstUnicastAddress;
    for (; own; own = own->Next) {
        struct sockaddr_in in;
        memcpy(&in, own->Address.lpSockaddr, sizeof in);
        if (in.sin_family == AF_INET && memcmp(&in.sin_addr, ip, sizeof in.sin_addr) == 0)
            return true;
    }
    return false;
}

/* A socket can be bound to any address of 127.0.0.0/8, but nothing is sent from those. */
bool plain_sends_from(const struct mio_addr *addr)
{
    uint8_t ip[16];
    CHECK_EQ(mio_addr_ip(addr, ip, NULL), 4);
    for (const IP_ADAPTER_ADDRESSES *one = adapters(); one; one = one->Next)
        if (has_address(one, ip))
            return true;
    return false;
}
#endif

/* By a control message that is refused as invalid. */
bool plain_sends_congestion(void)
{
    return false;
}

/* ---- Hops ------------------------------------------------------------------------------------ */

static LPFN_WSARECVMSG find_recvmsg(mio_fd fd)
{
    static GUID guid = WSAID_WSARECVMSG;
    LPFN_WSARECVMSG function = NULL;
    DWORD length;
    CHECK_EQ(WSAIoctl(fd, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid, &function,
                      sizeof function, &length, NULL, NULL),
             0);
    CHECK(function);
    return function;
}

bool plain_want_hops(mio_fd fd, bool ipv6)
{
    const DWORD on = 1;
    return setsockopt(fd, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, ipv6 ? IPV6_HOPLIMIT : IP_RECVTTL,
                      (const char *)&on, sizeof on) == 0;
}

/* IP_RECVTOS and IPV6_RECVTCLASS, which headers may lack, and the types of what they tell. */
enum { RECEIVE_CLASS = 40, CLASS_V4 = 3, CLASS_V6 = 39 };

bool plain_want_class(mio_fd fd, bool ipv6)
{
    const DWORD on = 1;
    return setsockopt(fd, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, RECEIVE_CLASS, (const char *)&on,
                      sizeof on) == 0;
}

/* Receives a datagram with one control message, a number of one of these types. */
static int recv_number(mio_fd fd, int type, int other_type)
{
    union {
        WSACMSGHDR header;
        char space[64];
    } control;
    char bytes[64];
    int number = -1;
    DWORD got;
    WSABUF data = {sizeof bytes, bytes};
    WSAMSG message;
    memset(&message, 0, sizeof message);
    message.lpBuffers = &data;
    message.dwBufferCount = 1;
    message.Control.buf = (char *)&control;
    message.Control.len = sizeof control;
    CHECK_EQ(find_recvmsg(fd)(fd, &message, &got, NULL, NULL), 0);
    WSACMSGHDR *header = WSA_CMSG_FIRSTHDR(&message);
    CHECK(header);
    CHECK(header->cmsg_type == type || header->cmsg_type == other_type);
    memcpy(&number, WSA_CMSG_DATA(header), sizeof number);
    return number;
}

int plain_recv_class(mio_fd fd)
{
    return recv_number(fd, CLASS_V4, CLASS_V6);
}

int plain_recv_hops(mio_fd fd)
{
    return recv_number(fd, IP_TTL, IP_HOPLIMIT);
}
