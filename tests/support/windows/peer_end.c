/*
 * Asks the device below the sockets, which the library asks, too: its polls are not documented, and
 * Wine's differ.
 */
#include "windows_system.h"

#include "net.h"
#include "plain.h"

#include <stdlib.h>
#include <string.h>
#include <winternl.h>

enum {
    POLL_CODE = 0x00012024,
    POLL_READ = 0x001,
    POLL_WRITE = 0x004,
    POLL_PEER_END = 0x008,
    POLL_RESET = 0x010,
    POLL_ACCEPT = 0x080,
    POLL_CONNECT_FAILED = 0x100
};

/* The request and the answer of a poll of one socket. */
struct poll_request {
    LARGE_INTEGER timeout; /* negative: from now on, in units of 100 ns */
    ULONG count;
    ULONG exclusive;
    HANDLE socket;
    ULONG events;
    NTSTATUS status;
};

#define SHORT_WAIT (100 * 10000)

static HANDLE open_device(void)
{
    static wchar_t path[] = L"\\Device\\Afd\\MioTest";
    UNICODE_STRING name = {sizeof path - sizeof path[0], sizeof path, path};
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK status;
    HANDLE device;
    InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
    CHECK_EQ(NtCreateFile(&device, SYNCHRONIZE, &attributes, &status, NULL, 0,
                          FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, 0, NULL, 0),
             0);
    return device;
}

static ULONG poll_device(mio_fd fd, ULONG events, LONGLONG wait)
{
    struct poll_request request;
    IO_STATUS_BLOCK status;
    static HANDLE device, done; /* for the whole program */
    if (!device) {
        device = open_device();
        done = CreateEventW(NULL, TRUE, FALSE, NULL);
        CHECK(done);
    }
    memset(&request, 0, sizeof request);
    request.timeout.QuadPart = -wait;
    request.count = 1;
    request.socket = (HANDLE)fd;
    request.events = events;
    NTSTATUS result = NtDeviceIoControlFile(device, done, NULL, NULL, &status, POLL_CODE, &request,
                                            sizeof request, &request, sizeof request);
    if (result < 0)
        return 0;
    if (result != 0)
        CHECK_EQ(WaitForSingleObject(done, 10000), WAIT_OBJECT_0);
    return request.count > 0 ? request.events : 0;
}

bool plain_tells_end_behind_data(void)
{
    mio_fd fds[2];
    plain_pair(PLAIN_STREAM, fds);
    plain_send_all(fds[1], "data", 4);
    CHECK_EQ(plain_shutdown(fds[1], PLAIN_WRITES), 0);
    bool told = (poll_device(fds[0], POLL_PEER_END, SHORT_WAIT) & POLL_PEER_END) != 0;
    CHECK_EQ(plain_close(fds[0]), 0);
    CHECK_EQ(plain_close(fds[1]), 0);
    return told;
}

bool plain_tells_own_shutdown(void)
{
    mio_fd fds[2];
    plain_pair(PLAIN_STREAM, fds);
    CHECK_EQ(plain_shutdown(fds[0], PLAIN_READS), 0);
    bool told = poll_device(fds[0], POLL_READ | POLL_PEER_END, SHORT_WAIT) != 0;
    CHECK_EQ(plain_close(fds[0]), 0);
    CHECK_EQ(plain_close(fds[1]), 0);
    return told;
}

/* A reset ends both directions. */
unsigned plain_state(mio_fd fd)
{
    static const struct {
        ULONG event;
        unsigned bits;
    } rows[] = {
        {POLL_READ | POLL_ACCEPT, PLAIN_IN},
        {POLL_WRITE, PLAIN_OUT},
        {POLL_PEER_END, PLAIN_IN | PLAIN_END},
        {POLL_RESET | POLL_CONNECT_FAILED,
         PLAIN_IN | PLAIN_OUT | PLAIN_END | PLAIN_HANGUP | PLAIN_ERROR},
    };
    ULONG asked = 0;
    unsigned seen = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        asked |= rows[i].event;
    ULONG told = fd != MIO_FD_NONE ? poll_device(fd, asked, 0) : 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (told & rows[i].event)
            seen |= rows[i].bits;
    return seen;
}
