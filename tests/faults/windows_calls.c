/* The table of calls on Windows. */
#include "windows_calls.h"

#include "sys/windows/message.h"
#include "sys/windows/ntdll.h"
#include "windows_system.h"

#include <errno.h>

/* ---- Numbers of errors ----------------------------------------------------------------------- */

enum kind { OF_SOCKET, OF_HANDLE, OF_NTDLL };

static enum kind kind_of(enum fault_call call)
{
    static const unsigned char kinds[FAULT_CALLS] = {
#define KIND(result, name, parameters, arguments) [FAULT_##name] = OF_HANDLE,
        MIO__CALLS_OF_HANDLES(KIND) MIO__CALLS_OF_TYPES(KIND) MIO__CALLS_FOR_FILES(KIND)
#undef KIND
            [FAULT_CloseHandle] = OF_HANDLE,
        [FAULT_CreateIoCompletionPort] = OF_HANDLE,
#define KIND(result, name, parameters, arguments) [FAULT_##name] = OF_NTDLL,
        MIO__CALLS_OF_NTDLL(KIND) MIO__CALLS_OF_FINE_WAITS(KIND)
#undef KIND
    };
    return (enum kind)kinds[call];
}

/* Values of the system, from ntstatus.h. */
static const struct {
    int error;
    unsigned long status;
} statuses[] = {
    {EACCES, 0xc0000022}, {EBADF, 0xc0000008},  {EFAULT, 0xc0000005},  {EMFILE, 0xc000011f},
    {ENODEV, 0xc0000034}, {ENOMEM, 0xc000009a}, {ENOTSUP, 0xc00000bb},
};

static unsigned long status_of(int error)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i].error == error)
            return statuses[i].status;
    return 0;
}

#define STATUS_OF_NOT_FOUND 0xc0000225

static unsigned long without_marks(int error)
{
    const unsigned long bits = (unsigned long)error;
    return (bits & 0xffff0000) == 0x80070000 ? bits & 0xffff : bits;
}

unsigned long fault_number(enum fault_call call, int error)
{
    const enum kind kind = kind_of(call);
    if (error == FAULT_ONE_BYTE)
        return 1;
    if (error < 0)
        return without_marks(error);
    /* Nothing interrupts a call here, and none goes on behind another one's back. */
    if (error == EINTR || error == EINPROGRESS)
        return 0;
    return kind == OF_NTDLL ? status_of(error) : windows_error(-error, kind == OF_SOCKET);
}

static void set_error(enum fault_call call, int error)
{
    SetLastError((DWORD)fault_number(call, error)); /* Winsock's error is the same variable */
}

static int fail(enum fault_call call, int fault)
{
    set_error(call, fault);
    return SOCKET_ERROR;
}

/* ---- Handles --------------------------------------------------------------------------------- */

enum { HANDLES_MAX = 2048 };

static struct {
    SRWLOCK lock;
    uintptr_t open[HANDLES_MAX];
    bool is_socket[HANDLES_MAX];
    size_t count;
    unsigned long opened, wrong_closes;
} handles;

static size_t place_of(uintptr_t handle)
{
    size_t i = 0;
    while (i < handles.count && handles.open[i] != handle)
        i++;
    return i;
}

/* A number that is known already was closed by the program. */
static void note_opened(uintptr_t handle, bool is_socket)
{
    AcquireSRWLockExclusive(&handles.lock);
    const size_t i = place_of(handle);
    handles.opened++;
    if (i < HANDLES_MAX) {
        handles.open[i] = handle;
        handles.is_socket[i] = is_socket;
        handles.count += i == handles.count;
    }
    ReleaseSRWLockExclusive(&handles.lock);
}

static void note_closed(uintptr_t handle, bool closed)
{
    AcquireSRWLockExclusive(&handles.lock);
    const size_t i = place_of(handle);
    handles.wrong_closes += !closed;
    if (closed && i < handles.count) {
        handles.count--;
        handles.open[i] = handles.open[handles.count];
        handles.is_socket[i] = handles.is_socket[handles.count];
    }
    ReleaseSRWLockExclusive(&handles.lock);
}

static bool is_socket(uintptr_t handle)
{
    int type, length = sizeof type;
    return getsockopt(handle, SOL_SOCKET, SO_TYPE, (char *)&type, &length) == 0;
}

int fault_handles_left(void)
{
    const DWORD before = GetLastError();
    int left = 0;
    AcquireSRWLockExclusive(&handles.lock);
    for (size_t i = 0; i < handles.count; i++)
        left += !handles.is_socket[i] || is_socket(handles.open[i]);
    ReleaseSRWLockExclusive(&handles.lock);
    SetLastError(before);
    return left;
}

unsigned long fault_handles_opened(void)
{
    return handles.opened;
}

unsigned long fault_wrong_closes(void)
{
    return handles.wrong_closes;
}

/* ---- Calls that open and close --------------------------------------------------------------- */

static SOCKET WINAPI call_WSASocketW(int family, int type, int protocol, WSAPROTOCOL_INFOW *info,
                                     GROUP group, DWORD flags)
{
    int fault = fault_next(FAULT_WSASocketW);
    SOCKET made = INVALID_SOCKET;
    if (fault == 0)
        made = WSASocketW(family, type, protocol, info, group, flags);
    else
        set_error(FAULT_WSASocketW, fault);
    if (made != INVALID_SOCKET)
        note_opened(made, true);
    return made;
}

static SOCKET WINAPI call_accept(SOCKET fd, struct sockaddr *addr, int *length)
{
    int fault = fault_next(FAULT_accept);
    SOCKET made = INVALID_SOCKET;
    if (fault == 0)
        made = accept(fd, addr, length);
    else
        set_error(FAULT_accept, fault);
    if (made != INVALID_SOCKET)
        note_opened(made, true);
    return made;
}

/* Would-block leaves the socket open; after any other refusal it is gone. */
static int WINAPI call_closesocket(SOCKET fd)
{
    int fault = fault_next(FAULT_closesocket);
    if (fault != EAGAIN)
        note_closed(fd, closesocket(fd) == 0);
    if (fault == 0)
        return 0;
    set_error(FAULT_closesocket, fault);
    return SOCKET_ERROR;
}

static BOOL WINAPI call_CloseHandle(HANDLE handle)
{
    int fault = fault_next(FAULT_CloseHandle);
    note_closed((uintptr_t)handle, CloseHandle(handle));
    if (fault == 0)
        return TRUE;
    set_error(FAULT_CloseHandle, fault);
    return FALSE;
}

static HANDLE WINAPI call_CreateIoCompletionPort(HANDLE file, HANDLE port, ULONG_PTR key,
                                                 DWORD threads)
{
    int fault = fault_next(FAULT_CreateIoCompletionPort);
    HANDLE made = NULL;
    if (fault == 0)
        made = CreateIoCompletionPort(file, port, key, threads);
    else
        set_error(FAULT_CreateIoCompletionPort, fault);
    if (made && made != port)
        note_opened((uintptr_t)made, false);
    return made;
}

static NTSTATUS NTAPI call_NtCreateFile(HANDLE *handle, ACCESS_MASK access,
                                        OBJECT_ATTRIBUTES *attributes, IO_STATUS_BLOCK *status,
                                        LARGE_INTEGER *size, ULONG file_attributes, ULONG share,
                                        ULONG disposition, ULONG options, void *ea, ULONG ea_length)
{
    int fault = fault_next(FAULT_NtCreateFile);
    if (fault != 0)
        return (NTSTATUS)fault_number(FAULT_NtCreateFile, fault);
    NTSTATUS result =
        mio__ntdll_find()->NtCreateFile(handle, access, attributes, status, size, file_attributes,
                                        share, disposition, options, ea, ea_length);
    if (result == 0)
        note_opened((uintptr_t)*handle, false);
    return result;
}

#define DEFINE(result, name, parameters, arguments)                                                \
    static result WINAPI call_##name parameters                                                    \
    {                                                                                              \
        int fault = fault_next(FAULT_##name);                                                      \
        result made = INVALID_HANDLE_VALUE;                                                        \
        if (fault == 0)                                                                            \
            made = name arguments;                                                                 \
        else                                                                                       \
            set_error(FAULT_##name, fault);                                                        \
        if (made != INVALID_HANDLE_VALUE)                                                          \
            note_opened((uintptr_t)made, false);                                                   \
        return made;                                                                               \
    }
MIO__CALLS_FOR_FILES(DEFINE)
#undef DEFINE

/* ---- Calls that move data -------------------------------------------------------------------- */

static int shorten(int fault, int len)
{
    return fault == FAULT_ONE_BYTE && len > 1 ? 1 : len;
}

static int WINAPI call_recv(SOCKET fd, char *buf, int len, int flags)
{
    int fault = fault_next(FAULT_recv);
    return fault != 0 && fault != FAULT_ONE_BYTE ? fail(FAULT_recv, fault)
                                                 : recv(fd, buf, shorten(fault, len), flags);
}

static int WINAPI call_send(SOCKET fd, const char *buf, int len, int flags)
{
    int fault = fault_next(FAULT_send);
    return fault != 0 && fault != FAULT_ONE_BYTE ? fail(FAULT_send, fault)
                                                 : send(fd, buf, shorten(fault, len), flags);
}

/* The first byte of a list of buffers. */
static WSABUF first_byte(const WSABUF *bufs, DWORD count)
{
    DWORD i = 0;
    while (i + 1 < count && bufs[i].len == 0)
        i++;
    return (WSABUF){bufs[i].len > 0, bufs[i].buf};
}

static int WINAPI call_WSARecv(SOCKET fd, WSABUF *bufs, DWORD count, DWORD *done, DWORD *flags,
                               WSAOVERLAPPED *overlapped,
                               LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
    int fault = fault_next(FAULT_WSARecv);
    WSABUF byte = first_byte(bufs, count);
    if (fault == FAULT_ONE_BYTE)
        return WSARecv(fd, &byte, 1, done, flags, overlapped, routine);
    return fault != 0 ? fail(FAULT_WSARecv, fault)
                      : WSARecv(fd, bufs, count, done, flags, overlapped, routine);
}

static int WINAPI call_WSASend(SOCKET fd, WSABUF *bufs, DWORD count, DWORD *done, DWORD flags,
                               WSAOVERLAPPED *overlapped,
                               LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
    int fault = fault_next(FAULT_WSASend);
    WSABUF byte = first_byte(bufs, count);
    if (fault == FAULT_ONE_BYTE)
        return WSASend(fd, &byte, 1, done, flags, overlapped, routine);
    return fault != 0 ? fail(FAULT_WSASend, fault)
                      : WSASend(fd, bufs, count, done, flags, overlapped, routine);
}

/* ---- Calls that succeed or fail -------------------------------------------------------------- */

#define DEFINE(result, name, parameters, arguments)                                                \
    static result WINAPI call_##name parameters                                                    \
    {                                                                                              \
        int fault = fault_next(FAULT_##name);                                                      \
        return fault != 0 ? fail(FAULT_##name, fault) : name arguments;                            \
    }
MIO__CALLS_OF_SOCKETS(DEFINE)
#undef DEFINE

/* The library has found it before. */
#define DEFINE(result, name, parameters, arguments)                                                \
    static result WINAPI call_##name parameters                                                    \
    {                                                                                              \
        int error, fault = fault_next(FAULT_##name);                                               \
        return fault != 0 ? fail(FAULT_##name, fault) : mio__message_find(fd, &error) arguments;   \
    }
MIO__CALLS_OF_MESSAGES(DEFINE)
#undef DEFINE

#define DEFINE(result, name, parameters, arguments)                                                \
    static result WINAPI call_##name parameters                                                    \
    {                                                                                              \
        int fault = fault_next(FAULT_##name);                                                      \
        if (fault == 0)                                                                            \
            return name arguments;                                                                 \
        set_error(FAULT_##name, fault);                                                            \
        return 0;                                                                                  \
    }
MIO__CALLS_OF_HANDLES(DEFINE)
MIO__CALLS_OF_TYPES(DEFINE)
#undef DEFINE

#define DEFINE(result, name, parameters, arguments)                                                \
    static result WINAPI call_##name parameters                                                    \
    {                                                                                              \
        int fault = fault_next(FAULT_##name);                                                      \
        return fault != 0 ? (int)fault_number(FAULT_##name, fault) : name arguments;               \
    }
MIO__CALLS_OF_START(DEFINE)
#undef DEFINE

/* A cancel that finds nothing comes behind the end, or just before it: so it is made even so. */
#define DEFINE(result, name, parameters, arguments)                                                \
    static result NTAPI call_##name parameters                                                     \
    {                                                                                              \
        int fault = fault_next(FAULT_##name);                                                      \
        if (fault == 0)                                                                            \
            return mio__ntdll_find()->name arguments;                                              \
        if (fault == FAULT_NT(STATUS_OF_NOT_FOUND))                                                \
            mio__ntdll_find()->name arguments;                                                     \
        return (result)fault_number(FAULT_##name, fault);                                          \
    }
MIO__CALLS_OF_DEVICES(DEFINE)
MIO__CALLS_OF_FINE_WAITS(DEFINE)
#undef DEFINE

struct mio__calls mio__calls = {
#define ENTRY(result, name, parameters, arguments) .name = call_##name,
    MIO__CALLS(ENTRY)
#undef ENTRY
};
