/*
 * The numbers of the codes: those of <errno.h> in the universal C runtime of Windows, as Microsoft
 * documents them, whatever the headers of the compiler are. Programs that are compiled with other
 * headers, and other languages, may count on them.
 */
#include "answers.h"

#include <errno.h>
#include <string.h>

/* Every code that a contract in mio.h names, and those that the table of errors gives. */
static const struct {
    const char *name;
    int number, here;
} numbers[] = {
#define CODE(name, number)                                                                         \
    {                                                                                              \
#name, number, name                                                                        \
    }
    CODE(EPERM, 1),
    CODE(ENOENT, 2),
    CODE(EINTR, 4),
    CODE(EIO, 5),
    CODE(EBADF, 9),
    CODE(EAGAIN, 11),
    CODE(ENOMEM, 12),
    CODE(EACCES, 13),
    CODE(EFAULT, 14),
    CODE(EBUSY, 16),
    CODE(EEXIST, 17),
    CODE(ENODEV, 19),
    CODE(ENOTDIR, 20),
    CODE(EINVAL, 22),
    CODE(ENFILE, 23),
    CODE(EMFILE, 24),
    CODE(ENOSPC, 28),
    CODE(EROFS, 30),
    CODE(EPIPE, 32),
    CODE(ENAMETOOLONG, 38),
    CODE(ENOSYS, 40),
    CODE(ENOTEMPTY, 41),
    CODE(EADDRINUSE, 100),
    CODE(EADDRNOTAVAIL, 101),
    CODE(EAFNOSUPPORT, 102),
    CODE(EALREADY, 103),
    CODE(ECANCELED, 105),
    CODE(ECONNABORTED, 106),
    CODE(ECONNREFUSED, 107),
    CODE(ECONNRESET, 108),
    CODE(EDESTADDRREQ, 109),
    CODE(EHOSTUNREACH, 110),
    CODE(EINPROGRESS, 112),
    CODE(EISCONN, 113),
    CODE(ELOOP, 114),
    CODE(EMSGSIZE, 115),
    CODE(ENETDOWN, 116),
    CODE(ENETRESET, 117),
    CODE(ENETUNREACH, 118),
    CODE(ENOBUFS, 119),
    CODE(ENOPROTOOPT, 123),
    CODE(ENOTCONN, 126),
    CODE(ENOTSOCK, 128),
    CODE(ENOTSUP, 129),
    CODE(EPROTO, 134),
    CODE(EPROTOTYPE, 136),
    CODE(EPROTONOSUPPORT, 135),
    CODE(ETIMEDOUT, 138),
#undef CODE
};

static void codes_have_the_numbers_of_the_runtime(void)
{
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (numbers[i].here != numbers[i].number)
            test_fail(__FILE__, __LINE__, "%s is %d, not %d", numbers[i].name, numbers[i].here,
                      numbers[i].number);
        CHECK(strcmp(mio_error_name(-numbers[i].number), numbers[i].name) == 0);
        for (size_t k = 0; k < i; k++)
            CHECK(numbers[k].number != numbers[i].number);
    }
}

/* Two names of the headers are numbers of their own here, which no call of the library returns. */
static void names_that_are_one_elsewhere_are_told_apart(void)
{
    CHECK(EWOULDBLOCK != EAGAIN && EOPNOTSUPP != ENOTSUP);
    WSASetLastError(WSAEWOULDBLOCK);
    CHECK_EQ(mio_socket_error(), -EAGAIN);
    WSASetLastError(WSAEOPNOTSUPP);
    CHECK_EQ(mio_socket_error(), -ENOTSUP);
}

static const struct test_case cases[] = {
    {"codes_have_the_numbers_of_the_runtime", codes_have_the_numbers_of_the_runtime, 0},
    {"names_that_are_one_elsewhere_are_told_apart", names_that_are_one_elsewhere_are_told_apart, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_numbers = {"numbers", cases};
