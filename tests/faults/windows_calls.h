/* The table of calls on Windows, beyond faults.h: the errors of its system, and its handles. */
#ifndef MIO_WINDOWS_CALLS_H
#define MIO_WINDOWS_CALLS_H

#include "faults.h"

/*
 * The number that the call fails with for an error of a plan: of Winsock, of Win32, or an NTSTATUS.
 * 0 where the call knows no such error.
 */
unsigned long fault_number(enum fault_call call, int error);

/*
 * The handles that the library has opened and not closed: ports, devices, and those sockets that
 * are open still, for the program may have taken one over and closed it. The system's own count is
 * nothing that a test could trust (Wine says 0).
 */
int fault_handles_left(void);
/* How many handles it has opened so far. */
unsigned long fault_handles_opened(void);
/* How often it has closed what is no open handle, and might by then be a stranger's. */
unsigned long fault_wrong_closes(void);

#endif
