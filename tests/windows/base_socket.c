/* Base sockets, with layered providers that nobody has here. */
#include "sys/windows/base_socket.h"

#include "answers.h"

/* The codes of the system, from mswsock.h and ws2def.h of Windows. */
#define BASE 0x48000022
#define BSP 0x4800001b
#define BSP_SELECT 0x4800001c
#define BSP_POLL 0x4800001d

/* The provider answers each of them with a socket, or with the error that it fails with. */
struct answer {
    DWORD code;
    SOCKET socket;
    int error;
};
static struct answer answers[4];

static int WINAPI ask(SOCKET fd, DWORD code, void *in, DWORD in_length, void *out, DWORD out_length,
                      DWORD *done, WSAOVERLAPPED *overlapped,
                      LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
    (void)fd, (void)in, (void)in_length, (void)overlapped, (void)routine;
    CHECK_EQ(out_length, sizeof(SOCKET));
    for (size_t i = 0; i < 4; i++)
        if (answers[i].code == code) {
            *done = sizeof(SOCKET);
            *(SOCKET *)out = answers[i].socket;
            WSASetLastError(answers[i].error);
            return answers[i].error != 0 ? SOCKET_ERROR : 0;
        }
    test_fail(__FILE__, __LINE__, "code %lx", (unsigned long)code);
}

static void check_base(mio_fd fd, int result, mio_fd base)
{
    mio_fd found = 0;
    mio__calls.WSAIoctl = ask;
    CHECK_EQ(mio__base_socket(fd, &found), result);
    answers_of_system();
    if (result == 0)
        CHECK_EQ(found, base);
}

static void socket_of_the_system_is_its_own_base(void)
{
    mio_fd base, fd = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
    CHECK_EQ(mio__base_socket(fd, &base), 0);
    CHECK_EQ(base, fd);
    CHECK_EQ(plain_close(fd), 0);
}

static void layered_socket_has_one_below(void)
{
    mio_fd fd = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
    answers[0] = (struct answer){BASE, 4444, 0};
    check_base(fd, 0, 4444);
    /* Refused: the first of the others that is another socket. */
    answers[0] = (struct answer){BASE, INVALID_SOCKET, WSAEOPNOTSUPP};
    answers[1] = (struct answer){BSP_SELECT, fd, 0};
    answers[2] = (struct answer){BSP_POLL, 8888, 0};
    answers[3] = (struct answer){BSP, 9999, 0};
    check_base(fd, 0, 8888);
    answers[2] = (struct answer){BSP_POLL, INVALID_SOCKET, WSAEFAULT};
    check_base(fd, 0, 9999);
    answers[3] = (struct answer){BSP, fd, 0};
    check_base(fd, -ENOTSUP, 0);
    answers[0] = (struct answer){BASE, INVALID_SOCKET, 0}; /* it says so without an error */
    check_base(fd, -ENOTSOCK, 0);
    CHECK_EQ(plain_close(fd), 0);
}

static void other_handles_have_none(void)
{
    mio_fd base, file = plain_file(), closed = plain_socket(PLAIN_IPV4, PLAIN_STREAM);
    CHECK_EQ(plain_close(closed), 0);
    CHECK_EQ(mio__base_socket(file, &base), -EPERM);
    CHECK_EQ(mio__base_socket(closed, &base), -EBADF);
    CHECK_EQ(mio__base_socket(MIO_FD_NONE, &base), -EBADF);
    CHECK_EQ(plain_close(file), 0);
}

static const struct test_case cases[] = {
    {"socket_of_the_system_is_its_own_base", socket_of_the_system_is_its_own_base, 0},
    {"layered_socket_has_one_below", layered_socket_has_one_below, 0},
    {"other_handles_have_none", other_handles_have_none, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_base_socket = {"base_socket", cases};
