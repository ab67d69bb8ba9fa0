/*
 * Batches of datagrams. There is no call for several: entries go one by one, each with its control
 * messages, and where the system cuts segments that is one message for all of them.
 *
 * Windows refuses segments in ways that it does not document: "invalid" where a driver in the way
 * cannot cut, "too long" or "invalid" for those that are longer than the path takes. Those go out
 * one by one then, in fragments.
 */
#include "sys/sockaddr.h"
#include "sys/sys.h"
#include "sys/windows/batch_options.h"
#include "sys/windows/control.h"
#include "sys/windows/learned.h"
#include "sys/windows/message.h"
#include "sys/windows/transfer.h"
#include "sys/windows/udp_values.h"

#include <string.h>

/* A place for no bytes, where the caller has none. */
static char no_bytes;

/* ---- Sending --------------------------------------------------------------------------------- */

struct batch_sending {
    mio_fd fd;
    uint8_t *learned;
    int peer_family;
    int refusal; /* why the system does not cut segments in this call, or 0 */
};

/* Sends len bytes from the entry's done on as a message; is_cut: which the system cuts. */
static int send_message(const struct batch_sending *sending, const struct mio_datagram *datagram,
                        size_t len, bool is_cut)
{
    const int family =
        datagram->addr ? mio__sockaddr_network(datagram->addr) : sending->peer_family;
    const DWORD size = datagram->segment_size;
    struct mio__control_sent control;
    WSABUF bytes = {(ULONG)len, datagram->buf ? (char *)datagram->buf + datagram->done : &no_bytes};
    WSAMSG message = {.lpBuffers = &bytes, .dwBufferCount = 1};
    message.Control.buf = (char *)control.words;
    mio__control_add(&message, datagram, family);
    if (is_cut)
        mio__control_put(&message, IPPROTO_UDP, MIO__UDP_SEND_MSG_SIZE, &size, sizeof size);
    return mio__message_send(sending->fd, &message, datagram->addr);
}

/* The same, by the simplest call that does it. */
static int send_part(const struct batch_sending *sending, struct mio_datagram *datagram, size_t len,
                     bool is_cut)
{
    const char *start = datagram->buf ? (const char *)datagram->buf + datagram->done : NULL;
    ptrdiff_t result;
    if (is_cut || mio__control_is_needed(datagram))
        result = send_message(sending, datagram, len, is_cut);
    else if (datagram->addr)
        result = mio__socket_send_to(sending->fd, start, len, datagram->addr);
    else
        result = mio__socket_send(sending->fd, start, len);
    if (result < 0)
        return (int)result;
    datagram->done += len;
    return 0;
}

/* Segments that went out one by one show that it was the cutting that was refused. */
static void learn_refusal(const struct batch_sending *sending, const struct mio_datagram *datagram)
{
    if (sending->refusal != 0 && sending->refusal != -EMSGSIZE && datagram->segment_size != 0)
        mio__learn(sending->learned, MIO__CUTS_NOT);
}

/* Segments, or a datagram without, as they are: 0 or a code. */
static int send_parts(const struct batch_sending *sending, struct mio_datagram *datagram)
{
    do {
        size_t len = datagram->len - datagram->done;
        if (datagram->segment_size != 0 && datagram->segment_size < len)
            len = datagram->segment_size;
        int result = send_part(sending, datagram, len, false);
        if (result < 0)
            return result;
        learn_refusal(sending, datagram);
    } while (datagram->done < datagram->len);
    return 0;
}

static bool refuses_to_cut(int error)
{
    return error == -EINVAL || error == -EMSGSIZE || error == -ENOTSUP || error == -ENOPROTOOPT;
}

/* All that is left of an entry: 0 or a code. */
static int send_entry(struct batch_sending *sending, struct mio_datagram *datagram)
{
    const bool has_segments = datagram->segment_size != 0 && datagram->segment_size < datagram->len;
    if (datagram->done != 0 && datagram->done == datagram->len)
        return 0;
    if (has_segments && datagram->done == 0 && sending->refusal == 0 &&
        mio__batch_is_cutting(sending->fd, sending->learned)) {
        int result = send_part(sending, datagram, datagram->len, true);
        if (!refuses_to_cut(result))
            return result;
        sending->refusal = result;
    }
    return send_parts(sending, datagram);
}

int mio__socket_send_batch(mio_fd fd, uint8_t *learned, struct mio_datagram *datagrams,
                           size_t count, int peer_family)
{
    struct batch_sending sending = {fd, learned, peer_family, 0};
    for (size_t i = 0; i < count; i++) {
        int result = send_entry(&sending, &datagrams[i]);
        if (result < 0)
            return i > 0 ? (int)i : result;
    }
    return (int)count;
}

/* ---- Receiving ------------------------------------------------------------------------------- */

/* The length before a call that may leave it as it is. */
#define NOT_TOLD ((DWORD)-1)

/*
 * The length of what came, and whether it was cut. Winsock has one error for bytes that did not fit
 * and for control messages that did not; Wine says no length with either of them.
 */
static void set_received_length(struct mio_datagram *datagram, const WSAMSG *message, DWORD len,
                                bool is_too_long)
{
    const bool only_control = (message->dwFlags & (MSG_TRUNC | MSG_CTRUNC)) == MSG_CTRUNC;
    const ULONG room = message->lpBuffers->len;
    if (is_too_long && !(only_control && len != NOT_TOLD)) {
        len = room;
        datagram->flags |= MIO_DATAGRAM_CUT;
    }
    if (message->dwFlags & MSG_TRUNC)
        datagram->flags |= MIO_DATAGRAM_CUT;
    if (message->dwFlags & MSG_CTRUNC)
        datagram->flags |= MIO_DATAGRAM_UNTOLD;
    datagram->len = len < room ? len : room;
}

static void finish_entry(struct mio_datagram *datagram, const WSAMSG *message, DWORD len,
                         bool is_too_long)
{
    datagram->done = 0;
    datagram->time_ns = 0;
    datagram->segment_size = 0;
    datagram->interface_index = 0;
    datagram->ecn = 0;
    datagram->ttl = 0;
    datagram->flags = 0;
    if (datagram->local)
        memset(datagram->local, 0, sizeof *datagram->local);
    set_received_length(datagram, message, len, is_too_long);
}

static int recv_entry(mio_fd fd, struct mio_datagram *datagram)
{
    const size_t room = datagram->capacity < MIO_IO_MAX ? datagram->capacity : MIO_IO_MAX;
    struct mio__control_received control;
    struct mio_addr ignored, *sender = datagram->addr ? datagram->addr : &ignored;
    WSABUF bytes = {(ULONG)room, datagram->buf ? datagram->buf : &no_bytes};
    WSAMSG message = {
        .name = mio__sockaddr(sender),
        .namelen = sizeof sender->storage,
        .lpBuffers = &bytes,
        .dwBufferCount = 1,
        .Control = {sizeof control, (char *)control.words},
    };
    DWORD len = NOT_TOLD;
    control.words[0] = 0; /* a system that writes none, and does not say so, has sent none */
    const int error = mio__message_recv(fd, &message, &len);
    if (error == WSAESHUTDOWN) { /* reading was shut down here: empty from now on, as on Unix */
        len = 0;
        message.namelen = 0;
        message.Control.len = 0;
        message.dwFlags = 0;
    } else if (error != 0 && error != WSAEMSGSIZE) {
        return mio__transfer_error(fd, error);
    }
    if (message.Control.len > sizeof control)
        message.Control.len = sizeof control;
    finish_entry(datagram, &message, len, error == WSAEMSGSIZE);
    mio__sockaddr_received(sender, message.namelen);
    mio__control_read(&message, mio__sockaddr_family(sender) == MIO_ADDR_IPV6, datagram);
    return 0;
}

int mio__socket_recv_batch(mio_fd fd, struct mio_datagram *datagrams, size_t count, bool is_unix)
{
    (void)is_unix; /* there are no datagrams in the Unix domain */
    for (size_t i = 0; i < count; i++) {
        int result = recv_entry(fd, &datagrams[i]);
        if (result < 0)
            return i > 0 ? (int)i : result;
    }
    return (int)count;
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

ptrdiff_t mio__socket_send_fds(mio_fd fd, const void *buf, size_t len, const struct mio_addr *to,
                               const mio_fd *fds, size_t count)
{
    (void)fd, (void)buf, (void)len, (void)to, (void)fds, (void)count;
    return -ENOTSUP;
}

ptrdiff_t mio__socket_recv_fds(mio_fd fd, void *buf, size_t len, struct mio_addr *from,
                               struct mio_fds *fds)
{
    (void)fd, (void)buf, (void)len, (void)from, (void)fds;
    return -ENOTSUP;
}
