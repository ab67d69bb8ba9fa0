/*
 * Named pipes: operations of the system, and what their results mean.
 *
 * Facts about the system, and the letters by which the code refers to them (Microsoft's pages on
 * named pipes; Wine, by a probe of each):
 *   A  An operation that returns success, or that the message goes on, tells the port all the same.
 *      One that returns another error does not.
 *   B  A write that the peer has no room for stays under way until all of it was taken. If it is
 *      cancelled then, nobody can tell how much was: it is never begun again.
 *   C  A read without data of a peer that has closed is ERROR_BROKEN_PIPE. A client hears
 *      ERROR_PIPE_NOT_CONNECTED once its server has disconnected.
 *   D  An empty write of the peer ends a read with 0 bytes, also on a pipe of bytes (not in Wine).
 *      That is no end.
 *   E  ConnectNamedPipe says ERROR_PIPE_CONNECTED where a client came before it, and ERROR_NO_DATA
 *      where that one has gone again: what it has written is there to be read.
 *   F  DisconnectNamedPipe ends what waits for a client; in Wine it refuses, and that goes on.
 *   G  A read or a connect may be cancelled by others, as by Wine where the thread ends that has
 *      begun it: it is begun again.
 */
#include "sys/windows/calls.h"
#include "sys/windows/error.h"
#include "sys/windows/named_pipe.h"

_Static_assert(MIO__PIPE_SAYS_BROKEN == ERROR_BROKEN_PIPE &&
                   MIO__PIPE_SAYS_NO_DATA == ERROR_NO_DATA &&
                   MIO__PIPE_SAYS_NOT_CONNECTED == ERROR_PIPE_NOT_CONNECTED &&
                   MIO__PIPE_SAYS_MORE_DATA == ERROR_MORE_DATA &&
                   MIO__PIPE_SAYS_CONNECTED == ERROR_PIPE_CONNECTED &&
                   MIO__PIPE_SAYS_ABORTED == ERROR_OPERATION_ABORTED &&
                   MIO__PIPE_SAYS_UNFINISHED == ERROR_IO_INCOMPLETE &&
                   MIO__PIPE_SAYS_PENDING == ERROR_IO_PENDING,
               "the rules have the codes of the system");

/* ---- Operations in general ------------------------------------------------------------------- */

static OVERLAPPED *operation_start(struct mio__pipe_operation *operation)
{
    memset(&operation->operation.overlapped, 0, sizeof operation->operation.overlapped);
    return &operation->operation.overlapped;
}

/* Keeps account of an operation after its call; returns the answer, 0 where it has begun (A). */
static DWORD operation_begun(struct mio__pipe_operation *operation, BOOL worked)
{
    const DWORD answer = worked ? 0 : GetLastError();
    if (!mio__pipe_is_begun(answer))
        return answer;
    operation->busy = true;
    operation->end->due++;
    mio__pipes_of(operation->end->poll)->due++;
    return 0;
}

/*
 * Takes the result of an operation that is done. False where there is none: it is under way, or was
 * never begun, or its result is about a connection that has ended.
 */
static bool operation_take(struct mio__pipe_operation *operation, DWORD *answer, DWORD *count)
{
    if (!operation->busy)
        return false;
    *count = 0;
    const bool worked = MIO__CALL(GetOverlappedResult)(
        operation->end->handle, &operation->operation.overlapped, count, FALSE);
    *answer = worked ? 0 : GetLastError();
    if (*answer == ERROR_IO_INCOMPLETE)
        return false;
    const bool stale = operation->stale;
    operation->busy = false;
    operation->stale = false;
    return !stale;
}

void mio__pipe_cancel(struct mio__pipe_end *end, struct mio__pipe_operation *operation)
{
    if (operation->busy)
        MIO__CALL(CancelIoEx)(end->handle, &operation->operation.overlapped);
}

/* ---- Connections ----------------------------------------------------------------------------- */

static void end_connected(struct mio__pipe_end *end)
{
    end->state = (struct mio__pipe_state){.link = MIO__PIPE_CONNECTED};
    /* A new connection is as a new source, but for a oneshot that was told. */
    if (mio__pipe_is_registered(end) && !mio__edge_has_mode(&end->edge, MIO_LEVEL | MIO_ONESHOT))
        mio__edge_start(&end->edge, end->edge.interest);
}

void mio__pipe_find_client(struct mio__pipe_end *end)
{
    DWORD there;
    if (end->state.link != MIO__PIPE_APART || !end->is_server)
        return;
    if (MIO__CALL(PeekNamedPipe)(end->handle, NULL, 0, NULL, &there, NULL) ||
        GetLastError() == ERROR_BROKEN_PIPE)
        end_connected(end);
}

/* The stale operations end by themselves; their memory is not used before they have. */
void mio__pipe_part(struct mio__pipe_end *end)
{
    struct mio__pipe_operation *all[] = {&end->listen, &end->read, &end->write};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        mio__pipe_cancel(end, all[i]);
        all[i]->stale = all[i]->busy;
    }
    end->state = (struct mio__pipe_state){.link = MIO__PIPE_APART};
    end->input.full = end->input.goes_on = false;
    end->output.first = end->output.count = 0;
    end->wants_client = false;
}

/* The end of a connect that was under way. */
static void listen_take(struct mio__pipe_end *end)
{
    DWORD answer, count;
    if (!operation_take(&end->listen, &answer, &count))
        return;
    if (answer == 0 || answer == ERROR_PIPE_CONNECTED || answer == ERROR_NO_DATA) {
        end_connected(end);
        return;
    }
    end->state.link = MIO__PIPE_APART;
    if (answer == ERROR_OPERATION_ABORTED) /* by a close, or G */
        end->wants_client = !end->closed;
    else
        end->state.connect_error = mio__error_of(answer);
}

int mio__pipe_listen(struct mio__pipe_end *end)
{
    if (end->state.link == MIO__PIPE_CONNECTED)
        return 0;
    if (end->state.link == MIO__PIPE_CONNECTING)
        return -EAGAIN;
    /* One that was given up is not over yet: its packet goes on from here. */
    end->wants_client = end->listen.busy;
    if (end->listen.busy)
        return -EAGAIN;
    OVERLAPPED *overlapped = operation_start(&end->listen);
    const DWORD answer =
        operation_begun(&end->listen, MIO__CALL(ConnectNamedPipe)(end->handle, overlapped));
    if (answer == ERROR_PIPE_CONNECTED || answer == ERROR_NO_DATA) { /* E */
        end_connected(end);
        return 0;
    }
    if (answer != 0)
        return mio__error_of(answer);
    end->state.link = MIO__PIPE_CONNECTING;
    listen_take(end);
    return end->state.link == MIO__PIPE_CONNECTED ? 0 : -EAGAIN;
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* The end of a write that was under way. */
static void write_take(struct mio__pipe_end *end)
{
    DWORD answer, count;
    if (!operation_take(&end->write, &answer, &count))
        return;
    if (answer == 0 && count == 0)
        answer = ERROR_WRITE_FAULT; /* a device that takes nothing */
    if (answer == 0)
        mio__pipe_ring_take(&end->output, count);
    else
        end->state.write_error = mio__pipe_is_left(answer) ? -EPIPE : mio__error_of(answer);
    if (answer != 0)
        end->output.first = end->output.count = 0;
}

int mio__pipe_send(struct mio__pipe_end *end)
{
    while (!end->write.busy && end->output.count > 0 && end->state.write_error == 0) {
        const DWORD answer = operation_begun(
            &end->write, MIO__CALL(WriteFile)(end->handle, end->output.base + end->output.first,
                                              mio__pipe_ring_piece(&end->output), NULL,
                                              operation_start(&end->write)));
        if (answer != 0)
            return mio__pipe_is_left(answer) ? -EPIPE : mio__error_of(answer);
        write_take(end);
    }
    return 0;
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* A read has ended so. */
static void read_ended(struct mio__pipe_end *end, DWORD answer, DWORD count)
{
    struct mio__pipe_input *input = &end->input;
    if (answer == 0 || answer == ERROR_MORE_DATA) {
        input->at = 0;
        input->end = count;
        /* Nothing is an empty message, or the rest of one, or nothing (D). */
        input->full = count > 0 || (end->reads_messages && !input->goes_on);
        input->goes_on = answer == ERROR_MORE_DATA;
    } else if (mio__pipe_is_left(answer)) { /* C */
        end->state.read_error = MIO__PIPE_END;
    } else if (answer != ERROR_OPERATION_ABORTED) { /* G */
        end->state.read_error = mio__error_of(answer);
    }
}

static void read_take(struct mio__pipe_end *end)
{
    DWORD answer, count;
    if (operation_take(&end->read, &answer, &count))
        read_ended(end, answer, count);
}

void mio__pipe_receive(struct mio__pipe_end *end)
{
    if (end->read.busy || end->input.full || end->state.read_error != 0)
        return;
    const DWORD answer = operation_begun(
        &end->read, MIO__CALL(ReadFile)(end->handle, end->input.base, end->input.size, NULL,
                                        operation_start(&end->read)));
    if (answer != 0)
        read_ended(end, answer, 0);
    else
        read_take(end);
}

bool mio__pipe_reads_ahead(const struct mio__pipe_end *end)
{
    return mio__pipe_is_registered(end) && (end->edge.interest & MIO_READABLE) != 0;
}

/* ---- All of them ----------------------------------------------------------------------------- */

bool mio__pipe_is_idle(struct mio__pipe_end *end)
{
    listen_take(end);
    write_take(end);
    read_take(end);
    return !end->listen.busy && !end->write.busy && !end->read.busy;
}

void mio__pipe_move_on(struct mio__pipe_end *end)
{
    mio__pipe_is_idle(end);
    if (end->wants_client && !end->listen.busy && end->state.link == MIO__PIPE_APART) {
        const int result = mio__pipe_listen(end);
        if (result < 0 && result != -EAGAIN)
            end->state.connect_error = result;
    }
    if (end->state.link != MIO__PIPE_CONNECTED)
        return;
    const int result = mio__pipe_send(end);
    if (result < 0) {
        end->state.write_error = result;
        end->output.first = end->output.count = 0;
    }
    if (mio__pipe_reads_ahead(end))
        mio__pipe_receive(end);
    else
        mio__pipe_cancel(end, &end->read);
}
