/*
 * Batches of datagrams. Entries are cut into messages, one each where the system cuts segments or
 * there are none, else one for each segment; a row of messages is one call where the system has
 * sendmmsg(2) and recvmmsg(2), else a loop.
 *
 * The system refuses to cut segments in these ways (net/ipv4/udp.c of Linux, udp_send_skb):
 * EIO for a device or a route that cannot; EINVAL, or EMSGSIZE in newer ones, for segments that are
 * longer than the path takes, which go out in fragments one by one; EINVAL for a socket without
 * checksums.
 * Linux before 4.18 takes no notice of the control message, and would send one long datagram: so
 * the option is asked for once, before the first segments of a socket.
 */
#include "atomic.h"
#include "sys/sockaddr.h"
#include "sys/sys.h"
#include "sys/unix/calls.h"
#include "sys/unix/control.h"
#include "sys/unix/fd.h"
#include "sys/unix/message_calls.h"
#include "sys/unix/option.h"
#include "system.h"

#include <string.h>

/* This is learned of a socket, in a byte of its source: it cuts segments, or it does not. */
enum { CUTS = 0x20, CUTS_NOT = 0x40 };

/* ---- Whether the system cuts ----------------------------------------------------------------- */

static bool is_cutting(mio_fd fd, uint8_t *learned)
{
    int value;
    if (MIO__UDP_SEGMENT == MIO__NO_OPTION || mio__bit_is_set(learned, CUTS_NOT))
        return false;
    if (mio__bit_is_set(learned, CUTS))
        return true;
    int result = mio__option_ask(fd, IPPROTO_UDP, MIO__UDP_SEGMENT, &value);
    if (result == 0 || result == -ENOTSUP)
        mio__bit_set(learned, result == 0 ? CUTS : CUTS_NOT);
    return result == 0;
}

/* ---- Sending --------------------------------------------------------------------------------- */

struct sending {
    mio_fd fd;
    uint8_t *learned;
    int peer_family;
    int refusal; /* why the system does not cut segments in this call, or 0 */
    struct mio__classes classes;
    unsigned used;                          /* messages */
    struct mio_datagram *of[MIO__MESSAGES]; /* the entry of each */
    size_t end[MIO__MESSAGES];              /* what is done of it then */
    bool is_cut[MIO__MESSAGES];             /* by the system */
    struct iovec pieces[MIO__MESSAGES];
    mio__message messages[MIO__MESSAGES];
    struct mio__control_sent controls[MIO__MESSAGES];
};

/* The family whose header the datagram gets. */
static int header_family(const struct sending *sending, const struct mio_datagram *datagram)
{
    return datagram->addr ? mio__sockaddr_network(datagram->addr) : sending->peer_family;
}

/* Adds a message of the bytes from the entry's start on; is_cut: which the system cuts. */
static int add_message(struct sending *sending, struct mio_datagram *datagram, size_t start,
                       size_t len, bool is_cut)
{
    const unsigned i = sending->used;
    struct msghdr *message = &sending->messages[i].msg_hdr;
    memset(message, 0, sizeof *message);
    sending->pieces[i].iov_base = datagram->buf ? (char *)datagram->buf + start : NULL;
    sending->pieces[i].iov_len = len;
    message->msg_iov = &sending->pieces[i];
    message->msg_iovlen = 1;
    if (datagram->addr) {
        message->msg_name = mio__sockaddr(datagram->addr);
        message->msg_namelen = datagram->addr->length;
    }
    message->msg_control = &sending->controls[i];
    int result = 0;
    if (datagram->ecn != 0 || datagram->local || datagram->interface_index != 0)
        result = mio__control_add(sending->fd, message, datagram, header_family(sending, datagram),
                                  &sending->classes);
    if (is_cut) {
        uint16_t size = (uint16_t)datagram->segment_size;
        mio__control_put(message, IPPROTO_UDP, MIO__UDP_SEGMENT, &size, sizeof size);
    }
    if (message->msg_controllen == 0)
        message->msg_control = NULL;
    sending->of[i] = datagram;
    sending->end[i] = start + len;
    sending->is_cut[i] = is_cut;
    sending->used += result == 0;
    return result;
}

/* The messages of one entry, or as many of them as there is room for. */
static int add_entry(struct sending *sending, struct mio_datagram *datagram)
{
    size_t start = datagram->done, size = datagram->segment_size;
    int result = 0;
    if (size == 0 || size == datagram->len)
        return add_message(sending, datagram, start, datagram->len - start, false);
    if (start == 0 && sending->refusal == 0 && is_cutting(sending->fd, sending->learned))
        return add_message(sending, datagram, 0, datagram->len, true);
    while (start < datagram->len && sending->used < MIO__MESSAGES && result == 0) {
        size_t rest = datagram->len - start, len = rest < size ? rest : size;
        result = add_message(sending, datagram, start, len, false);
        start += len;
    }
    return result;
}

static bool is_passed_over(const struct mio_datagram *datagram)
{
    return datagram->done != 0 && datagram->done == datagram->len;
}

/* Fills the row of messages. An error counts where there is no message before it. */
static int fill(struct sending *sending, struct mio_datagram *datagrams, size_t count)
{
    int result = 0;
    sending->used = 0;
    for (size_t i = 0; i < count && sending->used < MIO__MESSAGES && result == 0; i++)
        if (!is_passed_over(&datagrams[i]))
            result = add_entry(sending, &datagrams[i]);
    return sending->used > 0 ? 0 : result;
}

/* Writes down what was sent. The number of entries that are whole by now, of those in the row. */
static size_t settle(struct sending *sending, struct mio_datagram *datagrams, unsigned sent)
{
    struct mio_datagram *last = sending->of[sent - 1];
    for (unsigned i = 0; i < sent; i++)
        sending->of[i]->done = sending->end[i];
    return (size_t)(last - datagrams) + (last->done == last->len);
}

/* Whether the first message is to be sent again as single segments. */
static bool is_refused(const struct sending *sending, int error)
{
    return sending->is_cut[0] && (error == -EIO || error == -EINVAL || error == -EMSGSIZE);
}

/* Segments that went out one by one show that it was the cutting that was refused. */
static void learn(const struct sending *sending)
{
    if (sending->refusal != 0 && sending->refusal != -EMSGSIZE && sending->of[0]->segment_size != 0)
        mio__bit_set(sending->learned, CUTS_NOT);
}

/* Sends one row; *next goes on over the entries that are whole. 0 where there may be more to do. */
static int send_row(struct sending *sending, struct mio_datagram *datagrams, size_t count,
                    size_t *next)
{
    while (*next < count && is_passed_over(&datagrams[*next]))
        ++*next;
    if (*next == count)
        return 0;
    int result = fill(sending, datagrams + *next, count - *next);
    if (result == 0)
        result = mio__send_messages(sending->fd, sending->messages, sending->used);
    if (result < 0 && is_refused(sending, result)) {
        sending->refusal = result;
        return 0;
    }
    if (result < 0)
        return result;
    learn(sending);
    *next += settle(sending, datagrams + *next, (unsigned)result);
    const bool is_short = sending->used > (unsigned)result;
    return is_short && *next > 0 ? -EAGAIN : 0;
}

int mio__socket_send_batch(mio_fd fd, uint8_t *learned, struct mio_datagram *datagrams,
                           size_t count, int peer_family)
{
    struct sending sending; /* large, and filled as far as it is used */
    size_t next = 0;
    int result = 0;
    sending.fd = fd;
    sending.learned = learned;
    sending.peer_family = peer_family;
    sending.refusal = 0;
    sending.classes = (struct mio__classes){-1, -1};
    while (next < count && result == 0)
        result = send_row(&sending, datagrams, count, &next);
    return next > 0 ? (int)next : result;
}

/* ---- Receiving ------------------------------------------------------------------------------- */

struct receiving {
    struct iovec pieces[MIO__MESSAGES];
    mio__message messages[MIO__MESSAGES];
    struct mio__control_received controls[MIO__MESSAGES];
};

static size_t room_of(const struct mio_datagram *datagram)
{
    return datagram->capacity < MIO_IO_MAX ? datagram->capacity : MIO_IO_MAX;
}

static void prepare(struct receiving *receiving, size_t i, const struct mio_datagram *datagram,
                    bool is_unix)
{
    /* cppcheck-suppress uninitvar ; its address alone is taken */
    struct msghdr *message = &receiving->messages[i].msg_hdr;
    memset(message, 0, sizeof *message);
    receiving->pieces[i].iov_base = datagram->buf;
    receiving->pieces[i].iov_len = room_of(datagram);
    message->msg_iov = &receiving->pieces[i];
    message->msg_iovlen = 1;
    if (datagram->addr) {
        message->msg_name = mio__sockaddr(datagram->addr);
        message->msg_namelen = sizeof datagram->addr->storage;
    }
    /* Without room for them descriptors that come are closed by the system. */
    if (!is_unix) {
        message->msg_control = &receiving->controls[i];
        message->msg_controllen = sizeof receiving->controls[i];
    }
}

static void finish(const mio__message *received, struct mio_datagram *datagram)
{
    const struct msghdr *message = &received->msg_hdr;
    datagram->len = received->msg_len;
    datagram->done = 0;
    datagram->time_ns = 0;
    datagram->segment_size = 0;
    datagram->interface_index = 0;
    datagram->ecn = 0;
    datagram->ttl = 0;
    datagram->flags = 0;
    if (message->msg_flags & MSG_TRUNC)
        datagram->flags |= MIO_DATAGRAM_CUT;
    if (message->msg_flags & MSG_CTRUNC)
        datagram->flags |= MIO_DATAGRAM_UNTOLD;
    if (datagram->addr)
        mio__sockaddr_received(datagram->addr, message->msg_namelen);
    if (datagram->local)
        memset(datagram->local, 0, sizeof *datagram->local);
    if (message->msg_controllen > 0)
        mio__control_read(message, datagram);
}

int mio__socket_recv_batch(mio_fd fd, struct mio_datagram *datagrams, size_t count, bool is_unix)
{
    struct receiving receiving; /* large, and filled as far as it is used */
    for (size_t i = 0; i < count; i++)
        prepare(&receiving, i, &datagrams[i], is_unix);
    int result = mio__recv_messages(fd, receiving.messages, (unsigned)count);
    for (int i = 0; i < result; i++)
        finish(&receiving.messages[i], &datagrams[i]);
    return result;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

static bool is_known(mio_fd fd, int level, int option)
{
    int value;
    return option != MIO__NO_OPTION && mio__option_ask(fd, level, option, &value) == 0;
}

int mio__socket_features(mio_fd fd, int family, uint8_t *learned)
{
    uint32_t features = MIO_DATAGRAM_LOCAL | MIO_DATAGRAM_TTL | MIO_DATAGRAM_SENDS_LOCAL;
    if (MIO__HAS_MESSAGE_CALLS)
        features |= MIO_DATAGRAM_BATCHES;
    if (family == MIO_ADDR_IPV6 || MIO__RECEIVE_CLASS_V4 != MIO__NO_OPTION)
        features |= MIO_DATAGRAM_ECN;
    if (family == MIO_ADDR_IPV6 || MIO__SENDS_CLASS_V4)
        features |= MIO_DATAGRAM_SENDS_ECN;
    if (is_cutting(fd, learned))
        features |= MIO_DATAGRAM_CUTS;
    if (is_known(fd, SOL_SOCKET, MIO__RECEIVE_ARRIVAL))
        features |= MIO_DATAGRAM_TIME;
    if (is_known(fd, IPPROTO_UDP, MIO__UDP_COALESCE))
        features |= MIO_DATAGRAM_SEGMENTS;
    return (int)features;
}
