/*
 * The common part of the suites of the Unix domain: names that nobody else has, and peers that are
 * driven by plain system calls.
 */
#ifndef MIO_TEST_UNIX_UTIL_H
#define MIO_TEST_UNIX_UTIL_H

#include "net.h"
#include "sockaddr.h"

/* Where the name begins in the system's form of an address. */
enum { UNIX_NAME_AT = offsetof(struct sockaddr_un, sun_path) };
/* The most bytes that a name has: its NUL has to fit, too. */
enum { UNIX_NAME_MOST = sizeof(((struct sockaddr_un *)0)->sun_path) - 1 };

/* ---- Addresses ------------------------------------------------------------------------------- */

/* Parses an address that must be one. */
struct mio_addr unix_text(const char *text);
struct mio_addr unix_unnamed(void);
/* Whether the system has abstract names. */
bool unix_has_abstract(void);
void unix_need_abstract(void);
/* The result of a connect to a fresh name, at which nobody is. */
int unix_nobody(void);

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

/* The name of a descriptor by the system, as an address of the library. */
struct mio_addr unix_name_of(mio_fd fd);
/* Whether the system says that the descriptor has just this name. */
bool unix_is_called(mio_fd fd, const void *path_bytes, size_t length);

/* ---- Peers ----------------------------------------------------------------------------------- */

/* A blocking socket whose transfers give up after a while, bound to the address unless NULL. */
mio_fd unix_socket(int type, const struct mio_addr *addr);
/* The same, non-blocking; and one that listens. */
mio_fd unix_nonblocking(int type, const struct mio_addr *addr);
mio_fd unix_listening(const struct mio_addr *addr);
/* Plain connect(2), sendto(2) to an address; their results, with errno. */
int unix_connect(mio_fd fd, const struct mio_addr *addr);
ptrdiff_t unix_send_to(mio_fd fd, const void *buf, size_t len, const struct mio_addr *addr);
/* A blocking pair. */
void unix_plain_pair(int type, mio_fd fds[2]);

/* A stream of ours and its peer, a blocking descriptor; and the same with datagrams. */
void unix_stream_peer(struct mio_unix_stream *stream, mio_fd *peer);
void unix_datagram_peer(struct mio_unix_datagram *socket, mio_fd *peer);

/* ---- Events ---------------------------------------------------------------------------------- */

/* The token of all registrations here. */
enum { UNIX_TOKEN = 7 };
/* Registers for the directions in the mode of the options. */
void unix_register(struct mio_poll *poll, struct mio_source *source, mio_interest directions);
/* The step after a source was drained: oneshot sources are armed again. */
void unix_rearm(struct mio_poll *poll, struct mio_source *source, mio_interest directions);

/* ---- Rights ---------------------------------------------------------------------------------- */

/*
 * In a child process: goes on without the rights of the superuser. A case that is about to do so
 * calls the second one first, which skips it where that cannot be, before there is a folder.
 */
void unix_drop_rights(void);
void unix_need_to_drop_rights(void);

#endif
