/* The system's own forms of addresses, for tests that look at them byte by byte. */
#ifndef MIO_TEST_SOCKADDR_H
#define MIO_TEST_SOCKADDR_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#endif
