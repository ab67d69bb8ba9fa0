/* Functions of ntdll. */
#include "sys/windows/ntdll.h"

#include <string.h>

/* A plain function pointer, which may become any other: GetProcAddress has a type of its own. */
typedef void (*ntdll_function)(void);

/* FileModeInformation, and the two ways to wait that it tells of. Values of the driver kit. */
enum { NTDLL_FILE_MODE = 16, NTDLL_WAITS = 0x30 };

static BOOL CALLBACK ntdll_look_up(INIT_ONCE *once, void *argument, void **context)
{
    struct mio__ntdll *found = argument;
    HMODULE module = GetModuleHandleW(L"ntdll.dll");
    (void)once, (void)context;
    if (!module)
        return FALSE;
    ntdll_function create = (ntdll_function)GetProcAddress(module, "NtCreateFile");
    ntdll_function control = (ntdll_function)GetProcAddress(module, "NtDeviceIoControlFile");
    ntdll_function cancel = (ntdll_function)GetProcAddress(module, "NtCancelIoFileEx");
    ntdll_function query = (ntdll_function)GetProcAddress(module, "NtQueryInformationFile");
    if (!create || !control || !cancel || !query)
        return FALSE;
    memcpy(&found->NtCreateFile, &create, sizeof create);
    memcpy(&found->NtDeviceIoControlFile, &control, sizeof control);
    memcpy(&found->NtCancelIoFileEx, &cancel, sizeof cancel);
    memcpy(&found->NtQueryInformationFile, &query, sizeof query);
    found->is_wine = GetProcAddress(module, "wine_get_version") != NULL;
    return TRUE;
}

const struct mio__ntdll *mio__ntdll_find(void)
{
    static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    static struct mio__ntdll ntdll;
    return InitOnceExecuteOnce(&once, ntdll_look_up, &ntdll, NULL) ? &ntdll : NULL;
}

bool mio__ntdll_is_overlapped(HANDLE handle)
{
    const struct mio__ntdll *ntdll = mio__ntdll_find();
    IO_STATUS_BLOCK status;
    ULONG mode = NTDLL_WAITS;
    return ntdll &&
           ntdll->NtQueryInformationFile(handle, &status, &mode, sizeof mode, NTDLL_FILE_MODE) ==
               0 &&
           !(mode & NTDLL_WAITS);
}
