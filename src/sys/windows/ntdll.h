/*
 * Functions of ntdll beyond the documented interface, found at run time: the device that tells of
 * sockets (AFD), and requests to it. Link-time dependencies are ws2_32 and kernel32 alone.
 */
#ifndef MIO_NTDLL_H
#define MIO_NTDLL_H

#include "sys/windows/calls.h"

#include <stdbool.h>

/* The functions, with their names and parameters of ntdll. */
struct mio__ntdll {
#define MIO__MEMBER(result, name, parameters, arguments) result(NTAPI *name) parameters;
    MIO__CALLS_OF_NTDLL(MIO__MEMBER)
#undef MIO__MEMBER
    bool is_wine; /* it stands on Wine, which tells the peer's end only behind the data */
};

/* Looks them up once. NULL where one is missing. */
const struct mio__ntdll *mio__ntdll_find(void);

/* Whether operations on the handle are overlapped: those of others wait. */
bool mio__ntdll_is_overlapped(HANDLE handle);

/* One of them, after they were found once. */
#ifndef MIO_CALL_TABLE
#define MIO__NTDLL_CALL(name) mio__ntdll_find()->name
#else
#define MIO__NTDLL_CALL(name) mio__calls.name
#endif

#endif
