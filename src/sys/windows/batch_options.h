/* Options of datagrams: as far as they tell, the system can do it. */
#ifndef MIO_BATCH_OPTIONS_H
#define MIO_BATCH_OPTIONS_H

#include <mio.h>
#include <stdbool.h>

/* Whether it cuts segments. learned: see learned.h. */
bool mio__batch_is_cutting(mio_fd fd, uint8_t *learned);

#endif
