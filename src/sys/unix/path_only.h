/* Descriptors that only name a file: they are open, and no I/O works on them. */
#ifndef MIO_PATH_ONLY_H
#define MIO_PATH_ONLY_H

#include <fcntl.h>
#include <stdbool.h>

/* Whether the status flags (F_GETFL) are those of such a descriptor. */
static inline bool mio__is_path_only(int status_flags)
{
#ifdef O_PATH
    return (status_flags & O_PATH) != 0;
#else
    (void)status_flags;
    return false;
#endif
}

#endif
