/* Codes of Windows as codes of the library. */
#ifndef MIO_ERROR_H
#define MIO_ERROR_H

#include <mio.h>

/* Of WSAGetLastError or GetLastError, which share their numbers. 0 stays 0. */
int mio__error_of(unsigned long system_error);

/* Of ntdll (NTSTATUS); only for failures. */
int mio__error_of_status(long status);

#endif
