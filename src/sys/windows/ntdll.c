/* Functions of ntdll. */
#include "sys/windows/ntdll.h"

#include <string.h>

/* FileModeInformation, and the two ways to wait that it tells of. Values of the driver kit. */
enum { NTDLL_FILE_MODE = 16, NTDLL_WAITS = 0x30 };

/* GetProcAddress has a type of its own for whatever it finds. */
static BOOL CALLBACK ntdll_look_up(INIT_ONCE *once, void *argument, void **context)
{
    struct mio__ntdll *found = argument;
    FARPROC function;
    HMODULE module = MIO__CALL(GetModuleHandleW)(L"ntdll.dll");
    (void)once, (void)context;
    if (!module)
        return FALSE;
#define LOOK_UP(result, name, parameters, arguments)                                               \
    function = MIO__CALL(GetProcAddress)(module, #name);                                           \
    if (!function)                                                                                 \
        return FALSE;                                                                              \
    memcpy(&found->name, &function, sizeof function);
    MIO__CALLS_OF_NTDLL(LOOK_UP)
#undef LOOK_UP
    found->is_wine = MIO__CALL(GetProcAddress)(module, "wine_get_version") != NULL;
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
    IO_STATUS_BLOCK status;
    ULONG mode = NTDLL_WAITS;
    return mio__ntdll_find() &&
           MIO__NTDLL_CALL(NtQueryInformationFile)(handle, &status, &mode, sizeof mode,
                                                   NTDLL_FILE_MODE) == 0 &&
           !(mode & NTDLL_WAITS);
}
