/* Calls with control messages: see message.h. */
#include "sys/windows/message.h"

#include "sys/sockaddr.h"
#include "sys/windows/mapped.h"
#include "sys/windows/transfer.h"

#ifndef MIO_CALL_TABLE
#define MESSAGE_RECEIVER(found) (found)
#else
#define MESSAGE_RECEIVER(found) mio__calls.WSARecvMsg
#endif

struct message_search {
    mio_fd fd;
    int error;
};

static LPFN_WSARECVMSG message_receiver;

static BOOL CALLBACK message_look_up(INIT_ONCE *once, void *argument, void **context)
{
    GUID id = WSAID_WSARECVMSG;
    struct message_search *search = argument;
    DWORD length;
    (void)once, (void)context;
    if (MIO__CALL(WSAIoctl)(search->fd, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof id,
                            &message_receiver, sizeof message_receiver, &length, NULL, NULL) == 0)
        return TRUE;
    search->error = WSAGetLastError();
    return FALSE;
}

/* All sockets of IP have it from the same provider, so what one of them says is good for all. */
LPFN_WSARECVMSG mio__message_find(mio_fd fd, int *error)
{
    static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    struct message_search search = {fd, WSAEOPNOTSUPP};
    if (InitOnceExecuteOnce(&once, message_look_up, &search, NULL))
        return message_receiver;
    *error = search.error;
    return NULL;
}

int mio__message_recv(mio_fd fd, WSAMSG *message, DWORD *len)
{
    int error = 0;
    const LPFN_WSARECVMSG found = mio__message_find(fd, &error);
    if (!found)
        return error;
    int result = MESSAGE_RECEIVER(found)(fd, message, len, NULL, NULL);
    return result != 0 ? WSAGetLastError() : 0;
}

static int send_message_to(mio_fd fd, WSAMSG *message, const struct mio_addr *to)
{
    DWORD len;
    message->name = to ? mio__sockaddr(to) : NULL;
    message->namelen = to ? (INT)to->length : 0;
    if (MIO__CALL(WSASendMsg)(fd, message, 0, &len, NULL, NULL) == 0)
        return 0;
    return to ? mio__transfer_error(fd, WSAGetLastError()) : mio__transfer_peer_error(fd);
}

int mio__message_send(mio_fd fd, WSAMSG *message, const struct mio_addr *to)
{
    struct mio_addr mapped;
    int result = send_message_to(fd, message, to);
    if (result < 0 && result != -EAGAIN && to && mio__mapped_instead(fd, to, &mapped, &result))
        result = send_message_to(fd, message, &mapped);
    return result;
}
