/* Functions of ntdll. */
#include "sys/windows/ntdll.h"

#include <string.h>

/* A plain function pointer, which may become any other: GetProcAddress has a type of its own. */
typedef void (*ntdll_function)(void);

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
    if (!create || !control || !cancel)
        return FALSE;
    memcpy(&found->NtCreateFile, &create, sizeof create);
    memcpy(&found->NtDeviceIoControlFile, &control, sizeof control);
    memcpy(&found->NtCancelIoFileEx, &cancel, sizeof cancel);
#ifndef MIO_COARSE_WAITS /* a build for tests, which does without */
    ntdll_function remove = (ntdll_function)GetProcAddress(module, "NtRemoveIoCompletionEx");
    memcpy(&found->NtRemoveIoCompletionEx, &remove, sizeof remove);
#endif
    found->is_wine = GetProcAddress(module, "wine_get_version") != NULL;
    return TRUE;
}

const struct mio__ntdll *mio__ntdll_find(void)
{
    static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    static struct mio__ntdll ntdll;
    return InitOnceExecuteOnce(&once, ntdll_look_up, &ntdll, NULL) ? &ntdll : NULL;
}
