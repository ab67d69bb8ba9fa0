/* How socket options fail. */
#ifndef MIO_OPTION_ERROR_H
#define MIO_OPTION_ERROR_H

#include "sys/sys.h"

/* The last error as a code; an option that the system does not know is unsupported. */
static inline int mio__option_error(void)
{
    return errno == ENOPROTOOPT ? -ENOTSUP : mio__last_error();
}

#endif
