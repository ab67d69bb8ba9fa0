/* For Windows: the header of sockets that examples include, for to set options. */
#ifndef EXAMPLE_SYS_SOCKET_H
#define EXAMPLE_SYS_SOCKET_H

#include <winsock2.h>

#endif
