/*
 * Whether control messages count when a datagram is sent. No option tells it, so it is tried: a
 * socket sends itself a datagram from an address that no machine has (192.0.2.1, RFC 5737). A
 * system that reads control messages refuses that, or drops the datagram; one that does not lets it
 * arrive from the socket's own address.
 */
#include "sys/sockaddr.h"
#include "sys/sys.h"
#include "sys/windows/calls.h"
#include "sys/windows/control.h"
#include "sys/windows/message.h"
#include "sys/windows/udp_values.h"

/* Errors that say nothing of the control message. */
static bool is_for_want(int error)
{
    return error == -ENOBUFS || error == -ENOMEM || error == -ENETDOWN || error == -EIO;
}

static int send_from_nobody(mio_fd fd, const struct mio_addr *to)
{
    const struct in_pktinfo nobody = {.ipi_addr.s_addr = htonl(0xc0000201)};
    struct mio__control_sent control;
    char nothing_sent = 0;
    WSABUF bytes = {0, &nothing_sent};
    WSAMSG message = {.lpBuffers = &bytes, .dwBufferCount = 1};
    message.Control.buf = (char *)control.words;
    mio__control_put(&message, IPPROTO_IP, MIO__PKTINFO, &nobody, sizeof nobody);
    return mio__message_send(fd, &message, to);
}

/*
 * Sends a second datagram, which comes in any case and tells whether the first one, of no bytes, is
 * late or lost. Other datagrams are none of ours.
 */
static int await_both(mio_fd fd, const struct mio_addr *addr)
{
    enum { TRIES = 100 };
    struct mio_addr from;
    char byte = 0;
    ptrdiff_t result = mio__socket_send_to(fd, &byte, sizeof byte, addr);
    for (int i = 0; i < TRIES && (result >= 0 || result == -EAGAIN); i++) {
        result = mio__socket_recv_from(fd, &byte, sizeof byte, &from, false);
        if (result >= 0 && mio_addr_equal(&from, addr))
            return result > 0;
        if (result == -EAGAIN)
            Sleep(1);
    }
    return result < 0 && result != -EAGAIN ? (int)result : -ENOBUFS; /* the want of a datagram */
}

static int send_to_itself(mio_fd fd)
{
    const struct mio__ip loopback = {.family = MIO_ADDR_IPV4, .bytes = {127, 0, 0, 1}};
    struct mio_addr addr;
    mio__sockaddr_set(&addr, &loopback);
    int result = mio__socket_bind(fd, &addr);
    if (result == 0)
        result = mio__socket_local_addr(fd, &addr);
    if (result < 0)
        return result;
    result = send_from_nobody(fd, &addr);
    if (result == -EAGAIN) /* which would say that the program's own socket is full */
        return -ENOBUFS;
    if (result == -ENOTSUP || result == -ENOSYS)
        return 0;
    if (result < 0)
        return is_for_want(result) ? result : 1;
    return await_both(fd, &addr);
}

int mio__control_probe(void)
{
    mio_fd fd;
    int result = mio__socket_open(MIO_ADDR_IPV4, MIO__DATAGRAM, &fd);
    if (result < 0)
        return result;
    result = send_to_itself(fd);
    MIO__CALL(closesocket)(fd);
    return result;
}

static int control_heeded;

static BOOL CALLBACK control_probe_once(INIT_ONCE *once, void *argument, void **context)
{
    const int result = mio__control_probe();
    (void)once, (void)context;
    control_heeded = result;
    *(int *)argument = result;
    return result >= 0;
}

int mio__control_is_heeded(void)
{
    static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    int error = -EIO;
    return InitOnceExecuteOnce(&once, control_probe_once, &error, NULL) ? control_heeded : error;
}
