/* Descriptors of any kind, and errno values: what the files of a Unix share. */
#ifndef MIO_FD_H
#define MIO_FD_H

#include "sys/sys.h"

/* An errno value as a code: mio__last_error is that of errno. */
int mio__error_of(int system_error);

/* Closes. An interruption is no error: the descriptor is gone. */
int mio__fd_close(mio_fd fd);

/*
 * 0 for a descriptor that can become ready: -EBADF, also for one that only names a file; -EPERM for
 * files and directories.
 */
int mio__fd_check_pollable(mio_fd fd);

/* Makes a descriptor that came from outside non-blocking and close-on-exec, or changes nothing. */
int mio__fd_adopt(mio_fd fd);

#endif
