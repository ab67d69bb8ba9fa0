/*
 * The process of the clients is this program again, with an argument. It reads the targets from its
 * standard input and writes rows to its standard output, which is a named pipe: the one kind of
 * pipe that a loop can watch here. Each row is a message.
 */
#include "windows_system.h"

#include "demo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static HANDLE process;
static struct mio_named_pipe report;

/* ---- The process itself ---------------------------------------------------------------------- */

static bool report_row(const struct row *row)
{
    DWORD written;
    return WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), row, sizeof *row, &written, NULL) &&
           written == sizeof *row;
}

static bool read_targets(struct target *targets, DWORD size)
{
    DWORD n;
    for (DWORD done = 0; done < size; done += n)
        if (!ReadFile(GetStdHandle(STD_INPUT_HANDLE), (char *)targets + done, size - done, &n,
                      NULL) ||
            n == 0)
            return false;
    return true;
}

int clients_main(int argc, char **argv)
{
    struct target targets[TARGETS];
    WSADATA data;
    if (argc != 2 || strcmp(argv[1], "--clients") != 0)
        return -1;
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0 || !read_targets(targets, sizeof targets))
        return EXIT_FAILURE;
    return load_run(targets, TARGETS, report_row);
}

/* ---- Starting it ----------------------------------------------------------------------------- */

/* The ends that the process inherits. */
struct ends {
    HANDLE input, output;
};

/* The code of a call that has just failed. All that can be done about it is to say so. */
static int failure(const char *call)
{
    fprintf(stderr, "demo: %s: error %lu\n", call, GetLastError());
    return -EIO;
}

/* A pipe that has the targets in it already. */
static int open_input(HANDLE *input, const struct target *targets, DWORD size)
{
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};
    HANDLE ours;
    DWORD written;
    if (!CreatePipe(input, &ours, &inherited, 2 * size))
        return failure("CreatePipe");
    BOOL good = SetHandleInformation(ours, HANDLE_FLAG_INHERIT, 0) &&
                WriteFile(ours, targets, size, &written, NULL) && written == size;
    int error = good ? 0 : failure("WriteFile");
    CloseHandle(ours);
    return error;
}

/* Both ends of the named pipe are made here, so no other program comes in between. */
static int open_output(HANDLE *output)
{
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};
    struct mio_named_pipe_options options = {.flags = MIO_NAMED_PIPE_MESSAGES, .instances = 1};
    char name[64];
    snprintf(name, sizeof name, "\\\\.\\pipe\\mio-demo-%lu", GetCurrentProcessId());
    int error = mio_named_pipe_create(&report, name, &options);
    if (error < 0)
        return error;
    *output = CreateFileA(name, GENERIC_WRITE, 0, &inherited, OPEN_EXISTING, 0, NULL);
    return *output != INVALID_HANDLE_VALUE ? 0 : failure("CreateFile");
}

static int start(const struct ends *ends)
{
    static wchar_t program[32768];
    wchar_t command[] = L"demo --clients";
    STARTUPINFOW how = {.cb = sizeof how,
                        .dwFlags = STARTF_USESTDHANDLES,
                        .hStdInput = ends->input,
                        .hStdOutput = ends->output,
                        .hStdError = GetStdHandle(STD_ERROR_HANDLE)};
    PROCESS_INFORMATION started;
    DWORD length = GetModuleFileNameW(NULL, program, sizeof program / sizeof program[0]);
    if (length == 0 || length == sizeof program / sizeof program[0])
        return failure("GetModuleFileName");
    if (!CreateProcessW(program, command, NULL, NULL, TRUE, 0, NULL, NULL, &how, &started))
        return failure("CreateProcess");
    CloseHandle(started.hThread);
    process = started.hProcess;
    return 0;
}

/* The process has copies of its ends: the pipe ends with it once ours are closed. */
int clients_start(struct server *server, const struct target *targets)
{
    struct ends ends = {INVALID_HANDLE_VALUE, INVALID_HANDLE_VALUE};
    (void)server; /* sockets are not inherited */
    int error = open_input(&ends.input, targets, TARGETS * sizeof *targets);
    if (error == 0)
        error = open_output(&ends.output);
    if (error == 0)
        error = start(&ends);
    if (ends.input != INVALID_HANDLE_VALUE)
        CloseHandle(ends.input);
    if (ends.output != INVALID_HANDLE_VALUE)
        CloseHandle(ends.output);
    return error;
}

/* ---- Its reports, and its end ---------------------------------------------------------------- */

/* The client is there already; connect takes note of it, and must come after the registration. */
int clients_watch(struct mio_registry *registry, mio_token token)
{
    int error = mio_register(registry, &report.source, token, MIO_READABLE);
    return error == 0 ? mio_named_pipe_connect(&report) : error;
}

ptrdiff_t clients_read(uint32_t *ready, void *buf, size_t len)
{
    ptrdiff_t n = mio_named_pipe_read(&report, buf, len);
    mio_ready_after(ready, MIO_READABLE, n, len);
    return n;
}

/* The system binds a pipe to its poll for ever: it is closed before the poll is. */
int clients_unwatch(struct mio_registry *registry)
{
    (void)registry;
    return mio_named_pipe_close(&report);
}

bool clients_ended_well(bool must_end)
{
    DWORD status;
    if (must_end)
        TerminateProcess(process, EXIT_FAILURE);
    bool good = WaitForSingleObject(process, INFINITE) == WAIT_OBJECT_0 &&
                GetExitCodeProcess(process, &status) && status == EXIT_SUCCESS;
    CloseHandle(process);
    return good;
}
