/*
 * Functions of ntdll beyond the documented interface, found at run time: the device that tells of
 * sockets (AFD), and requests to it. Link-time dependencies are ws2_32 and kernel32 alone.
 */
#ifndef MIO_NTDLL_H
#define MIO_NTDLL_H

#include <stdbool.h>

#include <winsock2.h>
/* After winsock2.h. */
#include <winternl.h>

/* The functions, with their names and parameters of ntdll. */
struct mio__ntdll {
    NTSTATUS(NTAPI *NtCreateFile)
    (HANDLE *handle, ACCESS_MASK access, OBJECT_ATTRIBUTES *attributes, IO_STATUS_BLOCK *status,
     LARGE_INTEGER *size, ULONG file_attributes, ULONG share, ULONG disposition, ULONG options,
     void *ea, ULONG ea_length);
    NTSTATUS(NTAPI *NtDeviceIoControlFile)
    (HANDLE device, HANDLE event, void *apc, void *apc_context, IO_STATUS_BLOCK *status, ULONG code,
     void *in, ULONG in_length, void *out, ULONG out_length);
    NTSTATUS(NTAPI *NtCancelIoFileEx)
    (HANDLE device, IO_STATUS_BLOCK *request, IO_STATUS_BLOCK *status);
    /* NULL where it is missing. The entries have the form of OVERLAPPED_ENTRY. */
    NTSTATUS(NTAPI *NtRemoveIoCompletionEx)
    (HANDLE port, OVERLAPPED_ENTRY *entries, ULONG room, ULONG *count, LARGE_INTEGER *timeout,
     BOOLEAN alertable);
    bool is_wine; /* it stands on Wine, which tells the peer's end only behind the data */
};

/* Looks them up once. NULL where one is missing. */
const struct mio__ntdll *mio__ntdll_find(void);

#endif
