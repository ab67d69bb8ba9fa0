/* Taking back a signal. */
#ifndef MIO_TAKE_SIGPIPE_H
#define MIO_TAKE_SIGPIPE_H

#include <stdbool.h>

/*
 * Takes one SIGPIPE that is pending for this thread, which has it blocked; the thread's own before
 * one of the process. Never waits: where none is pending it does nothing. No cancellation point.
 * False when the system refuses: then one may be pending still.
 */
bool mio__take_sigpipe(void);

#endif
