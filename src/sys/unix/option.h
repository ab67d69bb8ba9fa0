/* The common part of the files that read and set socket options. */
#ifndef MIO_OPTION_H
#define MIO_OPTION_H

#include "sys/unix/fd.h"

#include <errno.h>

/*
 * The result of getsockopt(2) or setsockopt(2) as a code: an option that the system does not know
 * is unsupported.
 */
static inline int mio__option_result(int result)
{
    if (result >= 0)
        return 0;
    return errno == ENOPROTOOPT ? -ENOTSUP : mio__last_error();
}

/* An option of the system that is an int. */
int mio__option_ask(mio_fd fd, int level, int name, int *value);

#endif
