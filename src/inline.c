/* The one place where the inline functions of the header become symbols of the library. */
#include <mio.h>

MIO_API extern inline bool mio_event_is_readable(const struct mio_event *event);
MIO_API extern inline bool mio_event_is_writable(const struct mio_event *event);
MIO_API extern inline bool mio_event_is_error(const struct mio_event *event);
MIO_API extern inline bool mio_event_is_read_closed(const struct mio_event *event);
MIO_API extern inline bool mio_event_is_write_closed(const struct mio_event *event);
MIO_API extern inline bool mio_event_is_priority(const struct mio_event *event);
MIO_API extern inline bool mio_event_is_aio(const struct mio_event *event);
MIO_API extern inline bool mio_event_is_lio(const struct mio_event *event);
MIO_API extern inline bool mio_drained(uint32_t seen, ptrdiff_t result, size_t asked);
MIO_API extern inline void mio_ready_after(uint32_t *ready, uint32_t direction, ptrdiff_t result,
                                           size_t asked);
MIO_API extern inline size_t mio_bufs_len(const struct mio_buf *bufs, size_t count);
