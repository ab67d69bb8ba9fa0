/* Starting Winsock. It is never ended: a program may use sockets until the last moment. */
#include "sys/windows/startup.h"

#include "sys/windows/calls.h"
#include "sys/windows/error.h"

static BOOL CALLBACK startup_once(INIT_ONCE *once, void *error, void **context)
{
    WSADATA data;
    int result = MIO__CALL(WSAStartup)(MAKEWORD(2, 2), &data);
    (void)once, (void)context;
    *(int *)error = mio__error_of((unsigned long)result);
    return result == 0;
}

int mio__startup(void)
{
    static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    int error = 0;
    return InitOnceExecuteOnce(&once, startup_once, &error, NULL) ? 0 : error < 0 ? error : -EIO;
}
