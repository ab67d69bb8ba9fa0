/*
 * The AFD device. Its interface is not documented; these facts are known from what uses it (wepoll,
 * the original of this library) and from Wine.
 *
 *   A  NtCreateFile opens the device by any name below \Device\Afd. A handle serves many sockets.
 *   B  IOCTL_AFD_POLL answers once. Where it can answer at once it returns success, and the port is
 *      told even so, unless the handle skips that: it must not.
 *   C  Two requests for one socket over one handle are mixed up by the device.
 *   D  The request's status block is what a cancel names. A request that has ended is not found.
 *   E  Handles of layered sockets are not known to the device: it takes base sockets.
 */
#include "sys/windows/afd.h"

#include "sys/windows/afd_rule.h"
#include "sys/windows/calls.h"
#include "sys/windows/error.h"
#include "sys/windows/ntdll.h"

#include <string.h>

#define AFD_POLL 0x00012024u
#define NAME L"\\Device\\Afd\\mio"

#define STATUS_OF_SUCCESS ((NTSTATUS)0)
#define STATUS_OF_PENDING ((NTSTATUS)0x00000103)
#define STATUS_OF_NOT_FOUND ((NTSTATUS)0xc0000225)

_Static_assert(sizeof(IO_STATUS_BLOCK) <= offsetof(OVERLAPPED, Offset),
               "a status block is the beginning of an OVERLAPPED");

static IO_STATUS_BLOCK *status_of(struct mio__operation *operation)
{
    return (IO_STATUS_BLOCK *)&operation->overlapped.Internal;
}

int mio__afd_open(HANDLE port, HANDLE *device)
{
    HANDLE opened;
    if (!mio__ntdll_find())
        return -ENOSYS;
    UNICODE_STRING name = {sizeof NAME - sizeof(WCHAR), sizeof NAME, NAME};
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes, .ObjectName = &name};
    IO_STATUS_BLOCK status;
    NTSTATUS result =
        MIO__NTDLL_CALL(NtCreateFile)(&opened, SYNCHRONIZE, &attributes, &status, NULL, 0,
                                      FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, 0, NULL, 0);
    if (result != STATUS_OF_SUCCESS)
        return mio__error_of_status(result);
    if (MIO__CALL(CreateIoCompletionPort)(opened, port, 0, 0) &&
        MIO__CALL(SetFileCompletionNotificationModes)(opened, FILE_SKIP_SET_EVENT_ON_HANDLE)) {
        *device = opened;
        return 0;
    }
    int error = mio__error_of(GetLastError());
    mio__afd_close(opened);
    return error;
}

int mio__afd_close(HANDLE device)
{
    return MIO__CALL(CloseHandle)(device) ? 0 : mio__error_of(GetLastError());
}

int mio__afd_submit(HANDLE device, struct mio__operation *operation,
                    struct mio__afd_request *request, mio_fd socket, uint32_t events)
{
    IO_STATUS_BLOCK *status = status_of(operation);
    memset(&operation->overlapped, 0, sizeof operation->overlapped);
    *request = (struct mio__afd_request){
        .timeout = {.QuadPart = INT64_MAX},
        .count = 1,
        .socket = (HANDLE)socket,
        .events = events,
    };
    operation->overlapped.Internal = (ULONG_PTR)STATUS_OF_PENDING;
    NTSTATUS result = MIO__NTDLL_CALL(NtDeviceIoControlFile)(
        device, NULL, NULL, &operation->overlapped, status, AFD_POLL, request, sizeof *request,
        request, sizeof *request);
    if (result == STATUS_OF_SUCCESS || result == STATUS_OF_PENDING)
        return 0;
    if (result == MIO__STATUS_INVALID_HANDLE || result == MIO__STATUS_OBJECT_TYPE_MISMATCH)
        return -EBADF;
    return mio__error_of_status(result);
}

int mio__afd_cancel(HANDLE device, struct mio__operation *operation)
{
    IO_STATUS_BLOCK status;
    NTSTATUS result = MIO__NTDLL_CALL(NtCancelIoFileEx)(device, status_of(operation), &status);
    if (result == STATUS_OF_SUCCESS || result == STATUS_OF_NOT_FOUND)
        return 0;
    return mio__error_of_status(result);
}

/* The last that it writes is the status. */
bool mio__afd_is_done(const struct mio__operation *operation)
{
    const volatile ULONG_PTR *status = &operation->overlapped.Internal;
    return *status != (ULONG_PTR)STATUS_OF_PENDING;
}

uint32_t mio__afd_answer(const struct mio__operation *operation,
                         const struct mio__afd_request *request)
{
    return mio__afd_events((int32_t)operation->overlapped.Internal, request->count,
                           request->events);
}

bool mio__afd_tells_end(void)
{
    const struct mio__ntdll *ntdll = mio__ntdll_find();
    return ntdll && !ntdll->is_wine;
}
