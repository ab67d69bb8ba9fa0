/*
 * The rules of named pipes: names, the state of a pipe and the readiness that it makes, the ring of
 * bytes to be written, the meaning of answers of the system. They are functions of plain numbers
 * without a call of the system, so that a test on any system can go through them.
 *
 * The system completes operations, and the library promises readiness. So a pipe has memory of its
 * own: a read that is under way fills the input, and a write empties the output.
 *
 *     readable   the input holds something, or there is an end or an error to be told
 *     writable   the output has room, or writing has failed
 */
#ifndef MIO_NAMED_PIPE_RULE_H
#define MIO_NAMED_PIPE_RULE_H

#include "edge.h"

#include <string.h>

/* ---- Answers of the system ------------------------------------------------------------------- */

/* Codes of the system, as winerror.h has them. */
enum {
    MIO__PIPE_SAYS_BROKEN = 109,        /* ERROR_BROKEN_PIPE: the peer is gone */
    MIO__PIPE_SAYS_NO_DATA = 232,       /* ERROR_NO_DATA: it is, as a writer hears of it */
    MIO__PIPE_SAYS_NOT_CONNECTED = 233, /* ERROR_PIPE_NOT_CONNECTED: the server has disconnected */
    MIO__PIPE_SAYS_MORE_DATA = 234,     /* ERROR_MORE_DATA: the message goes on */
    MIO__PIPE_SAYS_CONNECTED = 535,     /* ERROR_PIPE_CONNECTED: a client was there before */
    MIO__PIPE_SAYS_ABORTED = 995,       /* ERROR_OPERATION_ABORTED: the operation was cancelled */
    MIO__PIPE_SAYS_UNFINISHED = 996,    /* ERROR_IO_INCOMPLETE: it is under way */
    MIO__PIPE_SAYS_PENDING = 997        /* ERROR_IO_PENDING: it has begun */
};

/* Whether an operation that was begun with this answer tells the port of its end. */
static inline bool mio__pipe_is_begun(uint32_t answer)
{
    return answer == 0 || answer == MIO__PIPE_SAYS_PENDING || answer == MIO__PIPE_SAYS_MORE_DATA;
}

/* Whether the answer says that the peer has left, to a pipe that was connected. */
static inline bool mio__pipe_is_left(uint32_t answer)
{
    return answer == MIO__PIPE_SAYS_BROKEN || answer == MIO__PIPE_SAYS_NO_DATA ||
           answer == MIO__PIPE_SAYS_NOT_CONNECTED;
}

/* ---- Names ----------------------------------------------------------------------------------- */

/* The longest name, in characters of the system. */
enum { MIO__PIPE_NAME_MAX = 256 };

static inline bool mio__pipe_has_word(const char *text, const char *word)
{
    for (; *word != 0; text++, word++) {
        const char c = *text >= 'A' && *text <= 'Z' ? (char)(*text + ('a' - 'A')) : *text;
        if (c != *word)
            return false;
    }
    return true;
}

/*
 * 0 for \\.\pipe\NAME, and where the pipe may be on another machine also for \\HOST\pipe\NAME; else
 * -EINVAL. The length is looked at where the name has become one of the system.
 */
static inline int mio__pipe_name_check(const char *name, bool may_be_remote)
{
    if (name[0] != '\\' || name[1] != '\\')
        return -EINVAL;
    const char *host = name + 2;
    const char *rest = strchr(host, '\\');
    if (!rest || rest == host || !mio__pipe_has_word(rest, "\\pipe\\"))
        return -EINVAL;
    const bool is_here = rest == host + 1 && *host == '.';
    return (is_here || may_be_remote) && rest[6] != 0 && rest[6] != '\\' ? 0 : -EINVAL;
}

/* ---- The output: a ring ---------------------------------------------------------------------- */

struct mio__pipe_ring {
    unsigned char *base;
    uint32_t size;
    uint32_t first; /* of the bytes that it holds: a write that is under way begins here */
    uint32_t count;
};

/* Copies as many as there is room for; returns how many. */
static inline uint32_t mio__pipe_ring_put(struct mio__pipe_ring *ring, const void *bytes,
                                          size_t len)
{
    const uint32_t room = ring->size - ring->count;
    const uint32_t n = len < room ? (uint32_t)len : room;
    const uint32_t at = (uint32_t)(((uint64_t)ring->first + ring->count) % ring->size);
    const uint32_t straight = n < ring->size - at ? n : ring->size - at;
    memcpy(ring->base + at, bytes, straight);
    memcpy(ring->base, (const unsigned char *)bytes + straight, n - straight);
    ring->count += n;
    return n;
}

/* The bytes from first on that lie in one piece. */
static inline uint32_t mio__pipe_ring_piece(const struct mio__pipe_ring *ring)
{
    const uint32_t straight = ring->size - ring->first;
    return ring->count < straight ? ring->count : straight;
}

/* The first n are written. An empty ring begins at its beginning: a message is one piece. */
static inline void mio__pipe_ring_take(struct mio__pipe_ring *ring, uint32_t n)
{
    ring->count -= n;
    ring->first = ring->count == 0 ? 0 : (uint32_t)(((uint64_t)ring->first + n) % ring->size);
}

/* ---- The input ------------------------------------------------------------------------------- */

struct mio__pipe_input {
    unsigned char *base;
    uint32_t size;
    uint32_t at, end; /* the bytes that it holds */
    bool full;        /* it holds what a read has brought, be it an empty message */
    bool goes_on;     /* a part of a message, whose rest the system has */
};

/* Copies up to len bytes out. It is empty once all are. */
static inline uint32_t mio__pipe_input_take(struct mio__pipe_input *input, void *bytes, size_t len)
{
    const uint32_t left = input->end - input->at;
    const uint32_t n = len < left ? (uint32_t)len : left;
    memcpy(bytes, input->base + input->at, n);
    input->at += n;
    if (input->at == input->end)
        input->full = false;
    return n;
}

/* ---- State and readiness --------------------------------------------------------------------- */

enum mio__pipe_link {
    MIO__PIPE_APART,      /* without a client; one may be there that nobody has asked for */
    MIO__PIPE_CONNECTING, /* asked for a client */
    MIO__PIPE_CONNECTED,
};

/* In the place of a code: the peer has left, and all that it sent was read. */
enum { MIO__PIPE_END = 1 };

struct mio__pipe_state {
    uint8_t link;      /* enum mio__pipe_link */
    int connect_error; /* of the last connect, until it is taken; a code or 0 */
    int read_error;    /* a code, MIO__PIPE_END or 0; it stands behind the input */
    int write_error;   /* a code or 0: bytes that were accepted are lost */
};

/* The readiness of a pipe, whoever asks. */
static inline uint32_t mio__pipe_now(const struct mio__pipe_state *state, bool has_input,
                                     bool has_room)
{
    uint32_t now = 0;
    if (state->connect_error != 0)
        return MIO_READABLE | MIO_WRITABLE | MIO_ERROR;
    if (state->link != MIO__PIPE_CONNECTED)
        return 0;
    if (has_input)
        now |= MIO_READABLE;
    if (has_room)
        now |= MIO_WRITABLE;
    if (state->read_error != 0)
        now |= MIO_READABLE | MIO_READ_CLOSED | MIO_WRITABLE | MIO_WRITE_CLOSED;
    if (state->write_error != 0)
        now |= MIO_WRITABLE | MIO_WRITE_CLOSED;
    if (state->read_error < 0 || (state->write_error < 0 && state->write_error != -EPIPE))
        now |= MIO_ERROR;
    return now;
}

/*
 * The part of that which is to be reported, 0 for nothing. No direction is named that is not in the
 * interest. An end or an error is told once in edge mode, drained or not, and names each direction
 * of the interest that it is about.
 */
static inline uint32_t mio__pipe_to_tell(const struct mio__edge *edge, uint32_t now)
{
    if (!mio__edge_is_watched(edge))
        return 0;
    const uint32_t interest = edge->interest & (MIO_READABLE | MIO_WRITABLE);
    uint32_t tell = now & edge->armed & interest;
    uint32_t closings = now & MIO__CLOSINGS & ~(uint32_t)edge->told;
    if (!(interest & MIO_READABLE))
        closings &= ~MIO_READ_CLOSED;
    if (closings & MIO_READ_CLOSED)
        tell |= now & interest & MIO_READABLE;
    if (closings & (MIO_WRITE_CLOSED | MIO_ERROR))
        tell |= now & interest;
    return tell | (tell != 0 ? closings : 0);
}

#endif
