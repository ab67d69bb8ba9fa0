/* Named pipes: reads and writes. */
#include "io.h"
#include "sys/windows/named_pipe.h"

/*
 * A transfer goes on while the system does its part at once, but not for ever: each round leaves a
 * packet behind.
 */
enum { ROUNDS_MAX = 16 };

/* A place in a list of buffers. */
struct pipe_cursor {
    const struct mio_buf *bufs;
    size_t count;
    size_t at;   /* in the first of them */
    size_t left; /* bytes in all of them that may be moved */
};

static struct pipe_cursor cursor_of(const struct mio_buf *bufs, size_t count, size_t len)
{
    return (struct pipe_cursor){bufs, count, 0, len};
}

/* The piece that is next, of which there is at least a byte. */
static struct mio_buf cursor_piece(struct pipe_cursor *cursor)
{
    while (cursor->at == cursor->bufs->len) {
        cursor->bufs++;
        cursor->at = 0;
    }
    const size_t rest = cursor->bufs->len - cursor->at;
    return (struct mio_buf){(char *)cursor->bufs->base + cursor->at,
                            rest < cursor->left ? rest : cursor->left};
}

static void cursor_move(struct pipe_cursor *cursor, size_t n)
{
    cursor->at += n;
    cursor->left -= n;
}

/* The bytes are moved by this library, so a hole in a list is found before. */
static int pipe_check_list(const struct mio_buf *bufs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!bufs[i].base && bufs[i].len > 0)
            return -EINVAL;
    return 0;
}

/* ---- Both directions ------------------------------------------------------------------------- */

/* 0 for a pipe that can move bytes now; the system has been asked. */
static int pipe_check_link(struct mio__pipe_end *end)
{
    mio__pipe_move_on(end);
    mio__pipe_find_client(end);
    if (end->state.link == MIO__PIPE_CONNECTED)
        return 0;
    const bool connects = end->state.link == MIO__PIPE_CONNECTING || end->wants_client;
    return connects ? -EAGAIN : -ENOTCONN;
}

/* As pipe_check_link, where nothing can be moved yet or any more. */
static int pipe_check_unbound(struct mio__pipe_end *end)
{
    return end->lost ? -EBADF : -EAGAIN;
}

/* After a transfer: emulated edges (edge.h). */
static void pipe_rearm(struct mio__pipe_end *end, uint32_t direction, ptrdiff_t result,
                       size_t asked)
{
    enum mio__rearm reason = MIO__FAILED;
    if (result == -EAGAIN)
        reason = MIO__BLOCKED;
    else if (result > 0 && (size_t)result < asked)
        reason = MIO__SHORT;
    else if (result >= 0 || direction == MIO_WRITABLE)
        return;
    if (!mio__edge_has_mode(&end->edge, MIO_LEVEL | MIO_ONESHOT))
        mio__edge_rearm(&end->edge, direction, reason);
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* The input holds something, or has asked for it. */
static bool pipe_has_input(struct mio__pipe_end *end)
{
    if (!end->input.full)
        mio__pipe_receive(end);
    return end->input.full;
}

/* Copies from the input until it ends; of messages from one. */
static size_t pipe_copy_out(struct mio__pipe_end *end, struct pipe_cursor *cursor)
{
    size_t got = 0;
    for (int round = 0; round < ROUNDS_MAX && cursor->left > 0 && pipe_has_input(end); round++) {
        while (cursor->left > 0 && end->input.full) {
            const struct mio_buf piece = cursor_piece(cursor);
            const uint32_t n = mio__pipe_input_take(&end->input, piece.base, piece.len);
            cursor_move(cursor, n);
            got += n;
        }
        if (end->reads_messages && !end->input.goes_on)
            break;
    }
    return got;
}

/* The result of a read that has found no byte. An error is told once, an end for ever. */
static int pipe_read_nothing(struct mio__pipe_end *end)
{
    const int error = end->state.read_error;
    if (error == MIO__PIPE_END)
        return 0;
    end->state.read_error = 0;
    return error < 0 ? error : -EAGAIN;
}

/* part may be NULL: then empty messages are left out. */
static ptrdiff_t pipe_read_some(struct mio__pipe_end *end, struct pipe_cursor *cursor,
                                uint32_t *part)
{
    const int refused = pipe_check_link(end);
    if (refused < 0)
        return refused;
    for (int round = 0; round < ROUNDS_MAX && pipe_has_input(end); round++) {
        const size_t got = pipe_copy_out(end, cursor);
        if (part)
            *part = end->input.full || end->input.goes_on ? MIO_MESSAGE_MORE : 0;
        if (got > 0 || part)
            return (ptrdiff_t)got;
    }
    if (end->input.full) /* so many empty messages: the next call goes on */
        return -EAGAIN;
    const int result = pipe_read_nothing(end);
    if (part && result == 0)
        *part = MIO_MESSAGE_END;
    return result;
}

static ptrdiff_t pipe_read(struct mio_named_pipe *pipe, struct pipe_cursor cursor, uint32_t *part)
{
    struct mio__pipe_end *end = pipe->end;
    const size_t asked = cursor.left;
    if (end->lost || !end->poll)
        return pipe_check_unbound(end);
    mio__port_lock(end->poll);
    const ptrdiff_t result = pipe_read_some(end, &cursor, part);
    mio__pipe_move_on(end);
    pipe_rearm(end, MIO_READABLE, result, asked);
    mio__pipe_tell(end);
    mio__port_unlock(end->poll);
    return result;
}

ptrdiff_t mio_named_pipe_read(struct mio_named_pipe *pipe, void *buf, size_t len)
{
    const int refused = mio__io_check_read(MIO__SOURCE(pipe), buf, len);
    const struct mio_buf list = {buf, mio__io_at_most(len)};
    return refused < 0 ? refused : pipe_read(pipe, cursor_of(&list, 1, list.len), NULL);
}

ptrdiff_t mio_named_pipe_readv(struct mio_named_pipe *pipe, const struct mio_buf *bufs,
                               size_t count)
{
    size_t len;
    int refused = mio__io_check_readv(MIO__SOURCE(pipe), bufs, count, &len);
    if (refused == 0)
        refused = pipe_check_list(bufs, count);
    return refused < 0 ? refused : pipe_read(pipe, cursor_of(bufs, count, len), NULL);
}

ptrdiff_t mio_named_pipe_read_message(struct mio_named_pipe *pipe, void *buf, size_t len,
                                      uint32_t *part)
{
    const int refused = part ? mio__io_check_read(MIO__SOURCE(pipe), buf, len) : -EINVAL;
    const struct mio_buf list = {buf, mio__io_at_most(len)};
    if (refused < 0)
        return refused;
    if (!((struct mio__pipe_end *)pipe->end)->reads_messages)
        return -EINVAL;
    return pipe_read(pipe, cursor_of(&list, 1, list.len), part);
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* Copies into the output until it is full: how many bytes. */
static size_t pipe_copy_in(struct mio__pipe_end *end, struct pipe_cursor *cursor)
{
    size_t taken = 0;
    while (cursor->left > 0) {
        const struct mio_buf piece = cursor_piece(cursor);
        const uint32_t n = mio__pipe_ring_put(&end->output, piece.base, piece.len);
        if (n == 0)
            break;
        cursor_move(cursor, n);
        taken += n;
    }
    return taken;
}

/*
 * Accepts bytes and begins to write them. Where the system refuses at once it has only bytes of
 * this call, for else a write would be under way: they are taken back.
 */
static ptrdiff_t pipe_write_some(struct mio__pipe_end *end, struct pipe_cursor *cursor)
{
    size_t taken = 0;
    for (int round = 0; round < ROUNDS_MAX && cursor->left > 0; round++) {
        const size_t n = pipe_copy_in(end, cursor);
        if (n == 0)
            break;
        const int result = mio__pipe_send(end);
        if (result < 0) {
            end->output.first = end->output.count = 0;
            return taken > 0 ? (ptrdiff_t)taken : result;
        }
        taken += n;
        if (end->writes_messages)
            break;
    }
    return taken > 0 ? (ptrdiff_t)taken : -EAGAIN;
}

/* 0 where the output may take something. */
static int pipe_check_output(struct mio__pipe_end *end, size_t len)
{
    const int refused = pipe_check_link(end);
    if (refused < 0)
        return refused;
    if (end->state.write_error != 0)
        return end->state.write_error;
    if (end->writes_messages && len > end->output.size)
        return -EMSGSIZE;
    if (end->write.stale || (end->writes_messages && end->output.count > 0))
        return -EAGAIN;
    return 0;
}

static ptrdiff_t pipe_write(struct mio_named_pipe *pipe, struct pipe_cursor cursor)
{
    struct mio__pipe_end *end = pipe->end;
    const size_t asked = cursor.left;
    if (end->lost || !end->poll)
        return pipe_check_unbound(end);
    mio__port_lock(end->poll);
    ptrdiff_t result = pipe_check_output(end, asked);
    if (result == 0)
        result = pipe_write_some(end, &cursor);
    pipe_rearm(end, MIO_WRITABLE, result, asked);
    mio__pipe_tell(end);
    mio__port_unlock(end->poll);
    return result;
}

ptrdiff_t mio_named_pipe_write(struct mio_named_pipe *pipe, const void *buf, size_t len)
{
    const int refused = mio__io_check_buffer(MIO__SOURCE(pipe), buf, len);
    if (refused < 0 || len == 0)
        return refused;
    const struct mio_buf list = {(void *)buf, mio__io_at_most(len)};
    return pipe_write(pipe, cursor_of(&list, 1, list.len));
}

ptrdiff_t mio_named_pipe_writev(struct mio_named_pipe *pipe, const struct mio_buf *bufs,
                                size_t count)
{
    size_t len;
    int refused = mio__io_check_writev(MIO__SOURCE(pipe), bufs, count, &len);
    if (refused == 0)
        refused = pipe_check_list(bufs, count);
    if (refused < 0 || len == 0)
        return refused;
    return pipe_write(pipe, cursor_of(bufs, count, len));
}
