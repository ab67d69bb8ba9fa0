/* The system's own forms of addresses, for tests that look at them byte by byte. */
#ifndef MIO_TEST_SOCKADDR_H
#define MIO_TEST_SOCKADDR_H

#include "windows_system.h"

#include <afunix.h>
#include <ws2tcpip.h>

#endif
