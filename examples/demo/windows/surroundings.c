/* A name for the socket, Ctrl-C, and the console. */
#include "windows_system.h"

#include "system.h"

#include <stdio.h>
#include <wchar.h>

/* Where the socket is, as the system and as addresses have it; empty: nowhere. */
static wchar_t path[MAX_PATH + 64];
static char path_utf8[4 * (MAX_PATH + 64)];

/* The temporary folder is the user's own. An address refuses a path that is too long for it. */
int socket_path_make(const char **made)
{
    DWORD length = GetTempPathW(MAX_PATH + 1, path);
    if (length == 0 || length > MAX_PATH)
        return -ENOENT;
    swprintf(path + length, 64, L"mio-demo-%lu", GetCurrentProcessId());
    if (WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, path, -1, path_utf8, sizeof path_utf8,
                            NULL, NULL) == 0)
        return -EINVAL;
    *made = path_utf8;
    return 0;
}

void socket_path_remove(void)
{
    if (path[0] != 0)
        DeleteFileW(path);
}

/* Runs in a thread of its own. It says that others may handle the event, which ends the program. */
static BOOL WINAPI interrupted(DWORD event)
{
    (void)event;
    socket_path_remove();
    return FALSE;
}

void interrupts_handle(void)
{
    SetConsoleCtrlHandler(interrupted, TRUE);
}

/* A console draws what a terminal does once it is told to. */
bool output_redraws(void)
{
    HANDLE output = GetStdHandle(STD_OUTPUT_HANDLE);
    DWORD mode;
    return GetConsoleMode(output, &mode) &&
           ((mode & ENABLE_VIRTUAL_TERMINAL_PROCESSING) ||
            SetConsoleMode(output, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING));
}
