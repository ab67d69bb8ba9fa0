/* The system's headers, in the one order that works. */
#ifndef DEMO_WINDOWS_SYSTEM_H
#define DEMO_WINDOWS_SYSTEM_H

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

#endif
