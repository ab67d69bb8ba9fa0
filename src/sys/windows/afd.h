/*
 * The AFD device: the part of Windows that sockets are made of. It takes a request to be told when
 * a socket is ready, through a handle of its own that belongs to a port (the strategy of wepoll).
 * Results are 0 or a negative code.
 */
#ifndef MIO_AFD_H
#define MIO_AFD_H

#include "sys/windows/operation.h"

#include <mio.h>

/* A request to the device; the system writes to it until it is done. */
struct mio__afd_request {
    LARGE_INTEGER timeout;
    ULONG count;
    ULONG exclusive;
    HANDLE socket;
    ULONG events;
    LONG status;
};

/* Opens a handle of the device whose requests end at the port. */
int mio__afd_open(HANDLE port, HANDLE *device);
int mio__afd_close(HANDLE device);

/*
 * Asks for events of a base socket. After 0 the operation comes through the port, also where the
 * answer is there at once. -EBADF: there is no such socket.
 */
int mio__afd_submit(HANDLE device, struct mio__operation *operation,
                    struct mio__afd_request *request, mio_fd socket, uint32_t events);

/* Makes the operation end soon. It comes through the port all the same. */
int mio__afd_cancel(HANDLE device, struct mio__operation *operation);

/* The answer of an operation that came: its MIO__AFD_... events. */
uint32_t mio__afd_answer(const struct mio__operation *operation,
                         const struct mio__afd_request *request);

/* Whether an operation that was submitted has ended: the system writes to it no more. */
bool mio__afd_is_done(const struct mio__operation *operation);

/* Whether the device tells the peer's end behind data that nobody has read. */
bool mio__afd_tells_end(void);

#endif
