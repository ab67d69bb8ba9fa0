/*
 * Where sockets come from. Systems differ in what they can set from birth, so each has its own
 * new_socket.c; what socket.c does with them is the same on every system with POSIX sockets.
 */
#ifndef MIO_NEW_SOCKET_H
#define MIO_NEW_SOCKET_H

#include <sys/socket.h>

/*
 * As socket(2) and socketpair(2) in the Unix domain: descriptors, non-blocking, close-on-exec and
 * without SIGPIPE; -1 with errno.
 */
int mio__new_socket(int family, int type);
int mio__new_pair(int type, int fds[2]);

/* As accept(2), for such a descriptor; a negative errno value of the system when it failed. */
int mio__new_accepted(int fd, struct sockaddr *peer, socklen_t *length);

/* Makes a socket that came from outside such a descriptor: 0 or a code. */
int mio__new_adopted(int fd);

#endif
