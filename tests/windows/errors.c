/* The table of errors: every row, by its number and the name of its code. */
#include "sys/windows/error.h"

#include "answers.h"

#include <string.h>

struct row {
    unsigned long number;
    const char *name;
};

static const struct row winsock[] = {
    {10004, "EINTR"},        {10009, "EBADF"},        {10013, "EACCES"},
    {10014, "EFAULT"},       {10022, "EINVAL"},       {10024, "EMFILE"},
    {10035, "EAGAIN"},       {10036, "EINPROGRESS"},  {10037, "EALREADY"},
    {10038, "ENOTSOCK"},     {10039, "EDESTADDRREQ"}, {10040, "EMSGSIZE"},
    {10041, "EPROTOTYPE"},   {10042, "ENOPROTOOPT"},  {10043, "EPROTONOSUPPORT"},
    {10044, "EPROTOTYPE"},   {10045, "ENOTSUP"},      {10046, "EAFNOSUPPORT"},
    {10047, "EAFNOSUPPORT"}, {10048, "EADDRINUSE"},   {10049, "EADDRNOTAVAIL"},
    {10050, "ENETDOWN"},     {10051, "ENETUNREACH"},  {10052, "ENETRESET"},
    {10053, "ECONNABORTED"}, {10054, "ECONNRESET"},   {10055, "ENOBUFS"},
    {10056, "EISCONN"},      {10057, "ENOTCONN"},     {10058, "EPIPE"},
    {10060, "ETIMEDOUT"},    {10061, "ECONNREFUSED"}, {10062, "ELOOP"},
    {10063, "ENAMETOOLONG"}, {10064, "EHOSTUNREACH"}, {10065, "EHOSTUNREACH"},
    {10066, "ENOTEMPTY"},    {10067, "EMFILE"},       {10068, "ENFILE"},
    {10069, "ENOSPC"},       {10091, "ENETDOWN"},     {10092, "ENOSYS"},
    {10093, "ENOSYS"},       {10106, "ENOBUFS"},
};

static const struct row kernel[] = {
    {0, "OK"},
    {1, "ENOTSUP"},
    {2, "ENOENT"},
    {3, "ENOENT"},
    {4, "EMFILE"},
    {5, "EACCES"},
    {6, "EBADF"},
    {8, "ENOMEM"},
    {14, "ENOMEM"},
    {32, "EBUSY"},
    {50, "ENOTSUP"},
    {64, "ECONNRESET"},
    {80, "EEXIST"},
    {87, "EINVAL"},
    {109, "EPIPE"},
    {111, "ENAMETOOLONG"},
    {112, "ENOSPC"},
    {120, "ENOSYS"},
    {121, "ETIMEDOUT"},
    {123, "EINVAL"},
    {127, "ENOSYS"},
    {161, "EINVAL"},
    {170, "EBUSY"},
    {183, "EEXIST"},
    {206, "ENAMETOOLONG"},
    {231, "EBUSY"},
    {232, "EPIPE"},
    {267, "ENOTDIR"},
    {735, "EBADF"},
    {995, "ECANCELED"},
    {998, "EFAULT"},
    {1168, "ENOENT"},
    {1225, "ECONNREFUSED"},
    {1231, "ENETUNREACH"},
    {1232, "EHOSTUNREACH"},
    {1234, "ECONNREFUSED"},
    {1236, "ECONNABORTED"},
    {1450, "ENOMEM"},
    {1784, "ENOMEM"},
    {1816, "ENOMEM"},
};

static const struct row statuses[] = {
    {0xc0000002, "ENOSYS"},      {0xc0000005, "EFAULT"},       {0xc0000008, "EBADF"},
    {0xc000000d, "EINVAL"},      {0xc000000e, "ENODEV"},       {0xc000000f, "ENOENT"},
    {0xc0000010, "ENOTSUP"},     {0xc0000017, "ENOMEM"},       {0xc0000022, "EACCES"},
    {0xc0000024, "ENOTSOCK"},    {0xc0000034, "ENODEV"},       {0xc000003a, "ENODEV"},
    {0xc0000044, "ENOMEM"},      {0xc000009a, "ENOMEM"},       {0xc00000b5, "ETIMEDOUT"},
    {0xc00000bb, "ENOTSUP"},     {0xc000011f, "EMFILE"},       {0xc0000120, "ECANCELED"},
    {0xc0000201, "ENETUNREACH"}, {0xc000020c, "ECONNRESET"},   {0xc000020d, "ECONNRESET"},
    {0xc0000225, "ENOENT"},      {0xc0000236, "ECONNREFUSED"}, {0xc0000241, "ECONNABORTED"},
};

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

static int of_status(unsigned long status)
{
    return mio__error_of_status((long)status);
}

static void check_rows(const struct row *rows, size_t count, int (*code_of)(unsigned long))
{
    for (size_t i = 0; i < count; i++) {
        int code = code_of(rows[i].number);
        if (code > 0 || strcmp(mio_error_name(code), rows[i].name) != 0)
            test_fail(__FILE__, __LINE__, "%lu is %s, expected %s", rows[i].number,
                      mio_error_name(code), rows[i].name);
        CHECK(strcmp(mio_strerror(code), "unknown error") != 0);
    }
}

/* How many numbers have a code of their own; all others are -EIO. */
static size_t named(unsigned long from, unsigned long to, int (*code_of)(unsigned long))
{
    size_t count = 0;
    for (unsigned long number = from; number < to; number++)
        count += code_of(number) != -EIO;
    return count;
}

static void sockets_have_these_codes(void)
{
    check_rows(winsock, COUNT(winsock), mio__error_of);
    CHECK_EQ(named(10000, 12000, mio__error_of), COUNT(winsock));
}

static void handles_have_these_codes(void)
{
    check_rows(kernel, COUNT(kernel), mio__error_of);
    CHECK_EQ(named(0, 10000, mio__error_of), COUNT(kernel));
    CHECK_EQ(mio__error_of(ULONG_MAX), -EIO);
}

static void statuses_have_these_codes(void)
{
    check_rows(statuses, COUNT(statuses), of_status);
    CHECK_EQ(named(0xc0000000, 0xc0001000, of_status), COUNT(statuses));
    CHECK_EQ(of_status(0x8000000a), -EIO);
}

static void last_error_is_that_of_sockets(void)
{
    WSASetLastError(WSAECONNREFUSED);
    CHECK_EQ(mio_socket_error(), -ECONNREFUSED);
    WSASetLastError(WSAEWOULDBLOCK);
    CHECK_EQ(mio_socket_error(), -EAGAIN);
}

static const struct test_case cases[] = {
    {"sockets_have_these_codes", sockets_have_these_codes, 0},
    {"handles_have_these_codes", handles_have_these_codes, 0},
    {"statuses_have_these_codes", statuses_have_these_codes, 0},
    {"last_error_is_that_of_sockets", last_error_is_that_of_sockets, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_errors = {"errors", cases};
