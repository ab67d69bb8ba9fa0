/* Descriptors of any kind: sockets, and other handles, which are numbers from the same space. */
#include "windows_system.h"

#include "net.h"
#include "plain.h"

static HANDLE to_handle(mio_fd fd)
{
    return (HANDLE)fd;
}

static bool is_socket(mio_fd fd)
{
    int type, length = sizeof type;
    windows_start_sockets();
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, (char *)&type, &length) == 0;
}

/* ---- Flags ----------------------------------------------------------------------------------- */

int plain_close(mio_fd fd)
{
    if (is_socket(fd))
        return closesocket(fd) == 0 ? 0 : windows_socket_code();
    return CloseHandle(to_handle(fd)) ? 0 : windows_code(GetLastError());
}

/* The last numbers are names of the process and of the thread, always open. */
bool plain_is_open(mio_fd fd)
{
    DWORD flags;
    return (intptr_t)fd >= 0 && GetHandleInformation(to_handle(fd), &flags);
}

bool plain_is_inherited(mio_fd fd)
{
    DWORD flags;
    CHECK(GetHandleInformation(to_handle(fd), &flags));
    return (flags & HANDLE_FLAG_INHERIT) != 0;
}

void plain_set_blocking(mio_fd fd, bool blocking)
{
    u_long nonblocking = !blocking;
    CHECK_EQ(ioctlsocket(fd, (long)FIONBIO, &nonblocking), 0);
}

void plain_set_inherited(mio_fd fd)
{
    CHECK(SetHandleInformation(to_handle(fd), HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT));
}

int plain_flags(mio_fd fd)
{
    DWORD flags;
    if (!GetHandleInformation(to_handle(fd), &flags))
        return windows_code(GetLastError());
    return (int)flags | (is_socket(fd) ? (int)plain_blocking(fd) << 8 : 0);
}

bool plain_set_other_flags(mio_fd fd)
{
    (void)fd;
    return false;
}

/* ---- Numbers --------------------------------------------------------------------------------- */

mio_fd plain_duplicate(mio_fd fd)
{
    WSAPROTOCOL_INFOW info;
    CHECK(is_socket(fd));
    CHECK_EQ(WSADuplicateSocketW(fd, GetCurrentProcessId(), &info), 0);
    mio_fd duplicate = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info,
                                  0, WSA_FLAG_OVERLAPPED);
    CHECK(duplicate != INVALID_SOCKET);
    CHECK(SetHandleInformation(to_handle(duplicate), HANDLE_FLAG_INHERIT, 0));
    return duplicate;
}

static mio_fd duplicate_any(mio_fd fd)
{
    HANDLE duplicate, self = GetCurrentProcess();
    if (is_socket(fd))
        return plain_duplicate(fd);
    CHECK(DuplicateHandle(self, to_handle(fd), self, &duplicate, 0, FALSE, DUPLICATE_SAME_ACCESS));
    return (mio_fd)duplicate;
}

/* Nobody can ask for a number, but a free one is given out sooner or later. */
void plain_replace(mio_fd number, mio_fd other)
{
    enum { TRIES = 256 };
    mio_fd others[TRIES];
    int count = 0;
    bool done = false;
    if (plain_is_open(number))
        CHECK_EQ(plain_close(number), 0);
    while (!done && count < TRIES) {
        others[count] = duplicate_any(other);
        done = others[count] == number;
        count += !done;
    }
    while (count > 0)
        CHECK_EQ(plain_close(others[--count]), 0);
    if (!done)
        SKIP("the system does not give the number out again");
}

/* ---- Waiting --------------------------------------------------------------------------------- */

unsigned plain_look(mio_fd fd, unsigned events, int64_t timeout_ns)
{
    static const struct {
        unsigned bit;
        int system;
    } bits[] = {{PLAIN_IN, POLLRDNORM},
                {PLAIN_OUT, POLLWRNORM},
                {PLAIN_END, POLLRDNORM}, /* that the end can be read is all that there is to see */
                {PLAIN_ERROR, POLLERR},
                {PLAIN_HANGUP, POLLHUP}};
    const unsigned unasked = PLAIN_ERROR | PLAIN_HANGUP;
    WSAPOLLFD entry = {.fd = fd};
    unsigned seen = 0;
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
        if (events & bits[i].bit & ~unasked)
            entry.events |= (SHORT)bits[i].system;
    int n = WSAPoll(&entry, 1, (int)((timeout_ns + MIO_NS_PER_MS - 1) / MIO_NS_PER_MS));
    if (n == 0)
        return 0;
    CHECK_EQ(n, 1);
    CHECK(!(entry.revents & POLLNVAL));
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
        if (entry.revents & bits[i].system)
            seen |= bits[i].bit;
    /* The end of the peer is a hang-up here, alone. */
    if (seen & PLAIN_HANGUP)
        seen |= events & (PLAIN_IN | PLAIN_END);
    return seen;
}

unsigned plain_wait(mio_fd fd, unsigned events)
{
    unsigned seen = plain_look(fd, events, TEST_SOON);
    CHECK(seen != 0);
    return seen;
}

/* ---- What is no socket ----------------------------------------------------------------------- */

/* Of UDP, connected to itself: the nearest thing that a poll takes here. */
mio_fd plain_loop(bool ready)
{
    struct sockaddr_in name = {.sin_family = AF_INET,
                               .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int length = sizeof name;
    mio_fd fd = plain_socket(PLAIN_IPV4, PLAIN_DATAGRAM);
    CHECK_EQ(bind(fd, (struct sockaddr *)&name, length), 0);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&name, &length), 0);
    CHECK_EQ(connect(fd, (struct sockaddr *)&name, length), 0);
    plain_set_blocking(fd, false);
    CHECK(!ready || plain_loop_make_ready(fd));
    return fd;
}

bool plain_loop_make_ready(mio_fd fd)
{
    const uint64_t one = 1;
    return send(fd, (const char *)&one, sizeof one, 0) == sizeof one;
}

void plain_pipe(mio_fd ends[2])
{
    HANDLE reader, writer;
    CHECK(CreatePipe(&reader, &writer, NULL, 0));
    ends[0] = (mio_fd)reader;
    ends[1] = (mio_fd)writer;
}

mio_fd plain_folder(void)
{
    HANDLE folder =
        CreateFileW(L"\\", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    CHECK(folder != INVALID_HANDLE_VALUE);
    return (mio_fd)folder;
}

mio_fd plain_file(void)
{
    wchar_t folder[MAX_PATH + 1], path[MAX_PATH + 1];
    CHECK(GetTempPathW(MAX_PATH + 1, folder) != 0);
    CHECK(GetTempFileNameW(folder, L"mio", 0, path) != 0);
    HANDLE file = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
                              FILE_FLAG_DELETE_ON_CLOSE, NULL);
    CHECK(file != INVALID_HANDLE_VALUE);
    return (mio_fd)file;
}

ptrdiff_t plain_read(mio_fd fd, void *buf, size_t len)
{
    DWORD got;
    if (is_socket(fd))
        return plain_recv(fd, buf, len);
    return ReadFile(to_handle(fd), buf, (DWORD)len, &got, NULL) ? (ptrdiff_t)got
                                                                : windows_code(GetLastError());
}

ptrdiff_t plain_write(mio_fd fd, const void *buf, size_t len)
{
    DWORD put;
    if (is_socket(fd))
        return plain_send(fd, buf, len);
    return WriteFile(to_handle(fd), buf, (DWORD)len, &put, NULL) ? (ptrdiff_t)put
                                                                 : windows_code(GetLastError());
}
