/* Opening and closing a poll: a system that lacks what it needs, and operations in flight. */
#include "answers.h"

#include <stdlib.h>
#include <string.h>

/* ---- Opening --------------------------------------------------------------------------------- */

static DWORD failure;

static HANDLE WINAPI refuse_port(HANDLE file, HANDLE port, ULONG_PTR key, DWORD threads)
{
    if (file != INVALID_HANDLE_VALUE)
        return CreateIoCompletionPort(file, port, key, threads);
    SetLastError(failure);
    return NULL;
}

static HANDLE WINAPI refuse_to_join(HANDLE file, HANDLE port, ULONG_PTR key, DWORD threads)
{
    if (file == INVALID_HANDLE_VALUE)
        return CreateIoCompletionPort(file, port, key, threads);
    SetLastError(failure);
    return NULL;
}

static NTSTATUS NTAPI refuse_device(HANDLE *handle, ACCESS_MASK access,
                                    OBJECT_ATTRIBUTES *attributes, IO_STATUS_BLOCK *status,
                                    LARGE_INTEGER *size, ULONG file_attributes, ULONG share,
                                    ULONG disposition, ULONG options, void *ea, ULONG ea_length)
{
    (void)access, (void)attributes, (void)status, (void)size, (void)file_attributes, (void)share;
    (void)disposition, (void)options, (void)ea, (void)ea_length;
    *handle = (HANDLE)4; /* nothing may be made of it */
    return (NTSTATUS)failure;
}

static void check_open(int code)
{
    struct mio_poll poll;
    CHECK_EQ(mio_poll_init(&poll), code);
    answers_of_system();
    CHECK_EQ(mio_poll_fd(&poll), MIO_FD_NONE);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(mio_poll_init(&poll), 0); /* what was refused is not remembered */
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void poll_without_a_port_has_a_code(void)
{
    static const struct {
        DWORD error;
        int code;
    } rows[] = {{ERROR_TOO_MANY_OPEN_FILES, -EMFILE},
                {ERROR_NO_SYSTEM_RESOURCES, -ENOMEM},
                {ERROR_NOT_ENOUGH_MEMORY, -ENOMEM},
                {ERROR_ACCESS_DENIED, -EACCES}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        failure = rows[i].error;
        mio__calls.CreateIoCompletionPort = refuse_port;
        check_open(rows[i].code);
        mio__calls.CreateIoCompletionPort = refuse_to_join;
        check_open(rows[i].code);
    }
}

static void poll_without_the_device_has_a_code(void)
{
    static const struct {
        DWORD status;
        int code;
    } rows[] = {{0xc0000034, -ENODEV}, /* there is no such name */
                {0xc0000022, -EACCES}, /* a container forbids it */
                {0xc000011f, -EMFILE},
                {0xc000009a, -ENOMEM}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        failure = rows[i].status;
        mio__calls.NtCreateFile = refuse_device;
        check_open(rows[i].code);
    }
}

/* ---- Registering ----------------------------------------------------------------------------- */

static int WINAPI refuse_to_tell(SOCKET fd, int level, int name, char *value, int *length)
{
    (void)fd, (void)level, (void)name, (void)value, (void)length;
    WSASetLastError((int)failure);
    return SOCKET_ERROR;
}

/* The 33rd source wants a device of its own. */
static void refused_registration_has_a_code_and_can_be_repeated(void)
{
    enum { FIRST_DEVICE = 32 };
    static const struct {
        DWORD error;
        int code;
    } of_device[] = {{0xc0000022, -EACCES}, {0xc000011f, -EMFILE}, {0xc000009a, -ENOMEM}},
      of_socket[] = {{WSAENOBUFS, -ENOBUFS}, {WSAENETDOWN, -ENETDOWN}};
    static struct mio_source sources[FIRST_DEVICE + 1];
    struct mio_source *last = &sources[FIRST_DEVICE];
    struct mio_poll poll;
    mio_fd fd = plain_loop(false);
    CHECK_EQ(mio_poll_init(&poll), 0);
    struct mio_registry *registry = mio_poll_registry(&poll);
    for (int i = 0; i <= FIRST_DEVICE; i++)
        CHECK_EQ(mio_source_init_fd(&sources[i], plain_duplicate(fd)), 0);
    for (int i = 0; i < FIRST_DEVICE; i++)
        CHECK_EQ(mio_register(registry, &sources[i], 0, MIO_READABLE), 0);
    for (size_t i = 0; i < sizeof of_device / sizeof of_device[0]; i++) {
        failure = of_device[i].error;
        mio__calls.NtCreateFile = refuse_device;
        CHECK_EQ(mio_register(registry, last, 1, MIO_READABLE), of_device[i].code);
        CHECK(!mio_source_is_registered(last));
    }
    answers_of_system();
    for (size_t i = 0; i < sizeof of_socket / sizeof of_socket[0]; i++) {
        failure = of_socket[i].error;
        mio__calls.getsockopt = refuse_to_tell;
        CHECK_EQ(mio_register(registry, last, 1, MIO_READABLE), of_socket[i].code);
        CHECK_EQ(mio_reregister(registry, &sources[0], 1, MIO_READABLE), of_socket[i].code);
        CHECK(!mio_source_is_registered(last) && mio_source_is_registered(&sources[0]));
    }
    answers_of_system();
    CHECK_EQ(mio_register(registry, last, 1, MIO_READABLE), 0);
    CHECK_EQ(mio_deregister(registry, &sources[0]), 0);
    for (int i = 1; i < FIRST_DEVICE; i++)
        CHECK_EQ(mio_deregister(registry, &sources[i]), 0);
    CHECK(plain_loop_make_ready(fd));
    CHECK_EQ(test_expect_event(&poll, 1) & MIO_READABLE, MIO_READABLE);
    CHECK_EQ(mio_deregister(registry, last), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    for (int i = 0; i <= FIRST_DEVICE; i++)
        CHECK_EQ(plain_close(mio_source_fd(&sources[i])), 0);
    CHECK_EQ(plain_close(fd), 0);
}

/* ---- Closing --------------------------------------------------------------------------------- */

enum { SOURCES = 70 };

static size_t allocated;

static void *allocate(void *arg, size_t size)
{
    (void)arg;
    allocated += size;
    return calloc(1, size);
}

static void release(void *arg, void *memory, size_t size)
{
    (void)arg;
    allocated -= size;
    memset(memory, 0xa5, size);
    free(memory);
}

static bool refuses;
static int refused;

static NTSTATUS NTAPI refuse_cancel(HANDLE device, IO_STATUS_BLOCK *request,
                                    IO_STATUS_BLOCK *status)
{
    (void)device, (void)request, (void)status;
    refused++;
    return (NTSTATUS)0xc000009a;
}

static BOOL WINAPI refuse_packets(HANDLE port, OVERLAPPED_ENTRY *entries, ULONG room, ULONG *count,
                                  DWORD milliseconds, BOOL alertable)
{
    (void)port, (void)entries, (void)room, (void)count, (void)milliseconds, (void)alertable;
    SetLastError(ERROR_NO_SYSTEM_RESOURCES);
    return FALSE;
}

/* Many sources over several devices, all of which wait for something. */
static void close_with_polls_in_flight(void)
{
    const struct mio_poll_options options = {.allocator = {allocate, release, NULL}};
    static struct mio_source sources[SOURCES];
    mio_fd fds[2];
    struct mio_poll poll;
    plain_pair(PLAIN_STREAM, fds);
    CHECK_EQ(mio_poll_init_with(&poll, &options), 0);
    for (int i = 0; i < SOURCES; i++) {
        CHECK_EQ(mio_source_init_fd(&sources[i], plain_duplicate(fds[0])), 0);
        CHECK_EQ(mio_register(mio_poll_registry(&poll), &sources[i], (mio_token)i, MIO_READABLE),
                 0);
    }
    if (refuses)
        mio__calls.NtCancelIoFileEx = refuse_cancel;
    for (int i = 0; i < SOURCES; i++)
        CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &sources[i]), 0);
    CHECK(allocated > 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    answers_of_system();
    CHECK_EQ(allocated, 0);
    for (int i = 0; i < SOURCES; i++)
        CHECK_EQ(plain_close(mio_source_fd(&sources[i])), 0);
    CHECK(plain_close(fds[0]) == 0 && plain_close(fds[1]) == 0);
}

/* The harness counts the handles of the process around each case. */
static void close_leaks_nothing_that_is_in_flight(void)
{
    for (int i = 0; i < 5; i++)
        close_with_polls_in_flight();
}

static void close_ends_what_cannot_be_cancelled(void)
{
    refuses = true;
    close_with_polls_in_flight();
    refuses = false;
    CHECK(refused >= 2 * SOURCES); /* by deregister, and by the close */
}

static void close_does_without_a_port_that_fails(void)
{
    mio__calls.GetQueuedCompletionStatusEx = refuse_packets;
    close_with_polls_in_flight();
}

static const struct test_case cases[] = {
    {"poll_without_a_port_has_a_code", poll_without_a_port_has_a_code, 0},
    {"poll_without_the_device_has_a_code", poll_without_the_device_has_a_code, 0},
    {"refused_registration_has_a_code_and_can_be_repeated",
     refused_registration_has_a_code_and_can_be_repeated, 0},
    {"close_leaks_nothing_that_is_in_flight", close_leaks_nothing_that_is_in_flight, 0},
    {"close_ends_what_cannot_be_cancelled", close_ends_what_cannot_be_cancelled, 0},
    {"close_does_without_a_port_that_fails", close_does_without_a_port_that_fails, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_polls = {"polls", cases};
