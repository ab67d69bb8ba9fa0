/* The system's headers, in the one order that works, and what all files here share. */
#ifndef MIO_TEST_WINDOWS_SYSTEM_H
#define MIO_TEST_WINDOWS_SYSTEM_H

#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0a00
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <winsock2.h>
/* winsock2.h has to come first. */
#include <windows.h>
#include <ws2tcpip.h>

#include <mio.h>
#include <stdbool.h>

/* The code of an error of the system or of its sockets, as those of the library. */
int windows_code(unsigned long error);
/* The other way round: the error that has the code, of a socket or of a handle; 0 for none. */
unsigned long windows_error(int code, bool of_socket);
/* The code of the socket call that has just failed. */
int windows_socket_code(void);

/* Sockets can be used after this; every function that opens one calls it. */
void windows_start_sockets(void);

#endif
