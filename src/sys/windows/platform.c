/* Backends and wakers of Windows: there is one of each. */
#include "backend.h"
#include "sys/sys.h"

extern const struct mio__backend mio__backend_iocp;

const struct mio__backend *mio__backend_find(uint32_t id)
{
    return id == MIO_BACKEND_DEFAULT || id == MIO_BACKEND_IOCP ? &mio__backend_iocp : NULL;
}
