#include <mio.h>

int second_uses_inlines(void);

int second_uses_inlines(void)
{
    bool (*volatile drained)(uint32_t, ptrdiff_t, size_t) = mio_drained;
    if (!drained(0, 3, 4) || mio_drained(MIO_READ_CLOSED, 3, 4) || !drained(0, -EAGAIN, 4))
        return 1;
#ifndef MIO_NO_NET
    {
        struct mio_buf bufs[2] = {{NULL, 3}, {NULL, 4}};
        size_t (*volatile length)(const struct mio_buf *, size_t) = mio_bufs_len;
        if (length(bufs, 2) != 7 || mio_bufs_len(bufs, 1) != 3)
            return 2;
    }
#endif
    return 0;
}
