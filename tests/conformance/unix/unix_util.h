/*
 * What the suites of the Unix domain share: names that nobody else has, and peers that are driven
 * by plain system calls.
 */
#ifndef MIO_TEST_UNIX_UTIL_H
#define MIO_TEST_UNIX_UTIL_H

#include "net.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Where the name begins in the system's form of an address. */
enum { UNIX_NAME_AT = offsetof(struct sockaddr_un, sun_path) };
/* The most bytes that a name has. */
enum { UNIX_NAME_MOST = 107 };

/* ---- Addresses ------------------------------------------------------------------------------- */

/* Parses an address that must be one. */
struct mio_addr unix_text(const char *text);
struct mio_addr unix_unnamed(void);
/* An abstract name that nobody else uses. */
struct mio_addr unix_fresh_name(void);

/* A folder of the case's own, for paths. */
struct unix_dir {
    char path[64];
};
void unix_dir_open(struct unix_dir *dir);
/* A path in the folder. */
struct mio_addr unix_dir_addr(const struct unix_dir *dir, const char *name);
/* The path that fills all the room of the system's form, which has no NUL then. */
void unix_dir_full_path(const struct unix_dir *dir, struct sockaddr_un *name);
/* Removes what it contains, and the folder. */
void unix_dir_close(const struct unix_dir *dir);

/* What the system says that a descriptor is called, as an address of the library. */
struct mio_addr unix_name_of(int fd);
/* Whether the system says that the descriptor has just this name. */
bool unix_is_called(int fd, const void *path_bytes, size_t length);

/* ---- Peers ----------------------------------------------------------------------------------- */

/* A blocking socket whose transfers give up after a while, bound to the address unless NULL. */
int unix_socket(int type, const struct mio_addr *addr);
int unix_listening(const struct mio_addr *addr);
/* Plain connect(2), sendto(2) to an address; their results, with errno. */
int unix_connect(int fd, const struct mio_addr *addr);
ssize_t unix_send_to(int fd, const void *buf, size_t len, const struct mio_addr *addr);
/* A blocking pair. */
void unix_plain_pair(int type, int fds[2]);

/* A stream of ours and its peer, a blocking descriptor; and the same with datagrams. */
void unix_stream_peer(struct mio_unix_stream *stream, int *peer);
void unix_datagram_peer(struct mio_unix_datagram *socket, int *peer);

/* ---- Events ---------------------------------------------------------------------------------- */

/* The token of all registrations here. */
enum { UNIX_TOKEN = 7 };
/* Registers for the directions in the mode of the options. */
void unix_register(struct mio_poll *poll, struct mio_source *source, mio_interest directions);
/* What a program does after it has drained a source: oneshot sources are armed again. */
void unix_rearm(struct mio_poll *poll, struct mio_source *source, mio_interest directions);

/* ---- Limits and rights ----------------------------------------------------------------------- */

/* Leaves room for so many descriptors; returns the old limit, which the second one restores. */
rlim_t unix_leave_descriptors(int count);
void unix_give_descriptors_back(rlim_t old);
/*
 * In a child process: goes on without the rights of the superuser. A case that is about to do so
 * calls the second one first, which skips it where that cannot be, before there is a folder.
 */
void unix_drop_rights(void);
void unix_need_to_drop_rights(void);

#endif
