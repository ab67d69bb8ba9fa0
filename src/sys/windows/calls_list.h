/* The calls of the system that this folder makes: result, name, parameters, arguments. */
#ifndef MIO_CALLS_LIST_H
#define MIO_CALLS_LIST_H

#include "system.h"
/* After winsock2.h, which system.h brings. */
#include <winternl.h>

/* clang-format off */

/* These return 0, or SOCKET_ERROR and leave the code to WSAGetLastError. */
#define MIO__CALLS_OF_SOCKETS(X) \
    X(int, bind, (SOCKET fd, const struct sockaddr *addr, int length), (fd, addr, length)) \
    X(int, connect, (SOCKET fd, const struct sockaddr *addr, int length), (fd, addr, length)) \
    X(int, getpeername, (SOCKET fd, struct sockaddr *addr, int *length), (fd, addr, length)) \
    X(int, getsockname, (SOCKET fd, struct sockaddr *addr, int *length), (fd, addr, length)) \
    X(int, getsockopt, (SOCKET fd, int level, int name, char *value, int *length), \
      (fd, level, name, value, length)) \
    X(int, ioctlsocket, (SOCKET fd, long command, u_long *value), (fd, command, value)) \
    X(int, listen, (SOCKET fd, int backlog), (fd, backlog)) \
    X(int, recvfrom, (SOCKET fd, char *buf, int len, int flags, struct sockaddr *addr, \
      int *length), (fd, buf, len, flags, addr, length)) \
    X(int, select, (int ignored, fd_set *reads, fd_set *writes, fd_set *errors, \
      PTIMEVAL timeout), (ignored, reads, writes, errors, timeout)) \
    X(int, sendto, (SOCKET fd, const char *buf, int len, int flags, const struct sockaddr *addr, \
      int length), (fd, buf, len, flags, addr, length)) \
    X(int, setsockopt, (SOCKET fd, int level, int name, const char *value, int length), \
      (fd, level, name, value, length)) \
    X(int, shutdown, (SOCKET fd, int how), (fd, how)) \
    X(int, WSAIoctl, (SOCKET fd, DWORD code, void *in, DWORD in_length, void *out, \
      DWORD out_length, DWORD *done, WSAOVERLAPPED *overlapped, \
      LPWSAOVERLAPPED_COMPLETION_ROUTINE routine), \
      (fd, code, in, in_length, out, out_length, done, overlapped, routine)) \
    X(int, WSASendMsg, (SOCKET fd, WSAMSG *message, DWORD flags, DWORD *done, \
      WSAOVERLAPPED *overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine), \
      (fd, message, flags, done, overlapped, routine))

/* The same, but it is found at run time, by a socket (message.h). */
#define MIO__CALLS_OF_MESSAGES(X) \
    X(INT, WSARecvMsg, (SOCKET fd, WSAMSG *message, DWORD *done, WSAOVERLAPPED *overlapped, \
      LPWSAOVERLAPPED_COMPLETION_ROUTINE routine), (fd, message, done, overlapped, routine))

/* The same, but two of them return how much they have moved: it may be less than was asked for. */
#define MIO__CALLS_THAT_MOVE(X) \
    X(int, recv, (SOCKET fd, char *buf, int len, int flags), (fd, buf, len, flags)) \
    X(int, send, (SOCKET fd, const char *buf, int len, int flags), (fd, buf, len, flags)) \
    X(int, WSARecv, (SOCKET fd, WSABUF *bufs, DWORD count, DWORD *done, DWORD *flags, \
      WSAOVERLAPPED *overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine), \
      (fd, bufs, count, done, flags, overlapped, routine)) \
    X(int, WSASend, (SOCKET fd, WSABUF *bufs, DWORD count, DWORD *done, DWORD flags, \
      WSAOVERLAPPED *overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine), \
      (fd, bufs, count, done, flags, overlapped, routine))

/* These return a socket, or INVALID_SOCKET. */
#define MIO__CALLS_FOR_SOCKETS(X) \
    X(SOCKET, accept, (SOCKET fd, struct sockaddr *addr, int *length), (fd, addr, length)) \
    X(SOCKET, WSASocketW, (int family, int type, int protocol, WSAPROTOCOL_INFOW *info, \
      GROUP group, DWORD flags), (family, type, protocol, info, group, flags))

/* This returns 0 or its code. */
#define MIO__CALLS_OF_START(X) \
    X(int, WSAStartup, (WORD version, WSADATA *data), (version, data))

/* These return 0 or NULL when they fail, and leave the code to GetLastError. */
#define MIO__CALLS_OF_HANDLES(X) \
    X(BOOL, CancelIoEx, (HANDLE handle, OVERLAPPED *operation), (handle, operation)) \
    X(BOOL, ConnectNamedPipe, (HANDLE pipe, OVERLAPPED *operation), (pipe, operation)) \
    X(BOOL, DisconnectNamedPipe, (HANDLE pipe), (pipe)) \
    X(BOOL, GetHandleInformation, (HANDLE handle, DWORD *flags), (handle, flags)) \
    X(BOOL, GetNamedPipeHandleStateW, (HANDLE pipe, DWORD *mode, DWORD *instances, \
      DWORD *collected, DWORD *collect_time, WCHAR *user, DWORD user_room), \
      (pipe, mode, instances, collected, collect_time, user, user_room)) \
    X(BOOL, GetNamedPipeInfo, (HANDLE pipe, DWORD *kind, DWORD *out_size, DWORD *in_size, \
      DWORD *instances), (pipe, kind, out_size, in_size, instances)) \
    X(HMODULE, GetModuleHandleW, (const WCHAR *name), (name)) \
    X(FARPROC, GetProcAddress, (HMODULE module, const char *name), (module, name)) \
    X(BOOL, GetOverlappedResult, (HANDLE handle, OVERLAPPED *operation, DWORD *count, BOOL wait), \
      (handle, operation, count, wait)) \
    X(BOOL, GetQueuedCompletionStatusEx, (HANDLE port, OVERLAPPED_ENTRY *entries, ULONG room, \
      ULONG *count, DWORD milliseconds, BOOL alertable), \
      (port, entries, room, count, milliseconds, alertable)) \
    X(BOOL, PeekNamedPipe, (HANDLE pipe, void *buf, DWORD room, DWORD *got, DWORD *there, \
      DWORD *left), (pipe, buf, room, got, there, left)) \
    X(BOOL, PostQueuedCompletionStatus, (HANDLE port, DWORD bytes, ULONG_PTR key, \
      OVERLAPPED *overlapped), (port, bytes, key, overlapped)) \
    X(BOOL, ReadFile, (HANDLE file, void *buf, DWORD room, DWORD *got, OVERLAPPED *operation), \
      (file, buf, room, got, operation)) \
    X(BOOL, SetFileCompletionNotificationModes, (HANDLE file, UCHAR flags), (file, flags)) \
    X(BOOL, SetHandleInformation, (HANDLE handle, DWORD mask, DWORD flags), (handle, mask, flags)) \
    X(BOOL, SetNamedPipeHandleState, (HANDLE pipe, DWORD *mode, DWORD *collected, \
      DWORD *collect_time), (pipe, mode, collected, collect_time)) \
    X(BOOL, WriteFile, (HANDLE file, const void *buf, DWORD len, DWORD *put, \
      OVERLAPPED *operation), (file, buf, len, put, operation))

/* This returns FILE_TYPE_..., of which 0 stands for none. */
#define MIO__CALLS_OF_TYPES(X) \
    X(DWORD, GetFileType, (HANDLE handle), (handle))

/* These return INVALID_HANDLE_VALUE when they fail, and leave the code to GetLastError. */
#define MIO__CALLS_FOR_FILES(X) \
    X(HANDLE, CreateFileW, (const WCHAR *name, DWORD access, DWORD share, \
      SECURITY_ATTRIBUTES *security, DWORD how, DWORD flags, HANDLE template_file), \
      (name, access, share, security, how, flags, template_file)) \
    X(HANDLE, CreateNamedPipeW, (const WCHAR *name, DWORD open, DWORD mode, DWORD instances, \
      DWORD out_size, DWORD in_size, DWORD timeout, SECURITY_ATTRIBUTES *security), \
      (name, open, mode, instances, out_size, in_size, timeout, security))

/* These open and close. The second returns 0 where all is well, the others where it is not. */
#define MIO__CALLS_OF_ENDS(X) \
    X(BOOL, CloseHandle, (HANDLE handle), (handle)) \
    X(int, closesocket, (SOCKET fd), (fd)) \
    X(HANDLE, CreateIoCompletionPort, (HANDLE file, HANDLE port, ULONG_PTR key, DWORD threads), \
      (file, port, key, threads))

/* Those of ntdll, which are found at run time (ntdll.h), return their code, an NTSTATUS. */
#define MIO__CALLS_OF_DEVICES(X) \
    X(NTSTATUS, NtCancelIoFileEx, (HANDLE device, IO_STATUS_BLOCK *request, \
      IO_STATUS_BLOCK *status), (device, request, status)) \
    X(NTSTATUS, NtDeviceIoControlFile, (HANDLE device, HANDLE event, void *apc, void *apc_context, \
      IO_STATUS_BLOCK *status, ULONG code, void *in, ULONG in_length, void *out, \
      ULONG out_length), \
      (device, event, apc, apc_context, status, code, in, in_length, out, out_length)) \
    X(NTSTATUS, NtQueryInformationFile, (HANDLE file, IO_STATUS_BLOCK *status, void *out, \
      ULONG out_length, int information), (file, status, out, out_length, information))

#define MIO__CALLS_OF_NTDLL(X) \
    MIO__CALLS_OF_DEVICES(X) \
    X(NTSTATUS, NtCreateFile, (HANDLE *handle, ACCESS_MASK access, OBJECT_ATTRIBUTES *attributes, \
      IO_STATUS_BLOCK *status, LARGE_INTEGER *size, ULONG file_attributes, ULONG share, \
      ULONG disposition, ULONG options, void *ea, ULONG ea_length), \
      (handle, access, attributes, status, size, file_attributes, share, disposition, options, ea, \
       ea_length))

/* Another one of ntdll, which a system may lack. */
#define MIO__CALLS_OF_FINE_WAITS(X) \
    X(NTSTATUS, NtRemoveIoCompletionEx, (HANDLE port, OVERLAPPED_ENTRY *entries, ULONG room, \
      ULONG *count, LARGE_INTEGER *timeout, BOOLEAN alertable), \
      (port, entries, room, count, timeout, alertable))

/* clang-format on */

#endif
