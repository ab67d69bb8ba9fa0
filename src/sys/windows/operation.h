/*
 * An operation that the system carries out and whose end it tells by the port. The wait knows
 * nothing of it but its first member, and calls what that names.
 */
#ifndef MIO_OPERATION_H
#define MIO_OPERATION_H

#include <mio.h>
#include <stdbool.h>

#include <winsock2.h>

struct mio__operation {
    /* The system writes to it until the end. Its first two words are an IO_STATUS_BLOCK. */
    OVERLAPPED overlapped;
    /* Runs under the lock of the poll. Whether there is something to report. */
    bool (*done)(struct mio__operation *operation, struct mio_poll *poll, struct mio_event *event);
};

#endif
