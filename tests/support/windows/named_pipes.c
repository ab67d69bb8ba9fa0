#include "windows_system.h"

#include "plain.h"
#include "test.h"

#include <stdatomic.h>

void plain_pipe_name(char name[PLAIN_PIPE_NAME])
{
    static atomic_uint last;
    snprintf(name, PLAIN_PIPE_NAME, "\\\\.\\pipe\\mio-test-%lu-%u",
             (unsigned long)GetCurrentProcessId(), atomic_fetch_add(&last, 1));
}

mio_fd plain_pipe_client(const char *name)
{
    HANDLE client =
        CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    CHECK(client != INVALID_HANDLE_VALUE);
    return (mio_fd)client;
}
