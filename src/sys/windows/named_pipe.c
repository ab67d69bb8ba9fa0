/* Named pipes: making and taking them over, connecting, closing. Reads and writes are elsewhere. */
#include "sys/windows/named_pipe.h"

#include "grow.h"
#include "source.h"
#include "sys/windows/calls.h"
#include "sys/windows/error.h"
#include "sys/windows/ntdll.h"

#define NAMED_FLAGS (MIO_NAMED_PIPE_MESSAGES | MIO_NAMED_PIPE_REMOTE | MIO_NAMED_PIPE_SHARED)

/* ---- Options --------------------------------------------------------------------------------- */

static uint32_t named_size(uint32_t size)
{
    return size == 0 ? MIO_NAMED_PIPE_BUFFER : size;
}

/* Copies the options with the defaults in them. flags: those that the call takes. */
static int named_options(const struct mio_named_pipe_options *given, uint32_t flags,
                         uint32_t instances_max, struct mio_named_pipe_options *options)
{
    *options = given ? *given : (struct mio_named_pipe_options){0};
    options->read_buffer = named_size(options->read_buffer);
    options->write_buffer = named_size(options->write_buffer);
    if ((options->flags & ~flags) != 0 || options->instances > instances_max ||
        options->read_buffer > MIO_NAMED_PIPE_BUFFER_MAX ||
        options->write_buffer > MIO_NAMED_PIPE_BUFFER_MAX || options->flush_ns < 0 ||
        !mio__allocator_is_valid(&options->allocator) ||
        !mio__is_zero(options->reserved, sizeof options->reserved / sizeof options->reserved[0]))
        return -EINVAL;
    if (options->flush_ns == 0)
        options->flush_ns = MIO_NAMED_PIPE_FLUSH;
    return 0;
}

/* ---- Making ---------------------------------------------------------------------------------- */

/* The block that the system may write to, with its buffers; NULL when there is no memory. */
static struct mio__pipe_end *named_new(const struct mio_named_pipe_options *options)
{
    const size_t size =
        sizeof(struct mio__pipe_end) + options->read_buffer + (size_t)options->write_buffer;
    struct mio__pipe_end *end = mio__grow_new(&options->allocator, 1, size);
    if (!end)
        return NULL;
    struct mio__pipe_operation *all[] = {&end->listen, &end->read, &end->write, &end->look};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        all[i]->operation.done = mio__pipe_done;
        all[i]->end = end;
    }
    end->handle = INVALID_HANDLE_VALUE;
    end->allocator = options->allocator;
    end->size = size;
    end->flush_ns = options->flush_ns;
    end->input.base = (unsigned char *)(end + 1);
    end->input.size = options->read_buffer;
    end->output.base = end->input.base + options->read_buffer;
    end->output.size = options->write_buffer;
    return end;
}

static void named_open(struct mio_named_pipe *pipe, struct mio__pipe_end *end, HANDLE handle)
{
    end->handle = handle;
    mio__source_open(&pipe->source, (mio_fd)handle);
    pipe->source.flags = MIO__NAMED_PIPE;
    pipe->end = end;
}

static void named_discard(struct mio__pipe_end *end)
{
    end->closed = true;
    mio__pipe_free_if_done(end);
}

/* In the system's form. */
static int named_convert(const char *name, bool may_be_remote, WCHAR wide[MIO__PIPE_NAME_MAX + 1])
{
    const int result = mio__pipe_name_check(name, may_be_remote);
    if (result < 0)
        return result;
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, name, -1, wide,
                            MIO__PIPE_NAME_MAX + 1) != 0)
        return 0;
    return GetLastError() == ERROR_INSUFFICIENT_BUFFER ? -ENAMETOOLONG : -EINVAL;
}

int mio_named_pipe_create(struct mio_named_pipe *pipe, const char *name,
                          const struct mio_named_pipe_options *given)
{
    struct mio_named_pipe_options options;
    WCHAR wide[MIO__PIPE_NAME_MAX + 1];
    if (!pipe)
        return -EINVAL;
    memset(pipe, 0, sizeof *pipe);
    if (!name)
        return -EINVAL;
    int result = named_options(given, NAMED_FLAGS, MIO_NAMED_PIPE_INSTANCES_MAX, &options);
    if (result == 0)
        result = named_convert(name, false, wide);
    if (result < 0)
        return result;
    struct mio__pipe_end *end = named_new(&options);
    if (!end)
        return -ENOMEM;
    end->is_server = true;
    end->reads_messages = end->writes_messages = (options.flags & MIO_NAMED_PIPE_MESSAGES) != 0;
    const DWORD open = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED |
                       (options.flags & MIO_NAMED_PIPE_SHARED ? 0 : FILE_FLAG_FIRST_PIPE_INSTANCE);
    const DWORD mode =
        (end->reads_messages ? PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE : PIPE_TYPE_BYTE) |
        (options.flags & MIO_NAMED_PIPE_REMOTE ? 0 : PIPE_REJECT_REMOTE_CLIENTS);
    const HANDLE handle = MIO__CALL(CreateNamedPipeW)(
        wide, open, mode, options.instances == 0 ? PIPE_UNLIMITED_INSTANCES : options.instances,
        options.write_buffer, options.read_buffer, 0, NULL);
    if (handle == INVALID_HANDLE_VALUE) {
        result = mio__error_of(GetLastError());
        named_discard(end);
        return result;
    }
    named_open(pipe, end, handle);
    return 0;
}

/* A socket has the type of a pipe, and answers questions about pipes with this or that. */
static int named_refusal(int code)
{
    return code == -EACCES || code == -ENOMEM ? code : -EINVAL;
}

/* Asks a pipe that was opened how it works; the object is to be what it is. */
static int named_ask(struct mio__pipe_end *end, HANDLE handle)
{
    DWORD kind, mode;
    if (!MIO__CALL(GetNamedPipeInfo)(handle, &kind, NULL, NULL, NULL) ||
        !MIO__CALL(GetNamedPipeHandleStateW)(handle, &mode, NULL, NULL, NULL, NULL, 0))
        return named_refusal(mio__error_of(GetLastError()));
    if (mode & PIPE_NOWAIT)
        return -EINVAL;
    end->is_server = (kind & PIPE_SERVER_END) != 0;
    end->writes_messages = (kind & PIPE_TYPE_MESSAGE) != 0;
    end->reads_messages = (mode & PIPE_READMODE_MESSAGE) != 0;
    return 0;
}

int mio_named_pipe_open(struct mio_named_pipe *pipe, const char *name,
                        const struct mio_named_pipe_options *given)
{
    struct mio_named_pipe_options options;
    WCHAR wide[MIO__PIPE_NAME_MAX + 1];
    DWORD mode = PIPE_READMODE_MESSAGE;
    if (!pipe)
        return -EINVAL;
    memset(pipe, 0, sizeof *pipe);
    if (!name)
        return -EINVAL;
    int result = named_options(given, MIO_NAMED_PIPE_MESSAGES, 0, &options);
    if (result == 0)
        result = named_convert(name, true, wide);
    if (result < 0)
        return result;
    struct mio__pipe_end *end = named_new(&options);
    if (!end)
        return -ENOMEM;
    const HANDLE handle = MIO__CALL(CreateFileW)(
        wide, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
        FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
    if (handle == INVALID_HANDLE_VALUE)
        result = mio__error_of(GetLastError());
    else if ((options.flags & MIO_NAMED_PIPE_MESSAGES) &&
             !MIO__CALL(SetNamedPipeHandleState)(handle, &mode, NULL, NULL))
        result = mio__error_of(GetLastError());
    else
        result = named_ask(end, handle);
    if (result < 0) {
        if (handle != INVALID_HANDLE_VALUE)
            MIO__CALL(CloseHandle)(handle);
        named_discard(end);
        return result;
    }
    end->state.link = MIO__PIPE_CONNECTED;
    named_open(pipe, end, handle);
    return 0;
}

/* 0 for an end of a pipe or a device whose operations are overlapped. */
static int named_ask_handle(struct mio__pipe_end *end, HANDLE handle)
{
    DWORD flags;
    if (!MIO__CALL(GetHandleInformation)(handle, &flags))
        return -EBADF;
    const DWORD type = MIO__CALL(GetFileType)(handle);
    if ((type != FILE_TYPE_PIPE && type != FILE_TYPE_CHAR) || !mio__ntdll_is_overlapped(handle))
        return -EINVAL;
    const int result = type == FILE_TYPE_PIPE ? named_ask(end, handle) : 0;
    if (result < 0)
        return result;
    return MIO__CALL(SetHandleInformation)(handle, HANDLE_FLAG_INHERIT, 0)
               ? 0
               : mio__error_of(GetLastError());
}

int mio_named_pipe_from_handle(struct mio_named_pipe *pipe, mio_fd handle,
                               const struct mio_named_pipe_options *given)
{
    struct mio_named_pipe_options options;
    if (!pipe)
        return -EINVAL;
    memset(pipe, 0, sizeof *pipe);
    int result = named_options(given, 0, 0, &options);
    if (result < 0)
        return result;
    struct mio__pipe_end *end = named_new(&options);
    if (!end)
        return -ENOMEM;
    result = named_ask_handle(end, (HANDLE)handle);
    if (result < 0) {
        named_discard(end);
        return result;
    }
    end->state.link = end->is_server ? MIO__PIPE_APART : MIO__PIPE_CONNECTED;
    named_open(pipe, end, (HANDLE)handle);
    return 0;
}

/* ---- Connecting ------------------------------------------------------------------------------ */

/* 0 for the end of a server that can be used. */
static int named_check_server(const struct mio_named_pipe *pipe)
{
    const int result = mio__source_check(pipe ? &pipe->source : NULL);
    if (result < 0)
        return result;
    const struct mio__pipe_end *end = pipe->end;
    if (end->lost)
        return -EBADF;
    return end->is_server ? 0 : -EINVAL;
}

static int named_take_error(struct mio__pipe_end *end)
{
    const int error = end->state.connect_error;
    end->state.connect_error = 0;
    return error;
}

static int named_connect(struct mio__pipe_end *end)
{
    if (end->poll)
        mio__pipe_move_on(end);
    const int error = named_take_error(end);
    if (error < 0)
        return error;
    if (end->poll)
        return mio__pipe_listen(end);
    mio__pipe_find_client(end);
    if (end->state.link == MIO__PIPE_CONNECTED)
        return 0;
    end->wants_client = true;
    return -EAGAIN;
}

int mio_named_pipe_connect(struct mio_named_pipe *pipe)
{
    int result = named_check_server(pipe);
    if (result < 0)
        return result;
    struct mio__pipe_end *end = pipe->end;
    if (!end->poll)
        return named_connect(end);
    mio__port_lock(end->poll);
    result = named_connect(end);
    mio__pipe_move_on(end);
    mio__pipe_tell(end);
    mio__port_unlock(end->poll);
    return result;
}

static int named_disconnect(struct mio__pipe_end *end)
{
    if (end->poll)
        mio__pipe_move_on(end);
    mio__pipe_find_client(end);
    if (end->state.link == MIO__PIPE_APART && !end->wants_client)
        return -ENOTCONN;
    const bool was_connected = end->state.link == MIO__PIPE_CONNECTED;
    mio__pipe_part(end);
    if (MIO__CALL(DisconnectNamedPipe)(end->handle) || !was_connected)
        return 0;
    return mio__error_of(GetLastError());
}

int mio_named_pipe_disconnect(struct mio_named_pipe *pipe)
{
    int result = named_check_server(pipe);
    if (result < 0)
        return result;
    struct mio__pipe_end *end = pipe->end;
    if (!end->poll)
        return named_disconnect(end);
    mio__port_lock(end->poll);
    result = named_disconnect(end);
    mio__port_unlock(end->poll);
    return result;
}

int mio_named_pipe_take_error(struct mio_named_pipe *pipe)
{
    int result = mio__source_check(pipe ? &pipe->source : NULL);
    if (result < 0)
        return result;
    struct mio__pipe_end *end = pipe->end;
    if (end->lost || !end->poll)
        return end->lost ? -EBADF : 0;
    mio__port_lock(end->poll);
    mio__pipe_move_on(end);
    result = named_take_error(end);
    mio__port_unlock(end->poll);
    return result;
}

/* ---- Ending ---------------------------------------------------------------------------------- */

mio_fd mio_named_pipe_handle(const struct mio_named_pipe *pipe)
{
    return pipe ? mio_source_fd(&pipe->source) : MIO_FD_NONE;
}

int mio_named_pipe_close(struct mio_named_pipe *pipe)
{
    if (!pipe)
        return -EINVAL;
    if (pipe->source.state == MIO__CLOSED)
        return 0;
    struct mio__pipe_end *end = pipe->end;
    mio__source_into_fd(&pipe->source);
    memset(pipe, 0, sizeof *pipe);
    struct mio_poll *poll = end->lost ? NULL : end->poll;
    end->poll = poll;
    if (!poll)
        return mio__pipe_close(end);
    mio__port_lock(poll);
    const int result = mio__pipe_close(end);
    mio__port_unlock(poll);
    mio__poll_release(poll);
    return result;
}
