/* A system with every option of datagrams: see messages.h. */
#include "messages.h"

#include "sys/windows/udp_values.h"

#include <string.h>

struct messages_system messages;

/* ---- Options --------------------------------------------------------------------------------- */

/* The entry of an option that this system is about, or NULL. */
static struct messages_option *option_of(int level, int name)
{
    const bool is_header = name == MIO__PKTINFO || name == MIO__RECEIVE_HOPS ||
                           name == MIO__RECEIVE_CLASS || name == MIO__RECEIVE_ECN;
    if (level == IPPROTO_UDP)
        return &messages.udp[name];
    if (!is_header || (level != IPPROTO_IP && level != IPPROTO_IPV6))
        return NULL;
    return level == IPPROTO_IP ? &messages.ip[name] : &messages.ipv6[name];
}

static int answer(int error)
{
    WSASetLastError(error);
    return error != 0 ? SOCKET_ERROR : 0;
}

static int WINAPI ask_option(SOCKET fd, int level, int name, char *value, int *length)
{
    struct messages_option *option = option_of(level, name);
    if (!option)
        return getsockopt(fd, level, name, value, length);
    CHECK_EQ(*length, sizeof option->value);
    memcpy(value, &option->value, sizeof option->value);
    option->asked++;
    return answer(option->error);
}

static int WINAPI set_option(SOCKET fd, int level, int name, const char *value, int length)
{
    struct messages_option *option = option_of(level, name);
    if (!option)
        return setsockopt(fd, level, name, value, length);
    CHECK_EQ(length, sizeof option->value);
    option->set++;
    if (option->error == 0)
        memcpy(&option->value, value, sizeof option->value);
    return answer(option->error);
}

/* ---- Control messages ------------------------------------------------------------------------ */

/* By how much the next one is behind; the macro for that is not to every compiler's liking. */
static size_t step_of(size_t cmsg_len)
{
    return (cmsg_len + sizeof(SIZE_T) - 1) / sizeof(SIZE_T) * sizeof(SIZE_T);
}

static const WSACMSGHDR *find_in(const char *control, size_t len, int level, int type)
{
    for (size_t at = 0; at < len;) {
        const WSACMSGHDR *one = (const WSACMSGHDR *)(const void *)(control + at);
        CHECK(one->cmsg_len >= sizeof *one && one->cmsg_len <= len - at);
        if (one->cmsg_level == level && one->cmsg_type == type)
            return one;
        at += step_of(one->cmsg_len);
    }
    return NULL;
}

const void *messages_data(int level, int type, size_t len)
{
    const WSACMSGHDR *one = find_in(messages.sent.control, messages.sent.control_len, level, type);
    if (!one)
        return NULL;
    CHECK_EQ(one->cmsg_len, WSA_CMSG_LEN(len));
    return WSA_CMSG_DATA(one);
}

long messages_number(int level, int type)
{
    INT value;
    const void *data = messages_data(level, type, sizeof value);
    if (!data)
        return -1;
    memcpy(&value, data, sizeof value);
    return value;
}

void messages_tell(WSAMSG *message, int level, int type, const void *data, size_t len)
{
    WSACMSGHDR *one = (WSACMSGHDR *)(void *)(message->Control.buf + message->Control.len);
    one->cmsg_level = level;
    one->cmsg_type = type;
    one->cmsg_len = WSA_CMSG_LEN(len);
    memcpy(WSA_CMSG_DATA(one), data, len);
    message->Control.len += (ULONG)step_of(one->cmsg_len);
}

void messages_tell_number(WSAMSG *message, int level, int type, INT value)
{
    messages_tell(message, level, type, &value, sizeof value);
}

/* ---- Sending --------------------------------------------------------------------------------- */

/* The address that the library tries, and no machine has. */
static bool is_probe(void)
{
    const struct in_pktinfo *info = messages_data(IPPROTO_IP, MIO__PKTINFO, sizeof *info);
    return info && info->ipi_addr.s_addr == htonl(0xc0000201);
}

static void note(const WSAMSG *message)
{
    struct messages_sent *sent = &messages.sent;
    CHECK_EQ(message->dwBufferCount, 1);
    CHECK(message->Control.len <= sizeof sent->control);
    CHECK_EQ((uintptr_t)message->Control.buf % sizeof(SIZE_T), 0);
    memset(sent, 0, sizeof *sent);
    sent->len = message->lpBuffers->len;
    sent->control_len = message->Control.len;
    memcpy(sent->control, message->Control.buf, message->Control.len);
    sent->has_name = message->name != NULL;
    sent->to_len = message->namelen;
    if (sent->has_name)
        memcpy(&sent->to, message->name, (size_t)message->namelen);
}

static int send_piece(SOCKET fd, const WSAMSG *message, ULONG start, ULONG len)
{
    const char *bytes = message->lpBuffers->buf + start;
    const int sent = message->name ? sendto(fd, bytes, (int)len, 0, message->name, message->namelen)
                                   : send(fd, bytes, (int)len, 0);
    return sent < 0 ? SOCKET_ERROR : 0;
}

/* Sends for good what the message says, cut where it says so. */
static int send_pieces(SOCKET fd, const WSAMSG *message, long size)
{
    const ULONG len = message->lpBuffers->len;
    ULONG start = 0;
    do {
        const ULONG part = size > 0 && (ULONG)size < len - start ? (ULONG)size : len - start;
        if (send_piece(fd, message, start, part) != 0)
            return SOCKET_ERROR;
        start += part;
    } while (start < len);
    return 0;
}

static int WINAPI send_message(SOCKET fd, WSAMSG *message, DWORD flags, DWORD *done,
                               WSAOVERLAPPED *overlapped,
                               LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
    CHECK_EQ(flags, 0);
    CHECK(!overlapped && !routine);
    note(message);
    if (is_probe()) {
        messages.probes++;
        return answer(WSAEINVAL);
    }
    const long size = messages_number(IPPROTO_UDP, MIO__UDP_SEND_MSG_SIZE);
    messages.sends++;
    messages.cuts += size > 0;
    if (messages.sends == messages.refused_send || (size > 0 && messages.refused_cuts))
        return answer(messages.error);
    *done = message->lpBuffers->len;
    return send_pieces(fd, message, size);
}

void messages_begin(void)
{
    memset(&messages, 0, sizeof messages);
    mio__calls.getsockopt = ask_option;
    mio__calls.setsockopt = set_option;
    mio__calls.WSASendMsg = send_message;
}
