/*
 * The calls of the system that the library makes here: each goes to the system, unless a case puts
 * a function of its own in its place (mio__calls, src/sys/windows/calls.h).
 */
#ifndef MIO_ANSWERS_H
#define MIO_ANSWERS_H

#include "net.h"
#include "sys/windows/calls.h"

/* Calls of its own are those of the system again; each case ends with it. */
void answers_of_system(void);

/* From now on closesocket counts. */
void answers_count_closes(void);
extern int answers_closes;

struct mio_addr answers_addr(const char *text);

/* An open socket on a loopback address. */
void answers_udp(struct mio_udp_socket *socket, const char *text);

#endif
