/* The part of the sweep for Windows: the rules of its calls, and what its system never says. */
#include "sweep.h"
#include "sys/windows/control.h"
#include "sys/windows/message.h"
#include "windows_calls.h"

#include <errno.h>
#include <stdio.h>

/* Nothing that the library knows of: an error without a row in its table. */
#define STRANGE FAULT_WIN32(ERROR_ARENA_TRASHED)

const struct scenario system_scenarios[] = {
    {NULL, NULL, NULL, NULL, NULL},
};

const struct rule sweep_system_rules[] = {
    /* Opening. */
    {"*", FAULT_CreateIoCompletionPort, 0, COMES_BACK, 0, {EMFILE, ENOMEM, EBADF}},
    {"*", FAULT_CreateIoCompletionPort, 0, COMES_BACK, EIO, {STRANGE}},
    {"*", FAULT_NtCreateFile, 0, COMES_BACK, 0, {EACCES, EMFILE, ENODEV, ENOMEM}},
    {"*", FAULT_NtCreateFile, 0, COMES_BACK, EIO, {FAULT_NT(0xc0000123)}},
    {"*", FAULT_SetFileCompletionNotificationModes, 0, COMES_BACK, 0, {EINVAL, ENOMEM}},
    {"*", FAULT_WSASocketW, 0, COMES_BACK, 0, {EMFILE, ENOBUFS, EACCES, EAFNOSUPPORT, ENETDOWN}},
    {"*_from_fd", FAULT_ioctlsocket, 0, COMES_BACK, 0, {ENOBUFS, ENETDOWN}},
    {"*_accept", FAULT_ioctlsocket, 0, CANNOT_FAIL, 0, {0}}, /* it would lose the connection */
    {"*_accept", FAULT_SetHandleInformation, 0, CANNOT_FAIL, 0, {0}},
    {"*_bind*", FAULT_ioctlsocket, 0, COMES_BACK, 0, {ENOBUFS, ENETDOWN}},
    {"*_connect*", FAULT_ioctlsocket, 0, COMES_BACK, 0, {ENOBUFS, ENETDOWN}},
    /* Whether refused datagrams are told: a system without the switch has sockets all the same. */
    {"*_from_fd", FAULT_WSAIoctl, 0, IS_ABSORBED, 0, {ENOTSUP, ENOBUFS, ENETDOWN, EINVAL}},
    {"mio_udp_*", FAULT_WSAIoctl, 0, IS_ABSORBED, 0, {ENOTSUP}},
    {"mio_udp_*", FAULT_WSAIoctl, 0, COMES_BACK, 0, {ENOBUFS, ENETDOWN, EINVAL}},

    /* Registering. A base socket that nobody tells is none. */
    {"mio_*register", FAULT_getsockopt, 0, COMES_BACK, EPERM, {ENOTSOCK}},
    {"mio_watch(*OTHER*", FAULT_getsockopt, 0, IS_MENDED, 0, {ENOTSOCK}},
    {"mio_watch", FAULT_getsockopt, 0, COMES_BACK, EPERM, {ENOTSOCK}},
    {"mio_*register", FAULT_getsockopt, 0, COMES_BACK, 0, {ENOBUFS, ENETDOWN}},
    {"mio_watch", FAULT_getsockopt, 0, COMES_BACK, 0, {ENOBUFS, ENETDOWN}},
    {"mio_*register", FAULT_WSAIoctl, 1, COMES_BACK, 0, {ENOBUFS, ENETDOWN, ENOTSUP, EFAULT}},
    {"mio_watch", FAULT_WSAIoctl, 1, COMES_BACK, 0, {ENOBUFS, ENETDOWN, ENOTSUP, EFAULT}},
    {"mio_register", FAULT_NtDeviceIoControlFile, 0, COMES_BACK, 0, {EBADF, ENOMEM, EFAULT}},
    {"mio_reregister", FAULT_NtDeviceIoControlFile, 0, COMES_BACK, 0, {EBADF, ENOMEM, EFAULT}},
    {"mio_watch(*OTHER*", FAULT_NtDeviceIoControlFile, 0, IS_MENDED, 0, {EBADF}},
    {"mio_watch", FAULT_NtDeviceIoControlFile, 0, COMES_BACK, 0, {EBADF, ENOMEM, EFAULT}},
    {"mio_register", FAULT_NtCancelIoFileEx, 0, COMES_BACK, 0, {ENOMEM}},
    {"mio_reregister", FAULT_NtCancelIoFileEx, 0, COMES_BACK, 0, {ENOMEM}},
    {"mio_watch(*, 0)", FAULT_NtCancelIoFileEx, 0, IS_ABSORBED, 0, {ENOMEM}},
    {"mio_watch", FAULT_NtCancelIoFileEx, 0, COMES_BACK, 0, {ENOMEM}},

    /* Named pipes. The last of these asks the system nothing. A packet that is refused is posted
     * again; a client that is not found now is found by the connect. */
    {"mio_named_pipe_create", FAULT_CreateNamedPipeW, 0, COMES_BACK, 0, {EACCES, EBUSY, EMFILE}},
    {"mio_named_pipe_create", FAULT_CreateNamedPipeW, 0, COMES_BACK, 0, {ENOMEM}},
    {"mio_named_pipe_open", FAULT_CreateFileW, 0, COMES_BACK, 0, {ENOENT, EBUSY, EACCES, ENOMEM}},
    {"mio_named_pipe_open", FAULT_SetNamedPipeHandleState, 0, COMES_BACK, 0, {EINVAL, ENOMEM}},
    {"mio_named_pipe_*", FAULT_GetNamedPipeInfo, 0, COMES_BACK, 0, {EACCES, ENOMEM}},
    {"mio_named_pipe_*", FAULT_GetNamedPipeInfo, 0, COMES_BACK, EINVAL, {EBADF}},
    {"mio_named_pipe_*", FAULT_GetNamedPipeHandleStateW, 0, COMES_BACK, 0, {EACCES, ENOMEM}},
    {"*_from_handle", FAULT_GetHandleInformation, 0, COMES_BACK, 0, {EBADF}},
    {"*_from_handle", FAULT_SetHandleInformation, 0, COMES_BACK, 0, {EACCES, ENOMEM}},
    {"*_from_handle", FAULT_GetFileType, 0, COMES_BACK, EINVAL, {EBADF}},
    {"*_from_handle", FAULT_NtQueryInformationFile, 0, COMES_BACK, EINVAL, {ENOTSUP, EACCES}},
    {"mio_named_pipe_connect", FAULT_ConnectNamedPipe, 0, COMES_BACK, 0, {ENOMEM, EACCES}},
    {"mio_named_pipe_disconnect", FAULT_DisconnectNamedPipe, 0, COMES_BACK, 0, {ENOMEM, EACCES}},
    {"mio_named_pipe_read*", FAULT_ReadFile, 0, COMES_BACK, 0, {ENOMEM, EACCES}},
    {"mio_named_pipe_write*", FAULT_WriteFile, 0, COMES_BACK, 0, {ENOMEM, EACCES, EPIPE}},
    {"mio_named_pipe_close", FAULT_CloseHandle, 0, COMES_BACK, 0, {EBADF}},
    {"*", FAULT_PeekNamedPipe, 0, IS_ABSORBED, 0, {ENOMEM}},
    {"*", FAULT_CancelIoEx, 0, IS_ABSORBED, 0, {ENOENT, ENOMEM}},
    {"mio_named_pipe_*", FAULT_PostQueuedCompletionStatus, 0, IS_MENDED, 0, {ENOMEM}},
    {"mio_*register", FAULT_PostQueuedCompletionStatus, 0, IS_MENDED, 0, {ENOMEM}},
    {"mio_poll_wait", FAULT_PostQueuedCompletionStatus, 0, IS_MENDED, 0, {ENOMEM}},
    {"*", FAULT_GetOverlappedResult, 0, CANNOT_FAIL, 0, {0}},

    /* Waiting. A port may time out too early. A second look is one for more. */
    {"mio_poll_wait", FAULT_NtDeviceIoControlFile, 0, IS_TOLD, 0, {ENOMEM, EFAULT}},
    {"mio_poll_wait", FAULT_NtCancelIoFileEx, 0, IS_TOLD, 0, {ENOMEM}},
    {"*", FAULT_NtCancelIoFileEx, 0, IS_ABSORBED, 0, {FAULT_NT(0xc0000225), ENOMEM}},
    {"mio_poll_wait",
     FAULT_GetQueuedCompletionStatusEx,
     0,
     IS_ABSORBED,
     0,
     {FAULT_WIN32(WAIT_TIMEOUT)}},
    {"mio_poll_wait(*events*",
     FAULT_GetQueuedCompletionStatusEx,
     2,
     IS_LATE,
     0,
     {ENOMEM, EFAULT, EBADF}},
    {"mio_poll_wait(*events*",
     FAULT_GetQueuedCompletionStatusEx,
     2,
     IS_LATE,
     EBADF,
     {FAULT_WIN32(ERROR_ABANDONED_WAIT_0)}},
    {"mio_poll_wait(*events*",
     FAULT_GetQueuedCompletionStatusEx,
     3,
     IS_LATE,
     0,
     {ENOMEM, EFAULT, EBADF}},
    {"mio_poll_wait(*events*",
     FAULT_GetQueuedCompletionStatusEx,
     3,
     IS_LATE,
     EBADF,
     {FAULT_WIN32(ERROR_ABANDONED_WAIT_0)}},
    {"mio_poll_wait",
     FAULT_GetQueuedCompletionStatusEx,
     0,
     COMES_BACK,
     EBADF,
     {FAULT_WIN32(ERROR_ABANDONED_WAIT_0)}},
    {"mio_poll_wait", FAULT_GetQueuedCompletionStatusEx, 0, COMES_BACK, 0, {ENOMEM, EFAULT, EBADF}},
    {"mio_poll_wait", FAULT_NtRemoveIoCompletionEx, 0, COMES_BACK, 0, {ENOMEM, EFAULT, EBADF}},
    {"mio_waker_wake", FAULT_PostQueuedCompletionStatus, 0, COMES_BACK, 0, {ENOMEM, EBADF}},

    /* Closing. One that is to linger refuses once. */
    {"mio_poll_close",
     FAULT_GetQueuedCompletionStatusEx,
     0,
     IS_ABSORBED,
     0,
     {ENOMEM, EBADF, FAULT_WIN32(WAIT_TIMEOUT)}},
    {"mio_poll_close", FAULT_CloseHandle, 0, COMES_BACK, 0, {EBADF}},
    {"mio_poll_abandon", FAULT_CloseHandle, 0, COMES_BACK, 0, {EBADF}},
    {"*_close", FAULT_closesocket, 0, IS_MENDED, 0, {EAGAIN}},
    {"*_close", FAULT_closesocket, 0, COMES_BACK, 0, {ENETDOWN}},

    /* Taking over. The last question is about refused datagrams. */
    /* One that is not bound is asked for its family before. */
    {"mio_tcp_listener_from_fd",
     FAULT_getsockopt,
     3,
     IS_ABSORBED,
     0,
     {EBADF, ENOTSOCK, ENOBUFS, EACCES, ENOPROTOOPT}},
    {"mio_tcp_stream_from_fd(&server*",
     FAULT_getsockopt,
     3,
     IS_ABSORBED,
     0,
     {EBADF, ENOTSOCK, ENOBUFS, EACCES, ENOPROTOOPT}},
    {"mio_tcp_stream_from_fd(&client*",
     FAULT_getsockopt,
     4,
     IS_ABSORBED,
     0,
     {EBADF, ENOTSOCK, ENOBUFS, EACCES, ENOPROTOOPT}},
    {"mio_udp_socket_from_fd",
     FAULT_getsockopt,
     3,
     IS_ABSORBED,
     0,
     {EBADF, ENOTSOCK, ENOBUFS, EACCES, ENOPROTOOPT}},
    {"mio_tcp_stream_from_fd(&client*",
     FAULT_getsockopt,
     3,
     COMES_BACK,
     EAFNOSUPPORT,
     {ENOPROTOOPT}},
    {"mio_udp_socket_from_fd", FAULT_getsockopt, 2, COMES_BACK, EAFNOSUPPORT, {ENOPROTOOPT}},
    {"*_from_fd", FAULT_getpeername, 0, IS_ABSORBED, 0, {ENOTCONN, ENOBUFS}},
    {"*_from_fd", FAULT_GetHandleInformation, 0, COMES_BACK, 0, {EBADF}},
    {"*_from_fd", FAULT_SetHandleInformation, 0, COMES_BACK, 0, {EBADF, EACCES}},

    /* Connecting and asking. */
    /* The question before it is about refused datagrams. */
    {"*_connect", FAULT_getsockopt, 0, IS_ABSORBED, 0, {ENOBUFS, ENETDOWN, EACCES, ENOPROTOOPT}},
    {"*_connect_with",
     FAULT_getsockopt,
     0,
     IS_ABSORBED,
     0,
     {ENOBUFS, ENETDOWN, EACCES, ENOPROTOOPT}},
    {"*", FAULT_accept, 0, COMES_BACK, ECONNABORTED, {ECONNRESET}},
    {"*", FAULT_accept, 0, COMES_BACK, 0, {EAGAIN, EMFILE, ENOBUFS, ENETDOWN}},
    {"mio_tcp_stream_connect_result", FAULT_select, 0, COMES_BACK, 0, {ENOBUFS, ENETDOWN}},

    /* Moving bytes. A datagram of one's own that was refused is told as a reset. */
    {"*stream_*", FAULT_WSARecv, 0, IS_SHORT, 0, {FAULT_ONE_BYTE}},
    {"*stream_*", FAULT_WSASend, 0, IS_SHORT, 0, {FAULT_ONE_BYTE}},
    {"*stream_*",
     FAULT_WSARecv,
     0,
     COMES_BACK,
     0,
     {EAGAIN, ECONNRESET, ECONNABORTED, ETIMEDOUT, ENOTCONN, EFAULT, EHOSTUNREACH, ENOBUFS}},
    {"*stream_*",
     FAULT_WSASend,
     0,
     COMES_BACK,
     0,
     {EAGAIN, EPIPE, ECONNRESET, ECONNABORTED, ETIMEDOUT, ENOBUFS, EFAULT, ENOTCONN, EHOSTUNREACH}},
    {"mio_udp_*", FAULT_recv, 0, COMES_BACK, ECONNREFUSED, {ECONNRESET}},
    {"mio_udp_*", FAULT_recvfrom, 0, COMES_BACK, ECONNREFUSED, {ECONNRESET}},
    {"mio_udp_*", FAULT_send, 0, COMES_BACK, ECONNREFUSED, {ECONNRESET}},
    {"mio_udp_*", FAULT_sendto, 0, COMES_BACK, ECONNREFUSED, {ECONNRESET}},
    {"mio_udp_*", FAULT_recv, 0, COMES_BACK, EHOSTUNREACH, {ENETRESET}},
    {"mio_udp_*", FAULT_recvfrom, 0, COMES_BACK, EHOSTUNREACH, {ENETRESET}},

    /* Batches. Datagrams need not be coalesced, and a system without the two bits of ECN by
     * themselves tells the whole class; the options after these two cannot be done without. */
    {"*", FAULT_WSARecvMsg, 0, COMES_BACK, ECONNREFUSED, {ECONNRESET}},
    {"*", FAULT_WSARecvMsg, 0, COMES_BACK, EHOSTUNREACH, {ENETRESET}},
    {"*",
     FAULT_WSARecvMsg,
     0,
     COMES_BACK,
     0,
     {EAGAIN, ECONNREFUSED, EHOSTUNREACH, ENOMEM, ENOBUFS, EFAULT, EINVAL, ENETDOWN}},
    {"*", FAULT_WSASendMsg, 0, COMES_BACK, ECONNREFUSED, {ECONNRESET}},
    {"*",
     FAULT_WSASendMsg,
     0,
     COMES_BACK,
     0,
     {EAGAIN, EMSGSIZE, EINVAL, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL, EACCES,
      ENOBUFS, EFAULT, ENETDOWN}},
    {"mio_udp_socket_set_report(*, 0)", FAULT_setsockopt, 0, IS_ABSORBED, 0, {ENOPROTOOPT, EINVAL}},
    {"mio_udp_socket_set_report", FAULT_setsockopt, 1, IS_MENDED, 0, {ENOPROTOOPT, EINVAL}},
    {"mio_udp_socket_set_report", FAULT_setsockopt, 2, IS_MENDED, 0, {ENOPROTOOPT, EINVAL}},
    {"mio_udp_socket_set_report", FAULT_setsockopt, 0, COMES_BACK, ENOTSUP, {ENOPROTOOPT, EINVAL}},
    {NULL, SWEEP_MORE_RULES, 0, CANNOT_FAIL, 0, {0}},
};

const struct rule sweep_last_rules[] = {
    {NULL, 0, 0, CANNOT_FAIL, 0, {0}},
};

static int WINAPI refuse_message(SOCKET fd, WSAMSG *message, DWORD flags, DWORD *done,
                                 WSAOVERLAPPED *overlapped,
                                 LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
    (void)fd, (void)message, (void)flags, (void)done, (void)overlapped, (void)routine;
    WSASetLastError(WSAEINVAL);
    return SOCKET_ERROR;
}

/* Wine passes over control messages, which is found out once: here it is told not to. */
static void prepare_messages(void)
{
    int error = 0;
    const struct mio__calls calls = mio__calls;
    mio_fd fd = plain_socket(PLAIN_IPV4, PLAIN_DATAGRAM);
    CHECK(mio__message_find(fd, &error));
    CHECK_EQ(plain_close(fd), 0);
    mio__calls.WSASendMsg = refuse_message;
    CHECK_EQ(mio__control_is_heeded(), 1);
    mio__calls = calls;
}

/* Some calls are made once in a process; a test of their own has them fail (tests/windows). */
void sweep_prepare(void)
{
    struct mio_poll poll;
    CHECK_EQ(mio_poll_init(&poll), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    prepare_messages();
}

const char *sweep_wrong_handles(void)
{
    static char text[96];
    static unsigned long known;
    const unsigned long wrong_closes = fault_wrong_closes() - known;
    const int left = fault_handles_left();
    known += wrong_closes;
    if (left == 0 && wrong_closes == 0)
        return NULL;
    snprintf(text, sizeof text, "%d handles of the library are open, %lu were closed wrongly", left,
             wrong_closes);
    return text;
}

/* More than 64 slots, and a third device. Under Wine each further descriptor costs much time. */
const int sweep_growth = 70;

void sweep_open_ends(mio_fd ends[2])
{
    plain_pair(PLAIN_STREAM, ends);
}

/* Would-block of a connect is one that goes on. */
bool sweep_contradicts(const struct fault_plan *standing, int number, int error)
{
    (void)standing;
    return number < FAULT_CALLS && (fault_number((enum fault_call)number, error) == 0 ||
                                    (number == FAULT_connect && error == EAGAIN));
}

bool sweep_makes_parts(int number)
{
    (void)number;
    return false;
}

bool sweep_is_repeated(int number, int error)
{
    return number == FAULT_GetQueuedCompletionStatusEx && error == FAULT_WIN32(WAIT_TIMEOUT);
}
