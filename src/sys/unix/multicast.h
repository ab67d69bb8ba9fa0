/* Memberships in groups of IPv4. Systems differ in how an interface is named by its index. */
#ifndef MIO_MULTICAST_H
#define MIO_MULTICAST_H

#include "sys/sys.h"

/* As mio__socket_membership, with the parts of the addresses; local may be NULL. */
int mio__membership_v4(mio_fd fd, const struct mio__ip *group, const struct mio__ip *local,
                       uint32_t index, bool join);

#endif
